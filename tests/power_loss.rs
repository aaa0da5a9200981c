//! What a power cut leaves can't be tried by killing a process, since the system keeps what it wrote. So a real server, and
//! a log by itself, are recorded under strace; from the recording the data folder is rebuilt as it may look after a cut
//! at any moment (`disk` says what may be lost), opened, and held against what had been acknowledged by then.
//!
//! Some hundreds of cuts by default; ten thousand by
//! `POWER_CUTS=10000 cargo test --release --test power_loss -- --nocapture`, others by `POWER_CUTS_SEED=…`.

#[path = "power_loss/check.rs"]
mod check;
mod common_server;
#[path = "power_loss/disk.rs"]
mod disk;
mod log_common;
#[path = "power_loss/record.rs"]
mod record;
#[path = "power_loss/replies.rs"]
mod replies;
#[path = "power_loss/trace.rs"]
mod trace;

use check::{Tally, acknowledged_after_a_sync, survive};
use record::Recording;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const CUTS: u64 = 400;
const SEED: u64 = 20_260_101;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

/// Nothing by itself: run by another test, under strace.
#[test]
fn child_appends() {
    record::child();
}

#[track_caller]
fn whole(recording: &Recording, acks: usize) {
    let began = Instant::now();
    assert!(recording.acks.len() >= acks, "only {} acknowledgements were seen", recording.acks.len());
    let synced = acknowledged_after_a_sync(recording);
    let (count, seed) = (number("POWER_CUTS", CUTS) / 2, number("POWER_CUTS_SEED", SEED));
    let tally = Tally::default();
    let faults = survive(recording, count, seed, &tally);
    eprintln!(
        "{}: {} calls, {} commits, {synced} acknowledgements behind a sync; {} cuts ({} left more than was acknowledged) in \
         {:.1} s, {} faults",
        recording.log,
        recording.calls.len(),
        recording.truth.len(),
        tally.cuts.load(Ordering::Relaxed),
        tally.more.load(Ordering::Relaxed),
        began.elapsed().as_secs_f64(),
        faults.len(),
    );
    assert!(faults.is_empty(), "{} of {count}, seed {seed}:\n{}", faults.len(), faults.join("\n"));
}

/// One after the other: a process that one test starts would for a moment hold the locks of the other's logs.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_server_keeps_what_it_answered() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = log_common::scratch();
    let recording = record::runtime().block_on(record::serving(dir.path()));
    whole(&recording, 245);
}

#[test]
fn a_log_keeps_what_it_acknowledged() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = log_common::scratch();
    whole(&record::appending(dir.path()), 190);
}
