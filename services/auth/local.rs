//! Local trust: on loopback, with no credentials set up, a header names the principal, who may do everything.

use super::{Authenticate, Caller, Peer, header_id};
use crate::domain::Refusal;
use http::HeaderMap;
use std::sync::Arc;

/// Header that names the principal where there is local trust: 1 to 128 visible ASCII characters.
pub const PRINCIPAL_HEADER: &str = "incubation-principal";

/// Believes the header. Without one, or with one that can't be an id, who calls has no name: it may ask, and what it would
/// record is refused for want of one.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalTrust;

impl Authenticate for LocalTrust {
    fn authenticate(&self, headers: &HeaderMap, _: &Peer) -> Result<Arc<Caller>, Refusal> {
        Ok(Arc::new(Caller::local(header_id(headers, PRINCIPAL_HEADER).flatten().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Roles;

    #[test]
    fn a_header_of_visible_ascii_names_the_principal() {
        let mut headers = HeaderMap::new();
        let told = |headers: &HeaderMap| LocalTrust.authenticate(headers, &Peer::default()).unwrap();
        assert_eq!(&*told(&headers).id, "");
        headers.insert(PRINCIPAL_HEADER, "clerk-7".parse().unwrap());
        assert_eq!(*told(&headers), Caller::local("clerk-7"));
        assert_eq!(told(&headers).roles, Roles::all());
        headers.append(PRINCIPAL_HEADER, "clerk-8".parse().unwrap());
        assert_eq!(&*told(&headers).id, "");
        for bad in ["", "a b", &"x".repeat(129)] {
            headers.insert(PRINCIPAL_HEADER, bad.parse().unwrap());
            assert_eq!(&*told(&headers).id, "", "{bad:?}");
        }
    }
}
