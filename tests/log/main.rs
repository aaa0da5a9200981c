//! Event logs against what a log promises.

mod conformance;
mod export;
mod folder;
#[path = "../log_common/mod.rs"]
mod log_common;
