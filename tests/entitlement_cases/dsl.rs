//! Facts in few words, recorded undecided, and lines in one.

use crate::common::world::{World, carrier, day, firm, park};
use incubator_registry::domain::event::{IncubatorRegistered, LoanDrawn, Operator, TaxReceipt};
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use incubator_registry::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use incubator_registry::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use incubator_registry::domain::values::{Area, VoucherNo};
use incubator_registry::domain::{
    AsOf, BuildMode, Criterion, Event, InstrumentId, InterestNature, IntermediaryId, Kind, LeaveKind, Level, LoanId,
    Party, PlatformId, PlatformKind, Tax, TaxNature, TransferId,
};
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::{Entitlement, Evaluation, Policy, Scheme, StackingRule};

/// The park whose treasury the demo's policy lists as 440203900.
pub const PARK: &str = "武江甘棠园区";

/// A district and a policy.
pub struct Case {
    pub world: World,
    pub policy: Policy,
}

/// An empty district under the demo's policy.
pub fn case() -> Case {
    under(&[])
}

/// Under the demo's policy with its text changed: each pair must be there.
pub fn under(changes: &[(&str, &str)]) -> Case {
    let text = changed(include_str!("../../deploy/demo/policy.toml"), changes);
    Case { world: World::new(), policy: parse(&text).unwrap().policy }
}

/// An empty district under the policy of the measures beside incubation.
pub fn neighbours() -> Case {
    neighbours_under(&[])
}

/// Under that policy with its text changed: each pair must be there.
pub fn neighbours_under(changes: &[(&str, &str)]) -> Case {
    let text = changed(include_str!("../../deploy/neighbours/policy.toml"), changes);
    Case { world: World::new(), policy: parse(&text).unwrap().policy }
}

/// Under both policies at once, every scheme in one group that stacks by a rule.
pub fn everything_stacked(rule: StackingRule) -> Case {
    let group = format!("[[stacking]]\ngroup = \"组\"\nrule = \"{}\"\nfrom = \"2021-01-01\"\n\n[[lpr]]", rule.key());
    let text = both().replacen("[[lpr]]", &group, 1);
    let text = changed(&text, &[("fair_competition_review =", "stacking_group = \"组\"\nfair_competition_review =")]);
    Case { world: World::new(), policy: parse(&text).unwrap().policy }
}

/// Under both policies at once.
pub fn everything() -> Case {
    Case { world: World::new(), policy: parse(&both()).unwrap().policy }
}

fn both() -> String {
    let (demo, other) =
        (include_str!("../../deploy/demo/policy.toml"), include_str!("../../deploy/neighbours/policy.toml"));
    let schemes = &other[other.find("[[scheme]]").unwrap()..other.find("[[treasury]]").unwrap()];
    demo.replacen("[[scheme]]", &format!("{schemes}\n[[scheme]]"), 1)
}

fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.world.history.iter().map(|fact| (fact.day, &fact.event))).finish()
    }
}

impl Case {
    pub fn fact(&mut self, date: &str, event: Event) -> &mut Self {
        self.world.record(vec![(day(date), event)]);
        self
    }

    /// A carrier founded in 2018, run by a firm number, brought in or not.
    pub fn carrier(&mut self, id: &str, kind: Kind, operator: u32, introduced: bool) -> &mut Self {
        let operator = Operator { name: format!("运营{operator}"), code: firm(operator), introduced };
        let (name, area, build_mode) = (id.to_owned(), Area::default(), BuildMode::Private);
        let registered =
            IncubatorRegistered { incubator: carrier(id), name, kind, operator, build_mode, area, upstream: None };
        self.fact("2018-01-01", Event::IncubatorRegistered(registered))
    }

    pub fn operator(&mut self, id: &str, from: &str, operator: u32, introduced: bool) -> &mut Self {
        let operator = Operator { name: format!("运营{operator}"), code: firm(operator), introduced };
        self.fact(from, Event::OperatorChanged { incubator: carrier(id), operator })
    }

    pub fn recognised(&mut self, id: &str, level: Level, from: &str) -> &mut Self {
        let document_no = "认定文".to_owned();
        self.fact(from, Event::IncubatorRecognised { incubator: carrier(id), level, document_no })
    }

