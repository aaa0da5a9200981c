//! Commands about money, as typed: annual reports, loans, seed funds and what came from them, receipts of the treasury.

use super::args::Reading;
use super::parse;
use super::write::args::{Frame, Undated};
use crate::domain::{Day, InterestNature, InvestmentForm, Tax, TaxNature};
use clap::{Args, Subcommand};

/// An annual report.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The firm's code.
    pub code: String,
    /// The year (年度).
    #[arg(long)]
    pub year: i32,
    /// Revenue (营业收入) in yuan.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
    pub revenue: i64,
    /// Spending on research and development (研发费用) in yuan.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
    pub research: i64,
    /// People employed (从业人员).
    #[arg(long, value_name = "COUNT")]
    pub employees: i32,
    /// Valid intellectual property rights (有效知识产权数).
    #[arg(long, value_name = "COUNT")]
    pub ip_rights: i32,
    /// A high-tech enterprise in that year (当年高新技术企业).
    #[arg(long)]
    pub high_tech: bool,
    /// Common.
    #[command(flatten)]
    pub frame: Undated,
}

/// Loans.
#[derive(Debug, Subcommand)]
pub enum LoanCommand {
    /// Record that a loan was drawn; the date is the day of drawdown (放款日期).
    Draw {
        /// Contract number (合同编号).
        contract: String,
        /// The firm's code.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// Lender (金融机构).
        #[arg(long)]
        lender: String,
        /// Principal (本金) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        amount: i64,
        /// Yearly rate (年利率) in percent, e.g. 5.22.
        #[arg(long, value_name = "PERCENT", value_parser = parse::percent)]
        rate: i64,
        /// Maturity (到期日期).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        maturity: Day,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record an interest payment (利息支付); the date is its day.
    Pay {
        /// Contract number (合同编号).
        contract: String,
        /// Amount in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        amount: i64,
        /// What it is: NORMAL 正常利息, PENALTY 罚息, COMPOUND 复利.
        #[arg(long, value_parser = parse::interest_nature, default_value = "NORMAL")]
        nature: InterestNature,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One loan with its interest.
    Show {
        /// Contract number (合同编号).
        contract: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The loans, by contract number.
    List {
        /// Of this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Seed funds.
#[derive(Debug, Subcommand)]
pub enum FundCommand {
    /// Record that a carrier set up a seed fund (种子基金); the date is that day.
    Establish {
        /// The carrier.
        incubator: String,
        /// Size (规模) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        size: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// The seed funds, by carrier.
    List {
        /// Of this carrier.
        #[arg(long, value_name = "ID")]
        incubator: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Investments and guarantees.
#[derive(Debug, Subcommand)]
pub enum InvestmentCommand {
    /// Record an investment in a firm, or a guarantee for it (投资担保); the date is its day.
    Record {
        /// The firm's code.
        code: String,
        /// The carrier whose fund it came from.
        #[arg(long, value_name = "ID")]
        incubator: String,
        /// Amount in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        amount: i64,
        /// In which form: EQUITY 股权投资, GUARANTEE 融资担保.
        #[arg(long, value_parser = parse::investment_form)]
        form: InvestmentForm,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// The investments and guarantees, by firm.
    List {
        /// In this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// From this carrier's fund.
        #[arg(long, value_name = "ID")]
        incubator: Option<String>,
        /// In this form.
        #[arg(long, value_parser = parse::investment_form)]
        form: Option<InvestmentForm>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Receipts of the treasury.
#[derive(Debug, Subcommand)]
pub enum TaxCommand {
    /// Record a receipt (税收入库); the date is the day it reached the treasury (入库日期).
    Record {
        /// Voucher number (凭证号).
        voucher: String,
        /// The tax: VAT 增值税, CIT 企业所得税, IIT 个人所得税 …
        #[arg(long, value_parser = parse::tax)]
        tax: Tax,
        /// Code of the taxpayer: a firm, or a carrier's operator.
        #[arg(long, value_name = "CODE")]
        taxpayer: String,
        /// Amount in yuan; negative for a refund.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        amount: i64,
        /// What it is: NORMAL 正税, REFUND 退税, LATE_FEE 滞纳金, PENALTY 罚款, AUDIT_SUPPLEMENT 查补税款.
        #[arg(long, value_parser = parse::tax_nature, default_value = "NORMAL")]
        nature: TaxNature,
        /// First day of the period that it is for (税款所属期起).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        period_start: Option<Day>,
        /// Last day of that period (税款所属期止).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        period_end: Option<Day>,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One tax of one voucher.
    Show {
        /// Voucher number (凭证号).
        voucher: String,
        /// The tax.
        #[arg(long, value_parser = parse::tax)]
        tax: Tax,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The receipts, in the order of recording.
    List {
        /// Of this taxpayer.
        #[arg(long, value_name = "CODE")]
        taxpayer: Option<String>,
        /// Of this tax.
        #[arg(long, value_parser = parse::tax)]
        tax: Option<Tax>,
        /// Of this nature.
        #[arg(long, value_parser = parse::tax_nature)]
        nature: Option<TaxNature>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// What every list has.
#[derive(Debug, Args)]
pub struct Listing {
    /// At most so many; 0: all.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub limit: usize,
    /// Of which day.
    #[command(flatten)]
    pub reading: Reading,
}
