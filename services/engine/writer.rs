//! The writer loop: the only place that appends to the log.

use super::clock::Clock;
use super::fold::{Broken, Fold};
use super::group::{Group, Judged, Pending};
use super::published::Published;
use super::request::{EngineError, Outcome, Principal, Request, RowOutcome};
use super::snapshot::Snapshots;
use super::{ROWS_MAX, Stop};
use crate::domain::{Command, Decision, Refusal};
use crate::journal::{COMMIT_BYTES_MAX, Commit, Head};
use crate::log::{Append, EventLog, LogError};
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Commands that share one commit at most: what one takes to decide bounds how long the first one waits.
const GROUP_COMMANDS_MAX: usize = 1024;

/// Why nobody answers any more when the writer is gone without having said so.
pub(super) const ENDED: &str = "the writer ended unexpectedly";

/// Times that a commit is offered whose fate the log does not tell; then the log counts as failed.
const OFFERS_MAX: u32 = 11;

/// Pause before the second offer; it doubles, to about 4 s in all.
const OFFER_PAUSE: Duration = Duration::from_millis(4);

type RowsReply = oneshot::Sender<Result<(Vec<RowOutcome>, u64), EngineError>>;
type CommandReply = oneshot::Sender<Result<Outcome, EngineError>>;

/// What waits in the queue.
pub(super) enum Work {
    Command(Box<Request>, CommandReply),
    Rows(Rows, RowsReply),
    Drain,
}

/// Rows of one message: those before `done` are durable, with their outcomes.
pub(super) struct Rows {
    principal: Principal,
    rows: Vec<Result<Command, Refusal>>,
    outcomes: Vec<RowOutcome>,
}

impl Work {
    pub(super) fn command(request: Request) -> (Self, oneshot::Receiver<Result<Outcome, EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Command(Box::new(request), reply), receiver)
    }

    #[allow(clippy::type_complexity)] // The receiver's type is the sender's, which has a name.
    pub(super) fn rows(
        principal: Principal,
        rows: Vec<Result<Command, Refusal>>,
    ) -> (Self, oneshot::Receiver<Result<(Vec<RowOutcome>, u64), EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Rows(Rows { principal, rows, outcomes: Vec::new() }, reply), receiver)
    }

    fn fail(self, error: &EngineError) {
        match self {
            Self::Command(_, reply) => drop(reply.send(Err(error.clone()))),
            Self::Rows(_, reply) => drop(reply.send(Err(error.clone()))),
            Self::Drain => {}
        }
    }
}

/// What a group made of its work, waiting for the commit.
enum Verdict {
    Command(Result<Pending, Refusal>),
    Rows(Vec<RowOutcome>),
}

/// The writer of one district.
pub(super) struct Writer {
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub queue: mpsc::Receiver<Work>,
    pub fold: Fold,
    pub published: Arc<ArcSwap<Published>>,
    pub head: watch::Sender<Head>,
    pub stop: watch::Sender<Option<Stop>>,
    pub snapshots: Option<Snapshots>,
    /// Work that did not fit into the group before.
    pub carried: VecDeque<Work>,
}

impl Writer {
    /// Serves until it is drained, the log fails or is found damaged.
    pub async fn run(mut self) {
        let mut stopped = self.stop.subscribe();
        loop {
            if self.stop.borrow().is_some() {
                break; // Told here too, since carried work is never waited for.
            }
            let next = match self.carried.pop_front() {
                Some(work) => Some(work),
                None => tokio::select! {
                    biased;
                    _ = stopped.wait_for(Option::is_some) => break,
                    work = self.queue.recv() => work,
                },
            };
            match next {
                None => {
                    self.settle().await;
                    break;
                }
                Some(Work::Drain) => self.queue.close(),
                Some(work) => {
                    let works = self.gather(work);
                    if let Err(stop) = self.commit(works).await {
                        stop.tell(&self.stop);
                        break;
                    }
                }
            }
        }
        self.refuse_rest().await;
    }

    /// All that waits now, up to the bounds of a group.
    fn gather(&mut self, first: Work) -> Vec<Work> {
        let mut works = vec![first];
        let mut commands = 0;
        while commands < GROUP_COMMANDS_MAX {
            commands += match works.last() {
                Some(Work::Rows(rows, _)) => rows.rows.len().min(ROWS_MAX),
                _ => 1,
            };
            let next = self.carried.pop_front().map_or_else(|| self.queue.try_recv(), Ok);
            match next {
                Ok(Work::Drain) => {
                    self.queue.close();
                    break;
                }
                Ok(work) => works.push(work),
                Err(_) => break,
            }
        }
        works
    }

