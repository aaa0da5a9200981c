//! A log that lives as long as the process: for tests of everything above the log, and for trying the server out.

use super::{Append, EventLog, LogError, refusal};
use crate::journal::{Commit, Head};
use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Commits in memory.
#[derive(Debug)]
pub struct MemoryLog {
    state: Mutex<State>,
    head: watch::Sender<Head>,
}

#[derive(Debug, Default)]
struct State {
    commits: Vec<Commit>,
    closed: bool,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self { state: Mutex::default(), head: watch::Sender::new(Head::EMPTY) }
    }

    /// A copy with the same content, open whether this one is closed or not: a restart, as far as memory can have one.
    pub fn reopened(&self) -> Self {
        let commits = self.state().commits.clone();
        let head = commits.last().map_or(Head::EMPTY, Commit::head);
        Self { state: Mutex::new(State { commits, closed: false }), head: watch::Sender::new(head) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and a Vec is whole between statements anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        let mut state = self.state();
        if state.closed {
            return Append::Fatal("the log is closed".to_owned());
        }
        let head = *self.head.borrow();
        if head != expected {
            return Append::Conflict { head };
        }
        if let Some(why) = refusal(&expected, &commit) {
            return Append::Fatal(why);
        }
        let head = commit.head();
        state.commits.push(commit);
        self.head.send_replace(head);
        Append::Appended(head)
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        let state = self.state();
        if state.closed {
            return Err(LogError::Closed);
        }
        let start = state.commits.partition_point(|commit| commit.last < from);
        let mut bytes = 0;
        let mut out = Vec::new();
        for commit in &state.commits[start..] {
            bytes += commit.records.len();
            if bytes > bytes_max && !out.is_empty() {
                break;
            }
            out.push(commit.clone());
        }
        Ok(out)
    }

    async fn head(&self) -> Result<Head, LogError> {
        if self.state().closed {
            return Err(LogError::Closed);
        }
        Ok(*self.head.borrow())
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    async fn close(&self) -> Result<(), LogError> {
        let mut state = self.state();
        if state.closed {
            return Err(LogError::Closed);
        }
        state.closed = true;
        Ok(())
    }
}
