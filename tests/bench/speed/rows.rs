//! Districts of any size, as rows of an import; the same every time.

use super::common_server::{Rng, code};
use incubator_registry::wire::v1;
use incubator_registry::wire::v1::import_row::Row;

/// Carriers of every district here.
const CARRIERS: u64 = 100;
const MONTHS: u64 = 12;
const TAXES: [v1::Tax; 7] =
    [v1::Tax::Vat, v1::Tax::Cit, v1::Tax::Iit, v1::Tax::Umct, v1::Tax::Pt, v1::Tax::Ulut, v1::Tax::Sd];

/// Facts that `year` states of each firm.
pub const YEAR_FACTS: u64 = 100;

/// Incubators, all of one operator.
pub fn carriers() -> impl Iterator<Item = Row> + Send {
    (0..CARRIERS).map(|number| {
        Row::Incubator(v1::IncubatorRow {
            incubator_id: carrier(number),
            display_name: format!("孵化器{number}"),
            kind: v1::IncubatorKind::Incubator.into(),
            operator_name: "运营公司".to_owned(),
            operator_code: "91350100M000100Y43".to_owned(),
            build_mode: v1::BuildMode::Cooperative.into(),
            incubation_area_hundredths_m2: 1_000_000,
            established_date: "2010-01-01".to_owned(),
            ..Default::default()
        })
    })
}

/// Firms, numbered from 1.
pub fn firms(count: u64) -> impl Iterator<Item = Row> + Send {
    (1..=count).map(|number| {
        Row::Firm(v1::FirmRow {
            firm_code: code(number),
            display_name: format!("韶关市企业{number}有限公司"),
            registered_date: "2018-06-01".to_owned(),
            field: "电子信息".to_owned(),
        })
    })
}

/// Receipts of VAT, of one firm after the other, numbered through.
pub fn receipts(numbers: std::ops::Range<u64>, firms: u64) -> impl Iterator<Item = Row> + Send {
    numbers.map(move |n| receipt(n, 1 + n % firms, v1::Tax::Vat, 1))
}

/// A year of so many firms, a hundred facts each: 84 receipts as they come month by month, two loans with a payment of
/// interest a quarter, a stay, a report, a relocation.
pub fn year(count: u64) -> impl Iterator<Item = Row> + Send {
    let stays = (1..=count).map(|firm| stay(firm, "2019-03-01", ""));
    let months = (0..MONTHS).flat_map(move |month| (1..=count).flat_map(move |firm| month_of(month, firm, count)));
    let ends = (1..=count).flat_map(|firm| [relocation(firm), report(firm)]);
    carriers().chain(firms(count)).chain(stays).chain(months).chain(ends)
}

/// So many firms with what the bureau's figures fold: a stay each, half of them ended by graduation, a few settled in a park.
pub fn district(count: u64) -> impl Iterator<Item = Row> + Send {
    let mut rng = Rng(7);
    let stays = (1..=count).flat_map(move |firm| {
        let left = if rng.below(2) == 0 { day(&mut rng, 2021..2024) } else { String::new() };
        let settled = rng.below(8) == 0;
        [Some(stay(firm, &day(&mut rng, 2019..2020), &left)), settled.then(|| relocation(firm))].into_iter().flatten()
    });
    carriers().chain(firms(count)).chain(stays)
}

/// Any day of these years.
pub fn day(rng: &mut Rng, years: std::ops::Range<u64>) -> String {
    let year = years.start + rng.below(years.end - years.start);
    format!("{year}-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28))
}

fn carrier(number: u64) -> String {
    format!("WJ{number:02}")
}

/// Seven receipts, and what a month of the year brings besides.
fn month_of(month: u64, firm: u64, firms: u64) -> impl Iterator<Item = Row> + Send {
    let first = (month * firms + firm - 1) * TAXES.len() as u64;
    let receipts = (first..).zip(TAXES).map(move |(n, tax)| receipt(n, firm, tax, month + 1));
    let loans = (0..2).flat_map(move |loan| {
        let drawn = (month == 0).then(|| self::loan(firm, loan));
        let paid = (month % 3 == 2).then(|| interest(firm, loan, month + 1));
        [drawn, paid].into_iter().flatten()
    });
    receipts.chain(loans)
}

fn receipt(n: u64, firm: u64, tax: v1::Tax, month: u64) -> Row {
    Row::TaxReceipt(v1::TaxReceiptRow {
        taxpayer_code: code(firm),
        tax: tax.into(),
        period_start_date: format!("2024-{month:02}-01"),
        period_end_date: format!("2024-{month:02}-28"),
        treasury_date: format!("2024-{month:02}-28"),
        amount_fen: 100 + i64::try_from(n).unwrap(),
        nature: v1::TaxNature::Normal.into(),
        voucher_no: format!("4402030{n:011}"),
    })
}

fn stay(firm: u64, admitted: &str, graduated: &str) -> Row {
    let row = v1::StayRow {
        incubator_id: carrier(firm % CARRIERS),
        firm_code: code(firm),
        admitted_date: admitted.to_owned(),
        ..Default::default()
    };
    Row::Stay(match graduated {
        "" => row,
        day => v1::StayRow {
            left_date: day.to_owned(),
            leave_kind: v1::LeaveKind::Graduated.into(),
            criterion: v1::GraduationCriterion::HighTech.into(),
            graduation_document_no: format!("韶〔2022〕{firm}号"),
            ..row
        },
    })
}

fn relocation(firm: u64) -> Row {
    Row::Relocation(v1::RelocationRow {
        firm_code: code(firm),
        park_id: "甘棠".to_owned(),
        signed_date: "2024-06-01".to_owned(),
        settled_date: "2024-09-01".to_owned(),
        production_date: "2024-12-01".to_owned(),
        assessment_id: String::new(),
    })
}

fn report(firm: u64) -> Row {
    Row::AnnualReport(v1::AnnualReportRow {
        firm_code: code(firm),
        year: 2024,
        revenue_fen: 123_456_700,
        research_fen: 23_456_700,
        employees: 42,
        ip_rights: 5,
        high_tech: false,
    })
}

fn contract(firm: u64, loan: u64) -> String {
    format!("JK{firm:08}{loan}")
}

fn loan(firm: u64, loan: u64) -> Row {
    Row::Loan(v1::LoanRow {
        contract_no: contract(firm, loan),
        firm_code: code(firm),
        lender: "中国银行韶关分行".to_owned(),
        principal_fen: 100_000_000,
        rate_ppm: 43_500,
        drawdown_date: "2024-01-10".to_owned(),
        maturity_date: "2026-01-10".to_owned(),
    })
}

fn interest(firm: u64, loan: u64, month: u64) -> Row {
    Row::Interest(v1::InterestRow {
        contract_no: contract(firm, loan),
        effective_date: format!("2024-{month:02}-20"),
        amount_fen: 1_087_500 + i64::try_from(month).unwrap(),
        nature: v1::InterestNature::Normal.into(),
    })
}
