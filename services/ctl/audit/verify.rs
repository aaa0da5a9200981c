//! `audit verify`: an export against checkpoints, offline.

use super::args::VerifyArgs;
use super::{files, refuted};
use crate::ctl::lang::Lang;
use crate::ctl::log_place::{export_fault_zh, failed, not_whole};
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::journal::auditor::{Audited, Auditor, Verdict};
use crate::journal::export::{Decoder, ExportFault, Item, Origin};
use crate::journal::note::{Checkpoint, origin};
use crate::journal::{Hash, Record, access};
use serde_json::json;
use std::fs::File;
use std::io::{Chain, Cursor, Read};
use std::path::Path;

/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1024;

/// Runs it.
pub fn run(args: &VerifyArgs, lang: Lang) -> Result<Report, Trouble> {
    let keys = files::keys(&args.keys.key)?;
    let (of, mut export) = open(&args.export)?;
    let name = if args.access { access::origin } else { origin }(&of.district, &of.log_id);
    let mut checkpoints = Vec::new();
    for path in args.notes.checkpoint.iter().chain(&args.notes.earlier) {
        checkpoints.extend(files::checkpoints(path, &name, &keys)?);
    }
    let mut auditor = begin(&args.export, checkpoints)?;
    if !args.notes.earlier.is_empty() {
        auditor = auditor.of_all_heads();
    }
    let audited = finish(&args.export, &mut export, auditor, &mut |_, _| {})?;
    Ok(report(&name, &audited, !args.notes.earlier.is_empty(), lang))
}

/// An export's bytes, from the first on.
pub type Export = Chain<Cursor<Vec<u8>>, Box<dyn Read>>;

/// Opens an export, and tells which log it says it is of.
pub fn open(path: &Path) -> Result<(Origin, Export), Trouble> {
    let mut reader: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).map_err(failed("无法读取", "can't read", path))?),
    };
    let (mut decoder, mut seen) = (Decoder::new(), Vec::new());
    let mut buffer = [0; crate::journal::export::HEADER_BYTES];
    let name = path.display().to_string();
    loop {
        match decoder.next().map_err(|fault| broken(&name, &Verdict::Broken(fault)))? {
            Some(Item::Origin(origin)) => return Ok((origin, Cursor::new(seen).chain(reader))),
            Some(_) => return Err(not_whole(&name, &ExportFault::Magic)),
            None => {}
        }
        let wanted = buffer.len() - seen.len();
        let read = reader.read(&mut buffer[..wanted]).map_err(failed("无法读取", "can't read", path))?;
        if read == 0 {
            let fault = ExportFault::Truncated { offset: seen.len() as u64, position: 0 };
            return Err(broken(&name, &Verdict::Broken(fault)));
        }
        seen.extend_from_slice(&buffer[..read]);
        decoder.push(&buffer[..read]);
    }
}

/// Audits an export whole, and hands every record on.
pub fn audit(
    path: &Path,
    export: &mut Export,
    checkpoints: Vec<Checkpoint>,
    each: &mut dyn FnMut(&Record, Hash),
) -> Result<Audited, Trouble> {
    finish(path, export, begin(path, checkpoints)?, each)
}

fn begin(path: &Path, checkpoints: Vec<Checkpoint>) -> Result<Auditor, Trouble> {
    Auditor::new(checkpoints).map_err(|verdict| broken(&path.display().to_string(), &verdict))
}

fn finish(
    path: &Path,
    export: &mut Export,
    mut auditor: Auditor,
    each: &mut dyn FnMut(&Record, Hash),
) -> Result<Audited, Trouble> {
    let name = path.display().to_string();
    let wrap = |verdict: Verdict| broken(&name, &verdict);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = export.read(&mut buffer).map_err(failed("无法读取", "can't read", path))?;
        if read == 0 {
            return auditor.finish().map_err(wrap);
        }
        auditor.push(&buffer[..read], each).map_err(wrap)?;
    }
}

/// What was found; `all`: whether all heads were to be made anew.
fn report(origin: &str, audited: &Audited, all: bool, lang: Lang) -> Report {
    let head = audited.summary.head;
    let heads = audited.heads.map(
        |(position, until, count)| json!({"recorded_position": position, "true_to_position": until, "entities": count}),
    );
    let json = json!({
        "holds": true,
        "origin": origin,
        "position": head.position,
        "hash": hex::encode(head.hash),
        "root": hex::encode(audited.root),
        "checkpoints_met": audited.met.len(),
        "signed_to_position": audited.met.last(),
        "unsigned_records": audited.unsigned,
        "heads": heads,
        "heads_checked": audited.heads_checked,
        "heads_unchecked": audited.heads_unchecked,
    });
    let mut notes = Vec::new();
    if audited.unsigned > 0 {
        let last = audited.met.last().copied().unwrap_or(0);
        notes.push(lang.pick(
            format!("位置{last}之后的{}条记录前后相接，但没有检查点为其签名", audited.unsigned),
            format!(
                "the {} records behind position {last} hold in themselves; no checkpoint given covers them",
                audited.unsigned
            ),
        ));
    }
    if all && audited.heads_unchecked > 0 {
        notes.push(lang.pick(
            format!("{}处末尾登记未能重算：不得凭其证明某主体有无记录", audited.heads_unchecked),
            format!(
                "{} recorded heads could not be made anew: nothing is proved by them of any entity",
                audited.heads_unchecked
            ),
        ));
    }
    let mut report = Report::of(json, lang);
    report.note = Some(notes.join("\n")).filter(|note| !note.is_empty());
    report
}

fn broken(name: &str, verdict: &Verdict) -> Trouble {
    let zh = match verdict {
        Verdict::Broken(fault) => format!("导出本身不成立：{}", export_fault_zh(fault)),
        Verdict::Subjects(fault) => format!("导出本身不成立：位置{}的记录与其对象的前一条不相接", fault.position()),
        Verdict::RolledBack { ends, covers } => {
            format!("日志被退回：它止于位置{ends}，而检查点覆盖到位置{covers}")
        }
        Verdict::OtherHistory { holds_to, covers } => {
            format!("历史不同：位置{}至{covers}之间有内容与检查点签名时不同", holds_to + 1)
        }
        Verdict::TwoHistories { covers } => format!("两种历史：覆盖{covers}条记录的两个检查点根哈希不同，且都已签名"),
        Verdict::Heads { position, until } => {
            format!("位置{position}登记的各对象末尾与位置{until}为止的记录不符")
        }
        Verdict::UnreadHeads { position, .. } => format!("位置{position}登记的各对象末尾无法读取"),
    };
    refuted(format!("{name}：{zh}"), format!("{name}: {verdict}"))
}
