//! The district's settings: dated limits, recorded like any fact.

pub mod limits;

use super::event::{Event, Limits};
use super::line::{AsOf, Entry, Line};
use super::values::Day;

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
