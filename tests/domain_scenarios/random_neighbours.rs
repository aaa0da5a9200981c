//! The measures beside incubation in the random histories: their facts, and their rules once more, written apart from the
//! domain.

use crate::dsl::*;
use crate::random::{Dice, IDS, date};
use crate::random_checker::Live;
use crate::world::{carrier, day, firm, park};
use incubator_registry::domain::assessment::{Indicators, ProjectAssessed};
use incubator_registry::domain::guidance_fund::{
    GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested,
};
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use incubator_registry::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use incubator_registry::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use incubator_registry::domain::{
    AsOf, AssessmentId, CapitalSource, CarrierFigure, Day, Entity, Event, GuidanceFundId, InstrumentId, IntermediaryId,
    Party, PlatformId, PlatformKind, Registry, TransferId, Uscc,
};

/// How many kinds of commands `asked` makes.
pub const KINDS: u8 = 12;

/// A command about a neighbour, by its kind.
pub fn asked(kind: u8, dice: &Dice) -> Asked {
    let (one, two, n) = (date(dice.days[0]), date(dice.days[1]), dice.firm);
    let year = 2023 + i16::from(dice.spin % 3);
    match kind {
        0 => state([intermediary(&one, dice)]),
        1 => state([transferred(&two, &one, dice)]),
        2 => state([intermediary(&one, dice), transferred(&two, &one, dice)]),
        3 => state([platform(&one, dice), reported(year, dice)]),
        4 => state([of_platform(&two, PlatformEvent::Completed { platform: platform_id(dice) })]),
        5 => state([catalogued(&one, dice)]),
        6 => {
            state([of_instrument(&two, InstrumentEvent::Removed { instrument: instrument_id(dice) }), ran(year, dice)])
        }
        7 => state([fund(&one, GuidanceFundEvent::Established(established(dice)))]),
        8 => state([fund(&one, GuidanceFundEvent::Contributed(contributed(dice)))]),
        9 => state([fund(&two, GuidanceFundEvent::Invested(invested(dice)))]),
        10 => state([assessed(&one, dice), signed(&one, n, "甘棠"), settled_under(&two, dice)]),
        _ => state([filed(year, dice)]),
    }
}

fn intermediary_id(dice: &Dice) -> IntermediaryId {
    IntermediaryId::parse(["经纪甲", "经纪乙", "经纪丙"][dice.at]).unwrap()
}

fn intermediary(on: &str, dice: &Dice) -> Fact {
    let (intermediary, name, party) = (intermediary_id(dice), "中介".to_owned(), Party::Individual);
    let registered = IntermediaryRegistered { intermediary, name, party };
    (day(on), Event::Transfer(TransferEvent::IntermediaryRegistered(registered)))
}

fn transferred(on: &str, began: &str, dice: &Dice) -> Fact {
    let transfer = TransferId::parse(&format!("T{}", dice.spin % 4)).unwrap();
    let (intermediary, firm, began, paid) = (intermediary_id(dice), firm(dice.firm), day(began), 100);
    let transferred = TechnologyTransferred { transfer, intermediary, firm, began, paid };
    (day(on), Event::Transfer(TransferEvent::TechnologyTransferred(transferred)))
}

fn platform_id(dice: &Dice) -> PlatformId {
    PlatformId::parse(["PT1", "PT2", "PT3"][dice.at]).unwrap()
}

fn of_platform(on: &str, event: PlatformEvent) -> Fact {
    (day(on), Event::Platform(event))
}

fn platform(on: &str, dice: &Dice) -> Fact {
    let (platform, name, kind) = (platform_id(dice), "平台".to_owned(), PlatformKind::Testing);
    let (operator_name, operator_code) = ("运营".to_owned(), firm(dice.firm));
    let registered = PlatformRegistered { platform, name, kind, operator_name, operator_code };
    of_platform(on, PlatformEvent::Registered(registered))
}

