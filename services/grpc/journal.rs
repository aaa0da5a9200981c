//! `JournalService`: the log itself. Its streams are in `follow`.

use super::command::{Answer, Answering, Stating, run};
use super::convert::{Reader, position};
use super::follow::{self, EventStream, Range};
use super::{Districts, status};
use crate::domain::{Entity, Fault, Reason, Refusal, Stated};
use crate::engine::{EventFilter, ExportRange};
use crate::wire::v1;
use std::collections::BTreeSet;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// Seconds between heartbeats when nothing is said.
const HEARTBEAT_SECONDS: i32 = 10;
/// Seconds between heartbeats at most.
const HEARTBEAT_SECONDS_MAX: i32 = 300;

/// The service.
pub struct Journal(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::journal_service_server::JournalService for Journal {
    type ReadEventsStream = EventStream<v1::ReadEventsResponse>;
    type SubscribeEventsStream = EventStream<v1::SubscribeEventsResponse>;
    type ExportLogStream = EventStream<v1::ExportLogResponse>;

    async fn get_head(&self, request: Request<v1::GetHeadRequest>) -> Reply<v1::GetHeadResponse> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &request.get_ref().parent);
        let (engine, ()) = reader.finish(parent)?;
        let published = engine.published();
        Ok(Response::new(v1::GetHeadResponse {
            parent: format!("districts/{}", engine.district()),
            log_id: hex::encode(published.log_id),
            position: position(published.head.position),
            commit: position(published.head.commit),
            hash: hex::encode(published.head.hash),
        }))
    }

    async fn get_event(&self, request: Request<v1::GetEventRequest>) -> Reply<v1::GetEventResponse> {
        let ask = request.into_inner();
        let (engine, (range, at)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let range = reader.range(&ask.parent, 0, "", ask.include_record);
            let at = reader.natural("position", ask.position);
            reader.positions([("position", ask.position)]);
            reader.finish(parent.and(range.zip(at)))?
        };
        let unknown = || {
            let message = format!("there is no event at position {at}");
            status::refused(&Refusal::new(Reason::UnknownPosition, message).at(at))
        };
        if at == 0 {
            return Err(unknown());
        }
        let read = engine.read_events(at, at, &EventFilter::default(), 1).await;
        let (events, _) = read.map_err(status::of)?;
        let stored = events.first().ok_or_else(unknown)?;
        let seen = range.sees.of(&engine.published());
        let event = range.tell(engine, &seen.registry, stored).ok_or_else(unknown)?;
        Ok(Response::new(v1::GetEventResponse { event: Some(event) }))
    }

    async fn read_events(&self, request: Request<v1::ReadEventsRequest>) -> Reply<Self::ReadEventsStream> {
        let ask = request.into_inner();
        let (engine, (range, (to, limit))) = {
            let mut reader = Reader::new(&self.0);
            let range = reader.range(&ask.parent, ask.from_position, &ask.subject, ask.include_record);
            let to = reader.natural("to_position", ask.to_position);
            let limit = reader.natural("limit", ask.limit);
            if to.is_some_and(|to| to != 0 && range.as_ref().is_some_and(|range| to < range.from)) {
                let message =
                    format!("to_position {} lies before from_position {}", ask.to_position, ask.from_position);
                reader.faults.push(Reason::OutOfRange, "to_position", message);
            }
            reader.positions([
                ("from_position", ask.from_position),
                ("to_position", ask.to_position),
                ("limit", ask.limit),
            ]);
            reader.finish(range.zip(to.zip(limit)))?
        };
        let head = engine.published().head.position;
        range.not_ahead(head)?;
        if to > head {
            return Err(status::ahead(to, head));
        }
        let until = if to == 0 { head } else { to };
        let limit = if limit == 0 { u64::MAX } else { limit };
        Ok(Response::new(follow::read(self.0.stream()?, self.0.clone(), engine.clone(), range, until, limit)))
    }

    async fn subscribe_events(
        &self,
        request: Request<v1::SubscribeEventsRequest>,
    ) -> Reply<Self::SubscribeEventsStream> {
        let ask = request.into_inner();
        let (engine, (range, heartbeat)) = {
            let mut reader = Reader::new(&self.0);
            let range = reader.range(&ask.parent, ask.from_position, &ask.subject, ask.include_record);
            let heartbeat = reader.heartbeat(ask.heartbeat_seconds);
            reader.positions([("from_position", ask.from_position)]);
            reader.finish(range.zip(heartbeat))?
        };
        range.not_ahead(engine.published().head.position)?;
        Ok(Response::new(follow::subscribe(self.0.stream()?, self.0.clone(), engine.clone(), range, heartbeat)))
    }

    async fn void_facts(&self, request: Request<v1::VoidFactsRequest>) -> Reply<v1::VoidFactsResponse> {
        run(&self.0, request).await
    }

    async fn verify_log(&self, request: Request<v1::VerifyLogRequest>) -> Reply<v1::VerifyLogResponse> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &request.get_ref().parent);
        let (engine, ()) = reader.finish(parent)?;
        let _turn = self.0.turn().await;
        let head = engine.verify().await.map_err(status::of)?;
        Ok(Response::new(v1::VerifyLogResponse { position: position(head.position), hash: hex::encode(head.hash) }))
    }

    async fn export_log(&self, request: Request<v1::ExportLogRequest>) -> Reply<Self::ExportLogStream> {
        let ask = request.into_inner();
        let (engine, to) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let to = reader.natural("to_position", ask.to_position);
            reader.positions([("to_position", ask.to_position)]);
            reader.finish(parent.and(to))?
        };
        let export = engine.export(to).map_err(|range| match range {
            ExportRange::Ahead { head } => status::ahead(to, head),
            ExportRange::Inside { before, end } => {
                let message = format!("no export ends at position {to}: {range}");
                let fault = Fault::new(Reason::OutOfRange, "to_position", message);
                let refusal = Refusal::from(fault).with("field", "to_position");
                status::refused(&refusal.with("before", before).with("end", end))
            }
        })?;
        Ok(Response::new(follow::export(self.0.stream()?, self.0.clone(), engine.clone(), export)))
    }
}

