//! The engine over its logs, without a network.

mod access_log;
mod audit;
mod audit_tamper;
mod claims;
mod claims_model;
#[path = "../claims_rig/mod.rs"]
mod claims_rig;
#[path = "../common/mod.rs"]
mod common;
mod engine;
mod sealed;
