//! Who calls, as a credential and the file of principals tell it.

use super::{Certificate, Role, Roles};
use crate::domain::IncubatorId;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where a call comes from.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The other side's address; none where the connection has none.
    pub address: Option<SocketAddr>,
    /// The certificate that the other side proved to hold; none where it showed none.
    pub certificate: Option<Arc<Certificate>>,
}

/// A principal, and what it may be and see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its id, as every event of its keeps it; empty: it named none, and can record nothing.
    pub id: Arc<str>,
    /// What it is.
    pub roles: Roles,
    /// The carriers that it runs, where it is an operator.
    pub incubators: Arc<[IncubatorId]>,
    /// Codes of the districts that it works in; none: all that are served.
    pub districts: Option<Arc<[String]>>,
    /// Ids on whose behalf it may act; none: anyone's.
    pub for_whom: Option<Arc<[Arc<str>]>>,
}

impl Caller {
    /// A principal of this machine, who is trusted with everything.
    pub fn local(id: &str) -> Self {
        Self { id: id.into(), roles: Roles::all(), incubators: Arc::default(), districts: None, for_whom: None }
    }

    /// A principal of these roles: no carriers, every district, on nobody's behalf but its own.
    pub fn of(id: &str, roles: impl IntoIterator<Item = Role>) -> Self {
        Self { roles: roles.into_iter().collect(), for_whom: Some(Arc::default()), ..Self::local(id) }
    }

    /// Whether it works in a district.
    pub fn serves(&self, district: &str) -> bool {
        self.districts.as_ref().is_none_or(|codes| codes.iter().any(|code| code == district))
    }

    /// Whether it runs a carrier.
    pub fn runs(&self, incubator: &IncubatorId) -> bool {
        self.incubators.contains(incubator)
    }

    /// Whether it may act for another.
    pub fn may_act_for(&self, id: &str) -> bool {
        self.for_whom.as_ref().is_none_or(|ids| ids.iter().any(|one| &**one == id))
    }
}
