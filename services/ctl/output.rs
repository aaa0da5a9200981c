//! What is printed: a report as a table for people, as JSON or as CSV for programs. Everything leaves through the writers
//! of `Io`, so that tests read it and a reader that hangs up ends the program quietly.

use super::lang::{Lang, label};
use super::trouble::Trouble;
use crate::domain::claim::Stage;
use crate::domain::incubator::report::FigureUnit;
use crate::domain::{
    BuildMode, CarrierFigure, Criterion, InterestNature, InvestmentForm, Kind, LeaveKind, Level, Party, PlatformKind,
    Purpose, ReductionKind, Tax, TaxNature,
};
use crate::policy::{BudgetRule, Scheme};
use serde_json::Value;
use std::io::Write;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Table,
    /// One JSON document; `events tail`: one a line.
    Json,
    /// Comma-separated values with a heading.
    Csv,
}

/// Where a run's output goes.
pub struct Io<'a> {
    /// Answers.
    pub out: &'a mut (dyn Write + Send),
    /// Sentences about the run: what is wrong, what was skipped.
    pub err: &'a mut (dyn Write + Send),
    /// Whether a person watches stderr: then progress is drawn there.
    pub watched: bool,
}

/// Rows under a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Said above it; empty: nothing.
    pub title: String,
    /// Heads of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// An answer, ready for each format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// For `json`.
    pub json: Value,
    /// For `table`, one after another.
    pub grids: Vec<Grid>,
    /// For `csv`.
    pub csv: Grid,
    /// Said beside it, on stderr.
    pub note: Option<String>,
    /// It went out as it came; there is nothing left to print.
    pub is_printed: bool,
}

impl Report {
    /// A report of one thing: its fields as pairs, its lists as tables of their own, `field,value` rows as CSV.
    pub fn of(json: Value, lang: Lang) -> Self {
        let mut grids = Vec::new();
        take_apart(&json, String::new(), lang, &mut grids);
        let mut rows = Vec::new();
        flatten(&json, "", &mut rows);
        let csv = Grid { title: String::new(), head: vec!["field".into(), "value".into()], rows };
        Self { json, grids, csv, ..Self::default() }
    }

    /// A report of many things of one type: a row each, the columns named. Lists within them are left to JSON.
    pub fn list(items: Vec<Value>, columns: &[&str], lang: Lang) -> Self {
        let rows = items.iter().map(|item| cells_of(item, columns, lang)).collect();
        let table = Grid { title: String::new(), head: heads_of(columns, lang), rows };
        let head = columns.iter().map(|key| (*key).to_owned()).collect();
        let rows = items.iter().map(|item| plain_cells_of(item, columns)).collect();
        let csv = Grid { title: String::new(), head, rows };
        Self { json: Value::Array(items), grids: vec![table], csv, ..Self::default() }
    }

    /// Prints it.
    pub fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
        match format {
            _ if self.is_printed => Ok(()),
            Format::Table => print_tables(&self.grids, out),
            Format::Json => print_json(&self.json, out),
            Format::Csv => print_csv(&self.csv, out),
        }
    }
}

/// The cells of an item, as a person reads them.
pub fn cells_of(item: &Value, columns: &[&str], lang: Lang) -> Vec<String> {
    columns.iter().map(|key| cell(item, key, lang)).collect()
}

/// The cells of an item, as CSV bears them.
pub fn plain_cells_of(item: &Value, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|key| plain(&item[key])).collect()
}

/// What columns are called at the head of a table.
pub fn heads_of(columns: &[&str], lang: Lang) -> Vec<String> {
    columns.iter().map(|key| label(key, lang).to_owned()).collect()
}

/// Prints tables, one after another.
pub fn print_tables(grids: &[Grid], out: &mut dyn Write) -> Result<(), Trouble> {
    for (index, grid) in grids.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        if !grid.title.is_empty() {
            writeln!(out, "{gap}{}", grid.title)?;
        } else {
            write!(out, "{gap}")?;
        }
        writeln!(out, "{}", table(grid))?;
    }
    Ok(())
}

fn table(grid: &Grid) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if !grid.head.is_empty() {
        table.set_header(&grid.head);
    }
    table.add_rows(&grid.rows);
    table
}

