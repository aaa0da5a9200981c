//! Commands over the wire: what is recorded, what a retry gets, and what a refusal says, whole.

use crate::common::server::{DISTRICT, Server, admission, carrier, carrier_name, firm, firm_name, id, refused, said};
use incubator_registry::grpc::{ON_BEHALF_OF_HEADER, PRINCIPAL_HEADER};
use incubator_registry::wire::v1::{self, IncubatorKind};
use tonic::{Code, Request};

#[tokio::test]
async fn a_firm_goes_along_the_chain() {
    let server = Server::start().await;
    server.carrier("ZC01", IncubatorKind::Makerspace).await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    server.admit(&name, "ZC01", "2023-02-01").await;
    let moved = v1::TransferFirmRequest {
        name: name.clone(),
        from_incubator: carrier_name("ZC01"),
        to_incubator: carrier_name("WJ03"),
        effective_date: "2023-08-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let moved = server.firms().transfer_firm(moved).await.unwrap().into_inner();
    let graduated = v1::GraduateFirmRequest {
        name: name.clone(),
        incubator: carrier_name("WJ03"),
        criterion: v1::GraduationCriterion::HighTech.into(),
        graduation_document_no: "韶武科〔2025〕9号".into(),
        effective_date: "2025-06-30".into(),
        request_id: id(),
        documents: vec![v1::Document { title: "证书".into(), sha256: "ab".repeat(32), ..Default::default() }],
        ..Default::default()
    };
    let answer = server.firms().graduate_firm(graduated).await.unwrap().into_inner();
    assert_eq!((answer.position, answer.duplicate), (moved.position + 1, false));
    let firm = answer.firm.unwrap();
    assert_eq!((firm.revision, firm.etag.as_str()), (5, "\"5\""));
    let stays: Vec<_> =
        firm.stays.iter().map(|stay| (stay.kind(), stay.left_date.as_str(), stay.leave_kind())).collect();
    assert_eq!(
        stays,
        [
            (IncubatorKind::Makerspace, "2023-08-01", v1::LeaveKind::Transferred),
            (IncubatorKind::Incubator, "2025-06-30", v1::LeaveKind::Graduated)
        ]
    );
    assert_eq!(firm.stays[1].criterion(), v1::GraduationCriterion::HighTech);
    assert_eq!(firm.stays[1].graduation_document_no, "韶武科〔2025〕9号");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_retry_gets_the_first_answer() {
    let server = Server::start().await;
    let registration = firm(1, "2023-01-10");
    let first = server.firms().register_firm(registration.clone()).await.unwrap().into_inner();
    let name = firm_name(1);
    let renamed = v1::RenameFirmRequest {
        name,
        display_name: "新名".into(),
        effective_date: "2024-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    server.firms().rename_firm(renamed).await.unwrap();
    let again = server.firms().register_firm(registration.clone()).await.unwrap().into_inner();
    assert_eq!(again, first);
    // Neither the etag nor validate_only is part of the content.
    let checked = v1::RegisterFirmRequest { etag: "\"9\"".into(), validate_only: true, ..registration.clone() };
    assert_eq!(server.firms().register_firm(checked).await.unwrap().into_inner(), first);
    // Other content under the same id; and the same id of another principal, which is another request.
    let other = v1::RegisterFirmRequest { field: "新材料".into(), ..registration.clone() };
    refused(server.firms().register_firm(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED", &[], &[]);
    let mut stranger = Request::new(registration);
    stranger.metadata_mut().insert(PRINCIPAL_HEADER, "someone-else".parse().unwrap());
    let theirs = server.firms().register_firm(stranger).await.unwrap().into_inner();
    assert!(theirs.duplicate);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn the_same_fact_is_a_duplicate_and_another_value_a_conflict() {
    let server = Server::start().await;
    let first = server.firms().register_firm(firm(1, "2023-01-10")).await.unwrap().into_inner();
    assert_eq!(first.warnings[0].reason(), v1::Reason::CodeChecksum);
    let same = server.firms().register_firm(firm(1, "2023-01-10")).await.unwrap().into_inner();
    assert_eq!((same.duplicate, same.position), (true, first.position));
    let position = first.position.to_string();
    let other = server.firms().register_firm(firm(1, "2023-01-11")).await;
    refused(other, Code::AlreadyExists, "CONFLICT", &[("position", &position)], &[]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn validate_only_answers_and_records_nothing() {
    let server = Server::start().await;
    let head = server.engine.published().head;
    let rehearsal = v1::RegisterFirmRequest { validate_only: true, ..firm(1, "2023-01-10") };
    let answer = server.firms().register_firm(rehearsal.clone()).await.unwrap().into_inner();
    assert_eq!(answer.firm.unwrap().name, firm_name(1));
    assert_eq!(answer.position as u64, head.position + 1);
    assert_eq!(server.engine.published().head, head);
    let real = v1::RegisterFirmRequest { validate_only: false, ..rehearsal };
    assert!(!server.firms().register_firm(real).await.unwrap().into_inner().duplicate);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_stale_etag_aborts_with_both_values() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    let stale = v1::AdmitFirmRequest { etag: "\"4\"".into(), ..admission(&name, "WJ03", "2023-02-01") };
    let metadata = [("expected", "4"), ("actual", "1")];
    refused(server.firms().admit_firm(stale).await, Code::Aborted, "STALE_ETAG", &metadata, &[]);
    let fresh = v1::AdmitFirmRequest { etag: "\"1\"".into(), ..admission(&name, "WJ03", "2023-02-01") };
    server.firms().admit_firm(fresh).await.unwrap();
    for bad in ["1", "\"01\"", "\"0\"", "\"x\"", "\"", "\"+1\""] {
        let bent = v1::AdmitFirmRequest { etag: bad.into(), ..admission(&name, "WJ03", "2023-02-01") };
        let field = [("etag", "MALFORMED_ETAG")];
        refused(
            server.firms().admit_firm(bent).await,
            Code::InvalidArgument,
            "MALFORMED_ETAG",
            &[("field", "etag")],
            &field,
        );
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let server = Server::start().await;
    let bad = v1::RegisterIncubatorRequest {
        parent: DISTRICT.into(),
        incubator_id: "a/b".into(),
        kind: 9,
        operator_name: "甲".into(),
        operator_code: "91".into(),
        incubation_area_hundredths_m2: -1,
        effective_date: "2024-02-30".into(),
        documents: vec![v1::Document { sha256: "AB".into(), ..Default::default() }],
        replaces: vec![0],
        request_id: "no".into(),
        etag: "no".into(),
        ..Default::default()
    };
    let status = server.incubators().register_incubator(bad).await.unwrap_err();
    let said = said(&status);
    assert_eq!((said.code, said.reason.as_str()), (Code::InvalidArgument, "MALFORMED_CODE"));
    let fields: Vec<_> = said.fields.iter().map(|(field, reason)| (field.as_str(), reason.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("incubator_id", "MALFORMED_NAME"),
            ("display_name", "MISSING_VALUE"),
            ("kind", "UNKNOWN_WORD"),
            ("operator_code", "MALFORMED_CODE"),
            ("build_mode", "MISSING_VALUE"),
            ("incubation_area_hundredths_m2", "OUT_OF_RANGE"),
            ("effective_date", "MALFORMED_DATE"),
            ("request_id", "MALFORMED_REQUEST_ID"),
            ("etag", "MALFORMED_ETAG"),
            ("documents[0].title", "MISSING_VALUE"),
            ("documents[0].sha256", "MALFORMED_NAME"),
            ("replaces", "OUT_OF_RANGE"),
            ("void_reason", "MISSING_VALUE"),
            ("decided_by", "MISSING_VALUE"),
        ]
    );
    assert_eq!(said.metadata["faults"], "14");
    assert_eq!(said.metadata["field"], "operator_code");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn names_have_their_shape_and_their_district() {
    let server = Server::start().await;
    let name = server.firm(1, "2023-01-10").await;
    let ask = |name: &str| v1::GetFirmRequest { name: name.into(), ..Default::default() };
    for (bad, reason) in [
        ("", "MISSING_VALUE"),
        ("firms/91440203MA00000001", "MALFORMED_NAME"),
        ("districts/44/firms/91440203MA00000001", "MALFORMED_NAME"),
        ("districts/440203/parks/91440203MA00000001", "MALFORMED_NAME"),
        ("districts/440203", "MALFORMED_NAME"),
        ("districts/440203/firms/lower", "MALFORMED_CODE"),
        ("districts/440203/firms/91440203MA00000001/stays", "MALFORMED_CODE"),
    ] {
        refused(
            server.firms().get_firm(ask(bad)).await,
            Code::InvalidArgument,
            reason,
            &[("field", "name")],
            &[("name", reason)],
        );
    }
    let elsewhere = server.firms().get_firm(ask("districts/110000/firms/91440203MA00000001")).await;
    refused(elsewhere, Code::NotFound, "UNKNOWN_DISTRICT", &[("field", "name")], &[("name", "UNKNOWN_DISTRICT")]);
    let absent = server.firms().get_firm(ask(&firm_name(2))).await;
    refused(absent, Code::NotFound, "UNKNOWN_FIRM", &[("firm", "91440203MA00000002")], &[]);
    let unknown = server.firms().admit_firm(admission(&name, "WJ99", "2023-02-01")).await;
    refused(unknown, Code::NotFound, "UNKNOWN_INCUBATOR", &[("incubator", "WJ99")], &[]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn commands_need_a_principal_and_reads_do_not() {
    let server = Server::start().await;
    let mut bare = v1::firm_service_client::FirmServiceClient::new(server.channel.clone());
    let metadata = [("header", PRINCIPAL_HEADER)];
    // The principal is asked for before anything of the command is looked at.
    let nobody = bare.register_firm(v1::RegisterFirmRequest::default()).await;
    refused(nobody, Code::Unauthenticated, "NO_PRINCIPAL", &metadata, &[]);
    bare.list_firms(v1::ListFirmsRequest { parent: DISTRICT.into(), ..Default::default() }).await.unwrap();
    let mut bent = Request::new(firm(1, "2023-01-10"));
    bent.metadata_mut().insert(PRINCIPAL_HEADER, "two words".parse().unwrap());
    refused(bare.register_firm(bent).await, Code::Unauthenticated, "NO_PRINCIPAL", &metadata, &[]);
    let mut behalf = Request::new(firm(1, "2023-01-10"));
    behalf.metadata_mut().insert(ON_BEHALF_OF_HEADER, "bureau".parse().unwrap());
    let position = server.firms().register_firm(behalf).await.unwrap().into_inner().position;
    let ask = v1::GetEventRequest { parent: DISTRICT.into(), position, ..Default::default() };
    let event = server.journal().get_event(ask).await.unwrap().into_inner().event.unwrap();
    assert_eq!((event.principal.as_str(), event.on_behalf_of.as_str()), ("clerk-7", "bureau"));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn rules_say_no_with_what_stands_in_the_way() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    server.carrier("WJ04", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    let admitted = server.admit(&name, "WJ03", "2023-02-01").await.to_string();
    let twice = server.firms().admit_firm(admission(&name, "WJ04", "2023-03-01")).await;
    let way = [("position", admitted.as_str()), ("other_incubator", "WJ03"), ("other_admitted_date", "2023-02-01")];
    refused(twice, Code::FailedPrecondition, "OVERLAPPING_STAY", &way, &[]);
    let ahead = server.firms().admit_firm(admission(&name, "WJ04", "2027-03-01")).await;
    let days = [("date", "2027-03-01"), ("today", "2026-11-24")];
    refused(ahead, Code::FailedPrecondition, "DATE_IN_FUTURE", &days, &[]);
    let within = v1::TransferFirmRequest {
        name: name.clone(),
        from_incubator: carrier_name("WJ03"),
        to_incubator: carrier_name("WJ03"),
        effective_date: "2023-04-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let field = [("to_incubator", "SAME_INCUBATOR")];
    let within = server.firms().transfer_firm(within).await;
    refused(within, Code::InvalidArgument, "SAME_INCUBATOR", &[("field", "to_incubator")], &field);
    let cycle = v1::ChangeUpstreamRequest {
        name: carrier_name("WJ03"),
        upstream: carrier_name("WJ03"),
        effective_date: "2023-04-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let cycle = server.incubators().change_upstream(cycle).await.unwrap_err();
    assert_eq!((cycle.code(), said(&cycle).reason.as_str()), (Code::FailedPrecondition, "UPSTREAM_CYCLE"));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn facts_are_taken_back_with_what_depends_on_them() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    let admitted = server.admit(&name, "WJ03", "2023-03-01").await;
    let left = v1::LeaveIncubatorRequest {
        name: name.clone(),
        incubator: carrier_name("WJ03"),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        effective_date: "2023-06-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let left = server.firms().leave_incubator(left).await.unwrap().into_inner().position;
    let void = |positions: Vec<i64>| v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions,
        void_reason: "录入错误".into(),
        decided_by: "科技局".into(),
        request_id: id(),
        ..Default::default()
    };
    let alone = server.journal().void_facts(void(vec![admitted])).await.unwrap_err();
    let alone = said(&alone);
    assert_eq!((alone.code, alone.reason.as_str()), (Code::FailedPrecondition, "HAS_DEPENDENTS"));
    assert_eq!(alone.metadata["positions"], left.to_string());
    let none = server.journal().void_facts(void(vec![])).await.unwrap_err();
    assert_eq!(said(&none).fields[0], ("positions".to_owned(), "MISSING_VALUE".to_owned()));
    let zero = server.journal().void_facts(void(vec![0])).await;
    let field = [("positions", "OUT_OF_RANGE")];
    refused(zero, Code::InvalidArgument, "OUT_OF_RANGE", &[("field", "positions")], &field);
    let restated = v1::RecordStayRequest {
        name: name.clone(),
        incubator: carrier_name("WJ03"),
        left_date: "2023-06-01".into(),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        effective_date: "2023-03-05".into(),
        replaces: vec![admitted, left],
        void_reason: "日期有误".into(),
        decided_by: "科技局".into(),
        request_id: id(),
        ..Default::default()
    };
    let restated = server.firms().record_stay(restated).await.unwrap().into_inner();
    assert_eq!(restated.firm.unwrap().stays[0].admitted_date, "2023-03-05");
    let voided_at = (left + 1).to_string();
    let again = server.journal().void_facts(void(vec![admitted])).await;
    refused(again, Code::FailedPrecondition, "ALREADY_VOIDED", &[("position", &voided_at)], &[]);
    let nothing = server.journal().void_facts(void(vec![1])).await;
    refused(nothing, Code::NotFound, "UNKNOWN_FACT", &[("position", "1")], &[]);
    let both = vec![restated.position - 1, restated.position];
    let taken = server.journal().void_facts(void(both)).await.unwrap().into_inner();
    assert_eq!(taken.subjects, [name, carrier_name("WJ03")]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn carriers_parks_and_limits_answer_as_recorded() {
    let server = Server::start().await;
    let registered = carrier("WJ03", IncubatorKind::Incubator);
    let answer = server.incubators().register_incubator(registered).await.unwrap().into_inner();
    assert_eq!(answer.incubator.unwrap().operator_terms[0].operator_code, "91350100M000100Y43");
    let recognised = v1::RecogniseIncubatorRequest {
        name: carrier_name("WJ03"),
        level: v1::RecognitionLevel::City.into(),
        document_no: "韶科〔2024〕1号".into(),
        expiry_date: "2027-01-01".into(),
        effective_date: "2024-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let answer = server.incubators().recognise_incubator(recognised).await.unwrap().into_inner();
    let incubator = answer.incubator.unwrap();
    assert_eq!((incubator.level(), incubator.revision), (v1::RecognitionLevel::City, 3));
    assert_eq!(incubator.recognitions[0].end_date, "2027-01-01");
    let treasury = v1::SetParkTreasuryRequest {
        name: format!("{DISTRICT}/parks/甘棠园区"),
        treasury_code: "440203000".into(),
        treasury_name: "武江区".into(),
        effective_date: "2020-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let park = server.parks().set_park_treasury(treasury.clone()).await.unwrap().into_inner().park.unwrap();
    assert_eq!((park.treasury_terms.len(), park.etag.as_str()), (1, "\"1\""));
    let bent = v1::SetParkTreasuryRequest { treasury_code: "44".into(), ..treasury };
    let field = [("treasury_code", "MALFORMED_NAME")];
    let bent = server.parks().set_park_treasury(bent).await;
    refused(bent, Code::InvalidArgument, "MALFORMED_NAME", &[("field", "treasury_code")], &field);
    let ask = v1::GetLimitsRequest { parent: DISTRICT.into(), ..Default::default() };
    let limits = server.settings().get_limits(ask).await.unwrap().into_inner();
    assert_eq!((limits.revision, limits.etag.as_str()), (1, "\"1\""));
    let more = v1::Limits { admission_age_months: 36, ..limits.limits.unwrap() };
    let set = v1::SetLimitsRequest {
        parent: DISTRICT.into(),
        limits: Some(more),
        etag: limits.etag,
        effective_date: "2025-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let answer = server.settings().set_limits(set).await.unwrap().into_inner().limits.unwrap();
    assert_eq!((answer.admission_age_months, answer.effective_date.as_str()), (36, "2025-01-01"));
    server.ended().await.unwrap();
}
