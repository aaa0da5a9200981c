//! A finance system that crashes before or after it acknowledges, answers twice, out of order or late, on a server that is
//! restarted under it, ends with the same ledger as one that behaves.

use crate::common::server::{DISTRICT, Server};
use crate::finance_rig;
use finance_rig::{Bench, accepted, acknowledgement, answer, issue, paid, returned, take};
use incubator_registry::domain::budget::BudgetId;
use incubator_registry::wire::v1;
use std::collections::BTreeMap;

const CLAIMS: u32 = 4;
const CURSOR: &str = "一体化";
const SEEDS: u64 = 8;

/// Numbers that a seed gives (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// What becomes of an order at the bank, in the order of its days: it depends on the order alone.
fn fate(no: &str) -> Vec<v1::PaymentAnswer> {
    let reference = format!("回单{no}");
    let rejected = v1::PaymentAnswer {
        order_no: no.into(),
        kind: v1::PaymentAnswerKind::Rejected.into(),
        reason: "要素不全".into(),
        ..Default::default()
    };
    match no.bytes().last().unwrap() % 4 {
        0 => vec![accepted(no), rejected],
        1 => vec![accepted(no), paid(no, &reference, "2026-11-24")],
        2 => vec![accepted(no), paid(no, &reference, "2026-11-24"), returned(no, "账号不存在", "2026-11-24")],
        _ => vec![paid(no, &reference, "2026-11-24")],
    }
}

/// What is compared: each order's state with what the bank did, each claim's stage, and what the budget bears.
fn ledger(server: &Server) -> BTreeMap<String, String> {
    let published = server.engine.published();
    let finance = published.registry.finance();
    let mut ledger = BTreeMap::new();
    for (no, order) in finance.orders_from("") {
        let banked = [&order.paid, &order.returned].map(|of| of.as_ref().map(|of| (of.text.clone(), of.day)));
        let claim = finance.claim(&order.issued.claim).unwrap();
        let said = format!("{:?} {banked:?} {} {:?} {:?}", order.state, order.reason, claim.stage, claim.live_order());
        ledger.insert(no.to_string(), said);
    }
    let budget = finance.budget(&BudgetId::parse(&finance_rig::budget(2026)).unwrap()).unwrap();
    ledger.insert("budget".to_owned(), format!("{:?}", budget.taking));
    ledger
}

/// Takes, answers in turn, acknowledges.
async fn behaves() -> BTreeMap<String, String> {
    let bench = Bench::new(CLAIMS).await;
    let server = bench.server().await;
    issue(&server).await;
    let (orders, at) = take(&server, CURSOR).await;
    for (_, order) in &orders {
        for told in fate(&order.order_no) {
            assert_eq!(answer(&server, &[told]).await, [""], "{}", order.order_no);
        }
    }
    server.finance().acknowledge_orders(acknowledgement(CURSOR, at)).await.unwrap();
    ledger(&server)
}

/// Does what it wants, and at last all that is to be done.
async fn misbehaves(seed: u64) -> BTreeMap<String, String> {
    let mut chance = Chance(seed);
    let bench = Bench::new(CLAIMS).await;
    let mut server = bench.server().await;
    issue(&server).await;
    // What it keeps on its own disk: orders by number, so that one that comes again is the same.
    let mut kept: BTreeMap<String, Vec<v1::PaymentAnswer>> = BTreeMap::new();
    let mut paid_out: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0.. {
        let (orders, at) = take(&server, CURSOR).await;
        if orders.is_empty() && round > 4 {
            break;
        }
        if chance.one_in(4) {
            continue; // It crashed before it kept anything.
        }
        for (_, order) in orders.iter().take(if chance.one_in(2) { orders.len() } else { 1 }) {
            kept.entry(order.order_no.clone()).or_insert_with(|| {
                *paid_out.entry(order.order_no.clone()).or_default() += 1;
                fate(&order.order_no)
            });
        }
        let numbers: Vec<String> = kept.keys().cloned().collect();
        for _ in 0..chance.below(6) {
            let no = &numbers[chance.below(numbers.len())];
            let answers = &kept[no];
            // Twice, and in whatever order; a return that overtakes its payment holds.
            answer(&server, &[answers[chance.below(answers.len())].clone()]).await;
        }
        if chance.one_in(3) {
            server.ended().await.unwrap();
            server = bench.server().await;
            continue; // Before it acknowledged: all of it comes again.
        }
        let safe = orders.iter().take_while(|(_, order)| kept.contains_key(&order.order_no)).last();
        let all = orders.iter().all(|(_, order)| kept.contains_key(&order.order_no));
        let position = if all { at } else { safe.map_or(0, |(position, _)| *position) };
        let request = acknowledgement(CURSOR, position);
        for _ in 0..=chance.below(2) {
            server.finance().acknowledge_orders(request.clone()).await.unwrap(); // The answer to the first was lost.
        }
    }
    // Late, and each again.
    for answers in kept.values() {
        answer(&server, answers).await;
        let words = answer(&server, answers).await;
        assert!(words.iter().all(|word| word == "DUPLICATE"), "{words:?} to {answers:?}");
    }
    assert!(paid_out.values().all(|times| *times == 1) && paid_out.len() == CLAIMS as usize);
    let cursor = server.engine.published();
    assert!(
        cursor.registry.finance().cursor(&incubator_registry::domain::CursorName::parse(CURSOR).unwrap()).is_some()
    );
    ledger(&server)
}

#[tokio::test]
async fn however_it_behaves_the_ledger_is_the_same() {
    let good = behaves().await;
    assert_eq!(good.len(), CLAIMS as usize + 1);
    for seed in 0..SEEDS {
        assert_eq!(misbehaves(seed).await, good, "seed {seed} in {DISTRICT}");
    }
}
