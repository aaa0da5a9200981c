//! `orders …` and `reconcile`: payment orders out, answers in, and whether both agree.

mod answers;
pub mod args;
mod close_year;
mod export;
mod reconcile;

pub use reconcile::run as reconcile;

use super::args::{Global, Reading};
use super::connect::Session;
use super::lang::{Lang, Say};
use super::message;
use super::money::listed;
use super::output::{Io, Report};
use super::pages::Shown;
use super::parse::opt_day;
use super::show::{known_at, one, page_size, pages};
use super::trouble::Trouble;
use super::{Exit, print};
use crate::formats::report::reason_text;
use crate::wire::v1;
use args::{IssueArgs, OrdersCommand};
use serde_json::{Value, json};

/// Runs `orders …`.
pub async fn run(global: &Global, command: OrdersCommand, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    let session = Session::open(global).await?;
    let (report, exit) = match command {
        OrdersCommand::Issue(args) => issue(&session, args, lang).await?,
        OrdersCommand::Answers { file, dry_run } => answers::run(&session, &file, dry_run, lang).await?,
        OrdersCommand::Export(args) => (export::run(&session, args, lang).await?, Exit::Clean),
        OrdersCommand::CloseYear { year, payer, act } => {
            (close_year::run(&session, year, payer, act, lang).await?, Exit::Clean)
        }
        asking => {
            let mut shown = Shown { format: global.output, lang, io: &mut *io };
            (ask(&session, asking, &mut shown).await?, Exit::Clean)
        }
    };
    print(&report, global, io).map(|_| exit)
}

async fn ask(session: &Session, command: OrdersCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        OrdersCommand::Show { order, reading } => one!(
            session, finance.get_payment_order, GetPaymentOrderRequest, get_payment_order_request,
            session.name("paymentOrders", &order), reading, order: "PaymentOrder", lang
        ),
        OrdersCommand::List { payer, scheme, year, state, list: of } => {
            let year = year.map(|year| year.to_string());
            let filter = [
                ("payer", payer.as_deref()),
                ("scheme", scheme.as_deref()),
                ("fiscal_year", year.as_deref()),
                ("state", state.map(|state| state.key())),
            ];
            let columns = ["order_no", "payer_code", "payee", "amount_fen", "state", "issued_date", "claim"];
            listed!(
                shown, &columns, session, of, filter, finance.list_payment_orders, ListPaymentOrdersRequest,
                list_payment_orders_request, orders: "PaymentOrder"
            )
        }
        // Taken apart in `run`.
        OrdersCommand::Issue(_)
        | OrdersCommand::Export(_)
        | OrdersCommand::Answers { .. }
        | OrdersCommand::CloseYear { .. } => Ok(Report::default()),
    }
}

/// Issues orders, page by page.
async fn issue(session: &Session, args: IssueArgs, lang: Lang) -> Result<(Report, Exit), Trouble> {
    let claims = args.claims.iter().map(|claim| session.name("claims", claim)).collect();
    let mut ask = v1::IssueOrdersRequest {
        parent: session.parent(),
        payer_code: args.payer,
        scheme: args.scheme,
        fiscal_year: args.year,
        claims,
        purpose: args.purpose,
        validate_only: args.dry_run,
        ..Default::default()
    };
    let (mut items, mut refused) = (Vec::new(), false);
    loop {
        let page = session.finance().issue_orders(ask.clone()).await?.into_inner();
        refused |= page.results.iter().any(|result| result.outcome() == v1::RowOutcome::Rejected);
        items.extend(page.results.iter().map(|result| issued(result, lang)));
        if page.next_claim.is_empty() {
            break;
        }
        ask.after_claim = page.next_claim;
    }
    let columns = ["claim", "order_no", "amount_fen", "outcome", "reason", "meaning"];
    Ok((Report::list(items, &columns, lang), if refused { Exit::Rejected } else { Exit::Clean }))
}

fn issued(result: &v1::IssuedOrder, lang: Lang) -> Value {
    let order = result.order.clone().unwrap_or_default();
    json!({
        "claim": super::output::last_segment(&result.claim),
        "order_no": order.order_no,
        "amount_fen": order.amount_fen,
        "outcome": result.outcome().as_str_name().trim_start_matches("ROW_OUTCOME_"),
        "reason": word(result.reason()),
        "meaning": meaning(result.reason(), &result.message, lang),
    })
}

/// The word of a reason; empty: none.
pub(in crate::ctl) fn word(reason: v1::Reason) -> &'static str {
    match reason {
        v1::Reason::Unspecified => "",
        other => other.as_str_name().trim_start_matches("REASON_"),
    }
}

/// What a reason means to a person; in English, the server's own sentence.
pub(in crate::ctl) fn meaning(reason: v1::Reason, message: &str, lang: Lang) -> String {
    let known = crate::domain::Reason::from_word(word(reason));
    match lang {
        Lang::Zh => known.map(|reason| reason_text(reason, lang.into()).to_owned()).unwrap_or_default(),
        Lang::En => message.to_owned(),
    }
}

/// A file that can't be read or written.
fn unusable(path: &std::path::Path, fault: &dyn std::fmt::Display) -> Trouble {
    let path = path.display();
    Trouble::Said(Say::new(format!("{path}：{fault}"), format!("{path}: {fault}")))
}