    pub fn revoked(&mut self, id: &str, level: Level, from: &str, end: &str) -> &mut Self {
        self.fact(end, Event::RecognitionEnded { incubator: carrier(id), level, recognition: day(from) })
    }

    pub fn seed_fund(&mut self, id: &str, date: &str) -> &mut Self {
        self.fact(date, Event::SeedFundEstablished { incubator: carrier(id), size: 100_000_000 })
    }

    pub fn firm(&mut self, number: u32) -> &mut Self {
        let (name, field) = (format!("企业{number}"), "软件".to_owned());
        self.fact("2020-01-01", Event::FirmRegistered { firm: firm(number), name, field })
    }

    pub fn deregistered(&mut self, number: u32, date: &str) -> &mut Self {
        self.fact(date, Event::FirmDeregistered { firm: firm(number) })
    }

    pub fn admitted(&mut self, number: u32, id: &str, from: &str) -> &mut Self {
        let waiver = String::new();
        self.fact(from, Event::FirmAdmitted { firm: firm(number), incubator: carrier(id), waiver })
    }

    pub fn left(&mut self, number: u32, id: &str, from: &str, date: &str, kind: LeaveKind) -> &mut Self {
        let (firm, incubator, admitted) = (firm(number), carrier(id), day(from));
        let document_no = String::new();
        self.fact(
            date,
            match kind {
                LeaveKind::Graduated => {
                    let criterion = Criterion::HighTech;
                    Event::FirmGraduated { firm, incubator, admitted, criterion, document_no }
                }
                kind => Event::FirmLeft { firm, incubator, admitted, kind },
            },
        )
    }

    /// Settled in a park and in production there.
    pub fn settled(&mut self, number: u32, in_park: &str, settled: &str, production: &str) -> &mut Self {
        self.fact(settled, Event::FirmSettled { firm: firm(number), park: park(in_park), assessment: None });
        self.fact(production, Event::ProductionStarted { firm: firm(number), park: park(in_park) })
    }

    pub fn treasury(&mut self, of: &str, from: &str, code: &str) -> &mut Self {
        let (treasury_code, treasury_name) = (code.to_owned(), "园区财政".to_owned());
        self.fact(from, Event::ParkTreasurySet { park: park(of), treasury_code, treasury_name })
    }

    pub fn paid(&mut self, number: u32, date: &str, tax: Tax, fen: i64) -> &mut Self {
        let nature = if fen < 0 { TaxNature::Refund } else { TaxNature::Normal };
        self.receipt(number, date, tax, fen, nature)
    }

    pub fn receipt(&mut self, number: u32, date: &str, tax: Tax, amount: i64, nature: TaxNature) -> &mut Self {
        let voucher = VoucherNo::parse(&format!("V{}", self.world.registry.position())).unwrap();
        let period = (None, None);
        let receipt = TaxReceipt { taxpayer: firm(number), tax, period, amount, nature, voucher };
        self.fact(date, Event::TaxReceiptRecorded(receipt))
    }

    pub fn loan(&mut self, id: &str, number: u32, principal: i64, drawn: &str, maturity: &str) -> &mut Self {
        let (lender, rate_ppm) = ("银行".to_owned(), 50_000);
        let loan = LoanId::parse(id).unwrap();
        let maturity = day(maturity);
        self.fact(
            drawn,
            Event::LoanDrawn(LoanDrawn { loan, firm: firm(number), lender, principal, rate_ppm, maturity }),
        )
    }

    pub fn interest(&mut self, id: &str, date: &str, amount: i64) -> &mut Self {
        self.interest_of(id, date, amount, InterestNature::Normal)
    }

    pub fn interest_of(&mut self, id: &str, date: &str, amount: i64, nature: InterestNature) -> &mut Self {
        self.fact(date, Event::InterestPaid { loan: LoanId::parse(id).unwrap(), amount, nature })
    }

    pub fn individual(&mut self, id: &str, date: &str) -> &mut Self {
        self.intermediary(id, Party::Individual, date)
    }

    /// An institution with the code of a firm number.
    pub fn institution(&mut self, number: u32, date: &str) -> &mut Self {
        self.intermediary(&firm(number).to_string(), Party::Institution, date)
    }

