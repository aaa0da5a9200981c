//! Whatever is done to an export of a log, by accident or by someone who makes every hash anew, the audit against a checkpoint
//! finds it.

use crate::common::ctl::run;
use crate::common::world::{day, firm, limits};
use incubator_registry::ctl::Exit;
use incubator_registry::domain::{Command, Event, Stated};
use incubator_registry::engine::{AuditConfig, Clock, Engine, EngineConfig, Principal};
use incubator_registry::journal::auditor::{Audited, Auditor, Verdict};
use incubator_registry::journal::export::{Encoder, FRAME_BYTES, HEADER_BYTES};
use incubator_registry::journal::heads::Heads;
use incubator_registry::journal::merkle::Tree;
use incubator_registry::journal::note::{Checkpoint, PublicKey, SigningKey, origin};
use incubator_registry::journal::{Commit, Hash, Record, ZERO_HASH, codec, record_hash};
use incubator_registry::log::{EventLog as _, MemoryLog};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

struct Noon;

impl Clock for Noon {
    fn now_micros(&self) -> i64 {
        1_795_492_800_000_000
    }
}

/// A small log with two checkpoints in it, and what came behind them.
struct Small {
    export: Vec<u8>,
    records: Vec<Record>,
    early: Checkpoint,
    late: Checkpoint,
    key: Arc<SigningKey>,
}

async fn register(engine: &Engine, number: u32) -> u64 {
    let principal = Principal { id: "t".to_owned(), on_behalf_of: String::new() };
    let event = Event::FirmRegistered { firm: firm(number), name: format!("企业{number}"), field: "软件".into() };
    let row = Command::new(vec![Stated::new(day("2024-01-10"), event)], Vec::new(), None);
    engine.submit_rows(principal, vec![row]).await.unwrap().1
}

async fn small() -> Small {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(MemoryLog::new());
    let config = EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots: None };
    let engine = Engine::start(config, log.clone(), Arc::new(Noon)).await.unwrap();
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let every = Duration::from_secs(3600);
    engine.begin_audit(AuditConfig { key: key.clone(), dir: dir.path().to_owned(), copy: None, every }).unwrap();
    let mut notes = Vec::new();
    for batch in 0..2 {
        let mut last = 0;
        for number in 0..4 {
            last = register(&engine, batch * 10 + number).await;
        }
        notes.push(engine.checkpoint_over(last).await.unwrap().note);
    }
    register(&engine, 77).await;
    let origin = origin("440203", &engine.published().log_id);
    let keys = [key.named(&origin)];
    let open = |note: &String| Checkpoint::open(note, &origin, &keys).unwrap();
    let mut export = Vec::new();
    let mut chunks = engine.export(0).unwrap();
    while let Some(chunk) = chunks.next().await.unwrap() {
        export.extend(chunk);
    }
    let commits = log.read(1, usize::MAX).await.unwrap();
    let records = commits.iter().flat_map(|commit| commit.iter().collect::<Vec<_>>());
    let records = records.map(|(_, bytes)| Record::decode(&bytes).unwrap()).collect();
    Small { export, records, early: open(&notes[0]), late: open(&notes[1]), key }
}

fn audit(export: &[u8], checkpoints: &[&Checkpoint]) -> Result<Audited, Verdict> {
    let mut auditor = Auditor::new(checkpoints.iter().map(|checkpoint| (*checkpoint).clone()).collect())?;
    let mut count = 0;
    for piece in export.chunks(997) {
        auditor.push(piece, &mut |record, _| {
            count += 1;
            assert_eq!(record.position, count);
        })?;
    }
    auditor.finish()
}

/// An export of records by someone who makes every position, revision and hash anew: it holds in itself.
fn resealed(records: &[Record]) -> Option<Vec<u8>> {
    let (mut encoder, mut out) = (Encoder::new(), Vec::new());
    let mut previous = ZERO_HASH;
    let mut heads: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    for (position, record) in (1..).zip(records) {
        let mut record = Record { commit: position, position, index: 0, count: 1, previous, ..record.clone() };
        for subject in &mut record.subjects {
            let (revision, hash) = heads.get(&subject.name).copied().unwrap_or((0, ZERO_HASH));
            (subject.revision, subject.previous) = (revision + 1, hash);
        }
        let bytes = record.encode();
        previous = record_hash(&bytes);
        for subject in &record.subjects {
            heads.insert(subject.name.clone(), (subject.revision, previous));
        }
        let (first, last) = (position, position);
        let commit = Commit { number: position, first, last, hash: previous, records: bytes.into() };
        encoder.commit(&commit, &mut out).ok()?;
    }
    encoder.finish(&mut out).ok()?;
    Some(out)
}

