//! The Merkle tree of RFC 6962 over hashes of leaves: roots, proofs of inclusion and of consistency, and their checks.
//!
//! The leaves of a log's tree are its records: leaf = `SHA-256(0x00 ‖ record)`, which is the record's hash, and leaf index =
//! position − 1. A parent is `SHA-256(0x01 ‖ left ‖ right)`. What the API and the notes call a tree's size is the count of its
//! leaves, so a tree of size n covers positions 1 to n.
//!
//! `Tree` keeps no leaf but those of its unfinished block of 256, and the parents from the height of a block up: an eighth of
//! a byte a leaf, and as much again for all that is above (2.5 MB for ten million records). A proof reads at most two blocks
//! of leaves again, wherever they are kept.

use super::envelope::Hash;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Leaves of a block; a power of two.
pub const BLOCK: u64 = 256;

/// Hashes that a proof has at most: two for each level of a tree of 2^64 leaves. Longer ones are refused unread.
pub const PROOF_HASHES_MAX: usize = 128;

/// The hash of a leaf that is no record.
pub fn leaf(bytes: &[u8]) -> Hash {
    super::envelope::record_hash(bytes)
}

/// The hash of a parent.
pub fn parent(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1u8]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The root of a tree without leaves.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// An append-only tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Parents of whole blocks, then the parents of each two of those, and so on up.
    levels: Vec<Vec<Hash>>,
    /// Leaves of the unfinished block.
    tail: Vec<Hash>,
}

impl Tree {
    /// Count of its leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |blocks| blocks.len() as u64 * BLOCK) + self.tail.len() as u64
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.tail.push(leaf);
        if (self.tail.len() as u64) < BLOCK {
            return;
        }
        let mut hash = whole(&self.tail);
        self.tail.clear();
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            if nodes.len() % 2 == 1 {
                return;
            }
            hash = parent(&nodes[nodes.len() - 2], &nodes[nodes.len() - 1]);
        }
    }

    /// The root of all its leaves.
    pub fn root(&self) -> Hash {
        // Only leaves of the unfinished block are asked for, and those are here.
        self.root_at(self.size(), &|_| None).unwrap_or_else(empty)
    }

    /// The root that it had at a size; none where it is larger than the tree, or a leaf is not told that is wanted
    /// (`blocks_of` names them).
    pub fn root_at(&self, size: u64, leaves: &dyn Fn(u64) -> Option<Hash>) -> Option<Hash> {
        match size {
            0 => Some(empty()),
            _ => self.hash_of(0..size, leaves),
        }
    }

    /// The proof that the leaf of an index is in the tree as it was at a size: hashes from the leaf up to the root.
    pub fn inclusion(&self, index: u64, size: u64, leaves: &dyn Fn(u64) -> Option<Hash>) -> Option<Vec<Hash>> {
        if index >= size {
            return None;
        }
        let mut ranges = Vec::new();
        path(index, 0..size, &mut ranges);
        ranges.into_iter().map(|range| self.hash_of(range, leaves)).collect()
    }

    /// The proof that the tree at one size is the beginning of the tree at another.
    pub fn consistency(&self, old: u64, new: u64, leaves: &dyn Fn(u64) -> Option<Hash>) -> Option<Vec<Hash>> {
        if old > new {
            return None;
        }
        let mut ranges = Vec::new();
        if old > 0 {
            subproof(old, 0..new, true, &mut ranges);
        }
        ranges.into_iter().map(|range| self.hash_of(range, leaves)).collect()
    }

    /// The hash over a range that a proof names.
    fn hash_of(&self, range: Range<u64>, leaves: &dyn Fn(u64) -> Option<Hash>) -> Option<Hash> {
        let length = range.end - range.start;
        if length == 1 {
            let kept = range.start.checked_sub(self.size() - self.tail.len() as u64);
            let kept = kept.and_then(|at| self.tail.get(usize::try_from(at).ok()?)).copied();
            return kept.or_else(|| leaves(range.start));
        }
        if length >= BLOCK && length.is_power_of_two() && range.start.is_multiple_of(length) {
            let level = usize::try_from((length / BLOCK).trailing_zeros()).ok()?;
            let at = usize::try_from(range.start / length).ok()?;
            return self.levels.get(level)?.get(at).copied();
        }
        let middle = range.start + split(length);
        let left = self.hash_of(range.start..middle, leaves)?;
        let right = self.hash_of(middle..range.end, leaves)?;
        Some(parent(&left, &right))
    }
}

/// Ranges of leaf indices that must be told for a proof about a leaf or a size: the block that it lies in, or cuts.
pub fn block_of(index: u64) -> Range<u64> {
    let start = index - index % BLOCK;
    start..start + BLOCK
}

/// The root of leaves whose count is a power of two.
fn whole(leaves: &[Hash]) -> Hash {
    let mut nodes = leaves.to_vec();
    while nodes.len() > 1 {
        nodes = nodes.chunks_exact(2).map(|pair| parent(&pair[0], &pair[1])).collect();
    }
    nodes[0]
}

/// The largest power of two below a length over 1.
fn split(length: u64) -> u64 {
    1 << (63 - (length - 1).leading_zeros())
}

/// PATH of RFC 6962, as ranges.
fn path(index: u64, range: Range<u64>, out: &mut Vec<Range<u64>>) {
    let length = range.end - range.start;
    if length == 1 {
        return;
    }
    let middle = range.start + split(length);
    let (inside, beside) = match index < middle {
        true => (range.start..middle, middle..range.end),
        false => (middle..range.end, range.start..middle),
    };
    path(index, inside, out);
    out.push(beside);
}

/// SUBPROOF of RFC 6962, as ranges; `known`: the verifier holds the hash over the range itself.
fn subproof(old: u64, range: Range<u64>, known: bool, out: &mut Vec<Range<u64>>) {
    if old == range.end {
        if !known {
            out.push(range);
        }
        return;
    }
    let middle = range.start + split(range.end - range.start);
    if old <= middle {
        subproof(old, range.start..middle, known, out);
        out.push(middle..range.end);
    } else {
        subproof(old, middle..range.end, false, out);
        out.push(range.start..middle);
    }
}

/// Whether a proof shows that the leaf of an index is in the tree of a size and root (RFC 9162, 2.1.3.2).
pub fn is_included(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size || proof.len() > PROOF_HASHES_MAX {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = parent(beside, &hash);
            // At the right edge, levels without a neighbour are passed over.
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = parent(&hash, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether a proof shows that the tree of an old size and root is the beginning of that of a new one (RFC 9162, 2.1.4.2).
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old, old_root), (new, new_root)) = (old, new);
    if old > new || proof.len() > PROOF_HASHES_MAX {
        return false;
    }
    if old == new || old == 0 {
        let same = if old == new { old_root == new_root } else { *old_root == empty() };
        return proof.is_empty() && same;
    }
    let mut rest = proof.iter();
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(first) = first else { return false };
    let (mut from_old, mut from_new) = (*first, *first);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            from_old = parent(beside, &from_old);
            from_new = parent(beside, &from_new);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            from_new = parent(&from_new, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}
