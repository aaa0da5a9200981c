//! Platforms: what is stated of them, what is refused, what is the same, what a void would break.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use incubator_registry::domain::rows::{PlatformRow, Row};
use incubator_registry::domain::{Event, PlatformId, PlatformKind, Reason};

fn id() -> PlatformId {
    PlatformId::parse("PT1").unwrap()
}

fn entry() -> PlatformRegistered {
    let (platform, name, kind) = (id(), "平台".to_owned(), PlatformKind::Testing);
    PlatformRegistered { platform, name, kind, operator_name: "甲".into(), operator_code: firm(1) }
}

fn entered(date: &str) -> Fact {
    (day(date), Event::Platform(PlatformEvent::Registered(entry())))
}

fn year(year: i16, open: i64) -> PlatformYear {
    PlatformYear { platform: id(), year, capacity: 10, open_capacity: open, service_cost: 5, input: 0 }
}

fn reported(of: i16, open: i64) -> Fact {
    (day(&format!("{of}-12-31")), Event::Platform(PlatformEvent::YearReported(year(of, open))))
}

fn completed(date: &str) -> Fact {
    (day(date), Event::Platform(PlatformEvent::Completed { platform: id() }))
}

#[test]
fn reports_and_a_completion_are_of_a_platform_that_is_there() {
    let done = given([]).when(state([reported(2023, 3)])).refused(Reason::UnknownPlatform);
    let done = done.when(state([completed("2024-01-01")])).refused(Reason::UnknownPlatform);
    let done = done.when(state([entered("2023-05-01")])).accepted();
    let done = done.when(state([completed("2023-04-30")])).refused_at(Reason::DatesOutOfOrder, 10);
    let done = done.when(state([completed("2023-05-01")])).accepted();
    let done = done.when(state([completed("2023-05-02")])).refused_at(Reason::Conflict, 11);
    let done = done.when(state([reported(2023, 3)])).accepted();
    let done = done.when(state([reported(2024, 3)])).accepted();
    let done = done.when(state([reported(2023, 3)])).same(Reason::Duplicate, 12);
    let done = done.when(state([reported(2023, 4)])).refused_at(Reason::Conflict, 12);
    let done = done.when(state([reported(2026, 4)])).refused(Reason::DateInFuture);
    // The platform can't go while facts stand on it, and can't come later than its completion.
    let done = done.when(void(&[10])).has_dependents(&[11, 12, 13]);
    let done = done.when(state([entered("2023-06-01")]).replacing(&[10])).refused_at(Reason::DatesOutOfOrder, 11);
    done.when(state([entered("2023-04-01")]).replacing(&[10])).accepted();
}

#[test]
fn a_year_before_the_registration_is_accepted() {
    given([entered("2023-05-01")]).when(state([reported(2022, 3)])).accepted();
}

#[test]
fn more_open_than_there_is_is_no_report() {
    assert_eq!(Row::PlatformYear(year(2023, 11)).facts().unwrap_err().reason, Reason::OutOfRange);
    assert!(Row::PlatformYear(year(2023, 10)).facts().is_ok());
}

#[test]
fn a_ledger_brings_the_completion_later() {
    let row = |completed: Option<&str>| {
        let row = PlatformRow { registered: entry(), day: day("2023-05-01"), completed: completed.map(day) };
        Row::Platform(row).facts().unwrap().into_iter().map(|fact| (fact.day, fact.event))
    };
    let done = given([]).when(state(row(None)).imported()).accepted();
    let done = done.when(state(row(Some("2024-02-01"))).imported()).then([completed("2024-02-01")]);
    done.when(state(row(None)).imported()).same(Reason::Duplicate, 10);
}
