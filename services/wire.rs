//! Code generated from `proto/`: the API's messages, clients and servers, and the journal's payloads.

/// `incubation.v1`: the API.
#[allow(missing_docs, clippy::all)] // Generated; the protos bear the docs.
pub mod v1 {
    tonic::include_proto!("incubation.v1");
}

/// `incubation.journal.v1`: what is stored.
#[allow(missing_docs, clippy::all)] // Generated; the protos bear the docs.
pub mod journal {
    tonic::include_proto!("incubation.journal.v1");
}

/// The descriptors of everything under `proto/`, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
