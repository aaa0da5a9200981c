//! What an operator sees, states and takes back: its own carriers, and their firms for the days of their stays. Carrier A is
//! the operator's, B is another's; the clerk keeps the rest.

use crate::common::server::{DISTRICT, Said, Server, admission, carrier, carrier_name, firm, firm_name, id, said};
use crate::common::world;
use incubator_registry::auth::{Caller, Role};
use incubator_registry::domain::IncubatorId;
use incubator_registry::wire::v1::{self, import_row::Row};
use std::fmt::Debug;
use tokio_stream as stream;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

fn operator(id: &str, carriers: &[&str]) -> Caller {
    let incubators = carriers.iter().map(|id| IncubatorId::parse(id).unwrap()).collect();
    Caller { incubators, ..Caller::of(id, [Role::Operator]) }
}

/// Carriers A and B, firms 1 to 4, registered on 2023-01-10.
async fn world() -> Server {
    let clerk = Caller::of("clerk", [Role::BureauClerk, Role::BureauApprover, Role::FinanceClerk]);
    let callers = vec![clerk, operator("op-a", &["A"]), operator("op-b", &["B"])];
    let server = Server::knowing(callers).await;
    for id in ["A", "B"] {
        server.carrier(id, v1::IncubatorKind::Incubator).await;
    }
    for number in 1..=4 {
        server.firm(number, "2023-01-10").await;
    }
    server
}

fn left(number: u32, incubator: &str, on: &str) -> v1::LeaveIncubatorRequest {
    v1::LeaveIncubatorRequest {
        name: firm_name(number),
        incubator: carrier_name(incubator),
        effective_date: on.into(),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        request_id: id(),
        ..Default::default()
    }
}

fn stay(number: u32, incubator: &str, from: &str, to: &str) -> v1::RecordStayRequest {
    v1::RecordStayRequest {
        name: firm_name(number),
        incubator: carrier_name(incubator),
        effective_date: from.into(),
        left_date: to.into(),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        request_id: id(),
        ..Default::default()
    }
}

fn renamed(number: u32, name: &str, on: &str) -> v1::RenameFirmRequest {
    v1::RenameFirmRequest {
        name: firm_name(number),
        display_name: name.into(),
        effective_date: on.into(),
        request_id: id(),
        ..Default::default()
    }
}

fn certified(number: u32, on: &str) -> v1::CertifyHighTechRequest {
    v1::CertifyHighTechRequest {
        name: firm_name(number),
        certificate_no: "GR1".into(),
        effective_date: on.into(),
        request_id: id(),
        ..Default::default()
    }
}

fn void(at: i64) -> v1::VoidFactsRequest {
    v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![at],
        void_reason: "录入错误".into(),
        decided_by: "A".into(),
        request_id: id(),
        ..Default::default()
    }
}

fn get(number: u32) -> v1::GetFirmRequest {
    v1::GetFirmRequest { name: firm_name(number), ..Default::default() }
}

async fn seen(server: &Server, who: &str, number: u32) -> Result<v1::Firm, Status> {
    let answer = server.by(who).firms().get_firm(get(number)).await?;
    Ok(answer.into_inner().firm.unwrap())
}

/// A refusal with its message, one firm's code or one carrier's id written like the other's.
#[track_caller]
fn alike<T: Debug>(answer: Result<T, Status>, from: &str, to: &str) -> (Said, String) {
    let status = answer.unwrap_err();
    let mut told = said(&status);
    told.metadata.values_mut().for_each(|value| *value = value.replace(from, to));
    (told, status.message().replace(from, to))
}

#[track_caller]
fn refused<T: Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Said {
    let told = said(&answer.unwrap_err());
    assert_eq!((told.code, told.reason.as_str()), (code, reason), "{told:?}");
    told
}

