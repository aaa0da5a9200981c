//! Text to rows of cells, each with the line where it begins. Bounded whatever comes: a cell without an end (a quote that
//! never closes) costs its first 64 KiB, not the memory.

use super::decode::{LineCount, Text, TextError};
use super::error::FileError;
use super::problem::Problem;
use csv_core::ReadFieldResult;
use std::io::{self, Read};

/// Bytes of one cell that are kept; a longer one makes its row refused.
pub const CELL_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one row that are kept.
pub const ROW_BYTES_MAX: usize = 256 * 1024;
/// Cells of one row that are kept.
pub const CELLS_MAX: usize = 256;

/// What is wrong with a row before its cells are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawFault {
    /// A cell over `CELL_BYTES_MAX`, counted from 0.
    CellTooLong(usize),
    /// More than `ROW_BYTES_MAX` or `CELLS_MAX`.
    RowTooLong,
}

/// A row as cells of text; any kind of file comes down to these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawRow {
    /// The line where it begins, from 1.
    pub line: u64,
    /// Its cells as written; cut where there is a fault.
    pub cells: Vec<String>,
    /// What is wrong with it.
    pub fault: Option<RawFault>,
    /// Cells whose text says nothing of their worth, as the kind of file knows: an error of a formula, a number that lost
    /// its digits.
    pub wrong: Vec<CellFault>,
}

/// A cell that is wrong whatever its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// Which, from 0.
    pub at: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Rows of cells, from any kind of file. Blank rows are left out, and counted in the lines.
pub type RawRows = Box<dyn Iterator<Item = Result<RawRow, FileError>> + Send>;

/// The rows of a .csv (RFC 4180; a line ends with LF, CR or CRLF).
pub(super) struct CsvRows<R> {
    text: Text<R>,
    csv: csv_core::Reader,
    lines: LineCount,
    cell: Box<[u8]>,
    ended: bool,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(text: Text<R>) -> Self {
        let cell = vec![0; CELL_BYTES_MAX].into();
        Self { text, csv: csv_core::Reader::new(), lines: LineCount::default(), cell, ended: false }
    }

