//! Claims, budgets, orders, cursors and the calendar: their facts on lines of their own, and what each has become.
//!
//! None of these facts is ever voided (each has its counter-act), so what has become of them is kept beside the lines and
//! moved on fact by fact; as known at an earlier position it is folded anew from the lines.

use super::account::{Account, CameBack};
use super::budget::{Budget, BudgetId};
use super::calendar::CalendarSet;
use super::claim::{Claim, ClaimEvent};
use super::event::{Entity, Event};
use super::line::{AsOf, Entry, Line};
use super::order::{Issued, Order, OrderEvent};
use super::values::{ClaimId, CursorName, OrderNo, SchemeKey, TreasuryCode, Uscc};
use imbl::{OrdMap, OrdSet, Vector};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every fact about money that is paid, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finance {
    claim_lines: OrdMap<ClaimId, Arc<Line>>,
    budget_lines: OrdMap<BudgetId, Arc<Line>>,
    account_lines: OrdMap<Uscc, Arc<Line>>,
    order_lines: OrdMap<OrderNo, Arc<Line>>,
    /// Every acknowledgement by itself: a cursor has as many as its owner likes, and each is taken in beside readers that hold
    /// those before it.
    acknowledgements: OrdMap<(CursorName, u64), Arc<Entry>>,
    calendar_line: Arc<Line>,
    claims: OrdMap<ClaimId, Arc<Claim>>,
    budgets: OrdMap<BudgetId, Arc<Budget>>,
    accounts: OrdMap<Uscc, Arc<Account>>,
    orders: OrdMap<OrderNo, Arc<Order>>,
    cursors: OrdMap<CursorName, Arc<Cursor>>,
    calendars: OrdMap<i16, Arc<CalendarSet>>,
    /// Claims of a beneficiary.
    claims_of: OrdMap<Entity, OrdSet<ClaimId>>,
    /// Claims that ever counted something of a taxpayer or a loan.
    counted_of: OrdMap<(SchemeKey, Entity), OrdSet<ClaimId>>,
    /// Of each budget, where the commands begin whose facts about claims and orders are about it or moved what is taken of
    /// it, ascending.
    moved: OrdMap<BudgetId, Vector<u64>>,
    /// Orders issued by a payer in a fiscal year.
    issued: OrdMap<(i16, TreasuryCode), u64>,
    /// Orders by the position of each fact about them.
    told: OrdMap<u64, OrderNo>,
    /// Orders that a budget bears and that are not paid: live ones, and those that came back or were turned down and were not
    /// made again.
    unpaid: OrdSet<OrderNo>,
}

/// A cursor as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The principal that it belongs to.
    pub owner: String,
    /// Position of the last fact about orders that is acknowledged.
    pub acknowledged: u64,
    /// Where that is recorded.
    pub position: u64,
}

impl Finance {
    /// Keeps an acknowledgement.
    pub(super) fn acknowledged(&mut self, name: &CursorName, entry: Entry) {
        self.acknowledgements.insert((name.clone(), entry.position), Arc::new(entry));
    }

    /// The acknowledgement of a cursor at a position.
    pub fn acknowledgement(&self, name: &CursorName, position: u64) -> Option<&Entry> {
        self.acknowledgements.get(&(name.clone(), position)).map(Arc::as_ref)
    }

