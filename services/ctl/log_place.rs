//! Where exports and offline logs lie, and the sentences about both: what `log export` and `log import` share.

use super::lang::Say;
use super::output::Report;
use super::trouble::Trouble;
use crate::ctl::lang::Lang;
use crate::journal::export::{ExportFault, Summary};
use serde_json::json;
use std::io;
use std::path::Path;

/// A failed step, with its path.
pub fn failed<'a>(zh: &'a str, en: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Trouble + 'a {
    move |fault| {
        let place = path.display();
        Trouble::Said(Say::new(format!("{zh} {place}：{fault}"), format!("{en} {place}: {fault}")))
    }
}

/// What is wrong with an export, by its name.
pub fn not_whole(name: &str, fault: &ExportFault) -> Trouble {
    Trouble::Said(Say::new(format!("{name} 不是完整的日志导出：{fault}"), format!("{name}: {fault}")))
}

/// The answer of both commands.
pub fn report(done: &str, place: (&str, &str), summary: &Summary, lang: Lang) -> Report {
    let head = summary.head;
    let json = json!({
        done: true,
        place.0: place.1,
        "district": summary.origin.district,
        "log_id": hex::encode(summary.origin.log_id),
        "position": head.position,
        "commit": head.commit,
        "hash": hex::encode(head.hash),
        "bytes": summary.bytes,
    });
    Report::of(json, lang)
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    std::fs::File::open(dir)?.sync_all()
}
