//! `incubatorctl`: the registry from the shell. A gRPC client that reads files, asks, and prints; it decides nothing, so
//! that what it shows is what the server said. `run` is the whole program but for the process: tests call it with writers
//! of their own.

pub mod access;
pub mod accounts;
pub mod args;
pub mod audit;
pub mod budgets;
pub mod calendar;
mod chain;
pub mod claims;
pub mod connect;
pub mod contacts;
mod credentials;
pub mod criteria;
mod deed;
mod events;
mod figures;
pub mod finance;
pub mod help;
pub mod import;
pub mod innovation;
pub mod keys;
pub mod lang;
mod log;
mod log_export;
mod log_import;
mod log_place;
mod message;
mod metrics;
mod money;
pub mod money_args;
pub mod orders;
pub mod output;
mod pages;
pub mod parse;
mod payload;
mod show;
pub mod trouble;
pub mod write;

use args::{Cli, Command, Global, LogCommand};
use clap::{CommandFactory as _, FromArgMatches as _};
use connect::Session;
use lang::Lang;
use output::{Io, Report};
use pages::Shown;
use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use trouble::Trouble;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Clean,
    /// Not done, or not wholly.
    Trouble,
    /// An import went through, and rows of it were rejected.
    Rejected,
    /// An audit found something that does not hold.
    Refuted,
    /// The command line can't be followed.
    Usage,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Trouble => 1,
            Self::Rejected => 2,
            Self::Refuted => 3,
            Self::Usage => 64,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Runs a command line, whose first word is the program's name.
pub async fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, io: &mut Io<'_>) -> Exit {
    compiled(args.into_iter().map(Into::into).collect(), io).await
}

/// Behind a type without parameters the whole command line is compiled once, with the library, and not again with every
/// program and test that runs it.
#[inline(never)]
fn compiled<'a>(args: Vec<OsString>, io: &'a mut Io<'_>) -> Pin<Box<dyn Future<Output = Exit> + Send + 'a>> {
    Box::pin(understood(args, io))
}

async fn understood(args: Vec<OsString>, io: &mut Io<'_>) -> Exit {
    let lang = help::asked(&args).unwrap_or_else(|| Lang::from_env(|name| std::env::var(name).ok()));
    let command = help::localised(Cli::command(), lang);
    let cli = match command.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(fault) => return usage(&fault, lang, io),
    };
    let lang = cli.global.lang.unwrap_or(lang);
    match dispatch(cli, lang, io).await {
        Ok(exit) => exit,
        Err(trouble) => tell(&trouble, lang, io),
    }
}

/// Help and version go to stdout and are no fault.
fn usage(fault: &clap::Error, lang: Lang, io: &mut Io<'_>) -> Exit {
    let (to, exit): (&mut dyn std::io::Write, _) =
        if fault.use_stderr() { (io.err, Exit::Usage) } else { (io.out, Exit::Clean) };
    // Nobody is left to tell when even this can't be written.
    let _ = match (exit, lang) {
        (Exit::Usage, Lang::Zh) => writeln!(to, "incubatorctl: {}", help::fault_zh(fault)),
        _ => write!(to, "{}", fault.render()),
    };
    exit
}

/// Says what went wrong. A reader that hung up wanted no more: that is no trouble.
fn tell(trouble: &Trouble, lang: Lang, io: &mut Io<'_>) -> Exit {
    let Some(sentence) = trouble.sentence(lang) else { return Exit::Clean };
    // Nobody is left to tell when even this can't be written.
    let _ = writeln!(io.err, "incubatorctl: {sentence}");
    match trouble {
        Trouble::Usage(_) => Exit::Usage,
        Trouble::Refuted(_) => Exit::Refuted,
        _ => Exit::Trouble,
    }
}

