//! The state of a district: every fact, on the line of the entity it is about. Clones in O(1), so that a group of commands
//! is decided on a throw-away copy while readers keep an unchanging one.

use super::entities::Entities;
use super::event::{Document, Entity, Event};
use super::finance::Finance;
use super::firm::FirmView;
use super::incubator::IncubatorView;
use super::innovation::Innovation;
use super::line::{AsOf, Entry, Line};
use super::loan::LoanView;
use super::person::{PersonId, Persons};
use super::policies::{Publication, in_force};
use super::tax_receipt::{Receipt, Receipts};
use super::values::{Day, IncubatorId, LoanId, ParkId, PolicyId, Uscc};
use super::words::Kind;
use imbl::{OrdMap, OrdSet, Vector};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A fact as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its position.
    pub position: u64,
    /// Position of the first event of its command.
    pub start: u64,
    /// Its business date.
    pub day: Day,
    /// What happened.
    pub event: Event,
    /// What bears it out.
    pub documents: Vec<Document>,
}

/// Every fact of a district.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    firms: OrdMap<Uscc, Arc<Line>>,
    incubators: OrdMap<IncubatorId, Arc<Line>>,
    parks: OrdMap<ParkId, Arc<Line>>,
    loans: OrdMap<LoanId, Arc<Line>>,
    policies: OrdMap<PolicyId, Arc<Line>>,
    settings: Arc<Line>,
    receipts: Receipts,
    /// Many maps each that few facts touch: a copy of the whole is one count more, not one for every map.
    innovation: Arc<Innovation>,
    persons: Arc<Persons>,
    finance: Arc<Finance>,
    /// Firms with a fact, voided or not, about a stay in the carrier.
    firms_in: OrdMap<IncubatorId, OrdSet<Uscc>>,
    /// Firms with a fact, voided or not, about a relocation to the park.
    firms_to: OrdMap<ParkId, OrdSet<Uscc>>,
    /// Loans that name the firm, voided or not.
    loans_of: OrdMap<Uscc, OrdSet<LoanId>>,
    /// Carriers with a fact, voided or not, that names the carrier as the one before them.
    below: OrdMap<IncubatorId, OrdSet<IncubatorId>>,
    /// Carriers with a fact, voided or not, that names the operator.
    run_by: OrdMap<Uscc, OrdSet<IncubatorId>>,
    /// Facts that each voiding command took back, by the position of the command's first event.
    voids: OrdMap<u64, OrdSet<u64>>,
    /// Every entity that a fact is about.
    entities: Entities,
    /// Where the fact at position i + 1 stands.
    places: Vector<Place>,
}

/// Where a fact stands: the number of the entity whose line holds it or, over the mark, the index of a receipt. One word,
/// since there is one for every event of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u32);

impl Place {
    /// An event about the log itself.
    const NOWHERE: Self = Self(u32::MAX);
    const RECEIPTS: u32 = 1 << 31;

    fn receipt(index: usize) -> Self {
        u32::try_from(index).map_or(Self::NOWHERE, |index| Self(index | Self::RECEIPTS))
    }

    fn receipt_index(self) -> Option<usize> {
        let is_receipt = self != Self::NOWHERE && self.0 & Self::RECEIPTS != 0;
        is_receipt.then(|| usize::try_from(self.0 & !Self::RECEIPTS).ok())?
    }
}

impl Registry {
    /// Position of the last event taken in.
    pub fn position(&self) -> u64 {
        self.places.len() as u64
    }

