//! `orders close-year`: goes on until nothing is left. One command closes as many orders as it may; the next has an id that
//! follows from the first's, so that the same line sent again is the same commands again.

use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::ctl::write::args::Act;
use crate::wire::v1;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Runs it.
pub async fn run(session: &Session, year: i16, payer: String, act: Act, lang: Lang) -> Result<Report, Trouble> {
    let first = act.request_id.unwrap_or_else(Uuid::new_v4);
    let mut closed: Vec<String> = Vec::new();
    let mut duplicate = None;
    let mut number = 0;
    loop {
        let ask = v1::CloseFiscalYearRequest {
            parent: session.parent(),
            fiscal_year: year.into(),
            payer_code: payer.clone(),
            request_id: following(first, number).to_string(),
            validate_only: act.validate_only,
            documents: act.documents.clone(),
        };
        let failed = |status| Trouble::Request { status: Box::new(status), request_id: first.to_string() };
        let reply = session.finance().close_fiscal_year(ask).await.map_err(failed)?.into_inner();
        let is_last = reply.remaining_count == 0 || reply.closed_order_nos.is_empty() || act.validate_only;
        closed.extend(reply.closed_order_nos);
        let duplicate = *duplicate.get_or_insert(reply.duplicate);
        if is_last {
            let json = json!({
                "closed_order_nos": closed,
                "remaining_count": reply.remaining_count,
                "position": reply.position,
                "duplicate": duplicate,
                "request_id": first.to_string(),
            });
            return Ok(Report::of(json, lang));
        }
        number += 1;
    }
}

/// The id of a command behind the first.
fn following(first: Uuid, number: u32) -> Uuid {
    if number == 0 {
        return first;
    }
    let digest = Sha256::new().chain_update(first.as_bytes()).chain_update(number.to_be_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_first_and_differ() {
        let first = Uuid::from_bytes([7; 16]);
        assert_eq!((following(first, 0), following(first, 3)), (first, following(first, 3)));
        let ids: std::collections::BTreeSet<Uuid> = (0..100).map(|number| following(first, number)).collect();
        assert_eq!(ids.len(), 100);
        assert_eq!(following(first, 1).get_version_num(), 4);
    }
}
