//! Whether the line that a command would leave keeps every rule, and what to say when it does not.

use super::event::{Entity, Event};
use super::guidance_fund::GuidanceFundEvent;
use super::line::{AsOf, Line};
use super::reason::{Reason, Refusal};
use super::registry::Registry;
use super::settings::limits_on;
use super::values::{TransferId, Uscc};
use super::{assessment, firm, guidance_fund, incubator, instrument, loan, person, platform, transfer};
use std::collections::BTreeSet;

/// A rule broken on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's word.
    pub reason: Reason,
    /// Position of the fact that breaks it.
    pub breaker: u64,
    /// Position of the fact because of which it does.
    pub cause: Option<u64>,
    /// Position of the fact that is named where the one that breaks it is recorded already.
    pub named: u64,
    /// One sentence.
    pub message: String,
    /// The sentence's variable parts, as name and value.
    pub metadata: Vec<(&'static str, String)>,
}

impl Violation {
    /// A rule broken.
    pub fn new(reason: Reason, breaker: u64, cause: Option<u64>, message: String) -> Self {
        Self { reason, breaker, cause, named: breaker, message, metadata: Vec::new() }
    }

    /// With a variable part.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.metadata.push((name, value.to_string()));
        self
    }

    fn refusal(&self) -> Refusal {
        Refusal { metadata: self.metadata.clone(), ..Refusal::new(self.reason, self.message.clone()) }
    }
}

/// What a command touches.
#[derive(Debug, Default)]
pub struct Touched {
    /// Entities on whose lines it puts or voids facts.
    pub owners: BTreeSet<Entity>,
    /// Carriers, firms and guidance funds of which it puts or voids when they were there: the facts that name them depend on
    /// it. Other facts about them leave those as they were.
    pub registrations: BTreeSet<Entity>,
    /// Taxpayers whose right to be one it puts or voids.
    pub taxpayers: BTreeSet<Uscc>,
    /// It voids something.
    pub voids: bool,
}

impl Touched {
    /// Notes a fact that is put or voided.
    pub fn note(&mut self, event: &Event) {
        let Some(owner) = event.owner() else { return };
        if matches!(
            event,
            Event::IncubatorRegistered(_)
                | Event::FirmRegistered { .. }
                | Event::FirmDeregistered { .. }
                | Event::GuidanceFund(GuidanceFundEvent::Established(_))
        ) {
            self.registrations.insert(owner.clone());
        }
        if let Event::FirmRegistered { firm, .. } = event {
            self.taxpayers.insert(*firm);
        }
        self.taxpayers.extend(event.operator().map(|(_, operator)| operator.code));
        // Whom the fact names beside its owner is looked at from the owner's line: what else names it is as it was, and
        // judging that again would make recording ten times the facts a hundred times the work.
        self.owners.insert(owner);
    }
}

