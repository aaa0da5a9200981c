//! Stacking (rules §5): what awards of one beneficiary, group and year take from each other.
//!
//! | rule | pays |
//! |---|---|
//! | HIGHEST 就高不重复 | the greatest award; all others nothing |
//! | DIFFERENCE 差额补足 | each award only what it has beyond the greatest before it |
//! | ADDITIVE 可叠加 | every award |
//!
//! Chosen where the rules are silent: a group's rule of a year is the one in force on its 31 December, as that of S1 is; none
//! in force is ADDITIVE. The beneficiary is who gets the money: what a firm is paid for its platforms, its instruments and
//! its transfers stacks with what it is paid itself. The order of awards, which decides what is before what and whose of two
//! equals is paid, is that of the schemes, then of the periods, then of what they are for. An award that can't be claimed
//! (suspended, nobody is known to pay, or its waiting time isn't over) stands apart: it makes no other yield, or a
//! beneficiary would lose what it can have for what it can't.

use super::evaluation::{Beneficiary, Entitlement, Period};
use super::exact::Exact;
use super::parameters::{Dated, Policy, Series, Version};
use super::say;
use super::trace::{Node, Source, Step, Unit};
use super::words::{Scheme, StackingRule};
use crate::domain::Day;

/// An award as stacking sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Award<'a> {
    /// The scheme.
    pub scheme: Scheme,
    /// For what.
    pub period: &'a Period,
    /// Whom it is listed under.
    pub beneficiary: &'a Beneficiary,
    /// Fen, not negative.
    pub fen: i64,
}

impl<'a> From<&'a Entitlement> for Award<'a> {
    fn from(line: &'a Entitlement) -> Self {
        let Entitlement { scheme, ref period, ref beneficiary, amount_fen: fen, .. } = *line;
        Self { scheme, period, beneficiary, fen }
    }
}

/// What an award gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yield {
    /// To which award, by its place among those given.
    pub to: usize,
    /// Fen, over 0, at most the award.
    pub fen: i64,
}

/// What each of the awards of one beneficiary, group and year gives up, in their order. The same for any order of them.
pub fn stack(awards: &[Award<'_>], rule: StackingRule) -> Vec<Option<Yield>> {
    let mut order: Vec<usize> = (0..awards.len()).collect();
    order.sort_by_key(|at| (awards[*at].scheme, awards[*at].period, awards[*at].beneficiary));
    let mut yields = vec![None; awards.len()];
    let mut give = |at: usize, to: usize| {
        let fen = awards[at].fen.min(awards[to].fen);
        yields[at] = (fen > 0).then_some(Yield { to, fen });
    };
    match rule {
        StackingRule::Additive => {}
        StackingRule::Highest => {
            // The last of the greatest from the end is the first of them.
            let Some(best) = order.iter().rev().copied().max_by_key(|at| awards[*at].fen) else { return yields };
            order.iter().filter(|at| **at != best).for_each(|at| give(*at, best));
        }
        StackingRule::Difference => {
            let mut best: Option<usize> = None;
            for at in order {
                if let Some(before) = best {
                    give(at, before);
                }
                if best.is_none_or(|before| awards[at].fen > awards[before].fen) {
                    best = Some(at);
                }
            }
        }
    }
    yields
}

/// A reduction, with all that an answer says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// The group.
    pub group: String,
    /// The group's rule in the year.
    pub rule: StackingRule,
    /// What is taken off, fen.
    pub fen: i64,
    /// Scheme of the award that is yielded to.
    pub scheme: Scheme,
    /// Its period.
    pub period: Period,
    /// Whom it is listed under.
    pub beneficiary: Beneficiary,
    /// Its amount before any stacking, fen.
    pub amount_fen: i64,
}

impl Policy {
    /// The group that a line stacks in: its version names one, and it can be claimed.
    pub fn stacking_group(&self, line: &Entitlement) -> Option<&str> {
        if self.stacking.is_empty() || !line.is_claimable() {
            return None;
        }
        let from = line.version?;
        match line.scheme {
            Scheme::IncubatorTaxRebate => named(&self.incubator_tax_rebate, from),
            Scheme::RelocationRebate => named(&self.relocation_rebate, from),
            Scheme::CultivationAward => named(&self.cultivation_award, from),
            Scheme::LoanInterestSubsidy => named(&self.loan_interest_subsidy, from),
            Scheme::TechnologyTransfer => named(&self.technology_transfer, from),
            Scheme::OpenPlatform => named(&self.open_platform, from),
            Scheme::PlatformConstruction => named(&self.platform_construction, from),
            Scheme::InstrumentSharing => named(&self.instrument_sharing, from),
        }
    }

    /// The rule of a group in a year; none: awards add up.
    pub fn stacking_rule(&self, group: &str, year: i16) -> Option<&Dated<StackingRule>> {
        self.stacking.get(group)?.on(Day::from_ymd(year, 12, 31)?)
    }

    /// Why a line is paid less than its amount: a node to redo by hand, whose value is what is left.
    pub fn explain_stacking(&self, line: &Entitlement, year: i16, of: &Reduction) -> Node {
        let award = |of: Award<'_>, whose: &str| {
            let Award { scheme, period, beneficiary, fen } = of;
            let (name, value) = (scheme.chinese(), Exact::whole(fen));
            // Whom it is for is said where it is another than the line's own.
            let whom = if *beneficiary == line.beneficiary { String::new() } else { format!("{beneficiary} ") };
            let sentence = format!("{whose}{name}{whom}{period}：{}", say::yuan(value));
            let (beneficiary, period) = (beneficiary.clone(), period.to_string());
            Node::given(value, Unit::Fen, Source::Award { scheme, beneficiary, period }, sentence)
        };
        let ground = self.stacking_rule(&of.group, year).map(|rule| {
            let source = Source::Parameter { key: format!("stacking[{}].rule", rule.index), from: rule.from };
            let (name, from) = (rule.value.chinese(), say::day(rule.from));
            Node::ground(source, format!("{year}年度“{}”组各项适用{name}（自{from}起）", of.group))
        });
        let own = award(Award::from(line), "本项");
        let Reduction { scheme, ref period, ref beneficiary, amount_fen: fen, .. } = *of;
        let other = award(Award { scheme, period, beneficiary, fen }, "让位于");
        let left = Exact::whole(line.amount_fen.saturating_sub(of.fen));
        let sentence =
            format!("{}，扣减{}后应付{}", of.rule.chinese(), say::yuan(Exact::whole(of.fen)), say::yuan(left));
        let children = ground.into_iter().chain([own, other]).collect();
        Node { step: Step::Remainder, value: Some(left), unit: Unit::Fen, source: Source::Derived, sentence, children }
    }
}

/// The group of the version that begins on a day; of two the later in the file, as elsewhere.
fn named<T>(series: &Series<Version<T>>, from: Day) -> Option<&str> {
    series.all().iter().rfind(|version| version.from == from)?.value.stacking_group.as_deref()
}
