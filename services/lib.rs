//! The incubator registry of a district: an append-only log of facts, and functions of that log.
//!
//! A room uses only the rooms above it, and only those that `tests/tidy.rs` names for it:
//!
//! | room | what lives there |
//! |---|---|
//! | `domain` | the pure core: values, facts, rules, decisions on business time |
//! | `policy` | dated parameters, and what they entitle to: retained tax, the schemes, why each figure is what it is |
//! | `wire` | code generated from `proto/` |
//! | `journal` | the stored form: envelope, payloads, hash chain |
//! | `log` | where commits are kept: sled, memory, faults by plan |
//! | `keys` | the data keys of sealed fields: kept outside the log, wrapped by a master key, erased |
//! | `formats` | files as people keep them: ledgers, limits, policies, reports |
//! | `projections` | figures: metrics, chain, anomalies, entitlements |
//! | `engine` | the writer of one district, and the state that readers share |
//! | `access` | who was turned away, and who read what: a log of its own |
//! | `auth` | who calls, and what they may do: deny by default |
//! | `grpc` | adapters between the API and the engine |
//! | `ctl` | the command line: a client |
//! | `server` | options, districts, the demo: what the server's main runs |
//!
//! What holds everywhere: a reply leaves only after its events are on stable storage; nothing true is edited or deleted;
//! what is read is a filter over facts by business day and log position, never a second store; no clock, randomness or I/O
//! above `log`. Deliberately absent: a database of current state, an event bus between rooms, a second writer.

pub mod access;
pub mod auth;
pub mod ctl;
pub mod domain;
pub mod engine;
pub mod formats;
pub mod grpc;
pub mod journal;
pub mod keys;
pub mod log;
pub mod policy;
pub mod projections;
pub mod server;
pub mod wire;
