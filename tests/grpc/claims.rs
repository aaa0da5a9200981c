//! Claims over the wire: opened for everyone who is entitled, followed to the approval, explained to the byte; accounts whose
//! numbers nobody finds.

use crate::common;
use common::finance::district;
use common::server::{DISTRICT, Server, firm_name, id, said};
use incubator_registry::grpc::PRINCIPAL_HEADER;
use incubator_registry::keys::{MasterKey, path_of};
use incubator_registry::log::{EventLog as _, MemoryLog};
use incubator_registry::wire::v1;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio_stream::StreamExt as _;
use tonic::Request;
use zeroize::Zeroizing;

async fn claimable() -> Server {
    let server = district().await;
    let publication = v1::PublishPolicyRequest {
        parent: DISTRICT.into(),
        content: include_str!("../../deploy/demo/policy.toml").into(),
        effective_date: common::world::TODAY.into(),
        request_id: id(),
        ..Default::default()
    };
    server.policies().publish_policy(publication).await.unwrap();
    for year in [2026, 2027] {
        let (parent, document_no) = (DISTRICT.into(), "示例".into());
        let set = v1::SetCalendarRequest { parent, year, document_no, request_id: id(), ..Default::default() };
        server.calendars().set_calendar(set).await.unwrap();
    }
    server
}

fn opens(validate_only: bool) -> v1::OpenClaimsRequest {
    v1::OpenClaimsRequest {
        parent: DISTRICT.into(),
        scheme: v1::Scheme::RelocationRebate.into(),
        page_size: 7,
        validate_only,
        ..Default::default()
    }
}

/// All pages of a call.
async fn opened(server: &Server, mut ask: v1::OpenClaimsRequest) -> Vec<v1::OpenedClaim> {
    let mut found = Vec::new();
    loop {
        let page = server.claims().open_claims(ask.clone()).await.unwrap().into_inner();
        found.extend(page.claims);
        if page.next_page_token.is_empty() {
            return found;
        }
        ask.page_token = page.next_page_token;
    }
}

fn by<T>(principal: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(PRINCIPAL_HEADER, principal.parse().unwrap());
    request
}

#[tokio::test]
async fn claims_are_opened_for_everyone_who_is_entitled_and_once() {
    let server = claimable().await;
    let head = server.engine.published().head.position;
    let preview = opened(&server, opens(true)).await;
    assert_eq!(server.engine.published().head.position, head);
    let done = opened(&server, opens(false)).await;
    let count = |of: &[v1::OpenedClaim]| of.iter().filter(|claim| claim.opened).count();
    assert!(count(&done) > 3, "{done:?}");
    let amounts = |of: &[v1::OpenedClaim]| of.iter().map(|claim| claim.claimed_fen).collect::<Vec<_>>();
    assert_eq!(amounts(&preview), amounts(&done));
    let again = opened(&server, opens(false)).await;
    assert_eq!(count(&again), 0);
    let named = |of: &[v1::OpenedClaim]| of.iter().filter(|c| !c.claim.is_empty()).map(|c| c.claim.clone()).collect();
    let (first, second): (Vec<String>, Vec<String>) = (named(&done), named(&again));
    assert_eq!(first, second);
    assert!(again.iter().filter(|claim| !claim.claim.is_empty()).all(|c| c.reason() == v1::Reason::ClaimExists));

    // What was withdrawn is somebody's decision: a run over everyone leaves it.
    let name = first[0].clone();
    let request =
        v1::WithdrawClaimRequest { name, text: "企业放弃".into(), request_id: id(), ..Default::default() };
    server.claims().withdraw_claim(request).await.unwrap();
    let head = server.engine.published().head.position;
    let third = opened(&server, opens(false)).await;
    assert_eq!((count(&third), server.engine.published().head.position), (0, head));
    let left = third.iter().find(|claim| claim.claim == first[0]).unwrap();
    assert!(left.reason() == v1::Reason::ClaimExists && left.message.contains("WITHDRAWN"), "{left:?}");

    let ask = v1::ListClaimsRequest {
        parent: DISTRICT.into(),
        page_size: 2,
        filter: "stage = CLAIMED AND scheme = relocation_rebate".into(),
        ..Default::default()
    };
    let page = server.claims().list_claims(ask).await.unwrap().into_inner();
    assert_eq!(page.claims.len(), 2);
    assert!(!page.next_page_token.is_empty());
    assert!(page.claims.iter().all(|claim| first.contains(&claim.name)));
}

