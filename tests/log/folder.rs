//! A log's folder over its life: reopened, cut short, damaged, mixed up, locked. What was acknowledged is there or its
//! loss is named, and what was found is left as it was.

use crate::log_common::{commit, copy_dir, fill, read_all, small};
use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog, LogError, SledLog, SledOptions, verify_chain};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn open(dir: &Path) -> Result<SledLog, LogError> {
    SledLog::open(dir, small())
}

/// Every file with its bytes.
fn snapshot(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            out.extend(snapshot(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            out.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    out
}

/// A closed log of 60 commits, three events each.
async fn closed(dir: &Path) -> Head {
    let log = open(dir).unwrap();
    let head = fill(&log, Head::EMPTY, 60, 3, 4_000).await;
    log.close().await.unwrap();
    head
}

/// The folder must be refused, twice alike, and keep every byte; answers the error's text.
fn refused(dir: &Path) -> LogError {
    let before = snapshot(dir);
    let first = open(dir).err().expect("must be refused");
    assert_eq!(snapshot(dir), before, "a refused folder was changed: {first}");
    let second = open(dir).err().expect("must be refused again");
    assert_eq!(first.to_string(), second.to_string());
    assert_eq!(snapshot(dir), before);
    first
}

#[track_caller]
fn data_loss(error: &LogError) -> u64 {
    match error {
        LogError::DataLoss { position, .. } => *position,
        other => panic!("not a loss: {other:?}"),
    }
}

#[tokio::test]
async fn reopened_after_a_clean_stop() {
    let dir = TempDir::new().unwrap();
    let head = closed(dir.path()).await;
    for _ in 0..3 {
        let log = open(dir.path()).unwrap();
        assert_eq!(log.head().await.unwrap(), head);
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head);
        log.close().await.unwrap();
    }
    let log = open(dir.path()).unwrap();
    assert!(!dir.path().join("clean").exists());
    fill(&log, head, 3, 1, 10).await;
}

#[tokio::test]
async fn reopened_after_an_unclean_stop() {
    let dir = TempDir::new().unwrap();
    let mut head = Head::EMPTY;
    for round in 0..5 {
        let log = SledLog::open_async(dir.path().to_owned(), small()).await.unwrap();
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head, "round {round}");
        head = fill(&log, head, 20, 2, 3_000).await;
    }
    let names: Vec<_> =
        snapshot(dir.path()).into_keys().filter(|n| n.starts_with("before") || n.starts_with("trial")).collect();
    assert!(names.is_empty(), "copies are left: {names:?}");
}

#[tokio::test]
async fn a_crash_at_any_moment_loses_nothing_acknowledged() {
    // The folder as a crash would leave it: copied while the writer is at work. (The page cache is the disk here; that
    // the bytes reach the drive is what tests/log_syscalls.rs shows.)
    let dir = TempDir::new().unwrap();
    let log = open(dir.path()).unwrap();
    let mut head = Head::EMPTY;
    for round in 0..6 {
        head = fill(&log, head, 7, 2, 3_000).await;
        let copy = TempDir::new().unwrap();
        copy_dir(dir.path(), copy.path());
        let found = open(copy.path()).unwrap();
        assert_eq!(verify_chain(&found, Head::EMPTY).await.unwrap(), head, "round {round}");
    }
}

#[tokio::test]
async fn held_by_one_process() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(LogError::Locked { .. })));
    fill(&log, Head::EMPTY, 1, 1, 10).await;
    log.close().await.unwrap();
    open(dir.path()).unwrap();
}

#[tokio::test]
async fn no_space_is_full_and_reading_goes_on() {
    let dir = TempDir::new().unwrap();
    let head = closed(dir.path()).await;
    let log = SledLog::open(dir.path(), SledOptions { reserve_bytes: u64::MAX, ..small() }).unwrap();
    assert_eq!(log.append(head, commit(&head, 1, 10, 1)).await, Append::Full);
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head);
}

#[tokio::test]
async fn a_newer_format_and_a_foreign_folder_are_refused() {
    let dir = TempDir::new().unwrap();
    closed(dir.path()).await;
    let format = fs::read_to_string(dir.path().join("FORMAT")).unwrap();
    fs::write(dir.path().join("FORMAT"), format.replace("format 1", "format 2")).unwrap();
    let error = refused(dir.path()).to_string();
    assert!(error.contains("is of format 2") && error.contains("knows 1"), "{error}");
    fs::remove_file(dir.path().join("FORMAT")).unwrap();
    assert!(refused(dir.path()).to_string().contains("FORMAT is missing"));

    let foreign = TempDir::new().unwrap();
    fs::write(foreign.path().join("letters.txt"), "dear").unwrap();
    fs::write(foreign.path().join("lock"), "").unwrap();
    assert!(matches!(refused(foreign.path()), LogError::Unusable { .. }));
}

