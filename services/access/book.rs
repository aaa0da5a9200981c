//! The end of an access log as its writer knows it: head, tree, and where each subject stands. Entries become records here.

use super::gather::Due;
use super::{LogState, SYSTEM};
use crate::engine::clock::shanghai_day;
use crate::journal::access::{self, AccessEvent};
use crate::journal::heads::Heads;
use crate::journal::merkle::Tree;
use crate::journal::{Commit, Hash, Head, Record, Subject, record_hash};

/// What a commit would make of the book.
pub struct Page {
    /// The commit.
    pub commit: Commit,
    hashes: Vec<Hash>,
    heads: Heads,
    recorded_at: i64,
}

/// The log as far as it was read or written.
#[derive(Default)]
pub struct Book {
    /// Where it ends; none: nothing was read.
    pub head: Option<Head>,
    /// The tree over its records.
    pub tree: Tree,
    heads: Heads,
    recorded_at: i64,
}

impl Book {
    /// Where it ends.
    pub fn end(&self) -> Head {
        self.head.unwrap_or(Head::EMPTY)
    }

    /// Takes in a commit that the log holds, once it is checked to follow.
    pub fn take(&mut self, commit: &Commit) -> Result<(), LogState> {
        let wrap = |error: crate::journal::ChainError| LogState::damaged(error.position(), error.to_string());
        for (record, hash) in commit.verify_after(&self.end()).map_err(wrap)? {
            access::decode(&record).map_err(|error| LogState::damaged(record.position, error.to_string()))?;
            self.heads.take(&record, hash).map_err(wrap)?;
            self.tree.push(hash);
            self.recorded_at = record.recorded_at_micros;
        }
        self.head = Some(commit.head());
        Ok(())
    }

    /// The commit that records these behind the end.
    pub fn page(&self, due: &[Due], now: i64) -> Option<Page> {
        let end = self.end();
        let recorded_at = now.max(self.recorded_at);
        let (mut heads, mut previous) = (self.heads.clone(), end.hash);
        let (mut records, mut hashes) = (Vec::new(), Vec::new());
        for (position, due) in (end.position + 1..).zip(due) {
            let record = record(&heads, end.commit + 1, position, recorded_at, previous, due);
            let bytes = record.encode();
            previous = record_hash(&bytes);
            // It continues its subjects: they were asked of the same heads.
            heads.take(&record, previous).ok()?;
            hashes.push(previous);
            records.extend_from_slice(&bytes);
        }
        let last = end.position + due.len() as u64;
        let commit =
            Commit { number: end.commit + 1, first: end.position + 1, last, hash: previous, records: records.into() };
        Some(Page { commit, hashes, heads, recorded_at })
    }

    /// Turns to a page that the log took.
    pub fn turn(&mut self, page: Page) {
        self.head = Some(page.commit.head());
        self.heads = page.heads;
        self.recorded_at = page.recorded_at;
        for hash in page.hashes {
            self.tree.push(hash);
        }
    }
}

fn record(heads: &Heads, commit: u64, position: u64, recorded_at: i64, previous: Hash, due: &Due) -> Record {
    let encoded = access::encode(&due.event);
    let by_itself = matches!(due.event, AccessEvent::Created { .. } | AccessEvent::Unrecorded { .. });
    let principal = if by_itself { SYSTEM.to_owned() } else { due.who.principal.clone() };
    let subject = |name: String| {
        let (revision, previous) = heads.of(&name);
        Subject { name, revision: revision + 1, previous }
    };
    Record {
        commit,
        position,
        index: 0,
        count: 1,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        effective_days: shanghai_day(first(&due.event).unwrap_or(recorded_at)).days(),
        recorded_at_micros: recorded_at,
        subjects: access::subjects(&due.event, &principal).into_iter().map(subject).collect(),
        principal,
        on_behalf_of: due.who.on_behalf_of.clone(),
        request: None,
        previous,
        payload: encoded.payload,
    }
}

/// When what it tells of began.
fn first(event: &AccessEvent) -> Option<i64> {
    match event {
        AccessEvent::Created { .. } => None,
        AccessEvent::Denied { first_micros, .. }
        | AccessEvent::Read { first_micros, .. }
        | AccessEvent::Unrecorded { first_micros, .. } => Some(*first_micros),
    }
}
