//! P4: instruments at their edges. From 2022: 10 % of the price, at most 200 000 yuan; 20 % of a year's open running cost, at
//! most 50 000; from 2025: 8 %, no cap; 15 %. A price of at least 500 000 yuan.

use crate::dsl::{Case, PARK, neighbours, neighbours_under};
use incubator_registry::policy::Scheme::InstrumentSharing as P4;

const LEAST: i64 = 50_000_000;

/// Firm 1.
fn owner(mut case: Case) -> Case {
    case.firm(1);
    case
}

#[test]
fn exactly_the_minimum_is_enough_and_a_fen_less_is_not() {
    let mut case = owner(neighbours());
    case.catalogued("YQ1", 1, LEAST, "2023-01-01").catalogued("YQ2", 1, LEAST - 1, "2023-01-01");
    case.ran("YQ1", 2023, 1000).ran("YQ2", 2023, 1000);
    let below = "INELIGIBLE PRICE_BELOW_MINIMUM";
    let (bought, ran) = (format!("YQ2 purchase 0 {below}"), format!("YQ2 2023 0 {below}"));
    case.gives(P4, "2023-12-31", &["YQ1 purchase 5000000 COMPLETE", "YQ1 2023 200 COMPLETE", &bought, &ran]);
    // The minimum is the version's, on each day that decides.
    let mut case = owner(neighbours_under(&[(
        "minimum_price_fen = 50000000\npurchase_rate_ppm = 80000",
        "minimum_price_fen = 50000001\npurchase_rate_ppm = 80000",
    )]));
    case.catalogued("YQ1", 1, LEAST, "2024-12-31").ran("YQ1", 2024, 1000).ran("YQ1", 2025, 1000);
    let all = ["YQ1 purchase 5000000 COMPLETE", "YQ1 2024 200 COMPLETE", &format!("YQ1 2025 0 {below}")];
    case.gives(P4, "2025-12-31", &all);
}

#[test]
fn the_price_counts_once_on_the_day_of_the_entry_under_its_version() {
    let mut case = owner(neighbours());
    case.catalogued("YQ0", 1, LEAST, "2021-12-31").catalogued("YQ1", 1, LEAST, "2024-12-31");
    case.catalogued("YQ2", 1, LEAST, "2025-01-01");
    // Before any version there is no line; before its day an instrument has none.
    case.gives(P4, "2024-12-30", &[]).gives(P4, "2024-12-31", &["YQ1 purchase 5000000 COMPLETE"]);
    case.gives(P4, "2025-12-31", &["YQ1 purchase 5000000 COMPLETE", "YQ2 purchase 4000000 COMPLETE"]);
}

#[test]
fn half_a_fen_goes_up_and_both_parts_have_their_caps() {
    let mut case = owner(neighbours());
    case.catalogued("YQ1", 1, 50_000_005, "2023-01-01").catalogued("YQ2", 1, 200_000_005, "2023-01-01");
    case.ran("YQ1", 2023, 3).ran("YQ2", 2023, 25_000_003);
    let first = ["YQ1 purchase 5000001 COMPLETE", "YQ1 2023 1 COMPLETE"];
    let second = ["YQ2 purchase 20000000 COMPLETE", "YQ2 2023 5000000 COMPLETE"];
    case.gives(P4, "2023-12-31", &[first, second].concat());
}

#[test]
fn a_year_counts_where_it_was_in_the_catalogue_on_some_day() {
    let mut case = owner(neighbours());
    case.catalogued("YQ1", 1, LEAST, "2022-12-31").removed("YQ1", "2024-01-02");
    case.catalogued("YQ2", 1, LEAST, "2023-01-01").removed("YQ2", "2024-01-01");
    for year in 2022..=2025 {
        case.ran("YQ1", year, 1000).ran("YQ2", year, 1000);
    }
    let out = |id: &str, year: i16| format!("{id} {year} 0 COMPLETE NOT_IN_CATALOGUE");
    let (late, last) = (out("YQ1", 2025), out("YQ2", 2025));
    let all = [
        "YQ1 purchase 5000000 COMPLETE",
        "YQ1 2022 200 COMPLETE",
        "YQ1 2023 200 COMPLETE",
        "YQ1 2024 200 COMPLETE",
        &late,
        "YQ2 purchase 5000000 COMPLETE",
        &out("YQ2", 2022),
        "YQ2 2023 200 COMPLETE",
        &out("YQ2", 2024),
        &last,
    ];
    case.gives(P4, "2025-12-31", &all);
}

#[test]
fn what_left_on_the_day_it_entered_was_never_in() {
    let mut case = owner(neighbours());
    case.catalogued("YQ1", 1, LEAST, "2023-05-01").removed("YQ1", "2023-05-01").ran("YQ1", 2023, 1000);
    case.gives(
        P4,
        "2023-12-31",
        &["YQ1 purchase 0 INELIGIBLE NOT_IN_CATALOGUE", "YQ1 2023 0 COMPLETE NOT_IN_CATALOGUE"],
    );
}

#[test]
fn an_owner_struck_off_by_the_last_day_gets_nothing_for_the_year() {
    let mut case = owner(neighbours());
    case.catalogued("YQ1", 1, LEAST, "2023-05-01").ran("YQ1", 2023, 1000).ran("YQ1", 2024, 1000);
    case.deregistered(1, "2024-12-31");
    let bought = "YQ1 purchase 5000000 COMPLETE";
    case.gives(P4, "2024-12-30", &[bought, "YQ1 2023 200 COMPLETE"]);
    case.gives(P4, "2024-12-31", &[bought, "YQ1 2023 200 COMPLETE", "YQ1 2024 0 COMPLETE DEREGISTERED"]);
}

#[test]
fn a_parks_treasury_pays_where_the_policy_says_so() {
    let park = "[[treasury]]\ncode = \"440203900\"\nname = \"园区\"\nrole = \"PARK\"\nparks = [\"武江甘棠园区\"]\n\n[[treasury]]";
    let by_park = "cap_per_year_fen = 5000000\npayer = \"PARK_TREASURY\"";
    let mut case = owner(neighbours_under(&[
        ("[[treasury]]", park),
        ("cap_per_year_fen = 5000000\npayer = \"DISTRICT\"", by_park),
    ]));
    case.catalogued("YQ1", 1, LEAST, "2023-05-01").ran("YQ1", 2023, 1000).settled(1, PARK, "2023-12-31", "2023-12-31");
    case.gives(P4, "2023-12-31", &["YQ1 purchase 5000000 COMPLETE PAYER_UNKNOWN", "YQ1 2023 200 COMPLETE"]);
    let paid_by = case.entitlements("2023-12-31")[1].payer.clone();
    assert_eq!(paid_by.map(|payer| payer.code), Some("440203900".to_owned()));
}
