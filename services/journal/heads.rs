//! The heads of all entities, and the second Merkle tree whose leaves they are: what tells that the records shown about an
//! entity are all there are, and that there are none about another.
//!
//! A head is an entity's name, its revision (how many records are about it) and the hash of the last of them; each record
//! bears the hash of the one before it about the same entity, so the head binds all of them, in order. The leaves stand in the
//! bytewise order of the names:
//!
//! ```text
//! "INCH" · u16 length of the name · the name · u64 revision · 32 hash of the last record
//! ```
//!
//! hashed as RFC 6962 hashes any leaf. The root stands in a record of its own (`HeadsRecorded`), with the position up to which
//! the heads are taken: what a later record up to the checkpoint is about is not in them, and the position says so.

use super::commit::ChainError;
use super::envelope::{Hash, Record, ZERO_HASH};
use super::merkle::{self, Tree};
use imbl::OrdMap;
use std::ops::Range;
use std::sync::Arc;

/// First bytes of a leaf.
const MAGIC: &[u8; 4] = b"INCH";

/// Where an entity stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityHead {
    /// Its name within the district, such as `firms/91440203MA…`.
    pub name: Arc<str>,
    /// How many records are about it.
    pub revision: u64,
    /// Hash of the last of them.
    pub hash: Hash,
}

impl EntityHead {
    /// Its leaf's hash.
    pub fn leaf(&self) -> Hash {
        leaf(&self.name, (self.revision, self.hash))
    }
}

fn leaf(name: &str, (revision, hash): (u64, Hash)) -> Hash {
    let mut bytes = Vec::with_capacity(4 + 2 + name.len() + 8 + 32);
    bytes.extend_from_slice(MAGIC);
    // Names are at most as long as a record can hold.
    bytes.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&revision.to_be_bytes());
    bytes.extend_from_slice(&hash);
    merkle::leaf(&bytes)
}

/// The heads as records are taken in; clones in O(1).
#[derive(Clone, Debug, Default)]
pub struct Heads {
    known: OrdMap<Arc<str>, (u64, Hash)>,
}

impl Heads {
    /// Takes in a record: it must continue each of its subjects.
    pub fn take(&mut self, record: &Record, hash: Hash) -> Result<(), ChainError> {
        for subject in &record.subjects {
            let known = self.known.get_mut(subject.name.as_str());
            let (revision, previous) = known.as_ref().map_or((0, ZERO_HASH), |head| **head);
            if subject.revision != revision + 1 || subject.previous != previous {
                let what = "the chain of one of its subjects";
                return Err(ChainError::Break { position: record.position, what });
            }
            match known {
                Some(head) => *head = (subject.revision, hash),
                None => drop(self.known.insert(Arc::from(subject.name.as_str()), (subject.revision, hash))),
            }
        }
        Ok(())
    }

    /// Revision and hash of the last record about an entity, for the next one about it; before the first, 0 and zero bytes.
    pub fn of(&self, name: &str) -> (u64, Hash) {
        self.known.get(name).copied().unwrap_or((0, ZERO_HASH))
    }

    /// The tree over the heads as they stand: two hashes an entity, a twentieth of a second for a hundred thousand.
    pub fn tree(&self, position: u64) -> HeadsTree {
        let mut tree = Tree::default();
        for (name, head) in &self.known {
            tree.push(leaf(name, *head));
        }
        HeadsTree { position, known: self.known.clone(), tree }
    }
}

/// The tree over the heads at one position.
#[derive(Clone, Debug)]
pub struct HeadsTree {
    /// Positions up to this one are taken in.
    pub position: u64,
    known: OrdMap<Arc<str>, (u64, Hash)>,
    tree: Tree,
}

/// A head and the proof that it is a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenHead {
    /// The head.
    pub head: EntityHead,
    /// Its place among the leaves, from 0.
    pub index: u64,
    /// Hashes from the leaf up to the root.
    pub proof: Vec<Hash>,
}

