//! Claims from the entitlement to the money and back, through the engine: each step, and each refusal.

#[path = "claims_cases/accounts.rs"]
mod accounts;
#[path = "claims_cases/again.rs"]
mod again;
#[path = "claims_cases/amounts.rs"]
mod amounts;
#[path = "claims_cases/budgets.rs"]
mod budgets;
#[path = "claims_cases/people.rs"]
mod people;
#[path = "claims_cases/rounds.rs"]
mod rounds;
#[path = "claims_cases/shares.rs"]
mod shares;
#[path = "claims_cases/years.rs"]
mod years;

use crate::claims_rig;
use crate::common::world::{carrier, day, firm};
use claims_rig::{
    APPROVER, CHECKER, CLERK, FINANCE, REVIEWER, Rig, TREASURER, claim_id, claims, is_duplicate, paid, records,
    returned, word,
};
use incubator_registry::domain::act::{Act, Answer, ClaimStep};
use incubator_registry::domain::budget::BudgetId;
use incubator_registry::domain::claim::ClaimEvent;
use incubator_registry::domain::{AsOf, Command, CursorName, Entity, Event, Handing, Purpose, Reason};
use std::io::Read as _;

const S1: &str = "incubator_tax_rebate";
const S1_2024: &str = "incubator_tax_rebate:WJ01:2024";
const S1_BUDGET: &str = "440203000-incubator_tax_rebate-2025";
const S2_1: &str = "relocation_rebate:91440203MA00000007:1";

/// A carrier whose operator paid so much in 2024 that 4 000 fen of it are owed: 100 000 × 175 000 ppm × 400 000 ppm, less
/// what was paid before July.
async fn s1() -> Rig {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[]).await;
    rig.carrier("WJ01", 1).await;
    rig.paid(1, "2024-08-01", 100_000).await;
    rig
}

fn wj01() -> Entity {
    Entity::Incubator(carrier("WJ01"))
}

/// To the end of the publication, and a day beyond.
async fn s1_published() -> Rig {
    let rig = s1().await;
    rig.budgeted(S1_BUDGET, 10_000, Handing::FirstCome).await.unwrap();
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.published(S1_2024).await;
    rig.go_to("2025-03-11");
    rig
}

/// Approved, with an account to pay to.
async fn s1_approved() -> Rig {
    let rig = s1_published().await;
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    rig.account(1, "运营1").await;
    rig
}

#[tokio::test]
async fn a_claim_goes_its_way_to_the_report() {
    let rig = s1_approved().await;
    assert_eq!(rig.stage(S1_2024), "APPROVED");
    let no = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(no, "2025-440203000-000001");
    let order = rig.order(&no);
    assert_eq!((order.issued.amount, order.issued.payee_name.as_str()), (7_000, "运营1"));
    assert_eq!((order.issued.function_code.as_str(), order.issued.government_code.as_str()), ("2060502", "50701"));
    assert_eq!(rig.stage(S1_2024), "ORDERED");
    rig.tell(&no, Answer::Accepted).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    assert_eq!(rig.stage(S1_2024), "PAID");
    let taking = rig.budget(S1_BUDGET).taking;
    assert_eq!((taking.committed, taking.ordered, taking.paid), (7_000, 7_000, 7_000));
    rig.step(CLERK, S1_2024, ClaimStep::Report).await.unwrap();
    assert_eq!(rig.stage(S1_2024), "REPORTED");
}

