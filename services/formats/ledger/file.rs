//! A ledger as a whole: opened, recognised, and read as often as needed; and the order in which an import applies files and
//! rows.

use super::decode::{Encoding, Text, detect, first_bad, is_workbook};
use super::error::{FileError, Limit, NotCsv};
use super::guard::unguarded;
use super::headings::{Columns, recognise};
use super::row;
use super::sort::merged_stays;
use super::source::{Counted, Source};
use super::split::{CsvRows, RawRow, RawRows};
use super::table::{Content, Ledger};
use super::xlsx::{self, Workbook, XLSX_BYTES_MAX};
use crate::domain::reason::Refusal;
use crate::domain::rows::Row;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens a file that is one ledger, or whose first ledger is wanted: finds out its encoding (reading it through once) and
/// which ledger it is.
pub fn open(path: impl AsRef<Path>) -> Result<LedgerFile, FileError> {
    let (name, source) = at(path.as_ref());
    LedgerFile::new(name, source)
}

/// Opens everything in a file: the one ledger of a .csv, the ledgers on the sheets of a workbook.
pub fn open_all(path: impl AsRef<Path>) -> Result<Opened, FileError> {
    let (name, source) = at(path.as_ref());
    Opened::new(&name, &source)
}

fn at(path: &Path) -> (String, Source) {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    (name, Source::Path(path.to_owned()))
}

/// What a file holds.
#[derive(Debug)]
pub struct Opened {
    /// Its ledgers, in the order of the sheets; at least one.
    pub ledgers: Vec<LedgerFile>,
    /// Visible sheets that hold something and are no ledger: their names, and why they are none.
    pub others: Vec<(String, FileError)>,
}

impl Opened {
    /// Recognises the ledgers that the bytes are. What kind of file it is, its first bytes say; its name says nothing.
    pub fn new(name: &str, source: &Source) -> Result<Self, FileError> {
        let bytes = source.len()?;
        let file = |form, columns| LedgerFile {
            name: name.to_owned(),
            source: source.clone(),
            form,
            columns: Arc::new(columns),
            bytes,
            read: Arc::default(),
        };
        if is_workbook(source)? {
            if bytes > XLSX_BYTES_MAX {
                return Err(FileError::TooLarge(Limit::Workbook));
            }
            let xlsx::Found { ledgers, others } = xlsx::open(source)?;
            let ledgers = ledgers.into_iter().map(|(workbook, columns)| file(Form::Xlsx(workbook), columns)).collect();
            return Ok(Self { ledgers, others });
        }
        let encoding = detect(source)?;
        let columns = or_damaged_utf8(columns(source, encoding, &Arc::default()), source, encoding)?;
        Ok(Self { ledgers: vec![file(Form::Csv(encoding), columns)], others: Vec::new() })
    }
}

/// How a ledger is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text.
    Csv(Encoding),
    /// A workbook.
    Xlsx,
}

/// How stays are put in order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Bytes of rows that are held in memory; more are written to a temporary file.
    pub buffer_bytes_max: usize,
    /// Where the temporary file is made; none: where the system keeps such files.
    pub temporary_folder: Option<PathBuf>,
}

impl Default for Order {
    fn default() -> Self {
        Self { buffer_bytes_max: 64 << 20, temporary_folder: None }
    }
}

