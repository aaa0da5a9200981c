//! `log export`: the log's portable form into a file or stdout. Whichever way the bytes come, they are read back as they
//! pass, so that only an export that was proven whole gets the file's name.

use super::args::{Global, LogExportArgs};
use super::connect::Session;
use super::lang::{Lang, Say};
use super::log_place::{dir, failed, not_whole, report, sync_dir};
use super::output::Io;
use super::trouble::Trouble;
use super::{Exit, print};
use crate::journal::export::{Decoder, Encoder, ExportFault, Item, Summary};
use crate::log::{EventLog, SledLog, SledOptions};
use crate::wire::v1;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes of the log that are read at a time.
const READ_BYTES_MAX: usize = 1024 * 1024;

/// Runs `log export`.
pub async fn run(global: &Global, args: LogExportArgs, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    if args.file == Path::new("-") {
        let mut sink = Sink { decoder: Decoder::new(), out: &mut *io.out };
        pull(global, &args, &mut sink).await?;
        let summary = sink.finish("-")?;
        report("exported", ("file", "-"), &summary, lang).print(global.output, io.err)?;
        io.out.flush()?;
        return Ok(Exit::Clean);
    }
    refuse_to_overwrite(&args.file, args.force)?;
    let mut part = Part::make(&args.file)?;
    let name = args.file.display().to_string();
    let mut sink = Sink { decoder: Decoder::new(), out: &mut part };
    pull(global, &args, &mut sink).await?;
    let summary = sink.finish(&name)?;
    refuse_to_overwrite(&args.file, args.force)?;
    part.become_file(&args.file)?;
    print(&report("exported", ("file", &name), &summary, lang), global, io)
}

async fn pull(global: &Global, args: &LogExportArgs, sink: &mut Sink<'_>) -> Result<(), Trouble> {
    match &args.data {
        Some(data) => offline(&dir(data, &global.district, args.access), args.to, sink).await,
        None => {
            let session = Session::open(global).await?;
            match args.access {
                true => online_access(&session, sink).await,
                false => online(&session, args.to, sink).await,
            }
        }
    }
}

/// Through the server.
async fn online(session: &Session, to: u64, sink: &mut Sink<'_>) -> Result<(), Trouble> {
    let to_position = i64::try_from(to).unwrap_or(i64::MAX);
    let request = v1::ExportLogRequest { parent: session.parent(), to_position };
    let mut chunks = session.journal().export_log(request).await?.into_inner();
    while let Some(message) = chunks.message().await? {
        sink.take(&message.chunk)?;
    }
    Ok(())
}

/// The access log, through the server.
async fn online_access(session: &Session, sink: &mut Sink<'_>) -> Result<(), Trouble> {
    let request = v1::ExportAccessLogRequest { parent: session.parent() };
    let mut chunks = session.access().export_access_log(request).await?.into_inner();
    while let Some(message) = chunks.message().await? {
        sink.take(&message.chunk)?;
    }
    Ok(())
}

/// From a folder that no server has open.
async fn offline(dir: &Path, to: u64, sink: &mut Sink<'_>) -> Result<(), Trouble> {
    if !dir.is_dir() {
        let place = dir.display();
        return Err(Trouble::Said(Say::new(format!("没有日志目录 {place}"), format!("there is no log in {place}"))));
    }
    let log = SledLog::open_async(dir.to_owned(), SledOptions::default()).await?;
    let done = encode(&log, to, sink).await;
    // Closed in any case: the next start is then a clean one.
    let closed = log.close().await;
    done?;
    Ok(closed?)
}

async fn encode(log: &SledLog, to: u64, sink: &mut Sink<'_>) -> Result<(), Trouble> {
    let head = log.head().await?.position;
    if to > head {
        return Err(Trouble::Said(Say::new(
            format!("--to {to} 超出日志末尾 {head}"),
            format!("--to {to} lies beyond the log's head, {head}"),
        )));
    }
    let until = if to == 0 { head } else { to };
    let (mut encoder, mut next, mut out) = (Encoder::new(), 1, Vec::new());
    while next <= until {
        let commits = log.read(next, READ_BYTES_MAX).await?;
        for commit in commits.iter().take_while(|commit| commit.first <= until) {
            if commit.last > until {
                return Err(inside(to, commit.first - 1, commit.last));
            }
            encoder.commit(commit, &mut out).map_err(|fault| not_whole("log", &fault))?;
            next = commit.last + 1;
            sink.take(&out)?;
            out.clear();
        }
        if commits.is_empty() {
            let fault = ExportFault::Truncated { offset: sink.decoder.offset(), position: next - 1 };
            return Err(not_whole("log", &fault));
        }
    }
    encoder.finish(&mut out).map_err(|fault| not_whole("log", &fault))?;
    sink.take(&out)
}

fn inside(to: u64, before: u64, end: u64) -> Trouble {
    Trouble::Said(Say::new(
        format!("--to {to} 位于一次提交之中：相邻的提交止于 {before} 和 {end}"),
        format!("--to {to} is inside a commit: {before} and {end} end one"),
    ))
}

/// Where the bytes go, read back as they pass.
struct Sink<'a> {
    decoder: Decoder,
    out: &'a mut (dyn Write + Send),
}

impl Sink<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.decoder.push(bytes);
        while let Some(item) = self.decoder.next().map_err(|fault| not_whole("export", &fault))? {
            // Checked by being read; nothing more is wanted of it.
            let (Item::Origin(_) | Item::Commit(_) | Item::End(_)) = item;
        }
        self.out.write_all(bytes)?;
        Ok(())
    }

    fn finish(self, name: &str) -> Result<Summary, Trouble> {
        self.decoder.finish().map_err(|fault| not_whole(name, &fault))
    }
}

/// An export that is not whole yet: it goes away with its owner unless it becomes the file.
struct Part {
    file: File,
    path: PathBuf,
    whole: bool,
}

impl Part {
    fn make(target: &Path) -> Result<Self, Trouble> {
        let mut name = target.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(failed("无法写入", "can't write", &path))?;
        if file.try_lock().is_err() {
            let place = path.display();
            return Err(Trouble::Said(Say::new(
                format!("另一次导出正在写入 {place}"),
                format!("another export is writing {place}"),
            )));
        }
        // What an interrupted run left.
        file.set_len(0).map_err(failed("无法写入", "can't write", &path))?;
        Ok(Self { file, path, whole: false })
    }

    fn become_file(mut self, target: &Path) -> Result<(), Trouble> {
        self.file.sync_all().map_err(failed("无法写入", "can't write", &self.path))?;
        std::fs::rename(&self.path, target).map_err(failed("无法改名为", "can't rename to", target))?;
        self.whole = true;
        sync_dir(target.parent().unwrap_or(Path::new("."))).map_err(failed("无法写入", "can't write", target))
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // What can't be removed is overwritten by the next run.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn refuse_to_overwrite(path: &Path, force: bool) -> Result<(), Trouble> {
    let place = path.display();
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(Trouble::Said(Say::new(
            format!("{place} 不是普通文件；用 - 输出到标准输出"),
            format!("{place} is no regular file; - writes to stdout"),
        ))),
        Ok(_) if !force => Err(Trouble::Said(Say::new(
            format!("{place} 已存在；用 --force 覆盖"),
            format!("{place} is there already; --force overwrites it"),
        ))),
        _ => Ok(()),
    }
}
