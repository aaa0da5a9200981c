//! `ContactService`: contacts that are kept sealed, the erasure of persons, legal holds.

use super::command::scene_of;
use super::convert::contact::{CONTACT, EMAIL, NAME, Opening, PHONE, Plain};
use super::convert::frame::etag_of;
use super::convert::{Framed, Reader, position, warnings};
use super::read::{view, wait_of};
use super::seal::{Framing, Keys, Sealing};
use super::{Districts, bounds, principal, status};
use crate::auth::{Caller, Role};
use crate::domain::person::ContactRecorded;
use crate::domain::sealed::KeyId;
use crate::domain::{
    AsOf, Command, ContactRole, Entity, Event, IncubatorId, PersonEvent, PersonId, Reason, Refusal, Registry, Stated,
    Uscc,
};
use crate::engine::{self, Engine, Outcome, Principal, RequestId};
use crate::wire::v1;
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

/// The service.
pub struct Contacts(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::contact_service_server::ContactService for Contacts {
    async fn record_contact(&self, request: Request<v1::RecordContactRequest>) -> Reply<v1::RecordContactResponse> {
        let principal = principal::required(request.metadata())?;
        let message = request.into_inner();
        let (engine, (plain, day, frame)) = {
            let mut reader = Reader::new(&self.0);
            let plain = reader.contact(&message);
            let day = reader.day("effective_date", &message.effective_date);
            let frame = reader.frame(&message.frame());
            reader.finish(plain.zip(day).zip(frame).map(|((plain, day), frame)| (plain, day, frame)))?
        };
        if !sees(&principal::call(), &engine.published().registry, &plain.of) {
            return Err(unseen(&plain.of)); // Before a key is made.
        }
        let keys = self.0.keys(engine)?;
        let person = plain.person.unwrap_or_else(|| person_of(engine, &principal, frame.id));
        let (documents, void) = (frame.documents, frame.void);
        let voids = void.as_ref().map(|order| order.positions.as_slice()).unwrap_or_default();
        let bounds = bounds::of(engine, &principal, voids).await.map_err(status::of)?;
        let framing = Framing {
            bounds,
            principal,
            id: frame.id,
            expected_revision: frame.expected_revision,
            validate_only: frame.validate_only,
        };
        let owner = Entity::Person(person);
        let make = |sealing: &Sealing<'_>| {
            let fact = Stated::new(day, Event::Person(PersonEvent::ContactRecorded(sealed(sealing, person, &plain)?)));
            let command = Command::new(vec![fact], documents.clone(), void.clone());
            command.map_err(|refusal| status::refused(&refusal))
        };
        let outcome = keys.submit(engine, framing, &owner, make).await?;
        let at = position(outcome.written.position());
        let contact = v1::Contact {
            person: name_of(engine, &owner),
            represents: name_of(engine, &plain.of),
            role: message.role,
            display_name: plain.name,
            phone: plain.phone,
            email: plain.email,
            effective_date: day.to_string(),
            position: at,
            masked: false,
            erased: false,
            unavailable: false,
        };
        Ok(Response::new(v1::RecordContactResponse {
            contact: Some(contact),
            position: at,
            duplicate: outcome.written.is_duplicate(),
            warnings: warnings(&outcome.warnings),
        }))
    }

    async fn list_contacts(&self, request: Request<v1::ListContactsRequest>) -> Reply<v1::ListContactsResponse> {
        let wait = wait_of(request.metadata());
        let caller = principal::call();
        let opening = opening(&caller);
        let ask = request.into_inner();
        let (engine, (page, (party, role))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter(["firm", "incubator", "role"], &ask.filter).unwrap_or_default();
            let [firm, incubator, role] = filter;
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let incubator = reader.filter_word(incubator.as_deref(), |id| IncubatorId::parse(id).ok());
            let role = reader.filter_word(role.as_deref(), ContactRole::from_key);
            let party = one_party(&mut reader, firm, incubator);
            let page = reader.page("contacts", "person", &[], &ask);
            reader.finish(parent.and(page.zip(party.zip(role))))?
        };
        let keys = self.0.keys(engine)?;
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let persons = scene.registry.persons();
        let ids: Box<dyn Iterator<Item = PersonId> + Send> = match &party {
            Some(party) => Box::new(persons.ever_of(party)),
            None => Box::new(persons.ids()),
        };
        let mut found = Vec::new();
        for id in ids {
            if found.len() > page.size() {
                break;
            }
            // Behind the keys of all its contacts.
            if !page.is_after(&format!("{id}/~")) {
                continue;
            }
            let Some(person) = persons.get(&id, scene.as_of) else { continue };
            for (index, contact) in person.contacts.iter().enumerate() {
                let key = format!("{id}/{index:06}");
                let of_party = party.as_ref().is_none_or(|party| contact.value.of == *party);
                if !sees(&caller, scene.registry, &contact.value.of) {
                    continue;
                }
                if of_party && role.is_none_or(|role| contact.value.role == role) && page.is_after(&key) {
                    found.push((key, scene.listed_contact(keys, scene.opening(&id, opening), contact)?));
                }
            }
        }
        let (contacts, next_page_token) = page.take(&view, found.into_iter());
        Ok(Response::new(v1::ListContactsResponse { contacts, next_page_token, position: position(view.position) }))
    }

    async fn get_person(&self, request: Request<v1::GetPersonRequest>) -> Reply<v1::GetPersonResponse> {
        let opening = opening(&principal::call());
        let (view, id) = view(&self.0, request, |reader, ask| reader.person("name", &ask.name)).await?;
        let scene = view.scene();
        let keys = self.0.keys_in(scene.district)?;
        let found = scene.registry.persons().get(&id, scene.as_of).ok_or_else(|| unknown(id, view.position))?;
        let person = scene.person(keys, scene.opening(&id, opening), id, &found)?;
        Ok(Response::new(v1::GetPersonResponse { person: Some(person), position: position(view.position) }))
    }

    async fn erase_person(&self, request: Request<v1::ErasePersonRequest>) -> Reply<v1::ErasePersonResponse> {
        let acted = self.act(request).await?;
        if !acted.validate_only {
            // Recorded first: should this fail, a retry makes the erasure good, or the next start.
            acted.keys.erase(&Entity::Person(acted.id)).await?;
        }
        let (person, position, duplicate, warnings) = acted.answer()?;
        Ok(Response::new(v1::ErasePersonResponse { person, position, duplicate, warnings }))
    }

    async fn place_legal_hold(&self, request: Request<v1::PlaceLegalHoldRequest>) -> Reply<v1::PlaceLegalHoldResponse> {
        let (person, position, duplicate, warnings) = self.act(request).await?.answer()?;
        Ok(Response::new(v1::PlaceLegalHoldResponse { person, position, duplicate, warnings }))
    }

    async fn lift_legal_hold(&self, request: Request<v1::LiftLegalHoldRequest>) -> Reply<v1::LiftLegalHoldResponse> {
        let (person, position, duplicate, warnings) = self.act(request).await?.answer()?;
        Ok(Response::new(v1::LiftLegalHoldResponse { person, position, duplicate, warnings }))
    }
}

