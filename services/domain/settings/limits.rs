//! The limits of a district, as dated settings.

use crate::domain::reason::{Fault, Reason};
use crate::domain::values;

/// Limits of a district, in force from a day on. Nothing of them is a constant of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Months from registration to the first admission to an incubator.
    pub admission_age_months: u32,
    /// Months of incubation.
    pub incubation_months: u32,
    /// Months of incubation in the fields below.
    pub extended_incubation_months: u32,
    /// Technical fields with the extended term, sorted.
    pub extended_fields: Vec<String>,
    /// VENTURE_FUNDING is met strictly over this, fen.
    pub venture_funding_over_fen: i64,
    /// REVENUE is met strictly over this, fen.
    pub revenue_over_fen: i64,
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
            values::required_text("limits.extended_fields", name)?;
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
