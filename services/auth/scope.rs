//! An operator's scope: what it sees of a district, and which facts it may state and take back.
//!
//! It sees whole what is about its own carriers, and of a firm what falls on a day of a stay with one of them; that the firm
//! is registered, once it has or had a stay there. Three things keep its own commands from widening that:
//! - Rights follow from what is known *now*, whatever moment a question asks about: a stay that was voided gives none.
//! - A fact is seen only if the firm was theirs on its day *as known when the fact was recorded* too: a stay stated
//!   afterwards opens nothing that others recorded before it.
//! - An answer to a command is drawn with the rights from before it, and what the command itself recorded.
//!
//! What a carrier is owed, and what became of its claims, an operator may know where it follows from the taxes of whoever runs
//! the carrier now: other awards would tell the taxes and loans of firms, earlier years those of another operator. Yet what
//! is published (公示) is everybody's to know: a claim whose money goes to whoever runs the carrier now (S3's, for a firm that
//! it raised) is seen from then on, as far as a publication tells of it. It claims and withdraws only what it may know before.
//!
//! Nothing is filtered afterwards: `part` is the registry with only what is seen in it, and every figure, list and answer is
//! a function of that.

use super::Caller;
use super::table::denied;
use crate::domain::act::{Act, ClaimStep};
use crate::domain::claim::steps::unknown_claim;
use crate::domain::claim::{Claim, ClaimEvent, Frozen};
use crate::domain::decide::{unknown_fact, unknown_firm, unknown_incubator};
use crate::domain::firm::{FirmView, Stay};
use crate::domain::person::PersonEvent;
use crate::domain::{AsOf, ClaimId, Day, Entity, Entry, Event, IncubatorId, Reason, Refusal, Registry, Uscc};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Key of the one scheme whose amounts follow from the taxes of a carrier's operator alone.
pub const OWED_SCHEME: &str = "incubator_tax_rebate";

/// The scope of an operator.
#[derive(Clone, Debug)]
pub struct Scope {
    caller: Arc<Caller>,
}

/// A scope with what is known.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    scope: &'a Scope,
    registry: &'a Registry,
    /// Up to which position rights are known.
    known: u64,
}

impl Scope {
    /// The scope of an operator.
    pub fn of(caller: Arc<Caller>) -> Self {
        Self { caller }
    }

    /// The carriers that it is of.
    pub fn incubators(&self) -> &Arc<[IncubatorId]> {
        &self.caller.incubators
    }

    /// What is seen now.
    pub fn now<'a>(&'a self, registry: &'a Registry) -> Sight<'a> {
        self.at(registry, AsOf::NOW.known)
    }

    /// What was seen when this was known: before a command whose first event stands behind it.
    pub fn at<'a>(&'a self, registry: &'a Registry, known: u64) -> Sight<'a> {
        Sight { scope: self, registry, known }
    }
}

