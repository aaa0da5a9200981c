//! Records and events as bytes, and the trees over them.

#[path = "../common/mod.rs"]
mod common;
mod golden;
mod journal_cases;
mod merkle;
mod properties;
