//! The end of a fiscal year: the same ledger whether or not anybody has closed it yet.

use super::*;

/// What is compared: the order, the claim, what the budget bears.
fn ledger(rig: &Rig, no: &str) -> String {
    let (order, claim) = (rig.order(no), rig.claim(S1_2024));
    format!("{:?} {:?} {:?} {:?}", order.state, claim.stage, claim.grants[0].state, rig.budget(S1_BUDGET).taking)
}

#[tokio::test]
async fn what_the_bank_did_after_the_last_day_is_no_payment_of_the_year_closed_or_not() {
    let mut told = Vec::new();
    for closes_first in [true, false] {
        let rig = s1_approved().await;
        let no = rig.order_for(S1_2024).await.unwrap();
        rig.go_to("2026-01-05");
        if closes_first {
            rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        }
        let refusal = rig.tell(&no, paid("回单1", "2026-01-03")).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::OrderState);
        assert!(refusal.metadata.contains(&("date", "2026-01-03".to_owned())), "{refusal:?}");
        if !closes_first {
            rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        }
        told.push(ledger(&rig, &no));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_return_told_behind_the_years_end_ends_the_account() {
    for closes_first in [true, false] {
        let rig = s1_approved().await;
        let no = rig.order_for(S1_2024).await.unwrap();
        rig.go_to("2026-01-05");
        if closes_first {
            rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        }
        rig.tell(&no, returned("账号不存在", "2026-01-03")).await.unwrap();
        rig.budgeted("440203000-incubator_tax_rebate-2026", 7_000, Handing::FirstCome).await.unwrap();
        assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::AccountReturned);
        rig.account(1, "运营1").await;
        assert_eq!(rig.order_for(S1_2024).await.unwrap(), "2026-440203000-000001");
        assert_eq!((rig.order(&no).state.key(), rig.budget(S1_BUDGET).taking.committed), ("RETURNED", 0));
        // It was made again: whatever is told of the old one now, it is not paid.
        let late = rig.tell(&no, paid("回单1", "2025-12-31")).await;
        assert_eq!((late.is_ok(), rig.budget(S1_BUDGET).taking.paid), (true, 0));
    }
}

#[tokio::test]
async fn a_budget_whose_year_is_over_is_neither_raised_nor_cut() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2026-01-05");
    rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
    for amount in [-10_000, -1, 1] {
        let refusal = rig.budgeted(S1_BUDGET, amount, Handing::FirstCome).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::YearClosed, "{amount}");
        assert!(refusal.metadata.contains(&("year", "2025".to_owned())), "{refusal:?}");
    }
    // A payment of the last day takes again what the year's end freed, and finds it there.
    rig.tell(&no, paid("回单1", "2025-12-31")).await.unwrap();
    let budget = rig.budget(S1_BUDGET);
    assert_eq!((budget.taking.paid, budget.left()), (7_000, 3_000));
}