#[tokio::test]
async fn a_creation_cut_short_is_taken_up_again() {
    let done = TempDir::new().unwrap();
    open(done.path()).unwrap().close().await.unwrap();
    // Each step of the creation, as a crash behind it leaves the folder.
    for kept in [
        &[][..],
        &["lock"],
        &["lock", "witness.partial"],
        &["lock", "witness"],
        &["lock", "witness", "trial"],
        &["lock", "witness", "sled"],
    ] {
        let dir = TempDir::new().unwrap();
        copy_dir(done.path(), dir.path());
        fs::write(dir.path().join("witness.partial"), "INC").unwrap();
        fs::create_dir(dir.path().join("trial")).unwrap();
        fs::write(dir.path().join("trial/conf"), "segment_size: 52").unwrap();
        for entry in fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            if kept.iter().all(|name| entry.file_name() != *name) {
                let path = entry.path();
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            }
        }
        let log = open(dir.path()).unwrap_or_else(|e| panic!("{kept:?}: {e}"));
        fill(&log, Head::EMPTY, 2, 1, 10).await;
        log.close().await.unwrap();
        open(dir.path()).unwrap();
    }
}

#[tokio::test]
async fn lost_files_are_named() {
    let made = TempDir::new().unwrap();
    let head = closed(made.path()).await;
    let cases: [(&str, Option<u64>); 5] =
        [("witness", None), ("sled", Some(1)), ("sled/db", Some(1)), ("FORMAT", None), ("sled/conf", Some(0))];
    for (name, position) in cases {
        for clean in [true, false] {
            let dir = TempDir::new().unwrap();
            copy_dir(made.path(), dir.path());
            if !clean {
                fs::remove_file(dir.path().join("clean")).unwrap();
            }
            let path = dir.path().join(name);
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap()
            } else {
                fs::remove_file(path).unwrap()
            }
            match position {
                None => assert!(matches!(refused(dir.path()), LogError::Unusable { .. }), "{name}"),
                // sled writes it anew: harmless.
                Some(0) => assert_eq!(read_all(&open(dir.path()).unwrap()).await.unwrap().len() as u64, head.commit),
                Some(position) => assert_eq!(data_loss(&refused(dir.path())), position, "{name}"),
            }
        }
    }
    // A lost snapshot costs time, nothing else.
    let log = open(made.path()).unwrap();
    log.close().await.unwrap();
    for name in snapshot(made.path()).keys().filter(|name| name.starts_with("sled/snap.")) {
        fs::remove_file(made.path().join(name)).unwrap();
    }
    assert_eq!(verify_chain(&open(made.path()).unwrap(), Head::EMPTY).await.unwrap(), head);
}

#[tokio::test]
async fn a_cut_file_is_a_loss() {
    let made = TempDir::new().unwrap();
    let head = closed(made.path()).await;
    let length = fs::metadata(made.path().join("sled/db")).unwrap().len();
    for part in 0..10 {
        for clean in [true, false] {
            let dir = TempDir::new().unwrap();
            copy_dir(made.path(), dir.path());
            if !clean {
                fs::remove_file(dir.path().join("clean")).unwrap();
            }
            let file = fs::File::options().write(true).open(dir.path().join("sled/db")).unwrap();
            file.set_len(length * part / 10).unwrap();
            drop(file);
            let position = data_loss(&refused(dir.path()));
            assert!((1..=head.position).contains(&position), "{part}: {position}");
        }
    }
}

#[tokio::test]
async fn an_older_folder_under_a_newer_witness_is_a_loss() {
    let dir = TempDir::new().unwrap();
    let head = closed(dir.path()).await;
    let old = TempDir::new().unwrap();
    copy_dir(&dir.path().join("sled"), &old.path().join("sled"));
    let log = open(dir.path()).unwrap();
    let newer = fill(&log, head, 10, 1, 500).await;
    log.close().await.unwrap();
    for clean in [true, false] {
        if !clean {
            fs::remove_file(dir.path().join("clean")).unwrap();
        }
        fs::remove_dir_all(dir.path().join("sled")).unwrap();
        copy_dir(&old.path().join("sled"), &dir.path().join("sled"));
        let error = refused(dir.path());
        assert_eq!(data_loss(&error), head.position + 1);
        let text = error.to_string();
        assert!(text.contains(&newer.position.to_string()) && text.contains("left as it was found"), "{text}");
    }
}

