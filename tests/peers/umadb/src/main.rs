//! UmaDB as a peer to measure against: its server, and a load of its own client, each a process.
//!
//! `serve DIR` keeps events in a folder, with the options its own program has by default, and prints `listening on ADDRESS`
//! once it answers; killed when no longer wanted. `load ADDRESS EVENTS IN_FLIGHT SECONDS` keeps so many appends of so many
//! events in flight, every event of 300 bytes with two tags and no condition, and prints the CPU seconds and the peak
//! resident KiB of this process in the first line, how long it took in nanoseconds in the second, then each append's
//! latency in nanoseconds, a line each.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbEvent, DcbEventStoreAsync as _};
use umadb_server::{ServerOptions, StorageOptions, start_server_with_options};

const DATA_BYTES: usize = 300;
const USAGE: &str = "serve DIR | load ADDRESS EVENTS IN_FLIGHT SECONDS";

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["serve", dir] => serve(dir).await,
        ["load", address, events, in_flight, seconds] => {
            let number = |text: &str| text.parse::<usize>().expect(USAGE);
            let time = Duration::from_secs_f64(seconds.parse().expect(USAGE));
            print!("{}", load(address, number(events), number(in_flight), time).await);
        }
        _ => panic!("{USAGE}"),
    }
}

async fn serve(dir: &str) {
    // Its server takes an address, not a listener: a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let (_stop, stopped) = tokio::sync::oneshot::channel();
    let storage = StorageOptions::default().db_path(dir);
    let options = ServerOptions { listen_addr: address.clone(), tls: None, api_key: None, storage };
    let said = address.clone();
    tokio::spawn(async move {
        connect(&said).await;
        println!("\nlistening on {said}");
    });
    start_server_with_options(options, stopped).await.expect("UmaDB serves");
}

/// A connection, once the server answers.
async fn connect(address: &str) -> AsyncUmaDbClient {
    let began = Instant::now();
    loop {
        match UmaDbClient::new(format!("http://{address}")).connect_async().await {
            Ok(client) => return client,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(30), "no UmaDB on {address}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn event(task: usize, number: usize) -> DcbEvent {
    let (firm, carrier) = (format!("firm:{task}-{number}"), format!("incubator:{}", number % 100));
    DcbEvent::default().event_type("FirmAdmitted").tags([firm, carrier]).data(vec![7; DATA_BYTES])
}

async fn load(address: &str, events: usize, in_flight: usize, time: Duration) -> String {
    let client = Arc::new(connect(address).await);
    let began = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|task| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                let (mut latencies, mut number) = (Vec::new(), 0);
                while began.elapsed() < time {
                    let batch = (number..number + events).map(|number| event(task, number)).collect();
                    number += events;
                    let since = Instant::now();
                    client.append(batch, None, None).await.expect("an append");
                    latencies.push(since.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("a task"));
    }
    let took = began.elapsed();
    let mut told = format!("{}\n{}\n", usage(), took.as_nanos());
    for latency in latencies {
        let _ = writeln!(told, "{}", latency.as_nanos()); // A String takes everything.
    }
    told
}

/// CPU seconds and peak resident KiB of this process.
fn usage() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("ticks")).sum();
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    format!("{} {}", ticks / 100.0, peak.trim().trim_end_matches(" kB"))
}
