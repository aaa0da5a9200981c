//! The whole chain, read and checked on demand. A break stops the engine: nothing is served from a log that lies.

use super::aside::aside;
use super::start::READ_BYTES;
use super::{Engine, EngineError, Stop};
use crate::journal::{Commit, Head};
use crate::log::LogError;

/// The end of commits that follow a head, each record and the chain checked.
fn checked(mut head: Head, end: Head, commits: &[Commit]) -> Result<Head, Stop> {
    for commit in commits {
        if let Err(error) = commit.verify_after(&head) {
            return Err(Stop::Damaged { position: error.position(), detail: error.to_string() });
        }
        head = commit.head();
        if head.position == end.position && head.hash != end.hash {
            let detail = "the record is not the one that was published".to_owned();
            return Err(Stop::Damaged { position: end.position, detail });
        }
    }
    Ok(head)
}

impl Engine {
    /// Reads the log from its first record to the head that is published now, and checks every record and the chain. Gives
    /// the last one checked.
    pub async fn verify(&self) -> Result<Head, EngineError> {
        let end = self.published().head;
        let mut head = Head::EMPTY;
        while head.position < end.position {
            let commits = match self.shared.log.read(head.position + 1, READ_BYTES).await {
                Ok(commits) => commits,
                Err(error) => return Err(self.unread(&error)),
            };
            if commits.is_empty() {
                let detail = format!("the log ends before {}", end.position);
                return Err(self.fail(Stop::Damaged { position: head.position + 1, detail }));
            }
            head = match aside(move || checked(head, end, &commits)).await {
                Ok(Ok(head)) => head,
                Ok(Err(stop)) => return Err(self.fail(stop)),
                Err(error) => return Err(EngineError::LogFailed(error.to_string())),
            };
        }
        Ok(head)
    }

    /// Tells everyone that the log can't be trusted; a log that was merely closed is no such case.
    pub(super) fn fail(&self, stop: Stop) -> EngineError {
        let error = stop.error();
        if matches!(stop, Stop::Damaged { .. }) {
            stop.tell(&self.shared.stop);
        }
        error
    }

    /// What a reader of the log is told when it can't be read: of a closed log, why it was closed.
    pub(super) fn unread(&self, error: &LogError) -> EngineError {
        match error {
            LogError::Closed => self.stop_error(),
            other => self.fail(Stop::from_log(other)),
        }
    }
}
