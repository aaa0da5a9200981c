//! Readings: what someone has and does, against a dated rule (rules §5, S5, S6, P13). Nothing is paid by one; each says, figure by
//! figure, what is demanded, what is there, and whether that is met, not met or unknown.
//!
//! A rule (`[[standard]]` of a policy) needs neither payer nor fair-competition review, since it favours nobody. The version
//! in force on the day that decides is the one to measure by. What is unknown is never counted as met; a figure of which
//! nothing is demanded bears no verdict.

mod guidance_fund;
mod park_admission;
mod seed_fund;

use super::evaluation::Evaluation;
use super::exact::Exact;
use super::parameters::{Dated, Series};
use super::say;
use super::trace::{Figure, Node, Source, Step, TreeTrace, Unit};
use super::words::{Bound, Measure, ReadingReason, Standard, Verdict};
use crate::domain::{Day, Entity};
pub use guidance_fund::{GuidanceFundTargets, Target};
pub use park_admission::{IndustryStandard, ParkAdmission, Threshold};
pub use seed_fund::SeedFundDuty;

/// The rules of a policy, each in versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standards {
    /// S5.
    pub seed_fund_duty: Series<Rule<SeedFundDuty>>,
    /// S6.
    pub guidance_fund: Series<Rule<GuidanceFundTargets>>,
    /// P13.
    pub park_admission: Series<Rule<ParkAdmission>>,
}

/// A version of a rule (条款).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<T> {
    /// Document number (文号).
    pub document_no: String,
    /// Clause.
    pub clause: String,
    /// What it demands.
    pub terms: T,
}

/// A figure of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which.
    pub measure: Measure,
    /// Whether what is demanded of it is there; none: nothing is demanded.
    pub verdict: Option<Verdict>,
    /// What is demanded, and in which direction.
    pub threshold: Option<(Bound, Exact)>,
    /// What is there; none: unknown.
    pub measured: Option<Exact>,
    /// In what both are.
    pub unit: Unit,
}

/// What one of the rules says of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The rule.
    pub standard: Standard,
    /// Whom it is about; none: the whole district.
    pub subject: Option<Entity>,
    /// What else it is about: P13, the park, the firm and the assessment.
    pub about: Vec<Entity>,
    /// What it comes to.
    pub verdict: Verdict,
    /// Why, where its figures don't say so.
    pub reason: Option<ReadingReason>,
    /// First day of the version; none where none applies.
    pub version: Option<Day>,
    /// Since when there is what it is about: S5, the first of the carrier's seed
    /// funds; S6, the fund, of all together the first; P13, the
    /// assessment or the settling.
    pub since: Option<Day>,
    /// Its figures.
    pub items: Vec<Item>,
    /// Why it is what it is. The root and each item's node are grounds, the figures below them can be redone.
    pub tree: Node,
}

impl Evaluation<'_> {
    /// Of whom one of the rules may say something, by kind and id; none: the whole district. Nothing is read yet.
    pub fn reading_subjects(&self, standard: Standard) -> Vec<Option<Entity>> {
        match standard {
            Standard::SeedFundDuty => {
                self.registry.incubators(self.as_of).map(|(id, _)| Some(Entity::Incubator(id.clone()))).collect()
            }
            Standard::GuidanceFund => self.guidance_fund_subjects(),
            Standard::ParkAdmission => self.park_admission_subjects(),
        }
    }

    /// What one of the rules says of a subject, alone; none: nothing.
    pub fn reading(&self, standard: Standard, subject: Option<&Entity>) -> Option<Reading> {
        match (standard, subject) {
            (Standard::SeedFundDuty, Some(Entity::Incubator(id))) => self.seed_fund_duty(id),
            (Standard::GuidanceFund, None) => self.all_guidance_funds(),
            (Standard::GuidanceFund, Some(Entity::GuidanceFund(id))) => self.one_guidance_fund(id),
            (Standard::ParkAdmission, Some(Entity::Assessment(id))) => self.assessed(id),
            (Standard::ParkAdmission, Some(Entity::Firm(code))) => self.settled(code),
            _ => None,
        }
    }

    /// Everything that one of the rules says, by subject.
    pub fn readings(&self, standard: Standard) -> Vec<Reading> {
        let subjects = self.reading_subjects(standard);
        subjects.iter().filter_map(|subject| self.reading(standard, subject.as_ref())).collect()
    }
}

