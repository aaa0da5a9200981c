//! Lines of the server's log that strangers can cause: one in so many seconds is written, with how many were left out.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often one kind of line is written.
const EVERY: Duration = Duration::from_secs(10);

/// One kind of line.
#[derive(Debug)]
pub struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// Not written yet.
    pub const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// How many were left out since the last one, where this one is to be written.
    pub fn due(&self) -> Option<u64> {
        self.due_at(Instant::now())
    }

    fn due_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|last| now.saturating_duration_since(last) < EVERY) {
            state.1 += 1;
            return None;
        }
        let left_out = state.1;
        *state = (Some(now), 0);
        Some(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_is_written() {
        let (seldom, now) = (Seldom::new(), Instant::now());
        assert_eq!(seldom.due_at(now), Some(0));
        for _ in 0..1000 {
            assert_eq!(seldom.due_at(now + EVERY / 2), None);
        }
        assert_eq!(seldom.due_at(now + EVERY), Some(1000));
        assert_eq!(seldom.due_at(now + EVERY * 2), Some(0));
    }
}
