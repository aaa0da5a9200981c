//! Histories at random, voids included: what was known at a position is what a registry folded from the log up to there
//! knows, and a revision is the count of records that name the entity.

use super::{Answer, Rig, admission, admit, leave, refused, register, rename, renaming, replace, request};
use crate::common::world::{carrier, day, firm, park};
use incubator_registry::domain::{AsOf, Command, Criterion, Day, Entity, Event, Recorded, Registry, Stated};
use incubator_registry::engine::{EventFilter, Request};
use incubator_registry::journal::{Record, codec};

/// SplitMix64: the same history for the same seed, everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    fn firm(&mut self) -> u32 {
        u32::try_from(1 + self.below(5)).unwrap()
    }

    fn carrier(&mut self) -> String {
        format!("WJ{:02}", 1 + self.below(4))
    }

    fn day(&mut self) -> String {
        format!("2025-{:02}-{:02}", 1 + self.below(12), 1 + self.below(28))
    }

    /// A command that may be accepted.
    pub fn command(&mut self, head: u64) -> Command {
        let (number, incubator, on) = (self.firm(), self.carrier(), self.day());
        match self.below(12) {
            0 => register(number),
            1..=3 => admit(number, &incubator, &on),
            4 | 5 => leave(number, &incubator, &on),
            6 => rename(number, &on, "改名"),
            7 => {
                let event = Event::FirmGraduated {
                    firm: firm(number),
                    incubator: carrier(&incubator),
                    admitted: Day::MIN,
                    criterion: Criterion::HighTech,
                    document_no: String::new(),
                };
                super::command(vec![Stated { open_stay: true, ..Stated::new(day(&on), event) }])
            }
            8 => {
                let (firm, park) = (firm(number), park("甘棠园区"));
                let steps = [
                    Event::RelocationSigned { firm, park: park.clone() },
                    Event::FirmSettled { firm, park, assessment: None },
                ];
                super::command(steps.map(|event| Stated::new(day(&on), event)).to_vec())
            }
            9 => replace(&[self.position(head)], Vec::new()),
            10 => replace(&[self.position(head)], vec![admission(number, &incubator, &on)]),
            _ => {
                let positions = [self.position(head), self.position(head)];
                replace(&positions, vec![renaming(number, &on, "重录"), renaming(number, "2025-06-15", "再录")])
            }
        }
    }

    fn position(&mut self, head: u64) -> i64 {
        i64::try_from(3 + self.below(head)).unwrap()
    }
}

/// Runs a history; gives the requests that were accepted with their answers.
pub async fn history(rig: &Rig, seed: u64, commands: usize) -> Vec<(Request, Answer)> {
    let mut rng = Rng(seed);
    let mut accepted = Vec::new();
    for _ in 0..commands {
        let request = request(rng.command(rig.head()));
        let answer = rig.engine.submit(request.clone()).await;
        match answer {
            Ok(ref outcome) if !outcome.written.is_duplicate() => accepted.push((request, answer)),
            Ok(_) => {}
            Err(_) => drop(refused(answer)),
        }
    }
    accepted
}

/// Every record of the log.
pub async fn records(rig: &Rig) -> Vec<Record> {
    let mut out = Vec::new();
    let mut from = 1;
    loop {
        let (events, next) = rig.engine.read_events(from, u64::MAX, &EventFilter::default(), 1 << 20).await.unwrap();
        if next == from {
            return out;
        }
        out.extend(events.into_iter().map(|event| event.record));
        from = next;
    }
}

