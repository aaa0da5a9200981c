//! What would be paid twice: a receipt that is voided and stated again, and a difference that is asked for again.

use super::*;
use incubator_registry::domain::event::TaxReceipt;
use incubator_registry::domain::{Tax, TaxNature, VoucherNo};
use incubator_registry::projections::reconcile::{Kind as Differs, Question, reconcile};

#[tokio::test]
async fn what_is_voided_and_stated_again_is_not_counted_a_second_time() {
    let rig = s1().await;
    let receipt = |day: &'static str| {
        let (taxpayer, tax, nature) = (firm(1), Tax::Vat, TaxNature::Normal);
        let voucher = VoucherNo::parse("V-2024-9").unwrap();
        let receipt = TaxReceipt { taxpayer, tax, period: (None, None), amount: 10_000, nature, voucher };
        rig.fact(day, Event::TaxReceiptRecorded(receipt))
    };
    let first = receipt("2024-09-01").await;
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.void(first).await.unwrap();
    let second = receipt("2025-02-01").await;
    rig.go_to("2026-01-10");
    let refusal = rig.open(S1, wj01(), "2025").await.unwrap_err();
    assert_eq!((refusal.reason, refusal.position), (Reason::ReceiptCountedTwice, Some(second)));
    assert!(refusal.metadata.contains(&("claim", S1_2024.to_owned())), "{refusal:?}");
    // Once the first claim counts what stands, the second may.
    rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await.unwrap();
    rig.open(S1, wj01(), "2025").await.unwrap();
}

#[tokio::test]
async fn what_was_recovered_is_supplemented_once() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    let recover = Act::Recover { claim: claim_id(S1_2024), amount: 3_000, reason: "误判迁出".to_owned() };
    rig.act(CLERK, recover).await.unwrap();
    let supplement = || Act::Supplement(claim_id(S1_2024));
    rig.act(CLERK, supplement()).await.unwrap();
    assert_eq!(rig.claim(S1_2024).due, 3_000);
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-20");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    let second = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&second, paid("回单2", "2025-03-20")).await.unwrap();
    assert_eq!(word(rig.act(CLERK, supplement()).await), Reason::NothingToSupplement);
}

#[tokio::test]
async fn a_supplement_that_is_given_up_leaves_the_freeze_that_was_granted() {
    for given_up in [ClaimStep::Withdraw, ClaimStep::Reject] {
        let rig = s1_approved().await;
        let no = rig.order_for(S1_2024).await.unwrap();
        rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
        let before = rig.claim(S1_2024);
        rig.paid(1, "2024-09-01", 20_000).await;
        rig.act(CLERK, Act::Supplement(claim_id(S1_2024))).await.unwrap();
        let anew = rig.claim(S1_2024);
        assert!(anew.frozen_position > before.frozen_position && anew.frozen.amount > before.frozen.amount);
        rig.step(CLERK, S1_2024, given_up).await.unwrap();
        let after = rig.claim(S1_2024);
        // The position leads to the explanation of the freeze, and both belong together.
        assert_eq!((after.frozen_position, &after.frozen), (before.frozen_position, &before.frozen));
        assert_eq!((after.stage.key(), after.due, after.paid()), ("PAID", 0, 7_000));
    }
}

#[tokio::test]
async fn a_grant_that_came_back_is_told_though_another_order_of_the_claim_followed() {
    let rig = s1_approved().await;
    let first = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&first, paid("回单1", "2025-03-11")).await.unwrap();
    rig.paid(1, "2024-09-01", 20_000).await;
    rig.act(CLERK, Act::Supplement(claim_id(S1_2024))).await.unwrap();
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-20");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    let second = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&second, paid("回单2", "2025-03-20")).await.unwrap();
    let told = |date| {
        let asked = Question { day: day(date), payer: None, patience_days: 3, statement: None };
        let found = reconcile(&rig.engine.published().registry, asked).differences;
        found.into_iter().map(|of| (of.kind, of.order)).collect::<Vec<_>>()
    };
    assert_eq!(told("2025-03-23"), []);
    rig.tell(&first, returned("账户已销户", "2025-03-20")).await.unwrap();
    assert_eq!(told("2025-03-22"), []);
    assert_eq!(told("2025-03-23"), [(Differs::NotReissued, first)]);
    rig.account(1, "运营1").await;
    let third = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(told("2025-03-23"), [(Differs::Unanswered, third)]);
}
