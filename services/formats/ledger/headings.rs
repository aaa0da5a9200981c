//! Which ledger a file is: its headings say so, in whatever order they stand; its name says nothing.

use super::error::{FileError, NotCsv};
use super::split::RawRow;
use super::table::{Column, Content, IGNORED, LINE_HEADING, Ledger, REASON_HEADING, SENTENCE_HEADING};

/// Characters of a heading that a message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// Where the columns of a ledger stand in a file.
#[derive(Debug)]
pub(super) struct Columns {
    /// The ledger.
    pub(super) ledger: Ledger,
    /// The headings as in the file.
    pub(super) headings: Vec<String>,
    /// For each column of the file, what it is.
    pub(super) known: Vec<Known>,
}

/// What a column of a file is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// This one of the ledger; how many of the stored unit its unit is.
    Column(&'static Column, i64),
    /// One that states nothing.
    Ignored,
    /// It has no heading.
    Nothing,
}

impl Columns {
    /// Where a column stands, and its unit, by its name in the API.
    pub(super) fn find(&self, field: &str) -> Option<(usize, i64)> {
        self.known.iter().enumerate().find_map(|(at, known)| match known {
            Known::Column(column, unit) if column.field == field => Some((at, *unit)),
            _ => None,
        })
    }

    /// What the cells of a column hold, by its place in the file; none where it states nothing.
    pub(super) fn content(&self, at: usize) -> Option<Content> {
        match self.known.get(at) {
            Some(Known::Column(column, _)) => Some(column.content),
            _ => None,
        }
    }

    /// Whether `corrected` wrote the file: its three headings are there.
    pub(super) fn is_corrected(&self) -> bool {
        let has = |heading: &&str| self.headings.iter().any(|h| Heading::read(h).name == **heading);
        [LINE_HEADING, REASON_HEADING, SENTENCE_HEADING].iter().all(has)
    }

    /// The heading of a column as the file writes it; as the table does where the file lacks it.
    pub(super) fn heading(&self, field: &str) -> &str {
        if let Some((at, _)) = self.find(field) {
            return self.headings[at].trim();
        }
        self.ledger.columns().iter().find(|c| c.field == field).map_or("", |c| c.heading)
    }
}

/// Recognises the ledger by the row of its headings.
pub(super) fn recognise(row: &RawRow) -> Result<Columns, FileError> {
    if row.fault.is_some() {
        return Err(FileError::NotCsv(NotCsv::OpenHeading));
    }
    if row.cells.iter().any(|cell| cell.contains('\0')) {
        return Err(FileError::NotCsv(NotCsv::Binary));
    }
    let read: Vec<Heading> = row.cells.iter().map(|cell| Heading::read(cell)).collect();
    let counts = |heading: &Heading| !heading.name.is_empty() && !heading.is_ignored();
    for (b, heading) in read.iter().enumerate().filter(|(_, heading)| counts(heading)) {
        if let Some(a) = read[..b].iter().position(|earlier| earlier.name == heading.name) {
            let heading = shown(&row.cells[b]);
            return Err(FileError::DuplicateHeading { line: row.line, heading, columns: (a + 1, b + 1) });
        }
    }
    let found = |ledger: &Ledger| read.iter().filter(|heading| heading.of(*ledger).is_some()).count();
    let missing = |ledger: &Ledger| lacking(*ledger, &read, true).len();
    let best = Ledger::ALL.iter().max_by_key(|ledger| (found(ledger), std::cmp::Reverse(missing(ledger))));
    let Some(closest) = best.copied().filter(|ledger| found(ledger) > 0) else { return Err(no_headings(row)) };
    let unknown: Vec<String> = read
        .iter()
        .zip(&row.cells)
        .filter(|(heading, _)| heading.known(closest).is_none())
        .map(|(_, cell)| shown(cell))
        .collect();
    // Where a heading is unknown, a column that may be absent may be what it was meant to be.
    let missing = lacking(closest, &read, unknown.is_empty());
    if !unknown.is_empty() || !missing.is_empty() {
        return Err(FileError::Headings { line: row.line, unknown, closest, missing });
    }
    let known = read.iter().map(|heading| heading.known(closest).unwrap_or(Known::Nothing)).collect();
    Ok(Columns { ledger: closest, headings: row.cells.clone(), known })
}

