//! S2 and S3: when relief starts, what falls in which year, and who raised the firm. City's and district's VAT share: 25 %,
//! the district's 15 % (from 2024-07-01 17.5 %). The version of 2024: 80, 60 and 40 %, at most 800 000 yuan; awards 20 % of
//! the first year's, at most 100 000 yuan, by days.

use crate::common::world::{day, firm};
use crate::dsl::{Case, PARK, case, under};
use incubator_registry::domain::LeaveKind::{Graduated, Withdrawn};
use incubator_registry::domain::{AsOf, Event, Kind, Tax, TaxNature};
use incubator_registry::policy::Evaluation;
use incubator_registry::policy::Scheme::{CultivationAward as S3, RelocationRebate as S2};

/// Firm 7 in an incubator since 2022-01-01, settled 2024-01-10, in production 2024-02-01.
fn settled() -> Case {
    let mut case = case();
    raised(&mut case).settled(7, PARK, "2024-01-10", "2024-02-01");
    case
}

fn raised(case: &mut Case) -> &mut Case {
    case.carrier("WJ03", Kind::Incubator, 1, false).firm(7).admitted(7, "WJ03", "2022-01-01")
}

#[test]
fn windows_across_a_leap_day() {
    let mut case = settled();
    case.paid(7, "2024-02-29", Tax::Vat, 1000);
    case.paid(7, "2025-02-27", Tax::Vat, 10_000).paid(7, "2025-02-28", Tax::Vat, 100_000);
    case.paid(7, "2026-02-27", Tax::Vat, 1_000_000).paid(7, "2026-02-28", Tax::Vat, 10_000_000);
    case.gives(S2, "2025-02-26", &["year 1: 2024-02-29..2025-02-28 200 ACCRUING"]);
    case.gives(S2, "2025-02-27", &["year 1: 2024-02-29..2025-02-28 2200 COMPLETE"]);
    case.gives(
        S2,
        "2026-03-01",
        &[
            "year 1: 2024-02-29..2025-02-28 2200 COMPLETE",
            "year 2: 2025-02-28..2026-02-28 165000 COMPLETE",
            "year 3: 2026-02-28..2027-02-28 1000000 ACCRUING",
        ],
    );
    // The third year ends the relief; its first day after counts for none.
    case.paid(7, "2027-02-27", Tax::Vat, 1000).paid(7, "2027-02-28", Tax::Vat, 1_000_000);
    let third = "year 3: 2026-02-28..2027-02-28 1000100 COMPLETE";
    assert_eq!(case.entitlements("2027-12-31").iter().filter(|line| line.scheme == S2).count(), 3);
    let line = case.entitlements("2027-12-31").into_iter().rfind(|line| line.scheme == S2).unwrap();
    assert_eq!(format!("{} {} {}", line.period, line.amount_fen, line.status.key()), third);
    case.gives(S3, "2025-02-26", &[&format!("WJ03 {} 50 ACCRUING", firm(7))]);
    case.gives(S3, "2025-02-27", &[&format!("WJ03 {} 550 COMPLETE", firm(7))]);
}

#[test]
fn first_tax_is_a_positive_tax_since_production() {
    let mut case = settled();
    case.paid(7, "2024-01-31", Tax::Vat, 1000).paid(7, "2024-02-01", Tax::EduSurcharge, 1000);
    case.paid(7, "2024-02-02", Tax::Vat, -1000).receipt(7, "2024-02-03", Tax::Vat, 1000, TaxNature::LateFee);
    case.gives(S2, "2024-12-31", &["0 NOT_STARTED NO_TAX_PAID"]);
    // A tax outside the scheme's list starts it and counts nothing.
    case.paid(7, "2024-03-05", Tax::Lvat, 1000);
    case.gives(S2, "2024-03-05", &["year 1: 2024-03-05..2025-03-05 0 ACCRUING"]);
    case.paid(7, "2024-02-01", Tax::Vat, 1);
    case.gives(S2, "2024-03-05", &["year 1: 2024-02-01..2025-02-01 0 ACCRUING"]);
}

