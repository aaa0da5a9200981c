//! `given(facts).when(command).then(events)`, or `.refused(reason)`.
//!
//! Every scenario begins with the same small district, so that the first fact given stands at position 10: 1 LogCreated,
//! 2 LimitsSet, 3 WJ01 (makerspace), 4 WJ03, 5 WJ04 (incubators), 6 WJ06 (accelerator), 7 to 9 firms 1 to 3, registered on
//! 2023-01-01.

use crate::world::{World, carrier, day, firm, park};
use incubator_registry::domain::event::{IncubatorRegistered, Operator};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    BuildMode, Command, Criterion, Day, Decision, Event, Kind, LeaveKind, Level, Origin, Reason, Refusal, Registry,
    Stated, VoidOrder,
};

/// A fact with its business date.
pub type Fact = (Day, Event);

/// What is asked.
#[derive(Clone)]
pub struct Asked {
    facts: Vec<Stated>,
    replaces: Vec<i64>,
    origin: Origin,
}

/// A command that states these facts.
pub fn state(facts: impl IntoIterator<Item = Fact>) -> Asked {
    let facts = facts.into_iter().map(|(day, event)| Stated::new(day, event)).collect();
    Asked { facts, replaces: Vec::new(), origin: Origin::Rpc }
}

/// A command that takes these facts back and states nothing.
pub fn void(positions: &[i64]) -> Asked {
    state([]).replacing(positions)
}

impl Asked {
    /// And takes these back.
    pub fn replacing(mut self, positions: &[i64]) -> Self {
        self.replaces = positions.to_vec();
        self
    }

    /// As a row of a file.
    pub fn imported(mut self) -> Self {
        self.origin = Origin::Import;
        self
    }

    /// Whose leavings don't say which stay they end.
    pub fn open_stay(mut self) -> Self {
        for fact in &mut self.facts {
            fact.open_stay = matches!(fact.event, Event::FirmGraduated { .. } | Event::FirmLeft { .. });
        }
        self
    }

    /// The command.
    pub fn command(&self) -> Result<Command, Refusal> {
        let void = VoidOrder::checked(&self.replaces, note(&self.replaces, "录入有误"), note(&self.replaces, "科技局"));
        let void = void.map_err(|faults| faults.refusal().unwrap())?;
        match self.origin {
            Origin::Rpc => Command::new(self.facts.clone(), Vec::new(), void),
            Origin::Import => Command::row(self.facts.clone()),
        }
    }
}

fn note<'a>(replaces: &[i64], text: &'a str) -> &'a str {
    if replaces.is_empty() { "" } else { text }
}

/// A district in which these facts are recorded, each by a command of its own.
pub fn given(facts: impl IntoIterator<Item = Fact>) -> Given {
    let mut world = World::new();
    for (id, kind) in CARRIERS {
        world.record(vec![founded("2019-01-01", id, kind)]);
    }
    for number in 1..=3 {
        world.record(vec![registered("2023-01-01", number)]);
    }
    for fact in facts {
        world.record(vec![fact]);
    }
    Given { world }
}

/// The carriers of every scenario.
pub const CARRIERS: [(&str, Kind); 4] =
    [("WJ01", Kind::Makerspace), ("WJ03", Kind::Incubator), ("WJ04", Kind::Incubator), ("WJ06", Kind::Accelerator)];

/// What is recorded.
#[derive(Clone)]
pub struct Given {
    world: World,
}

impl Given {
    /// Asks.
    pub fn when(mut self, asked: Asked) -> Outcome {
        let before = self.world.registry.position();
        let result = asked.command().and_then(|command| self.world.run(&command));
        Outcome { world: self.world, before, result }
    }

    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.world.registry
    }
}

/// What became of it.
pub struct Outcome {
    world: World,
    before: u64,
    result: Result<Decision, Refusal>,
}

impl Outcome {
    /// These events, and no others, are recorded after what was given.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = Fact>) -> Given {
        let recorded = match &self.result {
            Ok(Decision::Record { events, .. }) => events.iter().map(|new| (new.day, new.event.clone())).collect(),
            other => panic!("not recorded: {other:?}"),
        };
        let recorded: Vec<Fact> = recorded;
        assert_eq!(recorded, events.into_iter().collect::<Vec<_>>());
        let start = self.before + 1;
        assert!(self.world.history.iter().skip(self.before as usize).all(|recorded| recorded.start == start));
        Given { world: self.world }
    }

    /// It is recorded, in whatever events.
    #[track_caller]
    pub fn accepted(self) -> Given {
        assert!(matches!(self.result, Ok(Decision::Record { .. })), "not recorded: {:?}", self.result);
        Given { world: self.world }
    }

    #[track_caller]
    fn refusal(&self) -> &Refusal {
        assert_eq!(self.world.registry.position(), self.before, "a refusal records nothing");
        self.result.as_ref().expect_err("it was not refused")
    }

    /// Refused with this word, which names no recorded fact.
    #[track_caller]
    pub fn refused(self, reason: Reason) -> Given {
        let refusal = self.refusal();
        assert_eq!((refusal.reason, refusal.position), (reason, None), "{}", refusal.message);
        Given { world: self.world }
    }

    /// Refused with this word, which names the recorded fact in the way.
    #[track_caller]
    pub fn refused_at(self, reason: Reason, position: u64) -> Given {
        let refusal = self.refusal();
        assert_eq!((refusal.reason, refusal.position), (reason, Some(position)), "{}", refusal.message);
        Given { world: self.world }
    }

    /// Refused, for these facts depend on what it would change.
    #[track_caller]
    pub fn has_dependents(self, positions: &[u64]) -> Given {
        let refusal = self.refusal();
        assert_eq!((refusal.reason, &*refusal.positions), (Reason::HasDependents, positions), "{}", refusal.message);
        Given { world: self.world }
    }

    /// Everything it states is recorded already, or was taken back: the word, and where.
    #[track_caller]
    pub fn same(self, reason: Reason, position: u64) -> Given {
        assert_eq!(self.result, Ok(Decision::Same { reason, position }));
        Given { world: self.world }
    }

    /// The words of what to look at.
    pub fn warnings(&self) -> Vec<Reason> {
        match &self.result {
            Ok(Decision::Record { warnings, .. }) => warnings.iter().map(|warning| warning.reason).collect(),
            other => panic!("not recorded: {other:?}"),
        }
    }
}

