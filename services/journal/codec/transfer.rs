//! Facts about intermediaries and technology transfers, to and from stored messages.

use super::day;
use super::read::{Read, documents, firm, id, message, word};
use crate::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use crate::domain::{Event, IntermediaryId, Party, TransferId};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads types 80 and 81.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let intermediary = |text: &str| id(IntermediaryId::parse(text), text);
    match event_type {
        80 => {
            let m: stored::IntermediaryRegistered = message(payload)?;
            let registered = IntermediaryRegistered {
                intermediary: intermediary(&m.intermediary_id)?,
                name: m.display_name,
                party: word(Party::from_code(m.party), "party", m.party)?,
            };
            Ok((Event::Transfer(TransferEvent::IntermediaryRegistered(registered)), documents(m.documents)?))
        }
        _ => {
            let m: stored::TechnologyTransferred = message(payload)?;
            let transferred = TechnologyTransferred {
                transfer: id(TransferId::parse(&m.contract_no), &m.contract_no)?,
                intermediary: intermediary(&m.intermediary_id)?,
                firm: firm(&m.firm_code)?,
                began: day(m.began_day)?,
                paid: m.paid_fen,
            };
            Ok((Event::Transfer(TransferEvent::TechnologyTransferred(transferred)), documents(m.documents)?))
        }
    }
}

/// The payload of a fact about an intermediary or a transfer.
pub(super) fn write(event: &TransferEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        TransferEvent::IntermediaryRegistered(registered) => stored::IntermediaryRegistered {
            intermediary_id: registered.intermediary.to_string(),
            display_name: registered.name.clone(),
            party: registered.party.code(),
            documents,
        }
        .encode_to_vec(),
        TransferEvent::TechnologyTransferred(transferred) => stored::TechnologyTransferred {
            contract_no: transferred.transfer.to_string(),
            intermediary_id: transferred.intermediary.to_string(),
            firm_code: transferred.firm.to_string(),
            began_day: transferred.began.days(),
            paid_fen: transferred.paid,
            documents,
        }
        .encode_to_vec(),
    }
}
