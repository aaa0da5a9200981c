//! Checkpoints and proofs by a running engine: what is signed covers what is durable and nothing else, proofs hold against it,
//! and a log that was put back or changed is not served.

use crate::common::world::{day, firm, limits};
use incubator_registry::domain::{Command, Event, Stated};
use incubator_registry::engine::{
    AuditConfig, AuditFault, Clock, Engine, EngineConfig, EntityAnswer, Inclusion, Principal, RowOutcome, Signed,
    StartError, Stop,
};
use incubator_registry::journal::heads::{self, Shown};
use incubator_registry::journal::merkle::{is_consistent, is_included};
use incubator_registry::journal::note::{Checkpoint, PublicKey, SigningKey, origin};
use incubator_registry::journal::{Record, codec, record_hash};
use incubator_registry::log::{Append, EventLog as _, MemoryLog};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

struct Noon;

impl Clock for Noon {
    fn now_micros(&self) -> i64 {
        1_795_492_800_000_000
    }
}

struct Audited {
    engine: Engine,
    log: Arc<MemoryLog>,
    key: Arc<SigningKey>,
}

async fn open(log: Arc<MemoryLog>) -> Engine {
    let config = EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots: None };
    Engine::start(config, log, Arc::new(Noon)).await.unwrap()
}

fn config(key: &Arc<SigningKey>, dir: &Path, copy: Option<&Path>, every: Duration) -> AuditConfig {
    AuditConfig { key: Arc::clone(key), dir: dir.to_owned(), copy: copy.map(Path::to_owned), every }
}

const SELDOM: Duration = Duration::from_secs(3600);

impl Audited {
    async fn new(dir: &Path) -> Self {
        let key = Arc::new(SigningKey::generate().unwrap().0);
        let log = Arc::new(MemoryLog::new());
        let engine = open(Arc::clone(&log)).await;
        engine.begin_audit(config(&key, dir, None, SELDOM)).unwrap();
        Self { engine, log, key }
    }

    /// Records so many firms, from a number on.
    async fn firms(&self, from: u32, count: u32) -> u64 {
        register(&self.engine, from, count).await
    }

    fn keys(&self) -> [PublicKey; 1] {
        [self.key.named(&self.origin())]
    }

    fn origin(&self) -> String {
        origin("440203", &self.engine.published().log_id)
    }

    #[track_caller]
    fn open_note(&self, signed: &Signed) -> Checkpoint {
        let checkpoint = Checkpoint::open(&signed.note, &self.origin(), &self.keys()).unwrap();
        assert_eq!(checkpoint, signed.checkpoint);
        checkpoint
    }

    #[track_caller]
    fn holds(&self, inclusion: &Inclusion) -> Record {
        let checkpoint = self.open_note(&inclusion.signed);
        let leaf = record_hash(&inclusion.record);
        let index = inclusion.position - 1;
        assert!(is_included(&leaf, index, checkpoint.size, &inclusion.proof, &checkpoint.root));
        let record = Record::decode(&inclusion.record).unwrap();
        assert_eq!(record.position, inclusion.position);
        record
    }

    #[track_caller]
    fn shown(&self, name: &str, answer: &EntityAnswer) -> Shown {
        let record = self.holds(&answer.heads);
        let (event, _) = codec::decode(record.event_type, record.schema_version, &record.payload).unwrap();
        let (position, count, root) = (answer.heads_position, answer.count, answer.root);
        assert_eq!(event, Event::HeadsRecorded { position, count, root });
        assert!(position < record.position);
        heads::verify(name, &answer.proof, count, &root)
    }
}

async fn register(engine: &Engine, from: u32, count: u32) -> u64 {
    let principal = Principal { id: "t".to_owned(), on_behalf_of: String::new() };
    let row = |number| {
        let event =
            Event::FirmRegistered { firm: firm(number), name: format!("企业{number}"), field: "软件".into() };
        Command::new(vec![Stated::new(day("2024-01-10"), event)], Vec::new(), None)
    };
    let (outcomes, position) = engine.submit_rows(principal, (from..from + count).map(row).collect()).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, RowOutcome::Accepted { .. })), "{outcomes:?}");
    position
}

