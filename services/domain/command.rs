//! What is asked: one or more stated facts, and facts to take back, all or nothing. RPCs and ledger rows both come down to
//! this, so that both are judged by the same rules.

use super::act::Act;
use super::event::{Document, Entity, Event, checked_documents};
use super::reason::{Fault, Faults, Reason, Refusal};
use super::values::{Day, required_text};

/// Facts that one command may take back.
pub const VOIDS_MAX: usize = 100;

/// A fact as stated, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Its business date.
    pub day: Day,
    /// What is said to have happened.
    pub event: Event,
    /// For a leaving whose `admitted` is not said: the stay that the day of leaving falls to is meant.
    pub open_stay: bool,
}

impl Stated {
    /// A fact that says all it needs.
    pub fn new(day: Day, event: Event) -> Self {
        Self { day, event, open_stay: false }
    }
}

/// Facts to take back (红冲).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidOrder {
    /// Their positions, ascending.
    pub positions: Vec<u64>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
}

impl VoidOrder {
    /// Checks and sorts what came in; none when there is nothing to take back.
    pub fn checked(positions: &[i64], reason: &str, decided_by: &str) -> Result<Option<Self>, Faults> {
        let mut faults = Faults::default();
        if positions.is_empty() {
            for (field, value) in [("void_reason", reason), ("decided_by", decided_by)] {
                if !value.is_empty() {
                    faults.push(
                        Reason::MissingValue,
                        "replaces",
                        format!("{field} is given, and nothing to take back"),
                    );
                }
            }
            return if faults.0.is_empty() { Ok(None) } else { Err(faults) };
        }
        if positions.len() > VOIDS_MAX {
            faults.push(Reason::OutOfRange, "replaces", format!("{} positions; at most {VOIDS_MAX}", positions.len()));
        }
        let mut sorted: Vec<u64> = positions.iter().filter_map(|p| u64::try_from(*p).ok()).filter(|p| *p > 0).collect();
        if sorted.len() < positions.len() {
            faults.push(Reason::OutOfRange, "replaces", "positions count from 1");
        }
        sorted.sort_unstable();
        sorted.dedup();
        let reason = faults.take(required_text("void_reason", reason)).unwrap_or_default();
        let decided_by = faults.take(required_text("decided_by", decided_by)).unwrap_or_default();
        if faults.0.is_empty() { Ok(Some(Self { positions: sorted, reason, decided_by })) } else { Err(faults) }
    }
}

/// Through which door a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An RPC of its own: it may record again what was voided.
    Rpc,
    /// A row of a bulk import: an old file can't bring back what was voided.
    Import,
}

/// A command, well-formed by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its door.
    pub origin: Origin,
    /// What it states, in the order in which the facts follow one another.
    pub facts: Vec<Stated>,
    /// What bears the facts out.
    pub documents: Vec<Document>,
    /// What it takes back.
    pub void: Option<VoidOrder>,
    /// What it does about money; then it states and takes back nothing else.
    pub act: Option<Act>,
    /// The resource that its answer shows and its etag is of; none: the log.
    pub target: Option<Entity>,
}

impl Command {
    /// A command of one RPC.
    pub fn new(facts: Vec<Stated>, documents: Vec<Document>, void: Option<VoidOrder>) -> Result<Self, Refusal> {
        checked_documents(&documents)?;
        let target = facts.first().and_then(|fact| fact.event.owner());
        let command = Self { origin: Origin::Rpc, facts, documents, void, act: None, target };
        command.checked()
    }

    /// The command that a row of a ledger is.
    pub fn row(facts: Vec<Stated>) -> Result<Self, Refusal> {
        let target = facts.first().and_then(|fact| fact.event.owner());
        Self { origin: Origin::Import, facts, documents: Vec::new(), void: None, act: None, target }.checked()
    }

    /// A command about money.
    pub fn act(act: Act, documents: Vec<Document>) -> Result<Self, Refusal> {
        checked_documents(&documents)?;
        let target = act.target();
        Ok(Self { origin: Origin::Rpc, facts: Vec::new(), documents, void: None, act: Some(act), target })
    }

    fn checked(self) -> Result<Self, Refusal> {
        if self.facts.is_empty() && self.void.is_none() {
            return Err(Fault::new(Reason::MissingValue, "effective_date", "the command states no fact").into());
        }
        Ok(self)
    }
}
