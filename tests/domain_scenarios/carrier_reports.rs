//! What carriers file about themselves: which day it is of, what is the same, what contradicts, what a void leaves.

use crate::dsl::*;
use crate::world::{carrier, day};
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::{AsOf, CarrierFigure, Event, Kind, Reason};

use CarrierFigure::{Mentors, Staff};

fn filed(id: &str, year: i16, figures: &[(CarrierFigure, i64)]) -> Fact {
    let report = IncubatorReport::new(carrier(id), year, figures.iter().copied().collect()).unwrap();
    (day(&format!("{year}-12-31")), Event::IncubatorReportFiled(report))
}

#[test]
fn a_report_is_told_by_its_carrier_and_year_and_what_it_leaves_out_says_nothing() {
    let done = given([founded("2019-01-01", "K9", Kind::Incubator), filed("K9", 2024, &[(Staff, 8), (Mentors, 0)])]);
    let at = done.registry().position();
    let done = done.when(state([filed("K9", 2024, &[(Staff, 8)])])).same(Reason::Duplicate, at);
    let done = done.when(state([filed("K9", 2024, &[(Staff, 9)])])).refused_at(Reason::Conflict, at);
    let fuller = || filed("K9", 2024, &[(Staff, 8), (Mentors, 2), (CarrierFigure::Events, 3)]);
    let done = done.when(state([fuller()])).refused_at(Reason::Conflict, at);
    let done = done.when(state([filed("K9", 2023, &[(Staff, 9)])])).accepted();
    let replaced = done.when(state([fuller()]).replacing(&[i64::try_from(at).unwrap()])).accepted();
    let view = replaced.registry().incubator(&carrier("K9"), AsOf::NOW).unwrap();
    let years: Vec<_> = view.reports.iter().map(|filed| (filed.report.year, filed.report.figures.len())).collect();
    assert_eq!(years, [(2023, 1), (2024, 3)]);
    let before = AsOf { known: at, ..AsOf::NOW };
    assert_eq!(replaced.registry().incubator(&carrier("K9"), before).unwrap().reports.len(), 1);
    // The old row can't come back by a file.
    replaced.when(state([filed("K9", 2024, &[(Staff, 8), (Mentors, 0)])]).imported()).same(Reason::VoidedBefore, at);
}

#[test]
fn a_report_is_of_a_carrier_that_is_there_and_of_a_year_that_is_over() {
    given([]).when(state([filed("K99", 2024, &[(Staff, 8)])])).refused(Reason::UnknownIncubator);
    let done = given([founded("2019-01-01", "K9", Kind::Incubator)]);
    done.when(state([filed("K9", 2026, &[(Staff, 8)])])).refused(Reason::DateInFuture);
}
