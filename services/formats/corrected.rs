//! Refused rows handed back for correction: the input's own headings and cells, and behind them the line, the word and the
//! sentence of each refusal. Whoever keeps the ledger mends the cells and imports that very file: its reader passes over the
//! three columns (`ledger::IGNORED`).
//!
//! A .csv is written in UTF-8 with its mark, as spreadsheet programs open it right; what they would take for a formula gets
//! an apostrophe, which the reader of a corrected file takes away (`ledger::guard`). In a workbook every cell is text.
//! Cells beyond the headings, which are why a row was refused, stand behind the three columns. A cell over the bounds is cut,
//! begins with a sign that it can't be read as a value, and ends with `…`.

use super::Lang;
use super::ledger::{
    Format, LINE_HEADING, LedgerFile, REASON_HEADING, SENTENCE_HEADING, cells::cut_short, guard::guarded,
};
use super::report::{Detail, sentence};
use crate::domain::reason::Reason;
use rust_xlsxwriter::{ColNum, RowNum, Workbook, XlsxError};
use std::io::{self, Write};

/// Characters that a cell of a workbook has at most.
const CELL_CHARS_MAX: usize = 32_767;

/// Writes the refused rows of one file, in its own format, in bounded memory.
pub struct Writer<W: Write + Send> {
    out: Out<W>,
    /// Which columns of the file are written: all but those that an earlier correction added.
    kept: Vec<usize>,
    /// Columns of the file.
    width: usize,
    lang: Lang,
    rows: u64,
}

enum Out<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Xlsx(Box<Workbook>, W),
}

impl<W: Write + Send> Writer<W> {
    /// Begins with the headings of the file; sentences come in this language.
    pub fn new(file: &LedgerFile, mut to: W, lang: Lang) -> io::Result<Self> {
        let added = [LINE_HEADING, REASON_HEADING, SENTENCE_HEADING];
        let headings = file.headings();
        let kept: Vec<usize> = (0..headings.len()).filter(|at| !added.contains(&headings[*at].trim())).collect();
        let out = match file.format() {
            Format::Csv(_) => {
                to.write_all("\u{feff}".as_bytes())?;
                let mut csv = csv::WriterBuilder::new();
                csv.flexible(true).terminator(csv::Terminator::CRLF);
                Out::Csv(Box::new(csv.from_writer(to)))
            }
            Format::Xlsx => {
                let mut book = Workbook::new();
                let sheet = book.add_worksheet_with_constant_memory().map_err(of_xlsx)?;
                sheet.set_name(file.kind().chinese()).map_err(of_xlsx)?;
                Out::Xlsx(Box::new(book), to)
            }
        };
        let mut writer = Self { out, kept, width: headings.len(), lang, rows: 0 };
        let written: Vec<&str> = writer.kept.iter().map(|at| headings[*at].as_str()).chain(added).collect();
        writer.write(&written)?;
        Ok(writer)
    }

    /// Writes one refused row: its line, its cells as `LedgerRow` has them, and why it was refused.
    pub fn refused(&mut self, line: u64, cells: &[String], reason: Reason, detail: &Detail) -> io::Result<()> {
        let line = line.to_string();
        let sentence = sentence(reason, detail, self.lang);
        let own = self.kept.iter().map(|at| cells.get(*at).map_or("", String::as_str));
        let beyond = cells.iter().skip(self.width).map(String::as_str);
        let all: Vec<&str> = own.chain([line.as_str(), reason.word(), &sentence]).chain(beyond).collect();
        self.rows += 1;
        self.write(&all)
    }

    /// How many rows were written; a file without any need not be kept.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file, and gives back what it was written to.
    pub fn finish(self) -> io::Result<W> {
        match self.out {
            Out::Csv(csv) => csv.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string())),
            Out::Xlsx(mut book, mut to) => {
                book.save_to_writer(&mut to).map_err(of_xlsx)?;
                to.flush()?;
                Ok(to)
            }
        }
    }

    fn write(&mut self, cells: &[&str]) -> io::Result<()> {
        match &mut self.out {
            Out::Csv(csv) => {
                for cell in cells {
                    csv.write_field(guarded(cell).as_deref().unwrap_or(cell))?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
            Out::Xlsx(book, _) => {
                let row = RowNum::try_from(self.rows).map_err(io::Error::other)?;
                let sheet = book.worksheet_from_index(0).map_err(of_xlsx)?;
                for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                    let column = ColNum::try_from(at).map_err(io::Error::other)?;
                    let cut = within_a_cell(cell);
                    sheet.write_string(row, column, cut.as_deref().unwrap_or(cell)).map_err(of_xlsx)?;
                }
            }
        }
        Ok(())
    }
}

/// What a cell of a workbook holds of a text that is too long for one, marked as cut; none where it fits.
fn within_a_cell(text: &str) -> Option<String> {
    text.char_indices().nth(CELL_CHARS_MAX)?;
    let kept = CELL_CHARS_MAX - cut_short("").chars().count();
    let end = text.char_indices().nth(kept).map_or(text.len(), |(end, _)| end);
    Some(cut_short(&text[..end]))
}

fn of_xlsx(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
