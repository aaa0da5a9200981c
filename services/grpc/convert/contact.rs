//! Contacts and persons: what a command states of one, and the resource drawn, opened as far as its reader may see.

use super::scene::Scene;
use super::{Reader, names, position};
use crate::domain::person::{Contact, ContactRecorded, PersonView};
use crate::domain::sealed::Sealed;
use crate::domain::{AsOf, ContactRole, Entity, HoldId, PersonId, Reason};
use crate::grpc::seal::Keys;
use crate::wire::v1;
use tonic::Status;

/// Code of the event in which contacts are sealed, and the names of its sealed fields.
pub const CONTACT: u16 = 101;
/// Field of the name.
pub const NAME: &str = "display_name";
/// Field of the phone number.
pub const PHONE: &str = "phone";
/// Field of the mail address.
pub const EMAIL: &str = "email";

/// Bytes of a mail address (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;

/// How much of what is sealed a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// All of it.
    Full,
    /// Enough to tell two apart.
    Masked,
    /// Nothing of it: the person is erased.
    Nothing,
}

/// A contact as stated, in plain text.
pub struct Plain {
    /// Whose contact.
    pub of: Entity,
    /// The person; none: a new one.
    pub person: Option<PersonId>,
    /// As what.
    pub role: ContactRole,
    /// Its name.
    pub name: String,
    /// Its phone number; empty: not said.
    pub phone: String,
    /// Its mail address; empty: not said.
    pub email: String,
}

impl Reader<'_> {
    /// A person by its resource name.
    pub fn person(&mut self, field: &str, value: &str) -> Option<PersonId> {
        let id = self.id(field, value, "persons", names::PERSON)?;
        self.parsed(field, id, PersonId::parse, "a UUID in lower case")
    }

    /// The number of a case by itself.
    pub fn hold(&mut self, field: &str, value: &str) -> Option<HoldId> {
        self.parsed(field, value, HoldId::parse, "the number of a case: 1 to 64 bytes, no slash")
    }

    /// A firm or carrier by its resource name.
    fn contact_party(&mut self, field: &str, value: &str) -> Option<Entity> {
        let party = self.entity(field, value)?;
        if matches!(party, Entity::Firm(_) | Entity::Incubator(_)) {
            return Some(party);
        }
        self.faults.push(Reason::MalformedName, field, format!("{value:?} is neither a firm nor a carrier"));
        None
    }

    /// A contact as a command states it. What is wrong is told without the value.
    pub fn contact(&mut self, request: &v1::RecordContactRequest) -> Option<Plain> {
        let of = self.contact_party("parent", &request.parent);
        let person = match request.person.as_str() {
            "" => Some(None),
            name => self.person("person", name).map(Some),
        };
        let role = self.word("role", request.role, ContactRole::from_code);
        let name = self.text(NAME, &request.display_name);
        let phone = self.optional_text(PHONE, &request.phone);
        let email = self.optional_text(EMAIL, &request.email);
        let is_phone = |text: &str| {
            let good = |byte: u8| byte.is_ascii_digit() || b" -()+".contains(&byte);
            (5..=32).contains(&text.len()) && text.bytes().all(good) && text.bytes().any(|byte| byte.is_ascii_digit())
        };
        if phone.as_deref().is_some_and(|text| !text.is_empty() && !is_phone(text)) {
            let message = "a phone number has 5 to 32 digits, blanks, hyphens, brackets and a plus";
            self.faults.push(Reason::MalformedName, PHONE, message);
        }
        let is_email = |text: &str| {
            let parts = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
            parts && text.len() <= EMAIL_BYTES_MAX && !text.contains(char::is_whitespace)
        };
        if email.as_deref().is_some_and(|text| !text.is_empty() && !is_email(text)) {
            let message = "a mail address is of the form name@domain, at most 254 bytes";
            self.faults.push(Reason::MalformedName, EMAIL, message);
        }
        Some(Plain { of: of?, person: person?, role: role?, name: name?, phone: phone?, email: email? })
    }
}

