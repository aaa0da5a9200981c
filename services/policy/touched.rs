//! Which answers an event can change, so that a projection recomputes only those.
//!
//! | answer | facts it depends on |
//! |---|---|
//! | S1 of a carrier | its registration, operators, recognitions and seed funds; the same of every carrier that shares an operator with it; receipts of its operators; registration and deregistration of an operator as a firm |
//! | S2 and S3 of a firm | its registration, deregistration, stays, relocation and receipts; registration and operators of the carriers it stayed in; the treasury of its park |
//! | S4 of a firm | its registration, deregistration, stays, relocation, loans and their interest; registration of the carriers it stayed in |
//! | P1 of an intermediary | its registration, the transfers that name it, its deregistration as a firm |
//! | P2 and P3 of a platform | its facts, the deregistration of its operator as a firm |
//! | P4 of an instrument | its facts; deregistration and relocation of the firm that owns it, and the treasury of its park |
//!
//! A policy touches everything, and so does another day: windows close, years begin, facts of that day come in.

use crate::domain::transfer::TransferEvent;
use crate::domain::{
    AsOf, Entity, Event, IncubatorId, InstrumentId, IntermediaryId, LoanId, PlatformId, Registry, Uscc,
};
use std::collections::BTreeSet;

/// For whom entitlements are computed together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// S1 of a carrier, all its years.
    Carrier(IncubatorId),
    /// S2 of a firm with its S3, whose beneficiaries are carriers.
    Relocation(Uscc),
    /// S4 of a firm's loans, which share its caps.
    Loans(Uscc),
    /// P1 of an intermediary.
    Transfers(IntermediaryId),
    /// P2 of a platform.
    OpenPlatform(PlatformId),
    /// P3 of a platform.
    PlatformConstruction(PlatformId),
    /// P4 of an instrument.
    Instrument(InstrumentId),
}

/// The subjects whose answers an event can change, in order, each once. The registry has taken the event in. It may name
/// more than change, never fewer: indexes of the registry keep what was voided.
pub fn touched(registry: &Registry, event: &Event) -> Vec<Subject> {
    let mut found = Touched { registry, subjects: BTreeSet::new() };
    found.event(event);
    found.subjects.into_iter().collect()
}

struct Touched<'a> {
    registry: &'a Registry,
    subjects: BTreeSet<Subject>,
}

