//! Reading and following the log. A reader pulls from the log at its own pace: a slow one loses nothing, and nothing piles
//! up for it.

use super::{Engine, EngineError, Stop};
use crate::domain::Entity;
use crate::journal::{Hash, Record, record_hash};
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
    /// The next events from a position on, at most about `bytes_max` of the log and none beyond `until` or the published
    /// head; with the position to go on from. Where that is `from`, there is nothing more yet.
    pub async fn read_events(
        &self,
        from: u64,
        until: u64,
        filter: &EventFilter,
        bytes_max: usize,
    ) -> Result<(Vec<StoredEvent>, u64), EngineError> {
        let until = until.min(self.published().head.position);
        let from = from.max(1);
        if from > until {
            return Ok((Vec::new(), from));
        }
        let read = self.shared.log.read(from, bytes_max).await;
        let commits = read.map_err(|error| self.unread(&error))?;
        let subject = filter.subject.as_ref().map(ToString::to_string);
        let mut events = Vec::new();
        let mut next = from;
        for (position, bytes) in commits.iter().flat_map(|commit| commit.iter()) {
            if position < from || position > until {
                continue;
            }
            let record = Record::decode(&bytes)
                .map_err(|error| self.fail(Stop::Damaged { position, detail: error.to_string() }))?;
            next = position + 1;
            let wanted = |name: &String| record.subjects.iter().any(|about| about.name == *name);
            if subject.as_ref().is_none_or(wanted) {
                let hash = record_hash(&bytes);
                events.push(StoredEvent { record, hash, bytes });
            }
        }
        if next == from {
            let detail = "the log ends before its published head".to_owned();
            return Err(self.fail(Stop::Damaged { position: from, detail }));
        }
        Ok((events, next))
    }
}
