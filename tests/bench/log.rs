//! How fast the log alone is on this machine, for a look at it: `cargo bench --bench log`. `LOG_SPEED_EVENTS` picks one size of
//! commit, `LOG_SPEED_DIR` the disk.

#[path = "../log_common/mod.rs"]
mod log_common;

use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog, SledLog, SledOptions, verify_chain};
use log_common::commit;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(5);

/// Resident memory, now and at most.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let only: Option<usize> = std::env::var("LOG_SPEED_EVENTS").ok().and_then(|n| n.parse().ok());
    for events in [1, 16, 64, 200].into_iter().filter(|n| only.is_none_or(|only| only == *n)) {
        let dir = TempDir::new_in(std::env::var("LOG_SPEED_DIR").unwrap_or_else(|_| "/tmp".to_owned())).unwrap();
        let log = SledLog::open(dir.path(), SledOptions::default()).unwrap();
        let (mut head, mut working, mut longest) = (Head::EMPTY, Duration::ZERO, Duration::ZERO);
        while working < TIME {
            let next = commit(&head, events, 200, head.position);
            let since = Instant::now();
            assert_eq!(log.append(head, next.clone()).await, Append::Appended(next.head()));
            longest = longest.max(since.elapsed());
            working += since.elapsed();
            head = next.head();
        }
        let appending = memory();
        let rate = head.commit as f64 / working.as_secs_f64();
        let since = Instant::now();
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head);
        let walked = head.position as f64 / since.elapsed().as_secs_f64();
        let walking = memory();
        let since = Instant::now();
        log.close().await.unwrap();
        let closed = since.elapsed();
        let bytes = std::fs::metadata(dir.path().join("sled/db")).unwrap().len();
        let since = Instant::now();
        drop(SledLog::open(dir.path(), SledOptions::default()).unwrap());
        let clean = since.elapsed();
        let since = Instant::now();
        drop(SledLog::open(dir.path(), SledOptions::default()).unwrap());
        let doubtful = since.elapsed();
        eprintln!(
            "{events:3} events a commit: {rate:6.0} commits/s, {:7.0} events/s, longest {longest:?}; {walked:.0} events/s \
             verified; file {} MiB for {} positions, close {closed:?}, clean start {clean:?}, doubtful start {doubtful:?}; memory after appending {appending}, walking {walking}, all {}",
            rate * events as f64,
            bytes >> 20,
            head.position,
            memory(),
        );
    }
}
