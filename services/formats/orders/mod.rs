//! Files of payment orders (支付令), and of what became of them: the very file that went out comes back with its last four
//! columns filled.
//!
//! Chosen here: what holds a file together (batch, count, control sum, digest) stands in a line of its own above the
//! headings. A file beside the file gets lost in a mail, and a line below the others is sorted among them. The digest is over
//! the cells of the order, not over the bytes: a spreadsheet writes the bytes anew, and an answer must not change what was
//! ordered. So a file that lost the leading digits of an account, an amount or a line is refused whole, and one whose answers
//! can't be read is refused line by line.

mod read;
mod statement;
mod write;

pub use read::{Answer, AnswerFile, AnswerRow, BadFile, LINES_MAX, Told, read};
pub use statement::{BadStatement, STATEMENT, StatementRow, statement};
pub use write::{Format, write};

use super::ledger::Content;
use sha2::{Digest as _, Sha256};

/// Headings of the order, in the order in which they are written.
pub const ORDER: [&str; 17] = [
    "批次号",
    "行号",
    "指令单号",
    "年度",
    "付款国库",
    "付款国库名称",
    "项目",
    "功能分类科目",
    "政府经济分类",
    "部门经济分类",
    "收款人代码",
    "收款人名称",
    "收款账号",
    "开户银行",
    "联行号",
    "金额(元)",
    "用途",
];
/// Headings of the answer, behind them.
pub const ANSWER: [&str; 4] = ["状态", "银行流水号", "支付日期", "原因"];
/// Words of the control line, each before its value.
pub const CONTROL: [&str; 4] = ["批次", "笔数", "合计金额(元)", "SHA-256"];

/// Rows above the headings among which the control line, or a bank's own heading, is.
const ABOVE_MAX: usize = 10;

/// What the cells of a workbook hold where they are no text.
const HEADINGS: &[(&str, Content)] = &[
    ("批次号", Content::Text),
    ("行号", Content::Text),
    ("指令单号", Content::Text),
    ("收款账号", Content::Text),
    ("金额(元)", Content::Text),
    ("状态", Content::Text),
    ("银行流水号", Content::Text),
    ("支付日期", Content::Day),
    ("原因", Content::Text),
];

/// An order as a line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderLine {
    /// 指令单号.
    pub order_no: String,
    /// 年度.
    pub fiscal_year: i32,
    /// 付款国库: nine digits.
    pub payer_code: String,
    /// Its name.
    pub payer_name: String,
    /// 项目.
    pub programme: String,
    /// 功能分类科目.
    pub function_code: String,
    /// 政府经济分类.
    pub government_code: String,
    /// 部门经济分类.
    pub department_code: String,
    /// Unified social credit code of the payee.
    pub payee_code: String,
    /// 收款人名称.
    pub payee_name: String,
    /// 收款账号.
    pub account: String,
    /// 开户银行.
    pub bank_name: String,
    /// 联行号.
    pub bank_no: String,
    /// Fen.
    pub amount_fen: i64,
    /// 用途.
    pub purpose: String,
}

/// What holds a file together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// 批次.
    pub batch: String,
    /// 笔数.
    pub count: u64,
    /// 合计, fen.
    pub sum_fen: i64,
    /// Over the orders' cells, as `digest` takes them.
    pub sha256: [u8; 32],
}

impl OrderLine {
    /// Its cells, under `ORDER`.
    fn cells(&self, batch: &str, line: u64) -> [String; 17] {
        [
            batch.to_owned(),
            line.to_string(),
            self.order_no.clone(),
            self.fiscal_year.to_string(),
            self.payer_code.clone(),
            self.payer_name.clone(),
            self.programme.clone(),
            self.function_code.clone(),
            self.government_code.clone(),
            self.department_code.clone(),
            self.payee_code.clone(),
            self.payee_name.clone(),
            self.account.clone(),
            self.bank_name.clone(),
            self.bank_no.clone(),
            yuan(self.amount_fen),
            self.purpose.clone(),
        ]
    }
}

/// The digest of orders' cells: each followed by a unit separator, each line by a record separator, which no cell holds.
#[derive(Default)]
struct Cells(Sha256);

impl Cells {
    fn line(&mut self, cells: &[String]) {
        for cell in cells {
            self.0.update(cell.trim().as_bytes());
            self.0.update([0x1f]);
        }
        self.0.update([0x1e]);
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The control line over orders of a batch.
fn control(batch: &str, lines: &[OrderLine]) -> Control {
    let mut cells = Cells::default();
    let mut sum_fen: i64 = 0;
    for (number, line) in (1..).zip(lines) {
        cells.line(&line.cells(batch, number));
        sum_fen = sum_fen.saturating_add(line.amount_fen);
    }
    Control { batch: batch.to_owned(), count: lines.len() as u64, sum_fen, sha256: cells.finish() }
}

/// Fen as yuan with two places.
fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_have_two_places() {
        assert_eq!([0, 7, 120, -5, i64::MIN].map(yuan), ["0.00", "0.07", "1.20", "-0.05", "-92233720368547758.08"]);
    }
}
