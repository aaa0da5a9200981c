//! What is read of a client's certificate: its names, its serial, its days. That it is signed by a trusted authority, for
//! clients and by whoever holds its key, TLS has made sure of before.

use super::Why;
use super::denylist::{Denylist, serial};
use super::principals::{NAME_KINDS, name_of};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// Names of one certificate that are looked at.
const NAMES_MAX: usize = 64;

/// A client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its subject alternative names, written `URI:…`, `DNS:…` or `email:…`, as the file of principals does.
    pub names: Vec<String>,
    /// Its serial, as the denylist keeps it.
    pub serial: String,
    /// Unix seconds of its begin.
    pub not_before: i64,
    /// Unix seconds of its last moment.
    pub not_after: i64,
    /// SHA-256 of the authorities that were trusted when it was shown.
    pub authorities: [u8; 32],
}

impl Certificate {
    /// Reads DER; none where it can't be read to its end.
    pub fn read(der: &[u8], authorities: [u8; 32]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        let alternative = certificate.subject_alternative_name().ok()?;
        let names = alternative.iter().flat_map(|names| &names.value.general_names).take(NAMES_MAX);
        let [uri, dns, email] = NAME_KINDS;
        let name = |name: &GeneralName<'_>| match name {
            GeneralName::URI(name) => name_of(&format!("{uri}:{name}")),
            GeneralName::DNSName(name) => name_of(&format!("{dns}:{name}")),
            GeneralName::RFC822Name(name) => name_of(&format!("{email}:{name}")),
            _ => None,
        };
        let validity = certificate.validity();
        rest.is_empty().then_some(Self {
            names: names.filter_map(name).collect(),
            serial: serial(&hex::encode(certificate.raw_serial()))?,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            authorities,
        })
    }

    /// Whether it holds at this time, in Unix seconds: connections live longer than the check when they begin.
    pub fn holds(&self, now: i64, denylist: Option<&Denylist>) -> Result<(), Why> {
        if now > self.not_after {
            return Err(Why::Expired);
        }
        if now < self.not_before {
            return Err(Why::NotYetValid);
        }
        if denylist.is_some_and(|list| list.denies_certificate(&self.serial)) { Err(Why::Denied) } else { Ok(()) }
    }
}
