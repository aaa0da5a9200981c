//! The portable form of a log: one file or stream that holds a log whole up to a commit, for moving it, keeping it, and
//! proving it with nothing but this page. Bytes defined here, big-endian, no padding; records stand in it as they are
//! stored, so every hash in them still holds.
//!
//! ```text
//! header, 32 bytes
//!      0    8  magic "INCLOGEX"
//!      8    1  version of this form (1)
//!      9    1  hash algorithm (1 = SHA-256)
//!     10    6  district, its GB/T 2260 code as ASCII digits
//!     16   16  log id
//! one frame a commit, from commit 1 without gaps: 64 bytes, then the records
//!      0    4  "CMIT"
//!      4    8  commit number
//!     12    8  first position
//!     20    8  last position
//!     28   32  hash of the last record
//!     60    4  length of the records, at most 4 MiB
//!     64    …  the records as stored, one behind the other
//! trailer, 92 bytes, and nothing behind it
//!      0    4  "TAIL"
//!      4    8  count of commits
//!     12    8  count of records
//!     20    8  position of the last record
//!     28   32  hash of the last record
//!     60   32  SHA-256 over every byte before it, header and these 60 included
//! ```
//!
//! Nothing in it depends on when, where or by which way it was made: two exports of one log to one position are the same
//! bytes. The trailer tells half an export from a whole one. Both directions check the chain record by record as they
//! go, and hold no more than one commit and what was just handed to them. Neither does I/O: bytes in, bytes out.

use super::access::{self, AccessEvent};
use super::codec;
use super::commit::{ChainError, Commit, Head};
use super::envelope::{COMMIT_BYTES_MAX, HASH_SHA256, Record};
use crate::domain::Event;
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"INCLOGEX";
/// The only version of the form that this code writes and reads.
pub const EXPORT_VERSION: u8 = 1;
const COMMIT_TAG: &[u8; 4] = b"CMIT";
const TRAILER_TAG: &[u8; 4] = b"TAIL";

/// Bytes of the header.
pub const HEADER_BYTES: usize = 32;
/// Bytes of a frame before its records.
pub const FRAME_BYTES: usize = 64;
/// Bytes of the trailer.
pub const TRAILER_BYTES: usize = 92;
const DIGEST_BYTES: usize = 32;

/// Which log an export is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The district's GB/T 2260 code.
    pub district: String,
    /// Random id of the log.
    pub log_id: [u8; 16],
}

/// A whole export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which log it is of.
    pub origin: Origin,
    /// The commit that it ends with.
    pub head: Head,
    /// Its length.
    pub bytes: u64,
}

/// Why bytes are not an export, or a log can't be exported. Each tells the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportFault {
    /// The first bytes are not the magic.
    #[error("byte 0: this is no export of a log: wrong magic")]
    Magic,
    /// A version or algorithm that this code does not know.
    #[error("byte {offset}: {what} {value} is not known to this program")]
    Unknown {
        /// Where it is said.
        offset: u64,
        /// Version or hash algorithm.
        what: &'static str,
        /// What is said.
        value: u8,
    },
    /// The district is not six digits.
    #[error("the district is not a GB/T 2260 code of 6 digits")]
    District,
    /// The first record is not that of the log the header names.
    #[error("position 1: {0}")]
    Origin(String),
    /// It ends before its trailer does.
    #[error("byte {offset}: the export ends in the middle, after position {position}: it is not whole")]
    Truncated {
        /// Its length.
        offset: u64,
        /// Last position that was read whole.
        position: u64,
    },
    /// Neither a commit nor the trailer begins where one must.
    #[error("byte {offset}: neither a commit nor the trailer begins here, after position {position}")]
    Frame {
        /// Where.
        offset: u64,
        /// Last position before it.
        position: u64,
    },
    /// A frame says that its records are longer than any commit, or empty.
    #[error(
        "byte {offset}: {length} bytes of records behind position {position}; a commit has 1 to {COMMIT_BYTES_MAX}"
    )]
    Length {
        /// Where the frame begins.
        offset: u64,
        /// Last position before it.
        position: u64,
        /// What it says.
        length: usize,
    },
    /// The commit does not follow from the one before it.
    #[error("byte {offset}: {source}")]
    Chain {
        /// Where its frame begins.
        offset: u64,
        /// The position and what is wrong there.
        #[source]
        source: ChainError,
    },
    /// The trailer does not describe what stands before it.
    #[error("byte {offset}: the trailer's {field} is not that of the records, which end at position {position}")]
    Trailer {
        /// Where the trailer begins.
        offset: u64,
        /// Last position before it.
        position: u64,
        /// What disagrees.
        field: &'static str,
    },
    /// Bytes behind the trailer.
    #[error("byte {offset}: there is more behind the end of the export, which ends with position {position}")]
    Trailing {
        /// Where it should end.
        offset: u64,
        /// Its last position.
        position: u64,
    },
    /// Nothing was ever recorded: there is no log to export.
    #[error("the log is empty: there is nothing to export")]
    Empty,
}

