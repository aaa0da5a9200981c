//! The engine's lives: stops, deaths and starts, with a snapshot that is good, old, damaged or gone; damage that must be found;
//! and what is read in between.

use crate::asks::{self, FIELDS, FIRMS, PARKS};
use crate::disk::{Disk, Flipped, commits};
use crate::play::{Play, carriers, config};
use crate::views;
use crate::world::{firm, park};
use incubator_registry::domain::{AsOf, Criterion, Day, Kind, Level};
use incubator_registry::engine::{Engine, StartError, Stop};
use incubator_registry::log::{EventLog, MemoryLog};
use incubator_registry::projections::Filter;
use std::sync::Arc;
use std::time::Duration;

impl Play {
    /// Stops cleanly or dies at rest, and starts again.
    pub async fn restart(&mut self) {
        if self.dice.one_in(2) {
            assert_eq!(self.engine.drain().await, Stop::Drained);
        }
        let memory = self.disk.memory.reopened();
        self.rise(memory).await;
    }

    /// Starts again on what the log holds.
    pub async fn rise(&mut self, memory: MemoryLog) {
        self.tally.restarts += 1;
        let path = self.folder.path().join("state.snapshot");
        let before = std::fs::read(&path).ok();
        match (self.dice.below(8), &before) {
            (0, Some(bytes)) => {
                let mut bytes = bytes.clone();
                let at = self.dice.below(bytes.len());
                bytes[at] ^= 1 << self.dice.below(8);
                std::fs::write(&path, bytes).unwrap();
            }
            (1, Some(bytes)) => {
                let cut = self.dice.below(bytes.len());
                std::fs::write(&path, &bytes[..cut]).unwrap();
            }
            (2, Some(_)) => std::fs::remove_file(&path).unwrap(),
            (3, _) => {
                if let Some(old) = &self.old_snapshot {
                    std::fs::write(&path, old).unwrap();
                }
            }
            (4, _) => self.old_snapshot = before,
            _ => {}
        }
        if self.dice.one_in(3) {
            self.hold_damage(memory.reopened()).await;
        }
        let snapshots = (!self.dice.one_in(4)).then(|| self.folder.path().to_owned());
        let disk = Arc::new(Disk::new(memory));
        let engine = Engine::start(config(snapshots), disk.clone(), self.clock.clone()).await.unwrap();
        self.dead.push(std::mem::replace(&mut self.engine, engine));
        self.disk = disk;
        self.hold_rebuilt().await;
    }

    /// What is kept live, or came from a snapshot and a tail, equals what is folded from zero.
    pub async fn hold_rebuilt(&self) {
        let log = Arc::new(self.disk.memory.reopened());
        let zero = Engine::start(config(None), log, self.clock.clone()).await.unwrap();
        let (kept, zero) = (self.engine.published(), zero.published());
        assert!(kept.registry == zero.registry, "the registry kept is not the one folded from zero");
        assert_eq!((kept.head, kept.log_id), (zero.head, zero.log_id));
        assert!(kept.registry.entities() == zero.registry.entities() && kept.commits == zero.commits);
        assert_eq!(self.engine.verify().await.unwrap(), kept.head);
    }

    /// One flipped bit anywhere in the log is found, at the start or by the verification behind a snapshot.
    async fn hold_damage(&mut self, memory: MemoryLog) {
        let stored = commits(&memory).await;
        let (commit, at) = (1 + self.dice.below(stored.len()) as u64, self.dice.below(1 << 20));
        let log = Flipped { memory, commit, at, bit: u8::try_from(self.dice.below(8)).unwrap() };
        let snapshots = self.dice.one_in(2).then(|| self.folder.path().to_owned());
        match Engine::start(config(snapshots), Arc::new(log), self.clock.clone()).await {
            Err(StartError::Damaged { .. }) => {}
            Err(other) => panic!("{other:?}"),
            Ok(engine) => {
                let mut stop = engine.watch_stop();
                let stopped = tokio::time::timeout(Duration::from_secs(60), stop.wait_for(Option::is_some)).await;
                let stop = stopped.expect("damage is found").unwrap().clone();
                assert!(matches!(stop, Some(Stop::Damaged { .. })), "{stop:?}");
                self.dead.push(engine);
            }
        }
    }

