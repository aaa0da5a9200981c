//! The decision: what a command would record, judged on the whole business-time line with its facts inserted.
//!
//! In the order of rules §2: references, DUPLICATE or CONFLICT, then the rules. (Format was judged when the command was
//! made.) Voids come first: what a command replaces is not in its own way.

use super::check::{Touched, judge};
use super::command::{Command, Origin, Stated};
use super::event::{Document, Entity, Event, TaxReceipt};
use super::firm::FirmView;
use super::guidance_fund::GuidanceFundEvent;
use super::instrument::InstrumentEvent;
use super::line::{AsOf, Entry, Line};
use super::loan::LoanView;
use super::person::{self, PersonEvent};
use super::platform::PlatformEvent;
use super::reason::{Reason, Refusal, Warning};
use super::registry::{Recorded, Registry};
use super::values::{Day, IncubatorId};
use std::borrow::Cow;

/// An event that the command would record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Its business date.
    pub day: Day,
    /// What happened.
    pub event: Event,
    /// What bears it out.
    pub documents: Vec<Document>,
}

/// What becomes of a command that is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Record these, all or nothing.
    Record {
        /// In order; at least one.
        events: Vec<NewEvent>,
        /// What to look at.
        warnings: Vec<Warning>,
    },
    /// Everything it states is recorded already.
    Same {
        /// DUPLICATE or VOIDED_BEFORE.
        reason: Reason,
        /// Where the last of the facts stands.
        position: u64,
    },
}

/// How a stated fact relates to what is recorded.
enum Sameness {
    New,
    Same(u64),
    VoidedBefore(u64),
}

/// Decides a command on a day (the writer's, in Asia/Shanghai) and a state.
pub fn decide(registry: &Registry, command: &Command, today: Day) -> Result<Decision, Refusal> {
    decide_and_draft(registry, command, today).map(|(decision, _)| decision)
}

/// Decides a command, and gives the state with what it would record, where that was drawn up to judge it: whoever records
/// it need not take it in again.
pub fn decide_and_draft(
    registry: &Registry,
    command: &Command,
    today: Day,
) -> Result<(Decision, Option<Registry>), Refusal> {
    let recorded = registry.position();
    // A fact that no rule of a line binds is told apart by references and sameness alone: no line need be drawn up for it.
    let alone = command.void.is_none() && command.facts.len() == 1 && command.facts[0].event.is_bound_by_no_line();
    let mut draft = Draft {
        next: Cow::Borrowed(registry),
        alone,
        start: recorded + 1,
        today,
        touched: Touched::default(),
        events: Vec::new(),
        warnings: Vec::new(),
        same: 0,
        voided: None,
    };
    draft.void(registry, command)?;
    let registered: Vec<Entity> = command.facts.iter().filter_map(|fact| registers(&fact.event)).collect();
    for fact in &command.facts {
        draft.references(&fact.event, &registered)?;
    }
    for fact in &command.facts {
        draft.state(fact, command)?;
    }
    // Only a row that states nothing new is an old one; a new fact that leans on what was taken back is judged, and refused.
    if let Some(position) = draft.voided.filter(|_| draft.events.is_empty()) {
        return Ok((Decision::Same { reason: Reason::VoidedBefore, position }, None));
    }
    if draft.events.is_empty() {
        return Ok((Decision::Same { reason: Reason::Duplicate, position: draft.same }, None));
    }
    draft.not_in_future()?;
    if !alone {
        judge(&draft.next, recorded, &draft.touched)?;
    }
    let Draft { next, events, warnings, .. } = draft;
    let next = match next {
        Cow::Owned(next) => Some(next),
        Cow::Borrowed(_) => None,
    };
    Ok((Decision::Record { events, warnings }, next))
}

