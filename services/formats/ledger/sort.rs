//! Stays in the order of an import (day of admission, then file, then line), however many there are: runs are sorted in
//! memory, written to one nameless temporary file, and merged from there. The file has no name from its first moment on, so
//! that nothing is left behind whatever happens.
//!
//! What is kept meanwhile is the raw row; its typed form is read again when its turn comes, since cells are smaller than
//! what they become.

use super::error::FileError;
use super::file::{LedgerFile, LedgerRow, Order};
use super::row;
use super::spill::{Kept, Run, Spill};
use crate::domain::rows::Row;
use crate::domain::values::Day;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where a row stands in the order: rows that can't be read come first, since they change nothing; then by the day of
/// admission, the file, and the line.
pub(super) type Key = (Option<Day>, u32, u64);

/// The rows of several stay ledgers in one order: (day of admission, which of `files`, line). Each comes with the index of
/// its file in `files`, so that it can be reported there.
///
/// Rules §3 orders the rows of the stay ledger by admission date, then line. Two files of one import are one ledger kept in
/// two places, so that a transfer recorded as leaving in one and admission in the other comes out the same however the rows
/// were split; the order of files given decides between equal days.
pub fn merged_stays(files: &[LedgerFile], order: &Order) -> Result<MergedRows, MergedFault> {
    let mut sorter = Sorter::new(order);
    for (at, file) in files.iter().enumerate() {
        sorter.take_in(at, file).map_err(|error| MergedFault { file: Some(at), error })?;
    }
    let columns: Vec<_> = files.iter().map(|file| file.columns().clone()).collect();
    let of_all = |error| MergedFault { file: None, error };
    let merged = sorter.merged().map_err(of_all)?;
    Ok(Box::new(merged.map(move |kept| {
        let Kept { key: (_, index, line), raw } = kept.map_err(of_all)?;
        let index = index as usize;
        let row = row::read(&columns[index], &raw);
        Ok((index, LedgerRow { line, row, cells: row::handed_back(raw) }))
    })))
}

/// Rows in the order of an import, each with the index of its file.
pub type MergedRows = Box<dyn Iterator<Item = Result<(usize, LedgerRow), MergedFault>> + Send>;

/// Why the rows can't be read (on).
#[derive(Debug)]
pub struct MergedFault {
    /// Index of the file at fault; none: the temporary file that holds the rows of all of them.
    pub file: Option<usize>,
    /// What is wrong.
    pub error: FileError,
}

/// Takes rows in any order.
struct Sorter {
    buffer: Vec<Kept>,
    bytes: usize,
    bytes_max: usize,
    spill: Spill,
}

impl Sorter {
    fn new(order: &Order) -> Self {
        Self { buffer: Vec::new(), bytes: 0, bytes_max: order.buffer_bytes_max, spill: Spill::new(order) }
    }

    /// Takes in all rows of a file, which is the one at this index.
    fn take_in(&mut self, at: usize, file: &LedgerFile) -> Result<(), FileError> {
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        for raw in file.raw_rows()? {
            let raw = raw?;
            let admitted = match row::read(file.columns(), &raw) {
                Ok(Row::Stay(stay)) => Some(stay.admitted),
                _ => None,
            };
            self.push(Kept { key: (admitted, index, raw.line), raw })?;
        }
        Ok(())
    }

    fn push(&mut self, kept: Kept) -> Result<(), FileError> {
        self.bytes += kept.bytes();
        self.buffer.push(kept);
        if self.bytes > self.bytes_max {
            self.buffer.sort_unstable_by_key(|kept| kept.key);
            self.spill.write_run(&self.buffer)?;
            self.buffer.clear();
            self.bytes = 0;
        }
        Ok(())
    }

    fn merged(mut self) -> Result<Merged, FileError> {
        self.buffer.sort_unstable_by_key(|kept| kept.key);
        let mut runs: Vec<Source> = self.spill.into_runs(self.bytes_max)?.into_iter().map(Source::Run).collect();
        runs.push(Source::Memory(std::mem::take(&mut self.buffer).into_iter()));
        let mut heap = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            if let Some(kept) = run.next()? {
                heap.push(Reverse(Head { at, kept }));
            }
        }
        Ok(Merged { runs, heap, ended: false })
    }
}

/// A run that is sorted.
enum Source {
    Run(Run),
    Memory(std::vec::IntoIter<Kept>),
}

impl Source {
    fn next(&mut self) -> Result<Option<Kept>, FileError> {
        match self {
            Self::Run(run) => Ok(run.next()?),
            Self::Memory(rows) => Ok(rows.next()),
        }
    }
}

/// The first row of a run. No two rows have one key.
struct Head {
    at: usize,
    kept: Kept,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.kept.key == other.kept.key
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.kept.key.cmp(&other.kept.key)
    }
}

/// All rows in order. An error ends them.
struct Merged {
    runs: Vec<Source>,
    heap: BinaryHeap<Reverse<Head>>,
    ended: bool,
}

impl Iterator for Merged {
    type Item = Result<Kept, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let Reverse(Head { at, kept }) = self.heap.pop()?;
        match self.runs[at].next() {
            Ok(Some(next)) => self.heap.push(Reverse(Head { at, kept: next })),
            Ok(None) => {}
            Err(error) => {
                self.ended = true;
                return Some(Err(error));
            }
        }
        Some(Ok(kept))
    }
}
