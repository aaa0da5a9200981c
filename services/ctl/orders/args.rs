//! `orders …` and `reconcile`, as typed.

use crate::ctl::args::Reading;
use crate::ctl::money_args::Listing;
use crate::ctl::parse;
use crate::ctl::write::args::Act;
use crate::domain::Day;
use crate::domain::order::OrderState;
use crate::formats::orders::Format;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Payment orders.
#[derive(Debug, Subcommand)]
pub enum OrdersCommand {
    /// Issue orders for claims that are approved and not ordered.
    Issue(IssueArgs),
    /// The orders, by number.
    List {
        /// Paid by this treasury (9 digits).
        #[arg(long, value_name = "CODE")]
        payer: Option<String>,
        /// Of this scheme.
        #[arg(long, value_name = "KEY")]
        scheme: Option<String>,
        /// Of this fiscal year.
        #[arg(long, value_name = "YEAR")]
        year: Option<i16>,
        /// In this state: ISSUED 已开出, ACCEPTED 已接收, PAID 已支付, RETURNED 已退票, REJECTED 已退回, CLOSED 已关闭.
        #[arg(long, value_parser = parse::order_state)]
        state: Option<OrderState>,
        /// Common.
        #[command(flatten)]
        list: Listing,
    },
    /// One order.
    Show {
        /// Its number (指令单号).
        order: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Write the orders behind a cursor to a file, for a finance system that takes files; the cursor moves on once the file
    /// is on the disk.
    Export(ExportArgs),
    /// Read the answers in a file that came back (状态 银行流水号 支付日期 原因). A file that is not whole is refused whole; a
    /// line that can't be read changes nothing; the same file again changes nothing.
    Answers {
        /// The file, .csv or .xlsx.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Decide, but record nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Close the orders that a fiscal year left unpaid, until none is left; `orders issue` makes them again against the new year's budget.
    CloseYear {
        /// The year that ended.
        #[arg(value_name = "YEAR")]
        year: i16,
        /// Only those paid by this treasury (9 digits).
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        payer: String,
        /// Names of the act, its proofs.
        #[command(flatten)]
        act: Act,
    },
}

/// For which claims.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// These claims; default: all that are approved.
    #[arg(value_name = "CLAIM")]
    pub claims: Vec<String>,
    /// Paid by this treasury (9 digits).
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub payer: String,
    /// Of this scheme.
    #[arg(long, value_name = "KEY", default_value = "", hide_default_value = true)]
    pub scheme: String,
    /// Approved of a budget of this year.
    #[arg(long, value_name = "YEAR", default_value_t = 0, hide_default_value = true)]
    pub year: i32,
    /// What for (用途); default: the name of the claim.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub purpose: String,
    /// Decide, but record nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Where to.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file, which must not be there yet; its name ends in .csv or .xlsx.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name of the cursor.
    #[arg(long, value_name = "NAME")]
    pub cursor: String,
    /// Only orders paid by this treasury (9 digits); one cursor for each.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub payer: String,
    /// Write a .csv in GB18030.
    #[arg(long)]
    pub gb18030: bool,
    /// Leave the cursor where it is.
    #[arg(long)]
    pub keep_cursor: bool,
}

impl ExportArgs {
    /// How the file is written; none where its name does not say.
    pub fn format(&self) -> Option<Format> {
        let extension = self.file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match (extension.as_deref(), self.gb18030) {
            (Some("csv"), false) => Some(Format::Csv),
            (Some("csv"), true) => Some(Format::CsvGb18030),
            (Some("xlsx"), false) => Some(Format::Xlsx),
            _ => None,
        }
    }
}

/// What to reconcile.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// The day.
    #[arg(value_name = "DATE", value_parser = parse::day)]
    pub date: Day,
    /// Only orders paid by this treasury (9 digits).
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub payer: String,
    /// Days after which silence is told.
    #[arg(long, value_name = "DAYS", default_value_t = 3)]
    pub patience: i32,
    /// The bank's statement of that day: .xlsx, or .csv in UTF-8 or GB18030, with the headings 指令单号, 金额(元), 支付日期,
    /// 银行流水号 among its columns.
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
}
