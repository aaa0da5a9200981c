//! The graduation metrics (rules §4) as of a day.
//!
//! What a cut means here. A figure counts facts in carriers, and is cut by the carrier of the counted fact with its level of
//! that day; stocks by the level on the day asked for:
//! - `in_makerspace`, `in_incubator`, `in_accelerator`, `overdue`: the open stay, on the day asked for;
//! - `year`: one population of stays, so that its sum holds in every cut: the stay's carrier with its level on the day asked
//!   for, in all five numbers (a carrier promoted in May brings its whole year along, as yearly returns by level do); a stay
//!   that ended by graduation on a ground that is not asked for is left out of all five;
//! - `cumulative_graduates`, `criterion`, `incubation_days`, `survival_years`, `graduates_settled_in_park`: the first
//!   graduation, its carrier, its day, its ground;
//! - `cohorts`: the first admission to an INCUBATOR; of its numbers only graduates are cut by the criterion, that of the first
//!   graduation, wherever that was.
//!
//! Cuts by carrier, by kind, by level and by field add up to the whole; those by criterion do for what counts graduations.
//! The terms (48, 60 months, the fields) are the limits in force on the day of the first INCUBATOR admission, as known. A
//! cohort's horizon is the general term, whatever the field.

use super::briefs::{BriefLeft, BriefStay, Briefs, FirmBrief};
use super::cut::Cut;
use super::filter::Filter;
use crate::domain::settings::limits_by_day;
use crate::domain::{AsOf, Criterion, Day, IncubatorId, Kind, Registry, Uscc};
use std::collections::BTreeMap;

/// Name of the projection.
pub const NAME: &str = "metrics";
/// Its version.
pub const VERSION: u32 = 1;
/// Years after graduation for which survival is asked.
pub const SURVIVAL_YEARS: [u32; 2] = [1, 3];

/// A ratio kept as its two numbers; with denominator 0 it has no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// Numerator.
    pub numerator: u64,
    /// Denominator.
    pub denominator: u64,
}

/// INCUBATOR stays in the calendar year of the day: opening + admitted − graduated − left otherwise = closing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearFlow {
    /// Open at the end of 31 December before.
    pub opening: u64,
    /// Admitted in the year up to the day.
    pub admitted: u64,
    /// Left as GRADUATED.
    pub graduated: u64,
    /// Left otherwise.
    pub left_otherwise: u64,
    /// Open at the end of the day.
    pub closing: u64,
}

impl YearFlow {
    /// graduated / opening.
    pub fn rate_a(&self) -> Ratio {
        Ratio { numerator: self.graduated, denominator: self.opening }
    }

    /// graduated / (closing + graduated).
    pub fn rate_b(&self) -> Ratio {
        Ratio { numerator: self.graduated, denominator: self.closing + self.graduated }
    }
}

/// Days from first INCUBATOR admission to first graduation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncubationDays {
    /// Graduates that had an INCUBATOR admission.
    pub count: u64,
    /// Sum of their days.
    pub sum: i64,
    /// Median in half days, so that it is exact: the middle one, or the mean of the middle two; 0 where there are none.
    pub median_half_days: i64,
}

impl IncubationDays {
    fn of(mut days: Vec<i64>) -> Self {
        let (count, sum) = (days.len(), days.iter().sum());
        if days.is_empty() {
            return Self::default();
        }
        let (before, middle, _) = days.select_nth_unstable(count / 2);
        let other = if count % 2 == 1 { None } else { before.iter().max().copied() };
        Self { count: count as u64, sum, median_half_days: *middle + other.unwrap_or(*middle) }
    }
}

/// A firm that incubates longer than its term. Its name and field are the registry's to tell: most who ask only count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueFirm {
    /// Its code.
    pub firm: Uscc,
    /// The carrier of its open INCUBATOR stay.
    pub incubator: IncubatorId,
    /// First admission to an INCUBATOR.
    pub first_admitted: Day,
    /// Last day of its term.
    pub limit_date: Day,
    /// Days over it.
    pub days_over: u32,
}

/// Firms first admitted to an INCUBATOR in one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// All of them.
    pub entrants: u64,
    /// First graduation by the day and within the general term (48 months).
    pub graduates_within_48_months: u64,
    /// In an INCUBATOR on the day, not graduated, and the day before the end of that term.
    pub still_incubating_within_horizon: u64,
}

