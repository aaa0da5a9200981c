//! The writer loop.

use super::{EngineError, Outcome, Principal, Request, RowOutcome};
use crate::domain::{Command, Refusal};
use tokio::sync::oneshot;

type Rows = (Vec<RowOutcome>, u64);

/// What waits in the queue.
pub(super) enum Work {
    Command(Box<Request>, oneshot::Sender<Result<Outcome, EngineError>>),
    Rows(Principal, Vec<Result<Command, Refusal>>, oneshot::Sender<Result<Rows, EngineError>>),
    Drain,
}

impl Work {
    pub(super) fn command(request: Request) -> (Self, oneshot::Receiver<Result<Outcome, EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Command(Box::new(request), reply), receiver)
    }

    pub(super) fn rows(
        principal: Principal,
        rows: Vec<Result<Command, Refusal>>,
    ) -> (Self, oneshot::Receiver<Result<Rows, EngineError>>) {
        let (reply, receiver) = oneshot::channel();
        (Self::Rows(principal, rows, reply), receiver)
    }
}