/// Prints a JSON document, indented.
pub fn print_json(json: &Value, out: &mut dyn Write) -> Result<(), Trouble> {
    serde_json::to_writer_pretty(&mut *out, json).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// Prints CSV with its heading.
pub fn print_csv(grid: &Grid, out: &mut dyn Write) -> Result<(), Trouble> {
    print_csv_rows(std::slice::from_ref(&grid.head), out)?;
    print_csv_rows(&grid.rows, out)
}

/// Prints rows of CSV.
pub fn print_csv_rows(rows: &[Vec<String>], out: &mut dyn Write) -> Result<(), Trouble> {
    let mut csv = csv::Writer::from_writer(out);
    let mut write = || -> csv::Result<()> {
        rows.iter().try_for_each(|row| csv.write_record(row))?;
        csv.flush()?;
        Ok(())
    };
    write().map_err(|fault| match fault.into_kind() {
        csv::ErrorKind::Io(io) => Trouble::Output(io),
        other => Trouble::Output(std::io::Error::other(format!("{other:?}"))),
    })
}

/// A value as CSV and plain text bear it: null as nothing, lists joined.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// A field of an object as a person reads it: ids instead of resource names, words in the language, hundredths as decimals.
fn cell(object: &Value, key: &str, lang: Lang) -> String {
    let value = &object[key];
    let text = plain(value);
    if key.ends_with("_hundredths_m2") || key.ends_with("_fen") {
        return value.as_i64().map_or(text, hundredths);
    }
    if key == "rate_ppm" {
        return value.as_i64().map_or(text, percent);
    }
    if let Value::Bool(yes) = value {
        return lang.pick(["否", "是"], ["no", "yes"])[usize::from(*yes)].to_owned();
    }
    match key {
        "name" | "incubator" | "park" | "firm" | "upstream" | "intermediary" | "beneficiary" | "budget" | "order"
        | "policy" => last_segment(&text).to_owned(),
        "payee" => value["display_name"].as_str().map_or(text, str::to_owned),
        "figures" => carrier_figures(value, lang).unwrap_or(text),
        _ => lang.pick(chinese_word(object, key, &text), None).map_or(text, str::to_owned),
    }
}

/// The figures of a carrier's report, each by its word with its value; none for other figures.
fn carrier_figures(value: &Value, lang: Lang) -> Option<String> {
    let one = |item: &Value| {
        let figure = CarrierFigure::from_key(item["figure"].as_str()?)?;
        let value = item["value"].as_i64()?;
        let said = match figure.unit() {
            FigureUnit::Area => format!("{}㎡", hundredths(value)),
            FigureUnit::YesNo => lang.pick(["否", "是"], ["no", "yes"])[usize::from(value > 0)].to_owned(),
            FigureUnit::Count | FigureUnit::Months => value.to_string(),
        };
        Some(format!("{} {said}", lang.pick(figure.chinese(), figure.key())))
    };
    let said: Option<Vec<String>> = value.as_array()?.iter().map(one).collect();
    said.map(|said| said.join("; "))
}

fn chinese_word(object: &Value, key: &str, word: &str) -> Option<&'static str> {
    match key {
        "kind" => {
            let platform = || PlatformKind::from_key(word).map(PlatformKind::chinese);
            let reduction = || ReductionKind::from_key(word).map(ReductionKind::chinese);
            Kind::from_key(word).map(Kind::chinese).or_else(platform).or_else(reduction)
        }
        "stage" => Stage::from_key(word).map(Stage::chinese),
        "scheme" => Scheme::from_key(&word.to_lowercase()).map(Scheme::chinese),
        "rule" => BudgetRule::from_key(word).map(BudgetRule::chinese),
        "purpose" => Purpose::from_key(word).map(Purpose::chinese),
        "party" => Party::from_key(word).map(Party::chinese),
        "level" => Level::from_key(word).map(Level::chinese),
        "leave_kind" => LeaveKind::from_key(word).map(LeaveKind::chinese),
        "criterion" => Criterion::from_key(word).map(Criterion::chinese),
        "build_mode" => BuildMode::from_key(word).map(BuildMode::chinese),
        "tax" => Tax::from_key(word).map(Tax::chinese),
        "form" => InvestmentForm::from_key(word).map(InvestmentForm::chinese),
        // The same word means one thing of a tax and another of interest.
        "nature" if object.get("tax").is_some() => TaxNature::from_key(word).map(TaxNature::chinese),
        "nature" => InterestNature::from_key(word).map(InterestNature::chinese),
        "status" => match word {
            "MET" => Some("符合"),
            "NOT_MET" => Some("不符合"),
            "UNKNOWN" => Some("未知"),
            _ => None,
        },
        _ => None,
    }
}

/// `districts/440203/firms/91…` as `91…`; anything else as it is.
pub fn last_segment(name: &str) -> &str {
    if name.starts_with("districts/") { name.rsplit('/').next().unwrap_or(name) } else { name }
}

/// 123456 as `1234.56`.
pub fn hundredths(value: i64) -> String {
    let (whole, part) = (value.unsigned_abs() / 100, value.unsigned_abs() % 100);
    let sign = if value < 0 { "-" } else { "" };
    if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part:02}") }
}

