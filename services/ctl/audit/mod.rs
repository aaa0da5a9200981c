//! `audit`: what a person does who trusts nobody but a public key. What the server sends is checked here, by the same code
//! as an export offline; it is never believed.

pub mod args;
mod files;
mod issued;
mod online;
mod verify;

use super::args::Global;
use super::connect::Session;
use super::lang::{Lang, Say};
use super::output::Io;
use super::trouble::Trouble;
use super::{Exit, print};
use args::AuditCommand;

/// Runs `audit …`.
pub async fn run(global: &Global, command: AuditCommand, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    let session = || Session::open(global);
    let report = match command {
        AuditCommand::Key(args) => files::make_key(&args.file, lang)?,
        AuditCommand::Verify(args) => verify::run(&args, lang)?,
        AuditCommand::Checkpoint(args) if args.file.as_os_str() == "-" => {
            let note = online::wanted(&session().await?, &args).await?;
            io.out.write_all(note.as_bytes())?;
            io.out.flush()?;
            return Ok(Exit::Clean);
        }
        AuditCommand::Checkpoint(args) => online::keep(&session().await?, &args, lang).await?,
        AuditCommand::Status => online::status(&session().await?, lang).await?,
        AuditCommand::Checkpoints(args) => online::checkpoints(&session().await?, &args, lang).await?,
        AuditCommand::Record(args) => online::record(&session().await?, &args, lang).await?,
        AuditCommand::Entity(args) => online::entity(&session().await?, &args, lang).await?,
        AuditCommand::Issue(args) => issued::issue(&session().await?, &args, lang).await?,
        AuditCommand::Recompute(args) => issued::recompute(&args, lang)?,
        AuditCommand::Consistency(args) => online::consistency(&session().await?, &args, lang).await?,
    };
    print(&report, global, io)
}

/// What an audit found not to hold.
fn refuted(zh: impl Into<String>, en: impl Into<String>) -> Trouble {
    Trouble::Refuted(Say::new(zh, en))
}
