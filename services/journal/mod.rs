//! The stored form of what happened: envelope, chain, event payloads.
//!
//! Knows bytes and hashes, and nothing of where they are kept.

pub mod access;
pub mod auditor;
pub mod canonical;
pub mod codec;
pub mod commit;
pub mod envelope;
pub mod export;
pub mod heads;
pub mod merkle;
pub mod note;
pub mod sealed;

pub use codec::CodecError;
pub use commit::{ChainError, Commit, Head};
pub use envelope::{
    COMMIT_BYTES_MAX, EnvelopeError, HASH_SHA256, Hash, Header, Record, RequestKey, Subject, ZERO_HASH, record_hash,
};
