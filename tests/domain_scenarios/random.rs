//! Random commands on a small world. Whatever is accepted keeps the rules, as a checker written apart reads them; every fact
//! that stands is a duplicate of itself; and the order in which facts were recorded leaves no trace in what is read.

use crate::dsl::*;
use crate::random_checker::{faults, live};
use crate::random_neighbours;
use crate::world::{TODAY, World, carrier, day};
use incubator_registry::domain::{AsOf, Command, Day, Decision, Event, Kind, LeaveKind, Level, Reason, Stated};
use incubator_registry::projections::{Chain, Filter, Metrics, anomalies, chain, metrics};
use proptest::prelude::*;

pub const IDS: [(&str, Kind); 3] = [("M1", Kind::Makerspace), ("I1", Kind::Incubator), ("A1", Kind::Accelerator)];
const PARKS: [&str; 2] = ["甘棠", "产业园"];

/// Numbers from which one command is made.
#[derive(Clone, Debug)]
pub struct Dice {
    what: u8,
    pub firm: u32,
    pub at: usize,
    pub days: [u16; 2],
    pick: prop::sample::Index,
    pub spin: u8,
}

pub fn dice() -> impl Strategy<Value = Dice> {
    (
        0..19 + random_neighbours::KINDS,
        1..5_u32,
        0..3_usize,
        [0..40_u16, 0..40_u16],
        any::<prop::sample::Index>(),
        any::<u8>(),
    )
        .prop_map(|(what, firm, at, days, pick, spin)| Dice { what, firm, at, days, pick, spin })
}

/// Few days, so that facts run into one another.
pub fn date(number: u16) -> String {
    let from = day("2023-01-01").days();
    Day::from_days(from + i32::from(number) * 31).unwrap().to_string()
}

pub fn begin() -> World {
    let mut world = World::new();
    for (id, kind) in IDS {
        world.record(vec![founded("2019-01-01", id, kind)]);
    }
    for number in 1..5 {
        world.record(vec![registered(&date(u16::try_from(number).unwrap() * 3), number)]);
    }
    world
}

pub fn asked(dice: &Dice, world: &World) -> Asked {
    let (one, two) = (date(dice.days[0]), date(dice.days[1]));
    let (n, id, park) = (dice.firm, IDS[dice.at].0, PARKS[usize::from(dice.spin > 240)]);
    let kind = LeaveKind::ALL[1 + usize::from(dice.spin) % 4];
    let level = Level::ALL[usize::from(dice.spin) % 4];
    let waiver = if dice.spin.is_multiple_of(5) { "豁免" } else { "" };
    let positions: Vec<i64> = live(&world.history).iter().map(|fact| fact.position as i64).collect();
    let one_of = || positions[dice.pick.index(positions.len())];
    match dice.what {
        0..=2 => state([admitted_waived(&one, n, id, waiver)]),
        3 => state([left(&one, n, id, &one, kind)]).open_stay(),
        4 => state([graduated(&one, n, id, &one)]).open_stay(),
        5 => {
            let to = IDS[(dice.at + 1) % 3].0;
            state([left(&one, n, id, &one, LeaveKind::Transferred), admitted_waived(&one, n, to, waiver)]).open_stay()
        }
        6 | 7 => state([admitted_waived(&one, n, id, waiver), left(&two, n, id, &one, kind)]).imported(),
        8 => state([admitted_waived(&one, n, id, waiver), graduated(&two, n, id, &one)]),
        9 => state([deregistered(&date(30 + dice.days[0] / 4), n)]),
        10 => state([signed(&one, n, park)]),
        11 => state([signed(&one, n, park), settled(&two, n, park)]),
        12 => state([producing(&one, n, park)]),
        13 => state([recognised(&one, id, level), recognition_ended(&two, id, level, &one)]),
        14 => state([upstream_changed(&one, id, Some(IDS[usize::from(dice.spin) % 3].0))]),
        15 => state([limits_set(&one, 6 + u32::from(dice.spin) % 30)]),
        16 => state([admitted_waived(&one, n, id, waiver)]).replacing(&[one_of()]),
        17 => replaced_stay(dice, world),
        18 => void(&[one_of()]),
        neighbour => random_neighbours::asked(neighbour - 19, dice),
    }
}

/// The firm's first stay taken back and restated on other days.
fn replaced_stay(dice: &Dice, world: &World) -> Asked {
    let (one, two) = (date(dice.days[0]), date(dice.days[1]));
    let view = world.registry.firm(&crate::world::firm(dice.firm), AsOf::NOW);
    let Some(stay) = view.as_ref().and_then(|view| view.stays.first()) else { return void(&[2]) };
    let positions: Vec<i64> =
        [Some(stay.position), stay.left.map(|left| left.position)].into_iter().flatten().map(|p| p as i64).collect();
    let id = stay.incubator.as_str();
    let facts = [admitted(&one, dice.firm, id), left(&two, dice.firm, id, &one, LeaveKind::Withdrawn)];
    state(facts).replacing(&positions)
}

fn play(rolls: &[Dice]) -> World {
    let mut world = begin();
    for dice in rolls {
        if let Ok(command) = asked(dice, &world).command() {
            let _ = world.run(&command); // Refusals are part of the game.
        }
    }
    world
}

