//! Persons: the contacts (联系人) of firms and carriers, whose names and numbers are sealed; their erasure, and the legal holds
//! that stand in its way.
//!
//! Chosen where rules are silent: a person goes by a random id that says nothing. What is said of a person as the contact of
//! one party in one role holds until it is said anew; a wrong fact is taken back as any other. An erasure, and the placing and
//! lifting of a hold, are acts and not facts about a day: they follow one another in the order of their recording, and are
//! never taken back. A person is there from its first contact on, though that be taken back, since what is sealed stays in the
//! log; and can be erased for as long. Once erased, nothing more is said of it.

mod id;
mod lines;

pub use id::PersonId;
pub use lines::Persons;

use super::check::Violation;
use super::event::{Entity, Event};
use super::line::{AsOf, Entry, Line};
use super::reason::{Reason, Refusal};
use super::registry::Registry;
use super::sealed::{KeyId, Sealed};
use super::values::{Day, HoldId};
use super::words::ContactRole;
use std::collections::BTreeMap;

/// What can happen to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonEvent {
    /// A contact from this day on.
    ContactRecorded(Box<ContactRecorded>),
    /// Its key was erased: what was sealed under it is read no more.
    Erased {
        /// The person.
        person: PersonId,
        /// The key that is erased; it never comes back.
        key: KeyId,
        /// On what ground; nothing that tells who it was.
        ground: String,
    },
    /// A hold: the person is not erased while it stands.
    HoldPlaced {
        /// The person.
        person: PersonId,
        /// Number of the case.
        hold: HoldId,
        /// On what ground.
        ground: String,
    },
    /// A hold stands no longer.
    HoldLifted {
        /// The person.
        person: PersonId,
        /// Number of the case.
        hold: HoldId,
    },
}

/// A person as the contact of a firm or a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecorded {
    /// The person.
    pub person: PersonId,
    /// Whose contact: a firm, or a carrier (of its operator).
    pub of: Entity,
    /// As what.
    pub role: ContactRole,
    /// Its name, sealed.
    pub name: Sealed,
    /// Its phone number, sealed; none: not said.
    pub phone: Option<Sealed>,
    /// Its mail address, sealed; none: not said.
    pub email: Option<Sealed>,
}

impl PersonEvent {
    /// Whom it is about.
    pub fn person(&self) -> PersonId {
        match self {
            Self::ContactRecorded(contact) => contact.person,
            Self::Erased { person, .. } | Self::HoldPlaced { person, .. } | Self::HoldLifted { person, .. } => *person,
        }
    }

    /// The entity on whose line the fact stands.
    pub fn owner(&self) -> Entity {
        Entity::Person(self.person())
    }

    /// The firm or carrier whose contact it is.
    pub fn other(&self) -> Option<Entity> {
        match self {
            Self::ContactRecorded(contact) => Some(contact.of.clone()),
            _ => None,
        }
    }

    /// Its type code in the journal, which also tells its key from others.
    pub fn code(&self) -> u8 {
        match self {
            Self::ContactRecorded(_) => 101,
            Self::Erased { .. } => 102,
            Self::HoldPlaced { .. } => 103,
            Self::HoldLifted { .. } => 104,
        }
    }

    /// Whether it stands for good: an act that was done, which no later word undoes.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::ContactRecorded(_))
    }
}

/// A person's fact among others.
fn said(entry: &Entry) -> Option<&PersonEvent> {
    match &entry.event {
        Event::Person(event) => Some(event),
        _ => None,
    }
}

/// A contact as recorded.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// What is said.
    pub value: &'a ContactRecorded,
    /// From when on.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

/// A hold as placed.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    /// Number of the case.
    pub hold: &'a HoldId,
    /// On what ground.
    pub ground: &'a str,
    /// The day of the placing.
    pub placed: Day,
    /// Where it is recorded.
    pub position: u64,
}

/// An erasure as recorded.
#[derive(Clone, Copy, Debug)]
pub struct Erasure<'a> {
    /// The key that was erased.
    pub key: KeyId,
    /// On what ground.
    pub ground: &'a str,
    /// The day of the erasure.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

/// What is known of a person.
#[derive(Clone, Debug)]
pub struct PersonView<'a> {
    /// What it is the contact of, each party and role once, in their order.
    pub contacts: Vec<Contact<'a>>,
    /// Holds that stand, by the number of the case.
    pub holds: Vec<Hold<'a>>,
    /// Its erasure.
    pub erased: Option<Erasure<'a>>,
}

