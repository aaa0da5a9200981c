//! Payment orders: as many claims as a district has in many years, ordered through the API and streamed to a finance system.
//!
//! The claims are laid into the log beneath the API, as the events that their acts would have left: what they rest on is not
//! what is measured. Account numbers are sealed, and the server opens each for its receiver.

use super::common_server::{Client, DISTRICT, Incubatord};
use super::config::Config;
use super::figures::{Figures, Load, resident_kib};
use super::report::Report;
use incubator_registry::domain::account::{AccountEvent, AccountRecorded, BankNo, NUMBER, RECORDED, tail};
use incubator_registry::domain::budget::{Appropriated, BudgetEvent, BudgetId};
use incubator_registry::domain::claim::{Approved, ClaimEvent, Frozen, Piece, Taken};
use incubator_registry::domain::{
    ClaimId, Day, Entity, Event, Handing, LoanId, PolicyId, SchemeKey, TreasuryCode, Uscc,
};
use incubator_registry::engine::clock::shanghai_day;
use incubator_registry::journal::{Commit, Head, Record, Subject, ZERO_HASH, codec, record_hash};
use incubator_registry::keys::{KeyStore, MasterKey, path_of};
use incubator_registry::log::{Append, EventLog as _, SledLog, SledOptions};
use incubator_registry::wire::v1;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Instant;

/// Payees: a district has thousands, each with a sealed account.
const PAYEES: u64 = 1_000;
/// Claims whose events share a commit.
const CLAIMS_A_COMMIT: u64 = 400;
/// Orders that one call issues at most.
const ORDERS_A_CALL: i32 = 500;
/// Fen of each claim.
const FEN: i64 = 12_345;
/// Bytes of the explanation that a claim keeps.
const EXPLANATION_BYTES: usize = 1_024;
const CODE: &str = "440203";

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let data = config.folder();
    let key = data.path().join("master.key");
    MasterKey::make(&key).unwrap();
    let options = ["--master-key", key.to_str().unwrap()];
    Incubatord::with(data.path(), &options).stop_cleanly(); // It makes the log and the key store.
    let began = Instant::now();
    lay(config.claims, data.path(), &key).await;
    let laid = began.elapsed();
    let server = Incubatord::with(data.path(), &options);
    let client = server.client().await;
    let mut issuing = Load::default();
    issuing.round(server.pid(), data.path(), issue(&client)).await;
    assert_eq!(issuing.calls().items, config.claims);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let [begin, _] = resident_kib(server.pid());
    let mut streaming = Load::default();
    streaming.round(server.pid(), data.path(), stream(&client)).await;
    assert_eq!(streaming.calls().items, config.claims);
    let peak = streaming.server.unwrap_or_default().peak_kib;
    server.stop_cleanly();
    let (claims, took) = (config.claims, streaming.calls().took.as_secs_f64());
    report.bound(&format!("orders of {claims} claims, streamed"), format!("{took:.2} s"), "≤ 10 s (of 100 000)");
    let above = peak.saturating_sub(begin) as f64 / 1024.0;
    let told = format!("{above:.1} MiB (from {} to {} MiB)", begin >> 10, peak >> 10);
    report.bound("– the server's memory meanwhile, peak above that before", told, "flat");
    let told =
        format!("{:.1} s; laid beneath the API in {:.1} s", issuing.calls().took.as_secs_f64(), laid.as_secs_f64());
    report.bound(&format!("– ordered before, {ORDERS_A_CALL} a call"), told, "");
    report.load("orders issued, 500 a call (orders)", &issuing);
    report.load("orders streamed (orders)", &streaming);
}

/// Issues all that can be issued; latencies are those of calls.
async fn issue(client: &Client) -> Figures {
    let (mut figures, began) = (Figures::default(), Instant::now());
    let mut after_claim = String::new();
    loop {
        let ask = v1::IssueOrdersRequest {
            parent: DISTRICT.to_owned(),
            page_size: ORDERS_A_CALL,
            after_claim,
            ..Default::default()
        };
        let since = Instant::now();
        let answer = client.finance().issue_orders(ask).await.unwrap().into_inner();
        figures.latencies.push(since.elapsed());
        for result in &answer.results {
            assert!(result.order.is_some(), "{result:?}");
        }
        figures.items += answer.results.len() as u64;
        after_claim = answer.next_claim;
        if after_claim.is_empty() {
            break;
        }
    }
    figures.took = began.elapsed();
    figures
}

