//! The command line on policies and entitlements: the list in the contract's shape to the last key, an explanation as text,
//! as JSON and as a page, a policy from lint to publication.

use crate::common::finance::district;
use crate::common::server::Server;
use crate::common::world::TODAY;
use incubator_registry::ctl::{self, Exit, output::Io};
use serde_json::Value;

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/demo/policy.toml");

struct Run {
    exit: Exit,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|fault| panic!("{fault}: {}{}", self.out, self.err))
    }
}

async fn run(server: &Server, args: &[&str]) -> Run {
    let mut whole = vec!["incubatorctl", "--server", &server.address, "--principal", "clerk-7", "--lang", "zh"];
    whole.extend(args);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = ctl::run(whole, &mut Io { out: &mut out, err: &mut err, watched: false }).await;
    Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

#[tokio::test]
async fn a_policy_goes_from_lint_to_publication() {
    let server = district().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let text = std::fs::read_to_string(POLICY).unwrap();
    let bad = file("bad.toml", &text.replace("rate_ppm", "rate_pmm"));
    let linted = run(&server, &["policy", "lint", &bad, "-o", "json"]).await;
    assert_eq!(linted.exit, Exit::Trouble);
    assert!(linted.json().as_array().unwrap().iter().all(|finding| finding["line"].as_i64() > Some(0)));
    let refused = run(&server, &["policy", "publish", &bad, "--date", TODAY]).await;
    assert_eq!(refused.exit, Exit::Trouble);
    assert!(refused.out.contains("scheme[0].rate_ppm"), "{}", refused.out);
    assert_eq!(run(&server, &["policy", "lint", POLICY]).await.exit, Exit::Clean);
    let published = run(&server, &["policy", "publish", POLICY, "--date", TODAY, "-o", "json"]).await;
    assert_eq!(published.exit, Exit::Clean, "{}", published.err);
    let id = published.json()["policy"]["policy_id"].as_str().unwrap().to_owned();
    assert_eq!(run(&server, &["policy", "show", &id, "--text"]).await.out, text);
    let shown = run(&server, &["policy", "show", &id, "--as-of", "2024-06-01", "-o", "json"]).await.json();
    assert!(
        shown["parameters"].as_array().unwrap().iter().any(|p| p["key"] == "lpr[2023-08-21].one_year_ppm"),
        "{shown}"
    );
    let listed = run(&server, &["policy", "list", "-o", "json"]).await.json();
    assert_eq!(listed[0]["policy_id"], Value::from(id.clone()));
    let draft = file("draft.toml", &text.replacen("rate_ppm_by_year = [", "rate_ppm_by_year = [1, ", 1));
    let changes = run(&server, &["policy", "diff", &id, &draft, "-o", "json"]).await.json();
    assert_eq!(changes.as_array().unwrap().len(), 1);
    let simulated = run(&server, &["policy", "simulate", &draft, "--as-of", "2025-10-31", "-o", "json"]).await.json();
    assert!(simulated["totals"].as_array().unwrap().iter().any(|total| total["difference_fen"].as_i64() < Some(0)));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn entitlements_are_listed_and_explained() {
    let server = district().await;
    let none = run(&server, &["entitlements", "--as-of", "2025-10-31"]).await;
    assert_eq!(none.exit, Exit::Trouble);
    assert!(none.err.contains("UNKNOWN_POLICY") || none.err.contains("政策"), "{}", none.err);
    run(&server, &["policy", "publish", POLICY, "--date", TODAY]).await;
    let whole: Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let listed = run(&server, &["entitlements", "--as-of", "2025-10-31", "-o", "json"]).await;
    // As text, so that keys come in the same order too.
    assert_eq!(listed.json().to_string(), whole["entitlements"].to_string());
    let cut = ["entitlements", "--as-of", "2025-10-31", "--scheme", "培育奖励", "-o", "json"];
    assert!(run(&server, &cut).await.json().as_array().unwrap().iter().all(|l| l["scheme"] == "cultivation_award"));
    let totals = run(&server, &["entitlements", "--as-of", "2025-10-31", "--totals"]).await;
    assert!(totals.out.contains("落户企业三年补贴"), "{}", totals.out);
    let explain = ["explain", "落户企业三年补贴", "91440203MA37GB743W", "1", "--as-of", "2025-10-31"];
    let text = run(&server, &explain).await.out;
    assert!(text.contains("\n  不超过年度上限：6,666.67元\n    四舍五入到分：6,666.67元\n"), "{text}");
    let json = run(&server, &[&explain[..], &["-o", "json"]].concat()).await.json();
    assert_eq!((&json["amount_fen"], &json["tree"]["step"]), (&666_667.into(), &"OUTCOME".into()));
    assert_eq!(json["tree"]["value"]["numerator"], "666667");
    let csv = run(&server, &[&explain[..], &["-o", "csv"]].concat()).await.out;
    assert!(csv.lines().any(|line| line.contains("GIVEN,1111111,1,FEN,1891,")), "{csv}");
    let page = run(&server, &[&explain[..], &["--page", "-"]].concat()).await.out;
    assert!(page.starts_with("<!doctype html>") && page.contains("<li>四舍五入到分：6,666.67元"), "{page}");
    server.ended().await.unwrap();
}
