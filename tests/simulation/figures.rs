//! The figures of rules.md §4, each by its own definition, from the facts known and a day; nothing is shared between them
//! but the stays. What a cut means is what services/projections says.

use crate::calendar::{add_months, year};
use crate::model::{Fact, Model, kind_of};
use crate::rules::{step, struck_off};
use crate::stays::{Left, Stay, firms, limits_on, stays};
use incubator_registry::domain::{AsOf, Day, Event, Kind, Level, Uscc};
use incubator_registry::projections::Filter;
use std::collections::BTreeMap;

/// A question.
pub struct Asked<'a> {
    pub facts: Vec<&'a Fact>,
    pub day: Day,
    pub filter: &'a Filter,
    pub position: u64,
}

/// A firm in a question.
struct Firm<'a> {
    code: Uscc,
    field: &'a str,
    stays: Vec<Stay<'a>>,
}

impl<'a> Asked<'a> {
    pub fn new(model: &'a Model, as_of: AsOf, filter: &'a Filter) -> Self {
        let (facts, day) = (model.known(as_of.known), as_of.day);
        Self { facts, day, filter, position: model.position().min(as_of.known) }
    }

    fn kind(&self, stay: &Stay<'_>) -> Option<Kind> {
        kind_of(&self.facts, stay.carrier)
    }

    fn incubates(&self, stay: &Stay<'_>) -> bool {
        self.kind(stay) == Some(Kind::Incubator)
    }

    /// The highest level in force on a day.
    pub fn level(&self, carrier: &str, day: Day) -> Option<Level> {
        let holds = |fact: &&&Fact| match &fact.event {
            Event::IncubatorRecognised { incubator, level, .. } if incubator.as_str() == carrier && fact.day <= day => {
                let ended = |end: &&&Fact| match &end.event {
                    Event::RecognitionEnded { incubator: i, level: l, recognition } => {
                        i == incubator && l == level && *recognition == fact.day && end.day <= day
                    }
                    _ => false,
                };
                !self.facts.iter().any(|end| ended(&end))
            }
            _ => false,
        };
        let level = |fact: &&Fact| match &fact.event {
            Event::IncubatorRecognised { level, .. } => Some(*level),
            _ => None,
        };
        self.facts.iter().filter(holds).filter_map(level).max()
    }

    fn asks_carrier(&self, carrier: &str) -> bool {
        let Filter { incubators, kinds, .. } = self.filter;
        (incubators.is_empty() || incubators.iter().any(|id| id.as_str() == carrier))
            && (kinds.is_empty() || kind_of(&self.facts, carrier).is_some_and(|kind| kinds.contains(&kind)))
    }

    /// Whether a fact in a carrier on a day is in the cut.
    fn cut(&self, carrier: &str, day: Day) -> bool {
        let levels = &self.filter.levels;
        self.asks_carrier(carrier) && (levels.is_empty() || levels.contains(&self.level(carrier, day)))
    }

    fn ground(&self, left: &Left) -> bool {
        let criteria = &self.filter.criteria;
        criteria.is_empty() || left.criterion.is_some_and(|criterion| criteria.contains(&criterion))
    }

