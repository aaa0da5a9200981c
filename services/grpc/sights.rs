//! What callers see of a district: all of it or, for an operator, the part that is in its scope. Parts are kept for a while,
//! by the carriers they are of and the position they are true for.

use crate::auth::{Call, Scope};
use crate::domain::IncubatorId;
use crate::engine::Published;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts kept at most, the last ones asked for.
const PARTS_MAX: usize = 16;

struct Part {
    log_id: [u8; 16],
    position: u64,
    incubators: Arc<[IncubatorId]>,
    seen: Arc<Published>,
}

/// The parts that were asked for last.
#[derive(Default)]
pub struct Sights(Mutex<VecDeque<Part>>);

impl fmt::Debug for Sights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sights")
    }
}

impl Sights {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Part>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a call sees what the engines publish. Streams take it along.
#[derive(Clone, Debug)]
pub struct Sees {
    /// The call.
    pub call: Call,
    sights: Arc<Sights>,
}

impl Sees {
    /// The sight of a call.
    pub fn new(call: Call, sights: Arc<Sights>) -> Self {
        Self { call, sights }
    }

    /// The scope that it keeps to; none: it sees everything.
    pub fn scope(&self) -> Option<Scope> {
        self.call.scoped.then(|| Scope::of(Arc::clone(&self.call.caller)))
    }

    /// What it sees of a state.
    pub fn of(&self, published: &Arc<Published>) -> Arc<Published> {
        let Some(scope) = self.scope() else { return Arc::clone(published) };
        let (log_id, position) = (published.log_id, published.head.position);
        let is_it =
            |part: &&Part| part.position == position && part.log_id == log_id && part.incubators == *scope.incubators();
        if let Some(part) = self.sights.lock().iter().find(is_it) {
            return Arc::clone(&part.seen);
        }
        let registry = Arc::new(scope.now(&published.registry).part(None));
        let seen = Arc::new(Published { registry, ..Published::clone(published) });
        let mut parts = self.sights.lock();
        parts.push_front(Part {
            log_id,
            position,
            incubators: Arc::clone(scope.incubators()),
            seen: Arc::clone(&seen),
        });
        parts.truncate(PARTS_MAX);
        seen
    }
}
