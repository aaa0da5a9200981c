//! What all callers share, and nobody may use up: streams that are open, and questions that look at a whole district.
//!
//! - *Streams*: a principal gets one more as long as it has fewer open than are left for all. Whoever is alone gets half of
//!   them, k that want all they can get 1/(k + 1) each.
//! - *Questions*: so many are drawn at a time, and the next turn is for whoever waits and has the fewest of them being drawn;
//!   of these, for who came first. Whoever is alone gets every turn; one that asks a thousand things at once holds up another
//!   by no more than the question that ends next.
//!
//! Who could not be told apart, because nobody proved who it is, shares the part of the nameless.

use super::status;
use crate::domain::Reason;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tonic::Status;

/// How many of something each principal has; those that have none are not in it.
#[derive(Debug, Default)]
struct Counts(HashMap<Arc<str>, usize>);

impl Counts {
    fn of(&self, who: &str) -> usize {
        self.0.get(who).copied().unwrap_or_default()
    }

    fn add(&mut self, who: &Arc<str>) {
        *self.0.entry(Arc::clone(who)).or_default() += 1;
    }

    fn remove(&mut self, who: &Arc<str>) {
        if let Some(count) = self.0.get_mut(who) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(who);
            }
        }
    }
}

/// What no panic of another thread makes untrue: each holder leaves it whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Places for streams.
#[derive(Debug)]
pub struct Places {
    left: Mutex<(usize, Counts)>,
    most: usize,
}

/// A place among the streams that may be open; it is given back when the stream ends.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    who: Arc<str>,
}

