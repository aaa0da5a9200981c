//! A group in the making: commands decided one after the other on speculative state, their events encoded as one commit.
//!
//! Nobody sees the state of a group before its commit is durable. When the commit can't be made, the group is dropped and
//! nothing remains of it.

use super::claims::decided;
use super::clock::shanghai_day;
use super::fold::Fold;
use super::published::Published;
use super::request::{Bounds, Outcome, Principal, Request, Written};
use super::requests::{Remembered, RequestKey, Requests};
use super::start::SYSTEM;
use crate::domain::act::Act;
use crate::domain::decide::warning;
use crate::domain::{Command, Day, Decision, Entity, Event, NewEvent, Reason, Recorded, Refusal, Registry, Warning};
use crate::journal::{self, COMMIT_BYTES_MAX, Commit, Hash, Head, Record, Subject, ZERO_HASH, codec, record_hash};
use std::collections::HashMap;
use std::sync::Arc;

/// A group takes no further command past so many bytes of records: what shares a commit shares its way to the disk. One that
/// is larger stands in a commit of its own.
const GROUP_BYTES_MAX: usize = 512 * 1024;

/// What a command may not be without, whoever brings it.
struct Frame<'a> {
    principal: &'a Principal,
    request: Option<journal::RequestKey>,
}

/// A group of commands that share a commit.
pub struct Group {
    /// The head that its commit follows.
    expected: Head,
    /// When it is recorded.
    recorded_at: i64,
    today: Day,
    registry: Registry,
    position: u64,
    hash: Hash,
    bytes: Vec<u8>,
    laid: Laid,
}

/// What a group adds to that part of the writer's state which readers don't see.
#[derive(Default)]
pub struct Laid {
    /// Hash of the last record about each entity that it touched, by the entity's number.
    pub hashes: HashMap<u32, Hash>,
    /// Request ids that it used.
    pub requests: HashMap<RequestKey, Remembered>,
}

/// A group that takes no more: its commit, and the state that holds once that is durable.
pub struct Sealed {
    /// The commit.
    pub commit: Commit,
    /// Every fact, with those of the commit.
    pub registry: Arc<Registry>,
    /// When it is recorded, microseconds since the epoch.
    pub recorded_at: i64,
    /// What is not for readers.
    pub laid: Laid,
}

/// What a group builds on: the durable state and, while its commit is on its way to the disk, the group before it.
#[derive(Clone, Copy)]
pub struct Base<'a> {
    /// The durable state.
    pub fold: &'a Fold,
    /// The group before, whose commit is taken for made: if it fails, so does what was built on it.
    pub flying: Option<&'a Sealed>,
}

impl Base<'_> {
    fn head(&self) -> Head {
        self.flying.map_or(self.fold.published.head, |sealed| sealed.commit.head())
    }

    fn recorded_at(&self) -> i64 {
        self.flying.map_or_else(|| self.fold.recorded_at(), |sealed| sealed.recorded_at)
    }

    fn registry(&self) -> &Arc<Registry> {
        self.flying.map_or(&self.fold.published.registry, |sealed| &sealed.registry)
    }

    fn hash(&self, number: u32) -> Option<Hash> {
        let flying = self.flying.and_then(|sealed| sealed.laid.hashes.get(&number).copied());
        flying.or_else(|| self.fold.hash(number))
    }

    fn remembered(&self, key: &RequestKey) -> Option<Remembered> {
        let flying = self.flying.and_then(|sealed| sealed.laid.requests.get(key).copied());
        flying.or_else(|| self.fold.requests.get(key))
    }
}

/// An answer that waits for the commit.
pub struct Pending {
    written: Written,
    warnings: Vec<Warning>,
    known: u64,
    revision: u64,
    /// The state to answer from, for what is only validated; else the published one.
    registry: Option<Arc<Registry>>,
}

/// What became of one command in a group.
pub enum Judged<T> {
    /// Its answer, once the commit is durable.
    Done(T),
    /// Its events don't fit any more: it opens the next group.
    Full,
}

impl Pending {
    /// The answer, from the state that the commit left.
    pub fn outcome(self, published: &Published) -> Outcome {
        let Self { written, warnings, known, revision, registry } = self;
        let registry = registry.unwrap_or_else(|| Arc::clone(&published.registry));
        Outcome { written, warnings, registry, known, revision }
    }
}

