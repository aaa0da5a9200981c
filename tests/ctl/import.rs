//! `incubatorctl import` against a service that does what it is told: what is sent and in which order, that a slow server
//! slows the reading, and what is said when the server goes away.

use incubator_registry::ctl::{self, Exit, import, output::Io};
use incubator_registry::formats::ledger::Ledger;
use incubator_registry::wire::v1;
use incubator_registry::wire::v1::import_service_server::{ImportService, ImportServiceServer};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

/// What the service does with a message, by its number from 0.
type Behaviour = Arc<dyn Fn(usize, &v1::ImportRowsRequest) -> Deed + Send + Sync>;

/// One of them.
enum Deed {
    /// Answers every row.
    Answer(fn(&v1::ImportRow) -> v1::RowResult),
    /// Refuses to go on.
    Fail(Status),
    /// Ends the stream without a word.
    End,
    /// Kills the connection.
    Vanish,
}

#[derive(Clone)]
struct Fake {
    behave: Behaviour,
    seen: Arc<Mutex<Vec<v1::ImportRowsRequest>>>,
    principals: Arc<Mutex<Vec<String>>>,
    /// Messages are answered only once this says so; none: at once.
    gate: Option<Arc<Semaphore>>,
    received: Arc<AtomicUsize>,
    kill: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

#[tonic::async_trait]
impl ImportService for Fake {
    type ImportRowsStream = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::ImportRowsResponse, Status>> + Send>>;

