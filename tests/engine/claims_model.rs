//! Random claims through random acts by random people, with late facts and voids among them. After every step: what is paid is
//! ordered, what is ordered is approved, what is approved fits its budget; a claim has one live order; no stage is skipped;
//! what is awarded is what is kept, less what is stated; no receipt counts in two windows of a scheme.

use crate::claims_rig::{Done, Rig, appropriates, claims, paid, records, returned};
use crate::common;
use common::world::{carrier, firm};
use incubator_registry::domain::act::{Act, Answer, ClaimStep};
use incubator_registry::domain::budget::BudgetId;
use incubator_registry::domain::claim::{Claim, ClaimEvent, GrantState, Stage};
use incubator_registry::domain::{ClaimId, Entity, Event, Handing, Purpose, Reason, Registry};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

const PEOPLE: [&str; 5] = ["p1", "p2", "p3", "p4", "p5"];
const STEPS: u64 = 160;

/// Splitmix64: the seed replays the run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn word(&mut self, of: &[&'static str]) -> &'static str {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    fn amount(&mut self, most: i64) -> i64 {
        i64::try_from(self.roll(u64::try_from(most.max(1)).unwrap())).unwrap() + 1
    }
}

/// Two carriers and two firms that are entitled to something.
async fn district() -> Rig {
    let rig = Rig::new("2025-09-01").await;
    rig.policy(&[]).await;
    for number in 1..=2 {
        rig.carrier(&format!("WJ0{number}"), number).await;
        rig.paid(number, "2023-05-01", 300_000).await;
        rig.paid(number, "2024-05-01", 300_000).await;
    }
    for number in [7, 8] {
        rig.firm(number).await;
        rig.admitted(number, "WJ01", "2021-01-10").await;
        rig.settled(number, "2022-05-01", "2022-06-01").await;
        for date in ["2022-06-10", "2023-03-01", "2024-03-01", "2025-03-01"] {
            rig.paid(number, date, 200_000).await;
        }
        rig.loan(&format!("JK{number}"), number, "2022-02-01", "2023-02-01").await;
        rig.interest(&format!("JK{number}"), "2022-09-01", 100_000).await;
    }
    rig
}

/// An act that may fit, or not.
fn act(dice: &mut Dice, registry: &Registry, today: &str) -> Act {
    let finance = registry.finance();
    let known: Vec<(ClaimId, Arc<Claim>)> =
        finance.claims_from("").map(|(id, claim)| (id.clone(), Arc::clone(claim))).collect();
    if known.is_empty() || dice.roll(8) == 0 {
        return opening(dice);
    }
    let (claim, state) = dice.pick(&known).clone();
    let text = "意见".to_owned();
    let budget =
        BudgetId { payer: state.frozen.payer, scheme: state.frozen.scheme.clone(), year: today[..4].parse().unwrap() };
    // The next step mostly, so that claims get somewhere.
    if dice.roll(3) > 0 {
        let step = |step| Act::Step { claim: claim.clone(), step, text: text.clone() };
        match state.stage {
            Stage::Claimed => return step(ClaimStep::Accept),
            Stage::Accepted => return step(ClaimStep::Review),
            Stage::Reviewed => return step(ClaimStep::Publish),
            Stage::Published if finance.budget(&budget).is_none() => {
                let amount = dice.amount(200_000);
                let handing = if dice.roll(4) == 0 { Handing::ProRata } else { Handing::FirstCome };
                return appropriates(&budget.to_string(), amount, handing);
            }
            Stage::Published => {
                return approving(dice, claim, &state, finance.budget(&budget).unwrap().handing, budget);
            }
            Stage::Approved | Stage::Returned => {
                let confirmed = finance.account(&state.frozen.payee).and_then(|account| account.waiting.as_ref());
                if let Some(waiting) = confirmed {
                    let (holder, recorded) = (state.frozen.payee, waiting.position);
                    return Act::CheckAccount { holder, recorded, refused: None };
                }
                if dice.roll(2) == 0 {
                    return Act::IssueOrder { claim, purpose: String::new() };
                }
                return account(&state);
            }
            Stage::Paid if dice.roll(4) == 0 => return step(ClaimStep::Report),
            Stage::Ordered | Stage::Paid => return telling(dice, &state, today),
            Stage::Reported | Stage::Withdrawn | Stage::Rejected => {}
        }
    }
    anything(dice, claim, &state, budget, today)
}

