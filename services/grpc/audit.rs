//! `AuditService`: checkpoints, and proofs against them.

use super::convert::{Reader, position};
use super::read::View;
use super::{Districts, status};
use crate::domain::{Entity, PolicyId, Reason, Refusal};
use crate::engine::{AuditFault, CHECKPOINTS_MAX, Engine, Inclusion, Signed};
use crate::journal::heads::{EntityProof, ProvenHead};
use crate::projections::issued::{By, Figure, Heading, Under};
use crate::wire::v1;
use prost_types::Timestamp;
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

/// The service.
pub struct Audit(pub Districts);

/// Checkpoints a page when nothing is said.
const PAGE_SIZE: i32 = 50;
/// What a page token of checkpoints begins with.
const TOKEN: &str = "size-";

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::audit_service_server::AuditService for Audit {
    async fn get_audit_status(&self, request: Request<v1::GetAuditStatusRequest>) -> Reply<v1::GetAuditStatusResponse> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &request.get_ref().parent);
        let (engine, ()) = reader.finish(parent)?;
        let found = engine.audit_status().ok_or_else(|| refused(AuditFault::NoCheckpoints))?;
        Ok(Response::new(v1::GetAuditStatusResponse {
            origin: found.origin,
            keys: found.keys.iter().map(ToString::to_string).collect(),
            latest: found.latest.map(|signed| checkpoint(engine, signed)),
            checkpoint_count: position(found.checkpoints),
            heads_position: position(found.heads_position),
            copied: found.is_copied,
            copy_behind_bytes: position(found.copy_behind_bytes),
            copy_error: found.copy_error,
        }))
    }

    async fn list_checkpoints(
        &self,
        request: Request<v1::ListCheckpointsRequest>,
    ) -> Reply<v1::ListCheckpointsResponse> {
        let ask = request.into_inner();
        let (engine, (after, size)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let after = reader.after_size(&ask);
            let size = reader.count("page_size", if ask.page_size == 0 { PAGE_SIZE } else { ask.page_size });
            reader.finish(parent.and(after.zip(size)))?
        };
        let limit = usize::try_from(size).unwrap_or(usize::MAX).clamp(1, CHECKPOINTS_MAX);
        let found = engine.checkpoints(after, limit + 1).map_err(refused)?;
        let more = found.len() > limit;
        let checkpoints: Vec<_> = found.into_iter().take(limit).map(|signed| checkpoint(engine, signed)).collect();
        let last = checkpoints.last().map_or(0, |last| last.size);
        let next_page_token = if more { format!("{TOKEN}{last}") } else { String::new() };
        Ok(Response::new(v1::ListCheckpointsResponse { checkpoints, next_page_token }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Reply<v1::GetInclusionProofResponse> {
        let ask = request.into_inner();
        let (engine, (at, size)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let at = reader.positive("position", ask.position);
            reader.positions([("position", ask.position)]);
            let size = reader.natural("checkpoint_size", ask.checkpoint_size);
            reader.finish(parent.and(at.zip(size)))?
        };
        let found = engine.prove_inclusion(at, size).await.map_err(refused)?;
        let proof = Some(inclusion(&found));
        Ok(Response::new(v1::GetInclusionProofResponse { checkpoint: Some(checkpoint(engine, found.signed)), proof }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Reply<v1::GetConsistencyProofResponse> {
        let ask = request.into_inner();
        let (engine, (from, to)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let from = reader.positive("from_size", ask.from_size);
            let to = reader.natural("to_size", ask.to_size);
            reader.finish(parent.and(from.zip(to)))?
        };
        let (from, to, hashes) = engine.prove_consistency(from, to).await.map_err(refused)?;
        Ok(Response::new(v1::GetConsistencyProofResponse {
            from: Some(checkpoint(engine, from)),
            to: Some(checkpoint(engine, to)),
            hashes: hashes.into_iter().map(Vec::from).collect(),
        }))
    }

    async fn get_entity_proof(&self, request: Request<v1::GetEntityProofRequest>) -> Reply<v1::GetEntityProofResponse> {
        let ask = request.into_inner();
        let (engine, (entity, size)) = {
            let mut reader = Reader::new(&self.0);
            let entity = reader.entity("name", &ask.name);
            let size = reader.natural("checkpoint_size", ask.checkpoint_size);
            reader.finish(entity.zip(size))?
        };
        let _turn = self.0.turn().await;
        let answer = engine.prove_entity(&Entity::to_string(&entity), size).await.map_err(refused)?;
        let (present, before, after) = match answer.proof {
            EntityProof::Present(proven) => (Some(head(proven)), None, None),
            EntityProof::Absent { before, after } => (None, before.map(head), after.map(head)),
        };
        Ok(Response::new(v1::GetEntityProofResponse {
            heads: Some(inclusion(&answer.heads)),
            checkpoint: Some(checkpoint(engine, answer.heads.signed)),
            heads_position: position(answer.heads_position),
            heads_count: position(answer.count),
            head: present,
            before,
            after,
        }))
    }

    async fn issue_figure(&self, request: Request<v1::IssueFigureRequest>) -> Reply<v1::IssueFigureResponse> {
        let ask = request.into_inner();
        let (engine, ((kind, day), (known, which))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let kind = reader.word("figure", ask.figure, figure_of);
            let day = reader.day("as_of_date", &ask.as_of_date);
            let known = reader.natural("known_at_position", ask.known_at_position);
            let which = reader.optional_policy("policy", &ask.policy);
            reader.finish(parent.and(kind.zip(day).zip(known.zip(which))))?
        };
        let head = engine.published().head.position;
        if known > head {
            return Err(status::ahead(known, head));
        }
        let known = if known == 0 { head } else { known };
        let signed = engine.checkpoint_over(known).await.map_err(refused)?;
        let of = self::checkpoint(engine, signed.clone());
        let view = View::at(engine, &self.0.sees(), day, known);
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| issue(&districts, view, kind, &signed, which.as_ref()));
        let document = drawn.await??;
        let sha256 = hex::encode(Sha256::digest(document.as_bytes()));
        let known_at_position = position(known);
        Ok(Response::new(v1::IssueFigureResponse { document, sha256, checkpoint: Some(of), known_at_position }))
    }
}

/// A figure by the API's number.
fn figure_of(number: u32) -> Option<Figure> {
    let wire = i32::try_from(number).ok().and_then(|number| v1::IssuedFigure::try_from(number).ok())?;
    Figure::from_key(wire.as_str_name().trim_start_matches("ISSUED_FIGURE_"))
}

/// Draws a figure up and signs it.
fn issue(
    districts: &Districts,
    view: &View,
    kind: Figure,
    signed: &Signed,
    which: Option<&PolicyId>,
) -> Result<String, Status> {
    let basis = match kind {
        Figure::Entitlements => Some(districts.kept().basis(view, which)?),
        Figure::Metrics | Figure::Chain | Figure::PaymentOrders => None,
    };
    let under =
        Under { size: signed.checkpoint.size, root: hex::encode(signed.checkpoint.root), note: signed.note.clone() };
    let moment = (view.as_of.day, view.position);
    let mut heading = Heading::new(kind, signed.checkpoint.origin.clone(), moment, view.instant(), under);
    heading.policy = basis.as_ref().map(|basis| By {
        id: basis.id.to_string(),
        position: basis.published,
        sha256: hex::encode(basis.sha256),
    });
    let policy = basis.as_ref().map(|basis| &basis.file.policy);
    let text = heading.document(&view.published.registry, view.as_of.day, policy).map_err(|fault| {
        tracing::error!(%fault, "a figure can't be issued");
        status::plain(Reason::Internal, "the figure can't be issued")
    })?;
    view.engine().sign(&text).map_err(refused)
}

impl Reader<'_> {
    fn positive(&mut self, field: &str, value: i64) -> Option<u64> {
        let read = self.natural(field, value)?;
        if read == 0 {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is 0; it is from 1 on"));
            return None;
        }
        Some(read)
    }

    /// Behind which size the list goes on.
    fn after_size(&mut self, ask: &v1::ListCheckpointsRequest) -> Option<u64> {
        let after = self.natural("after_size", ask.after_size)?;
        if ask.page_token.is_empty() {
            return Some(after);
        }
        let size = ask.page_token.strip_prefix(TOKEN).and_then(|size| size.parse().ok());
        if size.is_none() {
            let message = "not a token that this server gave for this list";
            self.faults.push(Reason::MalformedPageToken, "page_token", message);
        }
        size
    }
}

fn checkpoint(engine: &Engine, signed: Signed) -> v1::Checkpoint {
    let size = signed.checkpoint.size;
    let micros = engine.published().recorded_at(size);
    let recorded_time = micros.map(|micros| Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default(),
    });
    v1::Checkpoint { size: position(size), root: hex::encode(signed.checkpoint.root), note: signed.note, recorded_time }
}

fn inclusion(found: &Inclusion) -> v1::InclusionProof {
    v1::InclusionProof {
        position: position(found.position),
        record: found.record.to_vec(),
        hashes: found.proof.iter().map(|hash| hash.to_vec()).collect(),
    }
}

fn head(proven: ProvenHead) -> v1::HeadProof {
    v1::HeadProof {
        subject: proven.head.name.to_string(),
        revision: position(proven.head.revision),
        hash: proven.head.hash.to_vec(),
        leaf_index: position(proven.index),
        hashes: proven.proof.into_iter().map(Vec::from).collect(),
    }
}

/// The status of what an audit question meets.
pub fn refused(fault: AuditFault) -> Status {
    let message = fault.to_string();
    match fault {
        AuditFault::NoCheckpoints => status::plain(Reason::NoCheckpoints, message),
        AuditFault::UnknownCheckpoint { size } => {
            status::refused(&Refusal::new(Reason::UnknownCheckpoint, message).with("checkpoint_size", size))
        }
        AuditFault::NotCovered { position, size } => status::refused(
            &Refusal::new(Reason::NotCovered, message).with("wanted_position", position).with("checkpoint_size", size),
        ),
        AuditFault::NoHeads { size } => {
            status::refused(&Refusal::new(Reason::NotCovered, message).with("checkpoint_size", size))
        }
        AuditFault::Reading => status::plain(Reason::AuditBehind, message),
        AuditFault::Store(fault) => {
            tracing::error!(%fault, "checkpoints");
            status::plain(Reason::Internal, message)
        }
        AuditFault::Engine(error) => status::of(error),
    }
}
