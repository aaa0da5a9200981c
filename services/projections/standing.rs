//! Entitlements kept from fact to fact: a new one recomputes only the subjects that it touches.
//!
//! A `Standing` is true for one day, one text of a policy and one position; `advance` takes it to a later position of the
//! same registry. Clones share what they have in common, so that a list is paged and a watch compares without anybody
//! waiting. Lines are kept under keys whose order is that of rules §5.

use super::stacked::{Groups, reduction_of};
use crate::domain::loan::LoanView;
use crate::domain::{AsOf, Day, Registry};
use crate::policy::{
    self, Beneficiary, Entitlement, Evaluation, Node, Period, Policy, Reduction, Scheme, Subject, subjects, touched,
};
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Raised when a change of the code changes a figure, so that answers of two programs are told apart.
pub const RULES_VERSION: u32 = 1;

/// An entitlement as it stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// The calendar year in which its period begins; none: there is no period.
    pub year: Option<i16>,
    /// What it is paid less for others of its beneficiary, group and year; none: nothing.
    pub reduction: Option<Reduction>,
}

impl Standing {
    /// What is paid of it beside the others, fen.
    pub fn after_stacking_fen(&self) -> i64 {
        self.entitlement.amount_fen.saturating_sub(self.reduction.as_ref().map_or(0, |reduction| reduction.fen))
    }
}

/// All entitlements of a district.
#[derive(Clone, Debug)]
pub struct Standings {
    day: Day,
    position: u64,
    lines: OrdMap<Arc<str>, Arc<Standing>>,
    keys: OrdMap<Subject, Arc<[Arc<str>]>>,
    groups: Groups,
}

/// What changed under a key.
pub type Change = (Arc<str>, Option<Arc<Standing>>, Option<Arc<Standing>>);

impl Standings {
    /// Everything, computed anew.
    pub fn full(registry: &Registry, policy: &Policy, as_of: AsOf) -> Self {
        let position = super::position(registry, as_of);
        let (lines, keys, groups) = (OrdMap::new(), OrdMap::new(), Groups::default());
        let mut standings = Self { day: as_of.day, position, lines, keys, groups };
        let evaluation = Evaluation::new(registry, policy, as_of);
        for subject in subjects(registry, as_of) {
            standings.recompute(registry, &evaluation, as_of, subject);
        }
        standings.groups.settle(policy, &mut standings.lines);
        standings
    }

    /// Takes in what the registry has beyond the position: the same as `full` at its end.
    pub fn advance(&mut self, registry: &Registry, policy: &Policy) {
        let as_of = AsOf { day: self.day, known: registry.position() };
        let evaluation = Evaluation::new(registry, policy, as_of);
        for subject in touched_since(registry, self.position) {
            self.recompute(registry, &evaluation, as_of, subject);
        }
        self.groups.settle(policy, &mut self.lines);
        self.position = registry.position();
    }

    fn recompute(&mut self, registry: &Registry, evaluation: &Evaluation<'_>, as_of: AsOf, subject: Subject) {
        let policy = evaluation.policy();
        let lines = standing(registry, as_of, &subject, evaluation.of(&subject));
        for key in self.keys.get(&subject).into_iter().flat_map(|keys| keys.iter()) {
            if !lines.iter().any(|(other, _)| other == key)
                && let Some(old) = self.lines.remove(key)
            {
                self.groups.leave(policy, key, &old);
            }
        }
        if lines.is_empty() {
            self.keys.remove(&subject);
            return;
        }
        self.keys.insert(subject, lines.iter().map(|(key, _)| Arc::clone(key)).collect());
        for (key, line) in lines {
            let known = self.lines.get(&key);
            if known.is_some_and(|known| known.entitlement == line.entitlement && known.year == line.year) {
                continue;
            }
            if let Some(known) = known {
                self.groups.leave(policy, &key, known);
            }
            self.groups.join(policy, &key, &line);
            self.lines.insert(key, Arc::new(line));
        }
    }

    /// The day.
    pub fn day(&self) -> Day {
        self.day
    }

