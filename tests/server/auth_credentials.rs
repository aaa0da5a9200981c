//! Credentials at the door of the real server: every bad one is refused with its reason, and a good one of each kind is let
//! in; what is taken back ends within seconds, open connections and streams included.

use crate::common_identity;
use crate::common_server::{DISTRICT, registration, says};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common_identity::{
    AUDIENCE, Authority, STATIC, Signer, Site, ask, bear, claims, connect, metadata, mode, now, refused, soon,
    unsigned, with,
};
use incubator_registry::wire::v1;
use serde_json::json;
use tonic::transport::Channel;
use tonic::{Code, Request};

const CLERK: &str = "spiffe://wujiang/clerk-7";
const GOOD: (i32, i32) = (2000, 2100);

async fn register(channel: &Channel, number: u64, headers: &[(&'static str, &str)]) {
    let mut request = Request::new(registration(DISTRICT, number));
    *request.metadata_mut() = metadata(headers);
    v1::firm_service_client::FirmServiceClient::new(channel.clone()).register_firm(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_believed_or_refused() {
    let site = Site::new();
    site.write("denylist.toml", "certificates = [\"0BAD\"]\n");
    let server = site.serve(&[], &[]);
    let good = site.authority.client(CLERK, 1, GOOD);
    let channel = site.connect(&server, Some(&good)).await.unwrap();
    assert_eq!(ask(&channel, &[]).await.unwrap().position, 2);
    // Names that the file does not have, and a serial of the denylist: TLS stands, the call is refused.
    let unknown = site.authority.client("spiffe://wujiang/clerk-70", 2, GOOD);
    refused(ask(&site.connect(&server, Some(&unknown)).await.unwrap(), &[]).await, "unknown_principal");
    let denied = site.authority.client(CLERK, 0xbad, GOOD);
    let denied = site.connect(&server, Some(&denied)).await.unwrap();
    refused(ask(&denied, &[]).await, "denied");
    // Nor does a good token help a certificate that was taken back.
    refused(bear(&denied, STATIC).await, "denied");
    // What TLS itself refuses never comes to a call.
    let of_time = |years| site.authority.client(CLERK, 3, years);
    let other = Authority::new().client(CLERK, 4, GOOD);
    let as_server = site.authority.server("localhost");
    for bad in [of_time((2000, 2020)), of_time((2090, 2100)), other, as_server] {
        let answer = match site.connect(&server, Some(&bad)).await {
            Ok(channel) => ask(&channel, &[]).await,
            Err(status) => Err(status),
        };
        assert!(answer.unwrap_err().details().is_empty(), "refused by TLS, without a word of the API");
    }
    // The client in its turn believes only this host, by this authority.
    for (authority, host) in [(&site.authority, "registry.example"), (&Authority::new(), "localhost")] {
        assert!(connect(&server.address, authority, host, Some(&good)).await.is_err(), "{host}");
    }
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_believed_or_refused() {
    let site = Site::new();
    site.write("denylist.toml", "tokens = [\"stolen\"]\n");
    let server = site.serve(&[], &[]);
    let channel = site.connect(&server, None).await.unwrap();
    let good = claims("clerk-7");
    for (id, signer) in &site.signers {
        bear(&channel, &signer.token(id, &good)).await.unwrap();
        // Without a type, and with any case of the scheme.
        let bare = signer.signed(&json!({"alg": signer.algorithm(), "kid": id}), &good);
        ask(&channel, &[("authorization", &format!("bearer {bare}"))]).await.unwrap();
    }
    bear(&channel, STATIC).await.unwrap();
    let ed = site.signer("ed");
    let of = |name: &str, value| ed.token("ed", &with(&good, name, value));
    let skewed = [of("exp", json!(now() - 30)), of("nbf", json!(now() + 30)), of("aud", json!(["x", AUDIENCE]))];
    for token in skewed {
        bear(&channel, &token).await.unwrap();
    }
    let header = |alg: &str| json!({"alg": alg, "kid": "rsa"});
    let mut cut = ed.token("ed", &good);
    // Whole bytes of it: 60 of the signature's 64 are left.
    cut.truncate(cut.len() - 6);
    let bad: &[(String, &str)] = &[
        (of("exp", json!(now() - 61)), "expired"),
        (of("exp", json!(now() + 100_000)), "too_long_lived"),
        (of("exp", json!(null)), "malformed"),
        (of("nbf", json!(now() + 120)), "not_yet_valid"),
        (of("aud", json!("another")), "wrong_audience"),
        (of("aud", json!(null)), "wrong_audience"),
        (of("iss", json!("https://id.wujiang.example/")), "wrong_issuer"),
        (of("iss", json!([common_identity::ISSUER])), "malformed"),
        (of("jti", json!("stolen")), "denied"),
        (of("jti", json!(null)), "malformed"),
        (of("sub", json!("nobody")), "unknown_principal"),
        (of("pad", json!("x".repeat(9000))), "too_large"),
        (ed.token("ec", &good), "bad_signature"),
        (ed.token("other", &good), "unknown_key"),
        (Signer::ed().token("ed", &good), "bad_signature"),
        (ed.signed(&json!({"alg": "EdDSA"}), &good), "unknown_key"),
        (ed.signed(&json!({"alg": "EdDSA", "kid": "ed", "typ": "dpop+jwt"}), &good), "malformed"),
        (ed.signed(&json!({"alg": "EdDSA", "kid": "ed", "crit": ["exp"]}), &good), "malformed"),
        (format!("{}.", unsigned(&json!({"alg": "none", "kid": "ed"}), &good)), "malformed"),
        (format!("{}.", unsigned(&json!({"alg": "EdDSA", "kid": "ed"}), &good)), "bad_signature"),
        (confused(&site, &header("HS256"), &good), "bad_signature"),
        (confused(&site, &header("RS256"), &good), "bad_signature"),
        (cut, "bad_signature"),
        ("garbage".to_owned(), "malformed"),
        ("a.b.c".to_owned(), "malformed"),
        ("..".to_owned(), "malformed"),
    ];
    for (token, why) in bad {
        let answer = bear(&channel, token).await;
        assert!(!format!("{answer:?}").contains(token.as_str()), "an answer repeats the token");
        refused(answer, why);
    }
    for header in ["", "Bearer", "Bearer ", "Basic Zm9v", &format!("Bearer {STATIC} {STATIC}")] {
        refused(ask(&channel, &[("authorization", header)]).await, "malformed");
    }
    let twice = format!("Bearer {STATIC}");
    refused(ask(&channel, &[("authorization", &twice), ("authorization", &twice)]).await, "malformed");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains(STATIC) && !ended.stderr.contains(&bad[0].0), "the log repeats a token");
    // Of so many refusals the log has a line or two.
    assert!(ended.stderr.matches("without a credential that holds").count() < 4, "{}", ended.stderr);
}

/// A token by HMAC under the public key, which whoever believes the header takes for a secret.
fn confused(site: &Site, header: &serde_json::Value, claims: &serde_json::Value) -> String {
    let key = site.signer("rsa").public("rsa");
    let secret = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
    let message = unsigned(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_alone_is_nobody_and_events_keep_who_was_proved() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let stranger = site.connect(&server, None).await.unwrap();
    let nobody = ask(&stranger, &[("incubation-principal", "clerk-7")]).await.unwrap_err();
    says(&nobody, Code::Unauthenticated, "NO_PRINCIPAL", &[("header", "authorization")], &[]);
    // The health needs no credential, and says little; a large question is refused.
    let mut health = tonic_health::pb::health_client::HealthClient::new(stranger.clone());
    let check = |service: String| tonic_health::pb::HealthCheckRequest { service };
    health.check(check(String::new())).await.unwrap();
    let large = health.check(check("x".repeat(2000))).await.unwrap_err();
    says(&large, Code::ResourceExhausted, "TOO_LARGE", &[("limit_bytes", "1024")], &[]);
    // Two principals, by two ways, whatever name a header claims.
    let shown = site.authority.client(CLERK, 1, GOOD);
    let certified = site.connect(&server, Some(&shown)).await.unwrap();
    register(&certified, 1, &[("incubation-principal", "mayor")]).await;
    let bearer = format!("Bearer {STATIC}");
    register(&stranger, 2, &[("authorization", &bearer), ("incubation-principal", "mayor")]).await;
    // A token on a connection with a certificate: the token says who.
    register(&certified, 3, &[("authorization", &bearer)]).await;
    let mut journal = v1::journal_service_client::JournalServiceClient::new(certified);
    let read = v1::ReadEventsRequest { parent: DISTRICT.into(), from_position: 3, ..Default::default() };
    let mut events = journal.read_events(read).await.unwrap().into_inner();
    let mut principals = Vec::new();
    while let Some(answer) = events.message().await.unwrap() {
        principals.push(answer.event.unwrap().principal);
    }
    assert_eq!(principals, ["clerk-7", "clerk-8", "clerk-8"]);
    assert_eq!((mode(&site.path("data")), mode(&site.path("data/440203"))), (0o700, 0o700));
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_ends_within_seconds() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let shown = site.authority.client(CLERK, 0x5e11, GOOD);
    let certified = site.connect(&server, Some(&shown)).await.unwrap();
    let plain = site.connect(&server, None).await.unwrap();
    let stolen = site.signer("ed").token("ed", &with(&claims("clerk-7"), "jti", json!("stolen")));
    let bearer = format!("Bearer {stolen}");
    let follow = |channel: &Channel, headers: &[(&'static str, &str)]| {
        let subscribe = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() };
        let mut request = Request::new(subscribe);
        *request.metadata_mut() = metadata(headers);
        let mut journal = v1::journal_service_client::JournalServiceClient::new(channel.clone());
        async move { journal.subscribe_events(request).await.unwrap().into_inner() }
    };
    let mut streams = [
        follow(&certified, &[]).await,
        follow(&plain, &[("authorization", &bearer)]).await,
        follow(&plain, &[("authorization", &format!("Bearer {STATIC}"))]).await,
    ];
    site.write("denylist.toml", "tokens = [\"stolen\"]\ncertificates = [\"5e11\"]\n");
    site.write("tokens.toml", "");
    let whys = ["denied", "denied", "malformed"];
    for (stream, why) in streams.iter_mut().zip(whys) {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                if let Err(status) = stream.message().await {
                    return status;
                }
            }
        });
        refused(Err::<(), _>(ended.await.expect("a stream that ends")), why);
    }
    refused(ask(&certified, &[]).await, "denied");
    refused(bear(&plain, &stolen).await, "denied");
    // A principal that was taken out is nobody, whatever its token.
    bear(&plain, &site.signer("ed").token("ed", &claims("clerk-8"))).await.unwrap();
    site.write("principals.toml", "[[principal]]\nid = \"clerk-7\"\nroles = [\"auditor\"]\n");
    let token = site.signer("ed").token("ed", &claims("clerk-8"));
    refused(soon(|| bear(&plain, &token), Result::is_err).await, "unknown_principal");
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_whose_callers_roles_change_says_so() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let channel = site.connect(&server, None).await.unwrap();
    let follow = || {
        let subscribe = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() };
        let mut request = Request::new(subscribe);
        *request.metadata_mut() = metadata(&[("authorization", &format!("Bearer {STATIC}"))]);
        let mut journal = v1::journal_service_client::JournalServiceClient::new(channel.clone());
        async move { journal.subscribe_events(request).await }
    };
    let roles = |roles: &str| {
        let text = format!("[[principal]]\nid = \"clerk-8\"\nroles = [{roles}]\n");
        site.write("principals.toml", &text);
    };
    // It may still follow, and sees something else; then it may not.
    let parts = [("method", "incubation.v1.JournalService/SubscribeEvents"), ("roles", "administrator")];
    for (now, code, reason, parts) in [
        ("\"auditor\"", Code::Aborted, "PRINCIPAL_CHANGED", &[][..]),
        ("\"administrator\"", Code::PermissionDenied, "NOT_PERMITTED", &parts[..]),
    ] {
        let mut stream = follow().await.unwrap().into_inner();
        stream.message().await.unwrap().unwrap();
        roles(now);
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                if let Err(status) = stream.message().await {
                    return status;
                }
            }
        });
        says(&ended.await.expect("a stream that ends"), code, reason, parts, &[]);
    }
    // A new call is told the same.
    says(&follow().await.unwrap_err(), Code::PermissionDenied, "NOT_PERMITTED", &parts, &[]);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_and_a_broken_file_keeps_the_old_ones() {
    let site = Site::new();
    let server = site.serve(&["--denylist"], &[]);
    let channel = site.connect(&server, None).await.unwrap();
    let next = Signer::ec();
    let (old, new) = (site.signer("ed").token("ed", &claims("clerk-7")), next.token("next", &claims("clerk-7")));
    bear(&channel, &old).await.unwrap();
    refused(bear(&channel, &new).await, "unknown_key");
    // Half a file, then one with a private key in it: the old keys stay.
    let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "", "d": "s3cret-half"}]});
    for broken in ["{\"keys\": [", &private.to_string()] {
        site.write("jwks.json", broken);
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        bear(&channel, &old).await.unwrap();
    }
    site.write("jwks.json", &json!({"keys": [next.public("next")]}).to_string());
    soon(|| bear(&channel, &new), Result::is_ok).await.unwrap();
    // Found good before, and its key is gone.
    refused(bear(&channel, &old).await, "unknown_key");
    // A new certificate of the server is shown to new connections, by another authority even.
    let other = Authority::new();
    let renewed = other.server("localhost");
    site.write("server.key", &renewed.key);
    site.write("server.pem", &renewed.certificate);
    soon(|| connect(&server.address, &other, "localhost", None), Result::is_ok).await.unwrap();
    bear(&channel, &new).await.unwrap();
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let warned = ended.stderr.matches("a changed file can't be used").count();
    assert!((2..=4).contains(&warned), "{}", ended.stderr);
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}
