//! Ledgers, policies and order files, read and written.

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod corrected;
mod ledgers;
mod orders;
mod policy;
mod xlsx;
#[path = "formats/zip.rs"]
mod zip;
