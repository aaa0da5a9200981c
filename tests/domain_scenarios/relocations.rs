//! The way into a park: its treasury, signing, settling, production.

use crate::dsl::*;
use crate::world::{day, park};
use incubator_registry::domain::park::treasuries;
use incubator_registry::domain::{AsOf, Reason};

#[test]
fn a_treasury_is_set_from_a_day_on() {
    let fact = treasury_set("2024-01-01", "甘棠", "440203001");
    let done = given([]).when(state([fact.clone()])).then([fact.clone()]);
    let done = done.when(state([fact])).same(Reason::Duplicate, 10);
    let done = done.when(state([treasury_set("2024-01-01", "甘棠", "440203002")])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([treasury_set("2025-01-01", "甘棠", "440203002")])).accepted();
    let codes = |date: &str| {
        let line = done.registry().park_line(&park("甘棠")).unwrap();
        treasuries(line, AsOf::day(day(date))).last().map(|term| term.code.to_owned())
    };
    assert_eq!(
        ["2023-12-31", "2024-06-01", "2025-01-01"].map(codes).map(Option::unwrap_or_default),
        ["", "440203001", "440203002"]
    );
    given([]).when(state([treasury_set("2026-11-25", "甘棠", "440203001")])).refused(Reason::DateInFuture);
}

#[test]
fn a_firm_signs_settles_and_produces() {
    let facts = [signed("2024-01-01", 1, "甘棠"), settled("2024-03-01", 1, "甘棠"), producing("2024-09-01", 1, "甘棠")];
    let mut so_far = given([]);
    for (position, fact) in (10..).zip(facts.clone()) {
        so_far = so_far.when(state([fact.clone()])).then([fact.clone()]);
        so_far = so_far.when(state([fact])).same(Reason::Duplicate, position);
    }
    // Recorded whole, in one command; and completed by a later one.
    let whole = given([]).when(state(facts.clone())).then(facts.clone());
    whole.when(state(facts.clone()).imported()).same(Reason::Duplicate, 12);
    given([facts[0].clone()]).when(state(facts.clone()).imported()).then(facts[1..].to_vec());
    // All on one day is in order.
    given([]).when(state([signed("2024-01-01", 1, "甘棠"), settled("2024-01-01", 1, "甘棠")])).accepted();
}

#[test]
fn each_step_needs_the_one_before() {
    given([]).when(state([settled("2024-03-01", 1, "甘棠")])).refused(Reason::NotSigned);
    given([]).when(state([producing("2024-03-01", 1, "甘棠")])).refused(Reason::NotSettled);
    given([signed("2024-01-01", 1, "甘棠")])
        .when(state([producing("2024-03-01", 1, "甘棠")]))
        .refused(Reason::NotSettled);
    given([]).when(state([signed("2024-01-01", 9, "甘棠")])).refused(Reason::UnknownFirm);
}

#[test]
fn the_days_are_in_order() {
    let begun = || given([signed("2024-02-01", 1, "甘棠")]);
    begun().when(state([settled("2024-01-31", 1, "甘棠")])).refused_at(Reason::DatesOutOfOrder, 10);
    let settled_there = begun().when(state([settled("2024-02-01", 1, "甘棠")])).accepted();
    settled_there.when(state([producing("2024-01-31", 1, "甘棠")])).refused_at(Reason::DatesOutOfOrder, 11);
    let whole = [signed("2024-02-01", 1, "甘棠"), settled("2024-01-01", 1, "甘棠")];
    given([]).when(state(whole)).refused(Reason::DatesOutOfOrder);
}

#[test]
fn a_firm_has_one_relocation() {
    let begun = || given([signed("2024-02-01", 1, "甘棠")]);
    begun().when(state([signed("2024-02-01", 1, "产业园")])).refused_at(Reason::Conflict, 10);
    begun().when(state([signed("2024-02-02", 1, "甘棠")])).refused_at(Reason::Conflict, 10);
    begun().when(state([settled("2024-03-01", 1, "产业园")])).refused_at(Reason::Conflict, 10);
    let whole = begun().when(state([settled("2024-03-01", 1, "甘棠")])).accepted();
    whole.when(state([settled("2024-03-02", 1, "甘棠")])).refused_at(Reason::Conflict, 11);
}

#[test]
fn a_step_is_taken_back_only_with_those_after_it() {
    let facts =
        || [signed("2024-01-01", 1, "甘棠"), settled("2024-03-01", 1, "甘棠"), producing("2024-09-01", 1, "甘棠")];
    given(facts()).when(void(&[10])).has_dependents(&[11]);
    given(facts()).when(void(&[11])).has_dependents(&[12]);
    given(facts()).when(void(&[12])).then([voided(&[12])]);
    given(facts()).when(void(&[10, 11, 12])).then([voided(&[10, 11, 12])]);
    // Signed a day later than recorded, and still before it settled.
    let again = signed("2024-01-02", 1, "甘棠");
    given(facts()).when(state([again.clone()]).replacing(&[10])).then([voided(&[10]), again]);
}
