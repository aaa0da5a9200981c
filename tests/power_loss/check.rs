//! What must hold after a power cut, whatever it left: the log opens, holds all that was acknowledged and nothing that was
//! not sent, in order and unbroken, and takes the next commit.

use super::disk::{Disk, Keep};
use super::record::{Recording, runtime};
use super::trace::Call;
use crate::log_common::{Rng, commit, read_all, scratch};
use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{Append, EventLog, SledLog, verify_chain};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A power cut: the moment, and what of the rest is kept.
#[derive(Clone, Copy, Debug)]
struct Cut {
    line: usize,
    keep: Keep,
    seed: u64,
}

/// Cuts by chance: a quarter at an acknowledgement; a quarter where names and sizes change, which is rare among the many
/// writes; a quarter where a sync begins, when most is at stake; the rest anywhere.
fn cuts(recording: &Recording, count: u64, seed: u64) -> Vec<Cut> {
    let mut rng = Rng(seed);
    let rare = ["rename", "unlink", "unlinkat", "mkdir", "openat", "ftruncate", "rmdir", "copy_file_range"];
    let inside = recording.calls.iter().filter(|call| rare.contains(&call.name.as_str()));
    let rare: Vec<usize> = inside.map(|call| call.ended + 1).collect();
    let syncs = recording.calls.iter().filter(|call| matches!(call.name.as_str(), "fsync" | "fdatasync"));
    let syncs: Vec<usize> = syncs.map(|call| call.began).collect();
    let cut = |nth: u64| {
        let line = match nth % 4 {
            0 => recording.acks[rng.below(recording.acks.len() as u64) as usize].line + 1,
            1 => rare[rng.below(rare.len() as u64) as usize] + rng.below(6) as usize,
            2 => syncs[rng.below(syncs.len() as u64) as usize] + rng.below(2) as usize,
            _ => 1 + rng.below(recording.lines as u64 + 1) as usize,
        };
        let keep = match rng.below(8) {
            0 | 1 => Keep::Nothing,
            2 => Keep::All,
            _ => Keep::Some,
        };
        Cut { line, keep, seed: rng.next() }
    };
    let mut cuts: Vec<Cut> = (0..count).map(cut).collect();
    cuts.sort_by_key(|cut| cut.line);
    cuts
}

/// What the log was seen to hold, beyond that it holds what it must.
#[derive(Default)]
pub struct Tally {
    /// Cuts.
    pub cuts: AtomicU64,
    /// After which a commit was there that nobody had been told of.
    pub more: AtomicU64,
}

/// Cuts the power that many times; every fault, a line each.
pub fn survive(recording: &Recording, count: u64, seed: u64, tally: &Tally) -> Vec<String> {
    let cuts = cuts(recording, count, seed);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        let run = |cuts| scope.spawn(move || survive_these(recording, cuts, tally));
        let share = cuts.len().div_ceil(workers).max(1);
        let running: Vec<_> = cuts.chunks(share).map(run).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn survive_these(recording: &Recording, cuts: &[Cut], tally: &Tally) -> Vec<String> {
    let mut disk = Disk::new(&recording.base, &recording.calls);
    let mut faults = Vec::new();
    let runtime = runtime();
    for cut in cuts {
        disk.advance(cut.line);
        let dir = scratch();
        disk.cut(&dir.path().join("data"), cut.keep, &mut Rng(cut.seed));
        let acknowledged = recording.acks.iter().filter(|ack| ack.line < cut.line).map(|ack| ack.position).max();
        let path = dir.path().join("data").join(recording.log);
        match runtime.block_on(reopened(&path, recording, acknowledged.unwrap_or(0), cut.seed % 4 == 0)) {
            Ok(more) => tally.more.fetch_add(u64::from(more), Ordering::Relaxed),
            Err(fault) => {
                faults.push(format!("{} {cut:?}: {fault}", recording.log));
                0
            }
        };
        let done = tally.cuts.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(500) {
            eprintln!("{done} cuts");
        }
    }
    faults
}

/// Opens what is left and holds it against what was sent; whether it has more than what was acknowledged.
async fn reopened(path: &Path, recording: &Recording, acknowledged: u64, twice: bool) -> Result<bool, String> {
    let truth = &recording.truth;
    let log = SledLog::open(path, recording.options).map_err(|error| format!("does not open: {error:?}"))?;
    let verified = verify_chain(&log, Head::EMPTY).await.map_err(|error| format!("is broken: {error:?}"))?;
    let held = read_all(&log).await.map_err(|error| format!("can't be read: {error:?}"))?;
    let head = held.last().map_or(Head::EMPTY, Commit::head);
    if head != verified || head.position < acknowledged {
        return Err(format!(
            "{acknowledged} was acknowledged, {} is there, {} verified",
            head.position, verified.position
        ));
    }
    if truth.get(..held.len()) != Some(&held) {
        return Err(format!("holds {} commits that are not the first ones sent", held.len()));
    }
    let next = commit(&head, 2, 700, acknowledged);
    let appended = log.append(head, next.clone()).await;
    if appended != Append::Appended(next.head()) {
        return Err(format!("takes no commit: {appended:?}"));
    }
    if twice {
        log.close().await.map_err(|error| format!("does not close: {error:?}"))?;
        drop(log);
        let log = SledLog::open(path, recording.options).map_err(|error| format!("does not open again: {error:?}"))?;
        let again = verify_chain(&log, Head::EMPTY).await.map_err(|error| format!("is broken later: {error:?}"))?;
        if again != next.head() {
            return Err(format!("ends at {} instead of {}", again.position, next.last));
        }
    }
    Ok(head.position > acknowledged)
}

/// From the trace alone: whatever is acknowledged was written to sled's file by a call that ended before a sync of that
/// file began, and that sync ended before the acknowledgement began.
pub fn acknowledged_after_a_sync(recording: &Recording) -> usize {
    let db = |call: &&Call| call.descriptor(0).is_some_and(|(_, path)| path.ends_with("/sled/db"));
    let calls: Vec<&Call> = recording.calls.iter().filter(db).collect();
    let mut from = 0;
    for commit in &recording.truth {
        let Some(ack) = recording.acks.iter().find(|ack| ack.position >= commit.first && ack.position <= commit.last)
        else {
            continue;
        };
        // The end of its last record, which ends its last value.
        let end = &commit.records[commit.records.len().saturating_sub(200)..];
        let holds = |bytes: &[u8]| bytes.len() < 4 << 20 && bytes.windows(end.len()).any(|part| part == end);
        let wrote = calls[from..].iter().position(|call| call.name.contains("write") && holds(&call.bytes));
        let wrote = from + wrote.unwrap_or_else(|| panic!("commit {} was never written", commit.number));
        from = wrote;
        // sled may write it again elsewhere at any time, as pages are merged; the first copy counts.
        let last = calls[wrote].ended;
        let sync = |call: &&Call| {
            matches!(call.name.as_str(), "fsync" | "fdatasync") && call.began > last && call.ended < ack.line
        };
        assert!(calls.iter().any(sync), "{ack:?} before a sync of what was written");
    }
    recording.acks.len()
}
