//! `log`: where it ends, and whether it holds: through the server, or offline on a copy, so that not one byte of the
//! folder itself is touched by the proof (opening a log writes to it).

use super::args::LogCommand;
use super::connect::Session;
use super::lang::{Lang, Say};
use super::message;
use super::output::Report;
use super::trouble::Trouble;
use crate::journal::Head;
use crate::log::{EventLog as _, LogError, SledLog, SledOptions, verify_chain};
use crate::wire::v1;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// Runs `log …` against the server.
pub async fn run(session: &Session, command: LogCommand, lang: Lang) -> Result<Report, Trouble> {
    match command {
        LogCommand::Head => {
            let request = v1::GetHeadRequest { parent: session.parent() };
            let reply = session.journal().get_head(request).await?.into_inner();
            Ok(Report::of(message::json("GetHeadResponse", &reply), lang))
        }
        LogCommand::Verify { .. } => {
            let request = v1::VerifyLogRequest { parent: session.parent() };
            let reply = session.journal().verify_log(request).await?.into_inner();
            Ok(Report::of(json!({"verified": true, "position": reply.position, "hash": reply.hash}), lang))
        }
        // Taken apart in `dispatch`.
        LogCommand::Export(_) | LogCommand::Import(_) => Ok(Report::default()),
    }
}

/// Proves the log of a data folder that no server has open.
pub async fn verify_offline(dir: &Path, scratch: Option<&Path>, lang: Lang) -> Result<Report, Trouble> {
    if !dir.is_dir() {
        let place = dir.display();
        return Err(Trouble::Said(Say::new(format!("没有日志目录 {place}"), format!("there is no log in {place}"))));
    }
    let parent = scratch.map_or_else(std::env::temp_dir, Path::to_owned);
    let copy = Copied(parent.join(format!("incubator-verify-{}", uuid::Uuid::new_v4())));
    let (from, to) = (dir.to_owned(), copy.0.clone());
    let copied = tokio::task::spawn_blocking(move || copy_stopped(&from, &to)).await;
    copied.map_err(io::Error::other)??;
    let log = SledLog::open_async(copy.0.clone(), SledOptions::default()).await?;
    let head = verify_chain(&log, Head::EMPTY).await;
    log.close().await?;
    drop(log);
    let head = head?;
    if head == Head::EMPTY {
        return Err(Trouble::Said(Say::new(
            "日志为空：其中没有任何记录",
            "the log is empty: nothing was ever recorded in it",
        )));
    }
    Ok(Report::of(json!({"verified": true, "position": head.position, "hash": hex::encode(head.hash)}), lang))
}

/// A copy that goes away with its owner.
struct Copied(PathBuf);

impl Drop for Copied {
    fn drop(&mut self) {
        // What can't be removed stays in the folder for temporary files, where others clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Copies the folder of a log that stands still: its lock is held meanwhile, by a descriptor that can't write.
fn copy_stopped(from: &Path, to: &Path) -> Result<(), LogError> {
    let failed = |step: &str, path: &Path| {
        let step = format!("{step} {}", path.display());
        move |source| LogError::Io { step, source }
    };
    let lock = match std::fs::File::open(from.join(LOCK)) {
        Ok(lock) => Some(lock),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
        Err(fault) => return Err(failed("opening the lock of", from)(fault)),
    };
    if lock.as_ref().is_some_and(|lock| lock.try_lock().is_err()) {
        return Err(LogError::Locked { path: from.display().to_string() });
    }
    copy_tree(from, to).map_err(failed("copying", from))
}

/// Name of the file whose lock a log holds while it is open.
const LOCK: &str = "lock";

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
