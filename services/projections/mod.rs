//! What is read: folds of a registry, true for a day, a known position and a cut.
//!
//! Pure functions over `&domain::Registry` and `AsOf`. Two times are a filter over the facts, so a figure of last year as
//! known in March needs no replay. Each projection has a name, a version (it grows when a definition changes its meaning)
//! and the position that its answer is true for. One pass over the firms a question; what depends on a carrier is looked up
//! in a table made once.

pub mod anomalies;
pub mod briefs;
pub mod chain;
pub mod claims;
mod cut;
pub mod definitions;
pub mod entitlements;
pub mod evidence;
pub mod filter;
pub mod issued;
pub mod json;
pub mod metrics;
pub mod orders;
pub mod reconcile;
mod stacked;
pub mod standing;

pub use anomalies::{Anomaly, AnomalyKind, anomalies};
pub use briefs::Briefs;
pub use chain::{Chain, chain, chain_of};
pub use definitions::{CHAIN, Definition, METRICS};
pub use entitlements::{Entitlements, entitlements};
pub use filter::Filter;
pub use metrics::{Metrics, OverdueFirm, counts_of, metrics, metrics_of};
pub use standing::{RULES_VERSION, Standing, Standings};

use crate::domain::{AsOf, Registry};

/// The position that an answer is true for: what is known, and no more than there is.
fn position(registry: &Registry, as_of: AsOf) -> u64 {
    as_of.known.min(registry.position())
}
