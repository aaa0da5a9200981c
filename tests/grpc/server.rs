//! The server as a whole: health, reflection, what is not a call at all, and how it ends.

use crate::common::server::{DISTRICT, HeldClock, Server, admission, firm, firm_name, refused, said};
use crate::common::world;
use bytes::{Buf, BufMut, Bytes};
use incubator_registry::domain::{Command, Event, Stated};
use incubator_registry::engine::{
    Engine, EngineConfig, GROUP_COMMANDS_MAX, Principal, QUEUE_COMMANDS_MAX, Request as EngineRequest, RequestId, Stop,
};
use incubator_registry::grpc::ServeError;
use incubator_registry::log::{Fault, FaultyLog, MemoryLog, Plan};
use incubator_registry::wire::v1;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_types::StatusExt;

/// Sends bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let all = from.remaining();
        Ok(Some(from.copy_to_bytes(all)))
    }
}

async fn raw(server: &Server, path: &'static str, body: Bytes) -> Result<Bytes, Status> {
    let mut client = tonic::client::Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static(path);
    client.unary(Request::new(body), path, Raw).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_is_no_call_is_refused_in_the_words_of_the_api() {
    let server = Server::start().await;
    for path in ["/incubation.v1.FirmService/DeleteFirm", "/incubation.v2.FirmService/GetFirm", "/"] {
        refused(raw(&server, path, Bytes::new()).await, Code::Unimplemented, "UNKNOWN_METHOD", &[], &[]);
    }
    let bent = raw(&server, "/incubation.v1.FirmService/GetFirm", Bytes::from_static(b"\x0a\xff")).await;
    refused(bent, Code::InvalidArgument, "MALFORMED_MESSAGE", &[], &[]);
    let not_utf8 = raw(&server, "/incubation.v1.FirmService/GetFirm", Bytes::from_static(b"\x0a\x01\xff")).await;
    refused(not_utf8, Code::InvalidArgument, "MALFORMED_MESSAGE", &[], &[]);
    let large = v1::RegisterFirmRequest { display_name: "x".repeat(5 << 20), ..firm(1, "2023-01-10") };
    let limit = [("limit_bytes", "4194304")];
    refused(server.firms().register_firm(large).await, Code::ResourceExhausted, "TOO_LARGE", &limit, &[]);
    // A message within the limit whose fields are not: the same door, another word.
    let long = v1::RegisterFirmRequest { display_name: "x".repeat(1 << 20), ..firm(1, "2023-01-10") };
    let long = said(&server.firms().register_firm(long).await.unwrap_err());
    assert_eq!(long.fields, [("display_name".to_owned(), "MALFORMED_NAME".to_owned())]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn compressed_messages_have_the_same_bound() {
    let server = Server::start().await;
    let mut firms =
        server.firms().send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
    firms.register_firm(firm(1, "2023-01-10")).await.unwrap();
    let bomb = v1::RegisterFirmRequest { display_name: "0".repeat(64 << 20), ..firm(2, "2023-01-10") };
    let limit = [("limit_bytes", "4194304")];
    refused(firms.register_firm(bomb).await, Code::ResourceExhausted, "TOO_LARGE", &limit, &[]);
    drop(firms);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn health_answers_for_every_service() {
    let mut server = Server::start().await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "Incubator", "Firm", "Park", "Settings", "Journal", "Bureau", "Import"] {
        let service = if service.is_empty() { String::new() } else { format!("incubation.v1.{service}Service") };
        let answer = health.check(HealthCheckRequest { service: service.clone() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "incubation.v1.Nothing".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let watch = HealthCheckRequest { service: "incubation.v1.FirmService".into() };
    let mut watch = health.watch(watch).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    server.shut_down();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    // A watcher does not hold the server up.
    assert!(watch.next().await.is_none_or(|end| end.is_err()));
    drop((watch, health));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn reflection_tells_the_services_in_both_versions() {
    use tonic_reflection::pb::{v1 as r1, v1alpha as ra};
    let server = Server::start().await;
    let mut client = r1::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let list = r1::server_reflection_request::MessageRequest::ListServices(String::new());
    let ask = r1::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let r1::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else { panic!() };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for service in ["incubation.v1.FirmService", "incubation.v1.JournalService", "grpc.health.v1.Health"] {
        assert!(names.contains(&service), "{names:?}");
    }
    let mut client = ra::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let symbol = "incubation.journal.v1.FirmAdmitted".to_owned();
    let symbol = ra::server_reflection_request::MessageRequest::FileContainingSymbol(symbol);
    let ask = ra::ServerReflectionRequest { host: String::new(), message_request: Some(symbol) };
    let mut answers = client.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    assert!(matches!(answer, ra::server_reflection_response::MessageResponse::FileDescriptorResponse(_)));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_drained_server_takes_no_commands_and_keeps_what_it_took() {
    let server = Server::start().await;
    server.firm(1, "2023-01-10").await;
    let engine = server.engine.clone();
    let head = engine.published().head;
    server.ended().await.unwrap();
    assert_eq!(engine.published().head, head);
    assert_eq!(*engine.watch_stop().borrow(), Some(incubator_registry::engine::Stop::Drained));
}

#[tokio::test]
async fn a_log_without_space_refuses_and_goes_on() {
    let log = Arc::new(FaultyLog::new(Arc::new(MemoryLog::new()), Plan::none()));
    let server = Server::on(log.clone()).await;
    log.set_plan(Plan::queue([Fault::Full]));
    let command = firm(1, "2023-01-10");
    let full = server.firms().register_firm(command.clone()).await;
    refused(full, Code::ResourceExhausted, "LOG_FULL", &[], &[]);
    // Nothing was written: the same command goes through once there is space.
    assert!(!server.firms().register_firm(command).await.unwrap().into_inner().duplicate);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_log_failed_says_so_and_ends() {
    let log = Arc::new(FaultyLog::new(Arc::new(MemoryLog::new()), Plan::none()));
    let server = Server::on(log.clone()).await;
    log.set_plan(Plan::queue([Fault::SyncFails]));
    let lost = server.firms().register_firm(firm(1, "2023-01-10")).await;
    refused(lost, Code::Unavailable, "LOG_FAILED", &[], &[]);
    let ended = tokio::time::timeout(Duration::from_secs(10), server.ended_by_itself()).await.unwrap();
    let Err(ServeError::Stopped { district, stop: Stop::LogFailed(_) }) = ended else { panic!("{ended:?}") };
    assert_eq!(district, DISTRICT.trim_start_matches("districts/"));
}

#[tokio::test]
async fn a_full_queue_refuses_with_a_hint() {
    let log = Arc::new(FaultyLog::new(Arc::new(MemoryLog::new()), Plan::none()));
    let server = Server::on(log.clone()).await;
    log.set_plan(Plan::queue([Fault::Delay(Duration::from_secs(3))]));
    let waiting = |number: u32| {
        let event = Event::FirmRegistered { firm: world::firm(number), name: "甲".into(), field: "乙".into() };
        let facts = vec![Stated::new(world::day("2023-01-10"), event)];
        let command = Command::new(facts, Vec::new(), None).unwrap();
        let principal = Principal { id: "clerk-7".into(), on_behalf_of: String::new() };
        let id = RequestId(uuid::Uuid::new_v4().into_bytes());
        let request = EngineRequest { principal, id, expected_revision: None, validate_only: false, command };
        let engine = server.engine.clone();
        tokio::spawn(async move { engine.submit(request).await })
    };
    let first = waiting(0);
    tokio::time::sleep(Duration::from_millis(100)).await; // Its commit is on the way; what follows waits.
    // The writer takes a whole group ahead while the disk is busy; the queue holds the rest.
    let group = u32::try_from(GROUP_COMMANDS_MAX).unwrap();
    let mut rest: Vec<_> = (1..=group).map(waiting).collect();
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    rest.extend((1..=u32::try_from(QUEUE_COMMANDS_MAX).unwrap()).map(|number| waiting(group + number)));
    tokio::task::yield_now().await;
    let full = server.firms().register_firm(firm(9_999_999, "2023-01-10")).await.unwrap_err();
    assert_eq!(full.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_millis(100)));
    refused(Err::<(), _>(full), Code::ResourceExhausted, "QUEUE_FULL", &[], &[]);
    first.await.unwrap().unwrap();
    for answer in rest {
        answer.await.unwrap().unwrap();
    }
    server.firms().register_firm(firm(9_999_999, "2023-01-10")).await.unwrap();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_deadline_cuts_a_call_off_in_the_words_of_the_api() {
    let server = Server::start().await;
    let beyond = server.engine.published().head.position + 1;
    let mut ask = Request::new(v1::GetLimitsRequest {
        parent: DISTRICT.into(),
        min_position: i64::try_from(beyond).unwrap(),
        ..Default::default()
    });
    ask.set_timeout(Duration::from_secs(2));
    let late = server.settings().get_limits(ask).await.unwrap_err();
    assert_eq!((late.code(), said(&late).reason.as_str()), (Code::DeadlineExceeded, "DEADLINE"));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn one_server_keeps_several_districts_apart() {
    let clock = Arc::new(HeldClock::at(world::TODAY));
    let mut engines = Vec::new();
    for district in ["440203", "440204"] {
        let limits = (world::day("1900-01-01"), world::limits());
        let config = EngineConfig { district: district.into(), limits, snapshots: None };
        engines.push(Engine::start(config, Arc::new(MemoryLog::new()), clock.clone()).await.unwrap());
    }
    let server = Server::of(engines, clock).await;
    server.firm(1, "2023-01-10").await;
    let other = v1::ListFirmsRequest { parent: "districts/440204".into(), ..Default::default() };
    let other = server.firms().list_firms(other).await.unwrap().into_inner();
    assert_eq!((other.firms.len(), other.position), (0, 2));
    let mixed = v1::AdmitFirmRequest {
        incubator: "districts/440204/incubators/WJ03".into(),
        ..admission(&firm_name(1), "WJ03", "2023-02-01")
    };
    let fields = [("incubator", "OUT_OF_RANGE")];
    let mixed = server.firms().admit_firm(mixed).await;
    refused(mixed, Code::InvalidArgument, "OUT_OF_RANGE", &[("field", "incubator")], &fields);
    server.ended().await.unwrap();
}