impl Sight<'_> {
    /// Whether an entity is seen: a carrier that is its own, a firm that has or had a stay there, or has one on the day;
    /// parks, policies and settings always.
    pub fn sees(&self, entity: &Entity, day: Option<Day>) -> bool {
        match entity {
            Entity::Incubator(id) => self.owns(id),
            Entity::Firm(code) => match day {
                None => self.ever(code),
                Some(day) => self.covers(code, day, self.known),
            },
            Entity::Park(_) | Entity::Policy(_) | Entity::Settings => true,
            _ => false,
        }
    }

    /// Whether the fact at a position is seen.
    pub fn sees_at(&self, position: u64) -> bool {
        self.registry.entry_at(position).is_some_and(|entry| self.sees_fact(&entry))
    }

    /// Whether a recorded fact is seen.
    pub fn sees_fact(&self, entry: &Entry) -> bool {
        match entry.event.owner() {
            Some(Entity::Firm(code)) => self.sees_of_firm(&code, entry),
            Some(Entity::Person(_)) => self.sees_of_person(entry),
            Some(owner) => self.sees(&owner, None),
            None => false,
        }
    }

    fn sees_of_firm(&self, code: &Uscc, entry: &Entry) -> bool {
        match (&entry.event, entry.event.other()) {
            // A stay or an investment is about its carrier.
            (_, Some(Entity::Incubator(id))) => self.owns(&id),
            (Event::FirmRegistered { .. }, _) => self.ever(code),
            _ => self.covers(code, entry.day, self.known) && self.covers(code, entry.day, entry.start),
        }
    }

    /// Contacts of its own carriers, and of a firm that is with one of them, as far as they are of its days there.
    fn sees_of_person(&self, entry: &Entry) -> bool {
        match (&entry.event, entry.event.other()) {
            (_, Some(Entity::Incubator(id))) => self.owns(&id),
            (_, Some(Entity::Firm(code))) => self.has(&code, entry.day) && self.covers(&code, entry.day, entry.start),
            // That somebody is erased shows where the contact does; who is held for which case is the bureau's to know.
            (Event::Person(PersonEvent::Erased { .. }), _) => true,
            _ => false,
        }
    }

    /// The registry with only what is seen in it, and what was recorded at some positions by the command that is answered.
    pub fn part(&self, answered: Option<(RangeInclusive<u64>, Option<&Entity>)>) -> Registry {
        let own = &self.scope.caller.incubators;
        let mut firms: BTreeSet<Uscc> = own.iter().flat_map(|id| self.registry.firms_ever_in(id)).collect();
        let mut positions = None;
        if let Some((range, target)) = answered {
            if let Some(Entity::Firm(code)) = target {
                firms.insert(*code);
            }
            positions = Some(range);
        }
        let stated = |entry: &Entry| positions.as_ref().is_some_and(|range| range.contains(&entry.position));
        self.registry.part(own, &firms, |entry| stated(entry) || self.sees_fact(entry))
    }

    /// Whether a fact may be stated; else as if what it names were not there, or NOT_PERMITTED where it is in sight.
    /// `beside` are the facts that the same command states.
    pub fn may_state<'e>(
        &self,
        day: Day,
        event: &Event,
        mut beside: impl Iterator<Item = &'e Event>,
    ) -> Result<(), Refusal> {
        use Event::*;
        let mut admits = |code: &Uscc| {
            beside.any(
                |event| matches!(event, FirmAdmitted { firm, incubator, .. } if firm == code && self.owns(incubator)),
            )
        };
        let own = |id: &IncubatorId| if self.owns(id) { Ok(()) } else { Err(unknown_incubator(id)) };
        let in_sight = |code: &Uscc| if self.ever(code) { Ok(()) } else { Err(unknown_firm(code)) };
        match event {
            FirmRegistered { .. } => Ok(()),
            FirmAdmitted { incubator, .. } => own(incubator),
            FirmGraduated { firm, incubator, .. } | FirmLeft { firm, incubator, .. } => {
                own(incubator)?;
                if admits(firm) { Ok(()) } else { in_sight(firm) }
            }
            FirmRenamed { firm, .. } | FirmDeregistered { firm } => {
                in_sight(firm)?;
                self.must(self.has(firm, day), event)
            }
            AnnualReportFiled(report) => {
                in_sight(&report.firm)?;
                self.must(self.covers(&report.firm, day, self.known), event)
            }
            HighTechCertified { firm, .. } => {
                in_sight(firm)?;
                self.must(self.covers(firm, day, self.known), event)
            }
            InvestmentMade { firm, incubator, .. } => {
                own(incubator)?;
                in_sight(firm)
            }
            AreaChanged { incubator, .. } | SeedFundEstablished { incubator, .. } => own(incubator),
            IncubatorReportFiled(report) => own(&report.incubator),
            Person(PersonEvent::ContactRecorded(contact)) => match &contact.of {
                Entity::Incubator(id) => own(id),
                Entity::Firm(code) => {
                    in_sight(code)?;
                    self.must(self.has(code, day), event)
                }
                _ => self.must(false, event),
            },
            _ => self.must(false, event),
        }
    }

    /// Whether what a beneficiary is owed under a scheme for a period, as listed, is the operator's to know and to claim.
    pub fn sees_owed(&self, scheme: &str, beneficiary: &Entity, period: &str) -> bool {
        let Entity::Incubator(id) = beneficiary else { return false };
        let year = period.parse::<i16>().ok().filter(|_| scheme == OWED_SCHEME);
        self.owns(id) && year.is_some_and(|year| same_operator(self.registry, id, year))
    }

    /// The same for what a claim keeps.
    pub fn sees_frozen(&self, of: &Frozen) -> bool {
        self.sees_owed(of.scheme.as_str(), &of.beneficiary, &of.period)
    }

    /// Whether a claim, as it stood at some time, is the operator's to know.
    pub fn sees_claim(&self, claim: &Claim) -> bool {
        self.sees_frozen(&claim.frozen) || (claim.is_published() && self.is_paid(&claim.frozen))
    }

    /// Whether the money of a claim goes to whoever runs one of its carriers now.
    fn is_paid(&self, of: &Frozen) -> bool {
        let Entity::Incubator(id) = &of.beneficiary else { return false };
        let view = self.registry.incubator(id, AsOf::NOW).filter(|_| self.owns(id));
        view.is_some_and(|view| view.operators.last().is_some_and(|term| term.value.code == of.payee))
    }

    /// Whether a fact is a step of a claim, or of an order for one, that was the operator's to know when it was taken.
    pub fn sees_step(&self, entry: &Entry) -> bool {
        if matches!(entry.event, Event::Claim(ClaimEvent::Explained(_))) {
            return false;
        }
        let of = [entry.event.owner(), entry.event.other()].into_iter().flatten();
        let mut claims = of.filter_map(|of| if let Entity::Claim(id) = of { Some(id) } else { None });
        let then = AsOf { day: Day::MAX, known: entry.position };
        let seen =
            |id: ClaimId| self.registry.finance().claim_seen(&id, then).is_some_and(|claim| self.sees_claim(&claim));
        claims.any(seen)
    }

    /// Whether an act about money may be done; what is another's is as if it were not there.
    pub fn may_act(&self, act: &Act) -> Result<(), Refusal> {
        let known = |id: &ClaimId| self.registry.finance().claim(id).filter(|claim| self.sees_claim(claim));
        match act {
            Act::Claim(of) if self.sees_owed(of.scheme.as_str(), &of.beneficiary, &of.period) => Ok(()),
            Act::Claim(of) => {
                let message = format!("there is no {} of {} for {:?}", of.scheme, of.beneficiary, of.period);
                Err(Refusal::new(Reason::UnknownEntitlement, message))
            }
            Act::Step { claim, step: ClaimStep::Withdraw, .. } => match known(claim) {
                Some(known) if self.sees_frozen(&known.frozen) => Ok(()),
                Some(_) => Err(denied("a withdrawal of what another claimed", &self.scope.caller)),
                None => Err(unknown_claim(claim)),
            },
            _ => Err(denied("an act about money", &self.scope.caller)),
        }
    }

    /// Whether the fact at a position may be taken back: what is about its own carriers; of a firm, what its own side
    /// recorded (`own`), as long as it might state it. As if there were none, where it is not seen.
    pub fn may_void(&self, position: u64, own: bool) -> Result<(), Refusal> {
        // What is not there, or was taken back already, is told by the decision.
        let Some(entry) = self.registry.entry_at(position) else { return Ok(()) };
        let registers = matches!(entry.event, Event::FirmRegistered { .. });
        let seen = self.sees_fact(&entry) || (registers && own);
        if !seen {
            return Err(unknown_fact(position));
        }
        let code = match (entry.event.owner(), entry.event.other()) {
            (Some(Entity::Firm(code)), _) => code,
            (Some(Entity::Person(_)), Some(Entity::Incubator(_))) => return Ok(()),
            (Some(Entity::Person(_)), _) => return self.must(own, &entry.event),
            _ => return Ok(()),
        };
        match (&entry.event, entry.event.other()) {
            (_, Some(Entity::Incubator(_))) => Ok(()),
            // Whoever has the firm, or nobody has.
            (Event::FirmRegistered { .. }, _) => {
                let stays = self.firm(&code, self.known).map(|firm| firm.stays).unwrap_or_default();
                let theirs = stays.iter().any(|stay| stay.is_open() && self.owns(stay.incubator));
                self.must(own && (theirs || stays.is_empty()), &entry.event)
            }
            (Event::FirmRenamed { .. } | Event::FirmDeregistered { .. }, _) => {
                self.must(own && self.has(&code, entry.day), &entry.event)
            }
            _ => self.must(own && self.covers(&code, entry.day, self.known), &entry.event),
        }
    }

    /// In sight, and not the operator's to do.
    fn must(&self, may: bool, event: &Event) -> Result<(), Refusal> {
        if may {
            return Ok(());
        }
        let method = super::table::records(event).unwrap_or_default();
        let message =
            format!("an operator may not do {method} here: the day, or the fact, is not one of its own carriers'");
        let roles = self.scope.caller.roles;
        Err(Refusal::new(Reason::NotPermitted, message).with("method", method).with("roles", roles))
    }

    fn owns(&self, id: &IncubatorId) -> bool {
        self.scope.caller.runs(id)
    }

    fn firm(&self, code: &Uscc, known: u64) -> Option<FirmView<'_>> {
        let line = self.registry.firm_line(code)?;
        Some(FirmView::of(*code, line, AsOf { day: Day::MAX, known }))
    }

    fn any_stay(&self, code: &Uscc, known: u64, pass: impl Fn(&Stay<'_>) -> bool) -> bool {
        let view = self.firm(code, known);
        view.is_some_and(|view| view.stays.iter().any(|stay| self.owns(stay.incubator) && pass(stay)))
    }

    /// Whether the firm has or had a stay with one of its carriers.
    fn ever(&self, code: &Uscc) -> bool {
        self.any_stay(code, self.known, |_| true)
    }

    /// Whether a day is one of a stay with one of its carriers, as known at a position.
    fn covers(&self, code: &Uscc, day: Day, known: u64) -> bool {
        self.any_stay(code, known, |stay| stay.admitted <= day && stay.left.is_none_or(|left| day < left.day))
    }

    /// Whether the firm is still there, and was on a day.
    fn has(&self, code: &Uscc, day: Day) -> bool {
        self.any_stay(code, self.known, |stay| stay.admitted <= day && stay.is_open())
    }
}

/// Whether whoever runs a carrier now ran it all through a year, as far as anyone did.
fn same_operator(registry: &Registry, id: &IncubatorId, year: i16) -> bool {
    let Some(view) = registry.incubator(id, AsOf::NOW) else { return false };
    let Some((first, last)) = Day::from_ymd(year, 1, 1).zip(Day::from_ymd(year, 12, 31)) else { return false };
    let now: Option<Uscc> = view.operators.last().map(|term| term.value.code);
    let ends = view.operators.iter().skip(1).map(|term| Some(term.day)).chain([None]);
    let within =
        view.operators.iter().zip(ends).filter(|(term, end)| term.day <= last && end.is_none_or(|end| end > first));
    within.map(|(term, _)| term.value.code).all(|code| Some(code) == now)
}
