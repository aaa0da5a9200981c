//! The access log by itself: what is noted stands in it, bounded whatever strangers do, signed, and found when it was changed;
//! a log that can't be written stops nobody, and says how much it lacks.

use crate::common;
use incubator_registry::access::{
    AccessFault, AccessLog, Class, LogState, Noted, RECORD_BYTES_MAX, Reopen, Signing, What, Who,
};
use incubator_registry::engine::{Clock, SystemClock};
use incubator_registry::journal::access::{AccessEvent, Cause, DataKind, origin};
use incubator_registry::journal::auditor::{Audited, Auditor, Verdict};
use incubator_registry::journal::export::{Decoder, Item};
use incubator_registry::journal::note::{Checkpoint, SigningKey};
use incubator_registry::journal::{Commit, Head, Record, access, record_hash};
use incubator_registry::log::{
    Append, EventLog, Fault, FaultyLog, LogError, MemoryLog, Plan, SledLog, SledOptions, verify_chain,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const DISTRICT: &str = "440203";

/// A clock that the test moves.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn noon() -> Arc<Moved> {
    Arc::new(Moved(AtomicI64::new(1_795_492_800_000_000)))
}

fn who(principal: &str, on_behalf_of: &str) -> Who {
    Who { principal: principal.to_owned(), on_behalf_of: on_behalf_of.to_owned() }
}

fn denied(principal: &str, peer: &str) -> Noted {
    let (method, reason) = ("incubation.v1.TaxService/GetTaxReceipt".to_owned(), "NOT_PERMITTED".to_owned());
    Noted { who: who(principal, ""), what: What::Denied { method, reason, peer: peer.to_owned() } }
}

fn read(principal: &str, on_behalf_of: &str, entity: &str) -> Noted {
    let method = "incubation.v1.TaxService/ListTaxReceipts".to_owned();
    let what = What::Read { kind: DataKind::Tax, method, entity: entity.to_owned(), query: String::new() };
    Noted { who: who(principal, on_behalf_of), what }
}

fn signing(key: &Arc<SigningKey>, dir: &Path) -> Option<Signing> {
    Some(Signing { key: Arc::clone(key), dir: dir.to_owned(), copy: None, every: Duration::from_secs(3600) })
}

async fn open(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>) -> AccessLog {
    AccessLog::start(DISTRICT, log, clock, None).await.unwrap()
}

/// Everything in it, the oldest first.
async fn all(log: &dyn EventLog) -> Vec<(Record, AccessEvent)> {
    let (mut out, mut next) = (Vec::new(), 1);
    loop {
        let commits = log.read(next, 1 << 20).await.unwrap();
        let Some(last) = commits.last() else { return out };
        next = last.last + 1;
        for (_, bytes) in commits.iter().flat_map(Commit::iter) {
            let record = Record::decode(&bytes).unwrap();
            let event = access::decode(&record).unwrap();
            out.push((record, event));
        }
    }
}

async fn exported(access: &AccessLog) -> Vec<u8> {
    let mut export = access.export().await.unwrap();
    let mut bytes = Vec::new();
    while let Some(more) = export.next().await.unwrap() {
        bytes.extend(more);
    }
    bytes
}

fn audit(export: &[u8], checkpoints: Vec<Checkpoint>) -> Result<Audited, Verdict> {
    let mut auditor = Auditor::new(checkpoints)?;
    auditor.push(export, &mut |_, _| {})?;
    auditor.finish()
}

