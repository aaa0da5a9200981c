//! What a server starts with: no listener beyond loopback without TLS, a way to tell who calls, and principals; every file
//! read and every fault told at once, before a port opens.

use crate::common_identity::Site;
use crate::common_server;
use common_server::{Incubatord, refused_start};

fn refusal(site: &Site, without: &[&str], listen: &str) -> String {
    let options = site.options(without);
    let data = site.path("data");
    let fixed = ["--data", data.to_str().unwrap(), "--listen", listen];
    let options: Vec<_> = fixed.into_iter().chain(options.iter().map(String::as_str)).collect();
    let ended = refused_start(&options);
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(!data.exists(), "the data folder was made");
    ended.stderr
}

#[test]
fn beyond_loopback_each_missing_piece_refuses_the_start() {
    let site = Site::new();
    let ways = ["--client-ca", "--jwks", "--issuer", "--audience", "--tokens", "--denylist"];
    let all = [&ways[..], &["--tls-cert", "--tls-key", "--principals"]].concat();
    let missing: &[(&[&str], &[&str])] = &[
        (&["--tls-cert", "--tls-key"], &["beyond loopback --tls-cert and --tls-key must be there"]),
        (&["--tls-key"], &["its --tls-key is missing"]),
        (&["--principals"], &["beyond loopback --principals must be there"]),
        (&ways, &["beyond loopback one of --client-ca, --jwks and --tokens must be there"]),
        (&all, &["--tls-cert and --tls-key must", "one of --client-ca", "--principals must"]),
        (&["--issuer"], &["--jwks: --issuer TEXT is missing"]),
        (&["--jwks"], &["--issuer and --audience are about signed tokens"]),
    ];
    for (without, expected) in missing {
        let told = refusal(&site, without, "0.0.0.0:0");
        for what in *expected {
            assert!(told.contains(what), "{what}: {told}");
        }
    }
}

#[test]
fn with_everything_it_serves_beyond_loopback() {
    let site = Site::new();
    let options = site.options(&[]);
    let data = site.path("data");
    let fixed = ["--data", data.to_str().unwrap(), "--listen", "0.0.0.0:0"];
    let options: Vec<_> = fixed.into_iter().chain(options.iter().map(String::as_str)).collect();
    let server = Incubatord::spawn(common_server::command(&options));
    assert!(server.address.starts_with("0.0.0.0:"));
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("local trust"), "{}", ended.stderr);
}

#[test]
fn faults_of_all_files_are_told_at_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    let key = site.path("server.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    site.write("jwks.json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0LXNlY3JldA\"}]}");
    site.write("principals.toml", "[[principal]]\nid = \"a b\"\nroles = [\"boss\"]\n");
    site.write("tokens.toml", "[[token]]\nprincipal = \"x\"\nsha256 = \"my-own-token\"\n");
    site.write("denylist.toml", "jti = []\n");
    site.write("ca.pem", "nothing");
    let told = refusal(&site, &[], "127.0.0.1:0");
    let expected = [
        "others may read this secret (mode 640)",
        "key 1: a symmetric key",
        "principal 1 (\"a b\"): id",
        "roles: \"boss\"",
        "token 1: sha256",
        "line 1: unknown field `jti`",
    ];
    for what in expected {
        assert!(told.contains(what), "{what}: {told}");
    }
    assert!(!told.contains("c2VjcmV0") && !told.contains("my-own-token"), "{told}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let told = refusal(&site, &[], "127.0.0.1:0");
    assert!(told.contains("ca.pem: no certificate in PEM"), "{told}");
    // A key that is not the certificate's.
    site.write("ca.pem", &site.authority.certificate);
    site.write("server.key", &site.authority.server("localhost").key);
    let told = refusal(&site, &[], "127.0.0.1:0");
    assert!(told.contains("server.key: with the certificate"), "{told}");
}

#[test]
fn on_loopback_without_credentials_it_says_that_it_trusts() {
    let data = tempfile::TempDir::new().unwrap();
    let ended = Incubatord::on(data.path()).stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("local trust"), "{}", ended.stderr);
}
