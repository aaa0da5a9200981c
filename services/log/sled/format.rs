//! Whose folder it is: the lock that one process holds, and the file that says which format lies here.

use super::disk;
use crate::log::LogError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// The name of the file that states the format.
pub(super) const NAME: &str = "FORMAT";

const LOCK: &str = "lock";
const TITLE: &str = "incubator-registry log, format ";
const VERSION: u32 = 1;
const SENTENCE: &str = "This folder is a district's log. Never edit, copy from or remove a file of it while a server runs;\n\
    'witness' says what the log in 'sled' must at least hold, and the two belong together.\n";

/// What the format file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// No such file: the folder is new, or its creation was cut short.
    Missing,
    /// This program's own.
    Known,
}

/// Holds the folder for as long as the file lives.
pub(super) fn lock(dir: &Path) -> Result<File, LogError> {
    let path = dir.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(disk::io_error("opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::Locked { path: dir.display().to_string() }),
        Err(TryLockError::Error(e)) => Err(disk::io_error("locking", &path)(e)),
    }
}

fn content() -> String {
    format!("{TITLE}{VERSION}\n{SENTENCE}")
}

/// Writes the file: the last step of creation.
pub(super) fn write(dir: &Path) -> Result<(), LogError> {
    disk::write_whole(dir, NAME, content().as_bytes())
}

/// Reads the file, and refuses a folder that this program must not touch.
pub(super) fn read(dir: &Path) -> Result<Format, LogError> {
    let path = dir.join(NAME);
    let Some(bytes) = disk::read_whole(&path)? else { return Ok(Format::Missing) };
    if bytes == content().as_bytes() {
        return Ok(Format::Known);
    }
    let text = String::from_utf8_lossy(&bytes);
    let version = text.strip_prefix(TITLE).and_then(|rest| rest.lines().next()?.parse::<u32>().ok());
    let detail = match version {
        Some(version) if version > VERSION => format!(
            "{} is of format {version}; this program knows {VERSION}: use a program at least as new as the one that \
             wrote it",
            dir.display()
        ),
        _ => format!("{} is damaged or not a log's: restore it from a copy before starting", path.display()),
    };
    Err(LogError::Unusable { detail })
}
