//! A server killed while it notes who reads, again and again on the same folder: the access log's chain holds, no read stands
//! in it twice, and whatever was answered before the last second is there. That is what the log promises of a kill.

use crate::common_server::{DISTRICT, Incubatord, Rng};
use incubator_registry::journal::access::{self, AccessEvent, DataKind};
use incubator_registry::journal::auditor::Auditor;
use incubator_registry::journal::{Hash, Record};
use incubator_registry::wire::v1;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Request};

const ROUNDS: u64 = 5;
const CLIENTS: u64 = 4;
/// The second that the log promises, and as much again for a machine that has more to do.
const PROMISED: Duration = Duration::from_secs(2);

/// Who read, and when that was answered.
type Answered = Arc<Mutex<Vec<(String, Instant)>>>;

/// Reads the first record as somebody else each time, so that every read is the first of its kind, until the server is gone.
async fn reads(channel: Channel, next: Arc<AtomicU64>, answered: Answered) {
    let mut journal = v1::journal_service_client::JournalServiceClient::new(channel);
    loop {
        let reader = format!("reader-{}", next.fetch_add(1, Ordering::Relaxed));
        let ask = v1::GetEventRequest { parent: DISTRICT.into(), position: 1, ..Default::default() };
        let mut request = Request::new(ask);
        request.metadata_mut().insert("incubation-principal", reader.parse().unwrap());
        match journal.get_event(request).await {
            Ok(_) => answered.lock().unwrap().push((reader, Instant::now())),
            Err(gone) => return assert_ne!(gone.code(), Code::NotFound, "{gone}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Who stands in the access log as having read, how often; every hash and every subject's chain checked.
async fn recorded(channel: Channel) -> HashMap<String, u64> {
    let mut service = v1::access_service_client::AccessServiceClient::new(channel);
    let mut request = Request::new(v1::ExportAccessLogRequest { parent: DISTRICT.into() });
    request.metadata_mut().insert("incubation-principal", "auditor".parse().unwrap());
    let mut chunks = service.export_access_log(request).await.unwrap().into_inner();
    let mut auditor = Auditor::new(Vec::new()).unwrap();
    let mut found = HashMap::new();
    while let Some(message) = chunks.message().await.unwrap() {
        let mut take = |record: &Record, _: Hash| {
            if let AccessEvent::Read { kind: DataKind::Record, count, query, .. } = access::decode(record).unwrap() {
                assert_eq!(query, "position = 1");
                *found.entry(record.principal.clone()).or_default() += count;
            }
        };
        auditor.push(&message.chunk, &mut take).unwrap();
    }
    auditor.finish().unwrap();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_before_the_last_second_stands_in_the_access_log() {
    let data = TempDir::new().unwrap();
    let mut rng = Rng(23);
    let next = Arc::new(AtomicU64::new(1));
    let mut promised: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let server = Incubatord::on(data.path());
        let found = recorded(server.channel().await).await;
        assert!(found.values().all(|count| *count == 1), "noted twice: {found:?}");
        let missing: Vec<_> = promised.iter().filter(|reader| !found.contains_key(*reader)).collect();
        assert!(missing.is_empty(), "round {round}: of {} promised, {missing:?} are not there", promised.len());
        let answered = Answered::default();
        let mut tasks = Vec::new();
        for _ in 0..CLIENTS {
            tasks.push(tokio::spawn(reads(server.channel().await, next.clone(), answered.clone())));
        }
        tokio::time::sleep(PROMISED + Duration::from_micros(500_000 + rng.below(1_500_000))).await;
        let killed = Instant::now();
        server.kill();
        for task in tasks {
            task.await.unwrap();
        }
        let before = |(reader, at): (String, Instant)| (at + PROMISED < killed).then_some(reader);
        promised.extend(std::mem::take(&mut *answered.lock().unwrap()).into_iter().filter_map(before));
    }
    assert!(promised.len() > 100, "the clients hardly read: {}", promised.len());
    let server = Incubatord::on(data.path());
    let found = recorded(server.channel().await).await;
    let missing: Vec<_> = promised.iter().filter(|reader| !found.contains_key(*reader)).collect();
    assert!(missing.is_empty(), "of {} promised, {missing:?} are not there", promised.len());
    server.stop_cleanly();
}
