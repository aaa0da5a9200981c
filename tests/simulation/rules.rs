//! The rules of rules.md §2 over all that stands, firm by firm and carrier by carrier, whatever a command touched.

use crate::calendar::add_months;
use crate::model::{Fact, has_firm, has_loan, has_taxpayer, kind_of, live};
use crate::stays::{Stay, firms, leaving, limits_on, stays};
use incubator_registry::domain::{Day, Event, Kind, ParkId, Reason, Uscc};

/// A rule broken by a fact, because of another (0: none); where it was recorded before, `named` is told.
#[derive(Clone, Debug)]
pub struct Broken {
    pub reason: Reason,
    pub by: u64,
    pub cause: u64,
    pub named: u64,
}

fn broken(reason: Reason, by: u64, cause: u64) -> Broken {
    Broken { reason, by, cause, named: by }
}

pub fn violations(facts: &[Fact]) -> Vec<Broken> {
    let all = live(facts);
    let mut found = Vec::new();
    references(&all, &mut found);
    for code in firms(&all) {
        stay_rules(&all, code, &mut found);
        steps(&all, code, &mut found);
        gone(&all, code, &mut found);
    }
    dates(&all, &mut found);
    carriers(&all, &mut found);
    // A district is never without limits from the day on which its first ones hold.
    let first = facts.iter().find(|fact| matches!(fact.event, Event::LimitsSet(_)));
    if let Some(first) = first.filter(|first| limits_on(&all, first.day).is_none()) {
        found.push(broken(Reason::MissingValue, first.position, 0));
    }
    found
}

fn references(all: &[&Fact], found: &mut Vec<Broken>) {
    for fact in all {
        let names = crate::model::about(&fact.event);
        let mut say = |reason| found.push(broken(reason, fact.position, 0));
        for name in &names {
            if let Some(id) = name.strip_prefix("incubators/") {
                // Of a leaving whose carrier is gone, the admission is told.
                if kind_of(all, id).is_none() && leaving(&fact.event).is_none() {
                    say(Reason::UnknownIncubator);
                }
            } else if let Some(code) = name.strip_prefix("firms/") {
                if !has_firm(all, Uscc::parse(code).unwrap()) {
                    say(Reason::UnknownFirm);
                }
            } else if let Some(id) = name.strip_prefix("loans/") {
                if !has_loan(all, id) {
                    say(Reason::UnknownLoan);
                }
            } else if let Some(code) = name.strip_prefix("taxpayers/")
                && !has_taxpayer(all, Uscc::parse(code).unwrap())
            {
                say(Reason::UnknownTaxpayer);
            }
        }
        if let Some((firm, carrier, admitted, ..)) = leaving(&fact.event)
            && !stays(all, firm).iter().any(|stay| stay.carrier == carrier && stay.admitted == admitted)
        {
            found.push(broken(Reason::NoOpenStay, fact.position, 0));
        }
    }
}

/// Position of the last of a stay's facts.
fn told(stay: &Stay<'_>) -> u64 {
    stay.position.max(stay.left.map_or(0, |left| left.position))
}

fn meet(a: &Stay<'_>, b: &Stay<'_>) -> bool {
    let before = |day: Day, end: Option<Day>| end.is_none_or(|end| day < end);
    let (a_left, b_left) = (a.left.map(|left| left.day), b.left.map(|left| left.day));
    (before(a.admitted, b_left) && before(b.admitted, a_left)) || a.admitted == b.admitted
}

fn stay_rules(all: &[&Fact], code: Uscc, found: &mut Vec<Broken>) {
    let stays = stays(all, code);
    let kind = |stay: &Stay<'_>| kind_of(all, stay.carrier);
    for (i, stay) in stays.iter().enumerate() {
        if let Some(left) = stay.left.filter(|left| left.day < stay.admitted) {
            found.push(broken(Reason::LeftBeforeAdmitted, left.position, stay.position));
        }
        for other in stays[..i].iter().filter(|other| meet(stay, other)) {
            let (first, second) = if told(stay) < told(other) { (stay, other) } else { (other, stay) };
            let overlap = broken(Reason::OverlappingStay, told(second), first.position);
            found.push(Broken { named: second.position, ..overlap });
        }
        if let Some(left) = stay.graduated_by(Day::MAX).filter(|_| kind(stay) == Some(Kind::Makerspace)) {
            found.push(broken(Reason::MakerspaceCannotGraduate, left.position, stay.position));
        }
    }
    let registered = all.iter().find(|fact| matches!(&fact.event, Event::FirmRegistered { firm, .. } if *firm == code));
    let first = stays.iter().find(|stay| kind(stay) == Some(Kind::Incubator));
    if let (Some(first), Some(registered)) = (first, registered)
        && let Some(limits) = limits_on(all, first.admitted)
        && first.admitted > add_months(registered.day, limits.admission_age_months)
        && first.waiver.is_empty()
    {
        found.push(broken(Reason::AgeOverLimit, first.position, registered.position));
    }
    let graduations = stays.iter().filter_map(|stay| Some((stay.graduated_by(Day::MAX)?, stay)));
    let Some((left, of)) = graduations.min_by_key(|(left, stay)| (left.day, stay.admitted, left.position)) else {
        return;
    };
    for stay in stays.iter().filter(|stay| stay.position != of.position && stay.admitted >= left.day) {
        if kind(stay) != Some(Kind::Accelerator) {
            found.push(broken(Reason::AlreadyGraduated, stay.position, left.position));
        }
    }
}

