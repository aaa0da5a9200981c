//! An access log looked at: a page of it, the newest first, and its portable form.

use super::{AccessFault, AccessLog};
use crate::journal::access::{self, AccessEvent};
use crate::journal::export::{Encoder, ExportFault};
use crate::journal::{Hash, Record, record_hash};
use crate::log::EventLog;
use std::sync::Arc;

/// Positions that are read at a time; with records of 2 KiB, a megabyte.
const WINDOW: u64 = 512;
/// Positions that one page looks at, however few of them are wanted.
const LOOKED_AT_MAX: u64 = 32 * WINDOW;
/// Bytes that are read at a time for an export; one commit more at most.
const READ_BYTES: usize = 256 * 1024;

/// A record of an access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The envelope.
    pub record: Record,
    /// Its hash.
    pub hash: Hash,
    /// What it says.
    pub event: AccessEvent,
}

/// A page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub records: Vec<Listed>,
    /// Where the next page goes on: records before this position; none: that was all.
    pub next: Option<u64>,
}

impl AccessLog {
    /// Up to `limit` records before a position (none: the newest) that are wanted, the newest first.
    pub async fn page(
        &self,
        before: Option<u64>,
        limit: usize,
        wanted: impl Fn(&Listed) -> bool,
    ) -> Result<Page, AccessFault> {
        let end = self.shared.log().head().await?.position + 1;
        let mut before = before.map_or(end, |before| before.min(end));
        let floor = before.saturating_sub(LOOKED_AT_MAX).max(1);
        let mut page = Page::default();
        while before > floor {
            let from = before.saturating_sub(WINDOW).max(floor);
            let mut found = self.between(from, before).await?;
            while let Some(listed) = found.pop() {
                before = listed.record.position;
                if wanted(&listed) {
                    page.records.push(listed);
                }
                if page.records.len() == limit {
                    page.next = Some(before).filter(|before| *before > 1);
                    return Ok(page);
                }
            }
            before = from;
        }
        page.next = Some(before).filter(|before| *before > 1);
        Ok(page)
    }

    /// The records from a position up to before another.
    async fn between(&self, from: u64, before: u64) -> Result<Vec<Listed>, AccessFault> {
        let (mut next, mut out) = (from, Vec::new());
        while next < before {
            let commits = self.shared.log().read(next, READ_BYTES).await?;
            let asked = next;
            for (position, bytes) in commits.iter().flat_map(|commit| commit.iter()) {
                if (next..before).contains(&position) {
                    out.push(listed(position, &bytes)?);
                    next = position + 1;
                }
            }
            if next == asked {
                return Err(damaged(next, "the log ends before its head"));
            }
        }
        Ok(out)
    }

    /// Its portable form, up to its head now.
    pub async fn export(&self) -> Result<Export, AccessFault> {
        let log = self.shared.log();
        let until = log.head().await?.position;
        Ok(Export { log, encoder: Some(Encoder::new()), next: 1, until })
    }
}

fn listed(position: u64, bytes: &[u8]) -> Result<Listed, AccessFault> {
    let record = Record::decode(bytes).map_err(|error| damaged(position, error))?;
    let event = access::decode(&record).map_err(|error| damaged(position, error))?;
    Ok(Listed { hash: record_hash(bytes), record, event })
}

fn damaged(position: u64, detail: impl ToString) -> AccessFault {
    AccessFault::Damaged { position, detail: detail.to_string() }
}

/// An export on its way.
pub struct Export {
    log: Arc<dyn EventLog>,
    encoder: Option<Encoder>,
    next: u64,
    until: u64,
}

impl Export {
    /// The next bytes; none: that was all. A log that does not hold has no export.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, AccessFault> {
        let Some(mut encoder) = self.encoder.take() else { return Ok(None) };
        let mut out = Vec::new();
        if self.next > self.until {
            encoder.finish(&mut out).map_err(|fault| self.broken(&fault))?;
            return Ok(Some(out));
        }
        let commits = self.log.read(self.next, READ_BYTES).await?;
        let from = self.next;
        for commit in commits.iter().take_while(|commit| commit.last <= self.until) {
            encoder.commit(commit, &mut out).map_err(|fault| self.broken(&fault))?;
            self.next = commit.last + 1;
        }
        if self.next == from {
            return Err(damaged(from, "the log ends before its head"));
        }
        self.encoder = Some(encoder);
        Ok(Some(out))
    }

    fn broken(&self, fault: &ExportFault) -> AccessFault {
        let position = match fault {
            ExportFault::Chain { source, .. } => source.position(),
            _ => self.next,
        };
        damaged(position, fault)
    }
}
