//! Random commands on a small district: few carriers, firms and days, so that facts run into one another, and half of what is
//! asked follows from what is recorded, so that not everything is refused.

use crate::dice::Dice;
use crate::model::{Fact, Model, is_fact, live};
use crate::stays::{Stay, firms, stays};
use crate::world::{carrier, day, firm, limits, park};
use incubator_registry::domain::event::{AnnualReport, IncubatorRegistered, LoanDrawn, Operator, TaxReceipt};
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    BuildMode, CarrierFigure, Command, Criterion, Day, Document, Event, InterestNature, InvestmentForm, Kind,
    LeaveKind, Level, Limits, LoanId, Refusal, Stated, Tax, TaxNature, Uscc, VoidOrder, VoucherNo,
};

/// Carriers by number; what each is.
pub const CARRIERS: [(&str, Kind); 8] = [
    ("众创1", Kind::Makerspace),
    ("孵化1", Kind::Incubator),
    ("加速1", Kind::Accelerator),
    ("孵化2", Kind::Incubator),
    ("众创2", Kind::Makerspace),
    ("加速2", Kind::Accelerator),
    ("孵化3", Kind::Incubator),
    ("众创3", Kind::Makerspace),
];
pub const PARKS: [&str; 2] = ["甘棠", "产业园"];
pub const FIELDS: [&str; 4] = ["生物医药", "软件", "集成电路设计", ""];
/// Firms are numbered from 1; the last ones are rarely registered.
pub const FIRMS: u32 = 10;

pub fn loan(number: usize) -> LoanId {
    LoanId::parse(&format!("贷-{number}")).unwrap()
}

/// Who may pay: firms, operators, and somebody unknown.
pub fn payers() -> Vec<Uscc> {
    (1..=FIRMS).chain(901..=905).map(firm).collect()
}

/// A month's first, fifteenth or last day, mostly; of the years 2021 to 2026.
pub fn date(dice: &mut Dice) -> Day {
    let days = [1, 1, 15, 28, 29, 31];
    let day = *dice.pick(&days);
    let (year, month) = (2021 + dice.below(6), 1 + dice.below(12));
    let parsed = Day::from_ymd(i16::try_from(year).unwrap(), i8::try_from(month).unwrap(), day);
    parsed.unwrap_or_else(|| date(dice))
}

/// A day near another: the same, next to it, or some months on.
fn near(dice: &mut Dice, from: Day) -> Day {
    let by = [0, 0, 1, -1, 30, 200, 400, 700, 1_100, 1_500];
    Day::from_days(from.days() + dice.pick(&by)).unwrap()
}

fn some_firm(dice: &mut Dice) -> Uscc {
    firm(1 + u32::try_from(dice.below(FIRMS as usize)).unwrap())
}

fn some_carrier(dice: &mut Dice) -> incubator_registry::domain::IncubatorId {
    let most = if dice.one_in(8) { CARRIERS.len() } else { 6 };
    carrier(CARRIERS[dice.below(most)].0)
}

fn operator(dice: &mut Dice) -> Operator {
    let number = 901 + u32::try_from(dice.below(4)).unwrap();
    Operator { name: format!("运营{number}"), code: firm(number), introduced: number == 902 }
}

pub fn founding(dice: &mut Dice, number: usize) -> Stated {
    let (id, kind) = CARRIERS[number];
    let registered = IncubatorRegistered {
        incubator: carrier(id),
        name: format!("载体{id}"),
        kind,
        operator: operator(dice),
        build_mode: BuildMode::ALL[dice.below(3)],
        area: Area { incubation: *dice.pick(&[0, 100]), public: *dice.pick(&[0, 50]) },
        upstream: dice.one_in(3).then(|| carrier(CARRIERS[dice.below(6)].0)).filter(|up| up.as_str() != id),
    };
    Stated::new(*dice.pick(&[day("2015-01-01"), day("2021-06-01")]), Event::IncubatorRegistered(registered))
}

pub fn registration(dice: &mut Dice, firm: Uscc) -> Stated {
    let name = if dice.one_in(9) { "异名" } else { "企业" }.to_owned();
    let event = Event::FirmRegistered { firm, name, field: (*dice.pick(&FIELDS)).to_owned() };
    let days = ["2019-02-28", "2020-01-31", "2021-03-01", "2022-08-31", "2024-02-29"];
    Stated::new(day(days[dice.below(days.len())]), event)
}

fn admission(dice: &mut Dice, firm: Uscc, on: Day) -> Stated {
    let waiver = if dice.one_in(4) { "豁免1号" } else { "" }.to_owned();
    Stated::new(on, Event::FirmAdmitted { firm, incubator: some_carrier(dice), waiver })
}

