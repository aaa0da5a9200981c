//! Payment orders (支付令): what the finance system is told to pay, and what it answers.
//!
//! Chosen where rules §6 is silent: an order's number is its fiscal year, its payer and a sequence within both, so that it
//! is the same on every replay. An answer that comes again says nothing new; one that comes late or out of turn leaves the
//! ledger as if it had come in turn: what happened on a later day holds.
//!
//! What 31 December left unpaid is closed and made again (rules §6). But money that left has left: a payment is kept whatever
//! was said of its order before, and on whatever day the bank made it, in January too. It pays what was approved unless
//! another order did, out of the budget that the order names: that year is over, so nobody took what was freed. Where the
//! amount was ordered again meanwhile and not paid, that order is closed in the same act; where it was paid as well, the
//! second payment stands beside the claim until it comes back. Reconciliation tells both to the finance bureau, whose it is
//! to settle between the years. So no order is made for what was paid, and the ledger is the same whether or not anybody
//! closed the year first.

pub mod steps;

use super::budget::BudgetId;
use super::event::Entity;
use super::values::{ClaimId, CursorName, Day, OrderNo, TreasuryCode, Uscc};

/// 功能分类科目 where nothing else is said: 技术创新服务体系.
pub const FUNCTION_CODE: &str = "2060502";

/// Economic classification (经济分类): of the government's budget, and of the department's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EconomicCodes {
    /// 政府预算支出经济分类.
    pub government: &'static str,
    /// 部门预算支出经济分类.
    pub department: &'static str,
}

impl EconomicCodes {
    /// 利息补贴 for the scheme that pays interest, 费用补贴 for all others.
    pub fn of(scheme: &str) -> Self {
        match scheme {
            "loan_interest_subsidy" => Self { government: "50702", department: "31205" },
            _ => Self { government: "50701", department: "31204" },
        }
    }
}

/// An order as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number.
    pub order: OrderNo,
    /// The claim.
    pub claim: ClaimId,
    /// Which approved amount of the claim, from 1.
    pub grant: u32,
    /// Principal who issued it.
    pub by: String,
    /// The budget that bears it; its year is the fiscal year.
    pub budget: BudgetId,
    /// Name of the treasury that pays.
    pub payer_name: String,
    /// Programme (项目).
    pub programme: String,
    /// 功能分类科目.
    pub function_code: String,
    /// 政府预算支出经济分类.
    pub government_code: String,
    /// 部门预算支出经济分类.
    pub department_code: String,
    /// Whom the money goes to.
    pub payee: Uscc,
    /// The account holder's name.
    pub payee_name: String,
    /// Where the account is recorded.
    pub account: u64,
    /// Fen.
    pub amount: i64,
    /// What for (用途).
    pub purpose: String,
}

/// An answer about an order: whose, and in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The order.
    pub order: OrderNo,
    /// Its claim.
    pub claim: ClaimId,
    /// Principal who told.
    pub by: String,
    /// The bank's reference, or a reason; empty: none.
    pub text: String,
}

/// What happens to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// It was issued.
    Issued(Box<Issued>),
    /// The finance system took it.
    Accepted(Told),
    /// The bank paid on the effective date.
    Paid {
        /// The order, its claim, who told, and the bank's reference.
        told: Told,
        /// It pays what was approved: the order did not come back meanwhile, and no other order was paid for the same.
        standing: bool,
        /// The budget that bears it, also where a year's end had freed it.
        budget: BudgetId,
    },
    /// 退票 on the effective date.
    Returned {
        /// The order, its claim, who told, and why.
        told: Told,
        /// Where the account is recorded that it came back from.
        account: u64,
    },
    /// The finance system turned it down.
    Rejected(Told),
    /// It was not paid by its year's end.
    Closed(Told),
}

impl OrderEvent {
    /// Code in the journal.
    pub fn code(&self) -> u8 {
        match self {
            Self::Issued(_) => 160,
            Self::Accepted(_) => 161,
            Self::Paid { .. } => 162,
            Self::Returned { .. } => 163,
            Self::Rejected(_) => 164,
            Self::Closed(_) => 165,
        }
    }

    /// The order.
    pub fn order(&self) -> &OrderNo {
        match self {
            Self::Issued(issued) => &issued.order,
            Self::Accepted(told) | Self::Rejected(told) | Self::Closed(told) => &told.order,
            Self::Paid { told, .. } | Self::Returned { told, .. } => &told.order,
        }
    }

    /// Its claim.
    pub fn claim(&self) -> &ClaimId {
        match self {
            Self::Issued(issued) => &issued.claim,
            Self::Accepted(told) | Self::Rejected(told) | Self::Closed(told) => &told.claim,
            Self::Paid { told, .. } | Self::Returned { told, .. } => &told.claim,
        }
    }

