//! Who claims, who reviews, who approves; and whom an order is made to.

use super::*;
use incubator_registry::domain::event::Operator;

#[tokio::test]
async fn whoever_ever_claimed_or_froze_it_neither_reviews_nor_approves() {
    let rig = s1().await;
    rig.budgeted(S1_BUDGET, 10_000, Handing::FirstCome).await.unwrap();
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.act("second", Act::Refreeze(claim_id(S1_2024))).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Accept).await.unwrap();
    for person in [CLERK, "second"] {
        assert_eq!(word(rig.step(person, S1_2024, ClaimStep::Review).await), Reason::SamePerson, "{person}");
    }
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-11");
    for person in [CLERK, "second", REVIEWER] {
        assert_eq!(word(rig.approve(person, S1_2024, None).await), Reason::SamePerson, "{person}");
    }
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
}

#[tokio::test]
async fn what_came_back_is_ordered_to_the_payee_it_was_granted_for() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    // It comes to light that another firm ran the carrier then: more is owed, and to that one.
    let run = Operator { name: "运营2".to_owned(), code: firm(2), introduced: false };
    let changed = Event::OperatorChanged { incubator: carrier("WJ01"), operator: run };
    rig.fact("2023-01-01", changed).await;
    rig.paid(2, "2024-09-01", 300_000).await;
    rig.act(CLERK, Act::Supplement(claim_id(S1_2024))).await.unwrap();
    assert_eq!(rig.claim(S1_2024).frozen.payee, firm(2));
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-20");
    rig.budgeted(S1_BUDGET, 100_000, Handing::FirstCome).await.unwrap();
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    rig.account(2, "运营2").await;
    rig.tell(&no, returned("账号不存在", "2025-03-20")).await.unwrap();
    rig.account(1, "运营1").await;
    let first = rig.order(&rig.order_for(S1_2024).await.unwrap()).issued.clone();
    assert_eq!((first.grant, first.payee, first.amount), (1, firm(1), 7_000));
    rig.tell(first.order.as_str(), paid("回单2", "2025-03-20")).await.unwrap();
    let second = rig.order(&rig.order_for(S1_2024).await.unwrap()).issued.clone();
    assert_eq!((second.grant, second.payee), (2, firm(2)));
}
