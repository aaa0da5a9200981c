//! A server killed at any moment under load, again and again on the same folder: what it acknowledged is there, once, where
//! it said; what it did not answer is there at most once, and sending it again gives one answer. This is what a client may
//! build on, so it is asked of the process, over the wire.

use crate::common_server::ledgers::talk;
use crate::common_server::{Client, DISTRICT, Incubatord, Rng, carrier, code, command, id, registration};
use incubator_registry::wire::v1;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tonic::Status;

const ROUNDS: u64 = 18;
const CLIENTS: u64 = 3;
/// Firms of commands are numbered below this, those of rows from here on.
const ROWS_FROM: u64 = 50_000_000;

/// A command of either kind: one event, or two that must not be torn apart.
#[derive(Clone, Debug, PartialEq)]
enum Sent {
    Registration(v1::RegisterFirmRequest),
    Stay(v1::RecordStayRequest),
}

/// Its answer, whole.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Registration(v1::RegisterFirmResponse),
    Stay(v1::RecordStayResponse),
}

impl Sent {
    async fn send(&self, client: &Client) -> Result<Answer, Status> {
        Ok(match self.clone() {
            Self::Registration(request) => {
                Answer::Registration(client.firms().register_firm(request).await?.into_inner())
            }
            Self::Stay(request) => Answer::Stay(client.firms().record_stay(request).await?.into_inner()),
        })
    }

    fn id(&self) -> &str {
        match self {
            Self::Registration(request) => &request.request_id,
            Self::Stay(request) => &request.request_id,
        }
    }

    fn events(&self) -> usize {
        match self {
            Self::Registration(_) => 1,
            Self::Stay(_) => 2,
        }
    }
}

impl Answer {
    fn position(&self) -> i64 {
        match self {
            Self::Registration(answer) => answer.position,
            Self::Stay(answer) => answer.position,
        }
    }
}

fn stay(number: u64) -> v1::RecordStayRequest {
    v1::RecordStayRequest {
        name: format!("{DISTRICT}/firms/{}", code(number)),
        incubator: format!("{DISTRICT}/incubators/W1"),
        effective_date: "2023-03-01".into(),
        left_date: "2024-03-01".into(),
        leave_kind: v1::LeaveKind::Withdrawn.into(),
        request_id: id(),
        ..Default::default()
    }
}

/// What the clients know.
#[derive(Default)]
struct Ledger {
    /// Answered, with the answer.
    acknowledged: Vec<(Sent, Answer)>,
    /// Sent and not answered.
    open: Vec<Sent>,
    /// Firm's code of each accepted row, and the position that was told.
    rows: HashMap<String, i64>,
    /// Rows not answered.
    open_rows: Vec<v1::ImportRow>,
}

type Shared = Arc<Mutex<Ledger>>;

/// Sends one command after the other until the server is gone.
async fn commands(client: Client, next: Arc<AtomicU64>, ledger: Shared) {
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        for sent in [Sent::Registration(registration(DISTRICT, number)), Sent::Stay(stay(number))] {
            match sent.send(&client).await {
                Ok(answer) => ledger.lock().unwrap().acknowledged.push((sent, answer)),
                Err(_) => return ledger.lock().unwrap().open.push(sent),
            }
        }
    }
}

fn row(number: u64) -> v1::ImportRow {
    let firm = v1::FirmRow {
        firm_code: code(number),
        display_name: format!("企业{number}"),
        registered_date: "2023-01-01".into(),
        field: "新材料".into(),
    };
    v1::ImportRow { line: number as i64, row: Some(v1::import_row::Row::Firm(firm)) }
}

/// Sends rows over one stream until the server is gone, a few messages ahead of the answers.
async fn rows(client: Client, next: Arc<AtomicU64>, ledger: Shared) {
    let mut unanswered: Vec<v1::ImportRow> = ledger.lock().unwrap().open_rows.drain(..).collect();
    let mut waiting = 0;
    let Ok(mut talk) = talk(&client).await else { return ledger.lock().unwrap().open_rows.extend(unanswered) };
    let send = talk.send.take().unwrap();
    // First what the server before this one did not answer.
    let mut again = Some(unanswered.clone()).filter(|rows| !rows.is_empty());
    loop {
        while waiting < 3 {
            let rows = again.take().unwrap_or_else(|| {
                let rows: Vec<_> = (0..20).map(|_| row(ROWS_FROM + next.fetch_add(1, Ordering::SeqCst))).collect();
                unanswered.extend(rows.clone());
                rows
            });
            let _ = send.send(v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only: false }).await;
            waiting += 1;
        }
        let Ok(Some(answer)) = talk.answers.message().await else { break };
        waiting -= 1;
        let mut ledger = ledger.lock().unwrap();
        for result in answer.results {
            assert_ne!(result.outcome(), v1::RowOutcome::Rejected, "{result:?}");
            assert_eq!(unanswered.remove(0).line, result.line);
            ledger.rows.insert(code(result.line as u64), result.position);
        }
    }
    ledger.lock().unwrap().open_rows.extend(unanswered);
}

