//! That an acknowledged commit is on the drive can't be seen from inside: the system calls are watched instead. This
//! binary runs itself under strace, and between one acknowledgement and the next there must be a write to sled's file
//! and then, begun after it and done, our own sync of that file.

mod log_common;

use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog, SledLog, SledOptions};
use log_common::commit;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const CHILD_DIR: &str = "LOG_SYSCALLS_DIR";
const COMMITS: u64 = 25;

/// The watched half: appends, and says so in a file of its own after each.
/// Nothing by itself: run by the other test, under strace.
#[test]
fn child_appends() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let dir = Path::new(&dir);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut acks = File::create(dir.join("acks")).unwrap();
        let log = SledLog::open(&dir.join("log"), SledOptions::default()).unwrap();
        let mut head = Head::EMPTY;
        for n in 0..COMMITS {
            // Every fifth spans many keys.
            let payload = if n % 5 == 4 { 400_000 } else { 200 };
            let next = commit(&head, 1, payload, n);
            assert_eq!(log.append(head, next.clone()).await, Append::Appended(next.head()));
            acks.write_all(b"appended\n").unwrap();
            head = next.head();
        }
        log.close().await.unwrap();
        acks.write_all(b"closed\n").unwrap();
    });
}

/// One system call: its text, and the lines of the trace at which it began and ended.
struct Call {
    text: String,
    began: usize,
    ended: usize,
}

/// Puts the halves of interrupted calls together.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut out = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((pid, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(begun) = text.strip_suffix("<unfinished ...>") {
            open.insert(pid, (begun.to_owned(), at));
        } else if text.starts_with("<... ") {
            if let Some((begun, began)) = open.remove(pid) {
                out.push(Call { text: format!("{begun}{text}"), began, ended: at });
            }
        } else {
            out.push(Call { text: text.to_owned(), began: at, ended: at });
        }
    }
    out
}

impl Call {
    fn is(&self, names: &[&str], path: &str) -> bool {
        let name = self.text.split('(').next().unwrap_or_default();
        names.contains(&name) && self.text.contains(&format!("{path}>")) && !self.text.contains("= -1")
    }
}

const SYNCS: [&str; 2] = ["fdatasync", "fsync"];
const WRITES: [&str; 3] = ["pwrite64", "write", "pwritev"];

fn trace(dir: &Path) -> String {
    let output = dir.join("trace");
    let run = Command::new("strace")
        .args(["-f", "-y", "-s", "16", "-e", "trace=pwrite64,pwritev,write,fdatasync,fsync", "-o"])
        .arg(&output)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_appends"])
        .env(CHILD_DIR, dir)
        .output()
        .expect("this test needs strace (apt-get install strace; tests/run installs it): it can't be shown otherwise");
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    std::fs::read_to_string(output).unwrap()
}

#[test]
fn each_acknowledgement_follows_a_write_and_a_sync() {
    let dir = TempDir::new().unwrap();
    let calls = calls(&trace(dir.path()));
    let acks: Vec<&Call> = calls.iter().filter(|call| call.is(&["write"], "/acks")).collect();
    assert_eq!(acks.len() as u64, COMMITS + 1, "one line for each commit, one for the close");
    let mut from = 0;
    for (n, ack) in acks.iter().enumerate() {
        let within = |call: &&Call| call.began >= from && call.ended < ack.began;
        let written =
            calls.iter().filter(within).filter(|call| call.is(&WRITES, "/sled/db")).map(|call| call.ended).max();
        if (n as u64) < COMMITS {
            let written = written.unwrap_or_else(|| panic!("no write before acknowledgement {n}"));
            let synced = calls.iter().filter(within).any(|call| call.is(&SYNCS, "/sled/db") && call.began > written);
            assert!(synced, "no sync between the last write and acknowledgement {n}");
        }
        from = ack.ended;
    }
    // Creation: every file and folder that the first acknowledgement stands on.
    for path in [
        "/log/trial/conf",
        "/log/trial/blobs",
        "/log/trial",
        "/log/sled",
        "/log",
        "/log/FORMAT.partial",
        "/log/witness.partial",
    ] {
        let synced = calls.iter().any(|call| call.is(&SYNCS, path) && call.ended < acks[0].began);
        assert!(synced, "{path} is not synced before the first acknowledgement");
    }
    let witness = calls.iter().any(|call| call.is(&SYNCS, "/log/witness") && call.ended < acks[0].began);
    assert!(witness, "the first commit waits for its witness");
    let closed = acks.last().unwrap();
    let marked = calls.iter().any(|call| call.is(&SYNCS, "/log/clean.partial") && call.ended < closed.began);
    assert!(marked, "the marker of a clean stop is synced");
}