#[tokio::test]
async fn a_claim_is_followed_explained_and_compared() {
    let server = claimable().await;
    let done = opened(&server, opens(false)).await;
    let name = done.iter().find(|claim| claim.opened).unwrap().claim.clone();
    let ask = || v1::GetClaimRequest { name: name.clone(), ..Default::default() };
    let claim = server.claims().get_claim(ask()).await.unwrap().into_inner().claim.unwrap();
    let frozen = claim.frozen.clone().unwrap();
    assert_eq!((claim.stage(), claim.due_fen), (v1::ClaimStage::Claimed, frozen.claimed_fen));
    assert!(!claim.drift.clone().unwrap().differs, "{:?}", claim.drift);

    let ask_why = v1::ReadClaimExplanationRequest { name: name.clone() };
    let mut chunks = server.claims().read_claim_explanation(ask_why).await.unwrap().into_inner();
    let mut json = Vec::new();
    while let Some(piece) = chunks.next().await {
        json.extend(piece.unwrap().chunk);
    }
    assert_eq!(hex::encode(Sha256::digest(&json)), frozen.explanation_sha256);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["claimed_fen"], frozen.claimed_fen);

    let accept =
        v1::AcceptClaimRequest { name: name.clone(), etag: claim.etag.clone(), request_id: id(), ..Default::default() };
    let accepted = server.claims().accept_claim(accept.clone()).await.unwrap().into_inner().claim.unwrap();
    assert_eq!(accepted.stage(), v1::ClaimStage::Accepted);
    let stale = v1::AcceptClaimRequest { request_id: id(), ..accept };
    assert_eq!(said(&server.claims().accept_claim(stale).await.unwrap_err()).reason, "STALE_ETAG");
    let review = || v1::ReviewClaimRequest { name: name.clone(), request_id: id(), ..Default::default() };
    let status = server.claims().review_claim(review()).await.unwrap_err();
    assert_eq!(said(&status).reason, "SAME_PERSON");
    server.claims().review_claim(by("reviewer", review())).await.unwrap();
    let publish = v1::PublishClaimRequest { name: name.clone(), request_id: id(), ..Default::default() };
    let published = server.claims().publish_claim(publish).await.unwrap().into_inner().claim.unwrap();
    assert_eq!(published.published_until_date, "2026-12-01");

    let budget = format!("{DISTRICT}/budgets/{}-relocation_rebate-2026", frozen.payer);
    let appropriate = v1::AppropriateBudgetRequest {
        name: budget.clone(),
        amount_fen: 1_000,
        rule: v1::BudgetRule::FirstCome.into(),
        document_no: "武财〔2026〕1号".into(),
        request_id: id(),
        ..Default::default()
    };
    let made = server.budgets().appropriate_budget(appropriate).await.unwrap().into_inner().budget.unwrap();
    assert_eq!((made.left_fen, made.function_code.as_str(), made.name), (1_000, "2060502", budget));
    let approve = v1::ApproveClaimRequest { name, request_id: id(), ..Default::default() };
    let status = server.claims().approve_claim(by("approver", approve.clone())).await.unwrap_err();
    assert_eq!(said(&status).reason, "PUBLICATION_RUNNING");
    // From Tuesday 24 November to Wednesday 2 December.
    server.clock.advance(std::time::Duration::from_secs(8 * 86_400));
    let status = server.claims().approve_claim(by("approver", approve)).await.unwrap_err();
    let told = said(&status);
    assert_eq!((told.reason.as_str(), told.metadata["left_fen"].as_str()), ("BUDGET_EXHAUSTED", "1000"));
}

