//! `incubatorctl orders` and `reconcile`: the conversation of a finance bureau that works with files.

use crate::common::server::Server;
use crate::finance_rig;
use finance_rig::{Bench, account_of};
use incubator_registry::ctl::{self, Exit, output::Io};
use serde_json::Value;
use std::path::Path;

struct Told {
    exit: Exit,
    out: String,
    err: String,
}

async fn told(server: &Server, by: &str, args: &[&str]) -> Told {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let common =
        ["incubatorctl", "--server", &server.address, "--district", "440203", "--principal", by, "--lang", "zh"];
    let mut io = Io { out: &mut out, err: &mut err, watched: false };
    let exit = ctl::run(common.iter().chain(args).copied(), &mut io).await;
    Told { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

async fn json(server: &Server, args: &[&str]) -> (Exit, Value) {
    let done = told(server, "finance-system", &[args, &["-o", "json"]].concat()).await;
    assert!(!done.out.is_empty(), "{}", done.err);
    (done.exit, serde_json::from_str(&done.out).unwrap())
}

/// Fills in the answers of a file that went out.
fn filled(path: &Path, answers: &[&str]) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let mut out: Vec<String> = lines.by_ref().take(2).map(str::to_owned).collect();
    out.extend(lines.zip(answers).map(|(line, answer)| format!("{}{answer}", line.strip_suffix(",,,").unwrap())));
    std::fs::write(path, out.join("\r\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_go_out_and_answers_come_back_as_files() {
    let bench = Bench::new(3).await;
    let server = bench.server().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (exit, issued) = json(&server, &["orders", "issue"]).await;
    assert_eq!((exit, issued.as_array().unwrap().len()), (Exit::Clean, 3));
    assert_eq!(issued[0]["order_no"], "2026-440203000-000001");

    // A cursor that is left where it is delivers the same batch again; one that moved on, nothing.
    let (book, text) = (at("orders.xlsx"), at("orders.csv"));
    let (_, first) = json(&server, &["orders", "export", &book, "--cursor", "文件", "--keep-cursor"]).await;
    let (_, second) = json(&server, &["orders", "export", &text, "--cursor", "文件"]).await;
    assert_eq!((&first["batch"], &first["sha256"]), (&second["batch"], &second["sha256"]));
    assert_eq!((first["count"].as_i64(), first["amount_fen"].as_i64()), (Some(3), Some(21_000)));
    let csv = std::fs::read_to_string(&text).unwrap();
    assert!(csv.contains(&account_of(2)) && csv.starts_with("\u{feff}批次,"), "{csv}");
    let (_, third) = json(&server, &["orders", "export", &at("none.csv"), "--cursor", "文件"]).await;
    assert_eq!(third["count"], 0);
    assert!(!folder.path().join("none.csv").exists());
    let there = told(&server, "finance-system", &["orders", "export", &text, "--cursor", "另一个"]).await;
    assert_eq!(there.exit, Exit::Trouble, "nothing is written over");

    filled(Path::new(&text), &["成功,回单1,2026-11-24,", "成功,回单2,2026-11-25,", "付讫,,,"]);
    let (exit, answered) = json(&server, &["orders", "answers", &text]).await;
    assert_eq!(
        (exit, answered["accepted"].as_i64(), answered["duplicates"].as_i64()),
        (Exit::Rejected, Some(1), Some(0))
    );
    let rejected = answered["rejected"].as_array().unwrap();
    let words: Vec<_> =
        rejected.iter().map(|of| (of["line"].as_i64().unwrap(), of["reason"].as_str().unwrap())).collect();
    assert_eq!(words, [(4, "DATE_IN_FUTURE"), (5, "UNKNOWN_WORD")]);
    let head = server.engine.published().head;
    let (_, again) = json(&server, &["orders", "answers", &text]).await;
    assert_eq!((again["accepted"].as_i64(), again["duplicates"].as_i64()), (Some(0), Some(1)));
    assert_eq!(server.engine.published().head, head, "the same file changes nothing");
    let bent = csv.replacen(&account_of(2), &account_of(9), 1);
    std::fs::write(at("bent.csv"), bent).unwrap();
    let refused = told(&server, "finance-system", &["orders", "answers", &at("bent.csv")]).await;
    assert!(refused.exit == Exit::Trouble && refused.err.contains("DIGEST_DIFFERS"), "{}", refused.err);

    let listed = told(&server, "auditor", &["orders", "list", "--state", "已支付"]).await;
    assert!(listed.out.contains("2026-440203000-000001") && !listed.out.contains("-000002"), "{}", listed.out);
    let shown = told(&server, "auditor", &["orders", "show", "2026-440203000-000001"]).await;
    assert!(shown.out.contains("****0001") && !shown.out.contains(&account_of(1)), "{}", shown.out);
    std::fs::write(
        at("bank.csv"),
        "指令单号,金额(元),支付日期,银行流水号\n2026-440203000-000001,70.01,2026-11-24,回单1\n",
    )
    .unwrap();
    let compared = told(&server, "auditor", &["reconcile", "2026-11-24", "--statement", &at("bank.csv")]).await;
    assert!(compared.out.contains("金额不符") && compared.out.contains("70.01"), "{}{}", compared.out, compared.err);
    let without = told(&server, "auditor", &["reconcile", "2026-11-24"]).await;
    assert!(!without.out.contains("金额不符"), "{}", without.out);
}

/// A statement as a bank's own system saves it: a workbook with a title above its headings, days and amounts as such.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_may_be_a_workbook_and_one_that_can_t_be_read_names_its_line() {
    let bench = Bench::new(1).await;
    let server = bench.server().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    json(&server, &["orders", "issue"]).await;
    let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let save = |name: &str, amount: &str| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "交易明细").unwrap();
        for (column, heading) in (0..).zip(["支付日期", "对方户名", "指令单号", "金额(元)", "银行流水号"])
        {
            sheet.write_string(1, column, heading).unwrap();
        }
        let paid = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 24).unwrap();
        sheet.write_datetime_with_format(2, 0, &paid, &day).unwrap();
        sheet.write_string(2, 2, "2026-440203000-000001").unwrap();
        match amount.parse::<f64>() {
            Ok(number) => sheet.write_number(2, 3, number).unwrap(),
            Err(_) => sheet.write_string(2, 3, amount).unwrap(),
        };
        sheet.write_string(2, 4, "回单1").unwrap();
        book.save(at(name)).unwrap();
    };
    save("bank.xlsx", "70.5");
    let (exit, compared) = json(&server, &["reconcile", "2026-11-24", "--statement", &at("bank.xlsx")]).await;
    assert_eq!(exit, Exit::Clean);
    let kinds: Vec<_> = compared["differences"].as_array().unwrap().iter().map(|of| of["kind"].clone()).collect();
    assert!(kinds.contains(&"NOT_ANSWERED_PAID".into()), "{compared}");
    save("bad.xlsx", "七十元");
    let bad = told(&server, "auditor", &["reconcile", "2026-11-24", "--statement", &at("bad.xlsx")]).await;
    assert!(bad.exit == Exit::Trouble && bad.err.contains("第3行：金额(元)："), "{}", bad.err);
    std::fs::write(at("other.csv"), "指令单号,金额(元)\n1,2\n").unwrap();
    let other = told(&server, "auditor", &["reconcile", "2026-11-24", "--statement", &at("other.csv")]).await;
    assert!(other.exit == Exit::Trouble && other.err.contains("缺少列：支付日期、银行流水号"), "{}", other.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_is_closed_by_one_line_that_may_be_sent_again() {
    let bench = Bench::new(3).await;
    let server = bench.server().await;
    json(&server, &["orders", "issue"]).await;
    let id = "6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34";
    let close = ["orders", "close-year", "2026", "--request-id", id, "-o", "json"];
    let early = told(&server, finance_rig::OTHER, &close).await;
    assert!(early.err.contains("[YEAR_RUNNING]") && early.err.contains(id), "{}", early.err);
    server.clock.advance(std::time::Duration::from_secs(60 * 86_400));
    let done = told(&server, finance_rig::OTHER, &close).await;
    let closed: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(closed["closed_order_nos"].as_array().unwrap().len(), 3, "{closed}");
    assert_eq!((&closed["remaining_count"], &closed["request_id"]), (&0.into(), &id.into()));
    let head = server.engine.published().head;
    let again = told(&server, finance_rig::OTHER, &close).await;
    assert_eq!((again.out, server.engine.published().head), (done.out, head));
}
