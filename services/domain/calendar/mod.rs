//! Working days: which weekdays are off and which weekend days are worked (调休), year by year. It is data: no rule computes
//! a holiday.
//!
//! Chosen where rules §6 is silent: a publication of n working days runs through the n working days after its own day
//! (民法典 §201: the day on which a period begins does not count), and ends with the last of them. What a publication's
//! last day is, it keeps: a calendar that is set anew later shortens none.

use super::reason::{Fault, Reason, Refusal};
use super::values::{Day, text};
use std::collections::BTreeSet;

/// Working days of a publication where the calendar of its year says nothing else.
pub const PUBLICATION_DAYS: u32 = 5;
/// More working days than that are a slip.
const PUBLICATION_DAYS_MAX: u32 = 60;
/// Days that a year may list: more are a slip.
const LISTED_MAX: usize = 100;

/// The calendar of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarSet {
    /// The year.
    pub year: i16,
    /// Principal.
    pub by: String,
    /// Days off, weekends aside.
    pub off: BTreeSet<Day>,
    /// Weekend days that are worked.
    pub worked: BTreeSet<Day>,
    /// Working days of a publication that begins in the year.
    pub publication_days: u32,
    /// Document number of the notice (文号).
    pub document_no: String,
}

impl CalendarSet {
    /// The same, or what is wrong with it.
    pub fn checked(self) -> Result<Self, Fault> {
        if !(1900..=9999).contains(&self.year) {
            return Err(Fault::new(Reason::OutOfRange, "year", format!("{} is no year", self.year)));
        }
        text("document_no", &self.document_no)?;
        for (field, days) in [("days_off", &self.off), ("days_worked", &self.worked)] {
            if days.len() > LISTED_MAX {
                let message = format!("{} days; at most {LISTED_MAX}", days.len());
                return Err(Fault::new(Reason::OutOfRange, field, message));
            }
            if let Some(day) = days.iter().find(|day| day.year() != self.year) {
                let message = format!("{day} is not in {}", self.year);
                return Err(Fault::new(Reason::OutOfRange, field, message));
            }
        }
        if let Some(day) = self.worked.iter().find(|day| !day.is_weekend()) {
            let message = format!("{day} is a weekday, which is worked unless it is off");
            return Err(Fault::new(Reason::OutOfRange, "days_worked", message));
        }
        if let Some(day) = self.off.intersection(&self.worked).next() {
            return Err(Fault::new(Reason::OutOfRange, "days_worked", format!("{day} is off and worked")));
        }
        if !(1..=PUBLICATION_DAYS_MAX).contains(&self.publication_days) {
            let message = format!("{} working days; 1 to {PUBLICATION_DAYS_MAX}", self.publication_days);
            return Err(Fault::new(Reason::OutOfRange, "publication_days", message));
        }
        Ok(self)
    }

    /// Whether a day of the year is worked.
    pub fn is_worked(&self, day: Day) -> bool {
        self.worked.contains(&day) || !(day.is_weekend() || self.off.contains(&day))
    }
}

/// The last working day of a publication that begins on a day; `year` gives a year's calendar.
pub fn publication_end<'a>(from: Day, year: impl Fn(i16) -> Option<&'a CalendarSet>) -> Result<Day, Refusal> {
    let of = |day: Day| {
        year(day.year()).ok_or_else(|| {
            let message = format!("the working days of {} are not known: no calendar is set", day.year());
            Refusal::new(Reason::CalendarMissing, message).with("year", day.year())
        })
    };
    let mut left = of(from)?.publication_days;
    let mut day = from;
    while left > 0 {
        day = day.next();
        if of(day)?.is_worked(day) {
            left -= 1;
        }
        if day == Day::MAX {
            break;
        }
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn year(year: i16, off: &[&str], worked: &[&str]) -> CalendarSet {
        let set = |days: &[&str]| days.iter().map(|text| day(text)).collect();
        let (by, document_no) = ("k".to_owned(), String::new());
        CalendarSet { year, by, off: set(off), worked: set(worked), publication_days: 5, document_no }
    }

    #[test]
    fn five_working_days_step_over_weekends_and_days_off() {
        let of = year(2024, &["2024-10-01", "2024-10-02", "2024-10-03", "2024-10-04", "2024-10-07"], &["2024-09-29"]);
        let end = |from| publication_end(day(from), |y| (y == 2024).then_some(&of));
        // Monday to the next Monday; the day it begins does not count.
        assert_eq!(end("2024-09-09").unwrap(), day("2024-09-16"));
        // Friday, the worked Sunday 29, Monday 30, then after the days off 8, 9, 10.
        assert_eq!(end("2024-09-27").unwrap(), day("2024-10-10"));
        assert_eq!(end("2024-12-27").unwrap_err().reason, Reason::CalendarMissing);
    }

    #[test]
    fn a_calendar_that_can_not_be_is_refused() {
        assert!(year(2024, &["2024-10-01"], &["2024-10-12"]).checked().is_ok());
        for bad in [
            year(2024, &["2025-10-01"], &[]),
            year(2024, &[], &["2024-10-11"]),
            year(2024, &["2024-10-12"], &["2024-10-12"]),
            CalendarSet { publication_days: 0, ..year(2024, &[], &[]) },
        ] {
            assert_eq!(bad.clone().checked().unwrap_err().reason, Reason::OutOfRange, "{bad:?}");
        }
    }
}
