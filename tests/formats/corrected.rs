//! Proves that refused rows come back in a file that can be mended and imported as it is, in either format, with every cell
//! as it was, and with nothing in it that a spreadsheet program would run.

use incubator_registry::domain::Reason;
use incubator_registry::domain::rows::Row;
use incubator_registry::formats::Lang;
use incubator_registry::formats::corrected::Writer;
use incubator_registry::formats::ledger::{Format, LedgerFile, LedgerRow, Source};
use incubator_registry::formats::report::Detail;
use rust_xlsxwriter::Workbook;
use std::io::{Cursor, Read};

const HEADINGS: [&str; 5] = ["序号", "企业名称", "统一社会信用代码", "注册日期", "技术领域"];
const ROWS: [[&str; 5]; 5] = [
    ["1", "甲", "91440203MATD0JEA4J", "2024-03-05", "新材料"],
    ["2", "=HYPERLINK(\"http://x\")", "x", "2024-03-05", "新材料"],
    ["3", "'='乙,\"丙\"", "91440203MATD0JEA4J", "2024-13-05", "-1+1"],
    ["4", "丁_x0041_", "", "@x", "+86"],
    ["5", "戊\n己", "91440203MATD0JEA4J", "2024-03-05", "''-"],
];

fn file(bytes: Vec<u8>) -> LedgerFile {
    LedgerFile::new("x", Source::Bytes(bytes.into())).unwrap()
}

fn as_csv() -> LedgerFile {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(HEADINGS).unwrap();
    ROWS.iter().for_each(|row| csv.write_record(row).unwrap());
    file(csv.into_inner().unwrap())
}

fn as_xlsx() -> LedgerFile {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in (0..).zip(std::iter::once(HEADINGS).chain(ROWS)) {
        for (column, cell) in (0..).zip(row) {
            sheet.write_string(at, column, cell).unwrap();
        }
    }
    file(book.save_to_buffer().unwrap())
}

fn rows(file: &LedgerFile) -> Vec<LedgerRow> {
    file.rows().unwrap().map(Result::unwrap).collect()
}