/// Makes an export, commit by commit.
#[derive(Debug, Default)]
pub struct Encoder {
    hasher: Sha256,
    bytes: u64,
    end: Option<(Origin, Head)>,
}

impl Encoder {
    /// An export of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes of the next commit, header before the first, behind what `out` holds. The commit is checked: a broken
    /// log has no export.
    pub fn commit(&mut self, commit: &Commit, out: &mut Vec<u8>) -> Result<(), ExportFault> {
        let head = self.end.as_ref().map_or(Head::EMPTY, |(_, head)| *head);
        let offset = self.bytes;
        let records = commit.verify_after(&head).map_err(|source| ExportFault::Chain { offset, source })?;
        let length = commit.records.len();
        if length > COMMIT_BYTES_MAX {
            return Err(ExportFault::Length { offset, position: head.position, length });
        }
        let start = out.len();
        let origin = match self.end.take() {
            Some((origin, _)) => origin,
            None => {
                let origin = origin_of(records.first().map(|(record, _)| record))?;
                put_header(&origin, out)?;
                origin
            }
        };
        out.extend_from_slice(COMMIT_TAG);
        for number in [commit.number, commit.first, commit.last] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&commit.hash);
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&commit.records);
        self.note(&out[start..]);
        self.end = Some((origin, commit.head()));
        Ok(())
    }

    /// The trailer, behind what `out` holds.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Summary, ExportFault> {
        let (origin, head) = self.end.take().ok_or(ExportFault::Empty)?;
        let start = out.len();
        out.extend_from_slice(TRAILER_TAG);
        // Positions have no gaps and begin with 1, so the last one counts the records too.
        for number in [head.commit, head.position, head.position] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&head.hash);
        self.note(&out[start..]);
        let digest = self.hasher.finalize();
        out.extend_from_slice(&digest);
        let bytes = self.bytes + digest.len() as u64;
        Ok(Summary { origin, head, bytes })
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

/// What comes next in an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// The header: which log it says it is of.
    Origin(Origin),
    /// A commit, checked to follow from the one before it.
    Commit(Commit),
    /// The trailer: everything before it holds.
    End(Summary),
}

/// Reads an export that is handed to it piece by piece, in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    /// Bytes taken from the export so far.
    offset: u64,
    hasher: Sha256,
    origin: Option<Origin>,
    head: Option<Head>,
    end: Option<Summary>,
}

impl Decoder {
    /// A reader at byte 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands over the next piece; `next` is asked until it gives none before another is handed over, so that no more than
    /// a piece and a commit are held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What comes next; none: more bytes are needed to tell. After a fault there is nothing to go on with.
    #[allow(clippy::should_implement_trait)] // No iterator: none is not its end.
    pub fn next(&mut self) -> Result<Option<Item>, ExportFault> {
        if self.end.is_some() {
            let (offset, position) = (self.offset, self.position());
            return if self.buffer.is_empty() { Ok(None) } else { Err(ExportFault::Trailing { offset, position }) };
        }
        if self.origin.is_none() {
            return self.header();
        }
        match self.buffer.get(..4) {
            None => Ok(None),
            Some(tag) if tag == COMMIT_TAG => self.commit(),
            Some(tag) if tag == TRAILER_TAG => self.trailer(),
            Some(_) => Err(ExportFault::Frame { offset: self.offset, position: self.position() }),
        }
    }

    /// Bytes of the export that were taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that were handed over and not taken yet.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The export, if all of it was there.
    pub fn finish(self) -> Result<Summary, ExportFault> {
        let (offset, position) = (self.offset + self.buffer.len() as u64, self.position());
        self.end.ok_or(ExportFault::Truncated { offset, position })
    }

    fn position(&self) -> u64 {
        self.head.map_or(0, |head| head.position)
    }

    fn take(&mut self, length: usize) -> Bytes {
        let taken = self.buffer.split_to(length).freeze();
        self.hasher.update(&taken);
        self.offset += length as u64;
        taken
    }