    /// The part of the facts that somebody sees: the lines of these carriers; of the firms those facts that `keep` keeps;
    /// and of their contacts; parks, policies and settings whole; nothing else. Positions stay what they are: where a fact was left out, there is
    /// none. Only to read from: counts of events are those of the whole.
    pub fn part(&self, carriers: &[IncubatorId], firms: &BTreeSet<Uscc>, keep: impl Fn(&Entry) -> bool) -> Self {
        let mut part = Self {
            parks: self.parks.clone(),
            policies: self.policies.clone(),
            settings: Arc::clone(&self.settings),
            voids: self.voids.clone(),
            entities: self.entities.clone(),
            places: self.places.clone(),
            ..Self::default()
        };
        for (id, line) in carriers.iter().filter_map(|id| Some((id, self.incubators.get(id)?))) {
            line.entries().iter().for_each(|entry| part.note_other(&entry.event));
            part.incubators.insert(id.clone(), Arc::clone(line));
        }
        for (code, line) in firms.iter().filter_map(|code| Some((code, self.firms.get(code)?))) {
            let mut kept = Line::default();
            for entry in line.entries().iter().filter(|entry| keep(entry)) {
                part.note_other(&entry.event);
                kept.push(entry.clone());
            }
            if !kept.entries().is_empty() {
                part.firms.insert(*code, Arc::new(kept));
            }
        }
        let parties = carriers.iter().cloned().map(Entity::Incubator).chain(firms.iter().copied().map(Entity::Firm));
        let persons: BTreeSet<PersonId> =
            parties.flat_map(|party| self.persons.ever_of(&party).collect::<Vec<_>>()).collect();
        for id in persons {
            let kept = self.persons.line(&id).into_iter().flat_map(Line::entries).filter(|entry| keep(entry));
            // Nothing of a person without a contact that is seen.
            let kept: Vec<&Entry> = kept.collect();
            for entry in kept.iter().filter(|_| kept.iter().any(|entry| entry.event.other().is_some())) {
                part.note_other(&entry.event);
                Arc::make_mut(Arc::make_mut(&mut part.persons).line_mut(id)).push((*entry).clone());
            }
        }
        part
    }

    /// Every entity that a fact is about, and the count of events about each.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Takes in the next event. Cannot fail: what was decided holds.
    pub fn evolve(&mut self, recorded: Recorded) {
        let Recorded { position, start, day, event, documents } = recorded;
        let owner = event.owner();
        let mut number = None;
        for subject in self.subjects(&event) {
            let counted = self.entities.count(&subject);
            number = number.or_else(|| (owner.as_ref() == Some(&subject)).then_some(counted));
        }
        if let Event::FactsVoided { positions, .. } = &event {
            for voided in positions {
                self.void(*voided, start);
            }
        }
        let entry = Entry { position, start, voided: None, day, event, documents };
        let (place, found_by) = owner.map_or((Place::NOWHERE, None), |owner| self.put(&owner, number, entry));
        if let Some(found_by) = found_by {
            self.receipts.index(found_by);
        }
        self.places.push_back(place);
    }

    /// Every entity that an event is about, in order: for a void, those of the facts it takes back.
    pub fn subjects(&self, event: &Event) -> Vec<Entity> {
        let mut subjects: Vec<Entity> = match event {
            Event::FactsVoided { positions, .. } => self.subjects_at(positions.iter().copied()).collect(),
            _ => event.subjects().collect(),
        };
        subjects.sort();
        subjects.dedup();
        subjects
    }

    fn subjects_at(&self, positions: impl Iterator<Item = u64>) -> impl Iterator<Item = Entity> {
        let entries = positions.filter_map(|position| self.entry_at(position));
        entries.flat_map(|entry| entry.event.subjects().collect::<Vec<_>>())
    }

    /// Takes in the next position as a snapshot kept it: a fact with its void, or nothing for an event about the log itself.
    pub(super) fn restore(&mut self, kept: Option<Entry>, found_by: &mut Vec<u64>) {
        let Some(entry) = kept else { return self.places.push_back(Place::NOWHERE) };
        let subjects = self.subjects(&entry.event);
        let owner = entry.event.owner();
        let mut number = None;
        for subject in &subjects {
            let counted = self.entities.count(subject);
            number = number.or_else(|| (owner.as_ref() == Some(subject)).then_some(counted));
        }
        if let Some(start) = entry.voided {
            // The void is one event about each entity, however many facts of it were taken back.
            let noted: BTreeSet<Entity> = self.subjects_at(self.voided_by(start)).collect();
            for subject in subjects.iter().filter(|subject| !noted.contains(subject)) {
                self.entities.count(subject);
            }
            self.voids.entry(start).or_default().insert(entry.position);
        }
        let (place, found) = owner.map_or((Place::NOWHERE, None), |owner| self.put(&owner, number, entry));
        found_by.extend(found);
        self.places.push_back(place);
    }

    /// Lets the receipts taken in by `restore` be found by their vouchers.
    pub(super) fn restored(&mut self, mut found_by: Vec<u64>) {
        found_by.sort_unstable();
        self.receipts.index_sorted(found_by);
    }

