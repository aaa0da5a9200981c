//! Criteria over the wire and on the command line: a report is filed, by itself or from a ledger, and a carrier is checked
//! against a set that the server knows or one of the asker's own.

use crate::common::server::{DISTRICT, Server, carrier_name, id, refused};
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::wire::v1::{self, CarrierFigure, CriterionStatus, IncubatorKind, check_criteria_request};
use serde_json::Value;
use tonic::Code;

const GENERAL: &str = "national-2018-general";
const LEDGER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/criteria/载体年报.csv");
const OWN: &str = r#"
[set]
id = "wujiang-own"
title = "武江区试行条件"
title_en = "Wujiang trial"
issuer = "武江区"
kinds = ["INCUBATOR"]
[[criterion]]
id = "staff"
title = "专职人员"
title_en = "Staff"
any_of = [{ measure = "STAFF", at_least = 3 }]
"#;

fn report(year: i32, figures: &[(CarrierFigure, i64)]) -> v1::FileIncubatorReportRequest {
    let value =
        |(figure, value): &(CarrierFigure, i64)| v1::CarrierFigureValue { figure: (*figure).into(), value: *value };
    v1::FileIncubatorReportRequest {
        name: carrier_name("WJ03"),
        year,
        figures: figures.iter().map(value).collect(),
        request_id: id(),
        ..Default::default()
    }
}

fn ask(set: check_criteria_request::Set) -> v1::CheckCriteriaRequest {
    let (name, as_of_date) = (carrier_name("WJ03"), "2025-06-30".to_owned());
    v1::CheckCriteriaRequest { name, as_of_date, set: Some(set), ..Default::default() }
}

fn known(id: &str) -> check_criteria_request::Set {
    check_criteria_request::Set::SetId(id.into())
}

fn own(text: &str) -> check_criteria_request::Set {
    check_criteria_request::Set::Content(text.into())
}

async fn check(server: &Server, ask: v1::CheckCriteriaRequest) -> v1::CheckCriteriaResponse {
    server.criteria().check_criteria(ask).await.unwrap().into_inner()
}