    fn header(&mut self) -> Result<Option<Item>, ExportFault> {
        let known = self.buffer.len().min(MAGIC.len());
        if self.buffer[..known] != MAGIC[..known] {
            return Err(ExportFault::Magic);
        }
        if self.buffer.len() < HEADER_BYTES {
            return Ok(None);
        }
        let bytes = self.take(HEADER_BYTES);
        let said = [("version", 8, EXPORT_VERSION), ("hash algorithm", 9, HASH_SHA256)];
        if let Some((what, at, _)) = said.into_iter().find(|(_, at, known)| bytes[*at] != *known) {
            return Err(ExportFault::Unknown { offset: at as u64, what, value: bytes[at] });
        }
        let district = String::from_utf8(bytes[10..16].to_vec()).ok().filter(|code| is_code(code));
        let origin = Origin { district: district.ok_or(ExportFault::District)?, log_id: array(&bytes, 16) };
        self.origin = Some(origin.clone());
        Ok(Some(Item::Origin(origin)))
    }

    fn commit(&mut self) -> Result<Option<Item>, ExportFault> {
        let Some(frame) = self.buffer.get(..FRAME_BYTES) else { return Ok(None) };
        let (offset, position) = (self.offset, self.position());
        let length = u32::from_be_bytes(array(frame, 60)) as usize;
        if !(1..=COMMIT_BYTES_MAX).contains(&length) {
            return Err(ExportFault::Length { offset, position, length });
        }
        if self.buffer.len() < FRAME_BYTES + length {
            return Ok(None);
        }
        let bytes = self.take(FRAME_BYTES + length);
        let (number, first, last) = (u64_at(&bytes, 4), u64_at(&bytes, 12), u64_at(&bytes, 20));
        let commit = Commit { number, first, last, hash: array(&bytes, 28), records: bytes.slice(FRAME_BYTES..) };
        let head = self.head.unwrap_or(Head::EMPTY);
        let records = commit.verify_after(&head).map_err(|source| ExportFault::Chain { offset, source })?;
        if self.head.is_none() {
            let found = origin_of(records.first().map(|(record, _)| record))?;
            if self.origin.as_ref() != Some(&found) {
                let what = "the record is that of another log than the one that the header names";
                return Err(ExportFault::Origin(what.to_owned()));
            }
        }
        self.head = Some(commit.head());
        Ok(Some(Item::Commit(commit)))
    }

    fn trailer(&mut self) -> Result<Option<Item>, ExportFault> {
        if self.buffer.len() < TRAILER_BYTES {
            return Ok(None);
        }
        let (offset, position) = (self.offset, self.position());
        let (Some(origin), Some(head)) = (self.origin.clone(), self.head) else { return Err(ExportFault::Empty) };
        let bytes = self.take(TRAILER_BYTES - DIGEST_BYTES);
        let digest = self.buffer.split_to(DIGEST_BYTES);
        self.offset += DIGEST_BYTES as u64;
        let agree = [
            ("count of commits", u64_at(&bytes, 4) == head.commit),
            ("count of records", u64_at(&bytes, 12) == head.position),
            ("last position", u64_at(&bytes, 20) == head.position),
            ("hash of the last record", array::<32>(&bytes, 28) == head.hash),
            ("SHA-256", digest[..] == self.hasher.clone().finalize()[..]),
        ];
        if let Some((field, _)) = agree.into_iter().find(|(_, agrees)| !agrees) {
            return Err(ExportFault::Trailer { offset, position, field });
        }
        let summary = Summary { origin, head, bytes: self.offset };
        self.end = Some(summary.clone());
        Ok(Some(Item::End(summary)))
    }
}

/// Which log the first record says it begins.
fn origin_of(first: Option<&Record>) -> Result<Origin, ExportFault> {
    let record = first.ok_or(ExportFault::Empty)?;
    if let Ok(AccessEvent::Created { district, log_id, .. }) = access::decode(record) {
        return Ok(Origin { district, log_id });
    }
    let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
    match decoded.map_err(|fault| ExportFault::Origin(fault.to_string()))? {
        (Event::LogCreated { district, log_id, .. }, _) => Ok(Origin { district, log_id }),
        _ => Err(ExportFault::Origin("the record is not LogCreated".to_owned())),
    }
}

fn put_header(origin: &Origin, out: &mut Vec<u8>) -> Result<(), ExportFault> {
    if !is_code(&origin.district) {
        return Err(ExportFault::District);
    }
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[EXPORT_VERSION, HASH_SHA256]);
    out.extend_from_slice(origin.district.as_bytes());
    out.extend_from_slice(&origin.log_id);
    Ok(())
}

fn is_code(district: &str) -> bool {
    district.len() == 6 && district.bytes().all(|byte| byte.is_ascii_digit())
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out: [u8; N] = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(array(bytes, at))
}
