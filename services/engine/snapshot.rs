//! Snapshots: a cache of the folded log, so that a start need not fold all of it. Losing one loses nothing.
//!
//! A snapshot holds the facts in the journal's own encoding, with the voids, the entities' last hashes in the order of their
//! numbers, the request ids and the commits' times, under a header that binds it to one record of one log, and a SHA-256 over all of it; it is written and
//! read piece by piece, since it may be larger than what is left of the memory. One that does not
//! read, fits another version or names a record that the log does not hold is left aside without a word to the user. It is
//! written from an unchanging copy of the state, beside the writer, and put in place by a rename.
//!
//! ```text
//! "INCS" · u32 version · u64 commit · u64 position · 32 record hash · 16 log id · district
//! · per position: u8 0, or 1 · u64 start · u64 voided (0: not) · i32 day · u16 type · u16 schema version · payload
//! · u64 count of entities · each: 32 hash
//! · u64 count of commits · each: i64 micros · u64 last position
//! · u64 count of requests · each: principal · 16 id · u64 first · u64 last · 32 hash
//! · 32 SHA-256 of everything before
//! ```
//! Texts and payloads stand behind a u32 length; all numbers are big-endian.

use super::aside::aside;
use super::fold::Fold;
use super::published::Published;
use super::request::RequestId;
use super::requests::{Remembered, Requests};
use crate::domain::restore::Restore;
use crate::domain::{Day, Entry};
use crate::journal::{Head, codec};
use crate::log::EventLog;
use sha2::{Digest, Sha256};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Raised whenever the layout or the meaning of the state changes.
const VERSION: u32 = 4;
const MAGIC: &[u8; 4] = b"INCS";

/// A new snapshot is made when so many events came since the last, and a quarter of those that it held: making one takes as
/// long as the log is, so that a growing log makes them ever more seldom.
const EVENTS_BETWEEN: u64 = 100_000;

/// Bytes read or written at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// Keeps the snapshot of one district.
pub(super) struct Snapshots {
    dir: PathBuf,
    last: u64,
    busy: Arc<AtomicBool>,
}

impl Snapshots {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, last: 0, busy: Arc::default() }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("state.snapshot")
    }

    /// The snapshot, if there is one that fits this program and this log.
    pub(super) async fn load(&mut self, log: &dyn EventLog) -> Option<Fold> {
        let file = std::fs::File::open(self.path()).ok()?;
        let fold = tokio::task::spawn_blocking(move || read(file)).await;
        let Ok(Some(fold)) = fold else {
            tracing::warn!("the snapshot can't be read; the log is folded from its beginning");
            return None;
        };
        let head = fold.published.head;
        let commits = log.read(head.position, 1).await.ok()?;
        if commits.first().is_none_or(|commit| commit.head() != head) {
            tracing::warn!(position = head.position, "the snapshot is not of this log; it is left aside");
            return None;
        }
        self.last = head.position;
        Some(fold)
    }

    /// Makes a snapshot beside the writer when enough came since the last; with `now`, at once, and waits for it.
    pub(super) async fn consider(&mut self, fold: &Fold, now: bool) {
        let position = fold.published.head.position;
        let due = if now { position > self.last } else { position >= self.last + EVENTS_BETWEEN.max(self.last / 4) };
        if !due || self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        self.last = position;
        let (fold, dir, path, busy) = (fold.clone(), self.dir.clone(), self.path(), Arc::clone(&self.busy));
        let made = aside(move || {
            let written = write(&dir, &path, &fold);
            busy.store(false, Ordering::Release);
            if let Err(error) = written {
                tracing::warn!(%error, "no snapshot could be made");
            }
        });
        if now {
            let _ = made.await; // A snapshot that failed was told of; the log has everything.
        }
    }
}

fn write(dir: &Path, path: &Path, fold: &Fold) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let draft = dir.join("state.snapshot.new");
    let mut out =
        Out { file: BufWriter::with_capacity(BUFFER_BYTES, std::fs::File::create(&draft)?), digest: Sha256::new() };
    encode(fold, &mut out)?;
    let Out { mut file, digest } = out;
    file.write_all(&digest.finalize())?;
    file.into_inner()?.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(dir)?.sync_all()
}

/// The file, and the digest of what went into it.
struct Out {
    file: BufWriter<std::fs::File>,
    digest: Sha256,
}

impl Out {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digest.update(bytes);
        self.file.write_all(bytes)
    }

    /// Bytes behind their length.
    fn sized(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.put(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        self.put(bytes)
    }

    fn entry(&mut self, entry: Option<&Entry>) -> std::io::Result<()> {
        let Some(entry) = entry else { return self.put(&[0]) };
        let encoded = codec::encode(&entry.event, &entry.documents);
        let mut head = [0; 25];
        head[0] = 1;
        head[1..9].copy_from_slice(&entry.start.to_be_bytes());
        head[9..17].copy_from_slice(&entry.voided.unwrap_or(0).to_be_bytes());
        head[17..21].copy_from_slice(&entry.day.days().to_be_bytes());
        head[21..23].copy_from_slice(&encoded.event_type.to_be_bytes());
        head[23..25].copy_from_slice(&encoded.schema_version.to_be_bytes());
        self.put(&head)?;
        self.sized(&encoded.payload)
    }
}

