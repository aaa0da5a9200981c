//! Real credentials: client certificates, signed tokens, static tokens; each file read again when it changes.
//!
//! A token, where there is one, says who calls; else the certificate does. A certificate that was shown must hold either
//! way. Every call is judged anew, with the files as they are then, and so is every stream once a second: whatever is taken
//! back ends within seconds. When the authorities of clients change, the chain that an open connection has shown is verified
//! against the new ones: what they accept goes on as if nothing had been.

use super::certificate::Certificate;
use super::denylist::Denylist;
use super::jwks::KeySet;
use super::principals::Principals;
use super::reload::{Source, Watched, keep_looking};
use super::static_tokens::StaticTokens;
use super::tls::{Tls, TlsFiles};
use super::token::{self, Claimed, Expected, TOKEN_BYTES_MAX};
use super::{Authenticate, Caller, Peer, Why};
use crate::domain::{Reason, Refusal};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rustls::pki_types::UnixTime;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tokens whose signature was found good and is not checked again.
const CHECKED_MAX: usize = 4096;

/// Chains that were verified once more and are not again.
const JUDGED_MAX: usize = 4096;

/// The files and words that credentials are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFiles {
    /// TLS; none: the listener is in clear.
    pub tls: Option<TlsFiles>,
    /// The key set of signed tokens, with the issuer and the audience that these must state.
    pub keys: Option<(PathBuf, String, String)>,
    /// Static tokens.
    pub tokens: Option<PathBuf>,
    /// The principals.
    pub principals: PathBuf,
    /// What is denied.
    pub denylist: Option<PathBuf>,
}

