//! The server as its operators run it: the process, its door, its credentials, its crashes.

mod access_kill;
mod audit;
mod auth_connections;
mod auth_credentials;
mod auth_limits;
mod auth_start;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common_identity/mod.rs"]
mod common_identity;
#[path = "../common_server/mod.rs"]
mod common_server;
mod demo;
mod districts;
mod door;
mod drain;
mod import_kill;
mod kill;
mod ledger_months;
mod syscalls;
mod trouble;
