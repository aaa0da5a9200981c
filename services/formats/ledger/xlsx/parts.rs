//! The small parts of a workbook: which sheets there are, which days its numbers count from, which formats mean a percentage
//! or a day; and the texts that its cells share.

use super::super::error::{BadWorkbook, FileError, Limit};
use super::super::split::CELL_BYTES_MAX;
use super::xml::{Xml, append, attribute};
use super::zip::Archive;
use super::{SharedStrings, broken};
use quick_xml::events::Event;
use std::collections::HashMap;
use std::sync::Arc;

/// Sheets, and what one part refers to.
const LISTED_MAX: usize = 1024;
/// Formats; Excel keeps fewer.
const FORMATS_MAX: usize = 65_536;
/// Shared texts, and their bytes all together.
const STRINGS_MAX: usize = 4 << 20;
const STRINGS_BYTES_MAX: usize = 128 << 20;

/// What a number's format makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A number.
    Plain,
    /// A percentage: 0.05 is shown as 5 %.
    Percent,
    /// A day or a time.
    Day,
}

/// A sheet.
pub(super) struct Sheet {
    /// Its name.
    pub(super) name: String,
    /// Its part.
    pub(super) part: String,
    /// Whether it is hidden.
    pub(super) hidden: bool,
}

/// What the workbook says of itself.
pub(super) struct Index {
    /// Its worksheets in order.
    pub(super) sheets: Vec<Sheet>,
    /// Whether days count from 1904.
    pub(super) from_1904: bool,
    /// Formats, as cells refer to them.
    pub(super) styles: Arc<[Style]>,
    /// The part of the shared texts.
    pub(super) strings: Option<String>,
}

/// Where the part of a workbook stands by convention.
const WORKBOOK: &str = "xl/workbook.xml";

/// Reads what the workbook says of itself.
pub(super) fn index(archive: &Archive) -> Result<Index, FileError> {
    let roots = relations(archive, "")?;
    let workbook = roots.into_iter().find(|r| r.kind == "officeDocument").map_or(WORKBOOK.to_owned(), |r| r.target);
    if !archive.has(&workbook) || workbook.ends_with(".bin") {
        return Err(FileError::Workbook { part: workbook, what: BadWorkbook::NotAWorkbook });
    }
    let relations = relations(archive, &workbook)?;
    let part = |kind: &str| relations.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let (found, from_1904) = sheets(archive, &workbook)?;
    let mut sheets = Vec::new();
    for (name, id, hidden) in found {
        let relation = relations.iter().find(|r| r.id == id);
        // Sheets of charts and macros are no worksheets.
        if let Some(relation) = relation.filter(|r| r.kind == "worksheet") {
            // Or a thousand names would have one large sheet read a thousand times.
            if sheets.iter().any(|sheet: &Sheet| sheet.part == relation.target) {
                return Err(broken(&workbook, format!("sheet `{name}` is another sheet too")));
            }
            sheets.push(Sheet { name, part: relation.target.clone(), hidden });
        } else if relation.is_none() {
            return Err(broken(&workbook, format!("sheet `{name}` is not in the file")));
        }
    }
    let styles = part("styles").filter(|part| archive.has(part)).map_or(Ok(Vec::new()), |p| styles(archive, &p))?;
    Ok(Index { sheets, from_1904, styles: styles.into(), strings: part("sharedStrings") })
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// What a part refers to, links outside left out; nothing where it says nothing.
fn relations(archive: &Archive, part: &str) -> Result<Vec<Relation>, FileError> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = format!("{folder}/_rels/{file}.rels");
    if !archive.has(&name) {
        return Ok(Vec::new());
    }
    let mut xml = Xml::new(archive.part(&name)?, &name);
    let mut found = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(start) if start.local_name().as_ref() == "Relationship" => {
                let get = |name| attribute(&start, name).unwrap_or_default();
                if get("TargetMode") == "External" {
                    continue;
                }
                let kind = get("Type").rsplit('/').next().unwrap_or_default().to_owned();
                let target = get("Target");
                let target = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None => format!("{folder}/{target}").trim_start_matches('/').to_owned(),
                };
                found.push(Relation { id: get("Id"), kind, target });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
        if found.len() > LISTED_MAX {
            return Err(FileError::TooLarge(Limit::Parts));
        }
    }
}

type Named = (String, String, bool);

