//! Records taken in one after the other: at the start, after another writer's commit, and in the making of a snapshot.

use super::published::{Published, SubjectHead};
use super::requests::Requests;
use crate::domain::{Day, Entity, Event, Recorded, Registry};
use crate::journal::{ChainError, Commit, Hash, Head, Record, ZERO_HASH, codec};
use std::sync::Arc;

/// Everything the writer keeps of a log.
#[derive(Clone, Debug)]
pub struct Fold {
    /// What readers see.
    pub published: Published,
    /// Which request ids were used.
    pub requests: Requests,
    /// The district, as position 1 says.
    pub district: String,
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
        let published = Published {
            registry: Arc::default(),
            head: Head::EMPTY,
            log_id: [0; 16],
            subjects: imbl::HashMap::new(),
            commits: imbl::Vector::new(),
        };
        Self { published, requests: Requests::default(), district: String::new() }
    }

    /// When the last commit was recorded, microseconds since the epoch.
    pub fn recorded_at(&self) -> i64 {
        self.published.commits.last().map_or(i64::MIN, |(micros, _)| *micros)
    }

    /// Checks that the commit follows, and takes it in whole.
    pub fn take(&mut self, commit: &Commit) -> Result<(), Broken> {
        let records = commit.verify_after(&self.published.head)?;
        let mut registry = Registry::clone(&self.published.registry);
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
        self.take_subjects(record, hash)?;
        self.requests.note(record);
        let (position, start) = (record.position, record.command_start());
        registry.evolve(&Recorded { position, start, day, event, documents });
        Ok(())
    }

    fn take_subjects(&mut self, record: &Record, hash: Hash) -> Result<(), Broken> {
        for subject in &record.subjects {
            let named = Entity::parse(&subject.name);
            let entity = named.ok_or_else(|| broken(record, &format!("{} names no entity", subject.name)))?;
            let before = self.published.subjects.get(&entity);
            let (revision, previous) = before.map_or((0, ZERO_HASH), |head| (head.revision, head.hash));
            if subject.revision != revision + 1 || subject.previous != previous {
                let detail = format!("the revision of {} does not follow from the record before it", subject.name);
                return Err(broken(record, &detail));
            }
            self.published.subjects.insert(entity, SubjectHead { revision: subject.revision, hash });
        }
        Ok(())
    }
}

fn broken(record: &Record, detail: &str) -> Broken {
    Broken { position: record.position, detail: detail.to_owned() }
}
