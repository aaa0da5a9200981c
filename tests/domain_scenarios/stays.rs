//! Stays: admission, transfer, graduation, leaving, and a stay recorded whole.

use crate::dsl::*;
use incubator_registry::domain::{Criterion, LeaveKind, Reason};

const OUT: LeaveKind = LeaveKind::Withdrawn;

#[test]
fn a_firm_is_admitted() {
    let fact = admitted("2024-01-01", 1, "WJ03");
    let done = given([]).when(state([fact.clone()])).then([fact.clone()]);
    done.when(state([fact])).same(Reason::Duplicate, 10);
}

#[test]
fn carrier_and_firm_must_exist_the_carrier_first() {
    given([]).when(state([admitted("2024-01-01", 1, "WJ99")])).refused(Reason::UnknownIncubator);
    given([]).when(state([admitted("2024-01-01", 9, "WJ03")])).refused(Reason::UnknownFirm);
    given([]).when(state([admitted("2024-01-01", 9, "WJ99")])).refused(Reason::UnknownIncubator);
}

#[test]
fn no_business_date_lies_ahead() {
    given([]).when(state([admitted_waived("2026-11-25", 1, "WJ03", "豁免")])).refused(Reason::DateInFuture);
    given([]).when(state([admitted_waived("2026-11-24", 1, "WJ03", "豁免")])).accepted();
    let stay = [admitted("2024-01-01", 1, "WJ03"), left("2026-11-25", 1, "WJ03", "2024-01-01", OUT)];
    given([]).when(state(stay).imported()).refused(Reason::DateInFuture);
}

#[test]
fn a_firm_leaves() {
    for kind in [LeaveKind::Transferred, OUT, LeaveKind::Expired, LeaveKind::Deregistered] {
        let fact = left("2024-06-01", 1, "WJ03", "2024-01-01", kind);
        let stay = given([admitted("2024-01-01", 1, "WJ03")]);
        let done = stay.when(state([fact.clone()]).open_stay()).then([fact.clone()]);
        let done = done.when(state([fact.clone()]).open_stay()).same(Reason::Duplicate, 11);
        // The stay ended otherwise, or another day.
        let other = left("2024-06-01", 1, "WJ03", "2024-01-01", LeaveKind::Expired);
        let earlier = left("2024-05-01", 1, "WJ03", "2024-01-01", kind);
        if kind != LeaveKind::Expired {
            done.clone().when(state([other]).open_stay()).refused_at(Reason::Conflict, 11);
        }
        let done = done.when(state([earlier]).open_stay()).refused_at(Reason::Conflict, 11);
        done.when(state([graduated("2024-06-01", 1, "WJ03", "2024-01-01")])).refused_at(Reason::Conflict, 11);
    }
}

#[test]
fn what_is_left_was_entered() {
    let leave = |date: &str, since: &str| state([left(date, 1, "WJ03", since, OUT)]);
    given([]).when(leave("2024-06-01", "2024-01-01").open_stay()).refused(Reason::NoOpenStay);
    given([]).when(leave("2024-06-01", "2024-01-01")).refused(Reason::NoOpenStay);
    let stay = given([admitted("2024-01-01", 1, "WJ04")]);
    let stay = stay.when(leave("2024-06-01", "2024-01-01").open_stay()).refused(Reason::NoOpenStay);
    stay.when(state([graduated("2024-06-01", 1, "WJ03", "2024-01-01")]).open_stay()).refused(Reason::NoOpenStay);
    let over = given([admitted("2024-01-01", 1, "WJ03"), left("2024-03-01", 1, "WJ03", "2024-01-01", OUT)]);
    over.when(leave("2024-06-01", "2024-01-01").open_stay()).refused_at(Reason::NoOpenStay, 11);
    given([])
        .when(state([left("2024-06-01", 1, "WJ99", "2024-01-01", OUT)]).open_stay())
        .refused(Reason::UnknownIncubator);
    given([]).when(state([left("2024-06-01", 9, "WJ03", "2024-01-01", OUT)]).open_stay()).refused(Reason::UnknownFirm);
    given([]).when(state([left("2024-06-01", 9, "WJ99", "2024-01-01", OUT)])).refused(Reason::UnknownIncubator);
    // A firm that was taken back is no firm, though something was recorded of it.
    let gone = given([]).when(void(&[7])).accepted();
    gone.when(leave("2024-06-01", "2024-01-01").open_stay()).refused(Reason::UnknownFirm);
}

#[test]
fn a_stay_does_not_end_before_it_begins() {
    let stay = || given([admitted("2024-01-02", 1, "WJ03")]);
    stay().when(state([left("2024-01-01", 1, "WJ03", "2024-01-02", OUT)])).refused_at(Reason::LeftBeforeAdmitted, 10);
    stay().when(state([graduated("2024-01-01", 1, "WJ03", "2024-01-02")])).refused_at(Reason::LeftBeforeAdmitted, 10);
    stay().when(state([left("2024-01-02", 1, "WJ03", "2024-01-02", OUT)])).accepted();
    let whole = [admitted("2024-01-02", 1, "WJ03"), left("2024-01-01", 1, "WJ03", "2024-01-02", OUT)];
    given([]).when(state(whole)).refused(Reason::LeftBeforeAdmitted);
}