#[tokio::test]
async fn the_untouched_log_holds_and_what_nobody_signed_is_told() {
    let small = small().await;
    let audited = audit(&small.export, &[&small.late, &small.early]).unwrap();
    assert_eq!(audited.met, [small.early.size, small.late.size]);
    let ends = small.records.len() as u64;
    assert_eq!((audited.summary.head.position, audited.unsigned), (ends, ends - small.late.size));
    assert_eq!(audited.unsigned, 1);
    let (at, until, count) = audited.heads.unwrap();
    assert_eq!((at, until), (small.late.size, small.late.size - 1));
    assert_eq!(count, 9, "eight firms and the settings");
    assert!(audit(&small.export, &[]).unwrap().met.is_empty());
}

/// The log as its own server forges it: these records, what it records as the heads changed as the test says, which is told
/// how many came before, and everything behind them made to follow from that, the checkpoint too.
fn forged(
    small: &Small,
    mut records: Vec<Record>,
    change: impl Fn(usize, &mut Record),
) -> (Vec<u8>, Checkpoint, Vec<u64>) {
    let (mut tree, mut heads, mut at) = (Tree::default(), Heads::default(), BTreeMap::new());
    let (mut previous, mut recorded) = (ZERO_HASH, Vec::new());
    for (position, record) in (1..).zip(&mut records) {
        if record.event_type == 4 {
            let until = until(record);
            let of: &Heads = &at[&until];
            *record = stating(record, until, of.tree(until).count(), of.tree(until).root());
            change(recorded.len(), record);
            recorded.push(position);
        }
        (record.commit, record.position, record.index, record.count, record.previous) =
            (position, position, 0, 1, previous);
        for subject in &mut record.subjects {
            let (revision, hash) = heads.of(&subject.name);
            (subject.revision, subject.previous) = (revision + 1, hash);
        }
        previous = record_hash(&record.encode());
        heads.take(record, previous).unwrap();
        tree.push(previous);
        at.insert(position, heads.clone());
    }
    let export = resealed(&records).unwrap();
    (export, Checkpoint { size: tree.size(), root: tree.root(), ..small.late.clone() }, recorded)
}

/// Up to where the heads that a record states are true.
fn until(record: &Record) -> u64 {
    let (stated, _) = codec::decode(4, record.schema_version, &record.payload).unwrap();
    let Event::HeadsRecorded { position, .. } = stated else { panic!() };
    position
}

/// The record, stating these heads.
fn stating(record: &Record, position: u64, count: u64, root: Hash) -> Record {
    let payload = codec::encode(&Event::HeadsRecorded { position, count, root }, &[]).payload;
    Record { payload, ..record.clone() }
}

impl Small {
    /// The records that the later checkpoint covers.
    fn signed(&self) -> Vec<Record> {
        self.records[..usize::try_from(self.late.size).unwrap()].to_vec()
    }
}

fn audit_all(export: &[u8], checkpoint: &Checkpoint) -> Result<Audited, Verdict> {
    let mut auditor = Auditor::new(vec![checkpoint.clone()])?.of_all_heads();
    auditor.push(export, &mut |_, _| {})?;
    auditor.finish()
}

/// A log whose first recorded heads are of something else.
fn with_other_first_heads(small: &Small) -> (Vec<u8>, Checkpoint, Vec<u64>) {
    forged(small, small.signed(), |before, record| {
        if before == 0 {
            *record = stating(record, until(record), 5, [7; 32]);
        }
    })
}

#[tokio::test]
async fn all_recorded_heads_are_made_anew_where_that_is_asked() {
    let small = small().await;
    let recorded = small.records.iter().filter(|record| record.event_type == 4).count() as u64;
    assert!(recorded > 1);
    let audited = audit_all(&small.export, &small.late).unwrap();
    assert_eq!((audited.heads_checked, audited.heads_unchecked), (recorded, 0));
    let (export, checkpoint, positions) = with_other_first_heads(&small);
    let audited = audit(&export, &[&checkpoint]).unwrap();
    assert_eq!((audited.heads_checked, audited.heads_unchecked), (1, recorded - 1), "the last ones alone");
    let verdict = audit_all(&export, &checkpoint).unwrap_err();
    assert!(matches!(verdict, Verdict::Heads { position, .. } if position == positions[0]), "{verdict}");
}

