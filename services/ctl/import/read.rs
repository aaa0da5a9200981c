//! Reading on a thread of its own: rows of every ledger in their order, packed into messages, no further ahead of the
//! server than a short queue lets it. Stays of several files are one ledger: they come by the day of admission, whichever
//! file they stand in.

use super::wire;
use crate::domain::Refusal;
use crate::formats::ledger::{FileError, Ledger, LedgerFile, LedgerRow, MergedFault, Order, merged_stays};
use crate::wire::v1;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows of one message, the API's bound.
pub const BATCH_ROWS_MAX: usize = 500;
/// Messages that are read ahead of those in flight.
const AHEAD_MESSAGES_MAX: usize = 4;
/// Bytes of one message: well below what a server takes, whatever the rows hold.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Where a row stands, and its cells where they may have to be handed back.
#[derive(Debug)]
pub struct Place {
    /// Index of its file.
    pub file: usize,
    /// Its line.
    pub line: u64,
    /// Its cells; none unless they are kept.
    pub cells: Vec<String>,
}

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
    /// The rows of several files can't be read on, through no fault of theirs; nothing after them is read.
    FailedAll(std::ops::Range<usize>, FileError),
    /// A file was read to its end, and has so many rows.
    Read(usize, u64),
}

/// Reads the files, in their order, until nobody takes the steps any more. Cells are kept where they may have to be handed
/// back.
pub fn start(files: Arc<Vec<LedgerFile>>, keep_cells: bool) -> mpsc::Receiver<Step> {
    let (steps, taken) = mpsc::channel(AHEAD_MESSAGES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut reading = Reading { keep_cells, steps, batch: Batch::default() };
        // Nobody listens: the connection broke, which shows in the answers.
        let _ = reading.files(&files);
    });
    taken
}

/// Why reading ended early.
enum Stopped {
    /// Nobody takes the steps any more.
    Unheard,
    /// A file, or all of a group, can't be read on.
    Failed(Box<Step>),
}

/// Rows with the index of their file.
type Numbered<'a> = Box<dyn Iterator<Item = Result<(usize, LedgerRow), MergedFault>> + 'a>;

struct Reading {
    keep_cells: bool,
    steps: mpsc::Sender<Step>,
    batch: Batch,
}

impl Reading {
    fn files(&mut self, files: &[LedgerFile]) -> Result<(), Stopped> {
        let mut first = 0;
        for group in files.chunk_by(|a, b| a.kind() == Ledger::Stays && b.kind() == Ledger::Stays) {
            match self.group(group, first) {
                Err(Stopped::Failed(failed)) => {
                    self.flush()?;
                    return self.step(*failed);
                }
                read => read?,
            }
            first += group.len();
        }
        self.flush()
    }

    /// Files that are one ledger, the first of them at this index.
    fn group(&mut self, group: &[LedgerFile], first: usize) -> Result<(), Stopped> {
        let mut counts = vec![0; group.len()];
        let failed = |MergedFault { file, error }| {
            Stopped::Failed(Box::new(match file {
                Some(at) => Step::Failed(first + at, error),
                None => Step::FailedAll(first..first + group.len(), error),
            }))
        };
        for row in rows(group).map_err(failed)? {
            let (at, row) = row.map_err(failed)?;
            counts[at] += 1;
            self.row(first + at, row)?;
        }
        for (at, count) in counts.into_iter().enumerate() {
            self.step(Step::Read(first + at, count))?;
        }
        Ok(())
    }

    fn row(&mut self, file: usize, row: LedgerRow) -> Result<(), Stopped> {
        let LedgerRow { line, row, cells } = row;
        let place = Place { file, line, cells: if self.keep_cells { cells } else { Vec::new() } };
        match row {
            Err(refusal) => self.step(Step::Refused(place, Box::new(refusal))),
            Ok(row) => {
                self.batch.push(place, wire::import_row(line, &row));
                if self.batch.is_full() { self.flush() } else { Ok(()) }
            }
        }
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        let batch = std::mem::take(&mut self.batch);
        if batch.rows.is_empty() { Ok(()) } else { self.step(Step::Batch(batch)) }
    }

    fn step(&self, step: Step) -> Result<(), Stopped> {
        self.steps.blocking_send(step).map_err(|_| Stopped::Unheard)
    }
}

fn rows(group: &[LedgerFile]) -> Result<Numbered<'_>, MergedFault> {
    match group {
        [one] if one.kind() != Ledger::Stays => {
            let at_fault = |error| MergedFault { file: Some(0), error };
            let rows = one.rows().map_err(at_fault)?;
            Ok(Box::new(rows.map(move |row| row.map(|row| (0, row)).map_err(at_fault))))
        }
        stays => Ok(merged_stays(stays, &Order::default())?),
    }
}

impl Batch {
    fn push(&mut self, place: Place, row: v1::ImportRow) {
        self.bytes += prost::Message::encoded_len(&row) + place.cells.iter().map(String::len).sum::<usize>();
        self.rows.push(row);
        self.places.push(place);
    }

    fn is_full(&self) -> bool {
        self.rows.len() == BATCH_ROWS_MAX || self.bytes >= BATCH_BYTES_MAX
    }
}
