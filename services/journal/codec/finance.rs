//! Facts about budgets, accounts, the calendar, payment orders and cursors, to and from stored messages.

use super::day;
use super::read::{Read, documents, firm, id, message, word, year};
use crate::domain::account::{AccountEvent, AccountRecorded, BankNo};
use crate::domain::budget::{Appropriated, BudgetEvent, BudgetId};
use crate::domain::calendar::CalendarSet;
use crate::domain::order::{CursorAdvanced, Issued, OrderEvent, Told};
use crate::domain::sealed::{KeyId, Sealed};
use crate::domain::{ClaimId, CursorName, Day, Event, Handing, OrderNo};
use crate::wire::journal as stored;
use prost::Message as _;

fn budget(text: &str) -> Result<BudgetId, String> {
    id(BudgetId::parse(text), text)
}

/// Reads types 130 to 166.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let (event, attached) = match event_type {
        130 => {
            let m: stored::BudgetAppropriated = message(payload)?;
            let appropriated = Appropriated {
                budget: budget(&m.budget_id)?,
                by: m.by,
                amount: m.amount_fen,
                handing: word(Handing::from_code(m.rule), "rule", m.rule)?,
                document_no: m.document_no,
                programme: m.programme,
                function_code: m.function_code,
            };
            (Event::Budget(BudgetEvent::Appropriated(Box::new(appropriated))), m.documents)
        }
        131 => {
            let m: stored::RoundOpened = message(payload)?;
            let (budget, closes) = (budget(&m.budget_id)?, day(m.closes_day)?);
            (Event::Budget(BudgetEvent::RoundOpened { budget, by: m.by, round: m.round, closes }), m.documents)
        }
        132 => {
            let m: stored::RoundApproved = message(payload)?;
            let event = BudgetEvent::RoundApproved {
                budget: budget(&m.budget_id)?,
                by: m.by,
                round: m.round,
                available: m.available_fen,
                claimed: m.claimed_fen,
                claims: m.claims,
            };
            (Event::Budget(event), m.documents)
        }
        140 => {
            let m: stored::AccountRecorded = message(payload)?;
            let recorded = AccountRecorded {
                holder: firm(&m.holder_code)?,
                by: m.by,
                holder_name: m.holder_name,
                number: sealed(m.number.unwrap_or_default())?,
                tail: m.tail,
                bank_name: m.bank_name,
                bank_no: id(BankNo::parse(&m.bank_no), &m.bank_no)?,
            };
            (Event::Account(AccountEvent::Recorded(Box::new(recorded))), m.documents)
        }
        141 => {
            let m: stored::AccountConfirmed = message(payload)?;
            let (holder, recorded) = (firm(&m.holder_code)?, m.recorded_position);
            (Event::Account(AccountEvent::Confirmed { holder, by: m.by, recorded }), m.documents)
        }
        142 => {
            let m: stored::AccountRefused = message(payload)?;
            let (holder, recorded) = (firm(&m.holder_code)?, m.recorded_position);
            let event = AccountEvent::Refused { holder, by: m.by, recorded, reason: m.reason };
            (Event::Account(event), m.documents)
        }
        150 => {
            let m: stored::CalendarSet = message(payload)?;
            let set = CalendarSet {
                year: year(m.year)?,
                by: m.by,
                off: m.off_days.into_iter().map(day).collect::<Result<_, _>>()?,
                worked: m.worked_days.into_iter().map(day).collect::<Result<_, _>>()?,
                publication_days: m.publication_days,
                document_no: m.document_no,
            };
            (Event::CalendarSet(set), m.documents)
        }
        166 => {
            let m: stored::CursorAdvanced = message(payload)?;
            let cursor = id(CursorName::parse(&m.cursor), &m.cursor)?;
            let advanced = CursorAdvanced { cursor, by: m.by, acknowledged: m.acknowledged_position };
            (Event::CursorAdvanced(advanced), m.documents)
        }
        _ => return order(event_type, payload),
    };
    Ok((event, documents(attached)?))
}

