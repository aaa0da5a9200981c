//! Snapshots: a cache of the folded log, so that a start need not fold all of it. Losing one loses nothing.
//!
//! A snapshot holds the facts in the journal's own encoding, with the voids, the entities' last hashes in the order of their
//! numbers, the request ids and the commits' times, under a header that binds it to one record of one log, and a SHA-256 over all of it. One that does not
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

use super::fold::Fold;
use super::published::Published;
use super::request::RequestId;
use super::requests::{Remembered, Requests};
use crate::domain::{Day, Entry, Registry};
use crate::journal::{Head, codec};
use crate::log::EventLog;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Raised whenever the layout or the meaning of the state changes.
const VERSION: u32 = 3;
const MAGIC: &[u8; 4] = b"INCS";

/// A new snapshot is made when so many events came since the last, and a quarter of those that it held: making one takes as
/// long as the log is, so that a growing log makes them ever more seldom.
const EVENTS_BETWEEN: u64 = 100_000;

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
        let path = self.path();
        let bytes = tokio::task::spawn_blocking(move || std::fs::read(path)).await.ok()?.ok()?;
        let fold = tokio::task::spawn_blocking(move || decode(&bytes)).await.ok()?;
        let Some(fold) = fold else {
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
        let made = tokio::task::spawn_blocking(move || {
            let written = write(&dir, &path, &encode(&fold));
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

fn write(dir: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let draft = dir.join("state.snapshot.new");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(dir)?.sync_all()
}

fn encode(fold: &Fold) -> Vec<u8> {
    let Published { registry, head, log_id, commits } = &fold.published;
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&head.commit.to_be_bytes());
    out.extend_from_slice(&head.position.to_be_bytes());
    out.extend_from_slice(&head.hash);
    out.extend_from_slice(log_id);
    put(&mut out, fold.district.as_bytes());
    for position in 1..=head.position {
        put_entry(&mut out, registry.entry_at(position).as_deref());
    }
    out.extend_from_slice(&(fold.hashes.len() as u64).to_be_bytes());
    for hash in &fold.hashes {
        out.extend_from_slice(hash);
    }
    out.extend_from_slice(&(commits.len() as u64).to_be_bytes());
    for (micros, last) in commits {
        out.extend_from_slice(&micros.to_be_bytes());
        out.extend_from_slice(&last.to_be_bytes());
    }
    let requests: Vec<_> = fold.requests.iter().collect();
    out.extend_from_slice(&(requests.len() as u64).to_be_bytes());
    for ((principal, id), remembered) in requests {
        put(&mut out, principal.as_bytes());
        out.extend_from_slice(&id.0);
        out.extend_from_slice(&remembered.first.to_be_bytes());
        out.extend_from_slice(&remembered.last.to_be_bytes());
        out.extend_from_slice(&remembered.hash);
    }
    let digest = Sha256::digest(&out);
    out.extend_from_slice(&digest);
    out
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn put_entry(out: &mut Vec<u8>, entry: Option<&Entry>) {
    let Some(entry) = entry else {
        out.push(0);
        return;
    };
    let encoded = codec::encode(&entry.event, &entry.documents);
    out.push(1);
    out.extend_from_slice(&entry.start.to_be_bytes());
    out.extend_from_slice(&entry.voided.unwrap_or(0).to_be_bytes());
    out.extend_from_slice(&entry.day.days().to_be_bytes());
    out.extend_from_slice(&encoded.event_type.to_be_bytes());
    out.extend_from_slice(&encoded.schema_version.to_be_bytes());
    put(out, &encoded.payload);
}

fn decode(bytes: &[u8]) -> Option<Fold> {
    let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Sha256::digest(body)[..] != *digest {
        return None;
    }
    let mut at = Cursor(body);
    if at.array()? != *MAGIC || u32::from_be_bytes(at.array()?) != VERSION {
        return None;
    }
    let head = Head { commit: at.u64()?, position: at.u64()?, hash: at.array()? };
    let log_id = at.array()?;
    let district = at.text()?;
    let mut registry = Registry::default();
    for position in 1..=head.position {
        registry.restore(at.entry(position)?);
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
    let published = Published { registry: Arc::new(registry), head, log_id, commits };
    at.0.is_empty().then_some(Fold { published, hashes, requests, district })
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.array()?))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let n = u32::from_be_bytes(self.array()?) as usize;
        self.take(n)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// The fact at a position, `Some(None)` where none stands.
    fn entry(&mut self, position: u64) -> Option<Option<Entry>> {
        if self.array()? == [0u8] {
            return Some(None);
        }
        let start = self.u64()?;
        let voided = self.u64()?;
        let day = Day::from_days(i32::from_be_bytes(self.array()?))?;
        let event_type = u16::from_be_bytes(self.array()?);
        let schema_version = u16::from_be_bytes(self.array()?);
        let (event, documents) = codec::decode(event_type, schema_version, self.bytes()?).ok()?;
        Some(Some(Entry { position, start, voided: (voided > 0).then_some(voided), day, event, documents }))
    }
}
