//! What each ledger's columns are: the one table that recognition, reading and messages share. A further ledger is one
//! more variant, one more list of columns, and one more reader in `row`.

use crate::domain::reason::Reason;

/// The ledgers, in the order in which an import applies them (rules §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ledger {
    /// 载体台账.
    Incubators,
    /// 认定记录.
    Recognitions,
    /// 企业台账.
    Firms,
    /// 在孵台账.
    Stays,
    /// 准入评估: before 落户园区, which may refer to it.
    ProjectAssessments,
    /// 落户园区.
    Relocations,
    /// 企业变更.
    FirmChanges,
    /// 企业年报.
    AnnualReports,
    /// 贷款台账.
    Loans,
    /// 利息支付.
    Interest,
    /// 种子基金.
    SeedFunds,
    /// 投资担保.
    Investments,
    /// 税收入库明细.
    TaxReceipts,
    /// 载体年报.
    IncubatorReports,
    /// 技术转移中介.
    Intermediaries,
    /// 技术转移合同.
    TechnologyTransfers,
    /// 服务平台.
    Platforms,
    /// 平台年报.
    PlatformReports,
    /// 共享仪器.
    Instruments,
    /// 仪器年报.
    InstrumentReports,
    /// 引导基金.
    GuidanceFunds,
    /// 引导基金出资.
    GuidanceFundContributions,
    /// 引导基金投资.
    GuidanceFundInvestments,
}

/// What the cells of a column hold. Text files need it not: it says what a cell of a workbook that is no text may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A unified social credit code.
    Code,
    /// A name, an id, a document number, a word.
    Text,
    /// A civil date.
    Day,
    /// A quantity or a count.
    Number,
    /// A quantity in hundredths, such as a rate in percent.
    Percent,
    /// 是 or 否.
    YesNo,
}

impl Content {
    /// The word for a cell that can't be what its column holds.
    pub fn malformed(self) -> Reason {
        match self {
            Self::Code => Reason::MalformedCode,
            Self::Text => Reason::MalformedName,
            Self::Day => Reason::MalformedDate,
            Self::Number | Self::Percent => Reason::MalformedAmount,
            Self::YesNo => Reason::UnknownWord,
        }
    }
}

/// A column of a ledger.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, without a unit.
    pub heading: &'static str,
    /// The field's name in the API.
    pub field: &'static str,
    /// Whether every row needs a value; a column without need may be absent from the file.
    pub required: bool,
    /// Units that the heading may name in brackets, each with how many of the stored unit it is. A quantity's heading
    /// must name one: a guessed unit is a wrong number.
    pub units: &'static [(&'static str, i64)],
    /// What its cells hold.
    pub content: Content,
}

/// Columns that any file may have and that state nothing: 序号 and 备注, which people keep for themselves, and those that
/// `corrected` adds to refused rows, so that a mended file is read again as it is. Exactly these words.
pub const IGNORED: &[&str] = &["序号", "备注", LINE_HEADING, REASON_HEADING, SENTENCE_HEADING];
/// Heading of the line that a refused row had.
pub const LINE_HEADING: &str = "行号";
/// Heading of the word of its refusal.
pub const REASON_HEADING: &str = "原因";
/// Heading of the sentence of its refusal.
pub const SENTENCE_HEADING: &str = "说明";

/// Square metres, stored in hundredths.
const AREA: &[(&str, i64)] = &[("㎡", 100)];
/// Money, stored in fen. The first unit is the one that a heading written anew bears.
const MONEY: &[(&str, i64)] = &[("元", 100), ("千元", 100_000), ("万元", 1_000_000), ("亿元", 10_000_000_000)];
/// A rate, stored in parts per million.
const RATE: &[(&str, i64)] = &[("%", 10_000)];
/// Money on land, stored in fen per hectare; a hectare is 15 mu.
const LAND: &[(&str, i64)] =
    &[("万元/公顷", 1_000_000), ("万元/亩", 15_000_000), ("元/㎡", 1_000_000), ("元/平方米", 1_000_000)];
