//! The writer loop: the only place that appends to the log.
//!
//! While the disk is busy with one commit, what comes in is decided into the next, on the state that the first one leaves.
//! There is no timer: an idle disk gets what is there, once whoever was about to send has had a turn.

use super::clock::{Clock, shanghai_day};
use super::fold::{Broken, Fold};
use super::group::{Base, Group, Sealed};
use super::published::Published;
use super::request::EngineError;
use super::snapshot::Snapshots;
use super::work::Work;
use super::{GROUP_COMMANDS_MAX, Stop};
use crate::journal::{COMMIT_BYTES_MAX, Commit, Head};
use crate::log::{Append, EventLog, LogError};
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Why nobody answers any more when the writer is gone without having said so.
pub(super) const ENDED: &str = "the writer ended unexpectedly";

/// Times that a commit is offered whose fate the log does not tell; then the log counts as failed.
const OFFERS_MAX: u32 = 11;

/// Pause before the second offer; it doubles, to about 4 s in all.
const OFFER_PAUSE: Duration = Duration::from_millis(4);

/// The writer of one district.
pub(super) struct Writer {
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub queue: mpsc::Receiver<Work>,
    /// The durable state.
    pub fold: Fold,
    pub published: Arc<ArcSwap<Published>>,
    pub head: watch::Sender<Head>,
    pub stop: watch::Sender<Option<Stop>>,
    pub snapshots: Option<Snapshots>,
    /// Work that comes before the queue: what did not fit into its group, or must be decided again.
    pub carried: VecDeque<Work>,
}

/// A group that takes what comes in.
struct Open {
    group: Group,
    works: Vec<Work>,
    commands: usize,
    /// Takes no more.
    is_full: bool,
}

/// A group whose commit is on its way to the disk.
struct Flight {
    sealed: Sealed,
    works: Vec<Work>,
    offered: Pin<Box<dyn Future<Output = Append> + Send>>,
}

/// What happens next.
enum Next {
    Stopped,
    Offered(Append),
    Work(Option<Work>),
}

impl Writer {
    /// Serves until it is drained, the log fails or is found damaged.
    pub async fn run(mut self) {
        let (mut flight, mut open) = (None, None);
        if let Err(stop) = self.serve(&mut flight, &mut open).await {
            stop.tell(&self.stop);
        }
        let left = flight.map(|flight: Flight| flight.works).into_iter().chain(open.map(|open: Open| open.works));
        self.refuse_rest(left.flatten().collect()).await;
    }

    /// Ends well when it was told to stop or is drained, and settled.
    async fn serve(&mut self, flight: &mut Option<Flight>, open: &mut Option<Open>) -> Result<(), Stop> {
        let mut stopped = self.stop.subscribe();
        let mut is_closed = false;
        loop {
            if self.stop.borrow().is_some() {
                // Told here too: with work at hand the wait below may never come to it.
                return self.arrive(flight, open).await;
            }
            if flight.is_none() && open.is_some() {
                self.fill(open).await;
                *flight = self.depart(open);
                continue;
            }
            if is_closed && flight.is_none() && self.carried.is_empty() {
                self.settle().await;
                return Ok(());
            }
            let takes = !(is_closed && self.carried.is_empty()) && open.as_ref().is_none_or(|open| !open.is_full);
            let next = tokio::select! {
                biased;
                _ = stopped.wait_for(Option::is_some) => Next::Stopped,
                append = offered(flight) => Next::Offered(append),
                work = next_work(&mut self.carried, &mut self.queue), if takes => Next::Work(work),
            };
            match next {
                Next::Stopped => {} // Told at the top.
                Next::Work(None) => is_closed = true,
                Next::Work(Some(work)) => self.take(work, flight.as_ref(), open),
                Next::Offered(append) => self.land(flight, append, open).await?,
            }
        }
    }

    /// Waits for the commit on its way: whoever it is of is told what became of it.
    async fn arrive(&mut self, flight: &mut Option<Flight>, open: &mut Option<Open>) -> Result<(), Stop> {
        if flight.is_none() {
            return Ok(());
        }
        let append = offered(flight).await;
        self.land(flight, append, open).await
    }

