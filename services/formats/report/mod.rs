//! The report of an import: what became of each row of each file, for programs (JSON, in the shape of the sample's
//! `import_report`) and for people (one line per row that needs a look).

mod detail;
mod text;

pub use detail::{Detail, behind, part_name, part_zh, sentence};
pub use text::reason_text;

use super::Lang;
use super::ledger::FileError;
use crate::domain::reason::{Reason, Refusal, Warning};
use serde::Serialize;
use std::collections::BTreeMap;

/// Reason of a file whose rows are not all settled, since the import broke off.
const BROKEN_OFF: &str = "BROKEN_OFF";

/// What became of the files of one import, in the order in which they were noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    files: Vec<(String, FileReport)>,
}

/// What became of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    accepted: u64,
    duplicate: BTreeMap<u64, Note>,
    rejected: BTreeMap<u64, Note>,
    warned: BTreeMap<u64, Note>,
    error: Option<FileFault>,
}

/// A reason, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    reason: Reason,
    detail: Detail,
}

/// Why a whole file could not be read (on), or was not settled whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileFault {
    outcome: Outcome,
    reason: &'static str,
    line: Option<u64>,
    english: String,
    chinese: String,
}

/// One line of the table for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The file.
    pub file: String,
    /// The line; none: the whole file.
    pub line: Option<u64>,
    /// What became of it.
    pub outcome: Outcome,
    /// The word of the reason.
    pub reason: &'static str,
    /// The detail with the values, in the language asked for.
    pub message: String,
    /// What the word means, in the language asked for.
    pub meaning: &'static str,
}

/// What became of a row that needs a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Not all of the file was read, or settled before the import broke off.
    Unfinished,
    /// The file could not be read.
    Unreadable,
    /// It changed nothing.
    Rejected,
    /// A sheet that is no ledger.
    PassedOver,
    /// Accepted, with a warning.
    Warned,
    /// Skipped: all of it was recorded before.
    Duplicate,
}

impl Outcome {
    /// The word for people.
    pub fn text(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Unfinished, Lang::En) => "unfinished",
            (Self::Unfinished, Lang::Zh) => "未完成",
            (Self::Unreadable, Lang::En) => "unreadable",
            (Self::Unreadable, Lang::Zh) => "无法读取",
            (Self::Rejected, Lang::En) => "rejected",
            (Self::Rejected, Lang::Zh) => "拒绝",
            (Self::PassedOver, Lang::En) => "no ledger",
            (Self::PassedOver, Lang::Zh) => "非台账",
            (Self::Warned, Lang::En) => "warning",
            (Self::Warned, Lang::Zh) => "提醒",
            (Self::Duplicate, Lang::En) => "skipped",
            (Self::Duplicate, Lang::Zh) => "跳过",
        }
    }
}

impl FileReport {
    /// Notes an accepted row.
    pub fn accepted(&mut self) {
        self.accepted += 1;
    }

    /// Notes a skipped row: DUPLICATE or VOIDED_BEFORE.
    pub fn duplicate(&mut self, line: u64, reason: Reason) {
        self.duplicate.insert(line, Note { reason, detail: Detail::default() });
    }

    /// Notes a rejected row.
    pub fn rejected(&mut self, line: u64, refusal: &Refusal) {
        self.rejected_as(line, refusal.reason, Detail::of(refusal));
    }

    /// Notes a rejected row, by its word and what came with it.
    pub fn rejected_as(&mut self, line: u64, reason: Reason, detail: Detail) {
        self.rejected.insert(line, Note { reason, detail });
    }

    /// Notes what to look at about an accepted row. A row bears one warning; the first stands.
    pub fn warned(&mut self, line: u64, warning: &Warning) {
        let detail = Detail { english: warning.message.clone(), ..Detail::default() };
        let note = Note { reason: warning.reason, detail };
        self.warned.entry(line).or_insert(note);
    }

    /// Notes that the file could not be read, or not to its end.
    pub fn failed(&mut self, error: &FileError) {
        let (english, chinese) = (error.message(Lang::En), error.message(Lang::Zh));
        let outcome = match error {
            FileError::OpenQuote { .. } => Outcome::Unfinished,
            _ => Outcome::Unreadable,
        };
        self.error = Some(FileFault { outcome, reason: error.reason(), line: error.line(), english, chinese });
    }

    /// Notes a sheet beside a ledger that is none itself, and so is not read. That is no fault of the file.
    pub fn passed_over(&mut self, why: &FileError) {
        let outcome = Outcome::PassedOver;
        let (english, chinese) = (why.message(Lang::En), why.message(Lang::Zh));
        self.error = Some(FileFault { outcome, reason: why.reason(), line: why.line(), english, chinese });
    }

    /// Notes that the import broke off before all rows of the file were settled; what is listed is settled.
    pub fn broken_off(&mut self, english: &str, chinese: &str) {
        self.error = Some(FileFault {
            outcome: Outcome::Unfinished,
            reason: BROKEN_OFF,
            line: None,
            english: format!("the import broke off, and not every row of this file is settled: {english}"),
            chinese: format!("导入中断，本文件尚有未处理完的行：{chinese}"),
        });
    }

    /// How many rows are settled, one way or another.
    pub fn settled_count(&self) -> u64 {
        self.accepted + self.duplicate_count() + self.rejected_count()
    }

    /// How many rows were accepted.
    pub fn accepted_count(&self) -> u64 {
        self.accepted
    }

    /// How many rows were skipped.
    pub fn duplicate_count(&self) -> u64 {
        self.duplicate.len() as u64
    }

    /// How many rows were rejected.
    pub fn rejected_count(&self) -> u64 {
        self.rejected.len() as u64
    }

