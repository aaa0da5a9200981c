//! The rules that the line of a carrier must keep.

use super::{IncubatorView, Term};
use crate::domain::check::Violation;
use crate::domain::event::Event;
use crate::domain::line::AsOf;
use crate::domain::reason::Reason;
use crate::domain::registry::Registry;
use crate::domain::values::{Day, IncubatorId};
use std::collections::{BTreeMap, BTreeSet};

/// Everything on the carrier's line that breaks a rule.
pub fn violations(registry: &Registry, id: &IncubatorId) -> Vec<Violation> {
    let Some(line) = registry.incubator_line(id) else { return Vec::new() };
    let view = IncubatorView::of(line, AsOf::NOW);
    let mut found = Vec::new();
    match view.registered {
        None => {
            for entry in line.live() {
                let message = format!("carrier {id} is not registered");
                found.push(
                    Violation::new(Reason::UnknownIncubator, entry.position, None, message).with("incubator", id),
                );
            }
        }
        Some(founded) => terms_after_founding(&view, founded.day, founded.position, &mut found),
    }
    for entry in line.live() {
        ends(&view, entry.position, entry.day, &entry.event, &mut found);
    }
    upstreams(registry, id, &view, &mut found);
    found.sort_by_key(|violation| violation.reason);
    found
}

/// A change of operator, area or upstream holds from a day after the founding: until then what was registered holds.
fn terms_after_founding(view: &IncubatorView<'_>, founded: Day, position: u64, found: &mut Vec<Violation>) {
    fn at<T>(terms: &[Term<T>]) -> impl Iterator<Item = (Day, u64)> + '_ {
        terms.iter().map(|term| (term.day, term.position))
    }
    let changes = at(&view.operators).chain(at(&view.areas)).chain(at(&view.upstreams));
    for (day, changed) in changes.filter(|(day, at)| *at != position && *day <= founded) {
        let message = format!("a change of {day} does not lie after the founding on {founded}");
        let order = Violation::new(Reason::DatesOutOfOrder, changed, Some(position), message);
        found.push(order.with("date", day).with("established_date", founded));
    }
}

fn ends(view: &IncubatorView<'_>, position: u64, day: Day, event: &Event, found: &mut Vec<Violation>) {
    let Event::RecognitionEnded { level, recognition, .. } = event else { return };
    let of = view.recognitions.iter().find(|r| r.level == *level && r.day == *recognition);
    match of {
        None => {
            let message = format!("no {} recognition of {recognition} for the end to be of", level.key());
            let none = Violation::new(Reason::NoSuchRecognition, position, None, message);
            found.push(none.with("level", level.key()).with("recognition_date", recognition));
        }
        Some(granted) if day < granted.day => {
            let message = format!("the end {day} lies before the recognition's first day {}", granted.day);
            let order = Violation::new(Reason::DatesOutOfOrder, position, Some(granted.position), message);
            found.push(order.with("date", day).with("recognition_date", granted.day));
        }
        Some(_) => {}
    }
}

fn upstreams(registry: &Registry, id: &IncubatorId, view: &IncubatorView<'_>, found: &mut Vec<Violation>) {
    for term in &view.upstreams {
        let Some(upstream) = term.value else { continue };
        if registry.kind_of(upstream, AsOf::NOW).is_none() {
            let message = format!("carrier {upstream}, named as upstream of {id}, is not registered");
            found.push(
                Violation::new(Reason::UnknownIncubator, term.position, None, message).with("upstream", upstream),
            );
        }
    }
    cycle(registry, id, view, found);
}

/// A carrier precedes itself when, on some day on which an upstream on the way changes, the way up leads back to it.
fn cycle(registry: &Registry, id: &IncubatorId, view: &IncubatorView<'_>, found: &mut Vec<Violation>) {
    let ways = ways_up(registry, view);
    if !ways.contains_key(id) {
        return; // No way up, on whatever day, leads back.
    }
    let days: BTreeSet<Day> = ways.values().flat_map(|view| view.upstreams.iter().map(|term| term.day)).collect();
    for day in days {
        let mut at = view.upstream_on(day);
        for _ in 0..ways.len() {
            let Some(current) = at.filter(|current| *current != id) else { break };
            at = ways.get(current).and_then(|view| view.upstream_on(day));
        }
        if at == Some(id) {
            let term = view.upstreams.iter().rev().find(|term| term.day <= day).map_or(0, |term| term.position);
            let message = format!("carrier {id} would stand before itself in the chain on {day}");
            found.push(
                Violation::new(Reason::UpstreamCycle, term, None, message).with("incubator", id).with("date", day),
            );
            return;
        }
    }
}

/// Every carrier that a way up leads to, on whatever day.
fn ways_up<'a>(registry: &'a Registry, view: &IncubatorView<'a>) -> BTreeMap<&'a IncubatorId, IncubatorView<'a>> {
    let above = |view: &IncubatorView<'a>| view.upstreams.iter().filter_map(|term| term.value).collect::<Vec<_>>();
    let mut open = above(view);
    let mut ways = BTreeMap::new();
    while let Some(id) = open.pop() {
        if let Some(line) = registry.incubator_line(id).filter(|_| !ways.contains_key(id)) {
            let view = IncubatorView::of(line, AsOf::NOW);
            open.extend(above(&view));
            ways.insert(id, view);
        }
    }
    ways
}
