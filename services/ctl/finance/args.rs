//! What can be asked about policies and entitlements on the command line.

use crate::ctl::args::Known;
use crate::ctl::lang::Say;
use crate::ctl::parse;
use crate::ctl::write::args::Frame;
use crate::domain::Day;
use crate::policy::{BudgetRule, Scheme, Standard, Status, Verdict};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Policies.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // One of them exists, once a process.
pub enum PolicyCommand {
    /// Everything that is wrong or odd about a policy file, by key and line; exit code 1 where it can't be published.
    Lint {
        /// The file, TOML or JSON.
        file: PathBuf,
    },
    /// Publish a policy file, in the place of what was published under its id.
    Publish {
        /// The file, TOML or JSON.
        file: PathBuf,
        /// Common; the date is the day of the publication.
        #[command(flatten)]
        frame: Frame,
    },
    /// A policy, with what holds on a day.
    Show {
        /// Its id.
        id: String,
        /// The day; default: today.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        as_of: Option<Day>,
        /// As known when.
        #[command(flatten)]
        known: Known,
        /// The file as published, and nothing else.
        #[arg(long)]
        text: bool,
    },
    /// The policies in force, by id.
    List {
        /// As known when.
        #[command(flatten)]
        known: Known,
    },
    /// What a draft, or a later publication, says differently from an earlier one.
    Diff {
        /// Id of the policy.
        id: String,
        /// The draft.
        #[arg(required_unless_present = "new", conflicts_with = "new")]
        draft: Option<PathBuf>,
        /// Position of the earlier publication; default: the one in force.
        #[arg(long, value_name = "POSITION", default_value_t = 0, hide_default_value = true)]
        old: i64,
        /// Position of the later publication.
        #[arg(long, value_name = "POSITION")]
        new: Option<i64>,
    },
    /// What a draft would change of the totals by scheme, payer and year; nothing is recorded.
    Simulate {
        /// The draft.
        file: PathBuf,
        /// As of when.
        #[command(flatten)]
        asked: Asked,
    },
}

/// As of when, and by which policy.
#[derive(Clone, Debug, Args)]
pub struct Asked {
    /// State at the end of this day; default: today.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Option<Day>,
    /// As known when.
    #[command(flatten)]
    pub known: Known,
    /// Id of the policy, where several are published.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub policy: String,
}

/// Which entitlements.
#[derive(Debug, Args)]
pub struct EntitlementsArgs {
    /// As of when.
    #[command(flatten)]
    pub asked: Asked,
    /// Of this scheme, by its key or its Chinese name.
    #[arg(long, value_parser = scheme)]
    pub scheme: Option<Scheme>,
    /// Paid by this treasury, by its 9-digit code.
    #[arg(long, value_name = "CODE")]
    pub payer: Option<String>,
    /// Of this carrier or firm.
    #[arg(long, value_name = "ID")]
    pub beneficiary: Option<String>,
    /// That have come so far: INELIGIBLE, NOT_STARTED, ACCRUING, COMPLETE.
    #[arg(long, value_parser = status)]
    pub status: Option<Status>,
    /// For this period, as listed; of a relief year its number will do.
    #[arg(long)]
    pub period: Option<String>,
    /// Counted in this year.
    #[arg(long)]
    pub year: Option<i16>,
    /// Totals by scheme, payer and year instead of the list.
    #[arg(long, conflicts_with_all = ["scheme", "payer", "beneficiary", "status", "period", "year"])]
    pub totals: bool,
}

