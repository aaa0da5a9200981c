//! S1: recognitions, operators, seed funds, and which carrier a receipt counts for. District's VAT share: 15 %, from
//! 2024-07-01 17.5 %; rate 50 %, from 2024 40 % and at most 300 000 yuan.

use crate::common::world::{carrier, firm};
use crate::dsl::{Case, case, under};
use incubator_registry::domain::{Kind, Level, Tax, TaxNature};
use incubator_registry::policy::Scheme::IncubatorTaxRebate as S1;
use incubator_registry::policy::{Evaluation, NoTrace};

/// One policy year: the version of 2024 alone, from the start of 2024.
fn of_2024() -> Case {
    under(&[(
        "id = \"incubator_tax_rebate\"\nfrom = \"2021-01-01\"",
        "id = \"incubator_tax_rebate\"\nfrom = \"2024-01-01\"\nuntil = \"2024-01-01\"",
    )])
}

/// A recognised incubator run by firm 1.
fn one(case: &mut Case) -> &mut Case {
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2023-01-01")
}

#[test]
fn a_year_is_complete_on_its_last_day() {
    let mut case = of_2024();
    one(&mut case).paid(1, "2024-03-01", Tax::Vat, 100_000);
    case.gives(S1, "2024-12-30", &["WJ03 2024 6000 ACCRUING"]);
    case.gives(S1, "2024-12-31", &["WJ03 2024 6000 COMPLETE"]);
    case.gives(S1, "2024-02-29", &["WJ03 2024 0 ACCRUING"]);
    case.gives(S1, "2023-12-31", &[]);
}

#[test]
fn the_share_is_that_of_the_day_and_half_a_fen_goes_up() {
    let mut case = of_2024();
    // 25 × 15 % × 40 % = 1.5 fen; 24 gives 1.44; one of each table: 25 × 15 % × 40 % + 25 × 17.5 % × 40 % = 3.25.
    one(&mut case).paid(1, "2024-06-30", Tax::Vat, 25);
    case.gives(S1, "2024-12-31", &["WJ03 2024 2 COMPLETE"]);
    case.paid(1, "2024-07-01", Tax::Vat, 25);
    case.gives(S1, "2024-12-31", &["WJ03 2024 3 COMPLETE"]);
    let mut case = of_2024();
    one(&mut case).paid(1, "2024-06-30", Tax::Vat, 24);
    case.gives(S1, "2024-12-31", &["WJ03 2024 1 COMPLETE"]);
}

#[test]
fn refunds_count_down_to_zero_and_fees_never() {
    let mut case = of_2024();
    one(&mut case).paid(1, "2024-03-01", Tax::Vat, 100_000).paid(1, "2024-04-01", Tax::Vat, -40_000);
    for nature in [TaxNature::LateFee, TaxNature::Penalty, TaxNature::AuditSupplement] {
        case.receipt(1, "2024-03-01", Tax::Vat, 1_000_000, nature);
    }
    case.paid(1, "2024-03-01", Tax::Lvat, 1_000_000).paid(1, "2024-03-01", Tax::EduSurcharge, 1_000_000);
    case.gives(S1, "2024-12-31", &["WJ03 2024 3600 COMPLETE"]);
    case.paid(1, "2024-05-01", Tax::Vat, -60_001);
    case.gives(S1, "2024-12-31", &["WJ03 2024 0 COMPLETE"]);
}

#[test]
fn a_recognition_revoked_within_the_year_counts_to_the_day_before() {
    let mut case = under(&[]);
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2023-03-01");
    case.revoked("WJ03", Level::District, "2023-03-01", "2024-06-01");
    for date in ["2023-02-28", "2023-03-01", "2024-05-31", "2024-06-01"] {
        case.paid(1, date, Tax::Vat, 100_000);
    }
    case.gives(
        S1,
        "2025-01-01",
        &[
            "WJ03 2021 0 COMPLETE NOT_RECOGNISED",
            "WJ03 2022 0 COMPLETE NOT_RECOGNISED",
            "WJ03 2023 7500 COMPLETE",
            "WJ03 2024 6000 COMPLETE",
            "WJ03 2025 0 ACCRUING NOT_RECOGNISED",
        ],
    );
}

#[test]
fn a_recognition_begins_to_count_for_the_year_on_its_first_day() {
    let mut case = of_2024();
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2024-08-01");
    case.gives(S1, "2024-07-31", &["WJ03 2024 0 ACCRUING NOT_RECOGNISED"]);
    case.gives(S1, "2024-08-01", &["WJ03 2024 0 ACCRUING"]);
}

#[test]
fn the_years_operators_are_summed_and_floored_once() {
    let mut case = of_2024();
    one(&mut case).operator("WJ03", "2024-07-01", 2, false);
    // The first operator's refunds take from the second's taxes: (−100 000 × 15 % + 200 000 × 17.5 %) × 40 %.
    case.paid(1, "2024-06-30", Tax::Vat, -100_000).paid(2, "2024-07-01", Tax::Vat, 200_000);
    // Neither paid as the operator.
    case.paid(2, "2024-06-30", Tax::Vat, 900_000).paid(1, "2024-07-01", Tax::Vat, 900_000);
    case.gives(S1, "2024-12-31", &["WJ03 2024 8000 COMPLETE"]);
    let payee = |date| case.entitlements(date)[0].payee;
    assert_eq!((payee("2024-06-30"), payee("2024-12-31")), (Some(firm(1)), Some(firm(2))));
}

