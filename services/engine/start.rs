//! Start-up and recovery: the first events of a new log; else the snapshot, if it fits, and every record behind it.

use super::audit::StoreFault;
use super::clock::shanghai_day;
use super::fold::{Broken, Fold};
use super::snapshot::Snapshots;
use super::writer::Writer;
use super::{Clock, Engine, QUEUE_COMMANDS_MAX, Shared, Stop};
use crate::domain::{Day, Event, Limits};
use crate::journal::{Commit, HASH_SHA256, Head, Record, Subject, ZERO_HASH, codec, record_hash};
use crate::log::{Append, EventLog, LogError};
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use tokio::sync::{mpsc, watch};

/// Bytes of the log that are read at a time.
pub(super) const READ_BYTES: usize = 1 << 20;

/// The principal of a log's first events.
pub(super) const SYSTEM: &str = "system";

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// GB/T 2260 code, 6 digits.
    pub district: String,
    /// Limits that a new log begins with, and the day from which they hold.
    pub limits: (Day, Limits),
    /// Folder of the snapshots; none: no snapshots.
    pub snapshots: Option<PathBuf>,
}

/// Why a district could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[source] LogError),
    /// A record is broken, missing or of another log.
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
    /// The checkpoints of the log can't be used.
    #[error("the checkpoints can't be used")]
    Checkpoints(#[source] StoreFault),
    /// The first events could not be written.
    #[error("the first events could not be written: {0}")]
    Create(String),
}

impl From<LogError> for StartError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::DataLoss { position, detail } => Self::Damaged { position, detail },
            other => Self::Log(other),
        }
    }
}

impl From<Broken> for StartError {
    fn from(Broken { position, detail }: Broken) -> Self {
        Self::Damaged { position, detail }
    }
}

/// See `Engine::start`.
pub(super) async fn start(
    config: EngineConfig,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
) -> Result<Engine, StartError> {
    let end = log.head().await?;
    if end == Head::EMPTY {
        create(&config, log.as_ref(), clock.now_micros()).await?;
    }
    let mut snapshots = config.snapshots.map(Snapshots::new);
    let restored = match &mut snapshots {
        Some(snapshots) => snapshots.load(log.as_ref()).await,
        None => None,
    };
    let from_snapshot = restored.is_some();
    let mut fold = restored.unwrap_or_else(Fold::empty);
    let end = log.head().await?; // Asked first: another writer may go on while this one reads.
    catch_up(&mut fold, log.as_ref()).await?;
    let head = fold.published.head;
    if head.position < end.position || (head.position == end.position && head != end) {
        let detail = format!("the log says it ends at {}, its records end before", end.position);
        return Err(StartError::Damaged { position: head.position + 1, detail });
    }
    if fold.district != config.district {
        return Err(StartError::OtherDistrict { found: fold.district, wanted: config.district });
    }
    let engine = spawn(config.district, fold, log, clock, snapshots);
    if from_snapshot {
        // The records that the snapshot stands for are still to be trusted: they are read in the background.
        let verifier = engine.clone();
        tokio::spawn(async move {
            if let Err(error) = verifier.verify().await {
                tracing::error!(%error, "the verification of the log failed");
            }
        });
    }
    Ok(engine)
}

fn spawn(
    district: String,
    fold: Fold,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    snapshots: Option<Snapshots>,
) -> Engine {
    let (queue, receiver) = mpsc::channel(QUEUE_COMMANDS_MAX);
    let (head, head_receiver) = watch::channel(fold.published.head);
    let (stop, _) = watch::channel::<Option<Stop>>(None);
    let published = Arc::new(ArcSwap::from_pointee(fold.published.clone()));
    let writer = Writer {
        log: Arc::clone(&log),
        clock: Arc::clone(&clock),
        queue: receiver,
        fold,
        published: Arc::clone(&published),
        head,
        stop: stop.clone(),
        snapshots,
        carried: VecDeque::new(),
    };
    tokio::spawn(writer.run());
    Engine {
        shared: Arc::new(Shared {
            district,
            queue,
            published,
            head: head_receiver,
            stop,
            log,
            clock,
            draining: AtomicBool::new(false),
            audit: OnceLock::new(),
        }),
    }
}

async fn catch_up(fold: &mut Fold, log: &dyn EventLog) -> Result<(), StartError> {
    loop {
        let commits = log.read(fold.published.head.position + 1, READ_BYTES).await?;
        if commits.is_empty() {
            return Ok(());
        }
        for commit in &commits {
            fold.take(commit)?;
        }
        tokio::task::yield_now().await;
    }
}

/// Writes LogCreated and the first LimitsSet as commit 1.
async fn create(config: &EngineConfig, log: &dyn EventLog, now: i64) -> Result<(), StartError> {
    let log_id = *uuid::Uuid::new_v4().as_bytes();
    let district = config.district.clone();
    let created = Event::LogCreated { district, log_id, hash_algorithm: u32::from(HASH_SHA256) };
    let (day, limits) = config.limits.clone();
    let first = first_record(1, now, shanghai_day(now), &created, ZERO_HASH);
    let second = first_record(2, now, day, &Event::LimitsSet(limits), record_hash(&first));
    let hash = record_hash(&second);
    let records = [first, second].concat().into();
    let commit = Commit { number: 1, first: 1, last: 2, hash, records };
    match log.append(Head::EMPTY, commit).await {
        Append::Appended(_) => Ok(()),
        Append::Full => Err(StartError::Create("there is no space".to_owned())),
        Append::Fatal(detail) => Err(StartError::Create(detail)),
        other => Err(StartError::Create(format!("{other:?}"))),
    }
}

fn first_record(position: u64, now: i64, day: Day, event: &Event, previous: [u8; 32]) -> Vec<u8> {
    let encoded = codec::encode(event, &[]);
    let subject = |owner: crate::domain::Entity| Subject { name: owner.to_string(), revision: 1, previous: ZERO_HASH };
    let record = Record {
        commit: 1,
        position,
        index: 0,
        count: 1,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        effective_days: day.days(),
        recorded_at_micros: now,
        principal: SYSTEM.to_owned(),
        on_behalf_of: String::new(),
        request: None,
        previous,
        subjects: event.owner().map(subject).into_iter().collect(),
        payload: encoded.payload,
    };
    record.encode()
}
