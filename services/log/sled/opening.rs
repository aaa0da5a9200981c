//! From a folder to a log that may be trusted, or to an error that leaves the folder as it was found.
//!
//! ```text
//! lock · FORMAT · witness · clean      small files that stand beside sled's folder
//! sled/                                the log
//! trial/                               a copy on which sled is tried first, after a doubtful stop
//! before-<time>/                       what `sled/` was before a proven copy took its place; kept until the
//!                                      witness is met there too
//! ```
//!
//! **Creation**: witness (of nothing) → `sled/` → the names of the folders it lies in → FORMAT, each durable before the
//! next. Nothing is acknowledged before FORMAT stands, so a folder without it may only hold a witness of nothing; anything else is refused.
//!
//! **A start** reads the witness and the marker of a clean stop before sled touches a byte. If the marker agrees with
//! every file, sled opens them. If not (no clean stop, or bits that changed since), the stop is doubtful: sled would take
//! a flipped bit for a torn tail and overwrite what follows. So it is tried on a copy, the whole chain is walked there,
//! and only a copy that holds what witness and marker promise takes the original's place. If it does not, the copy is
//! thrown away and the original stays, untouched: each start gives the same answer, and nothing that might yet be rescued
//! is lost.
//!
//! **The swap** is two renames, `sled` → `before-…` and `trial` → `sled`; a crash between them leaves no `sled`, and the
//! next start puts `before-…` back.

use super::clean::{self, Stop};
use super::disk;
use super::format::{self, Format};
use super::store::{Settings, Store};
use super::witness::{self, Found};
use crate::journal::Head;
use crate::log::LogError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Name of sled's folder.
pub(super) const SLED: &str = "sled";
const TRIAL: &str = "trial";
const BEFORE: &str = "before-";

/// A log folder, open and found to hold what it must.
pub(super) struct Opened {
    pub lock: File,
    pub store: Store,
    pub head: Head,
    /// Sequence number from which the witness goes on.
    pub sequence: u64,
}

/// What the small files say before sled is asked.
struct Known {
    format: Format,
    sequence: u64,
    /// What the log must at least hold.
    promised: Head,
    stop: Stop,
}

/// Opens the folder, or makes it.
pub(super) fn open(dir: &Path, settings: Settings) -> Result<Opened, LogError> {
    disk::make_dir(dir)?;
    let lock = format::lock(dir)?;
    let known = know(dir)?;
    mend_swap(dir)?;
    let sled = dir.join(SLED);
    if !sled.is_dir() && known.promised.position > 0 {
        let detail = format!("{} is missing, but {} was acknowledged", sled.display(), known.promised.position);
        return Err(LogError::DataLoss { position: 1, detail });
    }
    match &known.stop {
        _ if !sled.is_dir() => make(dir, settings)?,
        Stop::Clean(marker) if marker.agrees(&sled)? => {}
        Stop::Clean(_) | Stop::Damaged | Stop::Unclean => prove(dir, &known, settings)?,
    }
    // From here on sled writes, so the last stop's marker says nothing any more.
    disk::remove_file(dir, clean::NAME)?;
    let befores = befores(dir)?;
    let opened = Store::open(&sled, settings).and_then(|store| meet(&store, &known).map(|head| (store, head)));
    let (store, head) = opened.map_err(|error| left_as_found(error, befores.last().unwrap_or(&sled)))?;
    if known.format == Format::Missing {
        disk::sync_tree(&sled)?;
        disk::sync_parents(dir)?;
        format::write(dir)?;
    }
    witness::write_both(dir, known.sequence + 1, head)?;
    for before in &befores {
        disk::remove_tree(dir, before)?;
    }
    Ok(Opened { lock, store, head, sequence: known.sequence + 1 })
}