/// A step of a relocation: 0 signed, 1 settled, 2 in production.
pub fn step(event: &Event) -> Option<(usize, Uscc, &ParkId)> {
    match event {
        Event::RelocationSigned { firm, park } => Some((0, *firm, park)),
        Event::FirmSettled { firm, park, .. } => Some((1, *firm, park)),
        Event::ProductionStarted { firm, park } => Some((2, *firm, park)),
        _ => None,
    }
}

fn steps(all: &[&Fact], code: Uscc, found: &mut Vec<Broken>) {
    let at = |wanted: usize| {
        all.iter().find_map(|fact| {
            let (number, firm, park) = step(&fact.event)?;
            (number == wanted && firm == code).then_some((fact.day, park, fact.position))
        })
    };
    for (number, missing) in [(1, Reason::NotSigned), (2, Reason::NotSettled)] {
        match (at(number - 1), at(number)) {
            (_, None) => {}
            (None, Some((_, _, position))) => found.push(broken(missing, position, 0)),
            (Some((day, park, position)), Some((next_day, next_park, next))) => {
                if park != next_park {
                    found.push(broken(Reason::Conflict, next, position));
                }
                if day > next_day {
                    found.push(broken(Reason::DatesOutOfOrder, next.max(position), next.min(position)));
                }
            }
        }
    }
}

/// The day on which a firm was struck off, and where that is recorded.
pub fn struck_off(all: &[&Fact], code: Uscc) -> Option<(Day, u64)> {
    let of = all.iter().filter(|fact| matches!(&fact.event, Event::FirmDeregistered { firm } if *firm == code));
    of.map(|fact| (fact.day, fact.position)).min()
}

fn gone(all: &[&Fact], code: Uscc, found: &mut Vec<Broken>) {
    let Some((day, position)) = struck_off(all, code) else { return };
    for fact in all.iter().filter(|fact| fact.day >= day) {
        let begins = match &fact.event {
            Event::FirmAdmitted { firm, .. } => *firm == code,
            Event::LoanDrawn(loan) => loan.firm == code,
            event => step(event).is_some_and(|(_, firm, _)| firm == code),
        };
        if begins {
            found.push(broken(Reason::FirmDeregistered, fact.position, position));
        }
    }
}

fn dates(all: &[&Fact], found: &mut Vec<Broken>) {
    for fact in all {
        let end = match &fact.event {
            Event::LoanDrawn(loan) => Some(loan.maturity),
            Event::HighTechCertified { expiry, .. } => *expiry,
            _ => None,
        };
        if end.is_some_and(|end| end < fact.day) {
            found.push(broken(Reason::DatesOutOfOrder, fact.position, 0));
        }
        let Event::InterestPaid { loan, .. } = &fact.event else { continue };
        let drawn = all.iter().find(|other| matches!(&other.event, Event::LoanDrawn(drawn) if drawn.loan == *loan));
        if let Some(drawn) = drawn.filter(|drawn| fact.day < drawn.day) {
            let (first, second) = (fact.position.min(drawn.position), fact.position.max(drawn.position));
            found.push(broken(Reason::DatesOutOfOrder, second, first));
        }
    }
}

/// Who stands before a carrier on a day, and where that is recorded.
pub fn before(all: &[&Fact], id: &str, day: Day) -> Option<(String, u64)> {
    let mut best: Option<(Day, Option<String>, u64)> = None;
    for fact in all.iter().filter(|fact| fact.day <= day) {
        let (of, upstream) = match &fact.event {
            Event::IncubatorRegistered(carrier) => (&carrier.incubator, &carrier.upstream),
            Event::UpstreamChanged { incubator, upstream } => (incubator, upstream),
            _ => continue,
        };
        if of.as_str() == id && best.as_ref().is_none_or(|(since, ..)| *since <= fact.day) {
            best = Some((fact.day, upstream.as_ref().map(ToString::to_string), fact.position));
        }
    }
    best.and_then(|(_, upstream, position)| Some((upstream?, position)))
}

fn carriers(all: &[&Fact], found: &mut Vec<Broken>) {
    let mut days = Vec::new();
    for fact in all {
        match &fact.event {
            Event::OperatorChanged { incubator, .. }
            | Event::AreaChanged { incubator, .. }
            | Event::UpstreamChanged { incubator, .. } => {
                let founded = all.iter().find(
                    |other| matches!(&other.event, Event::IncubatorRegistered(carrier) if carrier.incubator == *incubator),
                );
                if let Some(founded) = founded.filter(|founded| fact.day <= founded.day) {
                    found.push(broken(Reason::DatesOutOfOrder, fact.position, founded.position));
                }
            }
            Event::RecognitionEnded { incubator, level, recognition } => {
                let granted = all.iter().find(|other| {
                    let same = matches!(&other.event,
                        Event::IncubatorRecognised { incubator: i, level: l, .. } if i == incubator && l == level);
                    same && other.day == *recognition
                });
                match granted {
                    None => found.push(broken(Reason::NoSuchRecognition, fact.position, 0)),
                    Some(granted) if fact.day < granted.day => {
                        found.push(broken(Reason::DatesOutOfOrder, fact.position, granted.position));
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
        if matches!(fact.event, Event::IncubatorRegistered(_) | Event::UpstreamChanged { .. }) {
            days.push(fact.day);
        }
    }
    let ids = all.iter().filter_map(|fact| match &fact.event {
        Event::IncubatorRegistered(carrier) => Some(carrier.incubator.as_str()),
        _ => None,
    });
    for (id, day) in ids.flat_map(|id| days.iter().map(move |day| (id, *day))) {
        let Some((mut at, position)) = before(all, id, day) else { continue };
        for _ in 0..20 {
            if at == id {
                found.push(broken(Reason::UpstreamCycle, position, 0));
                break;
            }
            match before(all, &at, day) {
                Some((next, _)) => at = next,
                None => break,
            }
        }
    }
}
