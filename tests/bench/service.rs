//! How fast the service is: `cargo bench --bench service`. The server is a process of its own; every figure stands beside a
//! no-op call of the same server in the same run, since machines are noisy. Bounds are printed beside the ratios, never asserted:
//! a miss is to be reported, not to break a build. `SERVICE_BENCH_SECONDS` sets how long each load lasts,
//! `SERVICE_BENCH_RECEIPTS` how many receipts are imported.

#[path = "../common_server/mod.rs"]
mod common_server;
#[path = "service/figures.rs"]
mod figures;
#[path = "service/loads.rs"]
mod loads;

use common_server::Incubatord;
use figures::Table;
use std::sync::Arc;
use std::time::Duration;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::main]
async fn main() {
    let time = Duration::from_secs(number("SERVICE_BENCH_SECONDS", 5));
    let data = tempfile::tempdir().unwrap();
    let server = Incubatord::on(data.path());
    let (channel, client) = (server.channel().await, Arc::new(server.client().await));
    let mut table = Table::default();
    loads::register_carrier(&client).await;

    let sync = figures::fdatasync(data.path());
    let noop = loads::no_op(&channel, 64, time).await;
    let durable = loads::register_firms(&client, 64, time).await;
    let reads = loads::get_firm(&client, 64, time).await;
    table.ratio("durable commands, 64 in flight ÷ no-op", durable.rate() / noop.rate(), "≥ 0.70");
    table.ratio("GetFirm ÷ no-op", reads.rate() / noop.rate(), "≥ 0.9");
    table.load("no-op, 64 in flight", &noop);
    table.load("durable, 64 in flight", &durable);
    table.load("GetFirm, 64 in flight", &reads);

    let noop = loads::no_op(&channel, 1, time).await;
    let durable = loads::register_firms(&client, 1, time).await;
    let floor = noop.quantile(0.5) + sync.quantile(0.5);
    table.ratio("one client, p50 ÷ (no-op p50 + fdatasync p50)", durable.quantile(0.5) / floor, "≤ 1.5");
    table.load("no-op, one client", &noop);
    table.load("durable, one client", &durable);
    table.load("fdatasync of 4 KiB", &sync);

    let before = figures::resident(server.pid()).0;
    let import = loads::import_receipts(&client, number("SERVICE_BENCH_RECEIPTS", 500_000)).await;
    table.plain("tax receipts in bulk, durable", format!("{:.0} facts/s", import.rate()), "≥ 100 000 facts/s");
    table.load("messages of 500 receipts (facts)", &import);
    let (now, most) = figures::resident(server.pid());
    table.plain("server resident", format!("{before} → {now} MiB, at most {most} MiB"), "");
    let cpu = [server.pid(), std::process::id()].map(figures::cpu_seconds);
    table.plain("CPU seconds, server and client", format!("{:.1} and {:.1}", cpu[0], cpu[1]), "");
    server.stop_cleanly();
    table.print();
}