#[tokio::test]
async fn every_record_is_proven_and_every_checkpoint_continues_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    let engine = &audited.engine;
    let mut sizes = Vec::new();
    for batch in 0..4 {
        let position = audited.firms(1 + batch * 200, 200).await;
        let signed = engine.checkpoint_over(position).await.unwrap();
        assert!(signed.checkpoint.size > position, "the heads are recorded behind what they are of");
        assert_eq!(signed.checkpoint.size, engine.published().head.position);
        assert_eq!(engine.checkpoint_over(position).await.unwrap(), signed, "covered: none is made anew");
        sizes.push(signed.checkpoint.size);
    }
    for size in &sizes {
        for position in (1..=*size).filter(|at| at % 83 == 0 || *at <= 2 || size - at < 2 || at % 256 < 2) {
            audited.holds(&engine.prove_inclusion(position, *size).await.unwrap());
        }
        let beyond = engine.prove_inclusion(size + 1, *size).await;
        assert!(matches!(beyond, Err(AuditFault::NotCovered { .. })), "{beyond:?}");
        for old in sizes.iter().filter(|old| *old <= size) {
            let (first, second, proof) = engine.prove_consistency(*old, *size).await.unwrap();
            let (first, second) = (audited.open_note(&first), audited.open_note(&second));
            assert!(is_consistent((first.size, &first.root), (second.size, &second.root), &proof));
        }
    }
    assert!(matches!(engine.checkpoint(5), Err(AuditFault::UnknownCheckpoint { size: 5 })));
    let listed = engine.checkpoints(sizes[0], 2).unwrap();
    assert_eq!(listed.iter().map(|signed| signed.checkpoint.size).collect::<Vec<_>>(), sizes[1..3]);
    let status = engine.audit_status().unwrap();
    assert_eq!((status.checkpoints, status.keys, status.is_copied), (4, audited.keys().to_vec(), false));
}

#[tokio::test]
async fn entities_are_proven_whole_and_absent_ones_absent_at_any_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    let first = audited.firms(1, 300).await;
    let first = audited.engine.checkpoint_over(first).await.unwrap().checkpoint.size;
    let second = audited.firms(500, 3).await;
    let second = audited.engine.checkpoint_over(second).await.unwrap().checkpoint.size;
    let old = format!("firms/{}", firm(77));
    let new = format!("firms/{}", firm(501));
    // The later first, then the earlier, whose heads are made anew, and the later again.
    for (size, has_new) in [(second, true), (first, false), (0, true)] {
        let answer = audited.engine.prove_entity(&old, size).await.unwrap();
        let Shown::Present { revision: 1, hash } = audited.shown(&old, &answer) else { panic!("{answer:?}") };
        let record = audited.engine.prove_inclusion(2 + 77, size).await.unwrap();
        assert_eq!(hash, record_hash(&record.record));
        assert!(heads::are_all(&old, &[(audited.holds(&record), hash)], 1, &hash));
        let answer = audited.engine.prove_entity(&new, size).await.unwrap();
        assert_eq!(matches!(audited.shown(&new, &answer), Shown::Present { .. }), has_new, "{size}");
        assert_eq!(audited.shown(&new, &answer) == Shown::Absent, !has_new, "{size}");
        let answer = audited.engine.prove_entity("parks/无", size).await.unwrap();
        assert_eq!(audited.shown("parks/无", &answer), Shown::Absent);
        assert!(answer.heads_position < answer.heads.position);
    }
}

#[tokio::test]
async fn checkpoints_come_by_themselves_while_business_does_and_then_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let engine = open(Arc::new(MemoryLog::new())).await;
    engine.begin_audit(config(&key, dir.path(), None, Duration::from_millis(30))).unwrap();
    register(&engine, 1, 10).await;
    let count = || engine.audit_status().unwrap().checkpoints;
    let covered = || engine.audit_status().unwrap().latest.map_or(0, |signed| signed.checkpoint.size);
    tokio::time::timeout(Duration::from_secs(30), async {
        while covered() < 12 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    let (quiet, head) = (count(), engine.published().head.position);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((count(), engine.published().head.position), (quiet, head), "the heads themselves are no business");
}

#[tokio::test]
async fn a_drain_leaves_a_checkpoint_over_everything_and_a_restart_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    audited.firms(1, 40).await;
    assert_eq!(audited.engine.drain().await, Stop::Drained);
    let status = audited.engine.audit_status().unwrap();
    let last = status.latest.unwrap();
    assert_eq!(last.checkpoint.size, audited.engine.published().head.position);

    // With a new key; what the old one signed is still told by its own.
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let again = open(Arc::new(audited.log.reopened())).await;
    again.begin_audit(config(&key, dir.path(), None, SELDOM)).unwrap();
    assert_eq!(again.checkpoint(0).unwrap(), last);
    let position = register(&again, 900, 1).await;
    let new = again.checkpoint_over(position).await.unwrap();
    let keys = again.audit_status().unwrap().keys;
    assert_eq!(keys, [audited.key.named(&audited.origin()), key.named(&audited.origin())]);
    for signed in [&last, &new] {
        Checkpoint::open(&signed.note, &audited.origin(), &keys).unwrap();
    }
    assert!(Checkpoint::open(&new.note, &audited.origin(), &keys[..1]).is_err());
    let (_, _, proof) = again.prove_consistency(last.checkpoint.size, 0).await.unwrap();
    let (old, new) = (&last.checkpoint, &new.checkpoint);
    assert!(is_consistent((old.size, &old.root), (new.size, &new.root), &proof));
    let answer = again.prove_entity(&format!("firms/{}", firm(7)), last.checkpoint.size).await.unwrap();
    assert!(matches!(answer.proof, heads::EntityProof::Present(_)));
}

