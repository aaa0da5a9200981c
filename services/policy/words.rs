//! The closed lists of words of a policy and of what comes of it (rules §5), each with its key in files and JSON and its
//! Chinese words.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal, $chinese:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The key in files and JSON.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// By its key.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.key() == key)
            }

            /// As a clerk says it.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)+ }
            }
        }
    };
}

words! {
    /// A scheme (政策), in the order of the lists.
    Scheme {
        /// S1, per carrier and year.
        IncubatorTaxRebate = "incubator_tax_rebate", "孵化器税收地方留成补助";
        /// S2, per firm and relief year.
        RelocationRebate = "relocation_rebate", "落户企业三年补贴";
        /// S3, per firm, to the carriers that raised it.
        CultivationAward = "cultivation_award", "培育奖励";
        /// S4, per loan.
        LoanInterestSubsidy = "loan_interest_subsidy", "一次性贴息";
        /// P1, per technology transfer, to its intermediary.
        TechnologyTransfer = "technology_transfer", "技术转移补助";
        /// P2, per platform and year.
        OpenPlatform = "open_platform", "平台开放补助";
        /// P3, per platform and year.
        PlatformConstruction = "platform_construction", "平台建设补助";
        /// P4, per instrument: its price once, its running cost a year.
        InstrumentSharing = "instrument_sharing", "科学仪器开放共享补助";
    }
}

words! {
    /// What is read of someone against a rule, met or not, without money following from it.
    Standard {
        /// S5, per carrier whose operator was brought in.
        SeedFundDuty = "seed_fund_duty", "引进运营主体种子基金义务";
        /// S6, per guidance fund and for all of the district together.
        GuidanceFund = "guidance_fund", "天使投资引导基金";
        /// P13, per assessed project and per firm that settled.
        ParkAdmission = "park_admission", "入园项目准入";
    }
}

words! {
    /// What a reading comes to.
    Verdict {
        /// All that is demanded is there.
        Met = "MET", "符合";
        /// Something that is demanded is known not to be there.
        NotMet = "NOT_MET", "不符合";
        /// Nothing is known to be missing, and not all is known to be there.
        Unknown = "UNKNOWN", "无法判断";
    }
}

words! {
    /// In which direction a threshold binds.
    Bound {
        /// No less than it.
        Min = "MIN", "不低于";
        /// No more than it.
        Max = "MAX", "不高于";
    }
}

words! {
    /// Why a reading is what it is, where its figures don't say so.
    ReadingReason {
        /// No version of the rule holds on the day.
        NoStandardInForce = "NO_STANDARD_IN_FORCE", "当日无有效规定";
        /// S5: brought in, and no seed fund.
        SeedFundMissing = "SEED_FUND_MISSING", "引进运营主体未设立种子基金";
        /// S6: the rule states no target for the year, or none for a single fund.
        NoTarget = "NO_TARGET", "未定目标";
        /// P13: the standards know no such industry.
        NoIndustryStandard = "NO_INDUSTRY_STANDARD", "该产业未定准入标准";
        /// P13: the firm's settling refers to no assessment.
        Unassessed = "UNASSESSED", "未评估";
    }
}

words! {
    /// What a figure of a reading is.
    Measure {
        /// S5: whether there is a seed fund: 1 or 0.
        SeedFund = "seed_fund", "种子基金";
        /// Size of the fund or funds, fen.
        Size = "size", "基金规模";
        /// S5: invested and guaranteed, of the size.
        InvestedRatio = "invested_ratio", "投资担保占基金规模比例";
        /// S5: investments and guarantees, counted.
        Cases = "cases", "投资担保笔数";
        /// S6: capital paid in, fen.
        PaidIn = "paid_in", "实缴资本";
        /// S6: of it the government's, fen.
        Government = "government", "政府出资";
        /// S6: the government's part of what is paid in.
        GovernmentShare = "government_share", "政府出资占实缴比例";
        /// S6: others' capital for each yuan of the government's.
        Leverage = "leverage", "社会资本与政府出资之比";
        /// S6: invested, fen.
        Invested = "invested", "投资总额";
        /// S6: of it in firms that were young enough on the day, fen.
        EarlyStage = "early_stage", "投向初创期企业";
        /// S6: that part of what is invested.
        EarlyStageShare = "early_stage_share", "投向初创期企业占投资比例";
        /// P13, fen per hectare.
        InvestmentIntensity = "investment_intensity", "投资强度";
        /// P13, fen per hectare.
        LandOutput = "land_output", "土地产出";
        /// P13, fen per hectare.
        LandTax = "land_tax", "土地税收";
        /// P13.
        FloorAreaRatio = "floor_area_ratio", "容积率";
        /// P13.
        ServiceShare = "service_share", "行政办公及生活服务设施比例";
        /// P13.
        BuildingCoefficient = "building_coefficient", "建筑系数";
        /// P13.
        GreenRatio = "green_ratio", "绿地率";
    }
}

words! {
    /// Which part of a tax is meant by 地方留成.
    Base {
        /// All that is not the centre's.
        LocalTotal = "LOCAL_TOTAL", "地方留成（含省级）";
        /// City's and district's part.
        CityAndDistrict = "CITY_AND_DISTRICT", "市区两级留成";
        /// The district's part alone.
        District = "DISTRICT", "区级留成";
    }
}

