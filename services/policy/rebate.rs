//! S1 `incubator_tax_rebate` (孵化器税收地方留成补助): per carrier of the scheme's kinds and calendar year.
//!
//! Chosen where rules §5 is silent: among several carriers of one operator, only those of the version's kinds compete for a
//! receipt (what can't be paid for can't be paid for twice); an operator that is itself a registered firm pays nothing that
//! counts from its deregistration on; a version that ended without a successor leaves lines of 0 (NO_POLICY_IN_FORCE) to
//! carriers of its kinds; a carrier founded later still has its lines of 0 for the years before.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period, operator_on};
use super::exact::Exact;
use super::parameters::{Dated, IncubatorTaxRebate, Version};
use super::retained::{Retained, counts};
use super::say;
use super::trace::{Figure, Trace, Unit};
use super::words::{Ground, Scheme};
use crate::domain::incubator::IncubatorView;
use crate::domain::tax_receipt::Receipt;
use crate::domain::{Day, Event, IncubatorId, Uscc};
use std::ops::RangeInclusive;

/// One year of one carrier.
struct Year<'a, T: Trace> {
    year: i16,
    first: Day,
    /// 31 December.
    last: Day,
    version: Option<&'a Dated<Version<IncubatorTaxRebate>>>,
    retained: Retained<T>,
}

type Carrier<'a> = (&'a IncubatorId, IncubatorView<'a>);

impl<'a> Evaluation<'a> {
    /// S1 of a carrier and year; none where there is no such line.
    pub fn s1_of<T: Trace>(&self, carrier: &IncubatorId, year: i16) -> Option<Line<T>> {
        self.s1_lines(carrier, year..=year).into_iter().next()
    }

    /// S1 of a carrier, year by year, from the first version's to the day's. Depends on the carrier's own facts, on those of
    /// every carrier that its operators ran, on the operators' receipts, and on their deregistration as firms.
    pub fn s1_of_carrier<T: Trace>(&self, carrier: &IncubatorId) -> Vec<Line<T>> {
        self.s1_lines(carrier, i16::MIN..=i16::MAX)
    }

    fn s1_lines<T: Trace>(&self, id: &IncubatorId, wanted: RangeInclusive<i16>) -> Vec<Line<T>> {
        let Some(view) = self.registry.incubator(id, self.as_of) else { return Vec::new() };
        if view.registered.is_none_or(|term| term.day > self.as_of.day) {
            return Vec::new();
        }
        let carrier = (id, view);
        let mut years = self.years(&carrier, &wanted);
        let mut operators: Vec<Uscc> = carrier.1.operators.iter().map(|term| term.value.code).collect();
        operators.sort_unstable();
        operators.dedup();
        for operator in operators {
            self.take_receipts(&carrier, operator, &mut years);
        }
        years.into_iter().map(|year| self.s1_line(&carrier, year)).collect()
    }

    fn years<T: Trace>(&self, carrier: &Carrier<'a>, wanted: &RangeInclusive<i16>) -> Vec<Year<'a, T>> {
        let Some(first) = self.policy.first_day_of(Scheme::IncubatorTaxRebate) else { return Vec::new() };
        let from = first.year().max(*wanted.start());
        let to = self.as_of.day.year().min(*wanted.end());
        let kind = carrier.1.kind();
        let series = &self.policy.incubator_tax_rebate;
        let year = |year: i16| {
            let (first, last) = (Day::from_ymd(year, 1, 1)?, Day::from_ymd(year, 12, 31)?);
            // Of what kinds there are lines, the last version says even where it is over.
            let latest = series.all().iter().rev().find(|version| version.from <= last)?;
            let listed = kind.is_some_and(|kind| latest.value.terms.kinds.contains(&kind));
            listed.then(|| Year { year, first, last, version: series.on(last), retained: Retained::default() })
        };
        (from..=to).filter_map(year).collect()
    }

    /// One pass over an operator's receipts, each into its year.
    fn take_receipts<T: Trace>(&self, carrier: &Carrier<'a>, operator: Uscc, years: &mut [Year<'a, T>]) {
        let others = self.registry.run_by(&operator, self.as_of).filter(|(id, _)| *id != carrier.0);
        let rivals: Vec<Carrier<'_>> = others.collect();
        let gone = self.deregistered(&operator).map_or(Day::MAX, |(day, _)| day);
        for receipt in self.registry.receipts().of(&operator) {
            if !receipt.is_seen(self.as_of) || receipt.day >= gone {
                continue;
            }
            let at = years.partition_point(|year| year.first <= receipt.day);
            let Some(year) = at.checked_sub(1).and_then(|at| years.get_mut(at)) else { continue };
            let Some(version) = year.version.filter(|_| receipt.day <= year.last) else { continue };
            let terms = &version.value.terms;
            if counts(&terms.retained, &receipt) && is_for(carrier, &rivals, operator, &receipt, terms) {
                year.retained.add(self, &terms.retained, &receipt);
            }
        }
    }

