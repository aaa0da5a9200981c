//! What the service is put under.

use super::common_server::{Client, DISTRICT, code, registration};
use super::figures::Figures;
use incubator_registry::wire::v1;
use incubator_registry::wire::v1::import_row::Row;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Rows of one message of an import.
const ROWS: usize = 500;

/// Firms that loads have registered so far, apart from those of imports: each registration is of another.
static FIRMS: AtomicU64 = AtomicU64::new(10_000_000);

/// The number of a firm that no load has registered yet.
pub fn next_firm() -> u64 {
    FIRMS.fetch_add(1, Ordering::Relaxed)
}

/// Keeps so many calls in flight until the time is over.
pub async fn load<F, C>(in_flight: usize, time: Duration, call: C) -> Figures
where
    C: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let began = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while began.elapsed() < time {
                    let since = Instant::now();
                    call().await;
                    latencies.push(since.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    Figures::of(latencies, began.elapsed())
}

/// A call that does nothing: what the transport alone costs.
pub async fn no_op(channel: &Channel, in_flight: usize, time: Duration) -> Figures {
    let client = HealthClient::new(channel.clone());
    load(in_flight, time, move || {
        let mut client = client.clone();
        async move {
            client.check(HealthCheckRequest { service: String::new() }).await.unwrap();
        }
    })
    .await
}

/// Durable commands, each of a firm of its own.
pub async fn register_firms(client: &Arc<Client>, in_flight: usize, time: Duration) -> Figures {
    let client = Arc::clone(client);
    load(in_flight, time, move || {
        let client = Arc::clone(&client);
        async move {
            client.firms().register_firm(registration(DISTRICT, next_firm())).await.unwrap();
        }
    })
    .await
}

/// Readings of the first firm.
pub async fn get_firm(client: &Arc<Client>, in_flight: usize, time: Duration) -> Figures {
    let client = Arc::clone(client);
    let name = format!("{DISTRICT}/firms/{}", code(1));
    load(in_flight, time, move || {
        let (client, name) = (Arc::clone(&client), name.clone());
        async move {
            let ask = v1::GetFirmRequest { name, ..Default::default() };
            client.firms().get_firm(ask).await.unwrap();
        }
    })
    .await
}

/// One question after the other, each made by `ask`, until the time is over.
pub async fn questions<F: Future<Output = ()>>(time: Duration, mut ask: impl FnMut() -> F) -> Figures {
    let began = Instant::now();
    let mut latencies = Vec::new();
    while began.elapsed() < time {
        let since = Instant::now();
        ask().await;
        latencies.push(since.elapsed());
    }
    Figures::of(latencies, began.elapsed())
}

/// Bulk import: messages of 500 rows, as many under way as the server takes; every row must be accepted.
pub async fn import(client: &Client, rows: impl Iterator<Item = Row> + Send + 'static) -> Figures {
    let (send, stream) = mpsc::channel(8);
    let (sent, mut times) = mpsc::unbounded_channel();
    let feeder = tokio::spawn(async move {
        let mut lines = (1..).zip(rows).map(|(line, row)| v1::ImportRow { line, row: Some(row) });
        loop {
            let rows: Vec<_> = lines.by_ref().take(ROWS).collect();
            if rows.is_empty() {
                break;
            }
            let message = v1::ImportRowsRequest { parent: DISTRICT.to_owned(), rows, validate_only: false };
            let place = send.reserve().await.unwrap();
            sent.send(Instant::now()).unwrap();
            place.send(message);
        }
    });
    let began = Instant::now();
    let mut answers = client.import().import_rows(ReceiverStream::new(stream)).await.unwrap().into_inner();
    let mut figures = Figures::default();
    while let Some(answer) = answers.message().await.unwrap() {
        let refused = answer.results.iter().find(|row| row.outcome() != v1::RowOutcome::Accepted);
        assert_eq!(refused, None, "a row of an import was refused");
        figures.items += answer.results.len() as u64;
        figures.latencies.push(times.recv().await.unwrap().elapsed());
    }
    figures.took = began.elapsed();
    feeder.await.unwrap();
    figures
}
