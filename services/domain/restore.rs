//! A registry from what a snapshot kept of it.

use super::line::Entry;
use super::registry::Registry;

/// A registry in the making. Its receipts are found by their vouchers only at the end, when all are known.
#[derive(Default)]
pub struct Restore {
    registry: Registry,
    found_by: Vec<u64>,
}

impl Restore {
    /// Takes in the next position: a fact with its void, or nothing for an event about the log itself.
    pub fn take(&mut self, kept: Option<Entry>) {
        self.registry.restore(kept, &mut self.found_by);
    }

    /// The registry, whole.
    pub fn finish(mut self) -> Registry {
        self.registry.restored(self.found_by);
        self.registry
    }
}
