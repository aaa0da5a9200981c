//! The rules of rules.md §2 once more, written apart from the domain and without care for speed: on the facts of a history
//! that are not taken back.

use crate::random_neighbours;
use incubator_registry::domain::{Day, Event, IncubatorId, Kind, LeaveKind, Limits, Recorded, Uscc};

/// A fact that stands.
pub type Live<'a> = &'a Recorded;

/// One stay, by its facts.
#[derive(Debug)]
struct Span<'a> {
    carrier: &'a IncubatorId,
    from: Day,
    to: Option<(Day, LeaveKind)>,
    waived: bool,
}

/// The facts that are not taken back.
pub fn live(history: &[Recorded]) -> Vec<Live<'_>> {
    let mut gone = Vec::new();
    for recorded in history {
        if let Event::FactsVoided { positions, .. } = &recorded.event {
            gone.extend(positions.iter().copied());
        }
    }
    let stands = |recorded: &&Recorded| {
        let fact = !matches!(recorded.event, Event::FactsVoided { .. } | Event::LogCreated { .. });
        fact && !gone.contains(&recorded.position)
    };
    history.iter().filter(stands).collect()
}

/// What is wrong with a history; nothing, if the rules hold.
pub fn faults(history: &[Recorded], today: Day) -> Vec<String> {
    let facts = live(history);
    let mut faults = Vec::new();
    for fact in &facts {
        if fact.day > today && !matches!(fact.event, Event::RecognitionEnded { .. }) {
            faults.push(format!("{fact:?} lies ahead"));
        }
    }
    let mut firms: Vec<Uscc> = facts.iter().filter_map(|fact| firm_of(&fact.event)).collect();
    firms.sort();
    firms.dedup();
    for firm in firms {
        let own: Vec<Live<'_>> = facts.iter().copied().filter(|fact| firm_of(&fact.event) == Some(firm)).collect();
        check_firm(firm, &own, &facts, &mut faults);
    }
    check_recognitions(&facts, &mut faults);
    check_chain(&facts, &mut faults);
    faults.extend(random_neighbours::faults(&facts));
    faults
}

fn firm_of(event: &Event) -> Option<Uscc> {
    match event {
        Event::FirmRegistered { firm, .. }
        | Event::FirmRenamed { firm, .. }
        | Event::FirmDeregistered { firm }
        | Event::FirmAdmitted { firm, .. }
        | Event::FirmGraduated { firm, .. }
        | Event::FirmLeft { firm, .. }
        | Event::RelocationSigned { firm, .. }
        | Event::FirmSettled { firm, .. }
        | Event::ProductionStarted { firm, .. } => Some(*firm),
        _ => None,
    }
}

fn kind_of(facts: &[Live<'_>], id: &IncubatorId) -> Option<Kind> {
    facts.iter().find_map(|fact| match &fact.event {
        Event::IncubatorRegistered(carrier) if carrier.incubator == *id => Some(carrier.kind),
        _ => None,
    })
}

fn limits_on<'a>(facts: &[Live<'a>], day: Day) -> Option<&'a Limits> {
    let mut best: Option<(Day, &Limits)> = None;
    for fact in facts {
        if let Event::LimitsSet(limits) = &fact.event
            && fact.day <= day
            && best.is_none_or(|(since, _)| fact.day >= since)
        {
            best = Some((fact.day, limits));
        }
    }
    best.map(|(_, limits)| limits)
}

fn spans<'a>(own: &[Live<'a>], faults: &mut Vec<String>) -> Vec<Span<'a>> {
    let mut spans: Vec<Span<'a>> = Vec::new();
    for fact in own {
        if let Event::FirmAdmitted { incubator, waiver, .. } = &fact.event {
            spans.push(Span { carrier: incubator, from: fact.day, to: None, waived: !waiver.is_empty() });
        }
    }
    for fact in own {
        let (incubator, admitted, kind) = match &fact.event {
            Event::FirmGraduated { incubator, admitted, .. } => (incubator, admitted, LeaveKind::Graduated),
            Event::FirmLeft { incubator, admitted, kind, .. } => (incubator, admitted, *kind),
            _ => continue,
        };
        let mut of = spans.iter_mut().filter(|span| span.carrier == incubator && span.from == *admitted);
        match (of.next(), of.next()) {
            (Some(span), None) if span.to.is_none() => span.to = Some((fact.day, kind)),
            other => faults.push(format!("{fact:?} ends not one open stay but {other:?}")),
        }
    }
    spans
}

