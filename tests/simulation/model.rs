//! The model: a flat list of facts, and answers worked out by looking through all of it, slowly and in the words of rules.md.
//! It uses the domain's values and none of its functions.

use crate::rules::{Broken, violations};
use crate::sameness::{Seen, closes, look};
use incubator_registry::domain::guidance_fund::GuidanceFundEvent;
use incubator_registry::domain::instrument::InstrumentEvent;
use incubator_registry::domain::transfer::TransferEvent;
use incubator_registry::domain::{Command, Day, Document, Event, Kind, Origin, Reason, Stated, Uscc, VoidOrder};

/// A recorded fact, or an event about the log itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub position: u64,
    /// First position of its command.
    pub start: u64,
    pub day: Day,
    pub event: Event,
    pub documents: Vec<Document>,
    /// First position of the command that took it back.
    pub voided: Option<u64>,
    pub recorded: i64,
    pub principal: String,
    pub request: Option<[u8; 16]>,
}

/// What a request id was used for.
#[derive(Clone, Debug)]
struct Used {
    principal: String,
    id: [u8; 16],
    content: Content,
    first: u64,
    last: u64,
}

type Content = (Vec<Stated>, Option<VoidOrder>, Vec<Document>);

/// What is new: day, event, documents.
pub type New = (Day, Event, Vec<Document>);

/// What should become of a command.
#[derive(Clone, Debug)]
pub enum Verdict {
    Record(Vec<New>),
    Same {
        reason: Reason,
        position: u64,
    },
    /// The id was used for the same content.
    Again {
        first: u64,
        last: u64,
    },
    Refuse(Refused),
}

/// A refusal, with what it may point at.
#[derive(Clone, Debug)]
pub struct Refused {
    pub reason: Reason,
    /// It names one of these (0: none); empty: whatever.
    pub at: Vec<u64>,
    /// HAS_DEPENDENTS names exactly these, or some of them where a cycle may be told from any of its carriers.
    pub dependents: Vec<u64>,
    pub some: bool,
}

pub fn refuse(reason: Reason, at: &[u64]) -> Verdict {
    Verdict::Refuse(Refused { reason, at: at.to_vec(), dependents: Vec::new(), some: false })
}

/// Who asks, and under which id.
#[derive(Clone, Debug)]
pub struct Asker {
    pub principal: String,
    pub id: Option<[u8; 16]>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub facts: Vec<Fact>,
    used: Vec<Used>,
}

/// What stands, and who is known by it.
pub fn live(facts: &[Fact]) -> Vec<&Fact> {
    facts.iter().filter(|fact| fact.voided.is_none() && is_fact(&fact.event)).collect()
}

pub fn is_fact(event: &Event) -> bool {
    !matches!(event, Event::LogCreated { .. } | Event::HeadsRecorded { .. } | Event::FactsVoided { .. })
}

pub fn kind_of(facts: &[&Fact], id: &str) -> Option<Kind> {
    facts.iter().find_map(|fact| match &fact.event {
        Event::IncubatorRegistered(carrier) if carrier.incubator.as_str() == id => Some(carrier.kind),
        _ => None,
    })
}

pub fn has_firm(facts: &[&Fact], code: Uscc) -> bool {
    facts.iter().any(|fact| matches!(&fact.event, Event::FirmRegistered { firm, .. } if *firm == code))
}

pub fn has_loan(facts: &[&Fact], id: &str) -> bool {
    facts.iter().any(|fact| matches!(&fact.event, Event::LoanDrawn(loan) if loan.loan.as_str() == id))
}

pub fn has_taxpayer(facts: &[&Fact], code: Uscc) -> bool {
    has_firm(facts, code)
        || facts.iter().any(|fact| match &fact.event {
            Event::IncubatorRegistered(carrier) => carrier.operator.code == code,
            // Of a carrier that is there.
            Event::OperatorChanged { incubator, operator } => {
                operator.code == code && kind_of(facts, incubator.as_str()).is_some()
            }
            _ => false,
        })
}

