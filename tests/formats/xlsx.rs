//! Proves that a workbook gives the same rows as the same ledger in text, whatever a spreadsheet program makes of its cells;
//! and that no workbook, however hostile, does worse than be refused with a reason.

use crate::zip;
use incubator_registry::domain::rows::Row;
use incubator_registry::domain::{Day, Reason};
use incubator_registry::formats::Lang;
use incubator_registry::formats::ledger::{
    FileError, Format, Ledger, LedgerFile, LedgerRow, Opened, Source, XLSX_BYTES_MAX, open,
};
use rust_xlsxwriter::{ExcelDateTime, Format as Look, Formula, Workbook, Worksheet};
use std::path::{Path, PathBuf};
use zip::{Zip, book, sheet_of};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/demo")
}

fn ledger(bytes: Vec<u8>) -> Result<LedgerFile, FileError> {
    LedgerFile::new("x.xlsx", Source::Bytes(bytes.into()))
}

fn rows(bytes: Vec<u8>) -> Vec<LedgerRow> {
    ledger(bytes).unwrap().rows().unwrap().map(Result::unwrap).collect()
}

/// The reason for which the file is refused, on opening or on reading.
fn reason(bytes: Vec<u8>) -> &'static str {
    let error = match ledger(bytes) {
        Err(error) => error,
        Ok(file) => match file.rows() {
            Err(error) => error,
            Ok(rows) => rows.filter_map(Result::err).next().expect("a file that is refused"),
        },
    };
    for lang in [Lang::En, Lang::Zh] {
        let message = error.message(lang);
        assert!(!message.is_empty() && message.len() < 4096, "{message}");
    }
    error.reason()
}

fn made(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn line(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        sheet.write_string(row, u16::try_from(column).unwrap(), *cell).unwrap();
    }
}

fn outcome(row: &LedgerRow) -> (u64, Option<Reason>) {
    (row.line, row.row.as_ref().err().map(|refusal| refusal.reason))
}

#[test]
fn every_sample_ledger_as_a_workbook_gives_the_same_rows() {
    let mut seen = std::collections::BTreeSet::new();
    let folders = ["demo", "criteria", "neighbours"].map(|name| demo().with_file_name(name));
    for entry in folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let text = open(&path).unwrap();
        let expected: Vec<LedgerRow> = text.rows().unwrap().map(Result::unwrap).collect();
        let book = made(|sheet| {
            let headings: Vec<&str> = text.headings().iter().map(String::as_str).collect();
            line(sheet, 0, &headings);
            for row in &expected {
                let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
                line(sheet, u32::try_from(row.line).unwrap() - 1, &cells);
            }
        });
        let file = ledger(book).unwrap();
        assert_eq!((file.kind(), file.format(), file.sheet()), (text.kind(), Format::Xlsx, Some("Sheet1")));
        let found: Vec<LedgerRow> = file.rows().unwrap().map(Result::unwrap).collect();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!((found.line, &found.row), (expected.line, &expected.row));
        }
        seen.insert(file.kind());
    }
    assert!(seen.iter().eq(Ledger::ALL));
}

const LOANS: [&str; 7] =
    ["合同编号", "统一社会信用代码", "金融机构", "本金(万元)", "年利率(%)", "放款日期", "到期日期"];
const CODE: &str = "91440203MATD0JEA4J";

#[test]
fn numbers_days_and_percentages_are_what_a_person_typed() {
    let book = made(|sheet| {
        line(sheet, 0, &LOANS);
        line(sheet, 1, &["", CODE, "银行"]);
        sheet.write_number(1, 0, 20_231_011_001.0).unwrap();
        sheet.write_number(1, 3, 44.785601).unwrap();
        sheet.write_number_with_format(1, 4, 0.04785, &Look::new().set_num_format("0.000%")).unwrap();
        let day = ExcelDateTime::from_ymd(2024, 3, 5).unwrap();
        sheet.write_datetime_with_format(1, 5, &day, &Look::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"")).unwrap();
        sheet.write_number(1, 6, 20_250_305.0).unwrap();
        line(sheet, 2, &["JK1", CODE, "银行", "1,234.5", "4.785", "2024/3/5", ""]);
        sheet.write_number(2, 6, 45_721.0).unwrap();
    });
    let found = rows(book);
    let loan = |at: usize| match &found[at].row {
        Ok(Row::Loan(loan)) => (
            loan.drawn.loan.to_string(),
            loan.drawn.principal,
            loan.drawn.rate_ppm,
            loan.day.to_string(),
            loan.drawn.maturity.to_string(),
        ),
        other => panic!("{other:?}"),
    };
    let days = ("2024-03-05".to_owned(), "2025-03-05".to_owned());
    assert_eq!(loan(0), ("20231011001".into(), 44_785_601, 47_850, days.0.clone(), days.1.clone()));
    assert_eq!(loan(1), ("JK1".into(), 1_234_500_000, 47_850, days.0, days.1));
}

