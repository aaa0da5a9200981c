//! The rows of a sheet, one at a time. Cells without content are passed over, whatever their format, so that a million rows
//! of empty borders cost their reading only.

use super::super::cells::UNREAD;
use super::super::error::FileError;
use super::super::split::{CELL_BYTES_MAX, CELLS_MAX, CellFault, ROW_BYTES_MAX, RawFault, RawRow};
use super::super::table::Content;
use super::SharedStrings;
use super::parts::Style;
use super::value::{Cell, Kind};
use super::xml::{Xml, append, attribute, cut};
use super::zip::Part;
use quick_xml::events::{BytesStart, Event};
use std::sync::Arc;

/// Rows and columns that a sheet has at most.
const ROWS_MAX: u64 = 1 << 20;
const COLUMNS_MAX: usize = 1 << 14;

/// A row with its cells that have content, from left to right.
pub(super) struct SheetRow {
    /// Its number, from 1.
    pub(super) line: u64,
    cells: Vec<(usize, Cell)>,
    fault: Option<RawFault>,
}

impl SheetRow {
    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> u64 {
        self.cells.iter().map(|(_, cell)| cell.text.len() as u64 + 1).sum()
    }

    /// Its texts, whatever their columns hold.
    pub(super) fn plain(self) -> RawRow {
        let mut row = self.into_raw(|_| None, false);
        row.wrong.clear();
        row
    }

    /// Its texts as a .csv would have them, by what each column holds; a column that states nothing is read as text.
    pub(super) fn into_raw(self, content: impl Fn(usize) -> Option<Content>, from_1904: bool) -> RawRow {
        let mut row = RawRow { line: self.line, fault: self.fault, ..RawRow::default() };
        for (at, cell) in self.cells {
            row.cells.resize(at, String::new());
            let of = content(at);
            match (cell.written(of.unwrap_or(Content::Text), from_1904), of) {
                (Ok(text), _) => row.cells.push(text),
                (Err(_), None) => row.cells.push(cell.text),
                (Err(problem), Some(_)) => {
                    // What could not be read as what it is must not be read as something else when it is handed back.
                    row.cells.push(format!("{UNREAD}{}", cell.text));
                    row.wrong.push(CellFault { at, problem });
                }
            }
        }
        row
    }
}

/// The rows of a sheet.
pub(super) struct SheetRows {
    xml: Xml,
    strings: SharedStrings,
    styles: Arc<[Style]>,
    /// The latest row.
    line: u64,
    ended: bool,
}

impl SheetRows {
    pub(super) fn new(part: Part, name: &str, strings: SharedStrings, styles: Arc<[Style]>) -> Self {
        Self { xml: Xml::new(part, name), strings, styles, line: 0, ended: false }
    }

