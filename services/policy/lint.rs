//! What is odd or wrong about a policy, before anyone is paid by it: findings by key, each an error or a warning.
//!
//! Pure: today is an argument. A file whose form is wrong never gets here (`formats::policy` refuses it); what is found here
//! can be computed with, but most likely means something else than its author thinks.

mod neighbours;
mod standards;

use super::parameters::{
    Basis, Dated, IncubatorTaxRebate, LoanInterestSubsidy, Policy, RATE_PPM_MAX, RelocationRebate, RetainedTerms,
    Series, TreasuryRole, Version, review_required_from,
};
use super::words::{PayerRule, Scheme};
use crate::domain::{Day, ParkId, Tax};
use std::collections::BTreeMap;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A person should look at it.
    Warning,
    /// It should not be put in force.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What kind of thing.
    pub code: &'static str,
    /// Key in the file: `scheme[3].rate_ppm`, places from 0.
    pub key: String,
    /// One sentence in English, with the values.
    pub message: String,
}

/// A multiple of the loan prime rate past this has no precedent: private lending itself ends at four times.
const LPR_MULTIPLE_PPM_MAX: i64 = 4_000_000;
/// All of something.
const WHOLE_PPM: i64 = 1_000_000;

/// Everything found: shares, the prime rate, versions among each other, each version, treasuries.
pub fn lint(policy: &Policy, today: Day) -> Vec<Finding> {
    let mut found = Findings { policy, today, list: Vec::new() };
    found.shares();
    found.lpr();
    found.series("scheme", &policy.incubator_tax_rebate);
    found.series("scheme", &policy.relocation_rebate);
    found.series("scheme", &policy.cultivation_award);
    found.series("scheme", &policy.loan_interest_subsidy);
    for (at, version) in policy.incubator_tax_rebate.all().iter().enumerate() {
        found.s1(version, policy.incubator_tax_rebate.end_of(at));
    }
    for (at, version) in policy.relocation_rebate.all().iter().enumerate() {
        found.s2(version, policy.relocation_rebate.end_of(at));
    }
    for version in policy.cultivation_award.all() {
        found.s3(version);
    }
    for version in policy.loan_interest_subsidy.all() {
        found.s4(version);
    }
    found.neighbours();
    found.standards();
    found.treasuries();
    found.list
}

struct Findings<'a> {
    policy: &'a Policy,
    today: Day,
    list: Vec<Finding>,
}

/// Whether whom the scheme pays settles in no park.
fn settles_nowhere(scheme: Scheme) -> bool {
    use Scheme::*;
    matches!(scheme, IncubatorTaxRebate | TechnologyTransfer | OpenPlatform | PlatformConstruction)
}

