//! Firms: registered, renamed, struck off.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::{AsOf, Event, Reason, Uscc};

#[test]
fn a_firm_is_registered() {
    let fact = registered("2024-01-01", 4);
    let done = given([]).when(state([fact.clone()])).then([fact.clone()]);
    done.when(state([fact])).same(Reason::Duplicate, 10);
    given([]).when(state([registered("2026-11-24", 4)])).accepted();
    given([]).when(state([registered("2026-11-25", 4)])).refused(Reason::DateInFuture);
}

#[test]
fn a_firm_is_one_by_its_code() {
    given([]).when(state([registered("2023-01-02", 1)])).refused_at(Reason::Conflict, 7);
}

#[test]
fn a_code_that_fails_the_computation_is_accepted_with_a_warning() {
    let register = |code: &str| {
        let event =
            Event::FirmRegistered { firm: Uscc::parse(code).unwrap(), name: "某".into(), field: "新材料".into() };
        given([]).when(state([(day("2024-01-01"), event)]))
    };
    assert_eq!(register("91350211M0000XUF46").warnings(), [Reason::CodeChecksum]);
    assert_eq!(register("91350100M000100Y43").warnings(), []);
    // It is said where the firm is registered, and nowhere else.
    assert_eq!(given([]).when(state([admitted("2024-01-01", 1, "WJ03")])).warnings(), []);
}

#[test]
fn a_firm_is_renamed_from_a_day_on() {
    let fact = renamed("2024-01-01", 1, "新名");
    let done = given([]).when(state([fact.clone()])).then([fact.clone()]);
    let done = done.when(state([fact])).same(Reason::Duplicate, 10);
    let done = done.when(state([renamed("2024-01-01", 1, "别名")])).refused_at(Reason::Conflict, 10);
    let name = |date: &str| done.registry().firm(&firm(1), AsOf::day(day(date))).unwrap().name().to_owned();
    assert_eq!((name("2023-12-31").as_str(), name("2024-01-01").as_str()), ("企业1", "新名"));
    given([]).when(state([renamed("2024-01-01", 9, "新名")])).refused(Reason::UnknownFirm);
}

#[test]
fn a_firm_is_deregistered_and_its_stay_stays_open() {
    let fact = deregistered("2024-06-01", 1);
    let done = given([admitted("2024-01-01", 1, "WJ03")]).when(state([fact.clone()])).then([fact.clone()]);
    let done = done.when(state([fact])).same(Reason::Duplicate, 11);
    let view = done.registry().firm(&firm(1), AsOf::NOW).unwrap();
    assert!(view.stays[0].is_open());
    let found = incubator_registry::projections::anomalies(done.registry(), AsOf::day(day("2024-06-01")));
    assert_eq!(
        (found.len(), found[0].positions.as_slice(), found[0].since),
        (1, [10, 11].as_slice(), day("2024-06-01"))
    );
    assert!(incubator_registry::projections::anomalies(done.registry(), AsOf::day(day("2024-05-31"))).is_empty());
    // A change is one by firm, kind and day.
    done.when(state([deregistered("2024-06-02", 1)])).accepted();
    given([]).when(state([deregistered("2024-06-01", 9)])).refused(Reason::UnknownFirm);
}

#[test]
fn nothing_begins_for_a_deregistered_firm() {
    let gone = || given([deregistered("2024-06-01", 1)]);
    for date in ["2024-06-01", "2024-07-01"] {
        gone().when(state([admitted(date, 1, "WJ03")])).refused_at(Reason::FirmDeregistered, 10);
        gone().when(state([signed(date, 1, "甘棠")])).refused_at(Reason::FirmDeregistered, 10);
    }
    let before = gone().when(state([admitted("2024-05-31", 1, "WJ03")])).accepted();
    // What only ends is recorded.
    before.when(state([left("2024-08-01", 1, "WJ03", "2024-05-31", LEFT_FOR_GOOD)])).accepted();
    let signed_before = || given([deregistered("2024-06-01", 1), signed("2024-01-01", 1, "甘棠")]);
    signed_before().when(state([settled("2024-06-01", 1, "甘棠")])).refused_at(Reason::FirmDeregistered, 10);
    let settled_before = signed_before().when(state([settled("2024-05-31", 1, "甘棠")])).accepted();
    settled_before.when(state([producing("2024-06-01", 1, "甘棠")])).refused_at(Reason::FirmDeregistered, 10);
    gone().when(state([renamed("2024-07-01", 1, "旧名")])).accepted();
}

const LEFT_FOR_GOOD: incubator_registry::domain::LeaveKind = incubator_registry::domain::LeaveKind::Deregistered;