const RECEIPTS: [&str; 6] = ["统一社会信用代码", "税种", "入库日期", "金额(元)", "税款性质", "凭证号"];

#[test]
fn what_a_spreadsheet_spoils_is_refused_by_its_word() {
    let good = [CODE, "增值税", "2024-03-05", "12345.67", "正税", "V1"];
    type Spoil = fn(&mut Worksheet, u32);
    let cases: [(Spoil, Option<Reason>); 18] = [
        (|_, _| {}, None),
        (|s, r| drop(s.write_number(r, 3, 12345.67)), None),
        (|s, r| drop(s.write_number(r, 3, 0.1 + 0.2)), None),
        (|s, r| drop(s.write_number(r, 3, 10.005)), Some(Reason::MalformedAmount)),
        (|s, r| drop(s.write_number(r, 0, 914_402_030_000_000_000.0)), Some(Reason::MalformedCode)),
        (|s, r| drop(s.write_number(r, 5, 440_203_020_230_000_918.0)), Some(Reason::MalformedName)),
        (|s, r| drop(s.write_number(r, 5, 440_203_020.0)), None),
        (|s, r| drop(s.write_number(r, 2, 45_356.5)), Some(Reason::MalformedDate)),
        (|s, r| drop(s.write_number(r, 2, 60.0)), Some(Reason::MalformedDate)),
        (|s, r| drop(s.write_number(r, 2, 2024.0)), Some(Reason::MalformedDate)),
        (|s, r| drop(s.write_formula(r, 3, Formula::new("=A1*2").set_result("7.25"))), None),
        (|s, r| drop(s.write_formula(r, 3, Formula::new("=NA()").set_result("#N/A"))), Some(Reason::MalformedAmount)),
        (|s, r| drop(s.write_boolean(r, 3, true)), Some(Reason::MalformedAmount)),
        (|s, r| drop(s.write_string(r, 3, "-1,234.50")), None),
        (|s, r| drop(s.write_string(r, 1, "车船税")), Some(Reason::UnknownTax)),
        (
            |s, r| drop(s.write_number_with_format(r, 3, 45_356.0, &Look::new().set_num_format("yyyy-mm-dd"))),
            Some(Reason::MalformedAmount),
        ),
        (
            |s, r| drop(s.write_number_with_format(r, 5, 45_356.0, &Look::new().set_num_format("yyyy-mm-dd"))),
            Some(Reason::MalformedName),
        ),
        (
            |s, r| drop(s.write_number_with_format(r, 3, 0.05, &Look::new().set_num_format("0%"))),
            Some(Reason::MalformedAmount),
        ),
    ];
    let book = made(|sheet| {
        line(sheet, 0, &RECEIPTS);
        for (at, (spoil, _)) in cases.iter().enumerate() {
            let row = u32::try_from(at).unwrap() + 1;
            line(sheet, row, &good);
            spoil(sheet, row);
        }
    });
    let found = rows(book);
    assert_eq!(found.len(), cases.len());
    for (at, (row, (_, expected))) in found.iter().zip(&cases).enumerate() {
        assert_eq!(outcome(row), (at as u64 + 2, *expected), "case {at}: {row:?}");
    }
    let amount = |at: usize| match &found[at].row {
        Ok(Row::TaxReceipt(row)) => row.receipt.amount,
        other => panic!("{other:?}"),
    };
    assert_eq!([1, 2, 10, 13].map(amount), [1_234_567, 30, 725, -123_450]);
}

#[test]
fn both_systems_of_days() {
    for (from_1904, serial) in [("0", 45_356), ("1", 43_894)] {
        let sheet = sheet_of(&format!(
            "<row r=\"1\">{}</row><row r=\"2\">{}<c r=\"C2\"><v>{serial}</v></c></row>",
            zip::texts(&["统一社会信用代码", "变更类型", "变更日期"]),
            zip::texts(&[CODE, "注销"])
        ));
        let mut zip = book(&sheet);
        zip.replace("xl/workbook.xml", |xml| xml.replace("date1904=\"0\"", &format!("date1904=\"{from_1904}\"")));
        let found = rows(zip.bytes());
        let Ok(Row::FirmChange(change)) = &found[0].row else { panic!("{found:?}") };
        assert_eq!(change.effective, Day::parse_iso("2024-03-05").unwrap());
    }
}

