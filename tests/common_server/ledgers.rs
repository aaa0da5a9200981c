//! The six sample ledgers as they travel to the server, row by row, and what became of each row.

use super::Client;
use incubator_registry::domain::rows::{FirmRow, IncubatorRow, RecognitionRow, RelocationRow, Row, StayRow};
use incubator_registry::domain::{Day, FirmChange};
use incubator_registry::formats::ledger::{LedgerFile, in_import_order, open};
use incubator_registry::wire::v1::{self, import_row::Row as Wire};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Names of the ledgers that the server takes, in no particular order.
pub const FILES: [&str; 6] = ["落户园区", "在孵台账", "企业变更", "载体台账", "企业台账", "认定记录"];

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
    lines
        .iter()
        .enumerate()
        .map(|(at, (_, _, row))| v1::ImportRow { line: at as i64 + 1, row: Some(of(row)) })
        .collect()
}

/// A day where there is one.
fn date(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn of(row: &Row) -> Wire {
    match row {
        Row::Incubator(row) => Wire::Incubator(incubator(row)),
        Row::Recognition(row) => Wire::Recognition(recognition(row)),
        Row::Firm(row) => Wire::Firm(firm(row)),
        Row::Stay(row) => Wire::Stay(stay(row)),
        Row::Relocation(row) => Wire::Relocation(relocation(row)),
        Row::FirmChange(row) => Wire::FirmChange(v1::FirmChangeRow {
            firm_code: row.firm.to_string(),
            kind: match row.kind {
                FirmChange::Deregistered => v1::FirmChangeKind::Deregistered.into(),
            },
            effective_date: row.effective.to_string(),
        }),
    }
}

fn incubator(row: &IncubatorRow) -> v1::IncubatorRow {
    v1::IncubatorRow {
        incubator_id: row.incubator.to_string(),
        display_name: row.name.clone(),
        kind: row.kind.code() as i32,
        operator_name: row.operator.name.clone(),
        operator_code: row.operator.code.to_string(),
        build_mode: row.build_mode.code() as i32,
        introduced: row.operator.introduced,
        incubation_area_hundredths_m2: row.area.incubation,
        public_area_hundredths_m2: row.area.public,
        established_date: row.established.to_string(),
        upstream_id: row.upstream.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn recognition(row: &RecognitionRow) -> v1::RecognitionRow {
    v1::RecognitionRow {
        incubator_id: row.incubator.to_string(),
        level: row.level.code() as i32,
        document_no: row.document_no.clone(),
        effective_date: row.effective.to_string(),
        end_date: date(row.end),
    }
}

fn firm(row: &FirmRow) -> v1::FirmRow {
    v1::FirmRow {
        firm_code: row.firm.to_string(),
        display_name: row.name.clone(),
        registered_date: row.registered.to_string(),
        field: row.field.clone(),
    }
}

fn stay(row: &StayRow) -> v1::StayRow {
    v1::StayRow {
        incubator_id: row.incubator.to_string(),
        firm_code: row.firm.to_string(),
        admitted_date: row.admitted.to_string(),
        left_date: date(row.leaving.left),
        leave_kind: row.leaving.kind.map_or(0, |word| word.code() as i32),
        criterion: row.leaving.criterion.map_or(0, |word| word.code() as i32),
        graduation_document_no: row.leaving.document_no.clone(),
        waiver_document_no: row.waiver.clone(),
    }
}

fn relocation(row: &RelocationRow) -> v1::RelocationRow {
    v1::RelocationRow {
        firm_code: row.firm.to_string(),
        park_id: row.park.to_string(),
        signed_date: date(row.signed),
        settled_date: date(row.settled),
        production_date: date(row.production),
    }
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
    let (send, stream) = mpsc::channel(1024);
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
            let _ = send.send(v1::ImportRowsRequest { parent: parent.clone(), rows }).await;
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
