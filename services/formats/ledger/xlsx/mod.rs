//! Workbooks (.xlsx) as rows of cells of text, in bounded memory whatever the file says of itself.
//!
//! A workbook is a zip of XML parts: `zip` unpacks a part, `xml` reads it event by event, `parts` reads the small ones
//! (which sheets, which formats, the shared texts), `sheet` the rows, `value` makes a cell the text that it would be in a
//! .csv. Entities are not expanded, links are not followed, formulas are not computed.
//!
//! Chosen here: every visible sheet with the headings of a ledger is one; a visible sheet with content and without them is
//! told; a hidden sheet is not what its sender sees, and is passed over; hidden rows are rows. The headings stand within the first `HEADING_ROWS_MAX` rows, below any title, in one row or in two (a group above, or the
//! unit below). A row's line is its number in the sheet. A formula has the value that was saved with it.

mod parts;
mod sheet;
mod value;
mod xml;
mod zip;

use self::parts::{Sheet, Strings, Style};
use self::sheet::{SheetRow, SheetRows};
use self::zip::Archive;
use super::error::{BadWorkbook, FileError, Limit};
use super::headings::{Columns, recognise};
use super::source::Source;
use super::split::{RawRow, RawRows};
use super::table::Content;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Bytes that a workbook may have.
pub const XLSX_BYTES_MAX: u64 = 64 << 20;
/// Bytes that the parts of a workbook may unpack to, all together; and those that the texts of its cells may come to.
pub const XLSX_UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// Rows from the top among which the headings are looked for.
pub const HEADING_ROWS_MAX: u64 = 10;

/// Sheets that are looked into.
const SHEETS_MAX: usize = 64;

/// A sheet of a workbook that is a ledger.
#[derive(Debug)]
pub(super) struct Workbook {
    /// Name of the sheet.
    pub(super) sheet: String,
    /// No sheet before it is a ledger.
    pub(super) is_first: bool,
    part: String,
    strings: Option<String>,
    styles: Arc<[Style]>,
    from_1904: bool,
    headings_row: u64,
}

/// What the visible sheets of a workbook are.
pub(super) struct Found {
    /// The ledgers, in the order of the sheets; at least one.
    pub(super) ledgers: Vec<(Workbook, Columns)>,
    /// Sheets that hold something and are no ledger: their names, and why they are none.
    pub(super) others: Vec<(String, FileError)>,
}

/// Finds the ledgers in a workbook. Without any, the sheet that comes closest says what is wrong.
pub(super) fn open(source: &Source) -> Result<Found, FileError> {
    let archive = Archive::open(source)?;
    let index = parts::index(&archive)?;
    let strings = parts::strings(&archive, index.strings.as_deref())?;
    let visible: Vec<&Sheet> = index.sheets.iter().filter(|sheet| !sheet.hidden).collect();
    if visible.len() > SHEETS_MAX {
        return Err(FileError::TooLarge(Limit::Parts));
    }
    let (mut ledgers, mut others) = (Vec::new(), Vec::new());
    for sheet in visible {
        let rows = SheetRows::new(archive.part(&sheet.part)?, &sheet.part, strings.clone(), index.styles.clone());
        match headings(rows) {
            Ok((headings_row, columns)) => {
                let (sheet, part, is_first) = (sheet.name.clone(), sheet.part.clone(), ledgers.is_empty());
                let (strings, styles, from_1904) = (index.strings.clone(), index.styles.clone(), index.from_1904);
                ledgers.push((Workbook { sheet, is_first, part, strings, styles, from_1904, headings_row }, columns));
            }
            Err(error @ (FileError::Workbook { .. } | FileError::TooLarge(_) | FileError::Io(_))) => return Err(error),
            Err(FileError::Empty) => {}
            Err(error) => others.push((sheet.name.clone(), error)),
        }
    }
    if ledgers.is_empty() {
        // The first of those that come closest.
        let closest = others.into_iter().map(|(_, fault)| fault).rev().max_by_key(closeness);
        return Err(closest.unwrap_or(FileError::Empty));
    }
    Ok(Found { ledgers, others })
}

/// Which fault says most of what is wrong, where no row holds the headings of a ledger.
fn closeness(error: &FileError) -> u8 {
    match error {
        FileError::Empty => 0,
        FileError::NoHeadings { .. } => 1,
        _ => 2,
    }
}