    /// Takes in all that waits before an idle disk gets it; whoever is about to send has a turn first, so that what comes in
    /// together shares a commit.
    async fn fill(&mut self, open: &mut Option<Open>) {
        for turn in [true, false] {
            while open.as_ref().is_some_and(|open| !open.is_full) {
                let waiting = self.carried.pop_front().or_else(|| self.queue.try_recv().ok());
                let Some(work) = waiting else { break };
                self.take(work, None, open);
            }
            if turn {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Decides a piece of work into the open group, or opens one with it.
    fn take(&mut self, mut work: Work, flight: Option<&Flight>, open: &mut Option<Open>) {
        if matches!(work, Work::Drain) {
            self.queue.close();
            return;
        }
        let today = shanghai_day(self.clock.now_micros());
        if let Some(open) = open.as_mut().filter(|open| open.group.today() < today) {
            open.is_full = true; // What comes after midnight is decided on its own day.
            self.carried.push_front(work);
            return;
        }
        let base = Base { fold: &self.fold, flying: flight.map(|flight| &flight.sealed) };
        let now = || Group::new(base, self.clock.now_micros());
        let open = open.get_or_insert_with(|| Open { group: now(), works: Vec::new(), commands: 0, is_full: false });
        open.commands += work.commands();
        let fits = work.decide(base, &mut open.group);
        open.is_full = !fits || open.commands >= GROUP_COMMANDS_MAX;
        if fits {
            open.works.push(work);
        } else {
            self.carried.push_front(work);
        }
    }

    /// Sends the open group's commit to the disk; a group without events is answered at once.
    fn depart(&mut self, open: &mut Option<Open>) -> Option<Flight> {
        let Open { group, mut works, .. } = open.take()?;
        if group.is_empty() {
            self.answer(works);
            return None;
        }
        let sealed = group.seal();
        for work in works.iter_mut().chain(&mut self.carried) {
            work.depart();
        }
        let (log, expected, commit) = (Arc::clone(&self.log), self.fold.published.head, sealed.commit.clone());
        let offered = Box::pin(async move { log.append(expected, commit).await });
        Some(Flight { sealed, works, offered })
    }

    /// What became of the commit on its way. Unless it was made as offered, what was built on it is decided again.
    async fn land(&mut self, flight: &mut Option<Flight>, append: Append, open: &mut Option<Open>) -> Result<(), Stop> {
        let Some(Flight { sealed, works, .. }) = flight.take() else { return Ok(()) };
        let made = match append {
            Append::Appended(head) if head == sealed.commit.head() => Made::Durable,
            other => self.find_out(other, &sealed.commit).await,
        };
        if matches!(made, Made::Durable) {
            self.fold.land(sealed);
            self.publish();
        }
        if matches!(made, Made::Durable | Made::Recognised) {
            for work in open.iter_mut().flat_map(|open| &mut open.works).chain(&mut self.carried) {
                work.land();
            }
        }
        if matches!(made, Made::Full) {
            self.fail_aboard(open);
        }
        if !matches!(made, Made::Durable) {
            self.again(open.take().map(|open| open.works).unwrap_or_default());
        }
        match made {
            Made::Durable | Made::Recognised => self.answer(works),
            Made::Overtaken => self.again(works), // Another writer's commit is taken in: decide on what it left.
            Made::Full => works.into_iter().for_each(|work| work.fail(&EngineError::LogFull)),
            Made::Stopped(stop) => {
                self.again(works);
                return Err(stop);
            }
        }
        self.snapshot(false).await;
        Ok(())
    }

    /// Fails the rows of which a part was in the commit that found no space, and the rest is still to come: decided again,
    /// they would only meet the same.
    fn fail_aboard(&mut self, open: &mut Option<Open>) {
        let open = open.as_mut().map(|open| &mut open.works);
        let decided = open.and_then(|works| Some(works.remove(works.iter().position(Work::is_aboard)?)));
        let at = self.carried.iter().position(Work::is_aboard);
        let carried = at.and_then(|at| self.carried.remove(at));
        decided.into_iter().chain(carried).for_each(|work| work.fail(&EngineError::LogFull));
    }

    /// Puts work in front of all other, as if it had not been decided.
    fn again(&mut self, works: Vec<Work>) {
        for mut work in works.into_iter().rev() {
            work.forget();
            self.carried.push_front(work);
        }
        self.carried.iter_mut().for_each(Work::forget);
    }

    fn publish(&mut self) {
        self.published.store(Arc::new(self.fold.published.clone()));
        self.head.send_replace(self.fold.published.head);
    }

    fn answer(&self, works: Vec<Work>) {
        works.into_iter().for_each(|work| work.answer(&self.fold.published));
    }

    /// Finds out what became of a commit that was not simply made; offers it again where the log does not hold it.
    async fn find_out(&mut self, first: Append, commit: &Commit) -> Made {
        let expected = self.fold.published.head;
        let mut append = first;
        for offer in 1..=OFFERS_MAX {
            match append {
                Append::Appended(head) if head == commit.head() => return Made::Durable,
                Append::Appended(head) => {
                    let detail = format!("the log says it ends at {}, not at {}", head.position, commit.last);
                    return Made::Stopped(Stop::LogFailed(detail));
                }
                Append::Fatal(detail) => return Made::Stopped(Stop::LogFailed(detail)),
                Append::Conflict { head } if falls_short(&head, &expected) => {
                    return Made::Stopped(lost(&head, &expected));
                }
                Append::Full if offer == 1 => return Made::Full,
                // Full after an offer whose fate is unknown: that one may still be found.
                Append::Full | Append::Conflict { .. } | Append::Unknown => match self.behind(commit).await {
                    Ok(Some(made)) => return made,
                    Ok(None) => {} // It is not there: the same commit at the same place again can't double it.
                    Err(stop) => return Made::Stopped(stop),
                },
            }
            if offer < OFFERS_MAX {
                tokio::time::sleep(OFFER_PAUSE * (1 << (offer - 1))).await;
                append = self.log.append(expected, commit.clone()).await;
            } else {
                break;
            }
        }
        Made::Stopped(Stop::LogFailed(format!("it does not tell what became of a commit offered {OFFERS_MAX} times")))
    }

    /// Reads on from the expected head: our own commit is known by its hash; another's is taken in.
    async fn behind(&mut self, commit: &Commit) -> Result<Option<Made>, Stop> {
        let mut made = None;
        loop {
            let from = self.fold.published.head.position + 1;
            let found = self.log.read(from, COMMIT_BYTES_MAX).await.map_err(|error| Stop::from_log(&error))?;
            for other in &found {
                let mut next = self.fold.clone();
                next.take(other).map_err(Stop::from)?;
                self.fold = next;
                self.publish();
                if other.hash == commit.hash && other.number == commit.number {
                    made = Some(Made::Recognised);
                } else if made.is_none() {
                    made = Some(Made::Overtaken);
                }
            }
            if found.is_empty() {
                return Ok(made);
            }
        }
    }

    async fn snapshot(&mut self, now: bool) {
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.consider(&self.fold, now).await;
        }
    }

    async fn settle(&mut self) {
        self.snapshot(true).await;
        let stop = match self.log.close().await {
            Ok(()) => Stop::Drained,
            Err(error) => Stop::from_log(&error),
        };
        stop.tell(&self.stop);
    }

    /// `begun` was decided, and its commit is not known to be made.
    async fn refuse_rest(&mut self, begun: Vec<Work>) {
        self.queue.close();
        let error = self.stop.borrow().clone().map_or(EngineError::Draining, |stop| stop.error());
        for work in begun.into_iter().chain(self.carried.drain(..)) {
            work.fail(&error);
        }
        while let Some(work) = self.queue.recv().await {
            work.fail(&error);
        }
        if !matches!(*self.stop.borrow(), Some(Stop::Drained)) {
            let _ = self.log.close().await; // It failed before; what can be settled is.
        }
    }
}

impl Drop for Writer {
    /// A writer that ends in any other way (a panic) leaves nobody waiting for ever.
    fn drop(&mut self) {
        Stop::LogFailed(ENDED.to_owned()).tell(&self.stop);
    }
}

/// Whether a log that ends at `head` lacks what was acknowledged up to `expected`.
fn falls_short(head: &Head, expected: &Head) -> bool {
    head.position < expected.position || (head.position == expected.position && head != expected)
}

fn lost(head: &Head, expected: &Head) -> Stop {
    let position = expected.position.min(head.position + 1);
    let detail = format!("the log ends at {}, and {} was acknowledged", head.position, expected.position);
    Stop::Damaged { position, detail }
}

/// What the log says of the commit on its way; never, where there is none.
async fn offered(flight: &mut Option<Flight>) -> Append {
    match flight {
        Some(flight) => flight.offered.as_mut().await,
        None => std::future::pending().await,
    }
}

/// The next piece of work; none when the queue is closed and empty.
async fn next_work(carried: &mut VecDeque<Work>, queue: &mut mpsc::Receiver<Work>) -> Option<Work> {
    match carried.pop_front() {
        Some(work) => Some(work),
        None => queue.recv().await,
    }
}

/// What became of a commit.
enum Made {
    /// Appended; not yet taken in.
    Durable,
    /// Found in the log after its acknowledgement was lost, and taken in from there.
    Recognised,
    /// Another's commit stands in its place, and is taken in.
    Overtaken,
    Full,
    Stopped(Stop),
}

impl Stop {
    /// Tells everyone; the first reason stays.
    pub(super) fn tell(self, stop: &watch::Sender<Option<Self>>) {
        stop.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(self);
            first
        });
    }

    /// What a caller is told.
    pub(super) fn error(&self) -> EngineError {
        match self.clone() {
            Self::Drained => EngineError::Draining,
            Self::LogFailed(detail) => EngineError::LogFailed(detail),
            Self::Damaged { position, detail } => EngineError::Damaged { position, detail },
        }
    }

    pub(super) fn from_log(error: &LogError) -> Self {
        match error {
            LogError::DataLoss { position, detail } => Self::Damaged { position: *position, detail: detail.clone() },
            other => Self::LogFailed(other.to_string()),
        }
    }
}

impl From<Broken> for Stop {
    fn from(Broken { position, detail }: Broken) -> Self {
        Self::Damaged { position, detail }
    }
}
