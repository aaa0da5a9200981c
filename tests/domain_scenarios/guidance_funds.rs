//! Guidance funds: what is stated of them, what is refused, what is the same, what a void would break.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::guidance_fund::{
    GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested,
};
use incubator_registry::domain::{CapitalSource, Entity, Event, GuidanceFundId, Reason};

fn id() -> GuidanceFundId {
    GuidanceFundId::parse("TJ1").unwrap()
}

fn fact(date: &str, event: GuidanceFundEvent) -> Fact {
    (day(date), Event::GuidanceFund(event))
}

fn established(date: &str, size: i64) -> Fact {
    let established = GuidanceFundEstablished { fund: id(), name: "基金".into(), size };
    fact(date, GuidanceFundEvent::Established(established))
}

fn contributed(date: &str, amount: i64, source: CapitalSource) -> Fact {
    fact(date, GuidanceFundEvent::Contributed(GuidanceFundContributed { fund: id(), amount, source }))
}

fn invested(date: &str, number: u32, amount: i64) -> Fact {
    fact(date, GuidanceFundEvent::Invested(GuidanceFundInvested { fund: id(), firm: firm(number), amount }))
}

#[test]
fn a_fund_is_established_paid_in_to_and_invests() {
    use CapitalSource::{Government, Social};
    let done = given([]).when(state([contributed("2024-01-01", 5, Social)])).refused(Reason::UnknownGuidanceFund);
    let done = done.when(state([invested("2024-01-01", 1, 5)])).refused(Reason::UnknownGuidanceFund);
    let done = done.when(state([established("2023-05-01", 7)])).accepted();
    let done = done.when(state([established("2023-05-01", 7)])).same(Reason::Duplicate, 10);
    let done = done.when(state([established("2023-05-01", 8)])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([contributed("2023-04-30", 5, Social)])).refused_at(Reason::DatesOutOfOrder, 10);
    let done = done.when(state([contributed("2023-05-01", 5, Social)])).accepted();
    // Told by all values: the same again adds nothing, the other source is another fact.
    let done = done.when(state([contributed("2023-05-01", 5, Social)])).same(Reason::Duplicate, 11);
    let done = done.when(state([contributed("2023-05-01", 5, Government)])).accepted();
    let done = done.when(state([invested("2023-06-01", 99, 5)])).refused(Reason::UnknownFirm);
    let done = done.when(state([invested("2023-04-30", 1, 5)])).refused_at(Reason::DatesOutOfOrder, 10);
    let done = done.when(state([invested("2023-06-01", 1, 5)])).accepted();
    let done = done.when(state([invested("2026-12-31", 1, 5)])).refused(Reason::DateInFuture);
    let done = done.when(void(&[10])).has_dependents(&[11, 12, 13]);
    assert_eq!(done.registry().revision_at(&Entity::Firm(firm(1)), u64::MAX), 2);
    let done = done.when(void(&[7])).has_dependents(&[13]);
    done.when(void(&[10, 11, 12, 13])).accepted();
}

#[test]
fn an_investment_before_the_firms_registration_is_accepted() {
    let done = given([established("2022-01-01", 7)]).when(state([invested("2022-12-31", 1, 5)])).accepted();
    // The firm's registration moved to a later day leaves it as it is; taken away, it does not.
    let done = done.when(state([registered("2023-06-01", 1)]).replacing(&[7])).accepted();
    done.when(void(&[13])).has_dependents(&[11]);
}

#[test]
fn a_firm_that_is_struck_off_is_invested_in_no_more() {
    let gone = given([deregistered("2024-06-01", 1), established("2024-01-01", 7)]);
    let done = gone.when(state([invested("2024-06-01", 1, 5)])).refused_at(Reason::FirmDeregistered, 10);
    done.when(state([invested("2024-05-31", 1, 5)])).accepted();
    given([established("2024-01-01", 7), invested("2024-06-01", 1, 5)])
        .when(state([deregistered("2024-06-01", 1)]))
        .refused_at(Reason::FirmDeregistered, 11);
}
