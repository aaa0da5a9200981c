//! The form of a store's file: lines of text, so that a person can see whose keys are there, and nothing of the keys.
//!
//! ```text
//! incubator-registry keys 1
//! log 6f1c0e7a93d54d0b8f0a2b7c5e1d9a34
//! master 0123456789abcdef
//! key <id> <nonce and wrapped key> <owner's name>
//! erased <id> <owner's name>
//! sha256 <of every byte above>
//! mac <of every byte above, by the master key>
//! ```
//! Keys stand in the order of their owners, erased ones in that of their ids. The digest tells damage from a wrong master key;
//! the MAC tells that nothing was taken out, put in or put back by someone who does not have it.

use super::{KeysError, MasterKey};
use crate::domain::Entity;
use crate::domain::sealed::KeyId;
use crate::journal::sealed::DataKey;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

const HEADING: &str = "incubator-registry keys 1";
const NONCE: usize = 24;
/// Nonce, key and tag.
const WRAPPED: usize = NONCE + 32 + 16;

/// What a store holds.
#[derive(Clone, Default)]
pub(super) struct Contents {
    /// The key of each owner.
    pub keys: BTreeMap<Entity, Wrapped>,
    /// Keys that were erased, and whose they were.
    pub erased: BTreeMap<KeyId, Entity>,
}

/// A data key under the master key.
#[derive(Clone)]
pub(super) struct Wrapped {
    /// Its id.
    pub id: KeyId,
    /// Nonce, ciphertext and tag.
    bytes: [u8; WRAPPED],
}

fn cipher(master: &MasterKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*master.derive("wrap", b"")))
}

/// A wrapped key opens for its log, id and owner alone.
fn place(log_id: &[u8; 16], id: KeyId, owner: &Entity) -> Vec<u8> {
    [log_id, &id.0, owner.to_string().as_bytes()].concat()
}

/// Wraps a key.
pub(super) fn wrap(
    master: &MasterKey,
    log_id: &[u8; 16],
    owner: &Entity,
    key: &DataKey,
    nonce: [u8; NONCE],
) -> Wrapped {
    let payload = Payload { msg: key.secret(), aad: &place(log_id, key.id(), owner) };
    let sealed = cipher(master).encrypt(&XNonce::from(nonce), payload).expect("48 bytes are no trouble to an AEAD");
    let mut bytes = [0; WRAPPED];
    bytes[..NONCE].copy_from_slice(&nonce);
    bytes[NONCE..].copy_from_slice(&sealed);
    Wrapped { id: key.id(), bytes }
}

/// Unwraps a key; none where it is not as it was wrapped, or another master key's.
pub(super) fn unwrap_key(master: &MasterKey, log_id: &[u8; 16], owner: &Entity, wrapped: &Wrapped) -> Option<DataKey> {
    let (nonce, sealed) = wrapped.bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: &place(log_id, wrapped.id, owner) };
    let bytes = Zeroizing::new(cipher(master).decrypt(&XNonce::from(*nonce), payload).ok()?);
    let secret = Zeroizing::new(bytes.as_slice().try_into().ok()?);
    Some(DataKey::new(wrapped.id, secret))
}

/// The lines of keys and erased keys.
pub(super) fn lines(contents: &Contents) -> String {
    let mut out = String::new();
    for (owner, wrapped) in &contents.keys {
        out.push_str(&format!("key {} {} {owner}\n", wrapped.id, hex::encode(wrapped.bytes)));
    }
    for (id, owner) in &contents.erased {
        out.push_str(&format!("erased {id} {owner}\n"));
    }
    out
}

/// The bytes of a store.
pub(super) fn encode(contents: &Contents, master: &MasterKey, log_id: &[u8; 16]) -> Vec<u8> {
    let mut out = format!("{HEADING}\nlog {}\nmaster {}\n{}", hex::encode(log_id), master.id(), lines(contents));
    out.push_str(&format!("sha256 {}\n", hex::encode(Sha256::digest(&out))));
    let mac = master.derive("file", out.as_bytes());
    out.push_str(&format!("mac {}\n", hex::encode(mac.as_ref())));
    out.into_bytes()
}

