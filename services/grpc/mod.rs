//! The API's door: adapters between `incubation.v1` and the engine, and nothing else.
//!
//! What comes in is read whole: a `Reader` turns wire values into domain values, notes every fault with its field, and
//! only a request without any becomes a command or a question. What goes out is drawn from an unchanging state (`Scene`)
//! at a named position. One file (`status`) maps errors to `google.rpc.Status`. No rule is judged here.
#![allow(clippy::result_large_err)] // tonic::Status is what every method of a service returns.

mod access;
mod accounts;
mod acts;
mod assessments;
mod audit;
mod bounds;
mod budgets;
mod bureau;
mod calendar;
mod claims;
mod command;
mod connection;
mod contacts;
mod convert;
mod criteria;
mod districts;
mod entitlements;
mod evidence;
mod figures;
mod financing;
mod firms;
mod follow;
mod guard;
mod guidance_funds;
mod import;
mod incubators;
mod instruments;
mod journal;
mod layer;
mod orders;
mod page;
mod parks;
mod platforms;
mod policies;
mod principal;
mod read;
mod readings;
mod recent;
mod seal;
mod seldom;
mod server;
mod settings;
mod shares;
mod sights;
mod status;
mod taxes;
mod transfers;
mod witness;

pub use crate::auth::PRINCIPAL_HEADER;
pub use districts::Districts;
pub use layer::Door;
pub use principal::ON_BEHALF_OF_HEADER;
pub use seal::{Keys, open_keys};
pub use server::{ServeError, ServerConfig, door, routes, serve};
pub use status::ERROR_DOMAIN;
pub use witness::AccessLogs;
