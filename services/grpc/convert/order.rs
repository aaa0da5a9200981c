//! Payment orders: what is asked about them, and the resource drawn.

use super::scene::Scene;
use super::{Reader, names, position};
use crate::domain::account::AccountRecorded;
use crate::domain::act::{Act, Answer};
use crate::domain::order::{Banked, Order, OrderState};
use crate::domain::{ClaimId, CursorName, Entity, Event, Fault, OrderNo, Reason, SchemeKey, TreasuryCode};
use crate::domain::{Faults, Refusal};
use crate::wire::v1;

/// Hides all of an account's number but its last digits.
pub const MASK: &str = "****";

impl Reader<'_> {
    /// An order by its resource name.
    pub fn payment_order(&mut self, field: &str, value: &str) -> Option<OrderNo> {
        let id = self.id(field, value, "paymentOrders", names::PAYMENT_ORDER)?;
        self.parsed(field, id, OrderNo::parse, "the number of an order")
    }

    /// A cursor by its resource name.
    pub fn cursor(&mut self, field: &str, value: &str) -> Option<CursorName> {
        let id = self.id(field, value, "cursors", names::CURSOR)?;
        self.parsed(field, id, CursorName::parse, "the name of a cursor: 1 to 64 bytes, no slash")
    }

    /// A claim whose order is asked for, by its resource name.
    pub fn ordered_claim(&mut self, field: &str, value: &str) -> Option<ClaimId> {
        let id = self.id(field, value, "claims", "districts/{code}/claims/{promise}")?;
        self.parsed(field, id, ClaimId::parse, "the name of a claim")
    }

    /// A treasury's code, or none.
    pub fn optional_treasury(&mut self, field: &str, value: &str) -> Option<Option<TreasuryCode>> {
        if value.is_empty() {
            return Some(None);
        }
        self.parsed(field, value, TreasuryCode::parse, "a treasury's code of nine digits").map(Some)
    }

    /// A scheme's key, or none.
    pub fn optional_scheme(&mut self, field: &str, value: &str) -> Option<Option<SchemeKey>> {
        if value.is_empty() {
            return Some(None);
        }
        self.parsed(field, value, SchemeKey::parse, "the key of a scheme").map(Some)
    }

    /// A fiscal year.
    pub fn fiscal_year(&mut self, field: &str, value: i32) -> Option<i16> {
        let year = i16::try_from(value).ok().filter(|year| (1900..=9999).contains(year));
        if year.is_none() {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is {value}; 1900 to 9999"));
        }
        year
    }

    /// A fiscal year; 0: whichever.
    pub fn optional_fiscal_year(&mut self, field: &str, value: i32) -> Option<Option<i16>> {
        if value == 0 { Some(None) } else { self.fiscal_year(field, value).map(Some) }
    }
}

/// The act that an answer is, or why it can't be one. Answers are read one by one, each with its own faults.
pub fn told(answer: &v1::PaymentAnswer) -> Result<Act, Refusal> {
    let mut faults = Faults::default();
    let order = faults.take(parse("order_no", &answer.order_no, OrderNo::parse));
    let told = match answer.kind() {
        v1::PaymentAnswerKind::Unspecified => {
            let (reason, message) = match answer.kind {
                0 => (Reason::MissingValue, "kind is required".to_owned()),
                other => (Reason::UnknownWord, format!("kind has no value {other}")),
            };
            faults.push(reason, "kind", message);
            None
        }
        v1::PaymentAnswerKind::Accepted => Some(Answer::Accepted),
        v1::PaymentAnswerKind::Paid => paid(&mut faults, answer),
        v1::PaymentAnswerKind::Returned => {
            let reason = faults.take(crate::domain::values::required_text("reason", &answer.reason));
            let day = faults.take(parse("bank_date", &answer.bank_date, crate::domain::Day::parse_iso));
            reason.zip(day).map(|(reason, day)| Answer::Returned { reason, day })
        }
        v1::PaymentAnswerKind::Rejected => {
            let reason = faults.take(crate::domain::values::required_text("reason", &answer.reason));
            reason.map(|reason| Answer::Rejected { reason })
        }
    };
    match (order.zip(told), faults.refusal()) {
        (Some((order, answer)), None) => Ok(Act::Tell { order, answer }),
        (_, Some(refusal)) => Err(refusal),
        (None, None) => Err(Refusal::new(Reason::Internal, "an answer was not read and no fault noted")),
    }
}

