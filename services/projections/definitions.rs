//! What each figure means, in one text that every door shows: the same key always comes with the same words.

/// The meaning of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its key.
    pub metric: &'static str,
    /// What it means, cuts included.
    pub text: &'static str,
    /// The same in Chinese.
    pub chinese: &'static str,
}

const fn definition(metric: &'static str, text: &'static str, chinese: &'static str) -> Definition {
    Definition { metric, text, chinese }
}

/// The figures of `metrics`. D is the day asked for; a stay is open at D when admitted ≤ D and not left by D.
pub const METRICS: &[Definition] = &[
    definition(
        "in_makerspace",
        "Firms with an open stay in a MAKERSPACE at the end of D; cut by that stay's carrier and its level on D.",
        "D日终在众创空间有未结束在孵经历的企业；按该经历的载体及其D日级别切分。",
    ),
    definition(
        "in_incubator",
        "Firms with an open stay in an INCUBATOR at the end of D; cut by that stay's carrier and its level on D.",
        "D日终在孵化器有未结束在孵经历的企业；按该经历的载体及其D日级别切分。",
    ),
    definition(
        "in_accelerator",
        "Firms with an open stay in an ACCELERATOR at the end of D; cut by that stay's carrier and its level on D.",
        "D日终在加速器有未结束在孵经历的企业；按该经历的载体及其D日级别切分。",
    ),
    definition(
        "year",
        "INCUBATOR stays in the calendar year of D: opening (open at the end of 31 December before) + admitted (in the year \
         up to D) − graduated − left_otherwise = closing (open at the end of D). All five are cut by the stay's carrier and \
         its level on D; under a cut by criterion, stays graduated on another ground are left out of all five.",
        "D日所在自然年的孵化器在孵经历：年初在孵（上年12月31日终未结束）＋本年入孵（截至D日）−本年毕业−本年其他离\
         孵＝期末在孵（D日终未结束）。五项均按该经历的载体及其D日级别切分；按毕业依据切分时，以其他依据毕业的经历\
         五项均不计。",
    ),
    definition(
        "rate_a",
        "Graduation rate a: year.graduated / year.opening; no value where opening is 0.",
        "毕业率甲：本年毕业／年初在孵；年初在孵为0时无值。",
    ),
    definition(
        "rate_b",
        "Graduation rate b: year.graduated / (year.closing + year.graduated); no value where that is 0.",
        "毕业率乙：本年毕业／（期末在孵＋本年毕业）；分母为0时无值。",
    ),
    definition(
        "cumulative_graduates",
        "Firms whose first graduation is on or before D, each once; cut by the carrier of that graduation, its level on that \
         day, and its criterion.",
        "首次毕业不晚于D日的企业，每家计一次；按该次毕业的载体、其当日级别及毕业依据切分。",
    ),
    definition(
        "graduates_settled_in_park",
        "Cumulative graduates settled in a park on or before D; cut as cumulative_graduates.",
        "不晚于D日落户园区的累计毕业企业；切分同累计毕业企业。",
    ),
    definition(
        "criterion",
        "First graduations on or before D by criterion, those without any left out; cut as cumulative_graduates.",
        "不晚于D日的首次毕业按毕业依据计数，无依据的不列；切分同累计毕业企业。",
    ),
    definition(
        "incubation_days",
        "Over cumulative graduates with an INCUBATOR admission: days from the first such admission to the first graduation; \
         the median of an even count is the mean of the middle two, and 0 where there are none; cut as cumulative_graduates.",
        "有孵化器入孵记录的累计毕业企业：首次入驻孵化器至首次毕业的天数；偶数家时中位数取中间两值的平均，没有时为\
         0；切分同累计毕业企业。",
    ),
    definition(
        "overdue",
        "Firms with an open INCUBATOR stay at D, where D is later than the first INCUBATOR admission + the months of \
         incubation (the extended ones for the extended fields) of the limits in force on that admission's day; cut by the \
         open stay's carrier and its level on D.",
        "D日在孵化器有未结束在孵经历，且D日晚于首次入驻孵化器日加孵化期限（延长领域用延长期限，均按首次入驻日有效\
         的限额）的企业；按该未结束经历的载体及其D日级别切分。",
    ),
    definition(
        "cohorts",
        "Firms by the year of their first INCUBATOR admission (on or before D): entrants; those whose first graduation is on \
         or before D and within the general term (48 months, by the limits in force on that admission's day) of it, \
         whatever the field; those with an open INCUBATOR stay at D, not graduated, D before the end of that term. Cut by \
         the carrier of the first admission and its level on that day; graduates also by the criterion of the first \
         graduation.",
        "按首次入驻孵化器（不晚于D日）的年份分组的企业：入驻数；首次毕业不晚于D日且在一般期限（48个月，按首次入驻\
         日有效的限额）内的，不论领域；D日在孵化器有未结束在孵经历、未毕业且D日早于该期限届满的。按首次入驻的载体\
         及其当日级别切分，毕业数另按首次毕业的依据切分。",
    ),
    definition(
        "survival_years",
        "For 1 and 3 years: cumulative graduates whose first graduation + so many years is on or before D, and of them those \
         not deregistered on or before that anniversary; cut as cumulative_graduates.",
        "满1年和满3年：首次毕业加该年数不晚于D日的累计毕业企业，及其中至该周年日未注销的；切分同累计毕业企业。",
    ),
];

/// The figures of `chain`.
pub const CHAIN: &[Definition] = &[
    definition(
        "transitions",
        "Consecutive stays of a firm (by admission date, with or without a gap) in carriers of different kinds, the second \
         admitted on or before D; cut by the carrier of the second stay and its level on that admission's day.",
        "企业相邻两段在孵经历（按入孵日期，中间有无间隔均可）分属不同类型载体，且后一段入孵不晚于D日；按后一段的\
         载体及其入孵日级别切分。",
    ),
    definition(
        "incubators",
        "Per carrier founded by D: stays open at the end of D, ever admitted, ever graduated (every GRADUATED stay, not a \
         firm's first only); cut by the carrier and its level on D, on the day of admission, on the day of graduation; \
         graduations also by their criterion.",
        "D日及以前成立的各载体：D日终未结束的在孵经历、累计入孵、累计毕业（每段毕业均计，不限企业首次）；按载体及其在\
         D日、入孵日、毕业日的级别切分，毕业另按依据切分。",
    ),
    definition(
        "settled_in_park",
        "Firms settled in a park on or before D, incubated or not; cut by the carrier of the firm's latest stay admitted by \
         the settling day and its level on that day.",
        "不晚于D日落户园区的企业，不论是否在孵过；按截至落户日最近一段在孵经历的载体及其该日级别切分。",
    ),
    definition(
        "in_production",
        "Of the firms settled in a park, those in production on or before D.",
        "落户园区的企业中，不晚于D日投产的。",
    ),
];