/// What the heads say about an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityProof {
    /// Its head.
    Present(ProvenHead),
    /// None: the leaves between which it would stand. Both missing: there is no leaf at all.
    Absent {
        /// The one before; none: it would be the first.
        before: Option<ProvenHead>,
        /// The one behind; none: it would be the last.
        after: Option<ProvenHead>,
    },
}

impl HeadsTree {
    /// Count of the entities.
    pub fn count(&self) -> u64 {
        self.known.len() as u64
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// What it says about an entity. Walks over the names before it.
    pub fn prove(&self, name: &str) -> EntityProof {
        let at = self.known.keys().take_while(|known| ***known < *name).count() as u64;
        if self.known.contains_key(name) {
            return self.proven(at).map_or(EntityProof::Absent { before: None, after: None }, EntityProof::Present);
        }
        let before = at.checked_sub(1).and_then(|before| self.proven(before));
        EntityProof::Absent { before, after: self.proven(at) }
    }

    fn proven(&self, index: u64) -> Option<ProvenHead> {
        let (name, (revision, hash)) = self.known.iter().nth(usize::try_from(index).ok()?)?;
        let head = EntityHead { name: Arc::clone(name), revision: *revision, hash: *hash };
        let block = self.block(&merkle::block_of(index));
        let edge = self.block(&merkle::block_of(self.count() - 1));
        let told = |at: u64| {
            let find = |(start, leaves): &(u64, Vec<Hash>)| {
                leaves.get(usize::try_from(at.checked_sub(*start)?).ok()?).copied()
            };
            find(&block).or_else(|| find(&edge))
        };
        let proof = self.tree.inclusion(index, self.count(), &told)?;
        Some(ProvenHead { head, index, proof })
    }

    /// The leaves of a block, with the index of the first.
    fn block(&self, range: &Range<u64>) -> (u64, Vec<Hash>) {
        let skipped = usize::try_from(range.start).unwrap_or(usize::MAX);
        let heads = self.known.iter().skip(skipped).take((range.end - range.start) as usize);
        (range.start, heads.map(|(name, head)| leaf(name, *head)).collect())
    }
}

/// What a proof about an entity shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// So many records are about it, and this is the hash of the last.
    Present {
        /// How many.
        revision: u64,
        /// The last.
        hash: Hash,
    },
    /// None is about it.
    Absent,
    /// The proof does not hold.
    Nothing,
}

/// Checks a proof about an entity against the count and the root of the heads.
pub fn verify(name: &str, proof: &EntityProof, count: u64, root: &Hash) -> Shown {
    let holds =
        |proven: &ProvenHead| merkle::is_included(&proven.head.leaf(), proven.index, count, &proven.proof, root);
    match proof {
        EntityProof::Present(proven) if holds(proven) && *proven.head.name == *name => {
            Shown::Present { revision: proven.head.revision, hash: proven.head.hash }
        }
        EntityProof::Present(_) => Shown::Nothing,
        EntityProof::Absent { before, after } => {
            let around = before.as_ref().is_none_or(|before| holds(before) && *before.head.name < *name)
                && after.as_ref().is_none_or(|after| holds(after) && *after.head.name > *name);
            let adjoin = match (before, after) {
                (None, None) => count == 0 && *root == merkle::empty(),
                (None, Some(after)) => after.index == 0,
                (Some(before), None) => before.index + 1 == count,
                (Some(before), Some(after)) => before.index.checked_add(1) == Some(after.index),
            };
            if around && adjoin { Shown::Absent } else { Shown::Nothing }
        }
    }
}

/// Checks that records, decoded and with their hashes, are all that are about an entity whose head is known: each names the
/// one before it, from the first on.
pub fn are_all(name: &str, records: &[(Record, Hash)], revision: u64, hash: &Hash) -> bool {
    let mut previous = ZERO_HASH;
    for (number, (record, own)) in (1..).zip(records) {
        let about = record.subjects.iter().find(|subject| subject.name == name);
        if about.is_none_or(|about| about.revision != number || about.previous != previous) {
            return false;
        }
        previous = *own;
    }
    records.len() as u64 == revision && previous == *hash
}
