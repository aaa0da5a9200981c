//! Two times: what had happened by a day, as known at a position. A command of several facts is known all at once.

use crate::dsl::*;
use crate::world::{carrier, day, firm};
use incubator_registry::domain::{AsOf, LeaveKind, Level};

#[test]
fn the_day_and_the_position_filter_apart() {
    let stay =
        given([admitted("2024-03-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-03-01", LeaveKind::Expired)]);
    let seen = |date: &str, known: u64| {
        let view = stay.registry().firm(&firm(1), AsOf { day: day(date), known })?;
        view.stays.first().map(|stay| stay.is_open())
    };
    assert_eq!(seen("2024-02-29", u64::MAX), None);
    assert_eq!(seen("2024-05-31", u64::MAX), Some(true));
    assert_eq!(seen("2024-06-01", u64::MAX), Some(false));
    assert_eq!(seen("2024-06-01", 10), Some(true));
    assert_eq!(seen("2024-06-01", 9), None);
    assert!(stay.registry().firm(&firm(1), AsOf { day: day("2024-06-01"), known: 6 }).is_none());
}

#[test]
fn a_command_is_known_whole() {
    let facts = [admitted("2024-03-01", 1, "WJ03"), left("2024-06-01", 1, "WJ03", "2024-03-01", LeaveKind::Expired)];
    let whole = given([]).when(state(facts)).accepted();
    let open = |known| {
        let view = whole.registry().firm(&firm(1), AsOf { day: day("2025-01-01"), known }).unwrap();
        view.stays.iter().map(|stay| stay.is_open()).collect::<Vec<_>>()
    };
    assert_eq!((open(9), open(10), open(11)), (vec![], vec![false], vec![false]));
}

#[test]
fn what_a_firm_is_does_not_depend_on_the_day_but_on_what_is_known() {
    let late = given([registered("2024-06-01", 4)]);
    let known = |date: &str, known| late.registry().firm(&firm(4), AsOf { day: day(date), known }).is_some();
    assert!(known("2024-01-01", 10));
    assert!(!known("2024-12-31", 9));
}

#[test]
fn an_end_recorded_later_is_known_later() {
    let ended = given([
        recognised("2024-01-01", "WJ03", Level::City),
        recognition_ended("2027-01-01", "WJ03", Level::City, "2024-01-01"),
        recognition_ended("2025-01-01", "WJ03", Level::City, "2024-01-01"),
    ]);
    let level = |date: &str, known| {
        let as_of = AsOf { day: day(date), known };
        ended.registry().incubator(&carrier("WJ03"), as_of).unwrap().level_on(day(date))
    };
    assert_eq!(level("2025-06-01", 11), Some(Level::City));
    assert_eq!(level("2025-06-01", 12), None);
    assert_eq!(level("2024-06-01", 12), Some(Level::City));
    assert_eq!(level("2024-06-01", 9), None);
}