    /// Decides the work and makes its commit durable; what did not fit opens the next group.
    async fn commit(&mut self, mut works: Vec<Work>) -> Result<(), Stop> {
        loop {
            let mut group = Group::new(&self.fold, self.clock.now_micros());
            let (verdicts, fitted) = self.decide(&mut group, &works);
            if group.is_empty() {
                self.answer(works, verdicts, fitted);
                return Ok(());
            }
            let (commit, next) = group.finish(&self.fold);
            debug_assert!(commit.records.len() <= COMMIT_BYTES_MAX);
            let made = self.append(&commit).await;
            match made {
                Made::Durable | Made::Recognised => {
                    if matches!(made, Made::Durable) {
                        self.publish(next);
                    }
                    self.answer(works, verdicts, fitted);
                    self.snapshot(false).await;
                    return Ok(());
                }
                Made::Overtaken => {} // Another writer's commit is taken in: decide again on what it left.
                Made::Full => {
                    works.drain(..).for_each(|work| work.fail(&EngineError::LogFull));
                    return Ok(());
                }
                Made::Stopped(stop) => {
                    let error = stop.error();
                    works.drain(..).for_each(|work| work.fail(&error));
                    return Err(stop);
                }
            }
        }
    }

    /// One verdict for each work that was begun; the last may be of rows that fitted only in part (`fitted` tells whether
    /// it is whole).
    fn decide(&self, group: &mut Group, works: &[Work]) -> (Vec<Verdict>, bool) {
        let mut verdicts = Vec::with_capacity(works.len());
        for work in works {
            match work {
                Work::Command(request, _) => match group.request(request, &self.fold.requests) {
                    Judged::Done(result) => verdicts.push(Verdict::Command(result)),
                    Judged::Full => return (verdicts, true),
                },
                Work::Rows(rows, _) => {
                    let (outcomes, whole) = rows.decide(group);
                    verdicts.push(Verdict::Rows(outcomes));
                    if !whole {
                        return (verdicts, false);
                    }
                }
                Work::Drain => {}
            }
        }
        (verdicts, true)
    }

    fn publish(&mut self, next: Fold) {
        self.fold = next;
        self.published.store(Arc::new(self.fold.published.clone()));
        self.head.send_replace(self.fold.published.head);
    }

    fn answer(&mut self, works: Vec<Work>, verdicts: Vec<Verdict>, fitted: bool) {
        let position = self.fold.published.head.position;
        let judged = verdicts.len();
        let mut verdicts = verdicts.into_iter();
        for (index, work) in works.into_iter().enumerate() {
            match (work, verdicts.next()) {
                (Work::Command(_, reply), Some(Verdict::Command(result))) => {
                    let outcome = result.map(|pending| pending.outcome(&self.fold.published));
                    let _ = reply.send(outcome.map_err(EngineError::from)); // The client may have gone.
                }
                (Work::Rows(mut rows, reply), Some(Verdict::Rows(outcomes))) => {
                    rows.outcomes.extend(outcomes);
                    if fitted || index + 1 < judged {
                        let _ = reply.send(Ok((rows.outcomes, position)));
                    } else {
                        self.carried.push_back(Work::Rows(rows, reply));
                    }
                }
                (work, _) => self.carried.push_back(work),
            }
        }
    }

    /// Appends, and finds out what became of it.
    async fn append(&mut self, commit: &Commit) -> Made {
        let expected = self.fold.published.head;
        for offer in 0..OFFERS_MAX {
            if offer > 0 {
                tokio::time::sleep(OFFER_PAUSE * (1 << (offer - 1))).await;
            }
            match self.log.append(expected, commit.clone()).await {
                Append::Appended(head) if head == commit.head() => return Made::Durable,
                Append::Appended(head) => {
                    let detail = format!("the log says it ends at {}, not at {}", head.position, commit.last);
                    return Made::Stopped(Stop::LogFailed(detail));
                }
                Append::Fatal(detail) => return Made::Stopped(Stop::LogFailed(detail)),
                Append::Conflict { head } if falls_short(&head, &expected) => {
                    return Made::Stopped(lost(&head, &expected));
                }
                Append::Full if offer == 0 => return Made::Full,
                // Full after an offer whose fate is unknown: that one may still be found.
                Append::Full | Append::Conflict { .. } | Append::Unknown => match self.behind(commit).await {
                    Ok(Some(made)) => return made,
                    Ok(None) => {} // It is not there: the same commit at the same place again can't double it.
                    Err(stop) => return Made::Stopped(stop),
                },
            }
        }
        Made::Stopped(Stop::LogFailed(format!("it does not tell what became of a commit offered {OFFERS_MAX} times")))
    }