#[tokio::test]
async fn what_is_claimed_is_computed_and_its_whole_explanation_kept() {
    let rig = s1().await;
    let head = rig.position();
    let outcome = rig.open(S1, wj01(), "2024").await.unwrap();
    let claim = rig.claim(S1_2024);
    assert_eq!((claim.frozen.amount, claim.frozen.claimed(), claim.frozen.known), (7_000, 7_000, head));
    assert_eq!((claim.frozen.payee, claim.frozen.payer.as_str()), (firm(1), "440203000"));
    assert_eq!(claim.frozen.window, Some((day("2024-01-01"), day("2025-01-01"))));
    let published = rig.engine.published();
    let line = published.registry.line(&Entity::Claim(claim_id(S1_2024))).unwrap();
    let pieces = line.entries().iter().filter_map(|entry| match &entry.event {
        Event::Claim(ClaimEvent::Explained(piece)) => Some(piece.bytes.to_vec()),
        _ => None,
    });
    let packed: Vec<u8> = pieces.flatten().collect();
    let mut json = String::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_string(&mut json).unwrap();
    assert_eq!(json.len() as u64, claim.frozen.explanation_bytes);
    use sha2::Digest as _;
    assert_eq!(sha2::Sha256::digest(&json)[..], claim.frozen.explanation_sha256);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["claimed_fen"], 7_000);
    assert_eq!(json["tree"]["value"]["numerator"], "7000");
    assert_eq!(claim.frozen.counted.len(), 1);
    assert_eq!(outcome.written.position(), rig.position());
}

#[tokio::test]
async fn one_claim_per_promise() {
    let rig = s1().await;
    rig.open(S1, wj01(), "2024").await.unwrap();
    let refusal = rig.open(S1, wj01(), "2024").await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ClaimExists);
    assert!(refusal.metadata.contains(&("claim", S1_2024.to_owned())), "{refusal:?}");
    // Closed, it is opened again under its name.
    rig.step(CLERK, S1_2024, ClaimStep::Withdraw).await.unwrap();
    assert_eq!(rig.stage(S1_2024), "WITHDRAWN");
    rig.paid(1, "2024-09-01", 100_000).await;
    rig.open(S1, wj01(), "2024").await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).due), ("CLAIMED", 14_000));
    rig.step(REVIEWER, S1_2024, ClaimStep::Reject).await.unwrap();
    rig.open(S1, wj01(), "2024").await.unwrap();
    assert_eq!(rig.stage(S1_2024), "CLAIMED");
}

#[tokio::test]
async fn what_can_not_be_claimed() {
    let rig = s1().await;
    assert_eq!(word(rig.open(S1, wj01(), "2025").await), Reason::NotComplete);
    assert_eq!(word(rig.open(S1, wj01(), "1999").await), Reason::UnknownEntitlement);
    assert_eq!(word(rig.open("no_scheme", wj01(), "2024").await), Reason::UnknownEntitlement);
    assert_eq!(word(rig.open(S1, wj01(), "2023").await), Reason::NothingToClaim);
    // A park without a treasury.
    let rig = s2(&[("parks = [\"武江甘棠园区\"]", "parks = [\"别处\"]")]).await;
    assert_eq!(word(rig.open("relocation_rebate", Entity::Firm(firm(7)), "1").await), Reason::PayerUnknown);
    // A version without its review, also where the day asked for lies before the law's.
    let rig = s2(&[("fair_competition_review = \"2020-12-01\"\n", "")]).await;
    assert_eq!(word(rig.open("relocation_rebate", Entity::Firm(firm(7)), "1").await), Reason::SchemeSuspended);
    let Act::Claim(wanted) = claims("relocation_rebate", Entity::Firm(firm(7)), "1") else { unreachable!() };
    let as_of = Some(day("2024-07-01"));
    let early = Act::Claim(incubator_registry::domain::act::Wanted { as_of, ..wanted.clone() });
    assert_eq!(word(rig.act(CLERK, early).await), Reason::SchemeSuspended);
    let as_of = Some(day("2030-01-01"));
    let late = Act::Claim(incubator_registry::domain::act::Wanted { as_of, ..wanted });
    assert_eq!(word(rig.act(CLERK, late).await), Reason::DateInFuture);
}

