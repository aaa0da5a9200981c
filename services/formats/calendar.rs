//! The working days of a year as a TOML or JSON file (deploy/calendar/*.toml show the shape), and those that come with the
//! program. Every fault is told at once, by its key and line.
//!
//! ```toml
//! [calendar]
//! year = 2026
//! document_no = "…"       # the notice (文号); optional: publication_days, else five
//! [[holiday]]
//! name = "…"
//! from = "2026-10-01"     # the first day off
//! to = "2026-10-07"       # the last
//! worked = ["2026-10-10"] # weekend days that are worked for it; optional
//! ```

use super::policy::section::{PolicyFault, Section};
use super::policy::tree::{self, Item, Value};
use crate::domain::Day;
use crate::domain::calendar::{CalendarSet, PUBLICATION_DAYS};
use crate::domain::reason::Reason;
use std::collections::BTreeSet;

/// A fault, and the line it is in.
pub type CalendarFault = PolicyFault;

/// Bytes that a file may have.
const BYTES_MAX: usize = 1 << 16;
/// Days that one holiday may last: more are a slip.
const HOLIDAY_DAYS_MAX: i32 = 31;

/// The files that come with the program, a year each.
pub const SHIPPED: [&str; 2] =
    [include_str!("../../deploy/calendar/2025.toml"), include_str!("../../deploy/calendar/2026.toml")];

/// Reads a file.
pub fn parse(content: &str) -> Result<CalendarSet, Vec<CalendarFault>> {
    if content.len() > BYTES_MAX {
        let bytes = content.len();
        let said = (format!("{bytes} bytes; at most {BYTES_MAX}"), format!("共{bytes}字节，最多{BYTES_MAX}字节"));
        return Err(vec![CalendarFault::of_file(1, Reason::OutOfRange, said)]);
    }
    let root = tree::read(content).map_err(|(line, message)| {
        let said = (format!("line {line}: {message}"), format!("第{line}行：{message}"));
        vec![CalendarFault::of_file(line, Reason::MalformedMessage, said)]
    })?;
    let mut faults = Vec::new();
    let set = read(&root, &mut faults);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        return Err(faults);
    }
    set.checked().map_err(|fault| {
        let zh = format!("{}：日期不在该年，或与放假、调休的规定不符", fault.field);
        vec![CalendarFault::of_file(1, fault.reason, (fault.message.clone(), zh))]
    })
}

fn read(root: &Item, faults: &mut Vec<CalendarFault>) -> CalendarSet {
    let mut file = Section::new(String::new(), root, faults);
    let (by, off, worked) = (String::new(), BTreeSet::new(), BTreeSet::new());
    let (document_no, publication_days) = (String::new(), PUBLICATION_DAYS);
    let mut set = CalendarSet { year: 0, by, off, worked, publication_days, document_no };
    if let Some(item) = file.required("calendar") {
        let mut about = Section::new("calendar".into(), item, file.faults);
        set.year = i16::try_from(about.number("year", 1900, 9999)).unwrap_or_default();
        set.document_no = about.text("document_no");
        let days = about.optional_number("publication_days", 1, 60).and_then(|days| u32::try_from(days).ok());
        set.publication_days = days.unwrap_or(PUBLICATION_DAYS);
        about.finish();
    }
    for (path, item) in file.tables("holiday") {
        let mut section = Section::new(path, item, file.faults);
        holiday(&mut section, &mut set);
        section.finish();
    }
    file.finish();
    set
}

fn holiday(section: &mut Section<'_, '_>, set: &mut CalendarSet) {
    section.text("name");
    let (from, to) = (section.day("from"), section.day("to"));
    let days = to.days() - from.days();
    if !(0..HOLIDAY_DAYS_MAX).contains(&days) {
        let said = (
            format!("it is the last day off, from `from` on, of at most {HOLIDAY_DAYS_MAX}"),
            format!("应为放假的最后一天，不早于from，至多{HOLIDAY_DAYS_MAX}天"),
        );
        section.wrong(Reason::DatesOutOfOrder, "to", said);
        return;
    }
    set.off.extend((from.days()..=to.days()).filter_map(Day::from_days));
    let day = |value: &Value| match value {
        Value::Text(text) => Day::parse_iso(text).ok(),
        _ => None,
    };
    if section.optional("worked").is_some() {
        set.worked.extend(section.list("worked", Reason::MalformedDate, day));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::publication_end;
    use std::path::Path;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn shipped() -> Vec<CalendarSet> {
        SHIPPED.iter().map(|text| parse(text).unwrap_or_else(|faults| panic!("{faults:?}"))).collect()
    }

    /// The last of five working days behind a day.
    fn ends(from: &str) -> String {
        let all = shipped();
        publication_end(day(from), |year| all.iter().find(|set| set.year == year)).unwrap().to_string()
    }

    #[test]
    fn every_file_is_read_and_stands_under_its_year() {
        for (text, set) in SHIPPED.iter().zip(shipped()) {
            let named = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("deploy/calendar/{}.toml", set.year));
            assert_eq!(std::fs::read_to_string(named).unwrap(), *text);
            assert!(set.document_no.starts_with("国办发明电〔") && set.publication_days == 5);
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/calendar");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), SHIPPED.len());
        // 28 days off and 5 worked in 2025, as the notice counts them; 33 and 6 in 2026.
        let counts: Vec<_> = shipped().iter().map(|set| (set.off.len(), set.worked.len())).collect();
        assert_eq!(counts, [(28, 5), (33, 6)]);
    }

    #[test]
    fn five_working_days_step_over_the_national_day_of_2026() {
        // Monday 28, Tuesday 29, Wednesday 30, Thursday 8 and Friday 9: off from 1 to 7 October.
        assert_eq!(ends("2026-09-25"), "2026-10-09");
        // The Saturday that is worked for it, 10 October, is one of the five.
        assert_eq!(ends("2026-09-29"), "2026-10-12");
        assert_eq!(ends("2026-09-30"), "2026-10-13");
        // And so is Sunday 20 September before it; 25 to 27 are the Mid-Autumn Festival's.
        assert_eq!(ends("2026-09-18"), "2026-09-24");
    }

    #[test]
    fn five_working_days_step_over_the_spring_festival_of_2026() {
        // Wednesday 11 to Friday 13, the worked Saturday 14, then off from 15 to 23: Tuesday 24.
        assert_eq!(ends("2026-02-10"), "2026-02-24");
        // Tuesday 24 to Friday 27, and the worked Saturday 28.
        assert_eq!(ends("2026-02-14"), "2026-02-28");
        // Across the turn of the year: 2025-12-31, then from the worked Sunday 4 January to Wednesday 7.
        assert_eq!(ends("2025-12-30"), "2026-01-07");
        let all = shipped();
        let beyond = publication_end(day("2026-12-28"), |year| all.iter().find(|set| set.year == year));
        assert_eq!(beyond.unwrap_err().reason, Reason::CalendarMissing);
    }

    #[test]
    fn a_fault_has_its_key_and_line() {
        let text =
            "[calendar]\nyear = 2026\n[[holiday]]\nname = \"x\"\nfrom = \"2026-10-07\"\nto = \"2026-10-01\"\nof = 1\n";
        let faults = parse(text).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.fault.field.as_str())).collect();
        assert_eq!(told, [(1, "calendar.document_no"), (6, "holiday[0].to"), (7, "holiday[0].of")]);
        let other_year = SHIPPED[1].replace("year = 2026", "year = 2027");
        assert_eq!(parse(&other_year).unwrap_err()[0].fault.reason, Reason::OutOfRange);
    }
}