impl Group {
    /// An empty group behind what it builds on. `now` in microseconds since the epoch; a clock set back does not turn back
    /// the log's time.
    pub fn new(base: Base<'_>, now: i64) -> Self {
        let recorded_at = now.max(base.recorded_at());
        let head = base.head();
        Self {
            expected: head,
            recorded_at,
            today: shanghai_day(recorded_at),
            registry: Registry::clone(base.registry()),
            position: head.position,
            hash: head.hash,
            bytes: Vec::new(),
            laid: Laid::default(),
        }
    }

    /// Decides a command that came with its frame. `hash` is that of its canonical bytes.
    pub fn request(
        &mut self,
        base: Base<'_>,
        request: &Request,
        bounds: Option<&dyn Bounds>,
        hash: Hash,
    ) -> Judged<Result<Pending, Refusal>> {
        let key = Requests::key(&request.principal, request.id);
        if let Some(remembered) = self.laid.requests.get(&key).copied().or_else(|| base.remembered(&key)) {
            return Judged::Done(self.again(remembered, hash, request));
        }
        let stale = |refusal: Refusal| {
            let told = bounds.map(|bounds| bounds.tell(&self.registry, refusal.clone()));
            Judged::Done(Err(told.unwrap_or(refusal)))
        };
        if let Err(refusal) = self.expect_revision(request, request.command.target.as_ref()) {
            return stale(refusal);
        }
        let (events, warnings, next) = match self.decide(base, &request.principal, &request.command, bounds) {
            Err(refusal) => return Judged::Done(Err(refusal)),
            Ok((Decision::Same { position, .. }, _)) => {
                return Judged::Done(Ok(self.pending(Written::Duplicate { position }, Vec::new(), request)));
            }
            Ok((Decision::Record { events, warnings }, next)) => (events, warnings, next),
        };
        // Which claim is opened, or opened again, only the decision tells.
        let decided = events.first().filter(|_| matches!(request.command.act, Some(Act::Claim(_))));
        if let Err(refusal) = self.expect_revision(request, decided.and_then(|first| first.event.owner()).as_ref()) {
            return stale(refusal);
        }
        let stamp = journal::RequestKey { id: request.id.0, hash };
        let frame = Frame { principal: &request.principal, request: Some(stamp) };
        if request.validate_only {
            return Judged::Done(self.encode(base, &frame, events).map(|next| self.as_if(next, warnings, request)));
        }
        match self.append(base, &frame, events, next) {
            Judged::Full => Judged::Full,
            Judged::Done(Err(refusal)) => Judged::Done(Err(refusal)),
            Judged::Done(Ok((first, last))) => {
                let pending = self.pending(Written::Recorded { first, last }, warnings, request);
                self.laid.requests.insert(key, Remembered { first, last, hash });
                Judged::Done(Ok(pending))
            }
        }
    }

    /// What a command would record. What an act is decided on is computed here, on the state that holds its predecessors.
    fn decide(
        &self,
        base: Base<'_>,
        principal: &Principal,
        command: &Command,
        bounds: Option<&dyn Bounds>,
    ) -> Result<(Decision, Option<Registry>), Refusal> {
        decided(bounds, &self.registry, &base.fold.texts, command, (&principal.id, self.today))
    }

    /// Decides a row of a bulk import: no request id, since the sameness of facts makes a resend harmless.
    pub fn row(
        &mut self,
        base: Base<'_>,
        principal: &Principal,
        bounds: Option<&dyn Bounds>,
        command: &Command,
    ) -> Judged<Result<(Decision, u64), Refusal>> {
        let decision = match self.decide(base, principal, command, bounds) {
            Err(refusal) => return Judged::Done(Err(refusal)),
            Ok(decision) => decision,
        };
        let (events, warnings, next) = match decision {
            (Decision::Same { position, .. }, _) => return Judged::Done(Ok((decision.0, position))),
            (Decision::Record { events, warnings }, next) => (events, warnings, next),
        };
        match self.append(base, &Frame { principal, request: None }, events, next) {
            Judged::Full => Judged::Full,
            Judged::Done(Err(refusal)) => Judged::Done(Err(refusal)),
            Judged::Done(Ok((_, last))) => Judged::Done(Ok((Decision::Record { events: Vec::new(), warnings }, last))),
        }
    }

