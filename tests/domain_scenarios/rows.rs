//! Rows of ledgers, as the facts they state: which values go together, and what becomes of a row as a whole.

use crate::dsl::{admitted, given, left, state};
use crate::world::{World, carrier, day, firm, park};
use incubator_registry::domain::rows::{Leaving, RelocationRow, Row, StayRow};
use incubator_registry::domain::{
    Criterion, Decision, FirmChange, IncubatorId, Kind, LeaveKind, Level, ParkId, Reason, Uscc,
};

fn stay(leaving: Leaving) -> Row {
    let (incubator, waiver) = (carrier("WJ03"), String::new());
    Row::Stay(StayRow { incubator, firm: firm(1), admitted: day("2024-01-01"), waiver, leaving })
}

fn word(row: &Row) -> Reason {
    row.command().unwrap_err().reason
}

#[test]
fn a_leaving_is_stated_whole_or_not_at_all() {
    let left = Some(day("2024-06-01"));
    let none = Leaving::default;
    let graduated = Some(LeaveKind::Graduated);
    let criterion = Some(Criterion::HighTech);
    for wrong in [
        Leaving { left, ..none() },
        Leaving { kind: Some(LeaveKind::Expired), ..none() },
        Leaving { left, kind: graduated, ..none() },
        Leaving { left, kind: Some(LeaveKind::Expired), criterion, ..none() },
        Leaving { criterion, ..none() },
        Leaving { document_no: "毕1".into(), ..none() },
    ] {
        assert_eq!(word(&stay(wrong)), Reason::MissingValue);
    }
    assert_eq!(stay(none()).facts().unwrap().len(), 1);
    assert_eq!(stay(Leaving { left, kind: graduated, criterion, ..none() }).facts().unwrap().len(), 2);
}

#[test]
fn a_relocation_states_at_least_one_day() {
    let row = RelocationRow {
        firm: firm(1),
        park: park("甘棠"),
        signed: None,
        settled: None,
        production: None,
        assessment: None,
    };
    assert_eq!(word(&Row::Relocation(row.clone())), Reason::MissingValue);
    let settled = Row::Relocation(RelocationRow { settled: Some(day("2024-01-01")), ..row });
    assert_eq!(settled.facts().unwrap().len(), 1);
}

#[test]
fn a_bad_row_changes_nothing() {
    let row = [admitted("2024-01-01", 1, "WJ03"), left("2023-01-01", 1, "WJ03", "2024-01-01", LeaveKind::Expired)];
    let nothing = given([]).when(state(row).imported()).refused(Reason::LeftBeforeAdmitted);
    assert!(nothing.registry().firm(&firm(1), incubator_registry::domain::AsOf::NOW).unwrap().stays.is_empty());
}

#[test]
fn values_are_right_by_construction() {
    assert_eq!(Uscc::parse("91440203MAI0000001"), Err(Reason::MalformedCode));
    assert_eq!(IncubatorId::parse("WJ/03"), Err(Reason::MalformedName));
    assert_eq!(ParkId::parse(""), Err(Reason::MalformedName));
    assert_eq!(incubator_registry::domain::Day::parse_iso("2023-02-29"), Err(Reason::MalformedDate));
    // The words of the closed lists.
    assert_eq!(Kind::from_chinese("孵化园"), None);
    assert_eq!(Level::from_chinese("省级"), Some(Level::Province));
    assert_eq!(LeaveKind::from_chinese("肄业"), None);
    assert_eq!(Criterion::from_chinese("并购或上市"), Some(Criterion::AcquiredOrListed));
    assert_eq!(FirmChange::from_chinese("注销"), Some(FirmChange::Deregistered));
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let (mut world, _) = (World::new(), ());
    let rows = [crate::dsl::founded("2019-01-01", "WJ03", Kind::Incubator), crate::dsl::registered("2023-01-01", 1)];
    let mut import = || {
        let mut recorded = 0;
        for fact in rows.clone() {
            let command = state([fact]).imported().command().unwrap();
            recorded += u32::from(matches!(world.run(&command).unwrap(), Decision::Record { .. }));
        }
        recorded
    };
    assert_eq!((import(), import()), (2, 0));
}
