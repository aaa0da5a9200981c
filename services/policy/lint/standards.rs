//! What is odd about the rules that are read and not paid by.

use super::Findings;
use crate::domain::words::Indicator;
use crate::policy::words::Bound;

impl Findings<'_> {
    pub(super) fn standards(&mut self) {
        self.park_admission();
        self.guidance_fund();
        let policy = self.policy;
        self.series("standard", &policy.standards.seed_fund_duty);
        for rule in policy.standards.seed_fund_duty.all() {
            let key = |name: &str| format!("standard[{}].{name}", rule.index);
            let terms = &rule.value.terms;
            if terms.kinds.is_empty() {
                self.error("EMPTY_LIST", key("kinds"), ("no kind of carrier has the duty", "没有指明任何载体类型"));
            }
            if let Some(ppm) = terms.minimum_invested_ppm {
                // Guarantees may well be more than the fund that gives them.
                self.share(ppm, key("minimum_invested_ppm"), super::RATE_PPM_MAX);
            }
        }
    }

    fn guidance_fund(&mut self) {
        let series = &self.policy.standards.guidance_fund;
        self.series("standard", series);
        for rule in series.all() {
            let key = |target: usize, name: &str| format!("standard[{}].target[{target}].{name}", rule.index);
            for (at, target) in rule.value.terms.targets.iter().enumerate() {
                if rule.value.terms.targets[..at].iter().any(|other| other.year == target.year) {
                    let en = format!("{} has a target already: the first counts", target.year);
                    let zh = format!("{}年度已有目标：以第一个为准", target.year);
                    self.error("DUPLICATE_YEAR", key(target.index, "year"), (en, zh));
                }
                let shares = [
                    ("minimum_government_ppm", target.minimum_government_ppm),
                    ("minimum_early_stage_ppm", target.minimum_early_stage_ppm),
                ];
                for (name, ppm) in shares {
                    if let Some(ppm) = ppm {
                        self.share(ppm, key(target.index, name), super::WHOLE_PPM);
                    }
                }
            }
        }
    }

    fn park_admission(&mut self) {
        let series = &self.policy.standards.park_admission;
        self.series("standard", series);
        for rule in series.all() {
            let key = |name: &str| format!("standard[{}].industry{name}", rule.index);
            if rule.value.terms.industries.is_empty() {
                self.error("EMPTY_LIST", key(""), ("no industry has a standard", "没有任何产业的标准"));
            }
            for industry in &rule.value.terms.industries {
                for indicator in Indicator::ALL {
                    let name = format!(".{}.{}", industry.industry, indicator.key().to_lowercase());
                    match industry.thresholds.iter().find(|of| of.indicator == *indicator) {
                        None => {
                            let what = ("nothing is demanded: it stays unknown", "没有规定：此项无法判断");
                            self.warn("MISSING_THRESHOLD", key(&name), what);
                        }
                        Some(of) if of.bound != usual(*indicator) => {
                            let (bound, usual) = (of.bound, usual(*indicator));
                            let en = format!("binds as {}; it is otherwise {}", bound.key(), usual.key());
                            let zh = format!("方向为{}；通常为{}", bound.chinese(), usual.chinese());
                            self.warn("UNUSUAL_BOUND", key(&name), (en, zh));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// A share that is demanded: over 0, and no more than there can be.
    fn share(&mut self, ppm: i64, key: String, most: i64) {
        if ppm > most {
            let (en, zh) = (format!("{ppm} ppm; no more than {most}"), format!("{ppm} ppm；不应超过{most}"));
            self.error("RATE_OUT_OF_RANGE", key, (en, zh));
        } else if ppm == 0 {
            self.warn("RATE_ZERO", key, ("a share of 0 demands nothing", "比例为0等于没有要求"));
        }
    }
}

/// In which direction an indicator binds nationwide: little green and few offices, everything else much.
fn usual(indicator: Indicator) -> Bound {
    match indicator {
        Indicator::ServiceShare | Indicator::GreenRatio => Bound::Max,
        _ => Bound::Min,
    }
}