/// A ledger that was recognised.
#[derive(Debug)]
pub struct LedgerFile {
    name: String,
    source: Source,
    form: Form,
    columns: Arc<Columns>,
    bytes: u64,
    read: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Form {
    Csv(Encoding),
    Xlsx(Workbook),
}

impl LedgerFile {
    /// Recognises the ledger that the bytes are, of several the first; `name` is what reports call it.
    pub fn new(name: impl Into<String>, source: Source) -> Result<Self, FileError> {
        let mut opened = Opened::new(&name.into(), &source)?;
        Ok(opened.ledgers.swap_remove(0))
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
    pub fn format(&self) -> Format {
        match self.form {
            Form::Csv(encoding) => Format::Csv(encoding),
            Form::Xlsx(_) => Format::Xlsx,
        }
    }

    /// The sheet that is the ledger; none where the file has no sheets.
    pub fn sheet(&self) -> Option<&str> {
        match &self.form {
            Form::Csv(_) => None,
            Form::Xlsx(workbook) => Some(&workbook.sheet),
        }
    }

    /// The sheet, where it is not the first ledger of its workbook: what tells it apart from that one, which bears the name
    /// of the file.
    pub fn further_sheet(&self) -> Option<&str> {
        match &self.form {
            Form::Xlsx(workbook) if !workbook.is_first => Some(&workbook.sheet),
            Form::Csv(_) | Form::Xlsx(_) => None,
        }
    }

    /// Its headings as written.
    pub fn headings(&self) -> &[String] {
        &self.columns.headings
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A counter of the bytes that the latest reading of its rows has passed, for a progress bar. Of a workbook, only those
    /// of its sheet are counted until that is read.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }

    pub(super) fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// Its rows as text, in the order of their lines.
    pub(super) fn raw_rows(&self) -> Result<RawRows, FileError> {
        match &self.form {
            Form::Csv(encoding) => {
                let mut raw = csv_rows(&self.source, *encoding, &self.read)?;
                // The headings.
                raw.next().transpose()?;
                if self.columns.is_corrected() {
                    return Ok(Box::new(raw.map(|row| row.map(without_guards))));
                }
                Ok(raw)
            }
            Form::Xlsx(workbook) => {
                let mut rows = Some(workbook.rows(&self.source, &self.columns, &self.read)?);
                let (read, bytes) = (self.read.clone(), self.bytes);
                Ok(Box::new(std::iter::from_fn(move || {
                    let next = rows.as_mut()?.next();
                    if next.is_none() {
                        rows = None;
                        read.store(bytes, Ordering::Relaxed);
                    }
                    next
                })))
            }
        }
    }

    /// Its rows in the order of their lines, in bounded memory.
    pub fn rows(&self) -> Result<Rows, FileError> {
        Ok(Rows { raw: self.raw_rows()?, columns: self.columns.clone() })
    }

    /// Its rows in the order in which an import applies them: stays by the day of admission, then the line; any other
    /// ledger by the line. Stays that can't be read come first, by their line: they change nothing. Bounded memory either
    /// way.
    pub fn sorted_rows(&self) -> Result<SortedRows, FileError> {
        self.sorted_rows_with(&Order::default())
    }

    /// As `sorted_rows`, with its bounds.
    pub fn sorted_rows_with(&self, order: &Order) -> Result<SortedRows, FileError> {
        if self.kind() != Ledger::Stays {
            return Ok(Box::new(self.rows()?));
        }
        let rows = merged_stays(std::slice::from_ref(self), order).map_err(|fault| fault.error)?;
        Ok(Box::new(rows.map(|row| row.map(|(_, row)| row).map_err(|fault| fault.error))))
    }
}

fn without_guards(mut row: RawRow) -> RawRow {
    for cell in &mut row.cells {
        if let Some(text) = unguarded(cell) {
            *cell = text.to_owned();
        }
    }
    row
}

fn or_damaged_utf8(
    columns: Result<Columns, FileError>,
    source: &Source,
    encoding: Encoding,
) -> Result<Columns, FileError> {
    match columns {
        Err(error @ FileError::NoHeadings { .. }) => Err(damaged_utf8(source, encoding)?.unwrap_or(error)),
        other => other,
    }
}

fn columns(source: &Source, encoding: Encoding, read: &Arc<AtomicU64>) -> Result<Columns, FileError> {
    let headings = csv_rows(source, encoding, read)?.next().unwrap_or(Err(FileError::Empty));
    recognise(&headings.map_err(|error| match error {
        FileError::OpenQuote { .. } => FileError::NotCsv(NotCsv::OpenHeading),
        other => other,
    })?)
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

fn csv_rows(source: &Source, encoding: Encoding, read: &Arc<AtomicU64>) -> Result<RawRows, FileError> {
    let bytes = Counted::new(source.open()?, read.clone());
    Ok(Box::new(CsvRows::new(Text::new(bytes, encoding))))
}

/// The rows of a table that is no ledger, the rows above its headings among them.
pub(in crate::formats) fn table(
    source: &Source,
    headings: &'static [(&'static str, Content)],
) -> Result<RawRows, FileError> {
    if is_workbook(source)? {
        if source.len()? > XLSX_BYTES_MAX {
            return Err(FileError::TooLarge(Limit::Workbook));
        }
        return xlsx::first_sheet(source, headings);
    }
    let rows = csv_rows(source, detect(source)?, &Arc::default())?;
    Ok(Box::new(rows.map(|row| row.map(without_guards))))
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
        Some(Ok(LedgerRow { line: raw.line, row, cells: row::handed_back(raw) }))
    }
}
