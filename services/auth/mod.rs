//! Who calls, and what they may do: a credential becomes a `Caller`, whose roles one table holds against the method called.
//!
//! Everything is denied that nothing allows. How a credential is told true is the business of whatever implements
//! `Authenticate`; what follows from the `Caller` is the same for all of them.

mod authenticator;
mod caller;
mod certificate;
pub mod denylist;
pub mod jwks;
mod limits;
mod local;
pub mod principals;
mod reload;
mod role;
pub mod scope;
pub mod static_tokens;
pub mod table;
mod tls;
pub mod token;
mod why;

pub use authenticator::{CredentialFiles, Credentials, unix_now};
pub use caller::{Caller, Peer};
pub use certificate::Certificate;
pub use limits::{CallerLimits, Limited, Running, Usage, Usages};
pub use local::{LocalTrust, PRINCIPAL_HEADER};
pub use role::{Role, Roles};
pub use scope::Scope;
pub use table::Call;
pub use tls::{Tls, TlsFiles};
pub use why::Why;

use crate::domain::Refusal;
use http::HeaderMap;
use std::fmt::Debug;
use std::sync::Arc;

/// Bytes that the id of a principal may have.
pub const ID_BYTES_MAX: usize = 128;

/// Turns what a call bears into who calls.
pub trait Authenticate: Debug + Send + Sync {
    /// Who calls; or why that can't be told, in a refusal that repeats nothing of a secret.
    fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Arc<Caller>, Refusal>;
}

/// Whether a text can be the id of a principal: 1 to `ID_BYTES_MAX` visible ASCII characters.
pub fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The one value of a header, where it can be an id. None: no such header; inner none: several, or no id.
pub fn header_id<'a>(headers: &'a HeaderMap, header: &str) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(header).iter();
    let text = values.next()?.to_str().ok().filter(|text| is_id(text));
    Some(text.filter(|_| values.next().is_none()))
}

/// A file in TOML. Of what is wrong its place and the key are told, and no value: it may be a secret that was put there.
fn toml_of<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Vec<String>> {
    toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // Values stand in the message between quotes, keys between backticks.
        let said = error.message().lines().next().unwrap_or_default().replace("\\\"", "");
        let quoted = said.split('"').step_by(2).collect::<Vec<_>>().join("…");
        vec![format!("line {line}: {quoted}")]
    })
}
