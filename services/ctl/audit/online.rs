//! What is asked of a server, and checked here before a word of it is shown.

use super::args::{CheckpointArgs, CheckpointsArgs, ConsistencyArgs, EntityArgs, RecordArgs};
use super::{files, refuted};
use crate::ctl::connect::Session;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::message;
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::domain::Event;
use crate::journal::heads::{self, EntityHead, EntityProof, ProvenHead, Shown};
use crate::journal::merkle::{is_consistent, is_included};
use crate::journal::note::{Checkpoint, PublicKey, origin};
use crate::journal::{Hash, Record, codec, record_hash};
use crate::wire::v1;
use serde_json::{Value, json};
use std::path::Path;

/// Checkpoints asked for at a time.
const PAGE: i32 = 500;

/// `audit status`.
pub async fn status(session: &Session, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::GetAuditStatusRequest { parent: session.parent() };
    let reply = session.audit().get_audit_status(request).await?.into_inner();
    Ok(Report::of(message::json("GetAuditStatusResponse", &reply), lang))
}

/// `audit checkpoints`.
pub async fn checkpoints(session: &Session, args: &CheckpointsArgs, lang: Lang) -> Result<Report, Trouble> {
    let mut items: Vec<Value> = Vec::new();
    let mut page_token = String::new();
    loop {
        let (parent, after_size) = (session.parent(), args.after);
        let request = v1::ListCheckpointsRequest { parent, page_size: PAGE, page_token, after_size };
        let reply = session.audit().list_checkpoints(request).await?.into_inner();
        items.extend(reply.checkpoints.iter().map(|checkpoint| message::json("Checkpoint", checkpoint)));
        page_token = reply.next_page_token;
        let is_enough = args.limit > 0 && items.len() >= args.limit;
        if page_token.is_empty() || is_enough {
            break;
        }
    }
    if args.limit > 0 {
        items.truncate(args.limit);
    }
    Ok(Report::list(items, &["size", "root", "recorded_time"], lang))
}

/// The note of one checkpoint; 0: the latest.
pub async fn note(session: &Session, size: i64) -> Result<String, Trouble> {
    let nothing = || {
        Trouble::Said(Say::new(format!("没有覆盖{size}条记录的检查点"), format!("no checkpoint covers {size} records")))
    };
    if size == 0 {
        let request = v1::GetAuditStatusRequest { parent: session.parent() };
        let reply = session.audit().get_audit_status(request).await?.into_inner();
        return reply.latest.map(|latest| latest.note).ok_or_else(nothing);
    }
    let (parent, after_size) = (session.parent(), size - 1);
    let request = v1::ListCheckpointsRequest { parent, page_size: 1, after_size, ..Default::default() };
    let reply = session.audit().list_checkpoints(request).await?.into_inner();
    let found = reply.checkpoints.into_iter().find(|checkpoint| checkpoint.size == size);
    found.map(|checkpoint| checkpoint.note).ok_or_else(nothing)
}

/// The note that a checkpoint's file is to hold.
pub async fn wanted(session: &Session, args: &CheckpointArgs) -> Result<String, Trouble> {
    if !args.access {
        return note(session, args.size).await;
    }
    let request = v1::GetAccessStatusRequest { parent: session.parent() };
    let note = session.access().get_access_status(request).await?.into_inner().note;
    let nothing = || Trouble::Said(Say::new("访问日志尚无检查点", "the access log has no checkpoint yet"));
    if note.is_empty() { Err(nothing()) } else { Ok(note) }
}

/// `audit checkpoint FILE`.
pub async fn keep(session: &Session, args: &CheckpointArgs, lang: Lang) -> Result<Report, Trouble> {
    let note = wanted(session, args).await?;
    files::write_new(&args.file, note.as_bytes(), 0o644)?;
    let size = Checkpoint::parse(&note).map(|checkpoint| checkpoint.size).ok();
    Ok(Report::of(json!({"file": args.file.display().to_string(), "size": size}), lang))
}

