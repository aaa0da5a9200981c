//! Cuts through the figures (rules §4): what is counted, by carrier, kind, level, field and criterion.

use crate::domain::{Criterion, IncubatorId, Kind, Level};
use std::collections::BTreeSet;

/// A cut. Within a list any value will do; every list must be passed; an empty one lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Carriers.
    pub incubators: BTreeSet<IncubatorId>,
    /// Kinds of carriers.
    pub kinds: BTreeSet<Kind>,
    /// Highest levels in force of carriers; `None` stands for carriers without any.
    pub levels: BTreeSet<Option<Level>>,
    /// Technical fields of firms.
    pub fields: BTreeSet<String>,
    /// Criteria of graduation: they cut what counts graduations.
    pub criteria: BTreeSet<Criterion>,
}

impl Filter {
    /// Whether it asks anything of a carrier.
    pub fn cuts_carriers(&self) -> bool {
        !(self.incubators.is_empty() && self.kinds.is_empty() && self.levels.is_empty())
    }
}

/// Whether a list lets a value pass.
pub(super) fn any_of<T: Ord>(list: &BTreeSet<T>, value: &T) -> bool {
    list.is_empty() || list.contains(value)
}
