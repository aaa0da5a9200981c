//! The parameters of the rules that are read and not paid by.

use super::Flat;
use crate::policy::parameters::{Policy, Series};
use crate::policy::reading::Rule;
use crate::policy::words::Standard;

impl Flat {
    pub(super) fn standards(&mut self, policy: &Policy) {
        self.rules(Standard::SeedFundDuty, &policy.standards.seed_fund_duty, |flat, terms| {
            flat.list("kinds", terms.kinds.iter().map(|kind| kind.key()));
            flat.optional("minimum_size_fen", terms.minimum_size_fen);
            flat.optional("minimum_invested_ppm", terms.minimum_invested_ppm);
            flat.optional("minimum_cases", terms.minimum_cases);
        });
        self.guidance_fund(policy);
        self.rules(Standard::ParkAdmission, &policy.standards.park_admission, |flat, terms| {
            for industry in &terms.industries {
                for of in &industry.thresholds {
                    let key = format!("industry.{}.{}", industry.industry, of.indicator.key().to_lowercase());
                    let unit = if of.indicator.is_per_hectare() { "FEN_PER_HECTARE" } else { "PPM" };
                    flat.put(&key, format!("{} {} {unit}", of.bound.key(), of.value));
                }
            }
        });
    }

    fn guidance_fund(&mut self, policy: &Policy) {
        self.rules(Standard::GuidanceFund, &policy.standards.guidance_fund, |flat, terms| {
            flat.put("early_stage_months", terms.early_stage_months);
            for target in &terms.targets {
                let of = |part: &str| format!("target.{}.{part}", target.year);
                flat.optional(&of("minimum_size_fen"), target.minimum_size_fen);
                flat.optional(&of("minimum_government_ppm"), target.minimum_government_ppm);
                flat.optional(&of("minimum_leverage_ppm"), target.minimum_leverage_ppm);
                flat.optional(&of("minimum_early_stage_ppm"), target.minimum_early_stage_ppm);
            }
        });
    }

    fn rules<T>(&mut self, standard: Standard, series: &Series<Rule<T>>, each: impl Fn(&mut Self, &T)) {
        self.series(standard.key(), series, |flat, rule| {
            flat.put("document_no", &rule.document_no);
            flat.put("clause", &rule.clause);
            each(flat, &rule.terms);
        });
    }
}
