//! Orders out.

use super::{ANSWER, CONTROL, Control, ORDER, OrderLine, control, yuan};
use crate::formats::ledger::guard::guarded;
use encoding_rs::GB18030;
use rust_xlsxwriter::{ColNum, RowNum, Workbook, XlsxError};
use std::io::{self, Write};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated text, UTF-8 with its mark.
    Csv,
    /// Comma-separated text, GB18030.
    CsvGb18030,
    /// A workbook; every cell is text.
    Xlsx,
}

/// Writes orders as one batch; gives what holds the file together.
pub fn write(format: Format, batch: &str, lines: &[OrderLine], mut to: impl Write + Send) -> io::Result<Control> {
    let control = control(batch, lines);
    let rows = rows(&control, lines);
    match format {
        Format::Xlsx => workbook(rows, &mut to)?,
        Format::Csv => {
            to.write_all("\u{feff}".as_bytes())?;
            to.write_all(text(rows)?.as_bytes())?;
        }
        Format::CsvGb18030 => to.write_all(&GB18030.encode(&text(rows)?).0)?, // It has every character.
    }
    to.flush()?;
    Ok(control)
}

/// The control line, the headings, and the orders with empty answers.
fn rows<'a>(control: &'a Control, lines: &'a [OrderLine]) -> impl Iterator<Item = Vec<String>> + 'a {
    let values = [control.batch.clone(), control.count.to_string(), yuan(control.sum_fen), hex::encode(control.sha256)];
    let above = CONTROL.iter().zip(values).flat_map(|(word, value)| [(*word).to_owned(), value]).collect();
    let headings = ORDER.iter().chain(&ANSWER).map(|heading| (*heading).to_owned()).collect();
    let orders = (1..).zip(lines).map(|(number, line)| {
        let mut cells = line.cells(&control.batch, number).to_vec();
        cells.resize(ORDER.len() + ANSWER.len(), String::new());
        cells
    });
    [above, headings].into_iter().chain(orders)
}

fn text(rows: impl Iterator<Item = Vec<String>>) -> io::Result<String> {
    let mut csv = csv::WriterBuilder::new();
    let mut csv = csv.flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        csv.write_record(row.iter().map(|cell| guarded(cell).unwrap_or_else(|| cell.clone())))?;
    }
    let bytes = csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn workbook(rows: impl Iterator<Item = Vec<String>>, to: &mut (impl Write + Send)) -> io::Result<()> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(of_xlsx)?;
    sheet.set_name("支付令").map_err(of_xlsx)?;
    for (at, row) in rows.enumerate() {
        let at = RowNum::try_from(at).map_err(io::Error::other)?;
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let column = ColNum::try_from(column).map_err(io::Error::other)?;
            sheet.write_string(at, column, cell).map_err(of_xlsx)?;
        }
    }
    let bytes = book.save_to_buffer().map_err(of_xlsx)?;
    to.write_all(&bytes)
}

fn of_xlsx(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
