//! The command line, as clap derives it: what is asked, nothing of how it is done. Recording commands have a file of
//! their own, `write/args.rs`.

use super::access::AccessCommand;
use super::accounts::AccountsCommand;
use super::audit::args::AuditCommand;
use super::budgets::BudgetsCommand;
use super::calendar::CalendarCommand;
use super::claims::args::ClaimsCommand;
use super::contacts::args::ContactCommand;
use super::criteria::args::CriteriaArgs;
use super::finance::args::{BudgetArgs, EntitlementsArgs, ExplainArgs, PolicyCommand, ReadingCommand};
use super::innovation::args::{
    AssessmentCommand, GuidanceFundCommand, InstrumentCommand, IntermediaryCommand, PlatformCommand, TransferCommand,
};
use super::keys::KeysCommand;
use super::lang::Lang;
use super::money_args::{FundCommand, InvestmentCommand, LoanCommand, TaxCommand};
use super::orders::args::{OrdersCommand, ReconcileArgs};
use super::output::Format;
use super::parse::{self, KnownAt};
use super::write::args::{FirmWrite, IncubatorWrite, LimitsSetArgs, ParkWrite, RelocationWrite, VoidArgs};
use crate::domain::{Criterion, Day, Kind, Level};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXIT_CODES: &str = "Exit codes: 0 done · 1 trouble (no server, a refusal, a file that can't be read) · 2 an import \
in which rows were rejected · 64 a command line that can't be followed.";

/// The registry of a district's incubators, from the shell.
#[derive(Debug, Parser)]
#[command(name = "incubatorctl", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Address of the server; https:// for TLS.
    #[arg(long, global = true, env = "INCUBATOR_SERVER", default_value = "http://127.0.0.1:50440", value_name = "URL")]
    pub server: String,
    /// District, by its GB/T 2260 code.
    #[arg(long, global = true, env = "INCUBATOR_DISTRICT", default_value = "440203", value_name = "CODE")]
    pub district: String,
    /// Authorities that the server's certificate is checked by (PEM); default: those of the operating system.
    #[arg(long, global = true, env = "INCUBATOR_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Certificate that says who acts (PEM).
    #[arg(long, global = true, env = "INCUBATOR_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Key of that certificate (PEM).
    #[arg(long, global = true, env = "INCUBATOR_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// File of the token that says who acts; default: INCUBATORCTL_TOKEN, where that is set.
    #[arg(long, global = true, env = "INCUBATOR_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Who acts, where the server trusts whoever reaches it; default: the user of the operating system.
    #[arg(long, global = true, env = "INCUBATOR_PRINCIPAL", value_name = "ID")]
    pub principal: Option<String>,
    /// How answers are printed.
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub output: Format,
    /// Language of tables and errors; default: by LC_ALL, LC_MESSAGES, LANG.
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import ledgers: 载体 认定 企业 在孵 落户 变更 年报 贷款 利息 种子基金 投资担保 税收 载体年报; of technology transfers,
    /// platforms and instruments (deploy/neighbours/ledgers.md).
    Import(ImportArgs),
    /// Graduation metrics (毕业指标) as of a day.
    Metrics(FiguresArgs),
    /// The chain (孵化链条) as of a day.
    Chain(FiguresArgs),
    /// Policies (办法): dated parameters that entitlements are computed by.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Entitlements (应享额度) as of a day.
    Entitlements(EntitlementsArgs),
    /// What each entitlement of a scheme, payer and year would get of a budget (预算).
    Budget(BudgetArgs),
    /// Why one entitlement is what it is, to the last fen.
    Explain(ExplainArgs),
    /// Criteria of a carrier (认定条件): thresholds, what is measured, what is missing.
    Criteria(CriteriaArgs),
    /// Firms (企业).
    #[command(subcommand)]
    Firm(FirmCommand),
    /// Carriers (孵化载体).
    #[command(subcommand)]
    Incubator(IncubatorCommand),
    /// Relocation into parks (落户园区).
    #[command(subcommand)]
    Relocation(RelocationWrite),
    /// Parks (园区).
    #[command(subcommand)]
    Park(ParkCommand),
    /// Loans and their interest (贷款).
    #[command(subcommand)]
    Loan(LoanCommand),
    /// Seed funds of carriers (种子基金).
    #[command(subcommand)]
    Fund(FundCommand),
    /// Investments and guarantees from them (投资担保).
    #[command(subcommand)]
    Investment(InvestmentCommand),
    /// Taxes that reached the treasury (税收入库).
    #[command(subcommand)]
    Tax(TaxCommand),
    /// Intermediaries of technology transfers (技术转移中介).
    #[command(subcommand)]
    Intermediary(IntermediaryCommand),
    /// Technology transfers into firms (技术转移合同).
    #[command(subcommand)]
    TechnologyTransfer(TransferCommand),
    /// Platforms of public service (服务平台).
    #[command(subcommand)]
    Platform(PlatformCommand),
    /// Scientific instruments in the shared catalogue (共享仪器).
    #[command(subcommand)]
    Instrument(InstrumentCommand),
    /// Assessments of projects for parks (准入评估).
    #[command(subcommand)]
    Assessment(AssessmentCommand),
    /// Angel guidance funds (天使投资引导基金).
    #[command(subcommand)]
    GuidanceFund(GuidanceFundCommand),
    /// What a policy's rules demand, what is there, and whether that is met.
    #[command(subcommand)]
    Reading(ReadingCommand),
    /// Contacts of firms and carriers, their erasure, legal holds (联系人).
    #[command(subcommand)]
    Contact(ContactCommand),
    /// Claims: from an entitlement to an approval, and after the payment (申报).
    #[command(subcommand)]
    Claims(ClaimsCommand),
    /// Budgets of treasuries by scheme and fiscal year (预算).
    #[command(subcommand)]
    Budgets(BudgetsCommand),
    /// Accounts that awards are paid to (收款账户).
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Working days, by which publications run (工作日历).
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Payment orders: out, and their answers in (支付令).
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// What does not agree between orders, answers and a bank's statement (对账).
    Reconcile(ReconcileArgs),
    /// Limits of the district.
    #[command(subcommand)]
    Limits(LimitsCommand),
    /// Take recorded facts back (红冲).
    Void(VoidArgs),
    /// Events of the log.
    #[command(subcommand)]
    Events(EventsCommand),
    /// The log itself.
    #[command(subcommand)]
    Log(LogCommand),
    /// Checkpoints of the log, and proofs against them (审计).
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Who was turned away, and who read data that is somebody's (访问日志).
    #[command(subcommand)]
    Access(AccessCommand),
    /// The keys of personal data: master keys, rotation, backups; offline, on a data folder.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Completions for a shell, on stdout.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which ledgers.
