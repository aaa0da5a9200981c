//! Answers in: the file that went out, its last columns filled. First all of it is held against its control line, then each
//! line is read by itself.

use super::{ABOVE_MAX, ANSWER, CONTROL, Cells, Control, HEADINGS, ORDER, yuan};
use crate::domain::reason::{Fault, Reason};
use crate::domain::values::{Day, required_text};
use crate::formats::Lang;
use crate::formats::ledger::{FileError, RawRow, Source, day, quantity, table};
use std::collections::HashSet;

/// Orders that one file may hold.
pub const LINES_MAX: usize = 200_000;

/// What a line answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// 成功.
    Paid {
        /// 银行流水号.
        reference: String,
        /// 支付日期.
        day: Day,
    },
    /// 退票.
    Returned {
        /// 原因.
        reason: String,
        /// Its day, under 支付日期.
        day: Day,
    },
    /// 失败.
    Rejected {
        /// 原因.
        reason: String,
    },
}

/// The answer of one line: none where it has none yet.
pub type Answer = Result<Option<Told>, Vec<Fault>>;

/// A line that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// 指令单号.
    pub order_no: String,
    /// 金额, fen.
    pub amount_fen: i64,
    /// What it answers, or what of it can't be read; fields are headings.
    pub answer: Answer,
}

/// A file that came back whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerFile {
    /// What holds it together, and does.
    pub control: Control,
    /// Its lines.
    pub rows: Vec<AnswerRow>,
}

/// Why a file is refused whole.
#[derive(Debug)]
pub enum BadFile {
    /// It can't be read as a table.
    File(FileError),
    /// No line says what should be in it.
    NoControl,
    /// The control line lacks a value, or has one that can't be read: its word.
    BadControl(&'static str),
    /// Headings that are missing.
    Headings(Vec<&'static str>),
    /// More lines than `LINES_MAX`.
    TooLong,
    /// The number of lines is another.
    Count {
        /// As the control line says.
        said: u64,
        /// As counted.
        found: u64,
    },
    /// The sum is another, fen.
    Sum {
        /// As the control line says.
        said: i64,
        /// As summed.
        found: i64,
    },
    /// A line's amount can't be read.
    Amount {
        /// The line.
        line: u64,
    },
    /// A line is of another batch.
    Batch {
        /// The line.
        line: u64,
    },
    /// An order stands in the file twice.
    Twice {
        /// The second line.
        line: u64,
    },
    /// Something of the orders was changed.
    Digest,
}

impl BadFile {
    /// The word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::File(error) => error.reason(),
            Self::NoControl | Self::BadControl(_) => "CONTROL_LINE",
            Self::Headings(_) => "MISSING_HEADINGS",
            Self::TooLong => "FILE_TOO_LARGE",
            Self::Count { .. } => "LINE_COUNT_DIFFERS",
            Self::Sum { .. } | Self::Amount { .. } => "CONTROL_SUM_DIFFERS",
            Self::Batch { .. } => "BATCH_DIFFERS",
            Self::Twice { .. } => "ORDER_TWICE",
            Self::Digest => "DIGEST_DIFFERS",
        }
    }