#[tokio::test]
async fn heads_that_can_not_be_made_anew_are_counted() {
    let small = small().await;
    // Those of a later program.
    let (export, checkpoint, positions) = forged(&small, small.signed(), |before, record| {
        record.schema_version = if before == 0 { 99 } else { record.schema_version };
    });
    let recorded = positions.len() as u64;
    let audited = audit_all(&export, &checkpoint).unwrap();
    assert_eq!((audited.heads_checked, audited.heads_unchecked), (recorded - 1, 1));
    // Those that are of what lies too far before them.
    let mut records = small.signed();
    let (last, one) = (records.pop().unwrap(), records[3].clone());
    assert_eq!(last.event_type, 4);
    records.extend(std::iter::repeat_n(one, 1100));
    records.push(last);
    let (export, checkpoint, _) = forged(&small, records, |_, _| {});
    let audited = audit_all(&export, &checkpoint).unwrap();
    assert_eq!((audited.heads, audited.heads_checked, audited.heads_unchecked), (None, recorded - 1, 1));
}

#[tokio::test]
async fn heads_that_could_never_be_true_are_false_though_all_are_not_asked_for() {
    let small = small().await;
    let wrong = |change: &dyn Fn(&mut Record)| {
        let first = |before: usize, record: &mut Record| {
            if before == 0 {
                change(record);
            }
        };
        let (export, checkpoint, positions) = forged(&small, small.signed(), first);
        let verdict = audit(&export, &[&checkpoint]).unwrap_err();
        assert_eq!(audit_all(&export, &checkpoint).unwrap_err(), verdict);
        assert!(audit(&export, &[]).is_ok(), "nobody signed for them");
        (positions[0], verdict)
    };
    // Of what comes behind them, and of nothing.
    for until in [small.late.size, 1 << 40, 0] {
        let (position, verdict) = wrong(&|record| *record = stating(record, until, 5, [7; 32]));
        assert_eq!(verdict, Verdict::Heads { position, until });
    }
    let (position, verdict) = wrong(&|record| record.payload = vec![0xff]);
    assert!(matches!(&verdict, Verdict::UnreadHeads { position: at, .. } if *at == position), "{verdict}");
}

#[tokio::test]
async fn false_heads_are_a_fault_in_the_verdict_of_the_command_line() {
    let small = small().await;
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = write("key.pub", PublicKey { name: None, key: small.key.public() }.pem().as_bytes());
    let nobody = "127.0.0.1:1".parse().unwrap();
    let last = |before: usize, record: &mut Record| {
        if before == 1 {
            *record = stating(record, until(record), 5, [7; 32]);
        }
    };
    for (number, (export, checkpoint, positions), at) in
        [(1, with_other_first_heads(&small), 0), (2, forged(&small, small.signed(), last), 1)]
    {
        let export = write(&format!("export{number}"), &export);
        let note = write(&format!("note{number}"), checkpoint.sign(&small.key).as_bytes());
        let verify = ["audit", "verify", &export, "--key", &key, "--earlier", &note];
        let told = run(nobody, &verify).await;
        assert_eq!(told.exit, Exit::Refuted, "{} {}", told.out, told.err);
        let said = format!("position {}: the heads recorded there are not those of the records", positions[at]);
        assert!(told.err.contains(&said), "{}", told.err);
    }
    // Whoever makes all anew that can be, and not all can, is told so.
    let (export, checkpoint, _) = forged(&small, small.signed(), |before, record| {
        record.schema_version = if before == 0 { 99 } else { record.schema_version };
    });
    let export = write("export", &export);
    let note = write("note", checkpoint.sign(&small.key).as_bytes());
    let verify = ["audit", "verify", &export, "--key", &key, "--earlier", &note];
    let told = run(nobody, &verify).await;
    let (verdict, recorded) = (told.json(), small.records.iter().filter(|record| record.event_type == 4).count());
    let figures = ["holds", "heads_checked", "heads_unchecked"].map(|figure| verdict[figure].clone());
    assert_eq!(serde_json::json!(figures), serde_json::json!([true, recorded - 1, 1]));
    assert!(told.err.contains("1 recorded heads could not be made anew"), "{}", told.err);
}