/// A firm that settled in 2022 and pays tax in each of its relief years, which begin on 2022-06-10.
async fn s2(changes: &[(&str, &str)]) -> Rig {
    let rig = Rig::new("2025-09-01").await;
    rig.policy(changes).await;
    rig.carrier("WJ01", 1).await;
    rig.firm(7).await;
    rig.admitted(7, "WJ01", "2021-01-10").await;
    rig.settled(7, "2022-05-01", "2022-06-01").await;
    for date in ["2022-06-10", "2022-12-01", "2023-12-01", "2024-12-01"] {
        rig.paid(7, date, 1_000_000).await;
    }
    rig
}

#[tokio::test]
async fn no_step_is_skipped() {
    let rig = s1().await;
    assert_eq!(word(rig.step(CLERK, S1_2024, ClaimStep::Accept).await), Reason::UnknownClaim);
    rig.open(S1, wj01(), "2024").await.unwrap();
    for step in [ClaimStep::Review, ClaimStep::Publish, ClaimStep::Object, ClaimStep::Report] {
        assert_eq!(word(rig.step(REVIEWER, S1_2024, step).await), Reason::ClaimStage, "{step:?}");
    }
    assert_eq!(word(rig.approve(APPROVER, S1_2024, None).await), Reason::ClaimStage);
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::ClaimStage);
    assert_eq!(word(rig.act(CLERK, Act::Supplement(claim_id(S1_2024))).await), Reason::ClaimStage);
}

#[tokio::test]
async fn claimant_reviewer_and_approver_are_three_people() {
    let rig = s1().await;
    rig.budgeted(S1_BUDGET, 10_000, Handing::FirstCome).await.unwrap();
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Accept).await.unwrap();
    assert_eq!(word(rig.step(CLERK, S1_2024, ClaimStep::Review).await), Reason::SamePerson);
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-11");
    for person in [CLERK, REVIEWER] {
        assert_eq!(word(rig.approve(person, S1_2024, None).await), Reason::SamePerson, "{person}");
    }
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
}

#[tokio::test]
async fn a_publication_runs_five_working_days() {
    let rig = s1().await;
    rig.budgeted(S1_BUDGET, 10_000, Handing::FirstCome).await.unwrap();
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.published(S1_2024).await;
    // Published on Monday 3 March: the fifth working day behind it is Monday 10.
    rig.go_to("2025-03-10");
    let refusal = rig.approve(APPROVER, S1_2024, None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::PublicationRunning);
    assert!(refusal.metadata.contains(&("until", "2025-03-10".to_owned())), "{refusal:?}");
    rig.go_to("2025-03-11");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
}

#[tokio::test]
async fn without_a_calendar_nothing_is_published() {
    let rig = s1().await;
    rig.open(S1, wj01(), "2024").await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Accept).await.unwrap();
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.go_to("2027-12-30");
    let refusal = rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::CalendarMissing);
    assert!(refusal.metadata.contains(&("year", "2028".to_owned())), "{refusal:?}");
}

#[tokio::test]
async fn a_standing_objection_stops_the_approval_and_one_that_is_right_goes_back_to_review() {
    let rig = s1_published().await;
    rig.step("someone", S1_2024, ClaimStep::Object).await.unwrap();
    assert_eq!(word(rig.approve(APPROVER, S1_2024, None).await), Reason::ObjectionStanding);
    let resolve =
        |objection, upheld| Act::Resolve { claim: claim_id(S1_2024), objection, upheld, text: "经核实".to_owned() };
    assert_eq!(word(rig.act(CLERK, resolve(2, false)).await), Reason::UnknownObjection);
    rig.act(CLERK, resolve(1, false)).await.unwrap();
    assert_eq!(word(rig.act(CLERK, resolve(1, false)).await), Reason::UnknownObjection);
    rig.step("someone", S1_2024, ClaimStep::Object).await.unwrap();
    rig.act(CLERK, resolve(2, true)).await.unwrap();
    assert_eq!(rig.stage(S1_2024), "ACCEPTED");
    assert_eq!(word(rig.approve(APPROVER, S1_2024, None).await), Reason::ClaimStage);
}