    /// One sentence for the person who sent the file.
    pub fn message(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::File(error) => return error.message(lang),
            Self::NoControl => (
                "标题行之上没有控制行（批次、笔数、合计金额、SHA-256）：请用导出的原文件填写".to_owned(),
                "no control line stands above the headings: fill in the very file that went out".to_owned(),
            ),
            Self::BadControl(word) => {
                (format!("控制行的“{word}”缺失或无法识别"), format!("the control line's {word} is missing or unread"))
            }
            Self::Headings(missing) => {
                let missing = missing.join("、");
                (format!("缺少列：{missing}"), format!("columns are missing: {missing}"))
            }
            Self::TooLong => (format!("超过{LINES_MAX}笔"), format!("more than {LINES_MAX} orders in one file")),
            Self::Count { said, found } => {
                (format!("控制行为{said}笔，实有{found}笔"), format!("{said} lines are said, {found} are there"))
            }
            Self::Sum { said, found } => {
                let (said, found) = (yuan(*said), yuan(*found));
                (format!("控制行合计{said}元，实为{found}元"), format!("{said} yuan are said, {found} are there"))
            }
            Self::Amount { line } => {
                (format!("第{line}行的金额无法识别"), format!("the amount in line {line} can't be read"))
            }
            Self::Batch { line } => {
                (format!("第{line}行的批次号与控制行不符"), format!("line {line} is of another batch"))
            }
            Self::Twice { line } => {
                (format!("第{line}行的指令单号重复"), format!("the order in line {line} stands in the file twice"))
            }
            Self::Digest => (
                "指令内容与导出时不符（摘要不一致）：请勿改动支付令各列".to_owned(),
                "the orders are not those that went out: their digest differs".to_owned(),
            ),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

impl From<FileError> for BadFile {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Reads a file that came back.
pub fn read(source: &Source) -> Result<AnswerFile, BadFile> {
    let mut rows = table(source, HEADINGS)?;
    let (control, at) = top(&mut rows)?;
    let mut cells = Cells::default();
    let (mut sum, mut seen, mut read) = (0i64, HashSet::new(), Vec::new());
    for row in rows {
        let row = row?;
        if read.len() >= LINES_MAX {
            return Err(BadFile::TooLong);
        }
        let order: Vec<String> = at[..ORDER.len()].iter().map(|at| cell(&row, *at)).collect();
        cells.line(&order);
        if order[0] != control.batch {
            return Err(BadFile::Batch { line: row.line });
        }
        if !seen.insert(order[2].clone()) {
            return Err(BadFile::Twice { line: row.line });
        }
        let amount_fen = quantity(&order[15], 100).map_err(|_| BadFile::Amount { line: row.line })?;
        sum = sum.saturating_add(amount_fen);
        let told: Vec<String> = at[ORDER.len()..].iter().map(|at| cell(&row, *at)).collect();
        let answer = if row.fault.is_some() { Err(vec![cut()]) } else { answer(&told) };
        read.push(AnswerRow { line: row.line, order_no: order[2].clone(), amount_fen, answer });
    }
    let found = read.len() as u64;
    if control.count != found {
        return Err(BadFile::Count { said: control.count, found });
    }
    if control.sum_fen != sum {
        return Err(BadFile::Sum { said: control.sum_fen, found: sum });
    }
    if control.sha256 != cells.finish() {
        return Err(BadFile::Digest);
    }
    Ok(AnswerFile { control, rows: read })
}

fn cut() -> Fault {
    Fault::new(Reason::TooLarge, ANSWER[3], "a cell of the line is too long")
}

/// The control line, and where the columns of `ORDER` and then `ANSWER` stand.
fn top(rows: &mut impl Iterator<Item = Result<RawRow, FileError>>) -> Result<(Control, Vec<usize>), BadFile> {
    let mut control = None;
    let mut empty = true;
    for row in rows.take(ABOVE_MAX) {
        let row = row?;
        empty = false;
        let first = row.cells.iter().position(|cell| cell.trim() == CONTROL[0]);
        if let Some(first) = first {
            control = Some(said(&row, first)?);
            continue;
        }
        let find = |heading: &str| row.cells.iter().position(|cell| cell.trim() == heading);
        if find(ORDER[2]).is_none() {
            continue;
        }
        let wanted = || ORDER.iter().chain(&ANSWER).copied();
        let missing: Vec<&str> = wanted().filter(|heading| find(heading).is_none()).collect();
        if !missing.is_empty() {
            return Err(BadFile::Headings(missing));
        }
        return Ok((control.ok_or(BadFile::NoControl)?, wanted().filter_map(find).collect()));
    }
    match (empty, control) {
        (true, _) => Err(FileError::Empty.into()),
        (false, None) => Err(BadFile::NoControl),
        (false, Some(_)) => Err(BadFile::Headings(ORDER.iter().chain(&ANSWER).copied().collect())),
    }
}

/// What the control line says, which begins at a cell.
fn said(row: &RawRow, first: usize) -> Result<Control, BadFile> {
    let value = |index: usize| {
        let at = first + 2 * index;
        let word = row.cells.get(at).map(|cell| cell.trim());
        let value = row.cells.get(at + 1).map(|cell| cell.trim().to_owned()).filter(|value| !value.is_empty());
        value.filter(|_| word == Some(CONTROL[index])).ok_or(BadFile::BadControl(CONTROL[index]))
    };
    let mut sha256 = [0; 32];
    hex::decode_to_slice(value(3)?, &mut sha256).map_err(|_| BadFile::BadControl(CONTROL[3]))?;
    Ok(Control {
        batch: value(0)?,
        count: value(1)?.parse().map_err(|_| BadFile::BadControl(CONTROL[1]))?,
        sum_fen: quantity(&value(2)?, 100).map_err(|_| BadFile::BadControl(CONTROL[2]))?,
        sha256,
    })
}

fn cell(row: &RawRow, at: usize) -> String {
    row.cells.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default()
}

/// What the four cells of an answer say.
fn answer(told: &[String]) -> Answer {
    let [status, reference, date, reason] = told else { return Ok(None) };
    let mut faults = Vec::new();
    let mut text = |heading: &str, cell: &str| match required_text(heading, cell) {
        Ok(text) => Some(text),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let dated = |faults: &mut Vec<Fault>| {
        let (reason, what) = match date.as_str() {
            "" => (Reason::MissingValue, format!("{} is required with {status}", ANSWER[2])),
            _ => match day(date) {
                Ok(day) => return Some(day),
                Err(_) => (Reason::MalformedDate, format!("`{date}` is no day")),
            },
        };
        faults.push(Fault::new(reason, ANSWER[2], what));
        None
    };
    let told = match status.as_str() {
        "" if [reference, date, reason].iter().all(|cell| cell.is_empty()) => return Ok(None),
        "成功" => {
            let reference = text(ANSWER[1], reference);
            reference.zip(dated(&mut faults)).map(|(reference, day)| Told::Paid { reference, day })
        }
        "退票" => {
            let reason = text(ANSWER[3], reason);
            reason.zip(dated(&mut faults)).map(|(reason, day)| Told::Returned { reason, day })
        }
        "失败" => text(ANSWER[3], reason).map(|reason| Told::Rejected { reason }),
        "" => {
            faults.push(Fault::new(Reason::MissingValue, ANSWER[0], format!("{} is required", ANSWER[0])));
            None
        }
        other => {
            let message = format!("`{other}` is none of 成功, 失败, 退票");
            faults.push(Fault::new(Reason::UnknownWord, ANSWER[0], message));
            None
        }
    };
    if faults.is_empty() { Ok(told) } else { Err(faults) }
}
