//! Entities by number, in the order in which the first fact about each was recorded, with the count of the events about it.
//! The numbers follow from the log alone, so they are the same after every start; they are never shown.

use super::event::Entity;
use foldhash::fast::RandomState;
use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{GenericHashMap, Vector};

/// Every entity that a fact is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entities {
    numbers: GenericHashMap<Entity, u32, RandomState, DefaultSharedPtr>,
    known: Vector<Entity>,
    /// The count of events about each. Apart from their names: most facts change a count, and what changes is copied, with its
    /// neighbours, while readers hold what was.
    revisions: Vector<u64>,
}

impl Entities {
    /// The number of an entity; none where no fact is about it.
    pub fn number(&self, entity: &Entity) -> Option<u32> {
        self.numbers.get(entity).copied()
    }

    /// The entity of a number.
    pub fn get(&self, number: u32) -> Option<&Entity> {
        self.known.get(index(number))
    }

    /// Count of the events about an entity; 0: none.
    pub fn revision(&self, entity: &Entity) -> u64 {
        self.number(entity).map_or(0, |number| self.revision_of(number))
    }

    /// Count of the events about the entity of a number; 0: there is none.
    pub fn revision_of(&self, number: u32) -> u64 {
        self.revisions.get(index(number)).copied().unwrap_or(0)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.known.iter()
    }

    /// Counts one more event about the entity, and gives its number.
    pub(super) fn count(&mut self, entity: &Entity) -> u32 {
        if let Some(number) = self.number(entity) {
            if let Some(revision) = self.revisions.get_mut(index(number)) {
                *revision += 1;
            }
            return number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.push_back(entity.clone());
        self.revisions.push_back(1);
        self.numbers.insert(entity.clone(), number);
        number
    }
}

/// Where an entity stands; past the end where a number does not fit.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