/// Takes every order from a new cursor, until nothing more waits; each has its account's whole number.
async fn stream(client: &Client) -> Figures {
    let (mut figures, began) = (Figures::default(), Instant::now());
    let ask = v1::WatchPaymentOrdersRequest { cursor: format!("{DISTRICT}/cursors/ifmis"), ..Default::default() };
    let mut orders = client.finance().watch_payment_orders(ask).await.unwrap().into_inner();
    loop {
        let answer = orders.message().await.unwrap().unwrap();
        if let Some(v1::watch_payment_orders_response::Step::Order(order)) = &answer.step {
            let number = order.payee.as_ref().map_or("", |payee| &payee.account_number);
            assert!(number.len() == 19 && number.starts_with("6228"), "{number}");
            figures.items += 1;
        }
        if answer.caught_up {
            break;
        }
    }
    figures.took = began.elapsed();
    figures
}

/// Lays claims into the log of a stopped server: payees with their accounts, a budget, and each claim approved.
async fn lay(claims: u64, data: &Path, key: &Path) {
    let log = SledLog::open_async(data.join(CODE).join("log"), SledOptions::default()).await.unwrap();
    let mut layer = Layer::over(&log).await;
    let keys = KeyStore::at(&path_of(data, CODE), MasterKey::from_file(key).unwrap(), layer.log_id).unwrap();
    let today = shanghai_day(layer.now);
    let year = today.to_string()[..4].parse().unwrap();
    let budget = BudgetId { payer: payer(), scheme: scheme(), year };
    layer.put(today, appropriated(&budget, claims));
    for number in 0..PAYEES {
        let (firm, name, field) = (payee(number), format!("企业{number}"), "软件".to_owned());
        layer.put(day("2020-01-01"), Event::FirmRegistered { firm, name, field });
        let recorded = layer.head.position + layer.laid + 1;
        layer.put(today, Event::Account(AccountEvent::Recorded(Box::new(account(&keys, number)))));
        let checked = AccountEvent::Confirmed { holder: firm, by: "checker".to_owned(), recorded };
        layer.put(today, Event::Account(checked));
    }
    layer.commit(&log).await;
    for number in 0..claims {
        approved(number, &budget).into_iter().for_each(|event| layer.put(today, Event::Claim(event)));
        if number % CLAIMS_A_COMMIT == CLAIMS_A_COMMIT - 1 || number + 1 == claims {
            layer.commit(&log).await;
        }
    }
    log.close().await.unwrap();
}

/// What stands in the log so far, and the records that its next commit is to hold.
struct Layer {
    head: Head,
    log_id: [u8; 16],
    now: i64,
    /// Of each entity that was laid: the count of its records, and the hash of the last.
    heads: HashMap<Entity, (u64, [u8; 32])>,
    previous: [u8; 32],
    laid: u64,
    bytes: Vec<u8>,
}

impl Layer {
    async fn over(log: &SledLog) -> Self {
        let (mut head, mut log_id, mut now) = (Head::EMPTY, [0; 16], 0);
        for commit in log.read(1, usize::MAX).await.unwrap() {
            for (record, _) in commit.verify_after(&head).unwrap() {
                let decoded = codec::decode(record.event_type, record.schema_version, &record.payload).unwrap();
                if let Event::LogCreated { log_id: id, .. } = decoded.0 {
                    log_id = id;
                }
                now = record.recorded_at_micros;
            }
            head = commit.head();
        }
        Self { head, log_id, now, heads: HashMap::new(), previous: head.hash, laid: 0, bytes: Vec::new() }
    }

    /// Puts an event behind what is laid.
    fn put(&mut self, day: Day, event: Event) {
        self.laid += 1;
        let position = self.head.position + self.laid;
        let encoded = codec::encode(&event, &[]);
        let touched: BTreeSet<Entity> = event.subjects().collect();
        let subject = |entity: &Entity| {
            let (revision, previous) = self.heads.get(entity).copied().unwrap_or((0, ZERO_HASH));
            Subject { name: entity.to_string(), revision: revision + 1, previous }
        };
        let mut subjects: Vec<Subject> = touched.iter().map(subject).collect();
        subjects.sort_by(|a, b| a.name.cmp(&b.name));
        let record = Record {
            commit: self.head.commit + 1,
            position,
            index: 0,
            count: 1,
            event_type: encoded.event_type,
            schema_version: encoded.schema_version,
            effective_days: day.days(),
            recorded_at_micros: self.now,
            principal: "bench".to_owned(),
            on_behalf_of: String::new(),
            request: None,
            previous: self.previous,
            subjects,
            payload: encoded.payload,
        };
        let bytes = record.encode();
        self.previous = record_hash(&bytes);
        self.bytes.extend_from_slice(&bytes);
        for entity in touched {
            let (revision, hash) = self.heads.entry(entity).or_insert((0, ZERO_HASH));
            (*revision, *hash) = (*revision + 1, self.previous);
        }
    }

