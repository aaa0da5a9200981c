//! One run: an engine on the simulated log, the model beside it, and everything that one of them says held against the other.

use crate::asks::{self, CARRIERS, FIRMS};
use crate::dice::Dice;
use crate::disk::{Disk, Trouble, commits, cut};
use crate::hold::{Answer, Work};
use crate::model::{Asker, Model};
use crate::world::{day, limits};
use incubator_registry::domain::{Command, Day, Stated};
use incubator_registry::engine::{Clock, Engine, EngineConfig, Principal, Request, RequestId, Stop};
use incubator_registry::journal::{Commit, Record, codec};
use incubator_registry::log::{Fault, MemoryLog};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// 2026-11-24T04:00:00Z, noon in Shanghai.
const NOON: i64 = 1_795_492_800_000_000;
const HOUR: i64 = 3_600_000_000;

/// A clock that the run moves, also back.
pub struct HeldClock(pub AtomicI64);

impl Clock for HeldClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a run did, to see that it did anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub commands: u64,
    pub recorded: u64,
    pub refused: u64,
    pub duplicates: u64,
    pub retries: u64,
    pub trials: u64,
    pub troubles: u64,
    pub restarts: u64,
    pub reads: u64,
    /// Everything that was answered, mixed: two runs of one seed give the same.
    pub trace: u64,
}

/// A run.
pub struct Play {
    pub dice: Dice,
    pub model: Model,
    pub disk: Arc<Disk>,
    pub engine: Engine,
    pub clock: Arc<HeldClock>,
    pub folder: tempfile::TempDir,
    /// An older snapshot, to be put back.
    pub old_snapshot: Option<Vec<u8>>,
    /// Requests sent so far, for retries.
    pub sent: Vec<Request>,
    /// Requests that were answered with positions.
    pub acknowledged: Vec<(Asker, u64, u64)>,
    /// Engines that died: they may not notice that nobody holds them.
    pub dead: Vec<Engine>,
    pub tally: Tally,
    next_id: u64,
}

pub fn config(snapshots: Option<PathBuf>) -> EngineConfig {
    EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots }
}

