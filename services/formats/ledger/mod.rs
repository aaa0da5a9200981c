//! Ledgers (rules §3): recognised by their headings, read row by row in bounded memory, whatever their size.
//!
//! The way of a row: `source` (bytes) → `decode` (UTF-8 or GB18030 → text) → `split` (text → cells, with their line) →
//! `row` (cells → `domain::rows::Row`, or a refusal). Only `split` knows that the file is a .csv: another kind of file
//! joins by yielding `RawRow`s. What a ledger's columns are stands in one table, `table`.

mod cells;
mod decode;
mod error;
mod file;
mod headings;
mod money;
mod row;
mod source;
mod split;
mod table;

pub use decode::Encoding;
pub use error::{FileError, NotCsv, Place};
pub use file::{LedgerFile, LedgerRow, Rows, SortedRows, in_import_order, open};
pub use source::Source;
pub use split::{CELL_BYTES_MAX, CELLS_MAX, CellFault, ROW_BYTES_MAX, RawFault, RawRow, RawRows};
pub use table::{Column, Content, IGNORED, LINE_HEADING, Ledger, REASON_HEADING, SENTENCE_HEADING};
