//! Assessments of projects, and settling under one: what is refused, what is the same, what a void would break.

use crate::dsl::*;
use crate::world::{day, firm, park};
use incubator_registry::domain::assessment::{Indicators, ProjectAssessed};
use incubator_registry::domain::{AssessmentId, Entity, Event, Reason};

fn id() -> AssessmentId {
    AssessmentId::parse("XM1").unwrap()
}

fn assessed(date: &str, number: u32, at: &str, intensity: i64) -> Fact {
    let values = [Some(intensity), None, None, None, None, None, Some(200_000)];
    let indicators = Indicators::checked(values).unwrap();
    let (assessment, industry) = (id(), "制造".to_owned());
    let fact = ProjectAssessed { assessment, firm: firm(number), park: park(at), industry, indicators };
    (day(date), Event::ProjectAssessed(fact))
}

fn settles(date: &str, number: u32, at: &str, assessment: Option<AssessmentId>) -> Fact {
    (day(date), Event::FirmSettled { firm: firm(number), park: park(at), assessment })
}

#[test]
fn indicators_have_their_range_and_are_not_all_left_out() {
    let checked = |at: usize, value: i64| {
        let mut values = [None; 7];
        values[at] = Some(value);
        Indicators::checked(values).map_err(|fault| fault.reason)
    };
    assert_eq!(Indicators::checked([None; 7]).unwrap_err().reason, Reason::MissingValue);
    assert!(checked(0, 0).is_ok() && checked(3, 100_000_000).is_ok() && checked(6, 1_000_000).is_ok());
    for (at, value) in [(0, -1), (3, 100_000_001), (4, 1_000_001), (6, -1)] {
        assert_eq!(checked(at, value), Err(Reason::OutOfRange), "{at} {value}");
    }
}

#[test]
fn a_project_is_assessed_once_and_settled_under_by_its_firm_in_its_park() {
    let done = given([signed("2023-06-01", 1, "甲"), signed("2023-06-01", 2, "甲")]);
    let done = done.when(state([settles("2023-09-01", 1, "甲", Some(id()))])).refused(Reason::UnknownAssessment);
    let done = done.when(state([assessed("2023-05-01", 99, "甲", 5)])).refused(Reason::UnknownFirm);
    let done = done.when(state([assessed("2023-05-01", 1, "甲", 5)])).accepted();
    let done = done.when(state([assessed("2023-05-01", 1, "甲", 5)])).same(Reason::Duplicate, 12);
    let done = done.when(state([assessed("2023-05-02", 1, "甲", 5)])).refused_at(Reason::Conflict, 12);
    let done = done.when(state([settles("2023-09-01", 2, "甲", Some(id()))])).refused_at(Reason::Conflict, 12);
    let done = done.when(state([settles("2023-09-01", 1, "甲", Some(id()))])).accepted();
    // An empty value says nothing; the assessment can't be taken back alone.
    let done = done.when(state([settles("2023-09-01", 1, "甲", None)])).same(Reason::Duplicate, 13);
    let done = done.when(void(&[12])).has_dependents(&[13]);
    let revision = |entity: Entity| done.registry().revision_at(&entity, u64::MAX);
    assert_eq!((revision(Entity::Assessment(id())), revision(Entity::Firm(firm(1)))), (2, 4));
    done.when(void(&[12, 13])).accepted();
}

#[test]
fn a_settling_that_named_none_is_replaced_to_name_one_and_names_none_of_a_later_day() {
    let settled = [signed("2023-06-01", 1, "甲"), settles("2023-09-01", 1, "甲", None)];
    let done = given(settled).when(state([assessed("2023-09-02", 1, "甲", 5)])).accepted();
    let named = || state([settles("2023-09-01", 1, "甲", Some(id()))]);
    let done = done.when(named()).refused_at(Reason::Conflict, 11);
    let done = done.when(named().replacing(&[11])).refused_at(Reason::DatesOutOfOrder, 12);
    let done = done.when(state([assessed("2023-09-01", 1, "甲", 5)]).replacing(&[12])).accepted();
    done.when(named().replacing(&[11])).accepted();
    let other = given([signed("2023-06-01", 1, "甲"), assessed("2023-05-01", 1, "乙", 5)]);
    other.when(named()).refused_at(Reason::Conflict, 11);
}
