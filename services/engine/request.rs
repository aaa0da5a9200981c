//! What is asked of the engine, and what it answers.

use crate::domain::{Command, Day, Decision, Reason, Refusal, Registry, Warning, decide_and_draft};
use std::sync::Arc;

/// Who asks, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Opaque id.
    pub id: String,
    /// On whose behalf; empty: for oneself.
    pub on_behalf_of: String,
}

/// What whoever asks may do and learn, judged on the state that its command is decided on.
pub trait Bounds: Send + Sync {
    /// Whether the command may be decided at all.
    fn admit(&self, registry: &Registry, command: &Command) -> Result<(), Refusal>;

    /// What of a decision's refusal may be told.
    fn tell(&self, registry: &Registry, refusal: Refusal) -> Refusal;

    /// Whether the fact at a position may be known to be there.
    fn shows(&self, registry: &Registry, position: u64) -> bool;
}

/// Bounds; none: anything.
pub type Bounded = Option<Arc<dyn Bounds>>;

/// Decides a command within bounds; see `decide_and_draft`.
pub(super) fn decide_within(
    bounds: Option<&dyn Bounds>,
    registry: &Registry,
    command: &Command,
    today: Day,
) -> Result<(Decision, Option<Registry>), Refusal> {
    let Some(bounds) = bounds else { return decide_and_draft(registry, command, today) };
    bounds.admit(registry, command)?;
    match decide_and_draft(registry, command, today) {
        Ok((Decision::Same { reason, position }, _)) if !bounds.shows(registry, position) => {
            Ok((Decision::Same { reason, position: 0 }, None))
        }
        decided => decided.map_err(|refusal| bounds.tell(registry, refusal)),
    }
}

/// A client's UUID for one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub [u8; 16]);

/// One command with what frames it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// Id by which a retry is known.
    pub id: RequestId,
    /// Revision that the command's target must have; none: any.
    pub expected_revision: Option<u64>,
    /// Decide, and record nothing.
    pub validate_only: bool,
    /// What is asked.
    pub command: Command,
}

/// What became of a command that was not refused.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it wrote, or found written.
    pub written: Written,
    /// What to look at.
    pub warnings: Vec<Warning>,
    /// The state to answer from: read it as known at `known`.
    pub registry: Arc<Registry>,
    /// The answer shows the resource as known at this position.
    pub known: u64,
    /// Revision of the target in that state; 0: it has none.
    pub revision: u64,
}

/// How it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Recorded by this call or, with the same request id, by an earlier one; or, when only validated, as it would be.
    Recorded {
        /// Position of its first event.
        first: u64,
        /// Position of its last event.
        last: u64,
    },
    /// Everything it states was recorded already; nothing was written.
    Duplicate {
        /// Where the last of the facts stands; 0: its asker may not know.
        position: u64,
    },
}

impl Written {
    /// The position that the answer bears.
    pub fn position(self) -> u64 {
        match self {
            Self::Recorded { last, .. } => last,
            Self::Duplicate { position } => position,
        }
    }

    /// Whether nothing was written because it was there already.
    pub fn is_duplicate(self) -> bool {
        matches!(self, Self::Duplicate { .. })
    }
}

/// What became of one row of a bulk import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// At least one of its facts was new, and is recorded.
    Accepted {
        /// Position of the last event written for it.
        position: u64,
        /// What to look at.
        warnings: Vec<Warning>,
    },
    /// All it states was recorded before: DUPLICATE or VOIDED_BEFORE.
    Skipped {
        /// Which of the two.
        reason: Reason,
        /// Where the fact stands; 0: its asker may not know.
        position: u64,
    },
    /// It changed nothing.
    Rejected(Refusal),
}

/// Why a command was not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A rule, or the frame of the command, says no.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// Too many commands wait.
    #[error("the queue of commands is full")]
    QueueFull,
    /// There is no space for another commit; nothing was written.
    #[error("there is no space for another commit; nothing was written")]
    LogFull,
    /// The server is draining.
    #[error("the server is draining")]
    Draining,
    /// The log failed: whether the command was written is told by sending it again.
    #[error("the log failed: {0}")]
    LogFailed(String),
    /// The log is damaged.
    #[error("the log is damaged at position {position}: {detail}")]
    Damaged {
        /// First position that can't be trusted.
        position: u64,
        /// What was found.
        detail: String,
    },
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}
