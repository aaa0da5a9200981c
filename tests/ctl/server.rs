//! The command line against the server itself: what it prints of the sample district is what is expected to the last
//! key; recording commands go through and come back; a tail outlives its server.

use crate::common::ctl::{Server, demo, district, expected, run};
use incubator_registry::ctl::Exit;
use incubator_registry::log::{SledLog, SledOptions};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_district_is_told_as_expected() {
    let (server, done) = district().await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err);
    let expected = expected();
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report, expected["import_report"]);
    for figures in ["metrics", "chain"] {
        for wanted in expected[figures].as_array().unwrap() {
            let told = run(server.address, &[figures, "--as-of", wanted["as_of"].as_str().unwrap()]).await.json();
            let mut told = told.as_object().unwrap().clone();
            assert!(told.remove("position").is_some() && told.remove("definitions").is_some());
            assert_eq!(&Value::Object(told), wanted);
        }
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_files_again_add_nothing() {
    let (server, _) = district().await;
    let head = run(server.address, &["log", "head"]).await.json();
    let again = run(server.address, &["import", &demo()]).await;
    let report: Value = serde_json::from_str(&again.out).unwrap();
    assert!(report.as_object().unwrap().values().all(|file| file["accepted"] == 0), "{report}");
    assert_eq!(run(server.address, &["log", "head"]).await.json(), head);
    assert_eq!(run(server.address, &["log", "verify"]).await.json()["position"], head["position"]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_recorded_read_and_taken_back() {
    let (server, _) = district().await;
    let at = server.address;
    let firm = run(at, &["firm", "list", "--limit", "1"]).await.json()[0]["code"].as_str().unwrap().to_owned();
    let request = "7b0d9d5e-7e0e-4f07-8c0e-0d2b8e6f3a11";
    let words = ["firm", "rename", &firm, "--name", "新名", "--date", "2026-01-01", "--request-id", request];
    let first = run(at, &words).await.json();
    assert_eq!(first["firm"]["display_name"], "新名");
    assert_eq!(run(at, &words).await.json()["position"], first["position"], "the first answer again");
    let position = first["position"].to_string();

    let event = run(at, &["events", "show", &position]).await.json();
    assert_eq!(event["payload"]["display_name"], "新名");
    assert_eq!(event["principal"], "li");

    let decided = ["--reason", "录错", "--decided-by", "王"];
    let void = [&["void", &position], &decided[..]].concat();
    assert_eq!(run(at, &void).await.json()["subjects"], json!([format!("districts/440203/firms/{firm}")]));
    let again = run(at, &void).await;
    assert_eq!(again.exit, Exit::Trouble);
    assert!(again.err.contains("ALREADY_VOIDED") && again.err.contains("--request-id"), "{}", again.err);
    let known = run(at, &["firm", "show", &firm, "--known-at", &position]).await.json();
    assert_eq!(known["display_name"], "新名");
    assert_ne!(run(at, &["firm", "show", &firm]).await.json()["display_name"], "新名");

    let set = ["limits", "set", "--date", "2026-01-01", "--revenue-over", "20000000"];
    assert_eq!(run(at, &set).await.json()["limits"]["revenue_over_fen"], 2_000_000_000);
    let limits = run(at, &["limits", "show", "--as-of", "2026-02-01"]).await.json();
    assert_eq!((&limits["revenue_over_fen"], &limits["incubation_months"]), (&json!(2_000_000_000), &json!(48)));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_goes_on_over_its_pages() {
    let (server, _) = district().await;
    let all = run(server.address, &["firm", "list"]).await.json();
    assert_eq!(all.as_array().unwrap().len(), 159);
    let cut = run(server.address, &["firm", "list", "--incubator", "WJ06", "--as-of", "2025-10-31"]).await.json();
    assert_eq!(cut.as_array().unwrap().len(), 4);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_outlives_its_server() {
    let dir = tempfile::tempdir().unwrap();
    let open = || SledLog::open_async(dir.path().join("440203/log"), SledOptions::default());
    let server = Server::start(Arc::new(open().await.unwrap()), 0).await;
    let at = server.address;
    // The log begins with two events of its own; the third comes after the restart.
    let tail = tokio::spawn(async move { run(at, &["events", "tail", "--limit", "3"]).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.end().await;
    let server = Server::start(Arc::new(open().await.unwrap()), at.port()).await;
    let treasury = ["park", "set-treasury", "甘棠", "--treasury-code", "440203000", "--treasury-name", "武江区财政局"];
    let recorded = run(at, &[&treasury[..], &["--date", "2024-01-01"]].concat()).await;
    assert_eq!(recorded.exit, Exit::Clean, "{}", recorded.err);
    let told = tail.await.unwrap();
    assert_eq!(told.exit, Exit::Clean, "{}", told.err);
    let events: Vec<Value> = told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<_> = events.iter().map(|event| event["position"].clone()).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert!(told.err.contains("going on at 3"), "{}", told.err);

    let data = dir.path().display().to_string();
    let offline = ["log", "verify", "--data", &data];
    let busy = run(at, &offline).await;
    assert!(busy.exit == Exit::Trouble && busy.err.contains("in use by another process"), "{}", busy.err);
    server.end().await;
    assert_eq!(run(at, &offline).await.json()["position"], 3);
}
