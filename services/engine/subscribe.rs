//! Reading and following the log. A reader pulls from the log at its own pace: a slow one loses nothing, and nothing piles
//! up for it.

use super::{Engine, EngineError};
use crate::domain::Entity;
use crate::journal::{Hash, Record};
use bytes::Bytes;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events about this entity; none: all.
    pub subject: Option<Entity>,
}

/// One event as stored.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// The decoded envelope with its payload.
    pub record: Record,
    /// Its hash.
    pub hash: Hash,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Engine {
    /// The next events from a position on, at most about `bytes_max` of the log and none beyond `until`; with the position
    /// to go on from. Empty with `next == from` when there is nothing more yet.
    pub async fn read_events(
        &self,
        from: u64,
        until: u64,
        filter: &EventFilter,
        bytes_max: usize,
    ) -> Result<(Vec<StoredEvent>, u64), EngineError> {
        let _ = (from, until, filter, bytes_max);
        todo!()
    }
}
