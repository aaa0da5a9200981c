//! What a claim has become: a fold of its own facts and those of its orders.

use super::{ClaimEvent, Frozen, Taken};
use crate::domain::budget::BudgetId;
use crate::domain::event::Event;
use crate::domain::order::OrderEvent;
use crate::domain::values::{ClaimId, Day, OrderNo};
use crate::domain::words::Purpose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far a claim has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 申报.
    Claimed,
    /// 受理: it waits for review.
    Accepted,
    /// 审核.
    Reviewed,
    /// 公示.
    Published,
    /// 核准: something of it can be ordered.
    Approved,
    /// 支付令.
    Ordered,
    /// All that was approved is paid.
    Paid,
    /// 退票: something that was ordered came back.
    Returned,
    /// 绩效.
    Reported,
    /// 撤回.
    Withdrawn,
    /// 不予通过.
    Rejected,
}

impl Stage {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Claimed,
        Self::Accepted,
        Self::Reviewed,
        Self::Published,
        Self::Approved,
        Self::Ordered,
        Self::Paid,
        Self::Returned,
        Self::Reported,
        Self::Withdrawn,
        Self::Rejected,
    ];

    /// The word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Claimed => "CLAIMED",
            Self::Accepted => "ACCEPTED",
            Self::Reviewed => "REVIEWED",
            Self::Published => "PUBLISHED",
            Self::Approved => "APPROVED",
            Self::Ordered => "ORDERED",
            Self::Paid => "PAID",
            Self::Returned => "RETURNED",
            Self::Reported => "REPORTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Rejected => "REJECTED",
        }
    }

    /// By its word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|stage| stage.key() == key)
    }

    /// As a clerk says it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Claimed => "已申报",
            Self::Accepted => "已受理",
            Self::Reviewed => "已审核",
            Self::Published => "公示中",
            Self::Approved => "已核准",
            Self::Ordered => "已开支付令",
            Self::Paid => "已支付",
            Self::Returned => "已退票",
            Self::Reported => "已报绩效",
            Self::Withdrawn => "已撤回",
            Self::Rejected => "不予通过",
        }
    }

    /// Whether it may be opened again.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Rejected)
    }
}

/// An objection during the publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// On what grounds.
    pub grounds: String,
    /// Where it is recorded.
    pub position: u64,
    /// Whether it was right, and why; none: it stands.
    pub resolved: Option<(bool, String)>,
}

/// How far an approved amount has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// It may be ordered.
    Open,
    /// A live order bears it.
    Ordered,
    /// It is paid.
    Paid,
}

/// An approved amount: the first approval, or a supplement's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Fen.
    pub amount: i64,
    /// The freeze that it was approved under: payee and payer of its orders, whatever a later supplement says.
    pub frozen: Arc<Frozen>,
    /// Where that freeze is recorded, in front of its explanation.
    pub frozen_position: u64,
    /// What was asked when it was approved, fen: an award that was cut is not asked for again.
    pub asked: i64,
    /// The budget that bears it; none: a year's end freed the one that did.
    pub budget: Option<BudgetId>,
    /// Why less than was claimed; empty: it is all.
    pub reason: String,
    /// Who approved.
    pub by: String,
    /// Round of the budget; 0: none.
    pub round: u32,
    /// Where it is recorded.
    pub position: u64,
    /// How far it has come.
    pub state: GrantState,
    /// The order that bears it: the last one, or the one that was paid.
    pub order: Option<OrderNo>,
    /// All that were issued for it.
    pub orders: Vec<OrderNo>,
}

/// A recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Fen.
    pub ordered: i64,
    /// Fen that came back.
    pub received: i64,
    /// Why.
    pub reason: String,
    /// Where it is recorded.
    pub position: u64,
}

/// A publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its day.
    pub from: Day,
    /// Its last working day.
    pub until: Day,
}

