//! The auditor's loop, and the one that pushes checkpoints to a second place.

use super::store::{self, Store};
use super::{Audit, Progress, Pushed, Said, locked};
use crate::domain::Event;
use crate::engine::start::READ_BYTES;
use crate::engine::work::Work;
use crate::engine::{Engine, EngineError, Stop};
use crate::journal::note::Checkpoint;
use crate::journal::{Commit, Record, codec, record_hash};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

/// The event type of recorded heads: no business.
const HEADS_RECORDED: u16 = 4;
/// The log is followed so often between checkpoints, so that a checkpoint finds little left to read.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// Times that the last checkpoint is made anew for what came while it was made.
const FINISH_TRIES: usize = 3;
/// Pause before the second push; it doubles.
const PUSH_PAUSE: Duration = Duration::from_secs(1);
/// Pause between two pushes at most.
const PUSH_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Asks for a checkpoint over all that is published.
pub(super) struct Ask {
    /// Told when it is made, or could not be.
    pub reply: oneshot::Sender<()>,
}

/// What makes the checkpoints of one log.
pub(super) struct Auditor {
    pub engine: Engine,
    pub audit: Arc<Audit>,
    pub asked: mpsc::Receiver<Ask>,
    /// Bytes of notes that are synced.
    pub synced: watch::Sender<u64>,
    pub every: Duration,
    /// What earlier checkpoints say, not met yet.
    pub said: VecDeque<Said>,
}

impl Auditor {
    /// Serves until the engine stops.
    pub async fn run(mut self) {
        let mut stopped = self.engine.watch_stop();
        let mut follow = tokio::time::interval(FOLLOW_EVERY.min(self.every));
        follow.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut due = Instant::now() + self.every;
        loop {
            let ask = tokio::select! {
                biased;
                _ = stopped.wait_for(Option::is_some) => return,
                ask = self.asked.recv() => Some(ask),
                _ = follow.tick() => None,
            };
            if self.catch_up().await.is_err() {
                return; // The engine knows, and stops.
            }
            match ask {
                Some(Some(Ask { reply })) => {
                    self.finish().await;
                    let _ = reply.send(()); // Whoever asked may have gone.
                }
                Some(None) => return,
                None if Instant::now() >= due && self.is_behind() => {
                    due = Instant::now() + self.every;
                    self.make().await;
                }
                None => {}
            }
        }
    }

    /// Whether an event of business is covered by no checkpoint.
    fn is_behind(&self) -> bool {
        locked(&self.audit.progress).business > locked(&self.audit.store).last().unwrap_or(0)
    }

    async fn finish(&mut self) {
        for _ in 0..FINISH_TRIES {
            if !self.is_behind() || !self.make().await || self.catch_up().await.is_err() {
                return;
            }
        }
    }

    /// Makes a checkpoint; what stands in the way is told of, and tried again when the next is due.
    async fn make(&mut self) -> bool {
        match self.try_make().await {
            Ok(size) => {
                tracing::debug!(size, "a checkpoint is signed");
                true
            }
            Err(error) => {
                tracing::warn!(error, "no checkpoint could be made");
                false
            }
        }
    }

    async fn try_make(&mut self) -> Result<u64, String> {
        let said = |error: EngineError| error.to_string();
        let (heads, position) = {
            let progress = locked(&self.audit.progress);
            (progress.heads.clone(), progress.tree.size())
        };
        let tree =
            tokio::task::spawn_blocking(move || heads.tree(position)).await.map_err(|error| error.to_string())?;
        let event = Event::HeadsRecorded { position, count: tree.count(), root: tree.root() };
        let (work, reply) = Work::own(event);
        self.engine.shared.queue.send(work).await.map_err(|_| said(self.engine.stop_error()))?;
        let recorded = reply.await.map_err(|_| said(self.engine.unanswered()))?.map_err(said)?;
        self.engine.wait_for(recorded).await.map_err(said)?;
        self.catch_up().await.map_err(said)?;
        let (size, root) = {
            let progress = locked(&self.audit.progress);
            (progress.tree.size(), progress.tree.root())
        };
        let note = Checkpoint { origin: self.audit.origin.clone(), size, root }.sign(&self.audit.key);
        let audit = Arc::clone(&self.audit);
        let kept = tokio::task::spawn_blocking(move || {
            let store: &mut Store = &mut locked(&audit.store);
            store.append(size, &note).map(|()| store.synced())
        });
        let synced = kept.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        *locked(&self.audit.heads) = Some(Arc::new(tree));
        self.synced.send_replace(synced);
        Ok(size)
    }

