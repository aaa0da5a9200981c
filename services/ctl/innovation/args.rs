//! Commands about technology transfers, as typed.

use crate::ctl::args::Reading;
use crate::ctl::money_args::Listing;
use crate::ctl::parse;
use crate::ctl::write::args::Frame;
use crate::domain::{Day, Party};
use clap::Subcommand;

/// Intermediaries of technology transfers.
#[derive(Debug, Subcommand)]
pub enum IntermediaryCommand {
    /// Put an intermediary on record (首次备案); the date is that day (备案日期).
    Register {
        /// Its id (中介编号): an institution's code, an individual's number of registration.
        id: String,
        /// Its name (中介名称).
        #[arg(long)]
        name: String,
        /// What it is: INSTITUTION 机构, INDIVIDUAL 个人.
        #[arg(long, value_parser = parse::party)]
        party: Party,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One intermediary.
    Show {
        /// Its id (中介编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The intermediaries, by id.
    List {
        /// Of this party.
        #[arg(long, value_parser = parse::party)]
        party: Option<Party>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}

/// Technology transfers.
#[derive(Debug, Subcommand)]
pub enum TransferCommand {
    /// Record a completed transfer; the date is the day of completion (完成日期).
    Record {
        /// Number of the technology contract (技术合同编号).
        contract: String,
        /// Who brought it about.
        #[arg(long, value_name = "ID")]
        intermediary: String,
        /// Code of the firm that took the technology over.
        #[arg(long, value_name = "CODE")]
        firm: String,
        /// Day on which the activity began (活动开始日期).
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        began: Day,
        /// What was actually paid (实际支付金额) in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::hundredths)]
        paid: i64,
        /// Common.
        #[command(flatten)]
        frame: Frame,
    },
    /// One transfer.
    Show {
        /// Number of the technology contract (技术合同编号).
        contract: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The transfers, by contract number.
    List {
        /// Brought about by this intermediary.
        #[arg(long, value_name = "ID")]
        intermediary: Option<String>,
        /// To this firm.
        #[arg(long, value_name = "CODE")]
        firm: Option<String>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
}