    async fn import_rows(
        &self,
        request: Request<Streaming<v1::ImportRowsRequest>>,
    ) -> Result<Response<Self::ImportRowsStream>, Status> {
        let principal = request.metadata().get("incubation-principal").map(|v| v.to_str().unwrap().to_owned());
        self.principals.lock().unwrap().extend(principal);
        let (answers, stream) = mpsc::channel(64);
        let fake = self.clone();
        tokio::spawn(async move { fake.serve(request.into_inner(), answers).await });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

impl Fake {
    async fn serve(
        self,
        mut messages: Streaming<v1::ImportRowsRequest>,
        answers: mpsc::Sender<Result<v1::ImportRowsResponse, Status>>,
    ) {
        let (queue, mut queued) = mpsc::unbounded_channel();
        let received = self.received.clone();
        // Reads ahead of the answers without bound, so that only the client's own bound holds it back.
        tokio::spawn(async move {
            while let Ok(Some(message)) = messages.message().await {
                received.fetch_add(1, Ordering::SeqCst);
                if queue.send(message).is_err() {
                    return;
                }
            }
        });
        let mut number = 0;
        while let Some(message) = queued.recv().await {
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            let deed = (self.behave)(number, &message);
            let results = match &deed {
                Deed::Answer(answer) => message.rows.iter().map(answer).collect(),
                _ => Vec::new(),
            };
            self.seen.lock().unwrap().push(message);
            number += 1;
            match deed {
                Deed::Answer(_) => {
                    let answer = v1::ImportRowsResponse { results, position: 100 + number as i64 };
                    answers.send(Ok(answer)).await.ok();
                }
                Deed::Fail(status) => {
                    answers.send(Err(status)).await.ok();
                    return;
                }
                Deed::End => return,
                Deed::Vanish => {
                    // Let the answers before it arrive.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    self.kill.lock().unwrap().take();
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

struct Server {
    fake: Fake,
    url: String,
}

/// A server on a port of its own, in a runtime of its own, so that it can vanish whole.
async fn serve(gate: bool, behave: impl Fn(usize, &v1::ImportRowsRequest) -> Deed + Send + Sync + 'static) -> Server {
    let (kill, killed) = oneshot::channel();
    let fake = Fake {
        behave: Arc::new(behave),
        seen: Arc::default(),
        principals: Arc::default(),
        gate: gate.then(|| Arc::new(Semaphore::new(0))),
        received: Arc::default(),
        kill: Arc::new(Mutex::new(Some(kill))),
    };
    let (tell, told) = oneshot::channel();
    let service = fake.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let server = tonic::transport::Server::builder().add_service(ImportServiceServer::new(service));
            tokio::select! {
                _ = server.serve_with_incoming(TcpListenerStream::new(listener)) => {}
                _ = killed => {}
            }
        });
        runtime.shutdown_background();
    });
    Server { url: format!("http://{}", told.await.unwrap()), fake }
}

struct Run {
    exit: Exit,
    out: String,
    err: String,
}

async fn run(url: &str, args: &[&str]) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let global = ["incubatorctl", "--server", url, "--principal", "li", "--lang", "en"];
    let mut io = Io { out: &mut out, err: &mut err, watched: false };
    let exit = ctl::run(global.iter().chain(args).copied(), &mut io).await;
    Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn demo() -> String {
    format!("{}/deploy/demo", env!("CARGO_MANIFEST_DIR"))
}

fn accept(row: &v1::ImportRow) -> v1::RowResult {
    v1::RowResult { line: row.line, outcome: v1::RowOutcome::Accepted.into(), ..Default::default() }
}

fn reject_seven(row: &v1::ImportRow) -> v1::RowResult {
    if row.line != 7 {
        return accept(row);
    }
    v1::RowResult {
        line: 7,
        outcome: v1::RowOutcome::Rejected.into(),
        reason: v1::Reason::UnknownFirm.into(),
        message: "no firm 91".into(),
        ..Default::default()
    }
}

/// A ledger of firms with so many rows.
fn firms(dir: &Path, rows: usize) -> PathBuf {
    let path = dir.join("企业台账.csv");
    let mut text = "企业名称,统一社会信用代码,注册日期,技术领域\n".to_owned();
    for n in 0..rows {
        text += &format!("企业{n},91440203{n:010},2021-01-01,新材料\n");
    }
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_travel_in_the_order_of_an_import() {
    let server = serve(false, |_, _| Deed::Answer(accept)).await;
    let done = run(&server.url, &["import", &demo(), "--output", "json"]).await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err); // Rows with faults of form are in the sample.
    let seen = server.fake.seen.lock().unwrap();
    assert!(seen.iter().all(|m| m.parent == "districts/440203" && m.rows.len() <= import::BATCH_ROWS_MAX));
    assert_eq!(*server.fake.principals.lock().unwrap(), ["li"]);
    let rows: Vec<_> = seen.iter().flat_map(|m| &m.rows).filter_map(|row| row.row.clone()).collect();
    let rank = |row: &v1::import_row::Row| match row {
        v1::import_row::Row::Incubator(_) => 0,
        v1::import_row::Row::Recognition(_) => 1,
        v1::import_row::Row::Firm(_) => 2,
        v1::import_row::Row::Stay(_) => 3,
        v1::import_row::Row::Relocation(_) => 4,
        v1::import_row::Row::FirmChange(_) => 5,
        v1::import_row::Row::AnnualReport(_) => 6,
        v1::import_row::Row::Loan(_) => 7,
        v1::import_row::Row::Interest(_) => 8,
        v1::import_row::Row::SeedFund(_) => 9,
        v1::import_row::Row::Investment(_) => 10,
        v1::import_row::Row::TaxReceipt(_) => 11,
        _ => panic!("the sample has twelve ledgers"),
    };
    assert!(rows.is_sorted_by_key(rank));
    let admitted: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            v1::import_row::Row::Stay(stay) => Some(stay.admitted_date.clone()),
            _ => None,
        })
        .collect();
    assert!(admitted.len() > 150 && admitted.is_sorted());
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let names: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    let expected: Vec<_> = Ledger::ALL
        .iter()
        .filter(|of| **of != Ledger::ProjectAssessments)
        .take(12)
        .map(|ledger| format!("{}.csv", ledger.chinese()))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(report["在孵台账.csv"]["rejected"][0], serde_json::json!([5, "UNKNOWN_WORD"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_holds_the_sender_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = firms(dir.path(), 20_000);
    let server = serve(true, |_, _| Deed::Answer(accept)).await;
    let (url, gate, received) = (server.url.clone(), server.fake.gate.clone().unwrap(), server.fake.received.clone());
    let path = path.display().to_string();
    let report = dir.path().join("report.json").display().to_string();
    let args = ["import".to_owned(), path, "--report".to_owned(), report.clone()];
    let running = tokio::spawn(async move { run(&url, &args.each_ref().map(String::as_str)).await });
    // Long enough for more to come, if more came.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(received.load(Ordering::SeqCst), import::WINDOW_MESSAGES_MAX);
    for answered in 1..=40 {
        gate.add_permits(1);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(received.load(Ordering::SeqCst) <= import::WINDOW_MESSAGES_MAX + answered);
    }
    let done = tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
    assert_eq!(done.exit, Exit::Clean, "{}", done.err);
    assert!(done.out.contains("20000"), "{}", done.out);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let expected = serde_json::json!({"accepted": 20000, "duplicate": [], "rejected": [], "warned": []});
    assert_eq!(report["企业台账.csv"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_rows_are_listed_and_told_by_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = firms(dir.path(), 10).display().to_string();
    let server = serve(false, |_, _| Deed::Answer(reject_seven)).await;
    let done = run(&server.url, &["import", &path, "--report", "-"]).await;
    assert_eq!((done.exit, done.exit.code()), (Exit::Rejected, 2));
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["企业台账.csv"]["rejected"], serde_json::json!([[7, "UNKNOWN_FIRM"]]));
    assert!(done.err.contains("UNKNOWN_FIRM") && done.err.contains("no firm 91"), "{}", done.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_leaves_a_clear_word() {
    let deeds: [fn() -> Deed; 3] =
        [|| Deed::Vanish, || Deed::End, || Deed::Fail(Status::unavailable("the server is draining"))];
    for deed in deeds {
        let dir = tempfile::tempdir().unwrap();
        let path = firms(dir.path(), 5_000).display().to_string();
        let report = dir.path().join("report.json");
        let server = serve(false, move |n, _| if n < 2 { Deed::Answer(accept) } else { deed() }).await;
        let args = ["import", &path, "--report", &report.display().to_string()];
        let done = tokio::time::timeout(Duration::from_secs(30), run(&server.url, &args)).await.unwrap();
        assert_eq!(done.exit, Exit::Trouble, "{}", done.err);
        assert!(done.err.contains("1000 rows are settled and durable (position 102)"), "{}", done.err);
        assert!(done.err.contains("Run the same command again"), "{}", done.err);
        // What is settled stands in the report, and that it is not all.
        let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        assert_eq!(report["企业台账.csv"]["accepted"], 1000);
        assert_eq!(report["企业台账.csv"]["error"]["reason"], "BROKEN_OFF");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_can_t_be_read_stops_everything_before_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    firms(dir.path(), 10);
    std::fs::write(dir.path().join("在孵台账.csv"), "载体编号,企业代码\n").unwrap();
    let server = serve(false, |_, _| Deed::Answer(accept)).await;
    let done = run(&server.url, &["import", &dir.path().display().to_string(), "--output", "json"]).await;
    assert_eq!(done.exit, Exit::Trouble);
    assert!(done.err.contains("nothing was sent"), "{}", done.err);
    assert_eq!(server.fake.received.load(Ordering::SeqCst), 0);
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(report["在孵台账.csv"]["error"]["reason"].is_string(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_is_one_sentence() {
    let done = run("http://127.0.0.1:1", &["import", &demo()]).await;
    assert_eq!(done.exit, Exit::Trouble);
    assert!(done.err.contains("can't reach the server http://127.0.0.1:1"), "{}", done.err);
    let done = run("nonsense://", &["metrics", "--as-of", "2024-12-31"]).await;
    assert_eq!(done.exit, Exit::Trouble, "{}", done.err);
    let done = run("http://127.0.0.1:1", &["metrics", "--as-of", "31.12.2024"]).await;
    assert_eq!((done.exit, done.exit.code()), (Exit::Usage, 64), "{}", done.err);
}
