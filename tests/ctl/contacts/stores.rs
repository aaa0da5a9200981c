//! Key and log together: no key without a fact, no fact without its key, whatever comes between the two.

use super::*;
use incubator_registry::domain::person::PersonEvent;
use incubator_registry::domain::{AsOf, Command, Day, Entity, Event, PersonId, Stated};
use incubator_registry::engine::{Principal, Request, RequestId};
use incubator_registry::keys::KeyStore;

#[tokio::test]
async fn a_command_that_is_refused_or_only_tried_leaves_no_key() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let nobody = server.contacts().record_contact(contact(&firm_name(7), "张三")).await.unwrap_err();
    assert_eq!(common::server::said(&nobody).reason, "UNKNOWN_FIRM");
    let late = v1::RecordContactRequest { effective_date: "2027-01-01".into(), ..contact(&firm_name(1), "张三") };
    let late = server.contacts().record_contact(late).await.unwrap_err();
    assert_eq!(common::server::said(&late).reason, "DATE_IN_FUTURE");
    let tried = v1::RecordContactRequest { validate_only: true, ..contact(&firm_name(1), "张三") };
    assert_eq!(record(&server, &tried).await.contact.unwrap().display_name, "张三");
    assert_eq!(sealing.owners(), Vec::<String>::new());
    let recorded = v1::RecordContactRequest { validate_only: false, ..tried };
    let made = record(&server, &recorded).await.contact.unwrap();
    assert_eq!(sealing.owners(), [made.person.trim_start_matches(&format!("{DISTRICT}/"))]);
}

#[tokio::test]
async fn a_crash_between_the_key_and_the_fact_leaves_no_key_and_the_retry_records_it() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let log_id = server.engine.published().log_id;
    server.ended().await.unwrap();
    // The key was made, the fact was not: that is how the crash leaves it.
    let master = MasterKey::new(Zeroizing::new([1; 32]));
    let store = KeyStore::at(&sealing.path(), master, log_id).unwrap();
    let orphan = Entity::Person(PersonId([9; 16]));
    store.seal(101, "phone", &orphan, "13800138000").unwrap();
    drop(store);
    assert_eq!(sealing.owners(), [orphan.to_string()]);
    let server = sealing.server().await;
    assert_eq!(sealing.owners(), Vec::<String>::new());
    let retry = v1::RecordContactRequest { person: format!("{DISTRICT}/{orphan}"), ..contact(&firm_name(1), "张三") };
    let made = record(&server, &retry).await.contact.unwrap();
    assert_eq!(person(&server, &made.person).await.contacts, [made]);
}

#[tokio::test]
async fn a_crash_between_the_record_of_an_erasure_and_the_key_is_made_good_at_the_start() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let name = record(&server, &contact(&firm_name(1), "张三")).await.contact.unwrap().person;
    let before = std::fs::read(sealing.path()).unwrap();
    server.contacts().erase_person(erasure(&name)).await.unwrap();
    server.ended().await.unwrap();
    std::fs::write(sealing.path(), before).unwrap(); // As if the key had not been erased yet, or an old copy put back.
    let server = sealing.server().await;
    let contact = person(&server, &name).await.contacts.remove(0);
    assert!(contact.erased && contact.display_name.is_empty() && contact.phone.is_empty());
    assert_eq!(sealing.owners(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_recorded_as_erased_is_read_no_more_while_its_key_still_stands() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let name = record(&server, &contact(&firm_name(1), "张三")).await.contact.unwrap().person;
    let published = server.engine.published();
    let persons = published.registry.persons();
    let person_id = persons.ids().next().unwrap();
    let key = persons.get(&person_id, AsOf::NOW).unwrap().contacts[0].value.name.key;
    // As a caller leaves it who goes away once the record is made.
    let event = Event::Person(PersonEvent::Erased { person: person_id, key, ground: "本人要求".to_owned() });
    let stated = Stated::new(Day::parse_iso(DAY).unwrap(), event);
    let request = Request {
        principal: Principal { id: "approver".to_owned(), on_behalf_of: String::new() },
        id: RequestId([7; 16]),
        expected_revision: None,
        validate_only: false,
        command: Command::new(vec![stated], Vec::new(), None).unwrap(),
    };
    server.engine.submit(request).await.unwrap();
    assert_eq!(sealing.owners().len(), 1);
    let contact = person(&server, &name).await.contacts.remove(0);
    assert!(contact.erased && contact.display_name.is_empty() && contact.phone.is_empty());
    let listed = list(&server, "").await.remove(0);
    assert!(listed.erased && listed.display_name.is_empty());
}

#[tokio::test]
async fn a_key_that_is_lost_is_told_and_is_not_an_erasure() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let name = record(&server, &contact(&firm_name(1), "张三")).await.contact.unwrap().person;
    server.ended().await.unwrap();
    std::fs::remove_file(sealing.path()).unwrap();
    let server = sealing.server().await;
    let ask = v1::GetPersonRequest { name, ..Default::default() };
    let status = server.contacts().get_person(ask).await.unwrap_err();
    let said = common::server::said(&status);
    assert_eq!((said.code, said.reason.as_str()), (Code::FailedPrecondition, "KEYS_UNAVAILABLE"));
    assert!(said.metadata.contains_key("key"));
}

#[tokio::test]
async fn a_list_shows_the_others_beside_one_whose_key_is_lost() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    record(&server, &contact(&firm_name(1), "张三")).await;
    let before = std::fs::read(sealing.path()).unwrap();
    let lost = record(&server, &contact(&firm_name(1), "李四")).await.contact.unwrap().person;
    server.ended().await.unwrap();
    std::fs::write(sealing.path(), before).unwrap();
    let server = sealing.server().await;
    let listed = list(&server, "").await;
    assert_eq!(listed.len(), 2);
    for contact in listed {
        let told = (&*contact.display_name, contact.unavailable, contact.erased, contact.phone.is_empty());
        let expected = if contact.person == lost { ("", true, false, true) } else { ("张三", false, false, false) };
        assert_eq!(told, expected, "{contact:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_name_one_new_person_at_once_all_seal_under_one_key() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    for round in 0..10_u8 {
        let name = format!("{DISTRICT}/persons/{}", PersonId([round; 16]));
        let calls = (0..16).map(|at| {
            let mut contacts = server.contacts();
            // Every other one is refused, and must not take the others' key with it.
            let parent = firm_name(if at % 2 == 0 { 1 } else { 99 });
            let mail = format!("a{at}@example.cn");
            let request = v1::RecordContactRequest { person: name.clone(), email: mail, ..contact(&parent, "张三") };
            tokio::spawn(async move { contacts.record_contact(request).await.is_ok() })
        });
        let calls: Vec<_> = calls.collect();
        for (at, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap(), at % 2 == 0);
        }
        let known = person(&server, &name).await;
        assert_eq!((known.revision, known.contacts.len()), (8, 1));
        assert!(known.contacts[0].email.ends_with("@example.cn"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_sent_ten_times_at_once_records_one_contact() {
    let sealing = Sealing::new();
    let server = sealing.populated().await;
    let request = contact(&firm_name(1), "张三");
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (mut contacts, request) = (server.contacts(), request.clone());
            tokio::spawn(async move { contacts.record_contact(request).await.unwrap().into_inner() })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && !answer.duplicate));
    assert_eq!(person(&server, &answers[0].contact.clone().unwrap().person).await.revision, 1);
}