/// It bears its word and nothing of others' facts.
#[track_caller]
fn tells_nothing(status: &Status, reason: &str) {
    let told = said(status);
    assert_eq!(told.reason, reason);
    let allowed = ["firm", "date", "rule"];
    assert!(told.metadata.keys().all(|key| allowed.contains(&key.as_str())), "{told:?}");
    assert!(!status.message().contains("20"), "no day: {}", status.message());
    assert!(!status.message().contains(" B"), "no carrier: {}", status.message());
}

#[tokio::test]
async fn what_is_not_seen_is_as_if_it_were_not_there() {
    let server = world().await;
    server.admit(&firm_name(1), "A", "2024-01-01").await;
    server.admit(&firm_name(2), "B", "2024-01-01").await;
    let op = server.by("op-a");
    assert_eq!(seen(&server, "op-a", 1).await.unwrap().stays.len(), 1);
    let (hidden, absent) = (world::firm(2).to_string(), world::firm(99).to_string());
    let by_code = |answer| alike(answer, &hidden, &absent);
    assert_eq!(
        by_code(seen(&server, "op-a", 2).await.map(|_| ())),
        by_code(seen(&server, "op-a", 99).await.map(|_| ()))
    );
    let evidence = |number| {
        let (mut firms, name) = (op.firms(), firm_name(number));
        async move { firms.get_graduation_evidence(v1::GetGraduationEvidenceRequest { name, ..Default::default() }).await }
    };
    assert_eq!(by_code(evidence(2).await.map(|_| ())), by_code(evidence(99).await.map(|_| ())));
    let leaving = |number| {
        let mut firms = op.firms();
        async move { firms.leave_incubator(left(number, "A", "2024-06-01")).await.map(|_| ()) }
    };
    assert_eq!(by_code(leaving(2).await), by_code(leaving(99).await));
    let rename = |number| {
        let mut firms = op.firms();
        async move { firms.rename_firm(renamed(number, "x", "2024-06-01")).await.map(|_| ()) }
    };
    assert_eq!(by_code(rename(2).await), by_code(rename(99).await));
    let carrier = |id: &str| {
        let (mut incubators, name) = (op.incubators(), carrier_name(id));
        async move {
            let ask = v1::GetIncubatorRequest { name, ..Default::default() };
            incubators.get_incubator(ask).await.map(|_| ())
        }
    };
    assert!(carrier("A").await.is_ok());
    assert_eq!(alike(carrier("B").await, "B", "Z"), alike(carrier("Z").await, "B", "Z"));
    let admitting = |id: &'static str| {
        let mut firms = op.firms();
        async move { firms.admit_firm(admission(&firm_name(3), id, "2024-06-01")).await.map(|_| ()) }
    };
    assert_eq!(alike(admitting("B").await, "B", "Z"), alike(admitting("Z").await, "B", "Z"));
    let ask = v1::ListFirmsRequest { parent: DISTRICT.into(), ..Default::default() };
    let listed = op.firms().list_firms(ask).await.unwrap().into_inner().firms;
    assert_eq!(listed.iter().map(|firm| firm.name.clone()).collect::<Vec<_>>(), [firm_name(1)]);
    let ask = v1::ListIncubatorsRequest { parent: DISTRICT.into(), ..Default::default() };
    let listed = op.incubators().list_incubators(ask).await.unwrap().into_inner().incubators;
    assert_eq!(listed.iter().map(|carrier| carrier.name.clone()).collect::<Vec<_>>(), [carrier_name("A")]);
}

#[tokio::test]
async fn an_overlap_names_no_carrier_of_another() {
    let server = world().await;
    server.admit(&firm_name(1), "B", "2024-01-01").await;
    for validate_only in [true, false] {
        let ask = v1::AdmitFirmRequest { validate_only, ..admission(&firm_name(1), "A", "2024-06-01") };
        let status = server.by("op-a").firms().admit_firm(ask).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        tells_nothing(&status, "OVERLAPPING_STAY");
    }
    // Of its own stays it is told.
    server.admit(&firm_name(2), "A", "2024-01-01").await;
    let again = server.by("op-a").firms().admit_firm(admission(&firm_name(2), "A", "2024-06-01")).await;
    let told = refused(again, Code::FailedPrecondition, "OVERLAPPING_STAY");
    assert_eq!(told.metadata["other_incubator"], "A");
    assert!(told.metadata.contains_key("position"));
}