    /// The budget of what is issued, and of what is paid.
    pub(super) fn further(&self) -> Option<Entity> {
        match self {
            Self::Issued(issued) => Some(Entity::Budget(issued.budget.clone())),
            _ => None,
        }
    }
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderState {
    /// Nobody has answered.
    Issued,
    /// The finance system has it.
    Accepted,
    /// Paid.
    Paid,
    /// 退票.
    Returned,
    /// Turned down.
    Rejected,
    /// Closed at its year's end.
    Closed,
}

impl OrderState {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Issued, Self::Accepted, Self::Paid, Self::Returned, Self::Rejected, Self::Closed];

    /// The word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Issued => "ISSUED",
            Self::Accepted => "ACCEPTED",
            Self::Paid => "PAID",
            Self::Returned => "RETURNED",
            Self::Rejected => "REJECTED",
            Self::Closed => "CLOSED",
        }
    }

    /// By its word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.key() == key)
    }

    /// By the word that a clerk says.
    pub fn from_chinese(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.chinese() == word)
    }

    /// As a clerk says it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Issued => "已开出",
            Self::Accepted => "已接收",
            Self::Paid => "已支付",
            Self::Returned => "已退票",
            Self::Rejected => "已退回",
            Self::Closed => "年终关闭",
        }
    }

    /// Whether it may still be paid without anything else being done.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Issued | Self::Accepted)
    }
}

/// What a bank did on a day, as told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banked {
    /// The bank's reference, or its reason.
    pub text: String,
    /// The bank's day.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// As it was issued.
    pub issued: Issued,
    /// Its day.
    pub day: Day,
    /// Where that is recorded.
    pub position: u64,
    /// How far it has come.
    pub state: OrderState,
    /// Whether the finance system said that it has it.
    pub accepted: bool,
    /// Its payment.
    pub paid: Option<Banked>,
    /// Its return.
    pub returned: Option<Banked>,
    /// Why it was turned down, or closed.
    pub reason: String,
    /// Where its last fact is recorded.
    pub last: u64,
}

impl Order {
    /// An order of its facts, in the order of their recording.
    pub fn of<'a>(facts: impl Iterator<Item = (&'a OrderEvent, Day, u64)>) -> Option<Self> {
        let mut order = None;
        for (event, day, position) in facts {
            Self::evolve(&mut order, event, day, position);
        }
        order
    }

    /// Its payment, where that pays nothing that was approved: another order was paid for the same, and this one's money has
    /// not come back.
    pub fn paid_beside(&self) -> Option<&Banked> {
        self.paid.as_ref().filter(|_| self.state != OrderState::Paid && self.returned.is_none())
    }

    /// Takes in a fact.
    pub fn evolve(order: &mut Option<Self>, event: &OrderEvent, day: Day, position: u64) {
        let Some(known) = order else {
            if let OrderEvent::Issued(issued) = event {
                *order = Some(Self::new(issued, day, position));
            }
            return;
        };
        known.last = position;
        match event {
            OrderEvent::Issued(_) => {}
            OrderEvent::Accepted(_) => {
                known.accepted = true;
                if known.state == OrderState::Issued {
                    known.state = OrderState::Accepted;
                }
            }
            OrderEvent::Paid { told, standing, .. } => {
                known.paid = Some(Banked { text: told.text.clone(), day, position });
                // What it does not stand against may not be seen: as of a day before the return, it is paid.
                if *standing || known.state.is_live() {
                    known.state = OrderState::Paid;
                }
            }
            OrderEvent::Returned { told, .. } => {
                known.returned = Some(Banked { text: told.text.clone(), day, position });
                known.state = OrderState::Returned;
            }
            OrderEvent::Rejected(told) => {
                known.state = OrderState::Rejected;
                known.reason.clone_from(&told.text);
            }
            // One that came back or was turned down stays what it is: its budget is free of it.
            OrderEvent::Closed(told) => {
                if known.state.is_live() {
                    known.state = OrderState::Closed;
                    known.reason.clone_from(&told.text);
                }
            }
        }
    }

    fn new(issued: &Issued, day: Day, position: u64) -> Self {
        Self {
            issued: issued.clone(),
            day,
            position,
            state: OrderState::Issued,
            accepted: false,
            paid: None,
            returned: None,
            reason: String::new(),
            last: position,
        }
    }
}

/// A cursor moved on: everything up to a position is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorAdvanced {
    /// Its name.
    pub cursor: CursorName,
    /// The principal that it belongs to.
    pub by: String,
    /// Position of the last fact about orders that its owner has.
    pub acknowledged: u64,
}

/// The number of an order: `{fiscal year}-{payer}-{sequence}`.
pub fn number(year: i16, payer: TreasuryCode, sequence: u64) -> String {
    format!("{year}-{payer}-{sequence:06}")
}
