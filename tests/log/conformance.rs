//! What every log must do, asked of each of them: sled, memory, and both behind the faulty wrapper.

use crate::log_common::{commit, fill, read_all};
use incubator_registry::journal::{COMMIT_BYTES_MAX, Commit, Head};
use incubator_registry::log::{
    Append, EventLog, Fault, FaultyLog, LogError, MemoryLog, Plan, SledLog, SledOptions, verify_chain,
};
use std::sync::Arc;
use tempfile::TempDir;

type Log = (Arc<dyn EventLog>, Option<TempDir>);

fn memory() -> Log {
    (Arc::new(MemoryLog::new()), None)
}

fn sled() -> Log {
    let dir = TempDir::new().unwrap();
    (Arc::new(SledLog::open(dir.path(), SledOptions::default()).unwrap()), Some(dir))
}

fn faulty_memory() -> Log {
    (Arc::new(FaultyLog::new(memory().0, Plan::none())), None)
}

fn faulty_sled() -> Log {
    let (log, dir) = sled();
    (Arc::new(FaultyLog::new(log, Plan::none())), dir)
}

macro_rules! conformance {
    ($($check:ident),* $(,)?) => {
        conformance!(@log memory, $($check),*);
        conformance!(@log sled, $($check),*);
        conformance!(@log faulty_memory, $($check),*);
        conformance!(@log faulty_sled, $($check),*);
    };
    (@log $log:ident, $($check:ident),*) => {
        mod $log {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let (log, _dir) = super::$log();
                super::$check(log).await;
            })*
        }
    };
}

conformance!(
    empty_at_first,
    what_is_appended_is_read,
    another_head_is_a_conflict,
    gaps_are_refused,
    the_middle_of_a_commit_gives_the_whole,
    bytes_max_is_honoured,
    the_largest_commit_fits,
    the_head_is_watched,
    many_small_commits,
    readers_beside_the_writer,
    nothing_after_close,
);

async fn empty_at_first(log: Arc<dyn EventLog>) {
    assert_eq!(log.head().await.unwrap(), Head::EMPTY);
    assert_eq!(log.read(1, 1 << 20).await.unwrap(), []);
    assert_eq!(verify_chain(&*log, Head::EMPTY).await.unwrap(), Head::EMPTY);
}

