//! Facts taken back (红冲), alone or replaced; rules.md's own example to the letter.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::{AsOf, Day, Kind, LeaveKind, Level, Reason};

const OUT: LeaveKind = LeaveKind::Withdrawn;

/// 10 admits F to WJ03 on 03-01; 11 leaves 06-01.
fn example() -> Given {
    given([admitted("2024-03-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-03-01", OUT)])
}

/// 12 replaces [10, 11] with admitted 03-05, left 06-01: one command, of three events.
fn replaced() -> Given {
    let facts = [admitted("2024-03-05", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-03-05", OUT)];
    let [entry, exit] = facts.clone();
    example().when(state(facts).replacing(&[10, 11])).then([voided(&[10, 11]), entry, exit])
}

fn open_since(given: &Given, date: &str, known: u64) -> Option<Day> {
    let view = given.registry().firm(&firm(1), AsOf { day: day(date), known }).unwrap();
    view.stays.iter().find(|stay| stay.is_open()).map(|stay| stay.admitted)
}

#[test]
fn the_example_of_the_rules() {
    let done = replaced();
    assert_eq!(open_since(&done, "2024-04-01", 11), Some(day("2024-03-01")));
    assert_eq!(open_since(&done, "2024-04-01", 12), Some(day("2024-03-05")));
    assert_eq!(open_since(&done, "2024-03-02", 11), Some(day("2024-03-01")));
    assert_eq!(open_since(&done, "2024-03-02", 12), None);
    // Voiding only 10 at 12.
    example().when(void(&[10])).has_dependents(&[11]);
    // The old row imported afterwards.
    let row = || [admitted("2024-03-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-03-01", OUT)];
    let done = done.when(state(row()).imported()).same(Reason::VoidedBefore, 11);
    let done = done.when(state(row()[..1].to_vec()).imported()).same(Reason::VoidedBefore, 10);
    assert_eq!(done.registry().position(), 14);
}

#[test]
fn an_admission_is_replaced_with_its_leaving() {
    let again = || admitted("2024-03-05", 1, "WJ03");
    example().when(state([again()]).replacing(&[10])).has_dependents(&[11]);
    // Restating the leaving beside it does not help: the recorded one still ends a stay that is gone.
    let both = [again(), left("2024-06-01", 1, "WJ03", "2024-03-05", OUT)];
    example().when(state(both).replacing(&[10])).has_dependents(&[11]);
    // The leaving alone can be moved.
    let exit = left("2024-07-01", 1, "WJ03", "2024-03-01", LeaveKind::Expired);
    example().when(state([exit.clone()]).replacing(&[11])).then([voided(&[11]), exit]);
}

#[test]
fn a_single_command_records_again_what_was_voided() {
    let fact = admitted("2024-03-01", 1, "WJ03");
    let voided_once = given([fact.clone()]).when(void(&[10])).then([voided(&[10])]);
    let voided_once = voided_once.when(state([fact.clone()]).imported()).same(Reason::VoidedBefore, 10);
    let again = voided_once.when(state([fact.clone()])).then([fact.clone()]);
    // From now on the old row is a duplicate of the new fact; until that is voided too.
    let again = again.when(state([fact.clone()]).imported()).same(Reason::Duplicate, 12);
    let gone = again.when(void(&[12])).accepted();
    gone.when(state([fact]).imported()).same(Reason::VoidedBefore, 12);
}

#[test]
fn a_voided_key_is_free_for_other_content() {
    let gone = || given([admitted_waived("2024-03-01", 1, "WJ03", "豁免1号")]).when(void(&[10])).accepted();
    gone().when(state([admitted("2024-03-01", 1, "WJ03")]).imported()).accepted();
    gone().when(state([admitted_waived("2024-03-01", 1, "WJ03", "豁免2号")]).imported()).accepted();
    let gone = given([registered("2024-01-01", 4)]).when(void(&[10])).accepted();
    gone.when(state([registered("2024-02-01", 4)])).accepted();
}

#[test]
fn what_is_taken_back_is_a_recorded_fact_once() {
    for position in [1, 11, 999] {
        given([admitted("2024-03-01", 1, "WJ03")])
            .when(void(&[position]))
            .refused_at(Reason::UnknownFact, position as u64);
    }
    let gone = given([admitted("2024-03-01", 1, "WJ03")]).when(void(&[10])).then([voided(&[10])]);
    let gone = gone.when(void(&[10])).refused_at(Reason::AlreadyVoided, 11);
    // A void is not voided.
    let gone = gone.when(void(&[11])).refused_at(Reason::UnknownFact, 11);
    gone.when(state([admitted("2024-03-05", 1, "WJ03")]).replacing(&[10])).refused_at(Reason::AlreadyVoided, 11);
    given([]).when(void(&[0])).refused(Reason::OutOfRange);
    given([]).when(void(&[])).refused(Reason::MissingValue);
}

#[test]
fn a_leaving_restored_would_meet_what_came_after() {
    let after = given([
        admitted("2024-03-01", 1, "WJ03"),
        left("2024-06-01", 1, "WJ03", "2024-03-01", OUT),
        admitted("2024-06-01", 1, "WJ04"),
    ]);
    after.when(void(&[11])).has_dependents(&[12]);
}

#[test]
fn the_first_admission_taken_back_makes_a_later_one_first() {
    let two = || {
        given([
            admitted("2024-03-01", 1, "WJ03"),
            left("2024-06-01", 1, "WJ03", "2024-03-01", OUT),
            admitted("2026-01-01", 1, "WJ04"),
        ])
    };
    two().when(void(&[10, 11])).has_dependents(&[12]);
    two().when(void(&[10, 11, 12])).accepted();
}

#[test]
fn registrations_carry_what_hangs_on_them() {
    let stays = || given([admitted("2024-03-01", 1, "WJ03"), renamed("2024-04-01", 1, "新名")]);
    stays().when(void(&[7])).has_dependents(&[10, 11]);
    stays().when(void(&[4])).has_dependents(&[10]);
    stays().when(void(&[7, 10, 11])).accepted();
    // Another kind of carrier changes what its stays mean.
    let graduates = given([admitted("2024-03-01", 1, "WJ03"), graduated("2025-03-01", 1, "WJ03", "2024-03-01")]);
    let as_maker = founded("2019-01-01", "WJ03", Kind::Makerspace);
    graduates.when(state([as_maker]).replacing(&[4])).has_dependents(&[11]);
    let chained =
        given([upstream_changed("2024-01-01", "WJ03", Some("WJ01")), recognised("2024-01-01", "WJ01", Level::City)]);
    chained.when(void(&[3])).has_dependents(&[10, 11]);
    // A later registration makes an admission too old or not: here a year earlier.
    let stays = given([admitted("2024-06-01", 1, "WJ03")]);
    stays.when(state([registered("2022-01-01", 1)]).replacing(&[7])).has_dependents(&[10]);
}

#[test]
fn a_replacement_keeps_the_rules_itself() {
    let both = given([
        admitted("2024-03-01", 1, "WJ03"),
        left("2024-06-01", 1, "WJ03", "2024-03-01", OUT),
        admitted("2024-06-01", 1, "WJ04"),
    ]);
    let later = left("2024-06-02", 1, "WJ03", "2024-03-01", OUT);
    both.when(state([later]).replacing(&[11])).refused_at(Reason::OverlappingStay, 12);
}
