//! The revision that an entity had at a position, told from the facts: answers about the past bear it, and a retry long after
//! later facts have moved the entity on. Nothing is kept for it, so it is the same before and after a restart.

use super::event::Entity;
use super::line::Line;
use super::registry::Registry;
use std::collections::BTreeSet;

/// Counts facts and the commands that took some of them back, up to a position; of a command, all or nothing.
struct Count {
    known: u64,
    facts: u64,
    voids: BTreeSet<u64>,
}

impl Count {
    fn note(&mut self, start: u64, voided: Option<u64>) {
        self.facts += u64::from(start <= self.known);
        self.voids.extend(voided.filter(|start| *start <= self.known));
    }

    fn line(&mut self, line: &Line, about: &Entity) {
        for entry in line.entries().iter().filter(|entry| entry.event.subjects().any(|subject| subject == *about)) {
            self.note(entry.start, entry.voided);
        }
    }
}

impl Registry {
    /// The revision that an entity has now: of a budget also the facts that moved what is taken of it, though their records
    /// do not name it, so that its etag moves with what is left.
    pub fn revision(&self, entity: &Entity) -> u64 {
        match entity {
            Entity::Budget(_) => self.revision_at(entity, u64::MAX),
            _ => self.entities().revision(entity),
        }
    }

    /// Count of the events about an entity up to a position: its own facts, those of others that it is the other party of,
    /// and the commands that took some of them back. It equals the revision that the records' subjects bear; of a budget it
    /// counts what moved it too.
    pub fn revision_at(&self, entity: &Entity, known: u64) -> u64 {
        let mut count = Count { known, facts: 0, voids: BTreeSet::new() };
        if let Some(line) = self.line(entity) {
            count.line(line, entity);
        }
        for line in self.persons().ever_of(entity).filter_map(|id| self.persons().line(&id)) {
            count.line(line, entity);
        }
        // Claims are about their beneficiary, whatever that is.
        for line in self.finance().claims_of(entity).filter_map(|id| self.line(&Entity::Claim(id.clone()))) {
            count.line(line, entity);
        }
        match entity {
            Entity::Claim(id) => {
                let orders = self.finance().claim(id).map(|claim| claim.orders.clone()).unwrap_or_default();
                for line in orders.into_iter().filter_map(|order| self.line(&Entity::Order(order))) {
                    count.line(line, entity);
                }
            }
            Entity::Budget(id) => count.facts += self.finance().moved(id, known),
            Entity::Cursor(name) => {
                self.finance().acknowledgements(name).for_each(|entry| count.note(entry.start, entry.voided));
            }
            Entity::Account(_) | Entity::Order(_) | Entity::Calendar => {}
            Entity::Incubator(id) => {
                let below = self.ever_below(id).filter(|below| *below != id);
                for line in below.filter_map(|below| self.incubator_line(below)) {
                    count.line(line, entity);
                }
                for line in self.firms_ever_in(id).filter_map(|code| self.firm_line(&code)) {
                    count.line(line, entity);
                }
            }
            Entity::Park(id) => {
                for line in self.firms_ever_to(id).filter_map(|code| self.firm_line(&code)) {
                    count.line(line, entity);
                }
            }
            Entity::Firm(code) => {
                for line in self.loans_ever_of(code).filter_map(|id| self.loan_line(id)) {
                    count.line(line, entity);
                }
                let transfers = self.innovation().transfers_ever_to(code).cloned().map(Entity::Transfer);
                let instruments = self.innovation().instruments_ever_of(code).cloned().map(Entity::Instrument);
                let funds = self.innovation().guidance_funds_ever_in(code).cloned().map(Entity::GuidanceFund);
                let assessed = self.innovation().assessments_ever_of(code).cloned().map(Entity::Assessment);
                for line in
                    transfers.chain(instruments).chain(funds).chain(assessed).filter_map(|owner| self.line(&owner))
                {
                    count.line(line, entity);
                }
            }
            Entity::Assessment(id) => {
                for line in self.innovation().firms_ever_under(id).filter_map(|code| self.firm_line(code)) {
                    count.line(line, entity);
                }
            }
            Entity::Intermediary(id) => {
                let transfers = self.innovation().transfers_ever_of(id).cloned();
                for line in transfers.filter_map(|id| self.line(&Entity::Transfer(id))) {
                    count.line(line, entity);
                }
            }
            Entity::Taxpayer(code) => {
                for receipt in self.receipts().of(code) {
                    count.note(receipt.start, receipt.voided);
                }
            }
            Entity::Settings
            | Entity::Loan(_)
            | Entity::Policy(_)
            | Entity::Transfer(_)
            | Entity::Platform(_)
            | Entity::Instrument(_)
            | Entity::GuidanceFund(_)
            | Entity::Person(_) => {}
        }
        count.facts + count.voids.len() as u64
    }
}
