//! Which files an import is of: folders opened, the same file taken once, each recognised before anything is sent, and
//! named so that no two share a name in the report.

use crate::ctl::lang::Say;
use crate::ctl::trouble::Trouble;
use crate::formats::ledger::{self, FileError, LedgerFile, Opened};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the paths hold.
#[derive(Debug, Default)]
pub struct Found {
    /// Ledgers, in the order of their import.
    pub ledgers: Vec<LedgerFile>,
    /// What reports call each of them.
    pub names: Vec<String>,
    /// Files that can't be read.
    pub faults: Vec<(String, FileError)>,
    /// Sheets beside ledgers that are none themselves.
    pub others: Vec<(String, FileError)>,
}

/// Opens everything that the paths name.
pub fn find(paths: &[PathBuf]) -> Result<Found, Trouble> {
    let files = list(paths)?;
    let names = names(&files);
    let mut found = Found::default();
    let mut ledgers = Vec::new();
    for (path, name) in files.into_iter().zip(names) {
        match ledger::open_all(&path) {
            Ok(Opened { ledgers: inside, others }) => {
                ledgers.extend(inside.into_iter().map(|ledger| {
                    let name = ledger.further_sheet().map_or(name.clone(), |sheet| of_sheet(&name, sheet));
                    (ledger, name)
                }));
                found.others.extend(others.into_iter().map(|(sheet, fault)| (of_sheet(&name, &sheet), fault)));
            }
            Err(fault) => found.faults.push((name, fault)),
        }
    }
    // Stable: files of one ledger stay in the order in which they were given.
    ledgers.sort_by_key(|(ledger, _)| ledger.kind());
    for (ledger, name) in ledgers {
        found.ledgers.push(ledger);
        found.names.push(name);
    }
    Ok(found)
}

/// Every file once, folders opened.
fn list(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let inside = if path.is_dir() { folder(path)? } else { vec![path.clone()] };
        for file in inside {
            let real = file.canonicalize().map_err(|fault| unreadable(&file, &fault))?;
            if seen.insert(real) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The ledgers of a folder by name, folders within it left alone.
fn folder(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|fault| unreadable(path, &fault))?;
    let mut files: Vec<_> = entries.iter().map(std::fs::DirEntry::path).filter(|file| is_ledger(file)).collect();
    files.sort();
    if files.is_empty() {
        let place = path.display();
        return Err(Trouble::Said(Say::new(
            format!("目录 {place} 中没有台账文件（.csv、.xlsx）"),
            format!("the folder {place} holds no ledgers (.csv, .xlsx)"),
        )));
    }
    Ok(files)
}

fn is_ledger(file: &Path) -> bool {
    // Excel leaves `~$name.xlsx` beside a workbook that is open.
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = file.extension().map(|kind| kind.to_string_lossy().to_lowercase()).unwrap_or_default();
    file.is_file() && !name.starts_with(['.', '~']) && matches!(kind.as_str(), "csv" | "xlsx" | "xls")
}

fn unreadable(path: &Path, fault: &std::io::Error) -> Trouble {
    let place = path.display();
    Trouble::Said(Say::new(format!("{place} 无法读取：{fault}"), format!("can't read {place}: {fault}")))
}

/// What each file is called: its own name, or its path where another file has the same name.
fn names(files: &[PathBuf]) -> Vec<String> {
    let base = |file: &PathBuf| file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let mut count = BTreeMap::new();
    for file in files {
        *count.entry(base(file)).or_insert(0) += 1;
    }
    let name = |file: &PathBuf| if count[&base(file)] > 1 { file.display().to_string() } else { base(file) };
    files.iter().map(name).collect()
}

/// What a sheet is called in a report. The first ledger of a workbook has the name of the file alone.
fn of_sheet(file: &str, sheet: &str) -> String {
    format!("{file}#{sheet}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::lang::Lang;
    use crate::formats::ledger::Ledger;

    const FIRMS: &str = "企业名称,统一社会信用代码,注册日期,技术领域\n";
    const CHANGES: &str = "统一社会信用代码,变更类型,变更日期\n";
    const FUNDS: &str = "载体编号,设立日期,规模(万元)\n";

    #[test]
    fn folders_are_opened_and_files_named_apart() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let june = put("6月/企业台账.csv", FIRMS);
        let july = put("7月/企业台账.csv", FIRMS);
        put("6月/企业变更.csv", CHANGES);
        put("6月/种子基金.csv", FUNDS);
        put("6月/说明.txt", "x");
        put("6月/~$企业台账.xlsx", "x");
        let found = find(&[dir.path().join("6月"), july.clone(), june.clone()]).unwrap();
        let (june, july) = (june.display().to_string(), july.display().to_string());
        assert_eq!(found.names, [june, july, "企业变更.csv".to_owned(), "种子基金.csv".to_owned()]);
        assert_eq!(found.ledgers[0].kind(), Ledger::Firms);
        assert!(found.faults.is_empty());
    }

    #[test]
    fn a_slip_in_the_headings_is_a_fault_and_so_is_what_no_ledger_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("在孵台账.csv");
        std::fs::write(&path, "载体编号,统一社会信用代码,入孵日\n").unwrap();
        let found = find(&[path]).unwrap();
        assert_eq!((found.ledgers.len(), found.faults.len()), (0, 1));
        let path = dir.path().join("员工.csv");
        std::fs::write(&path, "姓名,年度\n").unwrap();
        assert_eq!(find(&[path]).unwrap().faults[0].0, "员工.csv");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let sentence = find(&[PathBuf::from("没有.csv")]).unwrap_err().sentence(Lang::Zh).unwrap();
        assert!(sentence.contains("没有.csv"), "{sentence}");
    }
}
