//! Assessments of industrial projects by the seven indicators (入园工业项目准入，七个指标): the fact, what is known of one, and the
//! rules that its line must keep.
//!
//! Chosen where rules §5 is silent: a project is assessed once under its number; one that is assessed anew has another. What
//! was measured is kept, not whether it is enough: that follows from the standards of the day and is a reading. An
//! indicator that was not measured is left out, not all of them. Whoever settles under an assessment is the firm, and settles
//! in the park, that it is about, and not before it (`firm::rules`).

use super::check::Violation;
use super::event::{Entity, Event};
use super::firm;
use super::incubator::Term;
use super::line::{AsOf, Line};
use super::reason::{Fault, Reason};
use super::registry::Registry;
use super::values::{AssessmentId, FEN_MAX, ParkId, Uscc};
use super::words::Indicator;

/// A plot ratio past this, and a share past the whole, is a slip of the unit.
const RATIO_PPM_MAX: i64 = 100_000_000;
const WHOLE_PPM: i64 = 1_000_000;

/// A project as it was assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectAssessed {
    /// Number of the project.
    pub assessment: AssessmentId,
    /// Whose project.
    pub firm: Uscc,
    /// Into which park.
    pub park: ParkId,
    /// Industry, as the standards name it.
    pub industry: String,
    /// What was measured.
    pub indicators: Indicators,
}

/// The seven indicators as measured: fen per hectare, or ppm; none: not measured. Apart, so that every other fact need not be
/// as wide as an assessment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indicators(Box<[Option<i64>; 7]>);

impl Indicators {
    /// In the order of `Indicator::ALL`; OUT_OF_RANGE past what there can be, MISSING_VALUE where all are left out.
    pub fn checked(values: [Option<i64>; 7]) -> Result<Self, Fault> {
        if values.iter().all(Option::is_none) {
            return Err(Fault::new(Reason::MissingValue, "investment_intensity", "at least one indicator is required"));
        }
        for (indicator, value) in Indicator::ALL.iter().zip(values) {
            let most = match indicator {
                of if of.is_per_hectare() => FEN_MAX,
                Indicator::FloorAreaRatio => RATIO_PPM_MAX,
                _ => WHOLE_PPM,
            };
            if let Some(value) = value.filter(|value| !(0..=most).contains(value)) {
                let field = indicator.key().to_lowercase();
                let message = format!("{field} is {value}; it lies between 0 and {most}");
                return Err(Fault::new(Reason::OutOfRange, field, message));
            }
        }
        Ok(Self(Box::new(values)))
    }

    /// In the order of `Indicator::ALL`, as they were recorded.
    pub fn recorded(values: [Option<i64>; 7]) -> Self {
        Self(Box::new(values))
    }

    /// All, in the order of `Indicator::ALL`.
    pub fn all(&self) -> [Option<i64>; 7] {
        *self.0
    }
}

/// An assessment as recorded; none where it is not, as seen.
pub fn assessment(line: &Line, as_of: AsOf) -> Option<Term<&ProjectAssessed>> {
    line.seen(as_of).find_map(|entry| match &entry.event {
        Event::ProjectAssessed(value) => Some(Term { day: entry.day, value, position: entry.position }),
        _ => None,
    })
}

/// Every rule that an assessment's line breaks: its firm is there and was not struck off.
pub fn violations(registry: &Registry, id: &AssessmentId) -> Vec<Violation> {
    let line = registry.innovation().line(&Entity::Assessment(id.clone()));
    let Some(Term { day, value, position }) = line.and_then(|line| assessment(line, AsOf::NOW)) else {
        return Vec::new();
    };
    firm::rules::as_party(registry, value.firm, (day, position)).into_iter().collect()
}