impl<'a> PersonView<'a> {
    /// A person as seen; none where nothing was said of it by then.
    pub fn of(line: &'a Line, as_of: AsOf) -> Option<Self> {
        line.entries().iter().find(|entry| entry.start <= as_of.known)?;
        let mut contacts: BTreeMap<(&Entity, ContactRole), Contact<'a>> = BTreeMap::new();
        for entry in line.seen(as_of) {
            let Some(PersonEvent::ContactRecorded(value)) = said(entry) else { continue };
            let contact = Contact { value, day: entry.day, position: entry.position };
            let kept = contacts.entry((&value.of, value.role)).or_insert(contact);
            if (kept.day, kept.position) <= (entry.day, entry.position) {
                *kept = contact;
            }
        }
        let (mut holds, mut erased) = (BTreeMap::new(), None);
        for entry in line.seen(as_of.any_day()) {
            match said(entry) {
                Some(PersonEvent::HoldPlaced { hold, ground, .. }) => {
                    holds.insert(hold, Hold { hold, ground, placed: entry.day, position: entry.position });
                }
                Some(PersonEvent::HoldLifted { hold, .. }) => {
                    holds.remove(hold);
                }
                Some(PersonEvent::Erased { key, ground, .. }) => {
                    erased = Some(Erasure { key: *key, ground, day: entry.day, position: entry.position });
                }
                Some(PersonEvent::ContactRecorded(_)) | None => {}
            }
        }
        Some(Self { contacts: contacts.into_values().collect(), holds: holds.into_values().collect(), erased })
    }
}

/// The last fact on the line, not taken back, that is of a kind.
fn last(line: &Line, of: impl Fn(&Entry, &PersonEvent) -> bool) -> Option<&Entry> {
    line.live().filter(|entry| said(entry).is_some_and(|event| of(entry, event))).last()
}

/// Where the same thing is recorded already, if it is: a contact where the last word of its day on the matter is the same; a
/// hold that stands, or one that is lifted; an erasure, whatever was said of its ground. A hold that stands with other values
/// is CONFLICT; one that was never placed can't be lifted.
pub fn sameness(line: &Line, day: Day, event: &PersonEvent) -> Result<Option<u64>, Refusal> {
    let found = match event {
        PersonEvent::ContactRecorded(value) => {
            let of_matter = last(line, |entry, other| match other {
                PersonEvent::ContactRecorded(other) => {
                    entry.day == day && other.of == value.of && other.role == value.role
                }
                _ => false,
            });
            of_matter.filter(|entry| said(entry) == Some(event))
        }
        PersonEvent::Erased { .. } => last(line, |_, other| matches!(other, PersonEvent::Erased { .. })),
        PersonEvent::HoldPlaced { hold, .. } => {
            let standing = about(line, hold).filter(|entry| is_placing(entry));
            if let Some(entry) = standing.filter(|entry| said(entry) != Some(event) || entry.day != day) {
                let message = format!("hold {hold} was placed with other values at position {}", entry.position);
                return Err(Refusal::new(Reason::Conflict, message).at(entry.position));
            }
            standing
        }
        PersonEvent::HoldLifted { hold, .. } => match about(line, hold) {
            Some(entry) => Some(entry).filter(|entry| !is_placing(entry)),
            None => {
                let message = format!("no hold {hold} was ever placed on the person");
                return Err(Refusal::new(Reason::UnknownFact, message).with("hold", hold));
            }
        },
    };
    Ok(found.map(|entry| entry.position))
}

/// The last fact about a hold.
fn about<'a>(line: &'a Line, hold: &HoldId) -> Option<&'a Entry> {
    last(line, |_, event| match event {
        PersonEvent::HoldPlaced { hold: other, .. } | PersonEvent::HoldLifted { hold: other, .. } => other == hold,
        _ => false,
    })
}

fn is_placing(entry: &Entry) -> bool {
    matches!(said(entry), Some(PersonEvent::HoldPlaced { .. }))
}

/// Every rule that a person's line breaks: nothing is said of it after its erasure, none is erased while a hold stands, and
/// whose contact it is is there.
pub fn violations(registry: &Registry, id: &PersonId) -> Vec<Violation> {
    let Some(line) = registry.persons().line(id) else { return Vec::new() };
    let (mut holds, mut erased, mut found) = (BTreeMap::new(), None, Vec::new());
    for entry in line.live() {
        let Some(event) = said(entry) else { continue };
        if let Some(at) = erased {
            let message = format!("the person was erased at position {at}: nothing more is said of it");
            found.push(Violation::new(Reason::PersonErased, entry.position, Some(at), message).with("person", id));
        }
        match event {
            PersonEvent::ContactRecorded(value) => {
                found.extend(without_party(registry, &value.of).map(|(reason, message)| {
                    Violation::new(reason, entry.position, None, message).with("party", &value.of)
                }));
            }
            PersonEvent::HoldPlaced { hold, .. } => {
                holds.insert(hold, entry.position);
            }
            PersonEvent::HoldLifted { hold, .. } => {
                holds.remove(hold);
            }
            PersonEvent::Erased { .. } => {
                if let Some((hold, at)) = holds.first_key_value() {
                    let message = format!("hold {hold} stands on the person since position {at}");
                    let held = Violation::new(Reason::LegalHold, entry.position, Some(*at), message);
                    found.push(held.with("person", id).with("hold", hold));
                }
                erased = Some(entry.position);
            }
        }
    }
    found
}

fn without_party(registry: &Registry, of: &Entity) -> Option<(Reason, String)> {
    match of {
        Entity::Firm(code) if registry.firm(code, AsOf::NOW).is_none() => {
            Some((Reason::UnknownFirm, format!("firm {code} is not registered")))
        }
        Entity::Incubator(id) if registry.kind_of(id, AsOf::NOW).is_none() => {
            Some((Reason::UnknownIncubator, format!("carrier {id} is not registered")))
        }
        _ => None,
    }
}
