//! What a caller may state and take back, and what it is told of a refusal: held against the very state that its command is
//! decided on, so that nothing slips in between.

use super::principal;
use crate::auth::scope::Sight;
use crate::auth::table::{self, Reach};
use crate::auth::{Call, Roles, Scope};
use crate::domain::decide::unknown_fact;
use crate::domain::{Command, IncubatorId, Reason, Refusal, Registry};
use crate::engine::{Bounded, Bounds, Engine, EngineError, EventFilter, Principal};
use crate::formats::Lang;
use crate::formats::report::reason_text;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The bounds of one caller.
struct CallerBounds {
    call: Call,
    scope: Scope,
    /// Of the facts to be taken back, those that the caller's own side recorded.
    own: BTreeSet<u64>,
}

/// The bounds of the call that runs, for a command that takes back these facts; none for somebody who may do everything.
pub async fn of(engine: &Engine, principal: &Principal, voids: &[u64]) -> Result<Bounded, EngineError> {
    let call = principal::current();
    let mut own = BTreeSet::new();
    for at in voids.iter().copied().filter(|at| call.scoped && *at <= engine.published().head.position) {
        let (read, _) = engine.read_events(at, at, &EventFilter::default(), 1).await?;
        let theirs = read
            .iter()
            .filter(|stored| recorded_by(&call, principal, &stored.record.principal, &stored.record.on_behalf_of));
        own.extend(theirs.map(|stored| stored.record.position));
    }
    Ok(bounded(call, own))
}

/// The bounds of the call that runs, for rows, which take nothing back.
pub fn of_rows() -> Bounded {
    bounded(principal::current(), BTreeSet::new())
}

fn bounded(call: Call, own: BTreeSet<u64>) -> Bounded {
    if call.caller.roles == Roles::all() {
        return None;
    }
    Some(Arc::new(CallerBounds { scope: Scope::of(Arc::clone(&call.caller)), call, own }))
}

/// Whether a record is of the caller's own side: its own, or made for the same as it acts for now.
fn recorded_by(call: &Call, now: &Principal, principal: &str, on_behalf_of: &str) -> bool {
    *principal == *call.caller.id || (!on_behalf_of.is_empty() && on_behalf_of == now.on_behalf_of)
}

impl Bounds for CallerBounds {
    fn admit(&self, registry: &Registry, command: &Command) -> Result<(), Refusal> {
        let caller = &self.call.caller;
        let sight = self.scope.now(registry);
        if let Some(act) = command.act.as_ref().filter(|_| self.call.scoped) {
            sight.may_act(act)?;
        }
        for fact in &command.facts {
            match table::may_state(caller, &fact.event) {
                Reach::Everything => {}
                Reach::Own => sight.may_state(fact.day, &fact.event, command.facts.iter().map(|fact| &fact.event))?,
                Reach::Nothing => return Err(table::denied(table::records(&fact.event).unwrap_or_default(), caller)),
            }
        }
        for at in command.void.iter().flat_map(|order| order.positions.iter().copied()) {
            let Some(entry) = registry.entry_at(at) else { continue };
            match table::may_void(caller, &entry.event) {
                Reach::Everything => {}
                Reach::Own => sight.may_void(at, self.own.contains(&at))?,
                Reach::Nothing if self.call.scoped && !sight.sees_fact(&entry) => return Err(unknown_fact(at)),
                Reach::Nothing => return Err(table::denied(table::records(&entry.event).unwrap_or_default(), caller)),
            }
        }
        Ok(())
    }

    fn tell(&self, registry: &Registry, refusal: Refusal) -> Refusal {
        if self.call.scoped { told(refusal, &self.scope.now(registry)) } else { refusal }
    }

    fn shows(&self, registry: &Registry, position: u64) -> bool {
        !self.call.scoped || self.scope.now(registry).sees_at(position)
    }
}

/// A refusal without what it says of facts that are not seen. The word stays: whoever is refused must know why.
fn told(refusal: Refusal, sight: &Sight<'_>) -> Refusal {
    use Reason::*;
    let by_other_facts = matches!(
        refusal.reason,
        AlreadyVoided
            | NoSuchRecognition
            | NoOpenStay
            | Conflict
            | LeftBeforeAdmitted
            | OverlappingStay
            | AgeOverLimit
            | MakerspaceCannotGraduate
            | AlreadyGraduated
            | FirmDeregistered
            | NotSigned
            | NotSettled
            | DatesOutOfOrder
            | UpstreamCycle
            | ReceiptCountedTwice
            | HasDependents
            | StaleEtag
    );
    if !by_other_facts {
        return refusal;
    }
    let seen = |position: &u64| sight.sees_at(*position);
    let position = refusal.position.filter(seen);
    let named = refusal.position.iter().chain(&refusal.positions);
    let all_seen = named.clone().next().is_some() && named.clone().all(seen);
    let positions = refusal.positions.iter().copied().filter(|position| seen(position)).collect();
    let own = |id: &str| IncubatorId::parse(id).is_ok_and(|id| sight.sees(&crate::domain::Entity::Incubator(id), None));
    let there = refusal.metadata.iter().any(|(name, value)| *name == "other_incubator" && own(value));
    let tellable = |(name, value): &(&'static str, String)| match *name {
        "firm" | "date" | "rule" | "expected" => true,
        "incubator" => own(value),
        "other_incubator" | "other_admitted_date" => there,
        // Of the fact that stands at the position.
        "left_date" | "admitted_date" | "registered_date" | "admission_age_months" => all_seen,
        _ => false,
    };
    let metadata = refusal.metadata.iter().filter(|part| tellable(part)).cloned().collect();
    let message = reason_text(refusal.reason, Lang::En).to_owned();
    Refusal { position, positions, metadata, message, ..refusal }
}