/// 52200 parts per million as `5.22`.
fn percent(ppm: i64) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm.abs() % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The fields of an object as pairs, then each list of objects and each object within it as a table.
fn take_apart(json: &Value, title: String, lang: Lang, out: &mut Vec<Grid>) {
    let Value::Object(fields) = json else { return };
    let nested = |value: &Value| value.is_object() || value.as_array().is_some_and(|a| a.iter().any(Value::is_object));
    let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let pairs: Vec<_> = fields.iter().filter(|(_, value)| !nested(value) && !empty(value)).collect();
    if !pairs.is_empty() {
        let rows = pairs.iter().map(|(key, _)| vec![label(key, lang).to_owned(), cell(json, key, lang)]).collect();
        out.push(Grid { title, head: Vec::new(), rows });
    }
    for (key, value) in fields.iter().filter(|(_, value)| nested(value)) {
        let title = label(key, lang).to_owned();
        match value {
            Value::Array(items) => {
                let columns: Vec<&String> = items[0].as_object().into_iter().flat_map(|o| o.keys()).collect();
                let head = columns.iter().map(|key| label(key, lang).to_owned()).collect();
                let row = |item: &Value| columns.iter().map(|key| cell(item, key, lang)).collect();
                out.push(Grid { title, head, rows: items.iter().map(row).collect() });
            }
            other => take_apart(other, title, lang, out),
        }
    }
}

fn flatten(json: &Value, path: &str, out: &mut Vec<Vec<String>>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match json {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(value, &join(key), out)),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().enumerate().for_each(|(i, item)| flatten(item, &format!("{path}[{i}]"), out));
        }
        leaf => out.push(vec![path.to_owned(), plain(leaf)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_thing_is_pairs_and_tables() {
        let firm = json!({"code": "91", "deregistered_date": null, "renames": [],
            "stays": [{"incubator": "districts/440203/incubators/WJ03", "kind": "INCUBATOR", "position": 10}],
            "relocation": {"park": "districts/440203/parks/甘棠", "signed_date": "2024-01-01"}});
        let report = Report::of(firm, Lang::Zh);
        assert_eq!(report.grids.len(), 3);
        assert_eq!(report.grids[0].rows[0], ["统一社会信用代码", "91"]);
        assert_eq!(report.grids[1].title, "在孵经历");
        assert_eq!(report.grids[1].rows[0], ["WJ03", "孵化器", "10"]);
        assert_eq!(report.grids[2].rows[0], ["园区", "甘棠"]);
        assert!(report.csv.rows.contains(&vec!["stays[0].kind".to_owned(), "INCUBATOR".to_owned()]));
    }

    #[test]
    fn chinese_columns_stay_straight() {
        let report = Report::list(
            vec![json!({"code": "91", "field": "生物医药"}), json!({"code": "9144", "field": "x"})],
            &["code", "field"],
            Lang::Zh,
        );
        let mut out = Vec::new();
        report.print(Format::Table, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let width = |line: &str| line.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum::<usize>();
        let widths: Vec<usize> = text.lines().map(width).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    }

    #[test]
    fn a_nature_is_that_of_its_object() {
        let tax = json!({"tax": "VAT", "nature": "NORMAL"});
        assert_eq!((cell(&tax, "tax", Lang::Zh), cell(&tax, "nature", Lang::Zh)), ("增值税".into(), "正税".into()));
        assert_eq!(cell(&json!({"nature": "NORMAL"}), "nature", Lang::Zh), "正常利息");
        assert_eq!(cell(&tax, "nature", Lang::En), "NORMAL");
    }

    #[test]
    fn a_platform_and_an_intermediary_are_in_words() {
        let platform = json!({"kind": "TESTING"});
        assert_eq!(cell(&platform, "kind", Lang::Zh), "检验检测平台");
        let transfer = json!({"intermediary": "districts/440203/intermediaries/Z1", "party": "INDIVIDUAL"});
        assert_eq!(
            (cell(&transfer, "intermediary", Lang::Zh), cell(&transfer, "party", Lang::Zh)),
            ("Z1".into(), "个人".into())
        );
    }

    #[test]
    fn the_figures_of_a_report_are_words_with_their_units() {
        let figure = |key: &str, value: i64| json!({"figure": key, "value": value});
        let report =
            json!({"figures": [figure("TENANT_AREA", 370_050), figure("STAFF", 0), figure("LEGAL_PERSON", 1)]});
        assert_eq!(cell(&report, "figures", Lang::Zh), "在孵企业使用面积 3700.50㎡; 专职人员 0; 独立法人 是");
        let evidence = json!({"figures": [{"name": "equity_fen", "value": "5"}]});
        assert!(cell(&evidence, "figures", Lang::En).contains("equity_fen"));
    }

    #[test]
    fn csv_quotes_and_keeps_words() {
        let report = Report::list(vec![json!({"name": "a,b", "kind": "INCUBATOR"})], &["name", "kind"], Lang::Zh);
        let mut out = Vec::new();
        report.print(Format::Csv, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "name,kind\n\"a,b\",INCUBATOR\n");
    }

    #[test]
    fn hundredths_are_decimals() {
        assert_eq!(hundredths(360_000), "3600");
        assert_eq!(hundredths(-105), "-1.05");
        assert_eq!((percent(52_200).as_str(), percent(1_000_000).as_str()), ("5.22", "100"));
    }
}
