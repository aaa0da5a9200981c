//! Taxes, loans, funds and reports: what each states, what is refused, what is the same, what a void would break.

use crate::dsl::*;
use crate::world::{carrier, day, firm};
use incubator_registry::domain::event::{AnnualReport, LoanDrawn, TaxReceipt};
use incubator_registry::domain::{
    AsOf, Criterion, Event, InterestNature, InvestmentForm, LoanId, Reason, Tax, TaxNature, Uscc, VoucherNo,
};
use incubator_registry::projections::evidence::{Reading, evidence};

fn receipt(date: &str, taxpayer: Uscc, tax: Tax, voucher: &str, amount: i64) -> Fact {
    let voucher = VoucherNo::parse(voucher).unwrap();
    let period = (None, None);
    let nature = TaxNature::Normal;
    (day(date), Event::TaxReceiptRecorded(TaxReceipt { taxpayer, tax, period, amount, nature, voucher }))
}

fn drawn(date: &str, contract: &str, number: u32, maturity: &str) -> Fact {
    let loan = LoanId::parse(contract).unwrap();
    let (lender, maturity) = ("韶关农商行".to_owned(), day(maturity));
    let drawn = LoanDrawn { loan, firm: firm(number), lender, principal: 1_000_000, rate_ppm: 42_000, maturity };
    (day(date), Event::LoanDrawn(drawn))
}

fn paid(date: &str, contract: &str, amount: i64) -> Fact {
    let loan = LoanId::parse(contract).unwrap();
    (day(date), Event::InterestPaid { loan, amount, nature: InterestNature::Normal })
}

fn invested(date: &str, number: u32, id: &str, amount: i64) -> Fact {
    let (firm, incubator, form) = (firm(number), carrier(id), InvestmentForm::Equity);
    (day(date), Event::InvestmentMade { firm, incubator, amount, form })
}

fn fund(date: &str, id: &str, size: i64) -> Fact {
    (day(date), Event::SeedFundEstablished { incubator: carrier(id), size })
}

fn reported(number: u32, year: i16, revenue: i64) -> Fact {
    let report =
        AnnualReport { firm: firm(number), year, revenue, research: 0, employees: 1, ip_rights: 0, high_tech: false };
    (day(&format!("{year}-12-31")), Event::AnnualReportFiled(report))
}

#[test]
fn who_pays_taxes_is_a_firm_or_an_operator() {
    let of_operator = operator("甲").code;
    let stranger = firm(999);
    let done = given([founded("2019-01-01", "K1", incubator_registry::domain::Kind::Incubator)]);
    let runs = operator_changed("2020-01-01", "K1", "甲");
    let done = done.when(state([runs])).accepted();
    let done = done.when(state([receipt("2024-02-15", firm(1), Tax::Vat, "V1", 5)])).accepted();
    let done = done.when(state([receipt("2019-02-15", of_operator, Tax::Vat, "V2", 5)])).accepted();
    done.when(state([receipt("2024-02-15", stranger, Tax::Vat, "V3", 5)])).refused(Reason::UnknownTaxpayer);
}

#[test]
fn a_receipt_is_told_by_its_voucher_and_tax() {
    let first = || receipt("2024-02-15", firm(1), Tax::Vat, "V1", 5);
    let done = given([first()]);
    // Another tax of the voucher is another fact; other values are a contradiction, by whomever they are paid.
    let done = done.when(state([receipt("2024-02-15", firm(1), Tax::Cit, "V1", 7)])).accepted();
    let done = done.when(state([first()])).same(Reason::Duplicate, 10);
    let done = done.when(state([receipt("2024-02-15", firm(1), Tax::Vat, "V1", 6)])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([receipt("2024-02-15", firm(2), Tax::Vat, "V1", 5)])).refused_at(Reason::Conflict, 10);
    // Replaced: the old row can't come back by a file, and a voided key is free for other content.
    let mended = || receipt("2024-02-15", firm(2), Tax::Vat, "V1", 5);
    let done = done.when(state([mended()]).replacing(&[10])).accepted();
    let done = done.when(state([first()]).imported()).same(Reason::VoidedBefore, 10);
    let done = done.when(state([mended()]).imported()).same(Reason::Duplicate, 13);
    let kept = done.registry().receipts().of(&firm(2)).next().unwrap();
    assert!(kept.is_seen(AsOf::NOW) && !kept.is_seen(AsOf { known: 11, ..AsOf::NOW }));
}

#[test]
fn a_firm_with_receipts_or_loans_is_not_taken_back() {
    let registration = given([]).registry().firm(&firm(1), AsOf::NOW).unwrap().registered.unwrap().position;
    let positions = [i64::try_from(registration).unwrap()];
    given([receipt("2024-02-15", firm(1), Tax::Vat, "V1", 5)]).when(void(&positions)).has_dependents(&[10]);
    given([drawn("2024-01-01", "JK1", 1, "2025-01-01")]).when(void(&positions)).has_dependents(&[10]);
}

