//! Backups of a store: one file, enciphered whole, that says itself when it expires and is refused from then on.
//!
//! ```text
//! incubator-registry keys backup 1
//! log 6f1c0e7a93d54d0b8f0a2b7c5e1d9a34
//! master 0123456789abcdef
//! made 2026-03-01T08:00:00Z
//! expires 2026-03-31T08:00:00Z
//! sealed <nonce and enciphered lines of the store>
//! ```
//! The key of a backup is drawn from the master key and every line above the last, so no other day of expiry opens it. An
//! erased key lives on in the backups made before, for as long as these last and no longer: that term is what a district
//! promises the erased. A restore never brings it back, and a rotation of the master key makes all earlier backups useless.

use super::file::{self, Contents};
use super::{KeyStore, KeysError, MasterKey, fill, write};
use crate::domain::Entity;
use crate::domain::sealed::KeyId;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use jiff::{SignedDuration, Timestamp};
use std::collections::btree_map::Entry;
use std::path::Path;
use zeroize::Zeroizing;

/// Days for which a backup is kept unless told otherwise.
pub const DAYS: u16 = 30;
/// The most that may be asked for: a promise to the erased has to end.
pub const DAYS_MAX: u16 = 90;

const HEADING: &str = "incubator-registry keys backup 1";
const NONCE: usize = 24;

/// What became of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Keys that came back.
    pub keys: usize,
    /// Keys that the store had.
    pub known: usize,
    /// Keys that stayed away, since they or their owners are erased.
    pub erased: usize,
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Id of the log, in hex.
    pub log: String,
    /// Id of the master key.
    pub master: String,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
}

fn cipher(master: &MasterKey, heading: &str) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*master.derive("backup", heading.as_bytes())))
}

impl KeyStore {
    /// Writes a backup that expires so many days after now, into a file that must not be there yet; gives its expiry.
    pub fn back_up(&self, to: &Path, now: Timestamp, days: u16) -> Result<Timestamp, KeysError> {
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(KeysError::Term);
        }
        let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        let made = second(now);
        let expires =
            made.checked_add(SignedDuration::from_hours(24 * i64::from(days))).map_err(|_| KeysError::Term)?;
        let state = self.read();
        let (log, master) = (hex::encode(self.log_id), state.master.id());
        let heading = format!("{HEADING}\nlog {log}\nmaster {master}\nmade {made}\nexpires {expires}\n");
        let lines = Zeroizing::new(file::lines(&state.contents));
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let payload = Payload { msg: lines.as_bytes(), aad: heading.as_bytes() };
        let sealed = cipher(&state.master, &heading).encrypt(&XNonce::from(nonce), payload);
        let sealed =
            sealed.map_err(|_| KeysError::Damaged { path: to.to_owned(), detail: "it is too large".to_owned() })?;
        let text = format!("{heading}sealed {}{}\n", hex::encode(nonce), hex::encode(sealed));
        write::create_private(to, text.as_bytes())?;
        Ok(expires)
    }

    /// Takes in the keys of a backup that has not expired. What the store holds stays; what is erased here, or by what the
    /// log records, stays erased.
    pub fn restore(
        &self,
        from: &Path,
        now: Timestamp,
        erased: impl IntoIterator<Item = (Entity, KeyId)>,
    ) -> Result<Restored, KeysError> {
        let backup = self.open_backup(from, now)?;
        self.change(|_, contents| {
            let known = contents.erased.len();
            contents.erased.extend(backup.erased.into_iter().chain(erased.into_iter().map(|(owner, id)| (id, owner))));
            let mut restored = Restored { keys: 0, known: 0, erased: 0 };
            let gone = |contents: &Contents, owner: &Entity, id: &KeyId| {
                contents.erased.contains_key(id) || contents.erased.values().any(|erased| erased == owner)
            };
            let before = contents.keys.len();
            let kept = std::mem::take(&mut contents.keys);
            contents.keys = kept.into_iter().filter(|(owner, key)| !gone(contents, owner, &key.id)).collect();
            let fewer = before - contents.keys.len();
            for (owner, key) in backup.keys {
                if gone(contents, &owner, &key.id) {
                    restored.erased += 1;
                    continue;
                }
                match contents.keys.entry(owner) {
                    Entry::Occupied(_) => restored.known += 1,
                    Entry::Vacant(place) => {
                        place.insert(key);
                        restored.keys += 1;
                    }
                }
            }
            Ok((restored, restored.keys > 0 || fewer > 0 || contents.erased.len() > known))
        })
    }

    fn open_backup(&self, from: &Path, now: Timestamp) -> Result<Contents, KeysError> {
        let damaged = |detail: &str| KeysError::Damaged { path: from.to_owned(), detail: detail.to_owned() };
        let bytes = write::read(from)?.ok_or_else(|| damaged("no such file"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is not the text of a backup"))?;
        let (said, heading, sealed) = read_heading(text).ok_or_else(|| damaged("it is not a backup of a key store"))?;
        let state = self.read();
        if said.master != state.master.id() {
            let given = state.master.id();
            return Err(KeysError::OtherMaster { path: from.to_owned(), wanted: said.master, given });
        }
        let bytes = hex::decode(sealed).map_err(|_| damaged("it is not a backup of a key store"))?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or_else(|| damaged("it is cut short"))?;
        let payload = Payload { msg: sealed, aad: heading.as_bytes() };
        let lines = cipher(&state.master, heading).decrypt(&XNonce::from(*nonce), payload);
        let lines = Zeroizing::new(lines.map_err(|_| damaged("its bytes are not those that were written"))?);
        // Asked once the heading is known to be the one it was made with.
        if now >= said.expires {
            return Err(KeysError::Expired { expired: said.expires.to_string() });
        }
        if said.log != hex::encode(self.log_id) {
            let wanted = hex::encode(self.log_id);
            return Err(KeysError::OtherLog { path: from.to_owned(), found: said.log, wanted });
        }
        let contents = std::str::from_utf8(&lines).map_err(|error| error.to_string()).and_then(file::read_lines);
        let contents = contents.map_err(|detail| damaged(&detail))?;
        let bad = |(owner, key): &(&Entity, &file::Wrapped)| {
            file::unwrap_key(&state.master, &self.log_id, owner, key).is_none()
        };
        match contents.keys.iter().find(bad) {
            None => Ok(contents),
            Some((owner, _)) => Err(damaged(&format!("the key of {owner} does not unwrap"))),
        }
    }
}

/// What a backup's text says of itself, the heading as written, and what is sealed.
fn read_heading(text: &str) -> Option<(Heading, &str, &str)> {
    let at = text.find("sealed ")?;
    let (heading, rest) = text.split_at(at);
    let sealed = rest.strip_prefix("sealed ")?.strip_suffix('\n')?;
    let mut lines = heading.lines();
    let mut value = |word: &str| lines.next()?.strip_prefix(word).map(str::to_owned);
    value(HEADING).filter(String::is_empty)?;
    let (log, master) = (value("log ")?, value("master ")?);
    let (made, expires) = (value("made ")?.parse().ok()?, value("expires ")?.parse().ok()?);
    lines.next().is_none().then_some((Heading { log, master, made, expires }, heading, sealed))
}