    /// Puts a fact where it stands, on the line of an entity with that number; of a receipt, gives what it is to be found by
    /// too.
    fn put(&mut self, owner: &Entity, number: Option<u32>, entry: Entry) -> (Place, Option<u64>) {
        self.note_other(&entry.event);
        if Finance::is_moved_by(&entry.event) {
            Arc::make_mut(&mut self.finance).note(&entry);
        }
        let place = number.or_else(|| self.entities.number(owner)).map_or(Place::NOWHERE, Place);
        if let Entity::Cursor(name) = owner {
            Arc::make_mut(&mut self.finance).acknowledged(name, entry);
            return (place, None);
        }
        match self.line_mut(owner) {
            Some(line) => {
                line.push(entry);
                (place, None)
            }
            None => {
                let (index, found_by) = self.receipts.push(entry);
                (Place::receipt(index), found_by)
            }
        }
    }

    fn note_other(&mut self, event: &Event) {
        match (event.owner(), event.other()) {
            (Some(Entity::Firm(firm)), Some(Entity::Incubator(id))) => {
                self.firms_in.entry(id).or_default().insert(firm);
            }
            (Some(Entity::Firm(firm)), Some(Entity::Park(id))) => {
                self.firms_to.entry(id).or_default().insert(firm);
            }
            (Some(Entity::Incubator(id)), Some(Entity::Incubator(upstream))) => {
                self.below.entry(upstream).or_default().insert(id);
            }
            (Some(Entity::Loan(id)), Some(Entity::Firm(firm))) => {
                self.loans_of.entry(firm).or_default().insert(id);
            }
            _ => {}
        }
        if Innovation::is_named_by(event) {
            Arc::make_mut(&mut self.innovation).note(event);
        }
        if matches!(event, Event::Person(_)) {
            Arc::make_mut(&mut self.persons).note(event);
        }
        if let Some((incubator, operator)) = event.operator() {
            self.run_by.entry(operator.code).or_default().insert(incubator.clone());
        }
    }

    /// Takes a fact back, as the command that starts at `start` does.
    fn void(&mut self, position: u64, start: u64) {
        let place = self.place(position);
        if place == Place::NOWHERE {
            return;
        }
        self.voids.entry(start).or_default().insert(position);
        if let Some(index) = place.receipt_index() {
            self.receipts.void(index, start);
        } else if let Some(owner) = self.entities.get(place.0).cloned()
            && let Some(line) = self.line_mut(&owner)
        {
            line.void(position, start);
        }
    }