/// Graduates some years on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survival {
    /// Graduates whose anniversary is on or before the day.
    pub graduates: u64,
    /// Of them, those not deregistered on or before the anniversary.
    pub alive: u64,
}

/// The metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// State at the end of this day.
    pub day: Day,
    /// The position it is true for.
    pub position: u64,
    /// Firms with an open stay in a makerspace.
    pub in_makerspace: u64,
    /// Firms with an open stay in an incubator.
    pub in_incubator: u64,
    /// Firms with an open stay in an accelerator.
    pub in_accelerator: u64,
    /// The year up to the day.
    pub year: YearFlow,
    /// Firms whose first graduation is on or before the day.
    pub cumulative_graduates: u64,
    /// Of them, those settled in a park by the day.
    pub graduates_settled_in_park: u64,
    /// First graduations by ground; grounds without any are left out.
    pub criteria: BTreeMap<Criterion, u64>,
    /// How long graduates took.
    pub incubation_days: IncubationDays,
    /// Firms whose term is over.
    pub overdue_count: u64,
    /// They, by code; empty where only counts were asked for.
    pub overdue: Vec<OverdueFirm>,
    /// By year of first admission to an INCUBATOR; years without any are left out.
    pub cohorts: BTreeMap<i16, Cohort>,
    /// By years after graduation, for each of `SURVIVAL_YEARS`.
    pub survival: BTreeMap<u32, Survival>,
}

/// The metrics as of a day, as known at a position, through a cut.
pub fn metrics(registry: &Registry, as_of: AsOf, filter: &Filter) -> Metrics {
    metrics_of(registry, &Briefs::full(registry, as_of.known), as_of.day, filter)
}

/// The metrics as of a day, as known at the position of the briefs, which are the registry's, through a cut.
pub fn metrics_of(registry: &Registry, briefs: &Briefs, day: Day, filter: &Filter) -> Metrics {
    drawn(registry, briefs, day, filter, true)
}

/// The same without the list of firms whose term is over: in a large district it takes longer than all that is counted.
pub fn counts_of(registry: &Registry, briefs: &Briefs, day: Day, filter: &Filter) -> Metrics {
    drawn(registry, briefs, day, filter, false)
}

fn drawn(registry: &Registry, briefs: &Briefs, day: Day, filter: &Filter, lists: bool) -> Metrics {
    let as_of = AsOf { day, known: briefs.position() };
    let mut tally = Tally {
        day,
        lists,
        cut: Cut::new(registry, briefs, as_of, filter),
        terms: Terms::known(registry, briefs, as_of),
        anniversaries: SURVIVAL_YEARS.map(|years| (years, Span::new(12 * years, day))),
        year_begins: Day::from_ymd(day.year(), 1, 1).unwrap_or(Day::MIN),
        days: Vec::new(),
        answer: Metrics {
            day,
            position: briefs.position(),
            in_makerspace: 0,
            in_incubator: 0,
            in_accelerator: 0,
            year: YearFlow::default(),
            cumulative_graduates: 0,
            graduates_settled_in_park: 0,
            criteria: BTreeMap::new(),
            incubation_days: IncubationDays::default(),
            overdue_count: 0,
            overdue: Vec::new(),
            cohorts: BTreeMap::new(),
            survival: SURVIVAL_YEARS.iter().map(|years| (*years, Survival::default())).collect(),
        },
    };
    briefs.firms().for_each(|firm| tally.firm(firm));
    tally.answer.incubation_days = IncubationDays::of(tally.days);
    tally.answer
}

/// A span of months up to the day asked for. Months are added to few days and compared for many, and never lead back: so one
/// day tells whether they are over.
#[derive(Clone, Copy)]
struct Span {
    months: u32,
    /// From this day on, the span ends on the day asked for or later.
    to_the_day: Option<Day>,
    /// From this day on, it ends behind that day.
    behind_the_day: Option<Day>,
}

impl Span {
    fn new(months: u32, day: Day) -> Self {
        Self {
            months,
            to_the_day: first_day(|from| from.add_months(months) >= day),
            behind_the_day: first_day(|from| from.add_months(months) > day),
        }
    }

