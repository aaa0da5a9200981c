//! Keys and notes as files.

use crate::ctl::audit::refuted;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::log_place::failed;
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::journal::note::{Checkpoint, NoteFault, PublicKey, SigningKey};
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Makes a key and its two files; neither is written over.
pub fn make_key(path: &Path, lang: Lang) -> Result<Report, Trouble> {
    let public_path = PathBuf::from(format!("{}.pub", path.display()));
    let (key, pem) = SigningKey::generate().map_err(|fault| bad(path, &fault))?;
    let public = PublicKey { name: None, key: key.public() };
    write_new(path, pem.as_bytes(), 0o600)?;
    write_new(&public_path, public.pem().as_bytes(), 0o644)?;
    let (file, public_file) = (path.display().to_string(), public_path.display().to_string());
    Ok(Report::of(json!({"file": file, "public_file": public_file, "public_key": public.to_string()}), lang))
}

/// Writes a file that is not there yet.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Trouble> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let opened = options.open(path).map_err(failed("无法新建", "can't make the file", path));
    let mut file = opened?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed("无法写入", "can't write", path))
}

/// Reads a file of public keys.
pub fn keys(path: &Path) -> Result<Vec<PublicKey>, Trouble> {
    PublicKey::parse_all(&text(path)?).map_err(|fault| bad(path, &fault))
}

/// Reads the checkpoints of a file and checks each: of this log, by one of these keys.
pub fn checkpoints(path: &Path, origin: &str, keys: &[PublicKey]) -> Result<Vec<Checkpoint>, Trouble> {
    let text = text(path)?;
    let open = |note: &str| Checkpoint::open(note, origin, keys).map_err(|fault| bad(path, &fault));
    let found: Vec<Checkpoint> = notes(&text).iter().map(|note| open(note)).collect::<Result<_, _>>()?;
    match found.is_empty() {
        true => Err(bad(path, &NoteFault::Malformed("the file is empty"))),
        false => Ok(found),
    }
}

/// Takes a file of notes apart: an empty line before the signatures of each, and one behind each.
fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut parts = text.split("\n\n").map(|part| part.trim_start_matches('\n')).filter(|part| !part.is_empty());
    while let Some(body) = parts.next() {
        let signatures = parts.next().unwrap_or_default();
        let end = if signatures.ends_with('\n') { "" } else { "\n" };
        notes.push(format!("{body}\n\n{signatures}{end}"));
    }
    notes
}

fn text(path: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(path).map_err(failed("无法读取", "can't read", path))
}

/// What is wrong with a key or note. A forged note is a finding; one that says nothing is trouble.
pub fn bad(path: &Path, fault: &NoteFault) -> Trouble {
    let place = path.display();
    let zh = note_fault_zh(fault);
    match fault {
        NoteFault::Forged { .. } => refuted(format!("{place}：{zh}"), format!("{place}: {fault}")),
        _ => Trouble::Said(Say::new(format!("{place}：{zh}"), format!("{place}: {fault}"))),
    }
}

/// What is wrong with a key or note, in Chinese.
pub fn note_fault_zh(fault: &NoteFault) -> String {
    match fault {
        NoteFault::Malformed(_) => "不是签名文件，或不完整".to_owned(),
        NoteFault::NoCheckpoint(_) => "其内容不是检查点".to_owned(),
        NoteFault::Unsigned => "没有以所信任的密钥签名".to_owned(),
        NoteFault::Forged { name } => format!("以{name}名义的签名不成立"),
        NoteFault::OtherLog { found, wanted } => format!("属于{found}，而不是{wanted}"),
        NoteFault::Key(_) => "不是Ed25519密钥".to_owned(),
    }
}
