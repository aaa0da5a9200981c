//! `accounts …`: accounts that awards are paid to, recorded by one person and confirmed by another. A number is sealed where
//! it is recorded, and shown by its last digits from then on.

use super::connect::Session;
use super::deed::{Deed, deed};
use super::finance;
use super::lang::{Lang, Say};
use super::message;
use super::output::{Report, cells_of, plain_cells_of};
use super::pages::{Item, List, Shown};
use super::show::page_size;
use super::trouble::Trouble;
use super::write::Written;
use crate::wire::v1;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What a list bears; `waiting` is where the one that waits is recorded.
const COLUMNS: [&str; 7] = ["name", "holder_name", "masked_number", "bank_name", "maker", "checker", "waiting"];

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// Record a payee's account; it is paid to once another person has confirmed it.
    Record(RecordArgs),
    /// Confirm the account that waits: by another than who recorded it.
    Confirm {
        /// The payee's code (统一社会信用代码).
        code: String,
        /// Where it is recorded, as `accounts show` tells: what is confirmed is what was looked at.
        #[arg(value_name = "POSITION")]
        recorded: i64,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// Turn the account that waits down.
    Refuse {
        /// The payee's code (统一社会信用代码).
        code: String,
        /// Where it is recorded, as `accounts show` tells.
        #[arg(value_name = "POSITION")]
        recorded: i64,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Common.
        #[command(flatten)]
        deed: Deed,
    },
    /// The accounts, by payee.
    List {
        /// Those only of which one waits for a second person.
        #[arg(id = "only_waiting", long = "waiting")]
        waiting: bool,
        /// At most so many; 0: all.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: usize,
    },
    /// A payee's account: the one that is paid to, and the one that waits.
    Show {
        /// The payee's code (统一社会信用代码).
        code: String,
    },
}

/// An account.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The payee's code (统一社会信用代码).
    pub code: String,
    /// The holder's name (户名): the registered one.
    #[arg(long, value_name = "NAME")]
    pub holder: String,
    /// The number (账号), 8 to 32 digits; whoever lists this machine's processes sees it.
    #[arg(long, value_name = "DIGITS", required_unless_present = "number_file", conflicts_with = "number_file")]
    pub number: Option<String>,
    /// A file that holds the number and nothing else; `-`: stdin.
    #[arg(long, value_name = "FILE")]
    pub number_file: Option<PathBuf>,
    /// The bank's name (开户银行).
    #[arg(long, value_name = "NAME")]
    pub bank: String,
    /// 12-digit number of the bank (联行号).
    #[arg(long, value_name = "DIGITS")]
    pub bank_no: String,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}

/// Runs `accounts …`.
pub async fn run(session: &Session, command: AccountsCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |code: &str| session.name("accounts", code);
    let written = match command {
        AccountsCommand::Record(args) => record(session, args).await,
        AccountsCommand::Confirm { code, recorded, deed } => deed!(
            session, deed, accounts.confirm_account,
            ConfirmAccountRequest { name: named(&code), recorded_position: recorded },
            account: "Account"
        ),
        AccountsCommand::Refuse { code, recorded, reason, deed } => deed!(
            session, deed, accounts.refuse_account,
            RefuseAccountRequest { name: named(&code), recorded_position: recorded, reason: reason },
            account: "Account"
        ),
        AccountsCommand::List { waiting, limit } => return list(session, waiting, limit, shown).await,
        AccountsCommand::Show { code } => {
            let reply =
                session.accounts().get_account(v1::GetAccountRequest { name: named(&code) }).await?.into_inner();
            return Ok(Report::of(reply.account.map_or(Value::Null, |it| message::json("Account", &it)), lang));
        }
    };
    Ok(written?.telling(&["name"], lang))
}

async fn record(session: &Session, args: RecordArgs) -> Result<Written, Trouble> {
    let RecordArgs { code, holder, number, number_file, bank, bank_no, deed } = args;
    let number = match (number, number_file) {
        (Some(number), _) => number,
        (None, Some(file)) => number_in(&file)?,
        (None, None) => String::new(),
    };
    deed!(
        session, deed, accounts.record_account,
        RecordAccountRequest {
            name: session.name("accounts", &code), holder_name: holder, number: number, bank_name: bank, bank_no: bank_no,
        },
        account: "Account"
    )
}

async fn list(session: &Session, waiting: bool, limit: usize, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let mut request = v1::ListAccountsRequest {
        parent: session.parent(),
        page_size: page_size(limit),
        filter: if waiting { "waiting = true".to_owned() } else { String::new() },
        ..Default::default()
    };
    let lang = shown.lang;
    let mut list = List::new(shown, limit, &COLUMNS);
    loop {
        let page = session.accounts().list_accounts(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        let items = page.accounts.iter().map(|account| item(message::json("Account", account), lang)).collect();
        if !list.page_of(items, request.page_token.is_empty())? {
            break;
        }
    }
    list.finish()
}

/// An account as a line: the one that is paid to, and what waits beside it.
fn item(json: Value, lang: Lang) -> Item {
    let mut line = json.clone();
    let current = if json["confirmed"].is_null() { &json["waiting"] } else { &json["confirmed"] };
    for key in ["holder_name", "masked_number", "bank_name", "maker", "checker"] {
        line[key] = current[key].clone();
    }
    line["waiting"] = json["waiting"]["position"].clone();
    Item { cells: cells_of(&line, &COLUMNS, lang), plain: plain_cells_of(&line, &COLUMNS), json }
}

/// The number in a file, without the line's end behind it.
fn number_in(file: &Path) -> Result<String, Trouble> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|fault| {
            Trouble::Said(Say::new(format!("无法读取标准输入：{fault}"), format!("stdin can't be read: {fault}")))
        })?;
        text
    } else {
        finance::read(file)?
    };
    Ok(text.trim().to_owned())
}
