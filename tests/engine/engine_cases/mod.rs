//! What the cases share: a rig of an engine on a log that can be held and made to fail, and small makers of commands.

mod drains;
mod failures;
mod groups;
mod histories;
mod queue;
mod reading;
mod requests;
mod rows;
mod snapshots;
mod starts;
mod times;

use crate::common::world::{carrier, day, firm, limits};
use async_trait::async_trait;
use incubator_registry::domain::event::{IncubatorRegistered, Operator};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{BuildMode, Command, Document, Event, Kind, LeaveKind, Stated, VoidOrder};
use incubator_registry::engine::{Clock, Engine, EngineConfig, EngineError, Outcome, Principal, Request, RequestId};
use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{Append, EventLog, FaultyLog, LogError, MemoryLog, Plan};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// 2026-11-24T04:00:00Z, noon in Shanghai.
pub const NOON: i64 = 1_795_492_800_000_000;

pub type Answer = Result<Outcome, EngineError>;

/// A clock that stands still until it is moved.
pub struct HeldClock(pub AtomicI64);

impl Clock for HeldClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A log whose appends can be held, and are counted as they come.
pub struct Gate {
    inner: Arc<dyn EventLog>,
    held: AtomicBool,
    permits: Semaphore,
    arrived: watch::Sender<usize>,
    pub closed: AtomicBool,
}

impl Gate {
    pub fn new(inner: Arc<dyn EventLog>) -> Self {
        let (held, closed) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { inner, held, permits: Semaphore::new(0), arrived: watch::Sender::new(0), closed }
    }

    /// Appends wait from now on.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Lets one append through.
    pub fn pass(&self) {
        self.permits.add_permits(1);
    }

    /// Lets all through from now on, one that waits included.
    pub fn open(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.permits.add_permits(1);
    }

    /// Appends that came so far.
    pub fn count(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Waits for that many.
    pub async fn arrived(&self, count: usize) {
        self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await.unwrap();
    }
}

#[async_trait]
impl EventLog for Gate {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        self.arrived.send_modify(|count| *count += 1);
        if self.held.load(Ordering::SeqCst) {
            self.permits.acquire().await.unwrap().forget();
        }
        self.inner.append(expected, commit).await
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        self.inner.read(from, bytes_max).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.inner.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.inner.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.closed.store(true, Ordering::SeqCst);
        self.inner.close().await
    }
}

/// An engine with everything around it in the test's hands.
pub struct Rig {
    pub memory: Arc<MemoryLog>,
    pub faulty: Arc<FaultyLog>,
    pub gate: Arc<Gate>,
    pub clock: Arc<HeldClock>,
    pub engine: Engine,
}

pub fn config(snapshots: Option<PathBuf>) -> EngineConfig {
    EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots }
}

impl Rig {
    /// On a new log.
    pub async fn new() -> Self {
        Self::on(MemoryLog::new(), None).await
    }

    /// On a log that may hold something.
    pub async fn on(memory: MemoryLog, snapshots: Option<PathBuf>) -> Self {
        let memory = Arc::new(memory);
        let faulty = Arc::new(FaultyLog::new(memory.clone(), Plan::none()));
        let gate = Arc::new(Gate::new(faulty.clone()));
        let clock = Arc::new(HeldClock(AtomicI64::new(NOON)));
        let engine = Engine::start(config(snapshots), gate.clone(), clock.clone()).await.unwrap();
        Self { memory, faulty, gate, clock, engine }
    }

    /// A carrier of each kind (WJ01 incubator, WJ02 makerspace, WJ03 accelerator, WJ04 incubator), and firms 1 to `firms`.
    pub async fn peopled(firms: u32) -> Self {
        let rig = Self::new().await;
        rig.people(firms).await;
        rig
    }

    pub async fn people(&self, firms: u32) {
        let kinds = [Kind::Incubator, Kind::Makerspace, Kind::Accelerator, Kind::Incubator];
        for (number, kind) in (1..).zip(kinds) {
            self.run(found(&format!("WJ{number:02}"), kind)).await;
        }
        for number in 1..=firms {
            self.run(register(number)).await;
        }
    }

    /// A second engine on a copy of the log, as after a restart.
    pub async fn again(&self, snapshots: Option<PathBuf>) -> Self {
        Self::on(self.memory.reopened(), snapshots).await
    }

