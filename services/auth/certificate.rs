//! What is read of a client's certificate: its names, its serial, its days. That it is signed by a trusted authority, for
//! clients and by whoever holds its key, TLS has made sure of before; when the authorities change, it is asked once more.

use super::Why;
use super::denylist::{Denylist, serial};
use super::principals::{NAME_KINDS, name_of};
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// Names of one certificate that are looked at.
const NAMES_MAX: usize = 64;

/// One of the certificates that were shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its serial, as the denylist keeps it.
    pub serial: String,
    /// Unix seconds of its begin.
    pub not_before: i64,
    /// Unix seconds of its last moment.
    pub not_after: i64,
}

/// A client's certificate, with those between it and its authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject alternative names, written `URI:…`, `DNS:…` or `email:…`, as the file of principals does.
    pub names: Vec<String>,
    /// Itself, then whatever was shown beside it.
    pub links: Vec<Link>,
    /// The same in DER, for whoever verifies them anew.
    pub chain: Vec<CertificateDer<'static>>,
    /// SHA-256 of the authorities that were trusted when it was shown.
    authorities: [u8; 32],
    /// SHA-256 over the chain.
    fingerprint: [u8; 32],
    /// Of those beside it, how many were over when it was shown: TLS found a way without them.
    over: usize,
}

impl Link {
    fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let validity = certificate.validity();
        Some(Self {
            serial: serial(&hex::encode(certificate.raw_serial()))?,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }
}

impl Certificate {
    /// Reads the chain that was shown at this time in Unix seconds; none where one of it can't be read to its end.
    pub fn read(chain: &[CertificateDer<'_>], authorities: [u8; 32], now: i64) -> Option<Self> {
        let read = |der| X509Certificate::from_der(der).ok().filter(|(rest, _)| rest.is_empty());
        let read: Option<Vec<_>> = chain.iter().map(|der| read(der.as_ref()).map(|(_, one)| one)).collect();
        let read = read?;
        let alternative = read.first()?.subject_alternative_name().ok()?;
        let names = alternative.iter().flat_map(|names| &names.value.general_names).take(NAMES_MAX);
        let [uri, dns, email] = NAME_KINDS;
        let name = |name: &GeneralName<'_>| match name {
            GeneralName::URI(name) => name_of(&format!("{uri}:{name}")),
            GeneralName::DNSName(name) => name_of(&format!("{dns}:{name}")),
            GeneralName::RFC822Name(name) => name_of(&format!("{email}:{name}")),
            _ => None,
        };
        let mut hasher = Sha256::new();
        chain.iter().for_each(|der| hasher.update(Sha256::digest(der)));
        let links = read.iter().map(Link::of).collect::<Option<Vec<_>>>()?;
        Some(Self {
            names: names.filter_map(name).collect(),
            over: over(&links, now),
            links,
            chain: chain.iter().map(|der| der.clone().into_owned()).collect(),
            authorities,
            fingerprint: hasher.finalize().into(),
        })
    }

    /// Whether it holds at this time, in Unix seconds: connections live longer than the check when they begin. Its own days
    /// count here, those of the others by `to_judge`; the denylist, for each of them.
    pub fn holds(&self, now: i64, denylist: Option<&Denylist>) -> Result<(), Why> {
        let Some(own) = self.links.first() else { return Err(Why::Malformed) };
        if now > own.not_after {
            return Err(Why::Expired);
        }
        if now < own.not_before {
            return Err(Why::NotYetValid);
        }
        let denies = |list: &Denylist| self.links.iter().any(|link| list.denies_certificate(&link.serial));
        if denylist.is_some_and(denies) { Err(Why::Denied) } else { Ok(()) }
    }

    /// Under what name to remember whether it is verified anew, now that these authorities are trusted; none: what TLS found
    /// when it was shown still counts.
    pub fn to_judge(&self, authorities: &[u8; 32], now: i64) -> Option<[u8; 32]> {
        let over = over(&self.links, now);
        if over == self.over && *authorities == self.authorities {
            return None;
        }
        let hasher = Sha256::new().chain_update(self.fingerprint).chain_update(authorities);
        Some(hasher.chain_update((over as u64).to_be_bytes()).finalize().into())
    }
}

/// How many of those beside the certificate itself are over.
fn over(links: &[Link], now: i64) -> usize {
    links.iter().skip(1).filter(|link| now > link.not_after).count()
}