/// Judges the registry that a command would leave; `recorded` is the last position before it.
pub fn judge(next: &Registry, recorded: u64, touched: &Touched) -> Result<(), Refusal> {
    let mut found = Vec::new();
    for owner in &touched.owners {
        match owner {
            Entity::Firm(code) => found.extend(firm::rules::violations(next, *code)),
            Entity::Incubator(id) => found.extend(incubator::rules::violations(next, id)),
            Entity::Loan(id) => found.extend(loan::violations(next, id)),
            Entity::Intermediary(id) => found.extend(transfers(next, next.innovation().transfers_ever_of(id))),
            Entity::Transfer(id) => found.extend(transfer::violations(next, id)),
            Entity::Platform(id) => found.extend(platform::violations(next, id)),
            Entity::Instrument(id) => found.extend(instrument::violations(next, id)),
            Entity::GuidanceFund(id) => {
                let judged = if touched.registrations.contains(owner) { 0 } else { recorded };
                found.extend(guidance_fund::violations(next, id, judged));
            }
            Entity::Person(id) => found.extend(person::violations(next, id)),
            Entity::Assessment(id) => {
                found.extend(assessment::violations(next, id));
                let under = next.innovation().firms_ever_under(id);
                found.extend(under.flat_map(|code| firm::rules::violations(next, *code)));
            }
            // Whoever pays is judged where the right to be a taxpayer is touched, and as a reference.
            Entity::Park(_) | Entity::Taxpayer(_) | Entity::Policy(_) => {}
            // Steps of money are decided by acts.
            Entity::Claim(_)
            | Entity::Budget(_)
            | Entity::Account(_)
            | Entity::Order(_)
            | Entity::Cursor(_)
            | Entity::Calendar => {}
            Entity::Settings => found.extend(settings_violations(next)),
        }
    }
    for owner in &touched.registrations {
        found.extend(next.persons().ever_of(owner).flat_map(|id| person::violations(next, &id)));
        match owner {
            Entity::Firm(code) => found.extend(naming_firm(next, code)),
            Entity::Incubator(id) => {
                found.extend(next.firms_ever_in(id).flat_map(|code| firm::rules::violations(next, code)));
                let below = next.ever_below(id).filter(|other| *other != id);
                found.extend(below.flat_map(|other| incubator::rules::violations(next, other)));
            }
            _ => {}
        }
    }
    // A carrier that is there no more gives nobody the right to be a taxpayer, whoever is said to have run it later.
    let lines = touched.registrations.iter().filter_map(|owner| next.line(owner)).flat_map(Line::live);
    let ran = lines.filter_map(|entry| entry.event.operator().map(|(_, operator)| operator.code));
    let taxpayers: BTreeSet<Uscc> = touched.taxpayers.iter().copied().chain(ran).collect();
    for code in taxpayers.iter().filter(|code| !next.is_taxpayer(code)) {
        let live = next.receipts().of(code).filter(|receipt| receipt.voided.is_none());
        found.extend(live.map(|receipt| {
            let message = format!("{code} is neither a firm nor the operator of a carrier");
            Violation::new(Reason::UnknownTaxpayer, receipt.position, None, message).with("taxpayer", code)
        }));
    }
    let settings = touched.owners.contains(&Entity::Settings);
    match found.is_empty() {
        true => Ok(()),
        false => Err(refusal(found, recorded, touched.voids || settings)),
    }
}

/// What the facts of others break that name a firm.
fn naming_firm(next: &Registry, code: &Uscc) -> Vec<Violation> {
    let innovation = next.innovation();
    let mut found = transfers(next, innovation.transfers_ever_to(code));
    found.extend(innovation.instruments_ever_of(code).flat_map(|id| instrument::violations(next, id)));
    found.extend(innovation.guidance_funds_ever_in(code).flat_map(|id| guidance_fund::violations(next, id, 0)));
    found.extend(innovation.assessments_ever_of(code).flat_map(|id| assessment::violations(next, id)));
    found
}

fn transfers<'a>(next: &Registry, ids: impl Iterator<Item = &'a TransferId>) -> Vec<Violation> {
    ids.flat_map(|id| transfer::violations(next, id)).collect()
}

fn settings_violations(next: &Registry) -> Vec<Violation> {
    let mut found: Vec<Violation> = next.firm_codes().flat_map(|code| firm::rules::violations(next, code)).collect();
    // The limits that a log begins with may be replaced, and not be taken away: later ones say nothing of earlier days.
    let first = next.settings().entries().first();
    if let Some(first) = first.filter(|first| limits_on(next.settings(), first.day, AsOf::NOW).is_none()) {
        let message = format!("a district is never without limits, from {} on", first.day);
        found.push(Violation::new(Reason::MissingValue, first.position, None, message));
    }
    found
}

/// A rule that a new fact breaks is named by its word. A recorded fact that breaks one because of a new fact likewise, with
/// its position; but where something was taken back or a limit was moved, the recorded facts that depend on it are named.
fn refusal(mut found: Vec<Violation>, recorded: u64, dependents: bool) -> Refusal {
    found.sort_by_key(|violation| (violation.breaker <= recorded, violation.reason));
    let first = &found[0];
    if first.breaker > recorded {
        let refusal = first.refusal();
        return match first.cause.filter(|cause| *cause <= recorded) {
            Some(cause) => refusal.at(cause),
            None => refusal,
        };
    }
    if !dependents {
        return first.refusal().at(first.named);
    }
    let mut positions: Vec<u64> = found.iter().map(|violation| violation.named).collect();
    positions.sort_unstable();
    positions.dedup();
    let message = format!(
        "{} recorded fact(s) would then break a rule: {} ({})",
        positions.len(),
        first.reason.word(),
        first.message
    );
    let count = positions.len();
    positions.truncate(Refusal::POSITIONS_MAX);
    Refusal { positions, ..Refusal::new(Reason::HasDependents, message) }
        .with("count", count)
        .with("rule", first.reason.word())
}