#[test]
fn a_formula_that_was_never_computed_is_said_to_be_one() {
    for value in ["", "<v/>", "<v></v>", "<v> </v>"] {
        let sheet = sheet_of(&format!(
            "<row r=\"1\">{}</row><row r=\"2\">{}<c r=\"C2\"><f>TODAY()</f>{value}</c></row>",
            zip::texts(&["统一社会信用代码", "变更类型", "变更日期"]),
            zip::texts(&[CODE, "注销"])
        ));
        let found = rows(book(&sheet).bytes());
        let refusal = found[0].row.as_ref().unwrap_err();
        assert!(refusal.reason == Reason::MalformedDate && refusal.message.contains("a formula without its value"));
        // Handed back, it is no value either, whatever the column holds.
        assert!(found[0].cells[2].starts_with("#?"), "{:?}", found[0].cells);
    }
}

#[test]
fn headings_are_found_below_titles_in_one_row_or_in_two() {
    let merged = made(|sheet| {
        let look = Look::new();
        sheet.merge_range(0, 0, 0, 4, "种子基金台账（2024年）", &look).unwrap();
        line(sheet, 1, &["填报单位：某某区"]);
        sheet.merge_range(3, 0, 4, 0, "序号", &look).unwrap();
        sheet.merge_range(3, 1, 3, 2, "基本情况", &look).unwrap();
        line(sheet, 4, &["", "载体编号", "设立日期", "（万元）", ""]);
        line(sheet, 3, &["序号", "", "", "规模", "备注"]);
        line(sheet, 6, &["1", "WJ01", "2021-01-10", "100", "无"]);
        sheet.set_row_hidden(6).unwrap();
        line(sheet, 8, &["2", "WJ02", "2021-01-11", "", ""]);
        sheet.write_number(8, 3, 12.5).unwrap();
    });
    let file = ledger(merged).unwrap();
    assert_eq!(file.kind(), Ledger::SeedFunds);
    let found: Vec<LedgerRow> = file.rows().unwrap().map(Result::unwrap).collect();
    let sizes: Vec<_> = found.iter().map(|row| (row.line, row.row.clone())).collect();
    let size = |row: &Result<Row, _>| matches!(row, Ok(Row::SeedFund(fund)) if fund.size > 0);
    assert!(sizes.iter().all(|(_, row)| size(row)), "{sizes:?}");
    assert_eq!(sizes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [7, 9]);
    let deep = made(|sheet| line(sheet, 10, &["统一社会信用代码", "变更类型", "变更日期"]));
    assert_eq!(reason(deep), "EMPTY_FILE");
    let misspelt = made(|sheet| {
        line(sheet, 0, &["企业变更"]);
        line(sheet, 1, &["统一社会信用代码", "变更种类", "变更日期"]);
    });
    assert_eq!(reason(misspelt), "UNKNOWN_HEADINGS");
}

#[test]
fn every_visible_sheet_with_known_headings_is_a_ledger_and_the_others_are_named() {
    let mut book = Workbook::new();
    let headings = ["统一社会信用代码", "变更类型", "变更日期"];
    line(book.add_worksheet().set_name("说明").unwrap(), 0, &["填表说明"]);
    let hidden = book.add_worksheet().set_name("旧").unwrap();
    line(hidden, 0, &headings);
    hidden.set_hidden(true);
    for name in ["甲", "乙"] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        line(sheet, 0, &headings);
        line(sheet, 1, &[CODE, "注销", "2024-03-05"]);
    }
    book.add_worksheet().set_name("空").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let Opened { ledgers, others } = Opened::new("x.xlsx", &Source::Bytes(bytes.clone().into())).unwrap();
    let found: Vec<_> = ledgers.iter().map(|file| (file.sheet().unwrap(), file.rows().unwrap().count())).collect();
    assert_eq!(found, [("甲", 1), ("乙", 1)]);
    let others: Vec<_> = others.iter().map(|(sheet, why)| (sheet.as_str(), why.reason())).collect();
    assert_eq!(others, [("说明", "NO_HEADINGS")]);
    assert_eq!(ledger(bytes).unwrap().sheet(), Some("甲"));
}

