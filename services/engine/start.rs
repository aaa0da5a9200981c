//! Start-up and recovery.

use super::{Clock, Engine};
use crate::domain::Limits;
use crate::log::{EventLog, LogError};
use std::path::PathBuf;
use std::sync::Arc;

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// GB/T 2260 code, 6 digits.
    pub district: String,
    /// Limits that a new log begins with, from 1900-01-01 on.
    pub limits: Limits,
    /// Folder of the snapshots; none: no snapshots.
    pub snapshots: Option<PathBuf>,
}

/// Why a district could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[source] LogError),
    /// A record is broken, missing or of another log: DATA_LOSS.
    #[error("DATA_LOSS: the log is damaged at position {position}: {detail}")]
    Damaged {
        /// First position that can't be trusted.
        position: u64,
        /// What was found.
        detail: String,
    },
    /// The log is another district's.
    #[error("the log is that of district {found}, not of {wanted}")]
    OtherDistrict {
        /// What the log says.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// The first events could not be written.
    #[error("the first events could not be written: {0}")]
    Create(String),
}

pub(super) async fn start(
    config: EngineConfig,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
) -> Result<Engine, StartError> {
    let _ = (config, log, clock);
    todo!()
}
