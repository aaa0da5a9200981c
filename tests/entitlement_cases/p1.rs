//! P1: technology transfers at their edges. From 2022: institutions 3 %, individuals 5 %, at most 200 000 yuan; from 2024: 2 %,
//! 1 %, at most 100 000 yuan; due twelve months after the completion.

use crate::common::world::firm;
use crate::dsl::{Case, neighbours, neighbours_under};
use incubator_registry::policy::Scheme::TechnologyTransfer as P1;

/// An individual on record since 2022-06-01, an institution (firm 8's code) since 2022-06-02, and firm 1.
fn on_record(mut case: Case) -> Case {
    case.firm(1).individual("经纪", "2022-06-01").institution(8, "2022-06-02");
    case
}

#[test]
fn the_intermediary_is_on_record_before_the_day_on_which_it_begins() {
    let mut case = on_record(neighbours());
    case.transferred("T1", "经纪", 1, "2022-06-01", "2022-07-01", 100_000);
    case.transferred("T2", "经纪", 1, "2022-06-02", "2022-07-02", 100_000);
    case.gives(P1, "2023-07-02", &["T1 0 INELIGIBLE NOT_REGISTERED_BEFORE", "T2 5000 COMPLETE"]);
}

#[test]
fn a_year_passes_from_the_completion() {
    let mut case = on_record(neighbours());
    case.transferred("T1", "经纪", 1, "2023-01-01", "2024-02-29", 100_000);
    case.gives(P1, "2024-02-28", &[]);
    case.gives(P1, "2024-02-29", &["T1 1000 ACCRUING"]);
    case.gives(P1, "2025-02-27", &["T1 1000 ACCRUING"]);
    case.gives(P1, "2025-02-28", &["T1 1000 COMPLETE"]);
    // The waiting time is the policy's.
    let mut case = on_record(neighbours_under(&[("waiting_months = 12", "waiting_months = 0")]));
    case.transferred("T1", "经纪", 1, "2023-01-01", "2024-02-29", 100_000);
    case.gives(P1, "2024-02-29", &["T1 1000 COMPLETE"]);
}

#[test]
fn the_version_of_the_completion_and_the_rate_of_the_party_hold() {
    let mut case = on_record(neighbours());
    let institution = firm(8).to_string();
    case.transferred("T0", "经纪", 1, "2021-06-01", "2021-12-31", 100_000);
    case.transferred("T1", &institution, 1, "2023-01-01", "2023-12-31", 100_000);
    case.transferred("T2", &institution, 1, "2023-01-01", "2024-01-01", 100_000);
    case.transferred("T3", "经纪", 1, "2023-01-01", "2023-12-31", 100_000);
    // Before any version there is no line. By intermediary: its code comes before the other's id.
    case.gives(P1, "2025-01-01", &["T1 3000 COMPLETE", "T2 2000 COMPLETE", "T3 5000 COMPLETE"]);
}

#[test]
fn half_a_fen_goes_up_and_the_cap_is_of_a_transfer() {
    let mut case = on_record(neighbours());
    case.transferred("T1", "经纪", 1, "2024-01-01", "2024-02-01", 50);
    case.transferred("T2", "经纪", 1, "2024-01-01", "2024-02-02", 49);
    case.transferred("T3", "经纪", 1, "2024-01-01", "2024-02-03", 1_000_000_000);
    case.transferred("T4", "经纪", 1, "2024-01-01", "2024-02-04", 1_000_000_001);
    case.transferred("T5", "经纪", 1, "2024-01-01", "2024-02-05", 1_000_000_050);
    let each =
        ["T1 1 COMPLETE", "T2 0 COMPLETE", "T3 10000000 COMPLETE", "T4 10000000 COMPLETE", "T5 10000000 COMPLETE"];
    case.gives(P1, "2025-12-31", &each);
    // 0 as a cap is none.
    let mut case = on_record(neighbours_under(&[("cap_per_transfer_fen = 10000000", "cap_per_transfer_fen = 0")]));
    case.transferred("T5", "经纪", 1, "2024-01-01", "2024-02-05", 1_000_000_050);
    case.gives(P1, "2025-12-31", &["T5 10000001 COMPLETE"]);
}

#[test]
fn an_institution_that_was_struck_off_by_the_completion_gets_nothing() {
    let mut case = on_record(neighbours());
    case.firm(8).deregistered(8, "2024-03-02");
    let institution = firm(8).to_string();
    case.transferred("T1", &institution, 1, "2024-01-01", "2024-03-01", 100_000);
    case.transferred("T2", &institution, 1, "2024-01-01", "2024-03-02", 100_000);
    case.gives(P1, "2024-03-01", &["T1 2000 ACCRUING"]);
    case.gives(P1, "2025-12-31", &["T1 2000 COMPLETE", "T2 0 INELIGIBLE DEREGISTERED"]);
}

#[test]
fn without_a_review_it_is_suspended_and_without_a_payer_not_claimable() {
    let reviewed = "fair_competition_review = \"2023-11-20\"\ninstitution_rate_ppm";
    let mut case = on_record(neighbours_under(&[(reviewed, "institution_rate_ppm")]));
    case.transferred("T1", "经纪", 1, "2024-01-01", "2024-03-01", 100_000);
    let suspended = |date| case.entitlements(date)[0].suspended;
    assert_eq!((suspended("2024-07-31"), suspended("2024-08-01")), (false, true));
    let mut case = on_record(neighbours_under(&[("role = \"DISTRICT\"", "role = \"PARK\"\nparks = [\"甲\"]")]));
    case.transferred("T1", "经纪", 1, "2024-01-01", "2024-03-01", 100_000);
    case.gives(P1, "2025-12-31", &["T1 1000 COMPLETE PAYER_UNKNOWN"]);
}
