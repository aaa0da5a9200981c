//! Criteria of a carrier (认定条件): a dated set of thresholds against what the registry's facts show on a day (rules §4, last
//! paragraph).
//!
//! Whatever the registry's own facts tell is measured from them; what they can't tell is taken from the carrier's yearly
//! report. A measure is a span: facts may show that a figure is at least so much and not how much more. A criterion is met or
//! not met only where the whole span says so; else it is unknown, and what is missing is named.
//!
//! Chosen where the sources are silent: figures of a report are set against the tenants and the floor space of the report's own
//! day; a report counts on a day while it is of the last finished year, or of the year before; 3 firms per 1 000 m² and 1 of
//! staff per 10 firms are exact quotients; the relief for remote areas (艰苦边远地区) multiplies a threshold by what it leaves.

mod check;
mod facts;
mod measure;
mod say;
mod shares;
pub mod words;

use super::exact::Exact;
use crate::domain::{CarrierFigure, Day, Kind};
pub use check::{Checked, CheckedCriterion, CheckedTest, NotApplicable, Verdict, check};
pub use measure::{Input, Measured, Missing};
pub use words::{Comparison, Computed, Unit};

/// Parts per million that the relief may take off.
pub const RELIEF_PPM_MAX: i64 = 1_000_000;

/// A set of criteria.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriteriaSet {
    /// Its id.
    pub id: String,
    /// Its title as printed.
    pub title: String,
    /// The title in English.
    pub title_en: String,
    /// Who issued it.
    pub issuer: String,
    /// Document number (文号); empty: not known.
    pub document_no: String,
    /// First day on which it holds; none: not known.
    pub from: Option<Day>,
    /// First day on which it no longer holds; none: none is known.
    pub until: Option<Day>,
    /// Carriers that it is for.
    pub kinds: Vec<Kind>,
    /// Whether the relief for remote areas is on.
    pub remote_area: bool,
    /// What the relief takes off each threshold that it is for, in parts per million.
    pub remote_relief_ppm: i64,
    /// What about the set itself is to be confirmed, in words.
    pub unconfirmed: Vec<String>,
    /// The criteria; all must be met.
    pub criteria: Vec<Criterion>,
}

/// A criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Its id within the set.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// Its threshold is to be confirmed against the document.
    pub unconfirmed: bool,
    /// The tests; one that is met is enough.
    pub any_of: Vec<Test>,
}

/// One threshold on one measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What is measured.
    pub measure: Measure,
    /// On which side of the threshold it must be.
    pub comparison: Comparison,
    /// The threshold, in the smallest unit of the measure.
    pub threshold: i64,
    /// What the threshold is divided by: 2/3 is no whole number of ppm.
    pub divided_by: i64,
    /// Whether the relief for remote areas lowers it.
    pub relaxed: bool,
    /// For a measure that counts firms by their revenue: how much each needs, in fen.
    pub each_fen: i64,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// From the facts of the registry, alone or with a report.
    Computed(Computed),
    /// A figure of the carrier's report, as it stands.
    Reported(CarrierFigure),
}

impl Measure {
    /// By its key in files.
    pub fn from_key(key: &str) -> Option<Self> {
        Computed::from_key(key).map(Self::Computed).or_else(|| CarrierFigure::from_key(key).map(Self::Reported))
    }

    /// Its key in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Computed(computed) => computed.key(),
            Self::Reported(figure) => figure.key(),
        }
    }
}

impl Test {
    /// The threshold in the measure's unit, with what a relief leaves of it.
    pub fn bound(&self, relief_ppm: i64) -> Exact {
        let smallest = self.measure.unit().smallest();
        let left = if self.relaxed { RELIEF_PPM_MAX - relief_ppm } else { RELIEF_PPM_MAX };
        let threshold = Exact::new(self.threshold.into(), smallest.saturating_mul(self.divided_by.into()));
        threshold.times(Exact::new(left.into(), RELIEF_PPM_MAX.into()))
    }
}
