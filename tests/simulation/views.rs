//! What is read, written out line by line: once from the engine's registry, once from the model's flat list. The lines must be
//! the same.

use crate::figures::Asked;
use crate::model::{Fact, Model};
use crate::rules::{before, step, struck_off};
use crate::stays::stays;
use incubator_registry::domain::firm::FirmView;
use incubator_registry::domain::park::treasuries;
use incubator_registry::domain::{AsOf, Day, Entity, Event, IncubatorId, LoanId, ParkId, Registry, Uscc};
use incubator_registry::projections::{Filter, anomalies, chain, metrics};

/// `metrics`, `chain` and the anomalies as the projections tell them.
pub fn figures(registry: &Registry, as_of: AsOf, filter: &Filter) -> Vec<String> {
    let m = metrics(registry, as_of, filter);
    let year = [m.year.opening, m.year.admitted, m.year.graduated, m.year.left_otherwise, m.year.closing];
    let rates = [m.year.rate_a(), m.year.rate_b()].map(|rate| (rate.numerator, rate.denominator));
    let days = (m.incubation_days.count, m.incubation_days.sum, m.incubation_days.median_half_days);
    let overdue = m.overdue.iter().map(|firm| {
        format!("{} {} {} {} {}", firm.firm, firm.incubator, firm.first_admitted, firm.limit_date, firm.days_over)
    });
    let cohorts = m
        .cohorts
        .iter()
        .map(|(year, c)| (*year, [c.entrants, c.graduates_within_48_months, c.still_incubating_within_horizon]));
    let survival = [1, 3].map(|years| m.survival.get(&years).map_or((9, 9), |s| (s.graduates, s.alive)));
    let mut lines = vec![
        format!("at {} {}", m.day, m.position),
        format!("open {:?}", [m.in_makerspace, m.in_incubator, m.in_accelerator]),
        format!("year {year:?} {rates:?}"),
        format!("graduates {} settled {} {:?}", m.cumulative_graduates, m.graduates_settled_in_park, m.criteria),
        format!("days {days:?}"),
        format!("overdue {:?}", overdue.collect::<Vec<_>>()),
        format!("cohorts {:?}", cohorts.collect::<std::collections::BTreeMap<_, _>>()),
        format!("survival {:?} {:?}", survival[0], survival[1]),
    ];
    let c = chain(registry, as_of, filter);
    let carriers = c.incubators.iter().map(|(id, n)| (id.to_string(), [n.open, n.admitted_ever, n.graduated_ever]));
    lines.extend([
        format!("at {} {}", c.day, c.position),
        format!("moves {:?}", c.transitions),
        format!("carriers {:?}", carriers.collect::<std::collections::BTreeMap<_, _>>()),
        format!("parks {:?}", (c.settled_in_park, c.in_production)),
    ]);
    let anomaly = |a: incubator_registry::projections::Anomaly| {
        format!("{} {} {} {:?}", a.firm, a.incubator, a.since, a.positions)
    };
    lines.extend(anomalies(registry, as_of).into_iter().map(anomaly));
    lines
}

/// The same, by the model.
pub fn figures_of(model: &Model, as_of: AsOf, filter: &Filter) -> Vec<String> {
    let asked = Asked::new(model, as_of, filter);
    let whole = Filter::default();
    let uncut = Asked::new(model, as_of, &whole);
    [asked.metrics(), asked.chain(), uncut.anomalies()].concat()
}

/// A firm as its view tells it.
pub fn firm(registry: &Registry, code: Uscc, as_of: AsOf) -> Vec<String> {
    registry.firm(&code, as_of).map_or_else(Vec::new, |view| firm_lines(&view))
}

fn firm_lines(view: &FirmView<'_>) -> Vec<String> {
    let mut lines = vec![format!("{} {} {}", view.code, view.name(), view.field())];
    lines.extend(view.stays.iter().map(|stay| {
        let left = stay.left.map(|left| (left.day, left.kind, left.criterion, left.position));
        format!("stay {} {} {:?} {} {left:?}", stay.incubator, stay.admitted, stay.waiver, stay.position)
    }));
    let steps = [view.relocation.signed, view.relocation.settled, view.relocation.production];
    lines.push(format!("steps {:?}", steps.map(|step| step.map(|s| (s.park.to_string(), s.day, s.position)))));
    lines.push(format!("struck off {:?}", view.deregistered));
    lines.extend(view.renames.iter().map(|r| format!("name {} {} {}", r.day, r.name, r.position)));
    lines.extend(view.reports.iter().map(|(report, position)| format!("report {report:?} {position}")));
    lines.extend(
        view.certificates.iter().map(|c| format!("certificate {} {} {:?} {}", c.day, c.number, c.expiry, c.position)),
    );
    let investment = |i: &incubator_registry::domain::firm::Investment<'_>| {
        format!("investment {} {} {} {:?} {}", i.incubator, i.day, i.amount, i.form, i.position)
    };
    lines.extend(view.investments.iter().map(investment));
    lines
}

