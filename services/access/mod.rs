//! The access log of a district: who was turned away, and who read data that is somebody's. A log of its own, so that what
//! strangers do can't grow the district's: same envelope, chain, tree and checkpoints, in a folder of its own.
//!
//! What it promises:
//! - Whoever notes something never waits and never fails: an entry is put into a bounded table under a short lock (`gather`),
//!   and a task of its own writes (`writer`), the first of a kind within a second, more like it as a count a minute.
//! - It is bounded: `Class` says how many records an hour, `RECORD_BYTES_MAX` how large each is. What goes beyond is counted,
//!   and the count recorded. Within these bounds it is fair: no principal, and no stranger's network, gets more than is left
//!   for the others (`gather` tells how), so nobody hides another's reads behind its own.
//! - When it can't be written, reading goes on: a full disk must not stop a bureau from working. What happens meanwhile is
//!   counted, the trace and the status say so, and the gap is recorded once there is space again. It gives way before the
//!   district's own log does, since it leaves more of the disk free. A log whose write failed is opened anew after a minute,
//!   and then after twice as long each time, an hour at most: what the failed write left is found there or counted.
//! - Nothing of what was read, and nothing of a credential, is in it.
//!
//! What a kill loses: entries of the last second, and counts of the minute behind the first of their kind. A log that is found
//! damaged is not written any more; the status says from which position on.

mod book;
mod gather;
mod look;
mod noted;
mod writer;

pub use gather::{Due, Gathering, HOUR_MICROS, Lost, RECORD_BYTES_MAX, Taken, WINDOW_MICROS};
pub use look::{Export, Listed, Page};
pub use noted::{Class, Noted, What, Who};

use crate::engine::{Clock, Notes, Pushed, StoreFault, compare_notes, push_notes};
use crate::journal::access::{self, AccessEvent};
use crate::journal::note::{Checkpoint, PublicKey, SigningKey};
use crate::journal::{HASH_SHA256, Head, Record};
use crate::log::{EventLog, LogError};
use async_trait::async_trait;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use writer::{Ask, Writer};

/// The principal of records that the log writes by itself.
pub(crate) const SYSTEM: &str = "system";

/// What its checkpoints are signed by, and where they are kept.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The key.
    pub key: Arc<SigningKey>,
    /// Folder of the notes, made if missing.
    pub dir: PathBuf,
    /// Second place that each is pushed to; none: none.
    pub copy: Option<PathBuf>,
    /// At least so often, when something was recorded.
    pub every: Duration,
}

/// How the log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogState {
    /// It is being read after the start; entries wait.
    Reading,
    /// It is written.
    Open,
    /// There is no space: entries are counted until there is.
    Full,
    /// It can't be trusted with another write before it is opened anew.
    Failed(String),
    /// It does not hold from a position on.
    Damaged {
        /// The position.
        position: u64,
        /// What was found.
        detail: String,
    },
    /// The server drains.
    Closed,
}

impl LogState {
    pub(crate) fn damaged(position: u64, detail: String) -> Self {
        Self::Damaged { position, detail }
    }

    /// Its word in the status: READING, OPEN, FULL, FAILED, DAMAGED or CLOSED.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reading => "READING",
            Self::Open => "OPEN",
            Self::Full => "FULL",
            Self::Failed(_) => "FAILED",
            Self::Damaged { .. } => "DAMAGED",
            Self::Closed => "CLOSED",
        }
    }
}

impl fmt::Display for LogState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading => f.write_str("it is being read after the start"),
            Self::Open => f.write_str("it is written"),
            Self::Full => f.write_str("there is no space; what happens is counted"),
            Self::Failed(why) => write!(f, "it can't be written: {why}"),
            Self::Damaged { position, detail } => write!(f, "it is damaged at position {position}: {detail}"),
            Self::Closed => f.write_str("the server drains"),
        }
    }
}