    /// Whether it ends before the day asked for when it begins on a day.
    fn is_over(&self, from: Day) -> bool {
        self.to_the_day.is_none_or(|first| from < first)
    }

    /// Whether it ends behind the day asked for.
    fn ends_later(&self, from: Day) -> bool {
        self.behind_the_day.is_some_and(|first| from >= first)
    }

    /// Where it ends when it begins on a day.
    fn end(&self, from: Day) -> Day {
        from.add_months(self.months)
    }
}

/// The first day of which something holds that holds of every later one; none: it holds of none.
fn first_day(holds: impl Fn(Day) -> bool) -> Option<Day> {
    let (mut low, mut high) = (Day::MIN.days(), Day::MAX.days() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if Day::from_days(middle).is_some_and(&holds) { high = middle } else { low = middle + 1 }
    }
    Day::from_days(low)
}

/// Months that firms may incubate, by the first day of the limits that say so.
struct Terms(Vec<(Day, Term)>);

/// What the limits of a time say.
struct Term {
    /// Whatever the field.
    general: Span,
    /// By the number of the field.
    of_field: Vec<Span>,
}

impl Terms {
    fn known(registry: &Registry, briefs: &Briefs, as_of: AsOf) -> Self {
        let fields: BTreeMap<u32, &str> = briefs.fields().map(|(field, number)| (number, field)).collect();
        let mut spans = BTreeMap::new();
        let mut span = |months| *spans.entry(months).or_insert_with(|| Span::new(months, as_of.day));
        let terms = limits_by_day(registry.settings(), as_of).into_iter().map(|(day, limits)| {
            let of_field = fields.values().map(|field| span(limits.incubation_months_of(field))).collect();
            (day, Term { general: span(limits.incubation_months), of_field })
        });
        Self(terms.collect())
    }

    /// Those in force on a day.
    fn on(&self, day: Day) -> Option<&Term> {
        let last = self.0.partition_point(|(from, _)| *from <= day).checked_sub(1)?;
        self.0.get(last).map(|(_, term)| term)
    }
}

/// The pass over the firms.
struct Tally<'a> {
    day: Day,
    /// Whether firms are listed, beside being counted.
    lists: bool,
    cut: Cut<'a>,
    terms: Terms,
    /// Until each of the anniversaries of a graduation.
    anniversaries: [(u32, Span); 2],
    year_begins: Day,
    days: Vec<i64>,
    answer: Metrics,
}