/// A ratio that is written as such, stored in parts per million.
const RATIO: &[(&str, i64)] = &[("", 1_000_000), ("%", 10_000)];
/// People; the unit may be left out, since there is no other.
const PEOPLE: &[(&str, i64)] = &[("", 1), ("人", 1)];
/// Hours of service (机时); the unit may be left out, since there is no other.
const HOURS: &[(&str, i64)] = &[("小时", 1), ("机时", 1), ("", 1)];
/// Rights; the unit may be left out, since there is no other.
const RIGHTS: &[(&str, i64)] = &[("", 1), ("件", 1), ("项", 1)];

/// Things counted one by one; the unit may be left out, since there is no other.
const COUNTS: &[(&str, i64)] = &[("", 1), ("人", 1), ("个", 1), ("家", 1), ("场", 1), ("项", 1)];
/// Whole months.
const MONTHS: &[(&str, i64)] = &[("月", 1), ("个月", 1)];

const fn must(heading: &'static str, field: &'static str, content: Content) -> Column {
    Column { heading, field, required: true, units: &[], content }
}

const fn may(heading: &'static str, field: &'static str, content: Content) -> Column {
    Column { heading, field, required: false, units: &[], content }
}

impl Column {
    const fn in_units(mut self, units: &'static [(&'static str, i64)]) -> Self {
        self.units = units;
        self
    }
}

use Content::{Code, Day, Number, Percent, Text, YesNo};

const INCUBATORS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("载体名称", "display_name", Text),
    must("类型", "kind", Text),
    must("运营主体", "operator_name", Text),
    must("运营主体统一社会信用代码", "operator_code", Code),
    must("建设模式", "build_mode", Text),
    must("引进运营", "introduced", YesNo),
    may("孵化场地面积", "incubation_area_hundredths_m2", Number).in_units(AREA),
    may("公共服务面积", "public_area_hundredths_m2", Number).in_units(AREA),
    must("成立日期", "established_date", Day),
    may("上游载体编号", "upstream_id", Text),
];

const RECOGNITIONS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("认定级别", "level", Text),
    must("文号", "document_no", Text),
    must("生效日期", "effective_date", Day),
    may("失效日期", "end_date", Day),
];

const FIRMS: &[Column] = &[
    must("企业名称", "display_name", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("注册日期", "registered_date", Day),
    must("技术领域", "field", Text),
];

const STAYS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("入孵日期", "admitted_date", Day),
    may("离孵日期", "left_date", Day),
    may("离孵类型", "leave_kind", Text),
    may("毕业依据", "criterion", Text),
    may("毕业文号", "graduation_document_no", Text),
    may("豁免文号", "waiver_document_no", Text),
];

const RELOCATIONS: &[Column] = &[
    must("统一社会信用代码", "firm_code", Code),
    must("园区", "park_id", Text),
    may("签约日期", "signed_date", Day),
    may("落户日期", "settled_date", Day),
    may("投产日期", "production_date", Day),
    may("准入项目编号", "assessment_id", Text),
];

