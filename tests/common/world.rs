//! A registry that takes commands as an engine would, without one: position 1 is LogCreated, position 2 the limits.

use incubator_registry::domain::{
    Command, Day, Decision, Event, IncubatorId, Limits, ParkId, Recorded, Refusal, Registry, Uscc, decide,
};

/// The day on which everything is recorded unless a test says otherwise.
pub const TODAY: &str = "2026-11-24";

/// A day as written in ISO 8601.
pub fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap_or_else(|reason| panic!("{text}: {reason:?}"))
}

/// A carrier's id.
pub fn carrier(id: &str) -> IncubatorId {
    IncubatorId::parse(id).unwrap()
}

/// A park's id.
pub fn park(id: &str) -> ParkId {
    ParkId::parse(id).unwrap()
}

/// A firm's code: well-formed, told apart by a number.
pub fn firm(number: u32) -> Uscc {
    Uscc::parse(&format!("91440203MA{number:08}")).unwrap()
}

/// The limits of the plan.
pub fn limits() -> Limits {
    Limits {
        admission_age_months: 24,
        incubation_months: 48,
        extended_incubation_months: 60,
        extended_fields: ["生物医药", "集成电路设计", "现代农业"].map(String::from).to_vec(),
        venture_funding_over_fen: 500_000_000,
        revenue_over_fen: 1_000_000_000,
    }
    .checked()
    .unwrap()
}

/// A registry with its history.
#[derive(Clone, Default)]
pub struct World {
    /// The state.
    pub registry: Registry,
    /// Everything recorded.
    pub history: Vec<Recorded>,
}

impl World {
    /// A new log: its birth and its limits.
    pub fn new() -> Self {
        let mut world = Self::default();
        let created = Event::LogCreated { district: "440203".into(), log_id: [7; 16], hash_algorithm: 1 };
        world.record(vec![(day(TODAY), created)]);
        world.record(vec![(day("1900-01-01"), Event::LimitsSet(limits()))]);
        world
    }

    /// Takes in the events of one command, undecided.
    pub fn record(&mut self, events: Vec<(Day, Event)>) {
        let start = self.registry.position() + 1;
        for (day, event) in events {
            let position = self.registry.position() + 1;
            let recorded = Recorded { position, start, day, event, documents: Vec::new() };
            self.registry.evolve(recorded.clone());
            self.history.push(recorded);
        }
    }

    /// Decides a command today, and takes in what it records.
    pub fn run(&mut self, command: &Command) -> Result<Decision, Refusal> {
        let decision = decide(&self.registry, command, day(TODAY))?;
        if let Decision::Record { events, .. } = &decision {
            let start = self.registry.position() + 1;
            for new in events {
                let position = self.registry.position() + 1;
                let (event, documents) = (new.event.clone(), new.documents.clone());
                let recorded = Recorded { position, start, day: new.day, event, documents };
                self.registry.evolve(recorded.clone());
                self.history.push(recorded);
            }
        }
        Ok(decision)
    }

    /// Last positions of commands, ascending: where a history may be cut.
    pub fn boundaries(&self) -> Vec<u64> {
        let mut ends: Vec<u64> =
            self.history.windows(2).filter(|w| w[1].start == w[1].position).map(|w| w[0].position).collect();
        ends.extend(self.history.last().map(|last| last.position));
        ends
    }

    /// A registry that took in no more than this position.
    pub fn prefix(&self, position: u64) -> Registry {
        let mut registry = Registry::default();
        for recorded in self.history.iter().take_while(|recorded| recorded.position <= position) {
            registry.evolve(recorded.clone());
        }
        registry
    }
}
