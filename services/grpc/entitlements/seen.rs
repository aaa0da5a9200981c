//! What an operator sees of entitlements, and of the claims for them: `Sight::sees_owed` draws the line.

use super::wire;
use crate::auth::Scope;
use crate::domain::Registry;
use crate::domain::claim::Frozen;
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

    /// Whether a claim is seen, by what it keeps.
    pub fn sees_claim(&self, of: &Frozen) -> bool {
        let Some((scope, registry)) = &self.cut else { return true };
        scope.now(registry).sees_owed(of.scheme.as_str(), &of.beneficiary, &of.period)
    }

    /// A claim as it is told.
    pub fn claim(&self, claim: v1::Claim) -> v1::Claim {
        if self.cut.is_none() { claim } else { for_operator(claim) }
    }
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