    /// Sends a command under a fresh id.
    pub async fn ask(&self, command: Command) -> Answer {
        soon(self.engine.submit(request(command))).await
    }

    /// Sends a command that is accepted.
    pub async fn run(&self, command: Command) -> Outcome {
        self.ask(command).await.unwrap()
    }

    /// Sends a request from a task of its own.
    pub fn send(&self, request: Request) -> JoinHandle<Answer> {
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.submit(request).await })
    }

    /// Holds appends, and sends a command that makes the writer wait for one; what comes next shares a group.
    pub async fn occupy(&self) -> JoinHandle<Answer> {
        let before = self.gate.count();
        self.gate.hold();
        let filler = self.send(request(register(900_000 + u32::try_from(before).unwrap())));
        self.gate.arrived(before + 1).await;
        filler
    }

    pub fn head(&self) -> u64 {
        self.engine.published().head.position
    }
}

/// Fails a test that would wait for ever.
pub async fn soon<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), answer).await.expect("an answer within 30 s")
}

/// Lets every task that can go on do so (the tests' runtime has one thread).
pub async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

pub fn id(number: u64) -> RequestId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    RequestId(bytes)
}

pub fn principal(name: &str) -> Principal {
    Principal { id: name.to_owned(), on_behalf_of: String::new() }
}

/// A request of operator-1 under a fresh id.
pub fn request(command: Command) -> Request {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    let id = id(NEXT.fetch_add(1, Ordering::SeqCst));
    Request { principal: principal("operator-1"), id, expected_revision: None, validate_only: false, command }
}

/// The word of a refusal.
pub fn refused(answer: Answer) -> &'static str {
    match answer {
        Err(EngineError::Refused(refusal)) => refusal.reason.word(),
        other => panic!("not refused: {other:?}"),
    }
}

pub fn command(facts: Vec<Stated>) -> Command {
    Command::new(facts, Vec::new(), None).unwrap()
}

pub fn found(incubator: &str, kind: Kind) -> Command {
    let operator = Operator { name: "运营公司".to_owned(), code: firm(99_999_999), introduced: false };
    let registered = IncubatorRegistered {
        incubator: carrier(incubator),
        name: format!("载体{incubator}"),
        kind,
        operator,
        build_mode: BuildMode::Private,
        area: Area::default(),
        upstream: None,
    };
    command(vec![Stated::new(day("2015-01-01"), Event::IncubatorRegistered(registered))])
}

pub fn registration(number: u32) -> Stated {
    let event =
        Event::FirmRegistered { firm: firm(number), name: format!("企业{number}"), field: "软件".to_owned() };
    Stated::new(day("2024-01-10"), event)
}

pub fn register(number: u32) -> Command {
    command(vec![registration(number)])
}

pub fn renaming(number: u32, on: &str, name: &str) -> Stated {
    Stated::new(day(on), Event::FirmRenamed { firm: firm(number), name: name.to_owned() })
}

pub fn rename(number: u32, on: &str, name: &str) -> Command {
    command(vec![renaming(number, on, name)])
}

pub fn admission(number: u32, incubator: &str, on: &str) -> Stated {
    let (firm, incubator) = (firm(number), carrier(incubator));
    Stated::new(day(on), Event::FirmAdmitted { firm, incubator, waiver: String::new() })
}

pub fn admit(number: u32, incubator: &str, on: &str) -> Command {
    command(vec![admission(number, incubator, on)])
}

pub fn leave(number: u32, incubator: &str, on: &str) -> Command {
    let (firm, incubator) = (firm(number), carrier(incubator));
    let event = Event::FirmLeft { firm, incubator, admitted: day("0001-01-01"), kind: LeaveKind::Withdrawn };
    command(vec![Stated { open_stay: true, ..Stated::new(day(on), event) }])
}

pub fn replace(positions: &[i64], facts: Vec<Stated>) -> Command {
    let void = VoidOrder::checked(positions, "写错了", "科技局").unwrap();
    Command::new(facts, Vec::new(), void).unwrap()
}

/// Twenty documents of 1.5 KiB each.
pub fn heavy() -> Vec<Document> {
    let long = "x".repeat(512);
    let document =
        |_| Document { title: long.clone(), document_no: long.clone(), sha256: None, location: long.clone() };
    (0..20).map(document).collect()
}