    /// The acknowledgements of a cursor, in the order of their recording.
    pub fn acknowledgements<'a>(&'a self, name: &CursorName) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let (from, to) = ((name.clone(), 0), (name.clone(), u64::MAX));
        self.acknowledgements.range(from..=to).map(|(_, entry)| entry.as_ref())
    }

    /// The line of an entity; none for those kept elsewhere.
    pub(super) fn line_mut(&mut self, owner: &Entity) -> Option<&mut Arc<Line>> {
        Some(match owner {
            Entity::Claim(id) => self.claim_lines.entry(id.clone()).or_default(),
            Entity::Budget(id) => self.budget_lines.entry(id.clone()).or_default(),
            Entity::Account(code) => self.account_lines.entry(*code).or_default(),
            Entity::Order(no) => self.order_lines.entry(no.clone()).or_default(),
            Entity::Calendar => &mut self.calendar_line,
            _ => return None,
        })
    }

    /// The line of an entity, if any fact stands on it.
    pub fn line(&self, owner: &Entity) -> Option<&Line> {
        match owner {
            Entity::Claim(id) => self.claim_lines.get(id).map(Arc::as_ref),
            Entity::Budget(id) => self.budget_lines.get(id).map(Arc::as_ref),
            Entity::Account(code) => self.account_lines.get(code).map(Arc::as_ref),
            Entity::Order(no) => self.order_lines.get(no).map(Arc::as_ref),
            Entity::Calendar => Some(&self.calendar_line),
            _ => None,
        }
    }

    /// Whether anything follows from a fact; for the others `note` does nothing.
    pub(super) fn is_moved_by(event: &Event) -> bool {
        matches!(
            event,
            Event::Claim(_)
                | Event::Order(_)
                | Event::Budget(_)
                | Event::Account(_)
                | Event::CalendarSet(_)
                | Event::CursorAdvanced(_)
        )
    }

    /// Moves on what follows from a fact.
    pub(super) fn note(&mut self, entry: &Entry) {
        let (event, day, position) = (&entry.event, entry.day, entry.position);
        match event {
            Event::Claim(of) => {
                self.index(of);
                self.move_claim(of.claim(), entry);
            }
            Event::Order(of) => {
                self.told.insert(position, of.order().clone());
                if let OrderEvent::Issued(issued) = of {
                    *self.issued.entry((issued.budget.year, issued.budget.payer)).or_default() += 1;
                }
                self.came_back(of, position);
                let mut order = self.orders.remove(of.order()).map(Arc::unwrap_or_clone);
                Order::evolve(&mut order, of, day, position);
                self.orders.extend(order.map(|order| (of.order().clone(), Arc::new(order))));
                self.move_claim(of.claim(), entry);
            }
            Event::Budget(of) => {
                let mut budget = self.budgets.remove(of.budget()).map(Arc::unwrap_or_clone);
                Budget::evolve(&mut budget, of, position);
                self.budgets.extend(budget.map(|budget| (of.budget().clone(), Arc::new(budget))));
            }
            Event::Account(of) => {
                Arc::make_mut(self.accounts.entry(*of.holder()).or_default()).evolve(of, position);
            }
            Event::CalendarSet(set) => {
                self.calendars.insert(set.year, Arc::new(set.clone()));
            }
            Event::CursorAdvanced(advanced) => {
                let (owner, acknowledged) = (advanced.by.clone(), advanced.acknowledged);
                self.cursors.insert(advanced.cursor.clone(), Arc::new(Cursor { owner, acknowledged, position }));
            }
            _ => {}
        }
    }

    /// An account that an order came back from is paid to no more.
    fn came_back(&mut self, event: &OrderEvent, position: u64) {
        let OrderEvent::Returned { account, .. } = event else { return };
        let payee = self.orders.get(event.order()).map(|order| order.issued.payee);
        if let Some(known) = payee.and_then(|payee| self.accounts.get_mut(&payee)) {
            let came = CameBack { order: event.order().clone(), position };
            Arc::make_mut(known).returned.entry(*account).or_insert(came);
        }
    }

    fn index(&mut self, event: &ClaimEvent) {
        let Some(frozen) = event.frozen() else { return };
        self.claims_of.entry(frozen.beneficiary.clone()).or_default().insert(frozen.claim.clone());
        for source in &frozen.sources {
            let key = (frozen.scheme.clone(), source.clone());
            self.counted_of.entry(key).or_default().insert(frozen.claim.clone());
        }
    }

    /// What a claim takes of budgets before and after the fact is what those change by.
    fn move_claim(&mut self, id: &ClaimId, entry: &Entry) {
        let mut claim = self.claims.remove(id).map(Arc::unwrap_or_clone);
        let unpaid =
            |claim: &Option<Claim>| -> Vec<OrderNo> { claim.iter().flat_map(Claim::unpaid_orders).cloned().collect() };
        let (before, was_unpaid) = (claim.as_ref().map(Claim::takings).unwrap_or_default(), unpaid(&claim));
        Claim::evolve(&mut claim, &entry.event, entry.day, entry.position);
        let (after, is_unpaid) = (claim.as_ref().map(Claim::takings).unwrap_or_default(), unpaid(&claim));
        if was_unpaid != is_unpaid {
            was_unpaid.iter().for_each(|no| _ = self.unpaid.remove(no));
            self.unpaid.extend(is_unpaid);
        }
        let about = entry.event.subjects().filter_map(|subject| match subject {
            Entity::Budget(budget) => Some(budget),
            _ => None,
        });
        let known = before.keys().chain(after.keys()).cloned();
        for budget in about.chain(known.filter(|of| before.get(of) != after.get(of))).collect::<BTreeSet<_>>() {
            let (before, after) = (before.get(&budget).copied(), after.get(&budget).copied());
            if let Some(budget) = self.budgets.get_mut(&budget) {
                Arc::make_mut(budget).retake(before.unwrap_or_default(), after.unwrap_or_default());
            }
            self.moved.entry(budget).or_default().push_back(entry.start);
        }
        self.claims.extend(claim.map(|claim| (id.clone(), Arc::new(claim))));
    }

    /// A claim as it stands.
    pub fn claim(&self, id: &ClaimId) -> Option<&Arc<Claim>> {
        self.claims.get(id)
    }

    /// A claim as seen.
    pub fn claim_seen(&self, id: &ClaimId, as_of: AsOf) -> Option<Claim> {
        let mut facts: Vec<&Entry> = self.claim_lines.get(id)?.seen(as_of).collect();
        let orders = self.claims.get(id).map(|claim| claim.orders.as_slice()).unwrap_or_default();
        let lines = orders.iter().filter_map(|order| self.order_lines.get(order));
        facts.extend(lines.flat_map(|line| line.seen(as_of)));
        facts.sort_by_key(|entry| entry.position);
        Claim::of(facts.into_iter().map(|entry| (&entry.event, entry.day, entry.position)))
    }

    /// All claims as they stand, by name, from one on.
    pub fn claims_from<'a>(&'a self, after: &str) -> impl Iterator<Item = (&'a ClaimId, &'a Arc<Claim>)> + use<'a> {
        self.claims_range(std::ops::Bound::Excluded(after))
    }

    /// All claims as they stand, by name, from a bound on.
    pub fn claims_range<'a>(
        &'a self,
        from: std::ops::Bound<&str>,
    ) -> impl Iterator<Item = (&'a ClaimId, &'a Arc<Claim>)> + use<'a> {
        self.claims.range::<_, str>((from, std::ops::Bound::Unbounded))
    }

    /// Claims of a beneficiary.
    pub fn claims_of(&self, beneficiary: &Entity) -> impl Iterator<Item = &ClaimId> {
        self.claims_of.get(beneficiary).into_iter().flat_map(OrdSet::iter)
    }

    /// Claims of a scheme that ever counted something of a taxpayer or a loan.
    pub fn counted_of(&self, scheme: &SchemeKey, source: &Entity) -> impl Iterator<Item = &ClaimId> {
        self.counted_of.get(&(scheme.clone(), source.clone())).into_iter().flat_map(OrdSet::iter)
    }

    /// Facts about claims and orders, as known, that are about a budget or moved what is taken of it.
    pub fn moved(&self, budget: &BudgetId, known: u64) -> u64 {
        let Some(moved) = self.moved.get(budget) else { return 0 };
        let (mut low, mut high) = (0, moved.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match moved.get(middle).is_some_and(|start| *start <= known) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low as u64
    }

    /// A budget as it stands.
    pub fn budget(&self, id: &BudgetId) -> Option<&Arc<Budget>> {
        self.budgets.get(id)
    }

    /// A budget as known at a position. What was taken of it is told from what is taken now, by the claims that moved since.
    pub fn budget_known(&self, id: &BudgetId, known: u64) -> Option<Budget> {
        let now = self.budgets.get(id)?;
        let moved = self.moved.get(id).and_then(Vector::last).is_some_and(|start| *start > known);
        if now.position <= known && !moved {
            return Some(Budget::clone(now));
        }
        let as_of = AsOf { known, ..AsOf::NOW };
        let mut budget = None;
        for entry in self.budget_lines.get(id)?.seen(as_of) {
            if let Event::Budget(event) = &entry.event {
                Budget::evolve(&mut budget, event, entry.position);
            }
        }
        let mut budget = budget?;
        budget.taking = now.taking;
        let taking = |claim: &Claim| claim.takings().remove(id).unwrap_or_default();
        for (claim, stands) in self.claims.iter().filter(|(_, claim)| claim.position > known) {
            let was = self.claim_seen(claim, as_of).as_ref().map(taking).unwrap_or_default();
            budget.retake(taking(stands), was);
        }
        Some(budget)
    }

    /// All budgets as they stand, by payer, scheme and year.
    pub fn budgets(&self) -> impl Iterator<Item = (&BudgetId, &Arc<Budget>)> {
        self.budgets.iter()
    }

    /// A payee's account as it stands.
    pub fn account(&self, holder: &Uscc) -> Option<&Arc<Account>> {
        self.accounts.get(holder)
    }

    /// A payee's account as known at a position, less what came back from it.
    pub fn account_known(&self, holder: &Uscc, known: u64) -> Option<Account> {
        let now = self.accounts.get(holder)?;
        if now.position <= known {
            return Some(Account::clone(now));
        }
        let mut account = None;
        for entry in self.account_lines.get(holder)?.seen(AsOf { known, ..AsOf::NOW }) {
            if let Event::Account(event) = &entry.event {
                account.get_or_insert_with(Account::default).evolve(event, entry.position);
            }
        }
        account
    }

    /// All accounts, by payee.
    pub fn accounts(&self) -> impl Iterator<Item = (&Uscc, &Arc<Account>)> {
        self.accounts.iter()
    }

    /// All accounts behind a payee's, by payee; none: from the first.
    pub fn accounts_from(&self, after: Option<Uscc>) -> impl Iterator<Item = (&Uscc, &Arc<Account>)> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.accounts.range((after.map_or(Unbounded, Excluded), Unbounded))
    }

    /// An order as it stands.
    pub fn order(&self, no: &OrderNo) -> Option<&Arc<Order>> {
        self.orders.get(no)
    }

    /// An order as seen.
    pub fn order_seen(&self, no: &OrderNo, as_of: AsOf) -> Option<Order> {
        Order::of(self.order_lines.get(no)?.seen(as_of).filter_map(|entry| match &entry.event {
            Event::Order(event) => Some((event, entry.day, entry.position)),
            _ => None,
        }))
    }

    /// All orders as they stand, by number, from one on.
    pub fn orders_from<'a>(&'a self, after: &str) -> impl Iterator<Item = (&'a OrderNo, &'a Arc<Order>)> + use<'a> {
        self.orders.range::<_, str>((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))
    }

    /// Orders by the facts about them behind a position, in the order of their recording.
    pub fn told_behind(&self, position: u64) -> impl Iterator<Item = (u64, &OrderNo)> {
        self.told.range((std::ops::Bound::Excluded(position), std::ops::Bound::Unbounded)).map(|(at, no)| (*at, no))
    }

    /// Position of the last fact about an order; 0: there is none.
    pub fn last_told(&self) -> u64 {
        self.told.get_max().map_or(0, |(position, _)| *position)
    }

    /// Orders that a budget bears and that are not paid, by number.
    pub fn unpaid_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.unpaid.iter().filter_map(|no| self.orders.get(no))
    }

    /// Whether an order was such a one as known at a position.
    pub fn was_unpaid(&self, order: &Order, known: u64) -> bool {
        let (id, no) = (&order.issued.claim, &order.issued.order);
        match self.claims.get(id) {
            Some(claim) if claim.position <= known => self.unpaid.contains(no),
            _ => {
                let claim = self.claim_seen(id, AsOf { known, ..AsOf::NOW });
                claim.is_some_and(|claim| claim.unpaid_orders().any(|of| of == no))
            }
        }
    }

    /// Orders that a payer issued in a fiscal year.
    pub fn issued(&self, year: i16, payer: TreasuryCode) -> u64 {
        self.issued.get(&(year, payer)).copied().unwrap_or_default()
    }

    /// As it was issued; none: it was not.
    pub fn issued_order(&self, no: &OrderNo) -> Option<&Issued> {
        self.orders.get(no).map(|order| &order.issued)
    }

    /// A cursor as it stands.
    pub fn cursor(&self, name: &CursorName) -> Option<&Arc<Cursor>> {
        self.cursors.get(name)
    }

    /// The calendar of a year, as set last.
    pub fn calendar(&self, year: i16) -> Option<&CalendarSet> {
        self.calendars.get(&year).map(Arc::as_ref)
    }

    /// All calendars, by year.
    pub fn calendars(&self) -> impl Iterator<Item = &CalendarSet> {
        self.calendars.values().map(Arc::as_ref)
    }
}
