//! What a carrier files about itself once a year (载体年报): figures that the registry can't tell from its own facts. Each may
//! be missing, and a missing one is not 0.

use crate::domain::reason::{Faults, Reason};
use crate::domain::values::{Area, Day, IncubatorId};
use crate::domain::words::CarrierFigure;
use std::collections::BTreeMap;

/// Past this a count is a slip of the keyboard.
const COUNT_MAX: i64 = 10_000_000;
/// A right of use for longer than a century is one.
const MONTHS_MAX: i64 = 1200;

/// In what a figure is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// People, firms, events.
    Count,
    /// Hundredths of a square metre.
    Area,
    /// Whole months.
    Months,
    /// 1 is yes, 0 is no.
    YesNo,
}

impl CarrierFigure {
    /// Its unit.
    pub fn unit(self) -> FigureUnit {
        match self {
            Self::TenantArea | Self::HighGrowthArea | Self::LargestTenantArea => FigureUnit::Area,
            Self::UseRightMonths => FigureUnit::Months,
            Self::LegalPerson
            | Self::StatisticsComplete
            | Self::ServicePlatform
            | Self::HandoverMechanism
            | Self::FastLane => FigureUnit::YesNo,
            _ => FigureUnit::Count,
        }
    }

    /// Its name as a field: the key in small letters.
    pub fn field(self) -> String {
        self.key().to_ascii_lowercase()
    }

    /// The greatest value that it may have; the least is 0.
    pub fn most(self) -> i64 {
        match self.unit() {
            FigureUnit::Count => COUNT_MAX,
            FigureUnit::Area => Area::HUNDREDTHS_MAX,
            FigureUnit::Months => MONTHS_MAX,
            FigureUnit::YesNo => 1,
        }
    }

    /// The figure that this one is a part of.
    fn whole(self) -> Option<Self> {
        match self {
            Self::ProfessionalStaff | Self::BachelorStaff => Some(Self::Staff),
            Self::HighGrowthArea | Self::LargestTenantArea => Some(Self::TenantArea),
            _ => None,
        }
    }
}

/// A carrier's report of a year. Its business date is the year's last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncubatorReport {
    /// The carrier.
    pub incubator: IncubatorId,
    /// The year.
    pub year: i16,
    /// What it states, in the figure's unit.
    pub figures: BTreeMap<CarrierFigure, i64>,
}

impl IncubatorReport {
    /// A report whose figures lie in their ranges and whose parts are no more than their wholes. MISSING_VALUE where it states
    /// nothing, OUT_OF_RANGE by the figure's key in small letters.
    pub fn new(incubator: IncubatorId, year: i16, figures: BTreeMap<CarrierFigure, i64>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        if figures.is_empty() {
            faults.push(Reason::MissingValue, "figures", "a report states at least one figure");
        }
        for (figure, value) in &figures {
            let field = figure.field();
            if !(0..=figure.most()).contains(value) {
                let message = format!("{field} is {value}; it lies between 0 and {}", figure.most());
                faults.push(Reason::OutOfRange, &field, message);
            }
            let whole = figure.whole().and_then(|whole| Some((whole, *figures.get(&whole)?)));
            if let Some((whole, most)) = whole.filter(|(_, most)| value > most) {
                let message = format!("{field} is {value}, more than {most} of {}", whole.field());
                faults.push(Reason::OutOfRange, &field, message);
            }
        }
        if faults.0.is_empty() { Ok(Self { incubator, year, figures }) } else { Err(faults) }
    }
}

/// A report as the registry keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Filed<'a> {
    /// The report.
    pub report: &'a IncubatorReport,
    /// Its year's last day.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(figures: &[(CarrierFigure, i64)]) -> Result<IncubatorReport, Faults> {
        IncubatorReport::new(IncubatorId::parse("WJ03").unwrap(), 2024, figures.iter().copied().collect())
    }

    #[test]
    fn figures_lie_in_their_ranges_and_parts_within_their_wholes() {
        use CarrierFigure::{LegalPerson, Mentors, ProfessionalStaff, Staff};
        assert!(report(&[(Staff, 8), (ProfessionalStaff, 8), (LegalPerson, 1), (Mentors, 0)]).is_ok());
        assert!(report(&[(ProfessionalStaff, 9)]).is_ok());
        let wrong = |figures: &[(CarrierFigure, i64)]| {
            report(figures).unwrap_err().0.into_iter().map(|f| (f.reason, f.field)).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&[]), [(Reason::MissingValue, "figures".to_owned())]);
        assert_eq!(
            wrong(&[(Staff, 8), (ProfessionalStaff, 9)]),
            [(Reason::OutOfRange, "professional_staff".to_owned())]
        );
        assert_eq!(wrong(&[(LegalPerson, 2)]), [(Reason::OutOfRange, "legal_person".to_owned())]);
        assert_eq!(wrong(&[(Mentors, -1)]), [(Reason::OutOfRange, "mentors".to_owned())]);
    }
}
