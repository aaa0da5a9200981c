//! S4: interest, the loan prime rate's ceiling, and the caps. The version of 2021: 50 %, 12 months, one loan a firm; that of
//! 2024: 40 %, 24 months, every loan, at most 300 000 yuan a firm and year. Both: half the rate, 360 days, at most 200 000
//! yuan a loan.

use crate::dsl::{Case, case, under};
use incubator_registry::domain::LeaveKind::{Graduated, Withdrawn};
use incubator_registry::domain::{InterestNature, Kind};
use incubator_registry::policy::Scheme::LoanInterestSubsidy as S4;

/// Firm 7 in an incubator since 2020-01-01.
fn incubating(mut case: Case) -> Case {
    case.carrier("WJ03", Kind::Incubator, 1, false).firm(7).admitted(7, "WJ03", "2020-01-01");
    case
}

#[test]
fn a_loan_is_complete_at_its_end_and_interest_of_that_day_counts() {
    let mut case = incubating(case());
    case.loan("J1", 7, 100_000_000, "2024-03-01", "2027-03-01");
    case.interest("J1", "2024-02-29", 7).interest("J1", "2024-03-01", 1000).interest("J1", "2026-03-01", 1000);
    case.interest("J1", "2026-03-02", 1000);
    case.interest_of("J1", "2024-04-01", 500, InterestNature::Penalty);
    case.interest_of("J1", "2024-04-01", 500, InterestNature::Compound);
    case.gives(S4, "2024-02-29", &[]);
    case.gives(S4, "2024-03-01", &["J1 400 ACCRUING"]);
    case.gives(S4, "2026-02-28", &["J1 400 ACCRUING"]);
    case.gives(S4, "2026-03-01", &["J1 800 COMPLETE"]);
    case.gives(S4, "2026-12-31", &["J1 800 COMPLETE"]);
}

#[test]
fn half_a_fen_of_interest_goes_up() {
    let mut case = incubating(case());
    case.loan("J1", 7, 100_000_000, "2023-03-01", "2024-03-01").interest("J1", "2023-04-01", 3);
    case.gives(S4, "2023-12-31", &["J1 2 ACCRUING"]);
}

#[test]
fn the_ceiling_is_exact_over_the_days_to_the_end() {
    // 100 000 000 × 3.45 % × 50 % × 366 ÷ 360 = 1 753 750; to maturity after 91 days: 436 041.67.
    let mut case = incubating(case());
    case.loan("J1", 7, 100_000_000, "2023-09-01", "2024-09-01").interest("J1", "2023-09-21", 100_000_000);
    case.gives(S4, "2024-09-01", &["J1 1753750 COMPLETE"]);
    let mut case = incubating(self::case());
    case.loan("J1", 7, 100_000_000, "2023-09-01", "2023-12-01").interest("J1", "2023-09-21", 100_000_000);
    case.gives(S4, "2023-11-30", &["J1 436042 ACCRUING"]);
    case.gives(S4, "2023-12-01", &["J1 436042 COMPLETE"]);
}

#[test]
fn a_loan_follows_the_version_of_its_drawdown() {
    let mut case = incubating(case());
    case.loan("J1", 7, 100_000_000, "2023-12-31", "2026-12-31").loan("J2", 7, 100_000_000, "2024-01-01", "2026-12-31");
    for date in ["2024-12-31", "2025-06-01"] {
        case.interest("J1", date, 1000).interest("J2", date, 1000);
    }
    // J1: 12 months at 50 %; J2: 24 months at 40 %. One under FIRM and one under LOAN bar neither.
    case.gives(S4, "2026-12-31", &["J1 500 COMPLETE", "J2 800 COMPLETE"]);
    // Before any version there is no line.
    case.loan("J0", 7, 100_000_000, "2020-12-31", "2021-12-31");
    case.gives(S4, "2026-12-31", &["J1 500 COMPLETE", "J2 800 COMPLETE"]);
}

#[test]
fn once_per_firm_is_the_earliest_that_passed_the_test() {
    let mut case = case();
    case.carrier("WJ03", Kind::Incubator, 1, false).firm(7).admitted(7, "WJ03", "2022-02-01");
    case.loan("J0", 7, 1_000_000, "2022-01-31", "2023-01-31");
    // Of one day the smaller contract number, whatever the order of recording.
    case.loan("J2", 7, 1_000_000, "2022-02-01", "2023-02-01").loan("J1", 7, 1_000_000, "2022-02-01", "2023-02-01");
    for id in ["J0", "J1", "J2"] {
        case.interest(id, "2022-06-01", 1000);
    }
    case.gives(
        S4,
        "2023-12-31",
        &["J0 0 INELIGIBLE NOT_INCUBATING_AT_DRAWDOWN", "J1 500 COMPLETE", "J2 0 INELIGIBLE ALREADY_SUBSIDISED"],
    );
}

