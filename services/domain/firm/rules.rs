//! The rules that the whole line of a firm must keep, whatever the order of recording (rules §2).
//!
//! Rules §2 is silent on facts before a firm's registration; they are accepted: teams are taken in, and sign, before they are
//! registered, and a mistyped day of registration must not hold up a ledger.

use super::{FirmView, Stay, Step};
use crate::domain::check::Violation;
use crate::domain::incubator::Term;
use crate::domain::line::AsOf;
use crate::domain::loan::LoanView;
use crate::domain::reason::Reason;
use crate::domain::registry::Registry;
use crate::domain::settings::limits_on;
use crate::domain::values::{Day, Uscc};
use crate::domain::words::Kind;

/// Everything on the firm's line that breaks a rule, in the order in which rules §2 lists the rules.
pub fn violations(registry: &Registry, code: Uscc) -> Vec<Violation> {
    let Some(line) = registry.firm_line(&code) else { return Vec::new() };
    let view = FirmView::of(code, line, AsOf::NOW);
    let mut found = Vec::new();
    references(registry, &view, line.live().map(|entry| entry.position), &mut found);
    orphans(&view, &mut found);
    spans(&view, &mut found);
    age(registry, &view, &mut found);
    graduations(registry, &view, &mut found);
    deregistration(registry, &view, &mut found);
    relocation(&view, &mut found);
    found.extend(assessed(registry, &view));
    certificates(&view, &mut found);
    found.sort_by_key(|violation| violation.reason);
    found
}

fn references(registry: &Registry, view: &FirmView<'_>, live: impl Iterator<Item = u64>, found: &mut Vec<Violation>) {
    if view.registered.is_none() {
        for position in live {
            let message = format!("firm {} is not registered", view.code);
            found.push(Violation::new(Reason::UnknownFirm, position, None, message).with("firm", view.code));
        }
    }
    let stays = view.stays.iter().map(|stay| (stay.incubator, stay.position));
    let investments = view.investments.iter().map(|investment| (investment.incubator, investment.position));
    for (incubator, position) in stays.chain(investments) {
        if registry.kind_of(incubator, AsOf::NOW).is_none() {
            let message = format!("carrier {incubator} is not registered");
            found.push(Violation::new(Reason::UnknownIncubator, position, None, message).with("incubator", incubator));
        }
    }
    if view.registered.is_none() {
        let lines = registry.loans_ever_of(&view.code).filter_map(|id| registry.loan_line(id));
        for loan in lines.filter_map(|line| LoanView::of(line, AsOf::NOW)).filter(|loan| loan.drawn.firm == view.code) {
            let message = format!("firm {} is not registered", view.code);
            found.push(Violation::new(Reason::UnknownFirm, loan.position, None, message).with("firm", view.code));
        }
    }
}

fn orphans(view: &FirmView<'_>, found: &mut Vec<Violation>) {
    for entry in &view.orphans {
        let message = format!("firm {} has no such stay for the leaving of {} to end", view.code, entry.day);
        found.push(
            Violation::new(Reason::NoOpenStay, entry.position, None, message)
                .with("firm", view.code)
                .with("left_date", entry.day),
        );
    }
}

fn spans(view: &FirmView<'_>, found: &mut Vec<Violation>) {
    for stay in &view.stays {
        if let Some(left) = stay.left.filter(|left| left.day < stay.admitted) {
            let message = format!("left {} lies before admitted {}", left.day, stay.admitted);
            let before = Violation::new(Reason::LeftBeforeAdmitted, left.position, Some(stay.position), message);
            found.push(before.with("left_date", left.day).with("admitted_date", stay.admitted));
        }
    }
    for (i, a) in view.stays.iter().enumerate() {
        for b in &view.stays[i + 1..] {
            if a.meets(b) {
                // Of the two, the one recorded later breaks the rule.
                let (first, second) = if recorded_at(a) < recorded_at(b) { (a, b) } else { (b, a) };
                let message = format!(
                    "the stay of {} in {} meets that of {} in {}",
                    second.admitted, second.incubator, first.admitted, first.incubator
                );
                let found_at = recorded_at(second);
                let overlap = Violation::new(Reason::OverlappingStay, found_at, Some(first.position), message);
                // Whoever takes a leaving back is told of the stay that would be in the way, not of its leaving.
                let overlap = Violation { named: second.position, ..overlap };
                found
                    .push(overlap.with("other_incubator", first.incubator).with("other_admitted_date", first.admitted));
            }
        }
    }
}