#[tokio::test]
async fn a_budget_is_never_passed_nor_cut_below_what_is_committed() {
    let rig = s1_published().await;
    let over = rig.approve(APPROVER, S1_2024, Some(7_001)).await;
    assert_eq!(word(over), Reason::AwardOverClaim);
    assert_eq!(word(rig.budgeted(S1_BUDGET, -10_001, Handing::FirstCome).await), Reason::BudgetCommitted);
    rig.budgeted(S1_BUDGET, -4_000, Handing::FirstCome).await.unwrap();
    let refusal = rig.approve(APPROVER, S1_2024, None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::BudgetExhausted);
    assert!(refusal.metadata.contains(&("left_fen", "6000".to_owned())), "{refusal:?}");
    rig.approve(APPROVER, S1_2024, Some(6_000)).await.unwrap();
    assert_eq!(rig.claim(S1_2024).grants[0].reason, "预算");
    assert_eq!(word(rig.budgeted(S1_BUDGET, -1, Handing::FirstCome).await), Reason::BudgetCommitted);
    assert_eq!(rig.budget(S1_BUDGET).left(), 0);
}

#[tokio::test]
async fn of_many_approvals_at_once_only_so_many_pass_as_the_budget_bears() {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[]).await;
    let many = 40;
    for number in 1..=many {
        rig.carrier(&format!("C{number:02}"), number).await;
        rig.paid(number, "2024-08-01", 100_000).await;
        let id = Entity::Incubator(carrier(&format!("C{number:02}")));
        rig.open(S1, id, "2024").await.unwrap();
        rig.published(&format!("incubator_tax_rebate:C{number:02}:2024")).await;
    }
    // Of forty claims of 7 000 fen each, the budget bears ten, and not a fen of an eleventh.
    rig.budgeted(S1_BUDGET, 76_999, Handing::FirstCome).await.unwrap();
    rig.go_to("2025-03-11");
    let racing = (1..=many).map(|number| {
        let engine = rig.engine.clone();
        let claim = claim_id(&format!("incubator_tax_rebate:C{number:02}:2024"));
        let act = Act::Approve { claim, awarded: None, reason: String::new() };
        let by = if number % 2 == 0 { APPROVER } else { "another" };
        let request = claims_rig::request(by, Command::act(act, Vec::new()).unwrap());
        tokio::spawn(async move { engine.submit(request).await.is_ok() })
    });
    let racing: Vec<_> = racing.collect();
    let mut passed = 0;
    for one in racing {
        passed += u32::from(one.await.unwrap());
    }
    assert_eq!(passed, 10);
    assert_eq!((rig.budget(S1_BUDGET).taking.committed, rig.budget(S1_BUDGET).left()), (70_000, 6_999));
}