#[test]
fn a_refund_takes_the_retained_sum_no_lower_than_zero() {
    let mut case = settled();
    case.paid(7, "2024-03-01", Tax::Vat, 1000).paid(7, "2024-04-01", Tax::Vat, -5000);
    case.gives(
        S2,
        "2025-03-01",
        &["year 1: 2024-03-01..2025-03-01 0 COMPLETE", "year 2: 2025-03-01..2026-03-01 0 ACCRUING"],
    );
    case.gives(S3, "2025-03-01", &[&format!("WJ03 {} 0 COMPLETE", firm(7))]);
}

#[test]
fn half_a_fen_goes_up_and_less_does_not() {
    // 25 % × 80 % = a fifth: 2.5 fen of them is 0.5. District's share, version of 2021: 15 % × 100 %.
    let mut case = settled();
    case.paid(7, "2024-03-01", Tax::Vat, 2);
    case.gives(S2, "2024-03-01", &["year 1: 2024-03-01..2025-03-01 0 ACCRUING"]);
    case.paid(7, "2024-03-02", Tax::Cit, 1);
    // 2 × 25 % × 80 % + 1 × 20 % × 80 % = 0.56.
    case.gives(S2, "2024-03-02", &["year 1: 2024-03-01..2025-03-01 1 ACCRUING"]);
    let mut exact = under(&[("rate_ppm_by_year = [800000", "rate_ppm_by_year = [500000")]);
    raised(&mut exact).settled(7, PARK, "2024-01-10", "2024-02-01").paid(7, "2024-03-01", Tax::Vat, 4);
    exact.gives(S2, "2024-03-01", &["year 1: 2024-03-01..2025-03-01 1 ACCRUING"]);
}

#[test]
fn who_was_incubated_on_the_day_it_settled() {
    let none = ["0 INELIGIBLE NOT_INCUBATED"];
    for (leaves, ineligible) in [
        (Some(("2024-01-10", Withdrawn)), true),
        (Some(("2024-01-11", Withdrawn)), false),
        (Some(("2024-01-10", Graduated)), false),
        (Some(("2023-05-01", Graduated)), false),
        (Some(("2023-05-01", Withdrawn)), true),
        (None, false),
    ] {
        let mut case = settled();
        if let Some((date, kind)) = leaves {
            case.left(7, "WJ03", "2022-01-01", date, kind);
        }
        if ineligible {
            case.gives(S2, "2024-12-31", &none);
        } else {
            case.gives(S2, "2024-12-31", &["0 NOT_STARTED NO_TAX_PAID"]);
        }
    }
    let mut case = case();
    raised(&mut case).fact(
        "2024-01-10",
        Event::FirmSettled { firm: firm(7), park: crate::common::world::park(PARK), assessment: None },
    );
    case.gives(S2, "2024-01-09", &[]);
    case.gives(S2, "2024-01-10", &["0 NOT_STARTED NOT_IN_PRODUCTION"]);
}

#[test]
fn after_deregistration_nothing_counts_and_no_year_begins() {
    let mut case = settled();
    case.paid(7, "2024-03-01", Tax::Vat, 1000).paid(7, "2025-02-28", Tax::Vat, 1000).paid(
        7,
        "2025-03-01",
        Tax::Vat,
        5000,
    );
    let mut later = case.world.clone();
    case.deregistered(7, "2025-03-01");
    case.gives(S2, "2026-12-31", &["year 1: 2024-03-01..2025-03-01 400 COMPLETE"]);
    later.record(vec![(day("2025-03-02"), Event::FirmDeregistered { firm: firm(7) })]);
    case.world = later;
    case.gives(
        S2,
        "2026-12-31",
        &["year 1: 2024-03-01..2025-03-01 400 COMPLETE", "year 2: 2025-03-01..2026-03-01 750 COMPLETE"],
    );
}

