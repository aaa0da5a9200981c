//! A disk that refuses a write in the middle of the work: the append is `Fatal` and so is every later one, nothing hangs,
//! and what was acknowledged before is there at the next start. The refusal is the system's own: this binary runs itself
//! under a limit on the size of files.

mod log_common;

use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog, LogError, SledLog, verify_chain};
use log_common::{commit, small};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CHILD_DIR: &str = "LOG_FAILING_DIR";
const CHILD_PAYLOAD: &str = "LOG_FAILING_PAYLOAD";

/// The limited half: appends until the disk refuses.
/// Nothing by itself: run by the other test, under a limit.
#[test]
fn child_appends() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let dir = Path::new(&dir);
    let payload: usize = std::env::var(CHILD_PAYLOAD).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let log = SledLog::open(&dir.join("log"), small()).unwrap();
        let mut head = Head::EMPTY;
        loop {
            let next = commit(&head, 1, payload, head.commit);
            match log.append(head, next.clone()).await {
                Append::Appended(new) => head = new,
                Append::Fatal(why) => {
                    fs::write(dir.join("why"), why).unwrap();
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(log.append(head, commit(&head, 1, 1, 1)).await, Append::Fatal(_)));
        // Reading may stop too (sled reads nothing back once it failed), but it never comes out shorter.
        match verify_chain(&log, Head::EMPTY).await {
            Ok(found) => assert_eq!(found, head),
            Err(error) => assert!(matches!(error, LogError::Io { .. }), "{error:?}"),
        }
        fs::write(dir.join("acknowledged"), head.position.to_string()).unwrap();
        assert!(log.close().await.is_err());
    });
}

#[test]
fn a_refused_write_is_fatal_and_loses_nothing() {
    for (payload, blocks) in [300, 7_000, 90_000, 300_000, 450_000].into_iter().flat_map(|p| [(p, 3_000), (p, 4_100)]) {
        let dir = TempDir::new().unwrap();
        // Ignored signals stay ignored behind exec, so that the write fails instead of ending the process.
        let mut child = Command::new("bash")
            .args(["-c", "trap '' XFSZ; ulimit -f $1; exec \"$0\" --exact child_appends"])
            .arg(std::env::current_exe().unwrap())
            .arg(blocks.to_string())
            .env(CHILD_DIR, dir.path())
            .env(CHILD_PAYLOAD, payload.to_string())
            .spawn()
            .unwrap();
        let since = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > Duration::from_secs(30) {
                child.kill().unwrap();
                panic!("hangs with commits of {payload} bytes");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{payload}: {status}");
        let acknowledged: u64 = fs::read_to_string(dir.path().join("acknowledged")).unwrap().parse().unwrap();
        assert!(acknowledged > 0);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let log = SledLog::open(&dir.path().join("log"), small()).unwrap();
            // The refused one may have arrived; it is whole then.
            let head = verify_chain(&log, Head::EMPTY).await.unwrap();
            assert!((acknowledged..=acknowledged + 1).contains(&head.position), "{} of {acknowledged}", head.position);
        });
    }
}