/// A reading in the making.
struct Draft {
    standard: Standard,
    subject: Option<Entity>,
    reason: Option<ReadingReason>,
    version: Option<Day>,
    since: Option<Day>,
    /// Place of the version in the file.
    index: usize,
    about: Vec<Entity>,
    /// A figure of which nothing is demanded is unknown: all of them ought to be.
    all_demanded: bool,
    items: Vec<Item>,
    grounds: Vec<Node>,
}

/// A demand: direction, threshold, key in the version; without a key the rule itself demands it.
type Demand = (Bound, Exact, Option<String>);

impl Draft {
    /// Under the version that holds on a day; where none does, that is the reason.
    fn new<T>(
        standard: Standard,
        subject: Option<Entity>,
        series: &Series<Rule<T>>,
        day: Day,
    ) -> (Self, Option<&Dated<Rule<T>>>) {
        let (items, mut grounds) = (Vec::new(), Vec::new());
        let rule = series.on(day);
        grounds.extend(rule.map(|rule| clause(series, rule)));
        let reason = rule.is_none().then_some(ReadingReason::NoStandardInForce);
        let (version, index) = (rule.map(|rule| rule.from), rule.map_or(0, |rule| rule.index));
        (
            Self {
                standard,
                subject,
                reason,
                version,
                since: None,
                index,
                about: Vec::new(),
                all_demanded: false,
                items,
                grounds,
            },
            rule,
        )
    }

    /// Where no version decides anything, for a reason.
    fn unread(standard: Standard, subject: Entity, reason: ReadingReason) -> Self {
        let (items, grounds, about) = (Vec::new(), Vec::new(), Vec::new());
        let (subject, reason) = (Some(subject), Some(reason));
        Self {
            standard,
            subject,
            reason,
            version: None,
            since: None,
            index: 0,
            about,
            all_demanded: false,
            items,
            grounds,
        }
    }

    /// Notes a fact that decided something.
    fn fact(&mut self, position: u64, day: Day, sentence: &str) {
        self.grounds.push(Node::ground(Source::Fact { position, day }, format!("{sentence}（记录第{position}号）")));
    }

    /// Notes a figure, or that it is unknown, with what is demanded of it.
    fn item(&mut self, measure: Measure, unit: Unit, figure: Option<Figure<TreeTrace>>, demand: Option<Demand>) {
        let measured = figure.as_ref().map(|figure| figure.value);
        let verdict = demand.as_ref().map(|(bound, threshold, _)| match (measured, bound) {
            (None, _) => Verdict::Unknown,
            (Some(measured), Bound::Min) if measured >= *threshold => Verdict::Met,
            (Some(measured), Bound::Max) if measured <= *threshold => Verdict::Met,
            (Some(_), _) => Verdict::NotMet,
        });
        let verdict = verdict.or(self.all_demanded.then_some(Verdict::Unknown));
        let threshold = demand.as_ref().map(|(bound, threshold, _)| (*bound, *threshold));
        let item = Item { measure, verdict, threshold, measured, unit };
        let mut node = Node::ground(Source::Derived, sentence(&item));
        node.children.extend(figure.map(|figure| figure.why).into_iter().flatten());
        if let (Some((_, threshold, Some(key))), Some(from)) = (demand, self.version) {
            let source = Source::Parameter { key: format!("standard[{}].{key}", self.index), from };
            let said = format!("规定{}{}", measure.chinese(), figure_said(measure, threshold, unit));
            node.children.push(Node::given(threshold, unit, source, said));
        }
        self.grounds.push(node);
        self.items.push(item);
    }

    /// What it comes to: not met where one item is not, else unknown where one is or there is none to be met.
    fn finish(self, about: &str) -> Reading {
        let Self { standard, subject, about: others, reason, version, since, items, grounds, .. } = self;
        let verdicts: Vec<Verdict> = items.iter().filter_map(|item| item.verdict).collect();
        let verdict = match () {
            () if verdicts.contains(&Verdict::NotMet) => Verdict::NotMet,
            () if verdicts.is_empty() || verdicts.contains(&Verdict::Unknown) => Verdict::Unknown,
            () => Verdict::Met,
        };
        let why = reason.map_or(String::new(), |reason| format!("（{}）", reason.chinese()));
        let said = format!("{} {about}：{}{why}", standard.chinese(), verdict.chinese());
        let tree = Node { children: grounds, ..Node::ground(Source::Derived, said) };
        Reading { standard, subject, about: others, verdict, reason, version, since, items, tree }
    }
}

