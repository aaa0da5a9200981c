//! Snapshots are a cache: with one, without one or with a bad one, an engine is the same; and a record that lies behind one
//! is found.

use super::histories::history;
use super::starts::Tampered;
use super::{HeldClock, NOON, Rig, config, register, rename, request};
use incubator_registry::engine::{Engine, EngineError, StartError, Stop};
use incubator_registry::log::{EventLog, MemoryLog};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

async fn start(log: impl EventLog, folder: &Path) -> Result<Engine, StartError> {
    let clock = Arc::new(HeldClock(AtomicI64::new(NOON)));
    Engine::start(config(Some(folder.to_owned())), Arc::new(log), clock).await
}

/// A history, drained, so that a snapshot of it lies in the folder.
async fn drained(folder: &Path, seed: u64) -> MemoryLog {
    let rig = Rig::on(MemoryLog::new(), Some(folder.to_owned())).await;
    rig.people(3).await;
    history(&rig, seed, 120).await;
    rig.run(rename(1, "2025-12-30", "末")).await;
    rig.engine.drain().await;
    assert!(folder.join("state.snapshot").exists());
    rig.memory.reopened()
}

/// Whether a start takes the snapshot: it does if it gets past a broken record that the snapshot stands for.
async fn is_used(log: &MemoryLog, folder: &Path) -> bool {
    match start(Tampered::flipped(log.reopened(), 4, 150), folder).await {
        Ok(_) => true,
        Err(StartError::Damaged { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn assert_same(one: &Engine, other: &Engine) {
    let (one, other) = (one.published(), other.published());
    assert!(one.registry == other.registry);
    assert!(one.registry.entities() == other.registry.entities());
    assert!(one.commits == other.commits);
    assert_eq!((one.head, one.log_id), (other.head, other.log_id));
}

#[tokio::test]
async fn a_snapshot_with_a_tail_equals_a_full_replay() {
    for seed in 40..44 {
        let folder = tempfile::tempdir().unwrap();
        let first = Rig::on(MemoryLog::new(), Some(folder.path().to_owned())).await;
        first.people(3).await;
        let mut accepted = history(&first, seed, 150).await;
        first.engine.drain().await;
        let second = first.again(Some(folder.path().to_owned())).await;
        accepted.extend(history(&second, seed + 100, 100).await);
        // The snapshot is still that of the first, since the second was not drained.
        let (with, without) = (second.again(Some(folder.path().to_owned())).await, second.again(None).await);
        assert!(is_used(&second.memory, folder.path()).await);
        assert_same(&with.engine, &without.engine).await;
        assert_same(&with.engine, &second.engine).await;
        for (request, answer) in accepted {
            let answer = answer.unwrap();
            for rig in [&with, &without] {
                let again = rig.engine.submit(request.clone()).await.unwrap();
                assert_eq!((again.written, again.revision), (answer.written, answer.revision));
            }
            let other = super::Request { command: register(777), ..request };
            assert_eq!(super::refused(with.engine.submit(other).await), "REQUEST_ID_REUSED");
        }
        // Both go on alike.
        for rig in [&with, &without] {
            history(rig, seed + 200, 60).await;
        }
        let (with, without) = (with.engine.published(), without.engine.published());
        assert!(with.registry == without.registry && with.head.position == without.head.position);
    }
}

#[tokio::test]
async fn a_damaged_snapshot_is_left_aside() {
    let folder = tempfile::tempdir().unwrap();
    let log = drained(folder.path(), 50).await;
    assert!(is_used(&log, folder.path()).await);
    let path = folder.path().join("state.snapshot");
    let good = std::fs::read(&path).unwrap();
    let plain = Rig::on(log.reopened(), None).await;
    let cut = [0, 1, 31, 32, 33, good.len() / 2, good.len() - 1].map(|end| good[..end].to_vec());
    let flipped = (0..good.len()).step_by(good.len() / 12).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    for bytes in cut.into_iter().chain(flipped).chain([[&good[..], b"x"].concat()]) {
        std::fs::write(&path, bytes).unwrap();
        assert!(!is_used(&log, folder.path()).await);
        let engine = start(log.reopened(), folder.path()).await.unwrap();
        assert_same(&engine, &plain.engine).await;
        engine.drain().await; // Which makes a good one.
        assert!(is_used(&log, folder.path()).await);
    }
}

/// Where the fact at position 2 stands in a snapshot: behind the head, the log's id, the district, and the byte of position 1,
/// which holds no fact. A byte says that there is a fact; where its command starts follows, and where it was taken back.
const SECOND_FACT: usize = 83;

/// A snapshot with a changed body and the digest that fits it.
fn resealed(good: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = good[..good.len() - 32].to_vec();
    change(&mut body);
    let digest = Sha256::digest(&body);
    [&body[..], &digest[..]].concat()
}

#[tokio::test]
async fn a_snapshot_of_another_version_or_another_log_is_left_aside() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = drained(folder.path(), 60).await;
    drained(elsewhere.path(), 60).await;
    let path = folder.path().join("state.snapshot");
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, resealed(&good, |_| {})).unwrap();
    assert!(is_used(&log, folder.path()).await);
    let foreign = std::fs::read(elsewhere.path().join("state.snapshot")).unwrap();
    assert_eq!(good[SECOND_FACT..SECOND_FACT + 17], [&[1][..], &2_u64.to_be_bytes(), &0_u64.to_be_bytes()].concat());
    let changed = [
        resealed(&good, |body| body[7] -= 1),
        resealed(&good, |body| body[7] += 1),
        resealed(&good, |body| body[0] = b'X'),
        resealed(&good, |body| body.push(0)),
        resealed(&good, |body| body[8..16].fill(0xff)),
        resealed(&good, |body| body[16..24].fill(0xff)),
        resealed(&good, |body| body[24] ^= 1),
        // The second fact: begun behind itself; taken back before it was there.
        resealed(&good, |body| body[SECOND_FACT + 1] = 0xff),
        resealed(&good, |body| body[SECOND_FACT + 16] = 1),
        foreign,
    ];
    for (number, bytes) in changed.into_iter().enumerate() {
        std::fs::write(&path, bytes).unwrap();
        assert!(!is_used(&log, folder.path()).await, "change {number}");
        let engine = start(log.reopened(), folder.path()).await.unwrap();
        engine.submit(request(register(88))).await.unwrap();
        engine.drain().await;
    }
    // An older state of the log, as after a restore of a backup: its snapshot is ahead of it.
    std::fs::write(&path, good).unwrap();
    let older = MemoryLog::new();
    let mut head = incubator_registry::journal::Head::EMPTY;
    for commit in log.reopened().read(1, usize::MAX).await.unwrap().into_iter().take(5) {
        let _ = older.append(head, commit.clone()).await;
        head = commit.head();
    }
    assert_eq!(start(older, folder.path()).await.unwrap().published().head, head);
}

#[tokio::test]
async fn a_broken_record_behind_the_snapshot_stops_the_engine_with_its_position() {
    let folder = tempfile::tempdir().unwrap();
    let log = drained(folder.path(), 70).await;
    for (position, byte) in [(1, 140), (4, 150), (9, 3)] {
        let engine = start(Tampered::flipped(log.reopened(), position, byte), folder.path()).await.unwrap();
        let mut stopped = engine.watch_stop();
        let stop = stopped.wait_for(Option::is_some).await.unwrap().clone();
        let Some(Stop::Damaged { position: found, .. }) = stop else { panic!("{stop:?}") };
        assert!((position..=position + 1).contains(&found), "broken at {position}, found at {found}");
        let answer = engine.submit(request(register(500))).await;
        assert!(matches!(answer, Err(EngineError::Damaged { position, .. }) if position == found), "{answer:?}");
        assert!(matches!(engine.drain().await, Stop::Damaged { position, .. } if position == found));
        assert!(matches!(engine.verify().await, Err(EngineError::Damaged { .. })));
    }
}

#[tokio::test]
async fn a_whole_log_is_verified_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let log = drained(folder.path(), 80).await;
    let engine = start(log, folder.path()).await.unwrap();
    assert_eq!(engine.verify().await.unwrap(), engine.published().head);
    assert_eq!(*engine.watch_stop().borrow(), None);
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "in the way").unwrap();
    let rig = Rig::on(MemoryLog::new(), Some(blocked.join("snapshots"))).await;
    rig.run(register(1)).await;
    assert_eq!(rig.engine.drain().await, Stop::Drained);
}