fn paid(faults: &mut Faults, answer: &v1::PaymentAnswer) -> Option<Answer> {
    let reference = faults.take(crate::domain::values::required_text("bank_reference", &answer.bank_reference));
    let day = faults.take(parse("bank_date", &answer.bank_date, crate::domain::Day::parse_iso));
    if answer.amount_fen < 0 {
        faults.push(Reason::OutOfRange, "amount_fen", format!("amount_fen is {}", answer.amount_fen));
    }
    let amount = Some(answer.amount_fen).filter(|amount| *amount != 0);
    reference.zip(day).map(|(reference, day)| Answer::Paid { reference, day, amount })
}

fn parse<T>(field: &str, value: &str, parse: impl Fn(&str) -> Result<T, Reason>) -> Result<T, Fault> {
    if value.is_empty() {
        return Err(Fault::new(Reason::MissingValue, field, format!("{field} is required")));
    }
    parse(value).map_err(|reason| Fault::new(reason, field, format!("{value:?} is not read as {field}")))
}

impl Scene<'_> {
    /// The account that an order goes to, as recorded.
    pub fn account_at(&self, position: u64) -> Option<AccountRecorded> {
        match &self.registry.entry_at(position)?.event {
            Event::Account(crate::domain::account::AccountEvent::Recorded(recorded)) => {
                Some(AccountRecorded::clone(recorded))
            }
            _ => None,
        }
    }

    /// An order; none where it is not issued, as seen.
    pub fn payment_order(&self, no: &OrderNo) -> Option<v1::PaymentOrder> {
        let finance = self.registry.finance();
        match self.now {
            true => finance.order(no).map(|order| self.order_of(order)),
            false => finance.order_seen(no, self.as_of).map(|order| self.order_of(&order)),
        }
    }

    /// An order from its state, the account masked.
    pub fn order_of(&self, order: &Order) -> v1::PaymentOrder {
        let issued = &order.issued;
        let account = self.account_at(issued.account);
        let payee = v1::Payee {
            uscc: issued.payee.to_string(),
            display_name: issued.payee_name.clone(),
            account_number: account.as_ref().map(|of| format!("{MASK}{}", of.tail)).unwrap_or_default(),
            bank_name: account.as_ref().map(|of| of.bank_name.clone()).unwrap_or_default(),
            bank_no: account.as_ref().map(|of| of.bank_no.to_string()).unwrap_or_default(),
            account_position: position(issued.account),
        };
        v1::PaymentOrder {
            name: self.name(&Entity::Order(issued.order.clone())),
            order_no: issued.order.to_string(),
            claim: self.name(&Entity::Claim(issued.claim.clone())),
            grant: i32::try_from(issued.grant).unwrap_or(i32::MAX),
            fiscal_year: issued.budget.year.into(),
            payer_code: issued.budget.payer.to_string(),
            payer_name: issued.payer_name.clone(),
            scheme: issued.budget.scheme.to_string(),
            programme: issued.programme.clone(),
            function_code: issued.function_code.clone(),
            government_economic_code: issued.government_code.clone(),
            department_economic_code: issued.department_code.clone(),
            payee: Some(payee),
            amount_fen: issued.amount,
            purpose: issued.purpose.clone(),
            issued_date: order.day.to_string(),
            issuer: issued.by.clone(),
            state: state(order.state).into(),
            accepted: order.accepted,
            paid: order.paid.as_ref().map(banked),
            returned: order.returned.as_ref().map(banked),
            reason: order.reason.clone(),
            position: position(order.position),
            last_position: position(order.last),
        }
    }
}

fn banked(of: &Banked) -> v1::BankedAnswer {
    v1::BankedAnswer { text: of.text.clone(), bank_date: of.day.to_string(), position: position(of.position) }
}

fn state(state: OrderState) -> v1::PaymentOrderState {
    match state {
        OrderState::Issued => v1::PaymentOrderState::Issued,
        OrderState::Accepted => v1::PaymentOrderState::Accepted,
        OrderState::Paid => v1::PaymentOrderState::Paid,
        OrderState::Returned => v1::PaymentOrderState::Returned,
        OrderState::Rejected => v1::PaymentOrderState::Rejected,
        OrderState::Closed => v1::PaymentOrderState::Closed,
    }
}
