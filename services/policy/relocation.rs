//! S2 `relocation_rebate` (落户企业三年补贴): per firm settled, relief year by relief year from the day that production and
//! first tax have both come.
//!
//! Chosen where rules §5 is silent: how many relief years there are is the version's list of rates, so a year past the
//! list of the version in force on its first day is not listed; where no version is in force, years up to the longest list
//! are. A policy without this scheme lists no line of it.

use super::award::Cultivated;
use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period, Pinned};
use super::exact::Exact;
use super::parameters::{Dated, RelocationRebate, Version};
use super::retained::{Retained, counts};
use super::say;
use super::trace::{Figure, Trace, Unit};
use super::words::{Ground, Scheme, Status};
use crate::domain::firm::{FirmView, Step};
use crate::domain::tax_receipt::Receipt;
use crate::domain::{Day, Tax, TaxNature, Uscc};

type Rebate = Dated<Version<RelocationRebate>>;

/// Since when the relief years run.
pub(super) struct Start<'a> {
    /// The day.
    pub day: Day,
    production: Step<'a>,
    first_tax: Receipt<'a>,
    /// A claim has pinned it.
    is_pinned: bool,
}

/// A relief year with what was retained in it.
pub(super) struct Relief<'a, T: Trace> {
    number: u32,
    from: Day,
    to: Day,
    /// The version in force on its first day.
    pub version: Option<&'a Rebate>,
    retained: Retained<T>,
}

impl<'a> Evaluation<'a> {
    /// S2 of a firm with its S3. Depends on the firm's own facts and receipts, on the kind and operators of the carriers
    /// that it stayed in, and on the treasury of its park.
    pub fn s2_of<T: Trace>(&self, firm: &Uscc) -> Vec<Line<T>> {
        self.registry.firm(firm, self.as_of).map(|firm| self.relocation(&firm)).unwrap_or_default()
    }

    pub(super) fn relocation<T: Trace>(&self, firm: &FirmView<'a>) -> Vec<Line<T>> {
        let Some(settled) = firm.relocation.settled else { return Vec::new() };
        let start = match self.start(firm, settled) {
            Ok(start) => match self.pinned {
                Some(Pinned { firm: code, start: Some(day), .. }) if code == firm.code => {
                    Start { day, is_pinned: true, ..start }
                }
                _ => start,
            },
            Err(_) if self.policy.relocation_rebate.all().is_empty() => return Vec::new(),
            Err((status, ground)) => {
                let firm_of = Beneficiary::Firm(firm.code);
                let mut draft = Draft::bare(Scheme::RelocationRebate, firm_of, Period::NoWindow, status);
                note_way(&mut draft, firm, settled);
                return vec![draft.nothing(ground)];
            }
        };
        let gone = firm.deregistered.map_or(Day::MAX, |(day, _)| day);
        let mut years = self.relief_years(start.day);
        for receipt in self.registry.receipts().of(&firm.code) {
            if !receipt.is_seen(self.as_of) || receipt.day >= gone {
                continue;
            }
            let at = years.partition_point(|year: &Relief<'_, T>| year.from <= receipt.day);
            let Some(year) = at.checked_sub(1).and_then(|at| years.get_mut(at)) else { continue };
            let Some(version) = year.version.filter(|_| receipt.day < year.to) else { continue };
            if counts(&version.value.terms.retained, &receipt) {
                year.retained.add(self, &version.value.terms.retained, &receipt);
            }
        }
        self.lines_of_years(firm, settled, &start, years, gone)
    }

    fn lines_of_years<T: Trace>(
        &self,
        firm: &FirmView<'a>,
        settled: Step<'a>,
        start: &Start<'a>,
        years: Vec<Relief<'a, T>>,
        gone: Day,
    ) -> Vec<Line<T>> {
        let mut lines = Vec::new();
        let mut first_year = None;
        for Relief { number, from, to, version, retained } in years {
            let retained = retained.finish();
            if number == 1 {
                first_year = Some((retained.clone(), version, to.previous()));
            }
            if from <= self.as_of.day && from < gone && is_offered(self, version, number) {
                let period = Period::Relief { number, from, to };
                let status = self.status(to.previous());
                let firm_of = Beneficiary::Firm(firm.code);
                let mut draft = Draft::bare(Scheme::RelocationRebate, firm_of, period, status);
                note_way(&mut draft, firm, settled);
                note_start(&mut draft, start);
                lines.push(self.relief_line(draft, retained, version, settled, number, from));
            }
        }
        if let Some((retained, version, last_day)) = first_year {
            let cultivated = Cultivated { firm, settled, start, retained, rebate: version, last_day };
            lines.extend(self.award(cultivated));
        }
        lines
    }

    fn relief_line<T: Trace>(
        &self,
        mut draft: Draft<T>,
        retained: Figure<T>,
        version: Option<&Rebate>,
        settled: Step<'a>,
        number: u32,
        from: Day,
    ) -> Line<T> {
        let Some(version) = version else { return draft.nothing(Ground::NoPolicyInForce) };
        let payer = self.payer(version.value.payer, Some(settled.park), from);
        draft.under(&self.policy.relocation_rebate, version, self.as_of.day, payer);
        draft.amount(share_of(retained, version, number))
    }

    /// Since when the relief years run, or why they don't.
    fn start(&self, firm: &FirmView<'a>, settled: Step<'a>) -> Result<Start<'a>, (Status, Ground)> {
        let there = |stay: &crate::domain::firm::Stay<'_>| {
            stay.admitted <= settled.day && stay.left.is_none_or(|left| left.day > settled.day)
        };
        let graduated = firm.first_graduation().is_some_and(|(_, left)| left.day <= settled.day);
        if !graduated && !firm.stays.iter().any(there) {
            return Err((Status::Ineligible, Ground::NotIncubated));
        }
        let production = firm.relocation.production.ok_or((Status::NotStarted, Ground::NotInProduction))?;
        let gone = firm.deregistered.map_or(Day::MAX, |(day, _)| day);
        let is_first_tax = |receipt: &Receipt<'_>| {
            receipt.is_seen(self.as_of)
                && receipt.day >= production.day
                && receipt.day < gone
                && receipt.nature == TaxNature::Normal
                && receipt.amount > 0
                && receipt.tax != Tax::EduSurcharge
        };
        let receipts = self.registry.receipts().of(&firm.code).filter(is_first_tax);
        let first_tax = receipts.min_by_key(|receipt| (receipt.day, receipt.position));
        let first_tax = first_tax.ok_or((Status::NotStarted, Ground::NoTaxPaid))?;
        Ok(Start { day: production.day.max(first_tax.day), production, first_tax, is_pinned: false })
    }

    /// Every relief year that a version may offer; the first always, since S3 rests on it.
    fn relief_years<T: Trace>(&self, start: Day) -> Vec<Relief<'a, T>> {
        let lists =
            self.policy.relocation_rebate.all().iter().map(|version| version.value.terms.rate_ppm_by_year.len());
        let longest = u32::try_from(lists.max().unwrap_or(0)).unwrap_or(0).max(1);
        let relief = |number: u32| {
            let (from, to) = (start.add_months(12 * (number - 1)), start.add_months(12 * number));
            let version = self.policy.relocation_rebate.on(from);
            Relief { number, from, to, version, retained: Retained::default() }
        };
        (1..=longest).map(relief).collect()
    }
}