#[tokio::test]
async fn a_refused_first_admission_says_why() {
    let server = world().await;
    let late = server.by("op-a").firms().admit_firm(admission(&firm_name(1), "A", "2025-06-01")).await.unwrap_err();
    tells_nothing(&late, "AGE_OVER_LIMIT");
    server.admit(&firm_name(2), "B", "2024-01-01").await;
    let graduated = v1::GraduateFirmRequest {
        name: firm_name(2),
        incubator: carrier_name("B"),
        effective_date: "2024-06-01".into(),
        criterion: v1::GraduationCriterion::HighTech.into(),
        request_id: id(),
        ..Default::default()
    };
    server.firms().graduate_firm(graduated).await.unwrap();
    let after = server.by("op-a").firms().admit_firm(admission(&firm_name(2), "A", "2024-09-01")).await.unwrap_err();
    tells_nothing(&after, "ALREADY_GRADUATED");
    let gone = v1::DeregisterFirmRequest {
        name: firm_name(3),
        effective_date: "2024-02-01".into(),
        request_id: id(),
        ..Default::default()
    };
    server.firms().deregister_firm(gone).await.unwrap();
    let after = server.by("op-a").firms().admit_firm(admission(&firm_name(3), "A", "2024-09-01")).await.unwrap_err();
    tells_nothing(&after, "FIRM_DEREGISTERED");
}

#[tokio::test]
async fn a_backdated_stay_opens_nothing_that_was_recorded_before_it() {
    let server = world().await;
    let certificate = server.firms().certify_high_tech(certified(1, "2024-03-01")).await.unwrap().into_inner().position;
    let rename = server.firms().rename_firm(renamed(1, "新名", "2024-03-02")).await.unwrap().into_inner().position;
    let op = server.by("op-a");
    let ask = |validate_only| v1::RecordStayRequest { validate_only, ..stay(1, "A", "2024-01-01", "2024-12-31") };
    // Before the stay is recorded, not even the registered name is told.
    for validate_only in [true, false] {
        let answered = op.firms().record_stay(ask(validate_only)).await.unwrap().into_inner().firm.unwrap();
        assert_eq!(answered.stays.len(), 1);
        assert_eq!((answered.display_name.as_str(), answered.registered_date.as_str()), ("", ""));
        assert!(answered.high_tech_certificates.is_empty() && answered.renames.is_empty());
    }
    let after = seen(&server, "op-a", 1).await.unwrap();
    assert_eq!((after.display_name.as_str(), after.registered_date.as_str()), ("企业1", "2023-01-10"));
    assert!(after.high_tech_certificates.is_empty() && after.renames.is_empty());
    for at in [certificate, rename] {
        refused(op.journal().void_facts(void(at)).await, Code::NotFound, "UNKNOWN_FACT");
        let event = v1::GetEventRequest { parent: DISTRICT.into(), position: at, ..Default::default() };
        refused(op.journal().get_event(event).await, Code::NotFound, "UNKNOWN_POSITION");
    }
    // What is recorded of those days from then on is seen, and is not the operator's to take back.
    let ask = v1::CertifyHighTechRequest { certificate_no: "GR2".into(), ..certified(1, "2024-05-01") };
    let later = server.firms().certify_high_tech(ask).await.unwrap().into_inner().position;
    assert_eq!(seen(&server, "op-a", 1).await.unwrap().high_tech_certificates.len(), 1);
    refused(op.journal().void_facts(void(later)).await, Code::PermissionDenied, "NOT_PERMITTED");
}