/// Position of the last fact of a stay: a late leaving, too, can make two stays meet.
fn recorded_at(stay: &Stay<'_>) -> u64 {
    stay.position.max(stay.left.map_or(0, |left| left.position))
}

fn age(registry: &Registry, view: &FirmView<'_>, found: &mut Vec<Violation>) {
    let first = view.first_incubator_stay(|id| registry.kind_of(id, AsOf::NOW));
    let (Some(stay), Some(registered)) = (first, view.registered) else { return };
    let Some(limits) = limits_on(registry.settings(), stay.admitted, AsOf::NOW) else { return };
    let last = registered.day.add_months(limits.admission_age_months);
    if stay.admitted > last && stay.waiver.is_empty() {
        let message = format!(
            "first admitted to an incubator on {}, later than {} ({} months after its registration on {}), without a waiver",
            stay.admitted, last, limits.admission_age_months, registered.day
        );
        let found_at = Violation::new(Reason::AgeOverLimit, stay.position, Some(registered.position), message);
        let found_at = found_at.with("admitted_date", stay.admitted).with("registered_date", registered.day);
        found.push(found_at.with("admission_age_months", limits.admission_age_months));
    }
}

fn graduations(registry: &Registry, view: &FirmView<'_>, found: &mut Vec<Violation>) {
    let kind_of = |stay: &Stay<'_>| registry.kind_of(stay.incubator, AsOf::NOW);
    for stay in &view.stays {
        if let Some(left) = stay.graduated().filter(|_| kind_of(stay) == Some(Kind::Makerspace)) {
            let message = format!("{} is a makerspace; its firms transfer or leave", stay.incubator);
            let graduation =
                Violation::new(Reason::MakerspaceCannotGraduate, left.position, Some(stay.position), message);
            found.push(graduation.with("incubator", stay.incubator));
        }
    }
    let Some((graduated, left)) = view.first_graduation() else { return };
    for stay in &view.stays {
        let other = stay.position != graduated.position;
        if other && stay.admitted >= left.day && kind_of(stay) != Some(Kind::Accelerator) {
            let message =
                format!("firm {} graduated on {}; on or after it, only accelerators admit it", view.code, left.day);
            let again = Violation::new(Reason::AlreadyGraduated, stay.position, Some(left.position), message);
            found.push(again.with("graduated_date", left.day));
        }
    }
}

/// A certificate ends after it begins.
fn certificates(view: &FirmView<'_>, found: &mut Vec<Violation>) {
    for certificate in &view.certificates {
        if let Some(expiry) = certificate.expiry.filter(|expiry| *expiry < certificate.day) {
            let message = format!("the expiry {expiry} lies before the certificate's first day {}", certificate.day);
            let order = Violation::new(Reason::DatesOutOfOrder, certificate.position, None, message);
            found.push(order.with("expiry_date", expiry).with("effective_date", certificate.day));
        }
    }
}

fn deregistration(registry: &Registry, view: &FirmView<'_>, found: &mut Vec<Violation>) {
    let Some((day, recorded)) = view.deregistered else { return };
    let relocation = [view.relocation.signed, view.relocation.settled, view.relocation.production];
    let stays = view.stays.iter().map(|stay| (stay.admitted, stay.position));
    let steps = relocation.into_iter().flatten().map(|step| (step.day, step.position));
    let lines = registry.loans_ever_of(&view.code).filter_map(|id| registry.loan_line(id));
    let loans = lines.filter_map(|line| LoanView::of(line, AsOf::NOW)).filter(|loan| loan.drawn.firm == view.code);
    let loans = loans.map(|loan| (loan.day, loan.position));
    for (at, position) in stays.chain(steps).chain(loans).filter(|(at, _)| *at >= day) {
        found.push(struck_off(view.code, (day, recorded), (at, position)));
    }
}

