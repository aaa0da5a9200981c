//! What was wrong once, each by what went wrong.

use crate::dsl::*;
use crate::world::firm;
use incubator_registry::domain::{AsOf, Kind, LeaveKind, Reason};

const OUT: LeaveKind = LeaveKind::Withdrawn;

#[test]
fn a_first_graduation_does_not_hang_on_the_order_of_recording() {
    let first = [admitted("2023-03-01", 1, "WJ03"), graduated("2024-03-01", 1, "WJ03", "2023-03-01")];
    let second = [admitted("2024-03-01", 1, "WJ06"), graduated("2024-03-01", 1, "WJ06", "2024-03-01")];
    for order in [[first.clone(), second.clone()], [second, first]] {
        let done = given(order.concat());
        let view = done.registry().firm(&firm(1), AsOf::NOW).unwrap();
        assert_eq!(view.first_graduation().unwrap().0.incubator.as_str(), "WJ03");
    }
}

#[test]
fn an_old_row_after_a_replacement_under_its_key_was_voided_before() {
    let entry = admitted("2024-03-01", 1, "WJ03");
    let exit = |date| left(date, 1, "WJ03", "2024-03-01", OUT);
    let done = given([entry.clone(), exit("2024-06-01")]);
    let done = done.when(state([exit("2024-07-01")]).replacing(&[11])).accepted();
    let done = done.when(state([entry.clone(), exit("2024-06-01")]).imported()).same(Reason::VoidedBefore, 11);
    // Other content under that key is a contradiction as ever; the new row is a duplicate.
    let done = done.when(state([entry.clone(), exit("2024-08-01")]).imported()).refused_at(Reason::Conflict, 13);
    done.when(state([entry, exit("2024-07-01")]).imported()).same(Reason::Duplicate, 13);
}

#[test]
fn a_new_fact_beside_one_taken_back_is_not_passed_over() {
    let (first, second) = (signed("2024-01-01", 1, "甘棠"), settled("2024-02-01", 1, "甘棠"));
    let done = given([first.clone(), second.clone()]).when(void(&[11])).accepted();
    let done = done.when(state([first.clone(), second.clone()]).imported()).same(Reason::VoidedBefore, 11);
    let more = [first, second, producing("2024-03-01", 1, "甘棠")];
    done.when(state(more).imported()).refused(Reason::NotSettled);
}

#[test]
fn a_void_is_told_of_the_stay_in_the_way_not_of_its_leaving() {
    let a = [admitted("2023-01-01", 1, "WJ03"), left("2023-06-01", 1, "WJ03", "2023-01-01", OUT)];
    let b = [admitted("2023-07-01", 1, "WJ04"), left("2023-09-01", 1, "WJ04", "2023-07-01", OUT)];
    given([a, b].concat()).when(void(&[11])).has_dependents(&[12]);
}

#[test]
fn references_are_judged_before_anything_else() {
    let done = given([admitted("2023-01-01", 1, "WJ03"), left("2023-06-01", 1, "WJ03", "2023-01-01", OUT)]);
    // To a carrier that is not there, from one in which the firm has no stay, or has one that ended otherwise.
    let to_nowhere =
        |from: &str, day: &str| [left(day, 1, from, day, LeaveKind::Transferred), admitted(day, 1, "NOPE")];
    let done = done.when(state(to_nowhere("WJ04", "2023-08-01")).open_stay()).refused(Reason::UnknownIncubator);
    done.when(state(to_nowhere("WJ03", "2023-06-01")).open_stay()).refused(Reason::UnknownIncubator);
}

#[test]
fn a_leaving_sent_again_does_not_end_the_next_stay() {
    let exit = left("2023-06-01", 1, "WJ03", "2023-01-01", OUT);
    let done = given([admitted("2023-01-01", 1, "WJ03"), exit.clone(), admitted("2023-06-01", 1, "WJ03")]);
    done.when(state([exit]).open_stay()).same(Reason::Duplicate, 11);
}

#[test]
fn a_leaving_without_a_stay_names_the_last_one() {
    let done = given([admitted("2023-01-01", 1, "WJ03"), left("2023-06-01", 1, "WJ03", "2023-01-01", OUT)]);
    let late = left("2023-09-01", 1, "WJ03", "2023-01-01", OUT);
    let done = done.when(state([late]).open_stay()).refused_at(Reason::NoOpenStay, 11);
    let done = done.when(state([admitted("2024-01-01", 1, "WJ03")])).accepted();
    let early = left("2023-12-01", 1, "WJ03", "2023-01-01", OUT);
    done.when(state([early]).open_stay()).refused_at(Reason::NoOpenStay, 11);
    let early = left("2022-12-01", 1, "WJ03", "2023-01-01", OUT);
    let done = given([admitted("2023-01-01", 1, "WJ03")]);
    done.when(state([early]).open_stay()).refused_at(Reason::LeftBeforeAdmitted, 10);
}

#[test]
fn a_carrier_bears_the_facts_of_those_below_it() {
    let below = founded_after("2020-01-01", "K2", Kind::Incubator, Some("WJ01"));
    let done = given([below.clone()]);
    let subjects: Vec<String> = below.1.subjects().map(|entity| entity.to_string()).collect();
    assert_eq!(subjects, ["incubators/K2", "incubators/WJ01"]);
    drop(done);
}
