//! Proofs that a checkpoint bears out. The tree holds no leaf of old: the blocks of 256 that a proof cuts are read again from
//! the log, a piece at a time.

use super::{Audit, AuditFault, Signed, locked};
use crate::domain::Event;
use crate::engine::start::READ_BYTES;
use crate::engine::{Engine, EventFilter, Stop};
use crate::journal::heads::{EntityProof, Heads, HeadsTree};
use crate::journal::{Hash, Record, codec, merkle, record_hash};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// That a record stands in the log that a checkpoint covers.
#[derive(Clone, Debug)]
pub struct Inclusion {
    /// The checkpoint.
    pub signed: Signed,
    /// Position of the record; its leaf is the one of index position − 1.
    pub position: u64,
    /// The record as stored.
    pub record: Bytes,
    /// Hashes from the leaf up to the root.
    pub proof: Vec<Hash>,
}

/// What a checkpoint says about an entity.
#[derive(Clone, Debug)]
pub struct EntityAnswer {
    /// The record of the heads, proven to be in the checkpoint.
    pub heads: Inclusion,
    /// Position up to which the heads are true.
    pub heads_position: u64,
    /// Count of the heads.
    pub count: u64,
    /// Root of the heads.
    pub root: Hash,
    /// The entity's head, or that it has none.
    pub proof: EntityProof,
}

impl Engine {
    /// Proves that the record at a position is in the checkpoint of a size (0: the latest).
    pub async fn prove_inclusion(&self, position: u64, size: u64) -> Result<Inclusion, AuditFault> {
        let audit = Arc::clone(self.audit()?);
        let signed = audit.signed(size)?;
        self.included(&audit, position, signed).await
    }

    /// Proves that the checkpoint of one size is the beginning of that of another (0: the latest).
    pub async fn prove_consistency(&self, old: u64, new: u64) -> Result<(Signed, Signed, Vec<Hash>), AuditFault> {
        let audit = Arc::clone(self.audit()?);
        let (first, second) = (audit.signed(old)?, audit.signed(new)?);
        let (old, new) = (first.checkpoint.size, second.checkpoint.size);
        if old > new {
            return Err(AuditFault::NotCovered { position: old, size: new });
        }
        let leaves = self.leaves([old - 1, new - 1]).await?;
        let told = |at: u64| leaves.get(&at).copied();
        let proof = locked(&audit.progress).tree.consistency(old, new, &told);
        Ok((first, second, proof.ok_or(AuditFault::Reading)?))
    }

    /// What the checkpoint of a size (0: the latest) says about an entity, by its name within the district. For another
    /// checkpoint than the last one asked for, the heads are made anew from the log.
    pub async fn prove_entity(&self, name: &str, size: u64) -> Result<EntityAnswer, AuditFault> {
        let audit = Arc::clone(self.audit()?);
        let signed = audit.signed(size)?;
        let size = signed.checkpoint.size;
        let (at, heads_position) = {
            let progress = locked(&audit.progress);
            if progress.tree.size() < size {
                return Err(AuditFault::Reading);
            }
            let until = progress.recorded.partition_point(|(at, _)| *at <= size);
            let last = until.checked_sub(1).and_then(|last| progress.recorded.get(last).copied());
            last.ok_or(AuditFault::NoHeads { size })?
        };
        let heads = self.included(&audit, at, signed).await?;
        let recorded = Record::decode(&heads.record).ok();
        let decoded =
            recorded.and_then(|record| codec::decode(record.event_type, record.schema_version, &record.payload).ok());
        let Some((Event::HeadsRecorded { count, root, .. }, _)) = decoded else {
            return Err(AuditFault::NoHeads { size });
        };
        let tree = self.heads_at(&audit, heads_position).await?;
        if (tree.count(), tree.root()) != (count, root) {
            let detail = format!("the heads recorded are not those of the records up to {heads_position}");
            return Err(self.fail(Stop::Damaged { position: at, detail }).into());
        }
        let name = name.to_owned();
        let proof = tokio::task::spawn_blocking(move || tree.prove(&name)).await;
        let proof = proof.map_err(|_| AuditFault::Reading)?;
        Ok(EntityAnswer { heads, heads_position, count, root, proof })
    }

    async fn included(&self, audit: &Audit, position: u64, signed: Signed) -> Result<Inclusion, AuditFault> {
        let size = signed.checkpoint.size;
        if position == 0 || position > size {
            return Err(AuditFault::NotCovered { position, size });
        }
        let (found, _) = self.read_events(position, position, &EventFilter::default(), 1).await?;
        let record = found.into_iter().next().map(|event| event.bytes).ok_or(AuditFault::Reading)?;
        let leaves = self.leaves([position - 1, size - 1]).await?;
        let told = |at: u64| leaves.get(&at).copied();
        let proof = locked(&audit.progress).tree.inclusion(position - 1, size, &told);
        Ok(Inclusion { signed, position, record, proof: proof.ok_or(AuditFault::Reading)? })
    }

    /// The hashes of the leaves in the blocks of these indices, as far as the log goes.
    async fn leaves(&self, indices: [u64; 2]) -> Result<HashMap<u64, Hash>, AuditFault> {
        let mut leaves = HashMap::new();
        for block in indices.map(merkle::block_of) {
            let end = block.end.min(self.published().head.position);
            let mut next = block.start;
            if leaves.contains_key(&next) {
                continue;
            }
            while next < end {
                let from = next;
                let read = self.shared.log.read(next + 1, READ_BYTES).await;
                let commits = read.map_err(|error| self.unread(&error))?;
                for (position, bytes) in commits.iter().flat_map(|commit| commit.iter()) {
                    if (next + 1..=end).contains(&position) {
                        leaves.insert(position - 1, record_hash(&bytes));
                        next = position;
                    }
                }
                if next == from {
                    let detail = "the log ends before its published head".to_owned();
                    return Err(self.fail(Stop::Damaged { position: from + 1, detail }).into());
                }
            }
        }
        Ok(leaves)
    }

    /// The heads as they were at a position: those kept, or read from the log.
    async fn heads_at(&self, audit: &Audit, position: u64) -> Result<Arc<HeadsTree>, AuditFault> {
        let kept = locked(&audit.heads).clone();
        if let Some(kept) = kept.filter(|kept| kept.position == position) {
            return Ok(kept);
        }
        let (mut heads, mut next) = (Heads::default(), 1);
        while next <= position {
            let (events, behind) = self.read_events(next, position, &EventFilter::default(), READ_BYTES).await?;
            for event in &events {
                let broken = |error: crate::journal::ChainError| {
                    let (position, detail) = (error.position(), error.to_string());
                    self.fail(Stop::Damaged { position, detail })
                };
                heads.take(&event.record, event.hash).map_err(broken)?;
            }
            next = behind;
            tokio::task::yield_now().await;
        }
        let made = tokio::task::spawn_blocking(move || Arc::new(heads.tree(position))).await;
        let made = made.map_err(|_| AuditFault::Reading)?;
        *locked(&audit.heads) = Some(Arc::clone(&made));
        Ok(made)
    }
}