#[test]
fn the_operator_at_the_end_decides_on_the_seed_fund() {
    let mut case = of_2024();
    one(&mut case).paid(1, "2024-03-01", Tax::Vat, 100_000).operator("WJ03", "2024-07-01", 2, true);
    case.gives(S1, "2024-06-30", &["WJ03 2024 6000 ACCRUING"]);
    case.gives(S1, "2024-07-01", &["WJ03 2024 0 ACCRUING SEED_FUND_MISSING"]);
    case.seed_fund("WJ03", "2025-01-01");
    case.gives(S1, "2025-01-01", &["WJ03 2024 0 COMPLETE SEED_FUND_MISSING", "WJ03 2025 0 ACCRUING"]);
    case.seed_fund("WJ03", "2024-12-31");
    case.gives(S1, "2024-12-30", &["WJ03 2024 0 ACCRUING SEED_FUND_MISSING"]);
    case.gives(S1, "2024-12-31", &["WJ03 2024 6000 COMPLETE"]);
}

#[test]
fn of_several_carriers_the_highest_level_then_the_smaller_id() {
    let mut case = of_2024();
    for id in ["WJ03", "WJ04", "WJ05"] {
        case.carrier(id, Kind::Incubator, 1, false).recognised(id, Level::District, "2023-01-01");
    }
    case.recognised("WJ05", Level::City, "2024-03-01").revoked("WJ05", Level::City, "2024-03-01", "2024-05-01");
    // A makerspace of the highest level is none of the scheme's kinds.
    case.carrier("WJ01", Kind::Makerspace, 1, false).recognised("WJ01", Level::National, "2023-01-01");
    case.paid(1, "2024-02-29", Tax::Vat, 100_000);
    case.paid(1, "2024-03-01", Tax::Vat, 200_000).paid(1, "2024-04-30", Tax::Vat, 200_000);
    case.operator("WJ03", "2024-05-01", 2, false).paid(1, "2024-05-01", Tax::Vat, 300_000);
    case.gives(S1, "2024-12-31", &["WJ03 2024 6000 COMPLETE", "WJ04 2024 18000 COMPLETE", "WJ05 2024 24000 COMPLETE"]);
    let evaluation = Evaluation::new(
        &case.world.registry,
        &case.policy,
        incubator_registry::domain::AsOf::day(crate::common::world::day("2024-12-31")),
    );
    let line = evaluation.s1_of::<NoTrace>(&carrier("WJ05"), 2024).unwrap();
    assert_eq!(line.entitlement.amount_fen, 24_000);
}

#[test]
fn the_cap_is_on_the_year() {
    let mut case = of_2024();
    one(&mut case).paid(1, "2024-03-01", Tax::Umct, 125_000_000);
    case.gives(S1, "2024-12-31", &["WJ03 2024 30000000 COMPLETE"]);
    let mut case = under(&[("from = \"2024-01-01\"\ndocument_no", "from = \"2030-01-01\"\ndocument_no")]);
    one(&mut case).paid(1, "2024-03-01", Tax::Umct, 125_000_000);
    assert_eq!(case.entitlements("2024-12-31")[3].amount_fen, 37_500_000);
}

#[test]
fn an_operator_struck_off_as_a_firm_pays_nothing_that_counts() {
    let mut case = of_2024();
    one(&mut case).firm(1).deregistered(1, "2024-05-01");
    case.paid(1, "2024-04-30", Tax::Vat, 100_000).paid(1, "2024-05-01", Tax::Vat, 100_000);
    case.gives(S1, "2024-12-31", &["WJ03 2024 6000 COMPLETE"]);
}

#[test]
fn a_version_without_a_review_is_suspended_from_the_laws_day() {
    let mut case = under(&[("fair_competition_review = \"2023-11-20\"\n", "")]);
    one(&mut case).paid(1, "2024-03-01", Tax::Vat, 100_000);
    let suspended = |date: &str| {
        let lines = case.entitlements(date);
        lines.iter().filter(|line| line.suspended).map(|line| line.period.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(suspended("2024-07-31"), Vec::<String>::new());
    assert_eq!(suspended("2024-08-01"), ["2024"]);
    assert_eq!(case.entitlements("2024-08-01")[3].amount_fen, 6000);
}

#[test]
fn nobody_of_the_policy_pays() {
    let mut case = under(&[("role = \"DISTRICT\"", "role = \"PARK\"\nparks = []")]);
    one(&mut case).paid(1, "2024-03-01", Tax::Vat, 100_000);
    let line = &case.entitlements("2024-12-31")[3];
    assert_eq!((line.amount_fen, line.payer.clone()), (6000, None));
    assert_eq!(line.reason.map(|reason| reason.key()), Some("PAYER_UNKNOWN"));
    assert!(line.version.is_some());
}

#[test]
fn only_carriers_that_are_there_have_lines() {
    let mut case = case();
    one(&mut case);
    assert_eq!(case.entitlements("2017-12-31"), []);
    case.carrier("WJ06", Kind::Accelerator, 3, false);
    assert_eq!(case.entitlements("2021-12-31").len(), 1);
}
