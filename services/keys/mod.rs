//! The key store: a data key for every owner of sealed fields, kept outside the log so that it can be erased.
//!
//! The log forgets nothing; who erases an owner's key has erased what was sealed under it, while every record and hash stays
//! as it was. A district's store is one file of `DIR/keys`, readable by its owner alone, in which each key is wrapped by the
//! master key, which lies elsewhere (`master`). It is replaced whole, atomically and synced, whenever a key is made, erased or
//! wrapped anew (`file` tells its form); a process that has it open holds a lock beside it.
//!
//! What a user of it relies on:
//! - a key is durable before anything sealed under it may leave for the log (`keep` before the append);
//! - an erased owner never gets a key again, nor does its erased key come back, from whatever backup: its id stays behind in
//!   the store, and in the log's own record of the erasure, by which the store is set right at every start (`settle`);
//! - what a disk may still hold of an erased key is wrapped: after the master key is rotated, nobody unwraps it.
//!
//! Keys in memory are wrapped too, and unwrapped for one use. Making a key takes a write of the whole file, about 200 bytes a
//! key: right for persons and payees, of whom a district has thousands.

pub mod backup;
mod file;
mod master;
mod write;

pub use master::MasterKey;

use crate::domain::Entity;
use crate::domain::sealed::{KeyId, Sealed};
use crate::journal::sealed::{self, DataKey, Opened, Place, SealError};
use file::{Contents, Wrapped};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use zeroize::Zeroizing;