/// Reads the small files, makes the first of them in a new folder, and refuses what doesn't fit together.
fn know(dir: &Path) -> Result<Known, LogError> {
    let format = format::read(dir)?;
    let (sequence, witnessed) = match (witness::read(dir)?, format) {
        (Found::Slot { sequence, head }, Format::Known) => (sequence, head),
        (Found::Slot { sequence, head }, Format::Missing) if head == Head::EMPTY => (sequence, head),
        (Found::Missing, Format::Missing) if is_new(dir)? => {
            witness::write_both(dir, 0, Head::EMPTY)?;
            (1, Head::EMPTY)
        }
        (found, format) => return Err(unfit(dir, found, format)),
    };
    // A clean stop leaves both at the same head. A marker behind the witness is of an earlier stop and says nothing; one
    // before it says that the witness is the older.
    let (stop, promised) = match clean::read(dir)? {
        Stop::Clean(marker) if marker.head.position < witnessed.position => (Stop::Damaged, witnessed),
        Stop::Clean(marker) if marker.head.position > witnessed.position => {
            let head = marker.head;
            (Stop::Clean(marker), head)
        }
        stop => (stop, witnessed),
    };
    Ok(Known { format, sequence, promised, stop })
}

/// Why witness and FORMAT don't fit together, and what to do.
fn unfit(dir: &Path, found: Found, format: Format) -> LogError {
    let place = dir.display();
    let untold = "so nothing can tell whether the log is whole: restore the folder from a backup";
    let detail = match (found, format) {
        (Found::Missing, Format::Missing) => {
            format!("{place} is neither empty nor a log's folder (no {} in it)", format::NAME)
        }
        (Found::Slot { .. }, _) => no_format(dir),
        (Found::Missing, Format::Known) => format!("{place} has lost its file {}, {untold}", witness::NAME),
        (Found::Damaged, _) => format!("both slots of the {} in {place} are damaged, {untold}", witness::NAME),
    };
    LogError::Unusable { detail }
}

fn no_format(dir: &Path) -> String {
    format!("{} holds a log, but its file {} is missing: restore it", dir.display(), format::NAME)
}

