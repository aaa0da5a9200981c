//! The log in its portable form, as it stood at one commit: pulled at the reader's pace, a commit or a few at a time, so
//! that a log of any size leaves in bounded memory while the writer goes on.

use super::{Engine, EngineError, Stop};
use crate::domain::{Reason, Refusal};
use crate::journal::export::{Encoder, ExportFault};
use std::fmt;

/// Bytes of the log that are read at a time; one commit more at most.
const READ_BYTES_MAX: usize = 256 * 1024;

/// A position at which no export can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportRange {
    /// It lies beyond the log's end.
    Ahead {
        /// Where the log ends.
        head: u64,
    },
    /// It lies inside a commit.
    Inside {
        /// Last position of the commit before; 0: none.
        before: u64,
        /// Last position of the commit itself.
        end: u64,
    },
}

impl fmt::Display for ExportRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { head } => write!(f, "the log ends at position {head}"),
            Self::Inside { before, end } => write!(f, "it is inside a commit: {before} and {end} end one"),
        }
    }
}

/// An export on its way.
pub struct Export {
    engine: Engine,
    encoder: Option<Encoder>,
    next: u64,
    until: u64,
}

impl Engine {
    /// The log up to a position that ends a commit; 0: up to the head that is published now.
    pub fn export(&self, to: u64) -> Result<Export, ExportRange> {
        let published = self.published();
        let head = published.head.position;
        if to > head {
            return Err(ExportRange::Ahead { head });
        }
        let until = if to == 0 { head } else { to };
        let (before, end) = published.commit_around(until);
        if end != until {
            return Err(ExportRange::Inside { before, end });
        }
        Ok(Export { engine: self.clone(), encoder: Some(Encoder::new()), next: 1, until })
    }
}

impl Export {
    /// The next bytes, at most a commit or `READ_BYTES_MAX` with what frames them; none: that was all. A log that does not
    /// hold stops the engine, and its export has no end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(mut encoder) = self.encoder.take() else { return Ok(None) };
        let mut out = Vec::new();
        if self.next > self.until {
            encoder.finish(&mut out).map_err(|fault| self.damaged(&fault))?;
            return Ok(Some(out));
        }
        let read = self.engine.shared.log.read(self.next, READ_BYTES_MAX).await;
        let commits = read.map_err(|error| self.engine.fail(Stop::from_log(&error)))?;
        let from = self.next;
        for commit in commits.iter().take_while(|commit| commit.last <= self.until) {
            encoder.commit(commit, &mut out).map_err(|fault| self.damaged(&fault))?;
            self.next = commit.last + 1;
        }
        if self.next == from {
            let detail = "the log ends before its published head".to_owned();
            return Err(self.engine.fail(Stop::Damaged { position: from, detail }));
        }
        self.encoder = Some(encoder);
        Ok(Some(out))
    }

    fn damaged(&self, fault: &ExportFault) -> EngineError {
        let position = match fault {
            ExportFault::Chain { source, .. } => source.position(),
            // The log holds; it is its district that the form has no room for.
            ExportFault::District => {
                return EngineError::Refused(Box::new(Refusal::new(Reason::MalformedName, fault.to_string())));
            }
            _ => self.next,
        };
        self.engine.fail(Stop::Damaged { position, detail: fault.to_string() })
    }
}
