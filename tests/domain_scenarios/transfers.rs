//! Technology transfers and their intermediaries: what each states, what is refused, what is the same, what a void would
//! break.

use crate::dsl::*;
use crate::world::{day, firm};
use incubator_registry::domain::rows::{IntermediaryRow, Row};
use incubator_registry::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use incubator_registry::domain::{Event, IntermediaryId, Party, Reason, TransferId};

const AGENT: &str = "韶技经2023007";

fn on_record(date: &str, id: &str) -> Fact {
    let registered = IntermediaryRegistered {
        intermediary: IntermediaryId::parse(id).unwrap(),
        name: "经纪".into(),
        party: Party::Individual,
    };
    (day(date), Event::Transfer(TransferEvent::IntermediaryRegistered(registered)))
}

fn transferred(date: &str, contract: &str, id: &str, number: u32, began: &str) -> Fact {
    let transferred = TechnologyTransferred {
        transfer: TransferId::parse(contract).unwrap(),
        intermediary: IntermediaryId::parse(id).unwrap(),
        firm: firm(number),
        began: day(began),
        paid: 5,
    };
    (day(date), Event::Transfer(TransferEvent::TechnologyTransferred(transferred)))
}

#[test]
fn a_transfer_is_between_parties_that_are_there() {
    let known = given([on_record("2023-05-01", AGENT)]);
    let done = known
        .when(state([transferred("2024-01-01", "T1", "别人", 1, "2023-12-01")]))
        .refused(Reason::UnknownIntermediary);
    let done =
        done.when(state([transferred("2024-01-01", "T1", AGENT, 99, "2023-12-01")])).refused(Reason::UnknownFirm);
    let done =
        done.when(state([transferred("2024-01-01", "T1", AGENT, 1, "2024-01-02")])).refused(Reason::DatesOutOfOrder);
    let done =
        done.when(state([transferred("2099-01-01", "T1", AGENT, 1, "2024-01-02")])).refused(Reason::DateInFuture);
    // Begun and completed on one day; before the intermediary was on record: accepted, and not entitled.
    let done = done.when(state([transferred("2024-01-01", "T1", AGENT, 1, "2024-01-01")])).accepted();
    let done = done.when(state([transferred("2023-01-02", "T2", AGENT, 1, "2023-01-01")])).accepted();
    let done = done.when(state([on_record("2023-05-01", AGENT)])).same(Reason::Duplicate, 10);
    let done = done.when(state([on_record("2023-05-02", AGENT)])).refused_at(Reason::Conflict, 10);
    let done = done.when(state([transferred("2024-01-01", "T1", AGENT, 1, "2024-01-01")])).same(Reason::Duplicate, 11);
    // A contract is one across the district, by whomever it was brought about.
    done.when(state([transferred("2024-01-01", "T1", AGENT, 2, "2024-01-01")])).refused_at(Reason::Conflict, 11);
}

#[test]
fn a_firm_that_is_struck_off_takes_nothing_over() {
    let gone = given([on_record("2023-05-01", AGENT), deregistered("2024-06-01", 1)]);
    let late = transferred("2024-06-01", "T1", AGENT, 1, "2024-01-01");
    let done = gone.when(state([late])).refused_at(Reason::FirmDeregistered, 11);
    done.when(state([transferred("2024-05-31", "T1", AGENT, 1, "2024-01-01")])).accepted();
    let done = given([on_record("2023-05-01", AGENT), transferred("2024-06-01", "T1", AGENT, 1, "2024-01-01")]);
    done.when(state([deregistered("2024-06-01", 1)])).refused_at(Reason::FirmDeregistered, 11);
}

#[test]
fn parties_of_a_transfer_are_not_taken_back_without_it() {
    let done = given([on_record("2023-05-01", AGENT), transferred("2024-06-01", "T1", AGENT, 1, "2024-01-01")]);
    let done = done.when(void(&[10])).has_dependents(&[11]);
    let done = done.when(void(&[7])).has_dependents(&[11]);
    // Another day of registration replaces the first; the transfer stands on it.
    let done = done.when(state([on_record("2023-06-01", AGENT)]).replacing(&[10])).accepted();
    let done = done.when(void(&[11, 13])).accepted();
    // An old file does not bring it back; a command of its own does.
    let back = || transferred("2024-06-01", "T1", AGENT, 1, "2024-01-01");
    let done = done.when(state([back()]).imported()).refused(Reason::UnknownIntermediary);
    let done = done.when(state([on_record("2023-05-01", AGENT)])).accepted();
    let done = done.when(state([back()]).imported()).same(Reason::VoidedBefore, 11);
    done.when(state([back()])).accepted();
}

#[test]
fn an_individual_is_not_registered_under_an_identity_card() {
    let row = |id: &str, party| {
        let registered =
            IntermediaryRegistered { intermediary: IntermediaryId::parse(id).unwrap(), name: "甲".into(), party };
        Row::Intermediary(IntermediaryRow { registered, day: day("2024-01-01") }).facts()
    };
    assert_eq!(row("11010519491231002X", Party::Individual).unwrap_err().reason, Reason::MalformedName);
    assert_eq!(row(AGENT, Party::Institution).unwrap_err().reason, Reason::MalformedCode);
    assert!(row(AGENT, Party::Individual).is_ok() && row("91350100M000100Y43", Party::Institution).is_ok());
}
