//! The end of a fiscal year: the same ledger whether or not anybody has closed it yet.

use super::*;
use incubator_registry::domain::AsOf;
use incubator_registry::projections::reconcile::{Kind as Differs, Question, reconcile};

/// What is compared: the order, the claim, what the budget bears.
fn ledger(rig: &Rig, no: &str) -> String {
    let (order, claim) = (rig.order(no), rig.claim(S1_2024));
    format!("{:?} {:?} {:?} {:?}", order.state, claim.stage, claim.grants[0].state, rig.budget(S1_BUDGET).taking)
}

const NEXT: &str = "440203000-incubator_tax_rebate-2026";

/// What reconciliation tells of a day, beside silence.
fn differences(rig: &Rig, date: &str) -> Vec<(Differs, String)> {
    let asked = Question { day: day(date), payer: None, patience_days: 366, statement: None };
    let found = reconcile(&rig.engine.published().registry, asked).differences;
    found.into_iter().map(|of| (of.kind, of.order)).collect()
}

/// An order of 2025 that its year's end closed, and the one that was made again for it.
async fn made_again() -> (Rig, String, String) {
    let rig = s1_approved().await;
    let old = rig.order_for(S1_2024).await.unwrap();
    rig.budgeted(NEXT, 7_000, Handing::FirstCome).await.unwrap();
    rig.go_to("2026-01-05");
    rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
    let new = rig.order_for(S1_2024).await.unwrap();
    (rig, old, new)
}

/// A restart folds the same.
async fn reopens(rig: &Rig) {
    let again = Rig::on(std::sync::Arc::new(rig.memory.reopened()), "2026-01-06").await;
    assert_eq!(again.engine.published().registry, rig.engine.published().registry);
}

#[tokio::test]
async fn what_the_bank_paid_behind_the_years_end_is_kept_and_never_made_again_closed_or_not() {
    let mut told = Vec::new();
    for closes_first in [true, false] {
        let rig = s1_approved().await;
        let no = rig.order_for(S1_2024).await.unwrap();
        rig.budgeted(NEXT, 7_000, Handing::FirstCome).await.unwrap();
        rig.go_to("2026-01-05");
        if closes_first {
            rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        }
        rig.tell(&no, paid("回单1", "2026-01-03")).await.unwrap();
        assert!(is_duplicate(&rig.tell(&no, paid("回单1", "2026-01-03")).await.unwrap()));
        assert!(is_duplicate(&rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap()));
        assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::ClaimStage);
        let (old, new) = (rig.budget(S1_BUDGET).taking, rig.budget(NEXT).taking);
        assert_eq!((old.committed, old.paid, new.committed), (7_000, 7_000, 0));
        // It is for the finance bureau to settle between the years: told from the bank's day to that year's end.
        let late = vec![(Differs::PaidAfterYearEnd, no.clone())];
        for (date, expected) in
            [("2026-01-02", vec![]), ("2026-01-03", late.clone()), ("2026-12-31", late), ("2027-01-01", vec![])]
        {
            assert_eq!(differences(&rig, date), expected, "{date}");
        }
        told.push(ledger(&rig, &no));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("Paid"), "{}", told[0]);
}

#[tokio::test]
async fn a_payment_of_what_was_ordered_again_closes_the_new_order() {
    for date in ["2025-12-31", "2026-01-03"] {
        let (rig, old, new) = made_again().await;
        rig.tell(&new, Answer::Accepted).await.unwrap();
        rig.tell(&old, paid("回单1", date)).await.unwrap();
        let states = [&old, &new].map(|no| rig.order(no).state.key());
        assert_eq!((states, rig.stage(S1_2024)), (["PAID", "CLOSED"], "PAID"));
        assert_eq!(rig.order(&new).reason, format!("{old} 已支付"));
        assert_eq!(rig.claim(S1_2024).grants[0].order.as_ref().unwrap().as_str(), old);
        assert_eq!((rig.budget(S1_BUDGET).taking.paid, rig.budget(NEXT).taking.committed), (7_000, 0));
        assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::ClaimStage);
        // What came back is ordered a third time, and neither of the two before takes anything.
        rig.tell(&old, returned("账号不存在", "2026-01-05")).await.unwrap();
        assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).paid()), ("RETURNED", 0));
        rig.account(1, "运营1").await;
        let third = rig.order_for(S1_2024).await.unwrap();
        assert_eq!((rig.claim(S1_2024).live_order().unwrap().as_str(), third.as_str()), (&*third, &*third));
        assert_eq!((rig.budget(S1_BUDGET).taking.committed, rig.budget(NEXT).taking.ordered), (0, 7_000));
        reopens(&rig).await;
    }
}

