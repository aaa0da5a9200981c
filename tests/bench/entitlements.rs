//! How long the entitlements of a large district take on this machine, for a look at it: `cargo bench --bench entitlements`.
//! 20 000 firms, all settled, 1 000 000 receipts in no order of days, 100 carriers, 10 000 loans.

use incubator_registry::domain::event::{IncubatorRegistered, LoanDrawn, Operator, TaxReceipt};
use incubator_registry::domain::values::{Area, VoucherNo};
use incubator_registry::domain::{
    AsOf, BuildMode, Day, Event, IncubatorId, InterestNature, Kind, Level, LoanId, ParkId, Recorded, Registry, Tax,
    TaxNature, Uscc,
};
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::{Beneficiary, Evaluation, Policy, Scheme, Subject, Told};
use incubator_registry::projections::Standings;
use incubator_registry::projections::standing::explain;
use std::time::{Duration, Instant};

const POLICY: &str = include_str!("../../deploy/demo/policy.toml");
const FIRMS: u64 = 20_000;
const CARRIERS: u64 = 100;
const RECEIPTS: u64 = 1_000_000;
const LOANS: u64 = 10_000;

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
}

/// So many days after 2019-01-01.
fn day(after: u64) -> Day {
    Day::from_days(17_897 + i32::try_from(after).unwrap()).unwrap()
}

fn firm(number: u64) -> Uscc {
    Uscc::parse(&format!("91440203MA{number:08}")).unwrap()
}

fn carrier(number: u64) -> IncubatorId {
    IncubatorId::parse(&format!("WJ{number:03}")).unwrap()
}

fn district() -> Registry {
    let mut made = Maker { registry: Registry::default(), state: 7 };
    for number in 0..CARRIERS {
        let operator = Operator { name: "运营".into(), code: firm(FIRMS + number / 2), introduced: false };
        let kind = Kind::ALL[usize::from(number % 4 == 0)];
        let (incubator, name, build_mode) = (carrier(number), "载体".to_owned(), BuildMode::Private);
        let area = Area::default();
        let event = IncubatorRegistered { incubator, name, kind, operator, build_mode, area, upstream: None };
        made.record(day(0), Event::IncubatorRegistered(event));
        let (incubator, level, document_no) = (carrier(number), Level::District, "文".to_owned());
        made.record(day(30), Event::IncubatorRecognised { incubator, level, document_no });
    }
    for number in 0..FIRMS {
        let (code, park) = (firm(number), ParkId::parse("武江甘棠园区").unwrap());
        let (name, field) = ("企业".to_owned(), "软件".to_owned());
        made.record(day(0), Event::FirmRegistered { firm: code, name, field });
        let (incubator, waiver) = (carrier(made.any(CARRIERS)), String::new());
        made.record(day(60), Event::FirmAdmitted { firm: code, incubator, waiver });
        let settled = 800 + made.any(900);
        made.record(day(settled), Event::FirmSettled { firm: code, park: park.clone(), assessment: None });
        made.record(day(settled + 90), Event::ProductionStarted { firm: code, park });
    }
    for number in 0..RECEIPTS {
        // One in fifty is of the operator of the first two carriers.
        let often = number % 50 == 0;
        let taxpayer = if often { firm(FIRMS) } else { firm(made.any(FIRMS + CARRIERS / 2)) };
        let tax = Tax::ALL[made.any(9) as usize];
        let amount = i64::try_from(1 + made.any(5_000_000)).unwrap();
        let voucher = VoucherNo::parse(&format!("V{number}")).unwrap();
        let period = (None, None);
        let receipt = TaxReceipt { taxpayer, tax, period, amount, nature: TaxNature::Normal, voucher };
        let after = made.any(2400);
        made.record(day(after), Event::TaxReceiptRecorded(receipt));
    }
    for number in 0..LOANS {
        let loan = LoanId::parse(&format!("JK{number:06}")).unwrap();
        let (drawn, borrower) = (800 + made.any(1500), firm(made.any(FIRMS)));
        let (lender, maturity) = ("银行".to_owned(), day(drawn + 730));
        let event = LoanDrawn {
            loan: loan.clone(),
            firm: borrower,
            lender,
            principal: 100_000_000,
            rate_ppm: 40_000,
            maturity,
        };
        made.record(day(drawn), Event::LoanDrawn(event));
        for quarter in 1..=8 {
            let (loan, amount, nature) = (loan.clone(), 1_000_000, InterestNature::Normal);
            made.record(day(drawn + quarter * 90), Event::InterestPaid { loan, amount, nature });
        }
    }
    made.registry
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let answer = run();
    println!("{what}: {:.3} s", begin.elapsed().as_secs_f64());
    answer
}

