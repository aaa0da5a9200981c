//! The two programs as processes, with ledgers ten times as large as a district's: neither holds the ledgers in memory, and
//! whichever is killed in the middle, running the same command again ends in the same state.

use crate::common::generator;
use crate::common_server::state::State;
use crate::common_server::{DISTRICT, Incubatord, signal};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Firms of a ledger as large as the sample's; with them come fifteen rows each.
const FIRMS: u64 = 160;
/// What the client may need more for ten times the rows: nothing but the report of refused ones grows.
const CLIENT_GROWTH_KB_MAX: u64 = 12 * 1024;
/// What the server may need more a row: the facts themselves are kept, the stream is not.
const SERVER_GROWTH_BYTES_MAX: u64 = 4 * 1024;

/// What the server may need more for the same rows once more.
const SERVER_AGAIN_KB_MAX: u64 = 16 * 1024;

fn ctl(server: &Incubatord, ledgers: &Path, report: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incubatorctl"));
    command.env("INCUBATOR_PRINCIPAL", "li").args(["--lang", "en", "--server", &format!("http://{}", server.address)]);
    command.arg("import").arg(ledgers).arg("--report").arg(report);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Peak resident memory of a process, in KB; none once it has ended.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Waits for the client; its peak memory on the way, and its exit code.
fn watched(mut client: Child) -> (u64, Option<i32>) {
    let mut most = 0;
    loop {
        most = peak(client.id()).unwrap_or(0).max(most);
        if let Some(status) = client.try_wait().unwrap() {
            return (most, status.code());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Rows that the report says were accepted and refused.
fn counts(report: &Path) -> (u64, usize) {
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let files = report.as_object().unwrap().values();
    let accepted = files.clone().map(|file| file["accepted"].as_u64().unwrap()).sum();
    (accepted, files.map(|file| file["rejected"].as_array().unwrap().len()).sum())
}

struct Measured {
    rows: u64,
    client_kb: u64,
    server_kb: u64,
}

/// Imports ledgers of so many firms twice; the second time adds nothing.
fn measure(firms: u64) -> Measured {
    let dir = TempDir::new().unwrap();
    let (ledgers, data, report) = (dir.path().join("ledgers"), dir.path().join("data"), dir.path().join("report.json"));
    std::fs::create_dir(&ledgers).unwrap();
    let rows = generator::write(&ledgers, firms, 7) as u64;
    let server = Incubatord::on(&data);
    let (client_kb, code) = watched(ctl(&server, &ledgers, &report));
    assert_eq!(code, Some(2));
    let (accepted, refused) = counts(&report);
    assert!(accepted > rows * 9 / 10 && accepted + refused as u64 == rows, "{accepted} {refused} {rows}");
    let server_kb = peak(server.pid()).unwrap();
    assert_eq!(watched(ctl(&server, &ledgers, &report)).1, Some(2));
    assert_eq!(counts(&report), (0, refused));
    // Nothing new is kept: all that is read and answered passes through. The kernel sums a peak from counters of each core,
    // so that a later one may read a little lower.
    let again_kb = peak(server.pid()).unwrap();
    assert!(
        again_kb.saturating_sub(server_kb) < SERVER_AGAIN_KB_MAX,
        "{server_kb} KB, then {again_kb} KB for nothing new"
    );
    server.stop_cleanly();
    Measured { rows, client_kb, server_kb }
}

#[test]
fn ten_times_the_rows_need_no_larger_buffers() {
    let (one, ten) = (measure(FIRMS), measure(10 * FIRMS));
    let (client, server) = (ten.client_kb.saturating_sub(one.client_kb), ten.server_kb.saturating_sub(one.server_kb));
    let per_row = server * 1024 / (ten.rows - one.rows);
    let told = format!(
        "{} and {} rows: client {} and {} KB, server {} and {} KB, {per_row} bytes a row",
        one.rows, ten.rows, one.client_kb, ten.client_kb, one.server_kb, ten.server_kb
    );
    println!("{told}");
    assert!(client < CLIENT_GROWTH_KB_MAX && per_row < SERVER_GROWTH_BYTES_MAX, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_is_killed_the_same_command_ends_in_the_same_state() {
    let dir = TempDir::new().unwrap();
    let (ledgers, report) = (dir.path().join("ledgers"), dir.path().join("report.json"));
    std::fs::create_dir(&ledgers).unwrap();
    generator::write(&ledgers, FIRMS, 11);
    let data = dir.path().join("clean");
    let server = Incubatord::on(&data);
    assert_eq!(watched(ctl(&server, &ledgers, &report)).1, Some(2));
    let (clean, head) = {
        let client = server.client().await;
        (State::of(&client, DISTRICT).await, client.head(DISTRICT).await.position)
    };
    server.stop_cleanly();
    let mut cut = 0;
    for round in 0..8_i64 {
        let data = dir.path().join(format!("data-{round}"));
        let server = Incubatord::on(&data);
        let client = server.client().await;
        let importing = ctl(&server, &ledgers, &report);
        // Until so many events are there.
        let wanted = 2 + (head - 2) * (round / 2) / 4;
        while client.head(DISTRICT).await.position < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let server = if round % 2 == 0 {
            signal(importing.id(), "KILL");
            watched(importing);
            server
        } else {
            server.kill();
            let code = watched(importing).1;
            assert!(code == Some(1) || code == Some(2), "{code:?}");
            Incubatord::on(&data)
        };
        let client = server.client().await;
        cut += i64::from(client.head(DISTRICT).await.position < head);
        assert_eq!(watched(ctl(&server, &ledgers, &report)).1, Some(2));
        State::of(&client, DISTRICT).await.same(&clean, &format!("round {round}"));
        assert_eq!(client.verified(DISTRICT).await, head);
        server.stop_cleanly();
    }
    assert!(cut >= 4, "most imports went through before anything was killed: {cut} of 8 did not");
}