impl Tally<'_> {
    fn firm(&mut self, firm: FirmBrief<'_>) {
        if !self.cut.field(firm) {
            return;
        }
        let stays = firm.stays_by(self.day);
        self.stocks(stays);
        let mut first = None;
        for stay in stays {
            if self.cut.kind(stay.carrier) == Some(Kind::Incubator) {
                first = first.or(Some(stay));
                self.flow(stay);
            }
        }
        let graduation = firm.graduation_by(self.day);
        if let Some((_, left)) = graduation.filter(|(stay, left)| self.cut.graduation(stay, left)) {
            self.graduate(firm, first, left);
        }
        if let Some(first) = first {
            self.cohort_and_term(firm, first, graduation.map(|(_, left)| left));
        }
    }

    fn stocks(&mut self, stays: &[BriefStay]) {
        // A firm's stays never meet: at most one is open.
        let Some(stay) = stays.iter().find(|stay| stay.left_by(self.day).is_none()) else { return };
        if !self.cut.carrier(stay.carrier, self.day) {
            return;
        }
        match self.cut.kind(stay.carrier) {
            Some(Kind::Makerspace) => self.answer.in_makerspace += 1,
            Some(Kind::Incubator) => self.answer.in_incubator += 1,
            Some(Kind::Accelerator) => self.answer.in_accelerator += 1,
            None => {}
        }
    }

    /// Each stay is put in at one end and taken out at the other, so that the sum holds by construction.
    fn flow(&mut self, stay: &BriefStay) {
        let left = stay.left_by(self.day);
        let other_ground = left.is_some_and(|left| left.graduated.is_some() && !self.cut.criterion(&left));
        let gone_before = left.is_some_and(|left| left.day < self.year_begins);
        if other_ground || gone_before || !self.cut.carrier(stay.carrier, self.day) {
            return;
        }
        let year = &mut self.answer.year;
        match stay.admitted < self.year_begins {
            true => year.opening += 1,
            false => year.admitted += 1,
        }
        match left.map(|left| left.graduated) {
            None => year.closing += 1,
            Some(Some(_)) => year.graduated += 1,
            Some(None) => year.left_otherwise += 1,
        }
    }

    fn graduate(&mut self, firm: FirmBrief<'_>, first: Option<&BriefStay>, left: BriefLeft) {
        let answer = &mut self.answer;
        answer.cumulative_graduates += 1;
        answer.graduates_settled_in_park += u64::from(firm.firm.settled.is_some_and(|settled| settled <= self.day));
        if let Some(criterion) = left.graduated {
            *answer.criteria.entry(criterion).or_default() += 1;
        }
        if let Some(first) = first {
            self.days.push(i64::from(left.day.days()) - i64::from(first.admitted.days()));
        }
        for (years, anniversary) in &self.anniversaries {
            if !anniversary.ends_later(left.day) {
                let survival = answer.survival.entry(*years).or_default();
                survival.graduates += 1;
                let gone = firm.firm.deregistered.is_some_and(|day| day <= anniversary.end(left.day));
                survival.alive += u64::from(!gone);
            }
        }
    }

    fn cohort_and_term(&mut self, firm: FirmBrief<'_>, first: &BriefStay, graduation: Option<BriefLeft>) {
        let term = self.terms.on(first.admitted);
        let is_open = |stay: &&BriefStay| {
            stay.left_by(self.day).is_none() && self.cut.kind(stay.carrier) == Some(Kind::Incubator)
        };
        let open = firm.stays_by(self.day).iter().find(is_open);
        if let (Some(open), Some(term)) = (open, term) {
            let span = term.of_field[firm.firm.field as usize];
            if span.is_over(first.admitted) && self.cut.carrier(open.carrier, self.day) {
                self.answer.overdue_count += 1;
                if self.lists {
                    self.answer.overdue.extend(self.overdue(firm.firm.code, first, open, span.end(first.admitted)));
                }
            }
        }
        if self.cut.carrier(first.carrier, first.admitted) {
            let horizon = term.map(|term| term.general);
            self.cohort(first.admitted, horizon, open.is_some(), graduation);
        }
    }

    fn cohort(&mut self, first: Day, horizon: Option<Span>, open: bool, graduation: Option<BriefLeft>) {
        let cohort = self.answer.cohorts.entry(first.year()).or_default();
        cohort.entrants += 1;
        let Some(horizon) = horizon else { return };
        match graduation {
            Some(left) => {
                let counts = self.cut.criterion(&left) && left.day <= horizon.end(first);
                cohort.graduates_within_48_months += u64::from(counts);
            }
            None => cohort.still_incubating_within_horizon += u64::from(open && horizon.ends_later(first)),
        }
    }

    fn overdue(&self, firm: Uscc, first: &BriefStay, open: &BriefStay, limit_date: Day) -> Option<OverdueFirm> {
        Some(OverdueFirm {
            firm,
            incubator: self.cut.id(open.carrier)?.clone(),
            first_admitted: first.admitted,
            limit_date,
            days_over: self.day.days().abs_diff(limit_date.days()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_tells_whether_a_span_is_over() {
        let edges = [Day::MIN, Day::MAX, Day::MAX.previous()].map(Day::days);
        let asked = [(2024, 2, 29), (2023, 2, 28), (2024, 3, 31), (2024, 12, 31)];
        let asked = asked.map(|(year, month, day)| Day::from_ymd(year, month, day).unwrap().days());
        for day in asked.into_iter().chain(edges).filter_map(Day::from_days) {
            for months in [0, 1, 12, 36, 48, 60, 120_000] {
                let span = Span::new(months, day);
                let near = (-2000..40).map(|days| day.days() + days);
                for from in near.chain(edges).filter_map(Day::from_days) {
                    let end = from.add_months(months);
                    assert_eq!(span.is_over(from), end < day, "{from} + {months}, on {day}");
                    assert_eq!(span.ends_later(from), day < end, "{from} + {months}, on {day}");
                }
            }
        }
    }
}