    fn intermediary(&mut self, id: &str, party: Party, date: &str) -> &mut Self {
        let (intermediary, name) = (IntermediaryId::parse(id).unwrap(), id.to_owned());
        let registered = IntermediaryRegistered { intermediary, name, party };
        self.fact(date, Event::Transfer(TransferEvent::IntermediaryRegistered(registered)))
    }

    /// A transfer to a firm number, begun and completed.
    pub fn transferred(&mut self, id: &str, by: &str, to: u32, began: &str, completed: &str, paid: i64) -> &mut Self {
        let (transfer, intermediary) = (TransferId::parse(id).unwrap(), IntermediaryId::parse(by).unwrap());
        let (firm, began) = (firm(to), day(began));
        let transferred = TechnologyTransferred { transfer, intermediary, firm, began, paid };
        self.fact(completed, Event::Transfer(TransferEvent::TechnologyTransferred(transferred)))
    }

    /// A platform, run by a firm number.
    pub fn platform(&mut self, id: &str, kind: PlatformKind, operator: u32, date: &str) -> &mut Self {
        let (platform, name) = (PlatformId::parse(id).unwrap(), id.to_owned());
        let (operator_name, operator_code) = (format!("运营{operator}"), firm(operator));
        let registered = PlatformRegistered { platform, name, kind, operator_name, operator_code };
        self.fact(date, Event::Platform(PlatformEvent::Registered(registered)))
    }

    /// A year's report: hours in all and open, cost and input in fen.
    pub fn reported(&mut self, id: &str, year: i16, hours: (i64, i64), service_cost: i64, input: i64) -> &mut Self {
        let (platform, (capacity, open_capacity)) = (PlatformId::parse(id).unwrap(), hours);
        let report = PlatformYear { platform, year, capacity, open_capacity, service_cost, input };
        self.fact(&format!("{year}-12-31"), Event::Platform(PlatformEvent::YearReported(report)))
    }

    pub fn completed(&mut self, id: &str, date: &str) -> &mut Self {
        let platform = PlatformId::parse(id).unwrap();
        self.fact(date, Event::Platform(PlatformEvent::Completed { platform }))
    }

    /// An instrument of a firm number in the catalogue.
    pub fn catalogued(&mut self, id: &str, owner: u32, price: i64, date: &str) -> &mut Self {
        let (instrument, name) = (InstrumentId::parse(id).unwrap(), id.to_owned());
        let catalogued = InstrumentCatalogued { instrument, name, owner: firm(owner), price };
        self.fact(date, Event::Instrument(InstrumentEvent::Catalogued(catalogued)))
    }

    pub fn removed(&mut self, id: &str, date: &str) -> &mut Self {
        let instrument = InstrumentId::parse(id).unwrap();
        self.fact(date, Event::Instrument(InstrumentEvent::Removed { instrument }))
    }

    pub fn ran(&mut self, id: &str, year: i16, running_cost: i64) -> &mut Self {
        let report = InstrumentYear { instrument: InstrumentId::parse(id).unwrap(), year, running_cost };
        self.fact(&format!("{year}-12-31"), Event::Instrument(InstrumentEvent::YearReported(report)))
    }

    pub fn entitlements(&self, date: &str) -> Vec<Entitlement> {
        Evaluation::new(&self.world.registry, &self.policy, AsOf::day(day(date))).all()
    }

    /// The lines of one scheme: `period amount status reason`, an absent reason left out.
    #[track_caller]
    pub fn gives(&self, scheme: Scheme, date: &str, wanted: &[&str]) -> &Self {
        let lines: Vec<String> =
            self.entitlements(date).iter().filter(|line| line.scheme == scheme).map(short).collect();
        assert_eq!(lines, wanted, "as of {date}");
        self
    }
}

fn short(line: &Entitlement) -> String {
    let period = match line.scheme {
        Scheme::CultivationAward
        | Scheme::IncubatorTaxRebate
        | Scheme::OpenPlatform
        | Scheme::PlatformConstruction
        | Scheme::InstrumentSharing => {
            format!("{} {}", line.beneficiary, line.period)
        }
        _ => line.period.to_string(),
    };
    let reason = line.reason.map_or(String::new(), |reason| format!(" {}", reason.key()));
    format!("{period} {} {}{reason}", line.amount_fen, line.status.key()).trim().to_owned()
}