fn check_firm(firm: Uscc, own: &[Live<'_>], all: &[Live<'_>], faults: &mut Vec<String>) {
    let mut say = |wrong: bool, what: String| {
        if wrong {
            faults.push(format!("{firm}: {what}"));
        }
    };
    let days = |of: fn(&Event) -> bool| own.iter().filter(move |fact| of(&fact.event)).map(|fact| fact.day);
    let registered: Vec<Day> = days(|e| matches!(e, Event::FirmRegistered { .. })).collect();
    say(registered.len() != 1, format!("registered {registered:?}"));
    let gone = days(|e| matches!(e, Event::FirmDeregistered { .. })).min();
    let begins = |e: &Event| {
        use Event::{FirmAdmitted, FirmSettled, ProductionStarted, RelocationSigned};
        matches!(e, FirmAdmitted { .. } | RelocationSigned { .. } | FirmSettled { .. } | ProductionStarted { .. })
    };
    let late = own.iter().any(|fact| begins(&fact.event) && gone.is_some_and(|gone| fact.day >= gone));
    say(late, "something begins after it is struck off".into());
    check_steps(own, &mut say);
    let mut broken = Vec::new();
    let spans = spans(own, &mut broken);
    say(!broken.is_empty(), format!("{broken:?}"));
    check_spans(&spans, registered.first().copied(), all, &mut say);
}

fn check_steps(own: &[Live<'_>], say: &mut impl FnMut(bool, String)) {
    let steps = [0, 1, 2].map(|step| {
        let mut of = own.iter().filter_map(|fact| match (&fact.event, step) {
            (Event::RelocationSigned { park, .. }, 0)
            | (Event::FirmSettled { park, .. }, 1)
            | (Event::ProductionStarted { park, .. }, 2) => Some((fact.day, park)),
            _ => None,
        });
        (of.next(), of.next().is_some())
    });
    say(steps.iter().any(|(_, twice)| *twice), "a step twice".into());
    for pair in steps.windows(2) {
        match (pair[0].0, pair[1].0) {
            (None, Some(_)) => say(true, "a step without the one before".into()),
            (Some(a), Some(b)) => say(a.0 > b.0 || a.1 != b.1, format!("{a:?} before {b:?}")),
            _ => {}
        }
    }
}

fn check_spans(spans: &[Span<'_>], registered: Option<Day>, all: &[Live<'_>], say: &mut impl FnMut(bool, String)) {
    let graduation = |span: &Span<'_>| span.to.filter(|(_, kind)| *kind == LeaveKind::Graduated).map(|(day, _)| day);
    let first_graduation = spans.iter().filter_map(graduation).min();
    for (i, a) in spans.iter().enumerate() {
        let kind = kind_of(all, a.carrier);
        say(kind.is_none(), format!("{a:?} in no carrier"));
        say(a.to.is_some_and(|(to, _)| to < a.from), format!("{a:?} ends before it begins"));
        say(kind == Some(Kind::Makerspace) && graduation(a).is_some(), format!("{a:?} graduates"));
        let after = first_graduation.is_some_and(|day| a.from >= day && graduation(a) != Some(day));
        say(after && kind != Some(Kind::Accelerator), format!("{a:?} after graduation"));
        for b in &spans[i + 1..] {
            let before_end = |x: &Span<'_>, y: &Span<'_>| y.to.is_none_or(|(to, _)| x.from < to);
            let meet = a.from == b.from || (before_end(a, b) && before_end(b, a));
            say(meet, format!("{a:?} meets {b:?}"));
        }
    }
    let incubated = spans.iter().filter(|span| kind_of(all, span.carrier) == Some(Kind::Incubator));
    if let (Some(first), Some(registered)) = (incubated.min_by_key(|span| span.from), registered) {
        let months = limits_on(all, first.from).map_or(0, |limits| limits.admission_age_months);
        say(first.from > registered.add_months(months) && !first.waived, format!("{first:?} too old"));
    }
}

fn check_recognitions(facts: &[Live<'_>], faults: &mut Vec<String>) {
    for fact in facts {
        let Event::RecognitionEnded { incubator, level, recognition } = &fact.event else { continue };
        let granted = facts.iter().filter(|other| {
            let same = |i: &IncubatorId, l| i == incubator && l == *level && other.day == *recognition;
            matches!(&other.event, Event::IncubatorRecognised { incubator: i, level: l, .. } if same(i, *l))
        });
        if granted.count() != 1 || fact.day < *recognition {
            faults.push(format!("{fact:?} ends no recognition"));
        }
    }
}

fn check_chain(facts: &[Live<'_>], faults: &mut Vec<String>) {
    let upstream_on = |id: &IncubatorId, day: Day| {
        let mut best: Option<(Day, Option<&IncubatorId>)> = None;
        for fact in facts {
            let (of, upstream) = match &fact.event {
                Event::IncubatorRegistered(carrier) => (&carrier.incubator, carrier.upstream.as_ref()),
                Event::UpstreamChanged { incubator, upstream } => (incubator, upstream.as_ref()),
                _ => continue,
            };
            if of == id && fact.day <= day && best.is_none_or(|(since, _)| fact.day >= since) {
                best = Some((fact.day, upstream));
            }
        }
        best.and_then(|(_, upstream)| upstream)
    };
    for day in facts.iter().filter(|fact| matches!(fact.event, Event::UpstreamChanged { .. })).map(|fact| fact.day) {
        for fact in facts {
            let Event::IncubatorRegistered(carrier) = &fact.event else { continue };
            let mut at = upstream_on(&carrier.incubator, day);
            for _ in 0..20 {
                at = at.and_then(|id| upstream_on(id, day));
            }
            if at.is_some() {
                faults.push(format!("from {} the way up on {day} has no end", carrier.incubator));
            }
        }
    }
}
