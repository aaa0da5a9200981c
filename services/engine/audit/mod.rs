//! Checkpoints and proofs of one district's log.
//!
//! An auditor beside the writer follows the published head: it reads what became durable, hashes it into the Merkle tree and
//! keeps the head of every entity. When business events came since the last checkpoint and its time is there, it records the
//! root of the heads (`HeadsRecorded`, through the writer's queue like any command), waits until that is durable, and signs
//! the tree as far as it then goes. So a checkpoint never covers what is not durable, and the heads it covers are true up to
//! the position that they state, a few commits before its own end at most.
//!
//! What it costs: the writer does nothing but one small event a checkpoint. The auditor reads and hashes every record once
//! more, some microseconds each, and hashes two times for each entity a checkpoint, on a thread of its own. Its memory is a
//! quarter of a byte a record and about 150 bytes an entity. At a start it reads the log from the beginning, in the background.

mod auditor;
mod proofs;
mod store;

pub use auditor::push as push_notes;
pub use proofs::{EntityAnswer, Inclusion};
pub use store::{Store as Notes, StoreFault, compare as compare_notes};

use super::{Engine, EngineError, StartError};
use crate::journal::Hash;
use crate::journal::heads::{Heads, HeadsTree};
use crate::journal::merkle::Tree;
use crate::journal::note::{self, Checkpoint, PublicKey, SigningKey};
use auditor::{Ask, Auditor};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{mpsc, oneshot, watch};

/// How long a drain waits for the last checkpoint.
const FINISH_MAX: Duration = Duration::from_secs(3);

/// Notes of one page at most.
pub const CHECKPOINTS_MAX: usize = 1000;

/// How a log is audited.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// What checkpoints are signed by.
    pub key: Arc<SigningKey>,
    /// Folder of the checkpoints, made if missing.
    pub dir: PathBuf,
    /// Second place that each is pushed to; none: none.
    pub copy: Option<PathBuf>,
    /// At least so often, when business events came.
    pub every: Duration,
}

/// Why an audit question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// The server signs none, or has signed none yet.
    #[error("there are no checkpoints of this log")]
    NoCheckpoints,
    /// None covers exactly so many records.
    #[error("no checkpoint covers exactly {size} records")]
    UnknownCheckpoint {
        /// What was asked for.
        size: u64,
    },
    /// The checkpoint does not cover the position.
    #[error("the checkpoint covers positions 1 to {size}, not {position}")]
    NotCovered {
        /// What was asked about.
        position: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// The log is still being read after a start.
    #[error("the log is still being read after the start; try again in a moment")]
    Reading,
    /// The checkpoint was signed without heads before it.
    #[error("no heads are recorded before the checkpoint of size {size}")]
    NoHeads {
        /// Size of the checkpoint.
        size: u64,
    },
    /// The folder of the checkpoints failed.
    #[error("the checkpoints can't be read or written")]
    Store(#[from] StoreFault),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A checkpoint and the note that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note.
    pub note: String,
}

/// How an audit stands.
#[derive(Clone, Debug)]
pub struct AuditStatus {
    /// Origin of the checkpoints.
    pub origin: String,
    /// Keys that checkpoints here are signed by, the current one last.
    pub keys: Vec<PublicKey>,
    /// The latest checkpoint.
    pub latest: Option<Signed>,
    /// Count of the checkpoints.
    pub checkpoints: u64,
    /// Records read into the tree.
    pub read: u64,
    /// Position up to which the last recorded heads are true; 0: none are recorded.
    pub heads_position: u64,
    /// Whether checkpoints are pushed to a second place.
    pub is_copied: bool,
    /// Bytes of checkpoints that the second place still lacks.
    pub copy_behind_bytes: u64,
    /// Why the last push failed; empty: it did not.
    pub copy_error: String,
}

/// The auditor's part that others look at.
pub(super) struct Audit {
    origin: String,
    key: Arc<SigningKey>,
    is_copied: bool,
    progress: Mutex<Progress>,
    store: Mutex<Store>,
    /// The heads that were asked for, or recorded, last.
    heads: Mutex<Option<Arc<HeadsTree>>>,
    pushed: watch::Receiver<Pushed>,
    asks: mpsc::Sender<Ask>,
}

/// How far the log is taken in.
#[derive(Default)]
struct Progress {
    tree: Tree,
    heads: Heads,
    /// Last position of an event of business.
    business: u64,
    /// Where heads are recorded, and up to which position they are true.
    recorded: Vec<(u64, u64)>,
    /// Whether what there was at the start is read.
    is_whole: bool,
}

/// How far the second place is.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// Bytes of notes that it holds.
    pub bytes: u64,
    /// Why the last push failed; empty: it did not.
    pub error: String,
}

