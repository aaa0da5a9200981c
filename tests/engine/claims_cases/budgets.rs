//! A budget's etag: it moves with whatever moves what is taken of it, and is the same after a restart.

use super::*;
use incubator_registry::engine::{EngineError, Request};

fn budget() -> Entity {
    Entity::Budget(BudgetId::parse(S1_BUDGET).unwrap())
}

/// The etag's number, and that it is told alike of the past.
fn revision(rig: &Rig) -> u64 {
    let registry = rig.engine.published().registry.clone();
    let revision = registry.revision(&budget());
    assert_eq!(registry.revision_at(&budget(), rig.position()), revision);
    revision
}

#[tokio::test]
async fn a_budgets_etag_moves_with_what_is_taken_of_it_and_with_nothing_else() {
    let rig = s1_published().await;
    rig.account(1, "运营1").await;
    let mut known = revision(&rig);
    let mut moved = |rig: &Rig, by: u64, what: &str| {
        let now = revision(rig);
        assert_eq!(now - known, by, "{what}");
        known = now;
    };
    rig.step("someone", S1_2024, ClaimStep::Object).await.unwrap();
    let resolve = Act::Resolve { claim: claim_id(S1_2024), objection: 1, upheld: false, text: "经核实".to_owned() };
    rig.act(CLERK, resolve).await.unwrap();
    moved(&rig, 0, "an objection");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    moved(&rig, 1, "an approval");
    rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await.unwrap();
    moved(&rig, 1, "a freeze that gives back what was approved");
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    moved(&rig, 0, "steps");
    rig.go_to("2025-03-20");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    let first = rig.order_for(S1_2024).await.unwrap();
    moved(&rig, 2, "an approval and an order");
    rig.tell(&first, Answer::Accepted).await.unwrap();
    moved(&rig, 0, "an order taken");
    rig.tell(&first, Answer::Rejected { reason: "要素不全".to_owned() }).await.unwrap();
    moved(&rig, 1, "an order turned down");
    let second = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&second, paid("回单1", "2025-03-20")).await.unwrap();
    rig.tell(&second, returned("账号不存在", "2025-03-20")).await.unwrap();
    moved(&rig, 3, "an order, paid and returned");
    rig.account(1, "运营1").await;
    rig.order_for(S1_2024).await.unwrap();
    let stale = revision(&rig);
    rig.go_to("2026-01-05");
    rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
    moved(&rig, 2, "an order, closed with its year");
    let command = Command::act(
        Act::OpenRound { budget: BudgetId::parse(S1_BUDGET).unwrap(), closes: day("2026-02-01") },
        Vec::new(),
    );
    let ask = Request { expected_revision: Some(stale), ..claims_rig::request(TREASURER, command.unwrap()) };
    match rig.engine.submit(ask).await {
        Err(EngineError::Refused(refusal)) => assert_eq!(refusal.reason, Reason::StaleEtag),
        other => panic!("{other:?}"),
    }
    let again = Rig::on(std::sync::Arc::new(rig.memory.reopened()), "2026-01-06").await;
    assert_eq!(revision(&again), revision(&rig));
}

#[tokio::test]
async fn a_withdrawal_that_gives_back_what_was_approved_moves_the_etag() {
    let rig = s1_approved().await;
    let before = revision(&rig);
    rig.step(CLERK, S1_2024, ClaimStep::Withdraw).await.unwrap();
    assert_eq!((revision(&rig), rig.budget(S1_BUDGET).left()), (before + 1, 10_000));
}

#[tokio::test]
async fn what_is_refused_whatever_is_owed_is_refused_before_that_is_computed() {
    let rig = s1().await;
    rig.open(S1, wj01(), "2024").await.unwrap();
    // Nothing could be computed any more: the only policy has no version of the scheme in force.
    rig.policy(&[("fair_competition_review = \"2020-12-01\"\n", "")]).await;
    let refusal = rig.open(S1, wj01(), "2024").await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ClaimExists);
    assert!(refusal.metadata.contains(&("claim", S1_2024.to_owned())), "{refusal:?}");
    assert_eq!(word(rig.act(CLERK, Act::Supplement(claim_id(S1_2024))).await), Reason::ClaimStage);
}

#[tokio::test]
async fn every_acknowledgement_stands_by_itself_and_is_there_after_a_restart() {
    let rig = s1_approved().await;
    rig.order_for(S1_2024).await.unwrap();
    let first = rig.position();
    let acknowledge = |position| Act::Acknowledge { cursor: CursorName::parse("一体化").unwrap(), position };
    let one = rig.act(FINANCE, acknowledge(first)).await.unwrap().written.position();
    let no = rig.claim(S1_2024).orders[0].to_string();
    rig.tell(&no, Answer::Accepted).await.unwrap();
    let two = rig.act(FINANCE, acknowledge(rig.position())).await.unwrap().written.position();
    let again = Rig::on(std::sync::Arc::new(rig.memory.reopened()), "2025-03-12").await;
    for rig in [&rig, &again] {
        let registry = rig.engine.published().registry.clone();
        for (at, acknowledged) in [(one, first), (two, two - 1)] {
            let Event::CursorAdvanced(advanced) = &registry.entry_at(at).unwrap().event.clone() else { panic!("{at}") };
            assert_eq!(advanced.acknowledged, acknowledged);
        }
        let cursor = Entity::Cursor(CursorName::parse("一体化").unwrap());
        assert_eq!((registry.revision(&cursor), registry.revision_at(&cursor, u64::MAX)), (2, 2));
        assert_eq!(registry.revision_at(&cursor, one), 1);
    }
    assert_eq!(again.engine.published().registry, rig.engine.published().registry);
}
