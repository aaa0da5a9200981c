//! An award that is split: the first freeze pins in which proportions, whatever the award becomes; its parts sum to the fen.

use super::*;
use incubator_registry::domain::LeaveKind;

const AWARD: &str = "cultivation_award";
const BUDGET: &str = "440203900-cultivation_award-2025";

fn part(carrier: &str) -> String {
    format!("{AWARD}:{}:{carrier}", firm(7))
}

fn of(id: &str) -> Entity {
    Entity::Incubator(carrier(id))
}

/// A firm that two carriers raised, 264 days and 1 157, whose relief began on 10 June 2024.
async fn raised(receipts: &[(&str, i64)]) -> Rig {
    let rig = Rig::new("2025-09-01").await;
    rig.policy(&[]).await;
    rig.carrier("WJ01", 1).await;
    rig.carrier("WJ02", 2).await;
    rig.firm(7).await;
    rig.admitted(7, "WJ01", "2020-06-10").await;
    let left = Event::FirmLeft {
        firm: firm(7),
        incubator: carrier("WJ01"),
        admitted: day("2020-06-10"),
        kind: LeaveKind::Withdrawn,
    };
    rig.fact("2021-03-01", left).await;
    rig.admitted(7, "WJ02", "2021-03-01").await;
    rig.settled(7, "2024-05-01", "2024-06-01").await;
    for (date, amount) in receipts {
        rig.paid(7, date, *amount).await;
    }
    rig
}

/// What each part amounts to.
fn amounts(rig: &Rig) -> [i64; 2] {
    ["WJ01", "WJ02"].map(|id| rig.claim(&part(id)).frozen.amount)
}

/// Reviewed, published, approved, ordered and paid.
async fn to_the_money(rig: &Rig, ids: [&str; 2], from: &str, to: &str) {
    rig.go_to(from);
    for id in ids {
        if rig.stage(&part(id)) == "CLAIMED" {
            rig.step(CLERK, &part(id), ClaimStep::Accept).await.unwrap();
        }
        rig.step(REVIEWER, &part(id), ClaimStep::Review).await.unwrap();
        rig.step(CLERK, &part(id), ClaimStep::Publish).await.unwrap();
    }
    rig.go_to(to);
    for id in ids {
        rig.approve(APPROVER, &part(id), None).await.unwrap();
        let no = rig.order_for(&part(id)).await.unwrap();
        rig.tell(&no, paid(&format!("回单{no}"), to)).await.unwrap();
    }
}

#[tokio::test]
async fn parts_of_an_award_are_supplemented_in_the_proportions_first_claimed_and_sum_to_the_fen() {
    let (first, later) = ([("2024-06-10", 1_000_003), ("2025-01-10", 77)], ("2025-02-03", 333_331));
    let rig = raised(&first).await;
    rig.budgeted(BUDGET, 1_000_000, Handing::FirstCome).await.unwrap();
    for id in ["WJ01", "WJ02"] {
        rig.open(AWARD, of(id), &firm(7).to_string()).await.unwrap();
    }
    rig.account(1, "运营1").await;
    rig.account(2, "运营2").await;
    let before = amounts(&rig);
    to_the_money(&rig, ["WJ01", "WJ02"], "2025-09-02", "2025-09-15").await;

    // More tax of the first year comes to light.
    rig.paid(7, later.0, later.1).await;
    for id in ["WJ02", "WJ01"] {
        rig.act(CLERK, Act::Supplement(claim_id(&part(id)))).await.unwrap();
    }
    let after = amounts(&rig);
    let due = ["WJ01", "WJ02"].map(|id| rig.claim(&part(id)).due);
    assert_eq!([after[0] - before[0], after[1] - before[1]], due);
    let whole = raised(&[first[0], first[1], later]).await;
    for id in ["WJ01", "WJ02"] {
        whole.open(AWARD, of(id), &firm(7).to_string()).await.unwrap();
    }
    assert_eq!(after.iter().sum::<i64>(), amounts(&whole).iter().sum::<i64>(), "the parts sum to the award");
    assert_eq!(rig.claim(&part("WJ01")).frozen.attribution, rig.claim(&part("WJ02")).frozen.attribution);
    let pinned: Vec<i64> = rig.claim(&part("WJ01")).frozen.attribution.iter().map(|(_, fen)| *fen).collect();
    assert_eq!(pinned, before);
    to_the_money(&rig, ["WJ01", "WJ02"], "2025-09-16", "2025-09-29").await;
    let paid = ["WJ01", "WJ02"].map(|id| rig.claim(&part(id)).paid());
    assert_eq!(paid, after);
    assert_eq!(word(rig.act(CLERK, Act::Supplement(claim_id(&part("WJ01")))).await), Reason::NothingToSupplement);
}

#[tokio::test]
async fn days_in_a_carrier_that_come_to_light_later_are_drift() {
    let rig = raised(&[("2024-06-10", 1_000_003)]).await;
    rig.open(AWARD, of("WJ01"), &firm(7).to_string()).await.unwrap();
    let pinned = rig.claim(&part("WJ01")).frozen.attribution.clone();
    // A third carrier raised it in the end: it gets nothing of an award that was split without it.
    rig.carrier("WJ03", 3).await;
    let left = Event::FirmLeft {
        firm: firm(7),
        incubator: carrier("WJ02"),
        admitted: day("2021-03-01"),
        kind: LeaveKind::Withdrawn,
    };
    rig.fact("2021-06-10", left).await;
    rig.admitted(7, "WJ03", "2021-06-10").await;
    rig.open(AWARD, of("WJ02"), &firm(7).to_string()).await.unwrap();
    let claim = rig.claim(&part("WJ02"));
    assert_eq!((claim.frozen.attribution.clone(), claim.frozen.amount), (pinned.clone(), pinned[1].1));
    let refusal = rig.open(AWARD, of("WJ03"), &firm(7).to_string()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AttributionPinned);
}
