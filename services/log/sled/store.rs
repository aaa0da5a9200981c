//! The one place that calls sled: commits in, commits out, and nothing it says believed without a look.
//!
//! A commit lies under several keys, `first position (8, big-endian) ‖ part (2, big-endian)`, so that the commit holding
//! a position is one step backwards in key order. A value is `parts (2) ‖ bytes of the whole commit (4) ‖ its piece`:
//! a commit of which sled lost a part is never taken for a shorter one. Pieces stay so small that sled, which puts up to
//! 17 values in a page and a page that outgrows a quarter of a segment in a file of its own, never makes such a file:
//! it would not sync it.

use super::disk;
use crate::journal::{Commit, Head};
use crate::log::{LogError, verify};
use ::sled::{Batch, Config, Db, Error, IVec};
use bytes::Bytes;
use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A piece of a commit is at most this long; a value must stay under 64 KiB.
const PIECE_BYTES_MAX: usize = 48 * 1024;
const VALUE_HEAD: usize = 6;
/// See `touch`.
const TOUCH_BYTES: usize = 4096;
/// How long sled's own threads may take to let go of its file.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(30);

/// How sled is set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub cache_bytes: u64,
    pub segment_bytes: usize,
}

/// sled, open.
pub(super) struct Store {
    db: Db,
    path: PathBuf,
    /// Our own descriptor of sled's file: sled's flush is no drive barrier.
    file: File,
    piece: usize,
}