/// What is read, without positions.
fn read(world: &World, on: Day) -> (Metrics, Chain, Vec<String>) {
    let as_of = AsOf::day(on);
    let metrics = Metrics { position: 0, ..metrics(&world.registry, as_of, &Filter::default()) };
    let chain = Chain { position: 0, ..chain(&world.registry, as_of, &Filter::default()) };
    let mut lines = Vec::new();
    for firm in world.registry.firms(as_of) {
        for stay in &firm.stays {
            let ended = stay.left.map(|left| (left.day, left.kind, left.criterion));
            lines.push(format!("{} {} {} {ended:?} {}", firm.code, stay.incubator, stay.admitted, stay.waiver));
        }
        let steps = [firm.relocation.signed, firm.relocation.settled, firm.relocation.production];
        let steps = steps.map(|step| step.map(|step| (step.park, step.day)));
        lines.push(format!("{} {:?} {steps:?}", firm.code, firm.deregistered.map(|(day, _)| day)));
    }
    for (id, view) in world.registry.incubators(as_of) {
        lines.push(format!("{id} {:?} {:?}", view.level_on(on), view.upstream_on(on)));
    }
    lines.extend(random_neighbours::read(&world.registry, as_of));
    (metrics, chain, lines)
}

/// The facts that stand, as commands of another order: a stay's two facts together, all else apart.
fn units(world: &World) -> Vec<Vec<Stated>> {
    let mut units: Vec<Vec<Stated>> = Vec::new();
    for fact in live(&world.history) {
        let stated = Stated::new(fact.day, fact.event.clone());
        let of = match &fact.event {
            Event::FirmGraduated { firm, incubator, admitted, .. } | Event::FirmLeft { firm, incubator, admitted, .. } => {
                units.iter_mut().find(|unit| {
                    unit[0].day == *admitted
                        && matches!(&unit[0].event, Event::FirmAdmitted { firm: f, incubator: i, .. } if f == firm && i == incubator)
                })
            }
            _ => None,
        };
        match of {
            Some(unit) => unit.push(stated),
            None => units.push(vec![stated]),
        }
    }
    units
}

/// Records the same facts in another order; what is refused waits for the others. None when some never are accepted.
fn reordered(world: &World, keys: &[u32]) -> Option<World> {
    let key = |i: usize| keys[i % keys.len()].rotate_left(u32::try_from(i / keys.len()).unwrap_or(0));
    let mut waiting: Vec<(u32, Vec<Stated>)> =
        units(world).into_iter().enumerate().map(|(i, unit)| (key(i), unit)).collect();
    waiting.sort_by_key(|(key, _)| *key);
    let mut other = World::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(_, unit)| {
            let command = Command::new(unit.clone(), Vec::new(), None).unwrap();
            other.run(&command).is_err()
        });
        if waiting.len() == before {
            return None;
        }
    }
    Some(other)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_keeps_the_rules(rolls in prop::collection::vec(dice(), 1..90)) {
        let mut world = begin();
        for dice in &rolls {
            let Ok(command) = asked(dice, &world).command() else { continue };
            if let Ok(Decision::Record { .. }) = world.run(&command) {
                prop_assert_eq!(faults(&world.history, day(TODAY)), Vec::<String>::new(), "after {:?}", dice);
            }
        }
    }

    #[test]
    fn a_fact_that_stands_is_a_duplicate_of_itself(rolls in prop::collection::vec(dice(), 1..60)) {
        let world = play(&rolls);
        for fact in live(&world.history) {
            let stated = vec![Stated::new(fact.day, fact.event.clone())];
            for command in [Command::new(stated.clone(), Vec::new(), None), Command::row(stated)] {
                let decision = incubator_registry::domain::decide(&world.registry, &command.unwrap(), day(TODAY));
                prop_assert_eq!(decision, Ok(Decision::Same { reason: Reason::Duplicate, position: fact.position }));
            }
        }
    }

    #[test]
    fn the_order_of_recording_leaves_no_trace(
        rolls in prop::collection::vec(dice(), 1..60),
        keys in prop::collection::vec(any::<u32>(), 40),
    ) {
        let world = play(&rolls);
        let Some(other) = reordered(&world, &keys) else { return Ok(()) };
        for number in [0, 5, 10, 15, 20, 25, 30, 35, 40, 60] {
            let on = day(&date(number));
            prop_assert_eq!(read(&world, on), read(&other, on));
        }
    }

    #[test]
    fn what_was_known_is_what_the_prefix_says(
        rolls in prop::collection::vec(dice(), 1..60),
        at in any::<prop::sample::Index>(),
        number in 0..50_u16,
    ) {
        let world = play(&rolls);
        let known = *at.get(&world.boundaries());
        let (prefix, day) = (world.prefix(known), day(&date(number)));
        let (then, now) = (AsOf { day, known }, AsOf::day(day));
        let all = Filter::default();
        prop_assert_eq!(metrics(&world.registry, then, &all), metrics(&prefix, now, &all));
        prop_assert_eq!(chain(&world.registry, then, &all), chain(&prefix, now, &all));
        prop_assert_eq!(anomalies(&world.registry, then), anomalies(&prefix, now));
        let level = |registry: &incubator_registry::domain::Registry, as_of| {
            registry.incubator(&carrier("I1"), as_of).map(|view| view.level_on(day))
        };
        prop_assert_eq!(level(&world.registry, then), level(&prefix, now));
    }
}