#[test]
fn a_stay_is_recorded_whole_and_completed_later() {
    let entry = admitted("2024-01-01", 1, "WJ03");
    let exit = left("2024-06-01", 1, "WJ03", "2024-01-01", OUT);
    given([]).when(state([entry.clone(), exit.clone()])).then([entry.clone(), exit.clone()]);
    // July's ledger over June's, and June's over July's.
    let july = given([entry.clone()]).when(state([entry.clone(), exit.clone()]).imported()).then([exit.clone()]);
    let july = july.when(state([entry.clone()]).imported()).same(Reason::Duplicate, 10);
    july.when(state([entry, exit]).imported()).same(Reason::Duplicate, 11);
}

#[test]
fn an_empty_value_says_nothing_and_another_contradicts() {
    let waived = given([admitted_waived("2024-01-01", 1, "WJ03", "豁免1号")]);
    let waived = waived.when(state([admitted("2024-01-01", 1, "WJ03")]).imported()).same(Reason::Duplicate, 10);
    waived.when(state([admitted_waived("2024-01-01", 1, "WJ03", "豁免2号")])).refused_at(Reason::Conflict, 10);
    let plain = given([admitted("2024-01-01", 1, "WJ03")]);
    plain.when(state([admitted_waived("2024-01-01", 1, "WJ03", "豁免1号")])).refused_at(Reason::Conflict, 10);
}

#[test]
fn stays_are_half_open_and_do_not_meet() {
    let stay = || given([admitted("2024-01-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-01-01", OUT)]);
    stay().when(state([admitted("2024-05-31", 1, "WJ04")])).refused_at(Reason::OverlappingStay, 10);
    let touching = stay().when(state([admitted("2024-06-01", 1, "WJ04")])).accepted();
    touching.when(state([admitted("2024-07-01", 1, "WJ01")])).refused_at(Reason::OverlappingStay, 12);
    let earlier = |exit: &str| state([admitted("2023-06-01", 1, "WJ01"), left(exit, 1, "WJ01", "2023-06-01", OUT)]);
    stay().when(earlier("2024-01-01")).accepted();
    stay().when(earlier("2024-01-02")).refused_at(Reason::OverlappingStay, 10);
    // Another firm is another matter.
    stay().when(state([admitted("2024-05-31", 2, "WJ03")])).accepted();
}

#[test]
fn stays_of_equal_admission_meet_even_when_empty() {
    let empty = || given([admitted("2024-01-01", 1, "WJ03"), left("2024-01-01", 1, "WJ03", "2024-01-01", OUT)]);
    empty().when(state([admitted("2024-01-01", 1, "WJ04")])).refused_at(Reason::OverlappingStay, 10);
    empty().when(state([admitted("2024-01-02", 1, "WJ04")])).accepted();
    // An empty stay within another one meets it too.
    let long = given([admitted("2024-01-01", 1, "WJ03")]);
    let within = [admitted("2024-03-01", 1, "WJ04"), left("2024-03-01", 1, "WJ04", "2024-03-01", OUT)];
    long.when(state(within)).refused_at(Reason::OverlappingStay, 10);
}

#[test]
fn a_firm_is_first_admitted_within_its_age() {
    // Registered on 2023-01-01: exactly 24 months is in time.
    given([]).when(state([admitted("2025-01-01", 1, "WJ03")])).accepted();
    given([]).when(state([admitted("2025-01-02", 1, "WJ03")])).refused_at(Reason::AgeOverLimit, 7);
    given([]).when(state([admitted_waived("2025-01-02", 1, "WJ03", "豁免1号")])).accepted();
    // Other kinds have no limit, and only the first admission to an incubator counts.
    given([]).when(state([admitted("2026-01-02", 1, "WJ01")])).accepted();
    given([]).when(state([admitted("2026-01-02", 1, "WJ06")])).accepted();
    let first = given([admitted("2024-01-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-01-01", OUT)]);
    first.when(state([admitted("2026-01-01", 1, "WJ04")])).accepted();
    // A makerspace before it does not stop the clock.
    let maker = given([admitted("2024-01-01", 1, "WJ01"), left("2026-01-01", 1, "WJ01", "2024-01-01", OUT)]);
    maker.when(state([admitted("2026-01-01", 1, "WJ03")])).refused_at(Reason::AgeOverLimit, 7);
}

#[test]
fn the_age_clamps_to_the_end_of_a_month() {
    let leap = || given([registered("2024-02-29", 4)]);
    leap().when(state([admitted("2026-02-28", 4, "WJ03")])).accepted();
    leap().when(state([admitted("2026-03-01", 4, "WJ03")])).refused_at(Reason::AgeOverLimit, 10);
}

