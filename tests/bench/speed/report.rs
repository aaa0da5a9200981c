//! The two tables that a run ends in: figures beside their bounds, and the loads behind them.

use super::figures::{Figures, Load, Side};

/// What was found so far; printed when it goes, so that a run that breaks tells what it had.
#[derive(Default)]
pub struct Report {
    bounds: Vec<[String; 3]>,
    loads: Vec<String>,
}

impl Report {
    /// A figure beside its bound; none: it explains the one above it.
    pub fn bound(&mut self, work: &str, figure: impl ToString, bound: &str) {
        self.bounds.push([work.to_owned(), figure.to_string(), bound.to_owned()]);
    }

    /// A load.
    pub fn load(&mut self, name: &str, load: &Load) {
        let sides = |told: fn(Side) -> String| {
            format!("{} · {}", load.server.map_or_else(|| "–".to_owned(), told), told(load.client))
        };
        self.loads.push(format!(
            "| {name} | {:.0} | {} | {} | {} | {} |",
            load.rate(),
            micros(&load.calls(), &[0.5, 0.99, 0.999]),
            sides(|side| format!("{:.2}", side.cpu)),
            sides(|side| (side.peak_kib / 1024).to_string()),
            micros(&load.syncs(), &[0.5, 0.99]),
        ));
    }
}

/// Quantiles in µs.
fn micros(figures: &Figures, shares: &[f64]) -> String {
    if figures.latencies.is_empty() {
        return "–".to_owned();
    }
    shares.iter().map(|share| format!("{:.0}", figures.quantile(*share) * 1e6)).collect::<Vec<_>>().join(" · ")
}

impl Drop for Report {
    fn drop(&mut self) {
        println!("| work | figure | bound |\n|---|---|---|");
        for [work, figure, bound] in &self.bounds {
            println!("| {work} | {figure} | {bound} |");
        }
        println!(
            "\n| load | a second | p50 · p99 · p99.9, µs | CPU s: server · client | peak MiB: server · client \
             | fdatasync p50 · p99, µs |\n|---|---|---|---|---|---|"
        );
        for load in &self.loads {
            println!("{load}");
        }
    }
}