impl Contacts {
    /// Decides and records an act on a person.
    async fn act<Q: Acting>(&self, request: Request<Q>) -> Result<Acted, Status> {
        let principal = principal::required(request.metadata())?;
        let message = request.into_inner();
        let (engine, (id, event, day, frame)) = {
            let mut reader = Reader::new(&self.0);
            let id = reader.person("name", message.name());
            let event = message.event(&mut reader);
            let day = reader.day("effective_date", message.effective_date());
            let frame = reader.frame(&message.frame());
            let read = id.zip(event).zip(day.zip(frame));
            reader.finish(read.map(|((id, event), (day, frame))| (id, event, day, frame)))?
        };
        let keys = self.0.keys(engine)?.clone();
        let published = engine.published();
        let key = published.registry.persons().key_of(&id).ok_or_else(|| unknown(id, published.head.position))?;
        let fact = Stated::new(day, Event::Person(event(id, key)));
        let command = Command::new(vec![fact], frame.documents, None).map_err(|refusal| status::refused(&refusal))?;
        let (id_of_request, expected_revision, validate_only) =
            (frame.id, frame.expected_revision, frame.validate_only);
        let bounds = bounds::of(engine, &principal, &[]).await.map_err(status::of)?;
        let asked = engine::Request { principal, id: id_of_request, expected_revision, validate_only, command };
        let outcome = engine.submit_within(asked, bounds).await.map_err(status::of)?;
        Ok(Acted { engine: engine.clone(), keys, id, validate_only, outcome })
    }
}

/// What an act does to a person, once that and its key are known.
type Deed = Box<dyn FnOnce(PersonId, KeyId) -> PersonEvent + Send>;

/// A command that is an act on a person: nothing is taken back with it.
trait Acting: Framed + Send + Sync {
    fn name(&self) -> &str;
    fn effective_date(&self) -> &str;
    fn event(&self, reader: &mut Reader<'_>) -> Option<Deed>;
}

impl Acting for v1::ErasePersonRequest {
    fn name(&self) -> &str {
        &self.name
    }

    fn effective_date(&self) -> &str {
        &self.effective_date
    }

    fn event(&self, reader: &mut Reader<'_>) -> Option<Deed> {
        let ground = reader.text("ground", &self.ground)?;
        Some(Box::new(move |person, key| PersonEvent::Erased { person, key, ground }))
    }
}

impl Acting for v1::PlaceLegalHoldRequest {
    fn name(&self) -> &str {
        &self.name
    }

    fn effective_date(&self) -> &str {
        &self.effective_date
    }

    fn event(&self, reader: &mut Reader<'_>) -> Option<Deed> {
        let (hold, ground) = (reader.hold("hold_id", &self.hold_id), reader.text("ground", &self.ground));
        let (hold, ground) = hold.zip(ground)?;
        Some(Box::new(move |person, _| PersonEvent::HoldPlaced { person, hold, ground }))
    }
}

impl Acting for v1::LiftLegalHoldRequest {
    fn name(&self) -> &str {
        &self.name
    }