    fn place(&self, position: u64) -> Place {
        let index = position.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.places.get(index)).copied().unwrap_or(Place::NOWHERE)
    }

    /// The line of an entity; none for a taxpayer, whose receipts are kept packed, and for a cursor.
    fn line_mut(&mut self, owner: &Entity) -> Option<&mut Line> {
        let line = match owner {
            Entity::Firm(code) => self.firms.entry(*code).or_default(),
            Entity::Incubator(id) => self.incubators.entry(id.clone()).or_default(),
            Entity::Park(id) => self.parks.entry(id.clone()).or_default(),
            Entity::Loan(id) => self.loans.entry(id.clone()).or_default(),
            Entity::Policy(id) => self.policies.entry(id.clone()).or_default(),
            Entity::Settings => &mut self.settings,
            Entity::Person(id) => Arc::make_mut(&mut self.persons).line_mut(*id),
            Entity::Intermediary(_)
            | Entity::Transfer(_)
            | Entity::Platform(_)
            | Entity::Instrument(_)
            | Entity::GuidanceFund(_)
            | Entity::Assessment(_) => Arc::make_mut(&mut self.innovation).line_mut(owner)?,
            Entity::Claim(_) | Entity::Budget(_) | Entity::Account(_) | Entity::Order(_) | Entity::Calendar => {
                Arc::make_mut(&mut self.finance).line_mut(owner)?
            }
            Entity::Taxpayer(_) | Entity::Cursor(_) => return None,
        };
        Some(Arc::make_mut(line))
    }

    /// The fact at a position; none for events that are about the log itself.
    pub fn entry_at(&self, position: u64) -> Option<Cow<'_, Entry>> {
        let place = self.place(position);
        match place.receipt_index() {
            Some(index) => self.receipts.entry(index).map(Cow::Owned),
            None => match self.entities.get(place.0)? {
                Entity::Cursor(name) => self.finance.acknowledgement(name, position).map(Cow::Borrowed),
                owner => self.line(owner)?.at(position).map(Cow::Borrowed),
            },
        }
    }

    /// The entity whose line holds the fact at a position; none for a receipt, or an event about the log itself.
    pub fn owner_at(&self, position: u64) -> Option<&Entity> {
        let place = self.place(position);
        if place.receipt_index().is_some() { None } else { self.entities.get(place.0) }
    }

    /// Who paid, and the receipt at a position; none where another fact stands.
    pub fn receipt_at(&self, position: u64) -> Option<(Uscc, Receipt<'_>)> {
        self.receipts.at(self.place(position).receipt_index()?)
    }

    /// The line of an entity; none for a taxpayer, whose receipts are kept packed, and for a cursor, whose
    /// acknowledgements stand each by itself.
    pub fn line(&self, owner: &Entity) -> Option<&Line> {
        match owner {
            Entity::Firm(code) => self.firm_line(code),
            Entity::Incubator(id) => self.incubator_line(id),
            Entity::Park(id) => self.park_line(id),
            Entity::Loan(id) => self.loan_line(id),
            Entity::Policy(id) => self.policies.get(id).map(Arc::as_ref),
            Entity::Settings => Some(&self.settings),
            Entity::Person(id) => self.persons.line(id),
            Entity::Intermediary(_)
            | Entity::Transfer(_)
            | Entity::Platform(_)
            | Entity::Instrument(_)
            | Entity::GuidanceFund(_)
            | Entity::Assessment(_) => self.innovation.line(owner),
            Entity::Claim(_) | Entity::Budget(_) | Entity::Account(_) | Entity::Order(_) | Entity::Calendar => {
                self.finance.line(owner)
            }
            Entity::Taxpayer(_) | Entity::Cursor(_) => None,
        }
    }

    /// Positions of the facts that the command whose first event stands at a position took back, ascending.
    pub fn voided_by(&self, start: u64) -> impl Iterator<Item = u64> + '_ {
        self.voids.get(&start).into_iter().flat_map(|positions| positions.iter().copied())
    }

    /// What each policy is, as known, in the order of their ids; policies of which nothing is known are left out.
    pub fn policies(&self, as_of: AsOf) -> impl Iterator<Item = (&PolicyId, Publication<'_>)> {
        self.policies.iter().filter_map(move |(id, line)| Some((id, in_force(line, as_of)?)))
    }

    /// The line of a loan.
    pub fn loan_line(&self, id: &LoanId) -> Option<&Line> {
        self.loans.get(id).map(Arc::as_ref)
    }

    /// All loans as seen, in the order of their contract numbers.
    pub fn loans(&self, as_of: AsOf) -> impl Iterator<Item = (&LoanId, LoanView<'_>)> {
        self.loans.iter().filter_map(move |(id, line)| Some((id, LoanView::of(line, as_of)?)))
    }

    /// Loans that name the firm, or did before a void.
    pub fn loans_ever_of(&self, firm: &Uscc) -> impl Iterator<Item = &LoanId> {
        self.loans_of.get(firm).into_iter().flat_map(OrdSet::iter)
    }

    /// Everything that reached the treasury.
    pub fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// Intermediaries and technology transfers, platforms, instruments, guidance funds.
    pub fn innovation(&self) -> &Innovation {
        &self.innovation
    }

    /// Claims, budgets, payment orders, the calendar.
    pub fn finance(&self) -> &Finance {
        &self.finance
    }

    /// Persons: contacts, erasures, legal holds.
    pub fn persons(&self) -> &Persons {
        &self.persons
    }

    /// Whether it may pay taxes: a firm, or the operator of a carrier at any time.
    pub fn is_taxpayer(&self, code: &Uscc) -> bool {
        self.knows_firm(code) || self.run_by(code, AsOf::NOW).next().is_some()
    }

    /// Whether it is a registered firm, whatever became of it: what `firm` tells, without its view.
    pub fn knows_firm(&self, code: &Uscc) -> bool {
        let registered = |entry: &Entry| matches!(entry.event, Event::FirmRegistered { .. });
        self.firm_line(code).is_some_and(|line| line.live().any(registered))
    }

    /// Carriers that a fact seen says it ran at some time, in the order of their ids.
    pub fn run_by(&self, code: &Uscc, as_of: AsOf) -> impl Iterator<Item = (&IncubatorId, IncubatorView<'_>)> {
        let ids = self.run_by.get(code).into_iter().flat_map(OrdSet::iter);
        let views = ids.filter_map(move |id| Some((id, self.incubator(id, as_of)?)));
        let code = *code;
        views.filter(move |(_, view)| view.operators.iter().any(|term| term.value.code == code))
    }

    /// Carriers that a fact, voided or not, says it ran, in the order of their ids.
    pub fn carriers_ever_run_by(&self, code: &Uscc) -> impl Iterator<Item = &IncubatorId> {
        self.run_by.get(code).into_iter().flat_map(OrdSet::iter)
    }

    /// The line of a firm, if any fact names it as its own.
    pub fn firm_line(&self, code: &Uscc) -> Option<&Line> {
        self.firms.get(code).map(Arc::as_ref)
    }

    /// The line of a carrier.
    pub fn incubator_line(&self, id: &IncubatorId) -> Option<&Line> {
        self.incubators.get(id).map(Arc::as_ref)
    }

    /// The line of a park; none where only relocations name it.
    pub fn park_line(&self, id: &ParkId) -> Option<&Line> {
        self.parks.get(id).map(Arc::as_ref)
    }

    /// The settings.
    pub fn settings(&self) -> &Line {
        &self.settings
    }

    /// Codes of all firms, in order.
    pub fn firm_codes(&self) -> impl Iterator<Item = Uscc> + '_ {
        self.firms.keys().copied()
    }

    /// All firms with their lines, in the order of their codes.
    pub fn firm_lines(&self) -> impl Iterator<Item = (Uscc, &Line)> {
        self.firms.iter().map(|(code, line)| (*code, line.as_ref()))
    }

    /// A firm as seen; none where nothing about it is known.
    pub fn firm(&self, code: &Uscc, as_of: AsOf) -> Option<FirmView<'_>> {
        let line = self.firm_line(code)?;
        let view = FirmView::of(*code, line, as_of);
        view.registered.map(|_| view)
    }

    /// All firms as seen, in the order of their codes.
    pub fn firms(&self, as_of: AsOf) -> impl Iterator<Item = FirmView<'_>> {
        let views = self.firms.iter().map(move |(code, line)| FirmView::of(*code, line, as_of));
        views.filter(|view| view.registered.is_some())
    }

    /// A carrier as seen; none where it is not registered.
    pub fn incubator(&self, id: &IncubatorId, as_of: AsOf) -> Option<IncubatorView<'_>> {
        let view = IncubatorView::of(self.incubator_line(id)?, as_of);
        view.registered.map(|_| view)
    }

    /// All carriers as seen, in the order of their ids.
    pub fn incubators(&self, as_of: AsOf) -> impl Iterator<Item = (&IncubatorId, IncubatorView<'_>)> {
        let views = self.incubators.iter().map(move |(id, line)| (id, IncubatorView::of(line, as_of)));
        views.filter(|(_, view)| view.registered.is_some())
    }

    /// What a carrier is; none where it is not registered, as known.
    pub fn kind_of(&self, id: &IncubatorId, as_of: AsOf) -> Option<Kind> {
        self.incubator_line(id)?.seen(as_of.any_day()).find_map(|entry| match &entry.event {
            Event::IncubatorRegistered(registered) => Some(registered.kind),
            _ => None,
        })
    }

    /// Firms that have, or had before a void, a stay in the carrier.
    pub fn firms_ever_in(&self, id: &IncubatorId) -> impl Iterator<Item = Uscc> + '_ {
        self.firms_in.get(id).into_iter().flat_map(|codes| codes.iter().copied())
    }

    /// Carriers that name the carrier as the one before them, or did before a void.
    pub fn ever_below(&self, id: &IncubatorId) -> impl Iterator<Item = &IncubatorId> {
        self.below.get(id).into_iter().flat_map(OrdSet::iter)
    }

    /// Firms that have, or had before a void, a step of relocation to the park.
    pub fn firms_ever_to(&self, id: &ParkId) -> impl Iterator<Item = Uscc> + '_ {
        self.firms_to.get(id).into_iter().flat_map(|codes| codes.iter().copied())
    }

    /// Ids of all parks that any fact names, in order.
    pub fn park_ids(&self) -> Vec<&ParkId> {
        let mut ids: Vec<&ParkId> = self.parks.keys().chain(self.firms_to.keys()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