const PROJECT_ASSESSMENTS: &[Column] = &[
    must("项目编号", "assessment_id", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("园区", "park_id", Text),
    must("产业", "industry", Text),
    must("评估日期", "assessed_date", Day),
    may("投资强度", "investment_intensity", Number).in_units(LAND),
    may("土地产出", "land_output", Number).in_units(LAND),
    may("土地税收", "land_tax", Number).in_units(LAND),
    may("容积率", "floor_area_ratio", Number).in_units(RATIO),
    may("行政办公及生活服务设施比例", "service_share", Percent).in_units(RATE),
    may("建筑系数", "building_coefficient", Percent).in_units(RATE),
    may("绿地率", "green_ratio", Percent).in_units(RATE),
];

const FIRM_CHANGES: &[Column] = &[
    must("统一社会信用代码", "firm_code", Code),
    must("变更类型", "kind", Text),
    must("变更日期", "effective_date", Day),
];

const ANNUAL_REPORTS: &[Column] = &[
    must("统一社会信用代码", "firm_code", Code),
    must("年度", "year", Number),
    must("营业收入", "revenue_fen", Number).in_units(MONEY),
    must("研发费用", "research_fen", Number).in_units(MONEY),
    must("从业人员", "employees", Number).in_units(PEOPLE),
    must("有效知识产权数", "ip_rights", Number).in_units(RIGHTS),
    must("当年高新技术企业", "high_tech", YesNo),
];

const LOANS: &[Column] = &[
    must("合同编号", "contract_no", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("金融机构", "lender", Text),
    must("本金", "principal_fen", Number).in_units(MONEY),
    must("年利率", "rate_ppm", Percent).in_units(RATE),
    must("放款日期", "drawdown_date", Day),
    must("到期日期", "maturity_date", Day),
];

const INTEREST: &[Column] = &[
    must("合同编号", "contract_no", Text),
    must("支付日期", "effective_date", Day),
    must("金额", "amount_fen", Number).in_units(MONEY),
    must("性质", "nature", Text),
];

const SEED_FUNDS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("设立日期", "effective_date", Day),
    must("规模", "size_fen", Number).in_units(MONEY),
];

const INVESTMENTS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("日期", "effective_date", Day),
    must("金额", "amount_fen", Number).in_units(MONEY),
    must("方式", "form", Text),
];

const TAX_RECEIPTS: &[Column] = &[
    must("统一社会信用代码", "taxpayer_code", Code),
    must("税种", "tax", Text),
    may("税款所属期起", "period_start_date", Day),
    may("税款所属期止", "period_end_date", Day),
    must("入库日期", "treasury_date", Day),
    must("金额", "amount_fen", Number).in_units(MONEY),
    must("税款性质", "nature", Text),
    must("凭证号", "voucher_no", Text),
];

const INCUBATOR_REPORTS: &[Column] = &[
    must("载体编号", "incubator_id", Text),
    must("年度", "year", Number),
    may("在孵企业使用面积", "tenant_area", Number).in_units(AREA),
    may("高成长企业使用面积", "high_growth_area", Number).in_units(AREA),
    may("最大单个企业使用面积", "largest_tenant_area", Number).in_units(AREA),
    may("场地剩余使用期", "use_right_months", Number).in_units(MONTHS),
    may("专职人员", "staff", Number).in_units(COUNTS),
    may("专业孵化服务人员", "professional_staff", Number).in_units(COUNTS),
    may("本科以上人员", "bachelor_staff", Number).in_units(COUNTS),
    may("创业导师", "mentors", Number).in_units(COUNTS),
    may("工位数", "workstations", Number).in_units(COUNTS),
    may("签约服务团队和企业", "teams_served", Number).in_units(COUNTS),
    may("新注册企业", "new_incorporations", Number).in_units(COUNTS),
    may("当年获得融资团队和企业", "financed_in_year", Number).in_units(COUNTS),
    may("获得投融资在孵企业", "financed_tenants", Number).in_units(COUNTS),
    may("资金使用案例", "fund_use_cases", Number).in_units(COUNTS),
    may("申请专利在孵企业", "patent_applicants", Number).in_units(COUNTS),
    may("创新创业活动", "events", Number).in_units(COUNTS),
    may("典型孵化案例", "cases", Number).in_units(COUNTS),
    may("服务类别", "service_types", Number).in_units(COUNTS),
    may("独立法人", "legal_person", YesNo),
    may("统计数据真实完整", "statistics_complete", YesNo),
    may("公共服务平台", "service_platform", YesNo),
    may("衔接机制", "handover_mechanism", YesNo),
    may("快速入驻通道", "fast_lane", YesNo),
];

const INTERMEDIARIES: &[Column] = &[
    must("中介编号", "intermediary_id", Text),
    must("中介名称", "display_name", Text),
    must("中介性质", "party", Text),
    must("备案日期", "registered_date", Day),
];