impl Reader<'_> {
    fn range(&mut self, parent: &str, from: i64, subject: &str, include_record: bool) -> Option<Range> {
        let parent = self.parent("parent", parent);
        let from = self.natural("from_position", from);
        let subject = self.optional_entity("subject", subject);
        parent?;
        let (filter, sees) = (EventFilter { subject: subject? }, self.sees.clone());
        Some(Range { from: from?.max(1), filter, include_record, sees })
    }

    fn heartbeat(&mut self, seconds: i32) -> Option<Duration> {
        let seconds = if seconds == 0 { HEARTBEAT_SECONDS } else { seconds };
        if !(1..=HEARTBEAT_SECONDS_MAX).contains(&seconds) {
            let message = format!("heartbeat_seconds is {seconds}; 1 to {HEARTBEAT_SECONDS_MAX}");
            self.faults.push(Reason::OutOfRange, "heartbeat_seconds", message);
            return None;
        }
        u64::try_from(seconds).ok().map(Duration::from_secs)
    }
}

impl Stating for v1::VoidFactsRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        // With a reason or a decider, the frame notes it.
        if self.positions.is_empty() && self.void_reason.is_empty() && self.decided_by.is_empty() {
            reader.faults.push(Reason::MissingValue, "positions", "at least one position is required");
        }
        parent.map(|()| Vec::new())
    }
}

impl Answering for v1::VoidFactsRequest {
    type Response = v1::VoidFactsResponse;

    fn answer(&self, answer: &Answer<'_>) -> Self::Response {
        let registry = answer.scene.registry;
        let entries = self.positions.iter().filter_map(|at| registry.entry_at(u64::try_from(*at).ok()?));
        let about = entries.flat_map(|entry| [entry.event.owner(), entry.event.other()]).flatten();
        let subjects: BTreeSet<Entity> = about.collect();
        v1::VoidFactsResponse {
            position: answer.position(),
            subjects: subjects.iter().map(|entity| answer.scene.name(entity)).collect(),
        }
    }
}
