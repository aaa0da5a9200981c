//! `access …`: who was turned away, and who read what.

use super::connect::Session;
use super::message;
use super::output::Report;
use super::pages::Shown;
use super::show::{page_size, pages};
use super::trouble::Trouble;
use crate::wire::v1;
use clap::{Args, Subcommand, ValueEnum};

/// The access log.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// What stands in it, the newest first.
    List(ListArgs),
    /// How it stands: whether it is written, what could not be, its latest checkpoint.
    Status,
}

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Calls were turned away.
    Denied,
    /// Data was read.
    Read,
    /// Something was not recorded one by one.
    Unrecorded,
}

/// Which records.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of this principal.
    #[arg(long = "of", value_name = "ID", default_value = "", hide_default_value = true)]
    pub principal: String,
    /// Only reads of this entity, such as firms/91440203MA20WQ9M3C.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub entity: String,
    /// Only those that tell this.
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,
    /// At most so many; 0: all.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

const COLUMNS: [&str; 13] = [
    "position",
    "recorded_time",
    "kind",
    "principal",
    "on_behalf_of",
    "method",
    "reason",
    "peer",
    "data",
    "entity",
    "query",
    "count",
    "cause",
];

/// Runs it.
pub async fn run(session: &Session, command: AccessCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    match command {
        AccessCommand::Status => {
            let request = v1::GetAccessStatusRequest { parent: session.parent() };
            let reply = session.access().get_access_status(request).await?.into_inner();
            Ok(Report::of(message::json("GetAccessStatusResponse", &reply), shown.lang))
        }
        AccessCommand::List(ListArgs { principal, entity, kind, limit }) => {
            let kind = match kind {
                None => v1::AccessKind::Unspecified,
                Some(Kind::Denied) => v1::AccessKind::Denied,
                Some(Kind::Read) => v1::AccessKind::Read,
                Some(Kind::Unrecorded) => v1::AccessKind::Unrecorded,
            };
            let request = v1::ListAccessRecordsRequest {
                parent: session.parent(),
                page_size: page_size(limit),
                page_token: String::new(),
                principal,
                entity,
                kind: kind.into(),
            };
            pages!(shown, &COLUMNS, limit, session, access.list_access_records, request, records: "AccessRecord")
        }
    }
}
