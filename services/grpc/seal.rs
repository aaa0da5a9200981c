//! The way of a command whose facts are sealed: its owner's key, the seal, the engine.
//!
//! A key is durable before anything sealed under it may leave for the log. A new owner's key is drawn first and kept only once
//! the command would be accepted; where it is refused after all (another came first), the key is taken away again. So that
//! nobody else has sealed under it by then, commands of owners without a key go one by one; those of known owners don't wait.
//! What a crash leaves, a key under which nothing is recorded, goes at the next start (`open_keys`).

use super::{Districts, status};
use crate::domain::sealed::Sealed;
use crate::domain::{Command, Entity, Reason, Refusal};
use crate::engine::{Bounded, Engine, EngineError, Outcome, Principal, Request, RequestId};
use crate::journal::sealed::{DataKey, Opened};
use crate::keys::{KeyStore, KeysError, MasterKey};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;
use tonic::Status;

/// The keys of one district; clones are cheap.
#[derive(Clone)]
pub struct Keys {
    store: Arc<KeyStore>,
    /// Held while a new owner's key is not known to stay.
    making: Arc<Mutex<()>>,
}

/// What frames a sealed command.
#[derive(Clone)]
pub struct Framing {
    /// Who asks.
    pub principal: Principal,
    /// Id of the request.
    pub id: RequestId,
    /// Revision that the target must have.
    pub expected_revision: Option<u64>,
    /// Record nothing.
    pub validate_only: bool,
    /// What the caller may.
    pub bounds: Bounded,
}

/// Seals the fields of one fact under its owner's key.
pub struct Sealing<'a> {
    store: &'a KeyStore,
    key: &'a DataKey,
    owner: &'a Entity,
}

impl Sealing<'_> {
    /// Seals a text for a field of an event's message.
    pub fn seal(&self, event_type: u16, field: &str, text: &str) -> Result<Sealed, Status> {
        self.store.seal_with(self.key, event_type, field, self.owner, text).map_err(|error| of(&error))
    }
}

/// Opens a district's key store, and sets it right by the log: what the log records as erased is erased, and the keys of
/// persons of whom nothing is recorded are taken away.
pub fn open_keys(path: &Path, master: MasterKey, engine: &Engine) -> Result<KeyStore, KeysError> {
    let published = engine.published();
    let persons = published.registry.persons();
    let store = KeyStore::at(path, master, published.log_id)?;
    let is_orphan = |owner: &Entity| matches!(owner, Entity::Person(id) if persons.line(id).is_none());
    let (erased, orphans) = store.settle(persons.erased(), is_orphan)?;
    if erased + orphans > 0 {
        tracing::warn!(district = engine.district(), erased, orphans, "the key store is set right by the log");
    }
    Ok(store)
}

impl Keys {
    /// The keys of a store.
    pub fn new(store: KeyStore) -> Self {
        Self { store: Arc::new(store), making: Arc::default() }
    }

    /// Opens a sealed field; none where its owner is erased.
    pub fn read(
        &self,
        event_type: u16,
        field: &str,
        owner: &Entity,
        sealed: &Sealed,
    ) -> Result<Option<Opened>, Status> {
        match self.store.open(event_type, field, owner, sealed) {
            Ok(opened) => Ok(Some(opened)),
            Err(KeysError::Erased(_)) => Ok(None),
            Err(error) => Err(of(&error)),
        }
    }

    /// Whether a sealed field can't be opened for want of its key, which nobody erased.
    pub fn lacks(&self, event_type: u16, field: &str, owner: &Entity, sealed: &Sealed) -> bool {
        matches!(self.store.open(event_type, field, owner, sealed), Err(KeysError::Missing { .. }))
    }

    /// Erases an owner's key, durably.
    pub async fn erase(&self, owner: &Entity) -> Result<(), Status> {
        let owner = owner.clone();
        self.work(move |store| store.erase(&owner).map(|_| ())).await
    }

    /// Decides and records a command whose facts `make` seals under the owner's key.
    pub async fn submit(
        &self,
        engine: &Engine,
        framing: Framing,
        owner: &Entity,
        make: impl Fn(&Sealing<'_>) -> Result<Command, Status>,
    ) -> Result<Outcome, Status> {
        let request = |key: &DataKey, validate_only: bool| {
            let command = make(&Sealing { store: &self.store, key, owner })?;
            let Framing { principal, id, expected_revision, .. } = framing.clone();
            Ok::<_, Status>(Request { principal, id, expected_revision, validate_only, command })
        };
        let bounds = || framing.bounds.clone();
        // A key that something recorded is sealed under stays; any other may yet be forgotten by whoever made it.
        let is_kept = engine.published().revision(owner) > 0;
        if let Some(key) = self.key(owner)?.filter(|_| is_kept) {
            return engine.submit_within(request(&key, framing.validate_only)?, bounds()).await.map_err(status::of);
        }
        // The turn goes along with each write of the file: a caller that goes away meanwhile does not hand it on too early.
        let turn = Arc::clone(&self.making).lock_owned().await;
        if let Some(key) = self.key(owner)? {
            return engine.submit_within(request(&key, framing.validate_only)?, bounds()).await.map_err(status::of);
        }
        let key = self.store.draw().map_err(|error| of(&error))?;
        let judged = engine.submit_within(request(&key, true)?, bounds()).await.map_err(status::of)?;
        if framing.validate_only {
            return Ok(judged);
        }
        let (kept, whose) = (key.clone(), owner.clone());
        let turn = self.work(move |store| store.keep(&whose, &kept).map(|_| turn)).await?;
        let answer = engine.submit_within(request(&key, false)?, bounds()).await;
        if let Err(EngineError::Refused(_)) = &answer {
            let (id, whose) = (key.id(), owner.clone());
            self.work(move |store| store.forget(&whose, id).map(|()| drop(turn))).await?;
        }
        answer.map_err(status::of)
    }

    fn key(&self, owner: &Entity) -> Result<Option<DataKey>, Status> {
        self.store.key(owner).map_err(|error| of(&error))
    }

    /// Writes the file of keys beside the threads that serve calls.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&KeyStore) -> Result<T, KeysError> + Send + 'static,
    ) -> Result<T, Status> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        let done = done.map_err(|_| status::plain(Reason::Internal, "a fault of this program"))?;
        done.map_err(|error| of(&error))
    }
}

impl Districts {
    /// The keys of an engine's district; KEYS_UNAVAILABLE where the server has none.
    pub(super) fn keys(&self, engine: &Engine) -> Result<&Keys, Status> {
        self.keys_in(engine.district())
    }

    /// The same, by the district's code.
    pub(super) fn keys_in(&self, district: &str) -> Result<&Keys, Status> {
        self.keys_of(district).ok_or_else(|| {
            let message = "this server was given no master key: what is sealed is neither made nor read here";
            status::plain(Reason::KeysUnavailable, message)
        })
    }
}

/// The status of what the key store says. What failed inside is logged here, not told.
fn of(error: &KeysError) -> Status {
    match error {
        KeysError::Erased(owner) => {
            let refusal = Refusal::new(Reason::PersonErased, error.to_string());
            status::refused(&match owner {
                Entity::Person(id) => refusal.with("person", id),
                other => refusal.with("owner", other),
            })
        }
        KeysError::Missing { key, .. } => {
            status::refused(&Refusal::new(Reason::KeysUnavailable, error.to_string()).with("key", key))
        }
        failed => {
            tracing::error!(error = failed as &dyn std::error::Error, "the key store failed");
            status::plain(Reason::KeysUnavailable, "the key store failed; the server's log says how")
        }
    }
}
