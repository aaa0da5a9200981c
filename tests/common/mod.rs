//! What several test binaries share: a district made of the sample ledgers, and small makers of values.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod ctl;
pub mod explanation;
pub mod finance;
pub mod generator;
pub mod ledgers;
pub mod readings;

pub mod server;
pub mod world;