impl Store {
    /// Opens or makes the folder. sled reads it, and **writes** to it: it cuts what it takes for a torn tail.
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        let config = Config::new()
            .path(path)
            .cache_capacity(settings.cache_bytes)
            .segment_size(settings.segment_bytes)
            .flush_every_ms(None);
        let db = caught(|| config.open()).map_err(|fault| fault.at(1, path))?;
        let db_path = path.join("db");
        let file =
            File::options().read(true).write(true).open(&db_path).map_err(disk::io_error("opening", &db_path))?;
        let piece = PIECE_BYTES_MAX.min(settings.segment_bytes / 160);
        let store = Self { db, path: path.to_owned(), file, piece };
        store.assert_no_blobs()?;
        // sled renames its snapshot without syncing the folder.
        disk::sync_dir(path)?;
        Ok(store)
    }

    /// Writes one commit so that it is on stable storage when this returns. After an error nothing may be written again.
    pub(super) fn append(&self, commit: &Commit) -> Result<(), String> {
        let total = u32::try_from(commit.records.len()).map_err(|e| e.to_string())?;
        let parts = commit.records.len().div_ceil(self.piece);
        let parts = u16::try_from(parts).map_err(|e| e.to_string())?;
        let mut pieces = (0..parts).zip(commit.records.chunks(self.piece)).map(|(part, piece)| {
            let mut value = Vec::with_capacity(VALUE_HEAD + piece.len());
            value.extend_from_slice(&parts.to_be_bytes());
            value.extend_from_slice(&total.to_be_bytes());
            value.extend_from_slice(piece);
            (key(commit.first, part), value)
        });
        let insert = || match (parts, pieces.next()) {
            // One message of sled's, whole or not there. A batch would put a message in front of it, which sled writes and
            // waits for by itself, waking each of its threads once more.
            (1, Some((key, value))) => self.db.insert(key, value).map(drop),
            (_, first) => {
                let mut batch = Batch::default();
                first.into_iter().chain(pieces).for_each(|(key, value)| batch.insert(&key, value));
                self.db.apply_batch(batch)
            }
        };
        caught(|| insert().and_then(|()| self.db.flush())).map_err(|fault| fault.to_string())?;
        self.file.sync_data().map_err(|e| format!("fdatasync failed: {e}"))?;
        if parts > 1 {
            self.assert_no_blobs().map_err(|e| e.to_string())?;
        }
        self.touch(commit.first, parts, commit.records.len()).map_err(|e| e.to_string())
    }

    /// Reads whole commits from the one that holds `from`, up to `end`, which must be there.
    pub(super) fn read(&self, from: u64, end: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        if from > end {
            return Ok(Vec::new());
        }
        let from = from.max(1);
        let first = self.first_of(from)?.ok_or_else(|| missing(from))?;
        let mut items = self.db.range(key(first, 0)..);
        let mut expected = first;
        let mut bytes = 0;
        let mut out: Vec<Commit> = Vec::new();
        while expected <= end {
            let Some((commit, total)) =
                self.next(&mut items, expected, |total| out.is_empty() || bytes + total <= bytes_max)?
            else {
                break;
            };
            if out.is_empty() && commit.last < from {
                return Err(missing(commit.last + 1));
            }
            bytes += total;
            expected = commit.last + 1;
            out.push(commit);
        }
        Ok(out)
    }

    /// The commit with which the log ends.
    pub(super) fn head(&self) -> Result<Head, LogError> {
        let Some(first) = self.first_of(u64::MAX)? else { return Ok(Head::EMPTY) };
        let mut items = self.db.range(key(first, 0)..);
        let last = self.next(&mut items, first, |_| true)?;
        last.map(|(commit, _)| commit.head()).ok_or_else(|| missing(first))
    }

    /// Whether the log holds `promised` as the end of one of its commits.
    pub(super) fn meet(&self, promised: &Head) -> Result<(), LogError> {
        if promised.position == 0 {
            return Ok(());
        }
        let head = self.head()?;
        if head.position < promised.position {
            let detail =
                format!("the log ends at position {}, but {} was acknowledged", head.position, promised.position);
            return Err(LogError::DataLoss { position: head.position + 1, detail });
        }
        let commits = self.read(promised.position, promised.position, 0)?;
        match commits.first() {
            Some(commit) if commit.head() == *promised => Ok(()),
            _ => {
                let detail = "the record is not the one that was acknowledged".to_owned();
                Err(LogError::DataLoss { position: promised.position, detail })
            }
        }
    }

    /// Walks and verifies the whole chain; answers its head.
    pub(super) fn walk(&self) -> Result<Head, LogError> {
        let mut at = Head::EMPTY;
        let mut items = self.db.range(key(0, 0)..);
        let end = self.head()?;
        while at.position < end.position {
            let Some((commit, _)) = self.next(&mut items, at.position + 1, |_| true)? else { break };
            commit.verify_after(&at).map_err(verify::broken)?;
            at = commit.head();
        }
        Ok(at)
    }

    /// Flushes, lets go, and waits until sled's threads did too.
    pub(super) fn close(self) -> Result<(), LogError> {
        let Self { db, path, file, .. } = self;
        caught(|| db.flush()).map_err(|fault| fault.at(1, &path))?;
        file.sync_all().map_err(disk::io_error("syncing", &path))?;
        drop(db);
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if since.elapsed() < RELEASE_TIME_MAX => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LogError::Locked { path: path.display().to_string() });
                }
                Err(TryLockError::Error(e)) => return Err(disk::io_error("locking", &path)(e)),
            }
        }
    }

    /// First position of the commit that may hold `position`: the last key at or before it.
    fn first_of(&self, position: u64) -> Result<Option<u64>, LogError> {
        let found = caught(|| self.db.range(..=key(position, u16::MAX)).next_back().transpose())
            .map_err(|fault| fault.at(position, &self.path))?;
        found.map(|(k, _)| split(&k).map(|(first, _)| first).ok_or_else(|| missing(position))).transpose()
    }

    /// Reads the parts of the commit that begins at `first`. None when `wanted`, told its size, declines it.
    fn next(
        &self,
        items: &mut ::sled::Iter,
        first: u64,
        wanted: impl FnOnce(usize) -> bool,
    ) -> Result<Option<(Commit, usize)>, LogError> {
        let (parts, total, piece) = self.part(items, first, 0)?;
        if !wanted(total) {
            return Ok(None);
        }
        let mut records = Vec::with_capacity(total.min(crate::journal::COMMIT_BYTES_MAX));
        records.extend_from_slice(&piece[VALUE_HEAD..]);
        for number in 1..parts {
            let (same_parts, same_total, piece) = self.part(items, first, number)?;
            if (same_parts, same_total) != (parts, total) {
                return Err(missing(first));
            }
            records.extend_from_slice(&piece[VALUE_HEAD..]);
        }
        if records.len() != total {
            return Err(missing(first));
        }
        self.touch(first, parts, total)?;
        let commit = Commit::from_stored(first, Bytes::from(records)).map_err(verify::broken)?;
        Ok(Some((commit, total)))
    }

    /// Looks the commit up again, once for each 4 KiB of it. sled weighs its cache only after 64 look-ups in one of 256
    /// shards, however large the pages, so a walk or an import, which look at each page a few times, hold most of a large
    /// log in memory, whatever `cache_bytes` says. Measured on 440 MiB of commits of 64 events: 90 MB instead of 166 after
    /// writing them, 180 instead of 300 after reading them, at the same speed.
    fn touch(&self, first: u64, parts: u16, total: usize) -> Result<(), LogError> {
        for nth in 0..total / TOUCH_BYTES {
            let part = u16::try_from(nth * usize::from(parts) / (total / TOUCH_BYTES)).unwrap_or(0);
            caught(|| self.db.get(key(first, part))).map_err(|fault| fault.at(first, &self.path))?;
        }
        Ok(())
    }

    fn part(&self, items: &mut ::sled::Iter, first: u64, part: u16) -> Result<(u16, usize, IVec), LogError> {
        let item = caught(|| items.next().transpose()).map_err(|fault| fault.at(first, &self.path))?;
        let (k, value) = item.ok_or_else(|| missing(first))?;
        if split(&k) != Some((first, part)) || value.len() < VALUE_HEAD {
            return Err(missing(first));
        }
        let parts = u16::from_be_bytes([value[0], value[1]]);
        let total = u32::from_be_bytes([value[2], value[3], value[4], value[5]]);
        Ok((parts, total as usize, value))
    }

    /// sled never syncs such files, so there must be none.
    fn assert_no_blobs(&self) -> Result<(), LogError> {
        let blobs = self.path.join("blobs");
        let mut entries = std::fs::read_dir(&blobs).map_err(disk::io_error("listing", &blobs))?;
        match entries.next() {
            None => Ok(()),
            Some(_) => {
                Err(LogError::Unusable { detail: format!("{} is not empty: it can't be durable", blobs.display()) })
            }
        }
    }
}