/// Why keys can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file of the master key can't be used.
    #[error("the master key in {}: {detail}", path.display())]
    Master {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The keys are wrapped by another master key.
    #[error("{} is under master key {wanted}, and the one given is {given}", path.display())]
    OtherMaster {
        /// The store or backup.
        path: PathBuf,
        /// Id of the key that it names.
        wanted: String,
        /// Id of the key that was given.
        given: String,
    },
    /// The store or backup is of another log.
    #[error("{} belongs to log {found}, not to {wanted}", path.display())]
    OtherLog {
        /// The store or backup.
        path: PathBuf,
        /// The log that it names.
        found: String,
        /// The log that it was opened for.
        wanted: String,
    },
    /// The bytes of the store or backup are not those that were written.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Others may read it.
    #[error("{} is open to others (mode {mode:03o}); it is its owner's alone", path.display())]
    Exposed {
        /// File or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another process has the store open.
    #[error("{} is in use by another process", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// The system said no.
    #[error("{step}")]
    Io {
        /// What was being done.
        step: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The owner was erased.
    #[error("the keys of {0} are erased")]
    Erased(Entity),
    /// There is no such key, and none was erased.
    #[error("the key {key} of {owner} is missing from the key store")]
    Missing {
        /// Whose.
        owner: Entity,
        /// Which.
        key: KeyId,
    },
    /// The sealed value does not open.
    #[error("a sealed field of {owner} does not open")]
    Seal {
        /// Whose.
        owner: Entity,
        /// Why.
        #[source]
        source: SealError,
    },
    /// A backup past its day.
    #[error("the backup expired at {expired}")]
    Expired {
        /// When, as it says itself.
        expired: String,
    },
    /// A backup that would live too long, or not at all.
    #[error("a backup is kept for 1 to {} days", backup::DAYS_MAX)]
    Term,
}

/// The data keys of one log.
pub struct KeyStore {
    path: PathBuf,
    log_id: [u8; 16],
    state: RwLock<State>,
    /// Held as long as the store is open.
    _lock: File,
}

struct State {
    master: MasterKey,
    contents: Contents,
}

/// Path of a district's store in a server's folder of data.
pub fn path_of(data: &Path, district: &str) -> PathBuf {
    data.join("keys").join(format!("{district}.keys"))
}

impl KeyStore {
    /// Opens the store at a path, or makes an empty one. Every key in it is unwrapped once, to be sure of it.
    pub fn at(path: &Path, master: MasterKey, log_id: [u8; 16]) -> Result<Self, KeysError> {
        let lock = write::lock(path)?;
        let contents = match write::read(path)? {
            Some(bytes) => file::decode(path, &bytes, &master, &log_id)?,
            None => {
                let contents = Contents::default();
                write::replace(path, &file::encode(&contents, &master, &log_id))?;
                contents
            }
        };
        let state = RwLock::new(State { master, contents });
        Ok(Self { path: path.to_owned(), log_id, state, _lock: lock })
    }

    /// The log whose fields it seals.
    pub fn log_id(&self) -> [u8; 16] {
        self.log_id
    }

    /// Whether the owner has a key.
    pub fn holds(&self, owner: &Entity) -> bool {
        self.read().contents.keys.contains_key(owner)
    }

    /// Whether the owner's key was erased.
    pub fn is_erased(&self, owner: &Entity) -> bool {
        self.read().contents.erased.values().any(|erased| erased == owner)
    }

    /// Every owner with the id of its key, in order.
    pub fn owners(&self) -> Vec<(Entity, KeyId)> {
        self.read().contents.keys.iter().map(|(owner, wrapped)| (owner.clone(), wrapped.id)).collect()
    }

    /// Every erased key, with whose it was.
    pub fn erased(&self) -> Vec<(Entity, KeyId)> {
        self.read().contents.erased.iter().map(|(id, owner)| (owner.clone(), *id)).collect()
    }

    /// The owner's key; none where it has none yet.
    pub fn key(&self, owner: &Entity) -> Result<Option<DataKey>, KeysError> {
        let state = self.read();
        let Some(wrapped) = state.contents.keys.get(owner) else {
            drop(state);
            return if self.is_erased(owner) { Err(KeysError::Erased(owner.clone())) } else { Ok(None) };
        };
        let key = file::unwrap_key(&state.master, &self.log_id, owner, wrapped);
        key.map(Some).ok_or_else(|| self.damaged(format!("the key of {owner} does not unwrap")))
    }

    /// A new key, which is nobody's until it is kept: a command is judged with it first, and leaves nothing where it is
    /// refused.
    pub fn draw(&self) -> Result<DataKey, KeysError> {
        let (mut id, mut secret) = ([0; 16], Zeroizing::new([0; 32]));
        fill(&mut id)?;
        fill(secret.as_mut())?;
        Ok(DataKey::new(KeyId(id), secret))
    }

    /// Makes a drawn key the owner's, durably. Where the owner has one, that one stays, and is given back.
    pub fn keep(&self, owner: &Entity, key: &DataKey) -> Result<KeyId, KeysError> {
        if self.is_erased(owner) {
            return Err(KeysError::Erased(owner.clone()));
        }
        self.change(|master, contents| {
            if let Some(wrapped) = contents.keys.get(owner) {
                return Ok((wrapped.id, false));
            }
            contents.keys.insert(owner.clone(), wrap(master, &self.log_id, owner, key)?);
            Ok((key.id(), true))
        })
    }

    /// The owner's key, made and durable where it had none.
    pub fn ensure(&self, owner: &Entity) -> Result<DataKey, KeysError> {
        if let Some(key) = self.key(owner)? {
            return Ok(key);
        }
        self.keep(owner, &self.draw()?)?;
        // Another's of the same moment may have come first.
        self.key(owner)?.ok_or_else(|| self.damaged(format!("the key of {owner} was not kept")))
    }

    /// Seals a text under the key of the place's owner, which is made where there is none. The same text in the same place
    /// gives the same bytes.
    pub fn seal(&self, event_type: u16, field: &str, owner: &Entity, text: &str) -> Result<Sealed, KeysError> {
        self.seal_with(&self.ensure(owner)?, event_type, field, owner, text)
    }

    /// Seals under a key that may not be kept yet.
    pub fn seal_with(
        &self,
        key: &DataKey,
        event_type: u16,
        field: &str,
        owner: &Entity,
        text: &str,
    ) -> Result<Sealed, KeysError> {
        let place = Place { log_id: self.log_id, event_type, field, owner };
        sealed::seal(key, &place, text).map_err(|source| KeysError::Seal { owner: owner.clone(), source })
    }

    /// Opens a sealed value in its place.
    pub fn open(&self, event_type: u16, field: &str, owner: &Entity, sealed: &Sealed) -> Result<Opened, KeysError> {
        if self.read().contents.erased.contains_key(&sealed.key) {
            return Err(KeysError::Erased(owner.clone()));
        }
        let missing = || KeysError::Missing { owner: owner.clone(), key: sealed.key };
        let key = self.key(owner)?.filter(|key| key.id() == sealed.key).ok_or_else(missing)?;
        let place = Place { log_id: self.log_id, event_type, field, owner };
        sealed::open(&key, &place, sealed).map_err(|source| KeysError::Seal { owner: owner.clone(), source })
    }

    /// Erases the owner's key for ever, durably; gives its id. Again: the same id, and nothing changes. An owner without a key
    /// has none to erase, and may get one later.
    pub fn erase(&self, owner: &Entity) -> Result<Option<KeyId>, KeysError> {
        self.change(|_, contents| {
            if let Some(wrapped) = contents.keys.remove(owner) {
                contents.erased.insert(wrapped.id, owner.clone());
                return Ok((Some(wrapped.id), true));
            }
            let known = contents.erased.iter().find(|(_, erased)| *erased == owner);
            Ok((known.map(|(id, _)| *id), false))
        })
    }

    /// Takes away a key under which nothing was recorded: that of a command that was refused after all.
    pub fn forget(&self, owner: &Entity, key: KeyId) -> Result<(), KeysError> {
        self.change(|_, contents| {
            let is_it = contents.keys.get(owner).is_some_and(|wrapped| wrapped.id == key);
            if is_it {
                contents.keys.remove(owner);
            }
            Ok(((), is_it))
        })
    }

    /// Sets the store right by the log: what it records as erased is erased here, whatever a crash or an older copy of the
    /// file left; keys of owners that `is_orphan` tells are taken away. Gives how many of each.
    pub fn settle(
        &self,
        erased: impl IntoIterator<Item = (Entity, KeyId)>,
        is_orphan: impl Fn(&Entity) -> bool,
    ) -> Result<(usize, usize), KeysError> {
        self.change(|_, contents| {
            let (before, known) = (contents.keys.len(), contents.erased.len());
            for (owner, id) in erased {
                contents.keys.retain(|other, wrapped| *other != owner && wrapped.id != id);
                contents.erased.insert(id, owner);
            }
            let left = contents.keys.len();
            contents.keys.retain(|owner, _| !is_orphan(owner));
            let counts = (before - left, left - contents.keys.len());
            Ok((counts, counts != (0, 0) || contents.erased.len() > known))
        })
    }

    /// Wraps every key by another master key, all or nothing; the old one opens the store no more, and no backup made before.
    pub fn rotate(&self, master: MasterKey) -> Result<usize, KeysError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut contents = Contents { erased: state.contents.erased.clone(), ..Contents::default() };
        for (owner, wrapped) in &state.contents.keys {
            let key = file::unwrap_key(&state.master, &self.log_id, owner, wrapped);
            let key = key.ok_or_else(|| self.damaged(format!("the key of {owner} does not unwrap")))?;
            contents.keys.insert(owner.clone(), wrap(&master, &self.log_id, owner, &key)?);
        }
        write::replace(&self.path, &file::encode(&contents, &master, &self.log_id))?;
        *state = State { master, contents };
        Ok(state.contents.keys.len())
    }

    /// Changes the contents, durably; nothing changes where the file can't be replaced. The change says whether it is one.
    fn change<T>(
        &self,
        change: impl FnOnce(&MasterKey, &mut Contents) -> Result<(T, bool), KeysError>,
    ) -> Result<T, KeysError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut contents = state.contents.clone();
        let (answer, is_changed) = change(&state.master, &mut contents)?;
        if is_changed {
            write::replace(&self.path, &file::encode(&contents, &state.master, &self.log_id))?;
            state.contents = contents;
        }
        Ok(answer)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        // A change is put in place whole: whoever panicked left what was there before.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, detail: String) -> KeysError {
        KeysError::Damaged { path: self.path.clone(), detail }
    }
}

/// Wraps a key for its place in the store, with a nonce of its own.
fn wrap(master: &MasterKey, log_id: &[u8; 16], owner: &Entity, key: &DataKey) -> Result<Wrapped, KeysError> {
    let mut nonce = [0; 24];
    fill(&mut nonce)?;
    Ok(file::wrap(master, log_id, owner, key, nonce))
}

fn fill(bytes: &mut [u8]) -> Result<(), KeysError> {
    let failed = |error: getrandom::Error| std::io::Error::other(error.to_string());
    getrandom::fill(bytes)
        .map_err(|error| KeysError::Io { step: "asking the system for random bytes".to_owned(), source: failed(error) })
}
