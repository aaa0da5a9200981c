//! Contacts are kept sealed: whoever may sees them, nobody else finds them anywhere; an erased person is read no more, and
//! every hash still holds.

#[path = "contacts/process.rs"]
mod process;
#[path = "contacts/shell.rs"]
mod shell;
#[path = "contacts/stores.rs"]
mod stores;

use crate::common;
use common::server::{DISTRICT, Known, Server, carrier_name, firm_name, id, refused};
use incubator_registry::auth::{Caller, Role};
use incubator_registry::keys::{MasterKey, path_of};
use incubator_registry::log::{EventLog, MemoryLog};
use incubator_registry::wire::v1;
use std::path::PathBuf;
use std::sync::Arc;
use tonic::Code;
use zeroize::Zeroizing;

const DAY: &str = "2026-03-01";

/// A server with keys, over a log and a folder that outlive it.
struct Sealing {
    dir: tempfile::TempDir,
    log: std::sync::Mutex<Arc<MemoryLog>>,
}

impl Sealing {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), log: std::sync::Mutex::new(Arc::new(MemoryLog::new())) }
    }

    fn path(&self) -> PathBuf {
        path_of(self.dir.path(), "440203")
    }

    /// What the key store's file says of its owners.
    fn owners(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path()).unwrap();
        let keys = text.lines().filter_map(|line| line.strip_prefix("key "));
        keys.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
    }

    /// The log as a restart finds it.
    fn log(&self) -> Arc<dyn EventLog> {
        let mut log = self.log.lock().unwrap();
        *log = Arc::new(log.reopened());
        log.clone()
    }

    async fn server(&self) -> Server {
        Server::sealing(self.log(), &self.path(), MasterKey::new(Zeroizing::new([1; 32]))).await
    }

    /// The same, with a firm and a carrier.
    async fn populated(&self) -> Server {
        let server = self.server().await;
        server.carrier("WJ03", v1::IncubatorKind::Incubator).await;
        server.firm(1, "2024-01-01").await;
        server
    }
}

fn contact(parent: &str, name: &str) -> v1::RecordContactRequest {
    v1::RecordContactRequest {
        parent: parent.into(),
        role: v1::ContactRole::Finance.into(),
        display_name: name.into(),
        phone: "13800138000".into(),
        email: "zhang.san@example.cn".into(),
        effective_date: DAY.into(),
        request_id: id(),
        ..Default::default()
    }
}

async fn record(server: &Server, request: &v1::RecordContactRequest) -> v1::RecordContactResponse {
    server.contacts().record_contact(request.clone()).await.unwrap().into_inner()
}

async fn person(server: &Server, name: &str) -> v1::Person {
    let ask = v1::GetPersonRequest { name: name.into(), ..Default::default() };
    server.contacts().get_person(ask).await.unwrap().into_inner().person.unwrap()
}

async fn list(server: &Server, filter: &str) -> Vec<v1::Contact> {
    let ask = v1::ListContactsRequest { parent: DISTRICT.into(), filter: filter.into(), ..Default::default() };
    server.contacts().list_contacts(ask).await.unwrap().into_inner().contacts
}

fn erasure(name: &str) -> v1::ErasePersonRequest {
    v1::ErasePersonRequest {
        name: name.into(),
        ground: "本人申请".into(),
        effective_date: "2026-04-01".into(),
        request_id: id(),
        ..Default::default()
    }
}

fn hold(name: &str, case: &str, ground: &str) -> v1::PlaceLegalHoldRequest {
    v1::PlaceLegalHoldRequest {
        name: name.into(),
        hold_id: case.into(),
        ground: ground.into(),
        effective_date: "2026-03-15".into(),
        request_id: id(),
        ..Default::default()
    }
}

fn lifting(name: &str, case: &str) -> v1::LiftLegalHoldRequest {
    v1::LiftLegalHoldRequest {
        name: name.into(),
        hold_id: case.into(),
        effective_date: "2026-03-20".into(),
        request_id: id(),
        ..Default::default()
    }
}

async fn verified(server: &Server) -> i64 {
    let verify = v1::VerifyLogRequest { parent: DISTRICT.into() };
    server.journal().verify_log(verify).await.unwrap().into_inner().position
}