const TECHNOLOGY_TRANSFERS: &[Column] = &[
    must("技术合同编号", "contract_no", Text),
    must("中介编号", "intermediary_id", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("活动开始日期", "began_date", Day),
    must("完成日期", "completed_date", Day),
    must("实际支付金额", "paid_fen", Number).in_units(MONEY),
];

const PLATFORMS: &[Column] = &[
    must("平台编号", "platform_id", Text),
    must("平台名称", "display_name", Text),
    must("平台类型", "kind", Text),
    must("运营单位", "operator_name", Text),
    must("运营单位统一社会信用代码", "operator_code", Code),
    must("登记日期", "registered_date", Day),
    may("建成日期", "completed_date", Day),
];

const PLATFORM_REPORTS: &[Column] = &[
    must("平台编号", "platform_id", Text),
    must("年度", "year", Number),
    must("全部服务能力", "capacity_hours", Number).in_units(HOURS),
    must("开放服务能力", "open_capacity_hours", Number).in_units(HOURS),
    must("实际服务成本", "service_cost_fen", Number).in_units(MONEY),
    must("建设投入经费", "input_fen", Number).in_units(MONEY),
];

const INSTRUMENTS: &[Column] = &[
    must("仪器编号", "instrument_id", Text),
    must("仪器名称", "display_name", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("购置价格", "price_fen", Number).in_units(MONEY),
    must("纳入目录日期", "catalogued_date", Day),
    may("移出目录日期", "removed_date", Day),
];

const INSTRUMENT_REPORTS: &[Column] = &[
    must("仪器编号", "instrument_id", Text),
    must("年度", "year", Number),
    must("开放运行成本", "running_cost_fen", Number).in_units(MONEY),
];

const GUIDANCE_FUNDS: &[Column] = &[
    must("基金编号", "guidance_fund_id", Text),
    must("基金名称", "display_name", Text),
    must("设立日期", "established_date", Day),
    must("基金规模", "size_fen", Number).in_units(MONEY),
];

const GUIDANCE_FUND_CONTRIBUTIONS: &[Column] = &[
    must("基金编号", "guidance_fund_id", Text),
    must("出资日期", "effective_date", Day),
    must("出资金额", "amount_fen", Number).in_units(MONEY),
    must("资金来源", "source", Text),
];

const GUIDANCE_FUND_INVESTMENTS: &[Column] = &[
    must("基金编号", "guidance_fund_id", Text),
    must("统一社会信用代码", "firm_code", Code),
    must("投资日期", "effective_date", Day),
    must("投资金额", "amount_fen", Number).in_units(MONEY),
];

impl Ledger {
    /// All of them, in the order of an import.
    pub const ALL: &[Self] = &[
        Self::Incubators,
        Self::Recognitions,
        Self::Firms,
        Self::Stays,
        Self::ProjectAssessments,
        Self::Relocations,
        Self::FirmChanges,
        Self::AnnualReports,
        Self::Loans,
        Self::Interest,
        Self::SeedFunds,
        Self::Investments,
        Self::TaxReceipts,
        Self::IncubatorReports,
        Self::Intermediaries,
        Self::TechnologyTransfers,
        Self::Platforms,
        Self::PlatformReports,
        Self::Instruments,
        Self::InstrumentReports,
        Self::GuidanceFunds,
        Self::GuidanceFundContributions,
        Self::GuidanceFundInvestments,
    ];

    /// Its name among the people who keep it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Incubators => "载体台账",
            Self::Recognitions => "认定记录",
            Self::Firms => "企业台账",
            Self::Stays => "在孵台账",
            Self::ProjectAssessments => "准入评估",
            Self::Relocations => "落户园区",
            Self::FirmChanges => "企业变更",
            Self::AnnualReports => "企业年报",
            Self::Loans => "贷款台账",
            Self::Interest => "利息支付",
            Self::SeedFunds => "种子基金",
            Self::Investments => "投资担保",
            Self::TaxReceipts => "税收入库明细",
            Self::IncubatorReports => "载体年报",
            Self::Intermediaries => "技术转移中介",
            Self::TechnologyTransfers => "技术转移合同",
            Self::Platforms => "服务平台",
            Self::PlatformReports => "平台年报",
            Self::Instruments => "共享仪器",
            Self::InstrumentReports => "仪器年报",
            Self::GuidanceFunds => "引导基金",
            Self::GuidanceFundContributions => "引导基金出资",
            Self::GuidanceFundInvestments => "引导基金投资",
        }
    }

    /// Its columns, in the usual order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Incubators => INCUBATORS,
            Self::Recognitions => RECOGNITIONS,
            Self::Firms => FIRMS,
            Self::Stays => STAYS,
            Self::ProjectAssessments => PROJECT_ASSESSMENTS,
            Self::Relocations => RELOCATIONS,
            Self::FirmChanges => FIRM_CHANGES,
            Self::AnnualReports => ANNUAL_REPORTS,
            Self::Loans => LOANS,
            Self::Interest => INTEREST,
            Self::SeedFunds => SEED_FUNDS,
            Self::Investments => INVESTMENTS,
            Self::TaxReceipts => TAX_RECEIPTS,
            Self::IncubatorReports => INCUBATOR_REPORTS,
            Self::Intermediaries => INTERMEDIARIES,
            Self::TechnologyTransfers => TECHNOLOGY_TRANSFERS,
            Self::Platforms => PLATFORMS,
            Self::PlatformReports => PLATFORM_REPORTS,
            Self::Instruments => INSTRUMENTS,
            Self::InstrumentReports => INSTRUMENT_REPORTS,
            Self::GuidanceFunds => GUIDANCE_FUNDS,
            Self::GuidanceFundContributions => GUIDANCE_FUND_CONTRIBUTIONS,
            Self::GuidanceFundInvestments => GUIDANCE_FUND_INVESTMENTS,
        }
    }
}