#[tokio::test]
async fn a_round_shares_a_budget_in_one_act() {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[]).await;
    for number in 1..=3 {
        let id = format!("C{number}");
        rig.carrier(&id, number).await;
        rig.paid(number, "2024-08-01", 100_000).await;
        rig.open(S1, Entity::Incubator(carrier(&id)), "2024").await.unwrap();
        rig.published(&format!("incubator_tax_rebate:{id}:2024")).await;
    }
    rig.budgeted(S1_BUDGET, 10_000, Handing::ProRata).await.unwrap();
    let budget = || BudgetId::parse(S1_BUDGET).unwrap();
    assert_eq!(word(rig.budgeted(S1_BUDGET, 1, Handing::FirstCome).await), Reason::OutOfRange);
    assert_eq!(word(rig.act(APPROVER, Act::ApproveRound(budget())).await), Reason::RoundState);
    let round = |closes| Act::OpenRound { budget: budget(), closes: day(closes) };
    rig.act(TREASURER, round("2025-03-10")).await.unwrap();
    assert_eq!(word(rig.act(TREASURER, round("2025-03-20")).await), Reason::RoundState);
    assert_eq!(word(rig.act(APPROVER, Act::ApproveRound(budget())).await), Reason::RoundState);
    rig.go_to("2025-03-11");
    assert_eq!(word(rig.approve(APPROVER, "incubator_tax_rebate:C1:2024", None).await), Reason::RoundRequired);
    assert_eq!(word(rig.act(REVIEWER, Act::ApproveRound(budget())).await), Reason::SamePerson);
    rig.act(APPROVER, Act::ApproveRound(budget())).await.unwrap();
    let awarded: Vec<i64> = (1..=3).map(|n| rig.claim(&format!("incubator_tax_rebate:C{n}:2024")).approved()).collect();
    assert_eq!(awarded, [3_334, 3_333, 3_333]);
    assert_eq!(rig.budget(S1_BUDGET).left(), 0);
    assert_eq!(rig.claim("incubator_tax_rebate:C2:2024").grants[0].round, 1);
}

#[tokio::test]
async fn later_facts_change_nothing_and_a_claim_is_frozen_anew_before_it_is_ordered() {
    let rig = s1_published().await;
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    rig.paid(1, "2024-09-01", 10_000).await;
    assert_eq!(rig.claim(S1_2024).frozen.claimed(), 7_000);
    assert_eq!(rig.budget(S1_BUDGET).taking.committed, 7_000);
    rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await.unwrap();
    let claim = rig.claim(S1_2024);
    assert_eq!((claim.stage.key(), claim.due, claim.approved()), ("ACCEPTED", 7_700, 0));
    assert_eq!(rig.budget(S1_BUDGET).taking.committed, 0);
    // It goes through review and publication again.
    assert_eq!(word(rig.step(CLERK, S1_2024, ClaimStep::Publish).await), Reason::ClaimStage);
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    assert_eq!(word(rig.approve(APPROVER, S1_2024, None).await), Reason::PublicationRunning);
}

#[tokio::test]
async fn a_claim_is_not_ordered_twice_and_not_frozen_anew_once_ordered() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::OrderLive);
    assert_eq!(word(rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await), Reason::ClaimStage);
    assert_eq!(word(rig.step(CLERK, S1_2024, ClaimStep::Withdraw).await), Reason::ClaimStage);
    rig.tell(&no, Answer::Rejected { reason: "要素不全".to_owned() }).await.unwrap();
    assert_eq!(rig.stage(S1_2024), "APPROVED");
    assert_eq!(word(rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await), Reason::ClaimStage);
    let again = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(again, "2025-440203000-000002");
}

#[tokio::test]
async fn answers_that_come_twice_late_or_out_of_turn_leave_the_same_ledger() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2025-03-20");
    rig.tell(&no, paid("回单1", "2025-03-12")).await.unwrap();
    assert!(is_duplicate(&rig.tell(&no, paid("回单1", "2025-03-12")).await.unwrap()));
    assert_eq!(word(rig.tell(&no, paid("回单2", "2025-03-12")).await), Reason::Conflict);
    assert!(is_duplicate(&rig.tell(&no, Answer::Accepted).await.unwrap()));
    assert_eq!(word(rig.tell(&no, Answer::Rejected { reason: "晚".to_owned() }).await), Reason::OrderState);
    assert_eq!(word(rig.tell(&no, returned("先", "2025-03-11")).await), Reason::OrderState);
    assert_eq!(word(rig.tell(&no, returned("先", "2025-03-10")).await), Reason::DatesOutOfOrder);
    assert_eq!(word(rig.tell(&no, returned("后", "2025-03-21")).await), Reason::DateInFuture);
    assert_eq!(rig.stage(S1_2024), "PAID");

    // The return is told before the payment that it follows.
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2025-03-20");
    rig.tell(&no, returned("账号不存在", "2025-03-13")).await.unwrap();
    assert_eq!(word(rig.tell(&no, paid("回单1", "2025-03-14")).await), Reason::OrderState);
    rig.tell(&no, paid("回单1", "2025-03-12")).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.order(&no).state.key()), ("RETURNED", "RETURNED"));
    assert_eq!(rig.order(&no).paid.as_ref().unwrap().text, "回单1");
    assert_eq!(word(rig.tell("2025-440203000-000009", Answer::Accepted).await), Reason::UnknownOrder);
}