/// The log that the server says it keeps. What it signs is checked to be of this one, by keys that are trusted.
async fn asked_origin(session: &Session) -> Result<String, Trouble> {
    let request = v1::GetHeadRequest { parent: session.parent() };
    let reply = session.journal().get_head(request).await?.into_inner();
    let id = hex::decode(&reply.log_id).ok().and_then(|id| <[u8; 16]>::try_from(id).ok());
    let id = id.ok_or_else(|| refuted("服务器没有说明是哪一个日志", "the server does not say which log it keeps"))?;
    let district = reply.parent.trim_start_matches("districts/").to_owned();
    Ok(origin(&district, &id))
}

/// A checkpoint that came with a proof, checked.
fn opened(found: Option<v1::Checkpoint>, origin: &str, keys: &[PublicKey]) -> Result<Checkpoint, Trouble> {
    let note = found.unwrap_or_default().note;
    Checkpoint::open(&note, origin, keys).map_err(|fault| files::bad(Path::new("checkpoint"), &fault))
}

fn hashes(wire: &[Vec<u8>]) -> Option<Vec<Hash>> {
    wire.iter().map(|hash| Hash::try_from(hash.as_slice()).ok()).collect()
}

fn natural(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The record of a proof, if it is in the checkpoint.
fn included(proof: Option<v1::InclusionProof>, checkpoint: &Checkpoint) -> Result<(Record, Hash), Trouble> {
    let unproven = || {
        refuted(
            "服务器的证明不成立：该记录不在检查点之中",
            "the proof does not hold: the record is not in the checkpoint",
        )
    };
    let proof = proof.ok_or_else(unproven)?;
    let leaf = record_hash(&proof.record);
    let path = hashes(&proof.hashes).ok_or_else(unproven)?;
    let record = Record::decode(&proof.record).map_err(|_| unproven())?;
    let index = record.position - 1;
    let holds = is_included(&leaf, index, checkpoint.size, &path, &checkpoint.root);
    if holds && natural(proof.position) == record.position { Ok((record, leaf)) } else { Err(unproven()) }
}

/// `audit record`.
pub async fn record(session: &Session, args: &RecordArgs, lang: Lang) -> Result<Report, Trouble> {
    let keys = files::keys(&args.keys.key)?;
    let origin = asked_origin(session).await?;
    let (parent, position, checkpoint_size) = (session.parent(), args.position, args.size);
    let request = v1::GetInclusionProofRequest { parent, position, checkpoint_size };
    let reply = session.audit().get_inclusion_proof(request).await?.into_inner();
    let checkpoint = opened(reply.checkpoint, &origin, &keys)?;
    let (record, hash) = included(reply.proof, &checkpoint)?;
    if record.position != natural(args.position) {
        return Err(refuted("服务器证明的是另一条记录", "the server proved another record"));
    }
    let kind = codec::type_name(record.event_type);
    let subjects: Vec<&str> = record.subjects.iter().map(|subject| subject.name.as_str()).collect();
    Ok(Report::of(
        json!({
            "holds": true,
            "origin": origin,
            "position": record.position,
            "type": kind,
            "subjects": subjects,
            "hash": hex::encode(hash),
            "checkpoint_size": checkpoint.size,
        }),
        lang,
    ))
}

/// `audit consistency`.
pub async fn consistency(session: &Session, args: &ConsistencyArgs, lang: Lang) -> Result<Report, Trouble> {
    let keys = files::keys(&args.keys.key)?;
    let origin = asked_origin(session).await?;
    let kept = files::checkpoints(&args.earlier, &origin, &keys)?;
    let Some(kept) = kept.into_iter().max_by_key(|checkpoint| checkpoint.size) else { return Ok(Report::default()) };
    let from_size = i64::try_from(kept.size).unwrap_or(i64::MAX);
    let request = v1::GetConsistencyProofRequest { parent: session.parent(), from_size, to_size: 0 };
    let reply = session.audit().get_consistency_proof(request).await?.into_inner();
    let later = opened(reply.to, &origin, &keys)?;
    let proof = hashes(&reply.hashes).unwrap_or_default();
    if !is_consistent((kept.size, &kept.root), (later.size, &later.root), &proof) {
        return Err(refuted(
            format!("日志的历史不同：其现状不是由覆盖{}条记录的检查点延续而来", kept.size),
            format!("another history: the log does not go on from the checkpoint of size {}", kept.size),
        ));
    }
    Ok(Report::of(json!({"holds": true, "origin": origin, "from_size": kept.size, "to_size": later.size}), lang))
}

/// `audit entity`.
pub async fn entity(session: &Session, args: &EntityArgs, lang: Lang) -> Result<Report, Trouble> {
    let keys = files::keys(&args.keys.key)?;
    let origin = asked_origin(session).await?;
    let subject = args.subject.rsplit_once(&format!("{}/", session.parent())).map_or(&*args.subject, |(_, name)| name);
    let name = format!("{}/{subject}", session.parent());
    let request = v1::GetEntityProofRequest { name: name.clone(), checkpoint_size: args.size };
    let reply = session.audit().get_entity_proof(request).await?.into_inner();
    let unproven = || refuted("服务器的证明不成立", "the proof does not hold");
    let checkpoint = opened(reply.checkpoint, &origin, &keys)?;
    let (recorded, _) = included(reply.heads, &checkpoint)?;
    let decoded = codec::decode(recorded.event_type, recorded.schema_version, &recorded.payload);
    let Ok((Event::HeadsRecorded { position, count, root }, _)) = decoded else { return Err(unproven()) };
    let proof = match (reply.head, reply.before, reply.after) {
        (Some(head), _, _) => EntityProof::Present(proven(head).ok_or_else(unproven)?),
        (None, before, after) => {
            let both = [before, after].map(|head| head.map(|head| proven(head).ok_or_else(unproven)).transpose());
            let [before, after] = both;
            EntityProof::Absent { before: before?, after: after? }
        }
    };
    let revision = match heads::verify(subject, &proof, count, &root) {
        Shown::Nothing => return Err(unproven()),
        Shown::Absent => 0,
        Shown::Present { revision, hash } => {
            let records = records(session, &name, position).await?;
            if !heads::are_all(subject, &records, revision, &hash) {
                return Err(refuted(
                    format!("{subject}的记录不全：其末尾为第{revision}条，服务器给出{}条", records.len()),
                    format!(
                        "these are not all records about {subject}: {} came, its head is the {revision}th",
                        records.len()
                    ),
                ));
            }
            revision
        }
    };
    Ok(Report::of(
        json!({
            "holds": true,
            "origin": origin,
            "subject": subject,
            "records": revision,
            "true_to_position": position,
            "checkpoint_size": checkpoint.size,
        }),
        lang,
    ))
}

fn proven(wire: v1::HeadProof) -> Option<ProvenHead> {
    let head = EntityHead {
        name: wire.subject.into(),
        revision: u64::try_from(wire.revision).ok()?,
        hash: wire.hash.try_into().ok()?,
    };
    Some(ProvenHead { head, index: u64::try_from(wire.leaf_index).ok()?, proof: hashes(&wire.hashes)? })
}

/// Every record that the server gives about an entity, up to a position.
async fn records(session: &Session, name: &str, to: u64) -> Result<Vec<(Record, Hash)>, Trouble> {
    let request = v1::ReadEventsRequest {
        parent: session.parent(),
        subject: name.to_owned(),
        include_record: true,
        to_position: i64::try_from(to).unwrap_or(i64::MAX),
        ..Default::default()
    };
    let mut events = session.journal().read_events(request).await?.into_inner();
    let mut records = Vec::new();
    while let Some(message) = events.message().await? {
        let bytes = message.event.unwrap_or_default().record;
        let record = Record::decode(&bytes).map_err(|_| refuted("服务器给出的不是记录", "what came is no record"))?;
        records.push((record, record_hash(&bytes)));
    }
    Ok(records)
}
