//! `claims …`, as typed.

use crate::ctl::args::Reading;
use crate::ctl::deed::Deed;
use crate::ctl::finance::args::scheme;
use crate::ctl::money_args::Listing;
use crate::ctl::parse;
use crate::domain::claim::Stage;
use crate::domain::{Day, Purpose};
use crate::policy::Scheme;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Claims.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // One of them exists, once a process.
pub enum ClaimsCommand {
    /// Claim what is owed of one entitlement (申报); the amount is computed where it is decided.
    Open(OpenArgs),
    /// Claim for everyone who is entitled under a scheme (免申即享). What has a claim, a closed one too, is told with
    /// its name: the same again adds nothing.
    OpenAll(OpenAllArgs),
    /// The claims, by name.
    List(ListArgs),
    /// One claim: what it keeps, what the facts say now beside it, and who did what.
    Show {
        /// The claim, e.g. `relocation_rebate:91440203MA37GB743W:1`.
        claim: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The explanation that a claim keeps, whatever facts come later; as JSON to the byte what its SHA-256 is of.
    Explain {
        /// The claim.
        claim: String,
        /// Write a page to print, as HTML, to this file; `-`: to stdout.
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
    },
    /// Rounds of a PRO_RATA budget (批次).
    #[command(subcommand)]
    Round(RoundCommand),
    /// Steps of one claim.
    #[command(flatten)]
    Step(StepCommand),
    /// What is done after the money went out.
    #[command(flatten)]
    After(AfterCommand),
}

/// Steps up to the approval.
#[derive(Debug, Subcommand)]
pub enum StepCommand {
    /// Accept it (受理).
    Accept(OpinionArgs),
    /// Review it (审核): by another than who claimed.
    Review(OpinionArgs),
    /// Publish it (公示), for as many working days as the calendar of the year says.
    Publish(OpinionArgs),
    /// Take an objection down (异议); it stops the approval until it is answered.
    Object(ReasonArgs),
    /// Answer an objection.
    Settle {
        /// The claim.
        claim: String,
        /// Number of the objection, from 1.
        #[arg(value_name = "NUMBER")]
        objection: i32,
        /// How.
        #[arg(long)]
        answer: String,
        /// It was right: the claim goes back to review.
        #[arg(long)]
        upheld: bool,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Approve it (核准): by a third person, after the publication.
    Approve {
        /// The claim.
        claim: String,
        /// Less than what is claimed, in yuan; default: all of it.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan, requires = "reason")]
        amount: Option<i64>,
        /// Why less.
        #[arg(long, default_value = "", hide_default_value = true, requires = "amount")]
        reason: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Reject it (不予通过), before anything was ordered.
    Reject(ReasonArgs),
    /// Withdraw it (撤回), before anything was ordered.
    Withdraw(ReasonArgs),
    /// Freeze it anew by what the facts say now, before anything was ordered; it goes back to review.
    Refreeze(PlainArgs),
}

/// Steps after the payment.
#[derive(Debug, Subcommand)]
pub enum AfterCommand {
    /// Claim the difference upwards of a paid claim (补差).
    Supplement(PlainArgs),
    /// Order money back (追回), all of what was paid or a part.
    Recover {
        /// The claim.
        claim: String,
        /// Amount in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan)]
        amount: i64,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Record that money came back; the date is the bank's day.
    Receive {
        /// The claim.
        claim: String,
        /// Number of the recovery, from 1.
        #[arg(value_name = "NUMBER")]
        recovery: i32,
        /// Amount in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan)]
        amount: i64,
        /// The bank's reference (银行流水号).
        #[arg(long)]
        reference: String,
        /// The bank's day.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        date: Day,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Report what was achieved with the money (绩效).
    Report {
        /// The claim.
        claim: String,
        /// Summary.
        #[arg(long)]
        summary: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Record what earmarked money was spent on (专项用途); the date is that day.
    Spend {
        /// The claim.
        claim: String,
        /// For which purpose: OWN_DEVELOPMENT 自我建设, PUBLIC_PLATFORM 公共服务平台, SEED_FUND 种子资金.
        #[arg(id = "earmark", long = "purpose", value_parser = parse::earmark)]
        purpose: Purpose,
        /// Amount in yuan.
        #[arg(long, value_name = "YUAN", value_parser = parse::yuan)]
        amount: i64,
        /// On what exactly.
        #[arg(id = "spent_on", long = "on", value_name = "TEXT")]
        on: String,
        /// On which day.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        date: Day,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
}

/// Rounds of a budget.
#[derive(Debug, Subcommand)]
pub enum RoundCommand {
    /// Begin a round: what is published by its last day shares what is left of the budget.
    Open {
        /// The budget, PAYER-SCHEME-YEAR.
        budget: String,
        /// Its last day.
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        closes: Day,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Approve a round in one act, after its last day.
    Approve {
        /// The budget, PAYER-SCHEME-YEAR.
        budget: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
}

/// Which entitlement.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// The scheme, by its key or its Chinese name.
    #[arg(value_parser = scheme)]
    pub scheme: Scheme,
    /// The carrier, firm, intermediary, platform or instrument.
    pub beneficiary: String,
    /// The period as listed; of a relief year its number will do.
    pub period: String,
    /// By which day and policy.
    #[command(flatten)]
    pub by: By,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}

/// For everyone of which scheme.
#[derive(Debug, Args)]
pub struct OpenAllArgs {
    /// The scheme, by its key or its Chinese name.
    #[arg(value_parser = scheme)]
    pub scheme: Scheme,
    /// By which day and policy.
    #[command(flatten)]
    pub by: By,
    /// A preview: what would be claimed; nothing is recorded.
    #[arg(long)]
    pub dry_run: bool,
}

/// By which day and policy an entitlement is computed.
#[derive(Debug, Args)]
pub struct By {
    /// As of this day, not after today; default: today.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Option<Day>,
    /// Id of the policy, where several are published.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub policy: String,
}

/// Which claims.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// That have come so far: CLAIMED 已申报, ACCEPTED 已受理, REVIEWED 已审核, PUBLISHED 公示中, APPROVED 已核准, ORDERED 已开支付令,
    /// PAID 已支付, RETURNED 已退票, REPORTED 已报绩效, WITHDRAWN 已撤回, REJECTED 不予通过.
    #[arg(long, value_parser = parse::stage)]
    pub stage: Option<Stage>,
    /// Of this scheme.
    #[arg(long, value_parser = scheme)]
    pub scheme: Option<Scheme>,
    /// Paid by this treasury (9 digits).
    #[arg(long, value_name = "CODE")]
    pub payer: Option<String>,
    /// Of this carrier or firm; of others as `platforms/ID`, or with --scheme.
    #[arg(long, value_name = "ID")]
    pub beneficiary: Option<String>,
    /// Common.
    #[command(flatten)]
    pub list: Listing,
}

/// A step with an opinion, or without.
#[derive(Debug, Args)]
pub struct OpinionArgs {
    /// The claim.
    pub claim: String,
    /// Opinion.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub opinion: String,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}

/// A step with its reason.
#[derive(Debug, Args)]
pub struct ReasonArgs {
    /// The claim.
    pub claim: String,
    /// Why, or on what grounds.
    #[arg(long)]
    pub reason: String,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}

/// A step that says nothing beside.
#[derive(Debug, Args)]
pub struct PlainArgs {
    /// The claim.
    pub claim: String,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}