#[test]
fn a_year_follows_the_version_of_its_first_day() {
    let mut case = case();
    raised(&mut case).settled(7, PARK, "2022-05-01", "2022-12-31");
    // The first year under the version of 2021 (100 % of the district's), the second under that of 2024.
    case.paid(7, "2023-01-01", Tax::Vat, 1000).paid(7, "2024-01-01", Tax::Vat, 1000);
    case.gives(
        S2,
        "2024-12-31",
        &["year 1: 2023-01-01..2024-01-01 150 COMPLETE", "year 2: 2024-01-01..2025-01-01 150 COMPLETE"],
    );
    let versions: Vec<_> = case.entitlements("2024-12-31").iter().filter_map(|line| line.version).collect();
    assert!(versions.contains(&day("2021-01-01")) && versions.contains(&day("2024-01-01")));
    case.gives(S3, "2023-01-01", &[&format!("WJ03 {} 5000000 COMPLETE", firm(7))]);
}

#[test]
fn years_before_any_policy() {
    let mut case = case();
    case.carrier("WJ03", Kind::Incubator, 1, false).firm(7).admitted(7, "WJ03", "2019-01-01");
    case.settled(7, PARK, "2020-01-10", "2020-02-01").paid(7, "2020-03-01", Tax::Vat, 1000);
    case.paid(7, "2021-03-01", Tax::Vat, 1000);
    case.gives(
        S2,
        "2021-12-31",
        &[
            "year 1: 2020-03-01..2021-03-01 0 COMPLETE NO_POLICY_IN_FORCE",
            "year 2: 2021-03-01..2022-03-01 105 ACCRUING",
        ],
    );
    case.gives(S3, "2021-12-31", &[]);
    let line = &case.entitlements("2021-12-31")[1];
    assert_eq!((line.payer.clone(), line.version), (None, None));
}

#[test]
fn the_treasury_is_that_of_the_first_day_and_a_recorded_one_wins() {
    let mut case = settled();
    case.paid(7, "2024-03-01", Tax::Vat, 1000);
    let payers = |case: &Case| {
        let lines = case.entitlements("2025-12-31");
        let of = |line: &incubator_registry::policy::Entitlement| line.payer.as_ref().map(|payer| payer.code.clone());
        lines.iter().filter(|line| [S2, S3].contains(&line.scheme)).map(of).collect::<Vec<_>>()
    };
    let listed = Some("440203900".to_owned());
    assert_eq!(payers(&case), [listed.clone(), listed.clone(), listed.clone()]);
    case.treasury(PARK, "2024-03-02", "440200111");
    let recorded = |code: &str| Some(code.to_owned());
    assert_eq!(payers(&case), [listed.clone(), recorded("440200111"), listed.clone()]);
    case.treasury(PARK, "2024-03-01", "440200222");
    assert_eq!(payers(&case), [recorded("440200222"), recorded("440200111"), recorded("440200222")]);
}

#[test]
fn a_park_without_a_treasury_is_paid_by_nobody() {
    let mut case = case();
    raised(&mut case).settled(7, "无名园区", "2024-01-10", "2024-02-01").paid(7, "2024-03-01", Tax::Vat, 1000);
    case.gives(S2, "2024-12-31", &["year 1: 2024-03-01..2025-03-01 200 ACCRUING PAYER_UNKNOWN"]);
    case.gives(S3, "2024-12-31", &[&format!("WJ03 {} 50 ACCRUING PAYER_UNKNOWN", firm(7))]);
    assert!(case.entitlements("2024-12-31").iter().filter(|l| l.scheme == S2).all(|l| l.payer.is_none()));
}

