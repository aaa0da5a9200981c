//! Where commits are kept: one trait, several logs, one conformance suite for all of them.
//!
//! A log moves bytes. It knows the envelope of `journal` well enough to find a position, and nothing of what the
//! records mean.

pub mod faulty;
pub mod memory;
pub mod sled;
mod verify;

pub use faulty::{Fault, FaultyLog, Plan};
pub use memory::MemoryLog;
pub use sled::{SledLog, SledOptions};
pub use verify::verify_chain;

use crate::journal::{COMMIT_BYTES_MAX, Commit, Head};
use async_trait::async_trait;
use tokio::sync::watch;

/// What became of an append. Not an error type: each outcome asks something else of the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Append {
    /// On stable storage; the log now ends here.
    Appended(Head),
    /// The log ends elsewhere than expected; nothing was written.
    Conflict {
        /// Where it ends.
        head: Head,
    },
    /// Whether it was written is not known (a lost acknowledgement): read on from the expected head and look for the
    /// commit's hash.
    Unknown,
    /// No space; nothing was written, and reading goes on.
    Full,
    /// The log can't be trusted with another write, or the caller offered a commit that could never follow (then
    /// nothing was written). Stop serving; never retry.
    Fatal(String),
}

/// Why a log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Something that was acknowledged is missing or damaged from this position on.
    #[error("the log is damaged at position {position}: {detail}")]
    DataLoss {
        /// First position that is missing or can't be trusted.
        position: u64,
        /// What was found.
        detail: String,
    },
    /// Another process holds the folder.
    #[error("the data folder {path} is in use by another process")]
    Locked {
        /// The folder.
        path: String,
    },
    /// The folder was written by a newer program, or is not a log's.
    #[error("{detail}")]
    Unusable {
        /// What is wrong, and what to do.
        detail: String,
    },
    /// The operating system said no.
    #[error("{step} failed")]
    Io {
        /// What was being done, with the path.
        step: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

/// An append-only sequence of commits with one end.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends `commit` behind `expected`, durably: `Appended` leaves only after its bytes are on stable storage.
    /// The commit must be numbered `expected.commit + 1`, begin at `expected.position + 1`, and hold at most
    /// `COMMIT_BYTES_MAX` bytes.
    async fn append(&self, expected: Head, commit: Commit) -> Append;

    /// Whole commits in order, beginning with the one that holds position `from`: at least one if there is any, then as
    /// many as fit `bytes_max`. Empty past the end. `from` counts from 1.
    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError>;

    /// Where the log ends.
    async fn head(&self) -> Result<Head, LogError>;

    /// Follows the head. A receiver sees the latest head, not each one.
    fn watch(&self) -> watch::Receiver<Head>;

    /// Settles everything that may lag (the witness), and lets go of the storage. Later calls answer `Closed` or
    /// `Fatal`.
    async fn close(&self) -> Result<(), LogError>;
}

/// Why `commit` may not stand behind `expected`, whatever the log holds: a mistake of the caller, found before a byte is
/// written, because a log that took it could never be read again.
fn refusal(expected: &Head, commit: &Commit) -> Option<String> {
    if commit.records.len() > COMMIT_BYTES_MAX {
        return Some(format!("a commit of {} bytes is larger than {COMMIT_BYTES_MAX}", commit.records.len()));
    }
    if commit.number != expected.commit + 1 || commit.first != expected.position + 1 {
        return Some(format!(
            "commit {} from position {} does not follow commit {} at position {}",
            commit.number, commit.first, expected.commit, expected.position
        ));
    }
    match Commit::from_stored(commit.first, commit.records.clone()) {
        Ok(read) if read == *commit => None,
        Ok(_) => Some(format!("commit {} does not describe its own records", commit.number)),
        Err(fault) => Some(format!("commit {} can't be read back: {fault}", commit.number)),
    }
}