impl Column {
    /// The heading as it should be written, unit included.
    pub fn written(&self) -> String {
        match self.units.first() {
            Some((unit, _)) if !unit.is_empty() => format!("{}({unit})", self.heading),
            _ => self.heading.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ledger_can_be_taken_for_another() {
        for one in Ledger::ALL {
            for other in Ledger::ALL.iter().filter(|other| *other != one) {
                let known = |c: &Column| other.columns().iter().any(|o| o.heading == c.heading);
                let fits = one.columns().iter().filter(|c| c.required).all(known);
                let needs = |c: &Column| one.columns().iter().any(|o| o.heading == c.heading);
                let covered = other.columns().iter().filter(|c| c.required).all(needs);
                assert!(!(fits && covered), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_order_is_that_of_an_import() {
        assert!(Ledger::ALL.is_sorted());
        let names: Vec<_> = Ledger::ALL.iter().map(|l| l.chinese()).filter(|name| *name != "准入评估").collect();
        let (first, rest) = names.split_at(6);
        let (second, neighbours) = rest.split_at(6);
        assert_eq!(first, ["载体台账", "认定记录", "企业台账", "在孵台账", "落户园区", "企业变更"]);
        assert_eq!(second, ["企业年报", "贷款台账", "利息支付", "种子基金", "投资担保", "税收入库明细"]);
        let (carriers, neighbours) = neighbours.split_at(1);
        assert_eq!(carriers, ["载体年报"]);
        let (paid, read) = neighbours.split_at(6);
        assert_eq!(paid, ["技术转移中介", "技术转移合同", "服务平台", "平台年报", "共享仪器", "仪器年报"]);
        assert_eq!(read, ["引导基金", "引导基金出资", "引导基金投资"]);
    }

    #[test]
    fn a_carriers_report_has_a_column_for_every_figure() {
        use crate::domain::CarrierFigure;
        let columns = &Ledger::IncubatorReports.columns()[2..];
        let named: Vec<_> = columns.iter().map(|column| (column.heading, column.field.to_owned())).collect();
        let figures: Vec<_> = CarrierFigure::ALL.iter().map(|figure| (figure.chinese(), figure.field())).collect();
        assert_eq!(named, figures);
    }

    #[test]
    fn nothing_that_is_ignored_is_a_column() {
        let columns = Ledger::ALL.iter().flat_map(|ledger| ledger.columns());
        assert!(columns.clone().all(|column| !IGNORED.contains(&column.heading)));
    }
}
