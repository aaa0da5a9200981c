//! The stored form of one event: a fixed envelope of bytes defined here, then the payload.
//!
//! The layout is for ten years, so it is ours and not a serialiser's: big-endian, no padding, every length stated before
//! what it measures. A record is never re-encoded: hashes are over the bytes as stored, and a reader that meets a format
//! version or a hash algorithm it does not know stops instead of guessing.
//!
//! ```text
//! offset size
//!      0    4  magic "INCR"
//!      4    1  format version (1)
//!      5    1  hash algorithm (1 = SHA-256)
//!      6    4  length of the whole record, magic included
//!     10    4  length of the payload
//!     14    8  commit number, from 1
//!     22    8  position, from 1, without gaps
//!     30    2  index of the event within its command, from 0
//!     32    2  count of events of its command, at least 1
//!     34    2  event type (codes: `codec`)
//!     36    2  schema version of the payload
//!     38    4  effective date, days since 1970-01-01 (signed)
//!     42    8  recorded at, microseconds since 1970-01-01T00:00:00Z (signed)
//!     50    1  flags: bit 0 = a request id is present
//!     51   16  request id (UUID; zero when absent)
//!     67   32  request hash (zero when absent)
//!     99   32  hash of the previous record; 32 zero bytes before position 1
//!    131    2  length of the principal, then its bytes
//!      …    2  length of "on behalf of", then its bytes (0: for oneself)
//!      …    2  count of subjects; each: 2 length of the name, the name, 8 its new revision (from 1),
//!              32 hash of the previous record about it (zero bytes for its first)
//!      …       payload
//! ```
//!
//! The hash of a record is the leaf hash of RFC 6962, `SHA-256(0x00 ‖ record)`, so that the chain and the Merkle tree
//! share one computation.

use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// What stands where there is no previous record.
pub const ZERO_HASH: Hash = [0; 32];

/// First bytes of every record.
pub const MAGIC: [u8; 4] = *b"INCR";

/// The only format version that this code writes and reads.
pub const FORMAT_VERSION: u8 = 1;

/// Hash algorithm 1: SHA-256. (SM3 is foreseeable as 2.)
pub const HASH_SHA256: u8 = 1;

/// A commit holds at most this many bytes of records; a larger command is refused before it reaches the log. The largest is
/// the approval of a round of claims (`domain::budget::ROUND_CLAIMS_MAX`).
pub const COMMIT_BYTES_MAX: usize = 4 * 1024 * 1024;

const FIXED: usize = 131;
const FLAG_REQUEST: u8 = 1;

/// One entity that a fact is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Resource name within the district, e.g. `firms/91440203MA…`.
    pub name: String,
    /// The entity's revision after this event, from 1.
    pub revision: u64,
    /// Hash of the previous record about this entity; zero bytes for its first.
    pub previous: Hash,
}

/// The request that a record answers: its id and the hash of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The client's UUID.
    pub id: [u8; 16],
    /// SHA-256 of the canonical command.
    pub hash: Hash,
}

/// One event with everything that is kept about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of the commit it was written in, from 1.
    pub commit: u64,
    /// Place in the log, from 1, without gaps.
    pub position: u64,
    /// Index of the event within its command, from 0.
    pub index: u16,
    /// Count of the events of its command.
    pub count: u16,
    /// Event type code.
    pub event_type: u16,
    /// Schema version of the payload.
    pub schema_version: u16,
    /// Business date, days since 1970-01-01.
    pub effective_days: i32,
    /// When it was recorded, microseconds since the epoch, UTC; never less than its predecessor's.
    pub recorded_at_micros: i64,
    /// Who recorded it (an opaque id).
    pub principal: String,
    /// On whose behalf; empty for oneself.
    pub on_behalf_of: String,
    /// The request it answers; none for rows of a bulk import and for the log's own first events.
    pub request: Option<RequestKey>,
    /// Hash of the record before it.
    pub previous: Hash,
    /// Every entity the fact is about, sorted by name.
    pub subjects: Vec<Subject>,
    /// The event itself, protobuf.
    pub payload: Vec<u8>,
}

/// Why bytes are not a record. Each names the byte offset or the two values that disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Fewer bytes than a record has, or than it says it has.
    #[error("the record is cut: {have} bytes of {want}")]
    Truncated {
        /// Bytes at hand.
        have: usize,
        /// Bytes wanted.
        want: usize,
    },
    /// The first four bytes are not the magic.
    #[error("no record begins here: wrong magic")]
    Magic,
    /// A format version this code does not know.
    #[error("format version {0} is not known to this program")]
    Version(u8),
    /// A hash algorithm this code does not know.
    #[error("hash algorithm {0} is not known to this program")]
    Algorithm(u8),
    /// A length, a count or a flag that contradicts another.
    #[error("the field {field} contradicts the record")]
    Field {
        /// Name of the field.
        field: &'static str,
    },
}

