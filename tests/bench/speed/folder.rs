//! The data folder of a stopped server: its log's records, and what they take on the disk.

use incubator_registry::journal::Commit;
use incubator_registry::log::{EventLog as _, SledLog, SledOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 4 << 20;

/// The folder of the one district, below the data folder.
const DISTRICT: &str = "440203";

/// What a data folder takes.
pub struct Disk {
    /// Bytes of all records, as stored and hashed.
    records: u64,
    /// How many there are.
    events: u64,
    /// Bytes on the disk: all of it.
    all: u64,
    /// Bytes on the disk: the log without the snapshot.
    log: u64,
}

impl Disk {
    /// The ratio, and what it is made of.
    pub fn told(&self) -> String {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let Self { records, events, all, log } = *self;
        let to_records = |bytes: u64| bytes as f64 / records as f64;
        format!(
            "{:.2} (log alone {:.2}; {events} events, records {:.1} MiB, log {:.1}, snapshot {:.1})",
            to_records(all),
            to_records(log),
            mib(records),
            mib(log),
            mib(all - log)
        )
    }
}

/// Measures a folder whose server was stopped cleanly.
pub async fn measure(data: &Path) -> Disk {
    let all = on_disk(data);
    let log = on_disk(&data.join(DISTRICT).join("log"));
    let (mut records, mut events) = (0, 0);
    each_commit(data, |commit| {
        records += commit.records.len() as u64;
        events = commit.last;
    })
    .await;
    Disk { records, events, all, log }
}

/// Every commit of a folder, in order.
pub async fn commits(data: &Path) -> Vec<Commit> {
    let mut commits = Vec::new();
    each_commit(data, |commit| commits.push(commit)).await;
    commits
}

/// Removes the snapshot, so that the next start folds the whole log.
pub fn forget_snapshot(data: &Path) {
    std::fs::remove_dir_all(data.join(DISTRICT).join("snapshot")).unwrap();
}

async fn each_commit(data: &Path, mut take: impl FnMut(Commit)) {
    let dir = data.join(DISTRICT).join("log");
    let log = SledLog::open_async(dir, SledOptions::default()).await.unwrap();
    let mut next = 1;
    loop {
        let commits = log.read(next, READ_BYTES).await.unwrap();
        let Some(last) = commits.last() else { break };
        next = last.last + 1;
        commits.into_iter().for_each(&mut take);
    }
    log.close().await.unwrap();
}

/// Bytes that a folder takes on the disk, as `du` counts.
fn on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let bytes = entries.map(|entry| {
        let found = entry.metadata().unwrap();
        if found.is_dir() { on_disk(&entry.path()) } else { found.blocks() * 512 }
    });
    bytes.sum()
}
