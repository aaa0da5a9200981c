//! A district with something to claim, its clock in the test's hands, and acts in few words.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use crate::common::world::{carrier, day, firm, limits, park};
use incubator_registry::domain::account::{AccountRecorded, BankNo};
use incubator_registry::domain::act::{Act, Answer, ClaimStep, Wanted};
use incubator_registry::domain::budget::{Appropriated, Budget, BudgetId};
use incubator_registry::domain::calendar::CalendarSet;
use incubator_registry::domain::claim::Claim;
use incubator_registry::domain::event::{IncubatorRegistered, LoanDrawn, Operator, PolicyPublished, TaxReceipt};
use incubator_registry::domain::order::Order;
use incubator_registry::domain::sealed::{KeyId, Sealed};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    BuildMode, ClaimId, Command, Criterion, Day, Entity, Event, Handing, InterestNature, Kind, Level, LoanId, OrderNo,
    PolicyId, Reason, Refusal, SchemeKey, Stated, Tax, TaxNature, VoidOrder, VoucherNo,
};
use incubator_registry::engine::{
    Clock, Engine, EngineConfig, EngineError, Outcome, Principal, Request, RequestId, Written,
};
use incubator_registry::log::MemoryLog;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The park whose treasury the demo's policy lists as 440203900.
pub const PARK: &str = "武江甘棠园区";
/// Who does what, where nothing else is said.
pub const CLERK: &str = "clerk";
pub const REVIEWER: &str = "reviewer";
pub const APPROVER: &str = "approver";
pub const TREASURER: &str = "treasurer";
pub const CHECKER: &str = "checker";
pub const FINANCE: &str = "finance-system";

pub struct HeldClock(pub AtomicI64);

impl Clock for HeldClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub struct Rig {
    pub engine: Engine,
    pub memory: Arc<MemoryLog>,
    pub clock: Arc<HeldClock>,
}

/// What became of an act.
pub type Done = Result<Outcome, Refusal>;

fn noon(date: Day) -> i64 {
    (i64::from(date.days()) * 24 + 4) * 3_600_000_000
}

impl Rig {
    /// A district on a day, with calendars and nothing else.
    pub async fn new(today: &str) -> Self {
        let rig = Self::on(Arc::new(MemoryLog::new()), today).await;
        for year in 2023..=2027 {
            rig.act(TREASURER, Act::SetCalendar(calendar(year))).await.unwrap();
        }
        rig
    }

