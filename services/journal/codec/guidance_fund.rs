//! Facts about guidance funds, to and from stored messages.

use super::read::{Read, documents, firm, id, message, word};
use crate::domain::guidance_fund::{
    GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested,
};
use crate::domain::{CapitalSource, Event, GuidanceFundId};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads types 90 to 92.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let fund = |text: &str| id(GuidanceFundId::parse(text), text);
    let (event, attached) = match event_type {
        90 => {
            let m: stored::GuidanceFundEstablished = message(payload)?;
            let established =
                GuidanceFundEstablished { fund: fund(&m.guidance_fund_id)?, name: m.display_name, size: m.size_fen };
            (GuidanceFundEvent::Established(established), m.documents)
        }
        91 => {
            let m: stored::GuidanceFundContributed = message(payload)?;
            let contributed = GuidanceFundContributed {
                fund: fund(&m.guidance_fund_id)?,
                amount: m.amount_fen,
                source: word(CapitalSource::from_code(m.source), "source", m.source)?,
            };
            (GuidanceFundEvent::Contributed(contributed), m.documents)
        }
        _ => {
            let m: stored::GuidanceFundInvested = message(payload)?;
            let invested = GuidanceFundInvested {
                fund: fund(&m.guidance_fund_id)?,
                firm: firm(&m.firm_code)?,
                amount: m.amount_fen,
            };
            (GuidanceFundEvent::Invested(invested), m.documents)
        }
    };
    Ok((Event::GuidanceFund(event), documents(attached)?))
}

/// The payload of a fact about a guidance fund.
pub(super) fn write(event: &GuidanceFundEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let guidance_fund_id = event.fund().to_string();
    match event {
        GuidanceFundEvent::Established(established) => stored::GuidanceFundEstablished {
            guidance_fund_id,
            display_name: established.name.clone(),
            size_fen: established.size,
            documents,
        }
        .encode_to_vec(),
        GuidanceFundEvent::Contributed(contributed) => stored::GuidanceFundContributed {
            guidance_fund_id,
            amount_fen: contributed.amount,
            source: contributed.source.code(),
            documents,
        }
        .encode_to_vec(),
        GuidanceFundEvent::Invested(invested) => stored::GuidanceFundInvested {
            guidance_fund_id,
            firm_code: invested.firm.to_string(),
            amount_fen: invested.amount,
            documents,
        }
        .encode_to_vec(),
    }
}
