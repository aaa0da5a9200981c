//! What else the door and the commands refuse: roles by rows and voids, districts, acting for another.

use crate::common::server::{DISTRICT, Server, admission, carrier, firm, firm_name, id, said};
use crate::common::world;
use incubator_registry::auth::{Caller, Role};
use incubator_registry::grpc::ON_BEHALF_OF_HEADER;
use incubator_registry::wire::v1::{self, import_row::Row};
use std::sync::Arc;
use tokio_stream as stream;
use tonic::{Code, Request, Status};

fn callers() -> Vec<Caller> {
    let of = |role: Role| Caller::of(role.word(), [role]);
    let agent = Caller { for_whom: Some([Arc::from("bureau")].into()), ..Caller::of("agent", [Role::BureauClerk]) };
    let elsewhere =
        Caller { districts: Some(["440204".to_owned()].into()), ..Caller::of("elsewhere", [Role::BureauClerk]) };
    Role::ALL.into_iter().rev().map(of).chain([agent, elsewhere]).collect()
}

async fn server() -> Server {
    Server::knowing(callers()).await
}

fn void(positions: &[i64]) -> v1::VoidFactsRequest {
    v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: positions.to_vec(),
        void_reason: "录入错误".into(),
        decided_by: "武科〔2026〕1号".into(),
        request_id: id(),
        ..Default::default()
    }
}

#[track_caller]
fn denied<T: std::fmt::Debug>(answer: Result<T, Status>, method: &str) {
    let said = said(&answer.unwrap_err());
    assert_eq!((said.code, said.reason.as_str()), (Code::PermissionDenied, "NOT_PERMITTED"));
    assert_eq!(said.metadata["method"], method);
}

#[tokio::test]
async fn a_row_is_held_against_the_command_that_records_such_a_fact() {
    let server = server().await;
    let clerk = server.by("bureau-clerk");
    clerk.firms().register_firm(firm(1, "2023-01-10")).await.unwrap();
    let receipt = v1::TaxReceiptRow {
        taxpayer_code: world::firm(1).to_string(),
        tax: v1::Tax::Vat.into(),
        treasury_date: "2024-03-05".into(),
        amount_fen: 100,
        nature: v1::TaxNature::Normal.into(),
        voucher_no: "V1".into(),
        ..Default::default()
    };
    for validate_only in [true, false] {
        for (who, expected) in [
            ("bureau-clerk", v1::RowOutcome::Rejected),
            ("bureau-approver", v1::RowOutcome::Rejected),
            ("finance-clerk", v1::RowOutcome::Accepted),
        ] {
            let rows = vec![v1::ImportRow { line: 2, row: Some(Row::TaxReceipt(receipt.clone())) }];
            let message = v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only };
            let answers = server.by(who).import().import_rows(stream::once(message)).await.unwrap();
            let answer = answers.into_inner().message().await.unwrap().unwrap();
            assert_eq!(answer.results[0].outcome(), expected, "{who}");
            if expected == v1::RowOutcome::Rejected {
                assert_eq!(answer.results[0].reason(), v1::Reason::NotPermitted);
            }
        }
    }
}

#[tokio::test]
async fn whoever_may_record_a_fact_may_take_it_back_and_the_approver_what_clerks_recorded() {
    let server = server().await;
    let registered = server.by("bureau-clerk").firms().register_firm(firm(1, "2023-01-10")).await.unwrap();
    let at = registered.into_inner().position;
    let voids = |who: &str, at: i64| {
        let mut journal = server.by(who).journal();
        async move { journal.void_facts(void(&[at])).await }
    };
    denied(voids("finance-clerk", at).await, "FirmService/RegisterFirm");
    // The limits stand at position 2.
    denied(voids("bureau-clerk", 2).await, "SettingsService/SetLimits");
    denied(voids("auditor", at).await, "incubation.v1.JournalService/VoidFacts");
    voids("bureau-approver", at).await.unwrap();
}

#[tokio::test]
async fn a_district_that_is_not_the_callers_is_as_none() {
    let server = server().await;
    let head = v1::GetHeadRequest { parent: DISTRICT.into() };
    let elsewhere = server.by("elsewhere");
    let not_theirs = said(&elsewhere.journal().get_head(head).await.unwrap_err());
    let absent = v1::GetHeadRequest { parent: "districts/990203".into() };
    let absent = said(&server.by("auditor").journal().get_head(absent).await.unwrap_err());
    assert_eq!((not_theirs.code, not_theirs.reason), (absent.code, absent.reason));
    assert!(elsewhere.firms().register_firm(firm(1, "2023-01-10")).await.is_err());
    let message = v1::ImportRowsRequest { parent: DISTRICT.into(), rows: Vec::new(), validate_only: true };
    let mut answers = elsewhere.import().import_rows(stream::once(message)).await.unwrap().into_inner();
    assert_eq!(said(&answers.message().await.unwrap_err()).reason, "UNKNOWN_DISTRICT");
}

#[tokio::test]
async fn a_record_says_on_whose_behalf_and_nobody_acts_for_whom_it_may_not() {
    let server = server().await;
    let agent = server.by("agent");
    let ask = |whom: &str, number| {
        let mut request = Request::new(firm(number, "2023-01-10"));
        request.metadata_mut().insert(ON_BEHALF_OF_HEADER, whom.parse().unwrap());
        request
    };
    let at = agent.firms().register_firm(ask("bureau", 1)).await.unwrap().into_inner().position;
    let said = said(&agent.firms().register_firm(ask("treasury", 2)).await.unwrap_err());
    assert_eq!((said.code, said.reason.as_str()), (Code::PermissionDenied, "NOT_ENTITLED_FOR"));
    assert_eq!(said.metadata["on_behalf_of"], "treasury");
    let get = v1::GetEventRequest { parent: DISTRICT.into(), position: at, include_record: true };
    let event = server.by("auditor").journal().get_event(get).await.unwrap().into_inner().event.unwrap();
    assert_eq!((event.principal.as_str(), event.on_behalf_of.as_str()), ("agent", "bureau"));
    assert!(!event.record.is_empty());
}

#[tokio::test]
async fn an_administrator_and_an_auditor_state_nothing() {
    let server = server().await;
    for who in ["administrator", "auditor", "finance-approver"] {
        let of = server.by(who);
        denied(of.firms().register_firm(firm(1, "2023-01-10")).await, "incubation.v1.FirmService/RegisterFirm");
        let admit = of.firms().admit_firm(admission(&firm_name(1), "A", "2024-01-01")).await;
        denied(admit, "incubation.v1.FirmService/AdmitFirm");
        let founded = of.incubators().register_incubator(carrier("A", v1::IncubatorKind::Incubator)).await;
        denied(founded, "incubation.v1.IncubatorService/RegisterIncubator");
    }
}
