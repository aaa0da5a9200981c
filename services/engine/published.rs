//! The state that readers share: unchanging, replaced whole with each commit.

use crate::domain::{Entity, Registry};
use crate::journal::Head;
use imbl::Vector;
use std::sync::Arc;

/// A district as of a durable commit.
#[derive(Clone, Debug)]
pub struct Published {
    /// Every fact.
    pub registry: Arc<Registry>,
    /// The log's end that it is true for.
    pub head: Head,
    /// Random id of the log.
    pub log_id: [u8; 16],
    /// Per commit: when it was recorded (microseconds since the epoch, never falling) and its last position.
    pub commits: Vector<(i64, u64)>,
}

impl Published {
    /// Count of facts about an entity; 0: none.
    pub fn revision(&self, entity: &Entity) -> u64 {
        self.registry.revision(entity)
    }

    /// The last position recorded at or before an instant; 0: none.
    pub fn position_at(&self, micros: i64) -> u64 {
        let (mut low, mut high) = (0, self.commits.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.commits[middle].0 <= micros { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1).map_or(0, |last| self.commits[last].1)
    }

    /// When the commit that holds a position was recorded, microseconds since the epoch; none: it is not there.
    pub fn recorded_at(&self, position: u64) -> Option<i64> {
        self.commits.get(self.commit_index(position)).map(|commit| commit.0)
    }

    /// Last positions of the commit that holds a position, second, and of the one before it, first (0: none).
    pub fn commit_around(&self, position: u64) -> (u64, u64) {
        let low = self.commit_index(position);
        let last = |at: Option<usize>| at.and_then(|at| self.commits.get(at)).map_or(0, |commit| commit.1);
        (last(low.checked_sub(1)), last(Some(low)))
    }

    /// Index of the first commit that does not end before a position.
    fn commit_index(&self, position: u64) -> usize {
        let (mut low, mut high) = (0, self.commits.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.commits[middle].1 < position { low = middle + 1 } else { high = middle }
        }
        low
    }
}