    /// The position it is true for.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The lines behind a key, in order; all of them behind the empty one.
    pub fn behind<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Standing>)> {
        self.lines.range::<_, str>((std::ops::Bound::Excluded(key), std::ops::Bound::Unbounded))
    }

    /// The lines of one subject, in order.
    pub fn of<'a>(&'a self, subject: &Subject) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Standing>)> {
        let keys = self.keys.get(subject).into_iter().flat_map(|keys| keys.iter());
        keys.filter_map(|key| self.lines.get_key_value(key))
    }

    /// What differs from an earlier state: its lines that are no more or others, and those that are new.
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        use imbl::ordmap::DiffItem;
        let changes = earlier.lines.diff(&self.lines).filter_map(|item| match item {
            DiffItem::Add(key, new) => Some((Arc::clone(key), None, Some(Arc::clone(new)))),
            DiffItem::Remove(key, old) => Some((Arc::clone(key), Some(Arc::clone(old)), None)),
            DiffItem::Update { old, new } if old.1 != new.1 => {
                Some((Arc::clone(new.0), Some(Arc::clone(old.1)), Some(Arc::clone(new.1))))
            }
            DiffItem::Update { .. } => None,
        });
        changes.collect()
    }

    /// Totals by scheme, payer and year.
    pub fn totals(&self) -> BTreeMap<TotalKey, Total> {
        let mut totals: BTreeMap<TotalKey, Total> = BTreeMap::new();
        for line in self.lines.values() {
            let Entitlement { scheme, payer, amount_fen, suspended, .. } = &line.entitlement;
            let payer = payer.as_ref().map(|payer| payer.code.clone());
            let total = totals.entry(TotalKey { scheme: *scheme, payer, year: line.year }).or_default();
            total.count += 1;
            total.amount_fen = total.amount_fen.saturating_add(*amount_fen);
            total.after_stacking_fen = total.after_stacking_fen.saturating_add(line.after_stacking_fen());
            if *suspended {
                total.suspended_fen = total.suspended_fen.saturating_add(*amount_fen);
            }
        }
        totals
    }
}

/// What entitlements are added up by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalKey {
    /// The scheme.
    pub scheme: Scheme,
    /// 9-digit code of the treasury; none: nobody is known to pay.
    pub payer: Option<String>,
    /// The year in which the period begins.
    pub year: Option<i16>,
}

/// Entitlements added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u32,
    /// Fen.
    pub amount_fen: i64,
    /// Of them suspended, fen.
    pub suspended_fen: i64,
    /// What is paid of them beside the others of each beneficiary, group and year, fen.
    pub after_stacking_fen: i64,
}

/// The subjects that the facts behind a position, and the voids among them, can change.
fn touched_since(registry: &Registry, position: u64) -> BTreeSet<Subject> {
    let mut found = BTreeSet::new();
    for new in position + 1..=registry.position() {
        let taken_back = registry.voided_by(new);
        for at in taken_back.chain([new]) {
            if let Some(entry) = registry.entry_at(at) {
                found.extend(touched(registry, &entry.event));
            }
        }
    }
    found
}

/// Lines of one subject under their keys. `\0` is in no id, and before every character of one.
fn standing(registry: &Registry, as_of: AsOf, subject: &Subject, lines: Vec<Entitlement>) -> Vec<(Arc<str>, Standing)> {
    let first_relief = lines.iter().find_map(|line| match line.period {
        Period::Relief { from, .. } => Some(from.year()),
        _ => None,
    });
    let place = |(index, entitlement): (usize, Entitlement)| {
        let drawn = match (&entitlement.period, &entitlement.beneficiary) {
            (Period::Purchase, Beneficiary::Instrument(id)) => {
                registry.innovation().instrument(id, as_of).map(|instrument| instrument.catalogued.day)
            }
            (Period::Loan(id), _) => {
                registry.loan_line(id).and_then(|line| LoanView::of(line, as_of)).map(|loan| loan.day)
            }
            (Period::Transfer(id), _) => registry.innovation().transfer(id, as_of).map(|transfer| transfer.day),
            _ => None,
        };
        let year = match &entitlement.period {
            Period::Year(year) => Some(*year),
            Period::Relief { from, .. } => Some(from.year()),
            Period::NoWindow => None,
            Period::Firm(_) => first_relief,
            Period::Loan(_) | Period::Transfer(_) | Period::Purchase => drawn.map(Day::year),
        };
        let key = match subject {
            Subject::Carrier(id) => format!("1\0{id}\0{index:06}"),
            Subject::Relocation(firm) => format!("2\0{firm}\0{index:06}"),
            // With the firm, so that a contract that another firm takes over is another line.
            Subject::Loans(firm) => {
                let drawn = drawn.map(|day| day.to_string()).unwrap_or_default();
                format!("3\0{drawn}\0{}\0{firm}", entitlement.period)
            }
            Subject::Transfers(id) => format!("4\0{id}\0{index:06}"),
            Subject::OpenPlatform(id) => format!("5\0{id}\0{index:06}"),
            Subject::PlatformConstruction(id) => format!("6\0{id}\0{index:06}"),
            Subject::Instrument(id) => format!("7\0{id}\0{index:06}"),
        };
        (Arc::from(key), Standing { entitlement, year, reduction: None })
    };
    lines.into_iter().enumerate().map(place).collect()
}

