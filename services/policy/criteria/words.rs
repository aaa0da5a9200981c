//! What a criterion may measure, in which unit, and how a measure stands to a threshold.

use super::Measure;
use crate::domain::incubator::report::FigureUnit;

macro_rules! measures {
    ($($(#[$doc:meta])* $variant:ident = $key:literal, $unit:ident, $zh:literal, $en:literal;)+) => {
        /// A measure that the registry's facts give, alone or with the carrier's report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Computed {
            $($(#[$doc])* $variant,)+
        }

        impl Computed {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The key in files.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// By its key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|measure| measure.key() == key)
            }

            /// In which unit it is.
            pub fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)+ }
            }

            /// What it is called, in Chinese.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// What it is called, in English.
            pub fn english(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }
        }
    };
}

measures! {
    /// The incubation area in force on the day.
    Area = "AREA", SquareMetres, "孵化场地面积", "incubation area";
    /// Floor space used by tenants and public service area, of the incubation area: the first as reported.
    AreaInUseShare = "AREA_IN_USE_SHARE", Share, "在孵企业使用面积（含公共服务面积）占比", "share of area in use, public services included";
    /// Floor space of high-growth firms, as reported, of the incubation area.
    HighGrowthAreaShare = "HIGH_GROWTH_AREA_SHARE", Share, "高成长企业使用面积占比", "share of area used by high-growth firms";
    /// Floor space of the largest tenant, as reported, of the incubation area.
    LargestTenantShare = "LARGEST_TENANT_SHARE", Share, "最大单个企业使用面积占比", "share of area of the largest tenant";
    /// Whole months since the carrier was founded.
    MonthsInOperation = "MONTHS_IN_OPERATION", Months, "注册并运营时间", "time registered and in operation";
    /// Consecutive years of true and complete statistics, up to the last one reported.
    StatisticsYears = "STATISTICS_YEARS", Years, "连续真实完整统计年数", "consecutive years of complete statistics";
    /// All seed funds recorded.
    Fund = "FUND", Money, "孵化资金规模", "incubation fund";
    /// Investments and guarantees from its fund, or cases as reported.
    FundUseCases = "FUND_USE_CASES_SO_FAR", Count, "资金使用案例", "cases of fund use";
    /// Tenants with a recorded equity investment, or as reported.
    Financed = "FINANCED", Count, "获得投融资在孵企业数", "tenants financed";
    /// The same, of all tenants.
    FinancedShare = "FINANCED_SHARE", Share, "获得投融资在孵企业占比", "share of tenants financed";
    /// Professional staff of all staff.
    ProfessionalShare = "PROFESSIONAL_SHARE", Share, "专业孵化服务人员占比", "share of professional staff";
    /// Professional staff by tenants.
    ProfessionalsPerTenant = "PROFESSIONALS_PER_TENANT", PerTenant, "专业孵化服务人员与在孵企业之比", "professional staff per tenant";
    /// Mentors by tenants.
    MentorsPerTenant = "MENTORS_PER_TENANT", PerTenant, "创业导师与在孵企业之比", "mentors per tenant";
    /// Tenants that applied for patents, as reported, of all tenants.
    PatentApplicantShare = "PATENT_APPLICANT_SHARE", Share, "申请专利在孵企业占比", "share of tenants with patent applications";
    /// Tenants whose annual report shows valid rights, of all tenants.
    ValidIpShare = "VALID_IP_SHARE", Share, "拥有有效知识产权在孵企业占比", "share of tenants with valid IP";
    /// Firms with an open stay.
    Tenants = "TENANTS", Count, "在孵企业数", "tenants";
    /// The same per 1 000 m² of incubation area.
    TenantDensity = "TENANT_DENSITY", Density, "每千平方米在孵企业数", "tenants per 1 000 m²";
    /// Firms that graduated from it.
    Graduates = "GRADUATES", Count, "累计毕业企业数", "cumulative graduates";
    /// Tenants of the field that most are in, of all tenants.
    SameFieldShare = "SAME_FIELD_SHARE", Share, "同一技术领域在孵企业占比", "share of tenants in one field";
    /// Makerspaces and incubators that its operator runs besides.
    LinkedCarriers = "LINKED_CARRIERS", Count, "同一运营主体的众创空间和孵化器", "makerspaces and incubators of the same operator";
    /// Tenants of a year or more with a revenue as the test says, by their annual reports.
    TenantsWithRevenue = "TENANTS_WITH_REVENUE", Count, "入驻满一年且营业收入达标的企业数", "tenants of a year or more with the revenue asked for";
}

/// In what a measure and its threshold are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things counted; a threshold is a whole number.
    Count,
    /// Square metres; a threshold is in hundredths.
    SquareMetres,
    /// Yuan; a threshold is in fen.
    Money,
    /// A part of a whole; a threshold is in parts per million.
    Share,
    /// People per tenant; a threshold is in parts per million: 1 per 10 is 100 000.
    PerTenant,
    /// Tenants per 1 000 m²; a threshold is in thousandths.
    Density,
    /// Whole months.
    Months,
    /// Whole years.
    Years,
    /// 1 is yes, 0 is no.
    YesNo,
}

impl Unit {
    /// How many of the smallest unit, in which thresholds are written, make one.
    pub fn smallest(self) -> i128 {
        match self {
            Self::SquareMetres | Self::Money => 100,
            Self::Share | Self::PerTenant => 1_000_000,
            Self::Density => 1_000,
            Self::Count | Self::Months | Self::Years | Self::YesNo => 1,
        }
    }
}

impl Measure {
    /// Its unit.
    pub fn unit(self) -> Unit {
        match self {
            Self::Computed(computed) => computed.unit(),
            Self::Reported(figure) => match figure.unit() {
                FigureUnit::Count => Unit::Count,
                FigureUnit::Area => Unit::SquareMetres,
                FigureUnit::Months => Unit::Months,
                FigureUnit::YesNo => Unit::YesNo,
            },
        }
    }
}

/// On which side of a threshold a measure must be. The key in files is the name in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As much, or more (不少于).
    AtLeast,
    /// More (超过).
    Over,
    /// As much, or less (不超过).
    AtMost,
    /// Less (低于).
    Under,
}

impl Comparison {
    /// All of them.
    pub const ALL: &[Self] = &[Self::AtLeast, Self::Over, Self::AtMost, Self::Under];

    /// The key in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::Over => "over",
            Self::AtMost => "at_most",
            Self::Under => "under",
        }
    }
}
