//! `AccessService`: who was turned away, and who read what.

use super::convert::{Reader, position};
use super::follow::EventStream;
use super::{Districts, principal, status};
use crate::access::{AccessFault, AccessLog, Listed};
use crate::auth::Role;
use crate::domain::Reason;
use crate::engine::Engine;
use crate::journal::access::AccessEvent;
use crate::wire::v1;
use async_stream::try_stream;
use prost_types::Timestamp;
use tonic::{Request, Response, Status};

/// The service.
pub struct Access(pub Districts);

/// Records a page when nothing is said.
const PAGE_SIZE: i32 = 50;
/// Records a page at most.
const PAGE_SIZE_MAX: usize = 1000;
/// What a page token begins with.
const TOKEN: &str = "before-";
/// Bytes of a chunk of an export.
const CHUNK_BYTES_MAX: usize = 64 * 1024;

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::access_service_server::AccessService for Access {
    type ExportAccessLogStream = EventStream<v1::ExportAccessLogResponse>;

    async fn list_access_records(
        &self,
        request: Request<v1::ListAccessRecordsRequest>,
    ) -> Reply<v1::ListAccessRecordsResponse> {
        let ask = request.into_inner();
        let (engine, (before, (size, kind))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let before = reader.before(&ask.page_token);
            let size = reader.count("page_size", if ask.page_size == 0 { PAGE_SIZE } else { ask.page_size });
            let kind = reader.optional_word("kind", ask.kind, |code| {
                i32::try_from(code).ok().and_then(|code| v1::AccessKind::try_from(code).ok())
            });
            reader.query = said(&ask);
            reader.finish(parent.and(before.zip(size.zip(kind))))?
        };
        let sees_reads = principal::call().roles.iter().any(|role| role != Role::Administrator);
        let wanted = |listed: &Listed| {
            let told = kind_of(&listed.event);
            kind.is_none_or(|kind| kind == told)
                && (sees_reads || told != v1::AccessKind::Read)
                && (ask.principal.is_empty() || listed.record.principal == ask.principal)
                && (ask.entity.is_empty() || entity_of(&listed.event) == ask.entity)
        };
        let limit = usize::try_from(size).unwrap_or(usize::MAX).clamp(1, PAGE_SIZE_MAX);
        let page = self.log(engine)?.page(before, limit, wanted).await.map_err(refused)?;
        let next_page_token = page.next.map_or_else(String::new, |next| format!("{TOKEN}{next}"));
        let records = page.records.into_iter().map(record).collect();
        Ok(Response::new(v1::ListAccessRecordsResponse { records, next_page_token }))
    }

    async fn get_access_status(
        &self,
        request: Request<v1::GetAccessStatusRequest>,
    ) -> Reply<v1::GetAccessStatusResponse> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &request.get_ref().parent);
        let (engine, ()) = reader.finish(parent)?;
        let found = self.log(engine)?.status();
        Ok(Response::new(v1::GetAccessStatusResponse {
            origin: found.origin,
            position: position(found.head.position),
            hash: hex::encode(found.head.hash),
            state: found.state.word().to_owned(),
            detail: found.state.to_string(),
            unrecorded_denied: position(found.lost.iter().map(|lost| lost.denied).sum()),
            unrecorded_reads: position(found.lost.iter().map(|lost| lost.reads).sum()),
            keys: found.keys.iter().map(ToString::to_string).collect(),
            note: found.latest.unwrap_or_default(),
            copy_error: found.copy_error,
        }))
    }

    async fn export_access_log(
        &self,
        request: Request<v1::ExportAccessLogRequest>,
    ) -> Reply<Self::ExportAccessLogStream> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &request.get_ref().parent);
        let (engine, ()) = reader.finish(parent)?;
        let place = self.0.stream()?;
        let (districts, engine) = (self.0.clone(), engine.clone());
        let mut export = self.log(&engine)?.export().await.map_err(refused)?;
        Ok(Response::new(Box::pin(try_stream! {
            let _place = place;
            loop {
                let read = tokio::select! {
                    biased;
                    stopped = super::follow::ended(&districts, &engine) => Err(stopped),
                    read = export.next() => read.map_err(refused),
                };
                let Some(bytes) = read? else { break };
                for chunk in bytes.chunks(CHUNK_BYTES_MAX) {
                    yield v1::ExportAccessLogResponse { chunk: chunk.to_vec() };
                }
            }
        })))
    }
}

impl Access {
    fn log(&self, engine: &Engine) -> Result<&AccessLog, Status> {
        let none = || status::plain(Reason::NoAccessLog, "this server keeps no access log");
        self.0.access().get(engine.district()).ok_or_else(none)
    }
}

impl Reader<'_> {
    /// Before which position the page goes on; none: it is the first.
    fn before(&mut self, token: &str) -> Option<Option<u64>> {
        if token.is_empty() {
            return Some(None);
        }
        let before = token.strip_prefix(TOKEN).and_then(|before| before.parse().ok());
        if before.is_none() {
            let message = "not a token that this server gave for this list";
            self.faults.push(Reason::MalformedPageToken, "page_token", message);
        }
        before.map(Some)
    }
}

/// What a list of records asks for, for the record that tells of it.
fn said(ask: &v1::ListAccessRecordsRequest) -> String {
    let parts = [("principal", &ask.principal), ("entity", &ask.entity)];
    let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
    parts.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(" AND ")
}

fn kind_of(event: &AccessEvent) -> v1::AccessKind {
    match event {
        AccessEvent::Created { .. } => v1::AccessKind::Created,
        AccessEvent::Denied { .. } => v1::AccessKind::Denied,
        AccessEvent::Read { .. } => v1::AccessKind::Read,
        AccessEvent::Unrecorded { .. } => v1::AccessKind::Unrecorded,
    }
}

fn entity_of(event: &AccessEvent) -> &str {
    match event {
        AccessEvent::Read { entity, .. } => entity,
        _ => "",
    }
}

fn time(micros: i64) -> Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default();
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

fn record(listed: Listed) -> v1::AccessRecord {
    let drawn = v1::AccessRecord {
        position: position(listed.record.position),
        recorded_time: Some(time(listed.record.recorded_at_micros)),
        kind: kind_of(&listed.event).into(),
        principal: listed.record.principal,
        on_behalf_of: listed.record.on_behalf_of,
        hash: hex::encode(listed.hash),
        ..Default::default()
    };
    match listed.event {
        AccessEvent::Created { .. } => drawn,
        AccessEvent::Denied { method, reason, peer, count, first_micros } => {
            let (first_time, count) = (Some(time(first_micros)), position(count));
            v1::AccessRecord { first_time, method, reason, peer, count, ..drawn }
        }
        AccessEvent::Read { kind, method, entity, query, count, first_micros } => {
            let (first_time, count) = (Some(time(first_micros)), position(count));
            v1::AccessRecord { first_time, method, data: kind.word().into(), entity, query, count, ..drawn }
        }
        AccessEvent::Unrecorded { denied, reads, cause, first_micros } => {
            let (count, read_count) = (position(denied.saturating_add(reads)), position(reads));
            let first_time = Some(time(first_micros));
            v1::AccessRecord { first_time, count, read_count, cause: cause.word().into(), ..drawn }
        }
    }
}

/// The status of what an access log meets.
fn refused(fault: AccessFault) -> Status {
    tracing::error!(%fault, "access log");
    let reason = match fault {
        AccessFault::Damaged { .. } => Reason::LogDamaged,
        _ => Reason::LogFailed,
    };
    status::plain(reason, fault.to_string())
}
