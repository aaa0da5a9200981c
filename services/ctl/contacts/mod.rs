//! `contact …`: contacts of firms and carriers, their erasure, legal holds.

pub mod args;

use super::args::Reading;
use super::connect::Session;
use super::message;
use super::money::listed;
use super::output::Report;
use super::pages::Shown;
use super::parse::{Wire as _, opt_day};
use super::show::{known_at, one, page_size, pages};
use super::trouble::Trouble;
use super::write::send;
use crate::wire::v1;
use args::{ContactCommand, RecordArgs};

/// Sends an act on a person, which takes nothing back.
macro_rules! act {
    ($session:expr, $deed:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let request_id = super::write::request_id(&$deed.act);
        let request = v1::$request {
            $($field: $value,)*
            request_id: request_id.clone(),
            etag: $deed.etag,
            validate_only: $deed.act.validate_only,
            effective_date: $deed.date.to_string(),
            documents: $deed.act.documents,
        };
        match $session.contacts().$method(request).await {
            Err(status) => Err(Trouble::Request { status: Box::new(status), request_id }),
            Ok(reply) => {
                let reply = reply.into_inner();
                let person = reply.person.as_ref().map_or(serde_json::Value::Null, |it| message::json("Person", it));
                Ok(super::write::Written {
                    request_id,
                    validate_only: $deed.act.validate_only,
                    position: reply.position,
                    duplicate: reply.duplicate,
                    warnings: reply.warnings,
                    resource: ("person", person),
                })
            }
        }
    }};
}

/// Runs it.
pub async fn run(session: &Session, command: ContactCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |person: &str| session.name("persons", person);
    let written = match command {
        ContactCommand::Record(args) => return record(session, args).await.map(|written| written.report(lang)),
        ContactCommand::Show { person, reading } => {
            return one!(
                session, contacts.get_person, GetPersonRequest, get_person_request, named(&person), reading,
                person: "Person", lang
            );
        }
        ContactCommand::List { firm, incubator, role, list: of } => {
            let role = role.map(|role| role.key());
            let filter = [("firm", firm.as_deref()), ("incubator", incubator.as_deref()), ("role", role)];
            let columns = ["person", "represents", "role", "display_name", "phone", "email", "effective_date"];
            return listed!(
                shown, &columns, session, of, filter, contacts.list_contacts, ListContactsRequest,
                list_contacts_request, contacts: "Contact"
            );
        }
        ContactCommand::Erase { person, ground, deed } => {
            act!(session, deed, erase_person, ErasePersonRequest { name: named(&person), ground: ground })
        }
        ContactCommand::Hold { person, hold, ground, deed } => act!(
            session,
            deed,
            place_legal_hold,
            PlaceLegalHoldRequest { name: named(&person), hold_id: hold, ground: ground }
        ),
        ContactCommand::Lift { person, hold, deed } => {
            act!(session, deed, lift_legal_hold, LiftLegalHoldRequest { name: named(&person), hold_id: hold })
        }
    };
    Ok(written?.report(lang))
}

async fn record(session: &Session, args: RecordArgs) -> Result<super::write::Written, Trouble> {
    let RecordArgs { firm, incubator, person, role, name, phone, email, frame } = args;
    let parent = match (firm, incubator) {
        (Some(code), _) => session.firm(&code),
        (None, id) => session.incubator(&id.unwrap_or_default()),
    };
    send!(
        session, frame, contacts.record_contact,
        RecordContactRequest {
            parent: parent, person: session.name("persons", &person), role: role.wire(), display_name: name,
            phone: phone, email: email,
        },
        contact: "Contact"
    )
}
