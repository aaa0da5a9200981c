//! Figures at their edges, on histories small enough to count by hand. The whole sample district:
//! tests/figures/metrics_golden.rs.

use crate::dsl::*;
use crate::world::{carrier, day, firm};
use incubator_registry::domain::{AsOf, Criterion, Event, Kind, LeaveKind, Level};
use incubator_registry::projections::{Chain, Filter, Metrics, chain, metrics};
use std::collections::BTreeSet;

fn on(given: &Given, date: &str) -> Metrics {
    cut(given, date, Filter::default())
}

fn cut(given: &Given, date: &str, filter: Filter) -> Metrics {
    metrics(given.registry(), AsOf::day(day(date)), &filter)
}

fn chain_cut(given: &Given, date: &str, filter: Filter) -> Chain {
    chain(given.registry(), AsOf::day(day(date)), &filter)
}

fn level(level: Option<Level>) -> Filter {
    Filter { levels: BTreeSet::from([level]), ..Filter::default() }
}

fn year(metrics: &Metrics) -> [u64; 5] {
    let year = metrics.year;
    [year.opening, year.admitted, year.graduated, year.left_otherwise, year.closing]
}

#[test]
fn a_stay_is_open_until_the_day_it_ends() {
    let stay =
        given([admitted("2023-03-01", 1, "WJ03"), left("2024-01-01", 1, "WJ03", "2023-03-01", LeaveKind::Expired)]);
    let open = ["2023-02-28", "2023-03-01", "2023-12-31", "2024-01-01"].map(|date| on(&stay, date).in_incubator);
    assert_eq!(open, [0, 1, 1, 0]);
    // Left on 1 January: open on 31 December, so it opens the year; left on 31 December: it does not.
    assert_eq!(year(&on(&stay, "2024-01-01")), [1, 0, 0, 1, 0]);
    let stay =
        given([admitted("2023-03-01", 1, "WJ03"), left("2023-12-31", 1, "WJ03", "2023-03-01", LeaveKind::Expired)]);
    assert_eq!(year(&on(&stay, "2024-01-01")), [0; 5]);
    assert_eq!(year(&on(&stay, "2023-12-31")), [0, 1, 0, 1, 0]);
}

#[test]
fn a_year_balances_though_its_carrier_is_promoted() {
    let promoted = given([
        recognised("2023-01-01", "WJ03", Level::District),
        recognised("2024-05-01", "WJ03", Level::City),
        admitted("2023-03-01", 1, "WJ03"),
        graduated("2024-04-01", 1, "WJ03", "2023-03-01"),
        admitted("2024-02-01", 2, "WJ03"),
    ]);
    let city = cut(&promoted, "2024-12-31", level(Some(Level::City)));
    assert_eq!(year(&city), [1, 1, 1, 0, 1]);
    assert_eq!(year(&cut(&promoted, "2024-12-31", level(Some(Level::District)))), [0; 5]);
    // A graduation counts with the level of its own day.
    assert_eq!((city.cumulative_graduates, city.in_incubator), (0, 1));
    let district = cut(&promoted, "2024-12-31", level(Some(Level::District)));
    assert_eq!((district.cumulative_graduates, district.in_incubator), (1, 0));
    let later = promoted.clone().when(state([graduated("2024-06-01", 2, "WJ03", "2024-02-01")])).accepted();
    assert_eq!(cut(&later, "2024-12-31", level(Some(Level::City))).cumulative_graduates, 1);
    let counts = chain_cut(&promoted, "2024-12-31", level(Some(Level::District))).incubators[&carrier("WJ03")];
    assert_eq!((counts.open, counts.admitted_ever, counts.graduated_ever), (0, 2, 1));
    // Carriers without any level can be asked for.
    assert_eq!(cut(&promoted, "2022-12-31", level(None)).in_incubator, 0);
    let plain = given([admitted("2023-03-01", 1, "WJ03")]);
    assert_eq!(cut(&plain, "2024-12-31", level(None)).in_incubator, 1);
}

