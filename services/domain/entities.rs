//! Entities by number, in the order in which the first fact about each was recorded, with the count of the events about it.
//! The numbers follow from the log alone, so they are the same after every start; they are never shown.

use super::event::Entity;
use imbl::{HashMap, Vector};

/// Every entity that a fact is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entities {
    numbers: HashMap<Entity, u32>,
    /// Each with the count of events about it.
    known: Vector<(Entity, u64)>,
}

impl Entities {
    /// The number of an entity; none where no fact is about it.
    pub fn number(&self, entity: &Entity) -> Option<u32> {
        self.numbers.get(entity).copied()
    }

    /// The entity of a number.
    pub fn get(&self, number: u32) -> Option<&Entity> {
        self.known.get(usize::try_from(number).ok()?).map(|(entity, _)| entity)
    }

    /// Count of the events about an entity; 0: none.
    pub fn revision(&self, entity: &Entity) -> u64 {
        let known = self.number(entity).and_then(|number| self.known.get(usize::try_from(number).ok()?));
        known.map_or(0, |(_, revision)| *revision)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.known.iter().map(|(entity, _)| entity)
    }

    /// Counts one more event about the entity, and gives its number.
    pub(super) fn count(&mut self, entity: &Entity) -> u32 {
        if let Some(number) = self.number(entity) {
            if let Some((_, revision)) = self.known.get_mut(usize::try_from(number).unwrap_or(usize::MAX)) {
                *revision += 1;
            }
            return number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.push_back((entity.clone(), 1));
        self.numbers.insert(entity.clone(), number);
        number
    }
}
