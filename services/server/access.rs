//! Opens the access log of a district: `DIR/<district>/access`, a log and checkpoints of its own.

use super::audit::AuditOptions;
use super::run::RunError;
use crate::access::{AccessLog, Reopen};
use crate::engine::SystemClock;
use crate::journal::note::SigningKey;
use crate::log::{EventLog, LogError, SledLog, SledOptions};
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// It gives way before the district's own log does, which leaves 64 MiB free.
const RESERVE_BYTES: u64 = 72 << 20;
/// It is written in small pieces and seldom read.
const CACHE_BYTES: u64 = 8 << 20;

/// The folder of the log.
struct Folder(PathBuf);

impl Folder {
    async fn open(&self) -> Result<SledLog, LogError> {
        let options = SledOptions { reserve_bytes: RESERVE_BYTES, cache_bytes: CACHE_BYTES, ..SledOptions::default() };
        SledLog::open_async(self.0.clone(), options).await
    }
}

#[async_trait]
impl Reopen for Folder {
    /// What a failed write left on the disk is known only to whoever opens the folder anew.
    async fn reopen(&self, failed: Arc<dyn EventLog>) -> Result<Arc<dyn EventLog>, LogError> {
        if let Err(error) = failed.close().await {
            tracing::warn!(%error, "the access log that failed could not be closed"); // Then its folder may be held still.
        }
        Ok(Arc::new(self.open().await?))
    }
}

/// Opens it, or begins it.
pub(super) async fn open(
    dir: &Path,
    district: &str,
    audit: &AuditOptions,
    key: Option<&Arc<SigningKey>>,
) -> Result<AccessLog, RunError> {
    let dir = dir.join("access");
    let step = format!("making {}", dir.display());
    std::fs::create_dir_all(&dir).map_err(|source| RunError::Io { step, source })?;
    let folder = Folder(dir.join("log"));
    let log = folder
        .open()
        .await
        .map_err(|source| RunError::Access { district: district.to_owned(), source: source.into() })?;
    let signing = audit.signing(&dir, district, key);
    let (log, clock) = (Arc::new(log), Arc::new(SystemClock));
    let started = AccessLog::start_reopening(district, log, Box::new(folder), clock, signing).await;
    started.map_err(|source| RunError::Access { district: district.to_owned(), source })
}
