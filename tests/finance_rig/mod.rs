//! A district with approved claims and sealed accounts, behind a server that a finance system calls.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use crate::claims_rig::{APPROVER, CHECKER, Rig, TREASURER, request};
use crate::common::server::{Clients, DISTRICT, Known, Server, id};
use crate::common::world::{carrier, firm};
use incubator_registry::auth::{Caller, Role};
use incubator_registry::domain::account::{AccountRecorded, BankNo, NUMBER, RECORDED};
use incubator_registry::domain::act::Act;
use incubator_registry::domain::{Command, Entity, Handing};
use incubator_registry::keys::{KeyStore, MasterKey, path_of};
use incubator_registry::log::MemoryLog;
use incubator_registry::wire::v1;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio_stream::StreamExt as _;
use zeroize::Zeroizing;

/// The finance system, its clerk, and who only looks.
pub const SYSTEM: &str = "finance-system";
pub const OTHER: &str = "finance-clerk";
pub const AUDITOR: &str = "auditor";
/// The account of a firm by its number ends in four digits of it.
pub fn account_of(number: u32) -> String {
    format!("62284800112233{number:04}")
}

/// A log, keys and callers that outlive servers.
pub struct Bench {
    dir: tempfile::TempDir,
    log: Mutex<Arc<MemoryLog>>,
}

impl Bench {
    /// So many carriers with a claim of 7 000 fen each, approved, and with an account to pay to; budgets of 2025, 2026 and
    /// 2027.
    pub async fn new(claims: u32) -> Self {
        let rig = Rig::new("2025-03-03").await;
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyStore::at(&path_of(dir.path(), "440203"), master(), rig.engine.published().log_id).unwrap();
        rig.policy(&[]).await;
        let fen = i64::from(claims) * 20_000;
        rig.budgeted(&budget(2025), fen, Handing::FirstCome).await.unwrap();
        for number in 1..=claims {
            let wj = format!("WJ{number:02}");
            rig.carrier(&wj, number).await;
            rig.paid(number, "2024-08-01", 100_000).await;
            rig.open("incubator_tax_rebate", Entity::Incubator(carrier(&wj)), "2024").await.unwrap();
            rig.published(&claim(number)).await;
        }
        rig.go_to("2025-03-11");
        for number in 1..=claims {
            rig.approve(APPROVER, &claim(number), None).await.unwrap();
            let recorded = rig.act(TREASURER, account(&keys, number, &account_of(number))).await.unwrap();
            let recorded = recorded.written.position();
            let confirm = Act::CheckAccount { holder: firm(number), recorded, refused: None };
            rig.act(CHECKER, confirm).await.unwrap();
        }
        rig.go_to("2026-11-20");
        for year in [2026, 2027] {
            rig.budgeted(&budget(year), fen, Handing::FirstCome).await.unwrap();
        }
        rig.engine.drain().await;
        Self { dir, log: Mutex::new(Arc::new(rig.memory.reopened())) }
    }

    fn path(&self) -> PathBuf {
        path_of(self.dir.path(), "440203")
    }

    /// A server on 2026-11-24 over what was recorded so far.
    pub async fn server(&self) -> Server {
        let log = {
            let mut log = self.log.lock().unwrap();
            *log = Arc::new(log.reopened());
            log.clone()
        };
        let callers = vec![
            Caller::of(SYSTEM, [Role::FinanceClerk]),
            Caller::of(OTHER, [Role::FinanceClerk, Role::FinanceApprover]),
            Caller::of(AUDITOR, [Role::Auditor]),
        ];
        Server::sealing_for(log, (&self.path(), master()), Arc::new(Known(callers)), SYSTEM).await
    }

    /// Another account of a firm, recorded by whoever asks and confirmed by another.
    pub async fn another_account(clients: &Clients, number: u32, digits: &str) {
        let name = format!("{DISTRICT}/accounts/{}", firm(number));
        let record = v1::RecordAccountRequest {
            name: name.clone(),
            holder_name: format!("运营{number}"),
            number: digits.to_owned(),
            bank_name: "中国农业银行韶关武江支行".to_owned(),
            bank_no: "103100000026".to_owned(),
            request_id: id(),
            ..Default::default()
        };
        let recorded = clients.accounts().record_account(record).await.unwrap().into_inner().account.unwrap();
        let recorded_position = recorded.waiting.unwrap().position;
        let confirm = v1::ConfirmAccountRequest { name, recorded_position, request_id: id(), ..Default::default() };
        clients.by(OTHER).accounts().confirm_account(confirm).await.unwrap();
    }
}

