//! The lines of persons, and who is the contact of whom.

use super::{PersonEvent, PersonId, PersonView};
use crate::domain::event::{Entity, Event};
use crate::domain::line::{AsOf, Line};
use crate::domain::sealed::KeyId;
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;

/// Every fact about persons. The index holds what a fact says, taken back or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Persons {
    lines: OrdMap<PersonId, Arc<Line>>,
    /// Persons that a fact says are contacts of the party.
    contacts_of: OrdMap<Entity, OrdSet<PersonId>>,
}

impl Persons {
    /// The line of a person, made where there is none.
    pub(in crate::domain) fn line_mut(&mut self, id: PersonId) -> &mut Arc<Line> {
        self.lines.entry(id).or_default()
    }

    /// Notes whose contact a fact says a person is.
    pub(in crate::domain) fn note(&mut self, event: &Event) {
        if let Event::Person(PersonEvent::ContactRecorded(contact)) = event {
            self.contacts_of.entry(contact.of.clone()).or_default().insert(contact.person);
        }
    }

    /// The line of a person, if any fact stands on it.
    pub fn line(&self, id: &PersonId) -> Option<&Line> {
        self.lines.get(id).map(Arc::as_ref)
    }

    /// A person as seen.
    pub fn get(&self, id: &PersonId, as_of: AsOf) -> Option<PersonView<'_>> {
        PersonView::of(self.line(id)?, as_of)
    }

    /// All persons as seen, in the order of their ids.
    pub fn all(&self, as_of: AsOf) -> impl Iterator<Item = (PersonId, PersonView<'_>)> {
        self.lines.iter().filter_map(move |(id, line)| Some((*id, PersonView::of(line, as_of)?)))
    }

    /// The ids of all persons, in order.
    pub fn ids(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.lines.keys().copied()
    }

    /// Every erased person with the key that was erased.
    pub fn erased(&self) -> impl Iterator<Item = (Entity, KeyId)> + '_ {
        self.all(AsOf::NOW).filter_map(|(id, view)| Some((Entity::Person(id), view.erased?.key)))
    }

    /// The key under which a person's data is sealed, as the first of its contacts says.
    pub fn key_of(&self, id: &PersonId) -> Option<KeyId> {
        self.line(id)?.entries().iter().find_map(|entry| match &entry.event {
            Event::Person(PersonEvent::ContactRecorded(contact)) => Some(contact.name.key),
            _ => None,
        })
    }

    /// Persons that are contacts of the party, or were before a void, in the order of their ids.
    pub fn ever_of(&self, party: &Entity) -> impl Iterator<Item = PersonId> + '_ {
        self.contacts_of.get(party).into_iter().flat_map(OrdSet::iter).copied()
    }
}