fn reported(year: i16, dice: &Dice) -> Fact {
    let (capacity, open_capacity, service_cost, input) = (10, 5, 1000, i64::from(dice.spin));
    let report = PlatformYear { platform: platform_id(dice), year, capacity, open_capacity, service_cost, input };
    of_platform(&format!("{year}-12-31"), PlatformEvent::YearReported(report))
}

fn instrument_id(dice: &Dice) -> InstrumentId {
    InstrumentId::parse(["YQ1", "YQ2", "YQ3"][dice.at]).unwrap()
}

fn of_instrument(on: &str, event: InstrumentEvent) -> Fact {
    (day(on), Event::Instrument(event))
}

fn catalogued(on: &str, dice: &Dice) -> Fact {
    let (name, owner, price) = ("仪器".to_owned(), firm(dice.firm), 50_000_000);
    let catalogued = InstrumentCatalogued { instrument: instrument_id(dice), name, owner, price };
    of_instrument(on, InstrumentEvent::Catalogued(catalogued))
}

fn ran(year: i16, dice: &Dice) -> Fact {
    let report = InstrumentYear { instrument: instrument_id(dice), year, running_cost: 1000 };
    of_instrument(&format!("{year}-12-31"), InstrumentEvent::YearReported(report))
}

fn fund_id(dice: &Dice) -> GuidanceFundId {
    GuidanceFundId::parse(["TJ1", "TJ2", "TJ3"][dice.at]).unwrap()
}

fn fund(on: &str, event: GuidanceFundEvent) -> Fact {
    (day(on), Event::GuidanceFund(event))
}

fn established(dice: &Dice) -> GuidanceFundEstablished {
    GuidanceFundEstablished { fund: fund_id(dice), name: "基金".into(), size: 1_000_000 }
}

fn contributed(dice: &Dice) -> GuidanceFundContributed {
    GuidanceFundContributed { fund: fund_id(dice), amount: 1000, source: CapitalSource::Government }
}

fn invested(dice: &Dice) -> GuidanceFundInvested {
    GuidanceFundInvested { fund: fund_id(dice), firm: firm(dice.firm), amount: 100 }
}

fn assessment_id(dice: &Dice) -> AssessmentId {
    AssessmentId::parse(&format!("XM{}", dice.spin % 3)).unwrap()
}

fn assessed(on: &str, dice: &Dice) -> Fact {
    let indicators = Indicators::checked([Some(1), None, None, None, None, None, None]).unwrap();
    let (assessment, firm, park, industry) = (assessment_id(dice), firm(dice.firm), park("甘棠"), "新材料".to_owned());
    (day(on), Event::ProjectAssessed(ProjectAssessed { assessment, firm, park, industry, indicators }))
}

fn settled_under(on: &str, dice: &Dice) -> Fact {
    let event =
        Event::FirmSettled { firm: firm(dice.firm), park: park("甘棠"), assessment: Some(assessment_id(dice)) };
    (day(on), event)
}

fn filed(year: i16, dice: &Dice) -> Fact {
    let figures = [(CarrierFigure::Staff, 8)].into_iter().collect();
    let report = IncubatorReport::new(carrier(IDS[dice.at].0), year, figures).unwrap();
    (day(&format!("{year}-12-31")), Event::IncubatorReportFiled(report))
}

/// What is read of them, without positions.
pub fn read(registry: &Registry, as_of: AsOf) -> Vec<String> {
    let all = registry.innovation();
    let mut lines = Vec::new();
    lines.extend(all.intermediaries(as_of).map(|(id, of)| format!("{id} {} {:?}", of.day, of.value)));
    lines.extend(all.transfers(as_of).map(|(id, of)| format!("{id} {} {:?}", of.day, of.value)));
    lines.extend(all.assessments(as_of).map(|(id, of)| format!("{id} {} {:?}", of.day, of.value)));
    for (id, of) in all.platforms(as_of) {
        let years: Vec<_> = of.years.iter().map(|year| year.value).collect();
        lines.push(format!("{id} {} {years:?} {:?}", of.registered.day, of.completed.map(|(day, _)| day)));
    }
    for (id, of) in all.instruments(as_of) {
        let years: Vec<_> = of.years.iter().map(|year| year.value).collect();
        lines.push(format!("{id} {} {years:?} {:?}", of.catalogued.day, of.removed.map(|(day, _)| day)));
    }
    for (id, of) in all.guidance_funds(as_of) {
        let mut made: Vec<_> = of.investments.iter().map(|made| format!("{} {:?}", made.day, made.value)).collect();
        made.extend(of.contributions.iter().map(|made| format!("{} {:?}", made.day, made.value)));
        made.sort();
        lines.push(format!("{id} {} {made:?}", of.established.day));
    }
    lines
}