fn opening(dice: &mut Dice) -> Act {
    let number = 7 + u32::try_from(dice.roll(2)).unwrap();
    let id = format!("WJ0{}", 1 + dice.roll(2));
    match dice.roll(4) {
        0 => claims("incubator_tax_rebate", Entity::Incubator(carrier(&id)), dice.word(&["2023", "2024"])),
        1 => claims("relocation_rebate", Entity::Firm(firm(number)), dice.word(&["1", "2", "3"])),
        2 => claims("cultivation_award", Entity::Incubator(carrier(&id)), &firm(number).to_string()),
        _ => claims("loan_interest_subsidy", Entity::Firm(firm(number)), &format!("JK{number}")),
    }
}

fn approving(dice: &mut Dice, claim: ClaimId, state: &Claim, handing: Handing, budget: BudgetId) -> Act {
    if handing == Handing::ProRata {
        return Act::ApproveRound(budget);
    }
    match dice.roll(3) {
        0 => Act::Approve { claim, awarded: Some(dice.amount(state.due + 10)), reason: "预算".to_owned() },
        _ => Act::Approve { claim, awarded: None, reason: String::new() },
    }
}

fn account(state: &Claim) -> Act {
    let payee = state.frozen.payee.to_string();
    let number: u32 = payee[10..].parse().unwrap();
    let name = if number >= 7 { format!("企业{number}") } else { format!("运营{number}") };
    records(number, &name)
}

fn telling(dice: &mut Dice, state: &Claim, today: &str) -> Act {
    let order = dice.pick(&state.orders).clone();
    let answer = match dice.roll(8) {
        0 => Answer::Rejected { reason: "要素不全".to_owned() },
        1 => returned("退票", today),
        2 => Answer::Accepted,
        _ => paid(&format!("回单{order}"), today),
    };
    Act::Tell { order, answer }
}

fn anything(dice: &mut Dice, claim: ClaimId, state: &Claim, budget: BudgetId, today: &str) -> Act {
    let text = "事由".to_owned();
    let steps = [
        ClaimStep::Accept,
        ClaimStep::Review,
        ClaimStep::Publish,
        ClaimStep::Object,
        ClaimStep::Withdraw,
        ClaimStep::Reject,
        ClaimStep::Report,
    ];
    let day = common::world::day(today);
    match dice.roll(14) {
        0 | 1 => Act::Step { claim, step: *dice.pick(&steps), text },
        2 => Act::Refreeze(claim),
        3 => Act::Supplement(claim),
        4 => Act::Resolve { claim, objection: 1, upheld: dice.roll(2) == 0, text },
        5 => Act::Approve { claim, awarded: None, reason: String::new() },
        6 => Act::Recover { claim, amount: dice.amount(20_000), reason: text },
        7 => Act::Receive { claim, recovery: 1, amount: dice.amount(20_000), reference: text, day },
        8 => Act::Spend { claim, purpose: Purpose::SeedFund, amount: dice.amount(20_000), text, day },
        9 => {
            let amount = dice.amount(60_000) - 30_000;
            appropriates(&budget.to_string(), if amount == 0 { 1 } else { amount }, Handing::FirstCome)
        }
        10 => Act::OpenRound { budget, closes: day },
        11 => Act::ApproveRound(budget),
        12 => Act::IssueOrder { claim, purpose: String::new() },
        _ if state.orders.is_empty() => Act::CloseYear(2025, None),
        _ => telling(dice, state, today),
    }
}

