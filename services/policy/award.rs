//! S3 `cultivation_award` (培育奖励): once per firm, to the carriers that raised it, when S2 starts.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period, operator_on};
use super::exact::Exact;
use super::parameters::{Basis, CultivationAward, Dated, RelocationRebate, Version};
use super::relocation::{Start, note_start, note_way};
use super::say;
use super::trace::{Figure, Node, Source, Step as How, Trace, Unit};
use super::words::{Attribution, Ground, Scheme, Status};
use crate::domain::Day;
use crate::domain::IncubatorId;
use crate::domain::firm::{FirmView, Step};
use std::collections::BTreeMap;

/// A firm that was raised and has begun to pay taxes in its park.
pub(super) struct Cultivated<'a, 'f, T: Trace> {
    pub firm: &'f FirmView<'a>,
    pub settled: Step<'a>,
    pub start: &'f Start<'a>,
    /// R of the first relief year, under its version.
    pub retained: Figure<T>,
    /// The version of S2 on the day it starts.
    pub rebate: Option<&'a Dated<Version<RelocationRebate>>>,
    /// Last day of the first relief year.
    pub last_day: Day,
}

/// A carrier's part: by days, or the whole; or what a claim has pinned.
struct Part<'a> {
    carrier: &'a IncubatorId,
    /// Days, or fen of the award when it was first claimed.
    weight: i64,
    is_pinned: bool,
}

impl<'a> Part<'a> {
    fn of_days(carrier: &'a IncubatorId, days: i64) -> Self {
        Self { carrier, weight: days, is_pinned: false }
    }

    fn pinned(carrier: &'a IncubatorId, fen: i64) -> Self {
        Self { carrier, weight: fen, is_pinned: true }
    }

    fn node(&self) -> Node {
        let Part { carrier, weight, is_pinned } = self;
        let (unit, sentence) = match is_pinned {
            true => (Unit::Fen, format!("首次申报确定的分配：{carrier}得{}", say::yuan(Exact::whole(*weight)))),
            false => (Unit::Days, format!("落户前在{carrier}在孵{weight}天")),
        };
        Node::given(Exact::whole(*weight), unit, Source::Derived, sentence)
    }
}

impl<'a> Evaluation<'a> {
    /// The lines of an award by carrier id; none where no version is in force on the day S2 starts.
    pub(super) fn award<T: Trace>(&self, of: Cultivated<'a, '_, T>) -> Vec<Line<T>> {
        let Some(version) = self.policy.cultivation_award.on(of.start.day) else { return Vec::new() };
        let terms = &version.value.terms;
        let (status, reason) = match (terms.basis, of.rebate) {
            (Basis::Flat(_), _) => (Status::Complete, None),
            (Basis::Year1Retained(_), Some(_)) => (self.status(of.last_day), None),
            (Basis::Year1Retained(_), None) => (self.status(of.last_day), Some(Ground::NoPolicyInForce)),
        };
        let parts = match self.pinned.filter(|pinned| pinned.firm == of.firm.code && !pinned.shares.is_empty()) {
            Some(pinned) => pinned.shares.iter().map(|(carrier, fen)| Part::pinned(carrier, *fen)).collect(),
            None => parts(terms.attribution, of.firm, of.settled.day),
        };
        let total = award_of(version, of.retained.clone());
        let weights: Vec<i64> = parts.iter().map(|part| part.weight).collect();
        let fens = split(total.value.numerator(), &weights);
        let mut lines = Vec::new();
        for (place, (part, fen)) in parts.iter().zip(fens).enumerate() {
            let draft = self.award_draft(&of, version, part.carrier, status);
            let amount = if parts.len() == 1 { total.clone() } else { part_of(&total, &parts, place, fen) };
            lines.push(match reason {
                Some(_) => draft.finish(Some(amount), reason),
                None => draft.amount(amount),
            });
        }
        lines
    }

    fn award_draft<T: Trace>(
        &self,
        of: &Cultivated<'a, '_, T>,
        version: &Dated<Version<CultivationAward>>,
        carrier: &IncubatorId,
        status: Status,
    ) -> Draft<T> {
        let beneficiary = Beneficiary::Incubator(carrier.clone());
        let mut draft = Draft::bare(Scheme::CultivationAward, beneficiary, Period::Firm(of.firm.code), status);
        let view = self.registry.incubator(carrier, self.as_of);
        let operator = view.as_ref().and_then(|view| operator_on(view, of.start.day));
        draft.payee = operator.map(|term| term.value.code);
        let payer = self.payer(version.value.payer, Some(of.settled.park), of.start.day);
        draft.under(&self.policy.cultivation_award, version, self.as_of.day, payer);
        note_way(&mut draft, of.firm, of.settled);
        note_start(&mut draft, of.start);
        if let Some(term) = operator {
            let name = &term.value.name;
            draft.fact(term.position, term.day, || format!("{}的运营主体为{name}", say::day(of.start.day)));
        }
        draft
    }
}

