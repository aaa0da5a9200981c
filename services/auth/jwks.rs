//! The keys that tokens are checked with: a JSON Web Key Set (RFC 7517) of public keys.
//!
//! A key says by itself which algorithm it is for; what a token's header says of it is never believed. Kinds of keys that
//! are not known here are passed over, as the RFC asks; a private or symmetric key means that something was published that
//! must not be, and the whole set is refused.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Keys of a set.
const KEYS_MAX: usize = 64;

/// Bits of an RSA modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Members that only private and symmetric keys have.
const SECRETS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

/// One of them.
#[derive(Clone)]
pub struct Key {
    /// Its name in headers of tokens.
    pub id: Option<String>,
    /// What it is for; nothing else is checked with it.
    pub algorithm: Algorithm,
    /// The key.
    pub key: DecodingKey,
    /// SHA-256 of algorithm and key, by which it is known after the set was read anew.
    pub mark: [u8; 32],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl KeySet {
    /// Reads a set; every fault, a sentence each.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<String>> {
        let set: Value = serde_json::from_slice(bytes).map_err(|error| {
            // Its place, and nothing of its content.
            vec![format!("not JSON (line {}, column {})", error.line(), error.column())]
        })?;
        let Some(keys) = set.get("keys").and_then(Value::as_array) else {
            return Err(vec!["not a key set: no list `keys`".to_owned()]);
        };
        if keys.len() > KEYS_MAX {
            return Err(vec![format!("{} keys; at most {KEYS_MAX}", keys.len())]);
        }
        let (mut faults, mut read) = (Vec::new(), Vec::<Key>::new());
        for (number, key) in (1..).zip(keys) {
            match key.as_object().ok_or_else(|| "not an object".to_owned()).and_then(key_of) {
                Ok(Some(key)) if key.id.is_some() && read.iter().any(|other| other.id == key.id) => {
                    faults.push(format!("key {number}: its kid stands there twice"));
                }
                Ok(key) => read.extend(key),
                Err(fault) => faults.push(format!("key {number}: {fault}")),
            }
        }
        if faults.is_empty() && read.is_empty() {
            faults.push("no key for signatures by EdDSA (Ed25519), ES256 or RS256".to_owned());
        }
        if read.len() > 1 && read.iter().any(|key| key.id.is_none()) {
            faults.push("several keys, and one without a kid: which it is no token could tell".to_owned());
        }
        if faults.is_empty() { Ok(Self(read)) } else { Err(faults) }
    }

    /// The key that a token names; without a name, the only one that there is.
    pub fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Whether a key is still among them.
    pub fn has(&self, mark: &[u8; 32]) -> bool {
        self.0.iter().any(|key| key.mark == *mark)
    }
}

/// A key; none where it is of a kind, or for a use, that is not known here.
fn key_of(members: &Map<String, Value>) -> Result<Option<Key>, String> {
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{name} is no text")),
    };
    let kind = text("kty")?.ok_or("no kty")?;
    if kind == "oct" {
        return Err("a symmetric key; take it out, and change it wherever it is used".to_owned());
    }
    if let Some(secret) = SECRETS.iter().find(|name| members.contains_key(**name)) {
        return Err(format!("a private key (member {secret}); take it out, and change it wherever it is used"));
    }
    let (used, operations) = (text("use")?, members.get("key_ops").and_then(Value::as_array));
    let verifies = operations.is_none_or(|list| list.iter().any(|one| one == "verify"));
    if used.is_some_and(|used| used != "sig") || !verifies {
        return Ok(None);
    }
    let needed = |name: &str| text(name)?.ok_or_else(|| format!("no {name}"));
    let (algorithm, key) = match (kind, text("crv")?, text("alg")?) {
        ("RSA", _, None | Some("RS256")) => (Algorithm::RS256, rsa(needed("n")?, needed("e")?)?),
        ("EC", Some("P-256"), None | Some("ES256")) => (Algorithm::ES256, p256(needed("x")?, needed("y")?)?),
        ("OKP", Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => (Algorithm::EdDSA, ed25519(needed("x")?)?),
        _ => return Ok(None),
    };
    let id = text("kid")?.map(str::to_owned);
    Ok(Some(Key { id, algorithm, mark: mark(algorithm, &key), key }))
}

fn rsa(n: &str, e: &str) -> Result<DecodingKey, String> {
    let key = DecodingKey::from_rsa_components(n, e).map_err(|_| "n or e is not base64url")?;
    if let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() {
        let zeros = n.iter().take_while(|byte| **byte == 0).count();
        let bits = n.get(zeros).map_or(0, |first| (n.len() - zeros) * 8 - first.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(format!("an RSA key of {bits} bits; {} to {}", RSA_BITS.start(), RSA_BITS.end()));
        }
        let value = e.iter().try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)));
        if !value.is_some_and(|value| value >= 3 && value % 2 == 1 && value < 1 << 33) {
            return Err("an RSA key whose e can't be one".to_owned());
        }
    }
    Ok(key)
}