/// Whose answers hold an entitlement. None: no such one can be.
pub fn subject_of(scheme: Scheme, beneficiary: &Beneficiary, period: &str) -> Option<Subject> {
    match (scheme, beneficiary) {
        (Scheme::IncubatorTaxRebate, Beneficiary::Incubator(id)) => Some(Subject::Carrier(id.clone())),
        (Scheme::RelocationRebate, Beneficiary::Firm(code)) => Some(Subject::Relocation(*code)),
        (Scheme::CultivationAward, Beneficiary::Incubator(_)) => {
            crate::domain::Uscc::parse(period).ok().map(Subject::Relocation)
        }
        (Scheme::LoanInterestSubsidy, Beneficiary::Firm(code)) => Some(Subject::Loans(*code)),
        (Scheme::TechnologyTransfer, Beneficiary::Intermediary(id)) => Some(Subject::Transfers(id.clone())),
        (Scheme::OpenPlatform, Beneficiary::Platform(id)) => Some(Subject::OpenPlatform(id.clone())),
        (Scheme::PlatformConstruction, Beneficiary::Platform(id)) => Some(Subject::PlatformConstruction(id.clone())),
        (Scheme::InstrumentSharing, Beneficiary::Instrument(id)) => Some(Subject::Instrument(id.clone())),
        _ => None,
    }
}

/// Whether a text names a period: as it is listed, or a relief year by its number.
pub fn is_period(period: &Period, text: &str) -> bool {
    let by_number = match period {
        Period::Relief { number, .. } => text.strip_prefix("year ").unwrap_or(text).parse() == Ok(*number),
        _ => false,
    };
    by_number || period.to_string() == text
}

/// An entitlement told whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The entitlement.
    pub standing: Standing,
    /// Why it is what it is. The root's value is the amount.
    pub tree: Node,
    /// Why it is paid less; none: nothing is taken off.
    pub stacking: Option<Node>,
}

/// One entitlement with its explanation, of which only a part may be told.
pub fn explain(
    registry: &Registry,
    policy: &Policy,
    as_of: AsOf,
    (scheme, beneficiary, period): (Scheme, &Beneficiary, &str),
    part: Option<policy::Told<'_>>,
) -> Option<Told> {
    let evaluation = Evaluation::new(registry, policy, as_of).telling(part);
    explain_by(registry, as_of, evaluation, (scheme, beneficiary, period)).map(|(told, _)| told)
}

/// One entitlement with its explanation by an evaluation of its own, and all that its subject is entitled to.
pub fn explain_by(
    registry: &Registry,
    as_of: AsOf,
    evaluation: Evaluation<'_>,
    (scheme, beneficiary, period): (Scheme, &Beneficiary, &str),
) -> Option<(Told, Vec<Entitlement>)> {
    let subject = subject_of(scheme, beneficiary, period)?;
    let policy = evaluation.policy();
    let mut all = evaluation.explained(&subject);
    let at = all.iter().position(|explained| {
        let line = &explained.entitlement;
        line.scheme == scheme && line.beneficiary == *beneficiary && is_period(&line.period, period)
    })?;
    let lines: Vec<Entitlement> = all.iter().map(|explained| explained.entitlement.clone()).collect();
    let (_, mut told) = standing(registry, as_of, &subject, lines.clone()).swap_remove(at);
    told.reduction = reduction_of(registry, policy, &told, |subject| {
        standing(registry, as_of, subject, evaluation.of(subject)).into_iter().map(|(_, line)| line).collect()
    });
    let stacking = told.reduction.as_ref().zip(told.year);
    let stacking = stacking.map(|(reduction, year)| policy.explain_stacking(&told.entitlement, year, reduction));
    Some((Told { tree: all.swap_remove(at).tree, standing: told, stacking }, lines))
}
