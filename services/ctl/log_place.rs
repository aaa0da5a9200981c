//! Where exports and offline logs lie, and the sentences about both: what `log export` and `log import` share.

use super::lang::Say;
use super::output::Report;
use super::trouble::Trouble;
use crate::ctl::lang::Lang;
use crate::journal::export::{ExportFault, Summary};
use crate::journal::{ChainError, EnvelopeError};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// A failed step, with its path.
pub fn failed<'a>(zh: &'a str, en: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Trouble + 'a {
    move |fault| {
        let place = path.display();
        Trouble::Said(Say::new(format!("{zh} {place}：{fault}"), format!("{en} {place}: {fault}")))
    }
}

/// What is wrong with an export, by its name.
pub fn not_whole(name: &str, fault: &ExportFault) -> Trouble {
    let chinese = format!("{name} 不是完整的日志导出：{}", export_fault_zh(fault));
    Trouble::Said(Say::new(chinese, format!("{name}: {fault}")))
}

/// What is wrong with an export, and where, in Chinese.
pub fn export_fault_zh(fault: &ExportFault) -> String {
    match fault {
        ExportFault::Magic => "第0字节：不是日志导出文件".to_owned(),
        ExportFault::Unknown { offset, what, value } => {
            let what = if *what == "version" { "格式版本" } else { "哈希算法" };
            format!("第{offset}字节：本程序不认识{what} {value}")
        }
        ExportFault::District => "区划代码不是6位数字".to_owned(),
        ExportFault::Origin(_) => "位置1：第一条记录与文件头所称的日志不符".to_owned(),
        ExportFault::Truncated { offset, position } => {
            format!("第{offset}字节：文件在中途结束，止于位置{position}之后，并不完整")
        }
        ExportFault::Frame { offset, position } => {
            format!("第{offset}字节：位置{position}之后既不是提交也不是文件尾")
        }
        ExportFault::Length { offset, position, length } => {
            format!("第{offset}字节：位置{position}之后的提交自称有{length}字节，超出允许范围")
        }
        ExportFault::Chain { offset, source } => format!("第{offset}字节：{}", chain_fault_zh(source)),
        ExportFault::Trailer { offset, position, field } => {
            let field = match *field {
                "count of commits" => "提交数",
                "count of records" => "记录数",
                "last position" => "末尾位置",
                "hash of the last record" => "末条记录的哈希",
                _ => "SHA-256",
            };
            format!("第{offset}字节：文件尾的{field}与记录不符，记录止于位置{position}")
        }
        ExportFault::Trailing { offset, position } => {
            format!("第{offset}字节：导出已止于位置{position}，其后仍有内容")
        }
        ExportFault::Empty => "日志是空的，没有可导出的内容".to_owned(),
    }
}

fn chain_fault_zh(fault: &ChainError) -> String {
    match fault {
        ChainError::Envelope { position, source } => {
            let what = match source {
                EnvelopeError::Truncated { have, want } => format!("记录被截断，应有{want}字节，只有{have}字节"),
                EnvelopeError::Magic => "此处不是记录的开头".to_owned(),
                EnvelopeError::Version(version) => format!("本程序不认识记录格式版本 {version}"),
                EnvelopeError::Algorithm(algorithm) => format!("本程序不认识哈希算法 {algorithm}"),
                EnvelopeError::Field { field } => format!("字段 {field} 与记录矛盾"),
            };
            format!("位置{position}：{what}")
        }
        ChainError::Break { position, .. } => format!("位置{position}：记录与前一条不相接"),
    }
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

/// Where the log of a district, or its access log, lies in a data folder.
pub fn dir(data: &Path, district: &str, access: bool) -> PathBuf {
    data.join(district).join(if access { "access/log" } else { "log" })
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    std::fs::File::open(dir)?.sync_all()
}
