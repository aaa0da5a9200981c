//! The last few states of something that is kept from fact to fact, by position: a question at the head costs what the facts
//! since the last one touch, and so does a page that pins a position a moment ago. Any other position is computed anew. The
//! writer never waits for any of it, and nothing here is ever the only place of anything.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is true for a position, and cheap to clone.
pub trait State: Clone {
    /// The position.
    fn position(&self) -> u64;
}

/// States that rest on one basis.
struct States<B, S> {
    basis: B,
    by_position: VecDeque<S>,
}

/// The last states: at most `MAX`, all of one basis.
pub struct Recent<B, S, const MAX: usize>(Mutex<States<B, S>>);

impl<B: Default, S, const MAX: usize> Default for Recent<B, S, MAX> {
    fn default() -> Self {
        Self(Mutex::new(States { basis: B::default(), by_position: VecDeque::new() }))
    }
}

impl<B: PartialEq, S: State, const MAX: usize> Recent<B, S, MAX> {
    /// The state at a position: kept; or at the head taken on from the last one before it, while others who ask wait; or
    /// computed anew. Another basis ends what was kept of the last one.
    pub fn at(
        &self,
        basis: B,
        (position, is_head): (u64, bool),
        advance: impl FnOnce(&mut S),
        full: impl FnOnce() -> S,
    ) -> S {
        let mut states = self.lock();
        if states.basis != basis {
            *states = States { basis, by_position: VecDeque::new() };
        }
        let behind = states.by_position.partition_point(|state| state.position() <= position);
        let last = behind.checked_sub(1).and_then(|last| states.by_position.get(last)).cloned();
        let state = match last {
            Some(kept) if kept.position() == position => return kept,
            _ if !is_head => {
                drop(states);
                return full();
            }
            Some(mut last) => {
                advance(&mut last);
                last
            }
            None => full(),
        };
        states.by_position.insert(behind, state.clone());
        if states.by_position.len() > MAX {
            states.by_position.pop_front();
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, States<B, S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