/// What to look at about a stated fact, accepted all the same: said where a firm is registered.
pub fn warning(event: &Event) -> Option<Warning> {
    match event {
        Event::FirmRegistered { firm, .. } if !firm.checksum_holds() => {
            let message = format!("the last character of {firm} is not the one that GB 32100-2015 computes");
            Some(Warning { reason: Reason::CodeChecksum, field: "firm_code", message })
        }
        _ => None,
    }
}

/// The entity that the fact registers.
fn registers(event: &Event) -> Option<Entity> {
    let registers = matches!(
        event,
        Event::FirmRegistered { .. }
            | Event::IncubatorRegistered(_)
            | Event::LoanDrawn(_)
            | Event::Transfer(_)
            | Event::Platform(PlatformEvent::Registered(_))
            | Event::Instrument(InstrumentEvent::Catalogued(_))
            | Event::GuidanceFund(GuidanceFundEvent::Established(_))
            | Event::ProjectAssessed(_)
            | Event::Person(PersonEvent::ContactRecorded(_))
    );
    event.owner().filter(|_| registers)
}

/// A decision in the making.
struct Draft<'a> {
    /// The line as it would be: the state itself until the first fact is put into it.
    next: Cow<'a, Registry>,
    /// The command is one fact that no rule of a line binds.
    alone: bool,
    start: u64,
    today: Day,
    touched: Touched,
    events: Vec<NewEvent>,
    warnings: Vec<Warning>,
    same: u64,
    voided: Option<u64>,
}

