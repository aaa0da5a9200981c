//! Carriers: registered, recognised, run by others, enlarged, put behind one another.

use crate::dsl::*;
use crate::world::{carrier, day};
use incubator_registry::domain::{AsOf, Kind, Level, Reason};

fn level(given: &Given, id: &str, date: &str) -> Option<Level> {
    given.registry().incubator(&carrier(id), AsOf::NOW).unwrap().level_on(day(date))
}

#[test]
fn a_carrier_is_registered() {
    let fact = founded_after("2024-01-01", "WJ07", Kind::Accelerator, Some("WJ03"));
    let registered = given([]).when(state([fact.clone()])).then([fact.clone()]);
    registered.when(state([fact])).same(Reason::Duplicate, 10);
}

#[test]
fn a_carrier_is_one_by_its_id() {
    given([]).when(state([founded("2019-01-01", "WJ03", Kind::Makerspace)])).refused_at(Reason::Conflict, 4);
    given([]).when(state([founded("2019-01-02", "WJ03", Kind::Incubator)])).refused_at(Reason::Conflict, 4);
    // Ids are kept as written.
    given([]).when(state([founded("2019-01-01", "wj03", Kind::Incubator)])).accepted();
}

#[test]
fn upstream_must_exist() {
    let fact = founded_after("2024-01-01", "WJ07", Kind::Incubator, Some("WJ99"));
    given([]).when(state([fact])).refused(Reason::UnknownIncubator);
    given([]).when(state([upstream_changed("2024-01-01", "WJ03", Some("WJ99"))])).refused(Reason::UnknownIncubator);
}

#[test]
fn a_recognition_is_granted_and_ended() {
    let granted = recognised("2024-01-01", "WJ03", Level::City);
    let ended = recognition_ended("2025-01-01", "WJ03", Level::City, "2024-01-01");
    let both = given([]).when(state([granted.clone()])).then([granted.clone()]).when(state([ended.clone()]));
    let both = both.then([ended.clone()]);
    assert_eq!(level(&both, "WJ03", "2024-12-31"), Some(Level::City));
    assert_eq!(level(&both, "WJ03", "2025-01-01"), None);
    both.when(state([granted, ended])).same(Reason::Duplicate, 11);
}

#[test]
fn an_expiry_may_lie_ahead_and_a_grant_may_not() {
    let granted = recognised("2026-01-01", "WJ03", Level::City);
    let ahead = recognition_ended("2029-01-01", "WJ03", Level::City, "2026-01-01");
    given([]).when(state([granted.clone(), ahead.clone()])).then([granted, ahead]);
    given([]).when(state([recognised("2026-11-25", "WJ03", Level::City)])).refused(Reason::DateInFuture);
}

#[test]
fn recognitions_overlap_and_the_highest_holds() {
    let both = given([
        recognised("2022-01-01", "WJ03", Level::District),
        recognised("2023-01-01", "WJ03", Level::Province),
        recognition_ended("2024-01-01", "WJ03", Level::Province, "2023-01-01"),
    ]);
    let levels = ["2022-06-01", "2023-06-01", "2024-01-01"].map(|date| level(&both, "WJ03", date));
    assert_eq!(levels, [Some(Level::District), Some(Level::Province), Some(Level::District)]);
    both.when(state([recognised("2022-01-01", "WJ03", Level::National)])).accepted();
}

#[test]
fn an_earlier_end_is_a_new_fact_and_holds() {
    let stated = given([
        recognised("2024-01-01", "WJ03", Level::City),
        recognition_ended("2027-01-01", "WJ03", Level::City, "2024-01-01"),
    ]);
    let earlier = recognition_ended("2025-06-01", "WJ03", Level::City, "2024-01-01");
    let ended = stated.when(state([earlier.clone()])).then([earlier]);
    assert_eq!(level(&ended, "WJ03", "2025-06-01"), None);
    // The file that stated the later end still says what is recorded; another later end contradicts.
    let row = [
        recognised("2024-01-01", "WJ03", Level::City),
        recognition_ended("2027-01-01", "WJ03", Level::City, "2024-01-01"),
    ];
    let ended = ended.when(state(row).imported()).same(Reason::Duplicate, 11);
    let later = recognition_ended("2026-01-01", "WJ03", Level::City, "2024-01-01");
    ended.when(state([later])).refused_at(Reason::Conflict, 12);
}