    /// Takes in what is published.
    async fn catch_up(&mut self) -> Result<(), EngineError> {
        let head = self.engine.published().head;
        loop {
            let size = locked(&self.audit.progress).tree.size();
            if size >= head.position {
                locked(&self.audit.progress).is_whole = true;
                return Ok(());
            }
            let read = self.engine.shared.log.read(size + 1, READ_BYTES).await;
            let commits = read.map_err(|error| self.engine.unread(&error))?;
            if commits.is_empty() {
                let detail = "the log ends before its published head".to_owned();
                return Err(self.engine.fail(Stop::Damaged { position: size + 1, detail }));
            }
            // What lies beyond the published head is not durable yet, or not known to be.
            for commit in commits.iter().take_while(|commit| commit.last <= head.position) {
                self.take(commit).map_err(|stop| self.engine.fail(stop))?;
            }
            tokio::task::yield_now().await;
        }
    }

    fn take(&mut self, commit: &Commit) -> Result<(), Stop> {
        let audit = Arc::clone(&self.audit);
        let mut progress = locked(&audit.progress);
        for (position, bytes) in commit.iter() {
            progress.take(position, &bytes)?;
            let size = progress.tree.size();
            while self.said.front().is_some_and(|(said, _)| *said == size) {
                if self.said.pop_front().is_some_and(|(_, root)| root != progress.tree.root()) {
                    let detail = format!("positions up to {size} are not what a checkpoint was signed over");
                    return Err(Stop::Damaged { position: size, detail });
                }
            }
        }
        Ok(())
    }
}

impl Progress {
    fn take(&mut self, position: u64, bytes: &[u8]) -> Result<(), Stop> {
        let damaged = |detail: String| Stop::Damaged { position, detail };
        let hash = record_hash(bytes);
        let record = Record::decode(bytes).map_err(|error| damaged(error.to_string()))?;
        if position != self.tree.size() + 1 {
            return Err(damaged("its position does not follow".to_owned()));
        }
        self.tree.push(hash);
        self.heads.take(&record, hash).map_err(|error| damaged(error.to_string()))?;
        if record.event_type != HEADS_RECORDED {
            self.business = position;
            return Ok(());
        }
        let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
        match decoded.map_err(|error| damaged(error.to_string()))?.0 {
            Event::HeadsRecorded { position: until, .. } => self.recorded.push((position, until)),
            _ => return Err(damaged("its type is not what it holds".to_owned())),
        }
        Ok(())
    }
}

/// Pushes the notes to a second place as they come; one that can't be reached is tried again, and holds nobody up.
pub async fn push(from: PathBuf, to: PathBuf, mut synced: watch::Receiver<u64>, told: watch::Sender<Pushed>) {
    let mut pause = PUSH_PAUSE;
    loop {
        let bytes = *synced.borrow_and_update();
        let (source, target) = (from.clone(), to.clone());
        let pushed = tokio::task::spawn_blocking(move || store::push(&source, &target, bytes)).await;
        let error = match pushed {
            Ok(Ok(())) => String::new(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if error.is_empty() {
            told.send_replace(Pushed { bytes, error });
            pause = PUSH_PAUSE;
            if synced.changed().await.is_err() {
                return;
            }
        } else {
            tracing::error!(error, place = %to.display(), "checkpoints can't be pushed to their second place");
            told.send_modify(|pushed| pushed.error = error);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = synced.changed() => if changed.is_err() { return },
            }
            pause = (pause * 2).min(PUSH_PAUSE_MAX);
        }
    }
}
