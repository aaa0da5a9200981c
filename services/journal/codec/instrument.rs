//! Facts about instruments, to and from stored messages.

use super::read::{Read, documents, firm, id, message, year};
use crate::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use crate::domain::{Event, InstrumentId};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads types 85 to 87.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let instrument = |text: &str| id(InstrumentId::parse(text), text);
    let (event, attached) = match event_type {
        85 => {
            let m: stored::InstrumentCatalogued = message(payload)?;
            let catalogued = InstrumentCatalogued {
                instrument: instrument(&m.instrument_id)?,
                name: m.display_name,
                owner: firm(&m.firm_code)?,
                price: m.price_fen,
            };
            (InstrumentEvent::Catalogued(catalogued), m.documents)
        }
        86 => {
            let m: stored::InstrumentRemoved = message(payload)?;
            (InstrumentEvent::Removed { instrument: instrument(&m.instrument_id)? }, m.documents)
        }
        _ => {
            let m: stored::InstrumentYearReported = message(payload)?;
            let report = InstrumentYear {
                instrument: instrument(&m.instrument_id)?,
                year: year(m.year)?,
                running_cost: m.running_cost_fen,
            };
            (InstrumentEvent::YearReported(report), m.documents)
        }
    };
    Ok((Event::Instrument(event), documents(attached)?))
}

/// The payload of a fact about an instrument.
pub(super) fn write(event: &InstrumentEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let instrument_id = event.instrument().to_string();
    match event {
        InstrumentEvent::Catalogued(catalogued) => stored::InstrumentCatalogued {
            instrument_id,
            display_name: catalogued.name.clone(),
            firm_code: catalogued.owner.to_string(),
            price_fen: catalogued.price,
            documents,
        }
        .encode_to_vec(),
        InstrumentEvent::Removed { .. } => stored::InstrumentRemoved { instrument_id, documents }.encode_to_vec(),
        InstrumentEvent::YearReported(report) => stored::InstrumentYearReported {
            instrument_id,
            year: i32::from(report.year),
            running_cost_fen: report.running_cost,
            documents,
        }
        .encode_to_vec(),
    }
}
