//! An import that is cut off, whoever goes first: the server, told to stop or killed, or the client, in the middle of its
//! stream. Run again, it ends as one import without trouble: nothing is missing, nothing is there twice.

use crate::common_server::ledgers::{import, import_whole, lines, nothing_new, talk, wire};
use crate::common_server::state::State;
use crate::common_server::{Client, DISTRICT, Incubatord, Rng, signal};
use incubator_registry::wire::v1;
use std::time::Duration;
use tempfile::TempDir;

/// Rows a message: small, so that there are many moments to cut at.
const SIZE: usize = 8;
/// Between messages, so that the server goes while there is more to come.
const PAUSE: Duration = Duration::from_millis(2);
const ROUNDS: usize = 18;

async fn clean(rows: &[v1::ImportRow]) -> State {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let results = import_whole(&client, DISTRICT, rows).await;
    let accepted = results.iter().filter(|r| r.outcome() == v1::RowOutcome::Accepted).count();
    // As tests/golden/expected.json says: 6 + 10 + 159 + 181 + 19 + 3, and of money 404 + 97 + 409 + 5 + 41 + 1106.
    assert_eq!(accepted, 378 + 2062);
    State::of(&client, DISTRICT).await
}

/// Imports again, and holds the end against the clean one.
async fn again(client: &Client, district: &str, rows: &[v1::ImportRow], clean: &State, when: &str) {
    import_whole(client, district, rows).await;
    State::of(client, district).await.same(clean, when);
    nothing_new(client, district, rows).await;
    assert_eq!(client.verified(district).await, client.head(district).await.position, "{when}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_in_the_middle() {
    let rows = wire(&lines());
    let clean = clean(&rows).await;
    let messages = rows.len().div_ceil(SIZE);
    let mut rng = Rng(41);
    let mut broken_off = 0;
    for round in 0..ROUNDS {
        let (name, at) = (if round % 2 == 0 { "KILL" } else { "TERM" }, round * messages / ROUNDS);
        let data = TempDir::new().unwrap();
        let server = Incubatord::on(data.path());
        let client = server.client().await;
        let (pid, pause) = (server.pid(), rng.below(3000));
        let cut = |answers: usize| {
            if answers == at {
                // In another thread: the stream goes on meanwhile.
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_micros(pause));
                    signal(pid, name);
                });
            }
        };
        let (answered, broken) = import(&client, DISTRICT, &rows, SIZE, PAUSE, cut).await;
        broken_off += usize::from(broken.is_some());
        drop(client);
        let ended = server.ended();
        assert_eq!(ended.code, if name == "TERM" { Some(0) } else { None }, "{}", ended.stderr);
        let server = Incubatord::on(data.path());
        let client = server.client().await;
        let when = format!("SIG{name} after {} rows, {broken:?}", answered.len());
        // What was answered is there, where it was said to be.
        let head = client.head(DISTRICT).await.position;
        let last = answered.iter().map(|result| result.position).max().unwrap_or(0);
        assert!(head >= last, "{when}: {head} < {last}");
        let results = import_whole(&client, DISTRICT, &rows).await;
        for (first, second) in answered.iter().zip(&results) {
            let known = first.outcome() != v1::RowOutcome::Rejected;
            assert!(!known || second.outcome() == v1::RowOutcome::Duplicate, "{when}: {first:?} {second:?}");
            assert_eq!(first.outcome() == v1::RowOutcome::Rejected, second.outcome() == v1::RowOutcome::Rejected);
        }
        again(&client, DISTRICT, &rows, &clean, &when).await;
    }
    assert!(
        broken_off >= ROUNDS / 2,
        "most imports went through before the server went: {broken_off} of {ROUNDS} did not"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_vanishes_in_the_middle() {
    let rows = wire(&lines());
    let clean = clean(&rows).await;
    let districts: Vec<String> = (1..=12).map(|n| format!("4402{n:02}")).collect();
    let options: Vec<&str> = districts.iter().flat_map(|code| ["--district", code.as_str()]).collect();
    let data = TempDir::new().unwrap();
    let server = Incubatord::with(data.path(), &options);
    let mut rng = Rng(43);
    for (round, code) in districts.iter().enumerate() {
        let district = format!("districts/{code}");
        // A connection of its own, so that every other time it goes with the stream.
        let client = server.client().await;
        let mut talk = talk(&client).await.unwrap();
        let sent = rng.below(rows.len() as u64) as usize;
        let heard = rng.below(sent as u64 + 1) as usize;
        let send = talk.send.take().unwrap();
        for row in &rows[..sent] {
            let message =
                v1::ImportRowsRequest { parent: district.clone(), rows: vec![row.clone()], validate_only: false };
            send.try_send(message).unwrap();
        }
        for _ in 0..heard {
            talk.answers.message().await.unwrap().unwrap();
        }
        drop((send, talk));
        let client = if round % 2 == 0 { client } else { server.client().await };
        let when = format!("gone after {sent} rows sent and {heard} answered");
        again(&client, &district, &rows, &clean, &when).await;
    }
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // A client that goes is no fault of the server, and not worth a line.
    assert!(!ended.stderr.contains("ERROR") && !ended.stderr.contains("panicked"), "{}", ended.stderr);
}