    fn s1_line<T: Trace>(&self, carrier: &Carrier<'a>, year: Year<'a, T>) -> Line<T> {
        let (id, view) = carrier;
        let period = Period::Year(year.year);
        let status = self.status(year.last);
        let beneficiary = Beneficiary::Incubator((*id).clone());
        let mut draft = Draft::bare(Scheme::IncubatorTaxRebate, beneficiary, period, status);
        let deciding = year.last.min(self.as_of.day);
        let operator = operator_on(view, deciding);
        draft.payee = operator.map(|term| term.value.code);
        let Some(version) = year.version else { return draft.nothing(Ground::NoPolicyInForce) };
        let terms = &version.value.terms;
        let payer = self.payer(version.value.payer, None, year.last);
        draft.under(&self.policy.incubator_tax_rebate, version, self.as_of.day, payer);
        if let Some(term) = operator {
            let name = &term.value.name;
            draft.fact(term.position, term.day, || format!("{}的运营主体为{name}", say::day(deciding)));
        }
        if !note_recognitions(&mut draft, view, terms, year.first, deciding) {
            return draft.nothing(Ground::NotRecognised);
        }
        if terms.require_seed_fund_if_introduced && operator.is_some_and(|term| term.value.introduced) {
            match self.seed_fund(id, deciding) {
                Some((day, position)) => draft.fact(position, day, || format!("{}设立种子基金", say::day(day))),
                None => return draft.nothing(Ground::SeedFundMissing),
            }
        }
        draft.amount(share_of(year.retained.finish(), version))
    }

    /// The earliest seed fund of a carrier that stands by a day.
    fn seed_fund(&self, id: &IncubatorId, day: Day) -> Option<(Day, u64)> {
        let line = self.registry.incubator_line(id)?;
        let funds = line.seen(self.as_of).filter(|entry| matches!(entry.event, Event::SeedFundEstablished { .. }));
        funds.map(|entry| (entry.day, entry.position)).filter(|(set_up, _)| *set_up <= day).min()
    }
}

/// min(half_up(R × rate), cap).
fn share_of<T: Trace>(retained: Figure<T>, version: &Dated<Version<IncubatorTaxRebate>>) -> Figure<T> {
    let terms = &version.value.terms;
    let rate = Figure::given(Exact::ppm(terms.rate_ppm), Unit::Ratio, || {
        (say::parameter(version, "rate_ppm"), format!("补助比例{}", say::percent(terms.rate_ppm)))
    });
    let cap = terms.cap_per_year_fen.map(|cap| {
        let value = Exact::whole(cap);
        let sentence = move || (say::parameter(version, "cap_per_year_fen"), format!("年度上限{}", say::yuan(value)));
        Figure::given(value, Unit::Fen, sentence)
    });
    Figure::product([retained, rate], |value| format!("留成基数×补助比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        .at_most(cap, |value| format!("不超过年度上限：{}", say::yuan(value)))
}

/// Whether a receipt of an operator counts for a carrier: it ran it on that day, under a recognition of the level, and no
/// other carrier that it ran that day comes first (highest level, then smaller id).
fn is_for(
    (id, view): &Carrier<'_>,
    rivals: &[Carrier<'_>],
    operator: Uscc,
    receipt: &Receipt<'_>,
    terms: &IncubatorTaxRebate,
) -> bool {
    let ran = |view: &IncubatorView<'_>| operator_on(view, receipt.day).is_some_and(|term| term.value.code == operator);
    let level = view.level_on(receipt.day);
    if !ran(view) || level < Some(terms.minimum_level) {
        return false;
    }
    let comes_first = |(other, rival): &Carrier<'_>| {
        let of_kind = rival.kind().is_some_and(|kind| terms.kinds.contains(&kind));
        let theirs = rival.level_on(receipt.day);
        of_kind && ran(rival) && (theirs > level || (theirs == level && other < id))
    };
    !rivals.iter().any(comes_first)
}

/// Whether a day in `[first, last]` falls in a recognition of the level; those that do are noted.
fn note_recognitions<T: Trace>(
    draft: &mut Draft<T>,
    view: &IncubatorView<'_>,
    terms: &IncubatorTaxRebate,
    first: Day,
    last: Day,
) -> bool {
    let mut found = false;
    for recognition in view.recognitions.iter().filter(|r| r.level >= terms.minimum_level) {
        let ends_later = recognition.end.is_none_or(|(end, _)| end > first && end > recognition.day);
        if recognition.day <= last && ends_later {
            found = true;
            let (level, document_no) = (recognition.level.chinese(), recognition.document_no);
            let from = say::day(recognition.day);
            draft.fact(recognition.position, recognition.day, || format!("{from}起认定为{level}（{document_no}）"));
            if let Some((end, position)) = recognition.end {
                draft.fact(position, end, || format!("该认定至{}止", say::day(end)));
            }
        }
    }
    found
}
