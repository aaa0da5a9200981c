//! A bank's statement: a table with four headings among its columns, whatever stands above them. Who compares needs all of it,
//! so a line that can't be read refuses the file.

use super::ABOVE_MAX;
use crate::domain::reason::{Fault, Reason};
use crate::domain::values::Day;
use crate::formats::Lang;
use crate::formats::ledger::{Content, FileError, RawRow, Source, day, quantity, table};
use crate::formats::report::reason_text;

/// Headings of a statement: the order, the amount, the bank's day, its reference.
pub const STATEMENT: [&str; 4] = ["指令单号", "金额(元)", "支付日期", "银行流水号"];
/// What the cells of a workbook hold where they are no text.
const HEADINGS: &[(&str, Content)] = &[
    (STATEMENT[0], Content::Text),
    (STATEMENT[1], Content::Text),
    (STATEMENT[2], Content::Day),
    (STATEMENT[3], Content::Text),
];

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// 指令单号.
    pub order_no: String,
    /// 金额, fen.
    pub amount_fen: i64,
    /// 支付日期.
    pub day: Day,
    /// 银行流水号.
    pub reference: String,
}

/// Why a statement can't be read.
#[derive(Debug)]
pub enum BadStatement {
    /// Not as a table.
    File(FileError),
    /// Headings are missing.
    Headings(Vec<&'static str>),
    /// A line, and what of it can't be read.
    Line(u64, Fault),
}

impl From<FileError> for BadStatement {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl BadStatement {
    /// One sentence for the person who has the file.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::File(error), _) => error.message(lang),
            (Self::Headings(missing), Lang::Zh) => format!("缺少列：{}", missing.join("、")),
            (Self::Headings(missing), Lang::En) => format!("columns are missing: {}", missing.join("、")),
            (Self::Line(line, fault), Lang::Zh) => {
                format!("第{line}行：{}：{}", fault.field, reason_text(fault.reason, lang))
            }
            (Self::Line(line, fault), Lang::En) => format!("line {line}: {}: {}", fault.field, fault.message),
        }
    }
}

/// Reads a statement.
pub fn statement(source: &Source) -> Result<Vec<StatementRow>, BadStatement> {
    let mut rows = table(source, HEADINGS)?;
    let at = top(&mut rows)?;
    let mut read = Vec::new();
    for row in rows {
        let row = row?;
        let [order_no, amount, date, reference] =
            at.map(|at| row.cells.get(at).map_or("", |cell| cell.trim()).to_owned());
        if [&order_no, &amount, &date, &reference].iter().all(|cell| cell.is_empty()) {
            continue;
        }
        let wrong = |heading: usize, reason, what: String| {
            BadStatement::Line(row.line, Fault::new(reason, STATEMENT[heading], what))
        };
        if row.fault.is_some() {
            return Err(wrong(0, Reason::TooLarge, "a cell of the line is too long".to_owned()));
        }
        if order_no.is_empty() {
            return Err(wrong(0, Reason::MissingValue, "the number of an order is required".to_owned()));
        }
        let amount_fen = quantity(&amount, 100)
            .map_err(|_| wrong(1, Reason::MalformedAmount, format!("`{amount}` is no amount in yuan")))?;
        let day = day(&date).map_err(|_| wrong(2, Reason::MalformedDate, format!("`{date}` is no day")))?;
        read.push(StatementRow { order_no, amount_fen, day, reference });
    }
    Ok(read)
}

/// Where the columns stand.
fn top(rows: &mut impl Iterator<Item = Result<RawRow, FileError>>) -> Result<[usize; 4], BadStatement> {
    let mut nearest = STATEMENT.to_vec();
    for row in rows.take(ABOVE_MAX) {
        let row = row?;
        let find = |heading: &str| row.cells.iter().position(|cell| cell.trim() == heading);
        let missing: Vec<&str> = STATEMENT.into_iter().filter(|heading| find(heading).is_none()).collect();
        if missing.is_empty() {
            return Ok(STATEMENT.map(|heading| find(heading).unwrap_or_default()));
        }
        if missing.len() < nearest.len() {
            nearest = missing;
        }
    }
    Err(BadStatement::Headings(nearest))
}
