//! P2 and P3: platforms at their edges. P2 from 2022: 20 %, at most 300 000 yuan; from July 2024: 15 %; at least 30 % open.
//! P3 from 2022: 10 %, at most a million; from 2024: 8 %, at most 500 000 yuan.

use crate::dsl::{Case, neighbours, neighbours_under};
use incubator_registry::domain::PlatformKind::{Pilot, Research, Testing};
use incubator_registry::policy::Scheme::{OpenPlatform as P2, PlatformConstruction as P3};

/// A testing platform run by firm number 9.
fn one(mut case: Case) -> Case {
    case.platform("PT1", Testing, 9, "2022-03-01");
    case
}

#[test]
fn exactly_the_share_is_enough_and_an_hour_less_is_not() {
    let mut case = one(neighbours());
    // 3 of 10; 299 999 of a million; 333 333 334 of 1 000 000 000, which no float of a percentage decides.
    case.reported("PT1", 2022, (10, 3), 1000, 0).reported("PT1", 2023, (1_000_000, 299_999), 1000, 0);
    case.gives(P2, "2023-12-31", &["PT1 2022 200 COMPLETE", "PT1 2023 0 COMPLETE OPEN_SHARE_TOO_SMALL"]);
    let third = [("minimum_open_ppm = 300000", "minimum_open_ppm = 333333")];
    let mut case = one(neighbours_under(&third));
    case.reported("PT1", 2022, (3, 1), 1000, 0).reported("PT1", 2023, (1_000_000_000, 333_332_999), 1000, 0);
    case.gives(P2, "2023-12-31", &["PT1 2022 200 COMPLETE", "PT1 2023 0 COMPLETE OPEN_SHARE_TOO_SMALL"]);
}

#[test]
fn without_capacity_nothing_is_open() {
    let mut case = one(neighbours());
    case.reported("PT1", 2022, (0, 0), 1000, 0);
    case.gives(P2, "2022-12-31", &["PT1 2022 0 COMPLETE NO_CAPACITY"]);
}

#[test]
fn a_year_counts_from_its_last_day_and_under_the_version_of_that_day() {
    let mut case = one(neighbours());
    case.reported("PT1", 2021, (1, 1), 1000, 1000).reported("PT1", 2022, (1, 1), 1000, 1000);
    case.reported("PT1", 2024, (1, 1), 1000, 1000);
    // Before any version there is no line.
    case.gives(P2, "2022-12-30", &[]).gives(P3, "2022-12-30", &[]);
    case.gives(P2, "2024-12-30", &["PT1 2022 200 COMPLETE"]);
    case.gives(P2, "2024-12-31", &["PT1 2022 200 COMPLETE", "PT1 2024 150 COMPLETE"]);
    case.gives(P3, "2024-12-31", &["PT1 2022 100 COMPLETE", "PT1 2024 80 COMPLETE"]);
}

#[test]
fn half_a_fen_goes_up_and_a_year_has_its_cap() {
    let mut case = one(neighbours());
    // 20 % of 2 and 3 fen; 10 % of 4 and 5 fen.
    case.reported("PT1", 2022, (1, 1), 2, 4).reported("PT1", 2023, (1, 1), 3, 5);
    case.gives(P2, "2023-12-31", &["PT1 2022 0 COMPLETE", "PT1 2023 1 COMPLETE"]);
    case.gives(P3, "2023-12-31", &["PT1 2022 0 COMPLETE", "PT1 2023 1 COMPLETE"]);
    let mut case = one(neighbours());
    case.reported("PT1", 2022, (1, 1), 150_000_003, 1_000_000_005).reported(
        "PT1",
        2024,
        (1, 1),
        200_000_000,
        1_000_000_000,
    );
    case.gives(P2, "2024-12-31", &["PT1 2022 30000000 COMPLETE", "PT1 2024 30000000 COMPLETE"]);
    case.gives(P3, "2024-12-31", &["PT1 2022 100000000 COMPLETE", "PT1 2024 50000000 COMPLETE"]);
}

#[test]
fn input_counts_to_the_year_of_completion() {
    let mut case = one(neighbours());
    for year in 2022..=2024 {
        case.reported("PT1", year, (0, 0), 0, 1000);
    }
    case.completed("PT1", "2023-01-01");
    // The completion is not known before its day.
    case.gives(P3, "2022-12-31", &["PT1 2022 100 COMPLETE"]);
    let all = ["PT1 2022 100 COMPLETE", "PT1 2023 100 COMPLETE", "PT1 2024 0 COMPLETE CONSTRUCTION_OVER"];
    case.gives(P3, "2024-12-31", &all);
}

#[test]
fn years_without_input_and_platforms_of_other_kinds_have_no_line() {
    let mut case = neighbours();
    case.platform("PT1", Pilot, 9, "2022-01-01").reported("PT1", 2022, (1, 1), 1000, 0);
    case.platform("PT2", Research, 9, "2022-01-01").reported("PT2", 2022, (1, 1), 1000, 1000);
    case.gives(P2, "2022-12-31", &["PT2 2022 200 COMPLETE"]);
    case.gives(P3, "2022-12-31", &["PT2 2022 100 COMPLETE"]);
}

#[test]
fn an_operator_struck_off_by_the_last_day_gets_nothing_for_the_year() {
    let mut case = one(neighbours());
    case.firm(9).deregistered(9, "2023-12-31");
    case.reported("PT1", 2022, (1, 1), 1000, 1000).reported("PT1", 2023, (1, 1), 1000, 1000);
    case.gives(P2, "2023-12-31", &["PT1 2022 200 COMPLETE", "PT1 2023 0 COMPLETE DEREGISTERED"]);
    case.gives(P3, "2023-12-31", &["PT1 2022 100 COMPLETE", "PT1 2023 0 COMPLETE DEREGISTERED"]);
    let mut case = one(neighbours());
    case.firm(9).deregistered(9, "2024-01-01").reported("PT1", 2023, (1, 1), 1000, 1000);
    case.gives(P2, "2024-01-01", &["PT1 2023 200 COMPLETE"]);
}

#[test]
fn a_version_that_ended_leaves_lines_of_0_to_its_kinds() {
    let until =
        "from = \"2024-01-01\"\nuntil = \"2024-12-31\"\ndocument_no = \"示例〔2023〕20号\"\nclause = \"第六条\"";
    let from = until.replace("until = \"2024-12-31\"\n", "");
    let mut case = one(neighbours_under(&[(&from, until)]));
    case.reported("PT1", 2023, (0, 0), 0, 1000).reported("PT1", 2024, (0, 0), 0, 1000);
    case.gives(P3, "2024-12-31", &["PT1 2023 100 COMPLETE", "PT1 2024 0 COMPLETE NO_POLICY_IN_FORCE"]);
}

#[test]
fn without_a_review_a_version_is_suspended() {
    let reviewed = "clause = \"第六条\"\nfair_competition_review = \"2023-11-20\"";
    let mut case = one(neighbours_under(&[(reviewed, "clause = \"第六条\"")]));
    case.reported("PT1", 2023, (0, 0), 0, 1000).reported("PT1", 2024, (0, 0), 0, 1000);
    let built: Vec<bool> =
        case.entitlements("2024-12-31").iter().filter(|line| line.scheme == P3).map(|line| line.suspended).collect();
    assert_eq!(built, [false, true]);
}
