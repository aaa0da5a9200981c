//! How long the bureau's figures over a large district take on this machine without a server around them, for a look at it:
//! `cargo bench --bench figures`. 100 000 firms, each with two stays, half of them graduated, a few settled; 100 carriers.

use incubator_registry::domain::event::{IncubatorRegistered, Operator};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    BuildMode, Criterion, Day, Event, IncubatorId, Kind, LeaveKind, Level, Limits, ParkId, Recorded, Registry, Uscc,
};
use incubator_registry::projections::{Briefs, Filter, chain_of, counts_of, metrics_of};
use std::time::Instant;

const FIRMS: u64 = 100_000;
const CARRIERS: u64 = 100;
const ASKS: usize = 300;

/// A district as it grows, and numbers that look random and are the same every time.
struct Maker {
    registry: Registry,
    state: u64,
}

impl Maker {
    /// A number under the limit.
    fn any(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }

    fn record(&mut self, day: Day, event: Event) {
        let position = self.registry.position() + 1;
        self.registry.evolve(Recorded { position, start: position, day, event, documents: Vec::new() });
    }

    fn firm(&mut self, number: u64) {
        let (firm, waiver) = (code(number), String::new());
        let (name, field) =
            (format!("韶关市企业{number}有限公司"), ["电子信息", "生物医药"][number as usize % 2].to_owned());
        self.record(day(0), Event::FirmRegistered { firm, name, field });
        let (from, moved) = (self.any(300), 300 + self.any(300));
        let (first, second) = (carrier(4 * self.any(CARRIERS / 4)), carrier(1 + self.any(CARRIERS - 1)));
        self.record(day(from), Event::FirmAdmitted { firm, incubator: first.clone(), waiver: waiver.clone() });
        let kind = LeaveKind::Transferred;
        self.record(day(moved), Event::FirmLeft { firm, incubator: first, admitted: day(from), kind });
        self.record(day(moved), Event::FirmAdmitted { firm, incubator: second.clone(), waiver });
        if self.any(2) == 0 {
            let (incubator, admitted, criterion) = (second, day(moved), Criterion::HighTech);
            let left = day(700 + self.any(1200));
            let document_no = format!("韶〔2022〕{number}号");
            self.record(left, Event::FirmGraduated { firm, incubator, admitted, criterion, document_no });
        }
        if self.any(8) == 0 {
            self.record(day(2000), Event::FirmSettled { firm, park: ParkId::parse("甘棠").unwrap(), assessment: None });
        }
    }
}

/// So many days after 2019-01-01.
fn day(after: u64) -> Day {
    Day::from_days(17_897 + i32::try_from(after).unwrap()).unwrap()
}

fn code(number: u64) -> Uscc {
    Uscc::parse(&format!("91440203MA{number:08}")).unwrap()
}

fn carrier(number: u64) -> IncubatorId {
    IncubatorId::parse(&format!("WJ{number:03}")).unwrap()
}

fn district() -> Maker {
    let mut made = Maker { registry: Registry::default(), state: 7 };
    let limits = Limits {
        admission_age_months: 24,
        incubation_months: 48,
        extended_incubation_months: 60,
        extended_fields: vec!["生物医药".to_owned()],
        venture_funding_over_fen: 500_000_000,
        revenue_over_fen: 1_000_000_000,
    };
    made.record(Day::from_ymd(1900, 1, 1).unwrap(), Event::LimitsSet(limits));
    for number in 0..CARRIERS {
        let operator = Operator { name: "运营".into(), code: code(FIRMS + number), introduced: false };
        let kind = if number % 4 == 0 { Kind::Makerspace } else { Kind::Incubator };
        let (incubator, name, build_mode) = (carrier(number), "载体".to_owned(), BuildMode::Private);
        let area = Area::default();
        let event = IncubatorRegistered { incubator, name, kind, operator, build_mode, area, upstream: None };
        made.record(day(0), Event::IncubatorRegistered(event));
        let (incubator, document_no) = (carrier(number), "文".to_owned());
        made.record(day(30), Event::IncubatorRecognised { incubator, level: Level::City, document_no });
    }
    // As registrations come: in no order of codes.
    for number in 0..FIRMS {
        made.firm(number * 7919 % FIRMS);
    }
    made
}

fn timed(what: &str, mut ask: impl FnMut(u64)) {
    let mut spent: Vec<_> = (0..ASKS)
        .map(|number| {
            let begin = Instant::now();
            ask(number as u64);
            begin.elapsed()
        })
        .collect();
    spent.sort_unstable();
    println!("{what}: median {:?}, 99 % {:?}, most {:?}", spent[ASKS / 2], spent[ASKS * 99 / 100], spent[ASKS - 1]);
}

fn main() {
    let mut made = district();
    let (head, all) = (made.registry.position(), Filter::default());
    let levels = Filter { levels: [Some(Level::City)].into(), ..Filter::default() };
    let mut kept = Briefs::full(&made.registry, head);
    let on = |number: u64| day(number * 37 % 3000);
    timed("counts, any day", |n| drop(counts_of(&made.registry, &kept, on(n), &all)));
    timed("metrics, any day", |n| drop(metrics_of(&made.registry, &kept, on(n), &all)));
    timed("metrics cut by a level, any day", |n| drop(metrics_of(&made.registry, &kept, on(n), &levels)));
    timed("the chain, any day", |n| drop(chain_of(&made.registry, &kept, on(n), &all)));
    timed("briefs as known at any position", |n| drop(Briefs::full(&made.registry, n * 7919 % head)));
    timed("briefs after ten more facts, with their recording", |n| {
        let shared = kept.clone();
        for other in 0..2 {
            made.firm(FIRMS + 10 * n + other);
        }
        kept.advance(&made.registry);
        drop(shared);
    });
}
