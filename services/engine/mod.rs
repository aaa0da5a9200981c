//! The engine of one district: a single writer over its log, and the state that readers share.
//!
//! A command waits in a bounded queue; the writer takes all that wait, decides each on a speculative state that already
//! holds its predecessors, and appends their events as one commit. Commands that arrive while the disk is busy share the
//! next commit: there is no timer. A reply, refusals and duplicates too, leaves only after the commit of its group is on
//! stable storage. Readers load an unchanging state and are never in the writer's way.

mod aside;
mod audit;
mod claims;
pub mod clock;
mod export;
mod fold;
mod group;
mod published;
mod rehearsal;
mod request;
mod requests;
mod snapshot;
mod start;
mod subscribe;
mod verify;
mod work;
mod writer;

pub use aside::aside;
pub use audit::{
    AuditConfig, AuditFault, AuditStatus, CHECKPOINTS_MAX, EntityAnswer, Inclusion, Notes, Pushed, Signed, StoreFault,
    compare_notes, push_notes,
};
pub use clock::{Clock, SystemClock};
pub use export::{Export, ExportRange};
pub use published::Published;
pub use rehearsal::Rehearsal;
pub use request::{Bounded, Bounds, EngineError, Outcome, Principal, Request, RequestId, RowOutcome, Written};
pub use start::{EngineConfig, StartError};
pub use subscribe::{EventFilter, StoredEvent};

use crate::domain::{Command, Fault, Reason, Refusal};
use crate::journal::Head;
use crate::log::EventLog;
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, watch};
use work::Work;

/// Commands that may wait for the writer; past it they are refused with a hint to retry.
pub const QUEUE_COMMANDS_MAX: usize = 4096;

/// Commands that share one commit at most: what one takes to decide bounds how long the first one waits. While the disk is
/// busy so many may have left the queue for the next commit.
pub const GROUP_COMMANDS_MAX: usize = 1024;

/// Bytes that the id of a principal may have: it stands in every record.
pub const PRINCIPAL_BYTES_MAX: usize = 128;

/// Rows that one message of a bulk import may hold.
pub const ROWS_MAX: usize = 500;

/// A handle on the engine of one district; clones are cheap.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    district: String,
    queue: mpsc::Sender<Work>,
    published: Arc<ArcSwap<Published>>,
    head: watch::Receiver<Head>,
    stop: watch::Sender<Option<Stop>>,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    /// Raised by `drain`, before the queue knows.
    draining: AtomicBool,
    /// Set by `begin_audit`.
    audit: OnceLock<Arc<audit::Audit>>,
}

/// Why an engine serves no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was asked to drain, and has.
    Drained,
    /// The log can't be trusted with another write.
    LogFailed(String),
    /// The log is damaged from a position on.
    Damaged {
        /// First position that can't be trusted.
        position: u64,
        /// What was found.
        detail: String,
    },
}

impl Engine {
    /// Opens a district on its log: reads or makes its first events, restores the snapshot if it fits, folds and verifies
    /// the rest, and starts the writer.
    pub async fn start(
        config: EngineConfig,
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        start::start(config, log, clock).await
    }

    /// The district's GB/T 2260 code.
    pub fn district(&self) -> &str {
        &self.shared.district
    }

    /// The clock that dates decisions.
    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
    }

    /// The state as of the last durable commit.
    pub fn published(&self) -> Arc<Published> {
        self.shared.published.load_full()
    }

    /// Follows the published head.
    pub fn watch_head(&self) -> watch::Receiver<Head> {
        self.shared.head.clone()
    }

    /// Becomes `Some` when the engine serves no more.
    pub fn watch_stop(&self) -> watch::Receiver<Option<Stop>> {
        self.shared.stop.subscribe()
    }

    /// Waits until a position is published. Only the caller's deadline bounds the wait.
    pub async fn wait_for(&self, position: u64) -> Result<Arc<Published>, EngineError> {
        let mut head = self.watch_head();
        match head.wait_for(|head| head.position >= position).await {
            Ok(_) => Ok(self.published()),
            Err(_) => Err(self.stop_error()),
        }
    }

    /// Decides and records one command. Refused at once when the queue is full.
    pub async fn submit(&self, request: Request) -> Result<Outcome, EngineError> {
        self.submit_within(request, None).await
    }

    /// The same within bounds.
    pub async fn submit_within(&self, request: Request, bounds: Bounded) -> Result<Outcome, EngineError> {
        self.admit(&request.principal)?;
        let (work, reply) = Work::command(request, bounds);
        self.enqueue(work)?;
        reply.await.map_err(|_| self.unanswered())?
    }

    /// Decides and records rows, each on its own, in order; waits for a place in the queue, so that a slow disk slows the
    /// sender. The answers come when all of them are durable, one a row, with the position.
    pub async fn submit_rows(
        &self,
        principal: Principal,
        rows: Vec<Result<Command, Refusal>>,
    ) -> Result<(Vec<RowOutcome>, u64), EngineError> {
        self.submit_rows_within(principal, rows, None).await
    }

    /// The same within bounds.
    pub async fn submit_rows_within(
        &self,
        principal: Principal,
        rows: Vec<Result<Command, Refusal>>,
        bounds: Bounded,
    ) -> Result<(Vec<RowOutcome>, u64), EngineError> {
        self.admit(&principal)?;
        let (work, reply) = Work::rows(principal, rows, bounds);
        self.shared.queue.send(work).await.map_err(|_| self.stop_error())?;
        reply.await.map_err(|_| self.unanswered())?
    }

    /// Stops taking commands, finishes those that wait, settles the log and closes it. Idempotent.
    pub async fn drain(&self) -> Stop {
        self.shared.draining.store(true, Ordering::Release);
        self.finish_audit().await;
        let _ = self.shared.queue.send(Work::Drain).await;
        let mut stopped = self.watch_stop();
        let stop = stopped.wait_for(Option::is_some).await.ok().and_then(|stop| stop.clone());
        stop.unwrap_or(Stop::Drained)
    }

    /// What is refused before it waits.
    fn admit(&self, principal: &Principal) -> Result<(), EngineError> {
        if self.shared.draining.load(Ordering::Acquire) {
            return Err(self.stop_error());
        }
        for (field, value) in [("principal", &principal.id), ("on_behalf_of", &principal.on_behalf_of)] {
            if value.len() > PRINCIPAL_BYTES_MAX {
                let message = format!("{field} has {} bytes; at most {PRINCIPAL_BYTES_MAX}", value.len());
                return Err(Refusal::from(Fault::new(Reason::OutOfRange, field, message)).into());
            }
        }
        Ok(())
    }

    fn enqueue(&self, work: Work) -> Result<(), EngineError> {
        self.shared.queue.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => EngineError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => self.stop_error(),
        })
    }

    /// The writer answers everyone, so an answer that is missing means that it broke.
    fn unanswered(&self) -> EngineError {
        let stop = self.shared.stop.borrow().clone();
        stop.unwrap_or_else(|| Stop::LogFailed(writer::ENDED.to_owned())).error()
    }

    fn stop_error(&self) -> EngineError {
        self.shared.stop.borrow().as_ref().map_or(EngineError::Draining, Stop::error)
    }
}
