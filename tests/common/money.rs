//! The six ledgers about money as rows of the domain: a stop-gap beside `ledgers`, for proofs that need a whole district.

use incubator_registry::domain::event::{AnnualReport, LoanDrawn, TaxReceipt};
use incubator_registry::domain::rows::{InterestRow, InvestmentRow, LoanRow, Row, SeedFundRow, TaxReceiptRow};
use incubator_registry::domain::values::VoucherNo;
use incubator_registry::domain::{IncubatorId, InterestNature, InvestmentForm, LoanId, Reason, Tax, TaxNature, Uscc};

use super::ledgers::{Outcome, date, district, import_rows, read, word};
use super::world::World;

/// The ledgers about money, in the order of an import.
pub const FILES: [&str; 6] = ["企业年报", "贷款台账", "利息支付", "种子基金", "投资担保", "税收入库明细"];

/// The sample district with all twelve ledgers, and the outcome of every file.
pub fn whole_district() -> (World, Vec<(String, Outcome)>) {
    let (mut world, mut outcomes) = district();
    for name in FILES {
        outcomes.push((format!("{name}.csv"), import_rows(&mut world, read(name), |cells| row(name, cells))));
    }
    (world, outcomes)
}

fn row(name: &str, cells: &[(String, String)]) -> Result<Row, Reason> {
    let cell = |heading: &str| cells.iter().find(|(h, _)| h.starts_with(heading)).map_or("", |(_, cell)| cell.as_str());
    let incubator = || IncubatorId::parse(cell("载体编号"));
    let code = || Uscc::parse(cell("统一社会信用代码"));
    let loan = || LoanId::parse(cell("合同编号"));
    let day = |heading| date(cell(heading)).and_then(|day| day.ok_or(Reason::MissingValue));
    Ok(match name {
        "企业年报" => Row::AnnualReport(AnnualReport {
            firm: code()?,
            year: cell("年度").parse().unwrap(),
            revenue: scaled(cell("营业收入"), 5)?,
            research: scaled(cell("研发费用"), 5)?,
            employees: cell("从业人员").parse().unwrap(),
            ip_rights: cell("有效知识产权数").parse().unwrap(),
            high_tech: cell("当年高新技术企业") == "是",
        }),
        "贷款台账" => Row::Loan(LoanRow {
            drawn: LoanDrawn {
                loan: loan()?,
                firm: code()?,
                lender: cell("金融机构").into(),
                principal: scaled(cell("本金"), 6)?,
                rate_ppm: scaled(cell("年利率"), 4)?,
                maturity: day("到期日期")?,
            },
            day: day("放款日期")?,
        }),
        "利息支付" => Row::Interest(InterestRow {
            loan: loan()?,
            day: day("支付日期")?,
            amount: scaled(cell("金额"), 2)?,
            nature: word(InterestNature::from_chinese, cell("性质"))?,
        }),
        "种子基金" => Row::SeedFund(SeedFundRow {
            incubator: incubator()?,
            day: day("设立日期")?,
            size: scaled(cell("规模"), 6)?,
        }),
        "投资担保" => Row::Investment(InvestmentRow {
            incubator: incubator()?,
            firm: code()?,
            day: day("日期")?,
            amount: scaled(cell("金额"), 6)?,
            form: word(InvestmentForm::from_chinese, cell("方式"))?,
        }),
        _ => Row::TaxReceipt(TaxReceiptRow {
            receipt: TaxReceipt {
                taxpayer: code()?,
                tax: Tax::from_chinese(cell("税种")).ok_or(Reason::UnknownTax)?,
                period: (date(cell("税款所属期起"))?, date(cell("税款所属期止"))?),
                amount: scaled(cell("金额"), 2)?,
                nature: word(TaxNature::from_chinese, cell("税款性质"))?,
                voucher: VoucherNo::parse(cell("凭证号"))?,
            },
            day: day("入库日期")?,
        }),
    })
}

/// A decimal with thousands separators, times ten to the places.
fn scaled(cell: &str, places: usize) -> Result<i64, Reason> {
    let plain = cell.replace(',', "");
    let (integer, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places {
        return Err(Reason::MalformedAmount);
    }
    format!("{integer}{fraction:0<places$}").parse().map_err(|_| Reason::MalformedAmount)
}
