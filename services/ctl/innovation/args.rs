//! Commands about technology transfers, platforms, instruments and guidance funds, as typed.

use crate::ctl::args::Reading;
use crate::ctl::money_args::Listing;
use crate::ctl::parse;
use crate::ctl::write::args::{Frame, Undated};
use crate::domain::{CapitalSource, Day, Party, PlatformKind};
use clap::Subcommand;

/// Intermediaries of technology transfers.
#[derive(Debug, Subcommand)]
pub enum IntermediaryCommand {
    /// Put an intermediary on record (首次备案); the date is that day (备案日期).
    Register {
        /// Its id (中介编号): an institution's code, an individual's number of registration.
        id: String,
        /// Its name (中介名称).
        #[arg(long)]
        name: String,
        /// What it is: INSTITUTION 机构, INDIVIDUAL 个人.
        #[arg(long, value_parser = parse::party)]
        party: Party,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One intermediary.
    Show {
        /// Its id (中介编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The intermediaries, by id.
    List {
        /// Of this party.
        #[arg(long, value_parser = parse::party)]
        party: Option<Party>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Technology transfers.
#[derive(Debug, Subcommand)]
pub enum TransferCommand {
    /// Record a completed transfer; the date is the day of completion (完成日期).
    Record {
        /// Number of the technology contract (技术合同编号).
        contract: String,
        /// Who brought it about.
        #[arg(long, value_name = "ID")]
        intermediary: String,
        /// Code of the firm that took the technology over.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// Day on which the activity began (活动开始日期).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        began: Day,
        /// What was actually paid (实际支付金额) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        paid: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One transfer.
    Show {
        /// Number of the technology contract (技术合同编号).
        contract: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The transfers, by contract number.
    List {
        /// Brought about by this intermediary.
        #[arg(long, value_name = "ID")]
        intermediary: Option<String>,
        /// To this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Platforms.
#[derive(Debug, Subcommand)]
pub enum PlatformCommand {
    /// Enter a platform in the register; the date is that day (登记日期).
    Register {
        /// Its id (平台编号).
        id: String,
        /// Its name (平台名称).
        #[arg(long)]
        name: String,
        /// What it is for: RESEARCH 公共研发平台, TESTING 检验检测平台, PILOT 中试平台.
        #[arg(long, value_parser = parse::platform_kind)]
        kind: PlatformKind,
        /// Who built and runs it (运营单位).
        #[arg(long, value_name = "NAME")]
        operator: String,
        /// Its code.
        #[arg(long, value_name = "CODE")]
        operator_code: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record what a platform reported of a year (平台年报).
    Report {
        /// Its id (平台编号).
        id: String,
        /// The year (年度).
        #[arg(long)]
        year: i32,
        /// Whole capacity of service (全部服务能力), hours.
        #[arg(long, value_name = "HOURS")]
        capacity: i64,
        /// What of it was open to others (开放服务能力), hours.
        #[arg(long, value_name = "HOURS")]
        open: i64,
        /// Actual cost of service (实际服务成本) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        cost: i64,
        /// Spent on building it (建设投入经费) in yuan; in the year of completion up to that day.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        input: i64,
        /// Common.
        #[command(flatten)]
        frame: Undated,
    },
    /// Record that a platform was completed and came into use; the date is that day (建成日期).
    Complete {
        /// Its id (平台编号).
        id: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One platform with its reports.
    Show {
        /// Its id (平台编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The platforms, by id.
    List {
        /// Of this kind.
        #[arg(long, value_parser = parse::platform_kind)]
        kind: Option<PlatformKind>,
        /// Run by this operator.
        #[arg(long, value_name = "CODE")]
        operator: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Instruments.
#[derive(Debug, Subcommand)]
pub enum InstrumentCommand {
    /// Record that an instrument entered the shared catalogue; the date is that day (纳入目录日期).
    Catalogue {
        /// Its id (仪器编号).
        id: String,
        /// Its name (仪器名称).
        #[arg(long)]
        name: String,
        /// Code of the firm that owns it.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// What it was bought for (购置价格) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        price: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record that an instrument left the catalogue; the date is the first day without it (移出目录日期).
    Remove {
        /// Its id (仪器编号).
        id: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record what was reported of a year (仪器年报).
    Report {
        /// Its id (仪器编号).
        id: String,
        /// The year (年度).
        #[arg(long)]
        year: i32,
        /// Cost of running it for others (开放运行成本) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
        cost: i64,
        /// Common.
        #[command(flatten)]
        frame: Undated,
    },
    /// One instrument with its reports.
    Show {
        /// Its id (仪器编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The instruments, by id.
    List {
        /// Of this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Guidance funds.
#[derive(Debug, Subcommand)]
pub enum GuidanceFundCommand {
    /// Record that a fund was established; the date is that day (设立日期).
    Establish {
        /// Its id (基金编号).
        id: String,
        /// Its name (基金名称).
        #[arg(long)]
        name: String,
        /// Its size as stated (基金规模) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::hundredths)]
        size: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record capital paid in; the date is its day (出资日期).
    Contribute {
        /// Its id (基金编号).
        id: String,
        /// Amount (出资金额) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::hundredths)]
        amount: i64,
        /// Whose (资金来源): GOVERNMENT 政府, SOCIAL 社会.
        #[arg(long, value_parser = parse::capital_source)]
        source: CapitalSource,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record an investment in a firm; the date is its day (投资日期).
    Invest {
        /// Its id (基金编号).
        id: String,
        /// The firm's code.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// Amount (投资金额) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::hundredths)]
        amount: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One fund with its capital and its investments.
    Show {
        /// Its id (基金编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The funds, by id.
    List {
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Assessments of projects.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // One of them exists, once a process.
pub enum AssessmentCommand {
    /// Record what was measured of a project; the date is the day of the assessment (评估日期).
    Record {
        /// Number of the project (项目编号).
        id: String,
        /// The firm's code.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// The park, by its name as the district writes it.
        #[arg(long)]
        park: String,
        /// Industry (产业), as the standards name it.
        #[arg(long)]
        industry: String,
        /// What was measured.
        #[command(flatten)]
        measured: Measured,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One assessment.
    Show {
        /// Number of the project (项目编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The assessments, by number.
    List {
        /// Of this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// For this park.
        #[arg(long)]
        park: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// The seven indicators; one that is left out was not measured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Measured {
    /// 投资强度 in 万元/公顷 (万元/亩 × 15).
    #[arg(long, value_parser = parse::millionths)]
    pub investment_intensity: Option<i64>,
    /// 土地产出 in 万元/公顷.
    #[arg(long, value_parser = parse::millionths)]
    pub land_output: Option<i64>,
    /// 土地税收 in 万元/公顷.
    #[arg(long, value_parser = parse::millionths)]
    pub land_tax: Option<i64>,
    /// 容积率, such as 1.2.
    #[arg(long, value_parser = parse::millionths)]
    pub floor_area_ratio: Option<i64>,
    /// 行政办公及生活服务设施比例 in percent.
    #[arg(long, value_parser = parse::percent)]
    pub service_share: Option<i64>,
    /// 建筑系数 in percent.
    #[arg(long, value_parser = parse::percent)]
    pub building_coefficient: Option<i64>,
    /// 绿地率 in percent.
    #[arg(long, value_parser = parse::percent)]
    pub green_ratio: Option<i64>,
}
