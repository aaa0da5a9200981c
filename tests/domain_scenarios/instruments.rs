//! Instruments in the shared catalogue: what is stated of them, what is refused, what is the same, what a void would break.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use incubator_registry::domain::{Entity, Event, InstrumentId, Reason};

fn id() -> InstrumentId {
    InstrumentId::parse("YQ1").unwrap()
}

fn entered(date: &str, number: u32, price: i64) -> Fact {
    let catalogued = InstrumentCatalogued { instrument: id(), name: "仪器".into(), owner: firm(number), price };
    (day(date), Event::Instrument(InstrumentEvent::Catalogued(catalogued)))
}

fn removed(date: &str) -> Fact {
    (day(date), Event::Instrument(InstrumentEvent::Removed { instrument: id() }))
}

fn reported(year: i16, running_cost: i64) -> Fact {
    let report = InstrumentYear { instrument: id(), year, running_cost };
    (day(&format!("{year}-12-31")), Event::Instrument(InstrumentEvent::YearReported(report)))
}

#[test]
fn an_instrument_enters_once_and_leaves_once() {
    let done = given([]).when(state([removed("2024-01-01")])).refused(Reason::UnknownInstrument);
    let done = done.when(state([reported(2023, 5)])).refused(Reason::UnknownInstrument);
    let done = done.when(state([entered("2023-05-01", 99, 7)])).refused(Reason::UnknownFirm);
    let done = done.when(state([entered("2023-05-01", 1, 7)])).accepted();
    let done = done.when(state([entered("2023-05-01", 1, 7)])).same(Reason::Duplicate, 10);
    let done = done.when(state([entered("2024-05-01", 1, 7)])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([removed("2023-04-30")])).refused_at(Reason::DatesOutOfOrder, 10);
    let done = done.when(state([removed("2023-05-01")])).accepted();
    let done = done.when(state([removed("2023-06-01")])).refused_at(Reason::Conflict, 11);
    let done = done.when(state([reported(2023, 5)])).accepted();
    let done = done.when(state([reported(2023, 6)])).refused_at(Reason::Conflict, 12);
    let done = done.when(state([reported(2026, 6)])).refused(Reason::DateInFuture);
    let done = done.when(void(&[10])).has_dependents(&[11, 12]);
    // The firm is another party of the entry: its revision counts it, and it can't be taken back without it.
    assert_eq!(done.registry().revision_at(&Entity::Firm(firm(1)), u64::MAX), 2);
    let done = done.when(void(&[7])).has_dependents(&[10]);
    done.when(void(&[10, 11, 12])).accepted();
}

#[test]
fn a_firm_that_is_struck_off_enters_nothing() {
    let gone = given([deregistered("2024-06-01", 1)]);
    let done = gone.when(state([entered("2024-06-01", 1, 7)])).refused_at(Reason::FirmDeregistered, 10);
    let done = done.when(state([entered("2024-05-31", 1, 7)])).accepted();
    // Its reports are recorded.
    done.when(state([reported(2024, 5)])).accepted();
    given([entered("2024-06-01", 1, 7)])
        .when(state([deregistered("2024-06-01", 1)]))
        .refused_at(Reason::FirmDeregistered, 10);
}
