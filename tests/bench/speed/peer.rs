//! UmaDB (tests/peers/umadb): its server as a process, and its own client as another for each round.

use super::figures::{Figures, Load, Side, Watched};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running server; killed when dropped.
pub struct Peer {
    program: PathBuf,
    data: TempDir,
    child: Child,
    address: String,
    /// Kept open: whoever prints into a closed pipe dies.
    _stdout: BufReader<std::process::ChildStdout>,
}

impl Peer {
    /// Starts it on a folder of its own beside ours.
    pub fn start(program: &Path, beside: &Path) -> Self {
        let data = TempDir::new_in(beside).unwrap();
        let mut command = Command::new(program);
        let mut child = command.arg("serve").arg(data.path()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "UmaDB does not serve");
            if let Some(address) = line.trim_end().strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        Self { program: program.to_owned(), data, child, address, _stdout: stdout }
    }

    /// One round of appends of so many events each, so many in flight.
    pub async fn round(&self, load: &mut Load, events: u64, in_flight: usize, time: Duration) {
        load.sync(self.data.path());
        let watched = Watched::begin(self.child.id());
        let mut command = Command::new(&self.program);
        command.arg("load").arg(&self.address).arg(events.to_string()).arg(in_flight.to_string());
        command.arg(time.as_secs_f64().to_string()).stderr(Stdio::inherit());
        let run = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = run.await.unwrap();
        assert!(output.status.success(), "UmaDB's client failed");
        let server = watched.end();
        let (client, calls) = read(&String::from_utf8(output.stdout).unwrap(), events);
        load.add(calls, Some(server), client);
    }
}

/// What its client printed.
fn read(told: &str, events: u64) -> (Side, Figures) {
    let mut lines = told.lines();
    let (cpu, peak) = lines.next().unwrap().split_once(' ').unwrap();
    let client = Side { cpu: cpu.parse().unwrap(), peak_kib: peak.parse().unwrap() };
    let mut nanos = lines.map(|line| Duration::from_nanos(line.parse().unwrap()));
    let took = nanos.next().unwrap();
    let latencies: Vec<Duration> = nanos.collect();
    (client, Figures { items: latencies.len() as u64 * events, latencies, took })
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