/// Facts with a day no later, sorted by it.
fn by_day<'a>(facts: &[&'a Fact], day: Day) -> Vec<&'a Fact> {
    let mut seen: Vec<&Fact> = facts.iter().copied().filter(|fact| fact.day <= day).collect();
    seen.sort_by_key(|fact| (fact.day, fact.position));
    seen
}

/// The same, by the model.
pub fn firm_of(model: &Model, code: Uscc, as_of: AsOf) -> Vec<String> {
    let facts = model.known(as_of.known);
    let seen = by_day(&facts, as_of.day);
    let registered = facts.iter().find_map(|fact| match &fact.event {
        Event::FirmRegistered { firm, name, field } if *firm == code => Some((name, field)),
        _ => None,
    });
    let Some((name, field)) = registered else { return Vec::new() };
    let (mut names, mut reports, mut certificates, mut investments) = (vec![], vec![], vec![], vec![]);
    let mut last = name;
    for fact in &seen {
        let (day, position) = (fact.day, fact.position);
        match &fact.event {
            Event::FirmRenamed { firm, name } if *firm == code => {
                last = name;
                names.push(format!("name {day} {name} {position}"));
            }
            Event::AnnualReportFiled(report) if report.firm == code => {
                reports.push(format!("report {report:?} {position}"));
            }
            Event::HighTechCertified { firm, certificate_no, expiry } if *firm == code => {
                certificates.push(format!("certificate {day} {certificate_no} {expiry:?} {position}"));
            }
            Event::InvestmentMade { firm, incubator, amount, form } if *firm == code => {
                investments.push(format!("investment {incubator} {day} {amount} {form:?} {position}"));
            }
            _ => {}
        }
    }
    let mut lines = vec![format!("{code} {last} {field}")];
    for stay in stays(&facts, code).iter().filter(|stay| stay.admitted <= as_of.day) {
        let left = stay.left.filter(|left| left.day <= as_of.day);
        let left = left.map(|left| (left.day, left.kind, left.criterion, left.position));
        lines.push(format!("stay {} {} {:?} {} {left:?}", stay.carrier, stay.admitted, stay.waiver, stay.position));
    }
    let steps = [0, 1, 2].map(|number| {
        seen.iter().find_map(|fact| {
            let (n, firm, park) = step(&fact.event)?;
            (n == number && firm == code).then(|| (park.to_string(), fact.day, fact.position))
        })
    });
    lines.push(format!("steps {steps:?}"));
    lines.push(format!("struck off {:?}", struck_off(&facts, code).filter(|(day, _)| *day <= as_of.day)));
    lines.extend([names, reports, certificates, investments].concat());
    lines
}

/// A carrier as its view tells it.
pub fn carrier(registry: &Registry, id: &IncubatorId, as_of: AsOf) -> Vec<String> {
    let Some(view) = registry.incubator(id, as_of) else { return Vec::new() };
    let mut lines =
        vec![format!("{id} {:?} {:?} {:?}", view.kind(), view.level_on(as_of.day), view.upstream_on(as_of.day))];
    lines.extend(view.operators.iter().map(|t| format!("operator {} {:?} {}", t.day, t.value, t.position)));
    lines.extend(view.areas.iter().map(|t| format!("area {} {:?} {}", t.day, t.value, t.position)));
    lines.extend(view.recognitions.iter().map(|r| format!("{:?} {} {} {:?}", r.level, r.day, r.position, r.end)));
    lines.extend(view.reports.iter().map(|filed| format!("report {:?} {}", filed.report, filed.position)));
    lines
}

