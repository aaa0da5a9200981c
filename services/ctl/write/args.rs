//! Recording commands, as typed. What they have in common is one frame, flattened into each.

use crate::ctl::criteria::args::IncubatorReportArgs;
use crate::ctl::money_args::ReportArgs;
use crate::ctl::parse;
use crate::domain::{BuildMode, Criterion, Day, Kind, LeaveKind, Level};
use crate::wire::v1::Document;
use clap::{ArgGroup, Args, Subcommand};

/// What every recording command has.
#[derive(Debug, Args)]
pub struct Frame {
    /// Business date of the fact.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub date: Day,
    /// All else.
    #[command(flatten)]
    pub undated: Undated,
}

/// The same of a fact that has its date by itself.
#[derive(Debug, Args)]
pub struct Undated {
    /// Names of the act, its proofs.
    #[command(flatten)]
    pub act: Act,
    /// Record only if the resource still has this etag.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
    /// Positions of recorded facts that this takes back in the same act (红冲).
    #[arg(long, value_name = "POSITION", value_delimiter = ',', requires_all = ["void_reason", "decided_by"])]
    pub replaces: Vec<i64>,
    /// Why they are taken back.
    #[arg(long, default_value = "", hide_default_value = true, requires = "replaces")]
    pub void_reason: String,
    /// Who decided that they are taken back.
    #[arg(long, default_value = "", hide_default_value = true, requires = "replaces")]
    pub decided_by: String,
}

impl Frame {
    /// The date as the API has it, and all else.
    pub fn parts(self) -> (String, Undated) {
        (self.date.to_string(), self.undated)
    }
}

impl Undated {
    /// No date, and all else.
    pub fn parts(self) -> (String, Self) {
        (String::new(), self)
    }
}

/// What recording and taking back have in common.
#[derive(Debug, Args)]
pub struct Act {
    /// Id of this request; default: a new one, which is printed when the request fails, for the next try.
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<uuid::Uuid>,
    /// Decide, but record nothing.
    #[arg(long)]
    pub validate_only: bool,
    /// A document that bears it out: TITLE[;no=文号][;sha256=HEX][;location=WHERE][;file=PATH].
    #[arg(long = "document", value_name = "DOCUMENT", value_parser = parse::document)]
    pub documents: Vec<Document>,
}

