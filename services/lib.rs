//! The incubator registry of a district: an append-only log of facts, and functions of that log.

pub mod ctl;
pub mod domain;
pub mod engine;
pub mod formats;
pub mod journal;
pub mod log;
pub mod projections;
pub mod wire;