impl From<&LogError> for LogState {
    fn from(error: &LogError) -> Self {
        match error {
            LogError::DataLoss { position, detail } => Self::damaged(*position, detail.clone()),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Why an access log could not be opened or looked at.
#[derive(Debug, thiserror::Error)]
pub enum AccessFault {
    /// It could not be read.
    #[error("the access log could not be read")]
    Log(#[from] LogError),
    /// It does not hold.
    #[error("DATA_LOSS: the access log is damaged at position {position}: {detail}")]
    Damaged {
        /// First position that can't be trusted.
        position: u64,
        /// What was found.
        detail: String,
    },
    /// It is another district's.
    #[error("the access log is that of district {found}, not of {wanted}")]
    OtherDistrict {
        /// What it says.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// Its checkpoints can't be used.
    #[error("the checkpoints of the access log can't be used")]
    Checkpoints(#[source] StoreFault),
}

/// How an access log stands.
#[derive(Clone, Debug)]
pub struct AccessStatus {
    /// Origin of its checkpoints.
    pub origin: String,
    /// Where it ends.
    pub head: Head,
    /// Whether it is written.
    pub state: LogState,
    /// What waits to be told as not recorded one by one: for the limit, and for want of writing.
    pub lost: [Lost; 2],
    /// Keys that checkpoints are signed by, the current one last; none: the server signs none.
    pub keys: Vec<PublicKey>,
    /// The latest checkpoint's note.
    pub latest: Option<String>,
    /// Why the last push of checkpoints to a second place failed; empty: it did not.
    pub copy_error: String,
}

/// A handle on the access log of one district; clones are cheap.
#[derive(Clone)]
pub struct AccessLog {
    shared: Arc<Shared>,
    /// The task ends with the last of them.
    asks: mpsc::Sender<Ask>,
}

/// Opens the log of an access log anew.
#[async_trait]
pub trait Reopen: Send + Sync {
    /// The same log, in place of the one that failed: that one is closed first.
    async fn reopen(&self, failed: Arc<dyn EventLog>) -> Result<Arc<dyn EventLog>, LogError>;

    /// How long it is left alone before the first try.
    fn after(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// For logs that need no other opening: the same one is tried again.
struct AsItIs;

#[async_trait]
impl Reopen for AsItIs {
    async fn reopen(&self, failed: Arc<dyn EventLog>) -> Result<Arc<dyn EventLog>, LogError> {
        Ok(failed)
    }
}

struct Shared {
    origin: String,
    /// Another one once it failed and was opened anew.
    log: Mutex<Arc<dyn EventLog>>,
    reopen: Box<dyn Reopen>,
    clock: Arc<dyn Clock>,
    gathering: Mutex<Gathering>,
    wake: Notify,
    state: Mutex<LogState>,
    notes: Option<Arc<Mutex<Notes>>>,
    pushed: watch::Receiver<Pushed>,
}

impl Shared {
    fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&locked(&self.log))
    }
}

/// What no panic of another thread makes untrue: each holder leaves it whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessLog({})", self.shared.origin)
    }
}

impl AccessLog {
    /// Opens the access log of a district, or begins it. What it holds is read in the background.
    pub async fn start(
        district: &str,
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        signing: Option<Signing>,
    ) -> Result<Self, AccessFault> {
        Self::start_reopening(district, log, Box::new(AsItIs), clock, signing).await
    }

    /// The same, with a way to open the log anew once it failed.
    pub async fn start_reopening(
        district: &str,
        log: Arc<dyn EventLog>,
        reopen: Box<dyn Reopen>,
        clock: Arc<dyn Clock>,
        signing: Option<Signing>,
    ) -> Result<Self, AccessFault> {
        let (born, log_id) = match log.head().await? {
            Head::EMPTY => {
                let (born, log_id) = birth(district);
                (Some(born), log_id)
            }
            _ => (None, whose(district, log.as_ref()).await?),
        };
        let origin = access::origin(district, &log_id);
        let (mut notes, mut said, mut every) = (None, Vec::new(), None);
        let (synced, to_push) = watch::channel(0);
        let (told, pushed) = watch::channel(Pushed::default());
        let key = signing.as_ref().map(|signing| Arc::clone(&signing.key));
        if let Some(signing) = signing {
            let opened = Notes::open(&signing.dir, &origin, signing.key.named(&origin));
            let (store, were) = opened.map_err(AccessFault::Checkpoints)?;
            let head = log.head().await?.position;
            if let Some((size, _)) = were.last().filter(|(size, _)| *size > head) {
                let detail = format!("it ends at {head}, and a checkpoint covers {size}: it was put back");
                return Err(AccessFault::Damaged { position: head + 1, detail });
            }
            synced.send_replace(store.synced());
            if let Some(copy) = signing.copy {
                compare_notes(&signing.dir, &copy).map_err(AccessFault::Checkpoints)?;
                tokio::spawn(push_notes(signing.dir, copy, to_push, told));
            }
            (notes, said, every) = (Some(Arc::new(Mutex::new(store))), were, Some(signing.every));
        }
        let (asks, asked) = mpsc::channel(16);
        let shared = Arc::new(Shared {
            origin,
            log: Mutex::new(log),
            reopen,
            clock,
            gathering: Mutex::default(),
            wake: Notify::new(),
            state: Mutex::new(LogState::Reading),
            notes,
            pushed,
        });
        tokio::spawn(Writer::new(Arc::clone(&shared), born, key, said, every, synced).run(asked));
        Ok(Self { shared, asks })
    }

    /// Notes something that happened now. Never waits for the log, and never fails.
    pub fn note(&self, noted: Noted) {
        let now = self.shared.clock.now_micros();
        if locked(&self.shared.gathering).note(noted, now) {
            self.shared.wake.notify_one();
        }
    }

    /// How it stands.
    pub fn status(&self) -> AccessStatus {
        let (keys, latest) = self.shared.notes.as_ref().map_or((Vec::new(), None), |notes| {
            let notes = locked(notes);
            let last = notes.last().and_then(|size| notes.note(size).ok().flatten());
            (notes.keys().to_vec(), last)
        });
        AccessStatus {
            origin: self.shared.origin.clone(),
            head: *self.shared.log().watch().borrow(),
            state: locked(&self.shared.state).clone(),
            lost: locked(&self.shared.gathering).lost(),
            keys,
            latest,
            copy_error: self.shared.pushed.borrow().error.clone(),
        }
    }

    /// Writes what is noted, due or not, and signs it: done once it is durable, or once it is known that it can't be.
    pub async fn flush(&self) {
        self.ask(Ask::Flush).await;
    }

    /// Writes and signs what is noted, and closes the log. Idempotent.
    pub async fn close(&self) {
        self.ask(Ask::Close).await;
    }

    async fn ask(&self, ask: impl FnOnce(oneshot::Sender<()>) -> Ask) {
        let (reply, answer) = oneshot::channel();
        if self.asks.send(ask(reply)).await.is_ok() {
            let _ = answer.await; // What went wrong stands in the state.
        }
    }
}

/// The record that begins a log. The task writes it, so that a disk without space delays no start.
fn birth(district: &str) -> (AccessEvent, [u8; 16]) {
    let log_id = *uuid::Uuid::new_v4().as_bytes();
    let hash_algorithm = u32::from(HASH_SHA256);
    (AccessEvent::Created { district: district.to_owned(), log_id, hash_algorithm }, log_id)
}

/// The id of a log, whose first record must say that it is this district's.
async fn whose(district: &str, log: &dyn EventLog) -> Result<[u8; 16], AccessFault> {
    let wrong = |detail: String| AccessFault::Damaged { position: 1, detail };
    let commits = log.read(1, 1).await?;
    let first = commits.first().and_then(|commit| commit.iter().next());
    let (_, bytes) = first.ok_or_else(|| wrong("there is no first record".to_owned()))?;
    let record = Record::decode(&bytes).map_err(|error| wrong(error.to_string()))?;
    match access::decode(&record).map_err(|error| wrong(error.to_string()))? {
        AccessEvent::Created { district: found, log_id, .. } if found == district => Ok(log_id),
        AccessEvent::Created { district: found, .. } => {
            Err(AccessFault::OtherDistrict { found, wanted: district.to_owned() })
        }
        _ => Err(wrong("the record is not AccessLogCreated".to_owned())),
    }
}

/// The checkpoint of a tree.
fn checkpoint(origin: &str, size: u64, root: crate::journal::Hash, key: &SigningKey) -> String {
    Checkpoint { origin: origin.to_owned(), size, root }.sign(key)
}
