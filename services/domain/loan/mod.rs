//! Loans: what is known of one on a day, and the rules that its line must keep.

use super::check::Violation;
use super::event::{Event, LoanDrawn};
use super::firm;
use super::line::{AsOf, Line};
use super::reason::Reason;
use super::registry::Registry;
use super::values::{Day, LoanId};
use super::words::InterestNature;

/// A loan as its facts tell it.
#[derive(Clone, Debug)]
pub struct LoanView<'a> {
    /// What was drawn.
    pub drawn: &'a LoanDrawn,
    /// Day of drawdown.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
    /// Interest payments by day, then position.
    pub interest: Vec<Interest>,
}

/// An interest payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The day.
    pub day: Day,
    /// Fen.
    pub amount: i64,
    /// What it is.
    pub nature: InterestNature,
    /// Where it is recorded.
    pub position: u64,
}

impl<'a> LoanView<'a> {
    /// What the line tells, filtered; none where the loan was not drawn by then.
    pub fn of(line: &'a Line, as_of: AsOf) -> Option<Self> {
        let (drawn, day, position) = line.seen(as_of).find_map(|entry| match &entry.event {
            Event::LoanDrawn(drawn) => Some((drawn, entry.day, entry.position)),
            _ => None,
        })?;
        let mut interest: Vec<Interest> = line
            .seen(as_of)
            .filter_map(|entry| match entry.event {
                Event::InterestPaid { amount, nature, .. } => {
                    Some(Interest { day: entry.day, amount, nature, position: entry.position })
                }
                _ => None,
            })
            .collect();
        interest.sort_by_key(|payment| (payment.day, payment.position));
        Some(Self { drawn, day, position, interest })
    }
}

/// Everything on the loan's line that breaks a rule: its firm is there and was not struck off by the drawdown, and nothing
/// comes before that.
pub fn violations(registry: &Registry, id: &LoanId) -> Vec<Violation> {
    let Some(line) = registry.loan_line(id) else { return Vec::new() };
    let mut found = Vec::new();
    let Some(loan) = LoanView::of(line, AsOf::NOW) else {
        for entry in line.live() {
            let message = format!("loan {id} is not registered");
            found.push(Violation::new(Reason::UnknownLoan, entry.position, None, message).with("loan", id));
        }
        return found;
    };
    found.extend(firm::rules::as_party(registry, loan.drawn.firm, (loan.day, loan.position)));
    if loan.drawn.maturity < loan.day {
        let message = format!("maturity {} lies before the drawdown {}", loan.drawn.maturity, loan.day);
        let order = Violation::new(Reason::DatesOutOfOrder, loan.position, None, message);
        found.push(order.with("maturity_date", loan.drawn.maturity).with("drawdown_date", loan.day));
    }
    for payment in loan.interest.iter().take_while(|payment| payment.day < loan.day) {
        // Of the two, the one recorded later breaks the rule.
        let (first, second) = (loan.position.min(payment.position), loan.position.max(payment.position));
        let message = format!("interest of {} lies before the drawdown {}", payment.day, loan.day);
        let order = Violation::new(Reason::DatesOutOfOrder, second, Some(first), message);
        found.push(order.with("date", payment.day).with("drawdown_date", loan.day));
    }
    found
}
