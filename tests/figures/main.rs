//! The sample district and its neighbours against the figures expected of them.

#[path = "../common/mod.rs"]
mod common;
mod criteria;
mod entitlements_golden;
mod metrics_golden;
mod neighbours_golden;
mod neighbours_readings;