#[test]
fn a_criterion_cuts_graduations_and_leaves_the_balance() {
    let two = given([
        admitted("2023-03-01", 1, "WJ03"),
        graduated_by("2024-04-01", 1, "WJ03", "2023-03-01", Criterion::Revenue),
        admitted("2023-03-01", 2, "WJ03"),
        graduated_by("2024-05-01", 2, "WJ03", "2023-03-01", Criterion::HighTech),
        admitted("2023-03-01", 3, "WJ03"),
    ]);
    let filter = Filter { criteria: BTreeSet::from([Criterion::Revenue]), ..Filter::default() };
    let revenue = cut(&two, "2024-12-31", filter);
    assert_eq!(year(&revenue), [2, 0, 1, 0, 1]);
    assert_eq!((revenue.in_incubator, revenue.cumulative_graduates), (1, 1));
    assert_eq!(revenue.criteria.into_iter().collect::<Vec<_>>(), [(Criterion::Revenue, 1)]);
    assert_eq!((revenue.cohorts[&2023].entrants, revenue.cohorts[&2023].graduates_within_48_months), (3, 1));
}

#[test]
fn a_term_ends_after_its_last_day() {
    let stay = given([admitted("2023-01-31", 1, "WJ03")]);
    assert!(on(&stay, "2027-01-31").overdue.is_empty());
    let overdue = on(&stay, "2027-02-02").overdue;
    assert_eq!(overdue.len(), 1);
    assert_eq!((overdue[0].firm, overdue[0].limit_date, overdue[0].days_over), (firm(1), day("2027-01-31"), 2));
    // The horizon of a cohort excludes its last day for those who stay and includes it for those who graduate.
    let still = ["2027-01-30", "2027-01-31"].map(|date| on(&stay, date).cohorts[&2023].still_incubating_within_horizon);
    assert_eq!(still, [1, 0]);
}

#[test]
fn a_term_runs_from_the_first_incubator_admission_under_its_limits() {
    let mut shorter = crate::world::limits();
    shorter.incubation_months = 12;
    let limits = (day("2023-06-01"), Event::LimitsSet(shorter));
    let stays = given([
        limits,
        admitted("2023-05-31", 1, "WJ03"),
        left("2024-01-01", 1, "WJ03", "2023-05-31", LeaveKind::Transferred),
        admitted("2024-01-01", 1, "WJ04"),
        admitted("2023-06-01", 2, "WJ03"),
    ]);
    let codes = |date| on(&stays, date).overdue.iter().map(|overdue| overdue.firm).collect::<Vec<_>>();
    assert_eq!(codes("2024-06-02"), [firm(2)]);
    assert_eq!(codes("2027-06-01"), [firm(1), firm(2)]);
    // It is found where the firm is now.
    let filter = Filter { incubators: BTreeSet::from([carrier("WJ04")]), ..Filter::default() };
    assert_eq!(cut(&stays, "2027-06-01", filter).overdue[0].first_admitted, day("2023-05-31"));
}

#[test]
fn limits_are_read_as_known() {
    let mut shorter = crate::world::limits();
    shorter.incubation_months = 12;
    let late = given([admitted("2023-06-01", 1, "WJ03"), (day("2023-06-01"), Event::LimitsSet(shorter))]);
    let overdue = |known| metrics(late.registry(), AsOf { day: day("2024-06-02"), known }, &Filter::default()).overdue;
    assert_eq!((overdue(10).len(), overdue(11).len()), (0, 1));
}

#[test]
fn extended_fields_have_the_extended_term() {
    let event = Event::FirmRegistered { firm: firm(4), name: "药企".into(), field: "生物医药".into() };
    let stay = given([(day("2023-01-01"), event), admitted("2023-03-01", 4, "WJ03")]);
    assert!(on(&stay, "2028-03-01").overdue.is_empty());
    assert_eq!(on(&stay, "2028-03-02").overdue.len(), 1);
    // The horizon of its cohort is the general one.
    assert_eq!(on(&stay, "2027-03-01").cohorts[&2023].still_incubating_within_horizon, 0);
}

