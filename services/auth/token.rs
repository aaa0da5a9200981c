//! Tokens: JSON Web Tokens (RFC 7519, RFC 9068) signed by a key of the key set.
//!
//! A token says who calls and nothing more: what that principal may do, the file of principals says. The library checks the
//! signature, by the algorithm that the key is for; what is claimed is judged here, where "exactly this issuer" means that.

use super::Why;
use super::denylist::TOKEN_ID_BYTES_MAX;
use super::jwks::KeySet;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};

/// Bytes of a token.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Seconds that the issuer's clock and this one may differ.
pub const SKEW_SECONDS: i64 = 60;

/// Seconds from now within which a token must expire.
pub const LIFE_SECONDS_MAX: i64 = 24 * 3600;

/// Types that a token's header may state, in any case; none is fine too.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// What is expected of every token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The `iss`, exactly.
    pub issuer: String,
    /// The `aud`, or one of them, exactly.
    pub audience: String,
    /// Whether a token needs a `jti`, by which it could be denied.
    pub id_required: bool,
}

/// What a token claims whose signature and content hold, but for the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The principal.
    pub subject: String,
    /// Its own id.
    pub id: Option<String>,
    /// Unix seconds of its end, this one not included.
    pub expires: i64,
    /// Unix seconds of its begin.
    pub not_before: Option<i64>,
    /// Mark of the key that signed it.
    pub key: [u8; 32],
}

#[derive(serde::Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Checks a token's signature and what it claims, but for the time, which `Claimed::holds` judges at every call.
pub fn check(token: &str, keys: &KeySet, expected: &Expected) -> Result<Claimed, Why> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Why::TooLarge);
    }
    // Its algorithm is one that the library knows, or this fails: `none` is not.
    let header = decode_header(token).map_err(|_| Why::Malformed)?;
    if header.typ.as_ref().is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
        return Err(Why::Malformed);
    }
    let key = keys.find(header.kid.as_deref()).ok_or(Why::UnknownKey)?;
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let claims = decode::<Claims>(token, &key.key, &validation).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Why::BadSignature,
        _ => Why::Malformed,
    })?;
    claimed(claims.claims, key.mark, expected)
}

fn claimed(claims: Claims, key: [u8; 32], expected: &Expected) -> Result<Claimed, Why> {
    if claims.iss.as_ref() != Some(&expected.issuer) {
        return Err(Why::WrongIssuer);
    }
    let meant = match &claims.aud {
        Some(Audience::One(one)) => *one == expected.audience,
        Some(Audience::Many(many)) => many.contains(&expected.audience),
        None => false,
    };
    if !meant {
        return Err(Why::WrongAudience);
    }
    let expires = claims.exp.and_then(seconds).ok_or(Why::Malformed)?;
    let not_before = claims.nbf.map(|nbf| seconds(nbf).ok_or(Why::Malformed)).transpose()?;
    let subject = claims.sub.filter(|sub| super::is_id(sub)).ok_or(Why::Malformed)?;
    let wrong = match &claims.jti {
        Some(id) => id.is_empty() || id.len() > TOKEN_ID_BYTES_MAX,
        None => expected.id_required,
    };
    if wrong { Err(Why::Malformed) } else { Ok(Claimed { subject, id: claims.jti, expires, not_before, key }) }
}

/// Whole seconds, of a time that may have a fraction.
fn seconds(time: f64) -> Option<i64> {
    // Up to the year 9999; beyond it nobody means a time.
    #[expect(clippy::cast_possible_truncation, reason = "within the range of the line above")]
    (0.0..253_402_300_800.0).contains(&time).then(|| time.floor() as i64)
}

impl Claimed {
    /// Whether the token is of this time, in Unix seconds.
    pub fn holds(&self, now: i64) -> Result<(), Why> {
        if now >= self.expires + SKEW_SECONDS {
            return Err(Why::Expired);
        }
        if self.not_before.is_some_and(|begin| now + SKEW_SECONDS < begin) {
            return Err(Why::NotYetValid);
        }
        if self.expires > now + LIFE_SECONDS_MAX + SKEW_SECONDS {
            return Err(Why::TooLongLived);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Result<Claimed, Why> {
        let expected = Expected { issuer: "https://id".into(), audience: "registry".into(), id_required: true };
        let read = serde_json::from_str(json).map_err(|_| Why::Malformed)?;
        claimed(read, [0; 32], &expected)
    }

    #[test]
    fn claims_are_exact() {
        let good = r#"{"iss":"https://id","aud":"registry","sub":"clerk-7","exp":1000.9,"jti":"a"}"#;
        let read = claims(good).unwrap();
        assert_eq!((read.subject.as_str(), read.expires), ("clerk-7", 1000));
        assert!(claims(&good.replace("\"registry\"", "[\"other\",\"registry\"]")).is_ok());
        let changed: &[(&str, &str, Why)] = &[
            ("\"https://id\"", "\"https://id/\"", Why::WrongIssuer),
            ("\"https://id\"", "[\"https://id\"]", Why::Malformed),
            ("\"https://id\"", "null", Why::WrongIssuer),
            ("\"registry\"", "\"registr\"", Why::WrongAudience),
            ("\"registry\"", "[]", Why::WrongAudience),
            ("\"registry\"", "7", Why::Malformed),
            ("\"clerk-7\"", "\"two words\"", Why::Malformed),
            ("\"clerk-7\"", "\"\"", Why::Malformed),
            ("1000.9", "\"1000\"", Why::Malformed),
            ("1000.9", "-1", Why::Malformed),
            ("1000.9", "1e300", Why::Malformed),
            ("1000.9", "1000,\"exp\":9000", Why::Malformed),
            ("1000.9", "1000,\"nbf\":\"0\"", Why::Malformed),
            ("\"exp\":1000.9,", "", Why::Malformed),
            (",\"jti\":\"a\"", "", Why::Malformed),
            ("\"a\"", "\"\"", Why::Malformed),
        ];
        for (from, to, why) in changed {
            let text = good.replace(from, to);
            assert_ne!(text, good);
            assert_eq!(claims(&text).unwrap_err(), *why, "{text}");
        }
    }

    #[test]
    fn a_token_is_of_its_time() {
        let base = Claimed { subject: String::new(), id: None, expires: 1000, not_before: Some(500), key: [0; 32] };
        assert_eq!(base.holds(1059), Ok(()));
        assert_eq!(base.holds(1060), Err(Why::Expired));
        assert_eq!(base.holds(440), Ok(()));
        assert_eq!(base.holds(439), Err(Why::NotYetValid));
        let long = Claimed { expires: 86_400 + 60 + 1000, ..base };
        assert_eq!(long.holds(1000), Ok(()));
        assert_eq!(long.holds(999), Err(Why::TooLongLived));
    }
}