/// What is wrong about the neighbours; nothing, if the rules hold.
pub fn faults(facts: &[Live<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for fact in facts {
        if let Some(wrong) = wrong(facts, fact) {
            faults.push(format!("{fact:?}: {wrong}"));
        }
    }
    faults
}

fn wrong(facts: &[Live<'_>], fact: Live<'_>) -> Option<&'static str> {
    let begun =
        |entity: Entity| facts.iter().find(|of| begins(&of.event) && of.event.owner().as_ref() == Some(&entity));
    if let Some(owner) = begun_by_another(&fact.event) {
        let Some(first) = begun(owner) else { return Some("there is no such thing") };
        // Reports of the years before are accepted, as every fact before a registration is.
        let is_report = matches!(
            fact.event,
            Event::Platform(PlatformEvent::YearReported(_)) | Event::Instrument(InstrumentEvent::YearReported(_))
        );
        if fact.day < first.day && !is_report {
            return Some("it comes before its beginning");
        }
    }
    match &fact.event {
        Event::Transfer(TransferEvent::TechnologyTransferred(made)) => {
            let known = begun(Entity::Intermediary(made.intermediary.clone())).is_some();
            let late = made.began > fact.day;
            (!known || late)
                .then_some("no intermediary, or it ends before it begins")
                .or(party(facts, made.firm, fact.day))
        }
        Event::Instrument(InstrumentEvent::Catalogued(entry)) => party(facts, entry.owner, fact.day),
        Event::GuidanceFund(GuidanceFundEvent::Invested(made)) => party(facts, made.firm, fact.day),
        Event::ProjectAssessed(of) => party(facts, of.firm, fact.day),
        Event::FirmSettled { firm, park, assessment: Some(id) } => {
            let named = begun(Entity::Assessment(id.clone()));
            let fits = named.is_some_and(|named| match &named.event {
                Event::ProjectAssessed(of) => of.firm == *firm && of.park == *park && named.day <= fact.day,
                _ => false,
            });
            (!fits).then_some("it settled under another's assessment")
        }
        _ => None,
    }
}

fn begins(event: &Event) -> bool {
    matches!(
        event,
        Event::Transfer(TransferEvent::IntermediaryRegistered(_))
            | Event::Platform(PlatformEvent::Registered(_))
            | Event::Instrument(InstrumentEvent::Catalogued(_))
            | Event::GuidanceFund(GuidanceFundEvent::Established(_))
            | Event::ProjectAssessed(_)
    )
}

/// The owner of a fact that another must have begun.
fn begun_by_another(event: &Event) -> Option<Entity> {
    let is_later =
        matches!(event, Event::Platform(_) | Event::Instrument(_) | Event::GuidanceFund(_)) && !begins(event);
    event.owner().filter(|_| is_later)
}

fn party(facts: &[Live<'_>], code: Uscc, on: Day) -> Option<&'static str> {
    let there = |fact: &Live<'_>| matches!(&fact.event, Event::FirmRegistered { firm, .. } if *firm == code);
    let gone =
        |fact: &Live<'_>| matches!(&fact.event, Event::FirmDeregistered { firm } if *firm == code) && fact.day <= on;
    (!facts.iter().any(there) || facts.iter().any(gone)).then_some("its firm is not there, or struck off")
}