    /// Records an event of the engine's own; gives its position.
    pub fn own(&mut self, base: Base<'_>, event: &Event) -> Judged<Result<u64, Refusal>> {
        let principal = Principal { id: SYSTEM.to_owned(), on_behalf_of: String::new() };
        let frame = Frame { principal: &principal, request: None };
        let event = NewEvent { day: self.today, event: event.clone(), documents: Vec::new() };
        match self.append(base, &frame, vec![event], None) {
            Judged::Full => Judged::Full,
            Judged::Done(recorded) => Judged::Done(recorded.map(|(_, last)| last)),
        }
    }

    /// The day on which its commands are decided.
    pub fn today(&self) -> Day {
        self.today
    }

    /// Whether the group has anything to append.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Closes the group.
    pub fn seal(self) -> Sealed {
        let number = self.expected.commit + 1;
        let (first, last) = (self.expected.position + 1, self.position);
        let commit = Commit { number, first, last, hash: self.hash, records: self.bytes.into() };
        debug_assert!(commit.records.len() <= COMMIT_BYTES_MAX);
        Sealed { commit, registry: Arc::new(self.registry), recorded_at: self.recorded_at, laid: self.laid }
    }

    /// The first answer, to the same content under the same id.
    fn again(&self, remembered: Remembered, hash: Hash, request: &Request) -> Result<Pending, Refusal> {
        if remembered.hash != hash {
            let message = "the request id was used for another command";
            return Err(Refusal::new(Reason::RequestIdReused, message));
        }
        let Remembered { first, last, .. } = remembered;
        let target = request.command.target.as_ref();
        let revision = target.map_or(0, |target| self.registry.revision_at(target, last));
        let recorded = (first..=last).filter_map(|position| self.registry.entry_at(position));
        let warnings = recorded.filter_map(|entry| warning(&entry.event)).collect();
        Ok(Pending { written: Written::Recorded { first, last }, warnings, known: last, revision, registry: None })
    }

    fn expect_revision(&self, request: &Request, target: Option<&Entity>) -> Result<(), Refusal> {
        let (Some(expected), Some(target)) = (request.expected_revision, target) else {
            return Ok(());
        };
        let actual = self.revision(Some(target));
        if actual == expected {
            return Ok(());
        }
        let message = format!("{target} is at revision {actual}, not {expected}");
        Err(Refusal::new(Reason::StaleEtag, message).with("expected", expected).with("actual", actual))
    }

    fn revision(&self, entity: Option<&Entity>) -> u64 {
        entity.map_or(0, |entity| self.registry.revision(entity))
    }

    fn pending(&self, written: Written, warnings: Vec<Warning>, request: &Request) -> Pending {
        let revision = self.revision(request.command.target.as_ref());
        Pending { written, warnings, known: self.position, revision, registry: None }
    }

    /// What would be answered if the events were recorded.
    fn as_if(&self, next: Next, warnings: Vec<Warning>, request: &Request) -> Pending {
        let written = Written::Recorded { first: self.position + 1, last: next.position };
        let target = request.command.target.as_ref();
        let mut registry = self.registry.clone();
        for recorded in next.recorded {
            registry.evolve(recorded);
        }
        let revision = target.map_or(0, |target| registry.revision(target));
        Pending { written, warnings, known: next.position, revision, registry: Some(Arc::new(registry)) }
    }

    /// Puts the events of one command behind what the group holds; gives their first and last position. `drafted` is the
    /// group's state with them, where the decision drew it up.
    fn append(
        &mut self,
        base: Base<'_>,
        frame: &Frame<'_>,
        events: Vec<NewEvent>,
        drafted: Option<Registry>,
    ) -> Judged<Result<(u64, u64), Refusal>> {
        let start = self.position + 1;
        let next = match self.encode(base, frame, events) {
            Err(refusal) => return Judged::Done(Err(refusal)),
            Ok(next) => next,
        };
        if !self.bytes.is_empty() && self.bytes.len() + next.bytes.len() > GROUP_BYTES_MAX {
            return Judged::Full;
        }
        self.bytes.extend_from_slice(&next.bytes);
        (self.position, self.hash) = (next.position, next.hash);
        match drafted {
            Some(drafted) => self.registry = drafted,
            // In place: the group's state is nobody else's yet, so nothing of it is copied that was touched before.
            None => next.recorded.into_iter().for_each(|recorded| self.registry.evolve(recorded)),
        }
        debug_assert_eq!(self.registry.position(), self.position);
        for (entity, head) in next.heads {
            if let Some(number) = self.registry.entities().number(&entity) {
                self.laid.hashes.insert(number, head.hash);
            }
        }
        Judged::Done(Ok((start, self.position)))
    }

