//! The revision that an entity had at a position, told from the facts: a retry is answered with it, long after later facts
//! have moved the entity on. Nothing is kept for it, so it is the same before and after a restart.

use crate::domain::{Entity, Entry, Line, Registry};
use std::collections::BTreeSet;

/// Count of the events about an entity up to a position: its facts, and the commands that took some of them back.
pub fn revision_at(registry: &Registry, entity: &Entity, known: u64) -> u64 {
    let others: Vec<_> = match entity {
        Entity::Incubator(id) => registry.firms_ever_in(id).collect(),
        Entity::Park(id) => registry.firms_ever_to(id).collect(),
        Entity::Firm(_) | Entity::Settings => Vec::new(),
    };
    let lines = registry.line(entity).into_iter().chain(others.iter().filter_map(|code| registry.firm_line(code)));
    let about = |entry: &&Entry| entry.event.subjects().any(|subject| subject == *entity);
    let mut facts = 0;
    let mut voids = BTreeSet::new();
    for entry in lines.flat_map(Line::entries).filter(about) {
        facts += u64::from(entry.position <= known);
        voids.extend(entry.voided.filter(|start| *start <= known));
    }
    facts + voids.len() as u64
}
