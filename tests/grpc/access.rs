//! What a server notes of its calls, and who may read that: who was turned away, who read taxes and for whom; an operator
//! learns nothing of it, an administrator only of refusals, and a full disk stops nobody from reading.

use crate::common::server::{DISTRICT, Server, firm_name, id, said};
use crate::common::world;
use incubator_registry::access::AccessLog;
use incubator_registry::auth::{Caller, Role};
use incubator_registry::grpc::ON_BEHALF_OF_HEADER;
use incubator_registry::journal::export::{Decoder, Item};
use incubator_registry::log::{Fault, FaultyLog, MemoryLog, Plan};
use incubator_registry::wire::v1::{self, AccessKind};
use std::sync::Arc;
use tonic::{Code, Request};

async fn server(log: Arc<dyn incubator_registry::log::EventLog>) -> (Server, AccessLog) {
    let of = |role: Role| Caller::of(role.word(), [role]);
    let agent = Caller { for_whom: Some([Arc::from("bureau")].into()), ..Caller::of("agent", [Role::BureauClerk]) };
    let mut callers: Vec<Caller> = Role::ALL.into_iter().rev().map(of).collect();
    callers.push(agent);
    let elsewhere = Some(["440204".to_owned()].into());
    callers.push(Caller { districts: elsewhere.clone(), ..Caller::of("elsewhere", [Role::Auditor]) });
    let clerks = [Role::BureauClerk, Role::FinanceClerk];
    callers.push(Caller { districts: elsewhere, ..Caller::of("stray", clerks) });
    let (server, access) = Server::noting(callers, log).await;
    let clerk = server.by("bureau-clerk");
    clerk.firm(1, "2023-01-10").await;
    let receipt = v1::RecordTaxReceiptRequest {
        parent: DISTRICT.into(),
        taxpayer_code: world::firm(1).to_string(),
        tax: v1::Tax::Vat.into(),
        effective_date: "2024-03-05".into(),
        amount_fen: 987_654_321,
        nature: v1::TaxNature::Normal.into(),
        voucher_no: "V1".into(),
        request_id: id(),
        ..Default::default()
    };
    server.by("finance-clerk").taxes().record_tax_receipt(receipt).await.unwrap();
    (server, access)
}

fn list() -> v1::ListTaxReceiptsRequest {
    let filter = format!("taxpayer = {}", world::firm(1));
    v1::ListTaxReceiptsRequest { parent: DISTRICT.into(), filter, ..Default::default() }
}

fn all() -> v1::ListAccessRecordsRequest {
    v1::ListAccessRecordsRequest { parent: DISTRICT.into(), page_size: 1000, ..Default::default() }
}

async fn records(server: &Server, by: &str) -> Vec<v1::AccessRecord> {
    server.by(by).access().list_access_records(all()).await.unwrap().into_inner().records
}

