//! Tokens of small sites: long random words, of which the file keeps the SHA-256 alone.
//!
//! ```sh
//! openssl rand -hex 32 | tee clerk-7.token | tr -d '\n' | sha256sum
//! ```
//! ```toml
//! [[token]]
//! principal = "clerk-7"
//! sha256 = "9f86d0…"
//! ```
//! To take one back, take it out of the file.

use super::is_id;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Characters of the shortest token: 32 random bytes in base64url without padding.
pub const TOKEN_CHARS_MIN: usize = 43;

/// The tokens, by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticTokens(Vec<StaticToken>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticToken {
    /// Whose it is.
    pub principal: Arc<str>,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    principal: String,
    sha256: String,
}

impl StaticTokens {
    /// Reads the file; every fault, a sentence each.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let file: File = super::toml_of(text)?;
        let (mut faults, mut tokens) = (Vec::new(), Vec::<StaticToken>::new());
        for (number, entry) in (1..).zip(file.token) {
            let mut sha256 = [0; 32];
            if !is_id(&entry.principal) {
                faults.push(format!("token {number}: principal {:?} can't be an id", entry.principal));
            }
            if hex::decode_to_slice(&entry.sha256, &mut sha256).is_err() {
                // Not repeated: it may be the token itself.
                faults.push(format!("token {number}: sha256 is not 64 hexadecimal digits"));
            } else if tokens.iter().any(|token| token.sha256 == sha256) {
                faults.push(format!("token {number}: the same sha256 stands there twice"));
            }
            tokens.push(StaticToken { principal: entry.principal.into(), sha256 });
        }
        if faults.is_empty() { Ok(Self(tokens)) } else { Err(faults) }
    }

    /// The one that was presented, compared with each in constant time.
    pub fn find(&self, presented: &str) -> Option<&StaticToken> {
        if presented.len() < TOKEN_CHARS_MIN {
            return None;
        }
        self.of_hash(&Sha256::digest(presented).into())
    }

    /// The one with this hash.
    pub fn of_hash(&self, sha256: &[u8; 32]) -> Option<&StaticToken> {
        let same = |token: &&StaticToken| verify_slices_are_equal(&token.sha256, sha256).is_ok();
        // No end before the last one: how long it takes tells nothing.
        self.0.iter().filter(same).fold(None, |_, token| Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(token: &str) -> String {
        format!("[[token]]\nprincipal = \"clerk-7\"\nsha256 = \"{}\"\n", hex::encode(Sha256::digest(token)))
    }

    #[test]
    fn a_token_is_found_by_its_hash() {
        let token = "x".repeat(TOKEN_CHARS_MIN);
        let tokens = StaticTokens::parse(&file(&token)).unwrap();
        assert_eq!(&*tokens.find(&token).unwrap().principal, "clerk-7");
        assert_eq!(tokens.find(&"y".repeat(TOKEN_CHARS_MIN)), None);
        // Its hash is no token, and a short one is none even where its hash stands in the file.
        assert_eq!(tokens.find(&hex::encode(Sha256::digest(&token))), None);
        assert_eq!(StaticTokens::parse(&file("short")).unwrap().find("short"), None);
    }

    #[test]
    fn faults_are_told_and_no_token_is() {
        let secret = "s".repeat(50);
        let text = format!("[[token]]\nprincipal = \"a b\"\nsha256 = \"{secret}\"\n");
        let faults = StaticTokens::parse(&text).unwrap_err();
        assert_eq!(faults.len(), 2);
        assert!(!faults.concat().contains(&secret), "{faults:?}");
        let twice = file("x").repeat(2);
        assert!(StaticTokens::parse(&twice).unwrap_err()[0].contains("twice"));
        let text = format!("token = \"{secret}\"");
        assert!(!StaticTokens::parse(&text).unwrap_err().concat().contains(&secret));
    }
}
