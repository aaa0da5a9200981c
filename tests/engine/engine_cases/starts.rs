//! Starts: the first events of a new log, and logs that must not be served.

use super::{HeldClock, NOON, Rig, config, register, rename};
use crate::common::world::{day, limits};
use async_trait::async_trait;
use incubator_registry::domain::Event;
use incubator_registry::engine::{Engine, EngineConfig, StartError};
use incubator_registry::journal::{Commit, Head, Record, codec, record_hash};
use incubator_registry::log::{Append, EventLog, Fault, FaultyLog, LogError, MemoryLog, Plan};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::watch;

/// Serves reads from one log, and appends as another that lags behind it would.
pub struct Stale {
    pub log: Arc<MemoryLog>,
    pub shown: MemoryLog,
}

#[async_trait]
impl EventLog for Stale {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        self.shown.append(expected, commit).await
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        self.log.read(from, bytes_max).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.log.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.log.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.log.close().await
    }
}

/// A log whose stored bytes were changed: reads show commits with one bit of one record flipped, or not all of them.
pub struct Tampered {
    pub log: MemoryLog,
    /// Position, byte within its record and bit to flip.
    pub flip: Option<(u64, usize, u8)>,
    /// Commits that begin behind this are not shown.
    pub until: u64,
}

#[async_trait]
impl EventLog for Tampered {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        self.log.append(expected, commit).await
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        let commits = self.log.read(from, bytes_max).await?;
        let shown = commits.into_iter().filter(|commit| commit.first <= self.until);
        shown.map(|commit| self.altered(commit)).collect()
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.log.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.log.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.log.close().await
    }
}

impl Tampered {
    pub fn flipped(log: MemoryLog, position: u64, byte: usize) -> Self {
        Self { log, flip: Some((position, byte, 0)), until: u64::MAX }
    }

    fn altered(&self, commit: Commit) -> Result<Commit, LogError> {
        let Some((position, byte, bit)) = self.flip.filter(|(at, ..)| (commit.first..=commit.last).contains(at)) else {
            return Ok(commit);
        };
        let before: usize = commit.iter().take_while(|(at, _)| *at < position).map(|(_, bytes)| bytes.len()).sum();
        let mut bytes = commit.records.to_vec();
        bytes[before + byte] ^= 1 << bit;
        let broken = |error: incubator_registry::journal::ChainError| LogError::DataLoss {
            position: error.position(),
            detail: error.to_string(),
        };
        Commit::from_stored(commit.first, bytes.into()).map_err(broken)
    }
}

pub async fn start(log: impl EventLog) -> Result<Engine, StartError> {
    Engine::start(config(None), Arc::new(log), Arc::new(HeldClock(AtomicI64::new(NOON)))).await
}

fn damaged(started: Result<Engine, StartError>) -> u64 {
    match started {
        Err(StartError::Damaged { position, .. }) => position,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a damaged log was served"),
    }
}

#[tokio::test]
async fn a_new_log_begins_with_its_birth_and_the_limits_in_one_commit() {
    let rig = Rig::new().await;
    let commits = rig.memory.read(1, usize::MAX).await.unwrap();
    assert_eq!(commits.len(), 1);
    let records = commits[0].verify_after(&Head::EMPTY).unwrap();
    let decoded = |record: &Record| codec::decode(record.event_type, record.schema_version, &record.payload).unwrap();
    let [(first, hash), (second, _)] = &records[..] else { panic!("two records") };
    let Event::LogCreated { district, log_id, hash_algorithm } = decoded(first).0 else { panic!("LogCreated") };
    assert_eq!((district.as_str(), hash_algorithm), ("440203", 1));
    assert_eq!(log_id, rig.engine.published().log_id);
    assert_ne!(log_id, Rig::new().await.engine.published().log_id);
    assert_eq!(first.effective_days, day("2026-11-24").days());
    assert_eq!(decoded(second).0, Event::LimitsSet(limits()));
    assert_eq!(second.effective_days, day("1900-01-01").days());
    assert_eq!((second.previous, second.subjects[0].name.as_str()), (*hash, "settings"));
    for (record, _) in &records {
        assert_eq!((record.recorded_at_micros, record.principal.as_str()), (NOON, "system"));
        assert_eq!((record.request, record.index, record.count), (None, 0, 1));
    }
}

