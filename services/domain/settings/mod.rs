//! The district's settings: dated limits, recorded like any fact.

pub mod limits;

use super::event::{Event, Limits};
use super::line::{AsOf, Entry, Line};
use super::reason::{Fault, Reason};
use super::values::{Day, required_text};

/// The fact whose limits are in force on a day, as known. The second event of every log sets them from 1900-01-01 on, so
/// only a day before that has none.
pub fn limits_entry(settings: &Line, day: Day, as_of: AsOf) -> Option<&Entry> {
    settings
        .seen(AsOf { day, ..as_of })
        .filter(|entry| matches!(entry.event, Event::LimitsSet(_)))
        .max_by_key(|entry| (entry.day, entry.position))
}

/// The limits in force on a day, as known.
pub fn limits_on(settings: &Line, day: Day, as_of: AsOf) -> Option<&Limits> {
    limits_entry(settings, day, as_of).and_then(|entry| match &entry.event {
        Event::LimitsSet(limits) => Some(limits),
        _ => None,
    })
}

/// All limits as known, by the first day on which each is in force: until the next one is.
pub fn limits_by_day(settings: &Line, as_of: AsOf) -> Vec<(Day, &Limits)> {
    let mut found: Vec<(Day, u64, &Limits)> = settings
        .seen(as_of.any_day())
        .filter_map(|entry| match &entry.event {
            Event::LimitsSet(limits) => Some((entry.day, entry.position, limits)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(day, position, _)| (*day, *position));
    found.into_iter().map(|(day, _, limits)| (day, limits)).collect()
}

impl Limits {
    const MONTHS_MAX: u32 = 1200;
    const FIELDS_MAX: usize = 100;

    /// The same limits with fields sorted and single, or what is wrong with them.
    pub fn checked(mut self) -> Result<Self, Fault> {
        let months = [
            ("limits.admission_age_months", self.admission_age_months),
            ("limits.incubation_months", self.incubation_months),
            ("limits.extended_incubation_months", self.extended_incubation_months),
        ];
        for (field, value) in months {
            if !(1..=Self::MONTHS_MAX).contains(&value) {
                return Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value}; 1 to 1200 months")));
            }
        }
        for (field, value) in [
            ("limits.venture_funding_over_fen", self.venture_funding_over_fen),
            ("limits.revenue_over_fen", self.revenue_over_fen),
        ] {
            if value < 0 {
                return Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value}; it is not negative")));
            }
        }
        if self.extended_fields.len() > Self::FIELDS_MAX {
            return Err(Fault::new(Reason::OutOfRange, "limits.extended_fields", "at most 100 fields"));
        }
        for name in &self.extended_fields {
            required_text("limits.extended_fields", name)?;
        }
        self.extended_fields.sort();
        self.extended_fields.dedup();
        Ok(self)
    }

    /// Months that a firm of this field may incubate.
    pub fn incubation_months_of(&self, field: &str) -> u32 {
        let extended = self.extended_fields.iter().any(|f| f == field);
        if extended { self.extended_incubation_months } else { self.incubation_months }
    }
}
