//! Amounts and days of money: bounded in the domain, whoever brings the act.

use super::*;
use claims_rig::appropriates;
use incubator_registry::domain::values::FEN_MAX;

#[tokio::test]
async fn amounts_are_over_nothing_and_bounded_whoever_asks() {
    let rig = s1_published().await;
    for awarded in [0, -1, FEN_MAX + 1] {
        assert_eq!(word(rig.approve(APPROVER, S1_2024, Some(awarded)).await), Reason::OutOfRange, "{awarded}");
    }
    for amount in [0, FEN_MAX + 1, -FEN_MAX - 1, i64::MIN] {
        let appropriated = rig.act(TREASURER, appropriates(S1_BUDGET, amount, Handing::FirstCome)).await;
        assert_eq!(word(appropriated), Reason::OutOfRange, "{amount}");
    }
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    rig.account(1, "运营1").await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    let (claim, text, day) = (claim_id(S1_2024), "事由".to_owned(), day("2025-03-11"));
    rig.act(CLERK, Act::Recover { claim: claim.clone(), amount: 3_000, reason: text.clone() }).await.unwrap();
    for amount in [0, -1, i64::MIN] {
        let (claim, text) = (claim.clone(), text.clone());
        let recover = Act::Recover { claim: claim.clone(), amount, reason: text.clone() };
        assert_eq!(word(rig.act(CLERK, recover).await), Reason::OutOfRange, "{amount}");
        let receive = Act::Receive { claim: claim.clone(), recovery: 1, amount, reference: text.clone(), day };
        assert_eq!(word(rig.act(FINANCE, receive).await), Reason::OutOfRange, "{amount}");
        let spend = Act::Spend { claim, purpose: Purpose::SeedFund, amount, text, day };
        assert_eq!(word(rig.act(CLERK, spend).await), Reason::OutOfRange, "{amount}");
    }
}

#[tokio::test]
async fn nothing_is_spent_and_nothing_comes_back_before_it_was_paid() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2025-03-20");
    rig.tell(&no, paid("回单1", "2025-03-14")).await.unwrap();
    let (claim, text) = (claim_id(S1_2024), "事由".to_owned());
    rig.act(CLERK, Act::Recover { claim: claim.clone(), amount: 3_000, reason: text.clone() }).await.unwrap();
    let receive = |date| {
        let (claim, reference) = (claim.clone(), text.clone());
        Act::Receive { claim, recovery: 1, amount: 1_000, reference, day: day(date) }
    };
    let spend = |date| {
        let (claim, text) = (claim.clone(), text.clone());
        Act::Spend { claim, purpose: Purpose::SeedFund, amount: 1_000, text, day: day(date) }
    };
    for act in [receive("2025-03-13"), spend("2025-03-13")] {
        let refusal = rig.act(CLERK, act).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::DatesOutOfOrder);
        assert!(refusal.metadata.contains(&("date_before", "2025-03-14".to_owned())), "{refusal:?}");
    }
    for act in [receive("2025-03-14"), spend("2025-03-14")] {
        rig.act(CLERK, act).await.unwrap();
    }
}
