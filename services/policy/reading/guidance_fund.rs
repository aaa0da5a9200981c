//! S6 `guidance_fund`: size, shares and leverage of the angel guidance funds (逐步增加天使投资引导基金规模和比重), of each fund and of
//! all together, on the day asked for.
//!
//! Chosen where rules §5 is silent: the size is the stated one, capital is what was paid in; leverage is the others' capital
//! over the government's; a firm is in its early stage on the day of an investment no later than so many months after its
//! registration. Targets are for the calendar year of the day and for the whole district, since the plan speaks of the
//! guidance fund as one; a single fund is told by its figures and has no verdict but UNKNOWN (NO_TARGET), and so has a year
//! for which the version states none.

use super::{Draft, Given, Reading, sum};
use crate::domain::guidance_fund::{GuidanceFundInvested, GuidanceFundView};
use crate::domain::incubator::Term;
use crate::domain::{CapitalSource, Entity, GuidanceFundId};
use crate::policy::evaluation::Evaluation;
use crate::policy::exact::Exact;
use crate::policy::say;
use crate::policy::trace::{Figure, TreeTrace, Unit};
use crate::policy::words::{Bound, Measure, ReadingReason, Standard};

/// Parameters of S6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidanceFundTargets {
    /// So many months after its registration, at most, a firm is in its early stage.
    pub early_stage_months: u32,
    /// What is aimed at, by year.
    pub targets: Vec<Target>,
}

/// What is aimed at in a year; none: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Place in its list of the file, from 0.
    pub index: usize,
    /// The year.
    pub year: i16,
    /// Smallest size of all funds, fen.
    pub minimum_size_fen: Option<i64>,
    /// Smallest part of what is paid in that is the government's, ppm.
    pub minimum_government_ppm: Option<i64>,
    /// Least of others' capital for the government's, ppm.
    pub minimum_leverage_ppm: Option<i64>,
    /// Smallest part of what is invested that goes to firms in their early stage, ppm.
    pub minimum_early_stage_ppm: Option<i64>,
}

type Fund<'a> = GuidanceFundView<'a>;