words! {
    /// Which treasury pays.
    PayerRule {
        /// The treasury of the district.
        District = "DISTRICT", "区财政";
        /// The treasury of the park that the firm settled in (受益地财政).
        ParkTreasury = "PARK_TREASURY", "受益地财政";
    }
}

words! {
    /// To which carriers a cultivation award goes.
    Attribution {
        /// To the carrier of the latest stay.
        Last = "LAST", "最后培育的载体";
        /// By days of stays.
        DaysProRata = "DAYS_PRO_RATA", "按在孵天数分配";
    }
}

words! {
    /// How often a firm is subsidised.
    OncePer {
        /// One loan of a firm.
        Firm = "FIRM", "每家企业一次";
        /// Every loan.
        Loan = "LOAN", "每笔贷款一次";
    }
}

words! {
    /// Since when the relief years of a relocated firm run.
    StartRule {
        /// From the day of production or of the first tax, whichever is later.
        LaterOfProductionAndFirstTax = "LATER_OF_PRODUCTION_AND_FIRST_TAX", "投产日与首次纳税日孰后";
    }
}

words! {
    /// How far an entitlement has come.
    Status {
        /// No window, and there will be none on these facts.
        Ineligible = "INELIGIBLE", "不符合条件";
        /// No window yet.
        NotStarted = "NOT_STARTED", "尚未起算";
        /// Its window is open.
        Accruing = "ACCRUING", "累计中";
        /// Its window is over.
        Complete = "COMPLETE", "期满";
    }
}

words! {
    /// Why an amount is 0, or can't be claimed.
    Ground {
        /// S1: no day of the year with a recognition of the level.
        NotRecognised = "NOT_RECOGNISED", "本年度内无达到规定级别的认定";
        /// S1: brought in, and no seed fund.
        SeedFundMissing = "SEED_FUND_MISSING", "引进运营主体未设立种子基金";
        /// S2: neither in a carrier on the day it settled nor graduated by then.
        NotIncubated = "NOT_INCUBATED", "落户当日不在孵且此前未毕业";
        /// S2: no production date.
        NotInProduction = "NOT_IN_PRODUCTION", "尚未投产";
        /// S2: no tax paid since production.
        NoTaxPaid = "NO_TAX_PAID", "投产后尚无正税入库";
        /// No version holds on the deciding day.
        NoPolicyInForce = "NO_POLICY_IN_FORCE", "当日无有效政策";
        /// S4: no open makerspace or incubator stay on the day of drawdown.
        NotIncubatingAtDrawdown = "NOT_INCUBATING_AT_DRAWDOWN", "放款当日不在众创空间或孵化器在孵";
        /// S4: another loan of the firm has the one grant.
        AlreadySubsidised = "ALREADY_SUBSIDISED", "企业已有一笔贷款享受贴息";
        /// S4: no loan prime rate on the day of drawdown.
        NoLpr = "NO_LPR", "放款当日无贷款市场报价利率";
        /// S4: earlier loans of the year took all that the firm may have.
        FirmYearCap = "FIRM_YEAR_CAP", "企业本年度贴息已达上限";
        /// Nobody is known to pay: computed, not claimable.
        PayerUnknown = "PAYER_UNKNOWN", "支付财政未确定";
        /// P1: the intermediary was not on record before its activity began.
        NotRegisteredBefore = "NOT_REGISTERED_BEFORE", "技术转移活动开始前未备案";
        /// The institution was struck off by the day that decides.
        Deregistered = "DEREGISTERED", "主体已注销";
        /// P2: no capacity of service, so nothing that could be open.
        NoCapacity = "NO_CAPACITY", "本年度无服务能力";
        /// P2: less of the capacity was open than required.
        OpenShareTooSmall = "OPEN_SHARE_TOO_SMALL", "开放比例低于规定";
        /// P3: the platform was completed in an earlier year.
        ConstructionOver = "CONSTRUCTION_OVER", "平台已于此前年度建成";
        /// P4: the price is lower than required.
        PriceBelowMinimum = "PRICE_BELOW_MINIMUM", "购置价格低于规定";
        /// P4: not in the shared catalogue.
        NotInCatalogue = "NOT_IN_CATALOGUE", "未纳入开放共享目录";
    }
}

words! {
    /// In what a standard states a threshold.
    ThresholdUnit {
        /// Fen per hectare.
        FenPerHectare = "FEN_PER_HECTARE", "分/公顷";
        /// 10 000 yuan per hectare.
        WanYuanPerHectare = "WAN_YUAN_PER_HECTARE", "万元/公顷";
        /// 10 000 yuan per mu; 15 mu are a hectare.
        WanYuanPerMu = "WAN_YUAN_PER_MU", "万元/亩";
        /// Parts per million.
        Ppm = "PPM", "百万分之一";
    }
}

words! {
    /// What awards of one beneficiary, group and year take from each other.
    StackingRule {
        /// Only the greatest is paid.
        Highest = "HIGHEST", "就高不重复";
        /// Each pays what it has beyond the greatest before it.
        Difference = "DIFFERENCE", "差额补足";
        /// All are paid.
        Additive = "ADDITIVE", "可叠加";
    }
}

words! {
    /// How a budget is handed out.
    BudgetRule {
        /// In the order of approval, until nothing is left.
        FirstCome = "FIRST_COME", "先到先得";
        /// By the size of what is claimed.
        ProRata = "PRO_RATA", "按比例分配";
    }
}
