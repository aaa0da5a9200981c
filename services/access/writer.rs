//! The one task that writes an access log and signs its checkpoints.

use super::book::Book;
use super::gather::{Due, RECORD_BYTES_MAX, Taken};
use super::noted::Who;
use super::{LogState, Shared, checkpoint, locked};
use crate::engine::Notes;
use crate::journal::access::AccessEvent;
use crate::journal::note::SigningKey;
use crate::journal::{COMMIT_BYTES_MAX, Commit, Hash, Head};
use crate::log::{Append, LogError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

/// Records of one commit at most; two more may tell what was not recorded, and one the log's birth.
const BATCH: usize = 128;
const _: () = assert!((BATCH + 3) * RECORD_BYTES_MAX <= COMMIT_BYTES_MAX);

/// How long the first of a kind waits for others, so that a crowd shares a sync.
const GATHER: Duration = Duration::from_millis(200);
/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(1);
/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1 << 20;
/// Times that a commit is offered whose fate is not known.
const TRIES: usize = 3;
/// The longest that a log that failed is left alone before it is tried again: each time that it fails again, twice as long.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Asks the task for something.
pub enum Ask {
    /// Write and sign what there is.
    Flush(oneshot::Sender<()>),
    /// The same, then close the log.
    Close(oneshot::Sender<()>),
}

/// Why a commit was not written.
enum Unwritten {
    Full,
    Failed(LogState),
}

/// The task.
pub struct Writer {
    shared: Arc<Shared>,
    /// The record that begins the log, not written yet.
    born: Option<AccessEvent>,
    key: Option<Arc<SigningKey>>,
    /// What earlier checkpoints say, not met yet.
    said: VecDeque<(u64, Hash)>,
    every: Option<Duration>,
    synced: watch::Sender<u64>,
    book: Book,
    /// Once it failed: when it is tried again, and how long it was left alone for that.
    retry: Option<(Instant, Duration)>,
    /// What was in the write that failed, when it was taken, and the head if it was written all the same.
    doubtful: Option<(Head, Vec<Due>, i64)>,
}

impl Writer {
    /// The task of a log.
    pub(super) fn new(
        shared: Arc<Shared>,
        born: Option<AccessEvent>,
        key: Option<Arc<SigningKey>>,
        said: Vec<(u64, Hash)>,
        every: Option<Duration>,
        synced: watch::Sender<u64>,
    ) -> Self {
        let (book, retry, doubtful) = (Book::default(), None, None);
        Self { shared, born, key, said: said.into(), every, synced, book, retry, doubtful }
    }

    /// Reads what the log holds, then writes until it is closed. A log that does not hold is written no more; one that failed
    /// is tried again after a while.
    pub async fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        match self.read().await {
            Ok(()) => self.become_(LogState::Open),
            Err(state) => self.become_(state),
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut due = self.every.map(|every| Instant::now() + every);
        loop {
            let ask = tokio::select! {
                biased;
                ask = asked.recv() => Some(ask),
                () = self.shared.wake.notified() => {
                    tokio::time::sleep(GATHER).await;
                    None
                }
                _ = tick.tick() => None,
            };
            match ask {
                Some(Some(Ask::Flush(reply))) => {
                    self.finish().await;
                    let _ = reply.send(()); // Whoever asked may have gone.
                }
                Some(Some(Ask::Close(reply))) => {
                    self.finish().await;
                    if let Err(error) = self.shared.log().close().await {
                        tracing::warn!(%error, "the access log could not be closed");
                    }
                    self.become_(LogState::Closed);
                    let _ = reply.send(());
                    return;
                }
                Some(None) => return,
                None => {
                    self.try_again().await;
                    self.write(false).await;
                }
            }
            if due.is_some_and(|due| Instant::now() >= due) {
                due = self.every.map(|every| Instant::now() + every);
                self.sign().await;
            }
        }
    }

    async fn read(&mut self) -> Result<(), LogState> {
        let log = self.shared.log();
        let end = log.head().await.map_err(|error| LogState::from(&error))?;
        while self.book.end().position < end.position {
            let from = self.book.end().position + 1;
            let commits = log.read(from, READ_BYTES).await.map_err(|error| LogState::from(&error))?;
            if commits.is_empty() {
                return Err(LogState::damaged(from, "the log ends before its head".to_owned()));
            }
            for commit in &commits {
                self.book.take(commit)?;
                self.meet(commit)?;
            }
            tokio::task::yield_now().await;
        }
        match self.book.end() == end {
            true => Ok(()),
            false => Err(LogState::damaged(end.position, "the last record is not the one of the head".to_owned())),
        }
    }

    /// Holds the tree against the checkpoint that ends with a commit: each is made at the end of one.
    fn meet(&mut self, commit: &Commit) -> Result<(), LogState> {
        while let Some((size, root)) = self.said.front().copied().filter(|(size, _)| *size <= commit.last) {
            if (size, root) != (self.book.tree.size(), self.book.tree.root()) {
                let detail = format!("positions up to {size} are not what a checkpoint was signed over");
                return Err(LogState::damaged(size, detail));
            }
            self.said.pop_front();
        }
        Ok(())
    }

    /// Opens a log that failed anew, once it was left alone for long enough, and goes on behind what it then holds.
    async fn try_again(&mut self) {
        let is_failed = matches!(*locked(&self.shared.state), LogState::Failed(_));
        let Some((_, waited)) = self.retry.filter(|(at, _)| is_failed && Instant::now() >= *at) else { return };
        let longer = (waited * 2).min(RETRY_AFTER_MAX);
        self.retry = Some((Instant::now() + longer, longer));
        let read = match self.shared.reopen.reopen(self.shared.log()).await {
            Ok(log) => {
                *locked(&self.shared.log) = log;
                self.read().await
            }
            Err(error) => Err(LogState::from(&error)),
        };
        if read.is_ok()
            && let Some((head, due, taken)) = self.doubtful.take()
            && head == self.book.end()
        {
            locked(&self.shared.gathering).written(&due, taken);
            self.born = None;
        }
        self.become_(read.map_or_else(|state| state, |()| LogState::Open));
    }

    /// Changes the state, and says so.
    fn become_(&mut self, state: LogState) {
        if matches!(state, LogState::Failed(_)) && self.retry.is_none() {
            let after = self.shared.reopen.after();
            self.retry = Some((Instant::now() + after, after));
        }
        let before = std::mem::replace(&mut *locked(&self.shared.state), state.clone());
        match &state {
            _ if before == state => {}
            LogState::Open if matches!(before, LogState::Full | LogState::Failed(_)) => {
                tracing::info!("the access log is written again");
            }
            LogState::Open | LogState::Reading | LogState::Closed => {}
            LogState::Full => tracing::error!("no space for the access log: what happens is counted"),
            LogState::Failed(_) => {
                tracing::error!(%state, "the access log is not written until it is opened anew: what happens is counted");
            }
            LogState::Damaged { .. } => {
                tracing::error!(%state, "the access log is not written any more: what happens is counted");
            }
        }
    }

    fn is_writable(&self) -> bool {
        matches!(*locked(&self.shared.state), LogState::Open | LogState::Full)
    }

    async fn finish(&mut self) {
        self.write(true).await;
        self.sign().await;
    }

    /// Writes what is due, or all that there is. What can't be written is counted.
    async fn write(&mut self, all: bool) {
        loop {
            let now = self.shared.clock.now_micros();
            let Taken { mut due, more } = locked(&self.shared.gathering).take(now, BATCH, all);
            if let Some(event) = self.born.clone() {
                due.insert(0, Due { who: Who::default(), event });
            }
            if !due.is_empty()
                && let Err(unwritten) = self.record(&due, now).await
            {
                locked(&self.shared.gathering).unwritten(&due, now);
                self.become_(match unwritten {
                    Unwritten::Full => LogState::Full,
                    Unwritten::Failed(state) => state,
                });
                return;
            }
            if !more {
                return;
            }
        }
    }

    /// Writes what is due.
    async fn record(&mut self, due: &[Due], now: i64) -> Result<(), Unwritten> {
        if !self.is_writable() {
            return Err(Unwritten::Failed(locked(&self.shared.state).clone()));
        }
        let Some(page) = self.book.page(due, now) else {
            return Err(Unwritten::Failed(LogState::Failed("its subjects do not follow".to_owned())));
        };
        let appended = self.append(&page.commit).await;
        match &appended {
            Ok(()) => {
                self.book.turn(page);
                (self.born, self.retry) = (None, None);
                self.become_(LogState::Open);
            }
            Err(Unwritten::Failed(_)) => self.doubtful = Some((page.commit.head(), due.to_vec(), now)),
            Err(Unwritten::Full) => {}
        }
        appended
    }

    async fn append(&self, commit: &Commit) -> Result<(), Unwritten> {
        let failed = |why: &str| Err(Unwritten::Failed(LogState::Failed(why.to_owned())));
        let log = self.shared.log();
        for _ in 0..TRIES {
            match log.append(self.book.end(), commit.clone()).await {
                Append::Appended(_) => return Ok(()),
                Append::Full => return Err(Unwritten::Full),
                Append::Fatal(why) => return failed(&why),
                Append::Conflict { head } if head == commit.head() => return Ok(()),
                Append::Conflict { .. } => return failed("another writer wrote to it"),
                Append::Unknown => match self.is_there(commit).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    Err(error) => return Err(Unwritten::Failed(LogState::from(&error))),
                },
            }
        }
        failed("what became of a write is not known")
    }

    async fn is_there(&self, commit: &Commit) -> Result<bool, LogError> {
        let found = self.shared.log().read(commit.first, 1).await?;
        Ok(found.first().is_some_and(|found| found.head() == commit.head()))
    }

    /// Signs what was recorded since the last checkpoint; what stands in the way is told of, and tried again.
    async fn sign(&mut self) {
        let (Some(key), Some(notes)) = (&self.key, &self.shared.notes) else { return };
        let size = self.book.tree.size();
        if size == 0 {
            return; // Its first record, which says which log it is, waits for space: a note would be of no log.
        }
        if !self.is_writable() || locked(notes).last().is_some_and(|last| last >= size) {
            return;
        }
        let note = checkpoint(&self.shared.origin, size, self.book.tree.root(), key);
        let notes = Arc::clone(notes);
        let kept = tokio::task::spawn_blocking(move || {
            let notes: &mut Notes = &mut locked(&notes);
            notes.append(size, &note).map(|()| notes.synced())
        });
        match kept.await.map_err(|error| error.to_string()).and_then(|kept| kept.map_err(|error| error.to_string())) {
            Ok(synced) => drop(self.synced.send_replace(synced)),
            Err(error) => tracing::warn!(error, "no checkpoint of the access log could be made"),
        }
    }
}
