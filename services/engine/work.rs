//! What waits for the writer: a command or the rows of one message, each with the place where its answer is awaited.

use super::group::{Base, Group, Judged, Pending};
use super::published::Published;
use super::request::{Bounded, EngineError, Outcome, Principal, Request, RowOutcome};
use crate::domain::{Command, Decision, Event, Refusal};
use crate::journal::{Hash, canonical};
use tokio::sync::oneshot;

type RowsReply = oneshot::Sender<Result<(Vec<RowOutcome>, u64), EngineError>>;
type OwnReply = oneshot::Sender<Result<u64, EngineError>>;
type CommandReply = oneshot::Sender<Result<Outcome, EngineError>>;

/// What waits in the queue.
pub(super) enum Work {
    Command(Box<Asked>, CommandReply),
    Rows(Rows, RowsReply),
    /// An event that the engine records of itself, and its position once it is decided.
    Own(Box<Event>, Option<Result<u64, Refusal>>, OwnReply),
    Drain,
}

/// A command with the hash of its canonical bytes, and what was decided.
pub(super) struct Asked {
    request: Request,
    bounds: Bounded,
    hash: Hash,
    verdict: Option<Result<Pending, Refusal>>,
}

/// Rows of one message, decided in order, maybe over several groups.
pub(super) struct Rows {
    principal: Principal,
    bounds: Bounded,
    rows: Vec<Result<Command, Refusal>>,
    /// Of the rows decided so far.
    outcomes: Vec<RowOutcome>,
    /// How many of the outcomes are durable, or rest on nothing that is not.
    durable: usize,
    /// How many will be when the commit on its way is made.
    departed: usize,
}

impl Work {
    /// A command and where its answer comes. The hash is computed here, where the caller waits, not in the writer.
    pub fn command(request: Request, bounds: Bounded) -> (Self, oneshot::Receiver<Result<Outcome, EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        let hash = canonical::request_hash(&request.command);
        (Self::Command(Box::new(Asked { request, bounds, hash, verdict: None }), reply), receiver)
    }

    /// Rows and where their answers come.
    #[allow(clippy::type_complexity)] // The receiver's type is the sender's, which has a name.
    pub fn rows(
        principal: Principal,
        rows: Vec<Result<Command, Refusal>>,
        bounds: Bounded,
    ) -> (Self, oneshot::Receiver<Result<(Vec<RowOutcome>, u64), EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Rows(Rows { principal, bounds, rows, outcomes: Vec::new(), durable: 0, departed: 0 }, reply), receiver)
    }

    /// An event of the engine's own, and where its position comes.
    pub fn own(event: Event) -> (Self, oneshot::Receiver<Result<u64, EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Own(Box::new(event), None, reply), receiver)
    }

    /// How many commands are still to be decided.
    pub fn commands(&self) -> usize {
        match self {
            Self::Command(..) | Self::Own(..) => 1,
            Self::Rows(rows, _) => rows.rows.len() - rows.outcomes.len(),
            Self::Drain => 0,
        }
    }

    /// Decides it into a group, as far as it fits; whether it did whole.
    pub fn decide(&mut self, base: Base<'_>, group: &mut Group) -> bool {
        match self {
            Self::Drain => true,
            Self::Rows(rows, _) => rows.decide(base, group),
            Self::Own(event, position, _) => match group.own(base, event) {
                Judged::Full => false,
                Judged::Done(recorded) => {
                    *position = Some(recorded);
                    true
                }
            },
            Self::Command(asked, _) => match group.request(base, &asked.request, asked.bounds.as_deref(), asked.hash) {
                Judged::Full => false,
                Judged::Done(verdict) => {
                    asked.verdict = Some(verdict);
                    true
                }
            },
        }
    }

    /// The commit of the group that it was decided into leaves for the disk.
    pub fn depart(&mut self) {
        if let Self::Rows(rows, _) = self {
            rows.departed = rows.outcomes.len();
        }
    }

    /// The commit that left is made.
    pub fn land(&mut self) {
        if let Self::Rows(rows, _) = self {
            rows.durable = rows.departed;
        }
    }

    /// Whether a part of it is in the commit that left.
    pub fn is_aboard(&self) -> bool {
        matches!(self, Self::Rows(rows, _) if rows.departed > rows.durable)
    }

    /// What was decided and is not durable is to be decided again.
    pub fn forget(&mut self) {
        match self {
            Self::Command(asked, _) => asked.verdict = None,
            Self::Own(_, position, _) => *position = None,
            Self::Rows(rows, _) => {
                rows.outcomes.truncate(rows.durable);
                rows.departed = rows.durable;
            }
            Self::Drain => {}
        }
    }

    /// Answers from the state that its commit left.
    pub fn answer(self, published: &Published) {
        // Whoever asked may have gone.
        match self {
            Self::Command(asked, reply) => {
                if let Some(verdict) = asked.verdict {
                    let outcome = verdict.map(|pending| pending.outcome(published)).map_err(EngineError::from);
                    let _ = reply.send(outcome);
                }
            }
            Self::Rows(rows, reply) => drop(reply.send(Ok((rows.outcomes, published.head.position)))),
            Self::Own(_, position, reply) => {
                if let Some(position) = position {
                    let _ = reply.send(position.map_err(EngineError::from));
                }
            }
            Self::Drain => {}
        }
    }

    /// Answers that it was not done, or not known to be.
    pub fn fail(self, error: &EngineError) {
        match self {
            Self::Command(_, reply) => drop(reply.send(Err(error.clone()))),
            Self::Rows(_, reply) => drop(reply.send(Err(error.clone()))),
            Self::Own(_, _, reply) => drop(reply.send(Err(error.clone()))),
            Self::Drain => {}
        }
    }
}

impl Rows {
    fn decide(&mut self, base: Base<'_>, group: &mut Group) -> bool {
        for row in &self.rows[self.outcomes.len()..] {
            let outcome = match row {
                Err(refusal) => RowOutcome::Rejected(refusal.clone()),
                Ok(command) => match group.row(base, &self.principal, self.bounds.as_deref(), command) {
                    Judged::Full => return false,
                    Judged::Done(Err(refusal)) => RowOutcome::Rejected(refusal),
                    Judged::Done(Ok((Decision::Same { reason, .. }, position))) => {
                        RowOutcome::Skipped { reason, position }
                    }
                    Judged::Done(Ok((Decision::Record { warnings, .. }, position))) => {
                        RowOutcome::Accepted { position, warnings }
                    }
                },
            };
            self.outcomes.push(outcome);
        }
        true
    }
}