impl Scene<'_> {
    /// How far a person's data is opened: recorded as erased is erased, now and not only as known then, also where the key is
    /// still to follow.
    pub fn opening(&self, person: &PersonId, opening: Opening) -> Opening {
        let erased = self.registry.persons().get(person, AsOf::NOW).is_some_and(|view| view.erased.is_some());
        if erased { Opening::Nothing } else { opening }
    }

    /// A contact, opened as far as its reader may see; empty where the person is erased, now and not only as known then.
    pub fn contact(&self, keys: &Keys, opening: Opening, contact: &Contact<'_>) -> Result<v1::Contact, Status> {
        let ContactRecorded { person, of, role, name, phone, email } = contact.value;
        let owner = Entity::Person(*person);
        let mut erased = opening == Opening::Nothing;
        let mut text = |field: &str, sealed: Option<&Sealed>, mask: fn(&str) -> String| {
            let Some(sealed) = sealed.filter(|_| !erased) else { return Ok(String::new()) };
            let Some(opened) = keys.read(CONTACT, field, &owner, sealed)? else {
                erased = true;
                return Ok(String::new());
            };
            Ok::<_, Status>(match opening {
                Opening::Full => opened.text.to_string(),
                Opening::Masked | Opening::Nothing => mask(&opened.text),
            })
        };
        let display_name = text(NAME, Some(name), mask_name)?;
        let phone = text(PHONE, phone.as_ref(), mask_phone)?;
        let email = text(EMAIL, email.as_ref(), mask_email)?;
        Ok(v1::Contact {
            person: self.name(&owner),
            represents: self.name(of),
            role: role.code().cast_signed(),
            display_name,
            phone,
            email,
            effective_date: contact.day.to_string(),
            position: position(contact.position),
            masked: opening == Opening::Masked && !erased,
            erased,
            unavailable: false,
        })
    }

    /// The same in a list, where one whose key is lost is told beside the others.
    pub fn listed_contact(&self, keys: &Keys, opening: Opening, contact: &Contact<'_>) -> Result<v1::Contact, Status> {
        let owner = Entity::Person(contact.value.person);
        if opening == Opening::Nothing || !keys.lacks(CONTACT, NAME, &owner, &contact.value.name) {
            return self.contact(keys, opening, contact);
        }
        let told = self.contact(keys, Opening::Nothing, contact)?;
        Ok(v1::Contact { erased: false, unavailable: true, ..told })
    }

    /// A person from its view.
    pub fn person(
        &self,
        keys: &Keys,
        opening: Opening,
        id: PersonId,
        view: &PersonView<'_>,
    ) -> Result<v1::Person, Status> {
        let entity = Entity::Person(id);
        let (revision, etag) = self.stamp(&entity);
        let contacts = view.contacts.iter().map(|contact| self.contact(keys, opening, contact));
        let holds = view.holds.iter().map(|hold| v1::LegalHold {
            hold_id: hold.hold.to_string(),
            ground: hold.ground.to_owned(),
            placed_date: hold.placed.to_string(),
            position: position(hold.position),
        });
        let erasure = view.erased.as_ref().map(|erasure| v1::Erasure {
            key_id: erasure.key.to_string(),
            ground: erasure.ground.to_owned(),
            erased_date: erasure.day.to_string(),
            position: position(erasure.position),
        });
        Ok(v1::Person {
            name: self.name(&entity),
            contacts: contacts.collect::<Result<_, _>>()?,
            holds: holds.collect(),
            erasure,
            revision,
            etag,
        })
    }
}

/// 张三丰: 张**.
fn mask_name(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().chain(chars.map(|_| '*')).collect()
}

/// 13800138000: *******8000. Of a short number, nothing.
fn mask_phone(phone: &str) -> String {
    let shown = if phone.len() > 8 { phone.len() - 4 } else { phone.len() };
    phone.char_indices().map(|(at, c)| if at < shown { '*' } else { c }).collect()
}

/// zhang@example.cn: z***@example.cn, however long it is.
fn mask_email(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_tell_two_apart_and_no_more() {
        assert_eq!(mask_name("张三丰"), "张**");
        assert_eq!(mask_phone("13800138000"), "*******8000");
        assert_eq!(mask_phone("8123456"), "*******");
        assert_eq!(mask_email("zhang.san@example.cn"), "z***@example.cn");
    }
}
