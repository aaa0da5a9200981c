//! `import`: ledgers from files to the server. Every file is recognised before the first row is sent, so that a wrong file
//! among them changes nothing; rows travel in the order of rules §3; the end is a report of every row that needs a look.

mod assessment;
mod corrected;
mod files;
mod guidance_fund;
mod innovation;
mod read;
mod send;
pub mod wire;

pub use read::BATCH_ROWS_MAX;
pub use send::WINDOW_MESSAGES_MAX;

use super::Exit;
use super::args::{Global, ImportArgs};
use super::connect::Session;
use super::lang::{Lang, Say};
use super::output::{Format, Grid, Io, print_csv, print_json, print_tables};
use super::trouble::{Trouble, status_sentence};
use crate::formats::ledger::LedgerFile;
use crate::formats::report::{ImportReport, Outcome, ReportRow, behind};
use corrected::Corrections;
use files::Found;
use indicatif::{ProgressBar, ProgressStyle};
use send::{Notes, Sent};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that the table for people lists; the report has all of them.
const LISTED_ROWS_MAX: usize = 200;

/// Runs `import …`.
pub async fn run(global: &Global, args: ImportArgs, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    if let Some(path) = args.report.as_deref().filter(|path| !is_stdout(path)) {
        writable(path)?;
    }
    let paths = args.paths.clone();
    let found = tokio::task::spawn_blocking(move || files::find(&paths)).await.map_err(std::io::Error::other)??;
    let mut report = ImportReport::default();
    if !found.faults.is_empty() {
        for (name, fault) in &found.faults {
            report.file(name).failed(fault);
        }
        publish(&report, global.output, args.report.as_deref(), lang, io)?;
        return Err(Trouble::Said(Say::new(
            "有文件无法读取，未发送任何数据；请改正后重新执行",
            "a file can't be read, so nothing was sent; mend it and run this again",
        )));
    }
    if found.ledgers.is_empty() {
        return Err(Trouble::Said(Say::new("没有可导入的台账", "there is no ledger to import")));
    }
    let Found { ledgers, names, others, .. } = found;
    let ledgers = Arc::new(ledgers);
    let corrections = args.corrected.as_deref().map(|folder| Corrections::to(folder, ledgers.clone(), lang));
    let mut corrections = corrections.transpose()?;
    let session = Session::open(global).await?;
    let import = Import { dry_run: args.dry_run, ledgers, names };
    let sent = import.transfer(&session, &mut report, corrections.as_mut(), io.watched).await;
    if args.dry_run {
        let said = lang.pick(
            "试运行：以上结果未登记任何数据",
            "a dry run: this is what would become of each row; nothing was recorded",
        );
        writeln!(io.err, "{said}")?;
    }
    let handed_back = corrections.map_or(Ok(Vec::new()), Corrections::finish);
    for (name, fault) in &others {
        report.file(name).passed_over(fault);
    }
    let published = publish(&report, global.output, args.report.as_deref(), lang, io);
    if let Some(status) = &sent.broken {
        for trouble in [published.err(), handed_back.err()].into_iter().flatten() {
            writeln!(io.err, "incubatorctl: {}", trouble.sentence(lang).unwrap_or_default())?;
        }
        return Err(interrupted(&sent, status, args.dry_run));
    }
    for (path, rows) in handed_back? {
        let place = path.display();
        let said = lang.pick(
            format!("{place}：{rows} 行被拒绝，改正后可直接导入该文件"),
            format!("{place}: {rows} refused rows; mend them and import that very file"),
        );
        writeln!(io.err, "{said}")?;
    }
    let rejected = report.files().any(|(_, file)| file.rejected_count() > 0);
    let exit = match (report.is_failed(), rejected) {
        (true, _) => Exit::Trouble,
        (false, true) => Exit::Rejected,
        (false, false) => Exit::Clean,
    };
    match published {
        // Whoever reads only the first lines still wants the true exit code.
        Err(Trouble::Output(fault)) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit),
        published => published.map(|()| exit),
    }
}

/// What is imported.
struct Import {
    dry_run: bool,
    ledgers: Arc<Vec<LedgerFile>>,
    names: Vec<String>,
}

impl Import {
    async fn transfer(
        &self,
        session: &Session,
        report: &mut ImportReport,
        corrections: Option<&mut Corrections>,
        watched: bool,
    ) -> Sent {
        let names = &self.names;
        for name in names {
            report.file(name); // Every file is in the report, a file without rows too.
        }
        let bytes: u64 = self.ledgers.iter().map(LedgerFile::bytes).sum();
        let counters: Vec<_> = self.ledgers.iter().map(LedgerFile::bytes_read).collect();
        let bar = progress_bar(bytes, watched);
        let progress = |answered: u64| show_progress(&bar, &counters, answered);
        let mut steps = read::start(self.ledgers.clone(), corrections.is_some());
        let notes = Notes { names, report, corrections, progress: &progress };
        let sent = send::send(session, self.dry_run, &mut steps, notes).await;
        bar.finish_and_clear();
        sent
    }
}

fn progress_bar(bytes: u64, watched: bool) -> ProgressBar {
    if !watched {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {bytes}/{total_bytes} {msg} {eta}") {
        bar.set_style(style);
    }
    bar
}

fn show_progress(bar: &ProgressBar, counters: &[Arc<AtomicU64>], answered: u64) {
    bar.set_position(counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum());
    bar.set_message(format!("· {answered}"));
}

