//! The sample district: its ledgers read as any file is, and decided one after the other in memory.

use super::world::World;
use incubator_registry::domain::{Decision, Reason};
use incubator_registry::formats::ledger::{LedgerFile, in_import_order, open};

/// The ledgers that metrics rest on.
const CHAIN: [&str; 6] = ["载体台账", "认定记录", "企业台账", "在孵台账", "落户园区", "企业变更"];

/// The ledgers about money and reports.
const MONEY: [&str; 6] = ["企业年报", "贷款台账", "利息支付", "种子基金", "投资担保", "税收入库明细"];

/// The ledgers of the measures beside incubation, with those that they rest on.
const NEIGHBOURS: [&str; 16] = [
    "载体台账",
    "企业台账",
    "企业变更",
    "准入评估",
    "落户园区",
    "种子基金",
    "投资担保",
    "技术转移中介",
    "技术转移合同",
    "服务平台",
    "平台年报",
    "共享仪器",
    "仪器年报",
    "引导基金",
    "引导基金出资",
    "引导基金投资",
];

/// What became of one file.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows that recorded something.
    pub accepted: u64,
    /// Line and word.
    pub duplicate: Vec<(u64, Reason)>,
    /// Line and word.
    pub rejected: Vec<(u64, Reason)>,
}

/// The sample district as metrics see it, with the outcome of every file.
pub fn district() -> (World, Vec<(String, Outcome)>) {
    import(&CHAIN)
}

/// The sample district with all twelve ledgers.
pub fn whole_district() -> (World, Vec<(String, Outcome)>) {
    import(&[CHAIN, MONEY].concat())
}

/// The sample of the measures beside incubation.
pub fn neighbours() -> (World, Vec<(String, Outcome)>) {
    import_from("neighbours", &NEIGHBOURS)
}

fn import(names: &[&str]) -> (World, Vec<(String, Outcome)>) {
    import_from("demo", names)
}

fn import_from(folder: &str, names: &[&str]) -> (World, Vec<(String, Outcome)>) {
    let path = |name: &&str| format!("{}/deploy/{folder}/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<LedgerFile> = names.iter().map(|name| open(path(name)).unwrap()).collect();
    in_import_order(&mut files);
    let mut world = World::new();
    let outcomes = files.iter().map(|file| (file.name().to_owned(), rows(&mut world, file))).collect();
    (world, outcomes)
}

fn rows(world: &mut World, file: &LedgerFile) -> Outcome {
    let mut outcome = Outcome::default();
    for row in file.sorted_rows().unwrap() {
        let row = row.unwrap();
        match row.row.and_then(|stated| stated.command()).and_then(|command| world.run(&command)) {
            Ok(Decision::Record { .. }) => outcome.accepted += 1,
            Ok(Decision::Same { reason, .. }) => outcome.duplicate.push((row.line, reason)),
            Err(refusal) => outcome.rejected.push((row.line, refusal.reason)),
        }
    }
    outcome.duplicate.sort();
    outcome.rejected.sort();
    outcome
}