/// The row of the headings, and what they say.
fn headings(mut rows: SheetRows) -> Result<(u64, Columns), FileError> {
    let mut fault = FileError::Empty;
    let mut above: Option<RawRow> = None;
    while let Some(row) = rows.next_row()?.filter(|row| row.line <= HEADING_ROWS_MAX) {
        let row = row.plain();
        let both = above.as_ref().map(|above| together(above, &row));
        for row in [Some(&row), both.as_ref()].into_iter().flatten() {
            match recognise(row) {
                Ok(columns) => return Ok((row.line, columns)),
                Err(error) if closeness(&error) > closeness(&fault) => fault = error,
                Err(_) => {}
            }
        }
        above = Some(row);
    }
    Err(fault)
}

/// Headings over two rows: the lower cell where there is one, the upper elsewhere (a merged cell has its text in its first
/// row); a unit in brackets belongs to what stands above it.
fn together(above: &RawRow, below: &RawRow) -> RawRow {
    let width = above.cells.len().max(below.cells.len());
    let cell = |row: &RawRow, at: usize| row.cells.get(at).map_or("", |cell| cell.trim()).to_owned();
    let merged = (0..width).map(|at| {
        let (upper, lower) = (cell(above, at), cell(below, at));
        match lower.chars().next() {
            None => upper,
            Some('(' | '（') => upper + &lower,
            Some(_) => lower,
        }
    });
    RawRow { line: below.line, cells: merged.collect(), ..RawRow::default() }
}

impl Workbook {
    /// The rows below the headings. `read` counts the packed bytes of the sheet that were passed.
    pub(super) fn rows(
        &self,
        source: &Source,
        columns: &Arc<Columns>,
        read: &Arc<AtomicU64>,
    ) -> Result<RawRows, FileError> {
        let archive = Archive::open(source)?;
        let strings = parts::strings(&archive, self.strings.as_deref())?;
        let part = archive.counted_part(&self.part, read)?;
        let rows = SheetRows::new(part, &self.part, strings, self.styles.clone());
        let (columns, from_1904, headings_row) = (columns.clone(), self.from_1904, self.headings_row);
        let mut rows = Limited { rows, left: XLSX_UNPACKED_BYTES_MAX, ended: false };
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                match rows.next()? {
                    Ok(row) if row.line <= headings_row => {}
                    Ok(row) => return Some(Ok(raw_row(row, &columns, from_1904))),
                    Err(error) => return Some(Err(error)),
                }
            }
        })))
    }
}

/// The rows of the first visible sheet, whatever it is: the first row that holds all these headings says which columns hold
/// what, and the rows below it are read by that.
pub(super) fn first_sheet(source: &Source, headings: &'static [(&'static str, Content)]) -> Result<RawRows, FileError> {
    let archive = Archive::open(source)?;
    let index = parts::index(&archive)?;
    let strings = parts::strings(&archive, index.strings.as_deref())?;
    let sheet = index.sheets.iter().find(|sheet| !sheet.hidden).ok_or(FileError::Empty)?;
    let rows = SheetRows::new(archive.part(&sheet.part)?, &sheet.part, strings, index.styles.clone());
    let mut rows = Limited { rows, left: XLSX_UNPACKED_BYTES_MAX, ended: false };
    let (from_1904, mut known) = (index.from_1904, None::<Vec<Option<Content>>>);
    Ok(Box::new(std::iter::from_fn(move || {
        let row = match rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        if let Some(known) = &known {
            return Some(Ok(row.into_raw(|at| known.get(at).copied().flatten(), from_1904)));
        }
        let row = row.plain();
        let of = |cell: &String| headings.iter().find(|(name, _)| *name == cell.trim()).map(|(_, content)| *content);
        if headings.iter().all(|(name, _)| row.cells.iter().any(|cell| cell.trim() == *name)) {
            known = Some(row.cells.iter().map(of).collect());
        }
        Some(Ok(row))
    })))
}

fn raw_row(row: SheetRow, columns: &Columns, from_1904: bool) -> RawRow {
    row.into_raw(|at| columns.content(at), from_1904)
}

/// Rows whose texts come to no more than a bound: one shared text may stand in every cell, and a file of 64 MB be read as
/// gigabytes. An error ends them.
struct Limited {
    rows: SheetRows,
    left: u64,
    ended: bool,
}

impl Limited {
    fn next(&mut self) -> Option<Result<SheetRow, FileError>> {
        if self.ended {
            return None;
        }
        let next = self.rows.next_row().and_then(|row| {
            let bytes = row.as_ref().map_or(0, SheetRow::bytes);
            self.left = self.left.checked_sub(bytes).ok_or(FileError::TooLarge(Limit::Unpacked))?;
            Ok(row)
        });
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// A fault of a part.
fn broken(part: &str, what: impl Into<String>) -> FileError {
    FileError::Workbook { part: part.to_owned(), what: BadWorkbook::Broken(what.into()) }
}

/// The shared texts of a workbook, held while its rows are read.
type SharedStrings = Arc<Strings>;
