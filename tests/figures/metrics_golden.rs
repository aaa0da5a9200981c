//! The figures of the sample district are the expected ones to the last key; cuts add up; what was known at a position is
//! what a registry says that took in no more.

use crate::common;
use common::ledgers::district;
use common::world::{World, day};
use incubator_registry::domain::{
    AsOf, Command, Criterion, Day, Event, IncubatorId, Kind, Level, Registry, Stated, VoidOrder,
};
use incubator_registry::projections::json::{ChainJson, MetricsJson};
use incubator_registry::projections::{
    Briefs, Chain, Filter, Metrics, anomalies, chain, chain_of, metrics, metrics_of,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static DISTRICT: LazyLock<World> = LazyLock::new(|| district().0);
static CORRECTED: LazyLock<World> = LazyLock::new(|| corrected(DISTRICT.clone()));

fn expected(key: &str) -> Vec<serde_json::Value> {
    let text = include_str!("../golden/expected.json");
    let whole: serde_json::Value = serde_json::from_str(text).unwrap();
    whole[key].as_array().unwrap().clone()
}

#[test]
fn files_become_what_is_expected() {
    let whole: serde_json::Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    for (file, outcome) in district().1 {
        let report = &whole["import_report"][&file];
        assert_eq!(report["accepted"], outcome.accepted, "{file}");
        let listed = |list: &[(u64, incubator_registry::domain::Reason)]| {
            serde_json::Value::from_iter(list.iter().map(|(line, reason)| serde_json::json!([line, reason.word()])))
        };
        assert_eq!(report["duplicate"], listed(&outcome.duplicate), "{file}");
        assert_eq!(report["rejected"], listed(&outcome.rejected), "{file}");
    }
}

#[test]
fn metrics_are_the_expected_ones() {
    for wanted in expected("metrics") {
        let as_of = AsOf::day(day(wanted["as_of"].as_str().unwrap()));
        let answer = metrics(&DISTRICT.registry, as_of, &Filter::default());
        assert_eq!(answer.position, DISTRICT.registry.position());
        let json = MetricsJson { position: None, ..MetricsJson::from(&answer) };
        assert_eq!(serde_json::to_value(json).unwrap(), wanted);
    }
}

#[test]
fn the_chain_is_the_expected_one() {
    for wanted in expected("chain") {
        let as_of = AsOf::day(day(wanted["as_of"].as_str().unwrap()));
        let json = ChainJson::from(&chain(&DISTRICT.registry, as_of, &Filter::default()));
        let json = ChainJson { position: None, ..json };
        assert_eq!(serde_json::to_value(json).unwrap(), wanted);
    }
}

#[test]
fn deregistered_firms_with_open_stays_are_listed() {
    let as_of = AsOf::day(day("2025-10-31"));
    let found = anomalies(&DISTRICT.registry, as_of);
    let mut brute = Vec::new();
    for firm in DISTRICT.registry.firms(as_of) {
        let open = firm.stays.iter().filter(|stay| stay.left.is_none());
        brute.extend(open.filter(|_| firm.deregistered.is_some()).map(|stay| (firm.code, stay.incubator.clone())));
    }
    assert_eq!(found.iter().map(|a| (a.firm, a.incubator.clone())).collect::<Vec<_>>(), brute);
}

#[test]
fn an_empty_registry_has_zeros() {
    let answer = metrics(&Registry::default(), AsOf::day(day("2024-06-30")), &Filter::default());
    assert_eq!((answer.year.rate_a().numerator, answer.year.rate_b().denominator), (0, 0));
    let json = serde_json::to_value(MetricsJson::from(&answer)).unwrap();
    assert_eq!(json["incubation_days"], serde_json::json!({"count": 0, "sum": 0, "median": 0}));
}

/// The numbers of an answer that add up over the parts of a cut.
fn numbers(m: &Metrics, c: &Chain) -> Vec<u64> {
    let cohorts = |f: fn(&incubator_registry::projections::metrics::Cohort) -> u64| m.cohorts.values().map(f).sum();
    let mut all = vec![
        m.in_makerspace,
        m.in_incubator,
        m.in_accelerator,
        m.year.opening,
        m.year.admitted,
        m.year.left_otherwise,
        m.year.closing,
        m.overdue.len() as u64,
        cohorts(|c| c.entrants),
        cohorts(|c| c.still_incubating_within_horizon),
        c.transitions.values().sum(),
        c.incubators.values().map(|counts| counts.open).sum(),
        c.incubators.values().map(|counts| counts.admitted_ever).sum(),
    ];
    all.extend(graduations(m, c));
    all
}

/// Those that count graduations.
fn graduations(m: &Metrics, c: &Chain) -> Vec<u64> {
    let mut all = vec![
        m.year.graduated,
        m.cumulative_graduates,
        m.graduates_settled_in_park,
        m.incubation_days.count,
        u64::try_from(m.incubation_days.sum).unwrap(),
        m.cohorts.values().map(|c| c.graduates_within_48_months).sum(),
        c.incubators.values().map(|counts| counts.graduated_ever).sum(),
    ];
    all.extend(Criterion::ALL.iter().map(|criterion| m.criteria.get(criterion).copied().unwrap_or_default()));
    all.extend(m.survival.values().flat_map(|s| [s.graduates, s.alive]));
    all
}

fn balanced(m: &Metrics) -> bool {
    let year = m.year;
    year.opening + year.admitted == year.closing + year.graduated + year.left_otherwise
}

fn adds_up(as_of: AsOf, parts: &[Filter], read: fn(&Metrics, &Chain) -> Vec<u64>) {
    let registry = &CORRECTED.registry;
    let of = |filter: &Filter| {
        let answer = metrics(registry, as_of, filter);
        assert!(balanced(&answer), "{filter:?}: {:?}", answer.year);
        read(&answer, &chain(registry, as_of, filter))
    };
    let mut sum = Vec::new();
    for numbers in parts.iter().map(of) {
        sum.resize(numbers.len(), 0);
        sum.iter_mut().zip(numbers).for_each(|(total, number)| *total += number);
    }
    assert_eq!(sum, of(&Filter::default()), "{as_of:?}");
}

fn one<T: Ord>(value: T) -> BTreeSet<T> {
    BTreeSet::from([value])
}

#[test]
fn cuts_add_up() {
    let ids: Vec<IncubatorId> = CORRECTED.registry.incubators(AsOf::NOW).map(|(id, _)| id.clone()).collect();
    let fields: BTreeSet<&str> = CORRECTED.registry.firms(AsOf::NOW).map(|firm| firm.field()).collect();
    let levels: Vec<Option<Level>> = Level::ALL.iter().copied().map(Some).chain([None]).collect();
    for date in ["2021-06-30", "2022-12-31", "2023-08-15", "2024-12-31", "2025-10-31", "2026-11-24"] {
        let as_of = AsOf::day(day(date));
        let plain = Filter::default;
        let by_carrier: Vec<_> = ids.iter().map(|id| Filter { incubators: one(id.clone()), ..plain() }).collect();
        let by_kind: Vec<_> = Kind::ALL.iter().map(|kind| Filter { kinds: one(*kind), ..plain() }).collect();
        let by_level: Vec<_> = levels.iter().map(|level| Filter { levels: one(*level), ..plain() }).collect();
        let by_field: Vec<_> = fields.iter().map(|f| Filter { fields: one((*f).to_owned()), ..plain() }).collect();
        let criteria: Vec<_> = Criterion::ALL.iter().map(|c| Filter { criteria: one(*c), ..plain() }).collect();
        for parts in [&by_carrier, &by_kind, &by_level, &by_field] {
            adds_up(as_of, parts, numbers);
        }
        adds_up(as_of, &criteria, graduations);
    }
}

#[test]
fn lists_of_a_cut_are_any_of_and_all_must_pass() {
    let as_of = AsOf::day(day("2025-10-31"));
    let of = |filter: Filter| metrics(&DISTRICT.registry, as_of, &filter).in_incubator;
    let wj = |ids: &[&str]| Filter {
        incubators: ids.iter().map(|id| IncubatorId::parse(id).unwrap()).collect(),
        ..Filter::default()
    };
    assert_eq!(of(wj(&["WJ03", "WJ04"])), of(wj(&["WJ03"])) + of(wj(&["WJ04"])));
    assert_eq!(of(wj(&["WJ03"])), 24);
    assert_eq!(of(Filter { kinds: one(Kind::Makerspace), ..wj(&["WJ03"]) }), 0);
    assert_eq!(chain(&DISTRICT.registry, as_of, &wj(&["WJ06"])).incubators.len(), 1);
}

/// The district with mistakes taken back, stays restated and limits moved, so that knowledge differs by position.
fn corrected(mut world: World) -> World {
    let order = |positions: &[u64]| {
        let positions: Vec<i64> = positions.iter().map(|p| i64::try_from(*p).unwrap()).collect();
        VoidOrder::checked(&positions, "录入有误", "科技局").unwrap()
    };
    let mut done = 0;
    for code in world.registry.firm_codes().collect::<Vec<_>>() {
        let firm = world.registry.firm(&code, AsOf::NOW).unwrap();
        let Some(stay) = firm.stays.last().copied() else { continue };
        done += 1;
        let (admitted, incubator) = (stay.admitted.next(), stay.incubator.clone());
        let again = Event::FirmAdmitted { firm: code, incubator: incubator.clone(), waiver: stay.waiver.into() };
        let command = match (done % 3, stay.left) {
            (0, None) => Command::new(Vec::new(), Vec::new(), order(&[stay.position])),
            (1, None) => Command::new(vec![Stated::new(admitted, again)], Vec::new(), order(&[stay.position])),
            (2, Some(left)) => Command::new(Vec::new(), Vec::new(), order(&[left.position])),
            _ => continue,
        };
        let _ = world.run(&command.unwrap()); // A refusal is fine here: the rules decide.
    }
    let mut shorter = common::world::limits();
    shorter.incubation_months = 36;
    let limits = Stated::new(day("2022-01-01"), Event::LimitsSet(shorter));
    let _ = world.run(&Command::new(vec![limits], Vec::new(), None).unwrap()).unwrap();
    assert!(world.boundaries().len() > DISTRICT.boundaries().len() + 20);
    world
}

#[test]
fn briefs_kept_through_the_whole_history_tell_the_same_as_briefs_read_anew() {
    let mut registry = Registry::default();
    let mut kept = Briefs::default();
    let boundaries: BTreeSet<u64> = CORRECTED.boundaries().into_iter().collect();
    let filters = [Filter::default(), Filter { levels: one(Some(Level::City)), ..Filter::default() }];
    for recorded in &CORRECTED.history {
        registry.evolve(recorded.clone());
        let position = registry.position();
        if !boundaries.contains(&position) {
            continue;
        }
        kept.advance(&registry);
        if position % 50 == 0 || position > CORRECTED.registry.position() - 40 {
            for (on, filter) in ["2022-12-31", "2025-10-31"].iter().zip(&filters) {
                let as_of = AsOf::day(day(on));
                assert_eq!(metrics_of(&registry, &kept, as_of.day, filter), metrics(&registry, as_of, filter));
                assert_eq!(chain_of(&registry, &kept, as_of.day, filter), chain(&registry, as_of, filter));
            }
        }
    }
    assert_eq!(kept.position(), CORRECTED.registry.position());
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let ids = proptest::collection::btree_set(1..7_u32, 0..3);
    let kinds = proptest::collection::btree_set(proptest::sample::select(Kind::ALL), 0..2);
    let levels = proptest::collection::btree_set(proptest::option::of(proptest::sample::select(Level::ALL)), 0..3);
    let criteria = proptest::collection::btree_set(proptest::sample::select(Criterion::ALL), 0..2);
    (ids, kinds, levels, criteria).prop_map(|(ids, kinds, levels, criteria)| Filter {
        incubators: ids.into_iter().map(|n| IncubatorId::parse(&format!("WJ{n:02}")).unwrap()).collect(),
        kinds,
        levels,
        fields: BTreeSet::new(),
        criteria,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn known_at_a_position_is_what_its_prefix_says(
        at in any::<prop::sample::Index>(),
        days in 17_500..20_900_i32,
        filter in any_filter(),
    ) {
        let known = *at.get(&CORRECTED.boundaries());
        let prefix = CORRECTED.prefix(known);
        let day = Day::from_days(days).unwrap();
        let (then, now) = (AsOf { day, known }, AsOf::day(day));
        prop_assert_eq!(metrics(&CORRECTED.registry, then, &filter), metrics(&prefix, now, &filter));
        prop_assert_eq!(chain(&CORRECTED.registry, then, &filter), chain(&prefix, now, &filter));
        prop_assert_eq!(anomalies(&CORRECTED.registry, then), anomalies(&prefix, now));
        prop_assert!(balanced(&metrics(&prefix, now, &filter)));
    }
}
