//! The options of identity: which credentials are believed, and what must be there together.

use crate::auth::{CallerLimits, CredentialFiles, Credentials, TlsFiles};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Identity as typed. Each file is read again when it changes; replace it by renaming another into place.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Identity")]
pub struct IdentityOptions {
    /// Certificate of the server, with those between it and its authority (PEM).
    #[arg(long, value_name = "FILE", env = "INCUBATORD_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// Key of that certificate (PEM), which nobody but its owner may be able to read.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Authorities of client certificates (PEM). Without --jwks and --tokens, every client must show one.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_CLIENT_CA")]
    pub client_ca: Option<PathBuf>,
    /// Public keys of signed tokens, a JSON Web Key Set: Ed25519, P-256, RSA from 2048 bits on.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_JWKS")]
    pub jwks: Option<PathBuf>,
    /// The `iss` of signed tokens, exactly.
    #[arg(long, value_name = "TEXT", env = "INCUBATORD_ISSUER")]
    pub issuer: Option<String>,
    /// The `aud` of signed tokens, exactly.
    #[arg(long, value_name = "TEXT", env = "INCUBATORD_AUDIENCE")]
    pub audience: Option<String>,
    /// Static tokens, by their hashes (TOML).
    #[arg(long, value_name = "FILE", env = "INCUBATORD_TOKENS")]
    pub tokens: Option<PathBuf>,
    /// Who may call, as what, and by which names certificates know it (TOML).
    #[arg(long, value_name = "FILE", env = "INCUBATORD_PRINCIPALS")]
    pub principals: Option<PathBuf>,
    /// Ids of tokens and serials of certificates that are taken back (TOML). With it, a signed token needs a `jti`.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_DENYLIST")]
    pub denylist: Option<PathBuf>,
    /// What callers and strangers may take (TOML); what it does not state stays as it is. Read at the start only.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_LIMITS_OF_CALLERS")]
    pub limits_of_callers: Option<PathBuf>,
}

/// Identity that holds.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The credentials; none: local trust, on loopback.
    pub credentials: Option<Arc<Credentials>>,
    /// What callers may take.
    pub limits: CallerLimits,
}

impl IdentityOptions {
    /// What they come to for a listener, or everything that is wrong, a sentence each.
    pub fn validate(&self, listen: Option<SocketAddr>) -> Result<Identity, Vec<String>> {
        let mut faults = self.together();
        if let Some(address) = listen.filter(|address| !address.ip().is_loopback()) {
            faults.extend(self.missing_beyond(address));
        }
        let limits = self.limits_of_callers.as_deref().map_or_else(|| Ok(CallerLimits::default()), limits);
        let limits = limits.map_err(|found| faults.extend(found)).unwrap_or_default();
        let credentials = self.files().map(|files| files.open()).transpose();
        let credentials = credentials.map_err(|found| faults.extend(found)).ok().flatten().map(Arc::new);
        if faults.is_empty() { Ok(Identity { credentials, limits }) } else { Err(faults) }
    }

    fn any_way(&self) -> bool {
        self.client_ca.is_some() || self.jwks.is_some() || self.tokens.is_some()
    }

    /// What must stand beside what is there.
    fn together(&self) -> Vec<String> {
        let tls = self.tls_cert.is_some() || self.tls_key.is_some();
        let way = self.any_way();
        let why = "no --client-ca, --jwks or --tokens, so nobody could tell who calls";
        let rules: [(bool, String); 9] = [
            (self.tls_cert.is_some() && self.tls_key.is_none(), "--tls-cert: its --tls-key is missing".to_owned()),
            (self.tls_key.is_some() && self.tls_cert.is_none(), "--tls-key: its --tls-cert is missing".to_owned()),
            (self.client_ca.is_some() && !tls, "--client-ca: certificates need --tls-cert and --tls-key".to_owned()),
            (self.jwks.is_some() && !filled(self.issuer.as_ref()), "--jwks: --issuer TEXT is missing".to_owned()),
            (self.jwks.is_some() && !filled(self.audience.as_ref()), "--jwks: --audience TEXT is missing".to_owned()),
            (
                self.jwks.is_none() && (self.issuer.is_some() || self.audience.is_some()),
                "--issuer and --audience are about signed tokens: --jwks is missing".to_owned(),
            ),
            (!way && (tls || self.principals.is_some()), format!("--tls-cert, --principals: {why}")),
            (
                way && self.principals.is_none(),
                "--principals FILE is missing: it says who may call, as what".to_owned(),
            ),
            (
                self.denylist.is_some() && self.client_ca.is_none() && self.jwks.is_none(),
                "--denylist is about certificates and signed tokens: --client-ca and --jwks are missing".to_owned(),
            ),
        ];
        rules.into_iter().filter(|(broken, _)| *broken).map(|(_, what)| what).collect()
    }

