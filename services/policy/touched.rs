//! Which answers an event can change, so that a projection recomputes only those.
//!
//! | answer | facts it depends on |
//! |---|---|
//! | S1 of a carrier | its registration, operators, recognitions and seed funds; the same of every carrier that shares an operator with it; receipts of its operators; registration and deregistration of an operator as a firm |
//! | S2 and S3 of a firm | its registration, deregistration, stays, relocation and receipts; registration and operators of the carriers it stayed in; the treasury of its park |
//! | S4 of a firm | its registration, deregistration, stays, relocation, loans and their interest; registration of the carriers it stayed in |
//!
//! A policy touches everything, and so does another day: windows close, years begin, facts of that day come in.

use crate::domain::{AsOf, Entity, Event, IncubatorId, LoanId, Registry, Uscc};
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
            LogCreated { .. } | LimitsSet(_) | FirmRenamed { .. } | AreaChanged { .. } | UpstreamChanged { .. } => {}
            AnnualReportFiled(_) | IncubatorReportFiled(_) | HighTechCertified { .. } | InvestmentMade { .. } => {}
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
        }
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

/// Subjects that have, or may have, entitlements: every carrier, and every firm twice.
pub fn subjects(registry: &Registry, as_of: AsOf) -> Vec<Subject> {
    let carriers = registry.incubators(as_of).map(|(id, _)| Subject::Carrier(id.clone()));
    let firms: Vec<Uscc> = registry.firms(as_of).map(|firm| firm.code).collect();
    let relocations = firms.iter().copied().map(Subject::Relocation);
    carriers.chain(relocations).chain(firms.iter().copied().map(Subject::Loans)).collect()
}
