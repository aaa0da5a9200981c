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
