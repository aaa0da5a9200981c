//! Daily reconciliation (对账): orders, answers and a bank's statement, and what does not agree.

use crate::domain::order::{Order, OrderState};
use crate::domain::{Day, OrderNo, Registry, TreasuryCode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A line of a bank's statement, as its sender wrote the order's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The order that it names.
    pub order: String,
    /// Fen.
    pub amount: i64,
    /// The bank's day.
    pub day: Day,
    /// The bank's reference.
    pub reference: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The day.
    pub day: Day,
    /// Whose orders; none: everyone's.
    pub payer: Option<TreasuryCode>,
    /// Days after which silence is told.
    pub patience_days: i32,
    /// The statement; none: orders and answers only.
    pub statement: Option<&'a [Line]>,
}

/// What does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nobody answered.
    Unanswered,
    /// Accepted, and nothing was paid.
    Unpaid,
    /// The statement's order is not known.
    UnknownOrder,
    /// Another amount.
    AmountDiffers,
    /// Another day.
    DayDiffers,
    /// Another reference.
    ReferenceDiffers,
    /// No answer told the payment.
    NotAnsweredPaid,
    /// It was not to be paid.
    NotToBePaid,
    /// The statement has no such payment.
    NotInStatement,
    /// The statement pays it again.
    PaidTwice,
    /// It came back and was not issued again.
    NotReissued,
    /// The bank paid it behind its fiscal year's end.
    PaidAfterYearEnd,
    /// Another order was paid for the same.
    ClaimPaidTwice,
}

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// The order's number.
    pub order: String,
    /// What the registry says.
    pub ours: String,
    /// What the statement says.
    pub theirs: String,
    /// What it stands on, ascending.
    pub positions: Vec<u64>,
    /// Which line of the statement, from 0.
    pub line: Option<usize>,
}

/// Orders counted and summed, fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u32,
    /// Fen.
    pub fen: i64,
}

impl Sum {
    fn add(&mut self, fen: i64) {
        self.count = self.count.saturating_add(1);
        self.fen = self.fen.saturating_add(fen);
    }
}

/// A day, reconciled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// By the order's number.
    pub differences: Vec<Difference>,
    /// Issued on the day.
    pub issued: Sum,
    /// Paid on the day, as answered.
    pub paid: Sum,
    /// Come back on the day.
    pub returned: Sum,
    /// Issued by that day, and live.
    pub live: Sum,
}

/// Reconciles a day.
pub fn reconcile(registry: &Registry, asked: Question<'_>) -> Reconciled {
    let mut found = Reconciled::default();
    let lines = asked.statement.unwrap_or_default();
    let mut stated: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let first = *stated.entry(&line.order).or_insert(index);
        let order = OrderNo::parse(&line.order).ok().and_then(|no| registry.finance().order(&no));
        match order.filter(|order| asked.is_payer(order)) {
            None => found.differences.push(difference(Kind::UnknownOrder, &line.order, "", &line.order, index)),
            Some(order) if first != index => {
                let mut twice = of_line(Kind::PaidTwice, order, order.state.key(), &line.reference, index);
                twice.positions.extend(order.paid.as_ref().map(|paid| paid.position));
                found.differences.push(twice);
            }
            Some(order) => found.differences.extend(compared(order, line, index)),
        }
    }
    for (no, order) in registry.finance().orders_from("").filter(|(_, order)| asked.is_payer(order)) {
        found.count(order, asked.day);
        found.differences.extend(silent(registry, order, asked));
        found.differences.extend(unsettled(registry, order, asked));
        let paid = order.paid.as_ref().filter(|paid| paid.day == asked.day);
        if let Some(paid) = paid.filter(|_| asked.statement.is_some() && !stated.contains_key(no.as_str())) {
            let positions = vec![order.position, paid.position];
            let (kind, theirs) = (Kind::NotInStatement, String::new());
            let (order, ours) = (no.to_string(), paid.text.clone());
            found.differences.push(Difference { kind, order, ours, theirs, positions, line: None });
        }
    }
    found.differences.sort_by(|a, b| (&a.order, a.kind, a.line).cmp(&(&b.order, b.kind, b.line)));
    found
}

impl Question<'_> {
    fn is_payer(&self, order: &Order) -> bool {
        self.payer.is_none_or(|payer| order.issued.budget.payer == payer)
    }

    fn is_late(&self, since: Day) -> bool {
        self.day.days().saturating_sub(since.days()) >= self.patience_days
    }
}