#[test]
fn days_are_split_by_largest_remainder_with_ties_to_the_smaller_id() {
    let mut case = case();
    for id in ["WJ05", "WJ04", "WJ03"] {
        case.carrier(id, Kind::Makerspace, 1, false);
    }
    // Ten days each, the last one broken off by the settling.
    case.firm(7).admitted(7, "WJ05", "2023-12-11").left(7, "WJ05", "2023-12-11", "2023-12-21", Withdrawn);
    case.admitted(7, "WJ04", "2023-12-21").left(7, "WJ04", "2023-12-21", "2023-12-31", Withdrawn);
    case.admitted(7, "WJ03", "2023-12-31").settled(7, PARK, "2024-01-10", "2024-01-10");
    let of = |id: &str, fen: i64| format!("{id} {} {fen} ACCRUING", firm(7));
    // 2000 × 25 % × 20 % = 100.
    case.paid(7, "2024-03-01", Tax::Vat, 2000);
    case.gives(S3, "2024-12-31", &[&of("WJ03", 34), &of("WJ04", 33), &of("WJ05", 33)]);
    case.paid(7, "2024-03-01", Tax::Vat, 20);
    case.gives(S3, "2024-12-31", &[&of("WJ03", 34), &of("WJ04", 34), &of("WJ05", 33)]);
    // The cap is on the firm's award, before the split.
    case.paid(7, "2024-03-01", Tax::Umct, 100_000_000);
    case.gives(S3, "2024-12-31", &[&of("WJ03", 3_333_334), &of("WJ04", 3_333_333), &of("WJ05", 3_333_333)]);
}

#[test]
fn without_a_day_of_stays_the_last_carrier_has_it_all() {
    let mut case = case();
    case.carrier("WJ03", Kind::Incubator, 1, false).carrier("WJ04", Kind::Incubator, 2, false);
    case.firm(7).admitted(7, "WJ04", "2024-01-10").settled(7, PARK, "2024-01-10", "2024-01-10");
    case.paid(7, "2024-03-01", Tax::Vat, 2000);
    case.operator("WJ04", "2024-03-02", 3, false);
    case.gives(S3, "2024-12-31", &[&format!("WJ04 {} 100 ACCRUING", firm(7))]);
    let award = case.entitlements("2024-12-31").into_iter().find(|line| line.scheme == S3).unwrap();
    assert_eq!(award.payee, Some(firm(2)));
    // A carrier with 0 days has no line beside one with days.
    let mut case = settled();
    case.carrier("WJ04", Kind::Accelerator, 2, false).left(7, "WJ03", "2022-01-01", "2024-01-10", Graduated);
    case.admitted(7, "WJ04", "2024-01-10").paid(7, "2024-03-01", Tax::Vat, 2000);
    case.gives(S3, "2024-12-31", &[&format!("WJ03 {} 100 ACCRUING", firm(7))]);
}

#[test]
fn a_year_past_the_versions_list_is_none() {
    let mut case =
        under(&[("[800000, 600000, 400000]", "[800000, 600000]"), ("[1000000, 700000, 500000]", "[1000000]")]);
    raised(&mut case).settled(7, PARK, "2024-01-10", "2024-02-01").paid(7, "2024-03-01", Tax::Vat, 1000);
    assert_eq!(case.entitlements("2029-12-31").iter().filter(|line| line.scheme == S2).count(), 2);
}

#[test]
fn what_was_known_then_is_a_filter() {
    let mut case = settled();
    case.paid(7, "2024-03-01", Tax::Vat, 1000);
    let known = case.world.registry.position();
    case.paid(7, "2024-03-02", Tax::Vat, 1000);
    let voided = Event::FactsVoided { positions: vec![known], reason: "误".into(), decided_by: "局".into() };
    case.fact("2024-12-31", voided);
    case.gives(S2, "2024-12-31", &["year 1: 2024-03-02..2025-03-02 200 ACCRUING"]);
    let then = AsOf { day: day("2024-12-31"), known };
    let lines = Evaluation::new(&case.world.registry, &case.policy, then).all();
    assert_eq!(lines.iter().find(|l| l.scheme == S2).unwrap().period.to_string(), "year 1: 2024-03-01..2025-03-01");
}
