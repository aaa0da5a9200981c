//! `claims …`: from an entitlement to an approval, and what comes after the payment. Amounts are computed by the server; nobody
//! types one but to award less, to order money back, or to say what came back or was spent.

pub mod args;
mod explain;
mod open;
mod show;

use super::args::{Global, Reading};
use super::connect::Session;
use super::deed::deed;
use super::finance::{beneficiary, policy_name, scheme_number};
use super::lang::Lang;
use super::message;
use super::money_args::Listing;
use super::output::{Io, Report, cells_of, heads_of, plain_cells_of};
use super::pages::{Item, List, Shown};
use super::parse::{Wire as _, opt_day};
use super::show::{clause, known_at, page_size};
use super::trouble::Trouble;
use super::write::Written;
use super::{Exit, print};
use crate::domain::Uscc;
use crate::policy::Scheme;
use crate::wire::v1;
use args::{AfterCommand, ClaimsCommand, ListArgs, OpenArgs, OpinionArgs, PlainArgs, ReasonArgs, RoundCommand};
use args::{ClaimsCommand as Command, StepCommand};
use serde_json::Value;

/// What people are told of a claim after a step.
const TOLD: &[&str] = &["name", "stage", "due_fen", "approved_fen", "published_until_date"];
/// The same of a budget.
const TOLD_OF_BUDGET: &[&str] = &["name", "round", "round_closes_date", "round_approved", "committed_fen", "left_fen"];
/// What a list bears.
const COLUMNS: [&str; 10] = [
    "name",
    "stage",
    "scheme",
    "beneficiary",
    "period",
    "payer",
    "claimed_fen",
    "approved_fen",
    "paid_fen",
    "position",
];

/// Runs `claims …`.
pub async fn run(global: &Global, command: ClaimsCommand, lang: Lang, io: &mut Io<'_>) -> Result<Exit, Trouble> {
    let session = &Session::open(global).await?;
    let (report, exit) = match command {
        Command::OpenAll(args) => open::run(session, args, lang).await?,
        Command::Explain { claim, page } => {
            explain::run(session, &session.name("claims", &claim), page.as_deref(), global.output, lang, io).await?;
            return Ok(Exit::Clean);
        }
        Command::List(args) => {
            let mut shown = Shown { format: global.output, lang, io: &mut *io };
            (list(session, args, &mut shown).await?, Exit::Clean)
        }
        Command::Show { claim, reading } => (show::run(session, &claim, reading, lang).await?, Exit::Clean),
        Command::Open(args) => (open_one(session, args).await?.telling(TOLD, lang), Exit::Clean),
        Command::Round(command) => (round(session, command).await?.telling(TOLD_OF_BUDGET, lang), Exit::Clean),
        Command::Step(command) => (step(session, command).await?.telling(TOLD, lang), Exit::Clean),
        Command::After(command) => (after(session, command).await?.telling(TOLD, lang), Exit::Clean),
    };
    print(&report, global, io).map(|_| exit)
}

async fn open_one(session: &Session, args: OpenArgs) -> Result<Written, Trouble> {
    let OpenArgs { scheme, beneficiary: of, period, by, deed } = args;
    deed!(
        session, deed, claims.open_claim,
        OpenClaimRequest {
            parent: session.parent(), scheme: scheme_number(scheme), beneficiary: beneficiary(session, scheme, &of),
            period: period, policy: policy_name(session, &by.policy), as_of_date: opt_day(by.as_of),
        },
        claim: "Claim"
    )
}

async fn step(session: &Session, command: StepCommand) -> Result<Written, Trouble> {
    use StepCommand as Step;
    let named = |claim: &str| session.name("claims", claim);
    match command {
        Step::Accept(OpinionArgs { claim, opinion, deed }) => deed!(
            session, deed, claims.accept_claim, AcceptClaimRequest { name: named(&claim), text: opinion }, claim: "Claim"
        ),
        Step::Review(OpinionArgs { claim, opinion, deed }) => deed!(
            session, deed, claims.review_claim, ReviewClaimRequest { name: named(&claim), text: opinion }, claim: "Claim"
        ),
        Step::Publish(OpinionArgs { claim, opinion, deed }) => deed!(
            session, deed, claims.publish_claim, PublishClaimRequest { name: named(&claim), text: opinion }, claim: "Claim"
        ),
        Step::Object(ReasonArgs { claim, reason, deed }) => deed!(
            session, deed, claims.raise_objection, RaiseObjectionRequest { name: named(&claim), text: reason },
            claim: "Claim"
        ),
        Step::Settle { claim, objection, answer, upheld, deed } => deed!(
            session, deed, claims.resolve_objection,
            ResolveObjectionRequest { name: named(&claim), text: answer, objection: objection, upheld: upheld },
            claim: "Claim"
        ),
        Step::Approve { claim, amount, reason, deed } => deed!(
            session, deed, claims.approve_claim,
            ApproveClaimRequest { name: named(&claim), reason: reason, awarded_fen: amount },
            claim: "Claim"
        ),
        Step::Reject(ReasonArgs { claim, reason, deed }) => deed!(
            session, deed, claims.reject_claim, RejectClaimRequest { name: named(&claim), text: reason }, claim: "Claim"
        ),
        Step::Withdraw(ReasonArgs { claim, reason, deed }) => deed!(
            session, deed, claims.withdraw_claim, WithdrawClaimRequest { name: named(&claim), text: reason },
            claim: "Claim"
        ),
        Step::Refreeze(PlainArgs { claim, deed }) => deed!(
            session, deed, claims.refreeze_claim, RefreezeClaimRequest { name: named(&claim) }, claim: "Claim"
        ),
    }
}