    /// Lines of the rejected rows, ascending.
    pub fn rejected_lines(&self) -> impl Iterator<Item = u64> + '_ {
        self.rejected.keys().copied()
    }

    /// Whether the file could not be read, or not to its end.
    pub fn is_failed(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.outcome != Outcome::PassedOver)
    }
}

impl ImportReport {
    /// The report of one file, begun where there is none.
    pub fn file(&mut self, name: &str) -> &mut FileReport {
        let at = match self.files.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                self.files.push((name.to_owned(), FileReport::default()));
                self.files.len() - 1
            }
        };
        &mut self.files[at].1
    }

    /// The files with their reports, in the order in which they were noted.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileReport)> {
        self.files.iter().map(|(name, report)| (name.as_str(), report))
    }

    /// Whether a file could not be read.
    pub fn is_failed(&self) -> bool {
        self.files.iter().any(|(_, report)| report.is_failed())
    }

    /// For programs: `{file: {accepted, duplicate, rejected, warned}}`, lines ascending; a file that could not be read (on),
    /// or whose rows are not all settled since the import broke off, has `error` too; a sheet that is no ledger `passed_over`.
    pub fn to_json(&self) -> serde_json::Value {
        let one = |(name, report): &(String, FileReport)| {
            // A struct of numbers and words; nothing in it can fail to become JSON.
            (name.clone(), serde_json::to_value(FileJson::of(report)).unwrap_or_default())
        };
        serde_json::Value::Object(self.files.iter().map(one).collect())
    }

    /// For people: what needs a look, file by file, by line.
    pub fn rows(&self, lang: Lang) -> Vec<ReportRow> {
        self.files.iter().flat_map(|(name, report)| report.rows(name, lang)).collect()
    }
}

impl FileReport {
    fn rows(&self, file: &str, lang: Lang) -> Vec<ReportRow> {
        let lists = [
            (Outcome::Rejected, &self.rejected),
            (Outcome::Warned, &self.warned),
            (Outcome::Duplicate, &self.duplicate),
        ];
        let notes = lists.into_iter().flat_map(|(outcome, notes)| notes.iter().map(move |note| (outcome, note)));
        let mut rows: Vec<ReportRow> = notes
            .map(|(outcome, (line, note))| ReportRow {
                file: file.to_owned(),
                line: Some(*line),
                outcome,
                reason: note.reason.word(),
                message: note.detail.text(lang),
                meaning: reason_text(note.reason, lang),
            })
            .collect();
        rows.sort_by_key(|row| (row.line, row.outcome));
        let error = self.error.as_ref().map(|error| ReportRow {
            file: file.to_owned(),
            line: error.line,
            outcome: error.outcome,
            reason: error.reason,
            message: if lang == Lang::Zh { error.chinese.clone() } else { error.english.clone() },
            meaning: "",
        });
        error.into_iter().chain(rows).collect()
    }
}

/// One file in JSON.
#[derive(Serialize)]
struct FileJson<'a> {
    accepted: u64,
    duplicate: Vec<(u64, &'static str)>,
    rejected: Vec<(u64, &'static str)>,
    warned: Vec<(u64, &'static str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<ErrorJson<'a>>,
}

/// Why a file could not be read, in JSON.
#[derive(Serialize)]
struct ErrorJson<'a> {
    reason: &'static str,
    message: &'a str,
}

impl<'a> ErrorJson<'a> {
    fn of(fault: &'a FileFault) -> Self {
        Self { reason: fault.reason, message: &fault.english }
    }
}

impl<'a> FileJson<'a> {
    fn of(report: &'a FileReport) -> Self {
        let pairs =
            |notes: &BTreeMap<u64, Note>| notes.iter().map(|(line, note)| (*line, note.reason.word())).collect();
        Self {
            accepted: report.accepted,
            duplicate: pairs(&report.duplicate),
            rejected: pairs(&report.rejected),
            warned: pairs(&report.warned),
            error: report.error.as_ref().filter(|_| report.is_failed()).map(ErrorJson::of),
            passed_over: report.error.as_ref().filter(|_| !report.is_failed()).map(ErrorJson::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_ascend_whatever_the_order_of_noting() {
        let mut report = ImportReport::default();
        let file = report.file("在孵台账.csv");
        file.accepted();
        file.rejected(9, &Refusal::new(Reason::UnknownFirm, "firm X is not registered"));
        file.rejected(5, &Refusal::new(Reason::UnknownWord, "搬走"));
        file.duplicate(7, Reason::Duplicate);
        report.file("坏.csv").failed(&FileError::Empty);
        let json = report.to_json().to_string();
        assert_eq!(
            json,
            "{\"在孵台账.csv\":{\"accepted\":1,\"duplicate\":[[7,\"DUPLICATE\"]],\
             \"rejected\":[[5,\"UNKNOWN_WORD\"],[9,\"UNKNOWN_FIRM\"]],\"warned\":[]},\
             \"坏.csv\":{\"accepted\":0,\"duplicate\":[],\"rejected\":[],\"warned\":[],\
             \"error\":{\"reason\":\"EMPTY_FILE\",\"message\":\"the file is empty\"}}}"
        );
        assert!(report.is_failed());
        let rows = report.rows(Lang::Zh);
        let lines: Vec<_> = rows.iter().map(|row| (row.line, row.reason)).collect();
        let expected =
            [(Some(5), "UNKNOWN_WORD"), (Some(7), "DUPLICATE"), (Some(9), "UNKNOWN_FIRM"), (None, "EMPTY_FILE")];
        assert_eq!(lines, expected);
        assert_eq!(rows[2].meaning, "统一社会信用代码对应的企业未登记");
    }
}
