//! A district whose firms each have a year of a hundred facts: its memory at work and at rest, its starts, its replay.

use super::common_server::{Client, DISTRICT, Incubatord};
use super::config::Config;
use super::figures::{Figures, Load, resident_kib};
use super::report::Report;
use super::{folder, loads, replay, rows};
use incubator_registry::wire::v1;
use std::path::Path;
use std::time::{Duration, Instant};
use tonic::Streaming;

/// What a server may take whatever it holds.
const FIXED_KIB: u64 = 256 << 10;
/// Subscriptions from the first position that are open at the same time.
const SUBSCRIPTIONS: usize = 16;
/// Starts from the snapshot; the middle one is told.
const STARTS: usize = 3;
/// How long a server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Memory in KiB, by what the server was doing.
type Memory = Vec<(&'static str, u64)>;

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let data = config.folder();
    let mut memory = Memory::new();
    let server = Incubatord::on(data.path());
    worked(config, report, &server, data.path(), &mut memory).await;
    server.stop_cleanly();
    let disk = folder::measure(data.path()).await;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start(data.path()).await);
    }
    starts.sort_unstable();
    let (from_snapshot, peak) = starts[STARTS / 2];
    memory.push(("start from the snapshot", peak));
    folder::forget_snapshot(data.path());
    let (replayed, peak) = start(data.path()).await;
    memory.push(("replay", peak));
    told(config, report, &memory);
    let events = config.year_firms * rows::YEAR_FACTS;
    report.bound(
        &format!("start from a snapshot of {events} events"),
        format!("{:.2} s", from_snapshot.as_secs_f64()),
        "≤ 1 s (of 1 M)",
    );
    let replayed = replayed.as_secs_f64();
    let whole = format!("{replayed:.2} s, {:.0} events/s, reading and hashes included", events as f64 / replayed);
    report.bound("– the server's start without a snapshot", whole, "");
    replay::measure(report, folder::commits(data.path()).await).await;
    report.bound("disk ÷ bytes of the records, years of firms in bulk", disk.told(), "≤ 2.5");
}

/// Import, export and subscriptions, with the memory of each.
async fn worked(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path, memory: &mut Memory) {
    let client = server.client().await;
    let [mut own, mut exported, mut followed] = [(); 3].map(|()| Load::default());
    own.round(server.pid(), dir, loads::import(&client, rows::year(config.year_firms))).await;
    memory.push(("import", peak(&own)));
    tokio::time::sleep(REST).await;
    memory.push(("at rest", resident_kib(server.pid())[0]));
    exported.round(server.pid(), dir, export(&client)).await;
    memory.push(("export", peak(&exported)));
    followed.round(server.pid(), dir, subscribe(&client)).await;
    memory.push(("subscriptions", peak(&followed)));
    report.load("years of firms in bulk, messages of 500 (facts)", &own);
    report.load("export (KiB)", &exported);
    report.load(&format!("{SUBSCRIPTIONS} subscriptions from the first position (events)"), &followed);
}

/// The server's, in KiB.
fn peak(load: &Load) -> u64 {
    load.server.unwrap_or_default().peak_kib
}

/// The whole log, as a stream of chunks; an item is a KiB.
async fn export(client: &Client) -> Figures {
    let began = Instant::now();
    let ask = v1::ExportLogRequest { parent: DISTRICT.to_owned(), to_position: 0 };
    let mut chunks = client.journal().export_log(ask).await.unwrap().into_inner();
    let mut figures = Figures::default();
    let mut bytes = 0;
    while let Some(part) = chunks.message().await.unwrap() {
        bytes += part.chunk.len() as u64;
    }
    figures.items = bytes >> 10;
    figures.took = began.elapsed();
    figures
}

/// Many followers at once, each until it has caught up; all stay open until the last one has.
async fn subscribe(client: &Client) -> Figures {
    let began = Instant::now();
    let followers: Vec<_> = (0..SUBSCRIPTIONS)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let ask =
                    v1::SubscribeEventsRequest { parent: DISTRICT.to_owned(), from_position: 1, ..Default::default() };
                let mut events = client.journal().subscribe_events(ask).await.unwrap().into_inner();
                let count = caught_up(&mut events).await;
                (events, count)
            })
        })
        .collect();
    let (mut open, mut figures) = (Vec::new(), Figures::default());
    for follower in followers {
        let (events, count) = follower.await.unwrap();
        open.push(events);
        figures.items += count;
    }
    figures.took = began.elapsed();
    figures
}

/// Events until there are no more.
async fn caught_up(events: &mut Streaming<v1::SubscribeEventsResponse>) -> u64 {
    let mut count = 0;
    loop {
        let answer = events.message().await.unwrap().unwrap();
        count += u64::from(matches!(answer.step, Some(v1::subscribe_events_response::Step::Event(_))));
        if answer.caught_up {
            return count;
        }
    }
}

/// Starts the server on the folder, lets it finish what it does behind its start, stops it; how long it took
/// until it served, and its peak resident memory in KiB.
async fn start(data: &Path) -> (Duration, u64) {
    let began = Instant::now();
    let server = Incubatord::on(data);
    let took = began.elapsed();
    // Its whole chain is verified behind a start from a snapshot; asked for, it is done once the answer is here.
    server.client().await.verified(DISTRICT).await;
    let [_, peak] = resident_kib(server.pid());
    server.stop_cleanly();
    (took, peak)
}

/// The worst of them is held to the bound.
fn told(config: &Config, report: &mut Report, memory: &Memory) {
    let worst = memory.iter().map(|(_, kib)| *kib).max().unwrap_or_default();
    let beyond = worst.saturating_sub(FIXED_KIB) as f64 / config.year_firms as f64;
    let parts: Vec<_> = memory.iter().map(|(what, kib)| format!("{what} {}", kib >> 10)).collect();
    let work = format!("resident memory a firm with its year, beyond 256 MB, {} firms", config.year_firms);
    report.bound(&work, format!("{beyond:.1} KiB at the worst (MiB: {})", parts.join(", ")), "≤ 10 KB");
}
