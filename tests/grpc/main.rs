//! The services by gRPC, in the process of the test.

mod access;
mod auth;
mod claims;
#[path = "../claims_rig/mod.rs"]
mod claims_rig;
mod commands;
#[path = "../common/mod.rs"]
mod common;
mod criteria;
mod finance_orders;
#[path = "../finance_rig/mod.rs"]
mod finance_rig;
mod finance_simulation;
mod import;
mod journal;
mod neighbours;
mod policy;
mod policy_pooled;
mod races;
mod reads;
mod server;