fn key(first: u64, part: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&first.to_be_bytes());
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

fn split(key: &[u8]) -> Option<(u64, u16)> {
    let key: [u8; 10] = key.try_into().ok()?;
    let (first, part) = key.split_at(8);
    Some((u64::from_be_bytes(first.try_into().ok()?), u16::from_be_bytes(part.try_into().ok()?)))
}

fn missing(position: u64) -> LogError {
    LogError::DataLoss { position, detail: "what should stand here is missing or in pieces".to_owned() }
}

/// What sled did instead of answering.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("sled: {0}")]
    Error(Error),
    #[error("sled panicked: {0}")]
    Panic(String),
}

impl Fault {
    /// sled's fault as the log's, when what was asked for stands at `position`.
    fn at(self, position: u64, path: &Path) -> LogError {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match self {
            Self::Error(Error::Io(e)) if e.to_string().contains("could not acquire lock") => {
                LogError::Locked { path: path.display().to_string() }
            }
            // A file that ends too early, or an offset that can't be, is damage; anything else is the system's word.
            Self::Error(Error::Io(e)) if !matches!(e.kind(), UnexpectedEof | InvalidData | InvalidInput) => {
                disk::io_error("reading or writing", path)(e)
            }
            Self::Error(Error::Unsupported(detail)) => LogError::Unusable { detail: format!("sled: {detail}") },
            other => LogError::DataLoss { position, detail: other.to_string() },
        }
    }
}

/// Runs sled, whose answer to bytes it did not expect is often a panic.
fn caught<T>(run: impl FnOnce() -> Result<T, Error>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(answer) => answer.map_err(Fault::Error),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(Fault::Panic(text.to_owned()))
        }
    }
}