impl Places {
    /// So many.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { left: Mutex::new((most, Counts::default())), most })
    }

    /// A place for another stream of this principal's.
    pub fn take(self: &Arc<Self>, who: &Arc<str>) -> Result<Place, Status> {
        let mut left = locked(&self.left);
        let (free, has) = (left.0, left.1.of(who));
        if has >= free {
            let (open, most) = (self.most - free, self.most);
            let message = format!(
                "{open} of {most} streams are open on this server, {has} of them yours, and nobody has more than are left \
                 for the others; try again later"
            );
            return Err(status::plain(Reason::TooManyStreams, message));
        }
        left.0 -= 1;
        left.1.add(who);
        Ok(Place { places: Arc::clone(self), who: Arc::clone(who) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut left = locked(&self.places.left);
        left.0 += 1;
        left.1.remove(&self.who);
    }
}

/// Turns at what may be drawn so many at a time.
#[derive(Debug)]
pub struct Turns(Mutex<Queue>);

#[derive(Debug)]
struct Queue {
    free: usize,
    drawn: Counts,
    /// The number of whoever came last.
    came: u64,
    /// Who waits, by principal and number.
    waiting: HashMap<Arc<str>, BTreeMap<u64, oneshot::Sender<Turn>>>,
    /// Every principal that waits once: by how many of its questions are drawn, then by the number of its first.
    line: BTreeSet<(usize, u64, Arc<str>)>,
}

impl Queue {
    /// Where a principal stands in the line; none: it waits for nothing.
    fn stands(&self, who: &Arc<str>) -> Option<(usize, u64, Arc<str>)> {
        let (first, _) = self.waiting.get(who)?.first_key_value()?;
        Some((self.drawn.of(who), *first, Arc::clone(who)))
    }

    /// Changes what a principal has or waits for, and with it where it stands.
    fn change<T>(&mut self, who: &Arc<str>, change: impl FnOnce(&mut Self) -> T) -> T {
        if let Some(stood) = self.stands(who) {
            self.line.remove(&stood);
        }
        let changed = change(self);
        self.line.extend(self.stands(who));
        changed
    }

    /// Who waits under a number waits no more; none: it did not.
    fn leave(&mut self, who: &Arc<str>, number: u64) -> Option<oneshot::Sender<Turn>> {
        self.change(who, |queue| {
            let waits = queue.waiting.get_mut(who)?;
            let give = waits.remove(&number);
            if waits.is_empty() {
                queue.waiting.remove(who);
            }
            give
        })
    }
}

/// A place in the line, left when it is dropped: whoever gives up is not looked at again.
#[derive(Debug)]
struct Wait {
    turns: Arc<Turns>,
    who: Arc<str>,
    number: u64,
    given: oneshot::Receiver<Turn>,
}

impl Drop for Wait {
    fn drop(&mut self) {
        // A turn that was given and not taken is passed on behind this lock, by the drop of what it was given through.
        locked(&self.turns.0).leave(&self.who, self.number);
    }
}

/// A turn; the next one's begins when it is dropped.
#[derive(Debug)]
pub struct Turn {
    /// None: somebody else's by now.
    turns: Option<Arc<Turns>>,
    who: Arc<str>,
}

impl Turns {
    /// So many at a time.
    pub fn new(most: usize) -> Arc<Self> {
        let (drawn, waiting, line) = (Counts::default(), HashMap::new(), BTreeSet::new());
        Arc::new(Self(Mutex::new(Queue { free: most, drawn, came: 0, waiting, line })))
    }

    /// Waits for a turn of this principal's; none is never given.
    pub async fn take(self: &Arc<Self>, who: &Arc<str>) -> Option<Turn> {
        let mut wait = {
            let mut queue = locked(&self.0);
            if queue.free > 0 {
                queue.free -= 1;
                queue.drawn.add(who);
                return Some(Turn { turns: Some(Arc::clone(self)), who: Arc::clone(who) });
            }
            queue.came += 1;
            let (number, (give, given)) = (queue.came, oneshot::channel());
            queue.change(who, |queue| queue.waiting.entry(Arc::clone(who)).or_default().insert(number, give));
            Wait { turns: Arc::clone(self), who: Arc::clone(who), number, given }
        };
        (&mut wait.given).await.ok() // Whoever gives turns holds the sender until it is this one's.
    }

    /// Gives the turn of one to the next.
    fn pass(self: &Arc<Self>, who: &Arc<str>) {
        let mut queue = locked(&self.0);
        queue.change(who, |queue| queue.drawn.remove(who));
        while let Some((_, first, who)) = queue.line.first().cloned() {
            let Some(give) = queue.leave(&who, first) else { break };
            let turn = Turn { turns: Some(Arc::clone(self)), who: Arc::clone(&who) };
            let Err(mut refused) = give.send(turn) else {
                return queue.change(&who, |queue| queue.drawn.add(&who));
            };
            // It waits no more. What it was given is not given back, which would wait for this very lock.
            refused.turns = None;
        }
        queue.free += 1;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.pass(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::task::{Context, Waker};
    use tonic::Code;

    fn who(name: &str) -> Arc<str> {
        Arc::from(name)
    }

    #[test]
    fn nobody_has_more_streams_than_are_left() {
        let places = Places::new(8);
        let take = |name: &str| places.take(&who(name));
        let mut held: Vec<_> = (0..4).map(|_| take("a").unwrap()).collect();
        assert_eq!(take("a").unwrap_err().code(), Code::ResourceExhausted);
        held.extend((0..2).map(|_| take("b").unwrap()));
        assert!(take("b").is_err() && take("c").is_ok());
        held.remove(0);
        assert!(take("a").is_err(), "3 are left, and it has 3");
        drop(held);
        assert_eq!(locked(&places.left).0, 8);
        assert!(locked(&places.left).1.0.is_empty());
    }

    /// Lets every task that can go on do so.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_next_turn_is_for_who_has_the_fewest() {
        let turns = Turns::new(2);
        let (told, order) = std::sync::mpsc::channel();
        let mut held = vec![turns.take(&who("a")).await.unwrap(), turns.take(&who("a")).await.unwrap()];
        let mut tasks = Vec::new();
        for name in ["a", "a", "b", "c", "b"] {
            let (turns, told) = (turns.clone(), told.clone());
            tasks.push(tokio::spawn(async move {
                let turn = turns.take(&who(name)).await.unwrap();
                told.send((name, turn)).unwrap();
            }));
            settle().await;
        }
        let mut given = Vec::new();
        for _ in 0..5 {
            drop(held.remove(0));
            settle().await;
            let (name, turn) = order.try_recv().unwrap();
            given.push(name);
            held.push(turn);
        }
        assert_eq!(given, ["b", "a", "c", "a", "b"]);
        drop(held);
        assert_eq!(locked(&turns.0).free, 2);
        assert!(locked(&turns.0).drawn.0.is_empty());
    }

    #[tokio::test]
    async fn who_waits_no_more_stands_in_no_line() {
        let turns = Turns::new(1);
        let held = turns.take(&who("a")).await.unwrap();
        let mut waits: Vec<_> = (0..1000)
            .map(|number| {
                let turns = turns.clone();
                Box::pin(async move { turns.take(&who(["b", "c"][number % 2])).await })
            })
            .collect();
        for wait in &mut waits {
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(locked(&turns.0).line.len(), 2);
        let stays = waits.swap_remove(998);
        drop(waits);
        let (waiting, line) = {
            let queue = locked(&turns.0);
            (queue.waiting.values().map(BTreeMap::len).sum::<usize>(), queue.line.clone())
        };
        assert_eq!((waiting, line), (1, [(0, 999, who("b"))].into()), "what was given up is kept nowhere");
        drop(held);
        drop(stays.await.unwrap());
        let queue = locked(&turns.0);
        assert_eq!((queue.free, queue.waiting.len(), queue.line.len(), queue.drawn.0.len()), (1, 0, 0, 0));
    }

    #[tokio::test]
    async fn who_waits_no_more_holds_up_nobody() {
        let turns = Turns::new(1);
        let held = turns.take(&who("a")).await.unwrap();
        let waits = |name: &'static str| {
            let turns = turns.clone();
            tokio::spawn(async move { turns.take(&who(name)).await })
        };
        let (gone, stays) = (waits("b"), waits("c"));
        settle().await;
        gone.abort();
        settle().await;
        drop(held);
        let turn = stays.await.unwrap().unwrap();
        assert_eq!(locked(&turns.0).free, 0);
        drop(turn);
        // Given, and gone before it was taken.
        let held = turns.take(&who("a")).await.unwrap();
        let gone = waits("b");
        settle().await;
        drop(held);
        gone.abort();
        settle().await;
        assert_eq!(locked(&turns.0).free, 1);
    }
}