fn no_headings(row: &RawRow) -> FileError {
    // One heading that is many: another character than the comma holds them apart.
    if let [only] = row.cells.as_slice() {
        for separator in ['\t', ';', '；', '，', '|'] {
            let parts: Vec<Heading> = only.split(separator).map(Heading::read).collect();
            if parts.len() > 1 && Ledger::ALL.iter().any(|l| parts.iter().any(|part| part.of(*l).is_some())) {
                return FileError::NotCsv(NotCsv::Separator(separator));
            }
        }
    }
    FileError::NoHeadings { line: row.line, found: row.cells.iter().map(|cell| shown(cell)).collect() }
}

/// Columns of the ledger that the headings lack.
fn lacking(ledger: Ledger, read: &[Heading], required_only: bool) -> Vec<String> {
    let columns = ledger.columns().iter().filter(|column| column.required || !required_only);
    columns.filter(|column| !read.iter().any(|heading| heading.is(column).is_some())).map(Column::written).collect()
}

/// A heading, read past its spelling: blanks dropped, full-width signs narrow, one sign for square metres.
struct Heading {
    name: String,
    unit: String,
}

impl Heading {
    fn read(cell: &str) -> Self {
        let narrow: String = cell.chars().filter(|c| !is_blank(*c)).map(narrow).collect();
        let (name, unit) = match narrow.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((name, unit)) => (name, unit),
            None => (narrow.as_str(), ""),
        };
        let unit = match unit {
            "m²" | "M²" | "m2" | "M2" | "平方米" | "平米" | "平方" => "㎡",
            unit => unit,
        };
        Self { name: name.to_owned(), unit: unit.to_owned() }
    }

    /// Whether it is this column, and how many of the stored unit its unit is.
    fn is(&self, column: &'static Column) -> Option<i64> {
        if self.name != column.heading {
            return None;
        }
        if column.units.is_empty() {
            return self.unit.is_empty().then_some(1);
        }
        column.units.iter().find(|(unit, _)| *unit == self.unit).map(|(_, scale)| *scale)
    }

    /// Whether it is the heading of a column that states nothing.
    fn is_ignored(&self) -> bool {
        self.unit.is_empty() && IGNORED.contains(&self.name.as_str())
    }

    /// What its column is; none where the ledger has no such heading.
    fn known(&self, ledger: Ledger) -> Option<Known> {
        if self.name.is_empty() && self.unit.is_empty() {
            return Some(Known::Nothing);
        }
        if self.is_ignored() {
            return Some(Known::Ignored);
        }
        self.of(ledger).map(|(column, unit)| Known::Column(column, unit))
    }

    fn of(&self, ledger: Ledger) -> Option<(&'static Column, i64)> {
        ledger.columns().iter().find_map(|column| Some((column, self.is(column)?)))
    }
}

/// White space, and the marks that take no room.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}')
}

/// The half-width form of a full-width sign.
pub(super) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    }
}