fn told((no, claim, by, text): (String, String, String, String)) -> Result<Told, String> {
    Ok(Told { order: id(OrderNo::parse(&no), &no)?, claim: id(ClaimId::parse(&claim), &claim)?, by, text })
}

fn order(event_type: u16, payload: &[u8]) -> Read {
    let (event, attached) = match event_type {
        160 => {
            let m: stored::OrderIssued = message(payload)?;
            let issued = Issued {
                order: id(OrderNo::parse(&m.order_no), &m.order_no)?,
                claim: id(ClaimId::parse(&m.claim_id), &m.claim_id)?,
                grant: m.grant,
                by: m.by,
                budget: budget(&m.budget_id)?,
                payer_name: m.payer_name,
                programme: m.programme,
                function_code: m.function_code,
                government_code: m.government_code,
                department_code: m.department_code,
                payee: firm(&m.payee_code)?,
                payee_name: m.payee_name,
                account: m.account_position,
                amount: m.amount_fen,
                purpose: m.purpose,
            };
            (OrderEvent::Issued(Box::new(issued)), m.documents)
        }
        161 => {
            let m: stored::OrderAccepted = message(payload)?;
            (OrderEvent::Accepted(told((m.order_no, m.claim_id, m.by, m.text))?), m.documents)
        }
        162 => {
            let m: stored::OrderPaid = message(payload)?;
            let (standing, budget) = (m.standing, budget(&m.budget_id)?);
            let told = told((m.order_no, m.claim_id, m.by, m.text))?;
            (OrderEvent::Paid { told, standing, budget }, m.documents)
        }
        163 => {
            let m: stored::OrderReturned = message(payload)?;
            let told = told((m.order_no, m.claim_id, m.by, m.text))?;
            (OrderEvent::Returned { told, account: m.account_position }, m.documents)
        }
        164 => {
            let m: stored::OrderRejected = message(payload)?;
            (OrderEvent::Rejected(told((m.order_no, m.claim_id, m.by, m.text))?), m.documents)
        }
        _ => {
            let m: stored::OrderClosed = message(payload)?;
            (OrderEvent::Closed(told((m.order_no, m.claim_id, m.by, m.text))?), m.documents)
        }
    };
    Ok((Event::Order(event), documents(attached)?))
}

fn sealed(m: stored::SealedField) -> Result<Sealed, String> {
    let length = |what: &str, found: usize| format!("{what} of a sealed field has {found} bytes");
    Ok(Sealed {
        key: KeyId(m.key_id[..].try_into().map_err(|_| length("the key id", m.key_id.len()))?),
        nonce: m.nonce[..].try_into().map_err(|_| length("the nonce", m.nonce.len()))?,
        commitment: m.commitment[..].try_into().map_err(|_| length("the commitment", m.commitment.len()))?,
        ciphertext: m.ciphertext,
    })
}

fn stored(of: &Sealed) -> stored::SealedField {
    stored::SealedField {
        key_id: of.key.0.to_vec(),
        nonce: of.nonce.to_vec(),
        ciphertext: of.ciphertext.clone(),
        commitment: of.commitment.to_vec(),
    }
}

/// The payload of a fact about a budget.
pub(super) fn of_budget(event: &BudgetEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let budget_id = event.budget().to_string();
    match event {
        BudgetEvent::Appropriated(of) => stored::BudgetAppropriated {
            budget_id,
            by: of.by.clone(),
            amount_fen: of.amount,
            rule: of.handing.code(),
            document_no: of.document_no.clone(),
            programme: of.programme.clone(),
            function_code: of.function_code.clone(),
            documents,
        }
        .encode_to_vec(),
        BudgetEvent::RoundOpened { by, round, closes, .. } => {
            let (by, round, closes_day) = (by.clone(), *round, closes.days());
            stored::RoundOpened { budget_id, by, round, closes_day, documents }.encode_to_vec()
        }
        BudgetEvent::RoundApproved { by, round, available, claimed, claims, .. } => stored::RoundApproved {
            budget_id,
            by: by.clone(),
            round: *round,
            available_fen: *available,
            claimed_fen: *claimed,
            claims: *claims,
            documents,
        }
        .encode_to_vec(),
    }
}