    /// The next row that has content; none at the end of the sheet's data.
    pub(super) fn next_row(&mut self) -> Result<Option<SheetRow>, FileError> {
        while !self.ended {
            match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "row" => {
                    let number = attribute(&start, "r").map(|r| r.parse::<u64>());
                    let line = number.unwrap_or(Ok(self.line + 1)).unwrap_or(0);
                    if line <= self.line || line > ROWS_MAX {
                        return Err(self.xml.fault(format!("has row {line} behind row {}", self.line)));
                    }
                    self.line = line;
                    let row = self.row()?;
                    if row.fault.is_some() || !row.cells.is_empty() {
                        return Ok(Some(row));
                    }
                }
                // Read to its last byte, so that its length and checksum are judged.
                Event::Eof => self.ended = true,
                _ => {}
            }
        }
        Ok(None)
    }

    fn row(&mut self) -> Result<SheetRow, FileError> {
        let mut row = SheetRow { line: self.line, cells: Vec::new(), fault: None };
        let (mut next, mut bytes) = (0, 0);
        loop {
            match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "c" => {
                    let Some((at, form)) = Form::of(&start, next, &self.styles) else {
                        return Err(self.xml.fault(format!("has cells out of order in row {}", self.line)));
                    };
                    next = at + 1;
                    let Some(mut cell) = self.cell(form)? else { continue };
                    bytes += cell.text.len();
                    if at >= CELLS_MAX || bytes > ROW_BYTES_MAX {
                        row.fault = row.fault.or(Some(RawFault::RowTooLong));
                        continue;
                    }
                    if cell.text.len() > CELL_BYTES_MAX {
                        row.fault = row.fault.or(Some(RawFault::CellTooLong(at)));
                        cell.text.truncate(cut(&cell.text, CELL_BYTES_MAX).len());
                    }
                    row.cells.push((at, cell));
                }
                Event::End(end) if end.local_name().as_ref() == "row" => return Ok(row),
                Event::Eof => return Ok(row),
                _ => {}
            }
        }
    }

    /// The cell that has begun; none where it has no content.
    fn cell(&mut self, form: Form) -> Result<Option<Cell>, FileError> {
        let (mut text, mut formula, mut has_value) = (String::new(), false, false);
        let (mut in_value, mut in_phonetic) = (false, false);
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "f" => formula = true,
                    "v" => (in_value, has_value) = (true, true),
                    "t" => in_value = true,
                    "rPh" => in_phonetic = true,
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "v" | "t" => in_value = false,
                    "rPh" => in_phonetic = false,
                    "c" => break,
                    _ => {}
                },
                Event::Eof => break,
                event if in_value && !in_phonetic => {
                    if let Err(what) = append(event, &mut text, CELL_BYTES_MAX + 4) {
                        return Err(self.xml.fault(what));
                    }
                }
                _ => {}
            }
        }
        // A tag without content is what programs write that never computed it; an empty text is a result.
        if formula && (!has_value || (form.kind != Kind::Text && text.trim().is_empty())) {
            return Ok(Some(Cell { kind: Kind::NoValue, style: form.style, text: String::new() }));
        }
        if form.shared && !text.trim().is_empty() {
            let shared = text.trim().parse().ok().and_then(|at| self.strings.get(at));
            let Some(shared) = shared else {
                return Err(self.xml.fault(format!("refers to shared text {}, which is not there", shown(&text))));
            };
            text = shared.to_owned();
        }
        if form.kind == Kind::Text {
            text = unescaped(text);
        }
        let blank = text.trim().is_empty();
        Ok((!blank).then_some(Cell { kind: form.kind, style: form.style, text }))
    }
}

/// What the tag of a cell says of it.
struct Form {
    kind: Kind,
    shared: bool,
    style: Style,
}

impl Form {
    /// The column, from 0, and the form; none where it stands left of where it could.
    fn of(start: &BytesStart, next: usize, styles: &[Style]) -> Option<(usize, Self)> {
        let (mut at, mut kind, mut shared, mut style) = (next, Kind::Number, false, Style::Plain);
        for attribute in start.attributes().with_checks(false).flatten() {
            match attribute.key.as_ref() {
                "r" => at = column(&attribute.value)?,
                "t" => {
                    (kind, shared) = match &*attribute.value {
                        "s" => (Kind::Text, true),
                        "str" | "inlineStr" => (Kind::Text, false),
                        "b" => (Kind::Bool, false),
                        "e" => (Kind::Error, false),
                        "d" => (Kind::Day, false),
                        _ => (Kind::Number, false),
                    };
                }
                "s" => {
                    let style_at = attribute.value.parse().ok();
                    style = style_at.and_then(|s: usize| styles.get(s).copied()).unwrap_or(Style::Plain);
                }
                _ => {}
            }
        }
        (at >= next && at < COLUMNS_MAX).then_some((at, Self { kind, shared, style }))
    }
}

/// The column of a reference such as `AB12`, from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(4).fold(0, |n, b| n * 26 + usize::from(b.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

/// A text whose `_xHHHH_` are the characters that XML can't hold (ECMA-376, 22.9.2.19).
fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.filter(|_| rest.as_bytes().get(6) == Some(&b'_'));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn shown(text: &str) -> String {
    super::super::headings::shown(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_escapes() {
        assert_eq!(["A1", "Z9", "AA1", "XFD1048576"].map(column), [Some(0), Some(25), Some(26), Some(16_383)]);
        assert_eq!(column("12"), None);
        for (text, meant) in
            [("a_x000D_b", "a\rb"), ("_x005F_x0041_", "_x0041_"), ("_x00", "_x00"), ("_xD800_", "_xD800_")]
        {
            assert_eq!(unescaped(text.into()), meant);
        }
    }
}
