//! The demo is what someone sees first: it loads the ledgers as they are expected to load, says what to try, takes its
//! folder with it, and can be started again on a folder that is kept.

use crate::common_server;
use common_server::state::State;
use common_server::{DISTRICT, Incubatord, command};
use std::io::{BufRead as _, BufReader};
use std::time::Duration;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_loads_and_goes_with_its_folder() {
    let place = TempDir::new().unwrap();
    let mut demo = command(&["--demo", "--listen", "127.0.0.1:0"]);
    demo.env("TMPDIR", place.path());
    let server = Incubatord::spawn(demo);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    let address = server.address.clone();
    let head = server.client().await.head(DISTRICT).await.position;
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "the demo's folder stays behind");
    let expected: serde_json::Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let mut dirty = 0;
    for file in common_server::ledgers::FILES.map(|name| format!("{name}.csv")) {
        let report = &expected["import_report"][&file];
        let count = |list: &str| report[list].as_array().unwrap().len();
        let (accepted, skipped, refused) = (&report["accepted"], count("duplicate"), count("rejected"));
        dirty += refused;
        let line = format!("{file}: {accepted} accepted, {skipped} skipped, {refused} refused");
        assert!(ended.stdout.contains(&line), "{line}: {}", ended.stdout);
    }
    // The same rows are refused when the ledgers are imported once more, and the hint says so.
    assert!(ended.stdout.contains(&format!("the sample's {dirty} dirty rows")), "{}", ended.stdout);
    assert!(ended.stdout.contains(&address) && ended.stdout.contains(&format!("position {head}")), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_starts_again_on_a_kept_folder() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::with(data.path(), &["--demo"]);
    let client = server.client().await;
    let (head, state) = (client.head(DISTRICT).await, State::of(&client, DISTRICT).await);
    server.stop_cleanly();
    let server = Incubatord::with(data.path(), &["--demo"]);
    let client = server.client().await;
    assert_eq!(client.head(DISTRICT).await, head);
    state.same(&State::of(&client, DISTRICT).await, "started again");
    server.stop_cleanly();
}

#[test]
fn a_reader_that_has_seen_enough_ends_no_server() {
    let data = TempDir::new().unwrap();
    let place = data.path().to_str().unwrap();
    let mut child = command(&["--demo", "--listen", "127.0.0.1:0", "--data", place]).spawn().unwrap();
    // Whoever reads goes before there is anything, as `head` does after its last line.
    drop(child.stdout.take());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("open") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended");
    }
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "it ended");
    common_server::signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What the kernel says of a process that asked for it (proc_pid_status(5)); an older kernel has no such line.
#[tokio::test]
async fn a_server_takes_no_huge_pages() {
    let data = tempfile::tempdir().unwrap();
    let server = Incubatord::on(data.path());
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let said = status.lines().find_map(|line| line.strip_prefix("THP_enabled:")).map(str::trim);
    assert!(matches!(said, Some("0") | None), "{said:?}");
}