/// The sheets' names, ids and whether they are hidden; and whether days count from 1904.
fn sheets(archive: &Archive, part: &str) -> Result<(Vec<Named>, bool), FileError> {
    let mut xml = Xml::new(archive.part(part)?, part);
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(start) => match start.local_name().as_ref() {
                "sheet" => {
                    let hidden = attribute(&start, "state").is_some_and(|state| state != "visible");
                    let get = |name| attribute(&start, name).unwrap_or_default();
                    sheets.push((get("name"), get("id"), hidden));
                }
                "workbookPr" => {
                    from_1904 = matches!(attribute(&start, "date1904").as_deref(), Some("1" | "true" | "on"));
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, from_1904)),
            _ => {}
        }
        if sheets.len() > LISTED_MAX {
            return Err(FileError::TooLarge(Limit::Parts));
        }
    }
}

/// Formats by their number, as cells name them.
fn styles(archive: &Archive, part: &str) -> Result<Vec<Style>, FileError> {
    let mut xml = Xml::new(archive.part(part)?, part);
    let (mut codes, mut styles, mut within) = (HashMap::new(), Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(start) => match start.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    codes.insert(id, of_code(&attribute(&start, "formatCode").unwrap_or_default()));
                }
                "cellXfs" => within = true,
                "xf" if within => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    styles.push(codes.get(&id).copied().unwrap_or_else(|| built_in(&id)));
                }
                _ => {}
            },
            Event::End(end) if end.local_name().as_ref() == "cellXfs" => within = false,
            Event::Eof => return Ok(styles),
            _ => {}
        }
        if styles.len() > FORMATS_MAX || codes.len() > FORMATS_MAX {
            return Err(FileError::TooLarge(Limit::Parts));
        }
    }
}

/// Formats that a file need not spell out (ECMA-376, 18.8.30), those of Chinese editions included.
fn built_in(id: &str) -> Style {
    match id.parse() {
        Ok(9 | 10) => Style::Percent,
        Ok(14..=22 | 27..=36 | 45..=47 | 50..=58) => Style::Day,
        _ => Style::Plain,
    }
}

/// What a format makes of a number: what stands in quotes, in brackets or behind a backslash is shown as it is.
fn of_code(code: &str) -> Style {
    let mut chars = code.chars();
    let mut day = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => drop(chars.by_ref().find(|c| *c == '"')),
            '[' => drop(chars.by_ref().find(|c| *c == ']')),
            '\\' | '_' | '*' => drop(chars.next()),
            '%' => return Style::Percent,
            'y' | 'Y' | 'd' | 'D' | 'm' | 'M' | 'h' | 'H' | 's' | 'S' => day = true,
            // Only the format of positive numbers.
            ';' => break,
            _ => {}
        }
    }
    // `General` has none of these letters but in its name.
    if day && !code.eq_ignore_ascii_case("general") { Style::Day } else { Style::Plain }
}

/// Texts that cells share, one behind the other.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Strings {
    /// A text by its number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// Reads the shared texts. One that is too long for a cell is kept just long enough to show it.
pub(super) fn strings(archive: &Archive, part: Option<&str>) -> Result<SharedStrings, FileError> {
    let Some(part) = part.filter(|part| archive.has(part)) else { return Ok(Arc::default()) };
    let mut xml = Xml::new(archive.part(part)?, part);
    let (mut strings, mut one) = (Strings::default(), String::new());
    let (mut in_text, mut in_phonetic) = (false, false);
    loop {
        let event = xml.next()?;
        match &event {
            Event::Start(start) => match start.local_name().as_ref() {
                "si" => one.clear(),
                "t" => in_text = true,
                "rPh" => in_phonetic = true,
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "si" => {
                    strings.text.push_str(&one);
                    strings.ends.push(u32::try_from(strings.text.len()).unwrap_or(u32::MAX));
                }
                "t" => in_text = false,
                "rPh" => in_phonetic = false,
                _ => {}
            },
            Event::Eof => return Ok(Arc::new(strings)),
            event if in_text && !in_phonetic => {
                append(event, &mut one, CELL_BYTES_MAX + 4).map_err(|what| broken(part, what))?;
            }
            _ => {}
        }
        if strings.ends.len() > STRINGS_MAX || strings.text.len() > STRINGS_BYTES_MAX {
            return Err(FileError::TooLarge(Limit::Strings));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_mean_what_they_show() {
        for (code, style) in [
            ("0.00%", Style::Percent),
            ("yyyy\\-mm\\-dd", Style::Day),
            ("yyyy\"年\"m\"月\"d\"日\";@", Style::Day),
            ("[$-804]yyyy/m/d", Style::Day),
            ("#,##0.00", Style::Plain),
            ("0\"%d\"", Style::Plain),
            ("General", Style::Plain),
            ("[Red]0.0;[Blue]-0.0", Style::Plain),
            ("\"没有结束", Style::Plain),
        ] {
            assert_eq!(of_code(code), style, "{code}");
        }
        assert_eq!((built_in("14"), built_in("10"), built_in("0")), (Style::Day, Style::Percent, Style::Plain));
    }
}
