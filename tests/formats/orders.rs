//! Files of orders out and answers in: what was ordered can't be changed, what is answered is read line by line.

use encoding_rs::GB18030;
use incubator_registry::domain::{Day, Reason};
use incubator_registry::formats::Lang;
use incubator_registry::formats::ledger::Source;
use incubator_registry::formats::orders::{AnswerFile, BadFile, Format, OrderLine, Told, read, write};

const BATCH: &str = "440203-17";

fn order(number: u32, amount_fen: i64) -> OrderLine {
    OrderLine {
        order_no: format!("2026-440203000-{number:06}"),
        fiscal_year: 2026,
        payer_code: "440203000".into(),
        payer_name: "武江区财政局".into(),
        programme: "孵化扶持".into(),
        function_code: "2060502".into(),
        government_code: "50701".into(),
        department_code: "31204".into(),
        payee_code: "91440203MA00000018".into(),
        payee_name: "运营𬭩, \"一\"公司".into(), // A name with a character, a comma and quotes that not every file can hold.
        account: "0062284800112233001".into(),
        bank_name: "中国农业银行韶关武江支行".into(),
        bank_no: "103100000026".into(),
        amount_fen,
        purpose: "=2024年税收返还".into(),
    }
}

fn orders() -> Vec<OrderLine> {
    vec![order(1, 700_001), order(2, 5), order(3, 100_000_000), order(4, 100)]
}

fn written(format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let control = write(format, BATCH, &orders(), &mut bytes).unwrap();
    assert_eq!((control.batch.as_str(), control.count, control.sum_fen), (BATCH, 4, 100_700_106));
    bytes
}

fn csv() -> String {
    String::from_utf8(written(Format::Csv)).unwrap()
}

/// The file with the answers of its lines behind the orders.
fn answered(text: &str, answers: &[&str]) -> String {
    let mut lines = text.lines();
    let mut out: Vec<String> = lines.by_ref().take(2).map(str::to_owned).collect();
    let filled = lines.zip(answers).map(|(line, answer)| format!("{}{answer}", line.strip_suffix(",,,").unwrap()));
    out.extend(filled);
    out.join("\r\n")
}

fn came_back(text: impl Into<Vec<u8>>) -> Result<AnswerFile, BadFile> {
    read(&Source::Bytes(text.into().into()))
}

const ANSWERS: [&str; 4] = ["成功,回单1,2026-11-24,", "退票,,2026/11/25,账号不存在", "失败,,,要素不全", ",,,"];

#[test]
fn answers_come_back_in_the_file_that_went_out() {
    let text = answered(&csv(), &ANSWERS);
    let file = came_back(text.clone()).unwrap();
    let day = |day| Day::from_ymd(2026, 11, day).unwrap();
    let told: Vec<_> = file.rows.iter().map(|row| row.answer.clone().unwrap()).collect();
    let expected = [
        Some(Told::Paid { reference: "回单1".into(), day: day(24) }),
        Some(Told::Returned { reason: "账号不存在".into(), day: day(25) }),
        Some(Told::Rejected { reason: "要素不全".into() }),
        None,
    ];
    assert_eq!(told, expected);
    assert_eq!((file.rows[0].order_no.as_str(), file.rows[0].amount_fen), ("2026-440203000-000001", 700_001));
    assert_eq!(file.rows[2].line, 5);
    // Saved in the other encoding, it says the same.
    let gb = GB18030.encode(text.trim_start_matches('\u{feff}')).0.into_owned();
    assert_eq!(came_back(gb).unwrap(), file);
    assert!(came_back(written(Format::CsvGb18030)).unwrap().rows.iter().all(|row| row.answer == Ok(None)));
}

#[test]
fn a_workbook_keeps_every_digit_and_says_the_same() {
    let file = came_back(written(Format::Xlsx)).unwrap();
    assert_eq!(file.control, came_back(csv()).unwrap().control);
    assert_eq!(file.rows.len(), 4);
}

#[test]
fn a_bad_line_is_told_and_the_others_are_kept() {
    let answers = ["付讫,回单1,2026-11-24,", "成功,,2026-13-01,", "退票,,2026-11-25,", "成功,回单4,2026-11-24,"];
    let file = came_back(answered(&csv(), &answers)).unwrap();
    let faults: Vec<Vec<(Reason, &str)>> = file
        .rows
        .iter()
        .map(|row| match &row.answer {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|fault| (fault.reason, fault.field.as_str())).collect(),
        })
        .collect();
    let expected = [
        vec![(Reason::UnknownWord, "状态")],
        vec![(Reason::MissingValue, "银行流水号"), (Reason::MalformedDate, "支付日期")],
        vec![(Reason::MissingValue, "原因")],
        vec![],
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_file_that_is_not_whole_is_refused_whole() {
    let text = answered(&csv(), &ANSWERS);
    let without_last: Vec<&str> = text.lines().take(5).collect();
    let twice = format!("{text}\r\n{}", text.lines().nth(2).unwrap());
    let cases = [
        ("LINE_COUNT_DIFFERS", without_last.join("\n")),
        ("ORDER_TWICE", twice),
        ("CONTROL_SUM_DIFFERS", text.replacen(",7000.01,", ",7000.10,", 1)),
        ("CONTROL_SUM_DIFFERS", text.replacen(",7000.01,", ",七千,", 1)),
        ("BATCH_DIFFERS", text.replacen("\n440203-17,1,", "\n440203-18,1,", 1)),
        ("DIGEST_DIFFERS", text.replacen("0062284800112233001", "62284800112233001", 1)),
        ("DIGEST_DIFFERS", text.replacen("103100000026", "102100099996", 1)),
        ("CONTROL_LINE", text.lines().skip(1).collect::<Vec<_>>().join("\n")),
        ("CONTROL_LINE", text.replacen("SHA-256,", "SHA-256,x", 1)),
        ("MISSING_HEADINGS", text.replacen("银行流水号", "流水", 1)),
        ("EMPTY_FILE", "\n\n".to_owned()),
    ];
    for (word, text) in cases {
        let bad = came_back(text).unwrap_err();
        assert_eq!(bad.word(), word, "{bad:?}");
        assert!(!bad.message(Lang::Zh).is_empty() && !bad.message(Lang::En).is_empty());
    }
}