/// How long a list takes to show one more receipt, and one entitlement to be explained.
fn grown(registry: Registry, policy: &Policy) {
    let as_of = AsOf::day(day(2480));
    let mut kept = timed("kept, from nothing", || Standings::full(&registry, policy, as_of));
    let mut made = Maker { registry, state: 11 };
    let mut spent = Vec::new();
    for number in 0..1000 {
        let payer = firm(made.any(FIRMS));
        let voucher = VoucherNo::parse(&format!("N{number}")).unwrap();
        let (tax, amount, nature, period) = (Tax::Vat, 12_345, TaxNature::Normal, (None, None));
        let receipt = TaxReceipt { taxpayer: payer, tax, period, amount, nature, voucher };
        made.record(day(1900), Event::TaxReceiptRecorded(receipt));
        let begin = Instant::now();
        kept.advance(&made.registry, policy);
        let shown = kept.of(&Subject::Relocation(payer)).count() + kept.clone().behind("").take(50).count();
        spent.push(begin.elapsed());
        assert!(shown > 50);
    }
    spent.sort_unstable();
    println!(
        "one more receipt until the list shows it: median {:?}, 99 % {:?}, most {:?}",
        spent[500], spent[990], spent[999]
    );
    explained(&made.registry, policy, as_of, "");
    let stacked = parse(&stacked()).unwrap().policy;
    explained(&made.registry, &stacked, as_of, " in a stacking group");
}

/// The policy with every scheme in one group, so that an explanation looks for what a line yields to.
fn stacked() -> String {
    let group = "stacking_group = \"组\"\nfair_competition_review =";
    let text = POLICY.replace("fair_competition_review =", group);
    format!("{text}\n[[stacking]]\ngroup = \"组\"\nfrom = \"2021-01-01\"\nrule = \"HIGHEST\"\n")
}

/// How long one entitlement takes to be explained, as far as an answer tells it; the first carrier's has
/// thousands of receipts, and all the firms that it raised may stand in its group. Beside it what the list needs for the
/// same carrier.
fn explained(registry: &Registry, policy: &Policy, as_of: AsOf, how: &str) {
    let told = Told { size: 200, from: 0, path: &[] };
    let ask = |scheme: Scheme, id: Beneficiary, period: &str| {
        let begin = Instant::now();
        let _ = explain(registry, policy, as_of, (scheme, &id, period), Some(told));
        begin.elapsed()
    };
    let say = |what: &str, mut spent: Vec<Duration>| {
        spent.sort_unstable();
        let (middle, most) = (spent[spent.len() / 2], spent[spent.len() - 1]);
        println!("{what}{how}: median {middle:?}, 99 % {:?}, most {most:?}", spent[spent.len() * 99 / 100]);
    };
    let relief = |number| ask(Scheme::RelocationRebate, Beneficiary::Firm(firm(number)), "1");
    say("one firm explained", (0..1000).map(relief).collect());
    let rebate = |number| ask(Scheme::IncubatorTaxRebate, Beneficiary::Incubator(carrier(number)), "2023");
    say("one carrier's year explained", (0..CARRIERS).map(rebate).collect());
    say("the year of the carrier with 20 000 receipts explained", (0..100).map(|_| rebate(0)).collect());
    let evaluation = Evaluation::new(registry, policy, as_of);
    let lines = |number| {
        let begin = Instant::now();
        let _ = evaluation.of(&Subject::Carrier(carrier(number)));
        begin.elapsed()
    };
    say("one carrier's lines for the list", (0..CARRIERS).map(lines).collect());
    say("its lines of all years for the list", (0..100).map(|_| lines(0)).collect());
}

fn main() {
    let policy = parse(POLICY).unwrap().policy;
    let registry = timed("made", district);
    let evaluation = Evaluation::new(&registry, &policy, AsOf::day(day(2480)));
    for _ in 0..3 {
        let lines = timed("everything", || evaluation.all());
        println!("  {} lines, {} fen", lines.len(), lines.iter().map(|line| i128::from(line.amount_fen)).sum::<i128>());
    }
    timed("one firm's relocation, 1000 times", || {
        (0..1000).map(|number| evaluation.of(&Subject::Relocation(firm(number))).len()).sum::<usize>()
    });
    timed("one carrier's rebate, 100 times", || {
        (0..100).map(|number| evaluation.of(&Subject::Carrier(carrier(number))).len()).sum::<usize>()
    });
    timed("one firm's relocation with its explanation, 1000 times", || {
        (0..1000).map(|number| evaluation.explained(&Subject::Relocation(firm(number))).len()).sum::<usize>()
    });
    grown(registry.clone(), &policy);
    timed("everything with its explanation", || evaluation.all_explained().len());
}
