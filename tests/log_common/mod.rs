//! Commits for the tests of the log: real envelopes, real chains, content from a seed.
#![allow(dead_code)] // Each test binary uses its part.

use incubator_registry::journal::{Commit, Head, Record, Subject, ZERO_HASH};
use incubator_registry::log::{Append, EventLog, SledOptions};

/// SplitMix64: the same numbers everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A commit of `events` single-event commands behind `head`, each with `payload` bytes made from `salt`.
pub fn commit(head: &Head, events: usize, payload: usize, salt: u64) -> Commit {
    let mut rng = Rng(salt ^ head.position);
    let mut previous = head.hash;
    let mut bytes = Vec::new();
    for n in 0..events as u64 {
        let record = Record {
            commit: head.commit + 1,
            position: head.position + 1 + n,
            index: 0,
            count: 1,
            event_type: 7,
            schema_version: 1,
            effective_days: 20_000,
            recorded_at_micros: 1_700_000_000_000_000,
            principal: "operator-1".to_owned(),
            on_behalf_of: String::new(),
            request: None,
            previous,
            subjects: vec![Subject { name: "firms/91440203MA5ABCDE0X".to_owned(), revision: 1, previous: ZERO_HASH }],
            payload: (0..payload).map(|_| rng.next() as u8).collect(),
        };
        let stored = record.encode();
        previous = incubator_registry::journal::record_hash(&stored);
        bytes.extend_from_slice(&stored);
    }
    Commit::from_stored(head.position + 1, bytes.into()).unwrap()
}

/// Appends `count` commits and answers the new head.
pub async fn fill(log: &dyn EventLog, mut head: Head, count: usize, events: usize, payload: usize) -> Head {
    for n in 0..count {
        let next = commit(&head, events, payload, n as u64);
        let expected = next.head();
        assert_eq!(log.append(head, next).await, Append::Appended(expected));
        head = expected;
    }
    head
}

/// Everything in the log, by small reads.
pub async fn read_all(log: &dyn EventLog) -> Result<Vec<Commit>, incubator_registry::log::LogError> {
    let mut out: Vec<Commit> = Vec::new();
    loop {
        let from = out.last().map_or(1, |commit| commit.last + 1);
        let more = log.read(from, 64 * 1024).await?;
        if more.is_empty() {
            return Ok(out);
        }
        out.extend(more);
    }
}

/// Small segments, so that a small log has several of everything.
pub fn small() -> SledOptions {
    SledOptions { segment_bytes: 512 * 1024, ..SledOptions::default() }
}

/// Copies a folder.
pub fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder in memory where there is room, for tests that ask nothing of a real disk.
pub fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    let made = if free > 2 << 30 { tempfile::TempDir::new_in(memory) } else { tempfile::TempDir::new() };
    made.unwrap()
}