/// Names of what an event is about, its own first.
pub fn about(event: &Event) -> Vec<String> {
    use Event::*;
    let firm = |code: &Uscc| format!("firms/{code}");
    let carrier = |id: &dyn std::fmt::Display| format!("incubators/{id}");
    let mut names = match event {
        LogCreated { .. } | HeadsRecorded { .. } | FactsVoided { .. } => vec![],
        LimitsSet(_) => vec!["settings".to_owned()],
        IncubatorRegistered(new) => {
            let before = new.upstream.as_ref().map(|id| carrier(id));
            [carrier(&new.incubator)].into_iter().chain(before).collect()
        }
        UpstreamChanged { incubator, upstream } => {
            [carrier(incubator)].into_iter().chain(upstream.as_ref().map(|id| carrier(id))).collect()
        }
        IncubatorRecognised { incubator, .. }
        | RecognitionEnded { incubator, .. }
        | OperatorChanged { incubator, .. }
        | AreaChanged { incubator, .. }
        | SeedFundEstablished { incubator, .. } => vec![carrier(incubator)],
        FirmRegistered { firm: code, .. }
        | FirmRenamed { firm: code, .. }
        | FirmDeregistered { firm: code }
        | HighTechCertified { firm: code, .. } => vec![firm(code)],
        AnnualReportFiled(report) => vec![firm(&report.firm)],
        IncubatorReportFiled(report) => vec![carrier(&report.incubator)],
        FirmAdmitted { firm: code, incubator, .. }
        | FirmGraduated { firm: code, incubator, .. }
        | FirmLeft { firm: code, incubator, .. }
        | InvestmentMade { firm: code, incubator, .. } => vec![firm(code), carrier(incubator)],
        RelocationSigned { firm: code, park }
        | FirmSettled { firm: code, park, .. }
        | ProductionStarted { firm: code, park } => vec![firm(code), format!("parks/{park}")],
        ParkTreasurySet { park, .. } => vec![format!("parks/{park}")],
        TaxReceiptRecorded(receipt) => vec![format!("taxpayers/{}", receipt.taxpayer)],
        LoanDrawn(loan) => vec![format!("loans/{}", loan.loan), firm(&loan.firm)],
        InterestPaid { loan, .. } => vec![format!("loans/{loan}")],
        PolicyPublished(published) => vec![format!("policies/{}", published.policy)],
        Instrument(event @ InstrumentEvent::Catalogued(new)) => {
            vec![format!("instruments/{}", event.instrument()), firm(&new.owner)]
        }
        Instrument(event) => vec![format!("instruments/{}", event.instrument())],
        ProjectAssessed(new) => vec![format!("projectAssessments/{}", new.assessment), firm(&new.firm)],
        GuidanceFund(event @ GuidanceFundEvent::Invested(made)) => {
            vec![format!("guidanceFunds/{}", event.fund()), firm(&made.firm)]
        }
        GuidanceFund(event) => vec![format!("guidanceFunds/{}", event.fund())],
        Person(event) => {
            let of = event.other().map(|party| party.to_string());
            [format!("persons/{}", event.person())].into_iter().chain(of).collect()
        }
        Platform(event) => vec![format!("platforms/{}", event.platform())],
        Transfer(TransferEvent::IntermediaryRegistered(new)) => vec![format!("intermediaries/{}", new.intermediary)],
        Transfer(TransferEvent::TechnologyTransferred(new)) => vec![
            format!("technologyTransfers/{}", new.transfer),
            firm(&new.firm),
            format!("intermediaries/{}", new.intermediary),
        ],
        // Acts have a model of their own (tests/engine/claims_model.rs).
        Claim(_) | Budget(_) | Account(_) | Order(_) | CursorAdvanced(_) | CalendarSet(_) => vec![],
    };
    names.dedup();
    names
}

impl Model {
    pub fn position(&self) -> u64 {
        self.facts.len() as u64
    }

    pub fn at(&self, position: u64) -> Option<&Fact> {
        self.facts.get(usize::try_from(position.checked_sub(1)?).unwrap())
    }

    /// The latest instant of recording.
    pub fn recorded(&self) -> i64 {
        self.facts.iter().map(|fact| fact.recorded).max().unwrap_or(i64::MIN)
    }

    /// What was known at a position: of a command, all or nothing.
    pub fn known(&self, known: u64) -> Vec<&Fact> {
        let seen = |fact: &&Fact| {
            let back = fact.voided.is_some_and(|start| start <= known);
            is_fact(&fact.event) && fact.start <= known && !back
        };
        self.facts.iter().filter(seen).collect()
    }

