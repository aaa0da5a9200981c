//! What operators do about claims: for their own carriers only, as far as the taxes of whoever runs them tell; of another's
//! they learn neither that it is there nor what it comes to. WJ01 and WJ03 are op-a's, WJ02 is op-b's.

use crate::claims_rig::{CLERK, REVIEWER, Rig};
use crate::common::server::{DISTRICT, Known, Said, Server, carrier_name, id, said};
use crate::common::world::{carrier, day, firm};
use incubator_registry::auth::{Caller, Role};
use incubator_registry::domain::act::ClaimStep;
use incubator_registry::domain::event::Operator;
use incubator_registry::domain::{Entity, Event, IncubatorId, LeaveKind};
use incubator_registry::keys::{MasterKey, path_of};
use incubator_registry::wire::v1;
use std::fmt::Debug;
use std::sync::Arc;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use zeroize::Zeroizing;

fn operator(id: &str, carriers: &[&str]) -> Caller {
    let incubators = carriers.iter().map(|id| IncubatorId::parse(id).unwrap()).collect();
    Caller { incubators, ..Caller::of(id, [Role::Operator]) }
}

fn claim(id: &str) -> String {
    format!("{DISTRICT}/claims/incubator_tax_rebate:{id}:2024")
}

/// Three carriers whose operators paid taxes in 2024; what WJ02 and WJ03 are owed was claimed. Another runs WJ03 since.
async fn world() -> (Server, tempfile::TempDir) {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[]).await;
    for number in 1..=3 {
        let wj = format!("WJ{number:02}");
        rig.carrier(&wj, number).await;
        rig.paid(number, "2024-08-01", 100_000).await;
        if number > 1 {
            rig.open("incubator_tax_rebate", Entity::Incubator(carrier(&wj)), "2024").await.unwrap();
        }
    }
    let operator_of = Operator { name: "运营9".to_owned(), code: firm(9), introduced: false };
    rig.fact("2025-01-01", Event::OperatorChanged { incubator: carrier("WJ03"), operator: operator_of }).await;
    served(&rig).await
}

/// The rig's district, served to a clerk and two operators.
async fn served(rig: &Rig) -> (Server, tempfile::TempDir) {
    rig.engine.drain().await;
    let dir = tempfile::tempdir().unwrap();
    let callers =
        vec![Caller::of(CLERK, [Role::BureauClerk]), operator("op-a", &["WJ01", "WJ03"]), operator("op-b", &["WJ02"])];
    let keys = path_of(dir.path(), "440203");
    let master = MasterKey::new(Zeroizing::new([1; 32]));
    let log = Arc::new(rig.memory.reopened());
    (Server::sealing_for(log, (&keys, master), Arc::new(Known(callers)), CLERK).await, dir)
}

fn opens(carrier: &str, period: &str) -> v1::OpenClaimRequest {
    v1::OpenClaimRequest {
        parent: DISTRICT.into(),
        scheme: v1::Scheme::IncubatorTaxRebate.into(),
        beneficiary: carrier_name(carrier),
        period: period.into(),
        request_id: id(),
        ..Default::default()
    }
}

fn withdraws(carrier: &str, etag: &str) -> v1::WithdrawClaimRequest {
    v1::WithdrawClaimRequest {
        name: claim(carrier),
        text: "不再申报".into(),
        etag: etag.into(),
        request_id: id(),
        ..Default::default()
    }
}

async fn seen(server: &Server, who: &str, carrier: &str) -> Result<v1::Claim, Status> {
    let ask = v1::GetClaimRequest { name: claim(carrier), ..Default::default() };
    Ok(server.by(who).claims().get_claim(ask).await?.into_inner().claim.unwrap())
}

async fn listed(server: &Server, who: &str) -> Vec<String> {
    let ask = v1::ListClaimsRequest { parent: DISTRICT.into(), page_size: 1, ..Default::default() };
    let page = server.by(who).claims().list_claims(ask).await.unwrap().into_inner();
    assert_eq!(page.next_page_token, "", "that there is more is another's to know");
    page.claims.into_iter().map(|claim| claim.name).collect()
}

