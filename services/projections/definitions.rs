//! What each figure means, in one text that every door shows: the same key always comes with the same words.

/// The meaning of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its key.
    pub metric: &'static str,
    /// What it means, cuts included.
    pub text: &'static str,
}

const fn definition(metric: &'static str, text: &'static str) -> Definition {
    Definition { metric, text }
}

/// The figures of `metrics`. D is the day asked for; a stay is open at D when admitted ≤ D and not left by D.
pub const METRICS: &[Definition] = &[
    definition(
        "in_makerspace",
        "Firms with an open stay in a MAKERSPACE at the end of D; cut by that stay's carrier and its level on D.",
    ),
    definition(
        "in_incubator",
        "Firms with an open stay in an INCUBATOR at the end of D; cut by that stay's carrier and its level on D.",
    ),
    definition(
        "in_accelerator",
        "Firms with an open stay in an ACCELERATOR at the end of D; cut by that stay's carrier and its level on D.",
    ),
    definition(
        "year",
        "INCUBATOR stays in the calendar year of D: opening (open at the end of 31 December before) + admitted (in the year \
         up to D) − graduated − left_otherwise = closing (open at the end of D). All five are cut by the stay's carrier and \
         its level on D; under a cut by criterion, stays graduated on another ground are left out of all five.",
    ),
    definition("rate_a", "Graduation rate a: year.graduated / year.opening; no value where opening is 0."),
    definition(
        "rate_b",
        "Graduation rate b: year.graduated / (year.closing + year.graduated); no value where that is 0.",
    ),
    definition(
        "cumulative_graduates",
        "Firms whose first graduation is on or before D, each once; cut by the carrier of that graduation, its level on that \
         day, and its criterion.",
    ),
    definition(
        "graduates_settled_in_park",
        "Cumulative graduates settled in a park on or before D; cut as cumulative_graduates.",
    ),
    definition(
        "criterion",
        "First graduations on or before D by criterion, those without any left out; cut as cumulative_graduates.",
    ),
    definition(
        "incubation_days",
        "Over cumulative graduates with an INCUBATOR admission: days from the first such admission to the first graduation; \
         the median of an even count is the mean of the middle two, and 0 where there are none; cut as cumulative_graduates.",
    ),
    definition(
        "overdue",
        "Firms with an open INCUBATOR stay at D, where D is later than the first INCUBATOR admission + the months of \
         incubation (the extended ones for the extended fields) of the limits in force on that admission's day; cut by the \
         open stay's carrier and its level on D.",
    ),
    definition(
        "cohorts",
        "Firms by the year of their first INCUBATOR admission (on or before D): entrants; those whose first graduation is on \
         or before D and within the general term (48 months, by the limits in force on that admission's day) of it, \
         whatever the field; those with an open INCUBATOR stay at D, not graduated, D before the end of that term. Cut by \
         the carrier of the first admission and its level on that day; graduates also by the criterion of the first \
         graduation.",
    ),
    definition(
        "survival_years",
        "For 1 and 3 years: cumulative graduates whose first graduation + so many years is on or before D, and of them those \
         not deregistered on or before that anniversary; cut as cumulative_graduates.",
    ),
];

/// The figures of `chain`.
pub const CHAIN: &[Definition] = &[
    definition(
        "transitions",
        "Consecutive stays of a firm (by admission date, with or without a gap) in carriers of different kinds, the second \
         admitted on or before D; cut by the carrier of the second stay and its level on that admission's day.",
    ),
    definition(
        "incubators",
        "Per carrier founded by D: stays open at the end of D, ever admitted, ever graduated (every GRADUATED stay, not a \
         firm's first only); cut by the carrier and its level on D, on the day of admission, on the day of graduation; \
         graduations also by their criterion.",
    ),
    definition(
        "settled_in_park",
        "Firms settled in a park on or before D, incubated or not; cut by the carrier of the firm's latest stay admitted by \
         the settling day and its level on that day.",
    ),
    definition("in_production", "Of the firms settled in a park, those in production on or before D."),
];