impl Reconciled {
    fn count(&mut self, order: &Order, day: Day) {
        let fen = order.issued.amount;
        let on = |banked: &Option<crate::domain::order::Banked>| banked.as_ref().is_some_and(|of| of.day == day);
        if order.day == day {
            self.issued.add(fen);
        }
        if on(&order.paid) {
            self.paid.add(fen);
        }
        if on(&order.returned) {
            self.returned.add(fen);
        }
        if order.state.is_live() && order.day <= day {
            self.live.add(fen);
        }
    }
}

/// A line beside its order.
fn compared(order: &Order, line: &Line, index: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    let (amount, stated) = (order.issued.amount, line.amount);
    if amount != stated {
        found.push(of_line(Kind::AmountDiffers, order, &amount.to_string(), &stated.to_string(), index));
    }
    let Some(paid) = &order.paid else {
        let kind = if order.state.is_live() { Kind::NotAnsweredPaid } else { Kind::NotToBePaid };
        found.push(of_line(kind, order, order.state.key(), &line.reference, index));
        return found;
    };
    let answered = |kind, ours: &str, theirs: &str| {
        let mut of = of_line(kind, order, ours, theirs, index);
        of.positions.push(paid.position);
        of
    };
    if paid.day != line.day {
        found.push(answered(Kind::DayDiffers, &paid.day.to_string(), &line.day.to_string()));
    }
    if paid.text != line.reference {
        found.push(answered(Kind::ReferenceDiffers, &paid.text, &line.reference));
    }
    found
}

/// What should have been said of an order by the day.
fn silent(registry: &Registry, order: &Arc<Order>, asked: Question<'_>) -> Option<Difference> {
    let (kind, since, position) = match order.state {
        OrderState::Issued => (Kind::Unanswered, order.day, None),
        OrderState::Accepted => (Kind::Unpaid, order.day, None),
        OrderState::Returned => {
            let claim = registry.finance().claim(&order.issued.claim)?;
            let is_last = claim.grants.iter().any(|grant| grant.order.as_ref() == Some(&order.issued.order));
            let returned = order.returned.as_ref().filter(|_| is_last)?;
            (Kind::NotReissued, returned.day, Some(returned.position))
        }
        _ => return None,
    };
    let positions = [order.position].into_iter().chain(position).collect();
    let (no, ours) = (order.issued.order.to_string(), since.to_string());
    let late = asked.is_late(since);
    late.then_some(Difference { kind, order: no, ours, theirs: String::new(), positions, line: None })
}

/// What the bank paid otherwise than a year and a claim allow: told from its day on until it is settled, which for a year is
/// the end of the next, and for a second payment the day on which it comes back.
fn unsettled(registry: &Registry, order: &Order, asked: Question<'_>) -> Vec<Difference> {
    let Some(paid) = order.paid.as_ref().filter(|paid| paid.day <= asked.day && order.returned.is_none()) else {
        return Vec::new();
    };
    let no = order.issued.order.to_string();
    let told = |kind, ours: String, positions| {
        let (order, theirs) = (no.clone(), String::new());
        Difference { kind, order, ours, theirs, positions, line: None }
    };
    let mut found = Vec::new();
    let year = paid.day.year();
    if year > order.issued.budget.year && year == asked.day.year() {
        found.push(told(Kind::PaidAfterYearEnd, paid.day.to_string(), vec![order.position, paid.position]));
    }
    if order.paid_beside().is_some() {
        let claim = registry.finance().claim(&order.issued.claim);
        let grant = claim.and_then(|claim| claim.grants.iter().find(|of| of.orders.contains(&order.issued.order)));
        let other = grant.and_then(|grant| registry.finance().order(grant.order.as_ref()?));
        let also = other.and_then(|other| other.paid.as_ref()).map(|paid| paid.position);
        let mut positions: Vec<u64> = [order.position, paid.position].into_iter().chain(also).collect();
        positions.sort_unstable();
        let other = other.map(|other| other.issued.order.to_string()).unwrap_or_default();
        found.push(told(Kind::ClaimPaidTwice, other, positions));
    }
    found
}

fn of_line(kind: Kind, order: &Order, ours: &str, theirs: &str, index: usize) -> Difference {
    let no = order.issued.order.to_string();
    Difference { positions: vec![order.position], ..difference(kind, &no, ours, theirs, index) }
}

fn difference(kind: Kind, order: &str, ours: &str, theirs: &str, index: usize) -> Difference {
    let (order, ours, theirs) = (order.to_owned(), ours.to_owned(), theirs.to_owned());
    Difference { kind, order, ours, theirs, positions: Vec::new(), line: Some(index) }
}