    pub async fn on(memory: Arc<MemoryLog>, today: &str) -> Self {
        let clock = Arc::new(HeldClock(AtomicI64::new(noon(day(today)))));
        let config =
            EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots: None };
        let engine = Engine::start(config, memory.clone(), clock.clone()).await.unwrap();
        Self { engine, memory, clock }
    }

    pub fn go_to(&self, date: &str) {
        self.clock.0.store(noon(day(date)), Ordering::SeqCst);
    }

    pub fn pass_days(&self, days: i64) {
        self.clock.0.fetch_add(days * 86_400_000_000, Ordering::SeqCst);
    }

    pub async fn submit(&self, by: &str, command: Command) -> Done {
        match self.engine.submit(request(by, command)).await {
            Ok(outcome) => Ok(outcome),
            Err(EngineError::Refused(refusal)) => Err(*refusal),
            Err(other) => panic!("{other}"),
        }
    }

    pub async fn act(&self, by: &str, act: Act) -> Done {
        self.submit(by, Command::act(act, Vec::new()).unwrap()).await
    }

    pub async fn facts(&self, facts: Vec<(&str, Event)>) -> Outcome {
        let facts = facts.into_iter().map(|(date, event)| Stated::new(day(date), event)).collect();
        self.submit(CLERK, Command::new(facts, Vec::new(), None).unwrap()).await.unwrap()
    }

    pub async fn fact(&self, date: &str, event: Event) -> u64 {
        self.facts(vec![(date, event)]).await.written.position()
    }

    pub async fn void(&self, position: u64) -> Done {
        let order = VoidOrder::checked(&[i64::try_from(position).unwrap()], "录错", "科技局").unwrap();
        self.submit(CLERK, Command::new(Vec::new(), Vec::new(), order).unwrap()).await
    }

    pub async fn policy(&self, changes: &[(&str, &str)]) {
        let mut text = include_str!("../../deploy/demo/policy.toml").to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let published = PolicyPublished {
            policy: PolicyId::parse("wujiang-incubation-demo").unwrap(),
            title: "办法".to_owned(),
            sha256: Sha256::digest(&text).into(),
            text: text.into(),
        };
        self.fact("2021-01-01", Event::PolicyPublished(published)).await;
    }

    /// A recognised incubator, run by a firm number that pays tax in 2024.
    pub async fn carrier(&self, id: &str, operator: u32) {
        let run = Operator { name: format!("运营{operator}"), code: firm(operator), introduced: false };
        let (name, area, build_mode) = (id.to_owned(), Area::default(), BuildMode::Private);
        let registered = IncubatorRegistered {
            incubator: carrier(id),
            name,
            kind: Kind::Incubator,
            operator: run,
            build_mode,
            area,
            upstream: None,
        };
        let document_no = "认定文".to_owned();
        let recognised = Event::IncubatorRecognised { incubator: carrier(id), level: Level::District, document_no };
        self.fact("2018-01-01", Event::IncubatorRegistered(registered)).await;
        self.fact("2020-01-01", recognised).await;
    }

    pub async fn firm(&self, number: u32) {
        let (name, field) = (format!("企业{number}"), "软件".to_owned());
        self.fact("2020-01-01", Event::FirmRegistered { firm: firm(number), name, field }).await;
    }

    pub async fn admitted(&self, number: u32, id: &str, date: &str) -> u64 {
        let (firm, incubator) = (firm(number), carrier(id));
        self.fact(date, Event::FirmAdmitted { firm, incubator, waiver: String::new() }).await
    }

    pub async fn graduated(&self, number: u32, id: &str, admitted: &str, date: &str) {
        let (firm, incubator, admitted) = (firm(number), carrier(id), day(admitted));
        let (criterion, document_no) = (Criterion::HighTech, String::new());
        self.fact(date, Event::FirmGraduated { firm, incubator, admitted, criterion, document_no }).await;
    }

    /// Signed, settled and in production.
    pub async fn settled(&self, number: u32, settled: &str, production: &str) -> u64 {
        let (firm, park) = (firm(number), park(PARK));
        self.fact(settled, Event::RelocationSigned { firm, park: park.clone() }).await;
        self.fact(settled, Event::FirmSettled { firm, park: park.clone(), assessment: None }).await;
        self.fact(production, Event::ProductionStarted { firm, park }).await
    }

    pub async fn paid(&self, number: u32, date: &str, amount: i64) -> u64 {
        let voucher = VoucherNo::parse(&format!("V{}", self.position())).unwrap();
        let (taxpayer, tax, nature) = (firm(number), Tax::Vat, TaxNature::Normal);
        let receipt = TaxReceipt { taxpayer, tax, period: (None, None), amount, nature, voucher };
        self.fact(date, Event::TaxReceiptRecorded(receipt)).await
    }

    pub async fn loan(&self, id: &str, number: u32, drawn: &str, maturity: &str) {
        let (loan, firm, maturity) = (LoanId::parse(id).unwrap(), firm(number), day(maturity));
        let (lender, principal, rate_ppm) = ("银行".to_owned(), 100_000_000, 50_000);
        self.fact(drawn, Event::LoanDrawn(LoanDrawn { loan, firm, lender, principal, rate_ppm, maturity })).await;
    }

    pub async fn interest(&self, id: &str, date: &str, amount: i64) -> u64 {
        let (loan, nature) = (LoanId::parse(id).unwrap(), InterestNature::Normal);
        self.fact(date, Event::InterestPaid { loan, amount, nature }).await
    }

    pub fn position(&self) -> u64 {
        self.engine.published().head.position
    }

    pub fn claim(&self, id: &str) -> Arc<Claim> {
        let published = self.engine.published();
        Arc::clone(published.registry.finance().claim(&claim_id(id)).unwrap())
    }

    pub fn stage(&self, id: &str) -> &'static str {
        self.claim(id).stage.key()
    }

    pub fn budget(&self, id: &str) -> Arc<Budget> {
        let published = self.engine.published();
        Arc::clone(published.registry.finance().budget(&BudgetId::parse(id).unwrap()).unwrap())
    }

    pub fn order(&self, no: &str) -> Arc<Order> {
        let published = self.engine.published();
        Arc::clone(published.registry.finance().order(&OrderNo::parse(no).unwrap()).unwrap())
    }

    pub async fn open(&self, scheme: &str, to: Entity, period: &str) -> Done {
        self.act(CLERK, claims(scheme, to, period)).await
    }

    pub async fn step(&self, by: &str, id: &str, step: ClaimStep) -> Done {
        self.act(by, Act::Step { claim: claim_id(id), step, text: "意见".to_owned() }).await
    }

    pub async fn approve(&self, by: &str, id: &str, awarded: Option<i64>) -> Done {
        let reason = if awarded.is_some() { "预算" } else { "" };
        self.act(by, Act::Approve { claim: claim_id(id), awarded, reason: reason.to_owned() }).await
    }

    pub async fn budgeted(&self, id: &str, amount: i64, handing: Handing) -> Done {
        self.act(TREASURER, appropriates(id, amount, handing)).await
    }

    /// From claimed to the end of the publication.
    pub async fn published(&self, id: &str) {
        self.step(CLERK, id, ClaimStep::Accept).await.unwrap();
        self.step(REVIEWER, id, ClaimStep::Review).await.unwrap();
        self.step(CLERK, id, ClaimStep::Publish).await.unwrap();
    }

    /// An account that another person confirmed.
    pub async fn account(&self, number: u32, name: &str) {
        let done = self.act(TREASURER, records(number, name)).await.unwrap();
        let recorded = done.written.position();
        let confirm = Act::CheckAccount { holder: firm(number), recorded, refused: None };
        self.act(CHECKER, confirm).await.unwrap();
    }

    /// Issues an order; its number.
    pub async fn order_for(&self, id: &str) -> Result<String, Refusal> {
        let act = Act::IssueOrder { claim: claim_id(id), purpose: String::new() };
        self.act(TREASURER, act).await?;
        Ok(self.claim(id).orders.last().unwrap().to_string())
    }

    pub async fn tell(&self, no: &str, answer: Answer) -> Done {
        self.act(FINANCE, Act::Tell { order: OrderNo::parse(no).unwrap(), answer }).await
    }
}