/// What is durable, what is not known, and what to do.
fn interrupted(sent: &Sent, status: &tonic::Status, dry_run: bool) -> Trouble {
    let Sent { answered_rows, open_rows, position, .. } = sent;
    let cause = |lang| status_sentence(status, lang);
    if dry_run {
        return Trouble::Said(Say::new(
            format!("试运行中断：{}；未登记任何数据，重新执行即可", cause(Lang::Zh)),
            format!("the dry run broke off: {}; nothing was recorded, run it again", cause(Lang::En)),
        ));
    }
    Trouble::Said(Say::new(
        format!(
            "导入中断：{}\n已处理并落盘 {answered_rows} 行（日志位置 {position}），另有 {open_rows} 行已发送而未得到答复。\
             重新执行同一命令即可：已登记的行会作为重复略过",
            cause(Lang::Zh)
        ),
        format!(
            "the import broke off: {}\n{answered_rows} rows are settled and durable (position {position}); {open_rows} \
             more were sent and not answered. Run the same command again: what is recorded is skipped as a duplicate",
            cause(Lang::En)
        ),
    ))
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A report that can't be written is better known before the import than after.
fn writable(path: &Path) -> Result<(), Trouble> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if parent.is_dir() && !path.is_dir() {
        return Ok(());
    }
    let place = path.display();
    Err(Trouble::Usage(Say::new(format!("无法写入报告 {place}"), format!("a report can't be written to {place}"))))
}

/// The report, wherever it is wanted: to a file, to stdout for programs, as tables for people.
fn publish(
    report: &ImportReport,
    format: Format,
    path: Option<&Path>,
    lang: Lang,
    io: &mut Io<'_>,
) -> Result<(), Trouble> {
    let to_stdout = path.is_some_and(is_stdout);
    if let Some(path) = path.filter(|path| !is_stdout(path)) {
        write_file(report, path)?;
    }
    if to_stdout || format == Format::Json {
        print_json(&report.to_json(), io.out)?;
    }
    match format {
        Format::Table if to_stdout => print_tables(&tables(report, lang), io.err)?,
        Format::Table => print_tables(&tables(report, lang), io.out)?,
        Format::Csv if !to_stdout => print_csv(&lines(report, lang), io.out)?,
        Format::Csv | Format::Json => {}
    }
    io.out.flush()?;
    Ok(())
}

fn write_file(report: &ImportReport, path: &Path) -> Result<(), Trouble> {
    let write = || {
        let mut text = serde_json::to_string_pretty(&report.to_json())?;
        text.push('\n');
        std::fs::File::create(path)?.write_all(text.as_bytes())
    };
    write().map_err(|fault| {
        let place = path.display();
        Trouble::Said(Say::new(
            format!("导入已完成，但报告无法写入 {place}：{fault}"),
            format!("the import is done, but its report can't be written to {place}: {fault}"),
        ))
    })
}

fn tables(report: &ImportReport, lang: Lang) -> Vec<Grid> {
    let rows = report.rows(lang.into());
    let mut grids = vec![summary(report, &rows, lang)];
    let shown: Vec<&ReportRow> = rows.iter().filter(|row| row.outcome != Outcome::Duplicate).collect();
    if shown.is_empty() {
        return grids;
    }
    let left_out = shown.len().saturating_sub(LISTED_ROWS_MAX);
    let more = lang.pick(
        format!("（只列出前 {LISTED_ROWS_MAX} 行，其余 {left_out} 行见 --report）"),
        format!(" (the first {LISTED_ROWS_MAX}; {left_out} more are in --report)"),
    );
    let title = format!("{}{}", lang.pick("需要核对的行", "Rows to look at"), if left_out > 0 { &more } else { "" });
    let head = lang.pick(["文件", "行", "结果", "原因", "说明"], ["file", "line", "outcome", "reason", "sentence"]);
    let shown = shown.into_iter().take(LISTED_ROWS_MAX).map(|row| cells(row, lang)).collect();
    grids.push(Grid { title, head: head.map(str::to_owned).to_vec(), rows: shown });
    grids
}

fn summary(report: &ImportReport, rows: &[ReportRow], lang: Lang) -> Grid {
    let warned = |name: &str| rows.iter().filter(|row| row.file == name && row.outcome == Outcome::Warned).count();
    let row = |(name, file): (&str, &crate::formats::report::FileReport)| {
        vec![
            name.to_owned(),
            file.accepted_count().to_string(),
            file.duplicate_count().to_string(),
            file.rejected_count().to_string(),
            warned(name).to_string(),
        ]
    };
    let head =
        lang.pick(["文件", "接受", "重复", "拒绝", "提醒"], ["file", "accepted", "duplicate", "rejected", "warned"]);
    Grid { title: String::new(), head: head.map(str::to_owned).to_vec(), rows: report.files().map(row).collect() }
}

fn cells(row: &ReportRow, lang: Lang) -> Vec<String> {
    let line = row.line.map(|line| line.to_string()).unwrap_or_default();
    let sentence = match row.meaning {
        "" => row.message.clone(),
        meaning => behind(meaning, &row.message, lang.into()),
    };
    vec![row.file.clone(), line, row.outcome.text(lang.into()).to_owned(), row.reason.to_owned(), sentence]
}

/// Every row that needs a look, for programs that read CSV.
fn lines(report: &ImportReport, lang: Lang) -> Grid {
    let head = ["file", "line", "outcome", "reason", "sentence"].map(str::to_owned).to_vec();
    let rows = report.rows(lang.into());
    Grid { title: String::new(), head, rows: rows.iter().map(|row| cells(row, lang)).collect() }
}