#[tokio::test]
async fn whoever_has_the_firm_no_more_renames_it_no_more() {
    let server = world().await;
    let op = server.by("op-a");
    op.firms().admit_firm(admission(&firm_name(1), "A", "2024-01-01")).await.unwrap();
    let own = op.firms().rename_firm(renamed(1, "甲", "2024-03-01")).await.unwrap().into_inner().position;
    let theirs = server.firms().rename_firm(renamed(1, "乙", "2024-04-01")).await.unwrap().into_inner().position;
    // While it has the firm, it takes back what it recorded itself, and only that.
    let tried = v1::VoidFactsRequest { validate_only: true, ..void(own) };
    op.journal().void_facts(tried).await.unwrap();
    refused(op.journal().void_facts(void(theirs)).await, Code::PermissionDenied, "NOT_PERMITTED");
    op.firms().leave_incubator(left(1, "A", "2024-06-01")).await.unwrap();
    let denied = |answer| refused(answer, Code::PermissionDenied, "NOT_PERMITTED");
    denied(op.firms().rename_firm(renamed(1, "丙", "2024-05-01")).await.map(|_| ()));
    denied(op.journal().void_facts(void(own)).await.map(|_| ()));
    let gone = v1::DeregisterFirmRequest {
        name: firm_name(1),
        effective_date: "2024-05-01".into(),
        request_id: id(),
        ..Default::default()
    };
    denied(op.firms().deregister_firm(gone).await.map(|_| ()));
    // What happened to the firm elsewhere afterwards is not told.
    server.admit(&firm_name(1), "B", "2024-07-01").await;
    server.firms().rename_firm(renamed(1, "丁", "2024-08-01")).await.unwrap();
    let firm = seen(&server, "op-a", 1).await.unwrap();
    assert_eq!((firm.stays.len(), firm.display_name.as_str()), (1, "乙"));
}

#[tokio::test]
async fn a_voided_stay_gives_no_rights_back() {
    let server = world().await;
    let op = server.by("op-a");
    let at = op.firms().admit_firm(admission(&firm_name(1), "A", "2024-01-01")).await.unwrap().into_inner().position;
    let certificate = server.firms().certify_high_tech(certified(1, "2024-03-01")).await.unwrap().into_inner().position;
    assert_eq!(seen(&server, "op-a", 1).await.unwrap().high_tech_certificates.len(), 1);
    server.journal().void_facts(void(at)).await.unwrap();
    let known_at = Some(v1::get_firm_request::KnownAt::KnownAtPosition(certificate));
    let then = v1::GetFirmRequest { known_at, ..get(1) };
    refused(op.firms().get_firm(then).await, Code::NotFound, "UNKNOWN_FIRM");
    refused(seen(&server, "op-a", 1).await, Code::NotFound, "UNKNOWN_FIRM");
}

