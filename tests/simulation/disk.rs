//! The simulated log: commits in memory behind planned faults, and behind them crashes: an append that never comes back.

use async_trait::async_trait;
use incubator_registry::journal::{ChainError, Commit, Head};
use incubator_registry::log::{Append, EventLog, Fault, FaultyLog, LogError, MemoryLog, Plan};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What happens to an append.
#[derive(Clone, Debug)]
pub enum Trouble {
    Of(Fault),
    /// The process dies with the append unanswered; its bytes are there, or not.
    Crash {
        written: bool,
    },
    /// Acknowledgement lost, and the log can't be read either.
    Blind,
}

#[derive(Debug, Default)]
struct State {
    plan: VecDeque<Trouble>,
    /// How many of the plan were met.
    met: usize,
    crashed: bool,
}

/// The log of one life of the engine.
pub struct Disk {
    pub memory: Arc<MemoryLog>,
    faulty: FaultyLog,
    state: Mutex<State>,
    died: watch::Sender<bool>,
}

impl Disk {
    pub fn new(memory: MemoryLog) -> Self {
        let memory = Arc::new(memory);
        Self {
            faulty: FaultyLog::new(memory.clone(), Plan::none()),
            memory,
            state: Mutex::default(),
            died: watch::Sender::new(false),
        }
    }

    /// Trouble for the appends to come, one each.
    pub fn plan(&self, plan: impl IntoIterator<Item = Trouble>) {
        let plan = plan.into_iter().collect();
        *self.state.lock().unwrap() = State { plan, ..State::default() };
    }

    /// How many of the plan were met, and whether it crashed.
    pub fn met(&self) -> (usize, bool) {
        let state = self.state.lock().unwrap();
        (state.met, state.crashed)
    }

    /// Waits until an append never comes back.
    pub async fn died(&self) {
        self.died.subscribe().wait_for(|died| *died).await.unwrap();
    }

    fn next(&self) -> Trouble {
        let mut state = self.state.lock().unwrap();
        let next = state.plan.pop_front();
        state.met += usize::from(next.is_some());
        state.crashed |= matches!(next, Some(Trouble::Crash { .. }));
        next.unwrap_or(Trouble::Of(Fault::None))
    }
}

#[async_trait]
impl EventLog for Disk {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        match self.next() {
            Trouble::Of(fault) => {
                self.faulty.set_plan(Plan::queue([fault]));
                self.faulty.append(expected, commit).await
            }
            Trouble::Blind => {
                self.faulty.set_plan(Plan::queue([Fault::UnknownWritten]));
                self.faulty.plan_reads([Some(LogError::Io {
                    step: "reading".into(),
                    source: std::io::Error::other("planned"),
                })]);
                self.faulty.append(expected, commit).await
            }
            Trouble::Crash { written } => {
                if written {
                    let _ = self.memory.append(expected, commit).await;
                }
                self.died.send_replace(true);
                std::future::pending().await
            }
        }
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        self.faulty.read(from, bytes_max).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.faulty.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.faulty.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.faulty.close().await
    }
}

/// Every commit of a log, closed or not.
pub async fn commits(memory: &MemoryLog) -> Vec<Commit> {
    memory.reopened().read(1, usize::MAX).await.unwrap()
}

/// A copy of a log without its last commits.
pub async fn cut(memory: &MemoryLog, drop: usize) -> MemoryLog {
    let copy = MemoryLog::new();
    let all = commits(memory).await;
    let mut head = Head::EMPTY;
    for commit in &all[..all.len() - drop] {
        assert_eq!(copy.append(head, commit.clone()).await, Append::Appended(commit.head()));
        head = commit.head();
    }
    copy
}

/// A log with one bit of one commit flipped.
pub struct Flipped {
    pub memory: MemoryLog,
    pub commit: u64,
    pub at: usize,
    pub bit: u8,
}

#[async_trait]
impl EventLog for Flipped {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        self.memory.append(expected, commit).await
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        let mut found = self.memory.read(from, bytes_max).await?;
        for commit in found.iter_mut().filter(|commit| commit.number == self.commit) {
            let mut bytes = commit.records.to_vec();
            let at = self.at % bytes.len();
            bytes[at] ^= 1 << self.bit;
            let damaged =
                |error: ChainError| LogError::DataLoss { position: error.position(), detail: error.to_string() };
            *commit = Commit::from_stored(commit.first, bytes.into()).map_err(damaged)?;
        }
        Ok(found)
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.memory.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.memory.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.memory.close().await
    }
}
