//! Parks: a park exists from the first fact that names it, and its treasuries are dated facts.

use super::event::Event;
use super::line::{AsOf, Line};
use super::values::Day;

/// A park's treasury (受益地财政) from a day on.
#[derive(Clone, Copy, Debug)]
pub struct TreasuryTerm<'a> {
    /// First day.
    pub day: Day,
    /// 9-digit code.
    pub code: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it is recorded.
    pub position: u64,
}

/// The treasuries of a park by their first day.
pub fn treasuries(line: &Line, as_of: AsOf) -> Vec<TreasuryTerm<'_>> {
    let mut terms: Vec<_> = line
        .seen(as_of)
        .filter_map(|entry| match &entry.event {
            Event::ParkTreasurySet { treasury_code, treasury_name, .. } => Some(TreasuryTerm {
                day: entry.day,
                code: treasury_code,
                name: treasury_name,
                position: entry.position,
            }),
            _ => None,
        })
        .collect();
    terms.sort_by_key(|term| (term.day, term.position));
    terms
}