#[tokio::test]
async fn events_are_those_in_sight_and_name_no_other_principal() {
    let server = world().await;
    let op = server.by("op-a");
    server.admit(&firm_name(2), "B", "2024-01-01").await;
    let theirs = server.admit(&firm_name(1), "A", "2024-01-01").await;
    let own = op.firms().rename_firm(renamed(1, "甲", "2024-03-01")).await.unwrap().into_inner().position;
    let ask = v1::ReadEventsRequest { parent: DISTRICT.into(), include_record: true, ..Default::default() };
    let read = |answer: tonic::Response<tonic::Streaming<v1::ReadEventsResponse>>| async {
        let events = answer.into_inner().map(|answer| answer.unwrap().event.unwrap());
        events.collect::<Vec<v1::Event>>().await
    };
    let all = read(server.journal().read_events(ask.clone()).await.unwrap()).await;
    let events = read(op.journal().read_events(ask).await.unwrap()).await;
    let types: Vec<&str> = events.iter().map(|event| event.r#type.as_str()).collect();
    let expected = ["LimitsSet", "IncubatorRegistered", "FirmRegistered", "FirmAdmitted", "FirmRenamed"];
    assert_eq!(types, expected);
    assert!(events.len() < all.len());
    for event in &events {
        assert!(event.record.is_empty() && event.hash.is_empty() && event.previous_hash.is_empty());
        assert!(event.subjects.iter().all(|subject| subject.revision == 0 && subject.previous_hash.is_empty()));
        let mine = event.position == own;
        assert_eq!(event.principal, if mine { "op-a" } else { "" });
        assert_eq!(!event.request_id.is_empty() && !event.request_hash.is_empty(), mine);
    }
    let ask = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: theirs, ..Default::default() };
    let mut followed = op.journal().subscribe_events(ask).await.unwrap().into_inner();
    // Firm 3 goes to B: nothing of it comes.
    server.admit(&firm_name(3), "B", "2024-01-01").await;
    let last = server.admit(&firm_name(4), "A", "2024-01-01").await;
    let mut positions = Vec::new();
    while positions.last() != Some(&last) {
        let step = followed.message().await.unwrap().unwrap().step.unwrap();
        if let v1::subscribe_events_response::Step::Event(event) = step {
            assert!(!format!("{event:?}").contains(world::firm(3).as_str()));
            positions.push(event.position);
        }
    }
    assert_eq!(positions, [theirs, own, last]);
    // A void is told where all that it takes back is in sight.
    let voided = server.journal().void_facts(void(theirs - 1)).await.unwrap().into_inner().position;
    let event = v1::GetEventRequest { parent: DISTRICT.into(), position: voided, ..Default::default() };
    refused(op.journal().get_event(event).await, Code::NotFound, "UNKNOWN_POSITION");
}

#[tokio::test]
async fn figures_count_the_days_with_its_carriers_only() {
    let server = world().await;
    server.admit(&firm_name(1), "B", "2023-02-01").await;
    server.firms().leave_incubator(left(1, "B", "2023-03-01")).await.unwrap();
    server.admit(&firm_name(1), "A", "2024-01-01").await;
    server.admit(&firm_name(2), "B", "2023-02-01").await;
    let op = server.by("op-a");
    let ask = v1::GetMetricsRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let metrics = op.bureau().get_metrics(ask.clone()).await.unwrap().into_inner();
    assert_eq!(metrics.in_incubator, 1);
    assert_eq!(metrics.cohorts.iter().map(|cohort| cohort.year).collect::<Vec<_>>(), [2024]);
    assert_eq!(server.bureau().get_metrics(ask).await.unwrap().into_inner().in_incubator, 2);
    let ask =
        v1::GetChainStatusRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let chain = op.bureau().get_chain_status(ask).await.unwrap().into_inner();
    assert_eq!(chain.incubators.iter().map(|counts| counts.incubator.clone()).collect::<Vec<_>>(), [carrier_name("A")]);
    server.clock.advance(std::time::Duration::from_secs(86_400 * 366 * 3));
    let ask =
        v1::ListOverdueFirmsRequest { parent: DISTRICT.into(), as_of_date: "2028-06-01".into(), ..Default::default() };
    let overdue = op.bureau().list_overdue_firms(ask).await.unwrap().into_inner().firms;
    assert_eq!(overdue.len(), 1);
    assert_eq!((overdue[0].firm.clone(), overdue[0].first_admitted_date.as_str()), (firm_name(1), "2024-01-01"));
}