/// Sends commands again, a few at a time; each must get the answer that it got.
async fn resend(client: &Client, acknowledged: &[(Sent, Answer)]) {
    for some in acknowledged.chunks(32) {
        let calls: Vec<_> = some
            .iter()
            .cloned()
            .map(|(sent, answer)| {
                let client = client.clone();
                tokio::spawn(async move { (sent.send(&client).await, sent, answer) })
            })
            .collect();
        for call in calls {
            let (again, sent, answer) = call.await.unwrap();
            assert_eq!(again.unwrap(), answer, "{sent:?}");
        }
    }
}

/// What a server that came back must hold.
async fn settled(client: &Client, ledger: &mut Ledger, from: usize) {
    let head = client.head(DISTRICT).await.position;
    let told = ledger.acknowledged.iter().map(|(_, answer)| answer.position()).chain(ledger.rows.values().copied());
    let told = told.max().unwrap_or(0);
    assert!(head >= told, "the log ends at {head}, and {told} was acknowledged");
    assert!(client.verified(DISTRICT).await >= told);
    resend(client, &ledger.acknowledged[from..]).await;
    for sent in std::mem::take(&mut ledger.open) {
        let first = sent.send(client).await.unwrap();
        assert_eq!(sent.send(client).await.unwrap(), first);
        ledger.acknowledged.push((sent, first));
    }
}

/// Reads the whole log: each command's events stand together, once, where it was told; each row's once; nothing else.
async fn once(client: &Client, ledger: &Ledger) {
    let mut by_id: HashMap<String, Vec<i64>> = HashMap::new();
    let mut by_firm: HashMap<String, Vec<i64>> = HashMap::new();
    for event in client.events(DISTRICT).await {
        if !event.request_id.is_empty() {
            by_id.entry(event.request_id).or_default().push(event.position);
        } else if event.position > 2 {
            let firm = event.subjects.iter().find_map(|subject| subject.name.rsplit_once("firms/")).unwrap();
            by_firm.entry(firm.1.to_owned()).or_default().push(event.position);
        }
    }
    for (sent, answer) in &ledger.acknowledged {
        let last = answer.position();
        let expected: Vec<i64> = (last - sent.events() as i64 + 1..=last).collect();
        assert_eq!(by_id.remove(sent.id()), Some(expected), "{sent:?}");
    }
    for (firm, position) in &ledger.rows {
        assert_eq!(by_firm.remove(firm), Some(vec![*position]), "{firm}");
    }
    assert_eq!(by_id.len(), 1, "the carrier's registration, and: {by_id:?}");
    let open: HashSet<String> = ledger.open_rows.iter().map(|row| code(row.line as u64)).collect();
    assert!(by_firm.iter().all(|(firm, at)| at.len() == 1 && open.contains(firm)), "{by_firm:?}");
}

/// Starts a server and kills it before it is known to serve.
fn killed_at_the_start(data: &TempDir, after: Duration) {
    let mut child = command(&["--data", data.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]).spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once() {
    let data = TempDir::new().unwrap();
    let mut rng = Rng(17);
    let ledger = Shared::default();
    let next = Arc::new(AtomicU64::new(1));
    let server = Incubatord::on(data.path());
    server.client().await.incubators().register_incubator(carrier(DISTRICT, "W1")).await.unwrap();
    server.kill();
    let mut settled_before = 0;
    for round in 0..ROUNDS {
        if round % 4 == 3 {
            killed_at_the_start(&data, Duration::from_millis(rng.below(60)));
        }
        let server = Incubatord::on(data.path());
        let client = server.client().await;
        let mut known = std::mem::take(&mut *ledger.lock().unwrap());
        settled(&client, &mut known, settled_before).await;
        settled_before = known.acknowledged.len();
        *ledger.lock().unwrap() = known;
        let mut tasks = Vec::new();
        for _ in 0..CLIENTS {
            tasks.push(tokio::spawn(commands(server.client().await, next.clone(), ledger.clone())));
        }
        tasks.push(tokio::spawn(rows(server.client().await, next.clone(), ledger.clone())));
        tokio::time::sleep(Duration::from_micros(rng.below(150_000))).await;
        // One round in six it is only asked to go: what it took before is answered or refused, never lost.
        if round % 6 == 5 {
            server.stop_cleanly()
        } else {
            server.kill()
        }
        for task in tasks {
            task.await.unwrap();
        }
    }
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let mut known = std::mem::take(&mut *ledger.lock().unwrap());
    settled(&client, &mut known, 0).await;
    once(&client, &known).await;
    let (commands, rows) = (known.acknowledged.len(), known.rows.len());
    assert!(commands > 100 && rows > 500, "the clients hardly worked: {commands} commands, {rows} rows");
    server.stop_cleanly();
}
