//! `AccountService`: accounts that awards are paid to, their numbers sealed.

use super::acts::{Acting, run};
use super::command::{Answer, Answering, answers, scene_of};
use super::convert::{Framed, Reader, position};
use super::read::{RawKnown, Reading, View, wait_of};
use super::seal::{Framing, Sealing};
use super::{Districts, bounds, principal, status};
use crate::domain::account::{AccountRecorded, BankNo, checked_number, tail};
use crate::domain::act::Act;
use crate::domain::{Command, Entity, Reason, Refusal, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// Event type whose field is sealed, and the field.
const NUMBER: (u16, &str) = (140, "number");

/// The service.
pub struct Accounts(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::account_service_server::AccountService for Accounts {
    async fn record_account(&self, request: Request<v1::RecordAccountRequest>) -> Reply<v1::RecordAccountResponse> {
        let principal = principal::required(request.metadata())?;
        let message = request.into_inner();
        let (engine, (plain, frame)) = {
            let mut reader = Reader::new(&self.0);
            let plain = plain(&mut reader, &message);
            let frame = reader.frame(&message.frame());
            reader.finish(plain.zip(frame))?
        };
        let bounds = bounds::of(engine, &principal, &[]).await.map_err(status::of)?;
        let framing = Framing {
            bounds,
            principal,
            id: frame.id,
            expected_revision: frame.expected_revision,
            validate_only: frame.validate_only,
        };
        let owner = Entity::Account(plain.holder);
        let make = |sealing: &Sealing<'_>| {
            let command = Command::act(sealed(sealing, &plain, &message.number)?, frame.documents.clone());
            command.map_err(|refusal| status::refused(&refusal))
        };
        let outcome = self.0.keys(engine)?.submit(engine, framing, &owner, make).await?;
        let scene = scene_of(engine, &outcome, frame.validate_only);
        Ok(Response::new(message.answer(&Answer::whole(&outcome, Some(&owner), scene))))
    }

    async fn confirm_account(&self, request: Request<v1::ConfirmAccountRequest>) -> Reply<v1::ConfirmAccountResponse> {
        run(&self.0, request).await
    }

    async fn refuse_account(&self, request: Request<v1::RefuseAccountRequest>) -> Reply<v1::RefuseAccountResponse> {
        run(&self.0, request).await
    }

    async fn get_account(&self, request: Request<v1::GetAccountRequest>) -> Reply<v1::GetAccountResponse> {
        let ask = request.into_inner();
        let (engine, holder) = {
            let mut reader = Reader::new(&self.0);
            let holder = reader.account_name("name", &ask.name);
            reader.finish(holder)?
        };
        let view = View::now(engine, &self.0.sees());
        let account = view.scene().account(&holder).ok_or_else(|| {
            let message = format!("no account of {holder} is recorded");
            status::refused(&Refusal::new(Reason::UnknownAccount, message).with("payee", holder))
        })?;
        Ok(Response::new(v1::GetAccountResponse { account: Some(account), position: position(view.position) }))
    }

    async fn list_accounts(&self, request: Request<v1::ListAccountsRequest>) -> Reply<v1::ListAccountsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, waiting)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let waiting = waiting(&mut reader, &ask.filter);
            let page = reader.page("accounts", "name", &[], &ask);
            reader.finish(parent.and(page.zip(waiting)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let behind = scene.registry.finance().accounts_from(Uscc::parse(page.after()).ok());
        let all = behind.filter(|(_, account)| waiting.is_none_or(|waiting| waiting == account.waiting.is_some()));
        let drawn = all.filter_map(|(holder, _)| Some((holder.to_string(), scene.account(holder)?)));
        let (accounts, next_page_token) = page.take(&view, drawn);
        let position = position(view.published.head.position);
        Ok(Response::new(v1::ListAccountsResponse { accounts, next_page_token, position }))
    }
}

/// An account is told as it stands.
impl Reading for v1::ListAccountsRequest {
    fn as_of_date(&self) -> &str {
        ""
    }

    fn known_at(&self) -> Option<RawKnown> {
        None
    }

    fn min_position(&self) -> i64 {
        self.min_position
    }
}

fn waiting(reader: &mut Reader<'_>, filter: &str) -> Option<Option<bool>> {
    let [waiting] = reader.filter(["waiting"], filter)?;
    reader.filter_word(waiting.as_deref(), |word| word.parse().ok())
}

answers! {
    account:
    RecordAccountRequest => RecordAccountResponse,
    ConfirmAccountRequest => ConfirmAccountResponse,
    RefuseAccountRequest => RefuseAccountResponse,
}

/// What is recorded beside the number.
struct Plain {
    holder: Uscc,
    holder_name: String,
    bank_name: String,
    bank_no: BankNo,
}

fn plain(reader: &mut Reader<'_>, message: &v1::RecordAccountRequest) -> Option<Plain> {
    let holder = reader.account_name("name", &message.name);
    let holder_name = reader.text("holder_name", &message.holder_name);
    let bank_name = reader.text("bank_name", &message.bank_name);
    let what = "a bank's number of 12 digits with its check digit";
    let bank_no = reader.parsed("bank_no", &message.bank_no, BankNo::parse, what);
    reader.faults.take(checked_number("number", &message.number))?;
    Some(Plain { holder: holder?, holder_name: holder_name?, bank_name: bank_name?, bank_no: bank_no? })
}

fn sealed(sealing: &Sealing<'_>, plain: &Plain, number: &str) -> Result<Act, Status> {
    let (event_type, field) = NUMBER;
    Ok(Act::RecordAccount(Box::new(AccountRecorded {
        holder: plain.holder,
        by: String::new(),
        holder_name: plain.holder_name.clone(),
        number: sealing.seal(event_type, field, number)?,
        tail: tail(number),
        bank_name: plain.bank_name.clone(),
        bank_no: plain.bank_no,
    })))
}

fn recorded(reader: &mut Reader<'_>, value: i64) -> Option<u64> {
    reader.natural("recorded_position", value)
}

impl Acting for v1::ConfirmAccountRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let holder = reader.account_name("name", &self.name);
        let recorded = recorded(reader, self.recorded_position);
        Some(Act::CheckAccount { holder: holder?, recorded: recorded?, refused: None })
    }
}

impl Acting for v1::RefuseAccountRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let holder = reader.account_name("name", &self.name);
        let recorded = recorded(reader, self.recorded_position);
        let reason = reader.text("reason", &self.reason);
        Some(Act::CheckAccount { holder: holder?, recorded: recorded?, refused: Some(reason?) })
    }
}
