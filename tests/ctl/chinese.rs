//! What people are told under `--lang zh`: every sentence Chinese to its last detail, made from the parts of a refusal, in
//! the words that head the ledgers; and lines that can't be followed.

use crate::common::ctl::{Run, Server, demo, district, told};
use incubator_registry::ctl::Exit;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;

const FIRM: &str = "91440203MA20WQ9M3C";

/// Words of three letters and more that are neither data nor a name which is the same in both languages.
fn english_words(text: &str) -> Vec<String> {
    let known = ["incubatorctl", "xlsx", "csv", "json", "UUID", "help", "lang"];
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    let is_word = |word: &&str| word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase());
    words.filter(is_word).filter(|word| !known.contains(word)).map(str::to_owned).collect()
}

async fn refused(at: SocketAddr, args: &[&str]) -> String {
    let done = told(at, "zh", args).await;
    assert_ne!(done.exit, Exit::Clean, "{}", done.out);
    done.err
}

async fn import(at: SocketAddr, lang: &str, dir: &Path, more: &[&str]) -> Run {
    told(at, lang, &[&["import", dir.to_str().unwrap()], more].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_the_sample_ledgers_has_no_english() {
    let server = Server::empty().await;
    let corrected = tempfile::tempdir().unwrap();
    let done = told(
        server.address,
        "zh",
        &["import", &demo(), "-o", "csv", "--corrected", corrected.path().to_str().unwrap()],
    )
    .await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err);
    let mut sentences = 0;
    for record in csv::Reader::from_reader(done.out.as_bytes()).records().map(Result::unwrap) {
        assert_eq!(english_words(&record[4]), Vec::<String>::new(), "{}", &record[4]);
        sentences += 1;
    }
    assert!(sentences > 10, "{}", done.out);
    assert!(done.out.contains("已登记的位置："), "{}", done.out);
    for file in std::fs::read_dir(corrected.path()).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let mut rows =
            csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let at = rows.headers().unwrap().iter().position(|heading| heading == "说明").unwrap();
        for row in rows.records().map(Result::unwrap) {
            assert_eq!(english_words(&row[at]), Vec::<String>::new(), "{}", &row[at]);
        }
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_command_is_told_in_chinese_by_the_names_of_the_ledgers() {
    let (server, _) = district().await;
    let at = server.address;
    let admit = |firm, incubator, date| ["firm", "admit", firm, "--incubator", incubator, "--date", date];
    let said = refused(at, &admit(FIRM, "不存在", "2026-03-01")).await;
    assert!(said.contains("载体编号对应的载体未登记 [UNKNOWN_INCUBATOR]（载体：不存在）"), "{said}");
    let said = refused(at, &admit(FIRM, "WJ06", "2999-03-01")).await;
    assert!(
        said.contains("[DATE_IN_FUTURE]（日期：2999-03-01；今天：")
            && english_words(said.lines().next().unwrap()).is_empty(),
        "{said}"
    );
    let said = refused(at, &admit("x", "WJ06", "2026-03-01")).await;
    assert!(said.contains("[MALFORMED_CODE]") && !said.contains("18 characters"), "{said}");
    let fund = ["fund", "establish", "WJ06", "--date", "2026-01-01", "--size"];
    for size in ["0", "-5"] {
        let said = refused(at, &[&fund[..], &[size]].concat()).await;
        assert!(said.contains("数值超出允许范围 [OUT_OF_RANGE]（规模(元)："), "{said}");
    }
    let tax = ["tax", "record", "V-9", "--tax", "CIT", "--taxpayer", FIRM, "--amount", "1", "--date", "2026-03-01"];
    let period = ["--period-start", "2026-02-01", "--period-end", "2026-01-31"];
    let said = refused(at, &[&tax[..], &period].concat()).await;
    assert!(said.contains("日期先后顺序不符 [DATES_OUT_OF_ORDER]（税款所属期止"), "{said}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sheet_that_is_a_ledger_is_imported_and_any_other_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let mut sheet = |name: &str, rows: &[&[&str]]| {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (at, row) in (0..).zip(rows) {
            (0..).zip(*row).for_each(|(column, cell)| {
                sheet.write_string(at, column, *cell).unwrap();
            });
        }
    };
    sheet("填表说明", &[&["请逐行填写"]]);
    sheet("变更", &[&["统一社会信用代码", "变更类型", "变更日期"], &["91440203MATD0JEA4J", "注销", "2024-09-01"]]);
    let firms = ["企业名称", "统一社会信用代码", "注册日期", "技术领域"];
    sheet(
        "企业",
        &[&firms, &["甲", "91440203MATD0JEA4J", "2024-03-05", "新材料"], &["乙", "x", "2024-03-05", "新材料"]],
    );
    book.save(dir.path().join("台账.xlsx")).unwrap();
    let server = Server::empty().await;
    let corrected = dir.path().join("改正");
    let done =
        import(server.address, "zh", dir.path(), &["--report", "-", "--corrected", corrected.to_str().unwrap()]).await;
    assert_eq!(done.exit, Exit::Rejected, "{}", done.err);
    let report: Value = serde_json::from_str(&done.out).unwrap();
    // Across sheets, too, in the order of an import: the firm before what became of it.
    assert_eq!((&report["台账.xlsx#企业"]["accepted"], &report["台账.xlsx"]["accepted"]), (&1.into(), &1.into()));
    assert_eq!(report["台账.xlsx#企业"]["rejected"], serde_json::json!([[3, "MALFORMED_CODE"]]));
    assert_eq!(report["台账.xlsx#填表说明"]["passed_over"]["reason"], "NO_HEADINGS");
    assert!(done.err.contains("非台账"), "{}", done.err);
    assert!(corrected.join("台账#企业.xlsx").exists());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_that_never_closes_leaves_its_file_unfinished() {
    let dir = tempfile::tempdir().unwrap();
    let firms = "企业名称,统一社会信用代码,注册日期,技术领域\n甲,91440203MATD0JEA4J,2024-03-05,新材料\n\"乙,x\n丙,y\n";
    std::fs::write(dir.path().join("企业.csv"), firms).unwrap();
    std::fs::write(dir.path().join("变更.csv"), "统一社会信用代码,变更类型,变更日期\n").unwrap();
    let server = Server::empty().await;
    let done = import(server.address, "zh", dir.path(), &["--report", "-"]).await;
    assert_eq!(done.exit, Exit::Trouble);
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&report["企业.csv"]["accepted"], &report["企业.csv"]["error"]["reason"]),
        (&1.into(), &"OPEN_QUOTE".into())
    );
    // What was not read behind it is not passed over in silence.
    assert_eq!(report["变更.csv"]["error"]["reason"], "BROKEN_OFF");
    assert!(done.err.contains("未完成") && done.err.contains("第3行的引号没有闭合"), "{}", done.err);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_can_t_be_followed_is_told_in_chinese() {
    let nowhere: SocketAddr = "127.0.0.1:1".parse().unwrap();
    for (args, said) in [
        (&["metrics", "--nonsense"][..], "不认识的参数“--nonsense”"),
        (&["nonsense"], "不认识的命令“nonsense”"),
        (&["metrics"], "缺少必需的参数：--as-of <DATE>"),
        (&["metrics", "--as-of"], "缺少取值"),
        (&["metrics", "--as-of", "2024-02-30"], "“2024-02-30”不是参数“--as-of <DATE>”的有效值：日期写作 2024-03-05"),
        (&["metrics", "--as-of", "2024-02-01", "-o", "xml"], "可用：table、json、csv"),
        (&["limits", "set", "--date", "2026-01-01"], "缺少必需的参数：<--admission-age"),
    ] {
        let done = told(nowhere, "zh", args).await;
        assert_eq!(done.exit, Exit::Usage, "{args:?} {}", done.err);
        assert!(done.err.contains(said) && done.err.contains("--help"), "{args:?} {}", done.err);
    }
    let english = told(nowhere, "en", &["limits", "set", "--date", "2026-01-01"]).await;
    assert_eq!(english.exit, Exit::Usage);
    assert!(english.err.contains("required arguments were not provided"), "{}", english.err);
    let help = told(nowhere, "zh", &["loan", "--help"]).await;
    assert_eq!(help.exit, Exit::Clean);
    assert!(
        help.out.contains("用法：") && help.out.contains("命令:") && help.out.contains("登记利息支付"),
        "{}",
        help.out
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_export_is_told_in_chinese() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.log");
    for (bytes, said) in [(&b"nothing of the kind"[..], "第0字节：不是日志导出文件"), (b"INCLOGEX", "文件在中途结束")]
    {
        std::fs::write(&file, bytes).unwrap();
        let data = dir.path().join("data");
        let args = ["log", "import", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let done = told("127.0.0.1:1".parse().unwrap(), "zh", &args).await;
        assert_eq!(done.exit, Exit::Trouble);
        assert!(done.err.contains(said), "{}", done.err);
    }
}

#[test]
fn every_part_of_a_refusal_has_a_name_in_chinese() {
    let mut found = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("services")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for name in code.split(".with(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let known = incubator_registry::formats::report::part_name(name);
                assert!(known.is_some(), "{name} of {}", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 30, "{found}");
}