    /// Reads on from the expected head: our own commit is known by its hash; another's is taken in.
    async fn behind(&mut self, commit: &Commit) -> Result<Option<Made>, Stop> {
        let mut made = None;
        loop {
            let from = self.fold.published.head.position + 1;
            let found = self.log.read(from, COMMIT_BYTES_MAX).await.map_err(|error| Stop::from_log(&error))?;
            for other in &found {
                let mut next = self.fold.clone();
                next.take(other).map_err(Stop::from)?;
                self.publish(next);
                if other.hash == commit.hash && other.number == commit.number {
                    made = Some(Made::Recognised);
                } else if made.is_none() {
                    made = Some(Made::Overtaken);
                }
            }
            if found.is_empty() {
                return Ok(made);
            }
        }
    }

    async fn snapshot(&mut self, now: bool) {
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.consider(&self.fold, now).await;
        }
    }

    async fn settle(&mut self) {
        self.snapshot(true).await;
        let stop = match self.log.close().await {
            Ok(()) => Stop::Drained,
            Err(error) => Stop::from_log(&error),
        };
        stop.tell(&self.stop);
    }

    async fn refuse_rest(&mut self) {
        self.queue.close();
        let error = self.stop.borrow().clone().map_or(EngineError::Draining, |stop| stop.error());
        for work in self.carried.drain(..) {
            work.fail(&error);
        }
        while let Some(work) = self.queue.recv().await {
            work.fail(&error);
        }
        if !matches!(*self.stop.borrow(), Some(Stop::Drained)) {
            let _ = self.log.close().await; // It failed before; what can be settled is.
        }
    }
}

impl Drop for Writer {
    /// A writer that ends in any other way (a panic) leaves nobody waiting for ever.
    fn drop(&mut self) {
        Stop::LogFailed(ENDED.to_owned()).tell(&self.stop);
    }
}

/// Whether a log that ends at `head` lacks what was acknowledged up to `expected`.
fn falls_short(head: &Head, expected: &Head) -> bool {
    head.position < expected.position || (head.position == expected.position && head != expected)
}

fn lost(head: &Head, expected: &Head) -> Stop {
    let position = expected.position.min(head.position + 1);
    let detail = format!("the log ends at {}, and {} was acknowledged", head.position, expected.position);
    Stop::Damaged { position, detail }
}

/// What became of a commit.
enum Made {
    /// Appended; not yet taken in.
    Durable,
    /// Found in the log after its acknowledgement was lost, and taken in from there.
    Recognised,
    /// Another's commit stands in its place, and is taken in.
    Overtaken,
    Full,
    Stopped(Stop),
}

impl Rows {
    /// Outcomes of the rows that are not durable yet, as far as they fit; and whether all did.
    fn decide(&self, group: &mut Group) -> (Vec<RowOutcome>, bool) {
        let mut outcomes = Vec::new();
        for row in &self.rows[self.outcomes.len()..] {
            let command = match row {
                Err(refusal) => {
                    outcomes.push(RowOutcome::Rejected(refusal.clone()));
                    continue;
                }
                Ok(command) => command,
            };
            outcomes.push(match group.row(&self.principal, command) {
                Judged::Full => return (outcomes, false),
                Judged::Done(Err(refusal)) => RowOutcome::Rejected(refusal),
                Judged::Done(Ok((Decision::Same { reason, .. }, position))) => RowOutcome::Skipped { reason, position },
                Judged::Done(Ok((Decision::Record { warnings, .. }, position))) => {
                    RowOutcome::Accepted { position, warnings }
                }
            });
        }
        (outcomes, true)
    }
}

impl Stop {
    /// Tells everyone; the first reason stays.
    pub(super) fn tell(self, stop: &watch::Sender<Option<Self>>) {
        stop.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(self);
            first
        });
    }

    /// What a caller is told.
    pub(super) fn error(&self) -> EngineError {
        match self.clone() {
            Self::Drained => EngineError::Draining,
            Self::LogFailed(detail) => EngineError::LogFailed(detail),
            Self::Damaged { position, detail } => EngineError::Damaged { position, detail },
        }
    }

    pub(super) fn from_log(error: &LogError) -> Self {
        match error {
            LogError::DataLoss { position, detail } => Self::Damaged { position: *position, detail: detail.clone() },
            other => Self::LogFailed(other.to_string()),
        }
    }
}

impl From<Broken> for Stop {
    fn from(Broken { position, detail }: Broken) -> Self {
        Self::Damaged { position, detail }
    }
}
