//! Records taken in one after the other: at the start, after another writer's commit, and in the making of a snapshot.

use super::claims::Texts;
use super::group::Sealed;
use super::published::Published;
use super::requests::Requests;
use crate::domain::{Day, Entity, Event, Recorded, Registry};
use crate::journal::{ChainError, Commit, Hash, Head, Record, ZERO_HASH, codec};
use std::sync::Arc;

/// Everything the writer keeps of a log. What readers don't see is nobody else's, so that it is changed in place; a snapshot
/// that is being made holds a copy meanwhile.
#[derive(Clone, Debug)]
pub struct Fold {
    /// What readers see.
    pub published: Published,
    /// Hash of the last record about each entity, by the entity's number.
    pub hashes: imbl::Vector<Hash>,
    /// Which request ids were used.
    pub requests: Requests,
    /// The district, as position 1 says.
    pub district: String,
    /// Texts of policies, read once.
    pub texts: Arc<Texts>,
}

/// Why the log can't be taken in from a position on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// First position that can't be trusted.
    pub position: u64,
    /// What was found.
    pub detail: String,
}

impl From<ChainError> for Broken {
    fn from(error: ChainError) -> Self {
        Self { position: error.position(), detail: error.to_string() }
    }
}

impl Fold {
    /// Of a log that holds nothing.
    pub fn empty() -> Self {
        let published =
            Published { registry: Arc::default(), head: Head::EMPTY, log_id: [0; 16], commits: imbl::Vector::new() };
        let (hashes, requests) = (imbl::Vector::new(), Requests::default());
        Self { published, hashes, requests, district: String::new(), texts: Arc::default() }
    }

    /// When the last commit was recorded, microseconds since the epoch.
    pub fn recorded_at(&self) -> i64 {
        self.published.commits.last().map_or(i64::MIN, |(micros, _)| *micros)
    }

    /// Checks that the commit follows, and takes it in whole. After an error the fold is of no use any more.
    pub fn take(&mut self, commit: &Commit) -> Result<(), Broken> {
        let records = commit.verify_after(&self.published.head)?;
        // In place, unless readers hold it too.
        let mut registry = Arc::unwrap_or_clone(std::mem::take(&mut self.published.registry));
        let mut recorded_at = self.recorded_at();
        for (record, hash) in &records {
            if record.recorded_at_micros < recorded_at {
                return Err(broken(record, "it was recorded before the record in front of it"));
            }
            recorded_at = record.recorded_at_micros;
            self.take_record(&mut registry, record, *hash)?;
        }
        self.published.registry = Arc::new(registry);
        self.published.head = commit.head();
        self.published.commits.push_back((recorded_at, commit.last));
        Ok(())
    }

    fn take_record(&mut self, registry: &mut Registry, record: &Record, hash: Hash) -> Result<(), Broken> {
        let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
        let (event, documents) = decoded.map_err(|error| broken(record, &error.to_string()))?;
        let day = Day::from_days(record.effective_days).ok_or_else(|| broken(record, "its date is out of range"))?;
        match (&event, record.position) {
            (Event::LogCreated { district, log_id, .. }, 1) => {
                self.district.clone_from(district);
                self.published.log_id = *log_id;
            }
            (Event::LogCreated { .. }, _) | (_, 1) => {
                return Err(broken(record, "LogCreated stands at position 1 and nowhere else"));
            }
            _ => {}
        }
        self.requests.note(record);
        let (position, start) = (record.position, record.command_start());
        let recorded = Recorded { position, start, day, event, documents };
        let subjects = self.check_subjects(registry, record, &recorded.event)?;
        registry.evolve(recorded);
        for (entity, number) in subjects {
            if let Some(number) = number.or_else(|| registry.entities().number(&entity)) {
                self.set_hash(number, hash);
            }
        }
        Ok(())
    }

    /// The record names whom its event is about, and each with the revision that follows. Gives them with their numbers, as
    /// far as they have one.
    fn check_subjects(
        &self,
        registry: &Registry,
        record: &Record,
        event: &Event,
    ) -> Result<Vec<(Entity, Option<u32>)>, Broken> {
        let subjects = registry.subjects(event);
        if record.subjects.len() != subjects.len() {
            return Err(broken(record, "it does not name whom its event is about"));
        }
        let subjects: Vec<(Entity, Option<u32>)> = subjects
            .into_iter()
            .map(|entity| {
                let number = registry.entities().number(&entity);
                (entity, number)
            })
            .collect();
        for subject in &record.subjects {
            let named = subjects.iter().find(|(entity, _)| entity.is_named(&subject.name));
            let (_, number) =
                named.ok_or_else(|| broken(record, &format!("its event is not about {}", subject.name)))?;
            let revision = number.map_or(0, |number| registry.entities().revision_of(number));
            let previous = number.and_then(|number| self.hash(number)).unwrap_or(ZERO_HASH);
            if subject.revision != revision + 1 || subject.previous != previous {
                let detail = format!("the revision of {} does not follow from the record before it", subject.name);
                return Err(broken(record, &detail));
            }
        }
        Ok(subjects)
    }

    /// Hash of the last record about an entity.
    pub fn hash(&self, number: u32) -> Option<Hash> {
        self.hashes.get(usize::try_from(number).ok()?).copied()
    }

    fn set_hash(&mut self, number: u32, hash: Hash) {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        match self.hashes.get_mut(at) {
            Some(known) => *known = hash,
            None => {
                // Numbers of one group may come in any order.
                while self.hashes.len() < at {
                    self.hashes.push_back(ZERO_HASH);
                }
                self.hashes.push_back(hash);
            }
        }
    }

    /// Takes in a group whose commit is durable.
    pub fn land(&mut self, sealed: Sealed) {
        let Sealed { commit, registry, recorded_at, laid } = sealed;
        self.published.registry = registry;
        self.published.head = commit.head();
        self.published.commits.push_back((recorded_at, commit.last));
        for (number, hash) in laid.hashes {
            self.set_hash(number, hash);
        }
        for (key, remembered) in laid.requests {
            self.requests.insert(key, remembered);
        }
    }
}

fn broken(record: &Record, detail: &str) -> Broken {
    Broken { position: record.position, detail: detail.to_owned() }
}