    fn effective_date(&self) -> &str {
        &self.effective_date
    }

    fn event(&self, reader: &mut Reader<'_>) -> Option<Deed> {
        let hold = reader.hold("hold_id", &self.hold_id)?;
        Some(Box::new(move |person, _| PersonEvent::HoldLifted { person, hold }))
    }
}

/// An act that was not refused.
struct Acted {
    engine: Engine,
    keys: Keys,
    id: PersonId,
    validate_only: bool,
    outcome: Outcome,
}

impl Acted {
    /// The person as the act left it, the position, and whether nothing was written.
    fn answer(&self) -> Result<(Option<v1::Person>, i64, bool, Vec<v1::Warning>), Status> {
        let scene = scene_of(&self.engine, &self.outcome, self.validate_only);
        let view = scene.registry.persons().get(&self.id, scene.as_of);
        let view = view.ok_or_else(|| unknown(self.id, self.outcome.known))?;
        let person = scene.person(&self.keys, Opening::Full, self.id, &view)?;
        let (revision, etag) = (position(self.outcome.revision), etag_of(self.outcome.revision));
        let written = self.outcome.written;
        let warnings = warnings(&self.outcome.warnings);
        let person = v1::Person { revision, etag, ..person };
        Ok((Some(person), position(written.position()), written.is_duplicate(), warnings))
    }
}

/// How much of what is sealed the caller may see: an auditor checks that it is there, and needs to call nobody.
fn opening(caller: &Caller) -> Opening {
    // Roles that see one's own carriers alone, or no business facts at all, open nothing that an auditor has masked.
    let opens = [Role::BureauClerk, Role::BureauApprover, Role::FinanceClerk, Role::FinanceApprover];
    let opens = opens.iter().any(|role| caller.roles.contains(*role));
    if caller.roles.contains(Role::Auditor) && !opens { Opening::Masked } else { Opening::Full }
}

/// Whether the caller may see whom a firm or carrier names. Who is nothing but an operator sees the contacts of the carriers
/// that it runs, and those of the firms that are with them now.
fn sees(caller: &Caller, registry: &Registry, party: &Entity) -> bool {
    if caller.roles.iter().any(|role| role != Role::Operator) {
        return true;
    }
    match party {
        Entity::Incubator(id) => caller.runs(id),
        Entity::Firm(code) => registry
            .firm(code, AsOf::NOW)
            .is_some_and(|firm| firm.stays.iter().any(|stay| stay.left.is_none() && caller.runs(stay.incubator))),
        _ => false,
    }
}

/// What is told of a party that the caller may not see: that there is none.
fn unseen(party: &Entity) -> Status {
    status::refused(&match party {
        Entity::Incubator(id) => {
            Refusal::new(Reason::UnknownIncubator, format!("carrier {id} is not registered")).with("incubator", id)
        }
        other => {
            let code = other.to_string();
            let code = code.trim_start_matches("firms/");
            Refusal::new(Reason::UnknownFirm, format!("firm {code} is not registered")).with("firm", code)
        }
    })
}

fn unknown(id: PersonId, position: u64) -> Status {
    let message = format!("no person {id} is known at position {position}");
    status::refused(&Refusal::new(Reason::UnknownPerson, message).with("person", id))
}

fn name_of(engine: &Engine, entity: &Entity) -> String {
    format!("districts/{}/{entity}", engine.district())
}

/// At most one of the two may be named.
fn one_party(
    reader: &mut Reader<'_>,
    firm: Option<Option<Uscc>>,
    incubator: Option<Option<IncubatorId>>,
) -> Option<Option<Entity>> {
    match (firm?, incubator?) {
        (Some(_), Some(_)) => {
            reader.faults.push(Reason::MalformedFilter, "filter", "a contact is a firm's or a carrier's, not both");
            None
        }
        (firm, incubator) => Some(firm.map(Entity::Firm).or(incubator.map(Entity::Incubator))),
    }
}

/// The id of a new person: drawn from the request, so that its retry is about the same one. It is opaque, and tells no more
/// than the request's id does, which stands in the record.
fn person_of(engine: &Engine, principal: &Principal, request: RequestId) -> PersonId {
    let digest = Sha256::new()
        .chain_update(b"IRP1")
        .chain_update(engine.published().log_id)
        .chain_update(request.0)
        .chain_update(&principal.id)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = (id[6] & 0x0f) | 0x80; // A UUID of our own making (RFC 9562, version 8).
    id[8] = (id[8] & 0x3f) | 0x80;
    PersonId(id)
}

/// The fact with its plain text sealed.
fn sealed(sealing: &Sealing<'_>, person: PersonId, plain: &Plain) -> Result<Box<ContactRecorded>, Status> {
    let optional = |field: &str, text: &str| match text {
        "" => Ok(None),
        text => sealing.seal(CONTACT, field, text).map(Some),
    };
    Ok(Box::new(ContactRecorded {
        person,
        of: plain.of.clone(),
        role: plain.role,
        name: sealing.seal(CONTACT, NAME, &plain.name)?,
        phone: optional(PHONE, &plain.phone)?,
        email: optional(EMAIL, &plain.email)?,
    }))
}
