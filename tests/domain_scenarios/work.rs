//! What recording costs as facts add up: ten times the facts that name one firm, or one fund, must not be a hundred times the
//! work. Processor time of this thread is compared, not the clock's.

use crate::dsl::*;
use crate::world::{World, day, firm};
use incubator_registry::domain::event::LoanDrawn;
use incubator_registry::domain::guidance_fund::{GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested};
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent};
use incubator_registry::domain::{Day, Decision, Event, GuidanceFundId, InstrumentId, LoanId};

const FEW: u32 = 150;

/// Nanoseconds that this thread has run.
fn spent() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Nanoseconds of recording so many facts one by one behind some first ones.
fn work(first: &[Fact], fact: impl Fn(u32) -> Fact, count: u32) -> u64 {
    let mut world = World::new();
    for fact in first {
        world.record(vec![fact.clone()]);
    }
    let commands: Vec<_> = (0..count).map(|number| state([fact(number)]).command().unwrap()).collect();
    let begin = spent();
    for command in &commands {
        let decision = world.run(command).unwrap();
        assert!(matches!(decision, Decision::Record { .. }));
    }
    spent() - begin
}

/// Ten districts with a few facts are as many facts as one with ten times as many: what that costs more is what each fact
/// costs for those before it.
#[track_caller]
fn grows_with_the_facts(first: &[Fact], fact: impl Fn(u32) -> Fact + Copy, most: u64) {
    let few: u64 = (0..10).map(|_| work(first, fact, FEW)).sum();
    let many = work(first, fact, 10 * FEW);
    assert!(many < most * few, "ten times {FEW} facts take {} µs, {} facts {} µs", few / 1000, 10 * FEW, many / 1000);
}

fn on(number: u32) -> Day {
    Day::from_days(day("2023-02-01").days() + i32::try_from(number % 700).unwrap()).unwrap()
}

#[test]
fn a_firm_that_many_facts_name_is_not_judged_again_for_each() {
    let instrument = |number: u32| {
        let instrument = InstrumentId::parse(&format!("YQ{number}")).unwrap();
        let catalogued = InstrumentCatalogued { instrument, name: "仪器".into(), owner: firm(1), price: 1 };
        (on(number), Event::Instrument(InstrumentEvent::Catalogued(catalogued)))
    };
    grows_with_the_facts(&[registered("2023-01-01", 1)], instrument, 4);
    let loan = |number: u32| {
        let (loan, lender, maturity) =
            (LoanId::parse(&format!("J{number}")).unwrap(), "银行".into(), day("2026-01-01"));
        let drawn = LoanDrawn { loan, firm: firm(1), lender, principal: 1, rate_ppm: 1, maturity };
        (on(number), Event::LoanDrawn(drawn))
    };
    grows_with_the_facts(&[registered("2023-01-01", 1)], loan, 4);
}

/// Its line is looked through for the same fact, so that each costs a little more than the one before.
#[test]
fn a_fund_that_invests_often_is_not_judged_again_for_each() {
    let fund = || GuidanceFundId::parse("TJ1").unwrap();
    let established = GuidanceFundEstablished { fund: fund(), name: "基金".into(), size: 1 };
    let first = [
        registered("2023-01-01", 1),
        (day("2023-01-01"), Event::GuidanceFund(GuidanceFundEvent::Established(established))),
    ];
    let invested = |number: u32| {
        let made = GuidanceFundInvested { fund: fund(), firm: firm(1), amount: i64::from(number) + 1 };
        (on(number), Event::GuidanceFund(GuidanceFundEvent::Invested(made)))
    };
    grows_with_the_facts(&first, invested, 7);
}
