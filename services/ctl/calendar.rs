//! `calendar …`: the working days by which publications run, a file a year (deploy/calendar).

use super::connect::Session;
use super::deed::{Deed, deed};
use super::finance;
use super::lang::{Lang, Say};
use super::message;
use super::output::{Grid, Report, cells_of, heads_of};
use super::trouble::Trouble;
use crate::domain::Day;
use crate::formats::calendar::{CalendarFault, parse};
use crate::wire::v1;
use clap::Subcommand;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What a list bears.
const COLUMNS: [&str; 5] = ["year", "document_no", "publication_days", "days_off", "days_worked"];

/// Calendars.
#[derive(Debug, Subcommand)]
pub enum CalendarCommand {
    /// Publish the working days of a year, in the place of what was published for it. Publications that began keep their
    /// last day.
    Publish {
        /// The file, TOML or JSON; deploy/calendar shows the shape.
        file: PathBuf,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// The working days of the years that are known.
    Show {
        /// Of this year only.
        #[arg(value_name = "YEAR")]
        year: Option<i32>,
    },
}

/// Runs `calendar …`.
pub async fn run(session: &Session, command: CalendarCommand, lang: Lang) -> Result<Report, Trouble> {
    match command {
        CalendarCommand::Publish { file, deed } => {
            let set = parse(&finance::read(&file)?).map_err(|faults| {
                let said = |pick: fn(&CalendarFault) -> &str, gap: &str| {
                    let each = faults.iter().map(|fault| format!("{}: {}", file.display(), pick(fault)));
                    each.collect::<Vec<_>>().join(gap)
                };
                Trouble::Said(Say::new(said(|fault| &fault.zh, "\n"), said(|fault| &fault.fault.message, "\n")))
            })?;
            let days = |days: &BTreeSet<Day>| days.iter().map(ToString::to_string).collect();
            let written = deed!(
                session, deed, calendars.set_calendar,
                SetCalendarRequest {
                    parent: session.parent(), year: set.year.into(), days_off: days(&set.off),
                    days_worked: days(&set.worked), document_no: set.document_no,
                    publication_days: i32::try_from(set.publication_days).unwrap_or(i32::MAX),
                },
                calendar: "Calendar"
            );
            Ok(written?.telling(&["year", "document_no", "publication_days"], lang))
        }
        CalendarCommand::Show { year } => {
            let reply =
                session.calendars().list_calendars(v1::ListCalendarsRequest { parent: session.parent() }).await?;
            let calendars = reply.into_inner().calendars;
            let of_year = calendars.iter().filter(|calendar| year.is_none_or(|year| year == calendar.year));
            let items: Vec<Value> = of_year.map(|calendar| message::json("Calendar", calendar)).collect();
            Ok(shown(items, lang))
        }
    }
}

/// Years as people read them: days off as spans.
fn shown(items: Vec<Value>, lang: Lang) -> Report {
    let readable = |item: &Value| {
        let mut item = item.clone();
        for key in ["days_off", "days_worked"] {
            let days: Vec<&str> = item[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            item[key] = spans(&days).into();
        }
        cells_of(&item, &COLUMNS, lang)
    };
    let table =
        Grid { title: String::new(), head: heads_of(&COLUMNS, lang), rows: items.iter().map(readable).collect() };
    Report { grids: vec![table], ..Report::list(items, &COLUMNS, lang) }
}

/// Days that follow each other as `10-01–10-07`; the year stands beside them.
fn spans(days: &[&str]) -> String {
    let mut spans: Vec<(Day, Day)> = Vec::new();
    for day in days.iter().filter_map(|text| Day::parse_iso(text).ok()) {
        match spans.last_mut() {
            Some((_, last)) if last.next() == day => *last = day,
            _ => spans.push((day, day)),
        }
    }
    let short = |day: Day| day.to_string().split_off(5);
    let span =
        |(from, to): (Day, Day)| if from == to { short(from) } else { format!("{}–{}", short(from), short(to)) };
    spans.into_iter().map(span).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_are_one_span() {
        assert_eq!(spans(&["2026-01-01", "2026-01-02", "2026-01-03", "2026-04-06"]), "01-01–01-03、04-06");
        assert_eq!(spans(&[]), "");
    }
}