async fn what_is_appended_is_read(log: Arc<dyn EventLog>) {
    let first = commit(&Head::EMPTY, 3, 100, 1);
    let second = commit(&first.head(), 1, 5_000, 2);
    assert_eq!(log.append(Head::EMPTY, first.clone()).await, Append::Appended(first.head()));
    assert_eq!(log.append(first.head(), second.clone()).await, Append::Appended(second.head()));
    assert_eq!(log.head().await.unwrap(), second.head());
    assert_eq!(log.read(1, 1 << 20).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(log.read(4, 1 << 20).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(log.read(5, 1 << 20).await.unwrap(), []);
    assert_eq!(log.read(u64::MAX, 1 << 20).await.unwrap(), []);
    assert_eq!(verify_chain(&*log, Head::EMPTY).await.unwrap(), second.head());
    assert_eq!(verify_chain(&*log, first.head()).await.unwrap(), second.head());
    assert_eq!(verify_chain(&*log, second.head()).await.unwrap(), second.head());
    let foreign = commit(&Head::EMPTY, 3, 100, 99).head();
    assert!(matches!(verify_chain(&*log, foreign).await, Err(LogError::DataLoss { position: 4, .. })));
}

async fn another_head_is_a_conflict(log: Arc<dyn EventLog>) {
    let head = fill(&*log, Head::EMPTY, 2, 2, 50).await;
    let behind = commit(&Head::EMPTY, 1, 10, 9);
    assert_eq!(log.append(Head::EMPTY, behind.clone()).await, Append::Conflict { head });
    // Right numbers, another history.
    let other = Head { hash: [7; 32], ..head };
    assert_eq!(log.append(other, commit(&other, 1, 10, 9)).await, Append::Conflict { head });
    let ahead = behind.head();
    let ahead = Head { commit: head.commit + 1, position: head.position + 1, ..ahead };
    assert_eq!(log.append(ahead, commit(&ahead, 1, 10, 9)).await, Append::Conflict { head });
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(read_all(&*log).await.unwrap().len(), 2);
    fill(&*log, head, 1, 1, 10).await;
}

async fn gaps_are_refused(log: Arc<dyn EventLog>) {
    let head = fill(&*log, Head::EMPTY, 1, 2, 50).await;
    let gap_in_positions = commit(&Head { position: head.position + 1, ..head }, 1, 10, 1);
    let gap_in_commits = commit(&Head { commit: head.commit + 1, ..head }, 1, 10, 1);
    let good = commit(&head, 2, 10, 1);
    let too_large = commit(&head, 1, COMMIT_BYTES_MAX, 1);
    let cut = Commit { records: good.records.slice(..good.records.len() - 1), ..good.clone() };
    let wrong_hash = Commit { hash: [1; 32], ..good.clone() };
    let nothing = Commit { records: Default::default(), ..good.clone() };
    for bad in [gap_in_positions, gap_in_commits, too_large, cut, wrong_hash, nothing] {
        assert!(matches!(log.append(head, bad).await, Append::Fatal(_)));
    }
    assert_eq!(log.head().await.unwrap(), head);
    // The caller was at fault, not the log.
    assert_eq!(log.append(head, good.clone()).await, Append::Appended(good.head()));
}

async fn the_middle_of_a_commit_gives_the_whole(log: Arc<dyn EventLog>) {
    fill(&*log, Head::EMPTY, 5, 7, 30).await;
    for from in 1..=35 {
        let got = log.read(from, 1 << 20).await.unwrap();
        let first = (from - 1) / 7;
        assert_eq!(got.len() as u64, 5 - first);
        assert_eq!(got[0].first, first * 7 + 1);
    }
}

async fn bytes_max_is_honoured(log: Arc<dyn EventLog>) {
    fill(&*log, Head::EMPTY, 6, 2, 400).await;
    let all = log.read(1, usize::MAX).await.unwrap();
    assert_eq!(all.len(), 6);
    let one = all[0].records.len();
    for (bytes_max, count) in [(0, 1), (1, 1), (one, 1), (2 * one - 1, 1), (2 * one, 2), (5 * one + 1, 5)] {
        assert_eq!(log.read(1, bytes_max).await.unwrap(), all[..count]);
    }
}

async fn the_largest_commit_fits(log: Arc<dyn EventLog>) {
    let overhead = commit(&Head::EMPTY, 1, 0, 1).records.len();
    let mut head = Head::EMPTY;
    let mut written = Vec::new();
    for n in 0..10 {
        let next = commit(&head, 1, COMMIT_BYTES_MAX - overhead, n);
        assert_eq!(next.records.len(), COMMIT_BYTES_MAX);
        assert_eq!(log.append(head, next.clone()).await, Append::Appended(next.head()));
        head = next.head();
        written.push(next);
    }
    assert!(read_all(&*log).await.unwrap() == written);
    assert_eq!(log.read(5, COMMIT_BYTES_MAX).await.unwrap().len(), 1);
}

async fn the_head_is_watched(log: Arc<dyn EventLog>) {
    let mut watch = log.watch();
    assert_eq!(*watch.borrow_and_update(), Head::EMPTY);
    let head = fill(&*log, Head::EMPTY, 3, 1, 10).await;
    watch.changed().await.unwrap();
    assert_eq!(*watch.borrow_and_update(), head);
}

async fn many_small_commits(log: Arc<dyn EventLog>) {
    let head = fill(&*log, Head::EMPTY, 1_500, 1, 40).await;
    assert_eq!(head.position, 1_500);
    assert_eq!(verify_chain(&*log, Head::EMPTY).await.unwrap(), head);
    for from in [1, 2, 750, 1_499, 1_500] {
        assert_eq!(log.read(from, 1).await.unwrap()[0].first, from);
    }
}

async fn readers_beside_the_writer(log: Arc<dyn EventLog>) {
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                loop {
                    // Whatever is read is a whole chain up to a head that was published.
                    let head = verify_chain(&*log, Head::EMPTY).await.unwrap();
                    if head.position == 300 {
                        return;
                    }
                }
            })
        })
        .collect();
    fill(&*log, Head::EMPTY, 100, 3, 200).await;
    for reader in readers {
        reader.await.unwrap();
    }
}