#[tokio::test]
async fn anomalies_are_those_of_its_own_carriers() {
    let server = world().await;
    for (number, id) in [(1, "A"), (2, "B")] {
        server.admit(&firm_name(number), id, "2024-01-01").await;
        let gone = v1::DeregisterFirmRequest {
            name: firm_name(number),
            effective_date: "2024-06-01".into(),
            request_id: crate::common::server::id(),
            ..Default::default()
        };
        server.firms().deregister_firm(gone).await.unwrap();
    }
    let ask =
        v1::ListAnomaliesRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let found = server.by("op-a").bureau().list_anomalies(ask.clone()).await.unwrap().into_inner().anomalies;
    assert_eq!(found.iter().map(|anomaly| anomaly.firm.clone()).collect::<Vec<_>>(), [firm_name(1)]);
    assert_eq!(server.bureau().list_anomalies(ask).await.unwrap().into_inner().anomalies.len(), 2);
}

#[tokio::test]
async fn registering_a_firm_that_is_there_tells_nothing_of_it() {
    let server = world().await;
    server.admit(&firm_name(1), "B", "2024-01-01").await;
    server.firms().rename_firm(renamed(1, "新名", "2024-03-02")).await.unwrap();
    let op = server.by("op-a");
    let same = op.firms().register_firm(firm(1, "2023-01-10")).await.unwrap().into_inner();
    assert!(same.duplicate);
    let told = same.firm.unwrap();
    assert!(told.stays.is_empty() && told.renames.is_empty(), "{told:?}");
    assert_ne!(told.display_name, "新名");
    let other = v1::RegisterFirmRequest { display_name: "别名".into(), ..firm(1, "2023-01-10") };
    let status = op.firms().register_firm(other).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    tells_nothing(&status, "CONFLICT");
    refused(seen(&server, "op-a", 1).await, Code::NotFound, "UNKNOWN_FIRM");
}

#[tokio::test]
async fn a_dry_run_is_judged_on_its_own_rows() {
    let server = world().await;
    server.admit(&firm_name(2), "B", "2024-01-01").await;
    let row = |line, row| v1::ImportRow { line, row: Some(row) };
    let stayed = |number, id: &str, on: &str| {
        Row::Stay(v1::StayRow {
            incubator_id: id.into(),
            firm_code: world::firm(number).to_string(),
            admitted_date: on.into(),
            ..Default::default()
        })
    };
    let report = Row::AnnualReport(v1::AnnualReportRow {
        firm_code: world::firm(1).to_string(),
        year: 2024,
        revenue_fen: 1,
        ..Default::default()
    });
    let rows = vec![
        row(2, stayed(1, "A", "2024-01-01")),
        row(3, report.clone()),
        row(4, stayed(1, "A", "2024-05-01")),
        row(5, stayed(2, "A", "2024-05-01")),
        row(6, stayed(3, "B", "2024-05-01")),
    ];
    for validate_only in [true, false] {
        let rows = rows.clone();
        let message = v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only };
        let mut import = server.by("op-a").import();
        let mut answers = import.import_rows(stream::once(message)).await.unwrap().into_inner();
        let results = answers.message().await.unwrap().unwrap().results;
        let reasons: Vec<v1::Reason> = results.iter().map(|result| result.reason()).collect();
        use v1::Reason::{OverlappingStay, UnknownIncubator, Unspecified};
        let expected = [Unspecified, Unspecified, OverlappingStay, OverlappingStay, UnknownIncubator];
        assert_eq!(reasons, expected, "{validate_only}: {results:?}");
        // The stay that its own earlier row states is told, another's is not.
        assert_ne!(results[2].position, 0);
        assert_eq!(results[3].position, 0);
        assert!(!format!("{:?}", results[3]).contains("\"B\""), "{:?}", results[3]);
    }
}

