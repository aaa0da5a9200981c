//! Event payloads of access logs: who was turned away, and who read what, to and from `incubation.journal.v1`.
//!
//! An access log has the envelope, chain and tree of any log, and event types of its own (200 to 219): the reader of a
//! district's log stops at them, and the reader of an access log stops at a district's.

use super::codec::{CodecError, Encoded};
use super::envelope::Record;
use super::note;
use crate::wire::journal as wire;
use prost::Message;

/// Bytes that the method of an entry may have; more is cut.
pub const METHOD_BYTES_MAX: usize = 128;
/// Bytes of a reason's word.
pub const REASON_BYTES_MAX: usize = 64;
/// Bytes of a peer's address.
pub const PEER_BYTES_MAX: usize = 64;
/// Bytes of an entity's name.
pub const ENTITY_BYTES_MAX: usize = 160;
/// Bytes of a query.
pub const QUERY_BYTES_MAX: usize = 256;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its word, as stored.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// By its word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What kind of data was read.
    DataKind {
        /// Tax receipts.
        Tax = "tax",
        /// Loans and their interest.
        Loan = "loan",
        /// Entitlements: amounts, and why they are what they are.
        Entitlement = "entitlement",
        /// Contacts: personal data.
        Contact = "contact",
        /// Payees' accounts.
        Account = "account",
        /// Claims, orders and payments.
        Payment = "payment",
        /// Records of the log, which hold any of these.
        Record = "record",
        /// The access log itself.
        Access = "access",
    }
}

words! {
    /// Why something was not recorded one by one.
    Cause {
        /// Too many in an hour, or too many different ones at a time.
        Limit = "LIMIT",
        /// The log could not be written.
        Unwritten = "UNWRITTEN",
    }
}

/// What one record of an access log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEvent {
    /// The log's birth.
    Created {
        /// GB/T 2260 code.
        district: String,
        /// Random id.
        log_id: [u8; 16],
        /// As in the envelope.
        hash_algorithm: u32,
    },
    /// Calls that were turned away.
    Denied {
        /// `package.Service/Method`; empty: there is no such method.
        method: String,
        /// Word of the reason.
        reason: String,
        /// Where they came from; empty: unknown.
        peer: String,
        /// How many.
        count: u64,
        /// The first, microseconds since the epoch.
        first_micros: i64,
    },
    /// Answers in which data was read.
    Read {
        /// What kind.
        kind: DataKind,
        /// `package.Service/Method`.
        method: String,
        /// Name within the district; empty: not one alone.
        entity: String,
        /// What was asked for beside it.
        query: String,
        /// How many.
        count: u64,
        /// The first, microseconds since the epoch.
        first_micros: i64,
    },
    /// What was not recorded one by one.
    Unrecorded {
        /// Calls turned away.
        denied: u64,
        /// Answers.
        reads: u64,
        /// Why.
        cause: Cause,
        /// The first, microseconds since the epoch.
        first_micros: i64,
    },
}

/// Every event type of an access log: its code, its name, which is that of its message, and the schema version written.
pub const TYPES: &[(u16, &str, u16)] =
    &[(200, "AccessLogCreated", 1), (201, "AccessDenied", 1), (202, "DataRead", 1), (203, "AccessUnrecorded", 1)];

/// The name under which the checkpoints of a district's access log are signed.
pub fn origin(district: &str, log_id: &[u8; 16]) -> String {
    format!("{}/access", note::origin(district, log_id))
}

/// Type code of an event.
pub fn type_code(event: &AccessEvent) -> u16 {
    match event {
        AccessEvent::Created { .. } => 200,
        AccessEvent::Denied { .. } => 201,
        AccessEvent::Read { .. } => 202,
        AccessEvent::Unrecorded { .. } => 203,
    }
}