/// The firm's award, capped, before it is split.
fn award_of<T: Trace>(version: &Dated<Version<CultivationAward>>, retained: Figure<T>) -> Figure<T> {
    let terms = &version.value.terms;
    let cap = terms.cap_fen.map(|cap| {
        let value = Exact::whole(cap);
        let sentence = move || (say::parameter(version, "cap_fen"), format!("每家企业上限{}", say::yuan(value)));
        Figure::given(value, Unit::Fen, sentence)
    });
    let award = match terms.basis {
        Basis::Flat(fen) => {
            let value = Exact::whole(fen);
            let sentence = || (say::parameter(version, "flat_fen"), format!("定额奖励{}", say::yuan(value)));
            Figure::given(value, Unit::Fen, sentence)
        }
        Basis::Year1Retained(ppm) => {
            let rate = Figure::given(Exact::ppm(ppm), Unit::Ratio, || {
                (say::parameter(version, "rate_ppm"), format!("奖励比例{}", say::percent(ppm)))
            });
            Figure::product([retained, rate], |value| format!("首年留成基数×奖励比例={}", say::yuan(value)))
                .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        }
    };
    award.at_most(cap, |value| format!("不超过每家企业上限：{}", say::yuan(value)))
}

fn part_of<T: Trace>(total: &Figure<T>, parts: &[Part<'_>], place: usize, fen: i128) -> Figure<T> {
    let mut children = total.why.clone();
    for part in parts {
        T::note(&mut children, || part.node());
    }
    let by = if parts.iter().any(|part| part.is_pinned) { "首次申报确定的比例" } else { "在孵天数" };
    let carrier = parts.get(place).map(|part| part.carrier);
    Figure::derived(How::Split { place }, Exact::whole(fen), Unit::Fen, children, |value| {
        let carrier = carrier.map_or(String::new(), ToString::to_string);
        format!("按{by}以最大余数法分配到分，{carrier}得{}", say::yuan(value))
    })
}

/// To which carriers an award goes, by id.
fn parts<'a>(attribution: Attribution, firm: &FirmView<'a>, settled: Day) -> Vec<Part<'a>> {
    let mut days: BTreeMap<&IncubatorId, i64> = BTreeMap::new();
    if attribution == Attribution::DaysProRata {
        for stay in &firm.stays {
            let end = stay.left.map_or(settled, |left| left.day.min(settled));
            let length = i64::from(end.days()) - i64::from(stay.admitted.days());
            *days.entry(stay.incubator).or_default() += length.max(0);
        }
        days.retain(|_, length| *length > 0);
    }
    if days.is_empty() {
        let last = firm.stays.iter().rev().find(|stay| stay.admitted <= settled);
        return last.map(|stay| Part::of_days(stay.incubator, 1)).into_iter().collect();
    }
    days.into_iter().map(|(carrier, days)| Part::of_days(carrier, days)).collect()
}

/// Splits whole fen by weights: each its whole part, the rest one by one to the largest remainders, ties to the earlier.
pub fn split(total: i128, weights: &[i64]) -> Vec<i128> {
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    if sum <= 0 {
        return vec![0; weights.len()];
    }
    let product = |weight: &i64| total.saturating_mul(i128::from(*weight));
    let mut parts: Vec<i128> = weights.iter().map(|weight| product(weight).div_euclid(sum)).collect();
    let mut places: Vec<usize> = (0..weights.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(product(&weights[*place]).rem_euclid(sum)));
    let rest = total - parts.iter().sum::<i128>();
    let rest = usize::try_from(rest).unwrap_or(0).min(places.len());
    for place in &places[..rest] {
        parts[*place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_rest_goes_to_the_largest_remainders_and_ties_to_the_earlier() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(101, &[1, 1, 1]), [34, 34, 33]);
        assert_eq!(split(10, &[1, 2, 4]), [1, 3, 6]);
        assert_eq!(split(0, &[3, 4]), [0, 0]);
        assert_eq!(split(7, &[0, 0]), [0, 0]);
        assert_eq!(split(1, &[1, 2]), [0, 1]);
    }
}