    fn next_row(&mut self) -> Result<Option<RawRow>, FileError> {
        while self.skip_line_ends()? {
            let row = self.row()?;
            let blank = row.fault.is_none() && row.cells.iter().all(|cell| cell.trim().is_empty());
            if !blank {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Passes empty lines; false at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, FileError> {
        loop {
            let text = self.text.fill().map_err(broken)?;
            if text.is_empty() {
                return Ok(false);
            }
            let ends = text.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            let more = ends < text.len();
            self.lines.pass(&text[..ends]);
            self.text.consume(ends);
            if more {
                return Ok(true);
            }
        }
    }

    fn row(&mut self) -> Result<RawRow, FileError> {
        let mut row = RawRow { line: self.lines.line(), ..RawRow::default() };
        let mut bytes = 0;
        loop {
            let field = self.field()?;
            bytes += field.len;
            if field.open_quote {
                return Err(FileError::OpenQuote { line: field.line });
            }
            if field.cut {
                row.fault = row.fault.or(Some(RawFault::CellTooLong(row.cells.len())));
            }
            if row.cells.len() == CELLS_MAX || bytes > ROW_BYTES_MAX {
                // Spreadsheets write thousands of empty cells behind a row; they say nothing.
                if field.len > 0 {
                    row.fault = row.fault.or(Some(RawFault::RowTooLong));
                }
            } else {
                row.cells.push(String::from_utf8_lossy(&self.cell[..field.len]).into_owned());
            }
            if field.ends_row {
                return Ok(row);
            }
        }
    }

    /// Reads one cell into `self.cell`.
    fn field(&mut self) -> Result<Field, FileError> {
        let mut field = Field { line: self.lines.line(), len: 0, cut: false, open_quote: false, ends_row: false };
        // Where a cell is too long, the rest of it goes here.
        let mut rest = [0; 1024];
        let (mut quoted, mut quotes) = (None, 0_u64);
        loop {
            let input = self.text.fill().map_err(broken)?;
            let at_end = input.is_empty();
            let output = if field.cut { &mut rest[..] } else { &mut self.cell[field.len..] };
            let (result, read, written) = self.csv.read_field(input, output);
            let taken = &input[..read];
            quoted = quoted.or(taken.first().map(|b| *b == b'"'));
            if quoted == Some(true) {
                quotes += taken.iter().map(|b| u64::from(*b == b'"')).sum::<u64>();
            }
            self.lines.pass(taken);
            self.text.consume(read);
            if !field.cut {
                field.len += written;
            }
            match result {
                ReadFieldResult::InputEmpty if !at_end => {}
                ReadFieldResult::OutputFull => field.cut = true,
                ReadFieldResult::Field { record_end } => {
                    field.ends_row = record_end;
                    // Every quote inside a quoted cell is doubled, so that an odd count at the end means one is open.
                    field.open_quote = at_end && quotes % 2 == 1;
                    return Ok(field);
                }
                ReadFieldResult::InputEmpty | ReadFieldResult::End => {
                    field.ends_row = true;
                    return Ok(field);
                }
            }
        }
    }
}

/// A cell just read.
struct Field {
    line: u64,
    len: usize,
    cut: bool,
    open_quote: bool,
    ends_row: bool,
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Result<RawRow, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_row().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The encoding was found out on a first reading: what doesn't fit it now was written since.
fn broken(error: TextError) -> FileError {
    FileError::Io(match error {
        TextError::Io(error) => error,
        TextError::Malformed(byte) => {
            io::Error::new(io::ErrorKind::InvalidData, format!("the file changed while it was read, at byte {byte}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::decode::Encoding;
    use super::*;

    fn rows(text: &[u8]) -> Vec<RawRow> {
        CsvRows::new(Text::new(text, Encoding::Utf8)).map(Result::unwrap).collect()
    }

    fn plain(text: &str) -> Vec<(u64, Vec<String>)> {
        let rows = rows(text.as_bytes());
        assert!(rows.iter().all(|row| row.fault.is_none()), "{rows:?}");
        rows.into_iter().map(|row| (row.line, row.cells)).collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn lines_are_those_of_the_file() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,2", "", ",", "3,\"x", "y\"", "", "4,5"].join(end);
            let quoted = format!("x{end}y");
            let expected = [row(1, &["a", "b"]), row(2, &["1", "2"]), row(5, &["3", &quoted]), row(8, &["4", "5"])];
            assert_eq!(plain(&text), expected, "{end:?}");
            assert_eq!(plain(&format!("{end}{text}{end}"))[0].0, 2, "{end:?}");
        }
    }

    #[test]
    fn quotes_and_short_rows() {
        assert_eq!(plain("\"a\"\"b\",\"c,d\""), [row(1, &["a\"b", "c,d"])]);
        assert_eq!(plain("a,b,\n1\n,,3"), [row(1, &["a", "b", ""]), row(2, &["1"]), row(3, &["", "", "3"])]);
        assert_eq!(plain("5\"管,x\n"), [row(1, &["5\"管", "x"])]);
        assert_eq!(plain("a,\"b\""), [row(1, &["a", "b"])]);
        assert_eq!(plain(""), []);
        assert_eq!(plain("\n\r\n , \n"), []);
    }

    #[test]
    fn a_quote_that_never_closes_is_named() {
        let long = [b"a\n\"".to_vec(), b"x\n".repeat(5_000_000)].concat();
        for (text, before, at) in [(b"a,b\n1,2\n3,\"4\n5,6\n".to_vec(), 2, 3), (long, 1, 2)] {
            let mut rows = CsvRows::new(Text::new(text.as_slice(), Encoding::Utf8));
            assert!(rows.by_ref().take(before).all(|row| row.is_ok()));
            assert!(matches!(rows.next(), Some(Err(FileError::OpenQuote { line })) if line == at));
            assert!(rows.next().is_none());
        }
    }

    #[test]
    fn long_cells_and_rows_are_cut_and_the_next_row_is_read() {
        let text = format!("a,b\n{},1\n2,3\n", "名".repeat(4_000_000));
        let found = rows(text.as_bytes());
        assert_eq!(found[1].fault, Some(RawFault::CellTooLong(0)));
        assert_eq!(found[1].cells[1], "1");
        assert_eq!((found[2].line, found[2].cells.len(), found[2].fault), (3, 2, None));
        let wide = format!("x{}\n{}\n1", ",".repeat(1_000_000), "x,".repeat(1_000_000));
        let mut found = rows(wide.as_bytes());
        let empty_behind = found.remove(0);
        assert_eq!((empty_behind.cells.len(), empty_behind.fault), (CELLS_MAX, None));
        assert_eq!((found[0].cells.len(), found[0].fault), (CELLS_MAX, Some(RawFault::RowTooLong)));
        assert_eq!(found[1].line, 3);
    }
}
