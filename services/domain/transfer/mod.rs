//! Technology transfers (技术转移) into the district's firms, and the intermediaries that bring them about: the facts, what is
//! known of one on a day, and the rules that their lines must keep.
//!
//! Chosen where rules §5 is silent: one fact states a transfer when it is complete, with what was actually paid by then; a
//! later correction replaces it (红冲). An institution's id is its USCC; an individual's is the number of its registration,
//! never that of an identity card. A firm that is deregistered takes nothing over, as it draws no loan.

use super::check::Violation;
use super::event::{Entity, Event};
use super::firm;
use super::incubator::Term;
use super::line::{AsOf, Line};
use super::reason::{Fault, Reason};
use super::registry::Registry;
use super::values::{Day, IntermediaryId, TransferId, Uscc};
use super::words::Party;

/// What can happen to intermediaries and transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferEvent {
    /// An intermediary put on record for the first time (首次备案) on this day.
    IntermediaryRegistered(IntermediaryRegistered),
    /// A technology transfer completed on this day.
    TechnologyTransferred(TechnologyTransferred),
}

/// An intermediary of technology transfers (技术转移中介).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntermediaryRegistered {
    /// Its id: an institution's USCC, an individual's number of registration.
    pub intermediary: IntermediaryId,
    /// Its name, as the register shows it.
    pub name: String,
    /// Institution or individual.
    pub party: Party,
}

/// A transfer as it was completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechnologyTransferred {
    /// Number of the technology contract.
    pub transfer: TransferId,
    /// Who brought it about.
    pub intermediary: IntermediaryId,
    /// The district's firm that took the technology over.
    pub firm: Uscc,
    /// Day on which the intermediary's activity began.
    pub began: Day,
    /// What was actually paid (实际发生技术交易额), fen.
    pub paid: i64,
}

impl TransferEvent {
    /// The entity on whose line the fact stands.
    pub fn owner(&self) -> Entity {
        match self {
            Self::IntermediaryRegistered(registered) => Entity::Intermediary(registered.intermediary.clone()),
            Self::TechnologyTransferred(transferred) => Entity::Transfer(transferred.transfer.clone()),
        }
    }

    /// The firm that took the technology over.
    pub fn other(&self) -> Option<Entity> {
        match self {
            Self::IntermediaryRegistered(_) => None,
            Self::TechnologyTransferred(transferred) => Some(Entity::Firm(transferred.firm)),
        }
    }

    /// The intermediary of a transfer.
    pub fn further(&self) -> Option<Entity> {
        match self {
            Self::IntermediaryRegistered(_) => None,
            Self::TechnologyTransferred(transferred) => Some(Entity::Intermediary(transferred.intermediary.clone())),
        }
    }

    /// Its type code in the journal, which also tells its key from others.
    pub fn code(&self) -> u8 {
        match self {
            Self::IntermediaryRegistered(_) => 80,
            Self::TechnologyTransferred(_) => 81,
        }
    }
}

impl IntermediaryRegistered {
    /// Checks the id against the party: MALFORMED_CODE for an institution that has no USCC; MALFORMED_NAME for an individual
    /// under what looks like the number of an identity card, which a log that forgets nothing must not hold.
    pub fn checked(self) -> Result<Self, Fault> {
        let id = self.intermediary.as_str();
        let is_card = match id.as_bytes().split_last() {
            Some((last, number)) => {
                number.len() == 17 && number.iter().all(u8::is_ascii_digit) && matches!(last, b'X' | b'x' | b'0'..=b'9')
            }
            None => false,
        };
        match self.party {
            Party::Institution if Uscc::parse(id).is_err() => {
                let message = format!("{id:?} is not 18 characters of a unified social credit code");
                Err(Fault::new(Reason::MalformedCode, "intermediary_id", message))
            }
            Party::Individual if is_card => {
                let message = "an individual goes by the number of its registration, not by that of an identity card";
                Err(Fault::new(Reason::MalformedName, "intermediary_id", message))
            }
            Party::Institution | Party::Individual => Ok(self),
        }
    }
}

/// What an intermediary is registered as, as known, whatever the day asked for.
pub fn intermediary(line: &Line, as_of: AsOf) -> Option<Term<&IntermediaryRegistered>> {
    line.seen(as_of.any_day()).find_map(|entry| match &entry.event {
        Event::Transfer(TransferEvent::IntermediaryRegistered(value)) => {
            Some(Term { day: entry.day, value, position: entry.position })
        }
        _ => None,
    })
}

/// A transfer, as seen: the day is that of its completion.
pub fn transfer(line: &Line, as_of: AsOf) -> Option<Term<&TechnologyTransferred>> {
    line.seen(as_of).find_map(|entry| match &entry.event {
        Event::Transfer(TransferEvent::TechnologyTransferred(value)) => {
            Some(Term { day: entry.day, value, position: entry.position })
        }
        _ => None,
    })
}

/// Every rule that a transfer breaks: its parties are there, it began before it was completed, and its firm was not struck
/// off by then.
pub fn violations(registry: &Registry, id: &TransferId) -> Vec<Violation> {
    let Some(Term { day, value, position }) = registry.innovation().transfer(id, AsOf::NOW) else { return Vec::new() };
    let mut found = Vec::new();
    if registry.innovation().intermediary(&value.intermediary, AsOf::NOW).is_none() {
        let message = format!("intermediary {} is not registered", value.intermediary);
        let unknown = Violation::new(Reason::UnknownIntermediary, position, None, message);
        found.push(unknown.with("intermediary", &value.intermediary));
    }
    found.extend(firm::rules::as_party(registry, value.firm, (day, position)));
    if value.began > day {
        let message = format!("the activity began on {}, after the completion on {day}", value.began);
        let order = Violation::new(Reason::DatesOutOfOrder, position, None, message);
        found.push(order.with("began_date", value.began).with("completed_date", day));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_its_party() {
        let check = |id: &str, party| {
            let intermediary = IntermediaryId::parse(id).unwrap();
            let registered = IntermediaryRegistered { intermediary, name: "中介".into(), party };
            registered.checked().map(|_| ()).map_err(|fault| fault.reason)
        };
        assert_eq!(check("91350100M000100Y43", Party::Institution), Ok(()));
        assert_eq!(check("韶技经〔2024〕7号", Party::Institution), Err(Reason::MalformedCode));
        assert_eq!(check("韶技经〔2024〕7号", Party::Individual), Ok(()));
        for card in ["11010519491231002X", "110105194912310021"] {
            assert_eq!(check(card, Party::Individual), Err(Reason::MalformedName), "{card}");
        }
    }
}
