//! What an operator sees of entitlements: those of its own carriers that follow from the taxes of whoever runs them now. What
//! other awards come to would tell the taxes and loans of firms; what earlier years come to, those of another operator.

use super::wire;
use crate::domain::{AsOf, Day, IncubatorId, Registry, Uscc};
use crate::grpc::read::View;
use crate::policy::{Beneficiary, Entitlement, Scheme};
use crate::projections::Standing;
use crate::wire::v1;
use std::sync::Arc;

/// The cut that a caller's scope makes.
pub struct Seen {
    /// The carriers, and the whole registry; none: no cut.
    own: Option<(Arc<[IncubatorId]>, Arc<Registry>)>,
}

impl Seen {
    /// The cut for the caller of a question.
    pub fn by(view: &View) -> Self {
        let scope = view.sees.scope();
        Self { own: scope.map(|scope| (Arc::clone(scope.incubators()), Arc::clone(&view.whole.registry))) }
    }

    /// An entitlement as it is told: beside which others it stands is not an operator's to know.
    pub fn wire(&self, district: &str, line: &Standing) -> v1::Entitlement {
        let told = wire::standing(district, line);
        if self.own.is_none() { told } else { v1::Entitlement { stacking: None, ..told } }
    }

    /// Whether an entitlement is seen.
    pub fn passes(&self, entitlement: &Entitlement) -> bool {
        self.sees(entitlement.scheme, &entitlement.beneficiary, &entitlement.period.to_string())
    }

    /// Whether the entitlement that these name is seen.
    pub fn sees(&self, scheme: Scheme, beneficiary: &Beneficiary, period: &str) -> bool {
        let Some((own, registry)) = &self.own else { return true };
        let Beneficiary::Incubator(id) = beneficiary else { return false };
        let year = period.parse::<i16>().ok().filter(|_| scheme == Scheme::IncubatorTaxRebate);
        own.contains(id) && year.is_some_and(|year| same_operator(registry, id, year))
    }
}

/// Whether whoever runs a carrier now ran it all through a year, as far as anyone did.
fn same_operator(registry: &Registry, id: &IncubatorId, year: i16) -> bool {
    let Some(view) = registry.incubator(id, AsOf::NOW) else { return false };
    let Some((first, last)) = Day::from_ymd(year, 1, 1).zip(Day::from_ymd(year, 12, 31)) else { return false };
    let now: Option<Uscc> = view.operators.last().map(|term| term.value.code);
    let ends = view.operators.iter().skip(1).map(|term| Some(term.day)).chain([None]);
    let within =
        view.operators.iter().zip(ends).filter(|(term, end)| term.day <= last && end.is_none_or(|end| end > first));
    within.map(|(term, _)| term.value.code).all(|code| Some(code) == now)
}