/// Whether the folder holds nothing but what a creation cut short before its first step leaves.
fn is_new(dir: &Path) -> Result<bool, LogError> {
    for entry in fs::read_dir(dir).map_err(disk::io_error("listing", dir))? {
        let name = entry.map_err(disk::io_error("listing", dir))?.file_name();
        // A mounted volume's own folder is not ours, and does no harm.
        if name != "lock" && name != "witness.partial" && name != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn befores(dir: &Path) -> Result<Vec<PathBuf>, LogError> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).map_err(disk::io_error("listing", dir))? {
        let entry = entry.map_err(disk::io_error("listing", dir))?;
        if entry.file_name().to_string_lossy().starts_with(BEFORE) {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

/// Undoes a swap that was cut between its two renames, and clears a trial: either `sled` is the original, or it is a
/// proven copy.
fn mend_swap(dir: &Path) -> Result<(), LogError> {
    let sled = dir.join(SLED);
    if !sled.exists()
        && let Some(before) = befores(dir)?.pop()
    {
        fs::rename(&before, &sled).map_err(disk::io_error("renaming back", &before))?;
        disk::sync_dir(dir)?;
    }
    disk::remove_tree(dir, &dir.join(TRIAL))
}

/// Makes sled's folder under another name and renames it when it is whole: sled syncs little of what it makes, and takes
/// half a file of its own for damage.
fn make(dir: &Path, settings: Settings) -> Result<(), LogError> {
    let (sled, trial) = (dir.join(SLED), dir.join(TRIAL));
    Store::open(&trial, settings)?.close()?;
    disk::sync_tree(&trial)?;
    fs::rename(&trial, &sled).map_err(disk::io_error("renaming", &trial))?;
    disk::sync_dir(dir)
}

/// What the open log must hold: the promised head, and after a clean stop nothing behind it.
fn meet(store: &Store, known: &Known) -> Result<Head, LogError> {
    store.meet(&known.promised)?;
    let head = store.head()?;
    match &known.stop {
        Stop::Clean(marker) if marker.head != head => {
            let detail = format!("the log ends there, but it was closed at position {}", marker.head.position);
            Err(LogError::DataLoss { position: head.position.min(marker.head.position) + 1, detail })
        }
        _ if known.format == Format::Missing && head != Head::EMPTY => Err(LogError::Unusable {
            detail: format!("the log is not empty, but its file {} is missing: restore it", format::NAME),
        }),
        _ => Ok(head),
    }
}

/// Tries sled on a copy, walks the whole chain there, and puts a copy that holds what it must in the original's place.
fn prove(dir: &Path, known: &Known, settings: Settings) -> Result<(), LogError> {
    let (sled, trial) = (dir.join(SLED), dir.join(TRIAL));
    room_for_copy(dir, &sled)?;
    let proven = disk::copy_tree(&sled, &trial).and_then(|()| {
        let (store, walked) = attempt(&trial, settings)?;
        let met = meet(&store, known)?;
        store.close()?;
        if walked != met {
            let detail = format!("the chain ends at {}, the log at {}", walked.position, met.position);
            return Err(LogError::DataLoss { position: walked.position + 1, detail });
        }
        disk::sync_tree(&trial)
    });
    if let Err(error) = proven {
        // Only a copy; the next start clears it if this can't.
        let _ = disk::remove_tree(dir, &trial);
        return Err(left_as_found(error, &sled));
    }
    let before = dir.join(format!("{BEFORE}{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ")));
    fs::rename(&sled, &before).map_err(disk::io_error("renaming", &sled))?;
    fs::rename(&trial, &sled).map_err(disk::io_error("renaming", &trial))?;
    disk::sync_dir(dir)
}

fn room_for_copy(dir: &Path, sled: &Path) -> Result<(), LogError> {
    let need: u64 = disk::files(sled)?.iter().map(|entry| entry.length).sum();
    let free = disk::free_bytes(dir)?;
    if free > need.saturating_add(2 * 1024 * 1024) {
        return Ok(());
    }
    let detail = format!(
        "the last stop was not clean, so the log is first tried on a copy: that needs {need} bytes in {}, which has \
         {free} free",
        dir.display()
    );
    Err(LogError::Unusable { detail })
}

/// Opens the trial copy and walks it, on a thread that is given up when sled never returns. A damaged snapshot stops
/// sled, which can do without one: it is dropped from the copy and sled asked again.
fn attempt(trial: &Path, settings: Settings) -> Result<(Store, Head), LogError> {
    let bytes: u64 = disk::files(trial)?.iter().map(|entry| entry.length).sum();
    let time_max = Duration::from_secs(60 + bytes / 2_000_000);
    let (answer, answered) = mpsc::channel();
    let path = trial.to_owned();
    let run = move || {
        let opened = Store::open(&path, settings).or_else(|error| match drop_snapshots(&path) {
            Ok(true) => Store::open(&path, settings),
            _ => Err(error),
        });
        let walked = opened.and_then(|store| store.walk().map(|head| (store, head)));
        // Nobody listens any more when the time was up.
        let _ = answer.send(walked);
    };
    std::thread::Builder::new()
        .name("log-trial".to_owned())
        .spawn(run)
        .map_err(disk::io_error("starting the thread for", trial))?;
    answered.recv_timeout(time_max).unwrap_or_else(|_| {
        let detail = format!("sled did not open a copy of the log within {} s", time_max.as_secs());
        Err(LogError::DataLoss { position: 1, detail })
    })
}

fn drop_snapshots(trial: &Path) -> Result<bool, LogError> {
    let mut any = false;
    for entry in disk::files(trial)?.iter().filter(|entry| entry.name.starts_with("snap.")) {
        disk::remove_file(trial, &entry.name)?;
        any = true;
    }
    Ok(any)
}

/// Says in the error where the bytes are.
fn left_as_found(error: LogError, sled: &Path) -> LogError {
    let note = |detail: String| format!("{detail}; {} is left as it was found", sled.display());
    match error {
        LogError::DataLoss { position, detail } => LogError::DataLoss { position, detail: note(detail) },
        LogError::Unusable { detail } => LogError::Unusable { detail: note(detail) },
        other => other,
    }
}