/// What no panic of another thread makes untrue: each holder leaves it whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Begins to audit the log: once, after the start. Refuses checkpoints of another log, and a copy that is ahead of them.
    pub fn begin_audit(&self, config: AuditConfig) -> Result<(), StartError> {
        let origin = note::origin(self.district(), &self.published().log_id);
        let opened = Store::open(&config.dir, &origin, config.key.named(&origin));
        let (store, said) = opened.map_err(StartError::Checkpoints)?;
        if let Some(copy) = &config.copy {
            store::compare(&config.dir, copy).map_err(StartError::Checkpoints)?;
        }
        let head = self.published().head.position;
        if let Some((size, _)) = said.last().filter(|(size, _)| *size > head) {
            let detail = format!("the log ends at {head}, and a checkpoint covers {size}: the log was put back");
            return Err(StartError::Damaged { position: head + 1, detail });
        }
        let (asks, asked) = mpsc::channel(16);
        let (synced, to_push) = watch::channel(store.synced());
        let (told, pushed) = watch::channel(Pushed::default());
        let audit = Arc::new(Audit {
            origin,
            key: Arc::clone(&config.key),
            is_copied: config.copy.is_some(),
            progress: Mutex::default(),
            store: Mutex::new(store),
            heads: Mutex::default(),
            pushed,
            asks,
        });
        if self.shared.audit.set(Arc::clone(&audit)).is_err() {
            return Ok(()); // Begun before.
        }
        if let Some(copy) = config.copy {
            tokio::spawn(auditor::push(config.dir, copy, to_push, told));
        }
        let auditor = Auditor { engine: self.clone(), audit, asked, synced, every: config.every, said: said.into() };
        tokio::spawn(auditor.run());
        Ok(())
    }

    /// How the audit stands; none where the server has no key.
    pub fn audit_status(&self) -> Option<AuditStatus> {
        let audit = self.shared.audit.get()?;
        let (read, heads_position) = {
            let progress = locked(&audit.progress);
            (progress.tree.size(), progress.recorded.last().map_or(0, |(_, position)| *position))
        };
        let pushed = audit.pushed.borrow().clone();
        let latest = audit.signed(0).ok();
        let store = locked(&audit.store);
        Some(AuditStatus {
            origin: audit.origin.clone(),
            keys: store.keys().to_vec(),
            latest,
            checkpoints: store.count() as u64,
            read,
            heads_position,
            is_copied: audit.is_copied,
            copy_behind_bytes: if audit.is_copied { store.synced().saturating_sub(pushed.bytes) } else { 0 },
            copy_error: pushed.error,
        })
    }

    /// The next checkpoints that cover more than `after` records, in order.
    pub fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<Signed>, AuditFault> {
        let audit = self.audit()?;
        let notes = locked(&audit.store).behind(after, limit.min(CHECKPOINTS_MAX))?;
        Ok(notes.into_iter().filter_map(|(_, note)| signed(note)).collect())
    }

    /// The checkpoint that covers exactly so many records; 0: the latest.
    pub fn checkpoint(&self, size: u64) -> Result<Signed, AuditFault> {
        self.audit()?.signed(size)
    }

    /// The first checkpoint that covers a position, made now if there is none yet.
    pub async fn checkpoint_over(&self, position: u64) -> Result<Signed, AuditFault> {
        let audit = Arc::clone(self.audit()?);
        let covering = locked(&audit.store).covering(position);
        if let Some(size) = covering {
            return audit.signed(size);
        }
        let (reply, answer) = oneshot::channel();
        let sent = audit.asks.send(Ask { reply }).await;
        if sent.is_err() || answer.await.is_err() {
            return Err(self.stop_error().into());
        }
        let covering = locked(&audit.store).covering(position);
        audit.signed(covering.ok_or(AuditFault::Reading)?)
    }

    /// Signs a text, such as an issued figure, in the name of the log.
    pub fn sign(&self, text: &str) -> Result<String, AuditFault> {
        let audit = self.audit()?;
        Ok(audit.key.sign(&audit.origin, text))
    }

    fn audit(&self) -> Result<&Arc<Audit>, AuditFault> {
        self.shared.audit.get().ok_or(AuditFault::NoCheckpoints)
    }

    /// A last checkpoint over all that came, before the writer is drained; a log that is still being read gets none.
    pub(super) async fn finish_audit(&self) {
        let Some(audit) = self.shared.audit.get() else { return };
        let last = async {
            let (reply, answer) = oneshot::channel();
            if audit.asks.send(Ask { reply }).await.is_ok() {
                let _ = answer.await; // What went wrong was told of.
            }
            let synced = locked(&audit.store).synced();
            if audit.is_copied {
                let mut pushed = audit.pushed.clone();
                let _ = pushed.wait_for(|pushed| pushed.bytes >= synced).await;
            }
        };
        if tokio::time::timeout(FINISH_MAX, last).await.is_err() {
            tracing::warn!("the last checkpoint was not made, or not pushed to its second place, in time");
        }
    }
}

impl Audit {
    /// The checkpoint that covers exactly so many records; 0: the latest.
    fn signed(&self, size: u64) -> Result<Signed, AuditFault> {
        let store = locked(&self.store);
        let size = match size {
            0 => store.last().ok_or(AuditFault::NoCheckpoints)?,
            size => size,
        };
        store.note(size)?.and_then(signed).ok_or(AuditFault::UnknownCheckpoint { size })
    }
}

/// A note of the store; it was read when the store was opened, or is our own.
fn signed(note: String) -> Option<Signed> {
    let checkpoint = Checkpoint::parse(&note).ok()?;
    Some(Signed { checkpoint, note })
}

/// Root and size of a tree that a note said, to be met while the log is read.
type Said = (u64, Hash);
