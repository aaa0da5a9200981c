//! Claims (申报): what is asked for under a promise, and how it goes from there to money (rules §6).
//!
//! A claim is told by its promise, so that a promise has one claim for ever. What it keeps is frozen: the amount with its
//! whole explanation, both times and the versions. Later facts change nothing of it. Its steps bear the day on which they
//! are recorded and who took them, since claimant, reviewer and approver are different people and the record's frame is
//! not part of a fact.

pub mod frozen;
pub mod state;
pub mod steps;

use super::budget::BudgetId;
use super::event::Entity;
use super::values::{ClaimId, Day};
use super::words::Purpose;
use std::sync::Arc;

pub use frozen::{Frozen, Reduction};
pub use state::{Claim, Grant, GrantState, Objection, Recovery, Stage};

/// Bytes of an explanation that one record holds.
pub const PIECE_BYTES_MAX: usize = 32 * 1024;
/// Pieces that an explanation may have: with what else a claim records they stay under what a commit holds.
pub const PIECES_MAX: usize = 10;

/// A step of a claim: who took it, and in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The claim.
    pub claim: ClaimId,
    /// Principal.
    pub by: String,
    /// Opinion, reason or summary; what it is follows from the step.
    pub text: String,
}

/// What happens to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimEvent {
    /// Claimed (申报).
    Claimed(Box<Frozen>),
    /// A piece of the explanation of the freeze before it.
    Explained(Piece),
    /// Accepted (受理).
    Accepted(Taken),
    /// Reviewed (审核).
    Reviewed(Taken),
    /// Published (公示).
    Published {
        /// The claim, who, and where it is published.
        taken: Taken,
        /// The last working day of the publication.
        until: Day,
    },
    /// Someone objects (异议).
    ObjectionRaised {
        /// The claim, who took it down, and on what grounds; the objector stands in the documents.
        taken: Taken,
        /// Its number within the claim, from 1.
        objection: u32,
    },
    /// An objection is answered.
    ObjectionResolved {
        /// The claim, who answered, and how.
        taken: Taken,
        /// Its number.
        objection: u32,
        /// It was right: the claim goes back to review.
        upheld: bool,
    },
    /// Approved (核准).
    Approved(Approved),
    /// Withdrawn (撤回).
    Withdrawn(Taken),
    /// Rejected (不予通过).
    Rejected(Taken),
    /// Claimed again after it was withdrawn or rejected.
    Reopened(Box<Frozen>),
    /// Frozen anew before it was ordered: it goes back to review.
    Refrozen(Box<Frozen>),
    /// Frozen anew after it was paid: the difference upwards is claimed on the same claim.
    Supplemented {
        /// What it keeps from now on.
        frozen: Box<Frozen>,
        /// The difference, fen.
        due: i64,
    },
    /// A recovery (追回) is ordered.
    RecoveryOrdered {
        /// The claim, who, and why.
        taken: Taken,
        /// Its number within the claim, from 1.
        recovery: u32,
        /// Fen.
        amount: i64,
    },
    /// Money came back, on the effective date.
    RecoveryReceived {
        /// The claim, who, and the bank's reference.
        taken: Taken,
        /// Number of the recovery.
        recovery: u32,
        /// Fen.
        amount: i64,
    },
    /// What was achieved with the money (绩效).
    PerformanceReported(Taken),
    /// Earmarked money was spent on the effective date.
    EarmarkSpent {
        /// The claim, who says so, and on what exactly.
        taken: Taken,
        /// For which purpose.
        purpose: Purpose,
        /// Fen.
        amount: i64,
    },
}

/// A piece of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The claim.
    pub claim: ClaimId,
    /// Which, from 0.
    pub index: u32,
    /// The bytes: together, in order, a zlib stream of the explanation's JSON.
    pub bytes: Arc<[u8]>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The claim, who, and why less than what is claimed; empty: all of it.
    pub taken: Taken,
    /// Of which budget.
    pub budget: BudgetId,
    /// Fen.
    pub awarded: i64,
    /// The round of the budget that it was approved in; 0: in none.
    pub round: u32,
}

impl ClaimEvent {
    /// Code in the journal.
    pub fn code(&self) -> u8 {
        match self {
            Self::Claimed(_) => 110,
            Self::Explained(_) => 111,
            Self::Accepted(_) => 112,
            Self::Reviewed(_) => 113,
            Self::Published { .. } => 114,
            Self::ObjectionRaised { .. } => 115,
            Self::ObjectionResolved { .. } => 116,
            Self::Approved(_) => 117,
            Self::Withdrawn(_) => 118,
            Self::Rejected(_) => 119,
            Self::Reopened(_) => 120,
            Self::Refrozen(_) => 121,
            Self::Supplemented { .. } => 122,
            Self::RecoveryOrdered { .. } => 123,
            Self::RecoveryReceived { .. } => 124,
            Self::PerformanceReported(_) => 125,
            Self::EarmarkSpent { .. } => 126,
        }
    }

    /// The claim.
    pub fn claim(&self) -> &ClaimId {
        match self {
            Self::Claimed(frozen)
            | Self::Reopened(frozen)
            | Self::Refrozen(frozen)
            | Self::Supplemented { frozen, .. } => &frozen.claim,
            Self::Explained(piece) => &piece.claim,
            Self::Approved(approved) => &approved.taken.claim,
            Self::Accepted(taken)
            | Self::Reviewed(taken)
            | Self::Withdrawn(taken)
            | Self::Rejected(taken)
            | Self::PerformanceReported(taken)
            | Self::Published { taken, .. }
            | Self::ObjectionRaised { taken, .. }
            | Self::ObjectionResolved { taken, .. }
            | Self::RecoveryOrdered { taken, .. }
            | Self::RecoveryReceived { taken, .. }
            | Self::EarmarkSpent { taken, .. } => &taken.claim,
        }
    }

    /// What it froze; none for other steps.
    pub fn frozen(&self) -> Option<&Frozen> {
        match self {
            Self::Claimed(frozen)
            | Self::Reopened(frozen)
            | Self::Refrozen(frozen)
            | Self::Supplemented { frozen, .. } => Some(frozen),
            _ => None,
        }
    }

    /// The claim, as an entity.
    pub(super) fn owner(&self) -> Entity {
        Entity::Claim(self.claim().clone())
    }

    /// The beneficiary of what is frozen, the budget of an approval.
    pub(super) fn other(&self) -> Option<Entity> {
        match self {
            Self::Approved(approved) => Some(Entity::Budget(approved.budget.clone())),
            _ => self.frozen().map(|frozen| frozen.beneficiary.clone()),
        }
    }
}
