//! The audit of an export against checkpoints: bytes in, a verdict out, with nothing but an export, notes and public keys.
//!
//! The export's own chain tells a byte that was changed by accident. Whoever changes the log on purpose makes every hash anew,
//! and an export of that holds in itself; but then the root over its first records is not the one that an earlier checkpoint
//! was signed over, and the key can't be made to sign another for the past without leaving two notes that contradict each
//! other. So each checkpoint is met at its size, in one pass, in memory that does not grow with the log but by the entities.

use super::codec::{self, CodecError};
use super::commit::ChainError;
use super::envelope::{Hash, Record, record_hash};
use super::export::{Decoder, ExportFault, Item, Summary};
use super::heads::Heads;
use super::merkle::Tree;
use super::note::Checkpoint;
use crate::domain::Event;
use std::collections::VecDeque;

/// Commits whose heads are kept, to be compared with what a record behind them says.
const COMMITS_KEPT: usize = 1024;
/// The event type of recorded heads.
const HEADS_RECORDED: u16 = 4;

/// What an audit found wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Verdict {
    /// The export does not hold in itself: a byte was changed, or a record is missing, added or moved.
    #[error("the export does not hold in itself: {0}")]
    Broken(#[from] ExportFault),
    /// A record does not continue what it is about.
    #[error("the export does not hold in itself: {0}")]
    Subjects(ChainError),
    /// It ends before a checkpoint does.
    #[error("the log was put back: it ends at position {ends}, and a checkpoint covers {covers}")]
    RolledBack {
        /// Last position of the export.
        ends: u64,
        /// Size of the checkpoint.
        covers: u64,
    },
    /// Its records are not those that a checkpoint was signed over.
    #[error(
        "another history: of positions {} to {covers}, something is not what the checkpoint of size {covers} was signed over",
        holds_to + 1
    )]
    OtherHistory {
        /// Up to here, an earlier checkpoint is met; 0: none was.
        holds_to: u64,
        /// Size of the checkpoint.
        covers: u64,
    },
    /// The same key signed two roots for one size.
    #[error("two histories: two checkpoints of size {covers} have different roots, both signed")]
    TwoHistories {
        /// Their size.
        covers: u64,
    },
    /// Recorded heads are not those of the records.
    #[error("position {position}: the heads recorded there are not those of the records up to {until}")]
    Heads {
        /// Where they are recorded.
        position: u64,
        /// Up to where they should be true.
        until: u64,
    },
    /// Recorded heads can't be read.
    #[error("position {position}: {detail}")]
    UnreadHeads {
        /// Where they are recorded.
        position: u64,
        /// What is wrong with the record.
        detail: String,
    },
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// The export.
    pub summary: Summary,
    /// Root of the tree over all its records.
    pub root: Hash,
    /// Sizes of the checkpoints that are met, ascending.
    pub met: Vec<u64>,
    /// Records behind the last of them: they hold in themselves, and nobody signed for them.
    pub unsigned: u64,
    /// The last recorded heads under a checkpoint, made anew and found equal: where, up to which position, how many. None:
    /// there are none, or they lie too far behind what they are of.
    pub heads: Option<(u64, u64, u64)>,
    /// Recorded heads under a checkpoint that were made anew and found equal.
    pub heads_checked: u64,
    /// Those that were not: they lie too far behind what they are of, a later program recorded them or, unless all are asked
    /// for, they are not the last.
    pub heads_unchecked: u64,
}

/// Heads that a record states.
struct Stated {
    position: u64,
    until: u64,
    count: u64,
    root: Hash,
    /// What the records up to there give; none: that is not kept any more.
    heads: Option<Heads>,
}

impl Stated {
    /// Makes the heads anew and compares; none: they can't be made.
    fn checked(&self) -> Result<Option<(u64, u64, u64)>, Verdict> {
        let Self { position, until, count, root, heads: Some(heads) } = self else { return Ok(None) };
        let tree = heads.tree(*until);
        if (tree.count(), tree.root()) != (*count, *root) {
            return Err(Verdict::Heads { position: *position, until: *until });
        }
        Ok(Some((*position, *until, *count)))
    }
}

/// An audit under way.
pub struct Auditor {
    decoder: Decoder,
    tree: Tree,
    heads: Heads,
    /// Of the last commits: where each ended, and the heads there.
    kept: VecDeque<(u64, Heads)>,
    stated: Option<Stated>,
    /// Checkpoints still to be met, by size.
    wanted: VecDeque<Checkpoint>,
    last: u64,
    met: Vec<u64>,
    /// Whether all recorded heads are checked, not the last ones alone.
    is_of_all_heads: bool,
    /// Recorded heads checked, and those not.
    checked: (u64, u64),
    /// The first recorded heads found false: told unless the records themselves are not those that were signed.
    false_heads: Option<Verdict>,
}

