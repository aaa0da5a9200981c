//! What a claim keeps of an entitlement: everything that is needed to say again, after any number of later facts, what was
//! claimed and why.

use crate::domain::event::Entity;
use crate::domain::values::{ClaimId, Day, IncubatorId, PolicyId, SchemeKey, TreasuryCode, Uscc};
use crate::domain::words::ReductionKind;
use std::sync::Arc;

/// An entitlement as it was when it was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The claim, by its promise.
    pub claim: ClaimId,
    /// Principal who claimed, or had it frozen anew.
    pub by: String,
    /// Key of the scheme.
    pub scheme: SchemeKey,
    /// Who is entitled.
    pub beneficiary: Entity,
    /// For what, as entitlements are listed.
    pub period: String,
    /// Whom the money goes to.
    pub payee: Uscc,
    /// Which treasury pays.
    pub payer: TreasuryCode,
    /// Its name.
    pub payer_name: String,
    /// The amount of the entitlement, fen.
    pub amount: i64,
    /// Why less than that is claimed.
    pub reductions: Vec<Reduction>,
    /// As of the end of this day.
    pub as_of: Day,
    /// As known at this position.
    pub known: u64,
    /// The policy.
    pub policy: PolicyId,
    /// Where its publication is recorded.
    pub policy_position: u64,
    /// SHA-256 of its text.
    pub policy_sha256: [u8; 32],
    /// First day of the scheme's version.
    pub version: Day,
    /// Version of the program's rules.
    pub rules_version: u32,
    /// The window, `[from, to)`; none: the scheme has none.
    pub window: Option<(Day, Day)>,
    /// Since when the relief years run (S2, S3); the first claim pins it.
    pub start: Option<Day>,
    /// How an award was split when it was first frozen, fen by carrier (S3): whatever it becomes, these proportions hold.
    pub attribution: Vec<(IncubatorId, i64)>,
    /// Positions of the receipts and payments that the amount counts, ascending.
    pub counted: Arc<[u64]>,
    /// Whose lines those stand on, sorted, each once.
    pub sources: Vec<Entity>,
    /// SHA-256 of the explanation.
    pub explanation_sha256: [u8; 32],
    /// Its bytes.
    pub explanation_bytes: u64,
    /// In how many records it stands.
    pub pieces: u32,
}

/// Why less is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// What kind of reason.
    pub kind: ReductionKind,
    /// Fen.
    pub amount: i64,
    /// For what: another award, or another claim.
    pub of: String,
}

impl Frozen {
    /// What is claimed, fen.
    pub fn claimed(&self) -> i64 {
        self.reductions.iter().fold(self.amount, |left, reduction| left.saturating_sub(reduction.amount))
    }

    /// Whether its period is the one asked for: as it is listed, or a relief year by its number.
    pub fn is_listed(&self, asked: &str) -> bool {
        let number = self.period.strip_prefix("year ").and_then(|rest| rest.split_once(':')).map(|(number, _)| number);
        self.period == asked || number.is_some_and(|number| asked.strip_prefix("year ").unwrap_or(asked) == number)
    }

    /// The first receipt or payment that both count.
    pub fn counts_with(&self, other: &Self) -> Option<u64> {
        let (few, many) = match self.counted.len() <= other.counted.len() {
            true => (&self.counted, &other.counted),
            false => (&other.counted, &self.counted),
        };
        few.iter().copied().find(|position| many.binary_search(position).is_ok())
    }
}