#[test]
fn a_firm_graduates() {
    for criterion in Criterion::ALL {
        let fact = graduated_by("2025-01-01", 1, "WJ03", "2024-01-01", *criterion);
        let done =
            given([admitted("2024-01-01", 1, "WJ03")]).when(state([fact.clone()]).open_stay()).then([fact.clone()]);
        done.when(state([fact]).open_stay()).same(Reason::Duplicate, 11);
    }
    let done = given([admitted("2024-01-01", 1, "WJ03"), graduated("2025-01-01", 1, "WJ03", "2024-01-01")]);
    let other = graduated_by("2025-01-01", 1, "WJ03", "2024-01-01", Criterion::Revenue);
    done.when(state([other])).refused_at(Reason::Conflict, 11);
}

#[test]
fn makerspaces_do_not_graduate_and_accelerators_do() {
    let maker = given([admitted("2024-01-01", 1, "WJ01")]);
    maker
        .when(state([graduated("2025-01-01", 1, "WJ01", "2024-01-01")]))
        .refused_at(Reason::MakerspaceCannotGraduate, 10);
    let fast = given([admitted("2024-01-01", 1, "WJ06")]);
    fast.when(state([graduated("2025-01-01", 1, "WJ06", "2024-01-01")])).accepted();
    // Also after an earlier graduation.
    let again = given([
        admitted("2024-01-01", 1, "WJ03"),
        graduated("2025-01-01", 1, "WJ03", "2024-01-01"),
        admitted("2025-01-01", 1, "WJ06"),
    ]);
    again.when(state([graduated("2026-01-01", 1, "WJ06", "2025-01-01")])).accepted();
}

#[test]
fn after_graduation_only_accelerators_admit() {
    let done = || given([admitted("2024-01-01", 1, "WJ03"), graduated("2025-01-01", 1, "WJ03", "2024-01-01")]);
    for (date, id) in [("2025-01-01", "WJ04"), ("2025-06-01", "WJ04"), ("2025-06-01", "WJ01"), ("2025-06-01", "WJ03")] {
        done().when(state([admitted(date, 1, id)])).refused_at(Reason::AlreadyGraduated, 11);
    }
    done().when(state([admitted("2025-01-01", 1, "WJ06")])).accepted();
    // Before it, another stay is a question of spans only.
    let before =
        [admitted("2023-06-01", 1, "WJ01"), left("2024-01-01", 1, "WJ01", "2023-06-01", LeaveKind::Transferred)];
    done().when(state(before)).accepted();
}

#[test]
fn a_transfer_is_a_leaving_and_an_admission_on_one_day() {
    let facts = |from: &str, to: &str| {
        let out = left("2024-06-01", 1, from, "2024-01-01", LeaveKind::Transferred);
        [out, admitted("2024-06-01", 1, to)]
    };
    let stay = || given([admitted("2024-01-01", 1, "WJ01")]);
    let moved = stay().when(state(facts("WJ01", "WJ03")).open_stay()).then(facts("WJ01", "WJ03"));
    moved.when(state(facts("WJ01", "WJ03")).open_stay()).same(Reason::Duplicate, 12);
    // All or nothing.
    stay().when(state(facts("WJ01", "WJ99")).open_stay()).refused(Reason::UnknownIncubator);
    stay().when(state(facts("WJ03", "WJ04")).open_stay()).refused(Reason::NoOpenStay);
    given([admitted("2024-01-01", 1, "WJ01"), deregistered("2024-06-01", 1)])
        .when(state(facts("WJ01", "WJ03")).open_stay())
        .refused_at(Reason::FirmDeregistered, 11);
    // TRANSFERRED needs no admission elsewhere.
    stay().when(state([left("2024-06-01", 1, "WJ01", "2024-01-01", LeaveKind::Transferred)])).accepted();
}

#[test]
fn rules_are_judged_in_their_order() {
    // References before sameness, sameness before rules, and the rules as they are listed.
    let stay = || given([admitted("2024-01-01", 1, "WJ03")]);
    stay().when(state([admitted_waived("2024-01-01", 1, "WJ03", "豁免")])).refused_at(Reason::Conflict, 10);
    stay().when(state([admitted("2026-01-01", 1, "WJ04")])).refused_at(Reason::OverlappingStay, 10);
    let backwards = [admitted("2026-01-02", 2, "WJ03"), left("2026-01-01", 2, "WJ03", "2026-01-02", OUT)];
    stay().when(state(backwards)).refused(Reason::LeftBeforeAdmitted);
    let old_and_gone = given([deregistered("2025-06-01", 1)]);
    old_and_gone.when(state([admitted("2025-06-01", 1, "WJ03")])).refused_at(Reason::AgeOverLimit, 7);
    let maker = given([admitted("2024-01-01", 1, "WJ01"), left("2024-02-01", 1, "WJ01", "2024-01-01", OUT)]);
    maker.when(state([graduated("2023-12-01", 1, "WJ01", "2024-01-01")])).refused_at(Reason::Conflict, 11);
}