#[test]
fn only_open_makerspace_and_incubator_stays_pass_the_test() {
    for (kind, drawn, passes) in [
        (Kind::Makerspace, "2024-03-01", true),
        (Kind::Accelerator, "2024-03-01", false),
        (Kind::Incubator, "2024-06-01", false),
        (Kind::Incubator, "2024-05-31", true),
    ] {
        let mut case = case();
        case.carrier("WJ03", kind, 1, false).firm(7).admitted(7, "WJ03", "2022-02-01");
        let leaves = if kind == Kind::Incubator { Graduated } else { Withdrawn };
        case.left(7, "WJ03", "2022-02-01", "2024-06-01", leaves);
        case.loan("J1", 7, 1_000_000, drawn, "2025-03-01");
        let wanted = if passes { "J1 0 COMPLETE" } else { "J1 0 INELIGIBLE NOT_INCUBATING_AT_DRAWDOWN" };
        case.gives(S4, "2025-03-01", &[wanted]);
    }
}

#[test]
fn the_firms_year_is_filled_in_the_order_of_drawdown() {
    let mut case = incubating(case());
    let big = 10_000_000_000;
    for (id, drawn) in [("J3", "2024-12-31"), ("J1", "2024-02-01"), ("J2", "2024-05-01"), ("J4", "2025-01-01")] {
        case.loan(id, 7, big, drawn, "2027-01-01").interest(id, "2025-06-01", 1_000_000_000);
    }
    case.gives(
        S4,
        "2025-12-31",
        &["J1 20000000 ACCRUING", "J2 10000000 ACCRUING", "J3 0 ACCRUING FIRM_YEAR_CAP", "J4 20000000 ACCRUING"],
    );
}

#[test]
fn grants_of_the_year_count_whichever_version_paid_them() {
    // The second version begins in the middle of 2024.
    let later = "id = \"loan_interest_subsidy\"\nfrom = \"2024-07-01\"";
    let mut case = incubating(under(&[("id = \"loan_interest_subsidy\"\nfrom = \"2024-01-01\"", later)]));
    let big = 10_000_000_000;
    for (id, drawn) in [("J1", "2024-02-01"), ("J2", "2024-08-01"), ("J3", "2024-09-01")] {
        case.loan(id, 7, big, drawn, "2027-01-01").interest(id, "2024-12-01", 1_000_000_000);
    }
    case.gives(S4, "2024-12-31", &["J1 20000000 ACCRUING", "J2 10000000 ACCRUING", "J3 0 ACCRUING FIRM_YEAR_CAP"]);
}

#[test]
fn without_a_prime_rate_there_is_no_ceiling_and_no_grant() {
    let rates = [
        ("[[lpr]]\nfrom = \"2020-04-20\"\none_year_ppm = 38500\n", ""),
        ("[[lpr]]\nfrom = \"2021-12-20\"\none_year_ppm = 38000\n", ""),
    ];
    let mut case = incubating(under(&rates));
    case.loan("J1", 7, 1_000_000, "2022-01-19", "2023-01-01").loan("J2", 7, 1_000_000, "2022-01-20", "2023-01-01");
    case.interest("J2", "2022-06-01", 1000);
    case.gives(S4, "2023-12-31", &["J1 0 INELIGIBLE NO_LPR", "J2 0 INELIGIBLE ALREADY_SUBSIDISED"]);
}

#[test]
fn interest_after_deregistration_does_not_count() {
    let mut case = incubating(case());
    case.loan("J1", 7, 100_000_000, "2024-03-01", "2025-03-01");
    case.interest("J1", "2024-05-31", 1000).interest("J1", "2024-06-01", 1000).deregistered(7, "2024-06-01");
    case.gives(S4, "2025-03-01", &["J1 400 COMPLETE"]);
}

#[test]
fn lines_of_all_firms_come_by_drawdown_then_contract() {
    let mut case = incubating(case());
    case.firm(8).admitted(8, "WJ03", "2020-01-01");
    case.loan("J9", 8, 1_000_000, "2024-03-01", "2025-03-01").loan("J5", 7, 1_000_000, "2024-03-01", "2025-03-01");
    case.loan("J7", 8, 1_000_000, "2024-02-01", "2025-03-01");
    case.gives(S4, "2024-03-01", &["J7 0 ACCRUING", "J5 0 ACCRUING", "J9 0 ACCRUING"]);
}