pub fn request(by: &str, command: Command) -> Request {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    let principal = Principal { id: by.to_owned(), on_behalf_of: String::new() };
    Request { principal, id: RequestId(id), expected_revision: None, validate_only: false, command }
}

pub fn claim_id(id: &str) -> ClaimId {
    ClaimId::parse(id).unwrap()
}

pub fn claims(scheme: &str, beneficiary: Entity, period: &str) -> Act {
    let (scheme, period) = (SchemeKey::parse(scheme).unwrap(), period.to_owned());
    Act::Claim(Wanted { scheme, beneficiary, period, policy: None, as_of: None })
}

pub fn appropriates(id: &str, amount: i64, handing: Handing) -> Act {
    Act::Appropriate(Appropriated {
        budget: BudgetId::parse(id).unwrap(),
        by: String::new(),
        amount,
        handing,
        document_no: "武财〔2025〕1号".to_owned(),
        programme: "孵化扶持".to_owned(),
        function_code: String::new(),
    })
}

/// Weekends only: which days are off is not what is tried.
pub fn calendar(year: i16) -> CalendarSet {
    let (by, document_no) = (String::new(), "示例".to_owned());
    CalendarSet { year, by, off: [].into(), worked: [].into(), publication_days: 5, document_no }
}

pub fn records(number: u32, name: &str) -> Act {
    // Sealing is the key store's; here the bytes only tell one number from another: each call's is a new one.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut commitment = [4; 32];
    commitment[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    let sealed = Sealed { key: KeyId([1; 16]), nonce: [2; 24], ciphertext: vec![3; 64], commitment };
    Act::RecordAccount(Box::new(AccountRecorded {
        holder: firm(number),
        by: String::new(),
        holder_name: name.to_owned(),
        number: sealed,
        tail: "2345".to_owned(),
        bank_name: "中国农业银行韶关武江支行".to_owned(),
        bank_no: BankNo::parse("103100000026").unwrap(),
    }))
}

pub fn paid(reference: &str, date: &str) -> Answer {
    Answer::Paid { reference: reference.to_owned(), day: day(date), amount: None }
}

pub fn returned(reason: &str, date: &str) -> Answer {
    Answer::Returned { reason: reason.to_owned(), day: day(date) }
}

/// The word of a refusal.
#[track_caller]
pub fn word(done: Done) -> Reason {
    match done {
        Err(refusal) => refusal.reason,
        Ok(outcome) => panic!("not refused: {:?}", outcome.written),
    }
}

pub fn is_duplicate(done: &Outcome) -> bool {
    matches!(done.written, Written::Duplicate { .. })
}