/// Reads a store: damage is told before a wrong master key, and that before a wrong log.
pub(super) fn decode(path: &Path, bytes: &[u8], master: &MasterKey, log_id: &[u8; 16]) -> Result<Contents, KeysError> {
    let damaged = |detail: &str| KeysError::Damaged { path: path.to_owned(), detail: detail.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not the text of a key store"))?;
    let (signed, mac) = last_line(text, "mac ").ok_or_else(|| damaged("its last line is not its MAC"))?;
    let (body, digest) = last_line(signed, "sha256 ").ok_or_else(|| damaged("its digest is missing"))?;
    if hex::encode(Sha256::digest(body)) != digest {
        return Err(damaged("its bytes don't have the digest that it states"));
    }
    let rest = body.strip_prefix(HEADING).and_then(|rest| rest.strip_prefix("\nlog "));
    let (log, rest) = rest.and_then(|rest| rest.split_once("\nmaster ")).ok_or_else(|| damaged("its heading"))?;
    let (wanted, rest) = rest.split_once('\n').ok_or_else(|| damaged("its heading"))?;
    if wanted != master.id() {
        let (wanted, given) = (wanted.to_owned(), master.id());
        return Err(KeysError::OtherMaster { path: path.to_owned(), wanted, given });
    }
    if hex::encode(master.derive("file", signed.as_bytes()).as_ref()) != mac {
        return Err(damaged("its bytes don't have the MAC that it states"));
    }
    if log != hex::encode(log_id) {
        let (found, wanted) = (log.to_owned(), hex::encode(log_id));
        return Err(KeysError::OtherLog { path: path.to_owned(), found, wanted });
    }
    let contents = read_lines(rest).map_err(|detail| damaged(&detail))?;
    match contents.keys.iter().find(|(owner, wrapped)| unwrap_key(master, log_id, owner, wrapped).is_none()) {
        None => Ok(contents),
        Some((owner, _)) => Err(damaged(&format!("the key of {owner} does not unwrap"))),
    }
}

/// What stands before the last line, and the last line behind its word.
fn last_line<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let whole = text.strip_suffix('\n')?;
    let at = whole.rfind('\n')? + 1;
    Some((&text[..at], whole[at..].strip_prefix(word)?))
}

/// Reads the lines of keys and erased keys.
pub(super) fn read_lines(text: &str) -> Result<Contents, String> {
    let mut contents = Contents::default();
    for line in text.lines() {
        let read = match line.split_once(' ') {
            Some(("key", rest)) => {
                read_key(rest).map(|(owner, wrapped)| contents.keys.insert(owner, wrapped).is_none())
            }
            Some(("erased", rest)) => read_erased(rest).map(|(id, owner)| contents.erased.insert(id, owner).is_none()),
            _ => None,
        };
        match read {
            Some(true) => {}
            Some(false) => return Err("an owner or a key stands in it twice".to_owned()),
            None => return Err("a line is neither a key nor an erased key".to_owned()),
        }
    }
    Ok(contents)
}

fn read_key(line: &str) -> Option<(Entity, Wrapped)> {
    let (id, rest) = line.split_once(' ')?;
    let (bytes, owner) = rest.split_once(' ')?;
    let mut wrapped = Wrapped { id: read_id(id)?, bytes: [0; WRAPPED] };
    hex::decode_to_slice(bytes, &mut wrapped.bytes).ok()?;
    Some((Entity::parse(owner)?, wrapped))
}

fn read_erased(line: &str) -> Option<(KeyId, Entity)> {
    let (id, owner) = line.split_once(' ')?;
    Some((read_id(id)?, Entity::parse(owner)?))
}

fn read_id(text: &str) -> Option<KeyId> {
    let mut id = [0; 16];
    hex::decode_to_slice(text, &mut id).ok()?;
    Some(KeyId(id))
}