#[test]
fn a_recognition_is_one_by_level_and_day() {
    let granted = given([recognised("2024-01-01", "WJ03", Level::City)]);
    let (date, mut event) = recognised("2024-01-01", "WJ03", Level::City);
    if let incubator_registry::domain::Event::IncubatorRecognised { document_no, .. } = &mut event {
        *document_no = "韶科〔2024〕2号".into();
    }
    granted.when(state([(date, event)])).refused_at(Reason::Conflict, 10);
}

#[test]
fn an_end_is_of_a_recognition() {
    let none = recognition_ended("2025-01-01", "WJ03", Level::City, "2024-01-01");
    given([]).when(state([none.clone()])).refused(Reason::NoSuchRecognition);
    given([recognised("2024-01-01", "WJ03", Level::District)]).when(state([none])).refused(Reason::NoSuchRecognition);
    let before = recognition_ended("2023-12-31", "WJ03", Level::City, "2024-01-01");
    given([recognised("2024-01-01", "WJ03", Level::City)])
        .when(state([before]))
        .refused_at(Reason::DatesOutOfOrder, 10);
    given([
        recognised("2024-01-01", "WJ03", Level::City),
        recognition_ended("2025-01-01", "WJ03", Level::City, "2024-01-01"),
    ])
    .when(void(&[10]))
    .has_dependents(&[11]);
}

#[test]
fn operator_and_area_change_from_a_day_on() {
    for fact in [operator_changed("2024-01-01", "WJ03", "新运营公司"), area_changed("2024-01-01", "WJ03", 500_000)]
    {
        let changed = given([]).when(state([fact.clone()])).then([fact.clone()]);
        changed.when(state([fact])).same(Reason::Duplicate, 10);
    }
    let changed = given([operator_changed("2024-01-01", "WJ03", "新运营公司")]);
    let changed =
        changed.when(state([operator_changed("2024-01-01", "WJ03", "另一家公司")])).refused_at(Reason::Conflict, 10);
    let view = changed.registry().incubator(&carrier("WJ03"), AsOf::day(day("2023-12-31"))).unwrap();
    assert_eq!(view.operators.last().unwrap().value.name, "首任运营公司");
    given([area_changed("2024-01-01", "WJ03", 1)])
        .when(state([area_changed("2024-01-01", "WJ03", 2)]))
        .refused_at(Reason::Conflict, 10);
}

#[test]
fn changes_are_of_registered_carriers_after_their_founding() {
    for fact in [
        operator_changed("2024-01-01", "WJ99", "新"),
        area_changed("2024-01-01", "WJ99", 1),
        recognised("2024-01-01", "WJ99", Level::City),
        upstream_changed("2024-01-01", "WJ99", None),
    ] {
        given([]).when(state([fact])).refused(Reason::UnknownIncubator);
    }
    given([]).when(state([operator_changed("2019-01-01", "WJ03", "新")])).refused_at(Reason::DatesOutOfOrder, 4);
}

#[test]
fn the_chain_of_carriers_has_no_cycle() {
    given([])
        .when(state([founded_after("2024-01-01", "WJ07", Kind::Incubator, Some("WJ07"))]))
        .refused(Reason::UpstreamCycle);
    let fact = upstream_changed("2024-01-01", "WJ03", Some("WJ01"));
    let chained = given([]).when(state([fact.clone()])).then([fact]);
    let chained = chained.when(state([upstream_changed("2024-06-01", "WJ06", Some("WJ03"))])).accepted();
    let chained =
        chained.when(state([upstream_changed("2025-01-01", "WJ01", Some("WJ06"))])).refused(Reason::UpstreamCycle);
    // Before the chain was made there is nothing to run into, but from 2024-01-01 on there is: the line is judged whole.
    let chained =
        chained.when(state([upstream_changed("2023-01-01", "WJ01", Some("WJ06"))])).refused(Reason::UpstreamCycle);
    let ended = chained.when(state([upstream_changed("2025-01-01", "WJ06", None)])).accepted();
    ended.when(state([upstream_changed("2025-01-01", "WJ01", Some("WJ06"))])).accepted();
}
