//! What receipts are found by, in sorted runs: eight bytes each, where a tree takes twice that and copies a path of itself for
//! every key beside readers that hold what was.
//!
//! New keys go into a short tail; a full tail is merged into the first run, and a run that outgrows its bound into the next,
//! which may be sixteen times as long. So a key is moved some thirty times in all, by copying side by side, and what a look-up
//! asks are the tail and at most five runs, each at the place where a hash is to be expected.

use std::sync::Arc;

/// Keys in the tail.
const TAIL_MAX: usize = 512;

/// By how much a run may be longer than the one before it.
const FACTOR: usize = 16;

/// A set of keys, each taken in once, and each a hash in the upper half above a number that grows with every key.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    tail: Arc<Vec<u64>>,
    /// Each older than the one before it.
    runs: Arc<Vec<Arc<[u64]>>>,
}

impl PartialEq for Keys {
    /// As sets: how they lie in runs says when they came.
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl Keys {
    /// Takes one in that is not there yet.
    pub fn insert(&mut self, key: u64) {
        let tail = Arc::make_mut(&mut self.tail);
        tail.insert(tail.partition_point(|known| *known < key), key);
        if tail.len() >= TAIL_MAX {
            let full = std::mem::take(tail);
            self.sink(full);
        }
    }

    /// Takes in many, in ascending order.
    pub fn insert_sorted(&mut self, keys: Vec<u64>) {
        debug_assert!(keys.is_sorted());
        if keys.len() < TAIL_MAX {
            keys.into_iter().for_each(|key| self.insert(key));
        } else {
            self.sink(keys);
        }
    }

    /// Those from one key to another, the last to come first.
    pub fn range(&self, first: u64, last: u64) -> impl Iterator<Item = u64> + use<'_> {
        let runs = std::iter::once(self.tail.as_slice()).chain(self.runs.iter().map(AsRef::as_ref));
        runs.flat_map(move |run| {
            let found = run[reach(run, first)..].iter().take_while(move |key| **key <= last);
            // Few: a hash has one key for each of its receipts.
            found.copied().collect::<Vec<_>>().into_iter().rev()
        })
    }

    /// Merges a run into the first that has room for it, and those before it with it.
    fn sink(&mut self, mut run: Vec<u64>) {
        let runs = Arc::make_mut(&mut self.runs);
        let mut room = TAIL_MAX;
        for below in runs.iter_mut() {
            room = room.saturating_mul(FACTOR);
            run = merged(&run, below);
            if run.len() <= room {
                *below = run.into();
                return;
            }
            *below = Arc::default();
        }
        while room.saturating_mul(FACTOR) < run.len() {
            room = room.saturating_mul(FACTOR);
            runs.push(Arc::default());
        }
        runs.push(run.into());
    }

    fn sorted(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.runs.iter().flat_map(|run| run.iter().copied()).collect();
        all.extend_from_slice(&self.tail);
        all.sort_unstable();
        all
    }
}

/// Index of the first key of a run that is not below `key`. Hashes lie evenly, so it is near where its own says.
fn reach(run: &[u64], key: u64) -> usize {
    let near = ((u128::from(key) * run.len() as u128) >> u64::BITS) as usize;
    let (mut low, mut high, mut step) = (near, near, 32);
    while low > 0 && run[low.min(run.len() - 1)] >= key {
        low = low.saturating_sub(step);
        step *= 2;
    }
    step = 32;
    while high < run.len() && run[high] < key {
        high = (high + step).min(run.len());
        step *= 2;
    }
    low + run[low..high].partition_point(|known| *known < key)
}

/// Both, in ascending order.
fn merged(newer: &[u64], older: &[u64]) -> Vec<u64> {
    let mut all = Vec::with_capacity(newer.len() + older.len());
    let mut rest = older;
    for key in newer {
        // The longer of the two is copied in pieces.
        let (before, behind) = rest.split_at(reach_next(rest, *key));
        all.extend_from_slice(before);
        rest = behind;
        all.push(*key);
    }
    all.extend_from_slice(rest);
    all
}

/// As `reach`, where the key is to be expected near the beginning.
fn reach_next(run: &[u64], key: u64) -> usize {
    let mut high = 1;
    while high < run.len() && run[high] < key {
        high *= 2;
    }
    let (low, high) = (high / 2, high.min(run.len()));
    let low = low.min(high);
    low + run[low..high].partition_point(|known| *known < key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn they_hold_what_a_set_holds(
            hashes in proptest::collection::vec(0_u32..40, 0..4000),
            spread in any::<bool>(),
            loaded in 0_usize..3000,
        ) {
            let hash = |hash: u32| if spread { hash.wrapping_mul(0x9E37_79B9) } else { hash };
            let key = |(index, of): (usize, &u32)| u64::from(hash(*of)) << 32 | index as u64;
            let keys: Vec<u64> = hashes.iter().enumerate().map(key).collect();
            let (first, rest) = keys.split_at(loaded.min(keys.len()));
            let mut first = first.to_vec();
            first.sort_unstable();
            let mut held = Keys::default();
            held.insert_sorted(first);
            rest.iter().for_each(|key| held.insert(*key));
            let set: BTreeSet<u64> = keys.iter().copied().collect();
            prop_assert_eq!(held.sorted(), set.iter().copied().collect::<Vec<_>>());
            for of in 0..41 {
                let first = u64::from(hash(of)) << 32;
                let last = first | u64::from(u32::MAX);
                let wanted: Vec<u64> = set.range(first..=last).rev().copied().collect();
                prop_assert_eq!(held.range(first, last).collect::<Vec<_>>(), wanted);
            }
            let mut one = Keys::default();
            keys.iter().for_each(|key| one.insert(*key));
            prop_assert_eq!(one, held);
        }
    }

    #[test]
    fn runs_stay_few_and_nothing_is_lost_on_the_way() {
        let mut held = Keys::default();
        for index in 0_u64..300_000 {
            held.insert(index.wrapping_mul(0x9E37_79B9_7F4A_7C15) & !0xFFFF_FFFF | index);
        }
        assert_eq!(held.sorted().len(), 300_000);
        assert!(held.runs.len() <= 4, "{}", held.runs.len());
    }
}
