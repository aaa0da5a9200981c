//! Orders as their cursor delivers them: at least once, in the order of their recording.

use super::super::convert::order::MASK;
use super::super::convert::{Reader, Scene, position};
use super::super::follow::{EventStream, wait};
use super::super::read::View;
use super::super::seal::Keys;
use super::super::sights::Sees;
use super::super::{Districts, principal, status};
use crate::auth::{Caller, Role};
use crate::domain::account::{NUMBER, RECORDED};
use crate::domain::order::OrderEvent;
use crate::domain::{CursorName, Entity, Event, OrderNo, Reason, Refusal, TreasuryCode};
use crate::engine::{Engine, Principal};
use crate::wire::v1::{self, watch_payment_orders_response::Step};
use async_stream::try_stream;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// Heartbeat when nothing is said, seconds.
const HEARTBEAT_SECONDS: i32 = 10;
/// The slowest heartbeat, seconds.
const HEARTBEAT_SECONDS_MAX: i32 = 300;
/// Facts about orders that are looked at on one state.
const BATCH: usize = 256;
/// Cursors whose deliveries are remembered; past it all are forgotten, and their owners watch again.
const MARKS_MAX: usize = 4096;

/// How far each cursor was delivered by this server. It is not recorded: after a restart what is not acknowledged is
/// delivered again, so nobody can acknowledge what nobody sent.
#[derive(Debug, Default)]
pub struct Delivered(Mutex<HashMap<Whose, u64>>);

/// District, cursor and principal.
type Whose = (String, CursorName, String);

impl Delivered {
    fn note(&self, whose: &Whose, position: u64) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mark) = marks.get_mut(whose) {
            *mark = position.max(*mark);
            return;
        }
        if marks.len() >= MARKS_MAX {
            marks.clear();
        }
        marks.insert(whose.clone(), position);
    }

    fn of(&self, whose: &Whose) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(whose).copied().unwrap_or_default()
    }
}

/// What a stream delivers, and to whom.
struct Watching {
    districts: Districts,
    engine: Engine,
    whose: Whose,
    payer: Option<TreasuryCode>,
    sees: Sees,
    /// Opens account numbers; none: they are masked.
    keys: Option<Keys>,
}

/// Opens the stream.
pub fn run(
    districts: &Districts,
    principal: &Principal,
    ask: &v1::WatchPaymentOrdersRequest,
) -> Result<EventStream<v1::WatchPaymentOrdersResponse>, Status> {
    let (engine, (cursor, (payer, seconds))) = {
        let mut reader = Reader::new(districts);
        let cursor = reader.cursor("cursor", &ask.cursor);
        let payer = reader.optional_treasury("payer_code", &ask.payer_code);
        let seconds = if ask.heartbeat_seconds == 0 { HEARTBEAT_SECONDS } else { ask.heartbeat_seconds };
        if !(1..=HEARTBEAT_SECONDS_MAX).contains(&seconds) {
            let message = format!("heartbeat_seconds is {seconds}; 1 to {HEARTBEAT_SECONDS_MAX}");
            reader.faults.push(Reason::OutOfRange, "heartbeat_seconds", message);
        }
        reader.finish(cursor.zip(payer.map(|payer| (payer, seconds))))?
    };
    let acknowledged = owned(engine, principal, &cursor)?;
    let keys = if pays(&principal::call()) { Some(districts.keys(engine)?.clone()) } else { None };
    let whose = (engine.district().to_owned(), cursor, principal.id.clone());
    let sees = districts.sees();
    let watching = Watching { districts: districts.clone(), engine: engine.clone(), whose, payer, sees, keys };
    follow(watching, acknowledged, Duration::from_secs(seconds.unsigned_abs().into()))
}

/// Whether the caller sees account numbers whole: whoever pays needs them, nobody else does.
fn pays(caller: &Caller) -> bool {
    [Role::FinanceClerk, Role::FinanceApprover].into_iter().any(|role| caller.roles.contains(role))
}

/// What a cursor acknowledged; CURSOR_OF_ANOTHER where it is another's.
fn owned(engine: &Engine, principal: &Principal, name: &CursorName) -> Result<u64, Status> {
    let published = engine.published();
    match published.registry.finance().cursor(name) {
        None => Ok(0),
        Some(cursor) if cursor.owner == principal.id => Ok(cursor.acknowledged),
        Some(_) => {
            let message = format!("cursor {name} belongs to another");
            Err(status::refused(&Refusal::new(Reason::CursorOfAnother, message).with("cursor", name)))
        }
    }
}