#[test]
fn a_loan_is_drawn_by_a_firm_that_is_there_and_falls_due_after_it() {
    given([]).when(state([drawn("2024-01-01", "JK1", 99, "2025-01-01")])).refused(Reason::UnknownFirm);
    given([]).when(state([drawn("2024-01-01", "JK1", 1, "2023-12-31")])).refused(Reason::DatesOutOfOrder);
    given([]).when(state([drawn("2024-01-01", "JK1", 1, "2030-01-01")])).accepted();
    let gone = given([deregistered("2023-06-01", 1)]);
    let gone = gone.when(state([drawn("2023-06-01", "JK1", 1, "2025-01-01")])).refused_at(Reason::FirmDeregistered, 10);
    gone.when(state([drawn("2023-05-31", "JK1", 1, "2025-01-01")])).accepted();
    // Recorded late, the end of the firm is refused for the loan's sake.
    let drawn = given([drawn("2024-01-01", "JK1", 1, "2025-01-01")]);
    drawn.when(state([deregistered("2023-06-01", 1)])).refused_at(Reason::FirmDeregistered, 10);
}

#[test]
fn interest_is_of_a_loan_and_the_same_only_in_all_its_values() {
    given([]).when(state([paid("2024-04-01", "JK1", 5)])).refused(Reason::UnknownLoan);
    let done = given([drawn("2024-01-01", "JK1", 1, "2025-01-01"), paid("2024-04-01", "JK1", 5)]);
    let done = done.when(state([paid("2024-04-01", "JK1", 5)])).same(Reason::Duplicate, 11);
    let done = done.when(state([paid("2024-04-01", "JK1", 6)])).accepted();
    let done = done.when(state([paid("2099-04-01", "JK1", 5)])).refused(Reason::DateInFuture);
    // The loan itself can't go while interest stands on it.
    done.when(void(&[10])).has_dependents(&[11, 12]);
}

#[test]
fn interest_is_paid_no_earlier_than_its_loan_is_drawn() {
    let loan = || given([drawn("2024-01-01", "JK1", 1, "2025-01-01")]);
    loan().when(state([paid("2023-12-31", "JK1", 5)])).refused_at(Reason::DatesOutOfOrder, 10);
    let done = loan().when(state([paid("2024-01-01", "JK1", 5)])).accepted();
    // Both ways: a drawdown restated as later than its interest is refused because of that interest.
    let later = || drawn("2024-01-02", "JK1", 1, "2025-01-01");
    let done = done.when(state([later()]).replacing(&[10])).refused_at(Reason::DatesOutOfOrder, 11);
    done.when(state([later(), paid("2024-01-02", "JK1", 5)]).replacing(&[10, 11])).accepted();
}

#[test]
fn funds_investments_and_reports() {
    let done = given([fund("2021-01-01", "WJ03", 100), invested("2022-01-01", 1, "WJ03", 7), reported(1, 2023, 9)]);
    let done = done.when(state([fund("2021-01-01", "WJ03", 100)])).same(Reason::Duplicate, 10);
    let done = done.when(state([fund("2021-01-01", "WJ03", 200)])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([invested("2022-01-01", 1, "WJ03", 7)])).same(Reason::Duplicate, 11);
    let done = done.when(state([invested("2022-01-01", 1, "NOPE", 7)])).refused(Reason::UnknownIncubator);
    let done = done.when(state([invested("2022-01-01", 99, "WJ03", 7)])).refused(Reason::UnknownFirm);
    let done = done.when(state([reported(1, 2023, 10)])).refused_at(Reason::Conflict, 12);
    // A year that is not over has no report.
    done.when(state([reported(1, 9998, 1)])).refused(Reason::DateInFuture);
}

#[test]
fn evidence_is_met_strictly_over_the_limit_and_unknown_where_it_cannot_be_seen() {
    let read = |facts: Vec<Fact>, criterion: Criterion| {
        let stay = [admitted("2021-01-01", 1, "WJ03"), graduated_by("2024-06-01", 1, "WJ03", "2021-01-01", criterion)];
        let done = given([stay.to_vec(), facts].concat());
        let view = done.registry().firm(&firm(1), AsOf::NOW).unwrap();
        evidence(done.registry(), &view, AsOf::NOW)[0].reading
    };
    let funding = Criterion::VentureFunding;
    assert_eq!(read(vec![invested("2023-01-01", 1, "WJ03", 500_000_000)], funding), Reading::Unknown);
    assert_eq!(read(vec![invested("2023-01-01", 1, "WJ03", 500_000_001)], funding), Reading::Met);
    assert_eq!(read(vec![invested("2024-06-02", 1, "WJ03", 900_000_000)], funding), Reading::Unknown);
    let revenue = Criterion::Revenue;
    let years = |sum: i64| vec![reported(1, 2022, 500_000_000), reported(1, 2023, sum - 500_000_000)];
    assert_eq!(read(years(1_000_000_001), revenue), Reading::Met);
    assert_eq!(read(years(1_000_000_000), revenue), Reading::Unknown);
    assert_eq!(read(vec![], Criterion::AcquiredOrListed), Reading::Unknown);
    assert_eq!(read(vec![], Criterion::HighTech), Reading::Unknown);
}