#[tokio::test]
async fn a_log_that_was_put_back_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    let early = audited.firms(1, 5).await;
    let older = Arc::new(MemoryLog::new());
    let commits = audited.log.read(1, usize::MAX).await.unwrap();
    for commit in commits.iter().take_while(|commit| commit.last <= early) {
        let head = older.head().await.unwrap();
        assert!(matches!(older.append(head, commit.clone()).await, Append::Appended(_)));
    }
    audited.firms(100, 5).await;
    audited.engine.drain().await;
    let again = open(older).await;
    let refused = again.begin_audit(config(&audited.key, dir.path(), None, SELDOM)).unwrap_err();
    assert!(matches!(&refused, StartError::Damaged { position, .. } if *position == early + 1), "{refused:?}");
}

#[tokio::test]
async fn a_log_with_another_history_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    let fork = Arc::new(audited.log.reopened());
    audited.firms(1, 5).await;
    audited.engine.drain().await;
    // The same log to its second position, then something else, and more of it.
    let other = open(fork).await;
    register(&other, 50, 30).await;
    other.begin_audit(config(&audited.key, dir.path(), None, SELDOM)).unwrap();
    let mut stopped = other.watch_stop();
    let stop = tokio::time::timeout(Duration::from_secs(30), stopped.wait_for(Option::is_some)).await.unwrap().unwrap();
    assert!(matches!(&*stop, Some(Stop::Damaged { detail, .. }) if detail.contains("checkpoint")), "{stop:?}");
}

#[tokio::test]
async fn checkpoints_of_another_log_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    audited.engine.drain().await;
    let stranger = open(Arc::new(MemoryLog::new())).await;
    let refused = stranger.begin_audit(config(&audited.key, dir.path(), None, SELDOM)).unwrap_err();
    assert!(matches!(refused, StartError::Checkpoints(_)), "{refused:?}");
}

#[tokio::test]
async fn a_torn_checkpoint_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let audited = Audited::new(dir.path()).await;
    audited.firms(1, 5).await;
    audited.engine.drain().await;
    let notes = dir.path().join("notes");
    let whole = std::fs::read(&notes).unwrap();
    for extra in 1..whole.len() {
        std::fs::write(&notes, [&whole[..], &whole[..extra]].concat()).unwrap();
        let again = open(Arc::new(audited.log.reopened())).await;
        let begun = again.begin_audit(config(&audited.key, dir.path(), None, SELDOM));
        begun.unwrap_or_else(|error| panic!("{extra}: {error:?}"));
        assert_eq!(std::fs::read(&notes).unwrap(), whole, "{extra}");
    }
}

#[tokio::test]
async fn each_checkpoint_is_pushed_to_its_second_place_and_one_that_is_ahead_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (dir.path().join("here"), dir.path().join("second/place"));
    // A file in the way: the second place can't be reached at first.
    std::fs::write(dir.path().join("second"), "in the way").unwrap();
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let log = Arc::new(MemoryLog::new());
    let engine = open(Arc::clone(&log)).await;
    engine.begin_audit(config(&key, &here, Some(&there), SELDOM)).unwrap();
    let position = register(&engine, 1, 5).await;
    engine.checkpoint_over(position).await.unwrap();
    let status = async |done: fn(&incubator_registry::engine::AuditStatus) -> bool| {
        tokio::time::timeout(Duration::from_secs(30), async {
            while !done(&engine.audit_status().unwrap()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
    };
    status(|status| !status.copy_error.is_empty() && status.copy_behind_bytes > 0).await;
    std::fs::remove_file(dir.path().join("second")).unwrap();
    status(|status| status.copy_error.is_empty() && status.copy_behind_bytes == 0).await;
    let position = register(&engine, 100, 5).await;
    engine.checkpoint_over(position).await.unwrap();
    engine.drain().await;
    let read = |dir: &Path, name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    for name in ["notes", "keys"] {
        assert_eq!(read(&here, name), read(&there, name));
    }
    // Both the log and its folder put back: the second place knows better.
    let notes = read(&here, "notes");
    std::fs::write(here.join("notes"), &notes[..notes.len() / 2]).unwrap();
    let again = open(Arc::new(log.reopened())).await;
    let refused = again.begin_audit(config(&key, &here, Some(&there), SELDOM)).unwrap_err();
    assert!(matches!(refused, StartError::Checkpoints(_)), "{refused:?}");
}

#[tokio::test]
async fn without_a_key_there_is_nothing_to_prove_by() {
    let engine = open(Arc::new(MemoryLog::new())).await;
    assert!(engine.audit_status().is_none());
    assert!(matches!(engine.checkpoint(0), Err(AuditFault::NoCheckpoints)));
    assert!(matches!(engine.prove_inclusion(1, 0).await, Err(AuditFault::NoCheckpoints)));
    engine.drain().await;
}
