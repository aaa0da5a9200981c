//! The command line, as a process or in that of the test.

mod audit;
mod chinese;
mod claims;
#[path = "../claims_rig/mod.rs"]
mod claims_rig;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common_server/mod.rs"]
mod common_server;
mod contacts;
mod entitlements;
mod export_ways;
mod finance;
#[path = "../finance_rig/mod.rs"]
mod finance_rig;
mod import;
mod ledgers;
#[path = "../log_common/mod.rs"]
mod log_common;
mod process;
mod server;
mod words;
