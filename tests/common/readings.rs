//! Readings in one line each, and their figures redone.

use super::explanation::redo;
use incubator_registry::policy::{Bound, Exact, Node, Reading};

/// Rule, subject, verdict, reason, version, since when; then each figure with what is demanded of it.
pub fn line(reading: &Reading) -> String {
    let subject = reading.subject.as_ref().map_or("district".to_owned(), |subject| subject.to_string());
    let mut head = format!("{} {subject} {}", reading.standard.key(), reading.verdict.key());
    for more in [reading.reason.map(|reason| reason.key().to_owned()), reading.version.map(|day| day.to_string())] {
        head.extend(more.map(|more| format!(" {more}")));
    }
    head.extend(reading.since.map(|day| format!(" since {day}")));
    let items = reading.items.iter().map(|item| {
        let measured = item.measured.map_or("?".to_owned(), shown);
        let demand = item.threshold.map_or(String::new(), |(bound, threshold)| {
            format!("{}{}", if bound == Bound::Min { '≥' } else { '≤' }, shown(threshold))
        });
        let verdict = item.verdict.map_or(String::new(), |verdict| format!(" {}", verdict.key()));
        format!("{} {measured}{demand}{verdict}", item.measure.key())
    });
    let items: Vec<String> = items.collect();
    if items.is_empty() { head } else { format!("{head}: {}", items.join(", ")) }
}

fn shown(value: Exact) -> String {
    match value.denominator() {
        1 => value.numerator().to_string(),
        below => format!("{}/{below}", value.numerator()),
    }
}

/// Every figure below the grounds follows from its own tree, and is the one that the item bears.
pub fn follows(reading: &Reading) {
    let measured: Vec<Exact> = reading.items.iter().filter_map(|item| item.measured).collect();
    let figures: Vec<Exact> =
        reading.tree.children.iter().filter_map(|item| item.children.first()).filter_map(redo).collect();
    let given: Vec<Exact> =
        reading.items.iter().filter_map(|item| item.measured.or(item.threshold.map(|(_, t)| t))).collect();
    assert!(figures == measured || figures == given, "{figures:?} {measured:?}");
    assert!(said(&reading.tree), "{:#?}", reading.tree);
}

fn said(node: &Node) -> bool {
    !node.sentence.is_empty() && node.children.iter().all(said)
}
