//! An explanation in parts: what is told is what the whole tells there, and nothing else of a long list is made.

use crate::common::world::carrier;
use crate::common::world::day;
use crate::dsl::{Case, case};
use incubator_registry::domain::{AsOf, Kind, Level, Tax};
use incubator_registry::policy::{Beneficiary, Node, Scheme, Told};
use incubator_registry::projections::standing::explain;

/// A carrier whose operator paid so often in 2024.
fn paid_often(receipts: i64) -> Case {
    let mut case = case();
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2020-01-01");
    for number in 0..receipts {
        case.paid(1, "2024-03-01", Tax::Vat, 1000 + number);
    }
    case
}

fn told(case: &Case, part: Option<Told<'_>>) -> Node {
    let wanted = (Scheme::IncubatorTaxRebate, &Beneficiary::Incubator(carrier("WJ03")), "2024");
    explain(&case.world.registry, &case.policy, AsOf::day(day("2024-12-31")), wanted, part).unwrap().tree
}

/// The node with most children: the receipts.
fn longest(node: &Node) -> &Node {
    let below = node.children.iter().map(longest).max_by_key(|node| node.children.len());
    below.filter(|below| below.children.len() > node.children.len()).unwrap_or(node)
}

fn made(node: &Node) -> usize {
    usize::from(!node.sentence.is_empty()) + node.children.iter().map(made).sum::<usize>()
}

#[test]
fn a_part_is_the_whole_where_it_is_told() {
    let case = paid_often(50);
    let whole = told(&case, None);
    let part = told(&case, Some(Told { size: 3, from: 20, path: &[1, 40] }));
    assert_eq!((part.value, part.children.len()), (whole.value, whole.children.len()));
    let (whole, part) = (longest(&whole), longest(&part));
    assert_eq!((whole.children.len(), part.children.len()), (50, 50));
    assert_eq!((part.value, &part.sentence), (whole.value, &whole.sentence));
    for (place, (wanted, found)) in whole.children.iter().zip(&part.children).enumerate() {
        let is_told = place < 3 || (20..23).contains(&place) || place == 40;
        assert_eq!(found == wanted, is_told, "{place}");
        assert_eq!(made(found) > 0, is_told, "{place}");
    }
}

#[test]
fn ten_times_the_receipts_make_no_more_nodes() {
    let nodes = |receipts: i64| made(&told(&paid_often(receipts), Some(Told { size: 20, from: 0, path: &[] })));
    assert_eq!(nodes(400), nodes(40));
    assert!(nodes(40) < 100);
}
