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

#[cfg(test)]
mod tests {
    use super::*;

    /// A position, and how it was come by.
    #[derive(Clone, Debug, PartialEq)]
    struct Made(u64, String);

    impl State for Made {
        fn position(&self) -> u64 {
            self.0
        }
    }

    fn ask(recent: &Recent<u8, Made, 3>, basis: u8, position: u64, is_head: bool) -> String {
        let advance = |state: &mut Made| *state = Made(position, format!("{} {position}", state.1));
        recent.at(basis, (position, is_head), advance, || Made(position, format!("full {position}"))).1
    }

    #[test]
    fn the_head_is_taken_on_and_the_last_states_are_kept() {
        let recent = Recent::default();
        assert_eq!(ask(&recent, 1, 10, true), "full 10");
        assert_eq!(ask(&recent, 1, 10, true), "full 10");
        assert_eq!(ask(&recent, 1, 30, true), "full 10 30");
        // Who saw the head a moment ago is helped by what was kept before.
        assert_eq!(ask(&recent, 1, 20, true), "full 10 20");
        assert_eq!(ask(&recent, 1, 40, true), "full 10 30 40");
        // A pinned position is found while it is kept, and not kept itself.
        assert_eq!(ask(&recent, 1, 20, false), "full 10 20");
        assert_eq!(ask(&recent, 1, 10, false), "full 10");
        assert_eq!(ask(&recent, 1, 35, false), "full 35");
        assert_eq!(ask(&recent, 1, 36, true), "full 10 30 36");
        assert_eq!(ask(&recent, 1, 20, false), "full 20");
    }

    #[test]
    fn another_basis_begins_anew() {
        let recent = Recent::default();
        assert_eq!(ask(&recent, 1, 10, true), "full 10");
        assert_eq!(ask(&recent, 2, 11, true), "full 11");
        assert_eq!(ask(&recent, 1, 12, true), "full 12");
    }

    #[test]
    fn a_past_position_is_read_while_others_ask() {
        let recent = Recent::<u8, Made, 3>::default();
        let past = recent.at(
            1,
            (5, false),
            |_| {},
            || {
                assert_eq!(ask(&recent, 1, 10, true), "full 10");
                Made(5, "full 5".to_owned())
            },
        );
        assert_eq!(past.1, "full 5");
    }
}