fn leaving(dice: &mut Dice, firm: Uscc, stay: &Stay<'_>, on: Day) -> Stated {
    let (incubator, admitted) = (carrier(stay.carrier), stay.admitted);
    let event = if dice.one_in(2) {
        let document_no = if dice.one_in(3) { "毕1" } else { "" }.to_owned();
        Event::FirmGraduated { firm, incubator, admitted, criterion: *dice.pick(Criterion::ALL), document_no }
    } else {
        Event::FirmLeft { firm, incubator, admitted, kind: LeaveKind::ALL[1 + dice.below(4)] }
    };
    Stated { open_stay: dice.one_in(3), ..Stated::new(on, event) }
}

/// A stay on record, or one that is not.
fn some_stay<'a>(dice: &mut Dice, facts: &[&'a Fact]) -> (Uscc, Stay<'a>) {
    let mut all: Vec<(Uscc, Stay<'a>)> = Vec::new();
    for code in firms(facts) {
        all.extend(stays(facts, code).into_iter().map(|stay| (code, stay)));
    }
    let open: Vec<_> = all.iter().copied().filter(|(_, stay)| stay.left.is_none()).collect();
    let of = if !open.is_empty() && !dice.one_in(4) { open } else { all };
    if of.is_empty() || dice.one_in(12) {
        let carrier = CARRIERS[dice.below(6)].0;
        return (some_firm(dice), Stay { carrier, admitted: date(dice), waiver: "", position: 0, left: None });
    }
    *dice.pick(&of)
}

fn stay_facts(dice: &mut Dice, model: &Model) -> Vec<Stated> {
    let facts = live(&model.facts);
    match dice.below(4) {
        0 => {
            let firm = some_firm(dice);
            let on = date(dice);
            vec![admission(dice, firm, on)]
        }
        1 => {
            let firm = some_firm(dice);
            let on = date(dice);
            let admitted = admission(dice, firm, on);
            let Event::FirmAdmitted { incubator, .. } = &admitted.event else { unreachable!() };
            let stay = Stay { carrier: incubator.as_str(), admitted: on, waiver: "", position: 0, left: None };
            let until = near(dice, on);
            let left = Stated { open_stay: false, ..leaving(dice, firm, &stay, until) };
            vec![admitted, left]
        }
        2 => {
            let (firm, stay) = some_stay(dice, &facts);
            let on = near(dice, stay.admitted);
            vec![leaving(dice, firm, &stay, on)]
        }
        _ => {
            let (firm, stay) = some_stay(dice, &facts);
            let on = near(dice, stay.admitted);
            let (incubator, admitted) = (carrier(stay.carrier), stay.admitted);
            // Somewhere else on the very day: moved, or, where that is allowed, graduated.
            let left = match dice.one_in(3) {
                true => {
                    let (criterion, document_no) = (Criterion::HighTech, String::new());
                    Event::FirmGraduated { firm, incubator, admitted, criterion, document_no }
                }
                false => Event::FirmLeft { firm, incubator, admitted, kind: LeaveKind::Transferred },
            };
            vec![Stated { open_stay: true, ..Stated::new(on, left) }, admission(dice, firm, on)]
        }
    }
}

fn relocation(dice: &mut Dice) -> Vec<Stated> {
    let firm = some_firm(dice);
    let park = park(PARKS[usize::from(dice.one_in(8))]);
    let signed = date(dice);
    let settled = near(dice, signed);
    let production = near(dice, settled);
    let steps = [
        Stated::new(signed, Event::RelocationSigned { firm, park: park.clone() }),
        Stated::new(settled, Event::FirmSettled { firm, park: park.clone(), assessment: None }),
        Stated::new(production, Event::ProductionStarted { firm, park }),
    ];
    let (from, count) = (dice.below(2), 1 + dice.below(3));
    steps.into_iter().skip(from).take(count).collect()
}

fn recognition(dice: &mut Dice, model: &Model) -> Vec<Stated> {
    let facts = live(&model.facts);
    let granted: Vec<&&Fact> =
        facts.iter().filter(|fact| matches!(fact.event, Event::IncubatorRecognised { .. })).collect();
    let (incubator, level, on, grant) = match granted.is_empty() || dice.one_in(2) {
        true => (some_carrier(dice), Level::ALL[dice.below(4)], date(dice), true),
        false => {
            let fact = dice.pick(&granted);
            let Event::IncubatorRecognised { incubator, level, .. } = &fact.event else { unreachable!() };
            (incubator.clone(), *level, fact.day, dice.one_in(3))
        }
    };
    let document_no = if dice.one_in(3) { "韶科1号" } else { "" }.to_owned();
    let granting = Event::IncubatorRecognised { incubator: incubator.clone(), level, document_no };
    let ended = Event::RecognitionEnded { incubator, level, recognition: on };
    let end = Stated::new(near(dice, on), ended);
    match (grant, dice.one_in(2)) {
        (true, true) => vec![Stated::new(on, granting), end],
        (true, false) => vec![Stated::new(on, granting)],
        (false, _) => vec![end],
    }
}

fn money(dice: &mut Dice) -> Stated {
    let on = date(dice);
    let amount = *dice.pick(&[1, 50_000, 600_000_000]);
    match dice.below(6) {
        0 => {
            let (loan, firm) = (loan(dice.below(4)), some_firm(dice));
            let maturity = near(dice, on);
            let drawn =
                LoanDrawn { loan, firm, lender: "银行".into(), principal: amount, rate_ppm: 35_000, maturity };
            Stated::new(on, Event::LoanDrawn(drawn))
        }
        1 | 2 => {
            let nature = InterestNature::ALL[dice.below(3)];
            Stated::new(on, Event::InterestPaid { loan: loan(dice.below(4)), amount, nature })
        }
        3 => Stated::new(on, Event::SeedFundEstablished { incubator: some_carrier(dice), size: amount }),
        4 => {
            let (firm, incubator, form) = (some_firm(dice), some_carrier(dice), InvestmentForm::ALL[dice.below(2)]);
            Stated::new(on, Event::InvestmentMade { firm, incubator, amount, form })
        }
        _ => {
            let taxpayer = *dice.pick(&payers());
            let period = (dice.one_in(2).then(|| day("2024-01-01")), dice.one_in(2).then(|| day("2024-12-31")));
            let (tax, nature) = (Tax::ALL[dice.below(2)], TaxNature::ALL[dice.below(2)]);
            let voucher = VoucherNo::parse(&format!("凭{}", dice.below(6))).unwrap();
            Stated::new(on, Event::TaxReceiptRecorded(TaxReceipt { taxpayer, tax, period, amount, nature, voucher }))
        }
    }
}

fn of_carrier(dice: &mut Dice) -> Stated {
    let (incubator, on) = (some_carrier(dice), date(dice));
    match dice.below(5) {
        0 => Stated::new(on, Event::OperatorChanged { incubator, operator: operator(dice) }),
        1 => {
            let area = Area { incubation: 10 * i64::try_from(dice.below(3)).unwrap(), public: 7 };
            Stated::new(on, Event::AreaChanged { incubator, area })
        }
        2 => {
            let upstream = (!dice.one_in(3)).then(|| some_carrier(dice));
            Stated::new(on, Event::UpstreamChanged { incubator, upstream })
        }
        3 => {
            let year = 2021 + i16::try_from(dice.below(6)).unwrap();
            let mentors = (CarrierFigure::Mentors, *dice.pick(&[0, 7]));
            let some = CarrierFigure::ALL[..3].iter().filter(|_| dice.one_in(2)).map(|figure| (*figure, 5));
            let figures = some.chain([mentors]).collect();
            let report = IncubatorReport { incubator, year, figures };
            Stated::new(Day::from_ymd(year, 12, 31).unwrap(), Event::IncubatorReportFiled(report))
        }
        _ => {
            let number = dice.below(CARRIERS.len());
            founding(dice, number)
        }
    }
}

fn of_firm(dice: &mut Dice) -> Stated {
    let (firm, on) = (some_firm(dice), date(dice));
    match dice.below(6) {
        0 | 1 => registration(dice, firm),
        2 => Stated::new(on, Event::FirmRenamed { firm, name: format!("改名{}", dice.below(3)) }),
        3 => Stated::new(near(dice, day("2025-01-15")), Event::FirmDeregistered { firm }),
        4 => {
            let year = 2021 + i16::try_from(dice.below(6)).unwrap();
            let report = AnnualReport {
                firm,
                year,
                revenue: *dice.pick(&[0, 900_000_000]),
                research: 1,
                employees: 7,
                ip_rights: 2,
                high_tech: dice.one_in(2),
            };
            Stated::new(Day::from_ymd(year, 12, 31).unwrap(), Event::AnnualReportFiled(report))
        }
        _ => {
            let expiry = dice.one_in(2).then(|| near(dice, on));
            Stated::new(on, Event::HighTechCertified { firm, certificate_no: format!("GR{}", dice.below(2)), expiry })
        }
    }
}

fn limits_set(dice: &mut Dice) -> Stated {
    let fields = FIELDS[..2].iter().filter(|_| dice.one_in(2)).map(|field| (*field).to_owned()).collect();
    let set = Limits {
        admission_age_months: *dice.pick(&[12, 24, 24, 36, 60]),
        incubation_months: *dice.pick(&[24, 36, 48]),
        extended_incubation_months: 60,
        extended_fields: fields,
        ..limits()
    };
    Stated::new(date(dice), Event::LimitsSet(set.checked().unwrap()))
}

/// What one command states.
fn facts(dice: &mut Dice, model: &Model) -> Vec<Stated> {
    match dice.below(40) {
        0..18 => stay_facts(dice, model),
        18..21 => relocation(dice),
        21..24 => recognition(dice, model),
        24..30 => vec![money(dice)],
        30..33 => vec![of_carrier(dice)],
        33..38 => vec![of_firm(dice)],
        38 => {
            let park = park(PARKS[dice.below(2)]);
            let treasury_code = *dice.pick(&["440203000", "440204000"]);
            let set =
                Event::ParkTreasurySet { park, treasury_code: treasury_code.into(), treasury_name: "金库".into() };
            vec![Stated::new(date(dice), set)]
        }
        _ => vec![limits_set(dice)],
    }
}

/// Whether its day may be another: a report's is its year's last.
fn moves(event: &Event) -> bool {
    !matches!(event, Event::AnnualReportFiled(_) | Event::IncubatorReportFiled(_))
}

/// A recorded fact restated as it is, taken back or not; sometimes with one day more.
fn restated(dice: &mut Dice, model: &Model) -> Option<Vec<Stated>> {
    let facts: Vec<&Fact> = model.facts.iter().filter(|fact| is_fact(&fact.event)).collect();
    let fact = dice.pick(&facts);
    let with: Vec<&&Fact> = facts.iter().filter(|other| other.start == fact.start && dice.one_in(2)).collect();
    let mut stated: Vec<Stated> = with.into_iter().map(|fact| Stated::new(fact.day, fact.event.clone())).collect();
    if dice.one_in(5)
        && let Some(first) = stated.first_mut().filter(|first| moves(&first.event))
    {
        first.day = first.day.next();
    }
    (!stated.is_empty()).then_some(stated)
}

fn documents(dice: &mut Dice) -> Vec<Document> {
    let document = |title: &str| Document {
        title: title.to_owned(),
        document_no: String::new(),
        sha256: Some([7; 32]),
        location: String::new(),
    };
    match dice.below(200) {
        0..10 => vec![document("批复")],
        10..15 => vec![document("决定"), document("附件")],
        // So large that a few of them fill a commit.
        15 => (0..20).map(|_| Document { location: "x".repeat(510), ..document(&"长".repeat(170)) }).collect(),
        _ => Vec::new(),
    }
}

/// Positions to take back: of a stay both, of a command all, or any.
fn positions(dice: &mut Dice, model: &Model) -> Vec<i64> {
    let facts = live(&model.facts);
    let any = || i64::try_from(model.position() + 2).unwrap();
    match dice.below(8) {
        0 => vec![1 + i64::try_from(dice.next() % any().unsigned_abs()).unwrap()],
        1..4 => {
            let (_, stay) = some_stay(dice, &facts);
            let both = [Some(stay.position), stay.left.map(|left| left.position)];
            both.into_iter().flatten().filter(|at| *at > 0).map(|at| i64::try_from(at).unwrap()).collect()
        }
        4 => {
            let start = dice.pick(&facts).start;
            facts.iter().filter(|fact| fact.start == start).map(|fact| i64::try_from(fact.position).unwrap()).collect()
        }
        _ => vec![i64::try_from(dice.pick(&facts).position).unwrap()],
    }
}

/// A command as an RPC brings it.
pub fn command(dice: &mut Dice, model: &Model) -> Command {
    let void = if dice.one_in(5) { positions(dice, model) } else { Vec::new() };
    let (reason, by) = if void.is_empty() { ("", "") } else { ("写错了", "科技局") };
    let void = VoidOrder::checked(&void, reason, by).unwrap();
    let facts = match &void {
        Some(_) if dice.one_in(2) => Vec::new(),
        // What is taken back is often restated, with one value changed.
        Some(order) if dice.one_in(2) => {
            let of = order.positions.iter().filter_map(|at| model.at(*at)).filter(|fact| is_fact(&fact.event));
            let moved = |fact: &Fact, dice: &mut Dice| match dice.one_in(3) && moves(&fact.event) {
                true => near(dice, fact.day),
                false => fact.day,
            };
            of.map(|fact| Stated::new(moved(fact, dice), fact.event.clone())).collect()
        }
        None if dice.one_in(6) => restated(dice, model).unwrap_or_else(|| facts(dice, model)),
        _ => facts(dice, model),
    };
    Command::new(facts, documents(dice), void).unwrap_or_else(|_| command(dice, model))
}

/// A row of a ledger, or one that its reader refused.
pub fn row(dice: &mut Dice, model: &Model) -> Result<Command, Refusal> {
    if dice.one_in(15) {
        return Err(Refusal::new(incubator_registry::domain::Reason::MalformedDate, "no such day"));
    }
    let stated = if dice.one_in(3) { restated(dice, model) } else { None };
    let mut stated = stated.unwrap_or_else(|| facts(dice, model));
    for fact in &mut stated {
        fact.open_stay = false; // A row names the stay.
    }
    Command::row(stated)
}