impl Touched<'_> {
    fn event(&mut self, event: &Event) {
        use Event::*;
        match event {
            PolicyPublished(_) => {} // Everything: whoever keeps answers notices that the policy is another.
            LogCreated { .. }
            | HeadsRecorded { .. }
            | LimitsSet(_)
            | FirmRenamed { .. }
            | AreaChanged { .. }
            | UpstreamChanged { .. } => {}
            AnnualReportFiled(_)
            | IncubatorReportFiled(_)
            | HighTechCertified { .. }
            | InvestmentMade { .. }
            | GuidanceFund(_)
            | ProjectAssessed(_)
            | Person(_) => {}
            FactsVoided { positions, .. } => self.voided(positions),
            IncubatorRegistered(registered) => self.carrier_and_its_firms(&registered.incubator),
            OperatorChanged { incubator, .. } => self.carrier_and_its_firms(incubator),
            IncubatorRecognised { incubator, .. } | RecognitionEnded { incubator, .. } => self.carrier(incubator),
            SeedFundEstablished { incubator, .. } => {
                self.subjects.insert(Subject::Carrier(incubator.clone()));
            }
            FirmRegistered { firm, .. } | FirmDeregistered { firm } => {
                self.firm(*firm);
                self.run_by(firm);
                // An institution that is an intermediary goes by its code.
                self.subjects.extend(IntermediaryId::parse(firm.as_str()).ok().map(Subject::Transfers));
                for platform in self.registry.innovation().platforms_ever_run_by(firm) {
                    self.platform(platform);
                }
            }
            FirmAdmitted { firm, .. }
            | FirmGraduated { firm, .. }
            | FirmLeft { firm, .. }
            | RelocationSigned { firm, .. }
            | FirmSettled { firm, .. }
            | ProductionStarted { firm, .. } => self.firm(*firm),
            ParkTreasurySet { park, .. } => {
                for firm in self.registry.firms_ever_to(park) {
                    self.firm(firm);
                }
            }
            TaxReceiptRecorded(receipt) => {
                self.subjects.insert(Subject::Relocation(receipt.taxpayer));
                self.run_by(&receipt.taxpayer);
            }
            LoanDrawn(drawn) => self.loan(&drawn.loan),
            InterestPaid { loan, .. } => self.loan(loan),
            // What is done about money changes nothing of what is owed.
            Claim(_) | Budget(_) | Account(_) | Order(_) | CursorAdvanced(_) | CalendarSet(_) => {}
            Transfer(event) => self.transfer(event),
            Platform(event) => self.platform(event.platform()),
            Instrument(event) => {
                self.subjects.insert(Subject::Instrument(event.instrument().clone()));
            }
        }
    }

    /// Every intermediary that the contract ever named: a void may bring out another.
    fn transfer(&mut self, event: &TransferEvent) {
        match event {
            TransferEvent::IntermediaryRegistered(registered) => {
                self.subjects.insert(Subject::Transfers(registered.intermediary.clone()));
            }
            TransferEvent::TechnologyTransferred(_) => {
                let entries = self.registry.line(&event.owner()).into_iter().flat_map(|line| line.entries());
                let named = entries.filter_map(|entry| match entry.event.further()? {
                    Entity::Intermediary(id) => Some(Subject::Transfers(id)),
                    _ => None,
                });
                self.subjects.extend(named);
            }
        }
    }

    fn platform(&mut self, id: &PlatformId) {
        self.subjects.extend([Subject::OpenPlatform(id.clone()), Subject::PlatformConstruction(id.clone())]);
    }

    /// Every firm that the contract ever named: a void may bring out another.
    fn loan(&mut self, loan: &LoanId) {
        let entries = self.registry.loan_line(loan).into_iter().flat_map(|line| line.entries());
        for entry in entries {
            if let Event::LoanDrawn(drawn) = &entry.event {
                self.subjects.insert(Subject::Loans(drawn.firm));
            }
        }
    }

    fn voided(&mut self, positions: &[u64]) {
        for position in positions {
            if let Some(entry) = self.registry.entry_at(*position) {
                self.event(&entry.event);
            }
        }
    }

    fn firm(&mut self, firm: Uscc) {
        self.subjects.insert(Subject::Relocation(firm));
        self.subjects.insert(Subject::Loans(firm));
        let owned = self.registry.innovation().instruments_ever_of(&firm);
        self.subjects.extend(owned.map(|id| Subject::Instrument(id.clone())));
    }

    /// Carriers that someone ever ran, voided facts included.
    fn run_by(&mut self, operator: &Uscc) {
        let all = self.registry.carriers_ever_run_by(operator);
        self.subjects.extend(all.map(|id| Subject::Carrier(id.clone())));
    }

    /// A carrier, and all that compete with it for receipts.
    fn carrier(&mut self, id: &IncubatorId) {
        self.subjects.insert(Subject::Carrier(id.clone()));
        let Some(line) = self.registry.line(&Entity::Incubator(id.clone())) else { return };
        let operators: BTreeSet<Uscc> =
            line.entries().iter().filter_map(|entry| Some(entry.event.operator()?.1.code)).collect();
        for operator in &operators {
            self.run_by(operator);
        }
    }

    fn carrier_and_its_firms(&mut self, id: &IncubatorId) {
        self.carrier(id);
        for firm in self.registry.firms_ever_in(id) {
            self.firm(firm);
        }
    }
}

/// Subjects of the schemes beside S1–S4, in the order of their lines.
pub(super) fn neighbours(registry: &Registry, as_of: AsOf) -> Vec<Subject> {
    let intermediaries = registry.innovation().intermediaries(as_of).map(|(id, _)| Subject::Transfers(id.clone()));
    let platforms: Vec<&PlatformId> = registry.innovation().platforms(as_of).map(|(id, _)| id).collect();
    let open = platforms.iter().map(|id| Subject::OpenPlatform((*id).clone()));
    let built = platforms.iter().map(|id| Subject::PlatformConstruction((*id).clone()));
    let instruments = registry.innovation().instruments(as_of).map(|(id, _)| Subject::Instrument(id.clone()));
    intermediaries.chain(open).chain(built).chain(instruments).collect()
}

/// Subjects that have, or may have, entitlements: every carrier, every firm twice, and the neighbours'.
pub fn subjects(registry: &Registry, as_of: AsOf) -> Vec<Subject> {
    let carriers = registry.incubators(as_of).map(|(id, _)| Subject::Carrier(id.clone()));
    let firms: Vec<Uscc> = registry.firms(as_of).map(|firm| firm.code).collect();
    let relocations = firms.iter().copied().map(Subject::Relocation);
    carriers
        .chain(relocations)
        .chain(firms.iter().copied().map(Subject::Loans))
        .chain(neighbours(registry, as_of))
        .collect()
}