/// The same, by the model.
pub fn carrier_of(model: &Model, id: &IncubatorId, as_of: AsOf) -> Vec<String> {
    let facts = model.known(as_of.known);
    let seen = by_day(&facts, as_of.day);
    let Some(kind) = crate::model::kind_of(&facts, id.as_str()) else { return Vec::new() };
    let whole = Filter::default();
    let level = Asked::new(model, as_of, &whole).level(id.as_str(), as_of.day);
    let upstream = before(&facts, id.as_str(), as_of.day).map(|(id, _)| IncubatorId::parse(&id).unwrap());
    let (mut operators, mut areas, mut recognitions, mut reports) = (vec![], vec![], vec![], vec![]);
    for fact in &seen {
        let (day, position) = (fact.day, fact.position);
        match &fact.event {
            Event::IncubatorRegistered(new) if new.incubator == *id => {
                operators.push(format!("operator {day} {:?} {position}", new.operator));
                areas.push(format!("area {day} {:?} {position}", new.area));
            }
            Event::OperatorChanged { incubator, operator } if incubator == id => {
                operators.push(format!("operator {day} {operator:?} {position}"));
            }
            Event::IncubatorReportFiled(report) if report.incubator == *id => {
                reports.push(format!("report {report:?} {position}"));
            }
            Event::AreaChanged { incubator, area } if incubator == id => {
                areas.push(format!("area {day} {area:?} {position}"));
            }
            Event::IncubatorRecognised { incubator, level, .. } if incubator == id => {
                let ends = facts.iter().filter_map(|end| match &end.event {
                    Event::RecognitionEnded { incubator: i, level: l, recognition } => {
                        (i == id && l == level && *recognition == day).then_some((end.day, end.position))
                    }
                    _ => None,
                });
                recognitions.push(format!("{level:?} {day} {position} {:?}", ends.min()));
            }
            _ => {}
        }
    }
    let head = format!("{id} {:?} {level:?} {:?}", Some(kind), upstream.as_ref());
    [vec![head], operators, areas, recognitions, reports].concat()
}

/// Loans, treasuries of parks and receipts as the registry tells them.
pub fn money(registry: &Registry, as_of: AsOf, loans: &[LoanId], parks: &[ParkId], payers: &[Uscc]) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, loan) in registry.loans(as_of).filter(|(id, _)| loans.contains(id)) {
        lines.push(format!("{id} {:?} {} {}", loan.drawn, loan.day, loan.position));
        lines.extend(loan.interest.iter().map(|i| format!("{} {} {:?} {}", i.day, i.amount, i.nature, i.position)));
    }
    for park in parks {
        let terms = registry.park_line(park).map_or_else(Vec::new, |line| treasuries(line, as_of));
        lines.extend(terms.iter().map(|term| format!("{park} {} {} {}", term.day, term.code, term.position)));
    }
    for payer in payers {
        let seen = registry.receipts().of(payer).filter(|receipt| receipt.is_seen(as_of));
        lines.extend(seen.map(|kept| format!("{} {:?} {}", kept.day, kept.receipt(*payer), kept.position)));
    }
    lines
}

/// The same, by the model.
pub fn money_of(model: &Model, as_of: AsOf, loans: &[LoanId], parks: &[ParkId], payers: &[Uscc]) -> Vec<String> {
    let facts = model.known(as_of.known);
    let seen = by_day(&facts, as_of.day);
    let mut lines = Vec::new();
    for id in loans {
        for fact in &seen {
            if let Event::LoanDrawn(drawn) = &fact.event
                && drawn.loan == *id
            {
                lines.push(format!("{id} {drawn:?} {} {}", fact.day, fact.position));
                for paid in &seen {
                    if let Event::InterestPaid { loan, amount, nature } = &paid.event
                        && loan == id
                    {
                        lines.push(format!("{} {amount} {nature:?} {}", paid.day, paid.position));
                    }
                }
            }
        }
    }
    for (park, fact) in parks.iter().flat_map(|park| seen.iter().map(move |fact| (park, fact))) {
        if let Event::ParkTreasurySet { park: of, treasury_code, .. } = &fact.event
            && of == park
        {
            lines.push(format!("{park} {} {treasury_code} {}", fact.day, fact.position));
        }
    }
    for (payer, fact) in payers.iter().flat_map(|payer| facts.iter().map(move |fact| (payer, fact))) {
        if let Event::TaxReceiptRecorded(receipt) = &fact.event
            && (receipt.taxpayer, fact.day <= as_of.day) == (*payer, true)
        {
            lines.push(format!("{} {receipt:?} {}", fact.day, fact.position));
        }
    }
    lines
}

/// Revisions of entities, as told from the facts and as the model counts events.
pub fn revisions(registry: &Registry, model: &Model, known: u64, names: &[String]) -> [Vec<(String, u64)>; 2] {
    let told = |name: &String| (name.clone(), registry.revision_at(&Entity::parse(name).unwrap(), known));
    let counted = |name: &String| (name.clone(), model.revision(name, known));
    [names.iter().map(told).collect(), names.iter().map(counted).collect()]
}
