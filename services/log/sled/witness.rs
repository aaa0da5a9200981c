//! The witness: what the log must at least hold, written where sled can't touch it.
//!
//! sled takes a flipped bit for a torn tail, opens cleanly on what stands before it and overwrites the rest. Nothing in
//! its own folder could tell. So the head is written to a file beside it, in two slots by turns, each with its own
//! checksum, so that a write cut by a crash leaves the other slot:
//!
//! ```text
//! offset size  (slot 0 at 0, slot 1 at 4096; the rest of a slot is zero)
//!      0    8  magic "INCWITN1"
//!      8    8  sequence number; the slot is the sequence's remainder by 2
//!     16    8  commit
//!     24    8  position
//!     32   32  hash of the record at that position
//!     64   32  SHA-256 of the 64 bytes before
//! ```
//!
//! A thread of its own writes it, so that no reply waits for it: at most one write in 25 ms while commits come, both
//! slots once they pause. The first commit of a log alone waits, so that a witness of nothing means a log of nothing; and
//! so do commits behind a witness that is 100 ms late, so that this bound holds on a slow disk too.

use super::disk;
use crate::journal::Head;
use crate::log::LogError;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The file's name.
pub(super) const NAME: &str = "witness";

const MAGIC: &[u8; 8] = b"INCWITN1";
const SLOT: usize = 4096;
const BODY: usize = 64;
/// Least time between two writes.
const PACE: Duration = Duration::from_millis(25);
/// How far behind a head may be; the next commit waits then.
const LAG_MAX: Duration = Duration::from_millis(100);

/// What was read of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No file.
    Missing,
    /// A file, and no slot that can be trusted.
    Damaged,
    /// The newest slot that can be trusted.
    Slot {
        /// Its sequence number.
        sequence: u64,
        /// The head it names.
        head: Head,
    },
}

/// Reads the witness.
pub(super) fn read(dir: &Path) -> Result<Found, LogError> {
    let Some(bytes) = disk::read_whole(&dir.join(NAME))? else { return Ok(Found::Missing) };
    let newest = bytes.chunks(SLOT).take(2).filter_map(decode).max_by_key(|(sequence, _)| *sequence);
    Ok(newest.map_or(Found::Damaged, |(sequence, head)| Found::Slot { sequence, head }))
}

/// Writes a witness that says `head` in both slots, durably and whole: at creation, and after each verified open.
pub(super) fn write_both(dir: &Path, sequence: u64, head: Head) -> Result<(), LogError> {
    let mut bytes = vec![0; 2 * SLOT];
    for sequence in [sequence, sequence + 1] {
        let at = slot_of(sequence);
        bytes[at..at + BODY + 32].copy_from_slice(&encode(sequence, &head));
    }
    disk::write_whole(dir, NAME, &bytes)
}

fn slot_of(sequence: u64) -> usize {
    if sequence.is_multiple_of(2) { 0 } else { SLOT }
}

fn encode(sequence: u64, head: &Head) -> [u8; BODY + 32] {
    let mut out = [0; BODY + 32];
    out[..8].copy_from_slice(MAGIC);
    out[8..16].copy_from_slice(&sequence.to_be_bytes());
    out[16..24].copy_from_slice(&head.commit.to_be_bytes());
    out[24..32].copy_from_slice(&head.position.to_be_bytes());
    out[32..64].copy_from_slice(&head.hash);
    let checksum = Sha256::digest(&out[..BODY]);
    out[BODY..].copy_from_slice(&checksum);
    out
}

fn decode(slot: &[u8]) -> Option<(u64, Head)> {
    let body = slot.get(..BODY)?;
    let checksum = slot.get(BODY..BODY + 32)?;
    if &body[..8] != MAGIC || Sha256::digest(body)[..] != *checksum {
        return None;
    }
    let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
    let hash = body.get(32..64)?.try_into().ok()?;
    Some((number(8)?, Head { commit: number(16)?, position: number(24)?, hash }))
}

/// The writing side.
pub(super) struct Witness {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    latest: Head,
    written: Head,
    /// Since when there has been a head that no write under way covers.
    behind: Option<Instant>,
    hurry: bool,
    stop: bool,
    failure: Option<String>,
}

impl Witness {
    /// Starts behind a `write_both(dir, sequence, head)`.
    pub(super) fn start(dir: &Path, sequence: u64, head: Head) -> Result<Self, LogError> {
        let path = dir.join(NAME);
        let file = File::options().write(true).open(&path).map_err(disk::io_error("opening", &path))?;
        let state = State { latest: head, written: head, behind: None, hurry: false, stop: false, failure: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("log-witness".to_owned())
            .spawn(move || theirs.run(&file, sequence + 1, head))
            .map_err(disk::io_error("starting the thread of", &path))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes note of a head; it is written soon. Waits only while the writing is late. An error is that of an earlier
    /// write.
    pub(super) fn note(&self, head: Head) -> Result<(), String> {
        let mut state = self.shared.state();
        state.latest = head;
        // Whoever noted a head before this one has woken the thread: while it paces, it need not be woken for each commit.
        if state.behind.is_none() {
            state.behind = Some(Instant::now());
            self.shared.changed.notify_all();
        }
        let late =
            |state: &mut State| state.failure.is_none() && state.behind.is_some_and(|since| since.elapsed() > LAG_MAX);
        let state = self.shared.changed.wait_while(state, late).unwrap_or_else(PoisonError::into_inner);
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Returns when `head` stands in at least one slot.
    pub(super) fn settle(&self, head: Head) -> Result<(), String> {
        let mut state = self.shared.state();
        state.latest = head;
        state.hurry = true;
        self.shared.changed.notify_all();
        while state.written != head && state.failure.is_none() {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Returns when the latest head stands in both slots, and ends the thread.
    pub(super) fn finish(mut self) -> Result<(), String> {
        self.end();
        self.shared.state().failure.clone().map_or(Ok(()), Err)
    }

    fn end(&mut self) {
        self.shared.state().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if ended.is_err() {
                self.shared.state().failure.get_or_insert_with(|| "the witness's thread panicked".to_owned());
            }
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: `sequence` and `head` are what stands in both slots.
    fn run(&self, file: &File, mut sequence: u64, head: Head) {
        let mut slots = [head, head];
        loop {
            let (target, stop) = self.next(&slots);
            if slots == [target, target] && stop {
                return;
            }
            sequence += 1;
            let at = slot_of(sequence);
            let wrote = file.write_all_at(&encode(sequence, &target), at as u64).and_then(|()| file.sync_data());
            let mut state = self.state();
            match wrote {
                Ok(()) => state.written = target,
                Err(e) => state.failure = Some(format!("writing the witness failed: {e}")),
            }
            state.hurry = false;
            let failed = state.failure.is_some();
            drop(state);
            self.changed.notify_all();
            if failed {
                return;
            }
            slots[at / SLOT] = target;
            let idle = self.state();
            drop(self.changed.wait_timeout_while(idle, PACE, |state| !state.stop && !state.hurry));
        }
    }

    /// Waits until a slot is behind, or the end is near.
    fn next(&self, slots: &[Head; 2]) -> (Head, bool) {
        let done = |state: &mut State| *slots == [state.latest, state.latest] && !state.stop;
        let mut state = self.changed.wait_while(self.state(), done).unwrap_or_else(PoisonError::into_inner);
        state.behind = None;
        (state.latest, state.stop)
    }
}