#[tokio::test]
async fn two_payments_of_one_amount_are_both_kept_counted_once_and_told_until_one_comes_back() {
    for comes_back in [0, 1] {
        let (rig, old, new) = made_again().await;
        rig.tell(&new, paid("回单2", "2026-01-05")).await.unwrap();
        rig.tell(&old, paid("回单1", "2026-01-03")).await.unwrap();
        let orders = [old, new];
        assert_eq!(orders.each_ref().map(|no| rig.order(no).state.key()), ["CLOSED", "PAID"]);
        assert_eq!(
            (rig.claim(S1_2024).paid(), rig.order(&orders[0]).paid.as_ref().unwrap().day),
            (7_000, day("2026-01-03"))
        );
        assert_eq!((rig.budget(S1_BUDGET).taking.committed, rig.budget(NEXT).taking.paid), (0, 7_000));
        let twice = (Differs::ClaimPaidTwice, orders[0].clone());
        assert!(differences(&rig, "2026-03-01").contains(&twice));
        rig.tell(&orders[comes_back], returned("重复支付，退回", "2026-01-05")).await.unwrap();
        assert!(!differences(&rig, "2026-03-01").contains(&twice));
        // The other one pays it, whichever that is, and nothing is made again.
        let mut states = ["PAID", "PAID"];
        states[comes_back] = "RETURNED";
        assert_eq!(orders.each_ref().map(|no| rig.order(no).state.key()), states);
        assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).paid()), ("PAID", 7_000));
        let budgets = [S1_BUDGET, NEXT].map(|budget| rig.budget(budget).taking.paid);
        assert_eq!(budgets, if comes_back == 0 { [0, 7_000] } else { [7_000, 0] });
        assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::ClaimStage);
        reopens(&rig).await;
    }
}

#[tokio::test]
async fn a_payment_holds_whether_it_is_told_before_or_behind_a_rejection() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, Answer::Rejected { reason: "要素不全".to_owned() }).await.unwrap();
    let again = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    assert_eq!([&no, &again].map(|no| rig.order(no).state.key()), ["PAID", "CLOSED"]);
    assert_eq!(word(rig.tell(&no, Answer::Rejected { reason: "要素不全".to_owned() }).await), Reason::OrderState);
    assert_eq!((rig.stage(S1_2024), rig.budget(S1_BUDGET).taking.paid), ("PAID", 7_000));
}

#[tokio::test]
async fn answers_told_out_of_turn_show_the_past_as_it_was() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2025-03-20");
    rig.tell(&no, returned("账号不存在", "2025-03-17")).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-13")).await.unwrap();
    let registry = rig.engine.published().registry.clone();
    let (finance, order) = (registry.finance(), incubator_registry::domain::OrderNo::parse(&no).unwrap());
    for (date, state, stage, fen) in [
        ("2025-03-12", "ISSUED", "ORDERED", 0),
        ("2025-03-13", "PAID", "PAID", 7_000),
        ("2025-03-16", "PAID", "PAID", 7_000),
        ("2025-03-17", "RETURNED", "RETURNED", 0),
    ] {
        let as_of = AsOf::day(day(date));
        let claim = finance.claim_seen(&claim_id(S1_2024), as_of).unwrap();
        let seen = finance.order_seen(&order, as_of).unwrap();
        assert_eq!((seen.state.key(), claim.stage.key(), claim.paid()), (state, stage, fen), "{date}");
    }
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

#[tokio::test]
async fn the_years_end_frees_the_budget_of_what_came_back_or_was_turned_down_and_was_not_made_again() {
    let answers = [returned("账号不存在", "2025-12-30"), Answer::Rejected { reason: "要素不全".to_owned() }];
    for (answer, state, stage) in answers
        .into_iter()
        .zip(["RETURNED", "REJECTED"])
        .zip(["RETURNED", "APPROVED"])
        .map(|((answer, state), stage)| (answer, state, stage))
    {
        let rig = s1_approved().await;
        let no = rig.order_for(S1_2024).await.unwrap();
        rig.go_to("2025-12-30");
        rig.tell(&no, answer).await.unwrap();
        rig.go_to("2026-01-05");
        assert_eq!(rig.budget(S1_BUDGET).taking.committed, 7_000);
        let done = rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        assert!(!is_duplicate(&done));
        assert_eq!((rig.budget(S1_BUDGET).taking.committed, rig.budget(S1_BUDGET).left()), (0, 10_000));
        assert_eq!((rig.order(&no).state.key(), rig.stage(S1_2024)), (state, stage), "they stay what they are");
        assert!(is_duplicate(&rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap()), "once");
        rig.account(1, "运营1").await;
        rig.budgeted(NEXT, 7_000, Handing::FirstCome).await.unwrap();
        let new = rig.order_for(S1_2024).await.unwrap();
        rig.tell(&new, paid("回单2", "2026-01-05")).await.unwrap();
        assert_eq!((rig.stage(S1_2024), rig.budget(NEXT).taking.paid), ("PAID", 7_000));
        reopens(&rig).await;
    }
}
