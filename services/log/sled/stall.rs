//! A bound on how long a commit may take. By its source, sled 0.34.7 notes an error of a write that ends a batch's last
//! reservation but wakes nobody, so its flush may wait for ever (never seen to happen in tests/log_failing_disk.rs); a
//! disk that stopped answering does the same. The one who asked must hear `Fatal` all the same, so that the server stops
//! serving instead of standing still.

use crate::log::Append;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// A commit that takes longer than this never ends.
pub(super) const COMMIT_TIME_MAX: Duration = Duration::from_secs(60);

/// The append at work, under watch.
#[derive(Default)]
pub(super) struct Stall {
    state: Mutex<State>,
    ended: Condvar,
    stalled: AtomicBool,
}

#[derive(Default)]
struct State {
    pending: Option<(Instant, oneshot::Sender<Append>)>,
    over: bool,
}

impl Stall {
    /// Starts the watch.
    pub(super) fn start(time_max: Duration) -> std::io::Result<Arc<Self>> {
        let stall = Arc::new(Self::default());
        let theirs = Arc::clone(&stall);
        std::thread::Builder::new().name("log-stall".to_owned()).spawn(move || theirs.run(time_max))?;
        Ok(stall)
    }

    /// Whether a commit was given up: its thread may never come back.
    pub(super) fn stalled(&self) -> bool {
        self.stalled.load(Ordering::Acquire)
    }

    /// An append begins.
    pub(super) fn begin(&self, reply: oneshot::Sender<Append>) {
        self.state().pending = Some((Instant::now(), reply));
    }

    /// It ended; false when it had been given up and answered meanwhile.
    pub(super) fn end(&self, outcome: Append) -> bool {
        let pending = self.state().pending.take();
        let Some((_, reply)) = pending else { return false };
        // The asker may have given up; the log has not.
        let _ = reply.send(outcome);
        true
    }

    /// Nothing more will come.
    pub(super) fn over(&self) {
        self.state().over = true;
        self.ended.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, time_max: Duration) {
        let mut state = self.state();
        while !state.over {
            let late = state.pending.take_if(|(since, _)| since.elapsed() > time_max);
            if let Some((_, reply)) = late {
                self.stalled.store(true, Ordering::Release);
                // The asker may have given up before.
                let _ = reply.send(Append::Fatal(format!("a commit took longer than {} s", time_max.as_secs())));
                return;
            }
            let waited = self.ended.wait_timeout(state, time_max / 4);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_never_ends_is_answered() {
        let stall = Stall::start(Duration::from_millis(20)).unwrap();
        let (reply, answer) = oneshot::channel();
        stall.begin(reply);
        assert!(matches!(answer.blocking_recv(), Ok(Append::Fatal(_))));
        assert!(stall.stalled());
        assert!(!stall.end(Append::Full), "the late end is told that it was given up");
    }

    #[test]
    fn a_commit_that_ends_is_left_alone() {
        let stall = Stall::start(Duration::from_millis(20)).unwrap();
        for _ in 0..3 {
            let (reply, answer) = oneshot::channel();
            stall.begin(reply);
            assert!(stall.end(Append::Full));
            assert_eq!(answer.blocking_recv(), Ok(Append::Full));
            std::thread::sleep(Duration::from_millis(30));
        }
        assert!(!stall.stalled());
        stall.over();
    }
}