#[tokio::test]
async fn a_contact_is_read_as_it_was_recorded() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let first = record(&server, &contact(&firm_name(1), "张三")).await;
    let made = first.contact.unwrap();
    assert_eq!(first.position, 5);
    let expected = v1::Contact {
        person: made.person.clone(),
        represents: firm_name(1),
        role: v1::ContactRole::Finance.into(),
        display_name: "张三".into(),
        phone: "13800138000".into(),
        email: "zhang.san@example.cn".into(),
        effective_date: DAY.into(),
        position: 5,
        masked: false,
        erased: false,
        unavailable: false,
    };
    assert_eq!(made, expected);
    // The same person for a carrier too, without a phone; and another of the firm, in another role.
    let carrier = v1::RecordContactRequest {
        person: made.person.clone(),
        phone: String::new(),
        role: v1::ContactRole::General.into(),
        ..contact(&carrier_name("WJ03"), "张三")
    };
    let second = record(&server, &carrier).await.contact.unwrap();
    let legal = v1::RecordContactRequest {
        role: v1::ContactRole::LegalRepresentative.into(),
        ..contact(&firm_name(1), "李四")
    };
    let third = record(&server, &legal).await.contact.unwrap();
    assert!(third.person != made.person);
    let known = person(&server, &made.person).await;
    assert_eq!(known.contacts, [expected.clone(), second.clone()]);
    assert_eq!((known.revision, known.etag.as_str(), known.erasure), (2, "\"2\"", None));
    let mut both = vec![expected.clone(), third.clone()];
    both.sort_by(|a, b| a.person.cmp(&b.person));
    assert_eq!(list(&server, &format!("firm = {}", common::world::firm(1))).await, both);
    assert_eq!(list(&server, "incubator = WJ03").await, [second]);
    assert_eq!(list(&server, "role = LEGAL_REPRESENTATIVE").await, [third]);
    let whole = list(&server, "").await;
    assert_eq!(whole.len(), 3);
    // Page by page, it is the same list.
    let mut pages = Vec::new();
    let mut token = String::new();
    loop {
        let ask =
            v1::ListContactsRequest { parent: DISTRICT.into(), page_size: 1, page_token: token, ..Default::default() };
        let page = server.contacts().list_contacts(ask).await.unwrap().into_inner();
        pages.extend(page.contacts);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, whole);
}

#[tokio::test]
async fn what_was_said_last_holds_and_a_wrong_contact_is_taken_back() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let first = record(&server, &contact(&firm_name(1), "张三")).await;
    let name = first.contact.unwrap().person;
    let said = |phone: &str, day: &str| v1::RecordContactRequest {
        person: name.clone(),
        phone: phone.into(),
        effective_date: day.into(),
        ..contact(&firm_name(1), "张三")
    };
    record(&server, &said("13900139000", "2026-05-01")).await;
    // Back to the first number on the same day: not a duplicate, since another was said in between.
    let back = record(&server, &said("13800138000", "2026-05-01")).await;
    assert!(!back.duplicate);
    assert!(record(&server, &said("13800138000", "2026-05-01")).await.duplicate);
    assert_eq!(person(&server, &name).await.contacts[0].phone, "13800138000");
    let mended = v1::RecordContactRequest {
        replaces: vec![back.position],
        void_reason: "录入错误".into(),
        decided_by: "韶武科〔2026〕1号".into(),
        ..said("13700137000", "2026-05-01")
    };
    record(&server, &mended).await;
    assert_eq!(person(&server, &name).await.contacts[0].phone, "13700137000");
    let then = v1::GetPersonRequest { name, as_of_date: "2026-04-01".into(), ..Default::default() };
    let then = server.contacts().get_person(then).await.unwrap().into_inner().person.unwrap();
    assert_eq!(then.contacts[0].phone, "13800138000");
    assert_eq!(then.revision, 5);
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_other_content_does_not() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let asked = contact(&firm_name(1), "张三");
    let first = record(&server, &asked).await;
    assert_eq!(record(&server, &asked).await, first);
    for other in [
        v1::RecordContactRequest { phone: "13800138001".into(), ..asked.clone() },
        v1::RecordContactRequest { display_name: "张四".into(), ..asked.clone() },
        v1::RecordContactRequest { email: String::new(), ..asked.clone() },
    ] {
        refused(server.contacts().record_contact(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED", &[], &[]);
    }
    // The same fact under another request is told to be there, and adds nothing.
    let again = v1::RecordContactRequest {
        person: first.contact.as_ref().unwrap().person.clone(),
        request_id: id(),
        ..asked.clone()
    };
    let duplicate = record(&server, &again).await;
    assert_eq!((duplicate.duplicate, duplicate.position), (true, first.position));
    // After a restart too.
    server.ended().await.unwrap();
    let server = sealing.server().await;
    assert_eq!(record(&server, &asked).await, first);
    // What is equal for two persons is equal nowhere in the log: no guess can be tested against it.
    let twin = record(&server, &contact(&firm_name(1), "张三")).await;
    let read = v1::ReadEventsRequest { parent: DISTRICT.into(), from_position: first.position, ..Default::default() };
    let mut stream = server.journal().read_events(read).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        events.push(answer.event.unwrap());
    }
    let event = |position: i64| events.iter().find(|event| event.position == position).unwrap();
    let (one, two) = (event(first.position), event(twin.position));
    assert_ne!(one.request_hash, two.request_hash);
    let parts = |event: &v1::Event| {
        let bytes = &event.payload.as_ref().unwrap().value;
        let stored: incubator_registry::wire::journal::ContactRecorded = prost::Message::decode(&bytes[..]).unwrap();
        [stored.display_name, stored.phone, stored.email].map(Option::unwrap)
    };
    for (a, b) in parts(one).iter().zip(&parts(two)) {
        assert!(a.key_id != b.key_id && a.ciphertext != b.ciphertext && a.commitment != b.commitment);
    }
}