impl Evaluation<'_> {
    /// Of whom S6 may be: the whole district, and every fund.
    pub(super) fn guidance_fund_subjects(&self) -> Vec<Option<Entity>> {
        let all = self.registry.innovation().guidance_funds(self.as_of);
        std::iter::once(None).chain(all.map(|(id, _)| Some(Entity::GuidanceFund(id.clone())))).collect()
    }

    /// S6 of the whole district, where there is a fund or a version. Depends on the funds' facts and on the registration of
    /// the firms that they invest in.
    pub(super) fn all_guidance_funds(&self) -> Option<Reading> {
        let all = self.registry.innovation().guidance_funds(self.as_of);
        let funds: Vec<Fund<'_>> = all.map(|(_, fund)| fund).filter(|fund| self.stands(fund)).collect();
        let in_force = self.policy.standards.guidance_fund.on(self.as_of.day).is_some();
        (in_force || !funds.is_empty()).then(|| self.guidance_fund(None, &funds))
    }

    /// S6 of a fund that is established. Depends on the same of that fund.
    pub(super) fn one_guidance_fund(&self, id: &GuidanceFundId) -> Option<Reading> {
        let fund = self.registry.innovation().guidance_fund(id, self.as_of).filter(|fund| self.stands(fund))?;
        Some(self.guidance_fund(Some(Entity::GuidanceFund(id.clone())), std::slice::from_ref(&fund)))
    }

    fn stands(&self, fund: &Fund<'_>) -> bool {
        fund.established.day <= self.as_of.day
    }

    fn guidance_fund(&self, subject: Option<Entity>, funds: &[Fund<'_>]) -> Reading {
        let (day, whole) = (self.as_of.day, subject.is_none());
        let series = &self.policy.standards.guidance_fund;
        let (mut draft, rule) = Draft::new(Standard::GuidanceFund, subject, series, day);
        draft.since = funds.iter().map(|fund| fund.established.day).min();
        let target = rule.and_then(|rule| rule.value.terms.targets.iter().find(|of| whole && of.year == day.year()));
        if rule.is_some() && target.is_none() {
            draft.reason = Some(ReadingReason::NoTarget);
        }
        let demand = |key: &str, least: Option<Exact>| {
            let key = target.map(|of| format!("target[{}].{key}", of.index));
            least.map(|least| (Bound::Min, least, key))
        };
        let ppm = |of: fn(&Target) -> Option<i64>| target.and_then(of).map(Exact::ppm);
        let size = sum(funds.iter().map(established), Unit::Fen, "基金规模合计");
        let least = target.and_then(|of| of.minimum_size_fen).map(Exact::whole);
        draft.item(Measure::Size, Unit::Fen, Some(size), demand("minimum_size_fen", least));
        let paid = || sum(paid_in(funds, None), Unit::Fen, "实缴资本合计");
        let government = || sum(paid_in(funds, Some(CapitalSource::Government)), Unit::Fen, "政府出资合计");
        let social = sum(paid_in(funds, Some(CapitalSource::Social)), Unit::Fen, "社会资本合计");
        draft.item(Measure::PaidIn, Unit::Fen, Some(paid()), None);
        draft.item(Measure::Government, Unit::Fen, Some(government()), None);
        let share = part(Measure::GovernmentShare, government(), paid(), "政府出资÷实缴资本");
        let least = ppm(|of| of.minimum_government_ppm);
        draft.item(Measure::GovernmentShare, Unit::Ratio, share, demand("minimum_government_ppm", least));
        let leverage = part(Measure::Leverage, social, government(), "社会资本÷政府出资");
        let least = ppm(|of| of.minimum_leverage_ppm);
        draft.item(Measure::Leverage, Unit::Ratio, leverage, demand("minimum_leverage_ppm", least));
        let invested = || sum(self.invested(funds, None), Unit::Fen, "投资总额合计");
        draft.item(Measure::Invested, Unit::Fen, Some(invested()), None);
        if let Some(rule) = rule {
            let months = rule.value.terms.early_stage_months;
            let early = || sum(self.invested(funds, Some(months)), Unit::Fen, "投向初创期企业合计");
            draft.item(Measure::EarlyStage, Unit::Fen, Some(early()), None);
            let share = part(Measure::EarlyStageShare, early(), invested(), "投向初创期企业÷投资总额");
            let least = ppm(|of| of.minimum_early_stage_ppm);
            draft.item(Measure::EarlyStageShare, Unit::Ratio, share, demand("minimum_early_stage_ppm", least));
        }
        let about = match funds {
            _ if whole => "全区合计".to_owned(),
            [fund, ..] => format!("{}（{}）", fund.established.value.name, fund.established.value.fund),
            [] => String::new(),
        };
        draft.finish(&about)
    }

    /// What funds invested; with months, only in firms of at most that age on the day.
    fn invested(&self, funds: &[Fund<'_>], months: Option<u32>) -> Vec<Given> {
        let made = funds.iter().flat_map(|fund| &fund.investments);
        made.filter_map(|made| self.investment(made, months)).collect()
    }

    fn investment(&self, made: &Term<&GuidanceFundInvested>, months: Option<u32>) -> Option<Given> {
        let Term { day, value, position } = *made;
        let registered = self.registry.firm(&value.firm, self.as_of).and_then(|firm| firm.registered)?.day;
        if months.is_some_and(|months| day < registered || day > registered.add_months(months)) {
            return None;
        }
        let age =
            months.map_or(String::new(), |months| format!("，企业{}注册，不超过{months}个月", say::day(registered)));
        let amount = say::yuan(Exact::whole(value.amount));
        let said = format!("{}投资{}：{amount}{age}", say::day(day), value.firm);
        Some(Given { position, day, value: value.amount, said })
    }
}

fn established(fund: &Fund<'_>) -> Given {
    let Term { day, value, position } = fund.established;
    let said = format!("{}设立{}，规模{}", say::day(day), value.name, say::yuan(Exact::whole(value.size)));
    Given { position, day, value: value.size, said }
}

/// Capital paid in to funds, from one source or all.
fn paid_in(funds: &[Fund<'_>], source: Option<CapitalSource>) -> Vec<Given> {
    let paid = funds.iter().flat_map(|fund| &fund.contributions);
    let of = paid.filter(|paid| source.is_none_or(|source| paid.value.source == source));
    let given = of.map(|paid| {
        let amount = say::yuan(Exact::whole(paid.value.amount));
        let said = format!("{}{}出资{amount}", say::day(paid.day), paid.value.source.chinese());
        Given { position: paid.position, day: paid.day, value: paid.value.amount, said }
    });
    given.collect()
}

/// The one over the other; none: there is nothing of the other.
fn part(measure: Measure, of: Figure<TreeTrace>, whole: Figure<TreeTrace>, name: &str) -> Option<Figure<TreeTrace>> {
    let there = whole.value > Exact::ZERO;
    there.then(|| of.quotient(whole, |value| format!("{name}={}", super::figure_said(measure, value, Unit::Ratio))))
}
