//! Commits: the unit that a log appends, and the walk that checks a chain of them.

use super::envelope::{EnvelopeError, Hash, Header, Record, ZERO_HASH, record_hash};
use bytes::Bytes;

/// The end of a log: what the next commit must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last commit; 0 for an empty log.
    pub commit: u64,
    /// Position of the last record; 0 for an empty log.
    pub position: u64,
    /// Hash of the last record; zero bytes for an empty log.
    pub hash: Hash,
}

impl Head {
    /// The head of a log that holds nothing.
    pub const EMPTY: Self = Self { commit: 0, position: 0, hash: ZERO_HASH };
}

/// Whole records, one behind the other, that become durable together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Commit number, from 1, without gaps.
    pub number: u64,
    /// Position of the first record.
    pub first: u64,
    /// Position of the last record.
    pub last: u64,
    /// Hash of the last record.
    pub hash: Hash,
    /// The records as stored, concatenated.
    pub records: Bytes,
}

/// Why a run of bytes is not the commit that should follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The bytes at this position are not a record.
    #[error("position {position}: {source}")]
    Envelope {
        /// Position where a record should stand.
        position: u64,
        /// What is wrong with its bytes.
        source: EnvelopeError,
    },
    /// The record is whole but is not the one that belongs here.
    #[error("position {position}: {what} does not follow from the record before it")]
    Break {
        /// Position where the chain breaks.
        position: u64,
        /// The field that disagrees.
        what: &'static str,
    },
}

impl ChainError {
    /// The position at which the log stops being trustworthy.
    pub fn position(&self) -> u64 {
        match self {
            Self::Envelope { position, .. } | Self::Break { position, .. } => *position,
        }
    }
}

impl Commit {
    /// The head of a log that ends with this commit.
    pub fn head(&self) -> Head {
        Head { commit: self.number, position: self.last, hash: self.hash }
    }

    /// Reads stored bytes as the commit whose first record stands at `first`, trusting only the record headers: the
    /// hash of the last record is computed, the chain is not checked (`verify_after` does that).
    pub fn from_stored(first: u64, records: Bytes) -> Result<Self, ChainError> {
        let wrap = |position| move |source| ChainError::Envelope { position, source };
        let head = Header::read(&records).map_err(wrap(first))?;
        let mut at = 0;
        let mut next = first;
        let mut last = 0;
        while at < records.len() {
            let header = Header::read(&records[at..]).map_err(wrap(next))?;
            if header.position != next || header.commit != head.commit {
                return Err(ChainError::Break { position: next, what: "the position or commit number" });
            }
            last = at;
            at += header.length;
            let wrong = ChainError::Break { position: next, what: "the position" };
            next = next.checked_add(1).ok_or(wrong)?;
        }
        let hash = record_hash(&records[last..]);
        Ok(Self { number: head.commit, first, last: next - 1, hash, records })
    }

    /// The stored bytes of each record, with its position.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Bytes)> + '_ {
        let mut at = 0;
        let mut position = self.first;
        std::iter::from_fn(move || {
            let header = Header::read(self.records.get(at..)?).ok()?;
            let item = (position, self.records.slice(at..at + header.length));
            at += header.length;
            position += 1;
            Some(item)
        })
    }

    /// Checks that this commit follows `head` (numbers, positions, previous hashes, commands not cut) and returns its
    /// decoded records with their hashes.
    pub fn verify_after(&self, head: &Head) -> Result<Vec<(Record, Hash)>, ChainError> {
        let broken = |position, what| Err(ChainError::Break { position, what });
        if self.number != head.commit + 1 {
            return broken(head.position + 1, "the commit number");
        }
        let mut previous = head.hash;
        let mut expected = head.position + 1;
        let mut command: Option<(u16, u16)> = None;
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.records.len() {
            let wrap = |source| ChainError::Envelope { position: expected, source };
            let header = Header::read(&self.records[at..]).map_err(wrap)?;
            let bytes = &self.records[at..at + header.length];
            let record = Record::decode(bytes).map_err(wrap)?;
            let index_wanted = command.map_or(0, |(index, count)| if index + 1 == count { 0 } else { index + 1 });
            let count_holds = index_wanted == 0 || command.is_some_and(|(_, count)| count == record.count);
            if record.position != expected {
                return broken(expected, "the position");
            }
            if record.commit != self.number {
                return broken(expected, "the commit number");
            }
            if record.previous != previous {
                return broken(expected, "the previous record's hash");
            }
            if record.index != index_wanted || !count_holds {
                return broken(expected, "the index within its command");
            }
            command = Some((record.index, record.count));
            previous = record_hash(bytes);
            out.push((record, previous));
            expected += 1;
            at += header.length;
        }
        if command.is_none_or(|(index, count)| index + 1 != count) {
            return broken(expected, "a command cut short, which");
        }
        if self.first != head.position + 1 || self.last != expected - 1 || self.hash != previous {
            // Not at `first`: what describes the commit is what is in doubt.
            return broken(head.position + 1, "the commit's own description");
        }
        Ok(out)
    }
}
