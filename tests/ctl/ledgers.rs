//! `incubatorctl import` of all twelve ledgers through the real server: whatever order and format they come in, however
//! they are split, tried first or not, the same rows are refused, and refused rows come back to be mended.

use crate::common::ctl::{Server, demo, expected, run, told};
use incubator_registry::ctl::Exit;
use incubator_registry::formats::ledger::{LedgerFile, open};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The sample ledgers, by name.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(demo()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
    files.sort();
    assert_eq!(files.len(), 12);
    files
}

fn import<'a>(more: &[&'a str], files: &'a [PathBuf]) -> Vec<&'a str> {
    let files = files.iter().map(|path| path.to_str().unwrap());
    ["import"].into_iter().chain(more.iter().copied()).chain(files).collect()
}

fn report(out: &str) -> Value {
    serde_json::from_str(out).unwrap()
}

async fn head(server: &Server) -> Value {
    run(server.address, &["log", "head"]).await.json()["position"].clone()
}

/// The figures of two days, without where they stand.
async fn figures(server: &Server) -> Vec<Value> {
    let mut all = Vec::new();
    for figures in ["metrics", "chain"] {
        for day in ["2023-12-31", "2025-10-31"] {
            let mut told = run(server.address, &[figures, "--as-of", day]).await.json();
            told["position"] = Value::Null;
            all.push(told);
        }
    }
    all
}