/// Which entitlement.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The scheme, by its key or its Chinese name.
    #[arg(value_parser = scheme)]
    pub scheme: Scheme,
    /// The carrier or firm.
    pub beneficiary: String,
    /// The period as listed; of a relief year its number will do. Default: none.
    #[arg(default_value = "", hide_default_value = true)]
    pub period: String,
    /// As of when.
    #[command(flatten)]
    pub asked: Asked,
    /// Write a page to print, as HTML, to this file; `-`: to stdout.
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// Readings.
#[derive(Debug, Subcommand)]
pub enum ReadingCommand {
    /// What the rules of a policy come to, by rule and subject.
    List {
        /// Of this rule, by its key or its Chinese name.
        #[arg(long, value_parser = standard)]
        standard: Option<Standard>,
        /// That come to this: MET 符合, NOT_MET 不符合, UNKNOWN 无法判断.
        #[arg(long, value_parser = verdict)]
        verdict: Option<Verdict>,
        /// Of this carrier, fund, project or settled firm.
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// About this park.
        #[arg(long)]
        park: Option<String>,
        /// As of when.
        #[command(flatten)]
        asked: Asked,
    },
    /// One reading with its figures and its explanation.
    Show {
        /// The rule, by its key or its Chinese name.
        #[arg(value_parser = standard)]
        standard: Standard,
        /// The carrier, fund, project or settled firm; none: all funds of the district together.
        #[arg(default_value = "", hide_default_value = true)]
        subject: String,
        /// As of when.
        #[command(flatten)]
        asked: Asked,
    },
}

fn standard(text: &str) -> Result<Standard, Say> {
    let found = Standard::ALL.iter().copied().find(|word| word.key() == text || word.chinese() == text);
    found.ok_or_else(|| {
        let known: Vec<_> = Standard::ALL.iter().map(|w| format!("{} {}", w.key(), w.chinese())).collect();
        let known = known.join(", ");
        Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
    })
}

fn verdict(text: &str) -> Result<Verdict, Say> {
    let key = text.to_ascii_uppercase().replace('-', "_");
    let found = Verdict::ALL.iter().copied().find(|word| word.key() == key || word.chinese() == text);
    found.ok_or_else(|| {
        let known = "MET, NOT_MET, UNKNOWN";
        Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
    })
}

/// Which budget.
#[derive(Debug, Args)]
pub struct BudgetArgs {
    /// The scheme, by its key or its Chinese name.
    #[arg(value_parser = scheme)]
    pub scheme: Scheme,
    /// The treasury, by its 9-digit code.
    #[arg(long, value_name = "CODE")]
    pub payer: String,
    /// The year, as totals count it.
    #[arg(long)]
    pub year: i32,
    /// The budget in yuan; default: the policy's.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan)]
    pub amount: Option<i64>,
    /// FIRST_COME or PRO_RATA; default: as the policy says.
    #[arg(long, value_parser = budget_rule)]
    pub rule: Option<BudgetRule>,
    /// Who comes first, as `ID=PERIOD`; of a relief year its number will do. Again for the next.
    #[arg(long, value_name = "ID=PERIOD", value_parser = place)]
    pub first: Vec<(String, String)>,
    /// As of when.
    #[command(flatten)]
    pub asked: Asked,
}

/// How a budget is handed out, by its key or its Chinese name.
pub(in crate::ctl) fn budget_rule(text: &str) -> Result<BudgetRule, Say> {
    let key = text.to_ascii_uppercase().replace('-', "_");
    let found = BudgetRule::ALL.iter().copied().find(|rule| rule.key() == key || rule.chinese() == text);
    found.ok_or_else(|| {
        let known = "FIRST_COME, PRO_RATA";
        Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
    })
}

fn place(text: &str) -> Result<(String, String), Say> {
    let (id, period) = text
        .split_once('=')
        .ok_or_else(|| Say::new("写作 编号=期间", format!("`{text}` is not of the form ID=PERIOD")))?;
    Ok((id.to_owned(), period.to_owned()))
}

/// A scheme, by its key or its Chinese name.
pub(in crate::ctl) fn scheme(text: &str) -> Result<Scheme, Say> {
    let found = Scheme::ALL.iter().copied().find(|scheme| scheme.key() == text || scheme.chinese() == text);
    found.ok_or_else(|| {
        let known: Vec<_> = Scheme::ALL.iter().map(|w| format!("{} {}", w.key(), w.chinese())).collect();
        let known = known.join(", ");
        Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
    })
}

fn status(text: &str) -> Result<Status, Say> {
    let key = text.to_ascii_uppercase().replace('-', "_");
    let found = Status::ALL.iter().copied().find(|status| status.key() == key || status.chinese() == text);
    let known = "INELIGIBLE, NOT_STARTED, ACCRUING, COMPLETE";
    found.ok_or_else(|| Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}")))
}