#[test]
fn yes_and_no_may_be_booleans() {
    let headings =
        ["统一社会信用代码", "年度", "营业收入(元)", "研发费用(元)", "从业人员", "有效知识产权数", "当年高新技术企业"];
    let book = made(|sheet| {
        line(sheet, 0, &headings);
        for (row, yes) in [(1, true), (2, false)] {
            line(sheet, row, &[CODE]);
            for (column, number) in [(1, 2023.0), (2, 99.5), (3, 0.0), (4, 12.0), (5, 3.0)] {
                sheet.write_number(row, column, number).unwrap();
            }
            sheet.write_boolean(row, 6, yes).unwrap();
        }
    });
    let high: Vec<_> = rows(book)
        .into_iter()
        .map(|row| match row.row {
            Ok(Row::AnnualReport(report)) => (report.high_tech, report.revenue, report.employees),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(high, [(true, 9_950, 12), (false, 9_950, 12)]);
}

fn changes(rows: &str) -> Zip {
    let headings = zip::texts(&["统一社会信用代码", "变更类型", "变更日期"]);
    book(&sheet_of(&format!("<row r=\"1\">{headings}</row>{rows}")))
}

const ROW: &str = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>91440203MATD0JEA4J</t></is></c>\
                   <c r=\"B2\" t=\"str\"><v>注销</v></c><c r=\"C2\"><v>45356</v></c></row>";

#[test]
fn hostile_archives_are_refused() {
    assert_eq!(rows(changes(ROW).bytes()).len(), 1);
    let good = changes(ROW).bytes();
    for cut in [4, 30, good.len() / 2, good.len() - 30, good.len() - 1] {
        assert_eq!(reason(good[..cut].to_vec()), "BROKEN_WORKBOOK", "{cut}");
    }
    let mut lying = changes(ROW);
    lying.unpacked("xl/worksheets/sheet1.xml", |size| size - 10);
    assert_eq!(reason(lying.bytes()), "BROKEN_WORKBOOK");
    let mut lying = changes(ROW);
    lying.unpacked("xl/worksheets/sheet1.xml", |size| size + 10);
    assert_eq!(reason(lying.bytes()), "BROKEN_WORKBOOK");
    let mut huge = changes(ROW);
    huge.unpacked("xl/worksheets/sheet1.xml", |_| u32::MAX - 1);
    assert_eq!(reason(huge.bytes()), "FILE_TOO_LARGE");
    let mut locked = changes(ROW);
    locked.flags = 1;
    assert_eq!(reason(locked.bytes()), "ENCRYPTED_WORKBOOK");
    let mut missing = changes(ROW);
    missing.remove("xl/worksheets/sheet1.xml");
    assert_eq!(reason(missing.bytes()), "BROKEN_WORKBOOK");
    let mut other = changes(ROW);
    other.remove("xl/workbook.xml");
    assert_eq!(reason(other.bytes()), "NOT_A_WORKBOOK");
    let mut twice = changes(ROW);
    twice.add("XL/workbook.xml", "<workbook/>");
    assert_eq!(reason(twice.bytes()), "BROKEN_WORKBOOK");
    let mut many = changes(ROW);
    (0..5_000).for_each(|at| many.add(&format!("p{at}"), ""));
    assert_eq!(reason(many.bytes()), "FILE_TOO_LARGE");
    let large = [b"PK\x03\x04".to_vec(), vec![0; XLSX_BYTES_MAX as usize]].concat();
    assert_eq!(reason(large), "FILE_TOO_LARGE");
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut old = [b"\xd0\xcf\x11\xe0".as_slice(), &vec![0; 100_000]].concat();
    assert_eq!(reason(old.clone()), "NOT_A_CSV");
    old.extend(name);
    assert_eq!(reason(old), "ENCRYPTED_WORKBOOK");
}

#[test]
fn a_bomb_that_says_little_of_itself_is_stopped() {
    let mut bomb =
        changes(&format!("{ROW}<row r=\"3\"><c r=\"A3\" t=\"str\"><v>{}</v></c></row>", "x".repeat(80 << 20)));
    bomb.unpacked("xl/worksheets/sheet1.xml", |_| 5_000);
    assert!(bomb.bytes().len() < 1 << 20);
    assert_eq!(reason(bomb.bytes()), "BROKEN_WORKBOOK");
    // One shared text in every cell of many rows.
    let cells = |row: usize| {
        let cell = |c: char| format!("<c r=\"{c}{row}\" t=\"s\"><v>0</v></c>");
        format!("<row r=\"{row}\">{}{}{}</row>", cell('A'), cell('B'), cell('C'))
    };
    let mut many = changes(&(2..9_000).map(cells).collect::<String>());
    many.add("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", "长".repeat(20_000)));
    assert_eq!(reason(many.bytes()), "FILE_TOO_LARGE");
}

#[test]
fn hostile_xml_is_refused() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let mut zip = changes(ROW);
    zip.replace("xl/worksheets/sheet1.xml", |xml| format!("{laughs}{xml}"));
    assert_eq!(reason(zip.bytes()), "BROKEN_WORKBOOK");
    for (bad, said) in [
        (ROW.replace("注销", "&b;"), "BROKEN_WORKBOOK"),
        ("<a>".repeat(1_000_000), "BROKEN_WORKBOOK"),
        (ROW.replace("</row>", ""), "BROKEN_WORKBOOK"),
        (ROW.replace("t=\"str\"><v>注销", "t=\"s\"><v>9"), "BROKEN_WORKBOOK"),
        (ROW.replace("t=\"str\"><v>注销", "t=\"s\"><v>-1"), "BROKEN_WORKBOOK"),
        (format!("{ROW}{ROW}"), "BROKEN_WORKBOOK"),
        (ROW.replace("r=\"2\"", "r=\"99999999999\""), "BROKEN_WORKBOOK"),
        (ROW.replace("r=\"B2\"", "r=\"XFE2\""), "BROKEN_WORKBOOK"),
        (ROW.replace("r=\"B2\"", "r=\"A2\""), "BROKEN_WORKBOOK"),
        (ROW.replace("<c r=\"B2\"", &format!("<c {}", "x=\"\" ".repeat(400_000))), "FILE_TOO_LARGE"),
        (ROW.replace("注销", &"名".repeat(1 << 20)), "FILE_TOO_LARGE"),
    ] {
        assert_eq!(reason(changes(&bad).bytes()), said, "{}", bad.chars().take(200).collect::<String>());
    }
}

