//! Figures of a load, and the table that they end in.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Latencies of calls that were made while a clock ran.
#[derive(Debug, Default)]
pub struct Figures {
    /// Each call's.
    pub latencies: Vec<Duration>,
    /// Items that one call carries.
    pub items: usize,
    /// From the first call to the last answer.
    pub took: Duration,
}

impl Figures {
    /// Items a second.
    pub fn rate(&self) -> f64 {
        (self.latencies.len() * self.items.max(1)) as f64 / self.took.as_secs_f64()
    }

    /// The latency that a share of the calls stays within, in seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, Duration::as_secs_f64)
    }
}

/// What a device sync of a small write costs on this disk.
pub fn fdatasync(dir: &Path) -> Figures {
    let file = std::fs::File::create(dir.join("fdatasync")).unwrap();
    let mut figures = Figures { items: 1, ..Figures::default() };
    let began = Instant::now();
    for n in 0..2_000_u64 {
        let since = Instant::now();
        file.write_all_at(&[7; 4096], n * 4096).unwrap();
        file.sync_data().unwrap();
        figures.latencies.push(since.elapsed());
    }
    figures.took = began.elapsed();
    figures
}

/// Resident memory of a process, now and at most, in MiB.
pub fn resident(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    (kib("VmRSS").unwrap_or(0) / 1024, kib("VmHWM").unwrap_or(0) / 1024)
}

/// CPU seconds that a process has used.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The table.
#[derive(Default)]
pub struct Table(Vec<[String; 3]>);

impl Table {
    /// A ratio beside its bound.
    pub fn ratio(&mut self, name: &str, value: f64, bound: &str) {
        self.plain(name, format!("{value:.2}"), bound);
    }

    /// A figure beside its bound.
    pub fn plain(&mut self, name: &str, value: String, bound: &str) {
        self.0.push([name.to_owned(), value, bound.to_owned()]);
    }

    /// Rate and latencies of a load.
    pub fn load(&mut self, name: &str, figures: &Figures) {
        let micros = |share| format!("{:.0}", figures.quantile(share) * 1e6);
        let text =
            format!("{:.0}/s, p50 {} · p99 {} · p99.9 {} µs", figures.rate(), micros(0.5), micros(0.99), micros(0.999));
        self.plain(name, text, "");
    }

    /// Prints it as a README holds it.
    pub fn print(&self) {
        println!("| what | figure | bound |\n|---|---|---|");
        for [name, value, bound] in &self.0 {
            println!("| {name} | {value} | {bound} |");
        }
    }
}