impl Play {
    /// A new log, with carriers and firms.
    pub async fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::new(MemoryLog::new()));
        let clock = Arc::new(HeldClock(AtomicI64::new(NOON)));
        let snapshots = Some(folder.path().to_owned());
        let engine = Engine::start(config(snapshots), disk.clone(), clock.clone()).await.unwrap();
        let mut play = Self {
            dice: Dice(seed),
            model: Model::default(),
            disk,
            engine,
            clock,
            folder,
            old_snapshot: None,
            sent: Vec::new(),
            acknowledged: Vec::new(),
            dead: Vec::new(),
            tally: Tally::default(),
            next_id: 1,
        };
        play.begin().await;
        play
    }

    /// The first two events are the engine's own; then carriers and firms, most of them.
    async fn begin(&mut self) {
        let system = Asker { principal: "system".to_owned(), id: None };
        for (_, day, event, documents) in self.recorded(1).await {
            self.model.push(&system, NOON, vec![(day, event, documents)]);
        }
        let mut works = Vec::new();
        for number in 0..5 {
            let fact = asks::founding(&mut self.dice, number);
            works.push(self.work_of(Command::new(vec![fact], Vec::new(), None).unwrap()));
        }
        for number in 1..FIRMS - 1 {
            let fact = asks::registration(&mut self.dice, crate::world::firm(number));
            works.push(self.work_of(Command::new(vec![fact], Vec::new(), None).unwrap()));
        }
        self.round(works, Vec::new(), None).await;
    }

    fn work_of(&mut self, command: Command) -> Work {
        let request = self.request(command);
        Work::Command(Box::new(request))
    }

    fn request(&mut self, command: Command) -> Request {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&self.next_id.to_be_bytes());
        self.next_id += 1;
        let name = *self.dice.pick(&["窗口甲", "窗口乙"]);
        let on_behalf_of = if self.dice.one_in(5) { "运营901" } else { "" }.to_owned();
        let principal = Principal { id: name.to_owned(), on_behalf_of };
        Request { principal, id: RequestId(id), expected_revision: None, validate_only: false, command }
    }

    /// The next piece of work: a new command, a retry of an old one in every shape, or rows.
    fn work(&mut self) -> Work {
        if self.dice.one_in(6) {
            let count = 1 + self.dice.below(5);
            let rows = (0..count).map(|_| asks::row(&mut self.dice, &self.model)).collect();
            return Work::Rows(Principal { id: "导入".to_owned(), on_behalf_of: String::new() }, rows);
        }
        let mut request = if self.dice.one_in(6) && !self.sent.is_empty() {
            let mut old = self.dice.pick(&self.sent).clone();
            match self.dice.below(6) {
                0 => old.command = asks::command(&mut self.dice, &self.model),
                1 => old.principal.id = "别人".to_owned(),
                2 => old.expected_revision = Some(99),
                _ => {}
            }
            old
        } else {
            let command = asks::command(&mut self.dice, &self.model);
            self.request(command)
        };
        if self.dice.one_in(8)
            && let Some(target) = &request.command.target
        {
            let revision = self.model.revision(&target.to_string(), u64::MAX);
            request.expected_revision = Some(if self.dice.one_in(3) { revision + 1 } else { revision });
        }
        request.validate_only = self.dice.one_in(12);
        Work::Command(Box::new(request))
    }

    /// Goes on by one step.
    pub async fn step(&mut self) {
        match self.dice.below(20) {
            0 => self.restart().await,
            1 => {
                let moved = *self.dice.pick(&[HOUR, 30 * HOUR, 400 * HOUR, -5 * HOUR, -100 * HOUR]);
                self.clock.0.fetch_add(moved, Ordering::SeqCst);
            }
            2..5 => self.read(),
            _ => {
                let count = 1 + self.dice.below(8);
                let works: Vec<Work> = (0..count).map(|_| self.work()).collect();
                let (plan, foreign) = self.trouble(&works).await;
                self.round(works, plan, foreign).await;
            }
        }
    }

    /// Trouble for a round, and the other writer's commit with what it was of.
    async fn trouble(&mut self, works: &[Work]) -> (Vec<Trouble>, Option<Foreign>) {
        let of = |faults: &[Fault]| faults.iter().cloned().map(Trouble::Of).collect::<Vec<_>>();
        let written = self.dice.one_in(2);
        let mut plan = match self.dice.below(26) {
            0 => of(&[Fault::Full]),
            1 => of(&[Fault::UnknownWritten]),
            2 => of(&[Fault::UnknownLost, Fault::UnknownLost, Fault::UnknownWritten]),
            3 => of(&[Fault::UnknownLost, Fault::Full]),
            4 => of(&[Fault::Delay(Duration::from_millis(3))]),
            5 => of(&[Fault::Fatal]),
            6 => of(&[Fault::SyncFails]),
            7 => vec![Trouble::Crash { written }],
            8 => vec![Trouble::Blind],
            9..12 => {
                let foreign = self.foreign(works).await;
                let plan = foreign.iter().map(|foreign| Trouble::Of(Fault::Conflict(foreign.commit.clone())));
                return (plan.collect(), foreign);
            }
            _ => return (Vec::new(), None),
        };
        if self.dice.one_in(4) {
            plan.insert(0, Trouble::Of(Fault::None)); // It meets the second commit of the round, if there is one.
        }
        (plan, None)
    }

    /// What another server writes behind the same head, its clock not quite ours.
    async fn foreign(&mut self, works: &[Work]) -> Option<Foreign> {
        let now = self.clock.now_micros() + *self.dice.pick(&[0, 0, 60 * HOUR]);
        let memory = Arc::new(self.disk.memory.reopened());
        let clock = Arc::new(HeldClock(AtomicI64::new(now)));
        let engine = Engine::start(config(None), memory.clone(), clock).await.unwrap();
        let count = 1 + self.dice.below(3);
        let mut theirs: Vec<Work> = (0..count).map(|_| self.work()).collect();
        if self.dice.one_in(2) {
            theirs.push(works[0].clone()); // A client that did not wait for us.
        }
        let before = commits(&memory).await.len();
        for work in &mut theirs {
            // Told apart from our own: a commit of the same bytes, without request ids, would rightly be taken for ours.
            if let Work::Rows(principal, _) = work {
                principal.on_behalf_of = "运营903".to_owned();
            }
        }
        let answers = crate::hold::send(&engine, &theirs, None).await;
        assert_eq!(engine.drain().await, Stop::Drained);
        let after = commits(&memory).await;
        let commit = after.get(before).filter(|_| after.len() == before + 1)?.clone();
        Some(Foreign { commit, works: theirs, answers, now })
    }

    /// Sends work as one group under a plan, and holds what comes back against the model.
    async fn round(&mut self, works: Vec<Work>, plan: Vec<Trouble>, foreign: Option<Foreign>) {
        self.disk.plan(plan.clone());
        let answers = crate::hold::send(&self.engine, &works, Some(&self.disk)).await;
        let (met, crashed) = self.disk.met();
        let met = &plan[..met];
        self.tally.troubles += met.len() as u64;
        let stopped = self.engine.watch_stop().borrow().clone();
        let unanswered = matches!(met.last(), Some(Trouble::Crash { written: true } | Trouble::Of(Fault::SyncFails)));
        let mut memory = self.disk.memory.reopened();
        if unanswered && self.dice.one_in(2) {
            memory = cut(&memory, 1).await; // What nobody was told of need not survive.
        }
        let stored = commits(&memory).await;
        let end = stored.last().map_or(0, |commit| commit.last);
        let from = self.model.position();
        if let Some(foreign) = foreign.filter(|foreign| stored.iter().any(|commit| commit.hash == foreign.commit.hash))
        {
            let until = foreign.commit.last;
            self.hold_all(&foreign.works, foreign.answers, until, foreign.now, &[]);
        }
        self.hold_all(&works, answers, end, self.clock.now_micros(), met);
        assert_eq!(self.model.position(), end, "what the log holds is what the model holds");
        self.hold_log(from, &stored);
        self.sent.extend(works.into_iter().filter_map(|work| match work {
            Work::Command(request) if !request.validate_only => Some(*request),
            _ => None,
        }));
        if crashed || stopped.is_some() {
            assert!(crashed || matches!(stopped, Some(Stop::LogFailed(_))), "{stopped:?}");
            self.rise(memory).await;
        }
    }

    fn hold_all(&mut self, works: &[Work], answers: Vec<Answer>, end: u64, now: i64, met: &[Trouble]) {
        for (work, answer) in works.iter().zip(answers) {
            self.hold(work, answer, end, now, met);
        }
    }

    /// Records from a position on, as the model keeps them.
    async fn recorded(&self, from: u64) -> Vec<(Record, Day, incubator_registry::domain::Event, Documents)> {
        decoded(&commits(&self.disk.memory).await, from)
    }

    /// Every record behind a position, held against the model's facts.
    fn hold_log(&self, from: u64, stored: &[Commit]) {
        let records = decoded(stored, from + 1);
        for (fact, (record, day, event, documents)) in self.model.facts[from as usize..].iter().zip(records) {
            assert_eq!((record.position, record.command_start()), (fact.position, fact.start));
            assert_eq!((day, &event, &documents), (fact.day, &fact.event, &fact.documents), "at {}", fact.position);
            assert_eq!(record.recorded_at_micros, fact.recorded, "recorded at {}", fact.position);
            assert_eq!(record.principal, fact.principal);
            assert_eq!(record.request.map(|request| request.id), fact.request);
        }
    }

    /// Every acknowledged command is in the log once, where it was said to be.
    pub async fn hold_acknowledged(&self) {
        let records = self.recorded(1).await;
        for (asker, first, last) in &self.acknowledged {
            let by = |record: &&Record| {
                record.principal == asker.principal
                    && record.request.is_some_and(|request| Some(request.id) == asker.id)
            };
            let found: Vec<u64> =
                records.iter().map(|(record, ..)| record).filter(by).map(|record| record.position).collect();
            assert_eq!(found, (*first..=*last).collect::<Vec<_>>(), "{asker:?}");
        }
    }

    /// A round without trouble: everything acknowledged is asked again.
    pub async fn ask_again(&mut self) {
        let mut requests: Vec<Request> = Vec::new();
        for _ in 0..self.sent.len().min(12) {
            requests.push(self.dice.pick(&self.sent).clone());
        }
        let works = requests.into_iter().map(|request| Work::Command(Box::new(request))).collect();
        self.round(works, Vec::new(), None).await;
    }

    /// Facts that must be accepted, whatever came before: the run is not stuck.
    pub async fn still_works(&mut self) {
        let park = crate::world::park("新园");
        let set = incubator_registry::domain::Event::ParkTreasurySet {
            park,
            treasury_code: "440203000".into(),
            treasury_name: "金库".into(),
        };
        let before = self.model.position();
        let work = self.work_of(Command::new(vec![Stated::new(day("2024-01-01"), set)], Vec::new(), None).unwrap());
        self.round(vec![work], Vec::new(), None).await;
        assert_eq!(self.model.position(), before + 1);
    }
}

type Documents = Vec<incubator_registry::domain::Document>;

fn decoded(stored: &[Commit], from: u64) -> Vec<(Record, Day, incubator_registry::domain::Event, Documents)> {
    let all = stored.iter().filter(|commit| commit.last >= from).flat_map(|commit| commit.iter().collect::<Vec<_>>());
    let of = |(position, bytes): (u64, bytes::Bytes)| {
        let record = (position >= from).then(|| Record::decode(&bytes).unwrap())?;
        let (event, documents) = codec::decode(record.event_type, record.schema_version, &record.payload).unwrap();
        let day = Day::from_days(record.effective_days).unwrap();
        Some((record, day, event, documents))
    };
    all.filter_map(of).collect()
}

/// Another writer's commit.
struct Foreign {
    commit: Commit,
    works: Vec<Work>,
    answers: Vec<Answer>,
    now: i64,
}

/// Ids of the carriers that commands name.
pub fn carriers() -> impl Iterator<Item = incubator_registry::domain::IncubatorId> {
    CARRIERS.iter().map(|(id, _)| crate::world::carrier(id))
}
