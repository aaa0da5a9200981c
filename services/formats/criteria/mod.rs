//! A set of criteria as a TOML or JSON file (deploy/criteria/*.toml show the shape), and the sets that come with the program.
//! Every fault is told at once, by its key and line.
//!
//! ```toml
//! [set]
//! id = "…"            # also title, title_en, issuer, kinds
//! document_no = "…"   # optional, as are from, until, remote_area, remote_relief_ppm, unconfirmed
//! [[criterion]]
//! id = "…"            # also title, title_en; optional: unconfirmed
//! any_of = [{ measure = "…", at_least = 1 }]   # or over, at_most, under; optional: divided_by, relaxed, each_fen
//! ```

mod shipped;

use super::policy::section::{PolicyFault, Section};
use super::policy::tree::{self, Item, Value};
use crate::domain::reason::Reason;
use crate::domain::values::{FEN_MAX, text};
use crate::domain::{IncubatorId, Kind};
use crate::policy::criteria::{Comparison, Computed, CriteriaSet, Criterion, Measure, RELIEF_PPM_MAX, Test};
pub use shipped::{Shipped, by_id, shipped};

/// A fault, and the line it is in.
pub type SetFault = PolicyFault;

/// Bytes that a file may have.
pub const BYTES_MAX: usize = 1 << 16;
/// Criteria that a set may have.
const CRITERIA_MAX: usize = 100;
/// Tests that a criterion may have.
const TESTS_MAX: usize = 10;
/// By how much a threshold may be divided.
const DIVISOR_MAX: i64 = 1000;