/// Where a claim may go from a stage in one step.
fn follows(from: Stage, to: Stage) -> bool {
    use Stage::*;
    let next: &[Stage] = match from {
        Claimed => &[Accepted, Withdrawn, Rejected],
        Accepted => &[Reviewed, Withdrawn, Rejected, Paid, Returned, Approved],
        Reviewed => &[Published, Accepted, Withdrawn, Rejected, Paid, Returned, Approved],
        // A supplement that is given up goes back to what was settled before.
        Published => &[Approved, Accepted, Withdrawn, Rejected, Paid, Returned],
        Approved => &[Ordered, Accepted, Withdrawn, Rejected, Paid],
        Ordered => &[Paid, Returned, Approved],
        Paid => &[Reported, Accepted, Returned, Approved],
        Returned => &[Ordered, Paid, Approved],
        // What came back was paid by another order too: then that one pays.
        Reported => &[Accepted, Returned, Approved, Paid],
        Withdrawn | Rejected => &[Claimed],
    };
    from == to || next.contains(&to)
}

/// The JSON that a claim keeps.
fn explanation(registry: &Registry, claim: &Claim) -> serde_json::Value {
    let line = registry.line(&Entity::Claim(claim.id().clone())).unwrap();
    let pieces = line.entries().iter().filter(|entry| entry.position > claim.frozen_position);
    let pieces = pieces.filter_map(|entry| match &entry.event {
        Event::Claim(ClaimEvent::Explained(piece)) => Some(piece.bytes.to_vec()),
        _ => None,
    });
    let packed: Vec<u8> = pieces.take(usize::try_from(claim.frozen.pieces).unwrap()).flatten().collect();
    let mut json = String::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// What holds after every step.
fn holds(registry: &Registry, before: &BTreeMap<ClaimId, Arc<Claim>>) {
    let finance = registry.finance();
    let mut sums: BTreeMap<BudgetId, [i64; 3]> = BTreeMap::new();
    let all: Vec<(&ClaimId, &Arc<Claim>)> = finance.claims_from("").collect();
    for (id, claim) in &all {
        let (paid, ordered, approved) = (claim.paid(), claim.ordered(), claim.approved());
        assert!(paid <= ordered && ordered <= approved, "{id}: {paid} {ordered} {approved}");
        let live = claim.orders.iter().filter(|no| finance.order(no).unwrap().state.is_live()).count();
        assert!(live <= 1, "{id} has {live} live orders");
        assert_eq!(live == 1, claim.live_order().is_some(), "{id}");
        let of_orders: i64 = claim
            .orders
            .iter()
            .map(|no| finance.order(no).unwrap())
            .filter(|order| order.state.key() == "PAID")
            .map(|order| order.issued.amount)
            .sum();
        assert_eq!(of_orders, paid, "{id}: what its orders say is paid");
        assert!(claim.recovery_ordered() >= claim.recovered(), "{id}");
        match before.get(*id) {
            None => assert_eq!(claim.stage, Stage::Claimed, "{id}"),
            Some(was) => assert!(follows(was.stage, claim.stage), "{id}: {:?} {:?}", was.stage, claim.stage),
        }
        let was = before.get(*id);
        if was.is_none_or(|was| was.frozen_position != claim.frozen_position) {
            let json = explanation(registry, claim);
            assert_eq!(json["tree"]["value"]["numerator"], claim.frozen.amount.to_string(), "{id}");
            let less: i64 = claim.frozen.reductions.iter().map(|reduction| reduction.amount).sum();
            assert_eq!(json["claimed_fen"], claim.frozen.amount - less, "{id}");
        }
        let grants = was.map_or(0, |was| was.grants.len());
        for grant in claim.grants.iter().skip(grants) {
            let due = was.unwrap().due;
            assert!(grant.amount == due && grant.reason.is_empty() || grant.amount < due && !grant.reason.is_empty());
        }
        for grant in &claim.grants {
            let Some(budget) = &grant.budget else { continue };
            let sum = sums.entry(budget.clone()).or_default();
            sum[0] += grant.amount;
            sum[1] += if grant.state == GrantState::Open { 0 } else { grant.amount };
            sum[2] += if grant.state == GrantState::Paid { grant.amount } else { 0 };
        }
    }
    for (id, budget) in finance.budgets() {
        let [committed, ordered, paid] = sums.get(id).copied().unwrap_or_default();
        let taking = budget.taking;
        assert_eq!((taking.committed, taking.ordered, taking.paid), (committed, ordered, paid), "{id}");
        assert!(committed <= budget.appropriated, "{id}: {committed} of {}", budget.appropriated);
    }
    for (at, (id, claim)) in all.iter().enumerate() {
        for (other, another) in all.iter().skip(at + 1) {
            let same =
                claim.frozen.scheme == another.frozen.scheme && claim.frozen.promise() != another.frozen.promise();
            let open = !claim.stage.is_closed() && !another.stage.is_closed();
            if same && open {
                assert_eq!(claim.frozen.counts_with(&another.frozen), None, "{id} and {other}");
            }
        }
    }
}

/// A late fact, or a void of one.
async fn fact(dice: &mut Dice, rig: &Rig, late: &mut Vec<u64>) {
    if let Some(position) = late.pop().filter(|_| dice.roll(2) == 0) {
        let _ = rig.void(position).await;
        return;
    }
    let number = *dice.pick(&[1, 2, 7, 8]);
    let date = dice.word(&["2022-06-05", "2023-07-01", "2024-07-01", "2025-01-15"]);
    late.push(rig.paid(number, date, dice.amount(50_000)).await);
}

async fn play(seed: u64) -> BTreeMap<&'static str, usize> {
    let mut dice = Dice(seed);
    let rig = district().await;
    let (mut late, mut reached) = (Vec::new(), BTreeMap::new());
    let mut before: BTreeMap<ClaimId, Arc<Claim>> = BTreeMap::new();
    for step in 0..STEPS {
        match dice.roll(10) {
            0 | 2 => rig.pass_days(i64::try_from(dice.roll(9)).unwrap()),
            1 => fact(&mut dice, &rig, &mut late).await,
            _ => {}
        }
        let published = rig.engine.published();
        let today = incubator_registry::engine::clock::shanghai_day(incubator_registry::engine::Clock::now_micros(
            rig.clock.as_ref(),
        ));
        let act = act(&mut dice, &published.registry, &today.to_string());
        let done: Done = rig.act(dice.word(&PEOPLE), act.clone()).await;
        if let Err(refusal) = &done {
            assert_ne!(refusal.reason, Reason::Internal, "seed {seed}, step {step}, {act:?}: {refusal:?}");
        }
        let published = rig.engine.published();
        holds(&published.registry, &before);
        before = published.registry.finance().claims_from("").map(|(id, c)| (id.clone(), Arc::clone(c))).collect();
        for claim in before.values() {
            *reached.entry(claim.stage.key()).or_default() += 1;
        }
    }
    // A restart folds the same from the records.
    let again = Rig::on(Arc::new(rig.memory.reopened()), "2027-06-01").await;
    assert_eq!(again.engine.published().registry, rig.engine.published().registry, "seed {seed}");
    reached
}

#[tokio::test]
async fn money_keeps_its_invariants_through_whatever_is_done() {
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 1..=12 {
        for (stage, times) in play(seed).await {
            *reached.entry(stage).or_default() += times;
        }
    }
    // The runs get everywhere, so that what holds is not held of nothing.
    for stage in Stage::ALL {
        assert!(reached.contains_key(stage.key()), "{} was never reached: {reached:?}", stage.key());
    }
}