    fn filter(&mut self) -> Filter {
        let dice = &mut self.dice;
        let mut filter = Filter::default();
        match dice.below(10) {
            0 => filter.incubators = carriers().filter(|_| dice.one_in(3)).collect(),
            1 => filter.kinds = [*dice.pick(Kind::ALL)].into(),
            2 => filter.levels = [None, Some(*dice.pick(Level::ALL))].into_iter().filter(|_| dice.one_in(2)).collect(),
            3 => filter.fields = [(*dice.pick(&FIELDS)).to_owned()].into(),
            4 => filter.criteria = [*dice.pick(Criterion::ALL)].into(),
            5 => {
                filter.criteria = [*dice.pick(Criterion::ALL), *dice.pick(Criterion::ALL)].into();
                filter.levels = [Some(*dice.pick(Level::ALL))].into();
                filter.kinds = [Kind::Incubator, *dice.pick(Kind::ALL)].into();
            }
            _ => {}
        }
        filter
    }

    /// A day and a position, everything as of them.
    pub fn read(&mut self) {
        self.tally.reads += 1;
        let fact = self.dice.pick(&self.model.facts).day.days().clamp(15_000, 22_500);
        let days = [0, 0, 1, -1, 365, 1_096, 1_461, 1_462];
        let of_fact = Day::from_days(fact + self.dice.pick(&days)).unwrap();
        let day = if self.dice.one_in(3) { asks::date(&mut self.dice) } else { of_fact };
        let known = match self.dice.one_in(3) {
            true => u64::MAX,
            false => self.dice.below(self.model.facts.len() + 2) as u64,
        };
        let (as_of, filter) = (AsOf { day, known }, self.filter());
        let published = self.engine.published();
        let registry = &published.registry;
        let what = format!("as of {day}, known at {known}, cut {filter:?}");
        assert_eq!(
            views::figures(registry, as_of, &filter),
            views::figures_of(&self.model, as_of, &filter),
            "figures {what}"
        );
        for code in (1..=FIRMS).map(firm) {
            assert_eq!(views::firm(registry, code, as_of), views::firm_of(&self.model, code, as_of), "{what}");
        }
        for id in carriers() {
            assert_eq!(views::carrier(registry, &id, as_of), views::carrier_of(&self.model, &id, as_of), "{what}");
        }
        let (loans, parks): (Vec<_>, Vec<_>) = ((0..4).map(asks::loan).collect(), PARKS.map(park).into());
        let payers = asks::payers();
        assert_eq!(
            views::money(registry, as_of, &loans, &parks, &payers),
            views::money_of(&self.model, as_of, &loans, &parks, &payers),
            "{what}"
        );
        let names: Vec<String> = [
            (1..=FIRMS).map(|number| format!("firms/{}", firm(number))).collect(),
            carriers().map(|id| format!("incubators/{id}")).collect::<Vec<_>>(),
            loans.iter().map(|id| format!("loans/{id}")).collect(),
            parks.iter().map(|id| format!("parks/{id}")).collect(),
            payers.iter().map(|code| format!("taxpayers/{code}")).collect(),
            vec!["settings".to_owned()],
        ]
        .concat();
        let [told, counted] = views::revisions(registry, &self.model, known, &names);
        assert_eq!(told, counted, "revisions {what}");
        for name in names {
            let entity = incubator_registry::domain::Entity::parse(&name).unwrap();
            assert_eq!(published.revision(&entity), self.model.revision(&name, u64::MAX), "{name}");
        }
        let instant = self.dice.pick(&self.model.facts).recorded - i64::from(self.dice.one_in(2));
        let last = self.model.facts.iter().filter(|fact| fact.recorded <= instant).map(|fact| fact.position).max();
        assert_eq!(published.position_at(instant), last.unwrap_or(0));
    }

    /// Whether a log still answers: for the end of a run.
    pub async fn head(&self) -> u64 {
        self.disk.memory.reopened().head().await.unwrap().position
    }
}
