//! Rows about money and reports, as bulk imports and single commands state them.

use super::Reader;
use crate::domain::event::{AnnualReport, LoanDrawn, TaxReceipt};
use crate::domain::rows::{InterestRow, InvestmentRow, LoanRow, SeedFundRow, TaxReceiptRow, report_day};
use crate::domain::values::{fen, nonzero_fen, positive_fen};
use crate::domain::{Day, Fault, IncubatorId, InterestNature, InvestmentForm, LoanId, Reason, Tax, TaxNature, Uscc};
use crate::wire::v1;

/// A rate past this is a slip: 100 % a year.
const RATE_PPM_MAX: i64 = 1_000_000;

impl Reader<'_> {
    /// A row of 企业年报.
    pub fn annual_report_row(&mut self, row: &v1::AnnualReportRow) -> Option<AnnualReport> {
        let firm = self.code("firm_code", &row.firm_code);
        self.annual_report(firm, row)
    }

    /// What a firm, read already, reported of a year.
    pub fn annual_report(&mut self, firm: Option<Uscc>, row: &v1::AnnualReportRow) -> Option<AnnualReport> {
        let year = self.year("year", row.year);
        let revenue = self.not_negative("revenue_fen", row.revenue_fen);
        let research = self.not_negative("research_fen", row.research_fen);
        let employees = self.count("employees", row.employees);
        let ip_rights = self.count("ip_rights", row.ip_rights);
        Some(AnnualReport {
            firm: firm?,
            year: year?,
            revenue: revenue?,
            research: research?,
            employees: employees?,
            ip_rights: ip_rights?,
            high_tech: row.high_tech,
        })
    }

    /// A row of 贷款台账.
    pub fn loan_row(&mut self, row: &v1::LoanRow) -> Option<LoanRow> {
        let firm = self.code("firm_code", &row.firm_code);
        self.loan_drawn(firm, row)
    }

    /// A loan of a firm, read already.
    pub fn loan_drawn(&mut self, firm: Option<Uscc>, row: &v1::LoanRow) -> Option<LoanRow> {
        let loan = self.loan_id("contract_no", &row.contract_no);
        let lender = self.text("lender", &row.lender);
        let principal = self.faults.take(positive_fen("principal_fen", row.principal_fen));
        let rate_ppm = self.rate("rate_ppm", row.rate_ppm);
        let day = self.day("drawdown_date", &row.drawdown_date);
        let maturity = self.day("maturity_date", &row.maturity_date);
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
    pub fn interest_row(&mut self, row: &v1::InterestRow) -> Option<InterestRow> {
        let loan = self.loan_id("contract_no", &row.contract_no);
        self.interest_paid(loan, row)
    }

    /// Interest on a loan, read already.
    pub fn interest_paid(&mut self, loan: Option<LoanId>, row: &v1::InterestRow) -> Option<InterestRow> {
        let day = self.day("effective_date", &row.effective_date);
        let amount = self.faults.take(nonzero_fen("amount_fen", row.amount_fen));
        let nature = self.word("nature", row.nature, InterestNature::from_code);
        Some(InterestRow { loan: loan?, day: day?, amount: amount?, nature: nature? })
    }

    /// A row of 种子基金.
    pub fn seed_fund_row(&mut self, row: &v1::SeedFundRow) -> Option<SeedFundRow> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        self.seed_fund(incubator, &row.effective_date, row.size_fen)
    }

    /// A fund of a carrier, read already.
    pub fn seed_fund(&mut self, incubator: Option<IncubatorId>, day: &str, size_fen: i64) -> Option<SeedFundRow> {
        let day = self.day("effective_date", day);
        let size = self.faults.take(positive_fen("size_fen", size_fen));
        Some(SeedFundRow { incubator: incubator?, day: day?, size: size? })
    }

    /// A row of 投资担保.
    pub fn investment_row(&mut self, row: &v1::InvestmentRow) -> Option<InvestmentRow> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        let firm = self.code("firm_code", &row.firm_code);
        self.investment(incubator.zip(firm), row)
    }

    /// An investment of a carrier in a firm, both read already.
    pub fn investment(
        &mut self,
        parties: Option<(IncubatorId, Uscc)>,
        row: &v1::InvestmentRow,
    ) -> Option<InvestmentRow> {
        let day = self.day("effective_date", &row.effective_date);
        let amount = self.faults.take(positive_fen("amount_fen", row.amount_fen));
        let form = self.word("form", row.form, InvestmentForm::from_code);
        let (incubator, firm) = parties?;
        Some(InvestmentRow { incubator, firm, day: day?, amount: amount?, form: form? })
    }

    /// A row of 税收入库明细.
    pub fn tax_receipt_row(&mut self, row: &v1::TaxReceiptRow) -> Option<TaxReceiptRow> {
        let taxpayer = self.code("taxpayer_code", &row.taxpayer_code);
        let tax = self.word("tax", row.tax, Tax::from_code);
        let start = self.optional_day("period_start_date", &row.period_start_date);
        let end = self.optional_day("period_end_date", &row.period_end_date);
        let day = self.day("treasury_date", &row.treasury_date);
        let amount = self.faults.take(nonzero_fen("amount_fen", row.amount_fen));
        let nature = self.word("nature", row.nature, TaxNature::from_code);
        let voucher = self.voucher("voucher_no", &row.voucher_no);
        let receipt = TaxReceipt {
            taxpayer: taxpayer?,
            tax: tax?,
            period: (start?, end?),
            amount: amount?,
            nature: nature?,
            voucher: voucher?,
        };
        Some(TaxReceiptRow { receipt, day: day? })
    }

    /// A year that must be given.
    pub fn year(&mut self, field: &str, value: i32) -> Option<i16> {
        let year = i16::try_from(value).ok().filter(|year| (1..=9999).contains(year));
        if year.is_none() {
            let reason = if value == 0 { Reason::MissingValue } else { Reason::MalformedDate };
            self.faults.push(reason, field, format!("{value} is no year"));
        }
        year
    }

    /// The business date of a report of a year; an `effective_date` that is sent all the same must say no other.
    pub fn report_day(&mut self, year: i16, effective_date: &str) -> Option<Day> {
        let day = self.refused(report_day(year))?;
        if !effective_date.is_empty() && effective_date != day.to_string() {
            let message = format!("a report of {year} is of {day}, its last day");
            self.faults.push(Reason::OutOfRange, "effective_date", message);
        }
        Some(day)
    }

    /// An amount that is not negative, fen.
    pub fn not_negative(&mut self, field: &str, value: i64) -> Option<i64> {
        let checked = fen(field, value).and_then(|value| match value {
            0.. => Ok(value),
            _ => Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value}; it is not negative"))),
        });
        self.faults.take(checked)
    }

    fn rate(&mut self, field: &str, value: i64) -> Option<i64> {
        let within = (0..=RATE_PPM_MAX).contains(&value);
        if !within {
            let message = format!("{field} is {value}; from 0 to {RATE_PPM_MAX} parts per million");
            self.faults.push(Reason::OutOfRange, field, message);
        }
        within.then_some(value)
    }
}
