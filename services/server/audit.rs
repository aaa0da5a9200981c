//! The options of the audit: by what checkpoints are signed, how often, and to which second place they go.

use super::run::RunError;
use crate::access::Signing;
use crate::engine::{AuditConfig, Engine};
use crate::journal::note::SigningKey;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Seconds between checkpoints unless told otherwise.
const SECONDS: u32 = 60;
/// Seconds between checkpoints at most: what is signed once a day proves little of the day.
const SECONDS_MAX: u32 = 3600;

/// What is signed, by what, and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct AuditOptions {
    /// File of the Ed25519 key that checkpoints are signed by, PEM of PKCS #8, such as `incubatorctl audit key` makes; without
    /// it none are signed.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_CHECKPOINT_KEY")]
    pub checkpoint_key: Option<PathBuf>,
    /// Seconds between checkpoints at most, when business events came; 1 to 3600.
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS)]
    pub checkpoint_seconds: u32,
    /// Folder that every checkpoint is pushed to besides, best on another machine; a folder a district is made in it.
    #[arg(long, value_name = "DIR", env = "INCUBATORD_CHECKPOINT_COPY")]
    pub checkpoint_copy: Option<PathBuf>,
}

impl Default for AuditOptions {
    /// No checkpoints.
    fn default() -> Self {
        Self { checkpoint_key: None, checkpoint_seconds: SECONDS, checkpoint_copy: None }
    }
}

impl AuditOptions {
    /// Notes what is wrong, a sentence each.
    pub fn check(&self, faults: &mut Vec<String>) {
        if let Some(path) = self.checkpoint_key.as_deref().filter(|path| !path.is_file()) {
            faults.push(format!("--checkpoint-key {}: no such file", path.display()));
        }
        if !(1..=SECONDS_MAX).contains(&self.checkpoint_seconds) {
            faults.push(format!("--checkpoint-seconds {}: 1 to {SECONDS_MAX}", self.checkpoint_seconds));
        }
        if let Some(copy) = self.checkpoint_copy.as_deref().filter(|_| self.checkpoint_key.is_none()) {
            faults.push(format!("--checkpoint-copy {}: nothing is signed without --checkpoint-key", copy.display()));
        }
    }

    /// Reads the key.
    pub(super) fn read_key(&self) -> Result<Option<Arc<SigningKey>>, RunError> {
        let Some(path) = &self.checkpoint_key else { return Ok(None) };
        let wrong = |detail: String| RunError::Key { path: path.display().to_string(), detail };
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        SigningKey::from_pem(&pem).map(Arc::new).map(Some).map_err(|fault| wrong(fault.to_string()))
    }

    /// Begins to audit a district, where there is a key.
    pub(super) fn begin(&self, engine: &Engine, key: Option<&Arc<SigningKey>>, dir: &Path) -> Result<(), RunError> {
        let Some(key) = key else { return Ok(()) };
        let district = engine.district().to_owned();
        let config = AuditConfig {
            key: Arc::clone(key),
            dir: dir.join("checkpoints"),
            copy: self.checkpoint_copy.as_ref().map(|copy| copy.join(&district)),
            every: Duration::from_secs(u64::from(self.checkpoint_seconds)),
        };
        engine.begin_audit(config).map_err(|source| RunError::Start { district, source })
    }

    /// How the access log of a district, in its folder, is signed: by the same key and as often. Nothing is copied into the
    /// district's own second place but a folder beside its notes.
    pub(super) fn signing(&self, dir: &Path, district: &str, key: Option<&Arc<SigningKey>>) -> Option<Signing> {
        Some(Signing {
            key: Arc::clone(key?),
            dir: dir.join("checkpoints"),
            copy: self.checkpoint_copy.as_ref().map(|copy| copy.join(district).join("access")),
            every: Duration::from_secs(u64::from(self.checkpoint_seconds)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(options: AuditOptions) -> Vec<String> {
        let mut faults = Vec::new();
        options.check(&mut faults);
        faults
    }

    #[test]
    fn a_second_place_without_a_key_a_key_that_is_not_there_and_no_time_are_faults() {
        assert_eq!(faults(AuditOptions::default()), Vec::<String>::new());
        let nowhere = PathBuf::from("/nowhere/key");
        let wrong = AuditOptions { checkpoint_key: Some(nowhere), checkpoint_seconds: 0, checkpoint_copy: None };
        assert_eq!(faults(wrong).len(), 2);
        let wrong =
            AuditOptions { checkpoint_copy: Some("/tmp".into()), checkpoint_seconds: 3601, ..Default::default() };
        assert_eq!(faults(wrong).len(), 2);
    }

    #[test]
    fn what_is_no_key_is_told_with_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no key").unwrap();
        let options = AuditOptions { checkpoint_key: Some(file.path().to_owned()), ..Default::default() };
        let told = options.read_key().unwrap_err();
        assert!(told.to_string().contains(file.path().to_str().unwrap()), "{told}");
        assert_eq!(told.exit_status(), 64);
    }
}