fn refused(file: &LedgerFile, lang: Lang) -> Vec<u8> {
    let mut writer = Writer::new(file, Cursor::new(Vec::new()), lang).unwrap();
    for row in rows(file) {
        if let Err(refusal) = &row.row {
            writer.refused(row.line, &row.cells, refusal.reason, &Detail::of(refusal)).unwrap();
        }
    }
    assert_eq!(writer.rows(), 4);
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_corrected_file_is_read_again_and_says_why() {
    for original in [as_csv(), as_xlsx()] {
        let before = rows(&original);
        let corrected = file(refused(&original, Lang::Zh));
        assert_eq!((corrected.kind(), corrected.format()), (original.kind(), original.format()));
        assert_eq!(corrected.headings(), [HEADINGS.as_slice(), &["行号", "原因", "说明"]].concat());
        let after = rows(&corrected);
        assert_eq!(after.len(), 4);
        for (after, before) in after.iter().zip(before.iter().filter(|row| row.row.is_err())) {
            assert_eq!(after.row, before.row);
            assert_eq!(after.cells[..5], before.cells[..]);
            let reason = before.row.as_ref().unwrap_err().reason;
            assert_eq!(after.cells[5..7], [before.line.to_string(), reason.word().to_owned()]);
            assert!(after.cells[7].contains('（'), "{}", after.cells[7]);
        }
        // Corrected once more: the three columns are those of this time.
        let again = file(refused(&corrected, Lang::En));
        assert_eq!(again.headings(), corrected.headings());
        assert_eq!(rows(&again)[0].cells[5], "2");
        assert_eq!(rows(&again)[3].row, before[4].row);
    }
}

#[test]
fn a_csv_has_its_mark_and_no_formula() {
    let bytes = refused(&as_csv(), Lang::Zh);
    assert!(bytes.starts_with("\u{feff}序号,".as_bytes()));
    assert_eq!(as_csv().format(), file(bytes.clone()).format());
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    for cell in csv.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

#[test]
fn a_workbook_has_texts_only() {
    let bytes = refused(&as_xlsx(), Lang::Zh);
    assert_eq!(file(bytes.clone()).format(), Format::Xlsx);
    // The sheet's part, unpacked by its local header.
    let name = b"xl/worksheets/sheet1.xml";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    let mut sheet = String::new();
    let extra = usize::from(bytes[at - 2]) + 256 * usize::from(bytes[at - 1]);
    let packed = &bytes[at + name.len() + extra..];
    flate2::read::DeflateDecoder::new(packed).read_to_string(&mut sheet).unwrap();
    assert!(sheet.contains("HYPERLINK") && !sheet.contains("<f>") && !sheet.contains("<v>1</v>"), "{sheet}");
}

#[test]
fn a_mended_row_is_accepted_and_a_number_keeps_its_sign() {
    let headings = "统一社会信用代码,税种,入库日期,金额(元),税款性质,凭证号,备注";
    let bad = file(format!("{headings}\n91440203MATD0JEA4J,车船税,2024-03-05,\"-1,234.50\",退税,V1,-无\n").into());
    let mut writer = Writer::new(&bad, Vec::new(), Lang::Zh).unwrap();
    let row = &rows(&bad)[0];
    writer.refused(row.line, &row.cells, Reason::UnknownTax, &Detail::default()).unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert!(text.contains(",\"-1,234.50\",") && text.contains(",'-无,2,UNKNOWN_TAX,税种不存在"), "{text}");
    let mended = file(text.replace("车船税", "增值税").into());
    let Ok(Row::TaxReceipt(receipt)) = &rows(&mended)[0].row else { panic!("{:?}", rows(&mended)) };
    assert_eq!(receipt.receipt.amount, -123_450);
}

#[test]
fn cells_beyond_the_headings_stand_behind_the_three_columns() {
    let bad = file("载体编号,设立日期,规模(元)\nW1,2024-03-05,5,多,余\n".into());
    let mut writer = Writer::new(&bad, Vec::new(), Lang::En).unwrap();
    let row = &rows(&bad)[0];
    writer.refused(row.line, &row.cells, Reason::UnknownWord, &Detail::default()).unwrap();
    let corrected = file(writer.finish().unwrap());
    let back = &rows(&corrected)[0];
    assert_eq!(back.cells[6..], ["多", "余"]);
    assert!(back.row.is_err());
}

#[test]
fn a_cell_that_is_too_long_bears_its_columns_word_and_comes_back_marked_as_cut() {
    let headings = "载体编号,设立日期,规模(元)";
    let bad = file(
        format!("{headings}\nW1,2024-03-05,{}\n{},2024-03-05,5\n", "1".repeat(70_000), "长".repeat(30_000)).into(),
    );
    let found = rows(&bad);
    let reasons: Vec<_> = found.iter().map(|row| row.row.as_ref().unwrap_err().reason).collect();
    assert_eq!(reasons, [Reason::MalformedAmount, Reason::MalformedName]);
    let mut writer = Writer::new(&bad, Vec::new(), Lang::Zh).unwrap();
    for row in &found {
        let refusal = row.row.as_ref().unwrap_err();
        writer.refused(row.line, &row.cells, refusal.reason, &Detail::of(refusal)).unwrap();
    }
    let corrected = file(writer.finish().unwrap());
    for (row, column) in rows(&corrected).iter().zip([2, 0]) {
        assert!(row.cells[column].starts_with("#?") && row.cells[column].ends_with('…'));
        assert!(row.cells[5].contains("只保留了开头"), "{}", row.cells[5]);
        assert!(row.row.is_err(), "what was cut is no value");
    }
}

#[test]
fn a_sentence_in_chinese_names_the_column_the_value_and_what_is_wrong() {
    let bytes = refused(&as_csv(), Lang::Zh);
    let text = String::from_utf8(bytes).unwrap();
    for sentence in [
        "统一社会信用代码不是18位有效字符（统一社会信用代码“x”不是GB 32100规定的18位代码）",
        "日期无法识别或不存在（注册日期“2024-13-05”不是有效日期",
        "统一社会信用代码必填",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
}