async fn run(server: &Server, lang: &str, args: &[&str]) -> (Exit, String) {
    let mut whole = vec!["incubatorctl", "--server", &server.address, "--principal", "clerk-7", "--lang", lang];
    whole.extend(args);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = ctl::run(whole, &mut Io { out: &mut out, err: &mut err, watched: false }).await;
    (exit, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
}

#[tokio::test]
async fn a_report_is_filed_and_its_faults_are_told_by_their_fields() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let filed = server.incubators().file_incubator_report(report(2024, &[(CarrierFigure::Staff, 0)])).await.unwrap();
    let incubator = filed.into_inner().incubator.unwrap();
    let value = v1::CarrierFigureValue { figure: CarrierFigure::Staff.into(), value: 0 };
    assert_eq!((incubator.reports[0].year, incubator.reports[0].figures.clone()), (2024, vec![value]));
    let again = server.incubators().file_incubator_report(report(2024, &[(CarrierFigure::Staff, 0)])).await.unwrap();
    assert!(again.into_inner().duplicate);
    for (bent, word, field) in [
        (report(0, &[(CarrierFigure::Staff, 1)]), "MISSING_VALUE", "year"),
        (report(2023, &[]), "MISSING_VALUE", "figures"),
        (report(2023, &[(CarrierFigure::Unspecified, 1)]), "MISSING_VALUE", "figures[0].figure"),
        (report(2023, &[(CarrierFigure::Staff, -1)]), "OUT_OF_RANGE", "staff"),
        (report(2023, &[(CarrierFigure::Staff, 1); 2]), "OUT_OF_RANGE", "figures[1]"),
        (
            v1::FileIncubatorReportRequest {
                effective_date: "2023-06-30".into(),
                ..report(2023, &[(CarrierFigure::Staff, 1)])
            },
            "OUT_OF_RANGE",
            "effective_date",
        ),
    ] {
        let answer = server.incubators().file_incubator_report(bent).await;
        refused(answer, Code::InvalidArgument, word, &[("field", field)], &[(field, word)]);
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_carrier_is_checked_as_of_a_day_and_as_known_at_a_position() {
    let server = Server::start().await;
    let before = server.carrier("WJ03", IncubatorKind::Incubator).await;
    let figures = [(CarrierFigure::Staff, 3), (CarrierFigure::LegalPerson, 1)];
    let filed = server.incubators().file_incubator_report(report(2024, &figures)).await.unwrap().into_inner().position;
    let answer = check(&server, ask(known(GENERAL))).await;
    let of = |answer: &v1::CheckCriteriaResponse, id: &str| {
        answer.criteria.iter().find(|criterion| criterion.criterion_id == id).unwrap().clone()
    };
    let legal = of(&answer, "legal_person");
    assert_eq!(legal.status(), CriterionStatus::Met);
    let input = &legal.tests[0].inputs[0];
    assert_eq!((input.report_year, input.positions.as_slice()), (2024, &[filed][..]));
    assert_eq!(of(&answer, "tenants").status(), CriterionStatus::NotMet);
    assert_eq!((answer.status(), answer.position), (CriterionStatus::NotMet, filed));
    assert_eq!(answer.set.unwrap().sha256.len(), 64);
    let known_at = Some(check_criteria_request::KnownAt::KnownAtPosition(before));
    let then = check(&server, v1::CheckCriteriaRequest { known_at, ..ask(known(GENERAL)) }).await;
    assert_eq!((of(&then, "legal_person").status(), then.position), (CriterionStatus::Unknown, before));
    // Of another day the set is not in force; what it would say is said all the same.
    let early = v1::CheckCriteriaRequest { as_of_date: "2018-12-31".into(), ..ask(known(GENERAL)) };
    let early = check(&server, early).await;
    assert_eq!((early.status(), early.criteria.len()), (CriterionStatus::NotApplicable, answer.criteria.len()));
    assert_eq!(early.not_applicable_en, ["it holds from 2019-01-01 on"]);
    // A district's own set, and the relief for remote areas.
    let mine = check(&server, ask(own(OWN))).await;
    assert_eq!((mine.status(), mine.set.unwrap().set_id.as_str()), (CriterionStatus::Met, "wujiang-own"));
    let remote = check(&server, v1::CheckCriteriaRequest { remote_area: Some(true), ..ask(known(GENERAL)) }).await;
    assert_eq!(remote.relief_ppm, 200_000);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_checked_is_refused_with_its_word() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let refuse =
        async |ask: v1::CheckCriteriaRequest, code, word: &str, metadata: &[(&str, &str)], fields: &[(&str, &str)]| {
            refused(server.criteria().check_criteria(ask).await, code, word, metadata, fields);
        };
    let unknown = [("set_id", "UNKNOWN_CRITERIA_SET")];
    refuse(ask(known("none")), Code::NotFound, "UNKNOWN_CRITERIA_SET", &[("field", "set_id")], &unknown).await;
    let missing = [("set", "MISSING_VALUE")];
    refuse(ask(known("")), Code::InvalidArgument, "MISSING_VALUE", &[("field", "set")], &missing).await;
    let bent = OWN.replace("\"STAFF\"", "\"STUFF\"");
    let field = "content:criterion[0].any_of[0].measure";
    refuse(ask(own(&bent)), Code::InvalidArgument, "UNKNOWN_WORD", &[("field", field)], &[(field, "UNKNOWN_WORD")])
        .await;
    let stranger = v1::CheckCriteriaRequest { name: carrier_name("WJ99"), ..ask(known(GENERAL)) };
    refuse(stranger, Code::NotFound, "UNKNOWN_INCUBATOR", &[("incubator", "WJ99")], &[]).await;
    server.ended().await.unwrap();
}

#[tokio::test]
async fn sets_are_listed_by_day_and_kind() {
    let server = Server::start().await;
    let list = async |day: &str, kind: IncubatorKind| {
        let ask = v1::ListCriteriaSetsRequest { parent: DISTRICT.into(), in_force_date: day.into(), kind: kind.into() };
        let sets = server.criteria().list_criteria_sets(ask).await.unwrap().into_inner().sets;
        sets.into_iter().map(|set| set.set_id).collect::<Vec<_>>()
    };
    assert_eq!(list("", IncubatorKind::Unspecified).await.len(), 7);
    assert_eq!(list("2018-12-31", IncubatorKind::Incubator).await, Vec::<String>::new());
    assert_eq!(list("2019-01-01", IncubatorKind::Incubator).await, [GENERAL, "national-2018-specialised"]);
    assert_eq!(list("2026-01-01", IncubatorKind::Makerspace).await, ["national-2017-makerspace"]);
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_files_imports_and_checks() {
    let server = Server::start().await;
    server.carrier("WJ01", IncubatorKind::Makerspace).await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let (exit, said) = run(&server, "zh", &["import", LEDGER]).await;
    assert_eq!(exit, Exit::Clean, "{said}");
    let file =
        ["incubator", "report", "WJ03", "--year", "2023", "--figure", "统计数据真实完整=是", "--figure", "STAFF=9"];
    let (exit, said) = run(&server, "zh", &[&file[..], &["-o", "json"]].concat()).await;
    assert_eq!(exit, Exit::Clean, "{said}");
    let filed: Value = serde_json::from_str(&said).unwrap();
    let reports = &filed["incubator"]["reports"];
    assert_eq!((&reports[0]["year"], &reports[0]["figures"][0]["figure"]), (&2023.into(), &"STAFF".into()));
    assert_eq!(reports[1]["year"], 2024, "the ledger's");
    let asked = ["criteria", "WJ03", "--set", GENERAL, "--as-of", "2025-06-30"];
    let (exit, table) = run(&server, "zh", &asked).await;
    assert_eq!(exit, Exit::Clean, "{table}");
    for said in
        ["国科发区〔2018〕300号", "结论：不达标", "待核实：施行日期（from）", "独立法人", "无法判断", "日志位置"]
    {
        assert!(table.contains(said), "{said}: {table}");
    }
    let (_, json) = run(&server, "en", &[&asked[..], &["-o", "json"]].concat()).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    let statistics = json["criteria"].as_array().unwrap().iter().find(|of| of["criterion_id"] == "statistics").unwrap();
    assert_eq!((&statistics["status"], &json["status"]), (&"MET".into(), &"NOT_MET".into()));
    let (_, csv) = run(&server, "en", &["criteria", "WJ01", "--set", "national-2017-makerspace", "-o", "csv"]).await;
    assert!(csv.starts_with("criterion_id,status,sentence\n") && csv.contains("\narea_in_use,UNKNOWN,"), "{csv}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, OWN).unwrap();
    let mine = ["criteria", "WJ03", "--set", path.to_str().unwrap(), "--as-of", "2025-06-30", "--remote-area"];
    let (exit, said) = run(&server, "en", &mine).await;
    assert!(exit == Exit::Clean && said.contains("at least 3, is 10"), "{said}");
    let (_, sets) = run(&server, "zh", &["criteria", "--as-of", "2024-01-01"]).await;
    assert!(sets.contains(GENERAL) && sets.contains("国科火字〔2017〕120号"), "{sets}");
    server.ended().await.unwrap();
}
