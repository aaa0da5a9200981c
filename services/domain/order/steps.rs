//! Orders, answers, the end of a year and cursors, decided.

use super::{Banked, CursorAdvanced, EconomicCodes, Issued, Order, OrderEvent, OrderState, Told, number};
use crate::domain::account::{CameBack, steps as accounts};
use crate::domain::act::{Answer, Deciding};
use crate::domain::budget::{BudgetId, steps::budget_of};
use crate::domain::claim::{Grant, GrantState, Stage};
use crate::domain::decide::{Decision, NewEvent};
use crate::domain::event::Event;
use crate::domain::finance::Finance;
use crate::domain::reason::{Fault, Reason, Refusal};
use crate::domain::values::{ClaimId, CursorName, Day, OrderNo, TreasuryCode};
use std::sync::Arc;

/// Orders that one act closes at most; the next takes the rest.
pub const CLOSED_MAX: usize = 500;

impl<'a> Deciding<'a> {
    fn order(&self, no: &OrderNo) -> Result<&'a Arc<Order>, Refusal> {
        self.registry.finance().order(no).ok_or_else(|| {
            Refusal::new(Reason::UnknownOrder, format!("there is no payment order {no}")).with("order", no)
        })
    }

    fn told(&self, order: &Order, text: &str) -> Told {
        let (no, claim) = (order.issued.order.clone(), order.issued.claim.clone());
        Told { order: no, claim, by: self.by(), text: text.to_owned() }
    }
}

/// Issues an order for what is approved of a claim and is not ordered.
pub(in crate::domain) fn issue(of: &Deciding<'_>, id: &ClaimId, purpose: &str) -> Result<Decision, Refusal> {
    let claim = of.known(id)?;
    if let Some(live) = claim.live_order() {
        let message = format!("order {live} of claim {id} is live");
        return Err(Refusal::new(Reason::OrderLive, message).with("claim", id).with("order", live));
    }
    of.at(id, &[Stage::Approved, Stage::Returned])?;
    let Some((at, grant)) = claim.open_grant() else {
        let message = format!("all that was approved of claim {id} is paid");
        return Err(Refusal::new(Reason::NothingToClaim, message).with("claim", id));
    };
    // An order is of its own fiscal year: what an earlier year's budget bore is made again against this one's.
    let budget = budget_of(&grant.frozen, of.ground.today.year());
    if grant.budget.as_ref() != Some(&budget) {
        of.with_left(&budget, grant.amount)?;
    }
    let account = account(of, grant)?;
    let issued = issued(of, (at, grant), budget, account, purpose)?;
    of.record([Event::Order(OrderEvent::Issued(Box::new(issued)))])
}

/// Whose account the money goes to: where it is recorded, and its holder's name.
fn account(of: &Deciding<'_>, grant: &Grant) -> Result<(u64, String), Refusal> {
    let payee = grant.frozen.payee;
    let known = of.registry.finance().account(&payee);
    let account = known.and_then(|known| known.confirmed.as_ref()).ok_or_else(|| {
        Refusal::new(Reason::AccountUnconfirmed, format!("no account of {payee} is confirmed")).with("payee", payee)
    })?;
    // Whenever it was recorded before; behind the return that took a document.
    let came = accounts::came_back(of.registry, &account.recorded).filter(|came| came.position > account.position);
    if let Some(came) = came {
        let CameBack { order, .. } = came;
        let message = format!("order {order} came back from the account of {payee}: another must be confirmed first");
        return Err(accounts::returned(came, &payee, message));
    }
    accounts::named(of.registry, &payee, &account.recorded.holder_name, of.ground.today)?;
    Ok((account.position, account.recorded.holder_name.clone()))
}

fn issued(
    of: &Deciding<'_>,
    (at, grant): (u32, &Grant),
    budget: BudgetId,
    (account, payee_name): (u64, String),
    purpose: &str,
) -> Result<Issued, Refusal> {
    let frozen = &grant.frozen;
    let finance = of.registry.finance();
    let known = finance.budget(&budget).ok_or_else(|| {
        Refusal::new(Reason::UnknownBudget, format!("there is no budget {budget}")).with("budget", &budget)
    })?;
    let sequence = finance.issued(budget.year, budget.payer) + 1;
    let no = number(budget.year, budget.payer, sequence);
    let codes = EconomicCodes::of(frozen.scheme.as_str());
    let purpose = if purpose.is_empty() { frozen.claim.as_str() } else { purpose };
    Ok(Issued {
        order: OrderNo::parse(&no).map_err(|reason| Fault::new(reason, "order", no))?,
        claim: frozen.claim.clone(),
        grant: at,
        by: of.by(),
        payer_name: frozen.payer_name.clone(),
        programme: known.programme.clone(),
        function_code: known.function_code.clone(),
        government_code: codes.government.to_owned(),
        department_code: codes.department.to_owned(),
        payee: frozen.payee,
        payee_name,
        account,
        amount: grant.amount,
        purpose: purpose.to_owned(),
        budget,
    })
}

