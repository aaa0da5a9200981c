//! Ledgers (rules §3): recognised by their headings, read row by row in bounded memory, whatever their size.
//!
//! The way of a row: `source` (bytes) → `decode` (UTF-8 or GB18030 → text) → `split` (text → cells, with their line), or
//! `xlsx` in place of the two → `row` and `money` (cells → `domain::rows::Row`, or a refusal). Only `split` knows that a file
//! is a .csv, only `xlsx` that it is a workbook: both yield `RawRow`s. What a ledger's columns are stands in one table,
//! `table`; stays are put in the order of their admission by `sort`, however many there are.

mod assessment;
pub(in crate::formats) mod cells;
mod decode;
mod error;
mod file;
pub(in crate::formats) mod guard;
mod guidance_fund;
mod headings;
mod innovation;
mod money;
mod problem;
mod report;
mod row;
mod sort;
mod source;
mod spill;
mod split;
mod table;
mod xlsx;

pub(in crate::formats) use cells::{day, quantity};
pub use decode::Encoding;
pub use error::{BadWorkbook, FileError, Limit, NotCsv, Place};
pub(in crate::formats) use file::table;
pub use file::{Format, LedgerFile, LedgerRow, Opened, Order, Rows, SortedRows, in_import_order, open, open_all};
pub use problem::Problem;
pub use sort::{MergedFault, MergedRows, merged_stays};
pub use source::Source;
pub use split::{CELL_BYTES_MAX, CELLS_MAX, CellFault, ROW_BYTES_MAX, RawFault, RawRow, RawRows};
pub use table::{Column, Content, IGNORED, LINE_HEADING, Ledger, REASON_HEADING, SENTENCE_HEADING};
pub use xlsx::{HEADING_ROWS_MAX, XLSX_BYTES_MAX, XLSX_UNPACKED_BYTES_MAX};
