//! Opens the access log of a district: `DIR/<district>/access`, a log and checkpoints of its own.

use super::audit::AuditOptions;
use super::run::RunError;
use crate::access::AccessLog;
use crate::engine::SystemClock;
use crate::journal::note::SigningKey;
use crate::log::{SledLog, SledOptions};
use std::path::Path;
use std::sync::Arc;

/// It gives way before the district's own log does, which leaves 64 MiB free.
const RESERVE_BYTES: u64 = 72 << 20;
/// It is written in small pieces and seldom read.
const CACHE_BYTES: u64 = 8 << 20;

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
    let options = SledOptions { reserve_bytes: RESERVE_BYTES, cache_bytes: CACHE_BYTES, ..SledOptions::default() };
    let opened = SledLog::open_async(dir.join("log"), options).await;
    let log = opened.map_err(|source| RunError::Access { district: district.to_owned(), source: source.into() })?;
    let signing = audit.signing(&dir, district, key);
    let started = AccessLog::start(district, Arc::new(log), Arc::new(SystemClock), signing).await;
    started.map_err(|source| RunError::Access { district: district.to_owned(), source })
}