impl Auditor {
    /// An audit against checkpoints whose signatures were checked. Two that contradict each other end it before it begins.
    pub fn new(mut checkpoints: Vec<Checkpoint>) -> Result<Self, Verdict> {
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        checkpoints.dedup();
        if let Some(pair) = checkpoints.windows(2).find(|pair| pair[0].size == pair[1].size) {
            return Err(Verdict::TwoHistories { covers: pair[0].size });
        }
        let last = checkpoints.last().map_or(0, |checkpoint| checkpoint.size);
        Ok(Self {
            decoder: Decoder::new(),
            tree: Tree::default(),
            heads: Heads::default(),
            kept: VecDeque::new(),
            stated: None,
            wanted: checkpoints.into(),
            last,
            met: Vec::new(),
            is_of_all_heads: false,
            checked: (0, 0),
            false_heads: None,
        })
    }

    /// The same, which makes every recorded heads under a checkpoint anew, each in time that grows with the entities.
    #[must_use]
    pub fn of_all_heads(self) -> Self {
        Self { is_of_all_heads: true, ..self }
    }

    /// Takes in the next bytes of the export, and hands every record on, decoded and in order.
    pub fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(&Record, Hash)) -> Result<(), Verdict> {
        self.decoder.push(bytes);
        while let Some(item) = self.decoder.next()? {
            let Item::Commit(commit) = item else { continue };
            for (position, bytes) in commit.iter() {
                let wrap = |source| Verdict::Subjects(ChainError::Envelope { position, source });
                let record = Record::decode(&bytes).map_err(wrap)?;
                let hash = record_hash(&bytes);
                self.take(&record, hash)?;
                each(&record, hash);
            }
            if self.kept.len() == COMMITS_KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back((commit.last, self.heads.clone()));
        }
        Ok(())
    }

    fn take(&mut self, record: &Record, hash: Hash) -> Result<(), Verdict> {
        self.tree.push(hash);
        self.heads.take(record, hash).map_err(Verdict::Subjects)?;
        if record.event_type == HEADS_RECORDED && record.position <= self.last {
            self.state(record);
        }
        let size = self.tree.size();
        if self.wanted.front().is_some_and(|wanted| wanted.size == size)
            && let Some(wanted) = self.wanted.pop_front()
        {
            if wanted.root != self.tree.root() {
                let holds_to = self.met.last().copied().unwrap_or(0);
                return Err(Verdict::OtherHistory { holds_to, covers: size });
            }
            self.met.push(size);
        }
        Ok(())
    }

    fn state(&mut self, record: &Record) {
        let position = record.position;
        let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
        let (until, count, root) = match decoded {
            Ok((Event::HeadsRecorded { position, count, root }, _)) => (position, count, root),
            // What a later program recorded is its own to check.
            Err(CodecError::Version { .. }) => {
                self.checked.1 += 1;
                return;
            }
            Ok(_) => return,
            Err(error) => {
                self.is_false(Verdict::UnreadHeads { position, detail: error.to_string() });
                return;
            }
        };
        let kept = self.kept.binary_search_by_key(&until, |(last, _)| *last);
        // Heads are of the end of a commit that stands before them.
        let is_kept_no_more = kept == Err(0) && self.kept.len() == COMMITS_KEPT;
        if kept.is_err() && !is_kept_no_more {
            self.is_false(Verdict::Heads { position, until });
            return;
        }
        let heads = kept.ok().and_then(|at| self.kept.get(at)).map(|(_, heads)| heads.clone());
        self.settle(self.is_of_all_heads);
        self.stated = Some(Stated { position, until, count, root, heads });
    }

    fn is_false(&mut self, verdict: Verdict) {
        self.false_heads.get_or_insert(verdict);
    }

    /// Checks what was stated last, or lets it pass.
    fn settle(&mut self, checks: bool) -> Option<(u64, u64, u64)> {
        let stated = self.stated.take()?;
        let found = match if checks { stated.checked() } else { Ok(None) } {
            Ok(found) => found,
            Err(verdict) => {
                self.is_false(verdict);
                return None;
            }
        };
        let (checked, unchecked) = &mut self.checked;
        *(if found.is_some() { checked } else { unchecked }) += 1;
        found
    }

    /// The verdict.
    pub fn finish(mut self) -> Result<Audited, Verdict> {
        let heads = self.settle(true);
        let summary = self.decoder.finish()?;
        let ends = summary.head.position;
        if let Some(wanted) = self.wanted.back() {
            return Err(Verdict::RolledBack { ends, covers: wanted.size });
        }
        if let Some(verdict) = self.false_heads {
            return Err(verdict);
        }
        let (heads_checked, heads_unchecked) = self.checked;
        let unsigned = ends - self.met.last().copied().unwrap_or(0);
        let (root, met) = (self.tree.root(), self.met);
        Ok(Audited { summary, root, met, unsigned, heads, heads_checked, heads_unchecked })
    }
}
