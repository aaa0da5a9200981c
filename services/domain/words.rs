//! The closed lists of words (rules §1), each with its code in the journal and its Chinese word in ledgers.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $key:literal, $chinese:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Code in the journal; never reused.
            pub fn code(self) -> u32 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// By the journal's code.
            pub fn from_code(code: u32) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.code() == code)
            }

            /// The name in code and JSON.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// By the name in code.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.key() == key)
            }

            /// The word in ledgers.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)+ }
            }

            /// By the word in ledgers.
            pub fn from_chinese(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.chinese() == word)
            }
        }
    };
}

words! {
    /// What a carrier (孵化载体) is.
    Kind {
        /// 众创空间.
        Makerspace = 1, "MAKERSPACE", "众创空间";
        /// 孵化器.
        Incubator = 2, "INCUBATOR", "孵化器";
        /// 加速器.
        Accelerator = 3, "ACCELERATOR", "加速器";
    }
}

words! {
    /// How a carrier was built (建设模式).
    BuildMode {
        /// 政府主导.
        GovernmentLed = 1, "GOVERNMENT_LED", "政府主导";
        /// 合作共建.
        Cooperative = 2, "COOPERATIVE", "合作共建";
        /// 民营运作.
        Private = 3, "PRIVATE", "民营运作";
    }
}

words! {
    /// Level of a recognition (认定级别), ascending.
    Level {
        /// 区级.
        District = 1, "DISTRICT", "区级";
        /// 市级.
        City = 2, "CITY", "市级";
        /// 省级.
        Province = 3, "PROVINCE", "省级";
        /// 国家级.
        National = 4, "NATIONAL", "国家级";
    }
}

words! {
    /// Why a stay ended (离孵类型).
    LeaveKind {
        /// 毕业; goes with a criterion.
        Graduated = 1, "GRADUATED", "毕业";
        /// 转入.
        Transferred = 2, "TRANSFERRED", "转入";
        /// 退出.
        Withdrawn = 3, "WITHDRAWN", "退出";
        /// 期满清退.
        Expired = 4, "EXPIRED", "期满清退";
        /// 注销: only why this stay ended.
        Deregistered = 5, "DEREGISTERED", "注销";
    }
}

words! {
    /// On what ground a firm graduated (毕业依据).
    Criterion {
        /// 高新技术企业.
        HighTech = 1, "HIGH_TECH", "高新技术企业";
        /// 融资超500万.
        VentureFunding = 2, "VENTURE_FUNDING", "融资超500万";
        /// 两年营收超1000万.
        Revenue = 3, "REVENUE", "两年营收超1000万";
        /// 并购或上市.
        AcquiredOrListed = 4, "ACQUIRED_OR_LISTED", "并购或上市";
    }
}

words! {
    /// What changed about a firm (变更类型 in 企业变更).
    FirmChange {
        /// 注销.
        Deregistered = 1, "DEREGISTERED", "注销";
    }
}

words! {
    /// A tax (税种); EDU_SURCHARGE is recorded, but is not a tax.
    Tax {
        /// 增值税.
        Vat = 1, "VAT", "增值税";
        /// 企业所得税.
        Cit = 2, "CIT", "企业所得税";
        /// 个人所得税.
        Iit = 3, "IIT", "个人所得税";
        /// 城市维护建设税.
        Umct = 4, "UMCT", "城市维护建设税";
        /// 印花税.
        Sd = 5, "SD", "印花税";
        /// 房产税.
        Pt = 6, "PT", "房产税";
        /// 城镇土地使用税.
        Ulut = 7, "ULUT", "城镇土地使用税";
        /// 土地增值税.
        Lvat = 8, "LVAT", "土地增值税";
        /// 教育费附加.
        EduSurcharge = 9, "EDU_SURCHARGE", "教育费附加";
    }
}

