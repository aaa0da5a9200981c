//! TLS: the server's certificate and key, and whose client certificates are believed.

use super::reload::{Source, Watched};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

/// Certificates of a file.
const CERTIFICATES_MAX: usize = 64;

/// The files of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate and those between it and its authority, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The authorities of clients' certificates, PEM; none: clients show none.
    pub client_authorities: Option<PathBuf>,
    /// Whether a client must show a certificate; else it may.
    pub client_certificate_required: bool,
}

/// What a handshake is made with.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The settings.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the authorities of clients' certificates.
    pub authorities: [u8; 32],
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Tls {
    /// Whether a handshake would take a chain that was shown in an earlier one, at this time.
    pub fn accepts(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        let Some((own, others)) = chain.split_first() else { return false };
        self.verifier.offer_client_auth() && self.verifier.verify_client_cert(own, others, now).is_ok()
    }
}

/// The one provider of cryptography.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

impl TlsFiles {
    /// Reads them, now and whenever they change.
    pub fn open(&self) -> Result<Watched<Tls>, Vec<String>> {
        let mut sources = vec![Source::new("--tls-cert", &self.certificate), Source::secret("--tls-key", &self.key)];
        sources.extend(self.client_authorities.iter().map(|path| Source::new("--client-ca", path)));
        let (named, required) = (sources.clone(), self.client_certificate_required);
        Watched::open(sources, move |files| read(&named, files, required))
    }
}

fn read(sources: &[Source], files: &[Vec<u8>], required: bool) -> Result<Tls, Vec<String>> {
    let mut faults = Vec::new();
    let chain = certificates(&files[0]).map_err(|what| faults.push(sources[0].fault(what))).unwrap_or_default();
    let key = PrivateKeyDer::from_pem_slice(&files[1]);
    // What the library says of a key's text might repeat some of it.
    let key = key.map_err(|_| faults.push(sources[1].fault("no private key in PEM"))).ok();
    let authorities = files.get(2).map_or([0; 32], |file| Sha256::digest(file).into());
    let verifier = match (sources.get(2), files.get(2)) {
        (Some(source), Some(file)) => verifier(file, required).map_err(|what| faults.push(source.fault(what))).ok(),
        _ => Some(Arc::new(NoClientAuth) as Arc<dyn ClientCertVerifier>),
    };
    let (Some(key), Some(verifier)) = (key, verifier) else { return Err(faults) };
    if !faults.is_empty() {
        return Err(faults);
    }
    let made = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let made = made.map(|builder| builder.with_client_cert_verifier(verifier.clone()).with_single_cert(chain, key));
    match made {
        Ok(Ok(mut config)) => {
            config.alpn_protocols = vec![b"h2".to_vec()];
            // A resumed session repeats the client's certificates and verifies none of them: every one begins anew.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Ok(Tls { config: Arc::new(config), authorities, verifier })
        }
        Ok(Err(error)) | Err(error) => Err(vec![sources[1].fault(format_args!("with the certificate: {error}"))]),
    }
}

fn verifier(file: &[u8], required: bool) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| format!("no authority: {error}"))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let builder = if required { builder } else { builder.allow_unauthenticated() };
    builder.build().map(|verifier| verifier as Arc<dyn ClientCertVerifier>).map_err(|error| error.to_string())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(CERTIFICATES_MAX + 1).collect();
    match read {
        Err(_) => Err("not PEM".to_owned()),
        Ok(none) if none.is_empty() => Err("no certificate in PEM".to_owned()),
        Ok(many) if many.len() > CERTIFICATES_MAX => Err(format!("more than {CERTIFICATES_MAX} certificates")),
        Ok(certificates) => Ok(certificates),
    }
}
