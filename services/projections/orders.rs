//! The payment orders of a district on a day, as known at a position: what was ordered, to whom, and what became of it. Of an
//! account's number its last digits, so that the list can be handed on, and be made again when the key is erased.

use crate::domain::account::AccountEvent;
use crate::domain::order::{Banked, Order};
use crate::domain::{AsOf, Event, Registry};
use serde::Serialize;

/// Version of what the list tells.
pub const VERSION: u32 = 1;

/// An order, as JSON; money in fen.
#[derive(Clone, Debug, Serialize)]
pub struct OrderJson {
    /// 指令单号.
    order_no: String,
    /// The claim.
    claim: String,
    /// Which approved amount of the claim, from 1.
    grant: u32,
    /// The day of issue, ISO 8601.
    issued_date: String,
    /// Principal who issued it.
    issued_by: String,
    /// 年度.
    fiscal_year: i16,
    /// 付款国库: nine digits.
    payer_code: String,
    /// Its name.
    payer_name: String,
    /// The scheme.
    scheme: String,
    /// 项目.
    programme: String,
    /// 功能分类科目.
    function_code: String,
    /// 政府预算支出经济分类.
    government_economic_code: String,
    /// 部门预算支出经济分类.
    department_economic_code: String,
    /// Unified social credit code of the payee.
    payee_code: String,
    /// The account holder's name.
    payee_name: String,
    /// The account's number, by its last digits.
    masked_number: String,
    /// 联行号.
    bank_no: String,
    /// Where the account is recorded.
    account_position: u64,
    /// Amount.
    amount_fen: i64,
    /// 用途.
    purpose: String,
    /// How far it has come.
    state: &'static str,
    /// Its payment.
    paid: Option<BankedJson>,
    /// Its return (退票).
    returned: Option<BankedJson>,
    /// Why it was turned down, or closed; empty: it was not.
    reason: String,
    /// Where its issue is recorded.
    position: u64,
}

/// What a bank did on a day.
#[derive(Clone, Debug, Serialize)]
struct BankedJson {
    /// The bank's day, ISO 8601.
    date: String,
    /// The bank's reference, or its reason.
    text: String,
    /// Where it is recorded.
    position: u64,
}

impl From<&Banked> for BankedJson {
    fn from(of: &Banked) -> Self {
        Self { date: of.day.to_string(), text: of.text.clone(), position: of.position }
    }
}

/// Every order that was issued by then, by number.
pub fn orders(registry: &Registry, as_of: AsOf) -> Vec<OrderJson> {
    let finance = registry.finance();
    let seen = finance.orders_from("").filter_map(|(no, _)| finance.order_seen(no, as_of));
    seen.map(|order| of(registry, order)).collect()
}

fn of(registry: &Registry, order: Order) -> OrderJson {
    let issued = order.issued;
    let entry = registry.entry_at(issued.account);
    let (tail, bank_no) = match entry.as_deref().map(|entry| &entry.event) {
        Some(Event::Account(AccountEvent::Recorded(account))) => (account.tail.as_str(), account.bank_no.to_string()),
        _ => ("", String::new()),
    };
    OrderJson {
        order_no: issued.order.to_string(),
        claim: issued.claim.to_string(),
        grant: issued.grant,
        issued_date: order.day.to_string(),
        issued_by: issued.by,
        fiscal_year: issued.budget.year,
        payer_code: issued.budget.payer.to_string(),
        payer_name: issued.payer_name,
        scheme: issued.budget.scheme.to_string(),
        programme: issued.programme,
        function_code: issued.function_code,
        government_economic_code: issued.government_code,
        department_economic_code: issued.department_code,
        payee_code: issued.payee.to_string(),
        payee_name: issued.payee_name,
        masked_number: format!("****{tail}"),
        bank_no,
        account_position: issued.account,
        amount_fen: issued.amount,
        purpose: issued.purpose,
        state: order.state.key(),
        paid: order.paid.as_ref().map(Into::into),
        returned: order.returned.as_ref().map(Into::into),
        reason: order.reason,
        position: order.position,
    }
}