#[test]
fn firms_count_once_and_carriers_every_time() {
    let twice = given([
        admitted("2023-03-01", 1, "WJ03"),
        graduated("2024-03-01", 1, "WJ03", "2023-03-01"),
        admitted("2024-03-01", 1, "WJ06"),
        graduated_by("2025-03-01", 1, "WJ06", "2024-03-01", Criterion::AcquiredOrListed),
    ]);
    let all = on(&twice, "2025-12-31");
    assert_eq!((all.cumulative_graduates, all.incubation_days.sum), (1, 366));
    assert_eq!(all.criteria.into_iter().collect::<Vec<_>>(), [(Criterion::HighTech, 1)]);
    let chain = chain_cut(&twice, "2025-12-31", Filter::default());
    let counts = ["WJ03", "WJ06"].map(|id| chain.incubators[&carrier(id)].graduated_ever);
    assert_eq!((counts, chain.transitions.len()), ([1, 1], 1));
    assert_eq!(chain.transitions[&(Kind::Incubator, Kind::Accelerator)], 1);
    // Graduates of an accelerator without an incubator have no days of incubation.
    let fast = given([admitted("2023-03-01", 1, "WJ06"), graduated("2024-03-01", 1, "WJ06", "2023-03-01")]);
    let fast = on(&fast, "2024-03-01");
    assert_eq!((fast.cumulative_graduates, fast.incubation_days.count, fast.cohorts.len()), (1, 0, 0));
}

#[test]
fn survival_looks_at_the_anniversary() {
    let graduate = || [admitted("2023-03-01", 1, "WJ03"), graduated("2024-02-29", 1, "WJ03", "2023-03-01")];
    let gone = |date: &str| given(graduate().into_iter().chain([deregistered(date, 1)]));
    let one = |given: &Given, date: &str| {
        let survival = on(given, date).survival[&1];
        (survival.graduates, survival.alive)
    };
    assert_eq!(one(&given(graduate()), "2025-02-27"), (0, 0));
    assert_eq!(one(&given(graduate()), "2025-02-28"), (1, 1));
    assert_eq!(one(&gone("2025-02-28"), "2026-01-01"), (1, 0));
    assert_eq!(one(&gone("2025-03-01"), "2026-01-01"), (1, 1));
}

#[test]
fn settling_falls_to_the_latest_carrier_by_then() {
    let moved = given([
        admitted("2023-03-01", 1, "WJ03"),
        graduated("2024-03-01", 1, "WJ03", "2023-03-01"),
        signed("2024-03-01", 1, "甘棠"),
        settled("2024-04-01", 1, "甘棠"),
        producing("2024-06-01", 1, "甘棠"),
        admitted("2024-05-01", 1, "WJ06"),
        signed("2024-03-01", 2, "甘棠"),
        settled("2024-04-01", 2, "甘棠"),
    ]);
    let counts = |filter: Filter| {
        let chain = chain_cut(&moved, "2024-12-31", filter);
        (chain.settled_in_park, chain.in_production)
    };
    let only = |id: &str| Filter { incubators: BTreeSet::from([carrier(id)]), ..Filter::default() };
    assert_eq!([counts(Filter::default()), counts(only("WJ03")), counts(only("WJ06"))], [(2, 1), (1, 1), (0, 0)]);
    assert_eq!(on(&moved, "2024-03-31").graduates_settled_in_park, 0);
    assert_eq!(on(&moved, "2024-04-01").graduates_settled_in_park, 1);
}

#[test]
fn carriers_are_listed_from_their_founding() {
    let late = given([founded("2024-06-01", "WJ07", Kind::Incubator)]);
    let listed = |date| chain_cut(&late, date, Filter::default()).incubators.len();
    assert_eq!((listed("2018-12-31"), listed("2024-05-31"), listed("2024-06-01")), (0, 4, 5));
}