    /// Events about an entity, up to a position.
    pub fn revision(&self, name: &str, known: u64) -> u64 {
        let is_about = |fact: &&Fact| match &fact.event {
            Event::FactsVoided { positions, .. } => {
                positions.iter().any(|at| about(&self.at(*at).unwrap().event).iter().any(|other| other == name))
            }
            event => about(event).iter().any(|other| other == name),
        };
        self.facts.iter().filter(|fact| fact.start <= known).filter(is_about).count() as u64
    }

    /// Judges a request: the id first, then the etag, then the command.
    pub fn judge(&self, asker: &Asker, etag: Option<u64>, command: &Command, today: Day) -> Verdict {
        let of = |used: &&Used| used.principal == asker.principal && Some(used.id) == asker.id;
        if let Some(used) = self.used.iter().find(of) {
            return match used.content == content(command) {
                true => Verdict::Again { first: used.first, last: used.last },
                false => refuse(Reason::RequestIdReused, &[0]),
            };
        }
        if let (Some(etag), Some(target)) = (etag, &command.target)
            && self.revision(&target.to_string(), u64::MAX) != etag
        {
            return refuse(Reason::StaleEtag, &[0]);
        }
        self.decide(command, today)
    }

    fn decide(&self, command: &Command, today: Day) -> Verdict {
        let mut draft = self.clone();
        let mut new: Vec<New> = Vec::new();
        if let Some(order) = &command.void {
            for at in &order.positions {
                match self.at(*at) {
                    Some(fact) if !is_fact(&fact.event) => return refuse(Reason::UnknownFact, &[*at]),
                    Some(Fact { voided: Some(by), .. }) => return refuse(Reason::AlreadyVoided, &[*by]),
                    Some(_) => {}
                    None => return refuse(Reason::UnknownFact, &[*at]),
                }
            }
            let VoidOrder { positions, reason, decided_by } = order.clone();
            let documents = if command.facts.is_empty() { command.documents.clone() } else { Vec::new() };
            new.push((today, Event::FactsVoided { positions, reason, decided_by }, documents));
            draft.push(&Asker { principal: String::new(), id: None }, 0, new.clone());
        }
        for fact in &command.facts {
            if let Some(reason) = missing(&draft.facts, &fact.event) {
                return refuse(reason, &[0]);
            }
        }
        let (mut same, mut back) = (0, None);
        for fact in &command.facts {
            let event = match closes(&draft.facts, fact) {
                Ok(event) => event,
                Err(_) if back.is_some() => fact.event.clone(),
                Err(position) => return refuse(Reason::NoOpenStay, &[position]),
            };
            let import = command.origin == Origin::Import;
            match look(&draft.facts, fact.day, &event, &command.documents, import) {
                Seen::Same(position) => same = same.max(position),
                Seen::TakenBack(position) => back = Some(position),
                Seen::Otherwise(position) => return refuse(Reason::Conflict, &[position]),
                Seen::Never => {
                    new.push((fact.day, event.clone(), command.documents.clone()));
                    draft.add(self.position() + 1, (fact.day, event, command.documents.clone()));
                }
            }
        }
        if let Some(position) = back.filter(|_| new.is_empty()) {
            return Verdict::Same { reason: Reason::VoidedBefore, position };
        }
        if new.is_empty() {
            return Verdict::Same { reason: Reason::Duplicate, position: same };
        }
        let ahead = |(day, event, _): &New| *day > today && !matches!(event, Event::RecognitionEnded { .. });
        if new.iter().any(ahead) {
            return refuse(Reason::DateInFuture, &[0]);
        }
        let limits = new.iter().any(|(_, event, _)| matches!(event, Event::LimitsSet(_)));
        match self.say(violations(&draft.facts), command.void.is_some() || limits) {
            Some(refused) => Verdict::Refuse(refused),
            None => Verdict::Record(new),
        }
    }

