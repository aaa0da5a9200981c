//! Clients that race: many at once want the same firm, hold the same etag, or send the same request, through the server. One
//! wins, everyone is told the same of it, and nothing is there twice.

use crate::common;
use common::server::{DISTRICT, Server, admission, carrier, firm_name, id, said};
use incubator_registry::domain::{AsOf, Command, Day, Event, Stated};
use incubator_registry::engine::Principal;
use incubator_registry::wire::v1;
use std::collections::BTreeSet;
use tonic::{Code, Status};

/// Clients of a race.
const CLIENTS: u32 = 16;
/// Races of each kind.
const RACES: u32 = 1_000;
/// Races that are on at once.
const TOGETHER: u32 = 8;

fn day(text: &str) -> Day {
    common::world::day(text)
}

/// A server with a carrier for each client and a firm for each race.
async fn peopled(races: u32) -> Server {
    let server = Server::start().await;
    for client in 0..CLIENTS {
        let kind = v1::IncubatorKind::Makerspace;
        server.incubators().register_incubator(carrier(&format!("W{client:02}"), kind)).await.unwrap();
    }
    let rows = (0..races).map(|number| {
        let (firm, name) = (common::world::firm(number), format!("企业{number}"));
        let event = Event::FirmRegistered { firm, name, field: "软件".into() };
        Command::row(vec![Stated::new(day("2023-01-01"), event)])
    });
    let rows: Vec<_> = rows.collect();
    for rows in rows.chunks(500) {
        let principal = Principal { id: "bureau".into(), on_behalf_of: String::new() };
        server.engine.submit_rows(principal, rows.to_vec()).await.unwrap();
    }
    server
}

/// What came of one race, a result for each client.
type Results<T> = Vec<Result<T, Status>>;

/// Every client of a race sends at once, some races at a time; each race is then judged.
async fn race<T: Send + 'static, F: Future<Output = Result<T, Status>> + Send + 'static>(
    (races, clients): (u32, u32),
    send: impl Fn(u32, u32) -> F,
    mut judge: impl FnMut(u32, Results<T>),
) {
    for first in (0..races).step_by(TOGETHER as usize) {
        let together = first..(first + TOGETHER).min(races);
        // The clients of all races mixed, so that one group of the writer holds several races.
        let mut tasks: Vec<(u32, _)> = Vec::new();
        for client in 0..clients {
            tasks.extend(together.clone().map(|race| (race, tokio::spawn(send(race, client)))));
        }
        let mut results: Vec<Results<T>> = together.clone().map(|_| Vec::new()).collect();
        for (race, task) in tasks {
            results[(race - first) as usize].push(task.await.unwrap());
        }
        for (race, results) in together.zip(results) {
            judge(race, results);
        }
    }
}

/// The one answer that was OK, and the others' refusals.
#[track_caller]
fn one_won<T: std::fmt::Debug>(race: u32, results: Results<T>) -> (T, Vec<Status>) {
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(answer) => won.push(answer),
            Err(status) => lost.push(status),
        }
    }
    assert_eq!(won.len(), 1, "race {race}: {won:?}");
    (won.pop().unwrap(), lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_admit_one_firm_one_wins() {
    let server = peopled(RACES).await;
    let before = server.engine.published().head.position;
    let send = |race: u32, client: u32| {
        let mut firms = server.firms();
        let request = admission(&firm_name(race), &format!("W{client:02}"), "2023-03-01");
        async move { firms.admit_firm(request).await.map(tonic::Response::into_inner) }
    };
    let mut positions = BTreeSet::new();
    race((RACES, CLIENTS), send, |race, results| {
        let (won, lost) = one_won(race, results);
        assert!(!won.duplicate && positions.insert(won.position), "race {race}");
        for status in lost {
            let said = said(&status);
            assert_eq!((said.code, said.reason.as_str()), (Code::FailedPrecondition, "OVERLAPPING_STAY"));
            assert_eq!(said.metadata.get("position"), Some(&won.position.to_string()), "race {race}");
        }
    })
    .await;
    let after = server.engine.published();
    assert_eq!(after.head.position, before + u64::from(RACES));
    for number in 0..RACES {
        let stays = after.registry.firm(&common::world::firm(number), AsOf::NOW).unwrap().stays.len();
        assert_eq!(stays, 1, "firm {number}");
    }
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_with_one_etag_one_wins() {
    let server = peopled(RACES).await;
    let before = server.engine.published().head.position;
    let send = |race: u32, client: u32| {
        let mut firms = server.firms();
        let request = v1::RenameFirmRequest {
            name: firm_name(race),
            // Different days: nothing but the etag stands between them.
            effective_date: format!("2024-01-{:02}", client + 1),
            display_name: format!("改名{client}"),
            etag: "\"1\"".into(),
            request_id: id(),
            ..Default::default()
        };
        async move { firms.rename_firm(request).await.map(tonic::Response::into_inner) }
    };
    race((RACES, CLIENTS), send, |race, results| {
        let (won, lost) = one_won(race, results);
        assert_eq!(won.firm.unwrap().etag, "\"2\"");
        for status in lost {
            let said = said(&status);
            assert_eq!((said.code, said.reason.as_str()), (Code::Aborted, "STALE_ETAG"), "race {race}");
            let values = ["expected", "actual"].map(|name| said.metadata.get(name).cloned().unwrap_or_default());
            assert_eq!(values, ["1", "2"].map(str::to_owned), "race {race}");
        }
    })
    .await;
    assert_eq!(server.engine.published().head.position, before + u64::from(RACES));
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_sent_by_many_is_one_event_with_one_answer() {
    let server = peopled(RACES).await;
    let before = server.engine.published().head.position;
    let requests: Vec<v1::AdmitFirmRequest> =
        (0..RACES).map(|race| admission(&firm_name(race), "W00", "2023-03-01")).collect();
    let send = |race: u32, _: u32| {
        let mut firms = server.firms();
        let request = requests[race as usize].clone();
        async move { firms.admit_firm(request).await.map(tonic::Response::into_inner) }
    };
    let mut positions = BTreeSet::new();
    race((RACES, 10), send, |race, results| {
        let answers: Vec<v1::AdmitFirmResponse> = results.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "race {race}: {answers:?}");
        assert!(!answers[0].duplicate && answers[0].firm.is_some());
        assert!(positions.insert(answers[0].position), "race {race}");
    })
    .await;
    let head = server.engine.published().head.position;
    assert_eq!(head, before + u64::from(RACES));
    assert_eq!(positions.into_iter().map(|at| at as u64).collect::<Vec<_>>(), (before + 1..=head).collect::<Vec<_>>());
    let verify = v1::VerifyLogRequest { parent: DISTRICT.into() };
    assert_eq!(server.journal().verify_log(verify).await.unwrap().into_inner().position as u64, head);
    server.ended().await.unwrap();
}
