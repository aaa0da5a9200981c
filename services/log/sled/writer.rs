//! The thread that writes: one commit after the other, each on stable storage before its reply leaves.

use super::opening::SLED;
use super::stall::Stall;
use super::witness::Witness;
use super::{Shared, clean, disk};
use crate::journal::{Commit, Head};
use crate::log::{Append, LogError, refusal};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// What the thread is asked to do.
pub(super) enum Job {
    /// Append a commit.
    Append {
        /// Where the log must end.
        expected: Head,
        /// What to append.
        commit: Commit,
        /// What became of it.
        reply: oneshot::Sender<Append>,
    },
    /// Stop cleanly.
    Close {
        /// Whether it was clean.
        reply: oneshot::Sender<Result<(), LogError>>,
    },
}

/// What the thread owns.
pub(super) struct Writer {
    pub dir: PathBuf,
    pub reserve_bytes: u64,
    /// Held until the very end.
    pub lock: File,
    pub store: Shared,
    pub witness: Witness,
    pub head: watch::Sender<Head>,
    pub stall: Arc<Stall>,
    /// Why nothing may be written any more. Once set, for good: what a failed sync left is not known, and a second one
    /// would claim success for pages that the system already dropped.
    pub fatal: Option<String>,
}

impl Writer {
    /// Works until it is told to stop or nobody is left to ask.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Append { expected, commit, reply } => {
                    self.stall.begin(reply);
                    let outcome = self.append(expected, &commit);
                    if !self.stall.end(outcome) {
                        self.fatal.get_or_insert_with(|| "an earlier commit took too long".to_owned());
                    }
                }
                Job::Close { reply } => {
                    jobs.close();
                    let _ = reply.send(self.close(true));
                    return;
                }
            }
        }
        // Nobody is left to tell; an unclean stop is what the next start will find.
        let _ = self.close(false);
    }

    fn append(&mut self, expected: Head, commit: &Commit) -> Append {
        if let Some(why) = &self.fatal {
            return Append::Fatal(why.clone());
        }
        let head = *self.head.borrow();
        if head != expected {
            return Append::Conflict { head };
        }
        if let Some(why) = refusal(&expected, commit) {
            return Append::Fatal(why);
        }
        // Asked before the first byte: when sled itself runs out of space, what it wrote is not known.
        let need = self.reserve_bytes.saturating_add(2 * commit.records.len() as u64);
        if disk::free_bytes(&self.dir).is_ok_and(|free| free < need) {
            return Append::Full;
        }
        match self.write(commit) {
            Ok(head) => Append::Appended(head),
            Err(why) => {
                self.fatal = Some(why.clone());
                Append::Fatal(why)
            }
        }
    }

    fn write(&self, commit: &Commit) -> Result<Head, String> {
        let open = self.store.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().ok_or("the log is closed")?.append(commit)?;
        let head = commit.head();
        // A witness of nothing must mean a log of nothing, so the first commit waits for it; no other does.
        if commit.number == 1 {
            self.witness.settle(head)?
        } else {
            self.witness.note(head)?
        }
        self.head.send_replace(head);
        Ok(head)
    }

    /// Settles the witness and lets go of sled; `clean` also leaves the marker, if nothing ever failed.
    fn close(self, clean: bool) -> Result<(), LogError> {
        self.stall.over();
        let head = *self.head.borrow();
        let witnessed = self.witness.finish();
        let store = self.store.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(store) = store {
            store.close()?;
        }
        if let Some(detail) = self.fatal.or(witnessed.err()) {
            return Err(LogError::Unusable { detail });
        }
        let sled = self.dir.join(SLED);
        if clean {
            disk::sync_tree(&sled)?;
            clean::write(&self.dir, &sled, head)?;
        }
        drop(self.lock);
        Ok(())
    }
}
