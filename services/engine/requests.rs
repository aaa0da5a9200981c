//! The index of request ids: which command a client's id was used for. It never forgets.

use super::request::{Principal, RequestId};
use crate::journal::{Hash, Record};
use imbl::HashMap;
use std::sync::Arc;

/// What is remembered of a command that wrote events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Position of its first event.
    pub first: u64,
    /// Position of its last event.
    pub last: u64,
    /// Hash of its content.
    pub hash: Hash,
}

/// An id is one principal's: another's id reveals nothing.
pub type RequestKey = (Arc<str>, RequestId);

/// Every request id that was used. Clones in O(1), for snapshots.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    known: HashMap<RequestKey, Remembered>,
}

impl Requests {
    /// The key of a principal's id.
    pub fn key(principal: &Principal, id: RequestId) -> RequestKey {
        (Arc::from(principal.id.as_str()), id)
    }

    /// What the id was used for.
    pub fn get(&self, key: &RequestKey) -> Option<Remembered> {
        self.known.get(key).copied()
    }

    /// Remembers a command.
    pub fn insert(&mut self, key: RequestKey, remembered: Remembered) {
        self.known.insert(key, remembered);
    }

    /// Takes in a record that was read back: with the last of its command, the command is remembered.
    pub fn note(&mut self, record: &Record) {
        let Some(request) = record.request.filter(|_| record.index + 1 == record.count) else { return };
        let remembered = Remembered { first: record.command_start(), last: record.position, hash: request.hash };
        self.insert((Arc::from(record.principal.as_str()), RequestId(request.id)), remembered);
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&RequestKey, &Remembered)> {
        self.known.iter()
    }
}