/// Who calls, by real credentials.
pub struct Credentials {
    tls: Option<Watched<Tls>>,
    keys: Option<(Watched<KeySet>, Expected)>,
    tokens: Option<Watched<StaticTokens>>,
    principals: Watched<Principals>,
    denylist: Option<Watched<Denylist>>,
    /// What signed tokens claim whose signature was found good, by the SHA-256 of the token.
    checked: Mutex<HashMap<[u8; 32], Arc<Claimed>>>,
    /// Whether chains of open connections hold under other authorities than those they were shown to.
    judged: Mutex<HashMap<[u8; 32], bool>>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl CredentialFiles {
    /// Reads every file; every fault of each, a sentence each.
    pub fn open(&self) -> Result<Credentials, Vec<String>> {
        let mut faults = Vec::new();
        let tls = self.tls.as_ref().map(TlsFiles::open).transpose();
        let tls = tls.map_err(|found| faults.extend(found)).ok().flatten();
        let id_required = self.denylist.is_some();
        let keys = self.keys.as_ref().and_then(|(path, issuer, audience)| {
            let keys = open(Source::new("--jwks", path), KeySet::parse, &mut faults)?;
            Some((keys, Expected { issuer: issuer.clone(), audience: audience.clone(), id_required }))
        });
        let tokens = self.tokens.as_ref();
        let tokens = tokens.and_then(|path| {
            open(Source::new("--tokens", path), |bytes| StaticTokens::parse(text(bytes)?), &mut faults)
        });
        let principals = Source::new("--principals", &self.principals);
        let principals = open(principals, |bytes| Principals::parse(text(bytes)?), &mut faults);
        let denylist = self.denylist.as_ref();
        let denylist = denylist
            .and_then(|path| open(Source::new("--denylist", path), |bytes| Denylist::parse(text(bytes)?), &mut faults));
        match principals {
            Some(principals) if faults.is_empty() => {
                let (checked, judged) = (Mutex::default(), Mutex::default());
                Ok(Credentials { tls, keys, tokens, principals, denylist, checked, judged })
            }
            _ => Err(faults),
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Vec<String>> {
    std::str::from_utf8(bytes).map_err(|_| vec!["not UTF-8".to_owned()])
}

/// A file of its own; none where it has faults, which are noted with its name.
fn open<T: Send + Sync + 'static>(
    source: Source,
    parse: fn(&[u8]) -> Result<T, Vec<String>>,
    faults: &mut Vec<String>,
) -> Option<Watched<T>> {
    let named = source.clone();
    let read = move |files: &[Vec<u8>]| {
        parse(&files[0]).map_err(|found| found.into_iter().map(|what| named.fault(what)).collect())
    };
    Watched::open(vec![source], read).map_err(|found: Vec<String>| faults.extend(found)).ok()
}

impl Credentials {
    /// TLS as it is set up now; none: in clear.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.as_ref().map(Watched::get)
    }

    /// Looks at the files, and reads those that changed.
    pub fn look(&self) {
        if let Some(tls) = &self.tls {
            tls.look();
        }
        if let Some((keys, _)) = &self.keys {
            keys.look();
        }
        if let Some(tokens) = &self.tokens {
            tokens.look();
        }
        self.principals.look();
        if let Some(denylist) = &self.denylist {
            denylist.look();
        }
    }

    /// Looks at the files every second, as long as somebody holds this.
    pub fn keep_looking(self: &Arc<Self>) -> std::io::Result<()> {
        keep_looking(self, Self::look)
    }

    /// Who calls, at this time in Unix seconds.
    fn judge(&self, headers: &HeaderMap, peer: &Peer, now: i64) -> Result<Arc<Caller>, Refusal> {
        let denylist = self.denylist.as_ref().map(Watched::get);
        if let Some(certificate) = &peer.certificate {
            self.certificate(certificate, denylist.as_deref(), now)?;
        }
        let principals = self.principals.get();
        let mut presented = headers.get_all(AUTHORIZATION).iter();
        let id = match (presented.next(), presented.next(), &peer.certificate) {
            (Some(one), None, _) => self.bearer(one.as_bytes(), denylist.as_deref(), now)?,
            (Some(_), Some(_), _) => return Err(Why::Malformed.into()),
            (None, _, Some(certificate)) => {
                let caller = principals.named(&certificate.names);
                return caller.cloned().ok_or_else(|| Why::UnknownPrincipal.into());
            }
            (None, _, None) => {
                let message = "a bearer token or a client certificate says who calls; there is neither";
                return Err(Refusal::new(Reason::NoPrincipal, message).with("header", AUTHORIZATION));
            }
        };
        principals.get(&id).cloned().ok_or_else(|| Why::UnknownPrincipal.into())
    }

    /// Whether a certificate that an open connection has shown still holds.
    pub fn believes(&self, shown: &Certificate) -> Result<(), Why> {
        let denylist = self.denylist.as_ref().map(Watched::get);
        self.certificate(shown, denylist.as_deref(), unix_now())
    }

    fn certificate(&self, shown: &Certificate, denylist: Option<&Denylist>, now: i64) -> Result<(), Why> {
        shown.holds(now, denylist)?;
        let tls = self.tls().ok_or(Why::Denied)?;
        let Some(name) = shown.to_judge(&tls.authorities, now) else { return Ok(()) };
        let lock = || self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&name).copied();
        let accepted = known.unwrap_or_else(|| {
            let seconds = Duration::from_secs(u64::try_from(now).unwrap_or_default());
            let accepted = tls.accepts(&shown.chain, UnixTime::since_unix_epoch(seconds));
            let mut judged = lock();
            if judged.len() >= JUDGED_MAX {
                judged.clear();
            }
            judged.insert(name, accepted);
            accepted
        });
        if accepted { Ok(()) } else { Err(Why::Denied) }
    }

    /// The id that a bearer token stands for.
    fn bearer(&self, header: &[u8], denylist: Option<&Denylist>, now: i64) -> Result<Arc<str>, Why> {
        if header.len() > TOKEN_BYTES_MAX + "Bearer ".len() {
            return Err(Why::TooLarge);
        }
        let header = std::str::from_utf8(header).map_err(|_| Why::Malformed)?;
        let (scheme, token) = header.split_once(' ').ok_or(Why::Malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(Why::Malformed);
        }
        if let Some(tokens) = &self.tokens
            && let Some(known) = tokens.get().find(token)
        {
            return Ok(known.principal.clone());
        }
        let Some((keys, expected)) = &self.keys else { return Err(Why::UnknownToken) };
        let claimed = self.checked(token, &keys.get(), expected)?;
        claimed.holds(now)?;
        let denied = claimed.id.as_ref().zip(denylist).is_some_and(|(id, list)| list.denies_token(id));
        if denied { Err(Why::Denied) } else { Ok(claimed.subject.as_str().into()) }
    }

    /// What a signed token claims; its signature is checked once for as long as the key is in the set.
    fn checked(&self, token: &str, keys: &KeySet, expected: &Expected) -> Result<Arc<Claimed>, Why> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let lock = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&hash).filter(|known| keys.has(&known.key)) {
            return Ok(known.clone());
        }
        let claimed = Arc::new(token::check(token, keys, expected)?);
        let mut checked = lock();
        if checked.len() >= CHECKED_MAX {
            checked.clear();
        }
        checked.insert(hash, claimed.clone());
        Ok(claimed)
    }
}

impl Authenticate for Credentials {
    fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Arc<Caller>, Refusal> {
        self.judge(headers, peer, unix_now())
    }
}

/// Now, in Unix seconds.
pub fn unix_now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or(i64::MAX)
}