impl Record {
    /// The stored bytes.
    ///
    /// # Panics
    /// When a principal, a subject's name or the count of subjects exceeds 65 535, or the payload 4 GiB: the engine
    /// bounds all of them at the door.
    pub fn encode(&self) -> Vec<u8> {
        let subjects: usize = self.subjects.iter().map(|s| 2 + s.name.len() + 8 + 32).sum();
        let total = FIXED + 2 + self.principal.len() + 2 + self.on_behalf_of.len() + 2 + subjects + self.payload.len();
        let mut out = Vec::with_capacity(total);
        out.extend_from_slice(&MAGIC);
        out.push(FORMAT_VERSION);
        out.push(HASH_SHA256);
        out.extend_from_slice(&u32::try_from(total).expect("bounded at the door").to_be_bytes());
        out.extend_from_slice(&u32::try_from(self.payload.len()).expect("bounded at the door").to_be_bytes());
        out.extend_from_slice(&self.commit.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&self.event_type.to_be_bytes());
        out.extend_from_slice(&self.schema_version.to_be_bytes());
        out.extend_from_slice(&self.effective_days.to_be_bytes());
        out.extend_from_slice(&self.recorded_at_micros.to_be_bytes());
        out.push(if self.request.is_some() { FLAG_REQUEST } else { 0 });
        let request = self.request.unwrap_or(RequestKey { id: [0; 16], hash: ZERO_HASH });
        out.extend_from_slice(&request.id);
        out.extend_from_slice(&request.hash);
        out.extend_from_slice(&self.previous);
        put_string(&mut out, &self.principal);
        put_string(&mut out, &self.on_behalf_of);
        out.extend_from_slice(&u16::try_from(self.subjects.len()).expect("bounded at the door").to_be_bytes());
        for subject in &self.subjects {
            put_string(&mut out, &subject.name);
            out.extend_from_slice(&subject.revision.to_be_bytes());
            out.extend_from_slice(&subject.previous);
        }
        out.extend_from_slice(&self.payload);
        debug_assert_eq!(out.len(), total);
        out
    }

    /// Reads one record from exactly `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let header = Header::read(bytes)?;
        if header.length != bytes.len() {
            return Err(EnvelopeError::Field { field: "length" });
        }
        let mut at = Cursor { bytes, at: 14 };
        let commit = at.u64()?;
        let position = at.u64()?;
        let index = at.u16()?;
        let count = at.u16()?;
        let event_type = at.u16()?;
        let schema_version = at.u16()?;
        let effective_days = i32::from_be_bytes(at.array()?);
        let recorded_at_micros = i64::from_be_bytes(at.array()?);
        let flags = at.array::<1>()?[0];
        let id = at.array()?;
        let hash = at.array()?;
        let previous = at.array()?;
        let principal = at.string("principal")?;
        let on_behalf_of = at.string("on_behalf_of")?;
        let subjects = at.subjects()?;
        let payload = at.rest().to_vec();
        let faults = [
            (commit == 0, "commit"),
            (position == 0, "position"),
            (count == 0 || index >= count || u64::from(index) >= position, "index"),
            (flags > FLAG_REQUEST, "flags"),
            (flags == 0 && (id != [0; 16] || hash != ZERO_HASH), "request"),
            (payload.len() != header.payload, "payload length"),
        ];
        if let Some((_, field)) = faults.iter().find(|(wrong, _)| *wrong) {
            return Err(EnvelopeError::Field { field });
        }
        Ok(Self {
            commit,
            position,
            index,
            count,
            event_type,
            schema_version,
            effective_days,
            recorded_at_micros,
            principal,
            on_behalf_of,
            request: (flags == FLAG_REQUEST).then_some(RequestKey { id, hash }),
            previous,
            subjects,
            payload,
        })
    }

    /// Position of the first event of its command: what one command did is never seen in part.
    pub fn command_start(&self) -> u64 {
        self.position - u64::from(self.index)
    }
}

/// The hash of a stored record: `SHA-256(0x00 ‖ record)`, the leaf hash of RFC 6962.
pub fn record_hash(record: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0u8]);
    hasher.update(record);
    hasher.finalize().into()
}

/// What can be told of a record from its first bytes alone, enough to walk a run of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the whole record.
    pub length: usize,
    /// Bytes of the payload.
    pub payload: usize,
    /// Commit number.
    pub commit: u64,
    /// Position.
    pub position: u64,
}

impl Header {
    /// Reads the header at the start of `bytes`, which must hold the whole record and may hold more.
    pub fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() < FIXED {
            return Err(EnvelopeError::Truncated { have: bytes.len(), want: FIXED });
        }
        if bytes[..4] != MAGIC {
            return Err(EnvelopeError::Magic);
        }
        if bytes[4] != FORMAT_VERSION {
            return Err(EnvelopeError::Version(bytes[4]));
        }
        if bytes[5] != HASH_SHA256 {
            return Err(EnvelopeError::Algorithm(bytes[5]));
        }
        let mut at = Cursor { bytes, at: 6 };
        let length = u32::from_be_bytes(at.array()?) as usize;
        let payload = u32::from_be_bytes(at.array()?) as usize;
        let (commit, position) = (at.u64()?, at.u64()?);
        if length < FIXED + 6 + payload.min(length) {
            return Err(EnvelopeError::Field { field: "length" });
        }
        if bytes.len() < length {
            return Err(EnvelopeError::Truncated { have: bytes.len(), want: length });
        }
        Ok(Self { length, payload, commit, position })
    }
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).expect("bounded at the door").to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], EnvelopeError> {
        let end = self.at + n;
        let slice =
            self.bytes.get(self.at..end).ok_or(EnvelopeError::Truncated { have: self.bytes.len(), want: end })?;
        self.at = end;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn u16(&mut self) -> Result<u16, EnvelopeError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, EnvelopeError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn string(&mut self, field: &'static str) -> Result<String, EnvelopeError> {
        let n = usize::from(self.u16()?);
        let bytes = self.take(n)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| EnvelopeError::Field { field })
    }

    fn subjects(&mut self) -> Result<Vec<Subject>, EnvelopeError> {
        let n = usize::from(self.u16()?);
        let mut out: Vec<Subject> = Vec::with_capacity(n.min(64));
        for _ in 0..n {
            let subject = Subject { name: self.string("subject")?, revision: self.u64()?, previous: self.array()? };
            if subject.revision == 0 || out.last().is_some_and(|last| last.name >= subject.name) {
                return Err(EnvelopeError::Field { field: "subject" });
            }
            out.push(subject);
        }
        Ok(out)
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }
}