#[tokio::test]
async fn a_years_end_frees_the_old_budget_and_the_order_is_made_again_against_the_new() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(word(rig.act(TREASURER, Act::CloseYear(2025, None)).await), Reason::YearRunning);
    rig.go_to("2026-01-05");
    rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
    assert!(is_duplicate(&rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap()));
    assert_eq!((rig.stage(S1_2024), rig.order(&no).state.key()), ("APPROVED", "CLOSED"));
    assert_eq!(rig.budget(S1_BUDGET).taking.committed, 0);
    assert_eq!(rig.order_for(S1_2024).await.unwrap_err().reason, Reason::BudgetExhausted);
    let next = "440203000-incubator_tax_rebate-2026";
    rig.budgeted(next, 7_000, Handing::FirstCome).await.unwrap();
    assert_eq!(rig.order_for(S1_2024).await.unwrap(), "2026-440203000-000001");
    assert_eq!((rig.budget(next).taking.ordered, rig.budget(S1_BUDGET).taking.ordered), (7_000, 0));
}

#[tokio::test]
async fn a_payment_of_the_old_year_that_is_told_after_its_end_holds() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.go_to("2026-01-05");
    rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-12-31")).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.order(&no).state.key()), ("PAID", "PAID"));
    assert_eq!(rig.budget(S1_BUDGET).taking.paid, 7_000);
}

#[tokio::test]
async fn a_supplement_is_the_difference_upwards_on_the_same_claim() {
    let rig = s1_approved().await;
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    let supplement = || Act::Supplement(claim_id(S1_2024));
    assert_eq!(word(rig.act(CLERK, supplement()).await), Reason::NothingToSupplement);
    rig.paid(1, "2024-09-01", 20_000).await;
    rig.act(CLERK, supplement()).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).due), ("ACCEPTED", 1_400));
    rig.step(REVIEWER, S1_2024, ClaimStep::Review).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Publish).await.unwrap();
    rig.go_to("2025-03-20");
    rig.approve(APPROVER, S1_2024, None).await.unwrap();
    let second = rig.order_for(S1_2024).await.unwrap();
    assert_eq!(rig.order(&second).issued.amount, 1_400);
    rig.tell(&second, paid("回单2", "2025-03-20")).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).paid()), ("PAID", 8_400));
    // One that is given up leaves what was paid.
    rig.paid(1, "2024-10-01", 10_000).await;
    rig.act(CLERK, supplement()).await.unwrap();
    rig.step(CLERK, S1_2024, ClaimStep::Withdraw).await.unwrap();
    assert_eq!((rig.stage(S1_2024), rig.claim(S1_2024).frozen.claimed()), ("PAID", 8_400));
}

