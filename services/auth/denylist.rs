//! What is not believed any more: ids of tokens (`jti`) and serials of certificates.
//!
//! ```toml
//! tokens = ["0b6c…"]          # the claim jti
//! certificates = ["4f0a12"]   # openssl x509 -noout -serial -in FILE
//! ```
//! A serial denies a client's certificate, and whatever was shown with a certificate of that serial between it and its
//! authority. An authority itself is taken out of the file of authorities.
//!
//! Replace the file by renaming another into place; it is read within a second or two.

use std::collections::HashSet;

/// Bytes of an id of a token.
pub const TOKEN_ID_BYTES_MAX: usize = 256;

/// What is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denylist {
    tokens: HashSet<String>,
    certificates: HashSet<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    tokens: Vec<String>,
    #[serde(default)]
    certificates: Vec<String>,
}

impl Denylist {
    /// Reads the file; every fault, a sentence each.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let file: File = super::toml_of(text)?;
        let mut faults = Vec::new();
        for id in &file.tokens {
            if id.is_empty() || id.len() > TOKEN_ID_BYTES_MAX {
                faults.push(format!("tokens: an id has 1 to {TOKEN_ID_BYTES_MAX} bytes"));
            }
        }
        let serial = |text: &String| match serial(text) {
            Some(serial) => serial,
            None => {
                faults.push(format!("certificates: {text:?} is no serial in hexadecimal digits"));
                String::new()
            }
        };
        let certificates = file.certificates.iter().map(serial).collect();
        if faults.is_empty() {
            Ok(Self { tokens: file.tokens.into_iter().collect(), certificates })
        } else {
            Err(faults)
        }
    }

    /// Whether a token is denied, by its id.
    pub fn denies_token(&self, id: &str) -> bool {
        self.tokens.contains(id)
    }

    /// Whether a certificate is denied, by its serial as `serial` writes it.
    pub fn denies_certificate(&self, serial: &str) -> bool {
        self.certificates.contains(serial)
    }
}

/// A serial in lower hexadecimal digits without zeros before it, however openssl or a browser wrote it.
pub fn serial(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
    let hex = !digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bare = digits.trim_start_matches('0');
    hex.then(|| if bare.is_empty() { "0".to_owned() } else { bare.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_the_same_however_they_are_written() {
        let list = Denylist::parse("tokens = [\"a\"]\ncertificates = [\"0A:1b\", \"00\"]\n").unwrap();
        assert!(list.denies_certificate("a1b") && list.denies_certificate("0") && list.denies_token("a"));
        assert!(!list.denies_certificate("a1") && !list.denies_token("b"));
        assert_eq!(serial("0A1B"), serial("a1b"));
        assert_eq!(Denylist::parse("").unwrap(), Denylist::default());
    }

    #[test]
    fn faults_are_told() {
        let faults = Denylist::parse("tokens = [\"\"]\ncertificates = [\"x\", \"\"]\n").unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(Denylist::parse("serials = []").unwrap_err()[0].contains("serials"));
    }
}