/// The payload of a fact about an account.
pub(super) fn of_account(event: &AccountEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let holder_code = event.holder().to_string();
    match event {
        AccountEvent::Recorded(of) => stored::AccountRecorded {
            holder_code,
            by: of.by.clone(),
            holder_name: of.holder_name.clone(),
            number: Some(stored(&of.number)),
            tail: of.tail.clone(),
            bank_name: of.bank_name.clone(),
            bank_no: of.bank_no.to_string(),
            documents,
        }
        .encode_to_vec(),
        AccountEvent::Confirmed { by, recorded, .. } => {
            let (by, recorded_position) = (by.clone(), *recorded);
            stored::AccountConfirmed { holder_code, by, recorded_position, documents }.encode_to_vec()
        }
        AccountEvent::Refused { by, recorded, reason, .. } => {
            let (by, recorded_position, reason) = (by.clone(), *recorded, reason.clone());
            stored::AccountRefused { holder_code, by, recorded_position, reason, documents }.encode_to_vec()
        }
    }
}

/// The payload of a calendar.
pub(super) fn of_calendar(set: &CalendarSet, documents: Vec<stored::Document>) -> Vec<u8> {
    stored::CalendarSet {
        year: i32::from(set.year),
        by: set.by.clone(),
        off_days: set.off.iter().copied().map(Day::days).collect(),
        worked_days: set.worked.iter().copied().map(Day::days).collect(),
        publication_days: set.publication_days,
        document_no: set.document_no.clone(),
        documents,
    }
    .encode_to_vec()
}

/// The payload of a cursor's move.
pub(super) fn of_cursor(advanced: &CursorAdvanced, documents: Vec<stored::Document>) -> Vec<u8> {
    stored::CursorAdvanced {
        cursor: advanced.cursor.to_string(),
        by: advanced.by.clone(),
        acknowledged_position: advanced.acknowledged,
        documents,
    }
    .encode_to_vec()
}

/// The payload of a fact about an order.
pub(super) fn of_order(event: &OrderEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let (order_no, claim_id) = (event.order().to_string(), event.claim().to_string());
    match event {
        OrderEvent::Issued(of) => stored::OrderIssued {
            order_no,
            claim_id,
            grant: of.grant,
            by: of.by.clone(),
            budget_id: of.budget.to_string(),
            payer_name: of.payer_name.clone(),
            programme: of.programme.clone(),
            function_code: of.function_code.clone(),
            government_code: of.government_code.clone(),
            department_code: of.department_code.clone(),
            payee_code: of.payee.to_string(),
            payee_name: of.payee_name.clone(),
            account_position: of.account,
            amount_fen: of.amount,
            purpose: of.purpose.clone(),
            documents,
        }
        .encode_to_vec(),
        OrderEvent::Accepted(Told { by, text, .. }) => {
            let (by, text) = (by.clone(), text.clone());
            stored::OrderAccepted { order_no, claim_id, by, text, documents }.encode_to_vec()
        }
        OrderEvent::Paid { told: Told { by, text, .. }, standing, budget } => {
            let (by, text, standing, budget_id) = (by.clone(), text.clone(), *standing, budget.to_string());
            stored::OrderPaid { order_no, claim_id, by, text, standing, budget_id, documents }.encode_to_vec()
        }
        OrderEvent::Returned { told: Told { by, text, .. }, account } => {
            let (by, text, account_position) = (by.clone(), text.clone(), *account);
            stored::OrderReturned { order_no, claim_id, by, text, account_position, documents }.encode_to_vec()
        }
        OrderEvent::Rejected(Told { by, text, .. }) => {
            let (by, text) = (by.clone(), text.clone());
            stored::OrderRejected { order_no, claim_id, by, text, documents }.encode_to_vec()
        }
        OrderEvent::Closed(Told { by, text, .. }) => {
            let (by, text) = (by.clone(), text.clone());
            stored::OrderClosed { order_no, claim_id, by, text, documents }.encode_to_vec()
        }
    }
}
