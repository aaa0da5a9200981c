//! Random small districts against a model that scans all facts for every question, written from the words of rules §5.

use crate::common::world::{carrier, day, firm};
use crate::dsl::{Case, PARK, case};
use incubator_registry::domain::{Day, Event, IncubatorId, Kind, LeaveKind, Level, Recorded, Tax, Uscc};
use incubator_registry::policy::{Base, Period, Scheme};
use proptest::prelude::*;

const IDS: [&str; 3] = ["WJ03", "WJ04", "WJ05"];

/// A day of 2022 to 2025.
fn date(days: i32) -> String {
    Day::from_days(18_993 + days).unwrap().to_string()
}

/// Facts of a district by the day asked for.
struct Model<'a> {
    case: &'a Case,
    facts: Vec<&'a Recorded>,
    day: Day,
}

impl Model<'_> {
    fn operator(&self, id: &IncubatorId, on: Day) -> Option<Uscc> {
        let terms = self.facts.iter().filter(|fact| fact.day <= on);
        let of = terms.filter_map(|fact| Some((fact.day, fact.position, fact.event.operator()?)));
        of.filter(|(_, _, (of, _))| *of == id).max_by_key(|(day, at, _)| (*day, *at)).map(|(_, _, (_, by))| by.code)
    }

    fn level(&self, id: &IncubatorId, on: Day) -> Option<Level> {
        let ended = |level: Level, from: Day| {
            self.case.world.history.iter().any(|fact| {
                fact.day <= on
                    && matches!(&fact.event, Event::RecognitionEnded { incubator, level: l, recognition }
                        if incubator == id && *l == level && *recognition == from)
            })
        };
        let granted = self.facts.iter().filter_map(|fact| match &fact.event {
            Event::IncubatorRecognised { incubator, level, .. } if incubator == id && fact.day <= on => {
                (!ended(*level, fact.day)).then_some(*level)
            }
            _ => None,
        });
        granted.max()
    }

    /// The carrier that a payer's receipt of a day counts for.
    fn counts_for(&self, payer: Uscc, on: Day) -> Option<IncubatorId> {
        let run: Vec<IncubatorId> =
            IDS.iter().map(|id| carrier(id)).filter(|id| self.operator(id, on) == Some(payer)).collect();
        let best = run.iter().map(|id| self.level(id, on)).max()??;
        run.into_iter().find(|id| self.level(id, on) == Some(best))
    }

    /// Σ amount × share × rate in millionths of millionths, floored at 0 before the rate, rounded half up.
    fn award(&self, base: Base, rate: i128, counts: impl Fn(&Uscc, Day) -> bool) -> i128 {
        let mut sum = 0;
        for fact in &self.facts {
            let Event::TaxReceiptRecorded(receipt) = &fact.event else { continue };
            let in_list = !matches!(receipt.tax, Tax::Lvat | Tax::EduSurcharge);
            if in_list && counts(&receipt.taxpayer, fact.day) {
                let shares = self.case.policy.shares.on(fact.day).unwrap();
                sum += i128::from(receipt.amount) * i128::from(shares.value.ppm(receipt.tax, base).unwrap());
            }
        }
        (sum.max(0) * rate * 2 + 1_000_000_000_000) / 2_000_000_000_000
    }

    fn s1(&self, id: &IncubatorId, year: i16) -> i128 {
        let (base, rate, cap) =
            if year < 2024 { (Base::District, 500_000, i128::MAX) } else { (Base::District, 400_000, 30_000_000) };
        self.award(base, rate, |payer, on| on.year() == year && self.counts_for(*payer, on).as_ref() == Some(id))
            .min(cap)
    }

    fn s2(&self, start: Day, year: u32) -> i128 {
        let (from, to) = (start.add_months(12 * (year - 1)), start.add_months(12 * year));
        let at = year as usize - 1;
        let (base, rate, cap) = if from < day("2024-01-01") {
            (Base::District, [1_000_000, 700_000, 500_000][at], 50_000_000)
        } else {
            (Base::CityAndDistrict, [800_000, 600_000, 400_000][at], 80_000_000)
        };
        self.award(base, rate, |payer, on| *payer == firm(7) && (from..to).contains(&on)).min(cap)
    }

    fn start(&self) -> Option<Day> {
        let production = self.facts.iter().find(|fact| matches!(fact.event, Event::ProductionStarted { .. }))?.day;
        let first = self.facts.iter().filter(|fact| match &fact.event {
            Event::TaxReceiptRecorded(receipt) => {
                receipt.taxpayer == firm(7)
                    && receipt.amount > 0
                    && receipt.tax != Tax::EduSurcharge
                    && fact.day >= production
            }
            _ => false,
        });
        first.map(|fact| fact.day).min()
    }
}