impl Draft<'_> {
    fn record(&mut self, day: Day, event: Event, documents: Vec<Document>) {
        if self.alone {
            self.events.push(NewEvent { day, event, documents });
            return;
        }
        let position = self.next.position() + 1;
        self.touched.note(&event);
        let new = NewEvent { day, event, documents };
        let NewEvent { event, documents, .. } = new.clone();
        self.next.to_mut().evolve(Recorded { position, start: self.start, day, event, documents });
        self.events.push(new);
    }

    fn void(&mut self, registry: &Registry, command: &Command) -> Result<(), Refusal> {
        let Some(order) = &command.void else { return Ok(()) };
        for position in &order.positions {
            let Some(entry) = registry.entry_at(*position) else {
                return Err(unknown_fact(*position));
            };
            if !entry.event.is_voidable() {
                let message = format!("position {position} holds a step of money, which has its counter-act");
                return Err(Refusal::new(Reason::NotVoidable, message).at(*position));
            }
            if entry.event.is_final() {
                let message = format!("what was done at position {position} stands: it can't be taken back");
                return Err(Refusal::new(Reason::UnknownFact, message).at(*position));
            }
            if let Some(by) = entry.voided {
                let message = format!("the fact at position {position} was taken back at {by}");
                return Err(Refusal::new(Reason::AlreadyVoided, message).at(by));
            }
            self.touched.note(&entry.event);
        }
        self.touched.voids = true;
        let (positions, reason, decided_by) = (order.positions.clone(), order.reason.clone(), order.decided_by.clone());
        // The documents of a pure void bear out the void; beside new facts they bear out the facts.
        let documents = if command.facts.is_empty() { command.documents.clone() } else { Vec::new() };
        self.record(self.today, Event::FactsVoided { positions, reason, decided_by }, documents);
        Ok(())
    }

    fn state(&mut self, fact: &Stated, command: &Command) -> Result<(), Refusal> {
        let event = self.resolve(fact)?;
        match self.sameness(fact.day, &event, command)? {
            Sameness::Same(position) => self.same = self.same.max(position),
            Sameness::VoidedBefore(position) => self.voided = Some(position),
            Sameness::New => {
                self.warnings.extend(warning(&event));
                self.record(fact.day, event, command.documents.clone());
            }
        }
        Ok(())
    }

    /// Names the stay that a leaving ends, where the command left it open.
    fn resolve(&self, fact: &Stated) -> Result<Event, Refusal> {
        let mut event = fact.event.clone();
        let (Event::FirmGraduated { firm, incubator, admitted, .. }
        | Event::FirmLeft { firm, incubator, admitted, .. }) = &mut event
        else {
            return Ok(event);
        };
        let line = self.next.firm_line(firm).ok_or_else(|| unknown_firm(firm))?;
        let view = FirmView::of(*firm, line, AsOf::NOW);
        let stay = match fact.open_stay {
            true => view.stay_to_end(incubator, fact.day),
            false => view.stays.iter().find(|stay| stay.incubator == incubator && stay.admitted == *admitted),
        };
        match stay {
            Some(stay) => *admitted = stay.admitted,
            // A row's leaving whose admission was voided before is judged with its admission.
            None if self.voided.is_some() => {}
            None => return Err(no_open_stay(&view, incubator, fact.day)),
        }
        Ok(event)
    }

    /// Everything that the fact names is there, or is registered by the command itself.
    fn references(&self, event: &Event, registered: &[Entity]) -> Result<(), Refusal> {
        // A carrier that names itself as the one before it is told so by the rule against cycles.
        let other = event.other().filter(|other| event.owner().as_ref() != Some(other));
        let named =
            [event.owner(), other, event.further()].map(|entity| entity.filter(|entity| !registered.contains(entity)));
        // The carrier of a stay is judged before the firm, as rules §2 lists them.
        for entity in named.into_iter().flatten().rev() {
            match entity {
                Entity::Firm(code) if !self.next.knows_firm(&code) => return Err(unknown_firm(&code)),
                Entity::Incubator(id) if self.next.kind_of(&id, AsOf::NOW).is_none() => {
                    return Err(unknown_incubator(&id));
                }
                Entity::Loan(id)
                    if self.next.loan_line(&id).and_then(|line| LoanView::of(line, AsOf::NOW)).is_none() =>
                {
                    let message = format!("loan {id} is not registered");
                    return Err(Refusal::new(Reason::UnknownLoan, message).with("loan", id));
                }
                Entity::Intermediary(id) if self.next.innovation().intermediary(&id, AsOf::NOW).is_none() => {
                    let message = format!("intermediary {id} is not registered");
                    return Err(Refusal::new(Reason::UnknownIntermediary, message).with("intermediary", id));
                }
                Entity::Platform(id) if self.next.innovation().platform(&id, AsOf::NOW).is_none() => {
                    let message = format!("platform {id} is not registered");
                    return Err(Refusal::new(Reason::UnknownPlatform, message).with("platform", id));
                }
                Entity::Instrument(id) if self.next.innovation().instrument(&id, AsOf::NOW).is_none() => {
                    let message = format!("instrument {id} is not in the catalogue");
                    return Err(Refusal::new(Reason::UnknownInstrument, message).with("instrument", id));
                }
                Entity::GuidanceFund(id)
                    if self.next.innovation().guidance_fund_established(&id, AsOf::NOW).is_none() =>
                {
                    let message = format!("guidance fund {id} is not established");
                    return Err(Refusal::new(Reason::UnknownGuidanceFund, message).with("guidance_fund", id));
                }
                Entity::Assessment(id) if self.next.innovation().assessment(&id, AsOf::NOW).is_none() => {
                    let message = format!("project {id} is not assessed");
                    return Err(Refusal::new(Reason::UnknownAssessment, message).with("assessment", id));
                }
                Entity::Person(id) if self.next.persons().line(&id).is_none() => {
                    return Err(
                        Refusal::new(Reason::UnknownPerson, format!("no person {id} is known")).with("person", id)
                    );
                }
                Entity::Taxpayer(code) if !self.next.is_taxpayer(&code) => {
                    let message = format!("{code} is neither a firm nor the operator of a carrier at any time");
                    return Err(Refusal::new(Reason::UnknownTaxpayer, message).with("taxpayer", code));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sameness(&self, day: Day, event: &Event, command: &Command) -> Result<Sameness, Refusal> {
        if let Event::TaxReceiptRecorded(receipt) = event {
            return self.receipt_sameness(day, receipt, command);
        }
        let Some(line) = event.owner().and_then(|owner| self.next.line(&owner)) else { return Ok(Sameness::New) };
        if let Event::Person(said) = event {
            return Ok(person::sameness(line, day, said)?.map_or(Sameness::New, Sameness::Same));
        }
        let key = event.key(day);
        let same_documents = |entry: &Entry| command.documents.is_empty() || command.documents == entry.documents;
        let identical = |entry: &Entry| entry.day == day && entry.event == *event && same_documents(entry);
        let says_no_more =
            |entry: &Entry| entry.day == day && filled(event, &entry.event) == entry.event && same_documents(entry);
        let of_key = |entry: &&Entry| entry.event.key(entry.day) == key;
        // A policy published again after another text took its place is in force anew: only the last one is the same.
        if matches!(event, Event::PolicyPublished(_)) && command.origin == Origin::Rpc {
            let last = line.live().last().filter(|entry| says_no_more(entry));
            return Ok(last.map_or(Sameness::New, |entry| Sameness::Same(entry.position)));
        }
        if let Some(entry) = line.live().filter(of_key).find(|entry| says_no_more(entry)) {
            return Ok(Sameness::Same(entry.position));
        }
        let voided =
            line.entries().iter().filter(|entry| !entry.is_live()).filter(of_key).rfind(|entry| identical(entry));
        // Before a contradiction: after a replacement under the same key, the old row is one that was taken back.
        if let Some(entry) = voided.filter(|_| command.origin == Origin::Import) {
            return Ok(Sameness::VoidedBefore(entry.position));
        }
        match contradiction(line, day, event) {
            None => Ok(Sameness::New),
            Some(entry) => {
                let message = format!("recorded with other values at position {}", entry.position);
                Err(Refusal::new(Reason::Conflict, message).at(entry.position))
            }
        }
    }

    /// A receipt is told by its voucher and tax, across the whole district.
    fn receipt_sameness(&self, day: Day, receipt: &TaxReceipt, command: &Command) -> Result<Sameness, Refusal> {
        let (mut voided, mut conflict) = (None, None);
        for (_, kept) in self.next.receipts().of_voucher(&receipt.voucher, receipt.tax) {
            let position = kept.position;
            let Some(entry) = self.next.entry_at(position) else { continue };
            let documents = command.documents.is_empty() || command.documents == entry.documents;
            let stated = Event::TaxReceiptRecorded(receipt.clone());
            let says_no_more = documents && entry.day == day && filled(&stated, &entry.event) == entry.event;
            let identical = documents && entry.day == day && stated == entry.event;
            match (entry.is_live(), identical) {
                (true, _) if says_no_more => return Ok(Sameness::Same(position)),
                (true, _) => conflict = Some(position),
                (false, true) if command.origin == Origin::Import => voided = voided.or(Some(position)),
                (false, _) => {}
            }
        }
        match (voided, conflict) {
            (Some(position), _) => Ok(Sameness::VoidedBefore(position)),
            (None, None) => Ok(Sameness::New),
            (None, Some(position)) => {
                let message =
                    format!("voucher {} lists this tax with other values at position {position}", receipt.voucher);
                Err(Refusal::new(Reason::Conflict, message).at(position))
            }
        }
    }

    fn not_in_future(&self) -> Result<(), Refusal> {
        let ahead = |new: &&NewEvent| new.day > self.today && !new.event.may_lie_ahead();
        match self.events.iter().find(ahead) {
            None => Ok(()),
            Some(new) => {
                let message = format!("{} lies after today, {}", new.day, self.today);
                Err(Refusal::new(Reason::DateInFuture, message).with("date", new.day).with("today", self.today))
            }
        }
    }
}

/// The stated fact, its empty values taken from the recorded one: an empty value says nothing (rules §2). Not the other way
/// round: a value stated where none was recorded is another value, since taking the fact for the same would lose it. It is
/// CONFLICT, and the recorded fact is replaced with the fuller one.
fn filled(stated: &Event, recorded: &Event) -> Event {
    fn fill(value: &mut String, known: &str) {
        if value.is_empty() {
            known.clone_into(value);
        }
    }
    let mut event = stated.clone();
    match (&mut event, recorded) {
        (Event::FirmSettled { assessment, .. }, Event::FirmSettled { assessment: known, .. })
            if assessment.is_none() =>
        {
            assessment.clone_from(known);
        }
        (Event::FirmAdmitted { waiver, .. }, Event::FirmAdmitted { waiver: known, .. }) => fill(waiver, known),
        (Event::FirmGraduated { document_no, .. }, Event::FirmGraduated { document_no: known, .. })
        | (Event::IncubatorRecognised { document_no, .. }, Event::IncubatorRecognised { document_no: known, .. }) => {
            fill(document_no, known);
        }
        (Event::FirmRegistered { field, .. }, Event::FirmRegistered { field: known, .. }) => fill(field, known),
        (Event::IncubatorRegistered(value), Event::IncubatorRegistered(known)) => {
            if value.upstream.is_none() {
                value.upstream.clone_from(&known.upstream);
            }
            // Floor space 0 is unknown.
            for (area, known) in
                [(&mut value.area.incubation, known.area.incubation), (&mut value.area.public, known.area.public)]
            {
                *area = if *area == 0 { known } else { *area };
            }
        }
        (Event::HighTechCertified { expiry, .. }, Event::HighTechCertified { expiry: known, .. }) => {
            *expiry = expiry.or(*known);
        }
        (Event::TaxReceiptRecorded(value), Event::TaxReceiptRecorded(known)) => {
            value.period = (value.period.0.or(known.period.0), value.period.1.or(known.period.1));
        }
        (Event::IncubatorReportFiled(value), Event::IncubatorReportFiled(known)) => {
            for (figure, known) in &known.figures {
                value.figures.entry(*figure).or_insert(*known);
            }
        }
        _ => {}
    }
    event
}

/// The live fact that the stated one contradicts: same key, other values. An end of a recognition before those recorded is
/// a new fact, and the earlier end holds; a later one contradicts.
fn contradiction<'a>(line: &'a Line, day: Day, event: &Event) -> Option<&'a Entry> {
    let key = event.key(day);
    if event.is_told_by_all_values() {
        return None;
    }
    let mut same_key = line.live().filter(|entry| entry.event.key(entry.day) == key);
    match event {
        Event::RecognitionEnded { .. } => same_key.find(|entry| entry.day <= day),
        _ => same_key.next(),
    }
}

/// Names the last leaving where there was a stay: it may be the one that the command is about.
fn no_open_stay(view: &FirmView<'_>, incubator: &IncubatorId, day: Day) -> Refusal {
    let message = format!("firm {} has no stay in {incubator} that could end on {day}", view.code);
    let refusal = Refusal::new(Reason::NoOpenStay, message).with("firm", view.code).with("incubator", incubator);
    let refusal = refusal.with("date", day);
    match view.stays.iter().rev().filter(|stay| stay.incubator == incubator).find_map(|stay| stay.left) {
        Some(left) => refusal.at(left.position).with("left_date", left.day),
        None => refusal,
    }
}

/// There is nothing to take back at a position.
pub fn unknown_fact(position: u64) -> Refusal {
    let message = format!("position {position} holds no fact that could be taken back");
    Refusal::new(Reason::UnknownFact, message).at(position)
}

/// The firm is not registered.
pub fn unknown_firm(code: &super::values::Uscc) -> Refusal {
    Refusal::new(Reason::UnknownFirm, format!("firm {code} is not registered")).with("firm", code)
}

/// The carrier is not registered.
pub fn unknown_incubator(id: &super::values::IncubatorId) -> Refusal {
    Refusal::new(Reason::UnknownIncubator, format!("carrier {id} is not registered")).with("incubator", id)
}