#[tokio::test]
async fn an_erased_person_is_read_no_more_and_every_hash_holds() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let asked = contact(&firm_name(1), "张三");
    let first = record(&server, &asked).await;
    let name = first.contact.unwrap().person;
    let other = record(&server, &contact(&firm_name(1), "李四")).await.contact.unwrap();
    let before = verified(&server).await;
    let only = v1::ErasePersonRequest { validate_only: true, ..erasure(&name) };
    let only = server.contacts().erase_person(only).await.unwrap().into_inner().person.unwrap();
    assert_eq!(
        (only.contacts[0].display_name.as_str(), only.erasure.is_some()),
        ("张三", true),
        "nothing is erased yet"
    );
    let ask = erasure(&name);
    let erased = server.contacts().erase_person(ask.clone()).await.unwrap().into_inner();
    assert_eq!(erased.position, before + 1);
    let gone = erased.person.clone().unwrap();
    let contact_left = v1::Contact {
        person: name.clone(),
        represents: firm_name(1),
        role: v1::ContactRole::Finance.into(),
        effective_date: DAY.into(),
        position: first.position,
        erased: true,
        ..Default::default()
    };
    assert_eq!(gone.contacts, std::slice::from_ref(&contact_left));
    assert_eq!(server.contacts().erase_person(ask).await.unwrap().into_inner(), erased, "a retry");
    let again = server.contacts().erase_person(erasure(&name)).await.unwrap().into_inner();
    assert_eq!((again.duplicate, again.position), (true, erased.position));
    // As known before the erasure, it is erased all the same.
    let then = v1::GetPersonRequest {
        name: name.clone(),
        known_at: Some(v1::get_person_request::KnownAt::KnownAtPosition(before)),
        ..Default::default()
    };
    let then = server.contacts().get_person(then).await.unwrap().into_inner().person.unwrap();
    assert_eq!((then.contacts, then.erasure), (vec![contact_left], None));
    // Nothing more is said of it: nor is a retry told from another command.
    let id_of = name.rsplit('/').next().unwrap().to_owned();
    let more = v1::RecordContactRequest { person: name.clone(), ..contact(&firm_name(1), "张三") };
    for refused_now in [more, asked] {
        let answer = server.contacts().record_contact(refused_now).await;
        refused(answer, Code::FailedPrecondition, "PERSON_ERASED", &[("person", &id_of)], &[]);
    }
    let held = server.contacts().place_legal_hold(hold(&name, "（2026）粤0203", "诉讼")).await;
    let at = erased.position.to_string();
    refused(held, Code::FailedPrecondition, "PERSON_ERASED", &[("person", &id_of), ("position", &at)], &[]);
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![erased.position],
        void_reason: "录入错误".into(),
        decided_by: "科室".into(),
        request_id: id(),
        ..Default::default()
    };
    refused(server.journal().void_facts(void).await, Code::NotFound, "UNKNOWN_FACT", &[("position", &at)], &[]);
    // Others are read as before, the chain holds, and so it is after a restart.
    assert_eq!(person(&server, &other.person).await.contacts, std::slice::from_ref(&other));
    assert_eq!(verified(&server).await, erased.position);
    server.ended().await.unwrap();
    let server = sealing.server().await;
    assert_eq!(verified(&server).await, erased.position);
    assert_eq!(person(&server, &name).await.contacts, gone.contacts);
    assert_eq!(sealing.owners(), [other.person.trim_start_matches(&format!("{DISTRICT}/"))]);
}

