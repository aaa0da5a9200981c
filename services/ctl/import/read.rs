//! Reading on a thread of its own: rows of every ledger in their order, packed into messages, no further ahead of the
//! server than a short queue lets it.

use super::files::Named;
use super::wire;
use crate::domain::Refusal;
use crate::formats::ledger::{FileError, LedgerRow};
use crate::wire::v1;
use tokio::sync::mpsc;

/// Rows of one message, the API's bound.
pub const BATCH_ROWS_MAX: usize = 500;
/// Messages that are read ahead of those in flight.
const AHEAD_MESSAGES_MAX: usize = 4;
/// Bytes of one message: well below what a server takes, whatever the rows hold.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Where a row stands: index of its file, and line.
pub type Place = (usize, u64);

/// One message's rows and where they stand.
#[derive(Debug, Default)]
pub struct Batch {
    /// The rows.
    pub rows: Vec<v1::ImportRow>,
    /// Their places, one a row.
    pub places: Vec<Place>,
    bytes: usize,
}

/// What reading comes upon, in order.
#[derive(Debug)]
pub enum Step {
    /// Rows to send.
    Batch(Batch),
    /// A row whose form is refused; it doesn't travel.
    Refused(Place, Box<Refusal>),
    /// A file that can't be read on; nothing after it is read.
    Failed(usize, FileError),
}

/// Reads the files, in their order, until nobody takes the steps any more.
pub fn start(files: Vec<Named>) -> mpsc::Receiver<Step> {
    let (steps, taken) = mpsc::channel(AHEAD_MESSAGES_MAX);
    tokio::task::spawn_blocking(move || read(&files, &steps));
    taken
}

fn read(files: &[Named], steps: &mpsc::Sender<Step>) {
    let mut batch = Batch::default();
    for (index, file) in files.iter().enumerate() {
        let rows = match file.ledger.sorted_rows() {
            Ok(rows) => rows,
            Err(fault) => return finish(batch, Some(Step::Failed(index, fault)), steps),
        };
        for row in rows {
            let sent = match row {
                Err(fault) => return finish(batch, Some(Step::Failed(index, fault)), steps),
                Ok(LedgerRow { line, row: Err(refusal), .. }) => {
                    steps.blocking_send(Step::Refused((index, line), Box::new(refusal)))
                }
                Ok(LedgerRow { line, row: Ok(row), .. }) => {
                    batch.push((index, line), wire::import_row(line, &row));
                    if batch.is_full() { steps.blocking_send(Step::Batch(std::mem::take(&mut batch))) } else { Ok(()) }
                }
            };
            if sent.is_err() {
                return; // Nobody listens: the connection broke.
            }
        }
    }
    finish(batch, None, steps);
}

fn finish(batch: Batch, last: Option<Step>, steps: &mpsc::Sender<Step>) {
    let rest = (!batch.rows.is_empty()).then_some(Step::Batch(batch));
    for step in rest.into_iter().chain(last) {
        if steps.blocking_send(step).is_err() {
            return;
        }
    }
}

impl Batch {
    fn push(&mut self, place: Place, row: v1::ImportRow) {
        self.bytes += prost::Message::encoded_len(&row);
        self.rows.push(row);
        self.places.push(place);
    }

    fn is_full(&self) -> bool {
        self.rows.len() == BATCH_ROWS_MAX || self.bytes >= BATCH_BYTES_MAX
    }
}
