//! What the environment may set of a run.

use super::peer::Peer;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Sizes and times of a run.
pub struct Config {
    /// `SPEED_SECONDS`, 2: how long a round of a load lasts.
    pub round: Duration,
    /// `SPEED_ROUNDS`, 6: rounds of each load. Many short ones: a disk that others share changes from minute to minute.
    pub rounds: u64,
    /// `SPEED_RECEIPTS`, 5 000 000: receipts of the bulk import, and so events in the log behind which an append is timed.
    pub receipts: u64,
    /// `SPEED_YEAR_FIRMS`, 10 000: firms with a year of a hundred facts each, so that a replay is of 1 000 000.
    pub year_firms: u64,
    /// `SPEED_FIRMS`, 100 000: firms that the bureau's figures fold.
    pub firms: u64,
    /// `SPEED_CLAIMS`, 100 000: claims that are ordered, and whose orders are streamed.
    pub claims: u64,
    /// `SPEED_DIR`, the build folder: on the disk that is measured.
    dir: PathBuf,
    /// `SPEED_UMADB`: the program of tests/peers/umadb; none: no ratios to it.
    umadb: Option<PathBuf>,
    /// `SPEED_ONLY`: parts to run, separated by commas; none: all of calls, audit, bulk, orders, reads, year.
    only: Option<String>,
}

impl Config {
    /// What is set, the defaults for the rest.
    pub fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let number = |name: &str, default: u64| {
            text(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
        };
        Self {
            round: Duration::from_secs(number("SPEED_SECONDS", 2)),
            rounds: number("SPEED_ROUNDS", 6).max(1),
            receipts: number("SPEED_RECEIPTS", 5_000_000),
            year_firms: number("SPEED_YEAR_FIRMS", 10_000),
            firms: number("SPEED_FIRMS", 100_000),
            claims: number("SPEED_CLAIMS", 100_000),
            dir: text("SPEED_DIR").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from),
            umadb: text("SPEED_UMADB").map(PathBuf::from),
            only: text("SPEED_ONLY"),
        }
    }

    /// Whether a part is to run.
    pub fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.split(',').any(|wanted| wanted == part))
    }

    /// A new folder on the disk that is measured.
    pub fn folder(&self) -> TempDir {
        TempDir::new_in(&self.dir).unwrap()
    }

    /// UmaDB, if it was built.
    pub fn peer(&self, beside: &Path) -> Option<Peer> {
        self.umadb.as_ref().map(|program| Peer::start(program, beside))
    }
}
