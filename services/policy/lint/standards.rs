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
                self.error("EMPTY_LIST", key("kinds"), "no kind of carrier has the duty");
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
                    let message = format!("{} has a target already: the first counts", target.year);
                    self.error("DUPLICATE_YEAR", key(target.index, "year"), message);
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
                self.error("EMPTY_LIST", key(""), "no industry has a standard");
            }
            for industry in &rule.value.terms.industries {
                for indicator in Indicator::ALL {
                    let name = format!(".{}.{}", industry.industry, indicator.key().to_lowercase());
                    match industry.thresholds.iter().find(|of| of.indicator == *indicator) {
                        None => self.warn("MISSING_THRESHOLD", key(&name), "nothing is demanded: it stays unknown"),
                        Some(of) if of.bound != usual(*indicator) => {
                            let message =
                                format!("binds as {}; it is otherwise {}", of.bound.key(), usual(*indicator).key());
                            self.warn("UNUSUAL_BOUND", key(&name), message);
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
            self.error("RATE_OUT_OF_RANGE", key, format!("{ppm} ppm; no more than {most}"));
        } else if ppm == 0 {
            self.warn("RATE_ZERO", key, "a share of 0 demands nothing");
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
