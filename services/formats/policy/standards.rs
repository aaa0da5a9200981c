//! The rules of a policy that are read and not paid by, `[[standard]]`: read.

use super::section::{PolicyFault, Section};
use super::tree::{Item, Value};
use super::{MONTHS_MAX, Place, dated};
use crate::domain::values::FEN_MAX;
use crate::domain::{Indicator, Kind, Reason};
use crate::policy::parameters::{Dated, RATE_PPM_MAX, Series};
use crate::policy::{
    Bound, GuidanceFundTargets, IndustryStandard, ParkAdmission, Policy, Rule, SeedFundDuty, Standard, Target,
    Threshold, ThresholdUnit,
};

/// Investments past this are a slip.
const CASES_MAX: i64 = 1_000_000;

/// A thousand yuan for one is a slip.
const LEVERAGE_PPM_MAX: i64 = 1_000_000_000;

/// Their versions, as they are read.
#[derive(Default)]
pub(super) struct Standards {
    seed_fund_duty: Vec<Dated<Rule<SeedFundDuty>>>,
    guidance_fund: Vec<Dated<Rule<GuidanceFundTargets>>>,
    park_admission: Vec<Dated<Rule<ParkAdmission>>>,
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
            Standard::ParkAdmission => {
                let terms = park_admission(&mut section);
                self.park_admission.push(rule(index, &mut section, terms));
            }
            Standard::GuidanceFund => {
                let terms = guidance_fund(&mut section);
                self.guidance_fund.push(rule(index, &mut section, terms));
            }
        }
        section.finish();
    }

    /// Puts them into the policy.
    pub(super) fn into(self, policy: &mut Policy) {
        policy.standards.seed_fund_duty = Series::new(self.seed_fund_duty);
        policy.standards.park_admission = Series::new(self.park_admission);
        policy.standards.guidance_fund = Series::new(self.guidance_fund);
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
        minimum_invested_ppm: section.least("minimum_invested_ppm", RATE_PPM_MAX),
        minimum_cases: section.least("minimum_cases", CASES_MAX),
    }
}

fn guidance_fund(section: &mut Section<'_, '_>) -> GuidanceFundTargets {
    let early_stage_months = u32::try_from(section.number("early_stage_months", 1, MONTHS_MAX)).unwrap_or(1);
    let tables = section.tables("target");
    let targets = tables.into_iter().enumerate().map(|table| target(table, section.faults));
    GuidanceFundTargets { early_stage_months, targets: targets.collect() }
}

fn target((index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) -> Target {
    let mut section = Section::new(path, item, faults);
    let target = Target {
        index,
        year: i16::try_from(section.number("year", 1900, 9999)).unwrap_or(0),
        minimum_size_fen: section.least("minimum_size_fen", FEN_MAX),
        minimum_government_ppm: section.least("minimum_government_ppm", RATE_PPM_MAX),
        minimum_leverage_ppm: section.least("minimum_leverage_ppm", LEVERAGE_PPM_MAX),
        minimum_early_stage_ppm: section.least("minimum_early_stage_ppm", RATE_PPM_MAX),
    };
    section.finish();
    target
}

fn park_admission(section: &mut Section<'_, '_>) -> ParkAdmission {
    let mut industries = Vec::new();
    if let Some(item) = section.required("industry") {
        let mut all = Section::new(section.path_of("industry"), item, section.faults);
        all.only_once();
        for (name, item) in all.entries() {
            let path = all.path_of(name);
            industries
                .push(IndustryStandard { industry: name.clone(), thresholds: thresholds(path, item, all.faults) });
        }
    }
    ParkAdmission { industries }
}

fn thresholds(path: String, item: &Item, faults: &mut Vec<PolicyFault>) -> Vec<Threshold> {
    let mut all = Section::new(path, item, faults);
    all.only_once();
    let mut found = Vec::new();
    for (key, item) in all.entries() {
        let path = all.path_of(key);
        let Some(indicator) = Indicator::ALL.iter().copied().find(|of| of.key().to_lowercase() == *key) else {
            let what = ("no such indicator", "没有这项指标");
            all.faults.push(PolicyFault::of_key(item.line, Reason::UnknownWord, path, what));
            continue;
        };
        found.extend(threshold(indicator, path, item, all.faults));
    }
    found
}

/// Money on land is stated in one of three units, and kept as fen per hectare; the others are ratios.
fn threshold(indicator: Indicator, path: String, item: &Item, faults: &mut Vec<PolicyFault>) -> Option<Threshold> {
    let mut section = Section::new(path, item, faults);
    let bound = section.word("bound", Bound::from_key);
    let suits = |unit: &ThresholdUnit| (*unit == ThresholdUnit::Ppm) != indicator.is_per_hectare();
    let unit = section.word("unit", |word| ThresholdUnit::from_key(word).filter(suits));
    let scale = match unit {
        Some(ThresholdUnit::WanYuanPerHectare) => 1_000_000,
        Some(ThresholdUnit::WanYuanPerMu) => 15_000_000,
        _ => 1,
    };
    let value = section.number("value", 0, FEN_MAX / scale) * scale;
    section.finish();
    unit?;
    Some(Threshold { indicator, bound: bound?, value })
}