/// An answer about an order. One that was given before says nothing new.
pub(in crate::domain) fn tell(of: &Deciding<'_>, no: &OrderNo, answer: &Answer) -> Result<Decision, Refusal> {
    let order = of.order(no)?;
    match answer {
        Answer::Accepted => match order.accepted || order.state != OrderState::Issued {
            true => Ok(same(order.last)), // It has long gone further.
            false => of.record([Event::Order(OrderEvent::Accepted(of.told(order, "")))]),
        },
        Answer::Paid { reference, day, amount } => paid(of, order, (reference, *day), *amount),
        Answer::Returned { reason, day } => returned(of, order, reason, *day),
        Answer::Rejected { reason } => match order.state {
            OrderState::Rejected => Ok(same(order.last)),
            state if state.is_live() => of.record([Event::Order(OrderEvent::Rejected(of.told(order, reason)))]),
            _ => Err(unfitting(order, "turned down")),
        },
    }
}

fn same(position: u64) -> Decision {
    Decision::Same { reason: Reason::Duplicate, position }
}

fn unfitting(order: &Order, answer: &str) -> Refusal {
    let no = &order.issued.order;
    let message = format!("order {no} is {}, and can't be {answer}", order.state.key());
    let refusal = Refusal::new(Reason::OrderState, message).at(order.last).with("order", no);
    refusal.with("state", order.state.key())
}

/// The same answer as before, or another one to the same question.
fn again(order: &Order, known: &Banked, text: &str, day: Day) -> Result<Decision, Refusal> {
    if known.text == text && known.day == day {
        return Ok(same(known.position));
    }
    let no = &order.issued.order;
    let message = format!("order {no} was answered with other values at position {}", known.position);
    Err(Refusal::new(Reason::Conflict, message).at(known.position).with("order", no))
}

fn in_turn(order: &Order, day: Day) -> Result<(), Refusal> {
    if day >= order.day {
        return Ok(());
    }
    let message = format!("{day} lies before {}, the day of order {}", order.day, order.issued.order);
    Err(Refusal::new(Reason::DatesOutOfOrder, message).with("date", day).with("date_before", order.day))
}

/// What it was issued for.
fn granted<'a>(of: &Deciding<'a>, order: &Order) -> Result<&'a Grant, Refusal> {
    let claim = of.known(&order.issued.claim)?;
    let no = &order.issued.order;
    claim.grants.iter().find(|grant| grant.orders.contains(no)).ok_or_else(|| {
        Refusal::new(Reason::Internal, format!("order {no} is of nothing that was approved")).with("order", no)
    })
}

fn paid(
    of: &Deciding<'_>,
    order: &Order,
    (reference, day): (&str, Day),
    amount: Option<i64>,
) -> Result<Decision, Refusal> {
    let (no, expected) = (&order.issued.order, order.issued.amount);
    if let Some(amount) = amount.filter(|amount| *amount != expected) {
        let message = format!("{amount} fen are said to be paid; order {no} is of {expected} fen");
        let refusal = Refusal::new(Reason::AmountDiffers, message).at(order.position).with("order", no);
        return Err(refusal.with("amount_fen", amount).with("expected_fen", expected));
    }
    if let Some(known) = &order.paid {
        return again(order, known, reference, day);
    }
    in_turn(order, day)?;
    let grant = granted(of, order)?;
    let standing = match order.state {
        OrderState::Issued | OrderState::Accepted => true,
        OrderState::Paid => return Err(unfitting(order, "paid")),
        // Told after the return: what happened on the later day holds.
        OrderState::Returned => match &order.returned {
            Some(returned) if day <= returned.day => false,
            _ => return Err(unfitting(order, "paid after it came back")),
        },
        // The bank paid it all the same: so it is paid, unless another order was for the same.
        OrderState::Closed | OrderState::Rejected => grant.state != GrantState::Paid,
    };
    let (told, budget) = (of.told(order, reference), order.issued.budget.clone());
    let decision = of.record_on(day, [Event::Order(OrderEvent::Paid { told, standing, budget })])?;
    let ordered = grant.order.as_ref().filter(|live| grant.state == GrantState::Ordered && *live != no);
    match ordered.filter(|_| standing) {
        Some(live) => {
            let told = of.told(of.order(live)?, &format!("{no} 已支付"));
            and(of, decision, of.ground.today, OrderEvent::Closed(told))
        }
        None => Ok(decision),
    }
}

/// A decision, and one more event about an order.
fn and(of: &Deciding<'_>, decision: Decision, day: Day, event: OrderEvent) -> Result<Decision, Refusal> {
    match (decision, of.record_on(day, [Event::Order(event)])?) {
        (Decision::Record { events, warnings }, Decision::Record { events: more, .. }) => {
            let events: Vec<NewEvent> = events.into_iter().chain(more).collect();
            Ok(Decision::Record { events, warnings })
        }
        (decision, _) => Ok(decision),
    }
}

