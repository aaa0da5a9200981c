//! Facts about persons, to and from stored messages. What tells who they are is stored as it was sealed.

use super::read::{Read, documents, id, message, word};
use crate::domain::person::ContactRecorded;
use crate::domain::sealed::{KeyId, Sealed};
use crate::domain::{ContactRole, Entity, Event, HoldId, PersonEvent, PersonId};
use crate::journal::sealed::{from_stored, to_stored};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads types 101 to 104.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let person = |text: &str| id(PersonId::parse(text), text);
    let hold = |text: &str| id(HoldId::parse(text), text);
    let (event, borne_out) = match event_type {
        101 => {
            let m: stored::ContactRecorded = message(payload)?;
            let name = m.display_name.ok_or("a contact has no name")?;
            let optional = |field: Option<stored::SealedField>| field.map(from_stored).transpose();
            let contact = ContactRecorded {
                person: person(&m.person_id)?,
                of: party(&m.party)?,
                role: word(ContactRole::from_code(m.role), "role", m.role)?,
                name: from_stored(name)?,
                phone: optional(m.phone)?,
                email: optional(m.email)?,
            };
            (PersonEvent::ContactRecorded(Box::new(contact)), m.documents)
        }
        102 => {
            let m: stored::PersonErased = message(payload)?;
            let key = m.key_id.try_into().map(KeyId).map_err(|_| "a key's id is not 16 bytes".to_owned())?;
            (PersonEvent::Erased { person: person(&m.person_id)?, key, ground: m.ground }, m.documents)
        }
        103 => {
            let m: stored::LegalHoldPlaced = message(payload)?;
            let (person, hold) = (person(&m.person_id)?, hold(&m.hold_id)?);
            (PersonEvent::HoldPlaced { person, hold, ground: m.ground }, m.documents)
        }
        _ => {
            let m: stored::LegalHoldLifted = message(payload)?;
            (PersonEvent::HoldLifted { person: person(&m.person_id)?, hold: hold(&m.hold_id)? }, m.documents)
        }
    };
    Ok((Event::Person(event), documents(borne_out)?))
}

fn party(name: &str) -> Result<Entity, String> {
    let party = Entity::parse(name).filter(|party| matches!(party, Entity::Firm(_) | Entity::Incubator(_)));
    party.ok_or_else(|| format!("{name:?} is neither a firm nor a carrier"))
}

/// The payload of a fact about a person.
pub(super) fn write(event: &PersonEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        PersonEvent::ContactRecorded(contact) => {
            let optional = |field: &Option<Sealed>| field.as_ref().map(to_stored);
            stored::ContactRecorded {
                person_id: contact.person.to_string(),
                party: contact.of.to_string(),
                role: contact.role.code(),
                display_name: Some(to_stored(&contact.name)),
                phone: optional(&contact.phone),
                email: optional(&contact.email),
                documents,
            }
            .encode_to_vec()
        }
        PersonEvent::Erased { person, key, ground } => stored::PersonErased {
            person_id: person.to_string(),
            key_id: key.0.to_vec(),
            ground: ground.clone(),
            documents,
        }
        .encode_to_vec(),
        PersonEvent::HoldPlaced { person, hold, ground } => stored::LegalHoldPlaced {
            person_id: person.to_string(),
            hold_id: hold.to_string(),
            ground: ground.clone(),
            documents,
        }
        .encode_to_vec(),
        PersonEvent::HoldLifted { person, hold } => {
            stored::LegalHoldLifted { person_id: person.to_string(), hold_id: hold.to_string(), documents }
                .encode_to_vec()
        }
    }
}