async fn dispatch(cli: Cli, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    let Cli { global, command } = cli;
    let session = || Session::open(&global);
    match command {
        Command::Completions { shell } => completions(shell, io),
        Command::Audit(command) => audit::run(&global, command, lang, io).await,
        Command::Claims(command) => claims::run(&global, command, lang, io).await,
        Command::Orders(command) => orders::run(&global, command, lang, io).await,
        Command::Import(args) => import::run(&global, args, lang, io).await,
        Command::Events(command) => {
            events::run(&session().await?, command, global.output, lang, io).await?;
            Ok(Exit::Clean)
        }
        Command::Policy(command) => finance::policy(&session().await?, command, global.output, lang, io).await,
        Command::Explain(args) => {
            finance::explain(&session().await?, args, global.output, lang, io).await?;
            Ok(Exit::Clean)
        }
        Command::Log(LogCommand::Verify { data: Some(data), access, scratch }) => {
            let dir = log_place::dir(&data, &global.district, access);
            let report = log::verify_offline(&dir, scratch.as_deref(), lang).await?;
            print(&report, &global, io)
        }
        Command::Keys(command) => {
            let report = keys::run(&global.district, command, lang).await?;
            print(&report, &global, io)
        }
        Command::Log(LogCommand::Export(args)) => log_export::run(&global, args, lang, io).await,
        Command::Log(LogCommand::Import(args)) => {
            let report = log_import::run(&global.district, args, lang, io).await?;
            print(&report, &global, io)
        }
        asking => {
            let mut shown = Shown { format: global.output, lang, io: &mut *io };
            let report = ask(&session().await?, asking, &mut shown).await?;
            print(&report, &global, io)
        }
    }
}

/// The commands that are one question and one answer.
async fn ask(session: &Session, command: Command, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        Command::Metrics(args) => metrics::run(session, args, lang).await,
        Command::Chain(args) => chain::run(session, args, lang).await,
        Command::Assessment(command) => innovation::assessment(session, command, shown).await,
        Command::GuidanceFund(command) => innovation::guidance_fund(session, command, shown).await,
        Command::Reading(command) => finance::reading(session, command, shown).await,
        Command::Entitlements(args) => finance::entitlements(session, args, shown).await,
        Command::Criteria(args) => criteria::run(session, args, lang).await,
        Command::Firm(command) => show::firm(session, command, shown).await,
        Command::Incubator(command) => show::incubator(session, command, shown).await,
        Command::Budget(args) => finance::budget(session, args, lang).await,
        Command::Relocation(command) => write::relocation(session, command, lang).await,
        Command::Park(command) => show::park(session, command, shown).await,
        Command::Loan(command) => money::loan(session, command, shown).await,
        Command::Fund(command) => money::fund(session, command, shown).await,
        Command::Investment(command) => money::investment(session, command, shown).await,
        Command::Tax(command) => money::tax(session, command, shown).await,
        Command::Intermediary(command) => innovation::intermediary(session, command, shown).await,
        Command::TechnologyTransfer(command) => innovation::transfer(session, command, shown).await,
        Command::Platform(command) => innovation::platform(session, command, shown).await,
        Command::Instrument(command) => innovation::instrument(session, command, shown).await,
        Command::Access(command) => access::run(session, command, shown).await,
        Command::Accounts(command) => accounts::run(session, command, shown).await,
        Command::Budgets(command) => budgets::run(session, command, shown).await,
        Command::Calendar(command) => calendar::run(session, command, lang).await,
        Command::Contact(command) => contacts::run(session, command, shown).await,
        Command::Reconcile(args) => orders::reconcile(session, args, lang).await,
        Command::Limits(command) => show::limits(session, command, lang).await,
        Command::Void(args) => write::void(session, args, lang).await,
        Command::Log(command) => log::run(session, command, lang).await,
        // Taken apart in `dispatch`.
        Command::Import(_)
        | Command::Claims(_)
        | Command::Orders(_)
        | Command::Audit(_)
        | Command::Events(_)
        | Command::Keys(_)
        | Command::Policy(_)
        | Command::Explain(_)
        | Command::Completions { .. } => Ok(Report::default()),
    }
}

fn print(report: &Report, global: &Global, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    report.print(global.output, io.out)?;
    io.out.flush()?;
    if let Some(note) = &report.note {
        writeln!(io.err, "{note}")?;
    }
    Ok(Exit::Clean)
}

/// Completions, from the same definition as the command line itself.
fn completions(shell: clap_complete::Shell, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "incubatorctl", &mut text);
    io.out.write_all(&text)?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