    /// Encodes the events of one command as they would follow what the group holds.
    fn encode(&self, base: Base<'_>, frame: &Frame<'_>, events: Vec<NewEvent>) -> Result<Next, Refusal> {
        let start = self.position + 1;
        let mut next = Next {
            position: self.position,
            hash: self.hash,
            heads: HashMap::new(),
            recorded: Vec::with_capacity(events.len()),
            bytes: Vec::new(),
        };
        let count = u16::try_from(events.len()).unwrap_or(u16::MAX);
        for (index, NewEvent { day, event, documents }) in (0..count).zip(events) {
            let recorded = Recorded { position: next.position + 1, start, day, event, documents };
            self.record(base, frame, &mut next, (index, count), &recorded);
            next.recorded.push(recorded);
        }
        let size = next.bytes.len();
        if size > COMMIT_BYTES_MAX {
            let message = format!("the command takes {size} bytes; a commit holds at most {COMMIT_BYTES_MAX}");
            return Err(Refusal::new(Reason::TooLarge, message).with("limit_bytes", COMMIT_BYTES_MAX));
        }
        Ok(next)
    }

    /// Encodes one event behind those of its command. What a void takes back was recorded before its command, so the group's
    /// state tells whose facts they are.
    fn record(
        &self,
        base: Base<'_>,
        frame: &Frame<'_>,
        next: &mut Next,
        (index, count): (u16, u16),
        recorded: &Recorded,
    ) {
        let encoded = codec::encode(&recorded.event, &recorded.documents);
        next.position += 1;
        let touched: Vec<(Entity, SubjectHead)> = self
            .registry
            .subjects(&recorded.event)
            .into_iter()
            .map(|entity| {
                let head = next.heads.get(&entity).copied().unwrap_or_else(|| self.head(base, &entity));
                (entity, head)
            })
            .collect();
        let subject = |(entity, head): &(Entity, SubjectHead)| Subject {
            name: entity.to_string(),
            revision: head.revision + 1,
            previous: head.hash,
        };
        let mut listed: Vec<Subject> = touched.iter().map(subject).collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let record = Record {
            commit: self.expected.commit + 1,
            position: next.position,
            index,
            count,
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            effective_days: recorded.day.days(),
            recorded_at_micros: self.recorded_at,
            principal: frame.principal.id.clone(),
            on_behalf_of: frame.principal.on_behalf_of.clone(),
            request: frame.request,
            previous: next.hash,
            subjects: listed,
            payload: encoded.payload,
        };
        let bytes = record.encode();
        next.hash = record_hash(&bytes);
        next.bytes.extend_from_slice(&bytes);
        let hash = next.hash;
        next.heads.extend(
            touched.into_iter().map(|(entity, head)| (entity, SubjectHead { revision: head.revision + 1, hash })),
        );
    }

    /// Where an entity stands in the group's state.
    fn head(&self, base: Base<'_>, entity: &Entity) -> SubjectHead {
        let entities = self.registry.entities();
        let Some(number) = entities.number(entity) else { return SubjectHead { revision: 0, hash: ZERO_HASH } };
        let hash = self.laid.hashes.get(&number).copied().or_else(|| base.hash(number)).unwrap_or(ZERO_HASH);
        SubjectHead { revision: entities.revision_of(number), hash }
    }
}

/// Where an entity stands: the count of facts about it and the hash of the last record that is one.
#[derive(Clone, Copy)]
struct SubjectHead {
    revision: u64,
    hash: Hash,
}

/// Where the group would stand with the events of one more command, and their records.
struct Next {
    position: u64,
    hash: Hash,
    /// Heads of the entities that the command touched.
    heads: HashMap<Entity, SubjectHead>,
    recorded: Vec<Recorded>,
    bytes: Vec<u8>,
}