/// A claim as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// How far it has come.
    pub stage: Stage,
    /// What it keeps.
    pub frozen: Arc<Frozen>,
    /// Where that is recorded.
    pub frozen_position: u64,
    /// Everyone who claimed it or had it frozen anew, each once: none of them reviews or approves it.
    pub claimants: Vec<String>,
    /// Whoever reviewed it; empty: nobody has.
    pub reviewer: String,
    /// The publication that is on or was.
    pub publication: Option<Publication>,
    /// Objections, by number from 1.
    pub objections: Vec<Objection>,
    /// What is being claimed on top of what was approved, fen.
    pub due: i64,
    /// Approved amounts.
    pub grants: Vec<Grant>,
    /// Every order, in the order of their issue.
    pub orders: Vec<OrderNo>,
    /// Recoveries, by number from 1.
    pub recoveries: Vec<Recovery>,
    /// Earmarked money spent, by purpose, fen.
    pub spent: BTreeMap<Purpose, i64>,
    /// Day of each step taken last.
    pub day: Day,
    /// Where the last step is recorded.
    pub position: u64,
    /// Last reason of a withdrawal or rejection.
    pub closed_reason: String,
}

/// What a claim takes of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taking {
    /// Approved, fen.
    pub committed: i64,
    /// Of it ordered or paid, fen.
    pub ordered: i64,
    /// Of it paid, fen.
    pub paid: i64,
}

impl Claim {
    fn new(frozen: &Frozen, day: Day, position: u64) -> Self {
        Self {
            stage: Stage::Claimed,
            due: frozen.claimed(),
            frozen: Arc::new(frozen.clone()),
            frozen_position: position,
            claimants: vec![frozen.by.clone()],
            reviewer: String::new(),
            publication: None,
            objections: Vec::new(),
            grants: Vec::new(),
            orders: Vec::new(),
            recoveries: Vec::new(),
            spent: BTreeMap::new(),
            day,
            position,
            closed_reason: String::new(),
        }
    }

