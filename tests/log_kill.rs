//! A server killed at any moment: this binary runs itself, is killed while it appends, and the folder must open with all
//! that was acknowledged, again and again on the same folder.
//!
//! Ten thousand times by `LOG_KILLS=10000 cargo test --release --test log_kill -- --nocapture`.

mod log_common;

use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog, SledLog, verify_chain};
use log_common::{Rng, commit, small};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const CHILD_DIR: &str = "LOG_KILL_DIR";
const KILLS: u64 = 25;
/// A folder is given up after so many kills, as a start takes the longer the more it holds.
const KILLS_A_FOLDER: u64 = 100;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The killed half: appends for ever, and notes each acknowledged position.
/// Nothing by itself: run by the other test, which kills it.
#[test]
fn child_appends() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let dir = Path::new(&dir);
    runtime().block_on(async {
        let acks = File::options().write(true).create(true).truncate(false).open(dir.join("acks")).unwrap();
        let log = SledLog::open(&dir.join("log"), small()).unwrap();
        let mut head = log.head().await.unwrap();
        let mut rng = Rng(head.position);
        loop {
            let payload = if rng.below(10) == 0 { 30_000 } else { 300 };
            let next = commit(&head, 1 + rng.below(3) as usize, payload, rng.next());
            assert_eq!(log.append(head, next.clone()).await, Append::Appended(next.head()));
            head = next.head();
            acks.write_all_at(&head.position.to_be_bytes(), 0).unwrap();
        }
    });
}

#[test]
fn killed_at_any_moment() {
    let kills = std::env::var("LOG_KILLS").map_or(KILLS, |kills| kills.parse().expect("LOG_KILLS is a number"));
    let mut rng = Rng(7);
    for done in (0..kills).step_by(KILLS_A_FOLDER as usize) {
        killed_on_one_folder(KILLS_A_FOLDER.min(kills - done), &mut rng);
        if kills > KILLS {
            eprintln!("{} of {kills} kills", (done + KILLS_A_FOLDER).min(kills));
        }
    }
}

fn killed_on_one_folder(kills: u64, rng: &mut Rng) {
    let dir = TempDir::new().unwrap();
    let mut last = 0;
    // Kills since something was acknowledged: each may leave a commit of which nobody heard.
    let mut silent = 0;
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_appends"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Some before the log is open, most in the middle of the work.
        std::thread::sleep(Duration::from_millis(rng.below(250)));
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = match fs::read(dir.path().join("acks")) {
            Ok(bytes) if bytes.len() == 8 => u64::from_be_bytes(bytes.try_into().unwrap()),
            _ => 0,
        };
        silent = if acknowledged == last { silent + 1 } else { 1 };
        // Every other time the killed child itself finds the folder as it was left.
        if kill % 2 == 0 {
            runtime().block_on(async {
                let log = SledLog::open(&dir.path().join("log"), small()).unwrap();
                let head = verify_chain(&log, Head::EMPTY).await.unwrap();
                assert!(head.position >= acknowledged, "{} of {acknowledged}", head.position);
                let most = acknowledged + 3 * silent;
                assert!(head.position <= most, "{} of {acknowledged}: more than the commits under way", head.position);
                if kill % 4 == 0 {
                    log.close().await.unwrap();
                }
            });
        }
        last = acknowledged;
    }
    assert!(last > 100, "the child hardly worked: {last}");
}
