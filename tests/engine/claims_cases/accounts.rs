//! Accounts: two people, the registered name, and what came back from one.

use super::*;
use incubator_registry::domain::account::AccountRecorded;
use incubator_registry::domain::event::Document;

#[tokio::test]
async fn an_account_takes_two_people_and_the_registered_name() {
    let rig = s1_published().await;
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::AccountUnconfirmed);
    assert_eq!(word(rig.act(TREASURER, records(1, "别人")).await), Reason::AccountNameDiffers);
    assert_eq!(word(rig.act(TREASURER, records(99, "运营1")).await), Reason::UnknownTaxpayer);
    let recorded = rig.act(TREASURER, records(1, "运营1")).await.unwrap().written.position();
    let check = |recorded, refused| Act::CheckAccount { holder: firm(1), recorded, refused };
    assert_eq!(word(rig.act(TREASURER, check(recorded, None)).await), Reason::SamePerson);
    assert_eq!(word(rig.act(CHECKER, check(recorded + 1, None)).await), Reason::UnknownAccount);
    rig.act(CHECKER, check(recorded, Some("账号有误".to_owned()))).await.unwrap();
    assert_eq!(word(rig.act(CHECKER, check(recorded, None)).await), Reason::UnknownAccount);
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::AccountUnconfirmed);
    rig.account(1, "运营1").await;
    rig.order_for(S1_2024).await.unwrap();
}

#[tokio::test]
async fn after_a_return_another_account_is_needed() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2025-03-20");
    rig.tell(&no, paid("回单1", "2025-03-12")).await.unwrap();
    rig.tell(&no, returned("账号不存在", "2025-03-13")).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).paid()), ("RETURNED", 0));
    let refusal = rig.order_for(S1_2024).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AccountReturned);
    assert!(refusal.metadata.contains(&("order", no.clone())), "{refusal:?}");
    rig.account(1, "运营1").await;
    let again = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&again, paid("回单2", "2025-03-20")).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).paid()), ("PAID", 7_000));
    let taking = rig.budget(S1_BUDGET).taking;
    assert_eq!((taking.committed, taking.ordered, taking.paid), (7_000, 7_000, 7_000));
}

/// The account as it was recorded once, recorded again with these documents.
fn again(recorded: &AccountRecorded, documents: Vec<Document>) -> Command {
    Command::act(Act::RecordAccount(Box::new(recorded.clone())), documents).unwrap()
}

#[tokio::test]
async fn an_account_that_an_order_came_back_from_is_not_recorded_again_unless_the_checker_is_told() {
    let rig = s1_approved().await;
    let registry = || rig.engine.published().registry.clone();
    let account = || registry().finance().account(&firm(1)).unwrap().clone();
    let recorded = account().confirmed.as_ref().unwrap().recorded.clone();
    let no = rig.order_for(S1_2024).await.unwrap();
    let returned_at = rig.tell(&no, returned("账户已冻结", "2025-03-11")).await.unwrap().written.position();
    let refusal = rig.submit(TREASURER, again(&recorded, Vec::new())).await.unwrap_err();
    assert_eq!((refusal.reason, refusal.position), (Reason::AccountReturned, Some(returned_at)));
    assert!(refusal.metadata.contains(&("order", no.clone())), "{refusal:?}");
    // Another bank, and it is another account.
    let mut elsewhere = recorded.clone();
    elsewhere.bank_no = incubator_registry::domain::account::BankNo::parse("105100000017").unwrap();
    rig.submit(TREASURER, again(&elsewhere, Vec::new())).await.unwrap();
    // A document says that it takes money again: whoever checks it sees what came back.
    let (title, document_no) = ("账户恢复正常的证明".to_owned(), "武农银函〔2025〕3号".to_owned());
    let document = Document { title, document_no, sha256: None, location: String::new() };
    let at = rig.submit(TREASURER, again(&recorded, vec![document])).await.unwrap().written.position();
    let known = registry();
    let came = incubator_registry::domain::account::steps::came_back(&known, &recorded).unwrap();
    assert_eq!((came.order.to_string(), came.position), (no, returned_at));
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::AccountReturned);
    rig.act(CHECKER, Act::CheckAccount { holder: firm(1), recorded: at, refused: None }).await.unwrap();
    let again = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(rig.order(&again).issued.account, at);
}

#[tokio::test]
async fn no_other_claim_of_the_holder_goes_to_an_account_that_an_order_came_back_from() {
    let rig = s1_approved().await;
    let other = "incubator_tax_rebate:WJ01:2025";
    rig.go_to("2026-03-02");
    rig.paid(1, "2025-09-01", 100_000).await;
    rig.open(S1, wj01(), "2025").await.unwrap();
    rig.published(other).await;
    rig.budgeted("440203000-incubator_tax_rebate-2026", 100_000, Handing::FirstCome).await.unwrap();
    rig.go_to("2026-03-10");
    rig.approve(APPROVER, other, None).await.unwrap();
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, returned("账号不存在", "2026-03-10")).await.unwrap();
    let refusal = rig.order_for(other).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AccountReturned);
    assert!(refusal.metadata.contains(&("order", no)), "{refusal:?}");
    rig.account(1, "运营1").await;
    rig.order_for(other).await.unwrap();
}

#[tokio::test]
async fn an_account_recorded_twice_before_a_return_is_paid_to_no_more_under_either() {
    let rig = s1_approved().await;
    let known = || rig.engine.published().registry.finance().account(&firm(1)).unwrap().confirmed.clone().unwrap();
    let no = rig.order_for(S1_2024).await.unwrap();
    let second = rig.submit(TREASURER, again(&known().recorded, Vec::new())).await.unwrap().written.position();
    rig.act(CHECKER, Act::CheckAccount { holder: firm(1), recorded: second, refused: None }).await.unwrap();
    assert_eq!(known().position, second);
    rig.tell(&no, returned("账户已冻结", "2025-03-11")).await.unwrap();
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::AccountReturned);
}