#[tokio::test]
async fn a_refusal_and_a_tax_read_stand_in_it_with_who_and_for_whom() {
    let log = Arc::new(MemoryLog::new());
    let (server, access) = server(log.clone()).await;
    let refused = server.by("operator").taxes().list_tax_receipts(list()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let stranger = server.by("nobody").taxes().list_tax_receipts(list()).await.unwrap_err();
    assert_eq!(stranger.code(), Code::Unauthenticated);
    for whom in ["bureau", "another"] {
        let mut request = Request::new(list());
        request.metadata_mut().insert(ON_BEHALF_OF_HEADER, whom.parse().unwrap());
        server.by("agent").taxes().list_tax_receipts(request).await.unwrap();
    }
    let name = format!("{DISTRICT}/taxReceipts/V1:VAT");
    let get = v1::GetTaxReceiptRequest { name, ..Default::default() };
    let answered = server.by("auditor").taxes().get_tax_receipt(get).await;
    let name = if answered.is_ok() { "taxReceipts/V1:VAT" } else { panic!("{answered:?}") };
    // Nobody's data.
    let firm = v1::GetFirmRequest { name: firm_name(1), ..Default::default() };
    server.by("auditor").firms().get_firm(firm).await.unwrap();
    access.flush().await;

    let found = records(&server, "auditor").await;
    let told = |kind: AccessKind| found.iter().filter(move |record| record.kind() == kind);
    let denied: Vec<_> = told(AccessKind::Denied).map(|r| (&*r.principal, &*r.reason, &*r.peer, r.count)).collect();
    assert_eq!(denied.len(), 2, "{found:#?}");
    assert!(denied.contains(&("operator", "NOT_PERMITTED", "127.0.0.1", 1)), "{denied:?}");
    assert!(denied.contains(&("", "NO_PRINCIPAL", "127.0.0.1", 1)), "{denied:?}");
    let read: Vec<_> = told(AccessKind::Read)
        .map(|r| (&*r.principal, &*r.on_behalf_of, &*r.data, &*r.entity, r.query.contains("taxpayer")))
        .collect();
    assert!(read.contains(&("agent", "bureau", "tax", "", true)), "{read:?}");
    assert!(read.contains(&("agent", "", "tax", "", true)), "whom nobody may act for is not told: {read:?}");
    assert!(read.contains(&("auditor", "", "tax", name, false)), "{read:?}");
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(told(AccessKind::Read).all(|record| record.method.starts_with("incubation.v1.TaxService/")));
    let bytes = export(&server, "auditor").await;
    for secret in ["987654321", "987_654"] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "an amount stands in it");
    }
    // Who read the access log stands in it too.
    access.flush().await;
    let found = records(&server, "auditor").await;
    assert!(found.iter().any(|record| record.data == "access" && record.principal == "auditor"), "{found:#?}");
}

async fn export(server: &Server, by: &str) -> Vec<u8> {
    let request = v1::ExportAccessLogRequest { parent: DISTRICT.into() };
    let mut chunks = server.by(by).access().export_access_log(request).await.unwrap().into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = chunks.message().await.unwrap() {
        bytes.extend(message.chunk);
    }
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    while let Some(item) = decoder.next().unwrap() {
        let (Item::Origin(_) | Item::Commit(_) | Item::End(_)) = item;
    }
    decoder.finish().unwrap();
    bytes
}

