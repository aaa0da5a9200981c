//! Figures from briefs that were kept from fact to fact are those from briefs read anew, after every command of a random
//! history with voids, late facts, facts of carriers and limits: of any day, through any cut, and as known at any position
//! that a kept state stands at.

use crate::dsl::registered;
use crate::random::{IDS, asked, begin, date, dice};
use crate::world::{World, carrier, day};
use incubator_registry::domain::{AsOf, Criterion, Kind, Level};
use incubator_registry::projections::{Briefs, Filter, Metrics, chain, chain_of, counts_of, metrics, metrics_of};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn any_filter() -> impl Strategy<Value = Filter> {
    let incubators = subsequence(IDS.map(|(id, _)| carrier(id)).to_vec(), 0..=2);
    let kinds = subsequence(Kind::ALL.to_vec(), 0..=2);
    let levels = proptest::collection::btree_set(proptest::option::of(select(Level::ALL)), 0..3);
    let fields = subsequence(vec!["新材料".to_owned(), "生物医药".to_owned()], 0..=2);
    let criteria = subsequence(Criterion::ALL.to_vec(), 0..=1);
    (incubators, kinds, levels, fields, criteria).prop_map(|(incubators, kinds, levels, fields, criteria)| Filter {
        incubators: incubators.into_iter().collect(),
        kinds: kinds.into_iter().collect(),
        levels,
        fields: fields.into_iter().collect(),
        criteria: criteria.into_iter().collect(),
    })
}

fn same(world: &World, briefs: &Briefs, as_of: AsOf, filter: &Filter) -> Result<(), TestCaseError> {
    let whole = metrics_of(&world.registry, briefs, as_of.day, filter);
    prop_assert_eq!(&whole, &metrics(&world.registry, as_of, filter));
    prop_assert_eq!(whole.overdue_count, whole.overdue.len() as u64);
    let counted = Metrics { overdue: Vec::new(), ..whole };
    prop_assert_eq!(counts_of(&world.registry, briefs, as_of.day, filter), counted);
    prop_assert_eq!(chain_of(&world.registry, briefs, as_of.day, filter), chain(&world.registry, as_of, filter));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kept_figures_are_those_read_anew_after_every_command(
        rolls in prop::collection::vec((dice(), 0..60_u16, any_filter(), any::<prop::sample::Index>()), 1..60),
    ) {
        let mut world = begin();
        let mut states = vec![Briefs::full(&world.registry, world.registry.position())];
        for (dice, number, filter, earlier) in &rolls {
            if let Ok(command) = asked(dice, &world).command() {
                let _ = world.run(&command); // Refusals are part of the game.
            }
            if dice.spin > 250 {
                let _ = world.run(&crate::dsl::state([registered(&date(dice.days[0]), 5 + dice.firm)]).command().unwrap());
            }
            let mut kept = states[states.len() - 1].clone();
            kept.advance(&world.registry);
            prop_assert_eq!(kept.position(), world.registry.position());
            states.push(kept);
            let on = day(&date(*number));
            same(&world, &states[states.len() - 1], AsOf::day(on), filter)?;
            // A state of a moment ago, seen from a registry that knows more by now; and one that takes in much at once.
            let mut then = earlier.get(&states).clone();
            same(&world, &then, AsOf { day: on, known: then.position() }, filter)?;
            then.advance(&world.registry);
            same(&world, &then, AsOf::day(on), filter)?;
        }
    }
}