/// A cell as a message shows it.
pub(super) fn shown(cell: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut text: String = cell.trim().chars().take(SHOWN_CHARS_MAX).map(clean).collect();
    if cell.trim().chars().nth(SHOWN_CHARS_MAX).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Lang;

    fn row(text: &str) -> RawRow {
        RawRow { line: 1, cells: text.split(',').map(str::to_owned).collect(), ..RawRow::default() }
    }

    #[test]
    fn every_ledger_in_its_usual_and_in_reverse_order() {
        for ledger in Ledger::ALL {
            let mut headings: Vec<String> = ledger.columns().iter().map(Column::written).collect();
            assert_eq!(recognise(&row(&headings.join(","))).unwrap().ledger, *ledger);
            headings.reverse();
            let columns = recognise(&row(&headings.join(","))).unwrap();
            assert_eq!(columns.ledger, *ledger);
            assert_eq!(columns.find(ledger.columns()[0].field), Some((headings.len() - 1, 1)));
        }
    }

    #[test]
    fn money_is_in_the_unit_that_its_heading_names() {
        for (unit, fen) in [("元", 100), ("千元", 100_000), ("万元", 1_000_000), ("亿元", 10_000_000_000)] {
            let columns = recognise(&row(&format!("载体编号,设立日期,规模（{unit}）"))).unwrap();
            assert_eq!(columns.find("size_fen"), Some((2, fen)));
        }
        for unknown in ["规模", "规模(美元)", "规模()", "规模(万)"] {
            assert!(recognise(&row(&format!("载体编号,设立日期,{unknown}"))).is_err(), "{unknown}");
        }
    }

    #[test]
    fn columns_that_state_nothing_are_passed_over() {
        let columns = recognise(&row("序号,载体编号,设立日期,备注,规模(元),备 注,行号,原因,说明")).unwrap();
        assert_eq!((columns.find("incubator_id"), columns.is_corrected()), (Some((1, 1)), true));
        assert!(recognise(&row("载体编号,设立日期,规模(元),备注(元)")).is_err());
        assert!(!recognise(&row("载体编号,设立日期,规模(元),行号")).unwrap().is_corrected());
        assert_eq!(recognise(&row("序号,备注")).unwrap_err().reason(), "NO_HEADINGS");
    }

    #[test]
    fn spellings_are_tolerated() {
        let line = "载体编号, 载体 名称 ,类型,运营主体,运营主体统一社会信用代码,建设模式,引进运营,孵化场地面积（m²）,\
                    公共服务面积（平方米）,\u{3000}成立日期,,";
        let columns = recognise(&row(line)).unwrap();
        assert_eq!(columns.ledger, Ledger::Incubators);
        assert_eq!(columns.find("incubation_area_hundredths_m2"), Some((7, 100)));
        assert_eq!(columns.find("public_area_hundredths_m2"), Some((8, 100)));
        assert_eq!(columns.find("upstream_id"), None);
        assert_eq!(columns.heading("incubation_area_hundredths_m2"), "孵化场地面积（m²）");
    }

    #[test]
    fn what_is_wrong_with_headings_is_said() {
        let message = |line: &str| {
            let error = recognise(&row(line)).unwrap_err();
            (error.reason(), error.message(Lang::En))
        };
        let (reason, text) = message("载体编号,统一社会信用代码,入孵日期,离开日期");
        assert_eq!(reason, "UNKNOWN_HEADINGS");
        assert!(text.contains("在孵台账") && text.contains("`离开日期`") && text.contains("`离孵日期`"), "{text}");
        let (reason, text) = message("统一社会信用代码,变更类型");
        assert_eq!(reason, "MISSING_HEADINGS");
        assert!(text.contains("企业变更") && text.contains("`变更日期`"), "{text}");
        assert_eq!(message("统一社会信用代码,变更类型,变更日期,变更 类型").0, "DUPLICATE_HEADINGS");
        assert_eq!(message("WJ01,91440203MAUHUXQE04,2024-01-01").0, "NO_HEADINGS");
        assert_eq!(message("统一社会信用代码\t变更类型\t变更日期").0, "NOT_A_CSV");
        assert_eq!(message("统一社会信用代码；变更类型").0, "NOT_A_CSV");
        assert_eq!(message("a\0b").0, "NOT_A_CSV");
        // A quantity without its unit is no known heading.
        assert_eq!(message("载体编号,载体名称,类型,孵化场地面积").0, "UNKNOWN_HEADINGS");
    }
}
