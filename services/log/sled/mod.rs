//! The log of a single server: sled behind a thread of its own, and beside it everything sled does not do.
//!
//! - `store`: sled itself, the only file that calls it. After each flush our own `fdatasync`, since sled's ends in
//!   `sync_file_range`.
//! - `witness`: what the log must at least hold; read before sled opens.
//! - `clean`: the marker of a clean stop, with a hash of each file.
//! - `opening`: creation, the start after a clean and after a doubtful stop, and what is refused.
//! - `writer`: the thread; nothing else ever writes.
//! - `stall`: a bound on the time of a commit.
//! - `format`, `disk`: the lock and the version; files made durable.
//!
//! What the witness can't prove: after an unclean stop, the commits of the last 100 ms before it. Their loss would have
//! to come from a fault of the disk in the very moment of the crash.

mod clean;
mod disk;
mod format;
mod opening;
mod stall;
mod store;
mod witness;
mod writer;

use super::{Append, EventLog, LogError};
use crate::journal::{Commit, Head};
use async_trait::async_trait;
use stall::{COMMIT_TIME_MAX, Stall};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use store::{Settings, Store};
use tokio::sync::{mpsc, oneshot, watch};
use writer::{Job, Writer};

/// Appends that may wait for the thread: there is one writer, so this is never felt.
const JOBS_MAX: usize = 16;

/// How the log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SledOptions {
    /// What sled may hold in memory, a soft bound. The log is written once and read through: what is held helps nobody.
    pub cache_bytes: u64,
    /// Segments of sled's file, a power of two up to 16 MiB; fixed when the folder is made. Smaller ones than the default
    /// are for tests.
    pub segment_bytes: usize,
    /// An append that would leave less than this free on the volume is answered `Full`.
    pub reserve_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: 16 << 20, segment_bytes: 8 << 20, reserve_bytes: 64 << 20 }
    }
}

/// sled while it is open; readers hold it for the length of one read.
type Shared = Arc<RwLock<Option<Store>>>;

/// A log in a folder.
pub struct SledLog {
    jobs: Option<mpsc::Sender<Job>>,
    store: Shared,
    head: watch::Receiver<Head>,
    dir: PathBuf,
    stall: Arc<Stall>,
    thread: Option<JoinHandle<()>>,
}

impl SledLog {
    /// Opens the log in `dir`, or makes one there. Blocks; after an unclean stop for as long as a copy and a walk over
    /// the whole log take.
    pub fn open(dir: &Path, options: SledOptions) -> Result<Self, LogError> {
        let settings = Settings { cache_bytes: options.cache_bytes, segment_bytes: options.segment_bytes };
        let opened = opening::open(dir, settings)?;
        let (publish, head) = watch::channel(opened.head);
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        let witness = witness::Witness::start(dir, opened.sequence, opened.head)?;
        let store: Shared = Arc::new(RwLock::new(Some(opened.store)));
        let stall = Stall::start(COMMIT_TIME_MAX).map_err(disk::io_error("starting the thread of", dir))?;
        let writer = Writer {
            stall: Arc::clone(&stall),
            dir: dir.to_owned(),
            reserve_bytes: options.reserve_bytes,
            lock: opened.lock,
            store: Arc::clone(&store),
            witness,
            head: publish,
            fatal: None,
        };
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(disk::io_error("starting the thread of", dir))?;
        Ok(Self { jobs: Some(jobs), store, head, dir: dir.to_owned(), stall, thread: Some(thread) })
    }

    /// `open` for callers that must not block.
    pub async fn open_async(dir: PathBuf, options: SledOptions) -> Result<Self, LogError> {
        let opened = tokio::task::spawn_blocking(move || Self::open(&dir, options)).await;
        opened.unwrap_or_else(|fault| Err(LogError::Unusable { detail: format!("opening the log: {fault}") }))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    async fn send(&self, job: Job) -> bool {
        match &self.jobs {
            Some(jobs) if !self.stall.stalled() => jobs.send(job).await.is_ok(),
            _ => false,
        }
    }
}

impl Drop for SledLog {
    /// Without `close` this is an unclean stop: what was acknowledged is safe, the next start is a doubtful one.
    fn drop(&mut self) {
        self.jobs = None;
        // A thread that was given up would never be joined.
        if let Some(thread) = self.thread.take().filter(|_| !self.stall.stalled()) {
            // A panic of the thread has been answered to whoever waited for it.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl EventLog for SledLog {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        let (reply, answer) = oneshot::channel();
        if !self.send(Job::Append { expected, commit, reply }).await {
            return Append::Fatal("the log is closed".to_owned());
        }
        answer.await.unwrap_or_else(|_| Append::Fatal("the log's thread ended".to_owned()))
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        let store = Arc::clone(&self.store);
        // Never past what was acknowledged: sled already shows a commit that is not yet synced.
        let end = self.head.borrow().position;
        let read = move || {
            let open = store.read().unwrap_or_else(PoisonError::into_inner);
            open.as_ref().ok_or(LogError::Closed)?.read(from, end, bytes_max)
        };
        let done = tokio::task::spawn_blocking(read).await;
        done.unwrap_or_else(|fault| Err(LogError::DataLoss { position: from, detail: fault.to_string() }))
    }

    async fn head(&self) -> Result<Head, LogError> {
        if self.head.has_changed().is_err() {
            return Err(LogError::Closed);
        }
        Ok(*self.head.borrow())
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    async fn close(&self) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        if !self.send(Job::Close { reply }).await {
            return Err(LogError::Closed);
        }
        answer.await.unwrap_or(Err(LogError::Closed))
    }
}