impl Findings<'_> {
    fn push(&mut self, severity: Severity, code: &'static str, key: String, message: String) {
        self.list.push(Finding { severity, code, key, message });
    }

    fn error(&mut self, code: &'static str, key: impl Into<String>, message: impl Into<String>) {
        self.push(Severity::Error, code, key.into(), message.into());
    }

    fn warn(&mut self, code: &'static str, key: impl Into<String>, message: impl Into<String>) {
        self.push(Severity::Warning, code, key.into(), message.into());
    }

    /// Versions that meet, leave days between them, say nothing, or are over.
    fn series<T>(&mut self, list: &str, series: &Series<T>) {
        let key = |item: &Dated<T>, name: &str| format!("{list}[{}].{name}", item.index);
        for pair in series.all().windows(2) {
            let (item, next) = (&pair[0], &pair[1]);
            if item.from == next.from {
                let message =
                    format!("{list}[{}] begins on {} as well: the later in the file wins", item.index, item.from);
                self.error("DUPLICATE_FROM", key(next, "from"), message);
            }
            match item.until {
                Some(until) if until > next.from => {
                    let message = format!("holds until {until}, but {list}[{}] begins on {}", next.index, next.from);
                    self.error("OVERLAP", key(item, "until"), message);
                }
                Some(until) if until < next.from => {
                    let message = format!("nothing holds from {until} until {}", next.from);
                    self.warn("GAP", key(item, "until"), message);
                }
                _ => {}
            }
        }
        for item in series.all() {
            if let Some(until) = item.until.filter(|until| *until <= item.from) {
                let message = format!("ends on {until}, before it begins on {}", item.from);
                self.error("EMPTY_VERSION", key(item, "until"), message);
            }
        }
        if let Some((item, until)) = series.all().last().and_then(|item| Some((item, item.until?)))
            && until <= self.today
        {
            self.warn("ENDED", key(item, "until"), format!("the last one ended on {until}; nothing holds since"));
        }
    }

    fn shares(&mut self) {
        let series = &self.policy.shares;
        self.series("local_share", series);
        for table in series.all() {
            for (tax, shares) in &table.value.0 {
                let key = format!("local_share[{}].tax.{}", table.index, tax.key());
                let ppm = [shares.district, shares.city_and_district, shares.local_total];
                if ppm.iter().any(|share| !(0..=WHOLE_PPM).contains(share)) {
                    self.error(
                        "RATE_OUT_OF_RANGE",
                        key.clone(),
                        format!("shares lie between 0 and 100 %: {ppm:?} ppm"),
                    );
                }
                if !ppm.is_sorted() {
                    let message = "the district's share is part of city's and district's, and that of the local total";
                    self.error("SHARES_OUT_OF_ORDER", key, message);
                }
            }
        }
    }

    fn lpr(&mut self) {
        self.series("lpr", &self.policy.lpr);
        for rate in self.policy.lpr.all() {
            self.rate(rate.value, format!("lpr[{}].one_year_ppm", rate.index));
        }
    }

    /// A rate between 0 and 100 %, and not 0.
    fn rate(&mut self, ppm: i64, key: String) {
        if !(0..=WHOLE_PPM).contains(&ppm) {
            self.error("RATE_OUT_OF_RANGE", key, format!("{ppm} ppm; between 0 and 100 %"));
        } else if ppm == 0 {
            self.warn("RATE_ZERO", key, "a rate of 0 pays nothing");
        }
    }

    /// What every version of a scheme has.
    fn version<T>(&mut self, scheme: Scheme, version: &Dated<Version<T>>) {
        let key = |name: &str| format!("scheme[{}].{name}", version.index);
        let suspended_from = version.from.max(review_required_from());
        match version.value.review {
            None => {
                let message = format!("no review is named: suspended from {suspended_from}");
                self.warn("NOT_REVIEWED", key("fair_competition_review"), message);
            }
            Some(review) if review > version.from => {
                let message = format!("reviewed on {review}, after it came into force on {}", version.from);
                self.warn("REVIEWED_LATE", key("fair_competition_review"), message);
            }
            Some(_) => {}
        }
        let parks = self.policy.treasuries.iter().any(|treasury| matches!(treasury.role, TreasuryRole::Park(_)));
        match version.value.payer {
            PayerRule::District if self.policy.district_treasury().is_none() => {
                self.error("UNKNOWN_PAYER", key("payer"), "no [[treasury]] has the role DISTRICT");
            }
            PayerRule::ParkTreasury if settles_nowhere(scheme) => {
                self.error("UNKNOWN_PAYER", key("payer"), "who is paid settles in no park: nobody would pay");
            }
            PayerRule::ParkTreasury if !parks => {
                let message = "no [[treasury]] has the role PARK: only parks with a recorded treasury are paid for";
                self.warn("UNKNOWN_PAYER", key("payer"), message);
            }
            _ => {}
        }
    }

    /// Whether every tax of a scheme has a share on every day that the version can ask for.
    fn retained<T>(&mut self, version: &Dated<Version<T>>, terms: &RetainedTerms, end: Option<Day>) {
        let key = format!("scheme[{}].taxes", version.index);
        if terms.taxes.is_empty() {
            self.error("EMPTY_LIST", key.clone(), "no tax counts");
        }
        if terms.taxes.contains(&Tax::EduSurcharge) {
            self.error("NOT_A_TAX", key.clone(), "EDU_SURCHARGE is recorded, but is not a tax");
        }
        let tables = self.policy.shares.all();
        if tables.first().is_none_or(|table| table.from > version.from) {
            let message = format!("no local_share holds on {}: receipts count 0", version.from);
            self.error("MISSING_SHARE", format!("scheme[{}].from", version.index), message);
        }
        let mut missing: Vec<(usize, Tax)> = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            let begins_later = end.is_some_and(|end| table.from >= end);
            let is_over = self.policy.shares.end_of(at).is_some_and(|over| over <= version.from);
            if !begins_later && !is_over {
                let without = terms.taxes.iter().filter(|tax| table.value.ppm(**tax, terms.base).is_none());
                missing.extend(without.map(|tax| (table.index, *tax)));
            }
        }
        for (index, tax) in missing {
            let message = format!("local_share[{index}] has no {}: it counts 0", tax.key());
            self.warn("MISSING_SHARE", key.clone(), message);
        }
    }

    fn s1(&mut self, version: &Dated<Version<IncubatorTaxRebate>>, end: Option<Day>) {
        let terms = &version.value.terms;
        self.version(Scheme::IncubatorTaxRebate, version);
        self.retained(version, &terms.retained, end);
        self.rate(terms.rate_ppm, format!("scheme[{}].rate_ppm", version.index));
        if terms.kinds.is_empty() {
            self.error("EMPTY_LIST", format!("scheme[{}].kinds", version.index), "no kind of carrier counts");
        }
    }

    fn s2(&mut self, version: &Dated<Version<RelocationRebate>>, end: Option<Day>) {
        let terms = &version.value.terms;
        self.version(Scheme::RelocationRebate, version);
        self.retained(version, &terms.retained, end);
        if terms.rate_ppm_by_year.is_empty() {
            self.error("EMPTY_LIST", format!("scheme[{}].rate_ppm_by_year", version.index), "no year has a rate");
        }
        for (at, ppm) in terms.rate_ppm_by_year.iter().enumerate() {
            self.rate(*ppm, format!("scheme[{}].rate_ppm_by_year[{at}]", version.index));
        }
    }

    fn s3(&mut self, version: &Dated<Version<super::parameters::CultivationAward>>) {
        self.version(Scheme::CultivationAward, version);
        if let Basis::Year1Retained(ppm) = version.value.terms.basis {
            self.rate(ppm, format!("scheme[{}].rate_ppm", version.index));
            if self.policy.relocation_rebate.on(version.from).is_none() {
                let message = format!("no relocation_rebate holds on {}: its retained tax is 0", version.from);
                self.warn("NO_RELOCATION_REBATE", format!("scheme[{}].basis", version.index), message);
            }
        }
    }

    fn s4(&mut self, version: &Dated<Version<LoanInterestSubsidy>>) {
        let terms = &version.value.terms;
        let key = |name: &str| format!("scheme[{}].{name}", version.index);
        self.version(Scheme::LoanInterestSubsidy, version);
        self.rate(terms.rate_ppm, key("rate_ppm"));
        if !(1..=LPR_MULTIPLE_PPM_MAX.min(RATE_PPM_MAX)).contains(&terms.lpr_multiple_ppm) {
            let message = format!("{} ppm; over 0, at most four times the rate", terms.lpr_multiple_ppm);
            self.error("RATE_OUT_OF_RANGE", key("lpr_multiple_ppm"), message);
        }
        if ![360, 365].contains(&terms.day_count) {
            self.warn("DAY_COUNT", key("day_count"), format!("{} days a year; 360 or 365 is usual", terms.day_count));
        }
        if terms.maximum_months == 0 {
            self.error("EMPTY_TERM", key("maximum_months"), "no day of interest counts");
        }
        if self.policy.lpr.on(version.from).is_none() {
            let message = format!("no [[lpr]] holds on {}: loans of that day are NO_LPR", version.from);
            self.error("MISSING_LPR", key("from"), message);
        }
    }

    fn treasuries(&mut self) {
        let mut district: Option<usize> = None;
        let mut parks: BTreeMap<&ParkId, usize> = BTreeMap::new();
        let policy = self.policy;
        for treasury in &policy.treasuries {
            let key = |name: &str| format!("treasury[{}].{name}", treasury.index);
            if treasury.code.len() != 9 || !treasury.code.bytes().all(|byte| byte.is_ascii_digit()) {
                self.error("TREASURY_CODE", key("code"), format!("`{}` is not 9 digits (区划)", treasury.code));
            }
            let listed: &[ParkId] = match &treasury.role {
                TreasuryRole::District => {
                    if let Some(first) = district.replace(treasury.index) {
                        self.error(
                            "DUPLICATE_PAYER",
                            key("role"),
                            format!("treasury[{first}] is the district's as well"),
                        );
                    }
                    &[]
                }
                TreasuryRole::Park(parks) => parks,
            };
            for park in listed {
                if let Some(first) = parks.insert(park, treasury.index) {
                    self.error("DUPLICATE_PAYER", key("parks"), format!("treasury[{first}] pays for {park} as well"));
                }
            }
        }
    }
}
