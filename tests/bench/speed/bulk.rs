//! Receipts in bulk beside UmaDB, what they leave in memory and on the disk, and what an append costs behind so many of them.

use super::common_server::{DISTRICT, Incubatord};
use super::config::Config;
use super::figures::{Load, resident_kib};
use super::peer::Peer;
use super::report::Report;
use super::{folder, loads, rows};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Firms that pay the taxes.
const FIRMS: u64 = 5_000;
/// Receipts in the small log, which with its firms has about 10 000 events.
const FEW: u64 = 5_000;
/// Events of one append to UmaDB.
const PEER_EVENTS: u64 = 100;
/// How long a server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// Parts of the import, each in turn with UmaDB, at whose ends memory is read.
const PARTS: u64 = 4;

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let data = config.folder();
    let large = started(data.path(), 0).await;
    import(config, report, &large, data.path()).await;
    grown(config, report, &large, data.path()).await;
    large.stop_cleanly();
    let disk = folder::measure(data.path()).await;
    report.bound("disk ÷ bytes of the records, receipts in bulk", disk.told(), "≤ 2.5");
}

/// A server that knows carriers, firms, and so many receipts.
async fn started(data: &Path, receipts: u64) -> Incubatord {
    let server = Incubatord::on(data);
    let known = rows::carriers().chain(rows::firms(FIRMS)).chain(rows::receipts(0..receipts, FIRMS));
    loads::import(&server.client().await, known).await;
    server
}

async fn import(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path) {
    let client = server.client().await;
    let peer = config.peer(dir);
    let [mut own, mut few, mut many] = [(); 3].map(|()| Load::default());
    // Per part: resident memory at rest behind it, and how far above that its own peak was.
    let mut memory = Vec::new();
    for part in 0..PARTS {
        let numbers = config.receipts * part / PARTS..config.receipts * (part + 1) / PARTS;
        own.round(server.pid(), dir, loads::import(&client, rows::receipts(numbers.clone(), FIRMS))).await;
        let [_, peak] = resident_kib(server.pid());
        tokio::time::sleep(REST).await;
        let [rest, _] = resident_kib(server.pid());
        memory.push((numbers.end, rest, peak.saturating_sub(rest)));
        if let Some(peer) = &peer {
            beside(config, peer, &mut few, &mut many).await;
        }
    }
    report.bound("tax receipts in bulk, durable", format!("{:.0} facts/s", own.rate()), "≥ 100 000 facts/s");
    if peer.is_some() {
        let told = own.faster_than(&few);
        report.bound("the same ÷ UmaDB, 100 events an append, 8 in flight as here", told, "≥ 5");
        report.bound("– ÷ UmaDB, 100 events an append, 64 in flight", own.faster_than(&many), "");
        report.load("UmaDB, 100 events an append, 8 in flight (events)", &few);
        report.load("UmaDB, 100 events an append, 64 in flight (events)", &many);
    }
    report.load("receipts in bulk, messages of 500 (facts)", &own);
    told(report, &memory);
}

async fn beside(config: &Config, peer: &Peer, few: &mut Load, many: &mut Load) {
    peer.round(few, PEER_EVENTS, 8, config.round).await;
    peer.round(many, PEER_EVENTS, 64, config.round).await;
}

/// What a receipt leaves in memory, and whether anything else grows.
fn told(report: &mut Report, memory: &[(u64, u64, u64)]) {
    let (first, last) = (memory[0], memory[memory.len() - 1]);
    let bytes = (last.1 as f64 - first.1 as f64) * 1024.0 / (last.0 - first.0) as f64;
    let rests: Vec<_> = memory.iter().map(|(receipts, rest, _)| format!("{} MiB at {receipts}", rest >> 10)).collect();
    let told = format!("{bytes:.0} B ({})", rests.join(", "));
    report.bound("state a receipt, by resident memory at rest", told, "≤ 100 B");
    let buffers: Vec<_> = memory.iter().map(|(_, _, above)| format!("{}", above >> 10)).collect();
    report.bound("buffers: peak of the import above that, MiB", buffers.join(", "), "flat (over 10 M)");
}

/// Durable commands in turn on a log of many events and on one of few.
async fn grown(config: &Config, report: &mut Report, large: &Incubatord, dir: &Path) {
    let data = config.folder();
    let small = started(data.path(), FEW).await;
    let clients = [Arc::new(large.client().await), Arc::new(small.client().await)];
    let [mut many_large, mut many_small, mut one_large, mut one_small] = [(); 4].map(|()| Load::default());
    let long = clients[0].head(DISTRICT).await.position;
    let short = clients[1].head(DISTRICT).await.position;
    for _ in 0..config.rounds {
        many_large.round(large.pid(), dir, loads::register_firms(&clients[0], 64, config.round)).await;
        many_small.round(small.pid(), dir, loads::register_firms(&clients[1], 64, config.round)).await;
        one_large.round(large.pid(), dir, loads::register_firms(&clients[0], 1, config.round)).await;
        one_small.round(small.pid(), dir, loads::register_firms(&clients[1], 1, config.round)).await;
    }
    let work = format!("append cost with {long} events in the log ÷ with {short}, 64 in flight");
    report.bound(&work, many_small.faster_than(&many_large), "≤ 1.15 (of 5 M ÷ 10 k)");
    let told = format!("{:.2}", one_large.quantile(0.5) / one_small.quantile(0.5));
    report.bound("– one client, p50 ÷ p50", told, "");
    report.load(&format!("durable commands behind {long} events, 64 in flight"), &many_large);
    report.load(&format!("durable commands behind {short} events, 64 in flight"), &many_small);
    small.stop_cleanly();
}
