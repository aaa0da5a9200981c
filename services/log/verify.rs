//! The walk over a whole log that proves it unbroken: at start in the background, and on demand.

use super::{EventLog, LogError};
use crate::journal::{ChainError, Head};

/// Bytes held at a time by the walk; one commit more at most.
const READ_BYTES_MAX: usize = 1024 * 1024;

/// Walks every commit behind `from` and checks numbers, positions, hashes and that no command is cut, in bounded memory.
/// Answers the head it ended at. The walk covers at least what the log held when it began, so a log that reads shorter
/// than its own head is `DataLoss`.
pub async fn verify_chain(log: &dyn EventLog, from: Head) -> Result<Head, LogError> {
    let promised = log.head().await?;
    let mut at = from;
    loop {
        let commits = log.read(at.position + 1, READ_BYTES_MAX).await?;
        if commits.is_empty() {
            break;
        }
        for commit in &commits {
            commit.verify_after(&at).map_err(broken)?;
            at = commit.head();
        }
    }
    if at.position < promised.position {
        let detail = format!("the log ends at position {}, its head is {}", at.position, promised.position);
        return Err(LogError::DataLoss { position: at.position + 1, detail });
    }
    if at.position == promised.position && at != promised {
        let detail = "the last record is not the one that was verified".to_owned();
        return Err(LogError::DataLoss { position: at.position, detail });
    }
    Ok(at)
}

/// A break of the chain, as the log's error.
pub(super) fn broken(fault: ChainError) -> LogError {
    LogError::DataLoss { position: fault.position(), detail: fault.to_string() }
}