/// The steps of a claim that one sees in the log.
async fn steps(server: &Server, who: &str, claim: &str) -> Vec<String> {
    let ask = v1::ReadEventsRequest { parent: DISTRICT.into(), subject: claim.into(), ..Default::default() };
    let mut events = server.by(who).journal().read_events(ask).await.unwrap().into_inner();
    let mut steps = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap().event.unwrap();
        let of: Vec<_> = event.subjects.iter().map(|subject| &*subject.name).collect();
        assert_eq!((of, event.payload, &*event.hash), (vec![claim], None, ""), "that it was taken, and no more");
        assert!(event.principal.is_empty() || event.principal == who, "who did it is not told");
        steps.push(event.r#type);
    }
    steps
}

/// A refusal, one carrier's id in it written like the other's.
#[track_caller]
fn told<T: Debug>(answer: Result<T, Status>, carrier: &str) -> (Said, String) {
    let status = answer.unwrap_err();
    let mut told = said(&status);
    told.metadata.values_mut().for_each(|value| *value = value.replace(carrier, "WJ"));
    (told, status.message().replace(carrier, "WJ"))
}

#[tokio::test]
async fn an_operator_claims_for_its_own_carrier_and_withdraws() {
    let (server, _dir) = world().await;
    let tried = v1::OpenClaimRequest { validate_only: true, ..opens("WJ01", "2024") };
    let op = server.by("op-a");
    let tried = op.claims().open_claim(tried).await.unwrap().into_inner().claim.unwrap();
    let opened = op.claims().open_claim(opens("WJ01", "2024")).await.unwrap().into_inner().claim.unwrap();
    assert_eq!((opened.due_fen, &opened.claimant), (tried.due_fen, &"op-a".to_owned()));
    assert!(opened.due_fen > 0);
    let again = said(&op.claims().open_claim(opens("WJ01", "2024")).await.unwrap_err());
    assert_eq!(again.reason, "CLAIM_EXISTS");
    assert_eq!(listed(&server, "op-a").await, [claim("WJ01")]);
    let read = seen(&server, "op-a", "WJ01").await.unwrap();
    assert!(!read.drift.unwrap().differs);

    // What the bureau does about it is not its to do, nor the explanation its to read.
    let accept = v1::AcceptClaimRequest { name: claim("WJ01"), request_id: id(), ..Default::default() };
    let denied = said(&op.claims().accept_claim(accept.clone()).await.unwrap_err());
    assert_eq!((denied.code, denied.reason.as_str()), (Code::PermissionDenied, "NOT_PERMITTED"));
    let why = v1::ReadClaimExplanationRequest { name: claim("WJ01") };
    assert_eq!(op.claims().read_claim_explanation(why).await.unwrap_err().code(), Code::PermissionDenied);
    server.claims().accept_claim(accept).await.unwrap();
    assert_eq!(seen(&server, "op-a", "WJ01").await.unwrap().stage(), v1::ClaimStage::Accepted);

    let stale = said(&op.claims().withdraw_claim(withdraws("WJ01", &opened.etag)).await.unwrap_err());
    assert_eq!((stale.code, stale.reason.as_str()), (Code::Aborted, "STALE_ETAG"));
    let etag = seen(&server, "op-a", "WJ01").await.unwrap().etag;
    let gone = op.claims().withdraw_claim(withdraws("WJ01", &etag)).await.unwrap().into_inner().claim.unwrap();
    assert_eq!(gone.stage(), v1::ClaimStage::Withdrawn);
    assert_eq!(steps(&server, "op-a", &claim("WJ01")).await, ["Claimed", "ClaimAccepted", "ClaimWithdrawn"]);
    for theirs in ["WJ02", "WJ03"] {
        assert!(steps(&server, "op-a", &claim(theirs)).await.is_empty(), "{theirs}");
    }
    assert!(steps(&server, "op-b", &claim("WJ01")).await.is_empty());
    assert_eq!(seen(&server, "clerk", "WJ01").await.unwrap().closed_reason, "不再申报");
}

