//! Questions over the wire: two times, reading one's own writes, pages that fit together, filters.

use crate::common;
use common::server::{DISTRICT, Server, admission, carrier_name, firm, firm_name, id, refused};
use incubator_registry::domain::{Entity, IncubatorId, ParkId};
use incubator_registry::wire::v1::{self, IncubatorKind, get_firm_request, list_firms_request};
use prost_types::Timestamp;
use std::time::Duration;
use tonic::{Code, Request};

fn ask(name: &str) -> v1::GetFirmRequest {
    v1::GetFirmRequest { name: name.into(), ..Default::default() }
}

/// rules.md §2: 10 admits F to WJ03 on 03-01; 11 leaves 06-01; 12 replaces both with 03-05 and 06-01.
#[tokio::test]
async fn two_times_are_told_apart() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    let admitted = server.admit(&name, "WJ03", "2023-03-01").await;
    server.clock.advance(Duration::from_secs(3600));
    let stay = |admitted: &str, replaces: Vec<i64>| v1::RecordStayRequest {
        name: name.clone(),
        incubator: carrier_name("WJ03"),
        left_date: "2023-06-01".into(),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        effective_date: admitted.into(),
        void_reason: if replaces.is_empty() { String::new() } else { "日期有误".into() },
        decided_by: if replaces.is_empty() { String::new() } else { "科技局".into() },
        replaces,
        request_id: id(),
        ..Default::default()
    };
    let left = server.firms().record_stay(stay("2023-03-01", vec![])).await.unwrap().into_inner().position;
    let now = server.firms().record_stay(stay("2023-03-05", vec![admitted, left])).await.unwrap().into_inner();
    let seen = async |day: &str, known: Option<i64>| {
        let known_at = known.map(get_firm_request::KnownAt::KnownAtPosition);
        let ask = v1::GetFirmRequest { as_of_date: day.into(), known_at, ..ask(&name) };
        let answer = server.firms().get_firm(ask).await.unwrap().into_inner();
        assert_eq!(answer.position, known.unwrap_or(now.position));
        let firm = answer.firm.unwrap();
        assert_eq!(firm.etag, "", "an answer about the past has none");
        firm.stays.iter().map(|stay| (stay.admitted_date.clone(), stay.left_date.clone())).collect::<Vec<_>>()
    };
    let open = |day: &str| vec![(day.to_owned(), String::new())];
    assert_eq!(seen("2023-04-01", Some(left)).await, open("2023-03-01"));
    assert_eq!(seen("2023-04-01", Some(now.position)).await, open("2023-03-05"));
    assert_eq!(seen("2023-03-02", Some(left)).await, open("2023-03-01"));
    assert_eq!(seen("2023-03-02", None).await, []);
    // What one command did is known all at once, from its first event on.
    assert_eq!(seen("2023-04-01", Some(left + 1)).await, open("2023-03-05"));
    // By the instant of recording: an hour lies between the admission and the leaving.
    let micros = incubator_registry::engine::Clock::now_micros(server.clock.as_ref()) - 1_000_000;
    let before = Timestamp { seconds: micros / 1_000_000, nanos: 0 };
    let then = v1::GetFirmRequest { known_at: Some(get_firm_request::KnownAt::KnownAtTime(before)), ..ask(&name) };
    let then = server.firms().get_firm(then).await.unwrap().into_inner();
    assert_eq!(then.position, admitted);
    assert_eq!(then.firm.unwrap().stays[0].left_date, "");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn positions_ahead_of_the_head_are_refused_or_waited_for() {
    let server = Server::start().await;
    let name = server.firm(1, "2023-01-10").await;
    let head = server.engine.published().head.position;
    let beyond = i64::try_from(head).unwrap() + 1;
    let ahead = v1::GetFirmRequest { known_at: Some(get_firm_request::KnownAt::KnownAtPosition(beyond)), ..ask(&name) };
    let metadata = [("position", beyond.to_string()), ("head", head.to_string())];
    let metadata: Vec<_> = metadata.iter().map(|(name, value)| (*name, value.as_str())).collect();
    refused(server.firms().get_firm(ahead).await, Code::OutOfRange, "POSITION_AHEAD", &metadata, &[]);
    // Waits no longer than its caller does.
    let mut late = Request::new(v1::GetFirmRequest { min_position: beyond, ..ask(&name) });
    late.set_timeout(Duration::from_secs(2));
    let metadata = [("min_position", beyond.to_string()), ("head", head.to_string())];
    let metadata: Vec<_> = metadata.iter().map(|(name, value)| (*name, value.as_str())).collect();
    refused(server.firms().get_firm(late).await, Code::DeadlineExceeded, "DEADLINE", &metadata, &[]);
    let mut waits = server.firms();
    let waiting = v1::GetFirmRequest { min_position: beyond, ..ask(&name) };
    let waiting = tokio::spawn(async move { waits.get_firm(waiting).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.firm(2, "2023-01-10").await;
    assert_eq!(waiting.await.unwrap().unwrap().into_inner().position, beyond);
    for (field, bent) in [
        ("min_position", v1::GetFirmRequest { min_position: -1, ..ask(&name) }),
        (
            "known_at_position",
            v1::GetFirmRequest { known_at: Some(get_firm_request::KnownAt::KnownAtPosition(-1)), ..ask(&name) },
        ),
        (
            "known_at_time",
            v1::GetFirmRequest {
                known_at: Some(get_firm_request::KnownAt::KnownAtTime(Timestamp { seconds: i64::MAX, nanos: 0 })),
                ..ask(&name)
            },
        ),
    ] {
        let fields = [(field, "OUT_OF_RANGE")];
        refused(
            server.firms().get_firm(bent).await,
            Code::InvalidArgument,
            "OUT_OF_RANGE",
            &[("field", field)],
            &fields,
        );
    }
    let bent = v1::GetFirmRequest { as_of_date: "2024-1-1".into(), ..ask(&name) };
    let fields = [("as_of_date", "MALFORMED_DATE")];
    refused(
        server.firms().get_firm(bent).await,
        Code::InvalidArgument,
        "MALFORMED_DATE",
        &[("field", "as_of_date")],
        &fields,
    );
    server.ended().await.unwrap();
}

fn list() -> v1::ListFirmsRequest {
    v1::ListFirmsRequest { parent: DISTRICT.into(), ..Default::default() }
}

#[tokio::test]
async fn pages_fit_together_while_the_log_grows() {
    let server = Server::start().await;
    for number in [2, 4, 6, 8, 10] {
        server.firm(number, "2023-01-10").await;
    }
    let ask = v1::ListFirmsRequest { page_size: 2, ..list() };
    let mut page = server.firms().list_firms(ask.clone()).await.unwrap().into_inner();
    let pinned = page.position;
    let mut names: Vec<String> = page.firms.iter().map(|firm| firm.name.clone()).collect();
    assert!(page.firms.iter().all(|firm| firm.etag == "\"1\""));
    while !page.next_page_token.is_empty() {
        server.firm(u32::try_from(names.len()).unwrap() * 2 + 1, "2023-01-10").await;
        let next = v1::ListFirmsRequest { page_token: page.next_page_token, ..ask.clone() };
        page = server.firms().list_firms(next).await.unwrap().into_inner();
        assert_eq!(page.position, pinned);
        assert!(page.firms.iter().all(|firm| firm.etag.is_empty()), "the log has grown since");
        names.extend(page.firms.iter().map(|firm| firm.name.clone()));
    }
    assert_eq!(names, [2, 4, 6, 8, 10].map(firm_name));
    let whole = server.firms().list_firms(list()).await.unwrap().into_inner();
    assert_eq!((whole.firms.len(), whole.next_page_token.as_str()), (7, ""));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn tokens_sizes_orders_and_filters_are_checked() {
    let server = Server::start().await;
    for number in 1..=3 {
        server.firm(number, "2023-01-10").await;
    }
    let ask = v1::ListFirmsRequest { page_size: 1, ..list() };
    let token = server.firms().list_firms(ask.clone()).await.unwrap().into_inner().next_page_token;
    let of_token = |page_token: &str| v1::ListFirmsRequest { page_token: page_token.into(), ..ask.clone() };
    let other_filter = v1::ListFirmsRequest { filter: "field = 新材料".into(), ..of_token(&token) };
    let other_day = v1::ListFirmsRequest { as_of_date: "2024-01-01".into(), ..of_token(&token) };
    let other_known =
        v1::ListFirmsRequest { known_at: Some(list_firms_request::KnownAt::KnownAtPosition(3)), ..of_token(&token) };
    for bent in [other_filter, other_day, other_known, of_token("zz"), of_token(&token.replacen('0', "1", 1))] {
        let fields = [("page_token", "MALFORMED_PAGE_TOKEN")];
        let answer = server.firms().list_firms(bent).await;
        refused(answer, Code::InvalidArgument, "MALFORMED_PAGE_TOKEN", &[("field", "page_token")], &fields);
    }
    let parks = v1::ListParksRequest { parent: DISTRICT.into(), page_token: token, ..Default::default() };
    let parks = server.parks().list_parks(parks).await;
    let fields = [("page_token", "MALFORMED_PAGE_TOKEN")];
    refused(parks, Code::InvalidArgument, "MALFORMED_PAGE_TOKEN", &[("field", "page_token")], &fields);
    let negative = v1::ListFirmsRequest { page_size: -1, ..list() };
    let fields = [("page_size", "OUT_OF_RANGE")];
    refused(
        server.firms().list_firms(negative).await,
        Code::InvalidArgument,
        "OUT_OF_RANGE",
        &[("field", "page_size")],
        &fields,
    );
    let large = v1::ListFirmsRequest { page_size: i32::MAX, order_by: "firm_code".into(), ..list() };
    assert_eq!(server.firms().list_firms(large).await.unwrap().into_inner().firms.len(), 3);
    for (field, bent) in [
        ("filter", v1::ListFirmsRequest { filter: "name = 甲".into(), ..list() }),
        ("filter", v1::ListFirmsRequest { filter: "kind = 孵化器".into(), ..list() }),
        ("order_by", v1::ListFirmsRequest { order_by: "name".into(), ..list() }),
    ] {
        let fields = [(field, "MALFORMED_FILTER")];
        refused(
            server.firms().list_firms(bent).await,
            Code::InvalidArgument,
            "MALFORMED_FILTER",
            &[("field", field)],
            &fields,
        );
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn filters_choose() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    server.carrier("ZC 1", IncubatorKind::Makerspace).await;
    for (number, field) in [(1, "电子信息"), (2, "生物医药"), (3, "生物医药"), (4, "生物医药")] {
        let registered = v1::RegisterFirmRequest { field: field.into(), ..firm(number, "2023-01-10") };
        server.firms().register_firm(registered).await.unwrap();
    }
    for (number, incubator) in [(1, "WJ03"), (2, "WJ03"), (3, "ZC 1")] {
        server.firms().admit_firm(admission(&firm_name(number), incubator, "2023-02-01")).await.unwrap();
    }
    for (filter, expected) in [
        ("", vec![1, 2, 3, 4]),
        ("field = 生物医药", vec![2, 3, 4]),
        ("incubator = WJ03", vec![1, 2]),
        ("incubator = \"ZC 1\"", vec![3]),
        ("field = \"生物医药\" AND kind = INCUBATOR", vec![2]),
        ("incubator = WJ03 AND kind = MAKERSPACE", vec![]),
        ("incubator = WJ99", vec![]),
    ] {
        let ask = v1::ListFirmsRequest { filter: filter.into(), ..list() };
        let found = server.firms().list_firms(ask).await.unwrap().into_inner().firms;
        let found: Vec<String> = found.into_iter().map(|firm| firm.name).collect();
        assert_eq!(found, expected.into_iter().map(firm_name).collect::<Vec<_>>(), "{filter}");
    }
    // As of a day before, nobody is inside.
    let before = v1::ListFirmsRequest { as_of_date: "2023-01-31".into(), filter: "incubator = WJ03".into(), ..list() };
    assert!(server.firms().list_firms(before).await.unwrap().into_inner().firms.is_empty());
    let ask =
        v1::ListIncubatorsRequest { parent: DISTRICT.into(), filter: "kind = MAKERSPACE".into(), ..Default::default() };
    let found = server.incubators().list_incubators(ask).await.unwrap().into_inner().incubators;
    assert_eq!(found.iter().map(|carrier| carrier.open_stays).collect::<Vec<_>>(), [1]);
    server.ended().await.unwrap();
}

/// What answers call a revision is what the records' subjects say.
#[tokio::test]
async fn revisions_are_those_of_the_log() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let name = server.firm(1, "2023-01-10").await;
    let admitted = server.admit(&name, "WJ03", "2023-02-01").await;
    let signed = v1::RecordRelocationRequest {
        name: name.clone(),
        park: format!("{DISTRICT}/parks/甘棠"),
        settled_date: "2024-02-01".into(),
        effective_date: "2024-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let signed = server.parks().record_relocation(signed).await.unwrap().into_inner().position;
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![admitted, signed],
        void_reason: "录入错误".into(),
        decided_by: "科技局".into(),
        request_id: id(),
        ..Default::default()
    };
    server.journal().void_facts(void).await.unwrap();
    let published = server.engine.published();
    let revision = |entity: &Entity| i64::try_from(published.revision(entity)).unwrap();
    let firm = server.firms().get_firm(ask(&name)).await.unwrap().into_inner().firm.unwrap();
    assert_eq!(firm.revision, revision(&Entity::Firm(common::world::firm(1))));
    assert_eq!(firm.revision, 5);
    let get = v1::GetIncubatorRequest { name: carrier_name("WJ03"), ..Default::default() };
    let incubator = server.incubators().get_incubator(get).await.unwrap().into_inner().incubator.unwrap();
    assert_eq!(incubator.revision, revision(&Entity::Incubator(IncubatorId::parse("WJ03").unwrap())));
    let get = v1::GetParkRequest { name: format!("{DISTRICT}/parks/甘棠"), ..Default::default() };
    let park = server.parks().get_park(get).await.unwrap().into_inner().park.unwrap();
    assert_eq!(park.revision, revision(&Entity::Park(ParkId::parse("甘棠").unwrap())));
    assert_eq!(park.settled_firms, 0);
    let absent = v1::GetParkRequest { name: format!("{DISTRICT}/parks/无"), ..Default::default() };
    refused(server.parks().get_park(absent).await, Code::NotFound, "UNKNOWN_PARK", &[("park", "无")], &[]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn the_bureau_asks_as_of_a_day() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    for number in 1..=3 {
        let name = server.firm(number, "2018-01-10").await;
        server.admit(&name, "WJ03", "2019-02-01").await;
    }
    let ask = v1::GetMetricsRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let metrics = server.bureau().get_metrics(ask.clone()).await.unwrap().into_inner();
    assert_eq!((metrics.in_incubator, metrics.overdue_count), (3, 3));
    assert_eq!(metrics.position as u64, server.engine.published().head.position);
    let cut = v1::MetricsFilter { incubator_ids: vec!["WJ99".into()], ..Default::default() };
    let cut = v1::GetMetricsRequest { filter: Some(cut), ..ask.clone() };
    assert_eq!(server.bureau().get_metrics(cut).await.unwrap().into_inner().in_incubator, 0);
    let bent = v1::MetricsFilter { kinds: vec![9], ..Default::default() };
    let bent = v1::GetMetricsRequest { filter: Some(bent), as_of_date: String::new(), ..ask };
    let fields = [("filter.kinds", "UNKNOWN_WORD"), ("as_of_date", "MISSING_VALUE")];
    let metadata = [("field", "filter.kinds"), ("faults", "2")];
    refused(server.bureau().get_metrics(bent).await, Code::InvalidArgument, "UNKNOWN_WORD", &metadata, &fields);
    let ask = v1::ListOverdueFirmsRequest {
        parent: DISTRICT.into(),
        as_of_date: "2026-01-01".into(),
        page_size: 2,
        ..Default::default()
    };
    let first = server.bureau().list_overdue_firms(ask.clone()).await.unwrap().into_inner();
    let rest = v1::ListOverdueFirmsRequest { page_token: first.next_page_token, ..ask };
    let rest = server.bureau().list_overdue_firms(rest).await.unwrap().into_inner();
    let names: Vec<_> = first.firms.iter().chain(&rest.firms).map(|firm| firm.firm.clone()).collect();
    assert_eq!(names, [1, 2, 3].map(firm_name));
    assert_eq!((first.firms[0].limit_date.as_str(), rest.next_page_token.as_str()), ("2023-02-01", ""));
    let chain =
        v1::GetChainStatusRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let chain = server.bureau().get_chain_status(chain).await.unwrap().into_inner();
    assert_eq!(chain.incubators[0].incubator, carrier_name("WJ03"));
    assert!(!chain.definitions.is_empty());
    let gone = v1::DeregisterFirmRequest {
        name: firm_name(2),
        effective_date: "2025-01-01".into(),
        request_id: id(),
        ..Default::default()
    };
    server.firms().deregister_firm(gone).await.unwrap();
    let ask =
        v1::ListAnomaliesRequest { parent: DISTRICT.into(), as_of_date: "2026-01-01".into(), ..Default::default() };
    let found = server.bureau().list_anomalies(ask).await.unwrap().into_inner().anomalies;
    assert_eq!(
        (found.len(), found[0].kind.as_str(), found[0].firm.clone()),
        (1, "DEREGISTERED_WITH_OPEN_STAY", firm_name(2))
    );
    server.ended().await.unwrap();
}