#[tokio::test]
async fn a_legal_hold_stands_in_the_way_of_an_erasure_until_it_is_lifted() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let name = record(&server, &contact(&firm_name(1), "张三")).await.contact.unwrap().person;
    let id_of = name.rsplit('/').next().unwrap().to_owned();
    let mut contacts = server.contacts();
    let placed = contacts.place_legal_hold(hold(&name, "A1", "诉讼")).await.unwrap().into_inner();
    assert_eq!(placed.person.unwrap().holds.len(), 1);
    let at = placed.position.to_string();
    let refused_erasure = contacts.erase_person(erasure(&name)).await;
    let said = [("hold", "A1"), ("person", id_of.as_str()), ("position", at.as_str())];
    refused(refused_erasure, Code::FailedPrecondition, "LEGAL_HOLD", &said, &[]);
    assert_eq!(person(&server, &name).await.contacts[0].display_name, "张三");
    // The same again is there; with other values it contradicts; another case stands beside it.
    assert!(contacts.place_legal_hold(hold(&name, "A1", "诉讼")).await.unwrap().into_inner().duplicate);
    let contradicting = contacts.place_legal_hold(hold(&name, "A1", "审计")).await;
    refused(contradicting, Code::AlreadyExists, "CONFLICT", &[("position", &at)], &[]);
    contacts.place_legal_hold(hold(&name, "A2", "审计")).await.unwrap();
    let never = contacts.lift_legal_hold(lifting(&name, "A3")).await;
    refused(never, Code::NotFound, "UNKNOWN_FACT", &[("hold", "A3")], &[]);
    let lifted = contacts.lift_legal_hold(lifting(&name, "A1")).await.unwrap().into_inner();
    assert_eq!(lifted.person.unwrap().holds[0].hold_id, "A2");
    assert!(contacts.lift_legal_hold(lifting(&name, "A1")).await.unwrap().into_inner().duplicate);
    let still = contacts.erase_person(erasure(&name)).await.unwrap_err();
    assert_eq!(common::server::said(&still).metadata["hold"], "A2");
    // Placed anew after it was lifted.
    assert!(!contacts.place_legal_hold(hold(&name, "A1", "诉讼")).await.unwrap().into_inner().duplicate);
    for case in ["A1", "A2"] {
        contacts.lift_legal_hold(lifting(&name, case)).await.unwrap();
    }
    contacts.erase_person(erasure(&name)).await.unwrap();
}

