//! The journal's streams. Each pulls from the log when its receiver has taken what came before: a slow one loses nothing,
//! and no more than one batch waits for it.

use super::convert::event::{event, seen, step as claim_step};
use super::convert::position;
use super::shares::Place;
use super::sights::Sees;
use super::{Districts, status};
use crate::domain::{Reason, Registry};
use crate::engine::{Engine, EngineError, EventFilter, Export, Stop, StoredEvent};
use crate::wire::v1::{self, subscribe_events_response::Step};
use async_stream::try_stream;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_stream::Stream;
use tonic::Status;

/// Bytes of the log that one stream holds at a time.
const BATCH_BYTES: usize = 64 * 1024;

/// Type of the events by which cursors over orders move on: bookkeeping of those who read, not a change of what is known.
const CURSOR_ADVANCED: u16 = 166;

/// Bytes of one chunk of an export.
const CHUNK_BYTES_MAX: usize = 256 * 1024;

/// A stream of responses.
pub type EventStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Which events, from where on.
pub struct Range {
    /// First position, at least 1.
    pub from: u64,
    /// Which.
    pub filter: EventFilter,
    /// With the stored bytes.
    pub include_record: bool,
    /// Who follows, and what it sees.
    pub sees: Sees,
}

impl Range {
    /// An event as it is told; none where it is not to be seen.
    pub fn tell(&self, engine: &Engine, seen_now: &Registry, stored: &StoredEvent) -> Option<v1::Event> {
        let Some(scope) = self.sees.scope() else {
            return Some(event(engine.district(), seen_now, stored, self.include_record));
        };
        let caller = &self.sees.call.caller.id;
        let claims_own = || {
            let published = engine.published();
            let whole = &published.registry;
            let entry = whole.entry_at(stored.record.position)?;
            scope.now(whole).sees_step(&entry).then(|| claim_step(engine.district(), whole, caller, stored))
        };
        seen(engine.district(), seen_now, caller, stored).or_else(claims_own)
    }

    /// Refuses to begin beyond the position behind the head.
    pub fn not_ahead(&self, head: u64) -> Result<(), Status> {
        if self.from > head + 1 { Err(status::ahead(self.from, head)) } else { Ok(()) }
    }
}

/// The events up to `until`, at most `limit`.
pub fn read(
    place: Place,
    districts: Districts,
    engine: Engine,
    range: Range,
    until: u64,
    limit: u64,
) -> EventStream<v1::ReadEventsResponse> {
    Box::pin(try_stream! {
        let _place = place;
        let mut from = range.from;
        let mut left = limit;
        while from <= until && left > 0 {
            let (events, next) = batch(&districts, &engine, from, until, &range.filter).await?;
            // Events and what became of them meanwhile: no older than the events themselves.
            let seen = range.sees.of(&engine.published());
            let told = events.iter().filter_map(|stored| range.tell(&engine, &seen.registry, stored));
            for event in told.take(usize::try_from(left).unwrap_or(usize::MAX)) {
                yield v1::ReadEventsResponse { event: Some(event) };
                left -= 1;
            }
            from = next;
        }
    })
}

/// The events from a position on, without end.
pub fn subscribe(
    place: Place,
    districts: Districts,
    engine: Engine,
    range: Range,
    heartbeat: Duration,
) -> EventStream<v1::SubscribeEventsResponse> {
    Box::pin(try_stream! {
        let _place = place;
        let mut from = range.from;
        let mut head = engine.watch_head();
        let mut beat = Instant::now() + heartbeat;
        let mut following = false;
        loop {
            let until = head.borrow_and_update().position;
            while from <= until {
                let (events, next) = batch(&districts, &engine, from, until, &range.filter).await?;
                let seen = range.sees.of(&engine.published());
                let is_asked = range.filter.subject.is_some();
                for stored in events.iter().filter(|stored| is_asked || stored.record.event_type != CURSOR_ADVANCED) {
                    let Some(event) = range.tell(&engine, &seen.registry, stored) else { continue };
                    let caught_up = following && stored.record.position == engine.published().head.position;
                    yield step(Step::Event(event), caught_up);
                    beat = Instant::now() + heartbeat;
                }
                from = next;
                if Instant::now() >= beat {
                    yield checkpoint(from, false);
                    beat = Instant::now() + heartbeat;
                }
            }
            if !following {
                following = true;
                yield checkpoint(from, true);
                beat = Instant::now() + heartbeat;
            }
            if !wait(&districts, &engine, &mut head, beat).await? {
                // The head may have moved just now; then it is not true that all was sent.
                yield checkpoint(from, from > engine.published().head.position);
                beat = Instant::now() + heartbeat;
            }
        }
    })
}

/// An export, in chunks.
pub fn export(
    place: Place,
    districts: Districts,
    engine: Engine,
    mut export: Export,
) -> EventStream<v1::ExportLogResponse> {
    Box::pin(try_stream! {
        let _place = place;
        loop {
            let read = tokio::select! {
                biased;
                stopped = ended(&districts, &engine) => Err(stopped),
                read = export.next() => read.map_err(status::of),
            };
            let Some(bytes) = read? else { break };
            for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
                yield v1::ExportLogResponse { chunk: chunk.to_vec() };
            }
        }
    })
}

fn step(step: Step, caught_up: bool) -> v1::SubscribeEventsResponse {
    v1::SubscribeEventsResponse { step: Some(step), caught_up }
}

/// Everything before `next` was sent, or does not concern the receiver.
fn checkpoint(next: u64, caught_up: bool) -> v1::SubscribeEventsResponse {
    step(Step::CheckpointPosition(position(next - 1)), caught_up)
}

async fn batch(
    districts: &Districts,
    engine: &Engine,
    from: u64,
    until: u64,
    filter: &EventFilter,
) -> Result<(Vec<StoredEvent>, u64), Status> {
    tokio::select! {
        biased;
        stopped = ended(districts, engine) => Err(stopped),
        read = engine.read_events(from, until, filter, BATCH_BYTES) => read.map_err(status::of),
    }
}

/// Waits for a new head; false: until the next heartbeat.
pub async fn wait<T>(
    districts: &Districts,
    engine: &Engine,
    head: &mut watch::Receiver<T>,
    beat: Instant,
) -> Result<bool, Status> {
    tokio::select! {
        biased;
        stopped = ended(districts, engine) => Err(stopped),
        changed = head.changed() => match changed {
            Ok(()) => Ok(true),
            Err(_) => Err(draining()),
        },
        () = tokio::time::sleep_until(beat) => Ok(false),
    }
}

/// Waits until the server drains or the engine stops, and tells why.
pub async fn ended(districts: &Districts, engine: &Engine) -> Status {
    let mut stop = engine.watch_stop();
    tokio::select! {
        biased;
        stopped = stop.wait_for(Option::is_some) => match stopped.ok().and_then(|stopped| stopped.clone()) {
            Some(Stop::LogFailed(detail)) => status::of(EngineError::LogFailed(detail)),
            Some(Stop::Damaged { position, detail }) => status::of(EngineError::Damaged { position, detail }),
            Some(Stop::Drained) | None => draining(),
        },
        () = districts.closed() => draining(),
    }
}

/// Waits until a sender was silent for so long: whoever holds a place of few, and sends nothing, makes room for others.
pub async fn silence(most: Duration) -> Status {
    tokio::time::sleep(most).await;
    let message = format!("nothing came for {} s; send the rest over another stream", most.as_secs());
    status::plain(Reason::Deadline, message)
}

/// The server drains.
fn draining() -> Status {
    status::plain(Reason::Draining, "the server is draining; resume elsewhere or later")
}
