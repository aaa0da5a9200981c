//! Proves that the sample ledgers become exactly what the district expects of them, in memory, file to decision; and that
//! no file, however broken, does worse than be refused with a reason.

use incubator_registry::domain::{Day, Decision, Document, Event, Limits, Reason, Recorded, Registry, decide};
use incubator_registry::formats::Lang;
use incubator_registry::formats::ledger::{
    CELL_BYTES_MAX, Encoding, FileError, Format, Ledger, LedgerFile, LedgerRow, Source, in_import_order, open,
};
use incubator_registry::formats::report::{FileReport, ImportReport};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

const LEDGERS: [&str; 12] = [
    "载体台账.csv",
    "认定记录.csv",
    "企业台账.csv",
    "在孵台账.csv",
    "落户园区.csv",
    "企业变更.csv",
    "企业年报.csv",
    "贷款台账.csv",
    "利息支付.csv",
    "种子基金.csv",
    "投资担保.csv",
    "税收入库明细.csv",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn demo(name: &str) -> PathBuf {
    root().join("deploy/demo").join(name)
}

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

/// A district in memory, on the day on which the sample is imported.
struct District {
    registry: Registry,
    today: Day,
}

impl District {
    fn new() -> Self {
        let mut district = Self { registry: Registry::default(), today: day("2026-11-24") };
        let created = Event::LogCreated { district: "440203".into(), log_id: [0; 16], hash_algorithm: 1 };
        let limits = Limits {
            admission_age_months: 24,
            incubation_months: 48,
            extended_incubation_months: 60,
            extended_fields: vec!["生物医药".into(), "集成电路设计".into(), "现代农业".into()],
            venture_funding_over_fen: 500_000_000,
            revenue_over_fen: 1_000_000_000,
        };
        district.record(1, day("1900-01-01"), created, Vec::new());
        district.record(2, day("1900-01-01"), Event::LimitsSet(limits.checked().unwrap()), Vec::new());
        district
    }

    fn record(&mut self, start: u64, day: Day, event: Event, documents: Vec<Document>) {
        let position = self.registry.position() + 1;
        self.registry.evolve(Recorded { position, start, day, event, documents });
    }

    fn apply(&mut self, row: LedgerRow, report: &mut FileReport) {
        let command = row.row.and_then(|row| row.command());
        match command.and_then(|command| decide(&self.registry, &command, self.today)) {
            Ok(Decision::Record { events, warnings }) => {
                let start = self.registry.position() + 1;
                for new in events {
                    self.record(start, new.day, new.event, new.documents);
                }
                report.accepted();
                for warning in &warnings {
                    report.warned(row.line, warning);
                }
            }
            Ok(Decision::Same { reason, .. }) => report.duplicate(row.line, reason),
            Err(refusal) => report.rejected(row.line, &refusal),
        }
    }

    fn import(&mut self, names: &[&str]) -> ImportReport {
        let mut files: Vec<LedgerFile> = names.iter().map(|name| open(demo(name)).unwrap()).collect();
        in_import_order(&mut files);
        let mut report = ImportReport::default();
        for file in &files {
            let of_file = report.file(file.name());
            for row in file.sorted_rows().unwrap() {
                self.apply(row.unwrap(), of_file);
            }
        }
        report
    }
}

fn expected() -> serde_json::Value {
    let text = std::fs::read_to_string(root().join("tests/golden/expected.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["import_report"].take()
}

#[test]
fn the_sample_ledgers_become_what_is_expected_of_them() {
    let report = District::new().import(&LEDGERS).to_json();
    let expected = expected();
    for name in LEDGERS {
        assert_eq!(report[name], expected[name], "{name}");
    }
    let in_order: Vec<_> = report.as_object().unwrap().keys().collect();
    assert_eq!(in_order, LEDGERS);
}

#[test]
fn a_second_import_adds_nothing() {
    let mut district = District::new();
    let first = district.import(&LEDGERS).to_json();
    let position = district.registry.position();
    let second = district.import(&LEDGERS).to_json();
    assert_eq!(district.registry.position(), position);
    for name in LEDGERS {
        assert_eq!(second[name]["accepted"], 0, "{name}");
        assert_eq!(second[name]["rejected"], first[name]["rejected"], "{name}");
        let skipped =
            first[name]["accepted"].as_u64().unwrap() + first[name]["duplicate"].as_array().unwrap().len() as u64;
        assert_eq!(second[name]["duplicate"].as_array().unwrap().len() as u64, skipped, "{name}");
    }
}

#[test]
fn the_order_in_which_files_are_given_does_not_matter() {
    let mut district = District::new();
    let report = district.import(&LEDGERS);
    for turn in 1..LEDGERS.len() {
        let mut names = LEDGERS;
        names.rotate_left(turn);
        names.swap(0, 3);
        let mut other = District::new();
        assert_eq!(other.import(&names), report);
        assert!(other.registry == district.registry);
    }
}

#[test]
fn the_sample_is_recognised_by_its_headings() {
    let kinds = LEDGERS.map(|name| open(demo(name)).unwrap().kind());
    let first: Vec<_> =
        Ledger::ALL.iter().filter(|of| **of != Ledger::ProjectAssessments).take(LEDGERS.len()).copied().collect();
    assert_eq!(kinds.to_vec(), first);
    let reports = open(root().join("deploy/criteria/载体年报.csv")).unwrap();
    assert_eq!((reports.kind(), reports.rows().unwrap().count()), (Ledger::IncubatorReports, 2));
    let firms = open(demo("企业台账.csv")).unwrap();
    assert_eq!(firms.format(), Format::Csv(Encoding::Gb18030));
    assert_eq!(firms.rows().unwrap().count(), 161);
    assert_eq!(firms.bytes_read().load(Ordering::Relaxed), firms.bytes());
}

fn ledger(bytes: impl Into<Vec<u8>>) -> Result<LedgerFile, FileError> {
    LedgerFile::new("x.csv", Source::Bytes(bytes.into().into()))
}

fn reason(bytes: impl Into<Vec<u8>>) -> &'static str {
    let error = ledger(bytes).unwrap_err();
    for lang in [Lang::En, Lang::Zh] {
        let message = error.message(lang);
        assert!(!message.is_empty() && message.len() < 4096, "{message}");
    }
    error.reason()
}

/// Line, and the word where it is refused.
fn outcomes(bytes: impl Into<Vec<u8>>) -> Vec<(u64, Option<Reason>)> {
    let rows = ledger(bytes).unwrap().rows().unwrap();
    rows.map(Result::unwrap).map(|row| (row.line, row.row.err().map(|refusal| refusal.reason))).collect()
}

const CHANGES: &str = "统一社会信用代码,变更类型,变更日期";
const CHANGE: &str = "91440203MATD0JEA4J,注销,2025-08-31";
const FIRMS: &str = "企业名称,统一社会信用代码,注册日期,技术领域";

#[test]
fn whole_files_are_refused_with_a_reason() {
    let utf16: Vec<u8> = format!("\u{feff}{CHANGES}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(reason(utf16.as_slice()), "ENCODING");
    assert_eq!(reason(&utf16[2..]), "NOT_A_CSV", "UTF-16 without its mark");
    assert_eq!(reason(""), "EMPTY_FILE");
    assert_eq!(reason("\u{feff}"), "EMPTY_FILE");
    assert_eq!(reason("\r\n \n,,\n"), "EMPTY_FILE");
    assert_eq!(reason(CHANGE), "NO_HEADINGS");
    assert_eq!(reason(format!("{CHANGES},其他\n{CHANGE},x")), "UNKNOWN_HEADINGS");
    assert_eq!(reason("统一社会信用代码,变更日期\n"), "MISSING_HEADINGS");
    assert_eq!(reason(format!("{CHANGES},变更日期\n")), "DUPLICATE_HEADINGS");
    assert_eq!(reason(CHANGES.replace(',', "\t")), "NOT_A_CSV");
    assert_eq!(reason(format!("\"{CHANGES}\n{CHANGE}\n")), "NOT_A_CSV");
    assert_eq!(reason(format!("PK\u{3}\u{4}{CHANGES}")), "BROKEN_WORKBOOK");
    assert_eq!(reason("x".repeat(10_000_000)), "NOT_A_CSV");
    assert_eq!(reason([b"a\xff".as_slice(), CHANGES.as_bytes()].concat()), "ENCODING");
    assert_eq!(open(demo("没有.csv")).unwrap_err().reason(), "UNREADABLE");
    assert_eq!(open(root()).unwrap_err().reason(), "UNREADABLE");
}

#[test]
fn damage_to_utf8_is_not_taken_for_gb18030() {
    // A character lost its first byte; what is left, and everything else, is GB18030 as well.
    let text = format!("{CHANGES}\n{CHANGE}\n");
    let at = text.find('注').unwrap();
    let bytes = [&text.as_bytes()[..at], &text.as_bytes()[at + 1..]].concat();
    let error = ledger(bytes).unwrap_err();
    assert!(
        matches!(&error, FileError::Encoding { utf8, gb18030: None } if utf8.line == 2 && utf8.byte == at as u64),
        "{error:?}"
    );
}

#[test]
fn headings_alone_are_a_ledger_without_rows() {
    assert_eq!(outcomes(CHANGES), []);
    assert_eq!(outcomes(format!("\u{feff}{CHANGES}\r\n\r\n")), []);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for end in ["\n", "\r\n", "\r"] {
        let name = format!("\"甲{end}公司\"");
        let text =
            [FIRMS, "", &format!("{name},91440203MATD0JEA4J,2025-08-31,新材料"), ",,,", "乙,x,2025-08-31,新材料"];
        // A name over two lines is refused: the registry keeps one line.
        let expected = [(3, Some(Reason::MalformedName)), (6, Some(Reason::MalformedCode))];
        assert_eq!(outcomes(text.join(end)), expected, "{end:?}");
    }
    let gb18030 =
        [b"\x84\x31\x95\x33".as_slice(), &encoding_rs::GB18030.encode(&format!("{CHANGES}\n{CHANGE}")).0].concat();
    assert_eq!(outcomes(gb18030), [(2, None)]);
}

#[test]
fn rows_are_refused_and_the_next_one_is_read() {
    let row = |name: &str| format!("{name},91440203MATD0JEA4J,2025-08-31,新材料");
    let text = [
        FIRMS.to_owned(),
        row("甲"),
        row("甲\0"),
        row(&"名".repeat(10 << 20)),
        row("甲,乙"),
        "甲,91440203MATD0JEA4J".to_owned(),
        row(&"甲".repeat(200)),
        row("丙") + ",,,",
        row("\"丁"),
        row("戊"),
    ];
    let expected = [
        (2, None),
        (3, Some(Reason::MalformedName)),
        (4, Some(Reason::MalformedName)),
        (5, Some(Reason::MalformedCode)),
        (6, Some(Reason::MissingValue)),
        (7, Some(Reason::MalformedName)),
        (8, None),
    ];
    let file = ledger(text.join("\n")).unwrap();
    let mut read = file.rows().unwrap();
    let rows: Vec<LedgerRow> = read.by_ref().take(expected.len()).map(Result::unwrap).collect();
    let found: Vec<_> = rows.iter().map(|row| (row.line, row.row.as_ref().err().map(|r| r.reason))).collect();
    assert_eq!(found, expected);
    assert!(rows.iter().flat_map(|row| &row.cells).all(|cell| cell.len() <= CELL_BYTES_MAX + 3 + "#?…".len()));
    // A quote that never closes ends the file: what is read of it is not all of it.
    let end = read.next().unwrap().unwrap_err();
    assert_eq!((end.reason(), end.line()), ("OPEN_QUOTE", Some(9)));
    assert!(end.to_string().contains("never closes") && read.next().is_none());
}

#[test]
fn columns_that_people_keep_for_themselves_are_passed_over() {
    let text =
        format!("序号,{CHANGES},备注,行号,原因,说明\n1,{CHANGE},\"任何,话\",9,MALFORMED_DATE,\n2,{CHANGE},,,,,多\n");
    assert_eq!(outcomes(text), [(2, None), (3, Some(Reason::UnknownWord))]);
    // Exactly these words.
    assert_eq!(reason(format!("{CHANGES},备注1\n")), "UNKNOWN_HEADINGS");
    assert_eq!(reason(format!("{CHANGES},行号(原)\n")), "UNKNOWN_HEADINGS");
}

#[test]
fn stays_come_in_the_order_of_admission() {
    let text = "载体编号,统一社会信用代码,入孵日期\n\
                W1,91440203MATD0JEA4J,2025-03-01\n\
                W1,91440203MATD0JEA4J,2024-03-01\n\
                W1,91440203MATD0JEA4J,坏\n\
                W2,91440203MATD0JEA4J,2024/3/1\n";
    let rows = ledger(text).unwrap().sorted_rows().unwrap();
    let lines: Vec<_> = rows.map(|row| row.unwrap().line).collect();
    assert_eq!(lines, [4, 3, 5, 2]);
}

fn no_harm(bytes: Vec<u8>) {
    let Ok(file) = ledger(bytes) else { return };
    let rows = match file.sorted_rows() {
        Err(FileError::OpenQuote { .. }) => return,
        rows => rows.unwrap(),
    };
    for row in rows {
        let row = match row {
            Err(FileError::OpenQuote { .. }) => return,
            row => row.unwrap(),
        };
        assert!(row.line > 1);
        if let Ok(row) = row.row {
            assert!(row.command().is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_soup_of_bytes_does_harm(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        no_harm(bytes);
    }

    #[test]
    fn no_soup_below_good_headings_does_harm(
        ledger in 0..Ledger::ALL.len(),
        gb18030 in any::<bool>(),
        soup in "([0-9A-Z年月日,,,\"\"\n\r 是否毕业.一-龥-]|\\PC|2024-03-0[1-9],){0,200}",
        tail in proptest::collection::vec(any::<u8>(), 0..16),
    ) {
        let headings: Vec<String> = Ledger::ALL[ledger].columns().iter().map(|column| column.written()).collect();
        let text = format!("{}\n{soup}", headings.join(","));
        let mut bytes = if gb18030 { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
        bytes.extend(tail);
        no_harm(bytes);
    }
}
