//! The district's limits: dated facts, and what recorded admissions hold against moving them.

use crate::dsl::*;
use crate::world::day;
use incubator_registry::domain::settings::limits_on;
use incubator_registry::domain::{AsOf, Limits, Reason};

#[test]
fn limits_are_set_from_a_day_on() {
    let fact = limits_set("2024-01-01", 36);
    let done = given([]).when(state([fact.clone()])).then([fact.clone()]);
    let done = done.when(state([fact])).same(Reason::Duplicate, 10);
    let done = done.when(state([limits_set("2024-01-01", 30)])).refused_at(Reason::Conflict, 10);
    let months = |date| limits_on(done.registry().settings(), day(date), AsOf::NOW).unwrap().admission_age_months;
    assert_eq!(["1900-01-01", "2023-12-31", "2024-01-01"].map(months), [24, 24, 36]);
    given([]).when(state([limits_set("2026-11-25", 36)])).refused(Reason::DateInFuture);
}

#[test]
fn the_limit_of_the_admission_day_decides() {
    let longer = || given([limits_set("2025-06-01", 36)]);
    longer().when(state([admitted("2025-06-01", 1, "WJ03")])).accepted();
    longer().when(state([admitted("2025-05-31", 1, "WJ03")])).refused_at(Reason::AgeOverLimit, 7);
    longer().when(state([admitted("2026-01-02", 1, "WJ03")])).refused_at(Reason::AgeOverLimit, 7);
}

#[test]
fn a_limit_that_breaks_recorded_admissions_has_dependents() {
    // Registered on 2023-01-01; admitted at 20, 20 and 6 months.
    let stays = || {
        given([admitted("2024-09-01", 1, "WJ03"), admitted("2024-09-01", 2, "WJ04"), admitted("2023-07-01", 3, "WJ03")])
    };
    stays().when(state([limits_set("2024-01-01", 12)])).has_dependents(&[10, 11]);
    stays().when(state([limits_set("2024-01-01", 20)])).accepted();
    stays().when(state([limits_set("2024-09-02", 12)])).accepted();
    // A waiver waives it.
    given([admitted_waived("2024-09-01", 1, "WJ03", "豁免")]).when(state([limits_set("2024-01-01", 12)])).accepted();
    // Nor can a limit be taken back that an admission rests on.
    let rests = given([limits_set("2025-01-01", 36), admitted("2025-06-01", 1, "WJ03")]);
    rests.when(void(&[10])).has_dependents(&[11]);
}

#[test]
fn a_district_is_never_without_limits() {
    given([]).when(void(&[2])).has_dependents(&[2]);
    given([limits_set("2024-01-01", 36)]).when(void(&[2])).has_dependents(&[2]);
    // Beside the limits, an admission that had kept them is named: here at 20 months, where only 12 would be left to it.
    let late = given([admitted("2024-09-01", 1, "WJ03"), admitted("2023-07-01", 2, "WJ03")]);
    late.when(state([limits_set("2024-01-01", 12)]).replacing(&[2])).has_dependents(&[2, 10]);
    let again = limits_set("1900-01-01", 30);
    given([]).when(state([again.clone()]).replacing(&[2])).then([voided(&[2]), again]);
}

#[test]
fn limits_are_checked_and_put_in_order() {
    let plan = crate::world::limits();
    assert_eq!(plan.extended_fields, ["现代农业", "生物医药", "集成电路设计"]);
    for wrong in [
        Limits { admission_age_months: 0, ..plan.clone() },
        Limits { incubation_months: 1201, ..plan.clone() },
        Limits { revenue_over_fen: -1, ..plan.clone() },
    ] {
        assert_eq!(wrong.checked().unwrap_err().reason, Reason::OutOfRange);
    }
    assert_eq!((plan.incubation_months_of("新材料"), plan.incubation_months_of("生物医药")), (48, 60));
}
