//! The journal over the wire: reading, following, proving.

use crate::common;
use common::server::{DISTRICT, Server, carrier_name, firm, firm_name, refused, said};
use incubator_registry::journal::record_hash;
use incubator_registry::wire::journal;
use incubator_registry::wire::v1::{self, IncubatorKind, subscribe_events_response::Step};
use prost::Message;
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::{Code, Streaming};

async fn settled() -> Server {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    for number in 1..=3 {
        let name = server.firm(number, "2023-01-10").await;
        server.admit(&name, "WJ03", "2023-02-01").await;
    }
    server
}

fn range() -> v1::ReadEventsRequest {
    v1::ReadEventsRequest { parent: DISTRICT.into(), ..Default::default() }
}

async fn positions(server: &Server, ask: v1::ReadEventsRequest) -> Vec<i64> {
    let events = server.journal().read_events(ask).await.unwrap().into_inner();
    events.map(|event| event.unwrap().event.unwrap().position).collect().await
}

#[tokio::test]
async fn an_event_is_shown_as_stored() {
    let server = settled().await;
    let ask = v1::GetEventRequest { parent: DISTRICT.into(), position: 5, include_record: true };
    let event = server.journal().get_event(ask.clone()).await.unwrap().into_inner().event.unwrap();
    assert_eq!((event.r#type.as_str(), event.effective_date.as_str()), ("FirmAdmitted", "2023-02-01"));
    assert_eq!(event.hash, hex::encode(record_hash(&event.record)));
    let names: Vec<_> = event.subjects.iter().map(|subject| (subject.name.clone(), subject.revision)).collect();
    assert_eq!(names, [(firm_name(1), 2), (carrier_name("WJ03"), 2)]);
    let payload = event.payload.unwrap();
    assert_eq!(payload.type_url, "type.googleapis.com/incubation.journal.v1.FirmAdmitted");
    assert_eq!(journal::FirmAdmitted::decode(payload.value.as_slice()).unwrap().incubator_id, "WJ03");
    assert_eq!(event.recorded_time.unwrap().seconds, 1_795_492_800);
    let before = v1::GetEventRequest { position: 4, include_record: false, ..ask.clone() };
    let before = server.journal().get_event(before).await.unwrap().into_inner().event.unwrap();
    assert_eq!((event.previous_hash, before.record.len()), (before.hash, 0));
    for absent in [0, 10, i64::MAX] {
        let ask = v1::GetEventRequest { position: absent, ..ask.clone() };
        let metadata = absent.to_string();
        let metadata: &[(&str, &str)] = if absent == 0 { &[("position", "0")] } else { &[("position", &metadata)] };
        refused(server.journal().get_event(ask).await, Code::NotFound, "UNKNOWN_POSITION", metadata, &[]);
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn an_event_says_where_it_was_taken_back() {
    let server = settled().await;
    let head = server.engine.published().head.position as i64;
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![5, 7],
        void_reason: "entered twice".into(),
        decided_by: "wang".into(),
        request_id: common::server::id(),
        ..Default::default()
    };
    let by = server.journal().void_facts(void).await.unwrap().into_inner().position;
    assert_eq!(by, head + 1);
    let events = server.journal().read_events(range()).await.unwrap().into_inner();
    let all: Vec<_> = events.map(|event| event.unwrap().event.unwrap()).collect().await;
    let voided: Vec<_> = all.iter().filter(|event| event.voided_position != 0).collect();
    assert_eq!(
        voided.iter().map(|event| (event.position, event.voided_position)).collect::<Vec<_>>(),
        [(5, by), (7, by)]
    );
    let mut stream = server.journal().subscribe_events(follow(5, "")).await.unwrap().into_inner();
    let Some(Step::Event(first)) = stream.message().await.unwrap().unwrap().step else { panic!("an event") };
    assert_eq!((first.position, first.voided_position), (5, by));
    drop(stream);
    let ask = v1::GetEventRequest { parent: DISTRICT.into(), position: 7, include_record: false };
    assert_eq!(server.journal().get_event(ask).await.unwrap().into_inner().event.unwrap().voided_position, by);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_range_is_read_and_ends() {
    let server = settled().await;
    assert_eq!(positions(&server, range()).await, (1..=9).collect::<Vec<_>>());
    let ask = v1::ReadEventsRequest { from_position: 3, to_position: 7, limit: 3, ..range() };
    assert_eq!(positions(&server, ask).await, [3, 4, 5]);
    let ask = v1::ReadEventsRequest { subject: firm_name(2), ..range() };
    assert_eq!(positions(&server, ask).await, [6, 7]);
    let ask = v1::ReadEventsRequest { from_position: 10, ..range() };
    assert!(positions(&server, ask).await.is_empty());
    let ahead = v1::ReadEventsRequest { from_position: 11, ..range() };
    let metadata = [("position", "11"), ("head", "9")];
    refused(server.journal().read_events(ahead).await, Code::OutOfRange, "POSITION_AHEAD", &metadata, &[]);
    let ahead = v1::ReadEventsRequest { to_position: 10, ..range() };
    let metadata = [("position", "10"), ("head", "9")];
    refused(server.journal().read_events(ahead).await, Code::OutOfRange, "POSITION_AHEAD", &metadata, &[]);
    let back = v1::ReadEventsRequest { from_position: 5, to_position: 4, ..range() };
    let fields = [("to_position", "OUT_OF_RANGE")];
    let back = server.journal().read_events(back).await;
    refused(back, Code::InvalidArgument, "OUT_OF_RANGE", &[("field", "to_position")], &fields);
    let bent = v1::ReadEventsRequest { subject: format!("{DISTRICT}/wonders/1"), ..range() };
    let fields = [("subject", "MALFORMED_NAME")];
    let bent = server.journal().read_events(bent).await;
    refused(bent, Code::InvalidArgument, "MALFORMED_NAME", &[("field", "subject")], &fields);
    server.ended().await.unwrap();
}

async fn next(stream: &mut Streaming<v1::SubscribeEventsResponse>) -> (i64, bool, bool) {
    let response = tokio::time::timeout(Duration::from_secs(5), stream.message()).await.unwrap().unwrap().unwrap();
    match response.step.unwrap() {
        Step::Event(event) => (event.position, true, response.caught_up),
        Step::CheckpointPosition(position) => (position, false, response.caught_up),
    }
}

fn follow(from_position: i64, subject: &str) -> v1::SubscribeEventsRequest {
    v1::SubscribeEventsRequest {
        parent: DISTRICT.into(),
        from_position,
        subject: subject.into(),
        heartbeat_seconds: 1,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_subscription_catches_up_and_goes_on() {
    let server = settled().await;
    let mut stream = server.journal().subscribe_events(follow(8, "")).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await, (8, true, false));
    assert_eq!(next(&mut stream).await, (9, true, false));
    assert_eq!(next(&mut stream).await, (9, false, true));
    server.firm(4, "2023-01-10").await;
    assert_eq!(next(&mut stream).await, (10, true, true));
    // Nothing happens: a heartbeat.
    assert_eq!(next(&mut stream).await, (10, false, true));
    // What does not concern the subscriber moves its checkpoint on.
    let mut other = server.journal().subscribe_events(follow(0, &firm_name(2))).await.unwrap().into_inner();
    assert_eq!(next(&mut other).await, (6, true, false));
    assert_eq!(next(&mut other).await, (7, true, false));
    assert_eq!(next(&mut other).await, (10, false, true));
    server.firm(5, "2023-01-10").await;
    assert_eq!(next(&mut other).await, (11, false, true));
    drop((stream, other));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_loses_nothing() {
    let server = settled().await;
    let mut stream = server.journal().subscribe_events(follow(1, "")).await.unwrap().into_inner();
    for number in 10..310 {
        server.firms().register_firm(firm(number, "2023-01-10")).await.unwrap();
    }
    let mut expected = 1;
    while expected <= 309 {
        let (position, is_event, _) = next(&mut stream).await;
        if is_event {
            assert_eq!(position, expected);
            expected += 1;
        }
    }
    drop(stream);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_subscription_ends_when_the_server_drains() {
    let mut server = settled().await;
    let mut stream = server.journal().subscribe_events(follow(10, "")).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await, (9, false, true));
    server.shut_down();
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::Unavailable, "DRAINING"));
    drop(stream);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn heartbeats_have_bounds_and_the_head_a_proof() {
    let server = settled().await;
    for seconds in [-1, 301] {
        let bent = v1::SubscribeEventsRequest { heartbeat_seconds: seconds, ..follow(0, "") };
        let fields = [("heartbeat_seconds", "OUT_OF_RANGE")];
        let bent = server.journal().subscribe_events(bent).await;
        refused(bent, Code::InvalidArgument, "OUT_OF_RANGE", &[("field", "heartbeat_seconds")], &fields);
    }
    let ahead = server.journal().subscribe_events(follow(11, "")).await;
    refused(ahead, Code::OutOfRange, "POSITION_AHEAD", &[("position", "11"), ("head", "9")], &[]);
    let head = v1::GetHeadRequest { parent: DISTRICT.into() };
    let head = server.journal().get_head(head).await.unwrap().into_inner();
    assert_eq!((head.position, head.parent.as_str(), head.log_id.len()), (9, DISTRICT, 32));
    let proof = server.journal().verify_log(v1::VerifyLogRequest { parent: DISTRICT.into() }).await.unwrap();
    assert_eq!(proof.into_inner(), v1::VerifyLogResponse { position: 9, hash: head.hash });
    server.ended().await.unwrap();
}
