//! The parameters of a policy, each dated: shares of taxes, the loan prime rate, schemes in versions, treasuries.
//!
//! A dated value holds from its `from` until the next one's, or until its own `until` where one is stated and comes first
//! (an addition to the file's shape: measures carry 有效期; where none is stated nothing changes). `index` is the place in
//! the file, so that a finding can name its key and line.

use super::budget::Budget;
use super::exact::Exact;
use super::instrument_sharing::InstrumentSharing;
use super::platform_support::{OpenPlatform, PlatformConstruction};
use super::reading::Standards;
use super::technology_transfer::TechnologyTransfer;
use super::words::{Attribution, Base, OncePer, PayerRule, Scheme, StackingRule, StartRule};
use crate::domain::{Day, Kind, Level, ParkId, Tax};
use std::collections::BTreeMap;

/// A rate past this (1000 %) is a slip; a file with one is refused, which keeps arithmetic within its range.
pub const RATE_PPM_MAX: i64 = 10_000_000;

/// Since this day selective favours need a passed fair-competition review (公平竞争审查条例, State Council decree 783): the
/// law's day, not a parameter of any district's measure.
pub fn review_required_from() -> Day {
    Day::from_ymd(2024, 8, 1).unwrap_or(Day::MAX)
}

/// A policy (办法) as its file states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who issued it.
    pub issuer: String,
    /// Which part of each tax stays, by the day on which a receipt reached the treasury.
    pub shares: Series<ShareTable>,
    /// One-year loan prime rate, ppm a year.
    pub lpr: Series<i64>,
    /// S1.
    pub incubator_tax_rebate: Series<Version<IncubatorTaxRebate>>,
    /// S2.
    pub relocation_rebate: Series<Version<RelocationRebate>>,
    /// S3.
    pub cultivation_award: Series<Version<CultivationAward>>,
    /// S4.
    pub loan_interest_subsidy: Series<Version<LoanInterestSubsidy>>,
    /// P1.
    pub technology_transfer: Series<Version<TechnologyTransfer>>,
    /// P2.
    pub open_platform: Series<Version<OpenPlatform>>,
    /// P3.
    pub platform_construction: Series<Version<PlatformConstruction>>,
    /// P4.
    pub instrument_sharing: Series<Version<InstrumentSharing>>,
    /// What is read against a rule without money following: S5, S6, P13.
    pub standards: Standards,
    /// Who pays.
    pub treasuries: Vec<Treasury>,
    /// What awards take from each other, by group.
    pub stacking: BTreeMap<String, Series<StackingRule>>,
    /// What there is to pay.
    pub budgets: Vec<Budget>,
}

/// A value that holds from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    /// Place in its list of the file, from 0.
    pub index: usize,
    /// First day.
    pub from: Day,
    /// First day on which it no longer holds, if stated.
    pub until: Option<Day>,
    /// The value.
    pub value: T,
}

/// Dated values by their first day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<T>(Vec<Dated<T>>);

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Series<T> {
    /// Sorts them; of two with one first day the later in the file wins (and `lint` tells).
    pub fn new(mut items: Vec<Dated<T>>) -> Self {
        items.sort_by_key(|item| (item.from, item.index));
        Self(items)
    }

    /// By their first day.
    pub fn all(&self) -> &[Dated<T>] {
        &self.0
    }

    /// The one that holds on a day.
    pub fn on(&self, day: Day) -> Option<&Dated<T>> {
        let after = self.0.partition_point(|item| item.from <= day);
        let last = self.0.get(after.checked_sub(1)?)?;
        last.until.is_none_or(|until| day < until).then_some(last)
    }

    /// The first day on which the item at a place in `all` no longer holds; none: for ever.
    pub fn end_of(&self, at: usize) -> Option<Day> {
        let next = self.0.get(at + 1).map(|item| item.from);
        [next, self.0.get(at)?.until].into_iter().flatten().min()
    }
}

/// The local shares of every tax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareTable(pub Vec<(Tax, Shares)>);

impl ShareTable {
    /// The share of a tax, ppm; none where the table has none.
    pub fn ppm(&self, tax: Tax, base: Base) -> Option<i64> {
        let (_, shares) = self.0.iter().find(|(of, _)| *of == tax)?;
        Some(shares.ppm(base))
    }
}

/// The local shares of one tax, ppm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// All that is not the centre's.
    pub local_total: i64,
    /// City's and district's.
    pub city_and_district: i64,
    /// The district's.
    pub district: i64,
}

impl Shares {
    /// By base, ppm.
    pub fn ppm(self, base: Base) -> i64 {
        match base {
            Base::LocalTotal => self.local_total,
            Base::CityAndDistrict => self.city_and_district,
            Base::District => self.district,
        }
    }
}

