//! `contact …`, as typed.

use crate::ctl::args::Reading;
use crate::ctl::money_args::Listing;
use crate::ctl::parse;
use crate::ctl::write::args::{Act, Frame};
use crate::domain::{ContactRole, Day};
use clap::{Args, Subcommand};

/// Contacts of firms and carriers.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // One of them exists, once a process.
pub enum ContactCommand {
    /// Record a contact; the date is the day from which on it is one.
    Record(RecordArgs),
    /// The contacts, by person.
    List {
        /// Of this firm.
        #[arg(long, value_name = "CODE", conflicts_with = "incubator")]
        firm: Option<String>,
        /// Of this carrier.
        #[arg(long, value_name = "ID")]
        incubator: Option<String>,
        /// In this role.
        #[arg(long, value_parser = parse::contact_role)]
        role: Option<ContactRole>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
    /// All that is known of one person.
    Show {
        /// The person's UUID.
        person: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Erase a person for ever: its key goes, and is never brought back.
    Erase {
        /// The person's UUID.
        person: String,
        /// On what ground; nothing that tells who it is.
        #[arg(long)]
        ground: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Place a legal hold: the person is not erased while it stands.
    Hold {
        /// The person's UUID.
        person: String,
        /// Number of the case (案号).
        #[arg(long = "case", value_name = "NUMBER")]
        hold: String,
        /// On what ground; nothing that tells who it is.
        #[arg(long)]
        ground: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Lift a legal hold.
    Lift {
        /// The person's UUID.
        person: String,
        /// Number of the case (案号).
        #[arg(long = "case", value_name = "NUMBER")]
        hold: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
}

/// A contact.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Of this firm.
    #[arg(long, value_name = "CODE", required_unless_present = "incubator", conflicts_with = "incubator")]
    pub firm: Option<String>,
    /// Of this carrier.
    #[arg(long, value_name = "ID")]
    pub incubator: Option<String>,
    /// The person's UUID; default: a new person.
    #[arg(long, value_name = "UUID", default_value = "", hide_default_value = true)]
    pub person: String,
    /// As what: LEGAL_REPRESENTATIVE 法定代表人, GENERAL 联系人, FINANCE 财务负责人, TECHNOLOGY 技术负责人.
    #[arg(long, value_parser = parse::contact_role)]
    pub role: ContactRole,
    /// Its name.
    #[arg(long)]
    pub name: String,
    /// Its phone number.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub phone: String,
    /// Its mail address.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub email: String,
    /// Common.
    #[command(flatten)]
    pub frame: Frame,
}

/// What acts on a person have in common: they take nothing back.
#[derive(Debug, Args)]
pub struct Deed {
    /// Day of the act.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub date: Day,
    /// Names of the act, its proofs.
    #[command(flatten)]
    pub act: Act,
    /// Record only if the person still has this etag.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
}