fn returned(of: &Deciding<'_>, order: &Order, reason: &str, day: Day) -> Result<Decision, Refusal> {
    if let Some(known) = &order.returned {
        return again(order, known, reason, day);
    }
    in_turn(order, day)?;
    let before = order.paid.as_ref().is_some_and(|paid| day < paid.day);
    let (no, grant) = (&order.issued.order, granted(of, order)?);
    let fits = match order.state {
        OrderState::Issued | OrderState::Accepted | OrderState::Paid => true,
        // Told behind the year's end: the account takes no money all the same.
        OrderState::Closed => order.paid.is_some() || grant.order.as_ref() == Some(no),
        OrderState::Rejected => order.paid.is_some(),
        OrderState::Returned => false,
    };
    if before || !fits {
        return Err(unfitting(order, "returned"));
    }
    let account = order.issued.account;
    let event = OrderEvent::Returned { told: of.told(order, reason), account };
    let decision = of.record_on(day, [Event::Order(event)])?;
    if grant.state != GrantState::Paid || grant.order.as_ref() != Some(no) {
        return Ok(decision);
    }
    // Another order was paid for the same and has not come back: now that one pays it.
    let finance = of.registry.finance();
    let others = grant.orders.iter().filter(|other| *other != no).filter_map(|other| finance.order(other));
    match others.filter_map(|other| Some((other, other.paid_beside()?))).next() {
        Some((other, paid)) => {
            let (told, budget) = (of.told(other, &paid.text), other.issued.budget.clone());
            and(of, decision, paid.day, OrderEvent::Paid { told, standing: true, budget })
        }
        None => Ok(decision),
    }
}

/// Whether it is of a fiscal year or an earlier one, and of a payer.
fn is_of(order: &Order, year: i16, payer: Option<TreasuryCode>) -> bool {
    let budget = &order.issued.budget;
    budget.year <= year && payer.is_none_or(|payer| budget.payer == payer)
}

/// Orders that a budget bears and that are not paid, of a fiscal year or an earlier one: live ones, and those that came back
/// or were turned down and were not made again.
pub fn unpaid(finance: &Finance, year: i16, payer: Option<TreasuryCode>) -> impl Iterator<Item = &Arc<Order>> {
    finance.unpaid_orders().filter(move |order| is_of(order, year, payer))
}

/// How many such orders there were as known at a position.
pub fn unpaid_known(finance: &Finance, year: i16, payer: Option<TreasuryCode>, known: u64) -> usize {
    if finance.last_told() <= known {
        return unpaid(finance, year, payer).count();
    }
    let issued = finance.orders_from("").map(|(_, order)| order).filter(|order| order.position <= known);
    issued.filter(|order| is_of(order, year, payer) && finance.was_unpaid(order, known)).count()
}

/// Closes the orders that a fiscal year left unpaid, at most `CLOSED_MAX` of them.
pub(in crate::domain) fn close_year(
    of: &Deciding<'_>,
    year: i16,
    payer: Option<TreasuryCode>,
) -> Result<Decision, Refusal> {
    let last_day = Day::from_ymd(year, 12, 31)
        .ok_or_else(|| Fault::new(Reason::OutOfRange, "fiscal_year", format!("{year} is no year")))?;
    // A payment of the last day itself may still be told on it.
    if of.ground.today <= last_day {
        let message = format!("the fiscal year {year} ends with {last_day}");
        return Err(Refusal::new(Reason::YearRunning, message).with("year", year));
    }
    let finance = of.registry.finance();
    let unpaid = unpaid(finance, year, payer).take(CLOSED_MAX);
    let close = |order: &Arc<Order>| {
        let text = format!("{}年度终了未支付", order.issued.budget.year);
        Event::Order(OrderEvent::Closed(of.told(order, &text)))
    };
    let events: Vec<Event> = unpaid.map(close).collect();
    if events.is_empty() {
        return Ok(same(finance.last_told()));
    }
    of.record(events)
}

/// Moves a cursor on. What is acknowledged already says nothing new.
pub(in crate::domain) fn acknowledge(of: &Deciding<'_>, name: &CursorName, position: u64) -> Result<Decision, Refusal> {
    let finance = of.registry.finance();
    let known = finance.cursor(name);
    if let Some(known) = known {
        if known.owner != of.ground.principal {
            let message = format!("cursor {name} belongs to another");
            return Err(Refusal::new(Reason::CursorOfAnother, message).with("cursor", name));
        }
        if position <= known.acknowledged {
            return Ok(same(known.position));
        }
    }
    let delivered = finance.last_told();
    if position > delivered {
        let message = format!("position {position} lies beyond the last fact about orders, at {delivered}");
        let refusal = Refusal::new(Reason::CursorAhead, message).with("cursor", name);
        return Err(refusal.with("delivered", delivered));
    }
    of.record([Event::CursorAdvanced(CursorAdvanced { cursor: name.clone(), by: of.by(), acknowledged: position })])
}