fn encode(fold: &Fold, out: &mut Out) -> std::io::Result<()> {
    let Published { registry, head, log_id, commits } = &fold.published;
    out.put(MAGIC)?;
    out.put(&VERSION.to_be_bytes())?;
    out.put(&head.commit.to_be_bytes())?;
    out.put(&head.position.to_be_bytes())?;
    out.put(&head.hash)?;
    out.put(log_id)?;
    out.sized(fold.district.as_bytes())?;
    for position in 1..=head.position {
        out.entry(registry.entry_at(position).as_deref())?;
    }
    out.put(&(fold.hashes.len() as u64).to_be_bytes())?;
    for hash in &fold.hashes {
        out.put(hash)?;
    }
    out.put(&(commits.len() as u64).to_be_bytes())?;
    for (micros, last) in commits {
        out.put(&micros.to_be_bytes())?;
        out.put(&last.to_be_bytes())?;
    }
    let requests: Vec<_> = fold.requests.iter().collect();
    out.put(&(requests.len() as u64).to_be_bytes())?;
    for ((principal, id), remembered) in requests {
        out.sized(principal.as_bytes())?;
        out.put(&id.0)?;
        out.put(&remembered.first.to_be_bytes())?;
        out.put(&remembered.last.to_be_bytes())?;
        out.put(&remembered.hash)?;
    }
    Ok(())
}

/// What a file holds; none where anything about it is wrong.
fn read(file: std::fs::File) -> Option<Fold> {
    let body = file.metadata().ok()?.len().checked_sub(32)?;
    let file = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut at = Cursor { file: file.take(body), digest: Sha256::new(), bytes: Vec::new() };
    let fold = decode(&mut at)?;
    let Cursor { file, digest, .. } = at;
    let is_read = file.limit() == 0;
    let mut said = [0; 32];
    file.into_inner().read_exact(&mut said).ok()?;
    (is_read && digest.finalize()[..] == said).then_some(fold)
}

fn decode(at: &mut Cursor) -> Option<Fold> {
    if at.array()? != *MAGIC || u32::from_be_bytes(at.array()?) != VERSION {
        return None;
    }
    let head = Head { commit: at.u64()?, position: at.u64()?, hash: at.array()? };
    let log_id = at.array()?;
    let district = at.text()?;
    let mut registry = Restore::default();
    for position in 1..=head.position {
        registry.take(at.entry(position)?);
    }
    let mut hashes = imbl::Vector::new();
    for _ in 0..at.u64()? {
        hashes.push_back(at.array()?);
    }
    let mut commits = imbl::Vector::new();
    for _ in 0..at.u64()? {
        commits.push_back((i64::from_be_bytes(at.array()?), at.u64()?));
    }
    let mut requests = Requests::default();
    for _ in 0..at.u64()? {
        let key = (Arc::from(at.text()?), RequestId(at.array()?));
        let (first, last) = (at.u64()?, at.u64()?);
        requests.insert(key, Remembered { first, last, hash: at.array()? });
    }
    let published = Published { registry: Arc::new(registry.finish()), head, log_id, commits };
    Some(Fold { published, hashes, requests, district, texts: Arc::default() })
}

/// The file as it is read; `bytes` is room for one payload.
struct Cursor {
    file: std::io::Take<BufReader<std::fs::File>>,
    digest: Sha256,
    bytes: Vec<u8>,
}

impl Cursor {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut out = [0; N];
        self.file.read_exact(&mut out).ok()?;
        self.digest.update(out);
        Some(out)
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.array()?))
    }

    /// Bytes behind their length, which stay until the next are read.
    fn sized(&mut self) -> Option<&[u8]> {
        let length = u64::from(u32::from_be_bytes(self.array()?));
        if length > self.file.limit() {
            return None; // No file is trusted with how much memory it takes.
        }
        self.bytes.resize(usize::try_from(length).ok()?, 0);
        self.file.read_exact(&mut self.bytes).ok()?;
        self.digest.update(&self.bytes);
        Some(&self.bytes)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.sized()?.to_vec()).ok()
    }

    /// The fact at a position, `Some(None)` where none stands.
    fn entry(&mut self, position: u64) -> Option<Option<Entry>> {
        if self.array()? == [0u8] {
            return Some(None);
        }
        let start = self.u64()?;
        let voided = self.u64()?;
        // A damaged file is told by its digest, which comes last; until then nothing may be reckoned from what can't be.
        if start > position || (voided > 0 && voided <= position) {
            return None;
        }
        let day = Day::from_days(i32::from_be_bytes(self.array()?))?;
        let event_type = u16::from_be_bytes(self.array()?);
        let schema_version = u16::from_be_bytes(self.array()?);
        let (event, documents) = codec::decode(event_type, schema_version, self.sized()?).ok()?;
        Some(Some(Entry { position, start, voided: (voided > 0).then_some(voided), day, event, documents }))
    }
}