    /// A new fact that breaks a rule is told first; a recorded one by the rule's word, or as a dependent.
    fn say(&self, broken: Vec<Broken>, dependents: bool) -> Option<Refused> {
        let old = |broken: &&Broken| broken.by <= self.position();
        let news: Vec<&Broken> = broken.iter().filter(|broken| !old(broken)).collect();
        let olds: Vec<&Broken> = broken.iter().filter(old).collect();
        let from = if news.is_empty() { &olds } else { &news };
        let reason = from.iter().map(|broken| broken.reason).min()?;
        let first = from.iter().filter(|broken| broken.reason == reason);
        if news.is_empty() && dependents {
            let mut positions: Vec<u64> = olds.iter().map(|broken| broken.named).collect();
            positions.sort_unstable();
            positions.dedup();
            let some = broken.iter().any(|broken| broken.reason == Reason::UpstreamCycle);
            return Some(Refused { reason: Reason::HasDependents, at: vec![], dependents: positions, some });
        }
        let at = first.map(|broken| match news.is_empty() {
            true => broken.named,
            false => {
                if broken.cause <= self.position() {
                    broken.cause
                } else {
                    0
                }
            }
        });
        Some(Refused { reason, at: at.collect(), dependents: vec![], some: false })
    }

    fn add(&mut self, start: u64, (day, event, documents): New) {
        if let Event::FactsVoided { positions, .. } = &event {
            for at in positions {
                self.facts[usize::try_from(at - 1).unwrap()].voided = Some(start);
            }
        }
        let position = self.position() + 1;
        let principal = String::new();
        self.facts.push(Fact {
            position,
            start,
            day,
            event,
            documents,
            voided: None,
            recorded: 0,
            principal,
            request: None,
        });
    }

    /// Takes in what a command recorded; gives the last position.
    pub fn push(&mut self, asker: &Asker, recorded: i64, new: Vec<New>) -> u64 {
        let start = self.position() + 1;
        for new in new {
            self.add(start, new);
            let fact = self.facts.last_mut().unwrap();
            (fact.recorded, fact.principal, fact.request) = (recorded, asker.principal.clone(), asker.id);
        }
        self.position()
    }

    /// Remembers what an id was used for.
    pub fn remember(&mut self, asker: &Asker, command: &Command, first: u64) {
        let Some(id) = asker.id else { return };
        let (principal, last) = (asker.principal.clone(), self.position());
        self.used.push(Used { principal, id, content: content(command), first, last });
    }
}

/// What makes two commands the same under one id.
fn content(command: &Command) -> Content {
    let mut facts = command.facts.clone();
    for fact in facts.iter_mut().filter(|fact| fact.open_stay) {
        if let Event::FirmGraduated { admitted, .. } | Event::FirmLeft { admitted, .. } = &mut fact.event {
            *admitted = Day::MIN;
        }
    }
    (facts, command.void.clone(), command.documents.clone())
}

/// What an event refers to and is not there: carriers first, then firms, loans, taxpayers.
fn missing(facts: &[Fact], event: &Event) -> Option<Reason> {
    use Event::*;
    let facts = live(facts);
    let names = about(event);
    let skip = usize::from(matches!(event, IncubatorRegistered(_) | FirmRegistered { .. } | LoanDrawn(_)));
    let named =
        |kind: &str| names.iter().skip(skip).filter_map(move |name| name.strip_prefix(kind)).collect::<Vec<_>>();
    if named("incubators/").iter().any(|id| kind_of(&facts, id).is_none()) {
        return Some(Reason::UnknownIncubator);
    }
    if named("firms/").iter().any(|code| !has_firm(&facts, Uscc::parse(code).unwrap())) {
        return Some(Reason::UnknownFirm);
    }
    if named("loans/").iter().any(|id| !has_loan(&facts, id)) {
        return Some(Reason::UnknownLoan);
    }
    let unknown = |code: &&str| !has_taxpayer(&facts, Uscc::parse(code).unwrap());
    named("taxpayers/").iter().any(unknown).then_some(Reason::UnknownTaxpayer)
}

/// Whether the last character of a code is not the computed one: by the table of GB 32100-2015.
pub fn odd_code(event: &Event) -> bool {
    let Event::FirmRegistered { firm, .. } = event else { return false };
    let letters: Vec<char> = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().collect();
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let values: Vec<usize> = firm.as_str().chars().map(|c| letters.iter().position(|l| *l == c).unwrap()).collect();
    let sum: usize = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    values[17] != (31 - sum % 31) % 31
}