#[tokio::test]
async fn another_log_of_the_same_length_is_a_loss() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let head = closed(one.path()).await;
    let log = open(two.path()).unwrap();
    let other = fill(&log, commit_behind(&log, 999).await, 59, 3, 4_000).await;
    assert_eq!(other.position, head.position);
    log.close().await.unwrap();
    fs::remove_dir_all(one.path().join("sled")).unwrap();
    copy_dir(&two.path().join("sled"), &one.path().join("sled"));
    fs::remove_file(one.path().join("clean")).unwrap();
    assert_eq!(data_loss(&refused(one.path())), head.position);
}

async fn commit_behind(log: &SledLog, salt: u64) -> Head {
    let first = commit(&Head::EMPTY, 3, 4_000, salt);
    assert_eq!(log.append(Head::EMPTY, first.clone()).await, Append::Appended(first.head()));
    first.head()
}

#[tokio::test]
async fn the_witness_follows_within_its_time() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path()).unwrap();
    let position = |slot: usize| {
        let bytes = fs::read(dir.path().join("witness")).unwrap();
        u64::from_be_bytes(bytes[slot * 4096 + 24..slot * 4096 + 32].try_into().unwrap())
    };
    let mut head = fill(&log, Head::EMPTY, 1, 1, 10).await;
    assert_eq!(position(0).max(position(1)), 1, "the first commit waits for its witness");
    for _ in 0..5 {
        head = fill(&log, head, 20, 1, 10).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(position(0).max(position(1)), head.position, "at most 100 ms behind");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((position(0), position(1)), (head.position, head.position), "exact in both slots at idle");
    let head = fill(&log, head, 3, 1, 10).await;
    log.close().await.unwrap();
    assert_eq!((position(0), position(1)), (head.position, head.position), "and on close");
}

#[tokio::test]
async fn one_slot_of_the_witness_is_enough_and_none_is_not() {
    let made = TempDir::new().unwrap();
    let head = closed(made.path()).await;
    for clean in [true, false] {
        for damaged in [&[0usize][..], &[1], &[0, 1]] {
            let dir = TempDir::new().unwrap();
            copy_dir(made.path(), dir.path());
            if !clean {
                fs::remove_file(dir.path().join("clean")).unwrap();
            }
            let mut bytes = fs::read(dir.path().join("witness")).unwrap();
            for slot in damaged {
                bytes[slot * 4096 + 20] ^= 1;
            }
            fs::write(dir.path().join("witness"), bytes).unwrap();
            if damaged.len() == 2 {
                let error = refused(dir.path());
                assert!(error.to_string().contains("both slots"), "{error}");
            } else {
                assert_eq!(open(dir.path()).unwrap().head().await.unwrap(), head);
            }
        }
    }
}

#[tokio::test]
async fn a_swap_cut_short_is_mended() {
    let made = TempDir::new().unwrap();
    let head = closed(made.path()).await;
    // Between the renames; and behind them.
    for both in [false, true] {
        let dir = TempDir::new().unwrap();
        copy_dir(made.path(), dir.path());
        fs::remove_file(dir.path().join("clean")).unwrap();
        fs::rename(dir.path().join("sled"), dir.path().join("before-20260101T000000000Z")).unwrap();
        copy_dir(&made.path().join("sled"), &dir.path().join(if both { "sled" } else { "trial" }));
        let log = open(dir.path()).unwrap();
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), head);
        assert!(!dir.path().join("trial").exists());
        assert!(!dir.path().join("before-20260101T000000000Z").exists());
    }
}

#[tokio::test]
async fn a_marker_or_a_witness_of_an_earlier_stop_proves_nothing_false() {
    let dir = TempDir::new().unwrap();
    let head = closed(dir.path()).await;
    let old = TempDir::new().unwrap();
    copy_dir(dir.path(), old.path());
    let log = open(dir.path()).unwrap();
    let newer = fill(&log, head, 3, 1, 10).await;
    log.close().await.unwrap();
    for name in ["clean", "witness"] {
        let mixed = TempDir::new().unwrap();
        copy_dir(dir.path(), mixed.path());
        fs::copy(old.path().join(name), mixed.path().join(name)).unwrap();
        let log = open(mixed.path()).unwrap();
        assert_eq!(verify_chain(&log, Head::EMPTY).await.unwrap(), newer, "{name}");
    }
    // The marker alone still knows what the older witness does not.
    fs::copy(old.path().join("witness"), dir.path().join("witness")).unwrap();
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    copy_dir(&old.path().join("sled"), &dir.path().join("sled"));
    assert_eq!(data_loss(&refused(dir.path())), head.position + 1);
}