async fn nothing_after_close(log: Arc<dyn EventLog>) {
    let head = fill(&*log, Head::EMPTY, 2, 1, 10).await;
    log.close().await.unwrap();
    assert!(matches!(log.append(head, commit(&head, 1, 10, 1)).await, Append::Fatal(_)));
    assert!(matches!(log.read(1, 100).await, Err(LogError::Closed)));
    assert!(matches!(log.head().await, Err(LogError::Closed)));
    assert!(matches!(log.close().await, Err(LogError::Closed)));
}

/// What a writer does after `Unknown`: reads on from the expected head, and looks for its own commit's hash.
async fn was_written(log: &dyn EventLog, expected: Head, mine: &Commit) -> bool {
    log.read(expected.position + 1, 1).await.unwrap().first().is_some_and(|commit| commit.hash == mine.hash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_is_recognised_by_reading_on() {
    for (inner, _dir) in [memory(), sled()] {
        let log = FaultyLog::new(inner, Plan::queue([Fault::UnknownWritten, Fault::UnknownLost]));
        let first = commit(&Head::EMPTY, 2, 10, 1);
        assert_eq!(log.append(Head::EMPTY, first.clone()).await, Append::Unknown);
        assert!(was_written(&log, Head::EMPTY, &first).await);
        let second = commit(&first.head(), 2, 10, 1);
        assert_eq!(log.append(first.head(), second.clone()).await, Append::Unknown);
        assert!(!was_written(&log, first.head(), &second).await);
        assert_eq!(log.append(first.head(), second.clone()).await, Append::Appended(second.head()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seeded_plan_is_survived_by_a_patient_writer() {
    for (inner, _dir) in [memory(), sled()] {
        let log = FaultyLog::new(inner, Plan::seeded(42, 400));
        let (mut head, mut faults) = (Head::EMPTY, 0);
        while head.commit < 100 {
            let next = commit(&head, 1, 20, 5);
            match log.append(head, next.clone()).await {
                Append::Appended(new) => head = new,
                Append::Unknown if was_written(&log, head, &next).await => head = next.head(),
                Append::Unknown | Append::Full => faults += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(faults > 10);
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head);
    }
}

#[tokio::test]
async fn planned_faults_answer_as_planned() {
    let foreign = commit(&Head::EMPTY, 1, 10, 77);
    let mine = commit(&Head::EMPTY, 1, 10, 1);
    let log = FaultyLog::new(memory().0, Plan::queue([Fault::Full, Fault::Conflict(foreign.clone())]));
    assert_eq!(log.append(Head::EMPTY, mine.clone()).await, Append::Full);
    assert_eq!(log.append(Head::EMPTY, mine.clone()).await, Append::Conflict { head: foreign.head() });
    assert_eq!(read_all(&log).await.unwrap(), std::slice::from_ref(&foreign));
    log.plan_reads([None, Some(LogError::DataLoss { position: 1, detail: "planned".to_owned() })]);
    assert!(log.read(1, 1).await.is_ok());
    assert!(matches!(log.read(1, 1).await, Err(LogError::DataLoss { position: 1, .. })));
    assert!(log.read(1, 1).await.is_ok());
    let next = commit(&foreign.head(), 1, 10, 1);
    log.set_plan(Plan::queue([Fault::SyncFails]));
    assert!(matches!(log.append(foreign.head(), next.clone()).await, Append::Fatal(_)));
    // Written all the same, and never again after.
    assert_eq!(log.head().await.unwrap(), next.head());
    assert!(matches!(log.append(next.head(), commit(&next.head(), 1, 10, 1)).await, Append::Fatal(_)));
    log.plan_reads([]);
    let early = FaultyLog::new(memory().0, Plan::queue([Fault::Fatal]));
    assert!(matches!(early.append(Head::EMPTY, mine.clone()).await, Append::Fatal(_)));
    assert_eq!(early.head().await.unwrap(), Head::EMPTY);
    assert!(matches!(early.append(Head::EMPTY, mine).await, Append::Fatal(_)));
}