#[tokio::test]
async fn what_can_t_be_meant_is_told_by_field_and_never_with_the_value() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let bad = v1::RecordContactRequest {
        parent: format!("{DISTRICT}/parks/武江"),
        person: format!("{DISTRICT}/persons/张三"),
        role: 9,
        display_name: String::new(),
        phone: "一三八".into(),
        email: "zhangsan".into(),
        effective_date: DAY.into(),
        request_id: id(),
        ..Default::default()
    };
    let status = server.contacts().record_contact(bad).await.unwrap_err();
    let said = common::server::said(&status);
    assert_eq!(said.code, Code::InvalidArgument);
    let fields: Vec<&str> = said.fields.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["parent", "person", "role", "display_name", "phone", "email"]);
    let whole = format!("{status:?}");
    assert!(!whole.contains("一三八") && !whole.contains("zhangsan"), "{whole}");
    let both = v1::ListContactsRequest {
        parent: DISTRICT.into(),
        filter: format!("firm = {} AND incubator = WJ03", common::world::firm(1)),
        ..Default::default()
    };
    let status = server.contacts().list_contacts(both).await.unwrap_err();
    assert_eq!(common::server::said(&status).reason, "MALFORMED_FILTER");
    let nobody = format!("{DISTRICT}/persons/6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34");
    let ask = v1::GetPersonRequest { name: nobody.clone(), ..Default::default() };
    let unknown = [("person", "6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34")];
    refused(server.contacts().get_person(ask).await, Code::NotFound, "UNKNOWN_PERSON", &unknown, &[]);
    refused(server.contacts().erase_person(erasure(&nobody)).await, Code::NotFound, "UNKNOWN_PERSON", &unknown, &[]);
}

#[tokio::test]
async fn an_operator_sees_its_own_contacts_and_an_auditor_sees_them_masked() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    server.carrier("WJ09", v1::IncubatorKind::Incubator).await;
    server.firm(2, "2024-01-01").await;
    server.admit(&firm_name(1), "WJ03", "2025-01-01").await;
    for (party, name) in [(firm_name(1), "张三"), (firm_name(2), "李四"), (carrier_name("WJ09"), "王五")] {
        record(&server, &contact(&party, name)).await;
    }
    server.ended().await.unwrap();
    let mut operator = Caller::of("op-3", [Role::Operator]);
    operator.incubators = [common::world::carrier("WJ03")].into();
    let callers = vec![operator, Caller::of("audit-1", [Role::Auditor]), Caller::of("clerk-7", [Role::BureauClerk])];
    let keys = (sealing.path(), MasterKey::new(Zeroizing::new([1; 32])));
    let server = Server::sealing_for(sealing.log(), (&keys.0, keys.1), Arc::new(Known(callers)), "op-3").await;
    let names = |contacts: Vec<v1::Contact>| {
        let mut names: Vec<_> = contacts.into_iter().map(|contact| (contact.display_name, contact.masked)).collect();
        names.sort();
        names
    };
    assert_eq!(names(list(&server, "").await), [("张三".to_owned(), false)]);
    assert_eq!(list(&server, "incubator = WJ09").await, []);
    let own = server.contacts().record_contact(contact(&carrier_name("WJ03"), "赵六")).await;
    assert!(own.is_ok());
    let others = server.contacts().record_contact(contact(&firm_name(2), "赵六")).await;
    refused(others, Code::NotFound, "UNKNOWN_FIRM", &[("firm", common::world::firm(2).as_str())], &[]);
    let others = server.contacts().record_contact(contact(&carrier_name("WJ09"), "赵六")).await;
    refused(others, Code::NotFound, "UNKNOWN_INCUBATOR", &[("incubator", "WJ09")], &[]);
    assert_eq!(sealing.owners().len(), 4, "no key is made for what is refused");
    let ask = || v1::ListContactsRequest { parent: DISTRICT.into(), ..Default::default() };
    let masked = server.by("audit-1").contacts().list_contacts(ask()).await.unwrap().into_inner().contacts;
    assert!(masked.iter().all(|contact| contact.phone == "*******8000" && contact.email == "z***@example.cn"));
    let mut shown = ["张*", "李*", "王*", "赵*"].map(|name| (name.to_owned(), true));
    shown.sort();
    assert_eq!(names(masked), shown);
    let whole = server.by("clerk-7").contacts().list_contacts(ask()).await.unwrap().into_inner().contacts;
    assert!(whole.len() == 4 && whole.iter().all(|contact| !contact.masked && contact.phone == "13800138000"));
}

#[tokio::test]
async fn without_a_master_key_nothing_is_sealed() {
    let server = Server::start().await;
    server.firm(1, "2024-01-01").await;
    let answer = server.contacts().record_contact(contact(&firm_name(1), "张三")).await;
    refused(answer, Code::FailedPrecondition, "KEYS_UNAVAILABLE", &[], &[]);
}