#[derive(Debug, Args)]
#[command(
    long_about = "Import ledgers, as .csv (UTF-8 or GB18030) or .xlsx: 载体 认定 企业 在孵 落户 变更 年报 贷款 利息 \
种子基金 投资担保 税收 载体年报 技术转移中介 技术转移合同 服务平台 平台年报 共享仪器 仪器年报 引导基金 引导基金出资 引导基金投资; 准入评估 before 落户.\n\n\
The files are recognised by their headings, and applied in the order above, whatever order they are given in; two files of one ledger in the order given, but stays of all files by the day of admission. Good rows are kept, bad \
rows change nothing, and importing a file again adds nothing: after an interruption, run the command again.",
    after_help = EXIT_CODES
)]
pub struct ImportArgs {
    /// Files, or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Decide the whole run on an overlay that is thrown away: reports exactly what the real run would now, and records
    /// nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write the refused rows of each file to a file of its name in this folder, with the reason in the language of
    /// --lang behind each; mended, it is imported as it is. Files that are there already are never written over.
    #[arg(long, value_name = "DIR")]
    pub corrected: Option<PathBuf>,
    /// Write a report as JSON to this file, also when the import breaks off; `-`: to stdout, and the table to stderr.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// At which day and position a reading is true.
#[derive(Clone, Debug, Default, Args)]
pub struct Known {
    /// Only what was recorded up to a log position, or an instant such as 2024-03-05T10:00:00+08:00 (without an offset:
    /// Chinese time).
    #[arg(long, value_name = "POSITION|INSTANT", value_parser = parse::known_at)]
    pub known_at: Option<KnownAt>,
    /// Wait until this position is applied: read your own writes.
    #[arg(long, value_name = "POSITION", default_value_t = 0, hide_default_value = true)]
    pub min_position: i64,
}

/// A reading that may be of any day.
#[derive(Clone, Debug, Default, Args)]
pub struct Reading {
    /// State at the end of this day; default: all that is recorded.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Option<Day>,
    /// As known when.
    #[command(flatten)]
    pub known: Known,
}

/// Which figures.
#[derive(Debug, Args)]
pub struct FiguresArgs {
    /// State at the end of this day.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Day,
    /// As known when.
    #[command(flatten)]
    pub known: Known,
    /// Cut by carriers.
    #[arg(long, value_name = "ID")]
    pub incubator: Vec<String>,
    /// Cut by kinds: MAKERSPACE 众创空间, INCUBATOR 孵化器, ACCELERATOR 加速器.
    #[arg(long, value_parser = parse::kind)]
    pub kind: Vec<Kind>,
    /// Cut by levels: DISTRICT 区级, CITY 市级, PROVINCE 省级, NATIONAL 国家级; NONE: not recognised.
    #[arg(long, value_parser = parse::level_or_none)]
    pub level: Vec<parse::LevelOrNone>,
    /// Cut by technical fields, e.g. 生物医药.
    #[arg(long)]
    pub field: Vec<String>,
    /// Cut graduations by criterion: HIGH_TECH, VENTURE_FUNDING, REVENUE, ACQUIRED_OR_LISTED, or their Chinese words.
    #[arg(long, value_parser = parse::criterion)]
    pub criterion: Vec<Criterion>,
}

/// Firms.
#[derive(Debug, Subcommand)]
pub enum FirmCommand {
    /// Everything about one firm.
    Show {
        /// Its code (统一社会信用代码).
        code: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The firms, by code.
    List {
        /// With an open stay in this carrier.
        #[arg(long, value_name = "ID")]
        incubator: Option<String>,
        /// With an open stay in carriers of this kind.
        #[arg(long, value_parser = parse::kind)]
        kind: Option<Kind>,
        /// Of this technical field.
        #[arg(long)]
        field: Option<String>,
        /// At most so many; 0: all.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: usize,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// What the registry holds of the evidence for its graduations (毕业佐证).
    Evidence {
        /// Its code (统一社会信用代码).
        code: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Recording commands.
    #[command(flatten)]
    Write(FirmWrite),
}

/// Carriers.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // One of them exists, once a process.
pub enum IncubatorCommand {
    /// Everything about one carrier.
    Show {
        /// Its id (载体编号).
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The carriers, by id.
    List {
        /// Of this kind.
        #[arg(long, value_parser = parse::kind)]
        kind: Option<Kind>,
        /// Of this level.
        #[arg(long, value_parser = parse::level)]
        level: Option<Level>,
        /// At most so many; 0: all.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: usize,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Recording commands.
    #[command(flatten)]
    Write(IncubatorWrite),
}

/// Parks.
#[derive(Debug, Subcommand)]
pub enum ParkCommand {
    /// Everything about one park.
    Show {
        /// Its id: the name as the district writes it.
        id: String,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// The parks, by id.
    List {
        /// At most so many; 0: all.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: usize,
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Recording commands.
    #[command(flatten)]
    Write(ParkWrite),
}

/// Limits.
#[derive(Debug, Subcommand)]
pub enum LimitsCommand {
    /// The limits in force on a day; default: today.
    Show {
        /// Of which day.
        #[command(flatten)]
        reading: Reading,
    },
    /// Record other limits from a day on; what is not named stays as it is in force on that day.
    Set(LimitsSetArgs),
}

/// Events of the log.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Follow the log; a broken connection is resumed by itself.
    Tail {
        /// First position.
        #[arg(long, value_name = "POSITION", default_value_t = 1)]
        from: i64,
        /// Only events about this entity: firms/CODE, incubators/ID, parks/ID, loans/CONTRACT, taxpayers/CODE, settings,
        /// intermediaries/ID, technologyTransfers/CONTRACT, platforms/ID, instruments/ID, guidanceFunds/ID,
        /// projectAssessments/ID, persons/UUID, claims/ID, budgets/ID, accounts/CODE, paymentOrders/NO, calendar.
        #[arg(long, value_name = "NAME")]
        subject: Option<String>,
        /// End after so many events; 0: never.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: u64,
        /// End once everything recorded so far was shown.
        #[arg(long)]
        no_follow: bool,
    },
    /// One event.
    Show {
        /// Its position.
        position: i64,
        /// With the stored record, in hex.
        #[arg(long)]
        record: bool,
    },
}

/// The log itself.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Read the whole log and check every record and the chain: through the server, or offline on a data folder.
    Verify {
        /// A data folder that no server has open; the log is in <DIR>/<district>/log.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The access log of the district, in <DIR>/<district>/access/log.
        #[arg(long, requires = "data")]
        access: bool,
        /// Where to put the copy that is read, as large as the log; default: the folder for temporary files.
        #[arg(long, value_name = "DIR", requires = "data")]
        scratch: Option<PathBuf>,
    },
    /// Where the log ends.
    Head,
    /// Write the log whole into one file: through the server, or offline from a data folder; the bytes are the same.
    Export(LogExportArgs),
    /// Make a log from an export, offline, in a data folder that has none for the district.
    Import(LogImportArgs),
}

/// What to export, and where to.
#[derive(Debug, Args)]
#[command(
    long_about = "Write the log whole into one file: through the server, or offline from a data folder; the bytes are the \
same.\n\nThe file is written as FILE.part, checked record by record, made durable, and only then named FILE: what is called \
FILE is a whole export."
)]
pub struct LogExportArgs {
    /// The file; `-`: stdout, and the report to stderr.
    pub file: PathBuf,
    /// A data folder that no server has open; the log is in <DIR>/<district>/log, and is opened and closed as a server
    /// would.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The access log of the district, whole; offline it is in <DIR>/<district>/access/log.
    #[arg(long, conflicts_with = "to")]
    pub access: bool,
    /// Up to this position, which must end a commit; default: everything.
    #[arg(long, value_name = "POSITION", default_value_t = 0, hide_default_value = true)]
    pub to: u64,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// What to import, and where to.
#[derive(Debug, Args)]
#[command(
    long_about = "Make a log from an export, offline, in a data folder that has none for the district.\n\nThere is no import \
through a server: a log that is served is never empty, and a log only grows by its own writer. The log is made as \
<DIR>/<district>/log.import, checked whole, and only then named <DIR>/<district>/log; what an interrupted run left is told \
and made anew. A server then opens it, and an export of it is the same bytes."
)]
pub struct LogImportArgs {
    /// The export; `-`: stdin.
    pub file: PathBuf,
    /// The data folder; made if missing.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}
