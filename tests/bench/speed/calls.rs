//! Single calls: durable commands beside a no-op, a reading and UmaDB with many in flight; one client alone beside the disk,
//! with the log's and sled's own shares told apart.

use super::common_server::Incubatord;
use super::config::Config;
use super::figures::{Figures, Load, fdatasync};
use super::folder;
use super::loads;
use super::log_common::commit;
use super::report::Report;
use super::rows;
use incubator_registry::journal::Head;
use incubator_registry::log::{Append, EventLog as _, SledLog, SledOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of the payload of commits that are appended without a server: with the envelope, about what a registration has.
const PAYLOAD_BYTES: usize = 60;

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let data = config.folder();
    let server = Incubatord::on(data.path());
    loads::import(&server.client().await, rows::firms(100)).await;
    many(config, report, &server, data.path()).await;
    one(config, report, &server, data.path()).await;
    server.stop_cleanly();
    let disk = folder::measure(data.path()).await;
    report.bound("disk ÷ bytes of the records, commands as above", disk.told(), "≤ 2.5");
}

/// 64 in flight.
async fn many(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path) {
    let (channel, client) = (server.channel().await, Arc::new(server.client().await));
    let peer = config.peer(dir);
    let [mut noop, mut durable, mut reads, mut appends] = [(); 4].map(|()| Load::default());
    for _ in 0..config.rounds {
        noop.round(server.pid(), dir, loads::no_op(&channel, 64, config.round)).await;
        durable.round(server.pid(), dir, loads::register_firms(&client, 64, config.round)).await;
        if let Some(peer) = &peer {
            peer.round(&mut appends, 1, 64, config.round).await;
        }
        reads.round(server.pid(), dir, loads::get_firm(&client, 64, config.round)).await;
    }
    report.bound("durable commands, 64 in flight ÷ no-op", durable.faster_than(&noop), "≥ 0.70");
    if peer.is_some() {
        report.bound("the same ÷ UmaDB, one event an append", durable.faster_than(&appends), "≥ 3");
        report.load("UmaDB, one event an append, 64 in flight", &appends);
    }
    report.bound("GetFirm ÷ no-op, 64 in flight", reads.faster_than(&noop), "≥ 0.9");
    report.load("no-op, 64 in flight", &noop);
    report.load("durable commands, 64 in flight", &durable);
    report.load("GetFirm, 64 in flight", &reads);
}

/// One client.
async fn one(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path) {
    let (channel, client) = (server.channel().await, Arc::new(server.client().await));
    let (mut log, mut bare) = (Alone::open(config), Bare::open(config));
    let [mut noop, mut durable, mut appends, mut sled, mut sync] = [(); 5].map(|()| Load::default());
    for _ in 0..config.rounds {
        noop.round(server.pid(), dir, loads::no_op(&channel, 1, config.round)).await;
        durable.round(server.pid(), dir, loads::register_firms(&client, 1, config.round)).await;
        sync.round_alone(dir, async { fdatasync(dir, 1_000) }).await;
        appends.round_alone(dir, log.append(config.round)).await;
        sled.round_alone(dir, async { bare.flush(config.round) }).await;
    }
    let [noop_p50, own_p50, log_p50, sled_p50] = [&noop, &durable, &appends, &sled].map(|load| load.quietest() * 1e6);
    let sync_p50 =
        [&noop, &durable, &sync, &appends, &sled].map(Load::quietest_sync).into_iter().fold(sync.quietest(), f64::min)
            * 1e6;
    let floor = noop_p50 + sync_p50;
    let parts = format!("{own_p50:.0} ÷ ({noop_p50:.0} + {sync_p50:.0}) µs");
    let work = "one client, p50 ÷ (no-op p50 + fdatasync p50), each of its quietest round";
    if sync_p50 > log_p50 {
        // An append holds a sync: one alone that takes longer waited for the processor, and the ratio would flatter.
        report.bound(work, format!("not to be told: a busy machine kept the bare sync waiting ({parts})"), "≤ 1.5");
    } else {
        report.bound(work, format!("{:.2} ({parts})", own_p50 / floor), "≤ 1.5");
    }
    let told = format!("{sled_p50:.0} µs to insert and flush without the sync");
    report.bound("– of it sled's own share", told, "");
    let told = format!("{log_p50:.0} µs an append with the sync; what is above: {:.2}", own_p50 / (noop_p50 + log_p50));
    report.bound("– the log alone; p50 ÷ (no-op p50 + log p50)", told, "");
    report.load("no-op, one client", &noop);
    report.load("durable commands, one client", &durable);
    report.load("fdatasync behind 4 KiB", &sync);
    report.load("the log alone, one event a commit", &appends);
    report.load("sled alone, insert and flush", &sled);
}

/// The log without a server.
struct Alone {
    log: SledLog,
    head: Head,
    _dir: tempfile::TempDir,
}

impl Alone {
    fn open(config: &Config) -> Self {
        let dir = config.folder();
        Self { log: SledLog::open(dir.path(), SledOptions::default()).unwrap(), head: Head::EMPTY, _dir: dir }
    }

    /// Appends of one event, one after the other.
    async fn append(&mut self, time: Duration) -> Figures {
        let (mut latencies, mut working) = (Vec::new(), Duration::ZERO);
        while working < time {
            let next = commit(&self.head, 1, PAYLOAD_BYTES, self.head.position);
            let since = Instant::now();
            assert_eq!(self.log.append(self.head, next.clone()).await, Append::Appended(next.head()));
            latencies.push(since.elapsed());
            working += since.elapsed();
            self.head = next.head();
        }
        Figures::of(latencies, working)
    }
}

/// sled without the log: as the log sets it, and no sync of ours.
struct Bare {
    db: sled::Db,
    key: u64,
    _dir: tempfile::TempDir,
}

impl Bare {
    fn open(config: &Config) -> Self {
        let dir = config.folder();
        let SledOptions { cache_bytes, segment_bytes, .. } = SledOptions::default();
        let settings = sled::Config::new().path(dir.path().join("sled")).cache_capacity(cache_bytes);
        let db = settings.segment_size(segment_bytes).flush_every_ms(None).open().unwrap();
        Self { db, key: 0, _dir: dir }
    }

    /// Inserts of one record under the next key, each flushed.
    fn flush(&mut self, time: Duration) -> Figures {
        let (mut latencies, mut working) = (Vec::new(), Duration::ZERO);
        let record = commit(&Head::EMPTY, 1, PAYLOAD_BYTES, 7).records;
        while working < time {
            let since = Instant::now();
            self.db.insert(self.key.to_be_bytes(), record.as_ref()).unwrap();
            self.db.flush().unwrap();
            latencies.push(since.elapsed());
            working += since.elapsed();
            self.key += 1;
        }
        Figures::of(latencies, working)
    }
}