#[tokio::test]
async fn known_at_a_position_is_the_fold_of_the_log_up_to_it() {
    for seed in 1..=10 {
        let rig = Rig::peopled(4).await;
        history(&rig, seed, 400).await;
        let published = rig.engine.published();
        let (full, records) = (&published.registry, records(&rig).await);
        let voids = records.iter().filter(|record| record.event_type == 2).count();
        assert!(records.len() > 60 && voids > 3, "seed {seed}: {} events, {voids} voids", records.len());
        let mut prefix = Registry::default();
        for record in &records {
            let (event, documents) = codec::decode(record.event_type, record.schema_version, &record.payload).unwrap();
            let day_of = Day::from_days(record.effective_days).unwrap();
            let (position, start) = (record.position, record.command_start());
            prefix.evolve(Recorded { position, start, day: day_of, event, documents });
            if record.index + 1 < record.count {
                continue; // What one command did is known all at once.
            }
            for known in start..=position {
                for on in ["2025-04-15", "2025-09-01", "9999-12-31"].map(day) {
                    let seen = |registry: &Registry, known| {
                        let as_of = AsOf { day: on, known };
                        let firms = (1..=5).map(|number| format!("{:?}", registry.firm(&firm(number), as_of)));
                        let carriers = registry.incubators(as_of).map(|found| format!("{found:?}"));
                        firms.chain(carriers).collect::<Vec<_>>()
                    };
                    assert_eq!(seen(full, known), seen(&prefix, u64::MAX), "seed {seed}, known at {known}, {on}");
                }
            }
        }
        assert!(**full == prefix, "seed {seed}: the whole fold");
    }
}

#[tokio::test]
async fn a_revision_counts_the_records_that_name_the_entity() {
    for seed in 20..=25 {
        let rig = Rig::peopled(4).await;
        let accepted = history(&rig, seed, 200).await;
        let records = records(&rig).await;
        let count = |entity: &Entity, until: u64| {
            let name = entity.to_string();
            let about = |record: &&Record| record.subjects.iter().any(|subject| subject.name == name);
            records.iter().filter(|record| record.position <= until).filter(about).count() as u64
        };
        let published = rig.engine.published();
        for entity in published.registry.entities().iter() {
            assert_eq!(published.revision(entity), count(entity, u64::MAX), "seed {seed}, {entity}");
        }
        let again = rig.again(None).await;
        for (request, answer) in accepted {
            let first = answer.unwrap();
            let target = request.command.target.clone();
            let expected = target.map_or(0, |entity| count(&entity, first.written.position()));
            let later = again.engine.submit(request).await.unwrap();
            assert_eq!((first.revision, first.written), (expected, later.written), "seed {seed}");
            assert_eq!((first.revision, first.known), (later.revision, later.known), "seed {seed}");
        }
    }
}

#[tokio::test]
async fn the_example_of_the_rules_holds() {
    let rig = Rig::peopled(1).await;
    let admitted = rig.run(admit(1, "WJ01", "2025-03-01")).await.written.position();
    let left = rig.run(leave(1, "WJ01", "2025-06-01")).await.written.position();
    assert_eq!(refused(rig.ask(replace(&[admitted as i64], Vec::new())).await), "HAS_DEPENDENTS");
    let anew = vec![admission(1, "WJ01", "2025-03-05"), leave(1, "WJ01", "2025-06-01").facts.remove(0)];
    rig.run(replace(&[admitted as i64, left as i64], anew)).await;
    let published = rig.engine.published();
    let open = |on: &str, known: u64| {
        let view = published.registry.firm(&firm(1), AsOf { day: day(on), known }).unwrap();
        view.stays.first().map(|stay| stay.admitted.to_string())
    };
    assert_eq!(open("2025-04-01", left), Some("2025-03-01".to_owned()));
    assert_eq!(open("2025-04-01", left + 1), Some("2025-03-05".to_owned()));
    assert_eq!(open("2025-03-02", left), Some("2025-03-01".to_owned()));
    assert_eq!(open("2025-03-02", left + 1), None);
    let row = Command::row(vec![admission(1, "WJ01", "2025-03-01")]);
    let (outcomes, _) = rig.engine.submit_rows(super::principal("bureau"), vec![row]).await.unwrap();
    assert!(
        matches!(outcomes[..], [incubator_registry::engine::RowOutcome::Skipped { position, .. }] if position == admitted)
    );
}