fn tax() -> impl Strategy<Value = Tax> {
    proptest::sample::select(Tax::ALL)
}

prop_compose! {
    pub fn districts()(
        changes in proptest::collection::vec((0..3_usize, 0..1400, 1..4_u32), 0..6),
        recognitions in proptest::collection::vec(
            (0..3_usize, 0..1200, 1..500, proptest::sample::select(Level::ALL)), 0..6),
        receipts in proptest::collection::vec((1..5_u32, 0..1460, tax(), -30_000_000..90_000_000_i64), 0..60),
        steps in (300..900, 0..200, 0..200),
        leaves in proptest::option::of(1..299),
    ) -> Case {
        let mut case = case();
        for (at, id) in IDS.iter().enumerate() {
            case.carrier(id, Kind::Incubator, at as u32 + 1, false);
        }
        for (at, on, operator) in changes {
            case.operator(IDS[at], &date(on), operator, false);
        }
        for (at, on, length, level) in recognitions {
            case.recognised(IDS[at], level, &date(on)).revoked(IDS[at], level, &date(on), &date(on + length));
        }
        case.firm(7).admitted(7, "WJ03", &date(0));
        if let Some(on) = leaves {
            case.left(7, "WJ03", &date(0), &date(on), LeaveKind::Withdrawn).admitted(7, "WJ04", &date(on));
        }
        let (settled, production, _) = steps;
        case.settled(7, PARK, &date(settled), &date(settled + production));
        for (payer, on, tax, fen) in receipts.into_iter().filter(|(.., fen)| *fen != 0) {
            case.paid(if payer == 4 { 7 } else { payer }, &date(on), tax, fen);
        }
        case
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_the_model(case in districts(), asked in 0..1600) {
        let on = date(asked);
        let facts = case.world.history.iter().filter(|fact| fact.day <= day(&on)).collect();
        let model = Model { case: &case, facts, day: day(&on) };
        let lines = case.entitlements(&on);
        for line in lines.iter().filter(|line| line.scheme == Scheme::IncubatorTaxRebate) {
            let Period::Year(year) = line.period else { panic!("{line:?}") };
            let id = carrier(&line.beneficiary.to_string());
            prop_assert_eq!(i128::from(line.amount_fen), model.s1(&id, year), "{:?}", line);
        }
        let settled = model.facts.iter().any(|fact| matches!(fact.event, Event::FirmSettled { .. }));
        let start = model.start().filter(|_| settled);
        let relief: Vec<_> = lines.iter().filter(|line| matches!(line.period, Period::Relief { .. })).collect();
        let years = start.map_or(0, |start| (0..3).filter(|n| start.add_months(12 * n) <= model.day).count());
        prop_assert_eq!(relief.len(), years);
        for (line, year) in relief.iter().zip(1..) {
            prop_assert_eq!(i128::from(line.amount_fen), model.s2(start.unwrap(), year), "{:?}", line);
        }
        let awards = lines.iter().filter(|line| line.scheme == Scheme::CultivationAward);
        let sum: i128 = awards.map(|line| i128::from(line.amount_fen)).sum();
        let wanted = start.map_or(0, |start| {
            if start < day("2024-01-01") { return 5_000_000 }
            let in_year = |on: Day| (start..start.add_months(12)).contains(&on);
            model.award(Base::CityAndDistrict, 200_000, |payer, on| *payer == firm(7) && in_year(on)).min(10_000_000)
        });
        prop_assert_eq!(sum, wanted);
    }
}
