//! Entitlements worked by hand at their edges (rules §5): each test states the few facts it needs and the lines they give.
//! The demo's policy applies, unless a test changes its text.

#[path = "../common/mod.rs"]
mod common;

mod boundaries;
mod budgets;
mod dsl;
mod explanations;
mod instruments;
mod model;
mod p1;
mod platforms;
mod properties;
mod s1;
mod s2_s3;
mod s4;
mod stacking;
mod standing;
