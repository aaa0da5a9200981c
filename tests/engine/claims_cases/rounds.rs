//! As many claims as a round takes, approved in one act; and as many orders as a year leaves, closed some at a time.

use super::*;
use incubator_registry::domain::BuildMode;
use incubator_registry::domain::budget::ROUND_CLAIMS_MAX;
use incubator_registry::domain::event::{IncubatorRegistered, TaxReceipt};
use incubator_registry::domain::order::steps::{CLOSED_MAX, unpaid, unpaid_known};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{Kind, Level, Stated, Tax, TaxNature, VoucherNo};
use incubator_registry::engine::{Principal, RowOutcome};

/// Decides many acts in one turn of the writer; none is refused.
async fn rows(rig: &Rig, by: &str, commands: impl Iterator<Item = Command>) {
    let principal = Principal { id: by.to_owned(), on_behalf_of: String::new() };
    let (outcomes, _) = rig.engine.submit_rows(principal, commands.map(Ok).collect()).await.unwrap();
    let refused = outcomes.iter().find(|outcome| !matches!(outcome, RowOutcome::Accepted { .. }));
    assert!(refused.is_none(), "{refused:?}");
}

fn acts(of: impl Iterator<Item = Act>) -> impl Iterator<Item = Command> {
    of.map(|act| Command::act(act, Vec::new()).unwrap())
}

fn facts(of: impl Iterator<Item = (&'static str, Event)>) -> impl Iterator<Item = Command> {
    of.map(|(date, event)| Command::new(vec![Stated::new(day(date), event)], Vec::new(), None).unwrap())
}

fn name(number: u32) -> String {
    format!("C{number:05}")
}

fn promise(number: u32) -> String {
    format!("incubator_tax_rebate:{}:2024", name(number))
}

fn registered(number: u32) -> Event {
    let operator = incubator_registry::domain::event::Operator {
        name: format!("运营{number}"),
        code: firm(number),
        introduced: false,
    };
    Event::IncubatorRegistered(IncubatorRegistered {
        incubator: carrier(&name(number)),
        name: name(number),
        kind: Kind::Incubator,
        operator,
        build_mode: BuildMode::Private,
        area: Area::default(),
        upstream: None,
    })
}

fn receipt(number: u32) -> Event {
    let (taxpayer, tax, nature) = (firm(number), Tax::Vat, TaxNature::Normal);
    let voucher = VoucherNo::parse(&format!("V{number}")).unwrap();
    Event::TaxReceiptRecorded(TaxReceipt { taxpayer, tax, period: (None, None), amount: 100_000, nature, voucher })
}

/// So many claims of 7 000 fen, published.
async fn published(claims: u32) -> Rig {
    let rig = Rig::new("2025-03-03").await;
    rig.policy(&[]).await;
    let all = || 1..=claims;
    rows(&rig, CLERK, facts(all().map(|number| ("2018-01-01", registered(number))))).await;
    let recognised = |number| {
        let (incubator, document_no) = (carrier(&name(number)), "认定文".to_owned());
        ("2020-01-01", Event::IncubatorRecognised { incubator, level: Level::District, document_no })
    };
    rows(&rig, CLERK, facts(all().map(recognised))).await;
    rows(&rig, CLERK, facts(all().map(|number| ("2024-08-01", receipt(number))))).await;
    let opened = |number| claims_rig::claims(S1, Entity::Incubator(carrier(&name(number))), "2024");
    rows(&rig, CLERK, acts(all().map(opened))).await;
    for (by, step) in [(CLERK, ClaimStep::Accept), (REVIEWER, ClaimStep::Review), (CLERK, ClaimStep::Publish)] {
        let taken = |number| Act::Step { claim: claim_id(&promise(number)), step, text: "意见".to_owned() };
        rows(&rig, by, acts(all().map(taken))).await;
    }
    rig
}

#[tokio::test]
async fn a_round_of_as_many_claims_as_it_takes_is_one_act_and_a_years_end_closes_some_orders_at_a_time() {
    let most = u32::try_from(ROUND_CLAIMS_MAX).unwrap();
    let rig = published(most + 1).await;
    let budget = BudgetId::parse(S1_BUDGET).unwrap();
    rig.budgeted(S1_BUDGET, i64::from(most) * 3_500, Handing::ProRata).await.unwrap();
    rig.act(TREASURER, Act::OpenRound { budget: budget.clone(), closes: day("2025-03-10") }).await.unwrap();
    rig.go_to("2025-03-11");
    let refusal = rig.act(APPROVER, Act::ApproveRound(budget.clone())).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::TooLarge);
    assert!(refusal.metadata.contains(&("most", ROUND_CLAIMS_MAX.to_string())), "{refusal:?}");
    rig.step(CLERK, &promise(most + 1), ClaimStep::Withdraw).await.unwrap();
    let head = rig.position();
    rig.act(APPROVER, Act::ApproveRound(budget.clone())).await.unwrap();
    assert_eq!(rig.position(), head + 1 + u64::from(most), "one act");
    assert_eq!((rig.budget(S1_BUDGET).left(), rig.claim(&promise(1)).approved()), (0, 3_500));

    // One more than two calls close.
    let ordered = 2 * u32::try_from(CLOSED_MAX).unwrap() + 1;
    let recorded = |number: u32| records(number, &format!("运营{number}"));
    rows(&rig, TREASURER, acts((1..=ordered).map(recorded))).await;
    let published = rig.engine.published();
    let waiting = |number| {
        let account = published.registry.finance().account(&firm(number)).unwrap();
        let recorded = account.waiting.as_ref().unwrap().position;
        Act::CheckAccount { holder: firm(number), recorded, refused: None }
    };
    rows(&rig, CHECKER, acts((1..=ordered).map(waiting))).await;
    let order = |number| Act::IssueOrder { claim: claim_id(&promise(number)), purpose: String::new() };
    rows(&rig, TREASURER, acts((1..=ordered).map(order))).await;
    rig.go_to("2026-01-05");
    let left = || unpaid(rig.engine.published().registry.finance(), 2025, None).count();
    let mut calls = Vec::new();
    let mut known = Vec::new();
    loop {
        let done = rig.act(TREASURER, Act::CloseYear(2025, None)).await.unwrap();
        if is_duplicate(&done) {
            break;
        }
        calls.push(left());
        known.push(done.known);
    }
    assert_eq!(calls, [CLOSED_MAX + 1, 1, 0]);
    // A retry of each is told what was left behind it.
    let published = rig.engine.published();
    let then = |known: u64| unpaid_known(published.registry.finance(), 2025, None, known);
    assert_eq!(known.into_iter().map(then).collect::<Vec<_>>(), calls);
    drop(published);
    let again = Rig::on(std::sync::Arc::new(rig.memory.reopened()), "2026-01-06").await;
    assert_eq!(again.engine.published().registry, rig.engine.published().registry);
}
