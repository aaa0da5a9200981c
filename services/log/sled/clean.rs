//! The marker of a clean stop: the head, and length and SHA-256 of each file that sled left.
//!
//! With it, a start knows before sled opens whether a single bit changed since; without it, or when it disagrees, the
//! start is doubtful and sled first opens a copy. Hashing costs one pass over the files at stop and at start (a district
//! writes some ten megabytes a year); the alternative, a copy at every start, would cost that and the writing.

use super::disk;
use crate::journal::Head;
use crate::log::LogError;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The file's name.
pub(super) const NAME: &str = "clean";

const TITLE: &str = "clean stop 1";

/// What is known of the last stop.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// No marker: the last run did not end, or this is the first.
    Unclean,
    /// A marker that can't be trusted.
    Damaged,
    /// A marker.
    Clean(Marker),
}

/// The content of a marker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// Where the log ended.
    pub head: Head,
    files: Vec<String>,
}

/// Reads the marker.
pub(super) fn read(dir: &Path) -> Result<Stop, LogError> {
    let Some(bytes) = disk::read_whole(&dir.join(NAME))? else { return Ok(Stop::Unclean) };
    Ok(parse(&bytes).map_or(Stop::Damaged, Stop::Clean))
}

/// Writes the marker for what lies in `sled`, durably. sled must be closed and its files synced.
pub(super) fn write(dir: &Path, sled: &Path, head: Head) -> Result<(), LogError> {
    let mut text = format!("{TITLE}\nhead {} {} {}\n", head.commit, head.position, hex::encode(head.hash));
    for line in describe(sled)? {
        text.push_str(&line);
        text.push('\n');
    }
    let sum = hex::encode(Sha256::digest(text.as_bytes()));
    text.push_str(&format!("sum {sum}\n"));
    disk::write_whole(dir, NAME, text.as_bytes())
}

impl Marker {
    /// Whether `sled` holds the very files that the marker describes.
    pub(super) fn agrees(&self, sled: &Path) -> Result<bool, LogError> {
        Ok(describe(sled)? == self.files)
    }
}

fn describe(sled: &Path) -> Result<Vec<String>, LogError> {
    let describe = |entry: disk::Entry| {
        let hash = disk::file_hash(&sled.join(&entry.name))?;
        Ok(format!("file {} {} {}", entry.length, hex::encode(hash), entry.name))
    };
    disk::files(sled)?.into_iter().map(describe).collect()
}

fn parse(bytes: &[u8]) -> Option<Marker> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once("sum ")?;
    if sum != hex::encode(Sha256::digest(body.as_bytes())) {
        return None;
    }
    let mut lines = body.lines();
    if lines.next()? != TITLE {
        return None;
    }
    let mut head = lines.next()?.strip_prefix("head ")?.split(' ');
    let (commit, position) = (head.next()?.parse().ok()?, head.next()?.parse().ok()?);
    let hash = hex::decode(head.next()?).ok()?.try_into().ok()?;
    Some(Marker { head: Head { commit, position, hash }, files: lines.map(str::to_owned).collect() })
}
