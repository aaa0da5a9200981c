//! What the audit costs: durable commands at a server that signs a checkpoint every second, heads of all entities included, and
//! at one that signs none, in turn.

use super::common_server::Incubatord;
use super::config::Config;
use super::figures::Load;
use super::loads;
use super::report::Report;
use super::rows;
use incubator_registry::journal::note::SigningKey;
use std::sync::Arc;

/// Firms that are there before: each is a head.
const FIRMS: u64 = 20_000;

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let (with, without) = (config.folder(), config.folder());
    let key = with.path().join("checkpoint.key");
    std::fs::write(&key, SigningKey::generate().unwrap().1).unwrap();
    let signing = ["--checkpoint-key", key.to_str().unwrap(), "--checkpoint-seconds", "1"];
    let (signed, plain) = (Incubatord::with(with.path(), &signing), Incubatord::on(without.path()));
    for server in [&signed, &plain] {
        loads::import(&server.client().await, rows::firms(FIRMS)).await;
    }
    let (signed_client, plain_client) = (Arc::new(signed.client().await), Arc::new(plain.client().await));
    let [mut on, mut off] = [(); 2].map(|()| Load::default());
    for _ in 0..config.rounds {
        on.round(signed.pid(), with.path(), loads::register_firms(&signed_client, 64, config.round)).await;
        off.round(plain.pid(), without.path(), loads::register_firms(&plain_client, 64, config.round)).await;
    }
    signed.stop_cleanly();
    plain.stop_cleanly();
    report.bound("durable commands with a checkpoint a second ÷ without", on.faster_than(&off), "≥ 0.90");
    report.load("durable commands, 64 in flight, a checkpoint a second", &on);
    report.load("durable commands, 64 in flight, without", &off);
}