#[tokio::test]
async fn taxes_and_loans_are_nothing_to_an_operator() {
    let server = world().await;
    server.admit(&firm_name(1), "A", "2024-01-01").await;
    let content = include_bytes!("../../../deploy/demo/policy.toml").to_vec();
    let publish = v1::PublishPolicyRequest {
        parent: DISTRICT.into(),
        content: String::from_utf8(content).unwrap(),
        effective_date: "2026-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    server.policies().publish_policy(publish).await.unwrap();
    let op = server.by("op-a");
    let ask = v1::ListEntitlementsRequest { parent: DISTRICT.into(), ..Default::default() };
    let all = server.entitlements().list_entitlements(ask.clone()).await.unwrap().into_inner().entitlements;
    assert!(all.iter().any(|line| line.beneficiary == carrier_name("B")));
    let own = op.entitlements().list_entitlements(ask).await.unwrap().into_inner().entitlements;
    assert!(!own.is_empty() && own.iter().all(|line| line.beneficiary == carrier_name("A")));
    let explain = |id: &str| {
        let ask = v1::ExplainEntitlementRequest {
            parent: DISTRICT.into(),
            scheme: v1::Scheme::IncubatorTaxRebate.into(),
            beneficiary: carrier_name(id),
            period: "2024".into(),
            ..Default::default()
        };
        let mut entitlements = op.entitlements();
        async move { entitlements.explain_entitlement(ask).await.map(|_| ()) }
    };
    explain("A").await.unwrap();
    assert_eq!(alike(explain("B").await, "B", "Z"), alike(explain("Z").await, "B", "Z"));
}

#[tokio::test]
async fn an_etag_of_an_operator_counts_what_it_sees() {
    let server = world().await;
    server.firms().certify_high_tech(certified(1, "2023-03-01")).await.unwrap();
    server.admit(&firm_name(1), "A", "2024-01-01").await;
    let before = seen(&server, "op-a", 1).await.unwrap();
    assert_eq!(before.revision, 2);
    let op = server.by("op-a");
    let renaming =
        |etag: &str, name: &str, on: &str| v1::RenameFirmRequest { etag: etag.into(), ..renamed(1, name, on) };
    let answered = op.firms().rename_firm(renaming(&before.etag, "甲", "2024-03-01")).await.unwrap().into_inner();
    assert_eq!(answered.firm.unwrap().revision, 3);
    let stale = op.firms().rename_firm(renaming(&before.etag, "乙", "2024-04-01")).await;
    let told = refused(stale, Code::Aborted, "STALE_ETAG");
    assert_eq!((told.metadata["expected"].as_str(), told.metadata["actual"].as_str()), ("2", "3"));
}

#[tokio::test]
async fn a_carrier_is_what_the_bureau_says_it_is() {
    let server = world().await;
    let recognise = v1::RecogniseIncubatorRequest {
        name: carrier_name("A"),
        level: v1::RecognitionLevel::City.into(),
        document_no: "韶科〔2024〕1号".into(),
        effective_date: "2024-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let at = server.incubators().recognise_incubator(recognise.clone()).await.unwrap().into_inner().position;
    let op = server.by("op-a");
    let again = v1::RecogniseIncubatorRequest { request_id: id(), ..recognise };
    refused(op.incubators().recognise_incubator(again).await, Code::PermissionDenied, "NOT_PERMITTED");
    let told = refused(op.journal().void_facts(void(at)).await, Code::PermissionDenied, "NOT_PERMITTED");
    assert_eq!(told.metadata["method"], "IncubatorService/RecogniseIncubator");
    let founded = op.incubators().register_incubator(carrier("C", v1::IncubatorKind::Incubator)).await;
    refused(founded, Code::PermissionDenied, "NOT_PERMITTED");
    // A transfer to another's carrier is two facts, and one is not its own to state.
    server.admit(&firm_name(1), "A", "2024-01-01").await;
    let transfer = v1::TransferFirmRequest {
        name: firm_name(1),
        from_incubator: carrier_name("A"),
        to_incubator: carrier_name("B"),
        effective_date: "2024-06-01".into(),
        request_id: id(),
        ..Default::default()
    };
    refused(op.firms().transfer_firm(transfer).await, Code::NotFound, "UNKNOWN_INCUBATOR");
}
