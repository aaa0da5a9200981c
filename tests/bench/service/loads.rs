//! What the service is put under.

use super::common_server::{Client, DISTRICT, carrier, code, registration};
use super::figures::Figures;
use incubator_registry::wire::v1;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Firms that loads have registered so far: each registration is of another.
static FIRMS: AtomicU64 = AtomicU64::new(1);

/// Keeps so many calls in flight until the time is over.
async fn load<F, C>(in_flight: usize, time: Duration, call: C) -> Figures
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
    let mut figures = Figures { items: 1, ..Figures::default() };
    for task in tasks {
        figures.latencies.extend(task.await.unwrap());
    }
    figures.took = began.elapsed();
    figures
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

/// A carrier to pay taxes.
pub async fn register_carrier(client: &Client) {
    client.incubators().register_incubator(carrier(DISTRICT, "WJ01")).await.unwrap();
}

/// Durable commands, each of a firm of its own.
pub async fn register_firms(client: &Arc<Client>, in_flight: usize, time: Duration) -> Figures {
    let client = Arc::clone(client);
    load(in_flight, time, move || {
        let client = Arc::clone(&client);
        async move {
            let number = FIRMS.fetch_add(1, Ordering::Relaxed);
            client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
        }
    })
    .await
}

/// Readings of one firm.
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

/// Bulk import of receipts: messages of 500 rows, eight in flight.
pub async fn import_receipts(client: &Client, rows: u64) -> Figures {
    const ROWS: u64 = 500;
    let (send, stream) = mpsc::channel(8);
    let firms = FIRMS.load(Ordering::Relaxed) - 1;
    let (began_at, mut times) = mpsc::unbounded_channel();
    let feeder = tokio::spawn(async move {
        for first in (0..rows).step_by(ROWS as usize) {
            let rows = (first..first + ROWS).map(|n| receipt(n, 1 + n % firms)).collect();
            let message = v1::ImportRowsRequest { parent: DISTRICT.to_owned(), rows, validate_only: false };
            let _ = began_at.send(Instant::now());
            send.send(message).await.unwrap();
        }
    });
    let began = Instant::now();
    let mut answers = client.import().import_rows(ReceiverStream::new(stream)).await.unwrap().into_inner();
    let mut figures = Figures { items: ROWS as usize, ..Figures::default() };
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(answer.results.iter().all(|row| row.outcome() == v1::RowOutcome::Accepted), "{:?}", answer.results[0]);
        figures.latencies.push(times.recv().await.unwrap().elapsed());
    }
    figures.took = began.elapsed();
    feeder.await.unwrap();
    figures
}

fn receipt(n: u64, firm: u64) -> v1::ImportRow {
    let row = v1::TaxReceiptRow {
        taxpayer_code: code(firm),
        tax: v1::Tax::Vat.into(),
        period_start_date: "2024-01-01".to_owned(),
        period_end_date: "2024-01-31".to_owned(),
        treasury_date: "2024-02-15".to_owned(),
        amount_fen: 100 + i64::try_from(n).unwrap(),
        nature: v1::TaxNature::Normal.into(),
        voucher_no: format!("4402030{n:011}"),
    };
    v1::ImportRow { line: i64::try_from(n).unwrap() + 1, row: Some(v1::import_row::Row::TaxReceipt(row)) }
}