words! {
    /// What an amount that reached the treasury is (税款性质).
    TaxNature {
        /// 正税.
        Normal = 1, "NORMAL", "正税";
        /// 退税.
        Refund = 2, "REFUND", "退税";
        /// 滞纳金.
        LateFee = 3, "LATE_FEE", "滞纳金";
        /// 罚款.
        Penalty = 4, "PENALTY", "罚款";
        /// 查补税款.
        AuditSupplement = 5, "AUDIT_SUPPLEMENT", "查补税款";
    }
}

words! {
    /// What an interest payment is (性质).
    InterestNature {
        /// 正常利息.
        Normal = 1, "NORMAL", "正常利息";
        /// 罚息.
        Penalty = 2, "PENALTY", "罚息";
        /// 复利.
        Compound = 3, "COMPOUND", "复利";
    }
}

words! {
    /// In which form a carrier's fund supports a firm (方式).
    InvestmentForm {
        /// 股权投资.
        Equity = 1, "EQUITY", "股权投资";
        /// 融资担保.
        Guarantee = 2, "GUARANTEE", "融资担保";
    }
}

words! {
    /// What a carrier files about itself once a year (载体年报). Only what the registry can't tell from its own facts.
    CarrierFigure {
        /// Floor space used by tenants, in a makerspace by workstations; public service area apart.
        TenantArea = 1, "TENANT_AREA", "在孵企业使用面积";
        /// Floor space used by high-growth firms.
        HighGrowthArea = 2, "HIGH_GROWTH_AREA", "高成长企业使用面积";
        /// Floor space of the tenant that uses most.
        LargestTenantArea = 3, "LARGEST_TENANT_AREA", "最大单个企业使用面积";
        /// Whole months for which the carrier may still use its premises.
        UseRightMonths = 4, "USE_RIGHT_MONTHS", "场地剩余使用期";
        /// Full-time staff.
        Staff = 5, "STAFF", "专职人员";
        /// Of them, professional incubation staff.
        ProfessionalStaff = 6, "PROFESSIONAL_STAFF", "专业孵化服务人员";
        /// Of them, with a bachelor's degree or more.
        BachelorStaff = 7, "BACHELOR_STAFF", "本科以上人员";
        /// Mentors of entrepreneurs.
        Mentors = 8, "MENTORS", "创业导师";
        /// Workstations.
        Workstations = 9, "WORKSTATIONS", "工位数";
        /// Teams and firms that it served under an agreement in the year.
        TeamsServed = 10, "TEAMS_SERVED", "签约服务团队和企业";
        /// Teams that incorporated in the year.
        NewIncorporations = 11, "NEW_INCORPORATIONS", "新注册企业";
        /// Teams and firms that obtained financing in the year.
        FinancedInYear = 12, "FINANCED_IN_YEAR", "当年获得融资团队和企业";
        /// Tenants that ever obtained an investment, from whomever.
        FinancedTenants = 13, "FINANCED_TENANTS", "获得投融资在孵企业";
        /// Cases in which its fund was used, so far.
        FundUseCases = 14, "FUND_USE_CASES", "资金使用案例";
        /// Tenants that have applied for a patent.
        PatentApplicants = 15, "PATENT_APPLICANTS", "申请专利在孵企业";
        /// Events held in the year.
        Events = 16, "EVENTS", "创新创业活动";
        /// Typical cases of incubation in the year.
        Cases = 17, "CASES", "典型孵化案例";
        /// Kinds of service on offer.
        ServiceTypes = 18, "SERVICE_TYPES", "服务类别";
        /// Whether it is an independent legal person.
        LegalPerson = 19, "LEGAL_PERSON", "独立法人";
        /// Whether its statistics of the year are true, complete and filed.
        StatisticsComplete = 20, "STATISTICS_COMPLETE", "统计数据真实完整";
        /// Whether it has a public platform of its own for R&D, testing or pilot runs.
        ServicePlatform = 21, "SERVICE_PLATFORM", "公共服务平台";
        /// Whether an arrangement hands firms over along the chain.
        HandoverMechanism = 22, "HANDOVER_MECHANISM", "衔接机制";
        /// Whether firms enter by a fast lane.
        FastLane = 23, "FAST_LANE", "快速入驻通道";
    }
}