/// Facts taken back today.
pub fn voided(positions: &[u64]) -> Fact {
    let event =
        Event::FactsVoided {
            positions: positions.to_vec(), reason: "录入有误".into(), decided_by: "科技局".into()
        };
    (day(crate::world::TODAY), event)
}

/// An operator.
pub fn operator(name: &str) -> Operator {
    Operator { name: name.into(), code: firm(90), introduced: false }
}

/// A carrier, founded.
pub fn founded(date: &str, id: &str, kind: Kind) -> Fact {
    founded_after(date, id, kind, None)
}

/// A carrier, founded, with another before it in the chain.
pub fn founded_after(date: &str, id: &str, kind: Kind, upstream: Option<&str>) -> Fact {
    let registered = IncubatorRegistered {
        incubator: carrier(id),
        name: format!("载体{id}"),
        kind,
        operator: operator("首任运营公司"),
        build_mode: BuildMode::Cooperative,
        area: Area { incubation: 360_000, public: 90_000 },
        upstream: upstream.map(carrier),
    };
    (day(date), Event::IncubatorRegistered(registered))
}

/// A recognition.
pub fn recognised(date: &str, id: &str, level: Level) -> Fact {
    (day(date), Event::IncubatorRecognised { incubator: carrier(id), level, document_no: "韶科〔2024〕1号".into() })
}

/// The end of a recognition.
pub fn recognition_ended(date: &str, id: &str, level: Level, since: &str) -> Fact {
    (day(date), Event::RecognitionEnded { incubator: carrier(id), level, recognition: day(since) })
}

/// Another operator.
pub fn operator_changed(date: &str, id: &str, name: &str) -> Fact {
    (day(date), Event::OperatorChanged { incubator: carrier(id), operator: operator(name) })
}

/// Other areas.
pub fn area_changed(date: &str, id: &str, incubation: i64) -> Fact {
    (day(date), Event::AreaChanged { incubator: carrier(id), area: Area { incubation, public: 0 } })
}

/// Another carrier before it.
pub fn upstream_changed(date: &str, id: &str, upstream: Option<&str>) -> Fact {
    (day(date), Event::UpstreamChanged { incubator: carrier(id), upstream: upstream.map(carrier) })
}

/// A firm, registered.
pub fn registered(date: &str, number: u32) -> Fact {
    let event =
        Event::FirmRegistered { firm: firm(number), name: format!("企业{number}"), field: "新材料".into() };
    (day(date), event)
}

/// Another name.
pub fn renamed(date: &str, number: u32, name: &str) -> Fact {
    (day(date), Event::FirmRenamed { firm: firm(number), name: name.into() })
}

/// Struck off.
pub fn deregistered(date: &str, number: u32) -> Fact {
    (day(date), Event::FirmDeregistered { firm: firm(number) })
}

/// Taken in.
pub fn admitted(date: &str, number: u32, id: &str) -> Fact {
    admitted_waived(date, number, id, "")
}

/// Taken in, with a document that waives the age limit.
pub fn admitted_waived(date: &str, number: u32, id: &str, waiver: &str) -> Fact {
    let event = Event::FirmAdmitted { firm: firm(number), incubator: carrier(id), waiver: waiver.into() };
    (day(date), event)
}

/// Graduated from the stay admitted `since`.
pub fn graduated(date: &str, number: u32, id: &str, since: &str) -> Fact {
    graduated_by(date, number, id, since, Criterion::HighTech)
}

/// Graduated on a ground.
pub fn graduated_by(date: &str, number: u32, id: &str, since: &str, criterion: Criterion) -> Fact {
    let (incubator, admitted) = (carrier(id), day(since));
    let document_no = String::new();
    (day(date), Event::FirmGraduated { firm: firm(number), incubator, admitted, criterion, document_no })
}

/// Left otherwise.
pub fn left(date: &str, number: u32, id: &str, since: &str, kind: LeaveKind) -> Fact {
    (day(date), Event::FirmLeft { firm: firm(number), incubator: carrier(id), admitted: day(since), kind })
}

/// Signed with a park.
pub fn signed(date: &str, number: u32, at: &str) -> Fact {
    (day(date), Event::RelocationSigned { firm: firm(number), park: park(at) })
}

/// Settled in a park.
pub fn settled(date: &str, number: u32, at: &str) -> Fact {
    (day(date), Event::FirmSettled { firm: firm(number), park: park(at), assessment: None })
}

/// In production.
pub fn producing(date: &str, number: u32, at: &str) -> Fact {
    (day(date), Event::ProductionStarted { firm: firm(number), park: park(at) })
}

/// The treasury of a park.
pub fn treasury_set(date: &str, at: &str, code: &str) -> Fact {
    let (treasury_code, treasury_name) = (code.to_owned(), "武江区金库".to_owned());
    (day(date), Event::ParkTreasurySet { park: park(at), treasury_code, treasury_name })
}

/// Limits with this age of admission.
pub fn limits_set(date: &str, admission_age_months: u32) -> Fact {
    let limits = incubator_registry::domain::Limits { admission_age_months, ..crate::world::limits() };
    (day(date), Event::LimitsSet(limits))
}
