//! Stays, put together from the facts that are given.

use crate::model::Fact;
use incubator_registry::domain::{Criterion, Day, Event, LeaveKind, Limits, Uscc};

/// The end of a stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    pub day: Day,
    pub kind: LeaveKind,
    pub criterion: Option<Criterion>,
    pub position: u64,
}

/// One firm in one carrier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stay<'a> {
    pub carrier: &'a str,
    pub admitted: Day,
    pub waiver: &'a str,
    pub position: u64,
    pub left: Option<Left>,
}

impl Stay<'_> {
    /// Open at the end of a day, by the definition of rules.md §4.
    pub fn open_at(&self, day: Day) -> bool {
        self.admitted <= day && self.left.is_none_or(|left| left.day > day)
    }

    /// Graduated by the end of a day.
    pub fn graduated_by(&self, day: Day) -> Option<Left> {
        self.left.filter(|left| left.kind == LeaveKind::Graduated && left.day <= day)
    }
}

/// An event that ends a stay: firm, carrier, admitted, kind, criterion.
pub fn leaving(event: &Event) -> Option<(Uscc, &str, Day, LeaveKind, Option<Criterion>)> {
    match event {
        Event::FirmGraduated { firm, incubator, admitted, criterion, .. } => {
            Some((*firm, incubator.as_str(), *admitted, LeaveKind::Graduated, Some(*criterion)))
        }
        Event::FirmLeft { firm, incubator, admitted, kind } => {
            Some((*firm, incubator.as_str(), *admitted, *kind, None))
        }
        _ => None,
    }
}

/// The stays of a firm by the day of admission.
pub fn stays<'a>(facts: &[&'a Fact], code: Uscc) -> Vec<Stay<'a>> {
    let mut found = Vec::new();
    for fact in facts {
        let Event::FirmAdmitted { firm, incubator, waiver } = &fact.event else { continue };
        if *firm == code {
            let end = facts.iter().find_map(|end| {
                let (firm, carrier, admitted, kind, criterion) = leaving(&end.event)?;
                let this = firm == code && carrier == incubator.as_str() && admitted == fact.day;
                this.then_some(Left { day: end.day, kind, criterion, position: end.position })
            });
            let (carrier, admitted, position) = (incubator.as_str(), fact.day, fact.position);
            found.push(Stay { carrier, admitted, waiver, position, left: end });
        }
    }
    found.sort_by_key(|stay| (stay.admitted, stay.position));
    found
}

/// Codes of the firms that any fact names as its own, in order.
pub fn firms(facts: &[&Fact]) -> Vec<Uscc> {
    let names = facts.iter().filter_map(|fact| crate::model::about(&fact.event).into_iter().next());
    let mut codes: Vec<Uscc> =
        names.filter_map(|name| name.strip_prefix("firms/").map(|code| Uscc::parse(code).unwrap())).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// Limits in force on a day.
pub fn limits_on<'a>(facts: &[&'a Fact], day: Day) -> Option<&'a Limits> {
    let mut best: Option<(&Fact, &Limits)> = None;
    for fact in facts {
        if let Event::LimitsSet(limits) = &fact.event
            && fact.day <= day
            && best.is_none_or(|(other, _)| other.day <= fact.day)
        {
            best = Some((fact, limits));
        }
    }
    best.map(|(_, limits)| limits)
}
