//! S5 `seed_fund_duty`: an operator that was brought in (引进运营) must set up a seed fund for the firms it takes in, and put
//! it at risk for them (风险投资或融资担保). Read per carrier, on the day asked for.
//!
//! Chosen where rules §5 is silent: the operator on the day decides whether there is a duty, as for S1, and the fund belongs
//! to the carrier; a carrier's several funds are added up; what was invested and guaranteed is what was ever recorded by the
//! day, of every operator's time, repaid or not; a minimum that the version doesn't state demands nothing.

use super::{Draft, Given, Reading, sum};
use crate::domain::{Entity, Event, IncubatorId, Kind};
use crate::policy::evaluation::{Evaluation, operator_on};
use crate::policy::exact::Exact;
use crate::policy::say;
use crate::policy::trace::Unit;
use crate::policy::words::{Bound, Measure, ReadingReason, Standard};

/// Parameters of S5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedFundDuty {
    /// Kinds of carriers whose operators have the duty.
    pub kinds: Vec<Kind>,
    /// Smallest size of the fund, fen; none: any.
    pub minimum_size_fen: Option<i64>,
    /// Smallest part of it that is invested or guaranteed, ppm; none: any.
    pub minimum_invested_ppm: Option<i64>,
    /// Fewest investments and guarantees; none: any.
    pub minimum_cases: Option<i64>,
}

impl Evaluation<'_> {
    /// S5 of a carrier of the version's kinds, whose operator was brought in. Depends on the carrier's operators and seed
    /// funds, and on the investments in and guarantees for firms that name it.
    pub(super) fn seed_fund_duty(&self, id: &IncubatorId) -> Option<Reading> {
        let day = self.as_of.day;
        let carrier = &self.registry.incubator(id, self.as_of)?;
        let operator = operator_on(carrier, day).filter(|term| term.value.introduced)?;
        let series = &self.policy.standards.seed_fund_duty;
        // Whose duty it is, the latest version says even where it is over; before any, the first says whose it will be.
        let latest = series.all().iter().rfind(|version| version.from <= day).or(series.all().first())?;
        if !carrier.kind().is_some_and(|kind| latest.value.terms.kinds.contains(&kind)) {
            return None;
        }
        let entity = Entity::Incubator(id.clone());
        let (mut draft, rule) = Draft::new(Standard::SeedFundDuty, Some(entity), series, day);
        let name = carrier.registered.map_or(id.as_str(), |term| &term.value.name);
        let about = format!("{name}（{id}）");
        draft.fact(operator.position, operator.day, &format!("{name}由引进的{}运营", operator.value.name));
        let Some(rule) = rule else { return Some(draft.finish(&about)) };
        let terms = &rule.value.terms;
        let funds = self.seed_funds_of(id);
        let cases = self.cases_of(id);
        draft.since = funds.first().map(|fund| fund.day);
        let there = !funds.is_empty();
        let first = funds.first().map(|fund| Given { value: 1, ..fund.clone() });
        let exists = sum(first, Unit::Count, "种子基金");
        draft.item(Measure::SeedFund, Unit::Count, Some(exists), Some((Bound::Min, Exact::whole(1), None)));
        let size = there.then(|| sum(funds, Unit::Fen, "基金规模合计"));
        let counted = cases.iter().map(|case| Given { value: 1, ..case.clone() });
        let count = sum(counted, Unit::Count, "投资担保笔数合计");
        let ratio = size.clone().map(|size| {
            let said = |ratio: Exact| {
                format!("投资担保合计÷基金规模={}", super::figure_said(Measure::InvestedRatio, ratio, Unit::Ratio))
            };
            sum(cases, Unit::Fen, "投资担保合计").quotient(size, said)
        });
        let fen = |fen: i64| (Bound::Min, Exact::whole(fen), Some("minimum_size_fen".into()));
        draft.item(Measure::Size, Unit::Fen, size, terms.minimum_size_fen.map(fen));
        let ppm = |ppm: i64| (Bound::Min, Exact::ppm(ppm), Some("minimum_invested_ppm".into()));
        draft.item(Measure::InvestedRatio, Unit::Ratio, ratio, terms.minimum_invested_ppm.map(ppm));
        let least = |count: i64| (Bound::Min, Exact::whole(count), Some("minimum_cases".into()));
        draft.item(Measure::Cases, Unit::Count, Some(count), terms.minimum_cases.map(least));
        draft.reason = (!there).then_some(ReadingReason::SeedFundMissing);
        Some(draft.finish(&about))
    }

    /// The seed funds of a carrier by their day.
    fn seed_funds_of(&self, id: &IncubatorId) -> Vec<Given> {
        let entries = self.registry.incubator_line(id).into_iter().flat_map(|line| line.seen(self.as_of));
        let mut funds: Vec<_> = entries
            .filter_map(|entry| match entry.event {
                Event::SeedFundEstablished { size, .. } => Some((entry.day, entry.position, size)),
                _ => None,
            })
            .collect();
        funds.sort_unstable();
        let given = funds.into_iter().map(|(day, position, value)| {
            let said = format!("{}设立种子基金{}", say::day(day), say::yuan(Exact::whole(value)));
            Given { position, day, value, said }
        });
        given.collect()
    }

    /// Investments from a carrier's funds and guarantees by them, by day.
    fn cases_of(&self, id: &IncubatorId) -> Vec<Given> {
        let firms = self.registry.firms_ever_in(id).filter_map(|code| self.registry.firm_line(&code));
        let mut cases: Vec<_> = firms
            .flat_map(|line| line.seen(self.as_of))
            .filter_map(|entry| match &entry.event {
                Event::InvestmentMade { firm, incubator, amount, form } if incubator == id => {
                    Some((entry.day, entry.position, *amount, *firm, *form))
                }
                _ => None,
            })
            .collect();
        cases.sort_unstable();
        let given = cases.into_iter().map(|(day, position, value, firm, form)| {
            let (amount, form) = (say::yuan(Exact::whole(value)), form.chinese());
            Given { position, day, value, said: format!("{}对{firm}{form}{amount}", say::day(day)) }
        });
        given.collect()
    }
}
