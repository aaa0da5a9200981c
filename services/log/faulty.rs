//! A log that fails by a plan, around any other: what the writer does on a bad day is tested on every day.

use super::{Append, EventLog, LogError};
use crate::journal::{Commit, Head};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What happens to one append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it goes through.
    None,
    /// It fails before a byte is written, for good: this append and every later one answers `Fatal`.
    Fatal,
    /// It is written, but the sync fails: `Fatal` from here on, and the bytes may be found after a restart.
    SyncFails,
    /// It is written; the acknowledgement is lost.
    UnknownWritten,
    /// It is not written, and nothing says so.
    UnknownLost,
    /// Another writer's commit lands first; then this one is offered, and meets a `Conflict`.
    Conflict(Commit),
    /// No space; nothing is written.
    Full,
    /// It goes through after a while.
    Delay(Duration),
}

type AppendPlan = Box<dyn FnMut(&Head, &Commit) -> Fault + Send>;

/// What to do to the appends to come.
pub struct Plan(AppendPlan);

impl Plan {
    /// Every append goes through.
    pub fn none() -> Self {
        Self(Box::new(|_, _| Fault::None))
    }

    /// One fault for each append in turn; what comes after them goes through.
    pub fn queue(faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut faults: VecDeque<Fault> = faults.into_iter().collect();
        Self(Box::new(move |_, _| faults.pop_front().unwrap_or(Fault::None)))
    }

    /// Decided at each append from the expected head and the commit, e.g. to build the foreign commit of a conflict.
    pub fn each(decide: impl FnMut(&Head, &Commit) -> Fault + Send + 'static) -> Self {
        Self(Box::new(decide))
    }

    /// Faults that a writer survives (both kinds of Unknown, Full, a short delay), `per_mille` of the appends, the same
    /// ones for the same seed.
    pub fn seeded(seed: u64, per_mille: u64) -> Self {
        let mut state = seed;
        Self(Box::new(move |_, _| {
            if split_mix(&mut state) % 1000 >= per_mille {
                return Fault::None;
            }
            match split_mix(&mut state) % 4 {
                0 => Fault::UnknownWritten,
                1 => Fault::UnknownLost,
                2 => Fault::Full,
                _ => Fault::Delay(Duration::from_micros(split_mix(&mut state) % 2_000)),
            }
        }))
    }
}

/// SplitMix64: a plan must be the same on every machine and for years, which no crate's default generator promises.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Any log, with faults.
pub struct FaultyLog {
    inner: Arc<dyn EventLog>,
    plan: Mutex<AppendPlan>,
    reads: Mutex<VecDeque<Option<LogError>>>,
    fatal: Mutex<Option<String>>,
}

impl FaultyLog {
    /// Puts `plan` before every append to `inner`.
    pub fn new(inner: Arc<dyn EventLog>, plan: Plan) -> Self {
        Self { inner, plan: Mutex::new(plan.0), reads: Mutex::default(), fatal: Mutex::default() }
    }

    /// Replaces the plan from the next append on.
    pub fn set_plan(&self, plan: Plan) {
        *held(&self.plan) = plan.0;
    }

    /// Decides the reads to come: an error is answered instead of reading, `None` lets one read through.
    pub fn plan_reads(&self, outcomes: impl IntoIterator<Item = Option<LogError>>) {
        held(&self.reads).extend(outcomes);
    }

    /// The log behind the faults: what is really stored.
    pub fn inner(&self) -> &Arc<dyn EventLog> {
        &self.inner
    }

    fn fail(&self, why: &str) -> Append {
        *held(&self.fatal) = Some(why.to_owned());
        Append::Fatal(why.to_owned())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, expected: Head, commit: Commit) -> Append {
        if let Some(why) = held(&self.fatal).clone() {
            return Append::Fatal(why);
        }
        let fault = (held(&self.plan))(&expected, &commit);
        match fault {
            Fault::None => self.inner.append(expected, commit).await,
            Fault::Fatal => self.fail("planned: the write failed"),
            Fault::Full => Append::Full,
            Fault::UnknownLost => Append::Unknown,
            Fault::SyncFails => match self.inner.append(expected, commit).await {
                Append::Appended(_) => self.fail("planned: the sync failed"),
                other => other,
            },
            Fault::UnknownWritten => match self.inner.append(expected, commit).await {
                Append::Appended(_) => Append::Unknown,
                other => other,
            },
            Fault::Conflict(foreign) => match self.inner.append(expected, foreign).await {
                Append::Appended(_) => self.inner.append(expected, commit).await,
                other => other,
            },
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                self.inner.append(expected, commit).await
            }
        }
    }

    async fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Commit>, LogError> {
        let planned = held(&self.reads).pop_front().flatten();
        match planned {
            Some(error) => Err(error),
            None => self.inner.read(from, bytes_max).await,
        }
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.inner.head().await
    }

    fn watch(&self) -> watch::Receiver<Head> {
        self.inner.watch()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.inner.close().await
    }
}