async fn state(access: &AccessLog, wanted: impl Fn(&LogState) -> bool) -> LogState {
    for _ in 0..500 {
        let state = access.status().state;
        if wanted(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still {:?}", access.status().state)
}

#[tokio::test]
async fn who_was_turned_away_and_who_read_stand_in_it() {
    let (log, clock) = (Arc::new(MemoryLog::new()), noon());
    let access = open(log.clone(), clock.clone()).await;
    let note = |noted| {
        clock.0.fetch_add(1, Ordering::Relaxed);
        access.note(noted);
    };
    note(denied("", "203.0.113.7"));
    note(denied("clerk-7", "203.0.113.7"));
    for _ in 0..3 {
        note(read("clerk-7", "bureau", "firms/91440203MA20WQ9M3C"));
    }
    note(read("clerk-8", "", "firms/91440203MA20WQ9M3C"));
    access.flush().await;
    let found = all(log.as_ref()).await;
    assert!(matches!(&found[0].1, AccessEvent::Created { district, .. } if district == DISTRICT));
    let told = |(record, event): &(Record, AccessEvent)| {
        let count = match event {
            AccessEvent::Denied { count, .. } | AccessEvent::Read { count, .. } => *count,
            _ => 0,
        };
        let subjects = record.subjects.iter().map(|subject| format!("{}@{}", subject.name, subject.revision));
        (record.principal.clone(), record.on_behalf_of.clone(), count, subjects.collect::<Vec<_>>().join(" "))
    };
    let mut told: Vec<_> = found[1..].iter().map(told).collect();
    told.sort();
    let line = |who: &str, whom: &str, count, subjects: &str| (who.into(), whom.into(), count, subjects.to_owned());
    assert_eq!(told[..2], [line("", "", 1, ""), line("clerk-7", "", 1, "principals/clerk-7@1")]);
    assert_eq!((&*told[2].0, &*told[2].1, told[2].2), ("clerk-7", "bureau", 3));
    assert!(told[2].3.ends_with("principals/clerk-7@2"), "{told:?}");
    assert!(told[3].3.ends_with("principals/clerk-8@1"), "{told:?}");
    verify_chain(log.as_ref(), Head::EMPTY).await.unwrap();
    let page = access.page(None, 2, |_| true).await.unwrap();
    assert_eq!(page.records.iter().map(|listed| listed.record.position).collect::<Vec<_>>(), [5, 4]);
    let rest = access.page(page.next, 9, |listed| listed.record.principal == "clerk-7").await.unwrap();
    assert_eq!((rest.records.iter().all(|listed| listed.record.principal == "clerk-7"), rest.next), (true, None));
}

#[tokio::test]
async fn the_first_is_written_without_being_asked_for() {
    let log = Arc::new(MemoryLog::new());
    let access = open(log.clone(), Arc::new(SystemClock)).await;
    access.note(denied("", "203.0.113.7"));
    let mut head = log.watch();
    let written = tokio::time::timeout(Duration::from_secs(10), head.wait_for(|head| head.position == 2)).await;
    assert!(written.is_ok(), "the first of its kind waits for no minute");
    access.close().await;
    assert_eq!(access.status().state, LogState::Closed);
}

#[tokio::test]
async fn a_flood_writes_a_bounded_number_of_records_and_loses_no_count() {
    let (log, clock) = (Arc::new(MemoryLog::new()), noon());
    let access = open(log.clone(), clock.clone()).await;
    let began = std::time::Instant::now();
    for call in 0..100_000_u32 {
        clock.0.fetch_add(1000, Ordering::Relaxed);
        // Every one from elsewhere, and with as long a method as there can be.
        let method = "m".repeat(4096);
        let peer = std::net::Ipv4Addr::from(call).to_string();
        let what = What::Denied { method, reason: "NO_PRINCIPAL".into(), peer };
        access.note(Noted { who: Who::default(), what });
        if call % 1000 == 0 {
            access.note(read("clerk-7", "", "firms/91440203MA20WQ9M3C"));
            tokio::task::yield_now().await;
        }
    }
    let took = began.elapsed();
    access.flush().await;
    let found = all(log.as_ref()).await;
    let (mut denied, mut reads) = (0, 0);
    for (_, event) in &found {
        match event {
            AccessEvent::Denied { count, .. } => denied += count,
            AccessEvent::Read { count, .. } => reads += count,
            AccessEvent::Unrecorded { denied: more, reads: 0, cause: Cause::Limit, .. } => denied += more,
            other => assert!(matches!(other, AccessEvent::Created { .. }), "{other:?}"),
        }
    }
    assert_eq!((denied, reads), (100_000, 100));
    let most = usize::try_from(Class::Stranger.records_an_hour()).unwrap() + 20;
    assert!(found.len() <= most, "{} records", found.len());
    let bytes: usize = found.iter().map(|(record, _)| record.encode().len()).sum();
    assert!(bytes <= most * RECORD_BYTES_MAX, "{bytes} bytes");
    assert!(took < Duration::from_secs(20), "noting took {took:?}");
}

#[tokio::test]
async fn the_longest_record_has_its_bound() {
    let log = Arc::new(MemoryLog::new());
    let access = open(log.clone(), noon()).await;
    let long = "中".repeat(5000);
    let what =
        What::Read { kind: DataKind::Entitlement, method: long.clone(), entity: long.clone(), query: long.clone() };
    access.note(Noted { who: who(&long, &long), what });
    access.flush().await;
    let found = all(log.as_ref()).await;
    assert!(found[1].0.encode().len() <= RECORD_BYTES_MAX);
}

#[tokio::test]
async fn a_log_without_space_stops_nobody_and_tells_its_gap() {
    let inner: Arc<MemoryLog> = Arc::new(MemoryLog::new());
    let log = Arc::new(FaultyLog::new(inner.clone(), Plan::none()));
    let access = open(log.clone(), noon()).await;
    access.flush().await;
    log.set_plan(Plan::each(|_, _| Fault::Full));
    access.note(read("clerk-7", "", "firms/91440203MA20WQ9M3C"));
    access.note(denied("", "203.0.113.7"));
    access.flush().await;
    let status = access.status();
    assert_eq!(status.state, LogState::Full);
    assert_eq!((status.lost[1].reads, status.lost[1].denied), (1, 1));
    assert_eq!(all(inner.as_ref()).await.len(), 1);
    log.set_plan(Plan::none());
    access.flush().await;
    let found = all(inner.as_ref()).await;
    let AccessEvent::Unrecorded { denied: 1, reads: 1, cause: Cause::Unwritten, .. } = found[1].1 else {
        panic!("{found:?}")
    };
    assert_eq!(access.status().state, LogState::Open);
    assert!(access.status().lost.iter().all(|lost| lost.is_empty()));
}

#[tokio::test]
async fn a_lost_acknowledgement_writes_nothing_twice_and_another_writer_ends_it() {
    let inner: Arc<MemoryLog> = Arc::new(MemoryLog::new());
    let log = Arc::new(FaultyLog::new(inner.clone(), Plan::none()));
    let access = open(log.clone(), noon()).await;
    log.set_plan(Plan::queue([Fault::UnknownWritten, Fault::UnknownLost]));
    for peer in ["a", "b", "c"] {
        access.note(denied("", peer));
        access.flush().await;
    }
    assert_eq!(all(inner.as_ref()).await.len(), 4);
    verify_chain(inner.as_ref(), Head::EMPTY).await.unwrap();
    log.set_plan(Plan::queue([Fault::Fatal]));
    access.note(denied("", "d"));
    access.flush().await;
    assert!(matches!(access.status().state, LogState::Failed(_)));
    access.note(denied("", "e"));
    access.flush().await;
    assert_eq!(access.status().lost[1].denied, 2, "what happens goes on being counted");
}

/// Opens the log behind the faults anew, without them.
struct Anew(Arc<MemoryLog>);

#[async_trait::async_trait]
impl Reopen for Anew {
    async fn reopen(&self, _failed: Arc<dyn EventLog>) -> Result<Arc<dyn EventLog>, LogError> {
        Ok(Arc::new(FaultyLog::new(self.0.clone(), Plan::none())))
    }

    fn after(&self) -> Duration {
        Duration::from_millis(10)
    }
}

#[tokio::test]
async fn a_log_that_failed_is_opened_anew_and_nothing_is_told_twice() {
    for (fault, was_written) in [(Fault::SyncFails, true), (Fault::Fatal, false)] {
        let inner: Arc<MemoryLog> = Arc::new(MemoryLog::new());
        let log = Arc::new(FaultyLog::new(inner.clone(), Plan::none()));
        let again = Box::new(Anew(inner.clone()));
        let access = AccessLog::start_reopening(DISTRICT, log.clone(), again, noon(), None).await.unwrap();
        access.note(denied("clerk-7", "a"));
        access.flush().await;
        log.set_plan(Plan::queue([fault]));
        access.note(read("clerk-7", "", "firms/91440203MA20WQ9M3C"));
        access.flush().await;
        assert!(matches!(access.status().state, LogState::Failed(_)), "{:?}", access.status().state);
        assert_eq!(access.status().lost[1].reads, 1);
        state(&access, |state| *state == LogState::Open).await;
        access.note(denied("clerk-8", "b"));
        access.flush().await;
        let found = all(inner.as_ref()).await;
        let (mut denied, mut reads, mut gaps) = (0, 0, 0);
        for (_, event) in &found {
            match event {
                AccessEvent::Denied { count, .. } => denied += count,
                AccessEvent::Read { count, .. } => reads += count,
                AccessEvent::Unrecorded { reads, cause: Cause::Unwritten, .. } => gaps += reads,
                other => assert!(matches!(other, AccessEvent::Created { .. }), "{other:?}"),
            }
        }
        assert_eq!((denied, reads, gaps), (2, u64::from(was_written), u64::from(!was_written)), "{found:?}");
        assert!(access.status().lost.iter().all(|lost| lost.is_empty()));
        verify_chain(inner.as_ref(), Head::EMPTY).await.unwrap();
    }
}

#[tokio::test]
async fn the_birth_of_a_log_that_failed_is_written_once() {
    let inner: Arc<MemoryLog> = Arc::new(MemoryLog::new());
    let log = Arc::new(FaultyLog::new(inner.clone(), Plan::queue([Fault::SyncFails])));
    let again = Box::new(Anew(inner.clone()));
    let access = AccessLog::start_reopening(DISTRICT, log, again, noon(), None).await.unwrap();
    access.flush().await;
    state(&access, |state| *state == LogState::Open).await;
    access.note(denied("clerk-7", "a"));
    access.flush().await;
    let found = all(inner.as_ref()).await;
    assert!(matches!(found[0].1, AccessEvent::Created { .. }));
    assert!(found.iter().skip(1).all(|(_, event)| !matches!(event, AccessEvent::Created { .. })), "{found:?}");
}

#[tokio::test]
async fn one_principal_leaves_room_for_the_others() {
    let (log, clock) = (Arc::new(MemoryLog::new()), noon());
    let access = open(log.clone(), clock).await;
    for peer in 0..10_000 {
        access.note(denied("greedy", &peer.to_string()));
    }
    for peer in ["a", "b", "c"] {
        access.note(denied("clerk-7", peer));
    }
    access.flush().await;
    let found = all(log.as_ref()).await;
    let of = |principal: &str| found.iter().filter(|(record, _)| record.principal == principal).count();
    assert_eq!((of("greedy"), of("clerk-7")), (1500, 3));
    let told: u64 = found
        .iter()
        .map(|(_, event)| match event {
            AccessEvent::Denied { count, .. } => *count,
            AccessEvent::Unrecorded { denied, cause: Cause::Limit, .. } => *denied,
            _ => 0,
        })
        .sum();
    assert_eq!(told, 10_003);
}

/// The log in a folder, once whoever had it has let go.
async fn reopened(dir: &Path, options: SledOptions) -> SledLog {
    for _ in 0..500 {
        match SledLog::open_async(dir.join("log"), options).await {
            Ok(log) => return log,
            Err(LogError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the log is still held")
}

#[tokio::test]
async fn it_survives_a_restart_and_a_kill_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let options = SledOptions { segment_bytes: 1 << 20, ..SledOptions::default() };
    for round in 0..3 {
        let log = Arc::new(reopened(dir.path(), options).await);
        let access = open(log.clone(), Arc::new(SystemClock)).await;
        access.note(read("clerk-7", "", "firms/91440203MA20WQ9M3C"));
        access.flush().await;
        assert_eq!(log.head().await.unwrap().position, 2 + round);
        if round == 1 {
            access.close().await;
        }
        // Else it is let go of as a kill would: nothing is closed.
        drop(access);
        drop(log);
    }
    let log = reopened(dir.path(), options).await;
    let found = all(&log).await;
    assert_eq!(found.len(), 4);
    let revisions: Vec<u64> = found[1..].iter().map(|(record, _)| record.subjects[0].revision).collect();
    assert_eq!(revisions, [1, 2, 3], "each continues what its subject had before the restart");
    verify_chain(&log, Head::EMPTY).await.unwrap();
}

/// A log of these records, with every hash made anew, as whoever changes it on purpose would.
async fn forged(records: Vec<Record>) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new());
    let mut head = Head::EMPTY;
    let mut heads = incubator_registry::journal::heads::Heads::default();
    for mut record in records {
        (record.commit, record.position, record.previous) = (head.commit + 1, head.position + 1, head.hash);
        for subject in &mut record.subjects {
            let (revision, previous) = heads.of(&subject.name);
            (subject.revision, subject.previous) = (revision + 1, previous);
        }
        let bytes = record.encode();
        let hash = record_hash(&bytes);
        heads.take(&record, hash).unwrap();
        let (number, first) = (record.commit, record.position);
        let commit = Commit { number, first, last: first, hash, records: bytes.into() };
        let Append::Appended(now) = log.append(head, commit).await else { panic!() };
        head = now;
    }
    log
}

#[tokio::test]
async fn what_was_changed_is_found_by_checkpoints_offline_and_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let log = Arc::new(MemoryLog::new());
    let access = AccessLog::start(DISTRICT, log.clone(), noon(), signing(&key, dir.path())).await.unwrap();
    for peer in ["a", "b", "c"] {
        access.note(denied("", peer));
        access.flush().await;
    }
    let status = access.status();
    let records: Vec<Record> = all(log.as_ref()).await.into_iter().map(|(record, _)| record).collect();
    let AccessEvent::Created { log_id, .. } = access::decode(&records[0]).unwrap() else { panic!() };
    let name = origin(DISTRICT, &log_id);
    assert_eq!(status.origin, name);
    assert!(name.ends_with("/access"));
    let checkpoint = Checkpoint::open(&status.latest.unwrap(), &name, &[key.named(&name)]).unwrap();
    assert_eq!(checkpoint.size, 4);
    let export = exported(&access).await;
    let audited = audit(&export, vec![checkpoint.clone()]).unwrap();
    assert_eq!((audited.met, audited.unsigned), (vec![4], 0));
    access.close().await;

    // By accident: every byte.
    for at in 0..export.len() {
        let mut bytes = export.clone();
        bytes[at] ^= 1;
        assert!(audit(&bytes, vec![checkpoint.clone()]).is_err(), "byte {at}");
    }
    // On purpose: one left out, one told otherwise, the last ones cut off.
    let mut without = records.clone();
    without.remove(2);
    let mut other = records.clone();
    other[1].payload = access::encode(&AccessEvent::Denied {
        method: String::new(),
        reason: "NO_PRINCIPAL".into(),
        peer: "z".into(),
        count: 1,
        first_micros: 1,
    })
    .payload;
    let more = |mut records: Vec<Record>| {
        records.push(records[1].clone());
        records
    };
    for records in [more(without.clone()), other, without, records[..2].to_vec()] {
        let log = forged(records).await;
        let changed = open(log.reopened_arc(), noon()).await;
        state(&changed, |state| *state == LogState::Open).await;
        let verdict = audit(&exported(&changed).await, vec![checkpoint.clone()]).unwrap_err();
        assert!(matches!(verdict, Verdict::OtherHistory { .. } | Verdict::RolledBack { .. }), "{verdict}");
        changed.close().await;
        match AccessLog::start(DISTRICT, log.reopened_arc(), noon(), signing(&key, dir.path())).await {
            Err(AccessFault::Damaged { .. }) => {}
            Err(other) => panic!("{other}"),
            Ok(started) => {
                let found = state(&started, |state| *state != LogState::Reading).await;
                assert!(matches!(found, LogState::Damaged { position: 2..=4, .. }), "{found:?}");
            }
        }
    }
    // Its portable form says which log it is.
    let mut decoder = Decoder::new();
    decoder.push(&export);
    assert!(matches!(decoder.next().unwrap(), Some(Item::Origin(origin)) if origin.log_id == log_id));
}

trait Reopened {
    fn reopened_arc(&self) -> Arc<MemoryLog>;
}

impl Reopened for Arc<MemoryLog> {
    fn reopened_arc(&self) -> Arc<MemoryLog> {
        Arc::new(self.reopened())
    }
}

#[tokio::test]
async fn a_districts_log_and_an_access_log_are_not_taken_for_each_other() {
    use common::world::{day, limits};
    use incubator_registry::engine::{Engine, EngineConfig, StartError};
    let log = Arc::new(MemoryLog::new());
    let config = EngineConfig { district: DISTRICT.to_owned(), limits: (day("1900-01-01"), limits()), snapshots: None };
    Engine::start(config.clone(), log.clone(), Arc::new(SystemClock)).await.unwrap();
    let refused = AccessLog::start(DISTRICT, log, noon(), None).await.unwrap_err();
    assert!(matches!(refused, AccessFault::Damaged { position: 1, .. }), "{refused}");
    let log = Arc::new(MemoryLog::new());
    let access = open(log.clone(), noon()).await;
    access.flush().await;
    let refused = AccessLog::start("440204", log.clone(), noon(), None).await.unwrap_err();
    assert!(matches!(refused, AccessFault::OtherDistrict { .. }), "{refused}");
    let refused = Engine::start(config, log, Arc::new(SystemClock)).await.err().unwrap();
    assert!(matches!(refused, StartError::Damaged { position: 1, .. }), "{refused}");
}