    fn firms(&self) -> Vec<Firm<'a>> {
        let mut found = Vec::new();
        for code in firms(&self.facts) {
            let registered = self.facts.iter().find_map(|fact| match &fact.event {
                Event::FirmRegistered { firm, field, .. } if *firm == code => Some(field.as_str()),
                _ => None,
            });
            let Some(field) = registered else { continue };
            if self.filter.fields.is_empty() || self.filter.fields.contains(field) {
                found.push(Firm { code, field, stays: stays(&self.facts, code) });
            }
        }
        found
    }

    /// Its first graduation by the day, with the stay.
    fn graduation(&self, firm: &Firm<'a>) -> Option<(Stay<'a>, Left)> {
        let all = firm.stays.iter().filter_map(|stay| Some((*stay, stay.graduated_by(self.day)?)));
        all.min_by_key(|(stay, left)| (left.day, stay.admitted))
    }

    /// First graduations in the cut.
    fn graduates(&self) -> Vec<(Firm<'a>, Left)> {
        let of = |firm: Firm<'a>| {
            let (stay, left) = self.graduation(&firm)?;
            (self.ground(&left) && self.cut(stay.carrier, left.day)).then_some((firm, left))
        };
        self.firms().into_iter().filter_map(of).collect()
    }

    /// Its first admission to an INCUBATOR by the day.
    fn first_admission(&self, firm: &Firm<'a>) -> Option<Stay<'a>> {
        let by_then = firm.stays.iter().filter(|stay| stay.admitted <= self.day && self.incubates(stay));
        by_then.min_by_key(|stay| (stay.admitted, stay.position)).copied()
    }

    fn step(&self, code: Uscc, number: usize) -> Option<Day> {
        let of = |fact: &&Fact| {
            let (n, firm, _) = step(&fact.event)?;
            (n == number && firm == code && fact.day <= self.day).then_some(fact.day)
        };
        self.facts.iter().find_map(of)
    }

    fn open(&self, kind: Kind) -> usize {
        let open = |stay: &Stay<'_>| {
            stay.open_at(self.day) && self.kind(stay) == Some(kind) && self.cut(stay.carrier, self.day)
        };
        self.firms().iter().filter(|firm| firm.stays.iter().any(open)).count()
    }

    /// opening, admitted, graduated, left otherwise, closing.
    fn year(&self) -> [usize; 5] {
        let begins = Day::from_ymd(year(self.day), 1, 1).unwrap();
        let mut flow = [0; 5];
        for stay in self.firms().iter().flat_map(|firm| &firm.stays) {
            let other_ground = stay.graduated_by(self.day).is_some_and(|left| !self.ground(&left));
            if !self.incubates(stay) || !self.cut(stay.carrier, self.day) || other_ground {
                continue;
            }
            let within = |day: Day| begins <= day && day <= self.day;
            let left = stay.left.filter(|left| within(left.day));
            let graduated = stay.graduated_by(self.day).is_some();
            flow[0] += usize::from(stay.open_at(begins.previous()));
            flow[1] += usize::from(within(stay.admitted));
            flow[2] += usize::from(left.is_some() && graduated);
            flow[3] += usize::from(left.is_some() && !graduated);
            flow[4] += usize::from(stay.open_at(self.day));
        }
        assert_eq!(flow[0] + flow[1], flow[2] + flow[3] + flow[4], "the model's own sum");
        flow
    }

    fn days(&self) -> (usize, i64, i64) {
        let mut days: Vec<i64> = Vec::new();
        for (firm, left) in self.graduates() {
            if let Some(first) = self.first_admission(&firm) {
                days.push(i64::from(left.day.days() - first.admitted.days()));
            }
        }
        days.sort_unstable();
        let n = days.len();
        // Twice the median: the two in the middle, which are the same one where the count is odd.
        let median = if n == 0 { 0 } else { days[(n - 1) / 2] + days[n / 2] };
        (n, days.iter().sum(), median)
    }

    fn overdue(&self) -> Vec<String> {
        let mut found = Vec::new();
        for firm in self.firms() {
            let open = firm.stays.iter().find(|stay| stay.open_at(self.day) && self.incubates(stay));
            let (Some(open), Some(first)) = (open, self.first_admission(&firm)) else { continue };
            let Some(limits) = limits_on(&self.facts, first.admitted) else { continue };
            let extended = limits.extended_fields.iter().any(|field| field == firm.field);
            let months = if extended { limits.extended_incubation_months } else { limits.incubation_months };
            let until = add_months(first.admitted, months);
            if self.day > until && self.cut(open.carrier, self.day) {
                let over = self.day.days() - until.days();
                found.push(format!("{} {} {} {until} {over}", firm.code, open.carrier, first.admitted));
            }
        }
        found
    }

    fn cohorts(&self) -> BTreeMap<i16, [usize; 3]> {
        let mut found: BTreeMap<i16, [usize; 3]> = BTreeMap::new();
        for firm in self.firms() {
            let Some(first) = self.first_admission(&firm) else { continue };
            if !self.cut(first.carrier, first.admitted) {
                continue;
            }
            let months = limits_on(&self.facts, first.admitted).unwrap().incubation_months;
            let horizon = add_months(first.admitted, months);
            let cohort = found.entry(year(first.admitted)).or_default();
            cohort[0] += 1;
            let graduation = self.graduation(&firm).map(|(_, left)| left);
            let in_time = graduation.is_some_and(|left| left.day <= horizon && self.ground(&left));
            cohort[1] += usize::from(in_time);
            let open = firm.stays.iter().any(|stay| stay.open_at(self.day) && self.incubates(stay));
            cohort[2] += usize::from(open && graduation.is_none() && self.day < horizon);
        }
        found
    }

    fn survival(&self, years: u32) -> (usize, usize) {
        let (mut graduates, mut alive) = (0, 0);
        for (firm, left) in self.graduates() {
            let anniversary = add_months(left.day, 12 * years);
            if anniversary <= self.day {
                graduates += 1;
                let gone = struck_off(&self.facts, firm.code).is_some_and(|(day, _)| day <= anniversary);
                alive += usize::from(!gone);
            }
        }
        (graduates, alive)
    }

    /// `metrics`, line by line.
    pub fn metrics(&self) -> Vec<String> {
        let graduates = self.graduates();
        let mut criteria: BTreeMap<_, usize> = BTreeMap::new();
        for (_, left) in &graduates {
            *criteria.entry(left.criterion.unwrap()).or_default() += 1;
        }
        let settled = graduates.iter().filter(|(firm, _)| self.step(firm.code, 1).is_some()).count();
        let kinds = [Kind::Makerspace, Kind::Incubator, Kind::Accelerator].map(|kind| self.open(kind));
        let [opening, .., closing] = self.year();
        let graduated = self.year()[2];
        let rates = [(graduated, opening), (graduated, closing + graduated)];
        vec![
            format!("at {} {}", self.day, self.position),
            format!("open {kinds:?}"),
            format!("year {:?} {rates:?}", self.year()),
            format!("graduates {} settled {settled} {criteria:?}", graduates.len()),
            format!("days {:?}", self.days()),
            format!("overdue {:?}", self.overdue()),
            format!("cohorts {:?}", self.cohorts()),
            format!("survival {:?} {:?}", self.survival(1), self.survival(3)),
        ]
    }

    fn transitions(&self) -> BTreeMap<(Kind, Kind), usize> {
        let mut found: BTreeMap<(Kind, Kind), usize> = BTreeMap::new();
        for firm in self.firms() {
            let by_then: Vec<&Stay<'_>> = firm.stays.iter().filter(|stay| stay.admitted <= self.day).collect();
            for pair in by_then.windows(2) {
                let (from, to) = (self.kind(pair[0]).unwrap(), self.kind(pair[1]).unwrap());
                if from != to && self.cut(pair[1].carrier, pair[1].admitted) {
                    *found.entry((from, to)).or_default() += 1;
                }
            }
        }
        found
    }

    fn carriers(&self) -> BTreeMap<String, [usize; 3]> {
        let mut found: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        for fact in self.facts.iter().filter(|fact| fact.day <= self.day) {
            if let Event::IncubatorRegistered(carrier) = &fact.event
                && self.asks_carrier(carrier.incubator.as_str())
            {
                found.insert(carrier.incubator.to_string(), [0; 3]);
            }
        }
        for stay in self.firms().iter().flat_map(|firm| &firm.stays) {
            let open = stay.open_at(self.day) && self.cut(stay.carrier, self.day);
            let ever = stay.admitted <= self.day && self.cut(stay.carrier, stay.admitted);
            let graduated =
                stay.graduated_by(self.day).is_some_and(|l| self.ground(&l) && self.cut(stay.carrier, l.day));
            if open || ever || graduated {
                let counts = found.entry(stay.carrier.to_owned()).or_default();
                for (count, more) in counts.iter_mut().zip([open, ever, graduated]) {
                    *count += usize::from(more);
                }
            }
        }
        found
    }

    fn parks(&self) -> (usize, usize) {
        let Filter { incubators, kinds, levels, .. } = self.filter;
        let uncut = incubators.is_empty() && kinds.is_empty() && levels.is_empty();
        let (mut settled, mut producing) = (0, 0);
        for firm in self.firms() {
            let Some(day) = self.step(firm.code, 1) else { continue };
            let latest = firm.stays.iter().filter(|stay| stay.admitted <= day).max_by_key(|stay| stay.admitted);
            if uncut || latest.is_some_and(|stay| self.cut(stay.carrier, day)) {
                settled += 1;
                producing += usize::from(self.step(firm.code, 2).is_some());
            }
        }
        (settled, producing)
    }

    /// `chain`, line by line.
    pub fn chain(&self) -> Vec<String> {
        vec![
            format!("at {} {}", self.day, self.position),
            format!("moves {:?}", self.transitions()),
            format!("carriers {:?}", self.carriers()),
            format!("parks {:?}", self.parks()),
        ]
    }

    /// Open stays of firms that are struck off.
    pub fn anomalies(&self) -> Vec<String> {
        let mut found = Vec::new();
        for firm in self.firms() {
            let Some((since, position)) = struck_off(&self.facts, firm.code).filter(|(day, _)| *day <= self.day) else {
                continue;
            };
            for stay in firm.stays.iter().filter(|stay| stay.open_at(self.day)) {
                let positions = [stay.position.min(position), stay.position.max(position)];
                found.push(format!("{} {} {since} {positions:?}", firm.code, stay.carrier));
            }
        }
        found
    }
}