words! {
    /// What an intermediary of technology transfers is (中介性质).
    Party {
        /// 机构.
        Institution = 1, "INSTITUTION", "机构";
        /// 个人.
        Individual = 2, "INDIVIDUAL", "个人";
    }
}

words! {
    /// As what a person is the contact of a firm or carrier (联系人身份).
    ContactRole {
        /// 法定代表人.
        LegalRepresentative = 1, "LEGAL_REPRESENTATIVE", "法定代表人";
        /// 联系人.
        General = 2, "GENERAL", "联系人";
        /// 财务负责人.
        Finance = 3, "FINANCE", "财务负责人";
        /// 技术负责人.
        Technology = 4, "TECHNOLOGY", "技术负责人";
    }
}

words! {
    /// What a platform of public service is for (平台类型).
    PlatformKind {
        /// 公共研发平台.
        Research = 1, "RESEARCH", "公共研发平台";
        /// 检验检测平台.
        Testing = 2, "TESTING", "检验检测平台";
        /// 中试平台.
        Pilot = 3, "PILOT", "中试平台";
    }
}

words! {
    /// Whose capital a guidance fund is paid (资金来源).
    CapitalSource {
        /// 政府.
        Government = 1, "GOVERNMENT", "政府";
        /// 社会.
        Social = 2, "SOCIAL", "社会";
    }
}

words! {
    /// One of the seven indicators by which a project is let into a park (七个指标).
    Indicator {
        /// Investment in fixed assets ÷ land, fen per hectare.
        InvestmentIntensity = 1, "INVESTMENT_INTENSITY", "投资强度";
        /// Revenue of a year ÷ land, fen per hectare.
        LandOutput = 2, "LAND_OUTPUT", "土地产出";
        /// Taxes of a year ÷ land, fen per hectare.
        LandTax = 3, "LAND_TAX", "土地税收";
        /// Floor space ÷ land, ppm.
        FloorAreaRatio = 4, "FLOOR_AREA_RATIO", "容积率";
        /// Land for administration and living ÷ land, ppm.
        ServiceShare = 5, "SERVICE_SHARE", "行政办公及生活服务设施比例";
        /// Land that is built on or stored on ÷ land, ppm.
        BuildingCoefficient = 6, "BUILDING_COEFFICIENT", "建筑系数";
        /// Green land ÷ land, ppm.
        GreenRatio = 7, "GREEN_RATIO", "绿地率";
    }
}

impl Indicator {
    /// Whether it is money on land, in fen per hectare; the others are ratios in ppm.
    pub fn is_per_hectare(self) -> bool {
        matches!(self, Self::InvestmentIntensity | Self::LandOutput | Self::LandTax)
    }
}

words! {
    /// What the money of an earmarked scheme may be spent on (专项用途).
    Purpose {
        /// 自我建设与发展.
        OwnDevelopment = 1, "OWN_DEVELOPMENT", "自我建设";
        /// 公共服务平台.
        PublicPlatform = 2, "PUBLIC_PLATFORM", "公共服务平台";
        /// 种子资金补充.
        SeedFund = 3, "SEED_FUND", "种子资金";
    }
}

words! {
    /// How a budget is handed out.
    Handing {
        /// Each approval takes of what is left.
        FirstCome = 1, "FIRST_COME", "先到先得";
        /// Rounds, in which all get the same share.
        ProRata = 2, "PRO_RATA", "按比例";
    }
}

words! {
    /// Why less is claimed than the entitlement.
    ReductionKind {
        /// For another award of its group.
        Stacking = 1, "STACKING", "叠加规则扣减";
        /// A part of an award whose split an earlier claim has pinned.
        Attribution = 2, "ATTRIBUTION", "按首次申报确定的分配";
    }
}
