//! The figures as JSON, in the shape that the command line prints and offices feed to their own tools. Keys, Chinese words
//! included, are part of the contract (rules §4). Plain data: a client fills it from the wire just as well.

use super::chain::Chain;
use super::definitions::Definition;
use super::metrics::{IncubationDays, Metrics, Ratio, YearFlow};
use serde::Serialize;
use std::collections::BTreeMap;

/// `metrics`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricsJson {
    /// Day, ISO 8601.
    pub as_of: String,
    /// The position it is true for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Firms with an open stay in a makerspace.
    pub in_makerspace: u64,
    /// Firms with an open stay in an incubator.
    pub in_incubator: u64,
    /// Firms with an open stay in an accelerator.
    pub in_accelerator: u64,
    /// The year up to the day.
    pub year: YearJson,
    /// Firms that graduated.
    pub cumulative_graduates: u64,
    /// Of them, settled in a park.
    pub graduates_settled_in_park: u64,
    /// By the Chinese word of the criterion.
    pub criterion: BTreeMap<String, u64>,
    /// How long graduates took.
    pub incubation_days: IncubationDaysJson,
    /// Codes of firms whose term is over.
    pub overdue: Vec<String>,
    /// By year.
    pub cohorts: BTreeMap<String, CohortJson>,
    /// By years after graduation.
    pub survival_years: BTreeMap<String, SurvivalJson>,
    /// What each figure means, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, String>,
}

/// `year`; a rate is `[numerator, denominator]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct YearJson {
    /// Open at the end of 31 December before.
    pub opening: u64,
    /// Admitted in the year.
    pub admitted: u64,
    /// Left as GRADUATED.
    pub graduated: u64,
    /// Left otherwise.
    pub left_otherwise: u64,
    /// Open at the end of the day.
    pub closing: u64,
    /// graduated / opening.
    pub rate_a: [u64; 2],
    /// graduated / (closing + graduated).
    pub rate_b: [u64; 2],
}

/// `incubation_days`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncubationDaysJson {
    /// Graduates.
    pub count: u64,
    /// Days.
    pub sum: i64,
    /// Days.
    pub median: MedianJson,
}

/// A median: an integer where it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum MedianJson {
    /// Whole days.
    Whole(i64),
    /// Days and a half.
    Half(f64),
}

impl MedianJson {
    /// From a count of half days.
    pub fn of_half_days(half_days: i64) -> Self {
        match half_days % 2 {
            0 => Self::Whole(half_days / 2),
            _ => Self::Half(half_days as f64 / 2.0),
        }
    }

    /// From days, whole or with a half: exact in a double.
    pub fn of_days(days: f64) -> Self {
        Self::of_half_days((days * 2.0).round() as i64)
    }
}

/// One of `cohorts`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CohortJson {
    /// Firms first admitted that year.
    pub entrants: u64,
    /// Graduated in time.
    pub graduates_within_48_months: u64,
    /// Still in time.
    pub still_incubating_within_horizon: u64,
}

/// One of `survival_years`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SurvivalJson {
    /// Graduates so many years on.
    pub graduates: u64,
    /// Of them, not deregistered.
    pub alive: u64,
}

/// `chain`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainJson {
    /// Day, ISO 8601.
    pub as_of: String,
    /// The position it is true for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// By `FROM->TO`.
    pub transitions: BTreeMap<String, u64>,
    /// By id.
    pub incubators: BTreeMap<String, CountsJson>,
    /// Firms settled.
    pub settled_in_park: u64,
    /// Of them, in production.
    pub in_production: u64,
    /// What each figure means, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, String>,
}

/// One of `incubators`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountsJson {
    /// Open stays.
    pub open: u64,
    /// Ever admitted.
    pub admitted_ever: u64,
    /// Ever graduated.
    pub graduated_ever: u64,
}

/// Definitions by key.
pub fn definitions(list: &[Definition]) -> BTreeMap<String, String> {
    list.iter().map(|d| (d.metric.to_owned(), d.text.to_owned())).collect()
}

fn pair(ratio: Ratio) -> [u64; 2] {
    [ratio.numerator, ratio.denominator]
}

impl From<&YearFlow> for YearJson {
    fn from(year: &YearFlow) -> Self {
        let YearFlow { opening, admitted, graduated, left_otherwise, closing } = *year;
        let (rate_a, rate_b) = (pair(year.rate_a()), pair(year.rate_b()));
        Self { opening, admitted, graduated, left_otherwise, closing, rate_a, rate_b }
    }
}

impl From<&IncubationDays> for IncubationDaysJson {
    fn from(days: &IncubationDays) -> Self {
        Self { count: days.count, sum: days.sum, median: MedianJson::of_half_days(days.median_half_days) }
    }
}

impl From<&Metrics> for MetricsJson {
    /// With its position, without definitions.
    fn from(metrics: &Metrics) -> Self {
        let cohorts = metrics.cohorts.iter().map(|(year, cohort)| {
            let json = CohortJson {
                entrants: cohort.entrants,
                graduates_within_48_months: cohort.graduates_within_48_months,
                still_incubating_within_horizon: cohort.still_incubating_within_horizon,
            };
            (year.to_string(), json)
        });
        let survival = metrics.survival.iter().map(|(years, survival)| {
            (years.to_string(), SurvivalJson { graduates: survival.graduates, alive: survival.alive })
        });
        Self {
            as_of: metrics.day.to_string(),
            position: Some(metrics.position),
            in_makerspace: metrics.in_makerspace,
            in_incubator: metrics.in_incubator,
            in_accelerator: metrics.in_accelerator,
            year: (&metrics.year).into(),
            cumulative_graduates: metrics.cumulative_graduates,
            graduates_settled_in_park: metrics.graduates_settled_in_park,
            criterion: metrics.criteria.iter().map(|(word, count)| (word.chinese().to_owned(), *count)).collect(),
            incubation_days: (&metrics.incubation_days).into(),
            overdue: metrics.overdue.iter().map(|overdue| overdue.firm.to_string()).collect(),
            cohorts: cohorts.collect(),
            survival_years: survival.collect(),
            definitions: BTreeMap::new(),
        }
    }
}

impl From<&Chain> for ChainJson {
    /// With its position, without definitions.
    fn from(chain: &Chain) -> Self {
        let transitions = chain.transitions.iter();
        let incubators = chain.incubators.iter().map(|(id, counts)| {
            let json = CountsJson {
                open: counts.open,
                admitted_ever: counts.admitted_ever,
                graduated_ever: counts.graduated_ever,
            };
            (id.to_string(), json)
        });
        Self {
            as_of: chain.day.to_string(),
            position: Some(chain.position),
            transitions: transitions.map(|((a, b), n)| (format!("{}->{}", a.key(), b.key()), *n)).collect(),
            incubators: incubators.collect(),
            settled_in_park: chain.settled_in_park,
            in_production: chain.in_production,
            definitions: BTreeMap::new(),
        }
    }
}