fn p256(x: &str, y: &str) -> Result<DecodingKey, String> {
    let key = DecodingKey::from_ec_components(x, y).map_err(|_| "x or y is not base64url")?;
    let point = key.try_get_as_bytes().map_err(|error| error.to_string())?;
    match ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point) {
        Ok(_) if point.len() == 65 => Ok(key),
        _ => Err("x and y are no point of P-256".to_owned()),
    }
}

fn ed25519(x: &str) -> Result<DecodingKey, String> {
    let key = DecodingKey::from_ed_components(x).map_err(|_| "x is not base64url")?;
    let point = key.try_get_as_bytes().map_err(|error| error.to_string())?;
    match ParsedPublicKey::new(&ED25519, point) {
        Ok(_) if point.len() == 32 => Ok(key),
        _ => Err("x is no key of Ed25519".to_owned()),
    }
}

fn mark(algorithm: Algorithm, key: &DecodingKey) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(format!("{algorithm:?}\0"));
    match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) => hasher.update(bytes),
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            hasher.update((n.len() as u64).to_be_bytes());
            hasher.update(n);
            hasher.update(e);
        }
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    // RFC 8037, appendix A.2; RFC 7515, appendix A.3.
    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const EC: &str = r#"{"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn set(keys: &[&str]) -> Result<KeySet, Vec<String>> {
        KeySet::parse(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes())
    }

    fn rsa_key(bytes: usize, more: &str) -> String {
        let n = URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        format!("{{\"kty\":\"RSA\",\"n\":\"{n}\",\"e\":\"AQAB\"{more}}}")
    }

    #[test]
    fn a_key_says_its_algorithm() {
        let keys = set(&[ED, EC, &rsa_key(256, ",\"kid\":\"rsa\"")]).unwrap();
        for (id, algorithm) in [("ed", Algorithm::EdDSA), ("ec", Algorithm::ES256), ("rsa", Algorithm::RS256)] {
            let key = keys.find(Some(id)).unwrap();
            assert_eq!(key.algorithm, algorithm);
            assert!(keys.has(&key.mark));
        }
        assert!(keys.find(None).is_none() && keys.find(Some("other")).is_none());
        let alone = set(&[ED]).unwrap();
        assert!(alone.find(None).is_some() && alone.find(Some("other")).is_none());
        assert!(!alone.has(&keys.find(Some("ec")).unwrap().mark));
    }

    #[test]
    fn keys_that_must_not_be_there_refuse_the_set() {
        let private = ED.replace("\"x\"", "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\"");
        let symmetric = r#"{"kty":"oct","k":"c2VjcmV0"}"#;
        let odd = EC.replace("x_FEz", "x_FEy");
        let short = ED.replace("11qYAYKx", "11qY");
        let bad: &[(&str, &str)] = &[
            (&private, "private key"),
            (symmetric, "symmetric key"),
            (&rsa_key(128, ""), "1024 bits"),
            (&rsa_key(2048, ""), "16384 bits"),
            (&rsa_key(256, "").replace("AQAB", "AQ"), "whose e"),
            (&odd, "no point"),
            (&short, "no key of Ed25519"),
            (r#"{"kty":"RSA","n":"!","e":"AQAB"}"#, "not base64url"),
            (r#"{"kty":"OKP","crv":"Ed25519"}"#, "no x"),
            (r#"{"kty":7}"#, "kty is no text"),
            ("7", "not an object"),
        ];
        for (key, expected) in bad {
            // Beside a good one, too.
            for keys in [vec![*key], vec![EC, *key]] {
                let faults = set(&keys).unwrap_err();
                assert!(faults.iter().any(|fault| fault.contains(expected)), "{key}: {faults:?}");
            }
        }
        assert!(set(&[ED, ED]).unwrap_err()[0].contains("twice"));
        assert!(set(&[ED, &rsa_key(256, "")]).unwrap_err()[0].contains("without a kid"));
        assert!(KeySet::parse(b"[]").unwrap_err()[0].contains("no list"));
        assert!(KeySet::parse(b"{\"keys\":\"s3cret").unwrap_err()[0].starts_with("not JSON (line 1"));
    }

    #[test]
    fn keys_of_other_kinds_are_passed_over() {
        let other: &[&str] = &[
            r#"{"kty":"EC","crv":"P-384","kid":"x","x":"","y":""}"#,
            r#"{"kty":"AKP","kid":"y","alg":"ML-DSA-44","pub":""}"#,
            &rsa_key(256, ",\"use\":\"enc\""),
            &rsa_key(256, ",\"alg\":\"PS256\""),
            &rsa_key(256, ",\"key_ops\":[\"encrypt\"]"),
        ];
        for key in other {
            assert!(set(&[ED, key]).unwrap().find(None).is_some(), "{key}");
            assert!(set(&[key]).unwrap_err()[0].starts_with("no key for signatures"), "{key}");
        }
    }
}
