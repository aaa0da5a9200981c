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

/// Between 0 and a bound.
pub(super) fn within(field: &str, value: i64, max: i64) -> Result<i64, Fault> {
    if (0..=max).contains(&value) {
        return Ok(value);
    }
    Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value}; it lies between 0 and {max}")))
}

/// An amount that is not negative.
pub(super) fn not_negative_fen(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, fen(field, value)?, i64::MAX)
}

fn count(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, value, i32::MAX.into())
}

fn rate(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, value, RATE_PPM_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::headings::recognise;
    use super::super::row::read;
    use super::super::split::RawRow;
    use crate::domain::reason::{Reason, Refusal};
    use crate::domain::rows::Row;

    const CODE: &str = "91440203MAUHUXQE04";

    fn outcome(headings: &str, cells: &str) -> Result<Row, Refusal> {
        let raw = |line, text: &str| RawRow {
            line,
            cells: text.split(';').map(str::to_owned).collect(),
            ..RawRow::default()
        };
        read(&recognise(&raw(1, headings)).unwrap(), &raw(2, cells))
    }

    fn reason(headings: &str, cells: &str) -> Option<Reason> {
        outcome(headings, cells).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn amounts_are_exact_in_the_unit_of_the_heading() {
        for (unit, cell, fen) in [
            ("元", "1,234.56", Some(123_456)),
            ("元", "0.01", Some(1)),
            ("元", "0.001", None),
            ("千元", "0.00001", Some(1)),
            ("千元", "0.000001", None),
            ("万元", "0.000001", Some(1)),
            ("万元", "265", Some(265_000_000)),
            ("亿元", "100", Some(1_000_000_000_000)),
        ] {
            let found = outcome(&format!("载体编号;设立日期;规模({unit})"), &format!("W1;2024-03-05;{cell}"));
            match (found, fen) {
                (Ok(Row::SeedFund(fund)), Some(fen)) => assert_eq!(fund.size, fen),
                (Err(refusal), None) => assert_eq!(refusal.reason, Reason::MalformedAmount),
                other => panic!("{unit} {cell}: {other:?}"),
            }
        }
    }

    #[test]
    fn amounts_have_the_bounds_of_the_domain() {
        let fund = |cell: &str| reason("载体编号;设立日期;规模(亿元)", &format!("W1;2024-03-05;{cell}"));
        assert_eq!(
            [fund("0"), fund("-1"), fund("")],
            [Reason::OutOfRange, Reason::OutOfRange, Reason::MissingValue].map(Some)
        );
        assert_eq!((fund("1000000"), fund("1000000.00000001")), (None, Some(Reason::OutOfRange)));
        let receipt = |amount: &str, tax: &str| {
            let headings = "统一社会信用代码;税种;税款所属期起;入库日期;金额(元);税款性质;凭证号";
            reason(headings, &format!("{CODE};{tax};2024-02-01;2024-03-05;{amount};退税;V1"))
        };
        assert_eq!((receipt("-10.50", "增值税"), receipt("0", "增值税")), (None, Some(Reason::OutOfRange)));
        assert_eq!(receipt("1", "车船税"), Some(Reason::UnknownTax));
        assert_eq!(receipt("1.005", "车船税"), Some(Reason::MalformedAmount));
        let interest =
            |amount: &str| reason("合同编号;支付日期;金额(元);性质", &format!("JK1;2024-03-05;{amount};罚息"));
        assert_eq!((interest("-1"), interest("0")), (None, Some(Reason::OutOfRange)));
    }

    #[test]
    fn a_report_has_whole_counts_that_are_not_negative() {
        let report = |year: &str, revenue: &str, people: &str| {
            let headings =
                "统一社会信用代码;年度;营业收入(千元);研发费用(千元);从业人员(人);有效知识产权数;当年高新技术企业";
            reason(headings, &format!("{CODE};{year};{revenue};0;{people};0;否"))
        };
        assert_eq!(report("2024", "0", "0"), None);
        assert_eq!(report("2024", "-1", "1"), Some(Reason::OutOfRange));
        assert_eq!(report("2024", "1", "-1"), Some(Reason::OutOfRange));
        assert_eq!(report("2024", "1", "1.5"), Some(Reason::MalformedAmount));
        assert_eq!(report("2024", "1", "9999999999"), Some(Reason::OutOfRange));
        assert_eq!(report("24", "1", "1"), Some(Reason::MalformedDate));
        assert_eq!(report("2024", "", "1"), Some(Reason::MissingValue));
    }

    #[test]
    fn a_rate_is_no_more_than_the_principal() {
        let loan = |rate: &str| {
            let headings = "合同编号;统一社会信用代码;金融机构;本金(万元);年利率（％）;放款日期;到期日期";
            outcome(headings, &format!("JK1;{CODE};银行;1;{rate};2024-03-05;2025-03-05"))
        };
        let Ok(Row::Loan(row)) = loan("4.785") else { panic!("a loan") };
        assert_eq!((row.drawn.rate_ppm, row.drawn.principal), (47_850, 1_000_000));
        for (rate, reason) in
            [("4.78501", Reason::MalformedAmount), ("101", Reason::OutOfRange), ("-1", Reason::OutOfRange)]
        {
            assert_eq!(loan(rate).unwrap_err().reason, reason, "{rate}");
        }
        assert!(loan("100").is_ok() && loan("0").is_ok());
    }
}
