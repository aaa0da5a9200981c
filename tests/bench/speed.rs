//! How fast the service is, each bound of it as a ratio inside one run: `tests/bench/run`, or `cargo bench --bench speed` for
//! what needs no peer. The server is a process, the client is this one; loads that are compared take turns, round by round,
//! so that both have seen the same machine. Bounds are printed beside the figures, never asserted: a miss is to be reported,
//! not to break a build. `speed/config.rs` says what the environment may set.

#[path = "speed/audit.rs"]
mod audit;
#[path = "speed/bulk.rs"]
mod bulk;
#[path = "speed/calls.rs"]
mod calls;
#[path = "../common_identity/mod.rs"]
mod common_identity;
#[path = "../common_server/mod.rs"]
mod common_server;
#[path = "speed/config.rs"]
mod config;
#[path = "speed/figures.rs"]
mod figures;
#[path = "speed/folder.rs"]
mod folder;
#[path = "speed/loads.rs"]
mod loads;
#[path = "../log_common/mod.rs"]
mod log_common;
#[path = "speed/orders.rs"]
mod orders;
#[path = "speed/peer.rs"]
mod peer;
#[path = "speed/reads.rs"]
mod reads;
#[path = "speed/replay.rs"]
mod replay;
#[path = "speed/report.rs"]
mod report;
#[path = "speed/rows.rs"]
mod rows;
#[path = "speed/year.rs"]
mod year;

use config::Config;
use report::Report;
use std::time::Instant;

#[tokio::main]
async fn main() {
    let config = Config::of_environment();
    let mut report = Report::default();
    for part in ["calls", "audit", "bulk", "orders", "reads", "year"] {
        if !config.wants(part) {
            continue;
        }
        let began = Instant::now();
        match part {
            "calls" => calls::measure(&config, &mut report).await,
            "audit" => audit::measure(&config, &mut report).await,
            "bulk" => bulk::measure(&config, &mut report).await,
            "orders" => orders::measure(&config, &mut report).await,
            "reads" => reads::measure(&config, &mut report).await,
            // The last: its replay leaves a large log in the memory of this process.
            _ => year::measure(&config, &mut report).await,
        }
        eprintln!("{part}: {:.0} s", began.elapsed().as_secs_f64());
    }
}