/// Reads a file.
pub fn parse(content: &str) -> Result<CriteriaSet, Vec<SetFault>> {
    if content.len() > BYTES_MAX {
        let bytes = content.len();
        let said = (format!("{bytes} bytes; at most {BYTES_MAX}"), format!("共{bytes}字节，最多{BYTES_MAX}字节"));
        return Err(vec![SetFault::of_file(1, Reason::OutOfRange, said)]);
    }
    let root = tree::read(content).map_err(|(line, message)| {
        let said = (format!("line {line}: {message}"), format!("第{line}行：{message}"));
        vec![SetFault::of_file(line, Reason::MalformedMessage, said)]
    })?;
    let mut faults = Vec::new();
    let set = read(&root, &mut faults);
    if faults.is_empty() {
        return Ok(set);
    }
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

fn read(root: &Item, faults: &mut Vec<SetFault>) -> CriteriaSet {
    let mut file = Section::new(String::new(), root, faults);
    let mut set = CriteriaSet::default();
    if let Some(item) = file.required("set") {
        set = about(Section::new("set".into(), item, file.faults));
    }
    let tables = file.tables("criterion");
    if tables.is_empty() {
        file.wrong(Reason::MissingValue, "criterion", ("a set has at least one criterion", "条件集至少有一项条件"));
    }
    if tables.len() > CRITERIA_MAX {
        let count = tables.len();
        let said =
            (format!("{count} criteria; at most {CRITERIA_MAX}"), format!("共{count}项条件，最多{CRITERIA_MAX}项"));
        file.wrong(Reason::OutOfRange, "criterion", said);
    }
    for (path, item) in tables {
        let mut section = Section::new(path, item, file.faults);
        let read = criterion(&mut section);
        if set.criteria.iter().any(|earlier| earlier.id == read.id) {
            section.wrong(
                Reason::OutOfRange,
                "id",
                (format!("`{}` stands twice", read.id), format!("“{}”出现两次", read.id)),
            );
        }
        section.finish();
        set.criteria.push(read);
    }
    file.finish();
    set
}

fn about(mut section: Section<'_, '_>) -> CriteriaSet {
    let as_text = |value: &Value| match value {
        Value::Text(value) => Some(value.clone()).filter(|value| text("", value).is_ok()),
        _ => None,
    };
    let kind = |value: &Value| as_text(value).and_then(|word| Kind::from_key(&word));
    let unconfirmed = match section.optional("unconfirmed") {
        Some(_) => section.list("unconfirmed", Reason::MalformedName, as_text),
        None => Vec::new(),
    };
    let set = CriteriaSet {
        id: section.text("id"),
        title: section.text("title"),
        title_en: section.text("title_en"),
        issuer: section.text("issuer"),
        document_no: section.optional_text("document_no").unwrap_or_default(),
        from: section.optional_day("from"),
        until: section.optional_day("until"),
        kinds: section.list("kinds", Reason::UnknownWord, kind),
        remote_area: section.optional_flag("remote_area"),
        remote_relief_ppm: section.optional_number("remote_relief_ppm", 0, RELIEF_PPM_MAX).unwrap_or_default(),
        unconfirmed,
        criteria: Vec::new(),
    };
    // An id is asked for by name, like a carrier's.
    if !set.id.is_empty() && IncubatorId::parse(&set.id).is_err() {
        section.wrong(
            Reason::MalformedName,
            "id",
            ("an id is 1 to 64 bytes without a slash", "编号为1至64字节，不含斜杠"),
        );
    }
    if set.from.zip(set.until).is_some_and(|(from, until)| until <= from) {
        section.wrong(Reason::DatesOutOfOrder, "until", ("it lies after `from`", "应晚于from"));
    }
    section.finish();
    set
}

fn criterion(section: &mut Section<'_, '_>) -> Criterion {
    let id = section.text("id");
    let title = section.text("title");
    let title_en = section.text("title_en");
    let unconfirmed = section.optional_flag("unconfirmed");
    let tables = section.tables("any_of");
    if !(1..=TESTS_MAX).contains(&tables.len()) {
        let count = tables.len();
        let said = (format!("{count} tests; between 1 and {TESTS_MAX}"), format!("共{count}项，应为1至{TESTS_MAX}项"));
        section.wrong(Reason::MissingValue, "any_of", said);
    }
    let mut any_of = Vec::new();
    for (path, item) in tables {
        let mut table = Section::new(path, item, section.faults);
        any_of.extend(test(&mut table));
        table.finish();
    }
    Criterion { id, title, title_en, unconfirmed, any_of }
}

fn test(section: &mut Section<'_, '_>) -> Option<Test> {
    let measure = section.word("measure", Measure::from_key);
    let compared: Vec<(Comparison, i64)> = Comparison::ALL
        .iter()
        .filter_map(|comparison| Some((*comparison, section.optional_number(comparison.key(), 0, FEN_MAX)?)))
        .collect();
    let divided_by = section.optional_number("divided_by", 1, DIVISOR_MAX).unwrap_or(1);
    let relaxed = section.optional_flag("relaxed");
    let each_fen = section.optional_number("each_fen", 1, FEN_MAX).unwrap_or_default();
    let [(comparison, threshold)] = compared[..] else {
        let count = compared.len();
        let said = (
            format!("{count} comparisons; exactly one of at_least, over, at_most, under"),
            format!("写了{count}个比较；at_least、over、at_most、under只能写一个"),
        );
        section.wrong(Reason::MissingValue, "at_least", said);
        return None;
    };
    let by_revenue = measure == Some(Measure::Computed(Computed::TenantsWithRevenue));
    if measure.is_some() && by_revenue != (each_fen > 0) {
        let said = (
            "it goes with TENANTS_WITH_REVENUE, and with no other measure",
            "只与TENANTS_WITH_REVENUE同用，不可缺，也不可用于其他指标",
        );
        section.wrong(Reason::MissingValue, "each_fen", said);
    }
    Some(Test { measure: measure?, comparison, threshold, divided_by, relaxed, each_fen })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[set]
id = "wujiang-2026"
title = "武江区孵化器认定条件"
title_en = "Wujiang incubator"
issuer = "武江区"
from = 2026-01-01
until = "2030-01-01"
kinds = ["INCUBATOR"]

[[criterion]]
id = "tenants"
title = "在孵企业数"
title_en = "Tenants"
any_of = [{ measure = "TENANTS", at_least = 10 }, { measure = "STAFF", over = 3, divided_by = 2 }]
"#;

    fn faults(text: &str) -> Vec<(u32, Reason, String)> {
        parse(text).unwrap_err().into_iter().map(|f| (f.line, f.fault.reason, f.fault.field)).collect()
    }

    #[test]
    fn a_set() {
        let set = parse(GOOD).unwrap();
        assert_eq!(
            (set.id.as_str(), set.remote_area, set.kinds.as_slice()),
            ("wujiang-2026", false, &[Kind::Incubator][..])
        );
        assert_eq!(set.criteria[0].any_of.len(), 2);
        assert_eq!(set.criteria[0].any_of[1].divided_by, 2);
    }

    #[test]
    fn every_fault_is_told_by_key_and_line() {
        let bad = GOOD
            .replace("\"INCUBATOR\"", "\"BARN\"")
            .replace("2030-01-01", "2026-01-01")
            .replace("at_least = 10", "at_least = 10, at_most = 12")
            .replace("\"STAFF\"", "\"STAF\"")
            .replace("title_en = \"Tenants\"", "titel_en = \"Tenants\"");
        assert_eq!(
            faults(&bad),
            [
                (8, Reason::DatesOutOfOrder, "set.until".to_owned()),
                (9, Reason::UnknownWord, "set.kinds[0]".to_owned()),
                (11, Reason::MissingValue, "criterion[0].title_en".to_owned()),
                (14, Reason::UnknownWord, "criterion[0].titel_en".to_owned()),
                (15, Reason::MissingValue, "criterion[0].any_of[0].at_least".to_owned()),
                (15, Reason::UnknownWord, "criterion[0].any_of[1].measure".to_owned()),
            ]
        );
    }

    #[test]
    fn a_revenue_goes_with_the_measure_that_needs_one() {
        let found = faults(&GOOD.replace("at_least = 10", "at_least = 10, each_fen = 5"));
        assert_eq!(found[0].2, "criterion[0].any_of[0].each_fen");
        let found = faults(&GOOD.replace("\"TENANTS\"", "\"TENANTS_WITH_REVENUE\""));
        assert_eq!(found[0].2, "criterion[0].any_of[0].each_fen");
        assert_eq!(faults("[set]\nid = ")[0].1, Reason::MalformedMessage);
    }

    #[test]
    fn no_measure_is_called_like_a_figure() {
        use crate::domain::CarrierFigure;
        assert!(Computed::ALL.iter().all(|measure| CarrierFigure::from_key(measure.key()).is_none()));
    }
}
