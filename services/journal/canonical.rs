//! The canonical form of a command: what its request hash is over, so that a retry is told from another command under the
//! same id. Request id, etag and `validate_only` are not in it. The bytes are golden-tested: an upgrade must not change them.
//!
//! ```text
//! "IRC1" · u16 count of facts · each: u16 event type, i32 day, u8 (1: the stay to end is left open), u32 length, payload
//! · u16 count of positions to void · each: u64 · u16 length, reason · u16 length, decided by
//! · u32 length, documents of the command as a FactsVoided payload holds them
//! · of an act about money only: u16 count of its words · each: u32 length, text
//! ```

use super::codec;
use super::envelope::Hash;
use crate::domain::{Command, Day, Event};
use sha2::{Digest, Sha256};

/// First bytes of the form.
const MAGIC: &[u8; 4] = b"IRC1";

/// The canonical bytes of a command.
pub fn bytes(command: &Command) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    put_count(&mut out, command.facts.len());
    for fact in &command.facts {
        let mut event = fact.event.clone();
        if let (true, Event::FirmGraduated { admitted, .. } | Event::FirmLeft { admitted, .. }) =
            (fact.open_stay, &mut event)
        {
            *admitted = Day::MIN; // Not said, so not part of what was asked.
        }
        let encoded = codec::encode(&event, &[]);
        out.extend_from_slice(&encoded.event_type.to_be_bytes());
        out.extend_from_slice(&fact.day.days().to_be_bytes());
        out.push(u8::from(fact.open_stay));
        put_bytes(&mut out, &encoded.payload);
    }
    let void = command.void.as_ref();
    let positions = void.map(|order| order.positions.as_slice()).unwrap_or_default();
    put_count(&mut out, positions.len());
    for position in positions {
        out.extend_from_slice(&position.to_be_bytes());
    }
    for text in [void.map(|order| &order.reason), void.map(|order| &order.decided_by)] {
        let text = text.map(String::as_bytes).unwrap_or_default();
        put_count(&mut out, text.len());
        out.extend_from_slice(text);
    }
    let carrier = Event::FactsVoided { positions: Vec::new(), reason: String::new(), decided_by: String::new() };
    put_bytes(&mut out, &codec::encode(&carrier, &command.documents).payload);
    if let Some(act) = &command.act {
        let words = act.words();
        put_count(&mut out, words.len());
        words.iter().for_each(|word| put_bytes(&mut out, word.as_bytes()));
    }
    out
}

/// The request hash of a command: SHA-256 of its canonical bytes.
pub fn request_hash(command: &Command) -> Hash {
    Sha256::digest(bytes(command)).into()
}

/// Counts and lengths of text are bounded where a command is made (at most 20 documents, 100 voids, 512 bytes of text).
fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}