#[tokio::test]
async fn a_retry_of_an_act_on_a_claim_gets_the_first_answer_whatever_was_done_since() {
    let server = claimable().await;
    let promise = opened(&server, opens(true)).await.into_iter().find(|claim| claim.opened).unwrap();
    let open = v1::OpenClaimRequest {
        parent: DISTRICT.into(),
        scheme: v1::Scheme::RelocationRebate.into(),
        beneficiary: promise.beneficiary.clone(),
        period: promise.period.clone(),
        request_id: id(),
        ..Default::default()
    };
    let first = server.claims().open_claim(open.clone()).await.unwrap().into_inner();
    let claim = first.claim.clone().unwrap();
    let accept =
        v1::AcceptClaimRequest { name: claim.name.clone(), etag: claim.etag, request_id: id(), ..Default::default() };
    let accepted = server.claims().accept_claim(accept.clone()).await.unwrap().into_inner();
    let review = v1::ReviewClaimRequest { name: claim.name, request_id: id(), ..Default::default() };
    server.claims().review_claim(by("reviewer", review)).await.unwrap();
    assert_eq!(server.claims().open_claim(open).await.unwrap().into_inner(), first);
    assert_eq!(server.claims().accept_claim(accept).await.unwrap().into_inner(), accepted);
}

#[tokio::test]
async fn an_accounts_number_is_sealed_and_shown_by_its_end() {
    let (dir, log) = (tempfile::tempdir().unwrap(), Arc::new(MemoryLog::new()));
    let keys = path_of(dir.path(), "440203");
    let server = Server::sealing(log.clone(), &keys, MasterKey::new(Zeroizing::new([1; 32]))).await;
    let firm = server.firm(7, "2024-01-01").await;
    let name = firm.replace("/firms/", "/accounts/");
    assert_eq!(firm, firm_name(7));
    let number = "2005020109200012345";
    let record = v1::RecordAccountRequest {
        name: name.clone(),
        holder_name: "企业7".into(),
        number: number.into(),
        bank_name: "中国农业银行韶关武江支行".into(),
        bank_no: "103100000026".into(),
        request_id: id(),
        ..Default::default()
    };
    let bad = v1::RecordAccountRequest { bank_no: "103100000027".into(), request_id: id(), ..record.clone() };
    let status = server.accounts().record_account(bad).await.unwrap_err();
    assert_eq!(said(&status).reason, "MALFORMED_BANK_NUMBER");
    let other = v1::RecordAccountRequest { holder_name: "企业8".into(), request_id: id(), ..record.clone() };
    let status = server.accounts().record_account(other).await.unwrap_err();
    assert_eq!(said(&status).reason, "ACCOUNT_NAME_DIFFERS");
    let first = server.accounts().record_account(record.clone()).await.unwrap().into_inner();
    let again = server.accounts().record_account(record.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    let changed = v1::RecordAccountRequest { number: "2005020109200012346".into(), ..record };
    let status = server.accounts().record_account(changed).await.unwrap_err();
    assert_eq!(said(&status).reason, "REQUEST_ID_REUSED");
    let waiting = first.account.unwrap().waiting.unwrap();
    assert_eq!(waiting.masked_number, "****2345");
    let recorded_position = waiting.position;
    let confirm = v1::ConfirmAccountRequest { name, recorded_position, request_id: id(), ..Default::default() };
    let status = server.accounts().confirm_account(confirm.clone()).await.unwrap_err();
    assert_eq!(said(&status).reason, "SAME_PERSON");
    let confirm = v1::ConfirmAccountRequest { request_id: id(), ..confirm };
    let done = server.accounts().confirm_account(by("checker", confirm)).await.unwrap().into_inner();
    assert_eq!(done.account.unwrap().confirmed.unwrap().checker, "checker");
    let commits = log.read(1, usize::MAX).await.unwrap();
    for commit in commits {
        assert!(!commit.records.windows(number.len()).any(|bytes| bytes == number.as_bytes()));
    }
}
