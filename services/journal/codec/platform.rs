//! Facts about platforms, to and from stored messages.

use super::read::{Read, documents, firm, id, message, word, year};
use crate::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use crate::domain::{Event, PlatformId, PlatformKind};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads types 82 to 84.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let platform = |text: &str| id(PlatformId::parse(text), text);
    let (event, attached) = match event_type {
        82 => {
            let m: stored::PlatformRegistered = message(payload)?;
            let registered = PlatformRegistered {
                platform: platform(&m.platform_id)?,
                name: m.display_name,
                kind: word(PlatformKind::from_code(m.kind), "platform kind", m.kind)?,
                operator_name: m.operator_name,
                operator_code: firm(&m.operator_code)?,
            };
            (PlatformEvent::Registered(registered), m.documents)
        }
        83 => {
            let m: stored::PlatformYearReported = message(payload)?;
            let report = PlatformYear {
                platform: platform(&m.platform_id)?,
                year: year(m.year)?,
                capacity: m.capacity_hours,
                open_capacity: m.open_capacity_hours,
                service_cost: m.service_cost_fen,
                input: m.input_fen,
            };
            (PlatformEvent::YearReported(report), m.documents)
        }
        _ => {
            let m: stored::PlatformCompleted = message(payload)?;
            (PlatformEvent::Completed { platform: platform(&m.platform_id)? }, m.documents)
        }
    };
    Ok((Event::Platform(event), documents(attached)?))
}

/// The payload of a fact about a platform.
pub(super) fn write(event: &PlatformEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let platform_id = event.platform().to_string();
    match event {
        PlatformEvent::Registered(registered) => stored::PlatformRegistered {
            platform_id,
            display_name: registered.name.clone(),
            kind: registered.kind.code(),
            operator_name: registered.operator_name.clone(),
            operator_code: registered.operator_code.to_string(),
            documents,
        }
        .encode_to_vec(),
        PlatformEvent::YearReported(report) => stored::PlatformYearReported {
            platform_id,
            year: i32::from(report.year),
            capacity_hours: report.capacity,
            open_capacity_hours: report.open_capacity,
            service_cost_fen: report.service_cost,
            input_fen: report.input,
            documents,
        }
        .encode_to_vec(),
        PlatformEvent::Completed { .. } => stored::PlatformCompleted { platform_id, documents }.encode_to_vec(),
    }
}