/// A workbook with the same rows, and beside it a sheet with the same headings.
fn workbook(file: &LedgerFile, to: &Path) {
    let mut book = Workbook::new();
    let rows = std::iter::once(file.headings().to_vec()).chain(file.rows().unwrap().map(|row| row.unwrap().cells));
    let sheet = book.add_worksheet();
    for (at, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(at, column, cell).unwrap();
        }
    }
    let second = book.add_worksheet().set_name("去年").unwrap();
    for (column, heading) in (0..).zip(file.headings()) {
        second.write_string(0, column, heading).unwrap();
    }
    book.save(to).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_tells_what_the_real_run_then_does() {
    let server = Server::empty().await;
    let before = head(&server).await;
    let dry = run(server.address, &["import", &demo(), "--dry-run"]).await;
    assert_eq!(dry.exit, Exit::Rejected, "{}", dry.err);
    assert!(dry.err.contains("nothing was recorded"), "{}", dry.err);
    assert_eq!(head(&server).await, before);
    let real = run(server.address, &["import", &demo()]).await;
    assert_eq!(report(&dry.out), report(&real.out));
    assert_eq!(report(&real.out), expected()["import_report"]);
    let again = run(server.address, &["import", &demo(), "--dry-run"]).await;
    assert!(report(&again.out).as_object().unwrap().values().all(|file| file["accepted"] == 0), "{}", again.out);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_may_be_given_in_any_order() {
    let mut files = files();
    for turn in [0, 5] {
        files.reverse();
        files.rotate_left(turn);
        let server = Server::empty().await;
        let done = run(server.address, &import(&[], &files)).await;
        assert_eq!(report(&done.out), expected()["import_report"]);
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workbooks_are_imported_like_text() {
    let dir = tempfile::tempdir().unwrap();
    for path in files() {
        let file = open(&path).unwrap();
        workbook(&file, &dir.path().join(format!("{}.xlsx", file.kind().chinese())));
    }
    let server = Server::empty().await;
    let folder = dir.path().display().to_string();
    let done = run(server.address, &["import", &folder]).await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err);
    let told = report(&done.out);
    for (file, wanted) in expected()["import_report"].as_object().unwrap() {
        assert_eq!(&told[file.replace(".csv", ".xlsx")], wanted, "{file}");
    }
    // The other sheet, with headings only, is a ledger of its own.
    let further: Vec<_> = told.as_object().unwrap().iter().filter(|(name, _)| name.ends_with(".xlsx#去年")).collect();
    let nothing = json!({"accepted": 0, "duplicate": [], "rejected": [], "warned": []});
    assert!(further.len() == 12 && further.iter().all(|(_, told)| **told == nothing), "{further:?}");
    // The same facts, whichever format they come in.
    let before = head(&server).await;
    let again = run(server.address, &["import", &demo()]).await;
    assert!(report(&again.out).as_object().unwrap().values().all(|file| file["accepted"] == 0), "{}", again.out);
    assert_eq!(head(&server).await, before);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stays_of_several_files_are_one_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read(PathBuf::from(demo()).join("在孵台账.csv")).unwrap();
    let text = match String::from_utf8(text) {
        Ok(text) => text,
        Err(fault) => encoding_rs::GB18030.decode(fault.as_bytes()).0.into_owned(),
    };
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    let (early, late) = lines[1..].split_at(90);
    let mut given = files();
    given.retain(|path| !path.ends_with("在孵台账.csv"));
    for (name, rows) in [("b/在孵台账.csv", early), ("a/在孵台账.csv", late)] {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, [&lines[..1], rows].concat().join("\n")).unwrap();
        given.insert(0, path);
    }
    let server = Server::empty().await;
    let done = run(server.address, &import(&[], &given)).await;
    let told = report(&done.out);
    let of = |name: &str| told[dir.path().join(name).to_str().unwrap()].clone();
    let (a, b) = (of("a/在孵台账.csv"), of("b/在孵台账.csv"));
    assert_eq!(a["accepted"].as_u64().unwrap() + b["accepted"].as_u64().unwrap(), 181);
    let refused = |file: &Value, by: u64| {
        let rows = file["rejected"].as_array().unwrap().iter().chain(file["duplicate"].as_array().unwrap());
        rows.map(|row| json!([row[0].as_u64().unwrap() + by, row[1]])).collect::<Vec<_>>()
    };
    let mut all = [refused(&b, 0), refused(&a, 90)].concat();
    let mut wanted = refused(&expected()["import_report"]["在孵台账.csv"], 0);
    all.sort_by_key(|row| row[0].as_u64());
    wanted.sort_by_key(|row| row[0].as_u64());
    assert_eq!(all, wanted);
    let one = Server::empty().await;
    run(one.address, &["import", &demo()]).await;
    assert_eq!(figures(&server).await, figures(&one).await);
    server.end().await;
    one.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_rows_come_back_and_are_imported_once_mended() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::empty().await;
    let folder = dir.path().join("corrected");
    let place = folder.display().to_string();
    let done = told(server.address, "zh", &["import", &demo(), "--corrected", &place]).await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err);
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    // Those with refused rows, and no other.
    assert_eq!(names, ["企业台账.csv", "利息支付.csv", "在孵台账.csv", "税收入库明细.csv"]);
    for name in &names {
        let rows = open(folder.join(name)).unwrap().rows().unwrap().count();
        let refused = expected()["import_report"][name]["rejected"].as_array().unwrap().len();
        assert_eq!(rows, refused, "{name}");
        assert!(done.err.contains(&format!("{name}：{refused} 行被拒绝")), "{}", done.err);
    }
    // Nothing that may be mended already is written over.
    let again = run(server.address, &["import", &demo(), "--corrected", &place]).await;
    assert_eq!(again.exit, Exit::Usage, "{}", again.err);
    assert!(again.err.contains("is there already"), "{}", again.err);

    let stays = folder.join("在孵台账.csv");
    let text = std::fs::read_to_string(&stays).unwrap();
    // By the server and by the client: both kinds of refusal are there, with the line and the sentence.
    assert!(text.contains(",162,UNKNOWN_FIRM,统一社会信用代码对应的企业未登记"), "{text}");
    assert!(text.contains(",5,UNKNOWN_WORD,用词不在规定范围内"), "{text}");
    std::fs::write(&stays, text.replace(",搬走,", ",退出,")).unwrap();
    let stays = stays.display().to_string();
    let mended = run(server.address, &["import", &stays]).await;
    let told = &report(&mended.out)["在孵台账.csv"];
    assert_eq!((&told["accepted"], told["rejected"].as_array().unwrap().len()), (&json!(1), 12), "{told}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workbooks_come_back_as_workbooks() {
    let dir = tempfile::tempdir().unwrap();
    let stays = open(PathBuf::from(demo()).join("在孵台账.csv")).unwrap();
    let path = dir.path().join("在孵台账.xlsx");
    workbook(&stays, &path);
    let server = Server::empty().await;
    let (path, folder) = (path.display().to_string(), dir.path().join("back").display().to_string());
    // Tried only: nothing is known of any carrier or firm, so everything is refused.
    let dry = run(server.address, &["import", &path, "--dry-run", "--corrected", &folder]).await;
    assert_eq!(dry.exit, Exit::Rejected, "{}", dry.err);
    let back = open(dir.path().join("back/在孵台账.xlsx")).unwrap();
    let rows = stays.rows().unwrap().count();
    assert_eq!(back.rows().unwrap().count(), rows);
    let mended = run(server.address, &["import", &demo()]).await;
    assert_eq!(mended.exit, Exit::Rejected);
    let again = run(server.address, &["import", &dir.path().join("back/在孵台账.xlsx").display().to_string()]).await;
    let told = &report(&again.out)["在孵台账.xlsx"];
    assert_eq!((&told["accepted"], told["duplicate"].as_array().unwrap().len()), (&json!(0), 182), "{told}");
    server.end().await;
}
