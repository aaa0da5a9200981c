//! The fold of a log on one core, part by part: what decoding and evolving take, and what hashing takes beside them.

use super::report::Report;
use incubator_registry::domain::{Day, Recorded, Registry};
use incubator_registry::journal::{Commit, Head, Record, codec, record_hash};
use std::time::{Duration, Instant};

/// Times that each part is run, in turns.
const ROUNDS: usize = 3;

/// Runs the part on a thread of its own.
pub async fn measure(report: &mut Report, commits: Vec<Commit>) {
    let events = commits.last().unwrap().last;
    let took = tokio::task::spawn_blocking(move || rounds(&commits)).await.unwrap();
    let [plain, verified, hashed] = took.map(|took| events as f64 / took.as_secs_f64());
    report.bound("replay on one core, decode and evolve", format!("{plain:.0} events/s of {events}"), "≥ 1 000 000");
    report.bound("– with the chain verified", format!("{verified:.0} events/s"), "");
    report.bound("– hashing alone", format!("{hashed:.0} events/s"), "");
}

/// The fastest round of each.
fn rounds(commits: &[Commit]) -> [Duration; 3] {
    let mut fastest = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        let parts: [fn(&[Commit]) -> u64; 3] = [plain, verified, hashed];
        for (part, fastest) in parts.into_iter().zip(&mut fastest) {
            let since = Instant::now();
            let events = part(commits);
            *fastest = since.elapsed().min(*fastest);
            assert_eq!(events, commits.last().unwrap().last);
        }
    }
    fastest
}

fn plain(commits: &[Commit]) -> u64 {
    let mut registry = Registry::default();
    for (_, bytes) in commits.iter().flat_map(Commit::iter) {
        evolve(&mut registry, &Record::decode(&bytes).unwrap());
    }
    registry.position()
}

fn verified(commits: &[Commit]) -> u64 {
    let (mut registry, mut head) = (Registry::default(), Head::EMPTY);
    for commit in commits {
        for (record, _) in commit.verify_after(&head).unwrap() {
            evolve(&mut registry, &record);
        }
        head = commit.head();
    }
    registry.position()
}

fn hashed(commits: &[Commit]) -> u64 {
    let hashes = commits.iter().flat_map(Commit::iter).map(|(position, bytes)| {
        std::hint::black_box(record_hash(&bytes));
        position
    });
    hashes.last().unwrap()
}

fn evolve(registry: &mut Registry, record: &Record) {
    let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
    let (event, documents) = decoded.unwrap();
    let (position, start) = (record.position, record.command_start());
    let day = Day::from_days(record.effective_days).unwrap();
    registry.evolve(Recorded { position, start, day, event, documents });
}
