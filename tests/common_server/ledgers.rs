//! The sample ledgers as they travel to the server, row by row, and what became of each row.

use super::Client;
use incubator_registry::ctl::import::wire::import_row;
use incubator_registry::domain::rows::Row;
use incubator_registry::formats::ledger::{LedgerFile, in_import_order, open};
use incubator_registry::wire::v1;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Names of the ledgers, in no particular order.
pub const FILES: [&str; 12] = [
    "落户园区",
    "税收入库明细",
    "在孵台账",
    "利息支付",
    "企业变更",
    "投资担保",
    "载体台账",
    "贷款台账",
    "企业台账",
    "企业年报",
    "种子基金",
    "认定记录",
];

/// A row that could be read: its file, its line, what it states.
pub type Line = (String, u64, Row);

/// The sample ledgers, in the order of an import.
pub fn files() -> Vec<LedgerFile> {
    let path = |name: &str| format!("{}/deploy/demo/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<LedgerFile> = FILES.iter().map(|name| open(path(name)).unwrap()).collect();
    in_import_order(&mut files);
    files
}

/// Every row that can be read, in the order of an import.
pub fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for file in files() {
        for row in file.sorted_rows().unwrap() {
            let row = row.unwrap();
            lines.extend(row.row.ok().map(|read| (file.name().to_owned(), row.line, read)));
        }
    }
    lines
}

/// The rows as they travel. Lines are numbered through all files.
pub fn wire(lines: &[Line]) -> Vec<v1::ImportRow> {
    lines.iter().enumerate().map(|(at, (_, _, row))| import_row(at as u64 + 1, row)).collect()
}

/// An import under way: messages go out through the sender, answers come in.
pub struct Talk {
    /// Dropped: the client has said everything.
    pub send: Option<mpsc::Sender<v1::ImportRowsRequest>>,
    /// Dropped: the client has gone.
    pub answers: Streaming<v1::ImportRowsResponse>,
}

/// Opens an import.
pub async fn talk(client: &Client) -> Result<Talk, Status> {
    let (send, stream) = mpsc::channel(4096);
    let answers = client.import().import_rows(ReceiverStream::new(stream)).await?.into_inner();
    Ok(Talk { send: Some(send), answers })
}

/// Imports rows in messages of this many, a pause after each; the results that came, and how the stream ended where not
/// well. `heard` is told how many answers have come.
pub async fn import(
    client: &Client,
    district: &str,
    rows: &[v1::ImportRow],
    size: usize,
    pause: Duration,
    mut heard: impl FnMut(usize),
) -> (Vec<v1::RowResult>, Option<Status>) {
    let mut results = Vec::new();
    let mut talk = match talk(client).await {
        Ok(talk) => talk,
        Err(status) => return (results, Some(status)),
    };
    let send = talk.send.take().unwrap();
    let messages: Vec<_> = rows.chunks(size).map(<[_]>::to_vec).collect();
    let parent = district.to_owned();
    tokio::spawn(async move {
        for rows in messages {
            // A closed queue shows in the answers.
            let _ = send.send(v1::ImportRowsRequest { parent: parent.clone(), rows, validate_only: false }).await;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    });
    heard(0);
    for answers in 1.. {
        match talk.answers.message().await {
            Ok(Some(answer)) => results.extend(answer.results),
            Ok(None) => return (results, None),
            Err(status) => return (results, Some(status)),
        }
        heard(answers);
    }
    unreachable!("answers are counted for ever")
}

/// Imports everything; it must go through.
pub async fn import_whole(client: &Client, district: &str, rows: &[v1::ImportRow]) -> Vec<v1::RowResult> {
    let (results, broken) = import(client, district, rows, 50, Duration::ZERO, |_| ()).await;
    assert!(broken.is_none(), "{broken:?}");
    assert_eq!(results.len(), rows.len());
    results
}

/// Imports everything once more: all that was accepted before must be a duplicate, the rest is refused as before.
pub async fn nothing_new(client: &Client, district: &str, rows: &[v1::ImportRow]) {
    let before = client.head(district).await;
    let results = import_whole(client, district, rows).await;
    let accepted: Vec<_> = results.iter().filter(|r| r.outcome() == v1::RowOutcome::Accepted).collect();
    assert_eq!(accepted, Vec::<&v1::RowResult>::new());
    assert_eq!(client.head(district).await, before);
}