/// What a fact of another line, at this day and position, breaks by naming the firm: it is registered, and not deregistered
/// by then.
pub fn as_party(registry: &Registry, code: Uscc, fact: (Day, u64)) -> Option<Violation> {
    let Some(firm) = registry.firm(&code, AsOf::NOW) else {
        let message = format!("firm {code} is not registered");
        return Some(Violation::new(Reason::UnknownFirm, fact.1, None, message).with("firm", code));
    };
    let gone = firm.deregistered.filter(|(gone, _)| *gone <= fact.0)?;
    Some(struck_off(code, gone, fact))
}

fn struck_off(code: Uscc, (gone, recorded): (Day, u64), (day, position): (Day, u64)) -> Violation {
    let message = format!("firm {code} is deregistered since {gone}; the fact is of {day}");
    let late = Violation::new(Reason::FirmDeregistered, position, Some(recorded), message);
    late.with("deregistered_date", gone).with("date", day)
}

fn relocation(view: &FirmView<'_>, found: &mut Vec<Violation>) {
    let steps = view.relocation;
    follows(view, steps.signed, steps.settled, Reason::NotSigned, found);
    follows(view, steps.settled, steps.production, Reason::NotSettled, found);
}

/// A settling refers to an assessment of the same firm for the same park, of no later day.
fn assessed(registry: &Registry, view: &FirmView<'_>) -> Option<Violation> {
    let (id, settled) = (view.relocation.assessment?, view.relocation.settled?);
    let Some(Term { day, value, position }) = registry.innovation().assessment(id, AsOf::NOW) else {
        let message = format!("project {id} is not assessed");
        return Some(Violation::new(Reason::UnknownAssessment, settled.position, None, message));
    };
    // Of the two, the one recorded later breaks the rule.
    let (first, second) = (position.min(settled.position), position.max(settled.position));
    if value.firm != view.code || value.park != *settled.park {
        let message = format!(
            "project {id} is assessed for firm {} in {}; it is firm {} that settled, in {}",
            value.firm, value.park, view.code, settled.park
        );
        return Some(Violation::new(Reason::Conflict, second, Some(first), message));
    }
    (day > settled.day).then(|| {
        let message = format!("project {id} is assessed on {day}, after the firm settled on {}", settled.day);
        Violation::new(Reason::DatesOutOfOrder, second, Some(first), message)
    })
}

/// A step needs the one before it, in the same park, and not later than itself.
fn follows(
    view: &FirmView<'_>,
    before: Option<Step<'_>>,
    step: Option<Step<'_>>,
    missing: Reason,
    found: &mut Vec<Violation>,
) {
    let Some(step) = step else { return };
    let Some(before) = before else {
        let message = format!("firm {} has not taken the step before that of {}", view.code, step.day);
        found.push(Violation::new(missing, step.position, None, message).with("date", step.day));
        return;
    };
    if before.park != step.park {
        let message = format!("firm {} relocates to {}, not to {}", view.code, before.park, step.park);
        let elsewhere = Violation::new(Reason::Conflict, step.position, Some(before.position), message);
        found.push(elsewhere.with("park", before.park));
    }
    if before.day > step.day {
        // Of the two, the one recorded later breaks the rule.
        let (first, second) = (before.position.min(step.position), before.position.max(step.position));
        let message = format!("{} lies before {}, the step that it follows", step.day, before.day);
        let order = Violation::new(Reason::DatesOutOfOrder, second, Some(first), message);
        found.push(order.with("date", step.day).with("date_before", before.day));
    }
}