fn rate_of(version: &Rebate, number: u32) -> Option<i64> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    version.value.terms.rate_ppm_by_year.get(at).copied()
}

/// Whether a relief year is a line: its version has a rate for it, or none is in force.
fn is_offered(evaluation: &Evaluation<'_>, version: Option<&Rebate>, number: u32) -> bool {
    match version {
        Some(version) => rate_of(version, number).is_some(),
        None => !evaluation.policy.relocation_rebate.all().is_empty(),
    }
}

/// min(half_up(R × rate of the year), cap).
fn share_of<T: Trace>(retained: Figure<T>, version: &Rebate, number: u32) -> Figure<T> {
    let ppm = rate_of(version, number).unwrap_or(0);
    let rate = Figure::given(Exact::ppm(ppm), Unit::Ratio, || {
        let key = format!("rate_ppm_by_year[{}]", number - 1);
        (say::parameter(version, &key), format!("第{number}年补贴比例{}", say::percent(ppm)))
    });
    let cap = version.value.terms.cap_per_year_fen.map(|cap| {
        let value = Exact::whole(cap);
        let sentence = move || (say::parameter(version, "cap_per_year_fen"), format!("年度上限{}", say::yuan(value)));
        Figure::given(value, Unit::Fen, sentence)
    });
    Figure::product([retained, rate], |value| format!("留成基数×补贴比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        .at_most(cap, |value| format!("不超过年度上限：{}", say::yuan(value)))
}

/// The stays and the settling that decide whether there is any relief.
pub(super) fn note_way<T: Trace>(draft: &mut Draft<T>, firm: &FirmView<'_>, settled: Step<'_>) {
    for stay in firm.stays.iter().filter(|stay| stay.admitted <= settled.day) {
        draft.fact(stay.position, stay.admitted, || format!("{}入驻{}", say::day(stay.admitted), stay.incubator));
        if let Some(left) = stay.left {
            draft.fact(left.position, left.day, || format!("{}离开（{}）", say::day(left.day), left.kind.chinese()));
        }
    }
    draft.fact(settled.position, settled.day, || format!("{}落户{}", say::day(settled.day), settled.park));
    if let Some((day, position)) = firm.deregistered {
        draft.fact(position, day, || format!("{}注销，自当日起入库税款不计", say::day(day)));
    }
}

/// Production and first tax, which begin the relief.
pub(super) fn note_start<T: Trace>(draft: &mut Draft<T>, start: &Start<'_>) {
    let Start { day, production, first_tax, is_pinned } = start;
    draft.fact(production.position, production.day, || format!("{}投产", say::day(production.day)));
    draft.fact(first_tax.position, first_tax.day, || {
        let pinned = if *is_pinned { "（按首次申报确定）" } else { "" };
        format!("投产后首笔正税于{}入库，自{}起算{pinned}", say::day(first_tax.day), say::day(*day))
    });
}