    async fn commit(&mut self, log: &SledLog) {
        let records = std::mem::take(&mut self.bytes).into();
        let commit = Commit::from_stored(self.head.position + 1, records).unwrap();
        let next = commit.head();
        assert_eq!(log.append(self.head, commit).await, Append::Appended(next));
        (self.head, self.laid) = (next, 0);
    }
}

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

fn payer() -> TreasuryCode {
    TreasuryCode::parse("440203000").unwrap()
}

fn scheme() -> SchemeKey {
    SchemeKey::parse("loan_interest_subsidy").unwrap()
}

fn payee(number: u64) -> Uscc {
    Uscc::parse(&format!("91440203MA{number:08}")).unwrap()
}

fn appropriated(budget: &BudgetId, claims: u64) -> Event {
    Event::Budget(BudgetEvent::Appropriated(Box::new(Appropriated {
        budget: budget.clone(),
        by: "treasurer".to_owned(),
        amount: FEN * i64::try_from(claims).unwrap(),
        handing: Handing::FirstCome,
        document_no: "武财〔2026〕1号".to_owned(),
        programme: "贷款贴息".to_owned(),
        function_code: "2060502".to_owned(),
    })))
}

fn account(keys: &KeyStore, number: u64) -> AccountRecorded {
    let holder = payee(number);
    let owner = Entity::Account(holder);
    keys.ensure(&owner).unwrap();
    let digits = format!("6228480{number:012}");
    AccountRecorded {
        holder,
        by: "treasurer".to_owned(),
        holder_name: format!("企业{number}"),
        number: keys.seal(RECORDED, NUMBER, &owner, &digits).unwrap(),
        tail: tail(&digits),
        bank_name: "中国农业银行韶关武江支行".to_owned(),
        bank_no: BankNo::parse("103100000026").unwrap(),
    }
}

/// The steps of a claim up to its approval.
fn approved(number: u64, budget: &BudgetId) -> Vec<ClaimEvent> {
    let claim = ClaimId::parse(&format!("loan_interest_subsidy:loan:JK{number:07}")).unwrap();
    let taken = |by: &str| Taken { claim: claim.clone(), by: by.to_owned(), text: "属实".to_owned() };
    let frozen = frozen(claim.clone(), number);
    let bytes = (0..EXPLANATION_BYTES).map(|at| (number as usize * 31 + at * 7) as u8).collect::<Vec<u8>>();
    vec![
        ClaimEvent::Claimed(Box::new(frozen)),
        ClaimEvent::Explained(Piece { claim: claim.clone(), index: 0, bytes: bytes.into() }),
        ClaimEvent::Accepted(taken("clerk")),
        ClaimEvent::Reviewed(taken("reviewer")),
        ClaimEvent::Published { taken: taken("clerk"), until: day("2026-01-09") },
        ClaimEvent::Approved(Approved {
            taken: Taken { text: String::new(), ..taken("approver") },
            budget: budget.clone(),
            awarded: FEN,
            round: 0,
        }),
    ]
}

fn frozen(claim: ClaimId, number: u64) -> Frozen {
    let payee = payee(number % PAYEES);
    let loan = LoanId::parse(&format!("JK{number:07}")).unwrap();
    Frozen {
        claim,
        by: "clerk".to_owned(),
        scheme: scheme(),
        beneficiary: Entity::Firm(payee),
        period: loan.to_string(),
        payee,
        payer: payer(),
        payer_name: "武江区财政局".to_owned(),
        amount: FEN,
        reductions: Vec::new(),
        as_of: day("2026-01-04"),
        known: 2,
        policy: PolicyId::parse("wujiang-2023").unwrap(),
        policy_position: 2,
        policy_sha256: [0x5a; 32],
        version: day("2024-01-01"),
        rules_version: 1,
        window: None,
        start: None,
        attribution: Vec::new(),
        counted: [number + 3].into(),
        sources: vec![Entity::Loan(loan)],
        explanation_sha256: [0xa5; 32],
        explanation_bytes: 4 * EXPLANATION_BYTES as u64,
        pieces: 1,
    }
}
