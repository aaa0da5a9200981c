//! A ledger as a whole: opened, recognised, and read as often as needed; and the order in which an import applies files and
//! rows.

use super::decode::{Encoding, Text, detect, first_bad};
use super::error::FileError;
use super::headings::{Columns, recognise};
use super::row;
use super::source::{Counted, Source};
use super::split::{CsvRows, RawRows};
use super::table::Ledger;
use crate::domain::reason::Refusal;
use crate::domain::rows::Row;
use crate::domain::values::Day;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens a ledger: finds out its encoding (reading it through once) and which ledger it is.
pub fn open(path: impl AsRef<Path>) -> Result<LedgerFile, FileError> {
    let path = path.as_ref();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    LedgerFile::new(name, Source::Path(path.to_owned()))
}

/// A ledger that was recognised.
#[derive(Debug)]
pub struct LedgerFile {
    name: String,
    source: Source,
    encoding: Encoding,
    columns: Arc<Columns>,
    bytes: u64,
    read: Arc<AtomicU64>,
}

impl LedgerFile {
    /// Recognises the ledger that the bytes are; `name` is what reports call it.
    pub fn new(name: impl Into<String>, source: Source) -> Result<Self, FileError> {
        let bytes = source.len()?;
        let encoding = detect(&source)?;
        let read = Arc::default();
        let columns = match columns(&source, encoding, &read) {
            Err(error @ FileError::NoHeadings { .. }) => {
                return Err(damaged_utf8(&source, encoding)?.unwrap_or(error));
            }
            other => Arc::new(other?),
        };
        read.store(0, Ordering::Relaxed);
        Ok(Self { name: name.into(), source, encoding, columns, bytes, read })
    }

    /// The file's name, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which ledger it is.
    pub fn kind(&self) -> Ledger {
        self.columns.ledger
    }

    /// How it is written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its headings as written.
    pub fn headings(&self) -> &[String] {
        &self.columns.headings
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A counter of the bytes that the latest reading of its rows has passed, for a progress bar.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }

    /// Its rows in the order of their lines, in bounded memory.
    pub fn rows(&self) -> Result<Rows, FileError> {
        let mut raw = raw_rows(&self.source, self.encoding, &self.read)?;
        // The headings.
        raw.next().transpose()?;
        Ok(Rows { raw, columns: self.columns.clone() })
    }

    /// Its rows in the order in which an import applies them: stays by the day of admission, then the line; any other
    /// ledger by the line. Rows that can't be read come first, by their line: they change nothing.
    ///
    /// Stays are held in memory meanwhile. To sort more of them than fit, sort runs of rows into files here and merge
    /// them in the iterator that is returned; nothing outside would notice.
    pub fn sorted_rows(&self) -> Result<SortedRows, FileError> {
        let rows = self.rows()?;
        if self.kind() != Ledger::Stays {
            return Ok(Box::new(rows));
        }
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        // Stable, so the order of lines stays where days are equal.
        rows.sort_by_key(LedgerRow::admitted);
        Ok(Box::new(rows.into_iter().map(Ok)))
    }
}

fn columns(source: &Source, encoding: Encoding, read: &Arc<AtomicU64>) -> Result<Columns, FileError> {
    let headings = raw_rows(source, encoding, read)?.next().unwrap_or(Err(FileError::Empty))?;
    recognise(&headings)
}

/// Damaged UTF-8 is at times valid GB18030, full of nonsense: where the headings make sense as UTF-8 only, the damage is
/// what is wrong with the file.
fn damaged_utf8(source: &Source, encoding: Encoding) -> Result<Option<FileError>, FileError> {
    if encoding == Encoding::Utf8 || columns(source, Encoding::Utf8, &Arc::default()).is_err() {
        return Ok(None);
    }
    let place = first_bad(source, Encoding::Utf8)?;
    Ok(place.map(|utf8| FileError::Encoding { utf8, gb18030: None }))
}

fn raw_rows(source: &Source, encoding: Encoding, read: &Arc<AtomicU64>) -> Result<RawRows, FileError> {
    let bytes = Counted::new(source.open()?, read.clone());
    Ok(Box::new(CsvRows::new(Text::new(bytes, encoding))))
}

/// Puts files in the order in which an import applies them, whatever order they were given in.
pub fn in_import_order(files: &mut [LedgerFile]) {
    files.sort_by_key(LedgerFile::kind);
}

/// A row of a ledger.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    /// The line where it begins; the headings are line 1.
    pub line: u64,
    /// What it states, or why it is refused for its form.
    pub row: Result<Row, Refusal>,
    /// Its cells as written, so that a refused row can be handed back for correction.
    pub cells: Vec<String>,
}

impl LedgerRow {
    fn admitted(&self) -> Option<Day> {
        match &self.row {
            Ok(Row::Stay(stay)) => Some(stay.admitted),
            _ => None,
        }
    }
}

/// The rows of a ledger, one at a time. An error (the disk fails, the file changes) ends them.
pub struct Rows {
    raw: RawRows,
    columns: Arc<Columns>,
}

/// Rows in the order of an import.
pub type SortedRows = Box<dyn Iterator<Item = Result<LedgerRow, FileError>> + Send>;

impl Iterator for Rows {
    type Item = Result<LedgerRow, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = match self.raw.next()? {
            Ok(raw) => raw,
            Err(error) => return Some(Err(error)),
        };
        let row = row::read(&self.columns, &raw);
        Some(Ok(LedgerRow { line: raw.line, row, cells: raw.cells }))
    }
}