/// A version of a scheme (条款).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<T> {
    /// Document number (文号).
    pub document_no: String,
    /// Clause.
    pub clause: String,
    /// Day on which it passed the fair-competition review; none: it did not.
    pub review: Option<Day>,
    /// Which treasury pays.
    pub payer: PayerRule,
    /// In which group its awards stack; none: they add up.
    pub stacking_group: Option<String>,
    /// Its own parameters.
    pub terms: T,
}

impl<T> Dated<Version<T>> {
    /// Whether nothing new of it can be claimed on a day (rules §5, law).
    pub fn is_suspended_on(&self, day: Day) -> bool {
        self.value.review.is_none() && day >= self.from.max(review_required_from())
    }
}

/// Which taxes count, and which part of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainedTerms {
    /// The part.
    pub base: Base,
    /// The taxes.
    pub taxes: Vec<Tax>,
}

/// Parameters of S1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncubatorTaxRebate {
    /// Kinds of carriers.
    pub kinds: Vec<Kind>,
    /// Lowest level of recognition.
    pub minimum_level: Level,
    /// Whether an operator brought in needs a seed fund.
    pub require_seed_fund_if_introduced: bool,
    /// Retained tax.
    pub retained: RetainedTerms,
    /// Of it, ppm.
    pub rate_ppm: i64,
    /// Fen; none: no cap.
    pub cap_per_year_fen: Option<i64>,
}

/// Parameters of S2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelocationRebate {
    /// Since when the relief years run.
    pub start_rule: StartRule,
    /// Retained tax.
    pub retained: RetainedTerms,
    /// Of it, by relief year from the first, ppm; past the last there is no relief.
    pub rate_ppm_by_year: Vec<i64>,
    /// Fen; none: no cap.
    pub cap_per_year_fen: Option<i64>,
}

/// What a cultivation award is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// FLAT: so many fen.
    Flat(i64),
    /// YEAR1_RETAINED: so many ppm of the retained tax of the first relief year.
    Year1Retained(i64),
}

/// Parameters of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CultivationAward {
    /// What it is measured by.
    pub basis: Basis,
    /// Of the firm's award, before it is split; fen; none: no cap.
    pub cap_fen: Option<i64>,
    /// To whom it goes.
    pub attribution: Attribution,
}

/// Parameters of S4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanInterestSubsidy {
    /// Of the interest, ppm.
    pub rate_ppm: i64,
    /// Of the loan prime rate, ppm.
    pub lpr_multiple_ppm: i64,
    /// Days a year, 360 or 365.
    pub day_count: i64,
    /// At most so many months of interest.
    pub maximum_months: u32,
    /// How often.
    pub once_per: OncePer,
    /// Fen; none: no cap.
    pub cap_per_loan_fen: Option<i64>,
    /// Of all loans of the firm drawn in one calendar year; fen; none: no cap.
    pub cap_per_firm_year_fen: Option<i64>,
}

impl LoanInterestSubsidy {
    /// The part of a year that so many days are.
    pub fn part_of_year(&self, days: i32) -> Exact {
        Exact::new(i128::from(days), i128::from(self.day_count))
    }
}

/// A treasury, and for whom it pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treasury {
    /// Place in its list of the file, from 0.
    pub index: usize,
    /// 9-digit code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// For whom.
    pub role: TreasuryRole,
}

/// For whom a treasury pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreasuryRole {
    /// The district.
    District,
    /// These parks, where no dated fact says otherwise.
    Park(Vec<ParkId>),
}

impl Policy {
    /// The district's treasury.
    pub fn district_treasury(&self) -> Option<&Treasury> {
        self.treasuries.iter().find(|treasury| treasury.role == TreasuryRole::District)
    }

    /// The treasury of a park as the policy lists it.
    pub fn park_treasury(&self, park: &ParkId) -> Option<&Treasury> {
        let pays = |role: &TreasuryRole| matches!(role, TreasuryRole::Park(parks) if parks.contains(park));
        self.treasuries.iter().find(|treasury| pays(&treasury.role))
    }

    /// First day of the first version of a scheme.
    pub fn first_day_of(&self, scheme: Scheme) -> Option<Day> {
        match scheme {
            Scheme::IncubatorTaxRebate => self.incubator_tax_rebate.all().first().map(|v| v.from),
            Scheme::RelocationRebate => self.relocation_rebate.all().first().map(|v| v.from),
            Scheme::CultivationAward => self.cultivation_award.all().first().map(|v| v.from),
            Scheme::LoanInterestSubsidy => self.loan_interest_subsidy.all().first().map(|v| v.from),
            Scheme::TechnologyTransfer => self.technology_transfer.all().first().map(|v| v.from),
            Scheme::OpenPlatform => self.open_platform.all().first().map(|v| v.from),
            Scheme::PlatformConstruction => self.platform_construction.all().first().map(|v| v.from),
            Scheme::InstrumentSharing => self.instrument_sharing.all().first().map(|v| v.from),
        }
    }
}