fn master() -> MasterKey {
    MasterKey::new(Zeroizing::new([1; 32]))
}

fn account(keys: &KeyStore, number: u32, digits: &str) -> Act {
    let owner = Entity::Account(firm(number));
    keys.ensure(&owner).unwrap();
    Act::RecordAccount(Box::new(AccountRecorded {
        holder: firm(number),
        by: String::new(),
        holder_name: format!("运营{number}"),
        number: keys.seal(RECORDED, NUMBER, &owner, digits).unwrap(),
        tail: digits[digits.len() - 4..].to_owned(),
        bank_name: "中国农业银行韶关武江支行".to_owned(),
        bank_no: BankNo::parse("103100000026").unwrap(),
    }))
}

/// Records an act beside the API; its position.
pub async fn act(server: &Server, by: &str, act: Act) -> u64 {
    let command = Command::act(act, Vec::new()).unwrap();
    server.engine.submit(request(by, command)).await.unwrap().written.position()
}

pub fn claim(number: u32) -> String {
    format!("incubator_tax_rebate:WJ{number:02}:2024")
}

pub fn budget(year: i16) -> String {
    format!("440203000-incubator_tax_rebate-{year}")
}

pub fn cursor(name: &str) -> String {
    format!("{DISTRICT}/cursors/{name}")
}

/// Issues what can be issued.
pub async fn issue(clients: &Clients) -> v1::IssueOrdersResponse {
    let ask = v1::IssueOrdersRequest { parent: DISTRICT.into(), ..Default::default() };
    clients.finance().issue_orders(ask).await.unwrap().into_inner()
}

/// What a cursor delivers until nothing more waits: orders with their positions, and the position to acknowledge.
pub async fn take(clients: &Clients, name: &str) -> (Vec<(i64, v1::PaymentOrder)>, i64) {
    let ask = v1::WatchPaymentOrdersRequest { cursor: cursor(name), ..Default::default() };
    let mut stream = clients.finance().watch_payment_orders(ask).await.unwrap().into_inner();
    let mut orders = Vec::new();
    loop {
        let next = stream.next().await.unwrap().unwrap();
        match next.step.unwrap() {
            v1::watch_payment_orders_response::Step::Order(order) => orders.push((next.position, order)),
            v1::watch_payment_orders_response::Step::CheckpointPosition(at) => {
                assert!(next.caught_up && at == next.position);
                return (orders, at);
            }
        }
    }
}

pub fn acknowledgement(name: &str, position: i64) -> v1::AcknowledgeOrdersRequest {
    v1::AcknowledgeOrdersRequest {
        cursor: cursor(name),
        acknowledged_position: position,
        request_id: id(),
        ..Default::default()
    }
}

pub fn accepted(no: &str) -> v1::PaymentAnswer {
    v1::PaymentAnswer { order_no: no.into(), kind: v1::PaymentAnswerKind::Accepted.into(), ..Default::default() }
}

pub fn paid(no: &str, reference: &str, date: &str) -> v1::PaymentAnswer {
    v1::PaymentAnswer {
        order_no: no.into(),
        kind: v1::PaymentAnswerKind::Paid.into(),
        bank_reference: reference.into(),
        bank_date: date.into(),
        ..Default::default()
    }
}

pub fn returned(no: &str, reason: &str, date: &str) -> v1::PaymentAnswer {
    v1::PaymentAnswer {
        order_no: no.into(),
        kind: v1::PaymentAnswerKind::Returned.into(),
        reason: reason.into(),
        bank_date: date.into(),
        ..Default::default()
    }
}

/// Answers, and the word of each result; empty: accepted.
pub async fn answer(clients: &Clients, answers: &[v1::PaymentAnswer]) -> Vec<String> {
    let ask =
        v1::RecordPaymentAnswersRequest { parent: DISTRICT.into(), answers: answers.to_vec(), validate_only: false };
    let results = clients.finance().record_payment_answers(ask).await.unwrap().into_inner().results;
    results.iter().map(word).collect()
}

/// The word of a result; empty: accepted.
pub fn word(result: &v1::RowResult) -> String {
    let word = result.reason().as_str_name().trim_start_matches("REASON_").to_owned();
    if word == "UNSPECIFIED" { String::new() } else { word }
}
