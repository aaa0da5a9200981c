//! The days on which something begins or ends, a case a row: anniversaries, versions and schemes that begin or end within a
//! window, the prime rate within a loan, recognitions and stays of a day or of none. VAT: the district's 15 %, from 2024-07-01
//! 17.5 %; city's and district's 25 %.

use crate::common::world::day;
use crate::dsl::{Case, PARK, case, under};
use incubator_registry::domain::LeaveKind::{Graduated, Withdrawn};
use incubator_registry::domain::{Day, Kind, Level, Tax};
use incubator_registry::policy::Scheme::{
    CultivationAward as S3, IncubatorTaxRebate as S1, LoanInterestSubsidy as S4, RelocationRebate as S2,
};

/// Firm 7 in an incubator run by firm 1, recognised from 2020 on.
fn raised(mut case: Case) -> Case {
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2020-01-01");
    case.firm(7).admitted(7, "WJ03", "2020-01-01");
    case
}

fn before(date: &str) -> String {
    Day::from_days(day(date).days() - 1).unwrap().to_string()
}

#[test]
fn a_relief_year_ends_the_day_before_its_anniversary() {
    for (start, [second, third, end]) in [
        ("2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2024-02-28", ["2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2024-03-01", ["2025-03-01", "2026-03-01", "2027-03-01"]),
        ("2025-02-28", ["2026-02-28", "2027-02-28", "2028-02-28"]),
        ("2024-01-31", ["2025-01-31", "2026-01-31", "2027-01-31"]),
        ("2024-12-31", ["2025-12-31", "2026-12-31", "2027-12-31"]),
    ] {
        let mut case = raised(case());
        case.settled(7, PARK, start, start).paid(7, start, Tax::Vat, 1000);
        for anniversary in [second, third, end] {
            case.paid(7, &before(anniversary), Tax::Vat, 100_000).paid(7, anniversary, Tax::Vat, 10_000);
        }
        // 20, 15 and 10 % of the first day's and the last day's; the day after the third year counts for none.
        let year =
            |n: u32, from: &str, to: &str, fen: i64, status: &str| format!("year {n}: {from}..{to} {fen} {status}");
        let first = year(1, start, second, 20_200, "COMPLETE");
        case.gives(S2, &before(second), &[&first]);
        let open = year(2, second, third, 1500, "ACCRUING");
        case.gives(S2, second, &[&first, &open]);
        let all = [&first, &year(2, second, third, 16_500, "COMPLETE"), &year(3, third, end, 11_000, "COMPLETE")];
        case.gives(S2, end, &all.map(String::as_str));
        case.gives(S2, &before(end), &all.map(String::as_str));
    }
}

#[test]
fn a_version_that_begins_within_a_window_waits_for_the_next() {
    // The relief year of 2023-06-01 stays under 2021's 100 % of the district's part, capped at 500 000 yuan.
    let mut case = raised(case());
    case.settled(7, PARK, "2023-05-01", "2023-06-01").paid(7, "2023-06-01", Tax::Vat, 1000);
    case.paid(7, "2023-12-31", Tax::Vat, 1000).paid(7, "2024-01-01", Tax::Vat, 1000).paid(
        7,
        "2024-05-31",
        Tax::Vat,
        1000,
    );
    case.paid(7, "2024-06-01", Tax::Vat, 1000);
    let years = ["year 1: 2023-06-01..2024-06-01 600 COMPLETE", "year 2: 2024-06-01..2025-06-01 150 ACCRUING"];
    case.gives(S2, "2024-06-01", &years);
    // A carrier's whole year follows the version of 31 December.
    let from = "id = \"incubator_tax_rebate\"\nfrom = \"2024-01-01\"";
    for (begins, wanted) in [("2023-12-31", "WJ03 2023 12000 COMPLETE"), ("2024-01-01", "WJ03 2023 15000 COMPLETE")] {
        let mut case = raised(under(&[(from, &from.replace("2024-01-01", begins))]));
        case.paid(1, "2023-03-01", Tax::Vat, 200_000);
        assert!(case.entitlements("2023-12-31").iter().any(|l| l.scheme == S1 && l.period.to_string() == "2023"));
        let all = ["WJ03 2021 0 COMPLETE", "WJ03 2022 0 COMPLETE", wanted];
        case.gives(S1, "2023-12-31", &all);
    }
}

#[test]
fn a_scheme_revoked_within_the_year() {
    // All four end on 2024-06-30, their first day without force.
    let ends = |clause: &str| format!("document_no = \"示例〔2023〕18号\"\nclause = \"{clause}\"");
    let clauses = ["第四条", "第六条", "第七条", "第九条"].map(ends);
    let ended = clauses.clone().map(|text| format!("until = \"2024-06-30\"\n{text}"));
    let changes: Vec<(&str, &str)> = clauses.iter().map(String::as_str).zip(ended.iter().map(String::as_str)).collect();
    for (start, relief, award) in [
        ("2024-06-29", "year 1: 2024-06-29..2025-06-29 200 ACCRUING", Some("50 ACCRUING")),
        ("2024-06-30", "year 1: 2024-06-30..2025-06-30 0 ACCRUING NO_POLICY_IN_FORCE", None),
    ] {
        let mut case = raised(under(&changes));
        case.settled(7, PARK, "2024-02-01", "2024-02-01").paid(7, start, Tax::Vat, 1000);
        case.paid(1, "2024-03-01", Tax::Vat, 1000).loan("J1", 7, 1_000_000, start, "2025-06-30");
        case.interest("J1", "2024-09-01", 1000).gives(S2, "2024-12-31", &[relief]);
        let award: Vec<String> =
            award.iter().map(|award| format!("WJ03 {} {award}", crate::common::world::firm(7))).collect();
        case.gives(S3, "2024-12-31", &award.iter().map(String::as_str).collect::<Vec<_>>());
        let loans: &[&str] = if start == "2024-06-29" { &["J1 400 ACCRUING"] } else { &[] };
        case.gives(S4, "2024-12-31", loans);
        let last = case.entitlements("2024-12-31").into_iter().rfind(|line| line.scheme == S1).unwrap();
        assert_eq!((last.amount_fen, last.reason.map(|reason| reason.key())), (0, Some("NO_POLICY_IN_FORCE")));
        assert_eq!((last.payer, last.version), (None, None));
    }
}

#[test]
fn a_loan_keeps_the_prime_rate_of_its_drawdown() {
    // 1 000 000 yuan for 366 days of 360: half of 3.35 % before 2024-10-21, of 3.10 % from then on; it spans 2025-05-20.
    for (drawn, maturity, ceiling) in [
        ("2024-10-20", "2025-10-21", 1_702_917),
        ("2024-10-21", "2025-10-22", 1_575_833),
        ("2024-07-21", "2025-07-22", 1_753_750),
        ("2024-07-22", "2025-07-23", 1_702_917),
    ] {
        let mut case = raised(case());
        case.loan("J1", 7, 100_000_000, drawn, maturity).interest("J1", maturity, 100_000_000);
        case.gives(S4, &before(maturity), &["J1 0 ACCRUING"]);
        case.gives(S4, maturity, &[&format!("J1 {ceiling} COMPLETE")]);
    }
}

#[test]
fn a_recognition_of_a_day_is_one_and_of_none_is_not() {
    for (ends, wanted) in [
        ("2024-01-01", "WJ03 2024 0 COMPLETE NOT_RECOGNISED"),
        ("2024-01-02", "WJ03 2024 60 COMPLETE"),
        ("2024-07-01", "WJ03 2024 120 COMPLETE"),
        ("2024-12-31", "WJ03 2024 190 COMPLETE"),
        ("2025-01-01", "WJ03 2024 260 COMPLETE"),
    ] {
        let mut case = raised(case());
        case.revoked("WJ03", Level::District, "2020-01-01", ends);
        for date in ["2024-01-01", "2024-06-30", "2024-07-01", "2024-12-31"] {
            case.paid(1, date, Tax::Vat, 1000);
        }
        let earlier = ["WJ03 2021 0 COMPLETE", "WJ03 2022 0 COMPLETE", "WJ03 2023 0 COMPLETE"];
        case.gives(S1, "2024-12-31", &[&earlier[..], &[wanted]].concat());
    }
}

#[test]
fn a_stay_of_no_day_is_no_incubation_and_earns_nothing() {
    for (kind, wanted) in [(Withdrawn, "0 INELIGIBLE NOT_INCUBATED"), (Graduated, "0 NOT_STARTED NO_TAX_PAID")] {
        let mut case = case();
        case.carrier("WJ03", Kind::Incubator, 1, false).firm(7).admitted(7, "WJ03", "2024-02-01");
        case.left(7, "WJ03", "2024-02-01", "2024-02-01", kind).settled(7, PARK, "2024-02-01", "2024-02-01");
        case.gives(S2, "2024-12-31", &[wanted]);
    }
    // Beside a stay of a day it has no line; the whole award is the other's.
    let mut case = raised(case());
    case.carrier("WJ02", Kind::Incubator, 2, false).left(7, "WJ03", "2020-01-01", "2024-01-31", Graduated);
    case.admitted(7, "WJ02", "2024-01-31").left(7, "WJ02", "2024-01-31", "2024-01-31", Graduated);
    case.settled(7, PARK, "2024-02-01", "2024-02-01").paid(7, "2024-03-01", Tax::Vat, 1000);
    case.gives(S3, "2025-02-28", &[&format!("WJ03 {} 50 COMPLETE", crate::common::world::firm(7))]);
}

#[test]
fn a_negative_year_is_none_of_the_next() {
    let mut case = raised(case());
    case.settled(7, PARK, "2024-02-01", "2024-02-01").paid(7, "2024-03-01", Tax::Vat, 1000);
    case.paid(7, "2025-02-28", Tax::Vat, -9000).paid(7, "2025-03-01", Tax::Vat, 1000);
    case.paid(1, "2024-12-31", Tax::Vat, -9000).paid(1, "2025-01-01", Tax::Vat, 1000);
    let years = ["year 1: 2024-03-01..2025-03-01 0 COMPLETE", "year 2: 2025-03-01..2026-03-01 150 ACCRUING"];
    case.gives(S2, "2025-12-31", &years);
    let of = |year: &str| {
        let lines = case.entitlements("2025-12-31");
        lines.into_iter().find(|line| line.scheme == S1 && line.period.to_string() == year).unwrap().amount_fen
    };
    assert_eq!((of("2024"), of("2025")), (0, 70));
}
