//! The rules of a policy that are read and not paid by, `[[standard]]`: read.

use super::section::{PolicyFault, Section};
use super::tree::Value;
use super::{Place, dated};
use crate::domain::values::FEN_MAX;
use crate::domain::{Kind, Reason};
use crate::policy::parameters::{Dated, Series};
use crate::policy::{Policy, Rule, SeedFundDuty, Standard};

/// Investments past this are a slip.
const CASES_MAX: i64 = 1_000_000;

/// Their versions, as they are read.
#[derive(Default)]
pub(super) struct Standards {
    seed_fund_duty: Vec<Dated<Rule<SeedFundDuty>>>,
}

impl Standards {
    /// Reads a version. A rule that is not known is one fault: what its other keys should be can't be said.
    pub(super) fn read(&mut self, (index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) {
        let mut section = Section::new(path, item, faults);
        let Some(standard) = section.word("id", Standard::from_key) else { return };
        match standard {
            Standard::SeedFundDuty => {
                let terms = seed_fund_duty(&mut section);
                self.seed_fund_duty.push(rule(index, &mut section, terms));
            }
        }
        section.finish();
    }

    /// Puts them into the policy.
    pub(super) fn into(self, policy: &mut Policy) {
        policy.standards.seed_fund_duty = Series::new(self.seed_fund_duty);
    }
}

fn rule<T>(index: usize, section: &mut Section<'_, '_>, terms: T) -> Dated<Rule<T>> {
    let (document_no, clause) = (section.text("document_no"), section.text("clause"));
    dated(index, section, Rule { document_no, clause, terms })
}

fn seed_fund_duty(section: &mut Section<'_, '_>) -> SeedFundDuty {
    let kind = |value: &Value| match value {
        Value::Text(text) => Kind::from_key(text),
        _ => None,
    };
    SeedFundDuty {
        kinds: section.list("kinds", Reason::UnknownWord, kind),
        minimum_size_fen: section.least("minimum_size_fen", FEN_MAX),
        minimum_invested_ppm: section.least("minimum_invested_ppm", crate::policy::parameters::RATE_PPM_MAX),
        minimum_cases: section.least("minimum_cases", CASES_MAX),
    }
}
