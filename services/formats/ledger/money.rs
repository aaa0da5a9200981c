//! The ledgers of money: cells to the typed row that they state, as `row` does for those of carriers and firms.

use super::cells;
use super::row::Cells;
use crate::domain::event::{AnnualReport, LoanDrawn, TaxReceipt};
use crate::domain::reason::{Fault, Reason};
use crate::domain::rows::{InterestRow, InvestmentRow, LoanRow, SeedFundRow, TaxReceiptRow};
use crate::domain::values::{fen, nonzero_fen, positive_fen};
use crate::domain::words::{InterestNature, InvestmentForm, TaxNature};

/// A rate past this is a slip of the unit: as much again within a year.
const RATE_PPM_MAX: i64 = 1_000_000;

/// A row of 企业年报.
pub(super) fn annual_report(cells: &mut Cells) -> Option<AnnualReport> {
    let firm = cells.required("firm_code", cells::code);
    let year = cells.required("year", cells::year);
    let revenue = cells.bounded("revenue_fen", not_negative_fen);
    let research = cells.bounded("research_fen", not_negative_fen);
    let employees = cells.bounded("employees", count);
    let ip_rights = cells.bounded("ip_rights", count);
    let high_tech = cells.required("high_tech", cells::yes_or_no);
    Some(AnnualReport {
        firm: firm?,
        year: year?,
        revenue: revenue?,
        research: research?,
        employees: u32::try_from(employees?).ok()?,
        ip_rights: u32::try_from(ip_rights?).ok()?,
        high_tech: high_tech?,
    })
}

/// A row of 贷款台账.
pub(super) fn loan(cells: &mut Cells) -> Option<LoanRow> {
    let loan = cells.required("contract_no", cells::loan);
    let firm = cells.required("firm_code", cells::code);
    let lender = cells.required("lender", cells::text);
    let principal = cells.bounded("principal_fen", positive_fen);
    let rate_ppm = cells.bounded("rate_ppm", rate);
    let day = cells.required("drawdown_date", cells::day);
    let maturity = cells.required("maturity_date", cells::day);
    let drawn = LoanDrawn {
        loan: loan?,
        firm: firm?,
        lender: lender?,
        principal: principal?,
        rate_ppm: rate_ppm?,
        maturity: maturity?,
    };
    Some(LoanRow { drawn, day: day? })
}

/// A row of 利息支付.
pub(super) fn interest(cells: &mut Cells) -> Option<InterestRow> {
    let loan = cells.required("contract_no", cells::loan);
    let day = cells.required("effective_date", cells::day);
    let amount = cells.bounded("amount_fen", nonzero_fen);
    let nature = cells.required("nature", cells::word(InterestNature::from_chinese));
    Some(InterestRow { loan: loan?, day: day?, amount: amount?, nature: nature? })
}

/// A row of 种子基金.
pub(super) fn seed_fund(cells: &mut Cells) -> Option<SeedFundRow> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let day = cells.required("effective_date", cells::day);
    let size = cells.bounded("size_fen", positive_fen);
    Some(SeedFundRow { incubator: incubator?, day: day?, size: size? })
}

/// A row of 投资担保.
pub(super) fn investment(cells: &mut Cells) -> Option<InvestmentRow> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let firm = cells.required("firm_code", cells::code);
    let day = cells.required("effective_date", cells::day);
    let amount = cells.bounded("amount_fen", positive_fen);
    let form = cells.required("form", cells::word(InvestmentForm::from_chinese));
    Some(InvestmentRow { incubator: incubator?, firm: firm?, day: day?, amount: amount?, form: form? })
}

/// A row of 税收入库明细.
pub(super) fn tax_receipt(cells: &mut Cells) -> Option<TaxReceiptRow> {
    let taxpayer = cells.required("taxpayer_code", cells::code);
    let tax = cells.required("tax", cells::tax);
    let start = cells.optional("period_start_date", cells::day);
    let end = cells.optional("period_end_date", cells::day);
    let day = cells.required("treasury_date", cells::day);
    let amount = cells.bounded("amount_fen", nonzero_fen);
    let nature = cells.required("nature", cells::word(TaxNature::from_chinese));
    let voucher = cells.required("voucher_no", cells::voucher);
    let receipt = TaxReceipt {
        taxpayer: taxpayer?,
        tax: tax?,
        period: (start, end),
        amount: amount?,
        nature: nature?,
        voucher: voucher?,
    };
    Some(TaxReceiptRow { receipt, day: day? })
}

fn within(field: &str, value: i64, max: i64) -> Result<i64, Fault> {
    if (0..=max).contains(&value) {
        return Ok(value);
    }
    Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value}; it lies between 0 and {max}")))
}

fn not_negative_fen(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, fen(field, value)?, i64::MAX)
}

fn count(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, value, i32::MAX.into())
}

fn rate(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, value, RATE_PPM_MAX)
}