#[tokio::test]
async fn what_was_paid_is_recovered_in_part_or_whole_and_refills_no_budget() {
    let rig = s1_approved().await;
    let recover = |amount| Act::Recover { claim: claim_id(S1_2024), amount, reason: "迁出".to_owned() };
    assert_eq!(word(rig.act(CLERK, recover(1)).await), Reason::ClaimStage);
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    assert_eq!(word(rig.act(CLERK, recover(7_001)).await), Reason::RecoveryExceeded);
    rig.act(CLERK, recover(3_000)).await.unwrap();
    assert_eq!(word(rig.act(CLERK, recover(4_001)).await), Reason::RecoveryExceeded);
    let receive = |recovery, amount| Act::Receive {
        claim: claim_id(S1_2024),
        recovery,
        amount,
        reference: "回单3".to_owned(),
        day: day("2025-03-11"),
    };
    assert_eq!(word(rig.act(FINANCE, receive(2, 1)).await), Reason::UnknownRecovery);
    rig.act(FINANCE, receive(1, 1_000)).await.unwrap();
    assert_eq!(word(rig.act(FINANCE, receive(1, 2_001)).await), Reason::RecoveryExceeded);
    rig.act(FINANCE, receive(1, 2_000)).await.unwrap();
    assert_eq!((rig.claim(S1_2024).recovered(), rig.budget(S1_BUDGET).taking.paid), (3_000, 7_000));
    assert_eq!(rig.budget(S1_BUDGET).left(), 3_000);
}

#[tokio::test]
async fn earmarked_money_is_spent_by_purpose_and_no_more_than_was_paid() {
    let rig = s1_approved().await;
    let spend = |purpose, amount| Act::Spend {
        claim: claim_id(S1_2024),
        purpose,
        amount,
        text: "检测设备".to_owned(),
        day: day("2025-03-11"),
    };
    assert_eq!(word(rig.act(CLERK, spend(Purpose::SeedFund, 1)).await), Reason::EarmarkExceeded);
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    rig.act(CLERK, spend(Purpose::PublicPlatform, 5_000)).await.unwrap();
    rig.act(CLERK, spend(Purpose::PublicPlatform, 500)).await.unwrap();
    rig.act(CLERK, spend(Purpose::SeedFund, 1_000)).await.unwrap();
    let refusal = rig.act(CLERK, spend(Purpose::OwnDevelopment, 501)).await.unwrap_err();
    assert!(refusal.metadata.contains(&("left_fen", "500".to_owned())), "{refusal:?}");
    let spent = rig.claim(S1_2024).spent.clone();
    assert_eq!(spent, [(Purpose::PublicPlatform, 5_500), (Purpose::SeedFund, 1_000)].into());
}

#[tokio::test]
async fn a_first_claim_pins_the_window_and_later_facts_are_drift() {
    let rig = s2(&[]).await;
    rig.open("relocation_rebate", Entity::Firm(firm(7)), "1").await.unwrap();
    let first = rig.claim(S2_1);
    assert_eq!(first.frozen.window, Some((day("2022-06-10"), day("2023-06-10"))));
    // An earlier first tax comes to light: the relief would begin on 5 June.
    rig.paid(7, "2022-06-05", 1_000).await;
    rig.open("relocation_rebate", Entity::Firm(firm(7)), "2").await.unwrap();
    let second = rig.claim("relocation_rebate:91440203MA00000007:2");
    assert_eq!(second.frozen.window, Some((day("2023-06-10"), day("2024-06-10"))));
    assert!(first.frozen.counts_with(&second.frozen).is_none());
    // Before it is ordered the first may be frozen anew, and keeps to the window that the second counts on.
    rig.act(CLERK, Act::Refreeze(claim_id(S2_1))).await.unwrap();
    assert_eq!(rig.claim(S2_1).frozen.window, first.frozen.window);
}

#[tokio::test]
async fn no_receipt_counts_in_two_windows_of_a_scheme() {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[("once_per = \"LOAN\"", "once_per = \"FIRM\"")]).await;
    rig.carrier("WJ01", 1).await;
    rig.firm(7).await;
    rig.admitted(7, "WJ01", "2021-01-10").await;
    rig.loan("JK1", 7, "2024-01-10", "2025-01-10").await;
    rig.interest("JK1", "2024-06-01", 1_000_000).await;
    rig.open("loan_interest_subsidy", Entity::Firm(firm(7)), "JK1").await.unwrap();
    assert_eq!(rig.stage("loan_interest_subsidy:firm:91440203MA00000007"), "CLAIMED");
    // Under another text the same loan is another promise, and its interest counts already.
    rig.policy(&[]).await;
    let refusal = rig.open("loan_interest_subsidy", Entity::Firm(firm(7)), "JK1").await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ReceiptCountedTwice);
    let claim = "loan_interest_subsidy:firm:91440203MA00000007".to_owned();
    assert!(refusal.metadata.contains(&("claim", claim)), "{refusal:?}");
}

