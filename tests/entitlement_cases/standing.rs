//! Entitlements kept from fact to fact are those computed anew, after every command of a random history with voids, late
//! facts, shared operators and contracts that change hands.

use crate::common::world::{TODAY, World, carrier, day, firm, park};
use crate::dsl::{PARK, everything, everything_stacked};
use incubator_registry::domain::event::{LoanDrawn, Operator, TaxReceipt};
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use incubator_registry::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use incubator_registry::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use incubator_registry::domain::values::VoucherNo;
use incubator_registry::domain::{
    AsOf, Criterion, Day, Event, InstrumentId, InterestNature, IntermediaryId, Kind, LeaveKind, Level, LoanId, Party,
    PlatformId, PlatformKind, Tax, TaxNature, TransferId,
};
use incubator_registry::policy::{Scheme, StackingRule};
use incubator_registry::projections::{Standing, Standings};
use std::sync::Arc;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    /// A number under the limit.
    fn any(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.any(all.len() as u64)).unwrap()]
    }

    fn number(&mut self) -> u32 {
        u32::try_from(1 + self.any(5)).unwrap()
    }

    /// A day of 2021 to 2025.
    fn day(&mut self) -> Day {
        Day::from_days(day("2021-01-01").days() + i32::try_from(self.any(1800)).unwrap()).unwrap()
    }

    fn id(&mut self) -> &'static str {
        self.one(&["WJ01", "WJ02", "WJ03"])
    }

    /// An institution with a firm's code, or an individual.
    fn intermediary(&mut self) -> IntermediaryId {
        let code = firm(self.number()).to_string();
        IntermediaryId::parse(self.one(&[code.as_str(), "经纪"])).unwrap()
    }

    fn platform(&mut self) -> PlatformId {
        PlatformId::parse(self.one(&["PT1", "PT2"])).unwrap()
    }

    fn instrument(&mut self) -> InstrumentId {
        InstrumentId::parse(self.one(&["YQ1", "YQ2"])).unwrap()
    }

    fn event(&mut self, at: u64) -> Event {
        let (firm_code, incubator) = (firm(self.number()), carrier(self.id()));
        let loan = LoanId::parse(&format!("JK{}", self.any(4))).unwrap();
        match self.any(30) {
            0 => Event::FirmAdmitted { firm: firm_code, incubator, waiver: String::new() },
            1 => Event::FirmLeft { firm: firm_code, incubator, admitted: self.day(), kind: LeaveKind::Withdrawn },
            2 => {
                let (criterion, document_no) = (Criterion::HighTech, String::new());
                Event::FirmGraduated { firm: firm_code, incubator, admitted: day("2021-02-01"), criterion, document_no }
            }
            3 => Event::FirmSettled { firm: firm_code, park: park(PARK), assessment: None },
            4 => Event::ProductionStarted { firm: firm_code, park: park(PARK) },
            5 => Event::FirmDeregistered { firm: firm_code },
            6 => {
                let operator =
                    Operator { name: "运营".into(), code: firm(self.number()), introduced: self.any(2) == 0 };
                Event::OperatorChanged { incubator, operator }
            }
            7 => {
                let level = self.one(&[Level::District, Level::City, Level::Province]);
                Event::IncubatorRecognised { incubator, level, document_no: "文".into() }
            }
            8 => Event::SeedFundEstablished { incubator, size: 100_000_000 },
            9 => {
                let (treasury_code, treasury_name) = (format!("44020300{}", self.any(9)), "财政".to_owned());
                Event::ParkTreasurySet { park: park(PARK), treasury_code, treasury_name }
            }
            10 => {
                let (lender, principal, rate_ppm) = ("银行".to_owned(), 100_000_000, 40_000);
                let maturity = day("2027-01-01");
                Event::LoanDrawn(LoanDrawn { loan, firm: firm_code, lender, principal, rate_ppm, maturity })
            }
            20 => {
                let party = self.one(&[Party::Institution, Party::Individual]);
                let (intermediary, name) = (self.intermediary(), "中介".to_owned());
                let registered = IntermediaryRegistered { intermediary, name, party };
                Event::Transfer(TransferEvent::IntermediaryRegistered(registered))
            }
            23 => {
                let (platform, name, kind) = (self.platform(), "平台".to_owned(), PlatformKind::Testing);
                let (operator_name, operator_code) = ("运营".to_owned(), firm_code);
                let registered = PlatformRegistered { platform, name, kind, operator_name, operator_code };
                Event::Platform(PlatformEvent::Registered(registered))
            }
            24 => {
                let (year, open_capacity) = (self.one(&[2022, 2023, 2024]), self.one(&[2, 3, 4]));
                let (service_cost, input) = (1_000_001, self.one(&[0, 1_000_003]));
                let platform = self.platform();
                let report = PlatformYear { platform, year, capacity: 10, open_capacity, service_cost, input };
                Event::Platform(PlatformEvent::YearReported(report))
            }
            25 => Event::Platform(PlatformEvent::Completed { platform: self.platform() }),
            26 | 27 => {
                let (name, price) = ("仪器".to_owned(), self.one(&[49_999_999, 50_000_000, 60_000_001]));
                let catalogued = InstrumentCatalogued { instrument: self.instrument(), name, owner: firm_code, price };
                Event::Instrument(InstrumentEvent::Catalogued(catalogued))
            }
            28 => Event::Instrument(InstrumentEvent::Removed { instrument: self.instrument() }),
            29 => {
                let (instrument, year) = (self.instrument(), self.one(&[2022, 2023, 2024]));
                let report = InstrumentYear { instrument, year, running_cost: 1_000_003 };
                Event::Instrument(InstrumentEvent::YearReported(report))
            }
            21 | 22 => {
                let transfer = TransferId::parse(&format!("T{}", self.any(6))).unwrap();
                let (intermediary, began, paid) = (self.intermediary(), self.day(), 1_000_001);
                let transferred = TechnologyTransferred { transfer, intermediary, firm: firm_code, began, paid };
                Event::Transfer(TransferEvent::TechnologyTransferred(transferred))
            }
            11 | 12 => Event::InterestPaid { loan, amount: 1_000_000, nature: InterestNature::Normal },
            _ => {
                let nature = self.one(&[TaxNature::Normal, TaxNature::Normal, TaxNature::Refund]);
                let amount = i64::try_from(1 + self.any(9_000_000)).unwrap();
                let amount = if nature == TaxNature::Refund { -amount } else { amount };
                let voucher = VoucherNo::parse(&format!("V{at}")).unwrap();
                let tax = self.one(&[Tax::Vat, Tax::Cit, Tax::EduSurcharge]);
                let period = (None, None);
                Event::TaxReceiptRecorded(TaxReceipt { taxpayer: firm_code, tax, period, amount, nature, voucher })
            }
        }
    }

    /// One to three facts, or facts taken back, or both.
    fn command(&mut self, world: &World) -> Vec<(Day, Event)> {
        let mut events = Vec::new();
        let head = world.registry.position();
        if self.any(7) == 0 {
            let mut positions: Vec<u64> = (0..1 + self.any(3)).map(|_| 3 + self.any(head - 2)).collect();
            positions.sort_unstable();
            positions.dedup();
            positions.retain(|at| world.registry.entry_at(*at).is_some_and(|entry| entry.is_live()));
            let (reason, decided_by) = ("录错".to_owned(), "科技局".to_owned());
            events.push((day(TODAY), Event::FactsVoided { positions, reason, decided_by }));
        }
        for at in 0..self.any(3) + u64::from(events.is_empty()) {
            events.push((self.day(), self.event(head * 10 + at)));
        }
        events
    }
}