#[tokio::test]
async fn every_changed_byte_is_found() {
    let small = small().await;
    for at in 0..small.export.len() {
        for mask in [1, 0x80, 0xff] {
            let mut bent = small.export.clone();
            bent[at] ^= mask;
            let found = audit(&bent, &[&small.late]);
            assert!(found.is_err(), "byte {at} ^ {mask}: {found:?}");
        }
    }
    for length in 0..small.export.len() {
        assert!(audit(&small.export[..length], &[&small.late]).is_err(), "cut at {length}");
    }
    assert!(audit(&[&small.export[..], b"x"].concat(), &[&small.late]).is_err());
}

/// The frames of an export, one a commit.
fn frames(export: &[u8]) -> Vec<&[u8]> {
    let (mut frames, mut at) = (Vec::new(), HEADER_BYTES);
    while export[at..].starts_with(b"CMIT") {
        let length = u32::from_be_bytes(export[at + 60..at + 64].try_into().unwrap()) as usize;
        frames.push(&export[at..at + FRAME_BYTES + length]);
        at += FRAME_BYTES + length;
    }
    frames
}

#[tokio::test]
async fn every_removed_swapped_or_doubled_record_is_found_though_nothing_else_is_touched() {
    let small = small().await;
    let frames = frames(&small.export);
    let tail = &small.export[HEADER_BYTES + frames.iter().map(|frame| frame.len()).sum::<usize>()..];
    let with = |frames: &[&[u8]]| [&small.export[..HEADER_BYTES], &frames.concat(), tail].concat();
    assert_eq!(with(&frames), small.export);
    for at in 0..frames.len() {
        let mut removed = frames.clone();
        removed.remove(at);
        assert!(audit(&with(&removed), &[&small.late]).is_err(), "commit {at} removed");
        let mut doubled = frames.clone();
        doubled.insert(at, frames[at]);
        assert!(audit(&with(&doubled), &[&small.late]).is_err(), "commit {at} doubled");
        for other in at + 1..frames.len() {
            let mut swapped = frames.clone();
            swapped.swap(at, other);
            assert!(audit(&with(&swapped), &[&small.late]).is_err(), "commits {at} and {other} swapped");
        }
    }
}

#[tokio::test]
async fn every_removed_swapped_doubled_added_or_changed_record_is_found_though_every_hash_is_made_anew() {
    let small = small().await;
    let signed = usize::try_from(small.late.size).unwrap();
    let refuted = |records: &[Record], what: &str| {
        let Some(export) = resealed(records) else { return };
        assert!(audit(&export, &[]).is_ok(), "{what}: it holds in itself");
        let found = audit(&export, &[&small.late]);
        let wanted = matches!(&found, Err(Verdict::OtherHistory { .. } | Verdict::RolledBack { .. }));
        assert!(wanted, "{what}: {found:?}");
    };
    // Even unchanged records are another history once their commits are cut otherwise.
    refuted(&small.records, "the same");
    for at in 0..signed {
        let mut changed = small.records.clone();
        changed[at].effective_days -= 1;
        refuted(&changed, &format!("{at} changed"));
        let mut removed = small.records.clone();
        removed.remove(at);
        refuted(&removed, &format!("{at} removed"));
        let mut doubled = small.records.clone();
        doubled.insert(at, small.records[at].clone());
        refuted(&doubled, &format!("{at} doubled"));
        let mut added = small.records.clone();
        added.insert(at + 1, small.records.last().unwrap().clone());
        refuted(&added, &format!("one added behind {at}"));
        for other in at + 1..signed {
            let mut swapped = small.records.clone();
            swapped.swap(at, other);
            refuted(&swapped, &format!("{at} and {other} swapped"));
        }
    }
}

#[tokio::test]
async fn a_log_put_back_and_two_histories_are_told_apart() {
    let small = small().await;
    let early = resealed(&small.records[..3]).unwrap();
    let put_back = audit(&early, &[&small.late]).unwrap_err();
    assert_eq!(put_back, Verdict::RolledBack { ends: 3, covers: small.late.size });

    let mut other = small.late.clone();
    other.root[0] ^= 1;
    let two = audit(&small.export, &[&small.late, &other]).unwrap_err();
    assert_eq!(two, Verdict::TwoHistories { covers: small.late.size });

    // The earlier checkpoint is met: what differs lies behind it.
    let another = audit(&small.export, &[&small.early, &other]).unwrap_err();
    assert_eq!(another, Verdict::OtherHistory { holds_to: small.early.size, covers: small.late.size });
}