/// The entities that a record of it is about, by their names within the district, sorted: who called, where that is known,
/// and what was read.
pub fn subjects(event: &AccessEvent, principal: &str) -> Vec<String> {
    let who = (!principal.is_empty()).then(|| format!("principals/{principal}"));
    let mut names: Vec<String> = match event {
        AccessEvent::Created { .. } | AccessEvent::Unrecorded { .. } => Vec::new(),
        AccessEvent::Denied { .. } => who.into_iter().collect(),
        AccessEvent::Read { entity, .. } => {
            let entity = (!entity.is_empty()).then(|| entity.clone());
            who.into_iter().chain(entity).collect()
        }
    };
    names.sort();
    names.dedup();
    names
}

/// The stored form of an event.
pub fn encode(event: &AccessEvent) -> Encoded {
    let payload = match event.clone() {
        AccessEvent::Created { district, log_id, hash_algorithm } => {
            wire::AccessLogCreated { district, log_id: log_id.to_vec(), hash_algorithm }.encode_to_vec()
        }
        AccessEvent::Denied { method, reason, peer, count, first_micros } => {
            wire::AccessDenied { method, reason, peer, count, first_micros }.encode_to_vec()
        }
        AccessEvent::Read { kind, method, entity, query, count, first_micros } => {
            let kind = kind.word().to_owned();
            wire::DataRead { kind, method, entity, query, count, first_micros }.encode_to_vec()
        }
        AccessEvent::Unrecorded { denied, reads, cause, first_micros } => {
            wire::AccessUnrecorded { denied, reads, cause: cause.word().to_owned(), first_micros }.encode_to_vec()
        }
    };
    Encoded { event_type: type_code(event), schema_version: 1, payload }
}

/// Reads a stored event back.
pub fn decode(record: &Record) -> Result<AccessEvent, CodecError> {
    let known = TYPES.iter().find(|(code, _, _)| *code == record.event_type);
    let (code, name, version) = *known.ok_or(CodecError::Type(record.event_type))?;
    if record.schema_version != version {
        return Err(CodecError::Version { name, version: record.schema_version });
    }
    read(code, &record.payload).map_err(|detail| CodecError::Payload { name, detail })
}

fn read(code: u16, payload: &[u8]) -> Result<AccessEvent, String> {
    fn message<T: Message + Default>(payload: &[u8]) -> Result<T, String> {
        T::decode(payload).map_err(|error| error.to_string())
    }
    let counted = |count: u64| if count == 0 { Err("its count is 0".to_owned()) } else { Ok(count) };
    Ok(match code {
        200 => {
            let wire::AccessLogCreated { district, log_id, hash_algorithm } = message(payload)?;
            let log_id = log_id.try_into().map_err(|_| "the log's id has not 16 bytes".to_owned())?;
            AccessEvent::Created { district, log_id, hash_algorithm }
        }
        201 => {
            let wire::AccessDenied { method, reason, peer, count, first_micros } = message(payload)?;
            AccessEvent::Denied { method, reason, peer, count: counted(count)?, first_micros }
        }
        202 => {
            let wire::DataRead { kind, method, entity, query, count, first_micros } = message(payload)?;
            let kind = DataKind::from_word(&kind).ok_or_else(|| format!("no kind of data is {kind:?}"))?;
            AccessEvent::Read { kind, method, entity, query, count: counted(count)?, first_micros }
        }
        _ => {
            let wire::AccessUnrecorded { denied, reads, cause, first_micros } = message(payload)?;
            let cause = Cause::from_word(&cause).ok_or_else(|| format!("no cause is {cause:?}"))?;
            counted(denied.saturating_add(reads))?;
            AccessEvent::Unrecorded { denied, reads, cause, first_micros }
        }
    })
}

/// Name of an event type.
pub fn type_name(event_type: u16) -> Option<&'static str> {
    TYPES.iter().find(|(code, _, _)| *code == event_type).map(|(_, name, _)| *name)
}

/// A text cut to so many bytes, between two characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
