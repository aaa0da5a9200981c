//! `log import`: a district's log from an export, offline. The folder is made under another name and gets its own by one
//! rename, once the log in it was closed, opened again and walked: a crash leaves either nothing called `log` or a whole
//! one, and a folder called `log` with something in it is never touched.

use super::args::LogImportArgs;
use super::lang::{Lang, Say};
use super::log_place::{failed, not_whole, report, sync_dir};
use super::output::{Io, Report};
use super::trouble::Trouble;
use crate::journal::export::{Decoder, ExportFault, Item, Origin, Summary};
use crate::journal::{Commit, Head};
use crate::log::{Append, EventLog, SledLog, SledOptions, verify_chain};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of the export that are read at a time.
const READ_BYTES: usize = 256 * 1024;
/// Where the log is made.
const MAKING: &str = "log.import";
/// File whose lock the log in a folder holds.
const LOCK: &str = "lock";

/// Runs `log import`.
pub async fn run(district: &str, args: LogImportArgs, lang: Lang, io: &mut Io<'_>) -> Result<Report, Trouble> {
    let home = args.data.join(district);
    let (log, making) = (home.join("log"), home.join(MAKING));
    refuse_what_is_there(&log)?;
    let mut source = Source::open(&args.file, district)?;
    // Nothing is made for a file that is no export of this district.
    source.origin()?;
    std::fs::create_dir_all(&home).map_err(failed("无法创建目录", "can't make the folder", &home))?;
    if clear(&making)? {
        let place = making.display();
        let said = lang.pick(
            format!("{place} 是上次中断的导入留下的，已清除重来"),
            format!("{place} was left by an import that was interrupted; it is made anew"),
        );
        writeln!(io.err, "{said}")?;
    }
    let made = make(&making, &mut source).await;
    if made.is_err() {
        // What can't be removed is told and removed by the next run.
        let _ = std::fs::remove_dir_all(&making);
    }
    let summary = made?;
    // On Linux this fails on a folder that something was put into meanwhile.
    std::fs::rename(&making, &log).map_err(failed("无法改名为", "can't rename to", &log))?;
    sync_dir(&home).map_err(failed("无法写入", "can't write", &home))?;
    Ok(report("imported", ("folder", &log.display().to_string()), &summary, lang))
}

fn refuse_what_is_there(log: &Path) -> Result<(), Trouble> {
    let entries = match std::fs::read_dir(log) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(fault) => return Err(failed("无法读取", "can't read", log)(fault)),
        Ok(entries) => entries,
    };
    if entries.count() == 0 {
        return Ok(());
    }
    let place = log.display();
    Err(Trouble::Said(Say::new(
        format!("{place} 不是空目录：只能导入到还没有日志的数据目录"),
        format!("{place} is not empty: a log is only imported where there is none"),
    )))
}

/// Removes what an interrupted import left; whether there was any.
fn clear(making: &Path) -> Result<bool, Trouble> {
    if !making.exists() {
        return Ok(false);
    }
    let locked = File::open(making.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
    if locked {
        let place = making.display();
        return Err(Trouble::Said(Say::new(
            format!("另一次导入正在写入 {place}"),
            format!("another import is writing {place}"),
        )));
    }
    std::fs::remove_dir_all(making).map_err(failed("无法清除", "can't remove", making))?;
    Ok(true)
}

/// The log in its folder, closed, proven to be what the export says.
async fn make(making: &Path, source: &mut Source) -> Result<Summary, Trouble> {
    let log = SledLog::open_async(making.to_owned(), SledOptions::default()).await?;
    let filled = fill(&log, source).await;
    let closed = log.close().await;
    drop(log);
    let summary = filled?;
    closed?;
    let log = SledLog::open_async(making.to_owned(), SledOptions::default()).await?;
    let walked = verify_chain(&log, Head::EMPTY).await;
    log.close().await?;
    if walked? != summary.head {
        return Err(Trouble::Said(Say::new(
            "写成的日志与导出不一致",
            "the log that was made does not end as the export does",
        )));
    }
    Ok(summary)
}

async fn fill(log: &SledLog, source: &mut Source) -> Result<Summary, Trouble> {
    let mut head = Head::EMPTY;
    while let Some(commit) = source.commit()? {
        let next = commit.head();
        let position = commit.first;
        match log.append(head, commit).await {
            Append::Appended(_) => head = next,
            Append::Full => {
                return Err(Trouble::Said(Say::new(
                    format!("磁盘空间不足，停在位置 {position}"),
                    format!("there is no space left for position {position}"),
                )));
            }
            other => {
                return Err(Trouble::Said(Say::new(
                    format!("位置 {position} 无法写入：{other:?}"),
                    format!("position {position} can't be written: {other:?}"),
                )));
            }
        }
    }
    source.end()
}

/// The export, read in pieces.
struct Source {
    name: PathBuf,
    district: String,
    reader: Box<dyn Read + Send>,
    decoder: Decoder,
    piece: Vec<u8>,
}

impl Source {
    fn open(path: &Path, district: &str) -> Result<Self, Trouble> {
        let reader: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(failed("无法读取", "can't read", path))?)
        };
        let (name, decoder) = (path.to_owned(), Decoder::new());
        Ok(Self { name, district: district.to_owned(), reader, decoder, piece: vec![0; READ_BYTES] })
    }

    fn fault(&self, fault: &ExportFault) -> Trouble {
        not_whole(&self.name.display().to_string(), fault)
    }

    /// The next item; none: the file has no more.
    fn item(&mut self) -> Result<Option<Item>, Trouble> {
        loop {
            if let Some(item) = self.decoder.next().map_err(|fault| self.fault(&fault))? {
                return Ok(Some(item));
            }
            let read = self.reader.read(&mut self.piece);
            match read.map_err(failed("无法读取", "can't read", &self.name))? {
                0 => return Ok(None),
                length => self.decoder.push(&self.piece[..length]),
            }
        }
    }

    /// The header, which must be of the district.
    fn origin(&mut self) -> Result<Origin, Trouble> {
        match self.item()? {
            Some(Item::Origin(origin)) if origin.district == self.district => Ok(origin),
            Some(Item::Origin(origin)) => {
                let (name, found, wanted) = (self.name.display(), origin.district, &self.district);
                Err(Trouble::Said(Say::new(
                    format!("{name} 是区划 {found} 的日志，不是 {wanted} 的"),
                    format!("{name} is the log of district {found}, not of {wanted}"),
                )))
            }
            _ => Err(self.cut()),
        }
    }

    /// The next commit; none behind the last one, once the trailer was read.
    fn commit(&mut self) -> Result<Option<Commit>, Trouble> {
        match self.item()? {
            Some(Item::Commit(commit)) => Ok(Some(commit)),
            Some(Item::End(_)) => Ok(None),
            _ => Err(self.cut()),
        }
    }

    /// What the trailer says; nothing may stand behind it.
    fn end(&mut self) -> Result<Summary, Trouble> {
        self.item()?;
        std::mem::take(&mut self.decoder).finish().map_err(|fault| self.fault(&fault))
    }

    fn cut(&mut self) -> Trouble {
        match std::mem::take(&mut self.decoder).finish() {
            Err(fault) => self.fault(&fault),
            Ok(_) => self.fault(&ExportFault::Empty),
        }
    }
}
