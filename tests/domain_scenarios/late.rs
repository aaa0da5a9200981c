//! Facts recorded late, in any order: the business-time line is judged whole, and who is in the way is named.

use crate::dsl::*;
use incubator_registry::domain::{LeaveKind, Reason};

const OUT: LeaveKind = LeaveKind::Withdrawn;

#[test]
fn stays_are_recorded_in_any_order() {
    let third = admitted("2024-06-01", 1, "WJ04");
    let first =
        || [admitted("2023-02-01", 1, "WJ01"), left("2023-06-01", 1, "WJ01", "2023-02-01", LeaveKind::Transferred)];
    let second = || [admitted("2023-06-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2023-06-01", OUT)];
    let late = given([third]).when(state(second())).accepted().when(state(first())).accepted();
    let view = late.registry().firm(&crate::world::firm(1), incubator_registry::domain::AsOf::NOW).unwrap();
    assert_eq!(view.stays.iter().map(|stay| stay.incubator.as_str()).collect::<Vec<_>>(), ["WJ01", "WJ03", "WJ04"]);
}

#[test]
fn a_late_admission_without_its_leaving_meets_what_follows() {
    let later = given([admitted("2024-06-01", 1, "WJ04")]);
    later.when(state([admitted("2023-06-01", 1, "WJ03")])).refused_at(Reason::OverlappingStay, 10);
}

#[test]
fn a_late_graduation_makes_a_recorded_admission_one_after_it() {
    let stays = given([
        admitted("2023-06-01", 1, "WJ03"),
        left("2024-06-01", 1, "WJ03", "2023-06-01", OUT),
        admitted("2024-06-01", 1, "WJ04"),
    ]);
    // The recorded admission at 12 would break the rule: its position is named.
    let graduation = graduated("2024-06-01", 1, "WJ03", "2023-06-01");
    stays.when(state([graduation]).replacing(&[11])).has_dependents(&[12]);
    let open = given([admitted("2024-06-01", 1, "WJ04")]);
    let whole = [admitted("2023-06-01", 1, "WJ03"), graduated("2024-05-01", 1, "WJ03", "2023-06-01")];
    open.when(state(whole)).refused_at(Reason::AlreadyGraduated, 10);
    let fast = given([admitted("2024-06-01", 1, "WJ06")]);
    let whole = [admitted("2023-06-01", 1, "WJ03"), graduated("2024-05-01", 1, "WJ03", "2023-06-01")];
    fast.when(state(whole)).accepted();
}

#[test]
fn an_earlier_graduation_recorded_late_is_the_first() {
    let later = given([admitted("2025-01-01", 1, "WJ06"), graduated("2026-01-01", 1, "WJ06", "2025-01-01")]);
    let whole = [admitted("2023-06-01", 1, "WJ03"), graduated("2024-06-01", 1, "WJ03", "2023-06-01")];
    let both = later.when(state(whole)).accepted();
    let view = both.registry().firm(&crate::world::firm(1), incubator_registry::domain::AsOf::NOW).unwrap();
    assert_eq!(view.first_graduation().unwrap().1.day, crate::world::day("2024-06-01"));
}

#[test]
fn a_late_deregistration_names_what_came_after_it() {
    let stay = given([admitted("2024-06-01", 1, "WJ03")]);
    let stay = stay.when(state([deregistered("2024-06-01", 1)])).refused_at(Reason::FirmDeregistered, 10);
    let stay = stay.when(state([deregistered("2024-05-01", 1)])).refused_at(Reason::FirmDeregistered, 10);
    stay.when(state([deregistered("2024-06-02", 1)])).accepted();
    let steps = given([signed("2024-01-01", 1, "甘棠"), settled("2024-03-01", 1, "甘棠")]);
    steps.when(state([deregistered("2024-02-01", 1)])).refused_at(Reason::FirmDeregistered, 11);
}

#[test]
fn a_late_first_admission_is_judged_by_age_and_relieves_the_next() {
    // The recorded one has a waiver and is the first; an earlier one in time may come late.
    let waived = given([admitted_waived("2025-06-01", 1, "WJ03", "豁免")]);
    let whole = [admitted("2024-06-01", 1, "WJ04"), left("2025-01-01", 1, "WJ04", "2024-06-01", OUT)];
    waived.when(state(whole)).accepted();
    let second = given([admitted_waived("2025-06-01", 1, "WJ03", "豁免")]);
    let whole = [admitted("2025-02-01", 1, "WJ04"), left("2025-03-01", 1, "WJ04", "2025-02-01", OUT)];
    second.when(state(whole)).refused_at(Reason::AgeOverLimit, 7);
}

#[test]
fn a_leaving_is_recorded_after_the_next_stay_is_known() {
    let open = given([admitted("2024-01-01", 1, "WJ03")]);
    // The next stay waits for the leaving.
    let open = open.when(state([admitted("2024-06-01", 1, "WJ04")])).refused_at(Reason::OverlappingStay, 10);
    let exit = left("2024-06-01", 1, "WJ03", "2024-01-01", OUT);
    open.when(state([exit])).accepted().when(state([admitted("2024-06-01", 1, "WJ04")])).accepted();
}

#[test]
fn a_late_upstream_runs_into_a_recorded_one() {
    let chained = given([upstream_changed("2024-01-01", "WJ03", Some("WJ01"))]);
    chained.when(state([upstream_changed("2023-01-01", "WJ01", Some("WJ03"))])).refused(Reason::UpstreamCycle);
}