#[test]
fn long_cells_and_rows_cost_their_row_only() {
    let long = ROW.replace("注销", &"名".repeat(100_000));
    let next = ROW.replace("\"2\"", "\"3\"").replace("A2", "A3").replace("B2", "B3").replace("C2", "C3");
    let wide = next.replace("</row>", "<c r=\"ZZ3\"><v>1</v></c></row>");
    let last = ROW.replace("\"2\"", "\"4\"").replace("A2", "A4").replace("B2", "B4").replace("C2", "C4");
    let found = rows(changes(&format!("{long}{wide}{last}")).bytes());
    let expected = [(2, Some(Reason::MalformedName)), (3, Some(Reason::MalformedName)), (4, None)];
    assert_eq!(found.iter().map(outcome).collect::<Vec<_>>(), expected);
    // What was cut says so, where it is handed back.
    assert!(found[0].cells[1].starts_with("#?名") && found[0].cells[1].ends_with("名…"));
    assert_eq!(found[1].cells.last().unwrap(), "#?…");
}

#[test]
fn a_million_rows_of_empty_borders_are_passed_over() {
    let blank: String = (3..=1_000_000).map(|row| format!("<row r=\"{row}\"><c s=\"1\"/><c s=\"1\"/></row>")).collect();
    let found = rows(changes(&format!("{ROW}{blank}")).bytes());
    assert_eq!(found.iter().map(outcome).collect::<Vec<_>>(), [(2, None)]);
}

#[test]
fn characters_are_what_they_stand_for() {
    let name = "<c r=\"A2\" t=\"inlineStr\"><is><r><t>甲&amp;</t></r><r><t>&#x4E59;<![CDATA[<丙>]]></t></r>\
                <rPh sb=\"0\" eb=\"1\"><t>jia</t></rPh></is></c>";
    let headings = zip::texts(&["企业名称", "统一社会信用代码", "注册日期", "技术领域"]);
    let rest = format!(
        "<c r=\"B2\" t=\"str\"><v>{CODE}</v></c><c r=\"C2\" t=\"d\"><v>2024-03-05T00:00:00</v></c>\
         <c r=\"D2\" t=\"str\"><v>a_x000A_b</v></c>"
    );
    let sheet = |rest: &str| sheet_of(&format!("<row r=\"1\">{headings}</row><row r=\"2\">{name}{rest}</row>"));
    assert_eq!(outcome(&rows(book(&sheet(&rest)).bytes())[0]).1, Some(Reason::MalformedName));
    let found = rows(book(&sheet(&rest.replace("_x000A_", "_x005F_x"))).bytes());
    let Ok(Row::Firm(firm)) = &found[0].row else { panic!("{found:?}") };
    assert_eq!((firm.name.as_str(), firm.field.as_str()), ("甲&乙<丙>", "a_xb"));
    assert_eq!(firm.registered.to_string(), "2024-03-05");
}