async fn after(session: &Session, command: AfterCommand) -> Result<Written, Trouble> {
    use AfterCommand as After;
    let named = |claim: &str| session.name("claims", claim);
    match command {
        After::Supplement(PlainArgs { claim, deed }) => deed!(
            session, deed, claims.supplement_claim, SupplementClaimRequest { name: named(&claim) }, claim: "Claim"
        ),
        After::Recover { claim, amount, reason, deed } => deed!(
            session, deed, claims.order_recovery,
            OrderRecoveryRequest { name: named(&claim), reason: reason, amount_fen: amount },
            claim: "Claim"
        ),
        After::Receive { claim, recovery, amount, reference, date, deed } => deed!(
            session, deed, claims.receive_recovery,
            ReceiveRecoveryRequest {
                name: named(&claim), recovery: recovery, amount_fen: amount, reference: reference,
                effective_date: date.to_string(),
            },
            claim: "Claim"
        ),
        After::Report { claim, summary, deed } => deed!(
            session, deed, claims.report_performance,
            ReportPerformanceRequest { name: named(&claim), text: summary },
            claim: "Claim"
        ),
        After::Spend { claim, purpose, amount, on, date, deed } => deed!(
            session, deed, claims.spend_earmark,
            SpendEarmarkRequest {
                name: named(&claim), purpose: purpose.wire(), amount_fen: amount, text: on,
                effective_date: date.to_string(),
            },
            claim: "Claim"
        ),
    }
}

async fn round(session: &Session, command: RoundCommand) -> Result<Written, Trouble> {
    let named = |budget: &str| session.name("budgets", budget);
    match command {
        RoundCommand::Open { budget, closes, deed } => deed!(
            session, deed, budgets.open_round,
            OpenRoundRequest { name: named(&budget), closes_date: closes.to_string() },
            budget: "Budget"
        ),
        RoundCommand::Approve { budget, deed } => deed!(
            session, deed, budgets.approve_round, ApproveRoundRequest { name: named(&budget) }, budget: "Budget"
        ),
    }
}

async fn list(session: &Session, args: ListArgs, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let ListArgs { stage, scheme, payer, beneficiary, list: Listing { limit, reading } } = args;
    let Reading { as_of, known } = reading;
    let mut filter = Vec::new();
    clause(&mut filter, "stage", stage.map(|stage| stage.key()));
    clause(&mut filter, "scheme", scheme.map(|scheme| scheme.key()));
    clause(&mut filter, "payer", payer.as_deref());
    clause(&mut filter, "beneficiary", beneficiary.map(|id| entitled(session, scheme, &id)).as_deref());
    let mut request = v1::ListClaimsRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        page_size: page_size(limit),
        filter: filter.join(" AND "),
        known_at: known_at!(list_claims_request, known),
        ..Default::default()
    };
    let lang = shown.lang;
    let mut list = List::headed(shown, limit, &COLUMNS, heads_of(&COLUMNS, lang));
    loop {
        let page = session.claims().list_claims(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        let items = page.claims.iter().map(|claim| item(message::json("Claim", claim), lang)).collect();
        if !list.page_of(items, request.page_token.is_empty())? {
            break;
        }
    }
    list.finish()
}

/// What a list's filter calls whoever is entitled.
fn entitled(session: &Session, scheme: Option<Scheme>, id: &str) -> String {
    let whole = match scheme {
        _ if id.contains('/') => return id.to_owned(),
        Some(scheme) => beneficiary(session, scheme, id),
        None if Uscc::parse(id).is_ok() => session.firm(id),
        None => session.incubator(id),
    };
    whole.trim_start_matches(&format!("{}/", session.parent())).to_owned()
}

/// A claim as a line: what it keeps beside how far it has come.
fn item(json: Value, lang: Lang) -> Item {
    let mut line = json.clone();
    for key in ["scheme", "beneficiary", "period", "payer", "claimed_fen"] {
        line[key] = json["frozen"][key].clone();
    }
    Item { cells: cells_of(&line, &COLUMNS, lang), plain: plain_cells_of(&line, &COLUMNS), json }
}