/// The ground that a version is.
fn clause<T>(series: &Series<Rule<T>>, rule: &Dated<Rule<T>>) -> Node {
    let at = series.all().iter().position(|other| other.index == rule.index);
    let until = at.and_then(|at| series.end_of(at));
    let (document_no, clause, from) = (rule.value.document_no.clone(), rule.value.clause.clone(), rule.from);
    let ends = until.map_or(String::new(), |end| format!("，至{}前有效", say::day(end)));
    let said = format!("适用{document_no}{clause}（自{}起施行{ends}）", say::day(from));
    Node::ground(Source::Clause { document_no, clause, from, until }, said)
}

impl Measure {
    /// A ratio that is no part of a whole, so that it is said as a plain number and not per cent.
    fn is_multiple(self) -> bool {
        matches!(self, Self::Leverage | Self::FloorAreaRatio)
    }
}

/// A figure as a clerk writes it, and in what: 元, 万元/公顷, per cent; a ratio that is no part of a whole (容积率) as a plain
/// number.
pub fn figure_in(measure: Measure, value: Exact, unit: Unit) -> (String, &'static str) {
    let places = |value: Exact, most| {
        let (text, whole) = value.decimal(most);
        if whole { text } else { format!("{text}…") }
    };
    match unit {
        Unit::Fen => (say::yuan(value).trim_end_matches('元').to_owned(), "元"),
        Unit::Ratio if !measure.is_multiple() => (places(value.times(Exact::whole(100)), 4), "%"),
        Unit::Ratio | Unit::Count => (places(value, 6), ""),
        Unit::Days => (places(value, 6), "天"),
        Unit::FenPerHectare => (places(value.times(Exact::new(1, 1_000_000)), 6), "万元/公顷"),
    }
}

/// The same in one word.
fn figure_said(measure: Measure, value: Exact, unit: Unit) -> String {
    let (number, unit) = figure_in(measure, value, unit);
    format!("{number}{unit}")
}

fn sentence(item: &Item) -> String {
    let Item { measure, verdict, threshold, measured, unit } = item;
    if let (Measure::SeedFund, Some(verdict)) = (measure, verdict) {
        let there = if *verdict == Verdict::Met { "已设立" } else { "未设立" };
        return format!("{}{there}：{}", measure.chinese(), verdict.chinese());
    }
    let measured = measured.map_or("不详".to_owned(), |value| figure_said(*measure, value, *unit));
    let demanded = match (threshold, verdict) {
        (Some((bound, threshold)), Some(verdict)) => {
            let demanded = figure_said(*measure, *threshold, *unit);
            format!("，规定{}{demanded}：{}", bound.chinese(), verdict.chinese())
        }
        (None, Some(verdict)) => format!("，未规定：{}", verdict.chinese()),
        _ => String::new(),
    };
    format!("{}{measured}{demanded}", measure.chinese())
}

/// A figure that a fact gives.
#[derive(Clone)]
struct Given {
    position: u64,
    day: Day,
    value: i64,
    said: String,
}

/// The sum of what facts give, as a figure is written; 0 of none.
fn sum(parts: impl IntoIterator<Item = Given>, unit: Unit, name: &str) -> Figure<TreeTrace> {
    let (mut total, mut why) = (Exact::ZERO, Vec::new());
    for Given { position, day, value, said } in parts {
        total = total.plus(Exact::whole(value));
        let of = || (Source::Fact { position, day }, format!("{said}（记录第{position}号）"));
        why.extend(Figure::<TreeTrace>::given(Exact::whole(value), unit, of).why);
    }
    Figure::derived(Step::Sum, total, unit, why, |value| {
        let shown = if unit == Unit::Fen { say::yuan(value) } else { value.decimal(6).0 };
        format!("{name}{shown}")
    })
}