/// CURSOR_AHEAD for what this server did not deliver to the principal from the cursor.
pub fn delivered(
    districts: &Districts,
    engine: &Engine,
    principal: &Principal,
    cursor: &CursorName,
    at: u64,
) -> Result<(), Status> {
    let acknowledged = owned(engine, principal, cursor)?;
    let whose = (engine.district().to_owned(), cursor.clone(), principal.id.clone());
    let delivered = districts.delivered().of(&whose).max(acknowledged);
    if at <= delivered {
        return Ok(());
    }
    let message =
        format!("position {at} lies beyond what cursor {cursor} delivered, up to {delivered}; watch it first");
    let refusal = Refusal::new(Reason::CursorAhead, message).with("cursor", cursor);
    Err(status::refused(&refusal.with("delivered", delivered)))
}

fn follow(
    watching: Watching,
    acknowledged: u64,
    heartbeat: Duration,
) -> Result<EventStream<v1::WatchPaymentOrdersResponse>, Status> {
    let place = watching.districts.stream()?;
    Ok(Box::pin(try_stream! {
        let _place = place;
        let mut head = watching.engine.watch_head();
        let mut after = acknowledged;
        let mut following = false;
        loop {
            head.borrow_and_update();
            let mut sent = false;
            loop {
                let (orders, next) = watching.batch(after)?;
                for (at, order) in orders {
                    watching.note(at);
                    sent = true;
                    yield step(Step::Order(order), at, false);
                }
                if next == after {
                    break;
                }
                after = next;
            }
            if sent || !following {
                following = true;
                watching.note(after);
                yield step(Step::CheckpointPosition(position(after)), after, true);
            }
            let beat = Instant::now() + heartbeat;
            if !wait(&watching.districts, &watching.engine, &mut head, beat).await? {
                watching.note(after);
                yield step(Step::CheckpointPosition(position(after)), after, true);
            }
        }
    }))
}

fn step(step: Step, at: u64, caught_up: bool) -> v1::WatchPaymentOrdersResponse {
    v1::WatchPaymentOrdersResponse { step: Some(step), position: position(at), caught_up }
}

impl Watching {
    /// Before it is sent: whoever has it may acknowledge it.
    fn note(&self, at: u64) {
        self.districts.delivered().note(&self.whose, at);
    }

    /// What some facts about orders tell their receiver, and the last of these facts; where that is `after`, there is
    /// nothing more yet.
    fn batch(&self, after: u64) -> Result<(Vec<(u64, v1::PaymentOrder)>, u64), Status> {
        let view = View::now(&self.engine, &self.sees);
        let scene = view.scene();
        let mut orders = Vec::new();
        let mut next = after;
        for (at, no) in scene.registry.finance().told_behind(after).take(BATCH) {
            next = at;
            if let Some(order) = self.order(&scene, at, no)? {
                orders.push((at, order));
            }
        }
        Ok((orders, next))
    }

    /// The order, where the fact concerns the receiver: it is to be paid, or not any more.
    fn order(&self, scene: &Scene<'_>, at: u64, no: &OrderNo) -> Result<Option<v1::PaymentOrder>, Status> {
        let concerns = scene
            .registry
            .entry_at(at)
            .is_some_and(|entry| matches!(&entry.event, Event::Order(OrderEvent::Issued(_) | OrderEvent::Closed(_))));
        let Some(known) = scene.registry.finance().order(no).filter(|_| concerns) else { return Ok(None) };
        if self.payer.is_some_and(|payer| known.issued.budget.payer != payer) {
            return Ok(None);
        }
        let mut order = scene.order_of(known);
        if let (Some(keys), Some(payee)) = (&self.keys, &mut order.payee) {
            let account = scene.account_at(known.issued.account);
            let owner = Entity::Account(known.issued.payee);
            let opened = account.map(|account| keys.read(RECORDED, NUMBER, &owner, &account.number)).transpose()?;
            payee.account_number = match opened.flatten() {
                Some(opened) => opened.text.to_string(),
                None => MASK.to_owned(), // Its key is erased: nobody can pay it.
            };
        }
        Ok(Some(order))
    }
}