fn whole(standings: &Standings) -> Vec<(Arc<str>, Standing)> {
    standings.behind("").map(|(key, line)| (Arc::clone(key), Standing::clone(line))).collect()
}

#[test]
fn kept_is_what_is_computed_anew_after_every_command() {
    let mut paid = std::collections::BTreeMap::<Scheme, u32>::new();
    let mut yielded = std::collections::BTreeMap::<StackingRule, u32>::new();
    for seed in 1..=8 {
        let mut dice = Dice(seed);
        let mut case = match seed % 4 {
            0 => everything_stacked(StackingRule::Highest),
            1 => everything_stacked(StackingRule::Difference),
            _ => everything(),
        };
        for (id, kind) in [("WJ01", Kind::Makerspace), ("WJ02", Kind::Incubator), ("WJ03", Kind::Incubator)] {
            case.carrier(id, kind, 1 + u32::try_from(seed).unwrap() % 3, false);
        }
        for number in 1..=5 {
            case.firm(number).admitted(number, "WJ02", "2021-02-01").settled(number, PARK, "2021-06-01", "2021-07-01");
        }
        let on = if seed % 2 == 0 { day("2025-10-31") } else { dice.day() };
        let full = |world: &World| Standings::full(&world.registry, &case.policy, AsOf::day(on));
        let mut world = case.world.clone();
        let mut kept = full(&world);
        let mut seldom = kept.clone();
        for step in 0..350 {
            let before = kept.clone();
            let events = dice.command(&world);
            world.record(events.clone());
            kept.advance(&world.registry, &case.policy);
            let anew = full(&world);
            assert_eq!(whole(&kept), whole(&anew), "seed {seed}, step {step}: {events:?}");
            assert_eq!(kept.totals(), anew.totals());
            assert_eq!(kept.position(), world.registry.position());
            // What changed is told, and nothing else.
            let changes = kept.changes_since(&before);
            assert!(changes.iter().all(|(_, old, new)| old != new));
            let paying = changes.iter().filter_map(|(.., new)| new.as_ref()).map(|line| &line.entitlement);
            for line in paying.filter(|line| line.amount_fen > 0) {
                *paid.entry(line.scheme).or_default() += 1;
            }
            for reduction in changes.iter().filter_map(|(.., new)| new.as_ref()?.reduction.as_ref()) {
                *yielded.entry(reduction.rule).or_default() += 1;
            }
            let (old, new) = (whole(&before), whole(&kept));
            let differ = old.iter().filter(|line| !new.contains(line)).map(|(key, _)| key);
            let differ = differ.chain(new.iter().filter(|line| !old.contains(line)).map(|(key, _)| key));
            let differ: std::collections::BTreeSet<_> = differ.cloned().collect();
            assert_eq!(changes.iter().map(|(key, ..)| key.clone()).collect::<std::collections::BTreeSet<_>>(), differ);
            if step % 9 == 0 {
                seldom.advance(&world.registry, &case.policy);
                assert_eq!(whole(&seldom), whole(&kept), "seed {seed}, step {step}: many at once");
            }
        }
    }
    for rule in [StackingRule::Highest, StackingRule::Difference] {
        assert!(yielded.get(&rule) > Some(&3), "the histories stack by {rule:?} too seldom: {yielded:?}");
    }
    for scheme in Scheme::ALL {
        assert!(paid.get(scheme) > Some(&3), "the histories pay {scheme:?} too seldom: {paid:?}");
    }
}
