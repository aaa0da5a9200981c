//! Tokens and key sets. The first line is a token, the rest a key set (nothing: one that is known). Whatever they say, they
//! are read or refused, a token of this input is never believed that no key here signed, and nothing is repeated of a set
//! that is refused.
#![no_main]

use incubator_registry::auth::jwks::KeySet;
use incubator_registry::auth::token::{Expected, check};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

// RFC 8037, appendix A.2; RFC 7515, appendix A.3. Nobody here has their private halves, nor had the seeds.
const KNOWN: &str = r#"{"keys":[
{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
{"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::parse(KNOWN.as_bytes()).unwrap());

fuzz_target!(|data: &[u8]| {
    let expected = Expected { issuer: "https://id".into(), audience: "registry".into(), id_required: false };
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (token, rest) = (String::from_utf8_lossy(&data[..end]), data.get(end + 1..).unwrap_or_default());
    assert!(check(&token, &KEYS, &expected).is_err(), "believed");
    match KeySet::parse(rest) {
        // A set that the input brings may well be one whose key signed the token.
        Ok(keys) => drop(check(&token, &keys, &expected)),
        Err(faults) => assert!(!faults.is_empty()),
    }
});