/// Recording commands about firms.
#[derive(Debug, Subcommand)]
pub enum FirmWrite {
    /// Register a firm; the date is the day of its registration (注册日期).
    Register {
        /// Its code (统一社会信用代码).
        code: String,
        /// Its name (企业名称).
        #[arg(long)]
        name: String,
        /// Technical field (技术领域).
        #[arg(long)]
        field: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record another name, from the date on.
    Rename {
        /// Its code.
        code: String,
        /// The name it takes.
        #[arg(long)]
        name: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record that it was struck off (注销).
    Deregister {
        /// Its code.
        code: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record an admission (入孵).
    Admit {
        /// Its code.
        code: String,
        /// The carrier.
        #[arg(long, value_name = "ID")]
        incubator: String,
        /// Document that waives the age limit (豁免文号).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NO")]
        waiver: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record a move from one carrier to another on one day.
    Transfer {
        /// Its code.
        code: String,
        /// The carrier it leaves.
        #[arg(long, value_name = "ID")]
        from: String,
        /// The carrier it enters.
        #[arg(long, value_name = "ID")]
        to: String,
        /// Document that waives the age limit (豁免文号).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NO")]
        waiver: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record a graduation (毕业).
    Graduate {
        /// Its code.
        code: String,
        /// The carrier.
        #[arg(long, value_name = "ID")]
        incubator: String,
        /// On what ground (毕业依据).
        #[arg(long, value_parser = parse::criterion)]
        criterion: Criterion,
        /// Document of the graduation (毕业文号).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NO")]
        graduation_document: String,
        /// Day of admission of the stay; default: the one stay that the date falls to.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        admitted: Option<Day>,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record a leaving without graduation.
    Leave {
        /// Its code.
        code: String,
        /// The carrier.
        #[arg(long, value_name = "ID")]
        incubator: String,
        /// Why (离孵类型).
        #[arg(long, value_parser = parse::leave_kind)]
        kind: LeaveKind,
        /// Day of admission of the stay; default: the one stay that the date falls to.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        admitted: Option<Day>,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record a stay whole; the date is the day of admission. With --replaces it restates one.
    Stay {
        /// Its code.
        code: String,
        /// The carrier.
        #[arg(long, value_name = "ID")]
        incubator: String,
        /// Day of leaving; default: it lasts.
        #[arg(long, value_name = "DATE", value_parser = parse::day, requires = "kind")]
        left: Option<Day>,
        /// Why it left (离孵类型).
        #[arg(long, value_parser = parse::leave_kind, requires = "left")]
        kind: Option<LeaveKind>,
        /// On what ground it graduated (毕业依据).
        #[arg(long, value_parser = parse::criterion, requires = "kind")]
        criterion: Option<Criterion>,
        /// Document of the graduation (毕业文号).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NO")]
        graduation_document: String,
        /// Document that waives the age limit (豁免文号).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NO")]
        waiver: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record the annual report of a year (企业年报); its date is the last day of that year.
    Report(ReportArgs),
    /// Record a certificate as high-tech enterprise (高新技术企业); the date is its first day.
    Certify {
        /// Its code.
        code: String,
        /// Number of the certificate (证书编号).
        #[arg(long, value_name = "NO")]
        certificate: String,
        /// First day on which it no longer holds.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        expires: Option<Day>,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
}

/// Who runs a carrier.
#[derive(Debug, Args)]
pub struct OperatorArgs {
    /// Registered name of the operator (运营主体).
    #[arg(long, value_name = "NAME")]
    pub operator: String,
    /// The operator's code (统一社会信用代码).
    #[arg(long, value_name = "CODE")]
    pub operator_code: String,
    /// Brought in by the district (引进运营).
    #[arg(long)]
    pub introduced: bool,
}

/// How large a carrier is, in square metres.
#[derive(Debug, Args)]
pub struct AreaArgs {
    /// Incubation area (孵化场地面积), m².
    #[arg(long, value_name = "M2", value_parser = parse::hundredths, default_value = "0", hide_default_value = true)]
    pub incubation_area: i64,
    /// Public service area (公共服务面积), m².
    #[arg(long, value_name = "M2", value_parser = parse::hundredths, default_value = "0", hide_default_value = true)]
    pub public_area: i64,
}

/// Recording commands about carriers.
#[derive(Debug, Subcommand)]
pub enum IncubatorWrite {
    /// Register a carrier; the date is the day it was founded (成立日期).
    Register {
        /// Its id (载体编号).
        id: String,
        /// Its name (载体名称).
        #[arg(long)]
        name: String,
        /// What it is: MAKERSPACE 众创空间, INCUBATOR 孵化器, ACCELERATOR 加速器.
        #[arg(long, value_parser = parse::kind)]
        kind: Kind,
        /// How it was built (建设模式).
        #[arg(long, value_parser = parse::build_mode)]
        build_mode: BuildMode,
        /// Who runs it.
        #[command(flatten)]
        operator: OperatorArgs,
        /// How large it is.
        #[command(flatten)]
        area: AreaArgs,
        /// The carrier before it in the chain (上游载体).
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
        upstream: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record a recognition (认定) from the date on.
    Recognise {
        /// Its id.
        id: String,
        /// Its level: DISTRICT 区级, CITY 市级, PROVINCE 省级, NATIONAL 国家级.
        #[arg(long, value_parser = parse::level)]
        level: Level,
        /// Document number (文号).
        #[arg(long, value_name = "NO")]
        document_no: String,
        /// First day on which it no longer holds.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        expires: Option<Day>,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record that a recognition ends: from the date on it no longer holds.
    EndRecognition {
        /// Its id.
        id: String,
        /// Level of the recognition.
        #[arg(long, value_parser = parse::level)]
        level: Level,
        /// First day of the recognition.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        recognised: Day,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record another operator from the date on.
    ChangeOperator {
        /// Its id.
        id: String,
        /// Who runs it.
        #[command(flatten)]
        operator: OperatorArgs,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record other areas from the date on.
    ChangeArea {
        /// Its id.
        id: String,
        /// How large it is.
        #[command(flatten)]
        area: AreaArgs,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// Record what it filed about a year (载体年报); the date is the last day of that year.
    Report(IncubatorReportArgs),
    /// Record another carrier before it in the chain.
    ChangeUpstream {
        /// Its id.
        id: String,
        /// The carrier before it; not given: none from that day on.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
        upstream: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
}

/// Recording commands about relocation.
#[derive(Debug, Subcommand)]
pub enum RelocationWrite {
    /// Record that a firm signed with a park (签约).
    Sign(RelocationArgs),
    /// Record that it settled (落户).
    Settle {
        /// Who, and where to.
        #[command(flatten)]
        step: RelocationArgs,
        /// The assessment by which its project was let in (准入项目编号).
        #[arg(long, value_name = "ID")]
        assessment: Option<String>,
    },
    /// Record that it went into production (投产).
    Produce(RelocationArgs),
    /// Record a relocation whole; the date is the day of signing. With --replaces it restates one.
    Record {
        /// Who, and where to.
        #[command(flatten)]
        step: RelocationArgs,
        /// Day of settling (落户日期).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        settled: Option<Day>,
        /// First day in production (投产日期).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        production: Option<Day>,
        /// The assessment by which its project was let in (准入项目编号); goes with --settled.
        #[arg(long, value_name = "ID")]
        assessment: Option<String>,
    },
}

/// A step of a relocation.
#[derive(Debug, Args)]
pub struct RelocationArgs {
    /// The firm's code.
    pub code: String,
    /// The park, by its name as the district writes it.
    #[arg(long)]
    pub park: String,
    /// Common.
    #[command(flatten)]
    pub frame: Frame,
}

/// Recording commands about parks.
#[derive(Debug, Subcommand)]
pub enum ParkWrite {
    /// Record to which treasury a park's taxes go from the date on (受益地财政).
    SetTreasury {
        /// The park, by its name as the district writes it.
        id: String,
        /// 9-digit code of the treasury (区划).
        #[arg(long, value_name = "CODE")]
        treasury_code: String,
        /// Its name.
        #[arg(long, value_name = "NAME")]
        treasury_name: String,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
}

/// Other limits.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("named").required(true).multiple(true).args([
    "admission_age", "incubation", "extended_incubation", "extended_field", "venture_funding_over", "revenue_over",
]))]
pub struct LimitsSetArgs {
    /// Months from registration to the first admission.
    #[arg(long, value_name = "MONTHS", allow_negative_numbers = true)]
    pub admission_age: Option<i32>,
    /// Months of incubation.
    #[arg(long, value_name = "MONTHS", allow_negative_numbers = true)]
    pub incubation: Option<i32>,
    /// The same for the extended fields.
    #[arg(long, value_name = "MONTHS", allow_negative_numbers = true)]
    pub extended_incubation: Option<i32>,
    /// Fields with the extended term, separated by commas.
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub extended_field: Option<Vec<String>>,
    /// VENTURE_FUNDING is met by funding over this, in yuan.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
    pub venture_funding_over: Option<i64>,
    /// REVENUE is met by two years' revenue over this, in yuan.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
    pub revenue_over: Option<i64>,
    /// Common.
    #[command(flatten)]
    pub frame: Frame,
}

/// Facts to take back.
#[derive(Debug, Args)]
pub struct VoidArgs {
    /// Positions of the facts.
    #[arg(required = true, value_name = "POSITION")]
    pub positions: Vec<i64>,
    /// Why.
    #[arg(long)]
    pub reason: String,
    /// Who decided.
    #[arg(long)]
    pub decided_by: String,
    /// Common.
    #[command(flatten)]
    pub act: Act,
}