#[tokio::test]
async fn another_districts_log_is_refused() {
    let rig = Rig::new().await;
    let config = EngineConfig { district: "440204".to_owned(), ..config(None) };
    let log = Arc::new(rig.memory.reopened());
    match Engine::start(config, log, rig.clock.clone()).await {
        Err(StartError::OtherDistrict { found, wanted }) => {
            assert_eq!((found.as_str(), wanted.as_str()), ("440203", "440204"));
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found_with_its_position() {
    let rig = Rig::peopled(2).await;
    rig.run(rename(1, "2025-01-01", "甲")).await;
    let commits = rig.memory.read(1, usize::MAX).await.unwrap();
    for (position, bytes) in commits.iter().flat_map(|commit| commit.iter().collect::<Vec<_>>()) {
        for byte in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            let found = damaged(start(Tampered::flipped(rig.memory.reopened(), position, byte)).await);
            // In the record itself, or in the first that should follow from it.
            assert!((position..=position + 1).contains(&found), "position {position}, byte {byte}: {found}");
        }
    }
}

#[tokio::test]
async fn a_log_that_ends_before_its_head_is_refused() {
    let rig = Rig::peopled(2).await;
    for until in 0..rig.head() {
        let log = Tampered { log: rig.memory.reopened(), flip: None, until };
        assert_eq!(damaged(start(log).await), if until < 2 && until > 0 { 3 } else { until + 1 });
    }
}

/// A log of hand-made records behind the first commit of a real one.
async fn forged(forge: impl Fn(&mut Record)) -> Result<Engine, StartError> {
    let rig = Rig::peopled(1).await;
    rig.run(rename(1, "2025-01-01", "甲")).await;
    let log = MemoryLog::new();
    let mut head = Head::EMPTY;
    for commit in rig.memory.read(1, usize::MAX).await.unwrap() {
        let mut commit = commit;
        if commit.head() == rig.engine.published().head {
            let (_, stored) = commit.iter().next().unwrap();
            let mut record = Record::decode(&stored).unwrap();
            forge(&mut record);
            let stored = record.encode();
            commit = Commit { hash: record_hash(&stored), records: stored.into(), ..commit };
        }
        let (next, answer) = (commit.head(), log.append(head, commit).await);
        assert_eq!(answer, Append::Appended(next));
        head = next;
    }
    start(log).await
}

#[tokio::test]
async fn a_chain_that_holds_but_says_what_can_not_be_is_refused() {
    assert!(forged(|_| {}).await.is_ok());
    let last = 2 + 4 + 1 + 1;
    assert_eq!(damaged(forged(|record| record.recorded_at_micros -= 1).await), last);
    assert_eq!(damaged(forged(|record| record.subjects[0].revision += 1).await), last);
    assert_eq!(damaged(forged(|record| record.subjects[0].previous[0] ^= 1).await), last);
    assert_eq!(damaged(forged(|record| record.subjects[0].name = "teams/1".to_owned()).await), last);
    assert_eq!(damaged(forged(|record| record.event_type = 999).await), last);
    assert_eq!(damaged(forged(|record| record.schema_version = 2).await), last);
    assert_eq!(damaged(forged(|record| record.payload = vec![0xff; 3]).await), last);
    assert_eq!(damaged(forged(|record| record.effective_days = i32::MAX).await), last);
    assert_eq!(damaged(forged(|record| record.previous[5] ^= 1).await), last);
    let birth = Event::LogCreated { district: "440203".into(), log_id: [1; 16], hash_algorithm: 1 };
    let birth = codec::encode(&birth, &[]);
    let twice = forged(move |record| {
        (record.event_type, record.payload) = (birth.event_type, birth.payload.clone());
    });
    assert_eq!(damaged(twice.await), last);
}

#[tokio::test]
async fn a_new_log_that_can_not_be_written_is_no_log() {
    for fault in [Fault::Full, Fault::Fatal, Fault::UnknownWritten, Fault::UnknownLost] {
        let memory = Arc::new(MemoryLog::new());
        let started = start(FaultyLog::new(memory.clone(), Plan::queue([fault]))).await;
        assert!(matches!(started, Err(StartError::Create(_))));
        // The next start finds the first events, or writes them.
        start(memory.reopened()).await.unwrap().submit(super::request(register(1))).await.unwrap();
    }
}