#[tokio::test]
async fn a_claim_of_another_is_as_if_it_were_not_there() {
    let (server, _dir) = world().await;
    let op = server.by("op-a");
    let head = server.engine.published().head.position;
    assert_eq!(listed(&server, "op-a").await, Vec::<String>::new());
    assert_eq!(listed(&server, "op-b").await, [claim("WJ02")]);

    let theirs = told(seen(&server, "op-a", "WJ02").await, "WJ02");
    assert_eq!((theirs.0.code, theirs.0.reason.as_str()), (Code::NotFound, "UNKNOWN_CLAIM"));
    assert_eq!(theirs, told(seen(&server, "op-a", "WJ09").await, "WJ09"), "as one that nobody has");
    // A year that another ran the carrier in, whose taxes it would tell.
    assert_eq!(theirs, told(seen(&server, "op-a", "WJ03").await, "WJ03"));
    assert_eq!(seen(&server, "clerk", "WJ03").await.unwrap().stage(), v1::ClaimStage::Claimed);

    // That it was claimed, or is owed, is not told by what is refused.
    for validate_only in [false, true] {
        let open = async |carrier: &str, period: &str| {
            let ask = v1::OpenClaimRequest { validate_only, ..opens(carrier, period) };
            told(op.claims().open_claim(ask).await, carrier)
        };
        let claimed = open("WJ02", "2024").await;
        assert_eq!((claimed.0.code, claimed.0.reason.as_str()), (Code::NotFound, "UNKNOWN_ENTITLEMENT"));
        assert_eq!(claimed, open("WJ09", "2024").await);
        assert_eq!(claimed, open("WJ03", "2024").await);
        let other = open("WJ02", "2023").await;
        assert_eq!((other.0, other.1.replace("2023", "2024")), claimed);
    }
    for etag in ["", "\"1\"", "\"99\""] {
        let withdraw = async |carrier: &str| told(op.claims().withdraw_claim(withdraws(carrier, etag)).await, carrier);
        let theirs = withdraw("WJ02").await;
        assert_eq!((theirs.0.code, theirs.0.reason.as_str()), (Code::NotFound, "UNKNOWN_CLAIM"));
        assert_eq!(theirs, withdraw("WJ09").await);
    }
    assert_eq!(server.engine.published().head.position, head);

    // Nor by the log.
    let ask = v1::ReadEventsRequest { parent: DISTRICT.into(), ..Default::default() };
    let mut events = op.journal().read_events(ask).await.unwrap().into_inner();
    while let Some(event) = events.next().await {
        let event = event.unwrap().event.unwrap();
        assert!(!event.r#type.starts_with("Claim"), "{event:?}");
    }
}

fn part(carrier: &str) -> String {
    format!("{DISTRICT}/claims/cultivation_award:{}:{carrier}", firm(7))
}

/// A firm that op-a's and op-b's carriers raised: both parts of the award are claimed and reviewed, op-b's is published.
async fn raised() -> (Server, tempfile::TempDir) {
    let rig = Rig::new("2025-09-01").await;
    rig.policy(&[]).await;
    rig.carrier("WJ01", 1).await;
    rig.carrier("WJ02", 2).await;
    rig.firm(7).await;
    rig.admitted(7, "WJ01", "2020-06-10").await;
    let (incubator, admitted, kind) = (carrier("WJ01"), day("2020-06-10"), LeaveKind::Withdrawn);
    rig.fact("2021-03-01", Event::FirmLeft { firm: firm(7), incubator, admitted, kind }).await;
    rig.admitted(7, "WJ02", "2021-03-01").await;
    rig.settled(7, "2024-05-01", "2024-06-01").await;
    rig.paid(7, "2024-06-10", 1_000_003).await;
    for id in ["WJ01", "WJ02"] {
        rig.open("cultivation_award", Entity::Incubator(carrier(id)), &firm(7).to_string()).await.unwrap();
        let claim = format!("cultivation_award:{}:{id}", firm(7));
        rig.step(CLERK, &claim, ClaimStep::Accept).await.unwrap();
        rig.step(REVIEWER, &claim, ClaimStep::Review).await.unwrap();
    }
    rig.step(CLERK, &format!("cultivation_award:{}:WJ02", firm(7)), ClaimStep::Publish).await.unwrap();
    served(&rig).await
}

#[tokio::test]
async fn an_award_of_its_own_is_an_operators_to_see_from_its_publication_on() {
    let (server, _dir) = raised().await;
    let get = async |who: &str, carrier: &str| {
        let ask = v1::GetClaimRequest { name: part(carrier), ..Default::default() };
        server.by(who).claims().get_claim(ask).await.map(|answer| answer.into_inner().claim.unwrap())
    };
    assert_eq!(listed(&server, "op-a").await, Vec::<String>::new());
    assert_eq!(listed(&server, "op-b").await, [part("WJ02")]);
    let unseen = told(get("op-a", "WJ01").await, "WJ01");
    assert_eq!((unseen.0.code, unseen.0.reason.as_str()), (Code::NotFound, "UNKNOWN_CLAIM"));
    assert_eq!(unseen, told(get("op-a", "WJ02").await, "WJ02"));

    // What is published, and nothing by which the firm's taxes could be found out.
    let (theirs, whole) = (get("op-b", "WJ02").await.unwrap(), get(CLERK, "WJ02").await.unwrap());
    assert_eq!((theirs.stage(), theirs.due_fen), (v1::ClaimStage::Published, whole.due_fen));
    assert!(theirs.due_fen > 0);
    let (told_of, kept) = (theirs.frozen.unwrap(), whole.frozen.unwrap());
    assert_eq!((&told_of.payee_code, told_of.claimed_fen), (&firm(2).to_string(), kept.claimed_fen));
    assert!(theirs.drift.is_none() && whole.drift.is_some());
    assert!(kept.counted_receipts > 0 && !kept.start_date.is_empty() && kept.attribution.len() == 2);
    let hidden = v1::FrozenEntitlement {
        window_from_date: String::new(),
        window_to_date: String::new(),
        start_date: String::new(),
        attribution: Vec::new(),
        counted_receipts: 0,
        explanation_sha256: String::new(),
        explanation_bytes: 0,
        ..kept
    };
    assert_eq!(told_of, hidden);
    // As it stood before that, it was not published yet.
    let (asked, known) = (part("WJ02"), v1::get_claim_request::KnownAt::KnownAtPosition(theirs.position - 1));
    let before = v1::GetClaimRequest { name: asked, known_at: Some(known), ..Default::default() };
    assert_eq!(server.by("op-b").claims().get_claim(before).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(steps(&server, "op-b", &part("WJ02")).await, ["ClaimPublished"]);

    // It is not its own to withdraw, nor to claim.
    let withdraw = v1::WithdrawClaimRequest { name: part("WJ02"), ..withdraws("WJ02", "") };
    let refused = said(&server.by("op-b").claims().withdraw_claim(withdraw.clone()).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "NOT_PERMITTED"));
    let refused = said(&server.by("op-a").claims().withdraw_claim(withdraw).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "UNKNOWN_CLAIM"));

    let publish = v1::PublishClaimRequest { name: part("WJ01"), request_id: id(), ..Default::default() };
    server.claims().publish_claim(publish).await.unwrap();
    assert_eq!(listed(&server, "op-a").await, [part("WJ01")]);
    assert_eq!(get("op-a", "WJ01").await.unwrap().stage(), v1::ClaimStage::Published);
    assert_eq!(steps(&server, "op-a", &part("WJ01")).await, ["ClaimPublished"]);
    assert_eq!(listed(&server, "op-b").await, [part("WJ02")]);
}

/// Before it is published, a firm's award is not its carrier's operator's to know, even where the carrier has a part of it.
#[tokio::test]
async fn awards_that_tell_the_taxes_of_firms_are_not_an_operators() {
    let (server, _dir) = world().await;
    let asked = v1::OpenClaimRequest {
        scheme: v1::Scheme::CultivationAward.into(),
        period: firm(1).to_string(),
        ..opens("WJ01", "")
    };
    let refused = said(&server.by("op-a").claims().open_claim(asked).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "UNKNOWN_ENTITLEMENT"));
    let firms = v1::OpenClaimRequest {
        scheme: v1::Scheme::RelocationRebate.into(),
        beneficiary: crate::common::server::firm_name(1),
        period: "1".into(),
        ..opens("WJ01", "")
    };
    let refused = said(&server.by("op-a").claims().open_claim(firms).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "UNKNOWN_ENTITLEMENT"));
}