    /// A claim of facts in the order of their recording: its own, and those of its orders.
    pub fn of<'a>(facts: impl Iterator<Item = (&'a Event, Day, u64)>) -> Option<Self> {
        let mut claim = None;
        for (event, day, position) in facts {
            Self::evolve(&mut claim, event, day, position);
        }
        claim
    }

    /// Takes in a fact of the claim or of one of its orders.
    pub fn evolve(claim: &mut Option<Self>, event: &Event, day: Day, position: u64) {
        match (claim.as_mut(), event) {
            (None, Event::Claim(ClaimEvent::Claimed(frozen))) => *claim = Some(Self::new(frozen, day, position)),
            (Some(claim), Event::Claim(event)) => {
                claim.step(event, day, position);
                // Days of payment and spending may lie before; the claim's own steps follow one another.
                claim.day = claim.day.max(day);
                claim.position = position;
            }
            (Some(claim), Event::Order(event)) => {
                claim.order(event);
                claim.position = position;
            }
            _ => {}
        }
    }

    fn step(&mut self, event: &ClaimEvent, day: Day, position: u64) {
        match event {
            ClaimEvent::Explained(_) | ClaimEvent::Claimed(_) => {}
            ClaimEvent::Accepted(_) => self.stage = Stage::Accepted,
            ClaimEvent::Reviewed(taken) => {
                self.stage = Stage::Reviewed;
                self.reviewer.clone_from(&taken.by);
            }
            ClaimEvent::Published { until, .. } => {
                self.stage = Stage::Published;
                self.publication = Some(Publication { from: day, until: *until });
            }
            ClaimEvent::ObjectionRaised { taken, .. } => {
                self.objections.push(Objection { grounds: taken.text.clone(), position, resolved: None });
            }
            ClaimEvent::ObjectionResolved { taken, objection, upheld } => {
                self.resolve(taken, *objection, *upheld);
            }
            ClaimEvent::Approved(approved) => {
                self.stage = Stage::Approved;
                let asked = std::mem::take(&mut self.due);
                self.grants.push(Grant {
                    amount: approved.awarded,
                    frozen: Arc::clone(&self.frozen),
                    frozen_position: self.frozen_position,
                    asked,
                    budget: Some(approved.budget.clone()),
                    reason: approved.taken.text.clone(),
                    by: approved.taken.by.clone(),
                    round: approved.round,
                    position,
                    state: GrantState::Open,
                    order: None,
                    orders: Vec::new(),
                });
            }
            ClaimEvent::Withdrawn(taken) => self.close(Stage::Withdrawn, taken),
            ClaimEvent::Rejected(taken) => self.close(Stage::Rejected, taken),
            ClaimEvent::Reopened(frozen) => {
                self.freeze(frozen, position);
                self.stage = Stage::Claimed;
                self.due = frozen.claimed();
                self.closed_reason.clear();
            }
            ClaimEvent::Refrozen(frozen) => {
                // What was approved and never ordered is given back with the freeze that it was approved under.
                if self.stage == Stage::Approved {
                    self.grants.pop();
                }
                let claimed = self.stage == Stage::Claimed;
                self.freeze(frozen, position);
                self.stage = if claimed { Stage::Claimed } else { Stage::Accepted };
                self.due = frozen.claimed();
            }
            ClaimEvent::Supplemented { frozen, due } => {
                self.freeze(frozen, position);
                self.stage = Stage::Accepted;
                self.due = *due;
            }
            ClaimEvent::RecoveryOrdered { taken, amount, .. } => {
                let reason = taken.text.clone();
                self.recoveries.push(Recovery { ordered: *amount, received: 0, reason, position });
            }
            ClaimEvent::RecoveryReceived { recovery, amount, .. } => {
                if let Some(recovery) = at(&mut self.recoveries, *recovery) {
                    recovery.received = recovery.received.saturating_add(*amount);
                }
            }
            ClaimEvent::PerformanceReported(_) => self.stage = Stage::Reported,
            ClaimEvent::EarmarkSpent { purpose, amount, .. } => {
                let spent = self.spent.entry(*purpose).or_default();
                *spent = spent.saturating_add(*amount);
            }
        }
    }

    /// Whether what it keeps was published (公示): it is now, or something was granted of it.
    pub fn is_published(&self) -> bool {
        let granted = self.grants.last().is_some_and(|grant| grant.frozen_position == self.frozen_position);
        self.publication.is_some() || granted
    }

    fn freeze(&mut self, frozen: &Frozen, position: u64) {
        self.frozen = Arc::new(frozen.clone());
        self.frozen_position = position;
        if !self.claimants.contains(&frozen.by) {
            self.claimants.push(frozen.by.clone());
        }
        self.reviewer.clear();
        self.publication = None;
    }

    fn resolve(&mut self, taken: &Taken, objection: u32, upheld: bool) {
        if let Some(objection) = at(&mut self.objections, objection) {
            objection.resolved = Some((upheld, taken.text.clone()));
        }
        if upheld {
            self.stage = Stage::Accepted;
            self.reviewer.clear();
            self.publication = None;
        }
    }

    /// A first claim is closed; a supplement that is given up leaves what was paid.
    fn close(&mut self, stage: Stage, taken: &Taken) {
        self.closed_reason.clone_from(&taken.text);
        self.due = 0;
        if self.stage == Stage::Approved && self.orders.is_empty() {
            self.grants.clear();
        }
        let granted = self.grants.last().map(|grant| (Arc::clone(&grant.frozen), grant.frozen_position));
        match granted {
            Some(granted) => {
                (self.frozen, self.frozen_position) = granted;
                self.stage = self.settled_stage();
            }
            None => self.stage = stage,
        }
    }

    fn order(&mut self, event: &OrderEvent) {
        let no = event.order().clone();
        match event {
            OrderEvent::Issued(order) => {
                self.orders.push(no.clone());
                if let Some(grant) = at(&mut self.grants, order.grant) {
                    grant.state = GrantState::Ordered;
                    grant.budget = Some(order.budget.clone());
                    grant.orders.push(no.clone());
                    grant.order = Some(no);
                }
            }
            OrderEvent::Accepted(_) => return,
            OrderEvent::Paid { standing, budget, .. } => {
                let Some(grant) = self.grants.iter_mut().find(|grant| grant.orders.contains(&no)) else { return };
                // One that came back later, or is paid by another order as well: as of a day before that it holds.
                if !standing && (grant.state != GrantState::Ordered || grant.order.as_ref() != Some(&no)) {
                    return;
                }
                (grant.state, grant.budget, grant.order) = (GrantState::Paid, Some(budget.clone()), Some(no));
            }
            OrderEvent::Returned { .. } | OrderEvent::Rejected(_) | OrderEvent::Closed(_) => {
                let Some(grant) = self.grant_of(&no) else { return };
                let was = std::mem::replace(&mut grant.state, GrantState::Open);
                if matches!(event, OrderEvent::Closed(_)) {
                    grant.budget = None;
                    if was == GrantState::Open {
                        return; // It came back before, and the year's end frees the budget only.
                    }
                }
            }
        }
        self.stage = self.settled_stage();
        if matches!(event, OrderEvent::Returned { .. }) && self.stage == Stage::Approved {
            self.stage = Stage::Returned;
        }
    }

    fn grant_of(&mut self, no: &OrderNo) -> Option<&mut Grant> {
        self.grants.iter_mut().find(|grant| grant.order.as_ref() == Some(no))
    }

    /// Where it stands by what was approved of it.
    fn settled_stage(&self) -> Stage {
        let any = |state| self.grants.iter().any(|grant| grant.state == state);
        if self.due > 0 {
            return self.stage; // A supplement is being worked on.
        }
        if any(GrantState::Ordered) {
            return Stage::Ordered;
        }
        match any(GrantState::Open) {
            true => Stage::Approved,
            false if self.stage == Stage::Reported => Stage::Reported,
            false => Stage::Paid,
        }
    }

    /// The freeze under which the last of what is approved was.
    pub fn granted(&self) -> Option<&Arc<Frozen>> {
        self.grants.last().map(|grant| &grant.frozen)
    }

    /// Fen that were asked for what was approved.
    pub fn asked(&self) -> i64 {
        self.grants.iter().fold(0, |sum: i64, grant| sum.saturating_add(grant.asked))
    }

    /// Fen approved.
    pub fn approved(&self) -> i64 {
        self.grants.iter().fold(0, |sum: i64, grant| sum.saturating_add(grant.amount))
    }

    fn sum(&self, state: impl Fn(GrantState) -> bool) -> i64 {
        let of = self.grants.iter().filter(|grant| state(grant.state));
        of.fold(0, |sum: i64, grant| sum.saturating_add(grant.amount))
    }

    /// Fen under a live order, or paid.
    pub fn ordered(&self) -> i64 {
        self.sum(|state| state != GrantState::Open)
    }

    /// Fen paid.
    pub fn paid(&self) -> i64 {
        self.sum(|state| state == GrantState::Paid)
    }

    /// Fen of recoveries ordered.
    pub fn recovery_ordered(&self) -> i64 {
        self.recoveries.iter().fold(0, |sum: i64, recovery| sum.saturating_add(recovery.ordered))
    }

    /// Fen that came back.
    pub fn recovered(&self) -> i64 {
        self.recoveries.iter().fold(0, |sum: i64, recovery| sum.saturating_add(recovery.received))
    }

    /// Fen of earmarked money spent.
    pub fn spent(&self) -> i64 {
        self.spent.values().fold(0, |sum: i64, spent| sum.saturating_add(*spent))
    }

    /// The number, from 1, of the approved amount that can be ordered next.
    pub fn open_grant(&self) -> Option<(u32, &Grant)> {
        let at = self.grants.iter().position(|grant| grant.state == GrantState::Open)?;
        Some((u32::try_from(at).ok()? + 1, &self.grants[at]))
    }

    /// Orders that a budget bears and that are not paid: the live one, and those that came back or were turned down.
    pub fn unpaid_orders(&self) -> impl Iterator<Item = &OrderNo> {
        let unpaid = |grant: &&Grant| grant.state != GrantState::Paid && grant.budget.is_some();
        self.grants.iter().filter(unpaid).filter_map(|grant| grant.order.as_ref())
    }

    /// The order that is live; none: there is none.
    pub fn live_order(&self) -> Option<&OrderNo> {
        let ordered = self.grants.iter().find(|grant| grant.state == GrantState::Ordered);
        ordered.and_then(|grant| grant.order.as_ref())
    }

    /// An objection that nobody has answered, by number.
    pub fn standing_objection(&self) -> Option<u32> {
        let at = self.objections.iter().position(|objection| objection.resolved.is_none())?;
        u32::try_from(at).ok().map(|at| at + 1)
    }

    /// What it takes of each budget.
    pub fn takings(&self) -> BTreeMap<BudgetId, Taking> {
        let mut takings: BTreeMap<BudgetId, Taking> = BTreeMap::new();
        for grant in &self.grants {
            let Some(budget) = &grant.budget else { continue };
            let taking = takings.entry(budget.clone()).or_default();
            taking.committed = taking.committed.saturating_add(grant.amount);
            if grant.state != GrantState::Open {
                taking.ordered = taking.ordered.saturating_add(grant.amount);
            }
            if grant.state == GrantState::Paid {
                taking.paid = taking.paid.saturating_add(grant.amount);
            }
        }
        takings
    }

    /// Its name.
    pub fn id(&self) -> &ClaimId {
        &self.frozen.claim
    }
}

/// The one of a number that counts from 1.
fn at<T>(list: &mut [T], number: u32) -> Option<&mut T> {
    list.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
}