#[tokio::test]
async fn an_operator_reads_nothing_of_it_and_an_administrator_refusals_alone() {
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    server.by("auditor").taxes().list_tax_receipts(list()).await.unwrap();
    server.by("operator").taxes().list_tax_receipts(list()).await.unwrap_err();
    access.flush().await;
    for who in ["operator", "bureau-clerk", "finance-clerk", "finance-approver"] {
        let refused = server.by(who).access().list_access_records(all()).await.unwrap_err();
        assert_eq!((refused.code(), &*said(&refused).reason), (Code::PermissionDenied, "NOT_PERMITTED"), "{who}");
    }
    let seen = records(&server, "administrator").await;
    assert!(seen.iter().any(|record| record.kind() == AccessKind::Denied), "{seen:#?}");
    assert!(seen.iter().all(|record| record.kind() != AccessKind::Read), "{seen:#?}");
    let request = v1::ExportAccessLogRequest { parent: DISTRICT.into() };
    let refused = server.by("administrator").access().export_access_log(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    for who in ["auditor", "bureau-approver"] {
        assert!(records(&server, who).await.iter().any(|record| record.kind() == AccessKind::Read), "{who}");
    }
}

#[tokio::test]
async fn a_district_that_is_not_the_callers_is_a_refusal_noted_there() {
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    let refused = server.by("elsewhere").taxes().list_tax_receipts(list()).await.unwrap_err();
    assert_eq!((refused.code(), &*said(&refused).reason), (Code::NotFound, "UNKNOWN_DISTRICT"));
    let unkept = v1::ListTaxReceiptsRequest { parent: "districts/440299".into(), ..list() };
    server.by("auditor").taxes().list_tax_receipts(unkept).await.unwrap_err();
    // What is absent for one who sees everything is no refusal.
    let absent = v1::GetFirmRequest { name: firm_name(77), ..Default::default() };
    assert_eq!(server.by("auditor").firms().get_firm(absent).await.unwrap_err().code(), Code::NotFound);
    access.flush().await;
    let found = records(&server, "auditor").await;
    let denied = found.iter().filter(|record| record.kind() == AccessKind::Denied);
    let mut denied: Vec<_> = denied.map(|record| (&*record.principal, &*record.reason)).collect();
    denied.sort_unstable();
    assert_eq!(denied, [("auditor", "UNKNOWN_DISTRICT"), ("elsewhere", "UNKNOWN_DISTRICT")]);
    assert!(found.iter().all(|record| record.kind() != AccessKind::Read), "nothing was read: {found:#?}");
}

#[tokio::test]
async fn a_district_that_is_not_the_callers_is_noted_whatever_else_is_wrong_with_the_call() {
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    let malformed = v1::ListTaxReceiptsRequest { filter: "taxpayer = 1".into(), ..list() };
    let refused = server.by("elsewhere").taxes().list_tax_receipts(malformed.clone()).await.unwrap_err();
    assert_eq!((refused.code(), &*said(&refused).reason), (Code::InvalidArgument, "MALFORMED_FILTER"));
    server.by("auditor").taxes().list_tax_receipts(malformed).await.unwrap_err();
    access.flush().await;
    let found = records(&server, "auditor").await;
    let denied = found.iter().filter(|record| record.kind() == AccessKind::Denied);
    let denied: Vec<_> = denied.map(|record| (&*record.principal, &*record.method, &*record.reason)).collect();
    assert_eq!(denied, [("elsewhere", "incubation.v1.TaxService/ListTaxReceipts", "MALFORMED_FILTER")]);
}

/// Why a stream that sends this message alone ends.
macro_rules! ended {
    ($client:expr, $method:ident, $message:expr) => {{
        let mut answers = $client.$method(tokio_stream::iter([$message])).await.unwrap().into_inner();
        answers.message().await.unwrap_err()
    }};
}

#[tokio::test]
async fn a_district_that_a_stream_asks_for_in_its_first_message_is_noted() {
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    let parent = || DISTRICT.to_owned();
    let rows = |parent| v1::ImportRowsRequest { parent, ..Default::default() };
    let receipts = |parent| v1::ImportTaxReceiptsRequest { parent, ..Default::default() };
    let answers = |parent| v1::ImportPaymentAnswersRequest { parent, ..Default::default() };
    let stray = server.by("stray");
    let refused = [
        ended!(stray.import(), import_rows, rows(parent())),
        ended!(stray.finance(), import_tax_receipts, receipts(parent())),
        ended!(stray.finance(), import_payment_answers, answers(parent())),
    ];
    for refused in refused {
        assert_eq!((refused.code(), &*said(&refused).reason), (Code::NotFound, "UNKNOWN_DISTRICT"));
    }
    // A name that is none is no attempt at another's.
    let malformed = ended!(stray.import(), import_rows, rows("districts".into()));
    assert_eq!(&*said(&malformed).reason, "MALFORMED_NAME");
    // Whoever works here is let in.
    let own = v1::ImportTaxReceiptsRequest { receipts: vec![v1::TaxReceiptLine::default()], ..receipts(parent()) };
    let mut client = server.by("finance-clerk").finance();
    let mut taken = client.import_tax_receipts(tokio_stream::iter([own])).await.unwrap().into_inner();
    assert_eq!(taken.message().await.unwrap().unwrap().results.len(), 1);
    access.flush().await;
    let found = records(&server, "auditor").await;
    let denied = found.iter().filter(|record| record.kind() == AccessKind::Denied);
    let mut denied: Vec<_> = denied.map(|r| (&*r.principal, &*r.method, &*r.reason, &*r.peer, r.count)).collect();
    denied.sort_unstable();
    let noted = |method| ("stray", method, "UNKNOWN_DISTRICT", "127.0.0.1", 1);
    let methods =
        ["FinanceService/ImportPaymentAnswers", "FinanceService/ImportTaxReceipts", "ImportService/ImportRows"];
    let methods = methods.map(|method| format!("incubation.v1.{method}"));
    assert_eq!(denied, methods.iter().map(|method| noted(&**method)).collect::<Vec<_>>());
}

#[tokio::test]
async fn reads_by_position_say_which() {
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    let auditor = server.by("auditor");
    let parent = || DISTRICT.to_owned();
    let get = v1::GetEventRequest { parent: parent(), position: 3, ..Default::default() };
    auditor.journal().get_event(get).await.unwrap();
    let (from_position, to_position) = (2, 4);
    let range = v1::ReadEventsRequest { parent: parent(), from_position, to_position, ..Default::default() };
    let mut events = auditor.journal().read_events(range).await.unwrap().into_inner();
    while events.message().await.unwrap().is_some() {}
    let of_one = v1::ReadEventsRequest { parent: parent(), subject: firm_name(1), limit: 1, ..Default::default() };
    auditor.journal().read_events(of_one).await.unwrap();
    for to_position in [0, 2] {
        auditor.journal().export_log(v1::ExportLogRequest { parent: parent(), to_position }).await.unwrap();
    }
    let follow = v1::SubscribeEventsRequest { parent: parent(), from_position: 5, ..Default::default() };
    auditor.journal().subscribe_events(follow).await.unwrap();
    access.flush().await;
    let found = records(&server, "auditor").await;
    let mut read: Vec<_> = found.iter().filter(|record| record.kind() == AccessKind::Read).collect();
    read.sort_by_key(|record| (record.method.clone(), record.query.clone()));
    let told: Vec<_> = read.iter().map(|r| (r.method.rsplit('/').next().unwrap(), &*r.query)).collect();
    let expected = [
        ("ExportLog", ""),
        ("ExportLog", "to_position = 2"),
        ("GetEvent", "position = 3"),
        ("ReadEvents", "from_position = 2 AND to_position = 4"),
        ("ReadEvents", "limit = 1"),
        ("SubscribeEvents", "from_position = 5"),
    ];
    assert_eq!(told, expected);
    assert_eq!(read[4].entity, format!("firms/{}", world::firm(1)));
}

#[tokio::test]
async fn a_full_disk_stops_no_reading_and_the_status_tells() {
    let log = Arc::new(FaultyLog::new(Arc::new(MemoryLog::new()), Plan::none()));
    let (server, access) = server(log.clone()).await;
    access.flush().await;
    log.set_plan(Plan::each(|_, _| Fault::Full));
    for _ in 0..10 {
        server.by("auditor").taxes().list_tax_receipts(list()).await.unwrap();
    }
    access.flush().await;
    let request = v1::GetAccessStatusRequest { parent: DISTRICT.into() };
    let status = server.by("administrator").access().get_access_status(request.clone()).await.unwrap().into_inner();
    assert_eq!((&*status.state, status.unrecorded_reads), ("FULL", 10));
    log.set_plan(Plan::none());
    access.flush().await;
    let status = server.by("administrator").access().get_access_status(request).await.unwrap().into_inner();
    assert_eq!((&*status.state, status.unrecorded_reads), ("OPEN", 0));
    let found = records(&server, "auditor").await;
    let gap = found.iter().find(|record| record.kind() == AccessKind::Unrecorded).unwrap();
    assert_eq!((gap.read_count, &*gap.cause), (10, "UNWRITTEN"));
}

#[tokio::test]
async fn a_server_without_access_logs_says_so_and_pages_go_on() {
    let server_without = Server::knowing(vec![Caller::of("auditor", [Role::Auditor])]).await;
    let refused = server_without.access().list_access_records(all()).await.unwrap_err();
    assert_eq!((refused.code(), &*said(&refused).reason), (Code::FailedPrecondition, "NO_ACCESS_LOG"));
    let (server, access) = server(Arc::new(MemoryLog::new())).await;
    for filter in ["tax = VAT", "nature = NORMAL", ""] {
        let request = v1::ListTaxReceiptsRequest { filter: filter.into(), ..list() };
        server.by("auditor").taxes().list_tax_receipts(request).await.unwrap();
        access.flush().await;
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListAccessRecordsRequest { page_size: 1, page_token: token, ..all() };
        let page = server.by("auditor").access().list_access_records(request).await.unwrap().into_inner();
        seen.extend(page.records.iter().map(|record| record.position));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.last(), Some(&1));
    assert!(seen.is_sorted_by(|a, b| *a == b + 1), "{seen:?}");
    let request = v1::ListAccessRecordsRequest { page_token: "x".into(), ..all() };
    let refused = server.by("auditor").access().list_access_records(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