#[tokio::test]
async fn a_step_of_money_is_not_voided_and_a_fact_beneath_a_claim_is() {
    let rig = s1().await;
    let receipt = rig.paid(1, "2024-09-01", 10_000).await;
    let claimed = rig.open(S1, wj01(), "2024").await.unwrap().written.position();
    assert_eq!(word(rig.void(claimed).await), Reason::NotVoidable);
    assert_eq!(word(rig.void(claimed - 1).await), Reason::NotVoidable);
    rig.void(receipt).await.unwrap();
    assert_eq!(rig.claim(S1_2024).frozen.claimed(), 7_700);
    // What was voided may be recorded and claimed again: freezing anew counts what stands.
    rig.act(CLERK, Act::Refreeze(claim_id(S1_2024))).await.unwrap();
    assert_eq!(rig.claim(S1_2024).frozen.claimed(), 7_000);
}

#[tokio::test]
async fn a_cursor_belongs_to_one_and_never_runs_ahead() {
    let rig = s1_approved().await;
    rig.order_for(S1_2024).await.unwrap();
    let delivered = rig.position();
    let acknowledge = |position| Act::Acknowledge { cursor: CursorName::parse("一体化").unwrap(), position };
    assert_eq!(word(rig.act(FINANCE, acknowledge(delivered + 1)).await), Reason::CursorAhead);
    rig.act(FINANCE, acknowledge(delivered)).await.unwrap();
    assert!(is_duplicate(&rig.act(FINANCE, acknowledge(delivered)).await.unwrap()));
    assert_eq!(word(rig.act("another", acknowledge(delivered)).await), Reason::CursorOfAnother);
}

#[tokio::test]
async fn a_restart_and_an_earlier_position_give_the_same_claims() {
    let rig = s1_approved().await;
    let before = rig.position();
    let approved = rig.claim(S1_2024);
    let no = rig.order_for(S1_2024).await.unwrap();
    rig.tell(&no, paid("回单1", "2025-03-11")).await.unwrap();
    let published = rig.engine.published();
    let known = AsOf { known: before, ..AsOf::NOW };
    let seen = published.registry.finance().claim_seen(&claim_id(S1_2024), known).unwrap();
    assert_eq!(seen, *approved);
    let again = Rig::on(std::sync::Arc::new(rig.memory.reopened()), "2025-03-12").await;
    assert_eq!(again.engine.published().registry, published.registry);
    let claim = Entity::Claim(claim_id(S1_2024));
    let registry = &published.registry;
    assert_eq!(registry.revision_at(&claim, u64::MAX), registry.entities().revision(&claim));
    assert_eq!(registry.revision_at(&wj01(), u64::MAX), registry.entities().revision(&wj01()));
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_a_preview_writes_nothing() {
    let rig = s1().await;
    let command = Command::act(claims(S1, wj01(), "2024"), Vec::new()).unwrap();
    let request = claims_rig::request(CLERK, command.clone());
    let head = rig.position();
    let preview = incubator_registry::engine::Request { validate_only: true, ..request.clone() };
    let preview = rig.engine.submit(preview).await.unwrap();
    assert_eq!(preview.registry.finance().claim(&claim_id(S1_2024)).unwrap().due, 7_000);
    assert_eq!(rig.position(), head);
    let first = rig.engine.submit(request.clone()).await.unwrap();
    let second = rig.engine.submit(request).await.unwrap();
    assert_eq!(first.written, second.written);
    assert_eq!(rig.position(), first.written.position());
}
