//! What the server's main runs: options, the districts' logs and engines, the demo.

mod access;
mod audit;
mod demo;
mod demo_calendar;
mod demo_policy;
mod identity;
mod options;
mod run;

pub use audit::AuditOptions;
pub use identity::{Identity, IdentityOptions};
pub use options::{Config, LISTEN, Options};
pub use run::{RunError, run};
