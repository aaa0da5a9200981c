//! What is measured of a load: calls, both processes, the disk; taken in rounds, so that two loads that are compared have
//! seen the same machine.

use std::future::Future;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Device syncs that are timed before each round of a load.
const SYNCS: u64 = 100;

/// Latencies of calls that were made while a clock ran.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Each call's.
    pub latencies: Vec<Duration>,
    /// What the calls carried, all together.
    pub items: u64,
    /// From the first call to the last answer.
    pub took: Duration,
}

impl Figures {
    /// Of calls that carry one item each.
    pub fn of(latencies: Vec<Duration>, took: Duration) -> Self {
        Self { items: latencies.len() as u64, latencies, took }
    }

    /// Items a second.
    pub fn rate(&self) -> f64 {
        self.items as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// The latency that a share of the calls stays within, in seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, Duration::as_secs_f64)
    }

    fn sum(rounds: &[Self]) -> Self {
        Self {
            latencies: rounds.iter().flat_map(|round| round.latencies.iter().copied()).collect(),
            items: rounds.iter().map(|round| round.items).sum(),
            took: rounds.iter().map(|round| round.took).sum(),
        }
    }
}

/// What one process spent on a load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side {
    /// CPU seconds, user and system.
    pub cpu: f64,
    /// Peak resident memory in KiB.
    pub peak_kib: u64,
}

impl Side {
    fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.peak_kib = self.peak_kib.max(other.peak_kib);
    }
}

/// A load, over all its rounds.
#[derive(Debug, Default)]
pub struct Load {
    /// The calls of each round.
    rounds: Vec<Figures>,
    /// What the server spent; none where there is none.
    pub server: Option<Side>,
    /// What the client spent.
    pub client: Side,
    /// Device syncs on the data folder's disk, just before each round.
    syncs: Vec<Figures>,
}

impl Load {
    /// The calls of all rounds.
    pub fn calls(&self) -> Figures {
        Figures::sum(&self.rounds)
    }

    /// The device syncs before all rounds.
    pub fn syncs(&self) -> Figures {
        Figures::sum(&self.syncs)
    }

    /// Items a second, over all rounds.
    pub fn rate(&self) -> f64 {
        self.calls().rate()
    }

    /// The latency that a share of all calls stays within, in seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        self.calls().quantile(share)
    }

    /// The median of the round in which it was least, in seconds: what other work on the machine adds is no part of it.
    pub fn quietest(&self) -> f64 {
        least(self.rounds.iter().map(|round| round.quantile(0.5)))
    }

    /// The same of the device syncs.
    pub fn quietest_sync(&self) -> f64 {
        least(self.syncs.iter().map(|round| round.quantile(0.5)))
    }

    /// One round: syncs, then the calls, with what both processes spent on them.
    pub async fn round(&mut self, server: u32, dir: &Path, run: impl Future<Output = Figures>) {
        self.sync(dir);
        let watched = [server, std::process::id()].map(Watched::begin);
        let calls = run.await;
        let [of_server, of_client] = watched.map(Watched::end);
        self.add(calls, Some(of_server), of_client);
    }

    /// One round of what this process does without a server.
    pub async fn round_alone(&mut self, dir: &Path, run: impl Future<Output = Figures>) {
        self.sync(dir);
        let watched = Watched::begin(std::process::id());
        let calls = run.await;
        self.add(calls, None, watched.end());
    }

    /// A round that was measured elsewhere.
    pub fn add(&mut self, calls: Figures, server: Option<Side>, client: Side) {
        self.rounds.push(calls);
        if let Some(server) = server {
            self.server.get_or_insert_default().add(server);
        }
        self.client.add(client);
    }

    /// Syncs just before a round.
    pub fn sync(&mut self, dir: &Path) {
        self.syncs.push(fdatasync(dir, SYNCS));
    }

    /// How much faster than another load of the same rounds, and the least and most of any round.
    pub fn faster_than(&self, other: &Self) -> String {
        let rounds = self.rounds.iter().zip(&other.rounds).map(|(own, theirs)| own.rate() / theirs.rate());
        let most = rounds.clone().fold(0.0, f64::max);
        format!("{:.2} (rounds {:.2} to {most:.2})", self.rate() / other.rate(), least(rounds))
    }
}

fn least(figures: impl Iterator<Item = f64>) -> f64 {
    figures.fold(f64::INFINITY, f64::min)
}

/// A process from one moment to another.
pub struct Watched {
    pid: u32,
    cpu: f64,
}

impl Watched {
    /// From now on; the kernel forgets the peak before.
    pub fn begin(pid: u32) -> Self {
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        Self { pid, cpu: cpu_seconds(pid) }
    }

    /// Until now.
    pub fn end(self) -> Side {
        Side { cpu: cpu_seconds(self.pid) - self.cpu, peak_kib: resident_kib(self.pid)[1] }
    }
}

/// What a device sync behind a small write costs on this disk: a file that grows, as a log's does.
pub fn fdatasync(dir: &Path, times: u64) -> Figures {
    let path = dir.join("fdatasync");
    let file = std::fs::File::create(&path).unwrap();
    let began = Instant::now();
    let latencies = (0..times)
        .map(|n| {
            let since = Instant::now();
            file.write_all_at(&[7; 4096], n * 4096).unwrap();
            file.sync_data().unwrap();
            since.elapsed()
        })
        .collect();
    let figures = Figures::of(latencies, began.elapsed());
    std::fs::remove_file(path).unwrap();
    figures
}

/// Resident memory of a process in KiB: now, and at most since it was last watched.
pub fn resident_kib(pid: u32) -> [u64; 2] {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    })
}

fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // The kernel counts in hundredths whatever its own clock.
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