    /// What a listener that others reach needs besides.
    fn missing_beyond(&self, address: SocketAddr) -> Vec<String> {
        let missing = [
            (self.tls_cert.is_none() && self.tls_key.is_none(), "--tls-cert and --tls-key"),
            (!self.any_way(), "one of --client-ca, --jwks and --tokens"),
            (self.principals.is_none(), "--principals"),
        ];
        let missing = missing.iter().filter(|(missing, _)| *missing);
        missing.map(|(_, what)| format!("--listen {address}: beyond loopback {what} must be there")).collect()
    }

    /// The files to read; none: local trust.
    fn files(&self) -> Option<CredentialFiles> {
        let principals = self.principals.clone().filter(|_| self.any_way())?;
        let tls = self.tls_cert.clone().zip(self.tls_key.clone()).map(|(certificate, key)| TlsFiles {
            certificate,
            key,
            client_authorities: self.client_ca.clone(),
            client_certificate_required: self.jwks.is_none() && self.tokens.is_none(),
        });
        let words = (self.issuer.clone().unwrap_or_default(), self.audience.clone().unwrap_or_default());
        let keys = self.jwks.clone().map(|path| (path, words.0, words.1));
        let (tokens, denylist) = (self.tokens.clone(), self.denylist.clone());
        Some(CredentialFiles { tls, keys, tokens, principals, denylist })
    }
}

fn filled(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn limits(path: &Path) -> Result<CallerLimits, Vec<String>> {
    let fault = |what: String| format!("--limits-of-callers {}: {what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| vec![fault(error.to_string())])?;
    CallerLimits::parse(&text).map_err(|faults| faults.into_iter().map(fault).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEYOND: &str = "192.0.2.1:50440";

    fn faults(options: &IdentityOptions, listen: &str) -> Vec<String> {
        options.validate(Some(listen.parse().unwrap())).err().unwrap_or_default()
    }

    #[test]
    fn nothing_is_local_trust_on_loopback_alone() {
        let none = IdentityOptions::default();
        assert!(none.validate(Some("127.0.0.1:1".parse().unwrap())).unwrap().credentials.is_none());
        let missing = faults(&none, BEYOND);
        assert_eq!(missing.len(), 3, "{missing:?}");
        for (fault, what) in missing.iter().zip(["--tls-cert", "--client-ca", "--principals"]) {
            assert!(fault.contains(what) && fault.contains(BEYOND), "{fault}");
        }
    }

    #[test]
    fn what_belongs_together_is_asked_for_at_once() {
        let path = || Some(PathBuf::from("/nowhere"));
        let options = IdentityOptions { client_ca: path(), jwks: path(), denylist: path(), ..Default::default() };
        let found = faults(&options, "127.0.0.1:1");
        assert_eq!(found.len(), 4, "{found:?}");
        let options = IdentityOptions { tls_cert: path(), denylist: path(), ..Default::default() };
        assert_eq!(faults(&options, "127.0.0.1:1").len(), 3);
        let options = IdentityOptions { issuer: Some("x".into()), principals: path(), ..Default::default() };
        assert_eq!(faults(&options, "127.0.0.1:1").len(), 2);
        // Every file that can't be read is told beside what is missing.
        let options = IdentityOptions {
            jwks: path(),
            tokens: path(),
            principals: path(),
            limits_of_callers: path(),
            ..Default::default()
        };
        let found = faults(&options, BEYOND);
        assert_eq!(found.len(), 7, "{found:?}");
    }
}
