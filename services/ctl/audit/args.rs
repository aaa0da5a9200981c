//! `audit …`, as clap derives it.

use crate::ctl::parse;
use crate::domain::Day;
use crate::projections::issued::Figure;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Auditing.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Make the key that a server signs checkpoints by, and the file of its public half beside it.
    Key(KeyArgs),
    /// How the audit of a log stands: keys, the latest checkpoint, the second place.
    Status,
    /// The checkpoints, by size.
    Checkpoints(CheckpointsArgs),
    /// One checkpoint, to keep: its note into a file.
    Checkpoint(CheckpointArgs),
    /// Check an export of the log, offline, against checkpoints and a public key.
    #[command(after_help = VERIFY_EXIT_CODES)]
    Verify(VerifyArgs),
    /// Ask for the proof that a record is in a checkpoint, and check it.
    Record(RecordArgs),
    /// Ask for the proof of what a checkpoint says about an entity and for every record about it, and check that these are
    /// all, or that there are none.
    Entity(EntityArgs),
    /// Ask for the proof that the log goes on from a checkpoint that was kept, and check it.
    Consistency(ConsistencyArgs),
    /// Have a figure issued, signed, into a file.
    Issue(IssueArgs),
    /// Make an issued figure again from an export of the log, offline, and compare it byte for byte.
    #[command(after_help = VERIFY_EXIT_CODES)]
    Recompute(RecomputeArgs),
}

/// Told where the usual exit codes are.
pub const VERIFY_EXIT_CODES: &str = "Exit codes: 0 it holds · 1 trouble (a file that can't be read, a note that no key given \
signed) · 3 it does not hold · 64 a command line that can't be followed.";

/// Where to put a key.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// File of the key, which only its owner may read; FILE.pub gets the public half.
    pub file: PathBuf,
}

/// Which checkpoints.
#[derive(Debug, Args)]
pub struct CheckpointsArgs {
    /// Only those that cover more records than this.
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    pub after: i64,
    /// At most so many; 0: all.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub limit: usize,
}

/// Which checkpoint.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// The file; `-`: stdout.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The one that covers exactly so many records; default: the latest.
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    pub size: i64,
    /// The latest of the access log.
    #[arg(long, conflicts_with = "size")]
    pub access: bool,
}

/// By which keys.
#[derive(Debug, Args)]
pub struct Keys {
    /// File of the public keys that are trusted, got on another way than the log: PEM, or lines `name+hash+key`; several may
    /// stand in it.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// What to check.
#[derive(Debug, Args)]
#[group(id = "notes", required = true, multiple = true)]
pub struct Notes {
    /// File of the checkpoint that belongs to the export; repeatable. One file may hold many, as a second place does.
    #[arg(long, value_name = "NOTE")]
    pub checkpoint: Vec<PathBuf>,
    /// File of a checkpoint that was kept from before; repeatable. Then all heads recorded under a checkpoint are made anew, not
    /// the last ones only; those that can't be are counted and told.
    #[arg(long, value_name = "NOTE")]
    pub earlier: Vec<PathBuf>,
}

/// What to check, against what.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The export; `-`: stdin.
    pub export: PathBuf,
    /// It is that of an access log, whose checkpoints have an origin of their own.
    #[arg(long)]
    pub access: bool,
    /// By which keys.
    #[command(flatten)]
    pub keys: Keys,
    /// Against which checkpoints.
    #[command(flatten)]
    pub notes: Notes,
}

/// Which record.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Its position.
    pub position: i64,
    /// By which keys.
    #[command(flatten)]
    pub keys: Keys,
    /// Against the checkpoint that covers exactly so many records; default: the latest.
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    pub size: i64,
}

/// Which entity.
#[derive(Debug, Args)]
pub struct EntityArgs {
    /// Its name: firms/CODE, incubators/ID, taxpayers/CODE, or any other that `events tail --subject` takes.
    pub subject: String,
    /// By which keys.
    #[command(flatten)]
    pub keys: Keys,
    /// Against the checkpoint that covers exactly so many records; default: the latest.
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    pub size: i64,
}

/// Since when.
#[derive(Debug, Args)]
pub struct ConsistencyArgs {
    /// File of the checkpoint that was kept.
    pub earlier: PathBuf,
    /// By which keys.
    #[command(flatten)]
    pub keys: Keys,
}

/// Which figure, and where to put it.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// METRICS, CHAIN, ENTITLEMENTS or PAYMENT_ORDERS.
    #[arg(value_parser = parse::figure)]
    pub figure: Figure,
    /// The file; it is not written over.
    pub file: PathBuf,
    /// As of the end of this day.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Day,
    /// As known at this position; default: now.
    #[arg(long, value_name = "POSITION", default_value_t = 0, hide_default_value = true)]
    pub known_at_position: i64,
    /// Of which policy; may be left out where only one is published.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub policy: String,
}

/// What to make again, from what.
#[derive(Debug, Args)]
pub struct RecomputeArgs {
    /// The issued figure.
    pub issued: PathBuf,
    /// An export of the log, at least as long as the checkpoint that the figure was issued under.
    pub export: PathBuf,
    /// By which keys.
    #[command(flatten)]
    pub keys: Keys,
}
