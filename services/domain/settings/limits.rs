//! The limits of a district, as dated settings.

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
