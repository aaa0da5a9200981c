//! What an operator sees of entitlements, and of the claims for them: `Sight` draws the line.

use super::wire;
use crate::auth::Scope;
use crate::domain::Registry;
use crate::domain::claim::{Claim, Frozen};
use crate::grpc::read::View;
use crate::policy::{Beneficiary, Entitlement, Scheme};
use crate::projections::Standing;
use crate::projections::claims::entity;
use crate::wire::v1;
use std::sync::Arc;

/// The cut that a caller's scope makes.
pub struct Seen {
    /// The scope, and the whole registry; none: no cut.
    cut: Option<(Scope, Arc<Registry>)>,
}

impl Seen {
    /// The cut for the caller of a question.
    pub fn by(view: &View) -> Self {
        Self { cut: view.sees.scope().map(|scope| (scope, Arc::clone(&view.whole.registry))) }
    }

    /// An entitlement as it is told: beside which others it stands is not an operator's to know.
    pub fn wire(&self, district: &str, line: &Standing) -> v1::Entitlement {
        let told = wire::standing(district, line);
        if self.cut.is_none() { told } else { v1::Entitlement { stacking: None, ..told } }
    }

    /// Whether an entitlement is seen.
    pub fn passes(&self, entitlement: &Entitlement) -> bool {
        self.sees(entitlement.scheme, &entitlement.beneficiary, &entitlement.period.to_string())
    }

    /// Whether the entitlement that these name is seen.
    pub fn sees(&self, scheme: Scheme, beneficiary: &Beneficiary, period: &str) -> bool {
        let Some((scope, registry)) = &self.cut else { return true };
        scope.now(registry).sees_owed(scheme.key(), &entity(beneficiary), period)
    }

    /// Whether a claim, as it stood at some time, is seen.
    pub fn sees_claim(&self, claim: &Claim) -> bool {
        let Some((scope, registry)) = &self.cut else { return true };
        scope.now(registry).sees_claim(claim)
    }

    /// A claim as it is told, by what it keeps.
    pub fn claim(&self, of: &Frozen, claim: v1::Claim) -> v1::Claim {
        match &self.cut {
            None => claim,
            Some((scope, registry)) if scope.now(registry).sees_frozen(of) => for_operator(claim),
            Some(_) => as_published(for_operator(claim)),
        }
    }
}

/// A claim as far as a publication tells of it: to whom, under which scheme, how much, and how far it has come. By what else
/// it keeps one could find out about the taxes behind it, by a hash too: it can be tried against guesses.
fn as_published(mut claim: v1::Claim) -> v1::Claim {
    if let Some(frozen) = &mut claim.frozen {
        (frozen.window_from_date, frozen.window_to_date, frozen.start_date) = Default::default();
        (frozen.counted_receipts, frozen.explanation_bytes) = (0, 0);
        frozen.explanation_sha256.clear();
    }
    claim.drift = None;
    claim
}

/// A claim as its operator is told of it: beside which others it stands, and how an award is split, is not its to know.
pub fn for_operator(mut claim: v1::Claim) -> v1::Claim {
    if let Some(frozen) = &mut claim.frozen {
        frozen.attribution.clear();
        frozen.reductions.iter_mut().for_each(|reduction| reduction.yields_to.clear());
    }
    if let Some(drift) = &mut claim.drift {
        drift.attribution.clear();
    }
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::scope::OWED_SCHEME;

    #[test]
    fn the_scheme_that_operators_know_is_one() {
        assert_eq!(Scheme::from_key(OWED_SCHEME), Some(Scheme::IncubatorTaxRebate));
    }
}
