//! What was noted and is not written yet: bounded, whatever strangers do.
//!
//! The first of its kind is due at once; more like it are counted, and due as one when a minute is over. Each class has its
//! share of different entries at a time and of records an hour. What goes beyond is counted alone, and told in a record that
//! says how many were not told one by one. Nothing here waits for anything but a short lock.

use crate::journal::access::{
    AccessEvent, Cause, DataKind, ENTITY_BYTES_MAX, METHOD_BYTES_MAX, PEER_BYTES_MAX, QUERY_BYTES_MAX,
    REASON_BYTES_MAX, cut,
};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How long like ones are counted before they are written as one, microseconds.
pub const WINDOW_MICROS: i64 = 60_000_000;
/// The time that shares of records are for, microseconds.
pub const HOUR_MICROS: i64 = 3_600_000_000;
/// Bytes of a record at most: the envelope, two ids of a principal, two subjects, and every field of the longest payload. With
/// `Class::records_an_hour` it bounds the bytes an hour.
pub const RECORD_BYTES_MAX: usize = 2048;

/// Who called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Who {
    /// Its id; empty: nobody proved who it was.
    pub principal: String,
    /// On whose behalf; empty: its own.
    pub on_behalf_of: String,
}

/// What happened, apart from when and how often.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A call was turned away.
    Denied {
        /// `package.Service/Method`; empty: there is no such method.
        method: String,
        /// Word of the reason.
        reason: String,
        /// Where it came from; empty: unknown.
        peer: String,
    },
    /// Data was read.
    Read {
        /// What kind.
        kind: DataKind,
        /// `package.Service/Method`.
        method: String,
        /// Name within the district; empty: not one alone.
        entity: String,
        /// What was asked for beside it.
        query: String,
    },
}

/// An entry: who did what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Noted {
    /// Who.
    pub who: Who,
    /// What.
    pub what: What,
}

/// What shares a bound: strangers take nothing from those who are known, nor refusals from what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Turned away, and nobody proved who it was.
    Stranger,
    /// Turned away, of a known principal.
    Denied,
    /// Read.
    Read,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stranger, Self::Denied, Self::Read];

    /// Different entries at a time.
    pub const fn entries_max(self) -> usize {
        match self {
            Self::Stranger => 1024,
            Self::Denied => 4096,
            Self::Read => 16_384,
        }
    }

    /// Records an hour.
    pub const fn records_an_hour(self) -> u64 {
        match self {
            Self::Stranger => 300,
            Self::Denied => 3000,
            Self::Read => 60_000,
        }
    }
}

impl Noted {
    /// Its class.
    pub fn class(&self) -> Class {
        match &self.what {
            What::Read { .. } => Class::Read,
            What::Denied { .. } if self.who.principal.is_empty() => Class::Stranger,
            What::Denied { .. } => Class::Denied,
        }
    }

    /// The same, no text longer than a record has room for.
    fn bounded(mut self) -> Self {
        let shorten = |text: &mut String, bytes_max| text.truncate(cut(text, bytes_max).len());
        shorten(&mut self.who.principal, crate::engine::PRINCIPAL_BYTES_MAX);
        shorten(&mut self.who.on_behalf_of, crate::engine::PRINCIPAL_BYTES_MAX);
        match &mut self.what {
            What::Denied { method, reason, peer } => {
                shorten(method, METHOD_BYTES_MAX);
                shorten(reason, REASON_BYTES_MAX);
                shorten(peer, PEER_BYTES_MAX);
            }
            What::Read { method, entity, query, .. } => {
                shorten(method, METHOD_BYTES_MAX);
                shorten(entity, ENTITY_BYTES_MAX);
                shorten(query, QUERY_BYTES_MAX);
            }
        }
        self
    }
}

/// An entry that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Who; the log itself for what was not recorded.
    pub who: Who,
    /// What, as it is stored.
    pub event: AccessEvent,
}

/// How often one thing happened.
#[derive(Clone, Copy, Debug)]
struct Slot {
    count: u64,
    first: i64,
    due: i64,
}

/// What was not told one by one, for one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Calls turned away.
    pub denied: u64,
    /// Answers in which data was read.
    pub reads: u64,
    first: i64,
    /// Not told again before.
    due: i64,
}

impl Lost {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.denied == 0 && self.reads == 0
    }

    fn add(&mut self, denied: u64, reads: u64, first: i64) {
        self.first = if self.is_empty() { first } else { self.first.min(first) };
        self.denied = self.denied.saturating_add(denied);
        self.reads = self.reads.saturating_add(reads);
    }
}

/// Everything noted.
#[derive(Debug, Default)]
pub struct Gathering {
    slots: HashMap<Noted, Slot>,
    /// Entries of each class.
    entries: [usize; 3],
    /// Records of each class in the hour that began then.
    records: [u64; 3],
    hour: i64,
    lost: [Lost; 2],
}

impl Gathering {
    /// Notes something at an instant; whether it is the first of its kind.
    pub fn note(&mut self, noted: Noted, now: i64) -> bool {
        let noted = noted.bounded();
        let class = noted.class();
        match self.slots.entry(noted) {
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                slot.first = if slot.count == 0 { now } else { slot.first };
                slot.count = slot.count.saturating_add(1);
                false
            }
            Entry::Vacant(free) if self.entries[class as usize] < class.entries_max() => {
                free.insert(Slot { count: 1, first: now, due: now });
                self.entries[class as usize] += 1;
                true
            }
            Entry::Vacant(_) => {
                let denied = u64::from(class != Class::Read);
                self.lost[Cause::Limit as usize].add(denied, 1 - denied, now);
                false
            }
        }
    }

    /// Takes at most `limit` entries that are due, in the order in which they began; behind them, what was not told. `all`:
    /// whatever there is, due or not.
    pub fn take(&mut self, now: i64, limit: usize, all: bool) -> Vec<Due> {
        if !(self.hour..self.hour + HOUR_MICROS).contains(&now) {
            (self.hour, self.records) = (now, [0; 3]);
        }
        let is_due = |slot: &Slot| all || slot.due <= now;
        let mut ready: Vec<(i64, Noted)> = Vec::new();
        let entries = &mut self.entries;
        self.slots.retain(|noted, slot| {
            let over = slot.count == 0 && is_due(slot);
            if over {
                entries[noted.class() as usize] -= 1;
            } else if is_due(slot) {
                ready.push((slot.first, noted.clone()));
            }
            !over
        });
        ready.sort_by_key(|(first, _)| *first);
        let mut due = Vec::new();
        for (first, noted) in ready {
            if due.len() == limit {
                break;
            }
            let Some(slot) = self.slots.get_mut(&noted) else { continue };
            let count = std::mem::take(&mut slot.count);
            slot.due = now + WINDOW_MICROS;
            let class = noted.class();
            if self.records[class as usize] < class.records_an_hour() {
                self.records[class as usize] += 1;
                due.push(told(noted, count, first));
            } else {
                let (denied, reads) = if class == Class::Read { (0, count) } else { (count, 0) };
                self.lost[Cause::Limit as usize].add(denied, reads, first);
            }
        }
        for cause in Cause::ALL {
            let lost = &mut self.lost[*cause as usize];
            if !lost.is_empty() && (all || lost.due <= now) {
                let Lost { denied, reads, first, .. } = *lost;
                *lost = Lost { due: now + WINDOW_MICROS, ..Lost::default() };
                let event = AccessEvent::Unrecorded { denied, reads, cause: *cause, first_micros: first };
                due.push(Due { who: Who::default(), event });
            }
        }
        due
    }

    /// Takes back what could not be written: it is counted, and told once something can be written again.
    pub fn unwritten(&mut self, due: &[Due], now: i64) {
        for Due { event, .. } in due {
            match event {
                AccessEvent::Denied { count, first_micros, .. } => {
                    self.lost_for(Cause::Unwritten, *count, 0, *first_micros)
                }
                AccessEvent::Read { count, first_micros, .. } => {
                    self.lost_for(Cause::Unwritten, 0, *count, *first_micros)
                }
                AccessEvent::Unrecorded { denied, reads, cause, first_micros } => {
                    self.lost_for(*cause, *denied, *reads, *first_micros);
                }
                AccessEvent::Created { .. } => {}
            }
        }
        for lost in &mut self.lost {
            lost.due = lost.due.min(now);
        }
    }

    fn lost_for(&mut self, cause: Cause, denied: u64, reads: u64, first: i64) {
        self.lost[cause as usize].add(denied, reads, first);
    }

    /// What waits to be told as not recorded: for the limit, and for want of writing.
    pub fn lost(&self) -> [Lost; 2] {
        self.lost
    }
}

fn told(noted: Noted, count: u64, first_micros: i64) -> Due {
    let event = match noted.what {
        What::Denied { method, reason, peer } => AccessEvent::Denied { method, reason, peer, count, first_micros },
        What::Read { kind, method, entity, query } => {
            AccessEvent::Read { kind, method, entity, query, count, first_micros }
        }
    };
    Due { who: noted.who, event }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn denied(principal: &str, peer: &str) -> Noted {
        let who = Who { principal: principal.into(), on_behalf_of: String::new() };
        Noted { who, what: What::Denied { method: "m".into(), reason: "NO_PRINCIPAL".into(), peer: peer.into() } }
    }

    fn count(due: &Due) -> u64 {
        match &due.event {
            AccessEvent::Denied { count, .. } | AccessEvent::Read { count, .. } => *count,
            AccessEvent::Unrecorded { denied, reads, .. } => denied + reads,
            AccessEvent::Created { .. } => 0,
        }
    }

    #[test]
    fn the_first_is_told_at_once_and_more_when_the_minute_is_over() {
        let mut gathering = Gathering::default();
        assert!(gathering.note(denied("", "a"), 0));
        assert_eq!(gathering.take(0, 10, false).iter().map(count).collect::<Vec<_>>(), [1]);
        for at in 1..=50 {
            assert!(!gathering.note(denied("", "a"), at * SECOND));
        }
        assert!(gathering.take(59 * SECOND, 10, false).is_empty());
        let due = gathering.take(60 * SECOND, 10, false);
        let AccessEvent::Denied { count: 50, first_micros, .. } = due[0].event else { panic!("{due:?}") };
        assert_eq!(first_micros, SECOND);
        // Silence for a minute: it is forgotten, and the next one is a first one again.
        assert!(gathering.take(120 * SECOND, 10, false).is_empty());
        assert!(gathering.note(denied("", "a"), 121 * SECOND));
    }

    #[test]
    fn each_class_has_its_share_and_the_rest_is_counted() {
        let mut gathering = Gathering::default();
        for peer in 0..5000 {
            gathering.note(denied("", &peer.to_string()), 0);
        }
        assert!(gathering.note(denied("clerk-7", "a"), 0), "strangers take no place of those who are known");
        let due = gathering.take(0, usize::MAX, false);
        let strangers = due.iter().filter(|due| due.who.principal.is_empty());
        let strangers: Vec<_> = strangers.filter(|due| matches!(due.event, AccessEvent::Denied { .. })).collect();
        assert_eq!(strangers.len() as u64, Class::Stranger.records_an_hour());
        assert_eq!(due.iter().map(count).sum::<u64>(), 5001, "nobody is left out of the count");
        assert_eq!(gathering.take(SECOND, usize::MAX, false), []);
        // The next hour has a share of its own.
        gathering.note(denied("", "late"), HOUR_MICROS);
        assert_eq!(gathering.take(HOUR_MICROS, usize::MAX, false).len(), 1);
    }

    #[test]
    fn what_could_not_be_written_is_told_later() {
        let mut gathering = Gathering::default();
        gathering.note(denied("", "a"), 5);
        let due = gathering.take(5, 10, false);
        gathering.unwritten(&due, 5);
        let again = gathering.take(6, 10, false);
        let AccessEvent::Unrecorded { denied: 1, reads: 0, cause: Cause::Unwritten, first_micros: 5 } = again[0].event
        else {
            panic!("{again:?}")
        };
        gathering.unwritten(&again, 6);
        assert_eq!(gathering.take(7, 10, false), again);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut gathering = Gathering::default();
        let what = What::Denied { method: "é".repeat(100), reason: "R".into(), peer: String::new() };
        gathering.note(Noted { who: Who::default(), what }, 0);
        let AccessEvent::Denied { method, .. } = &gathering.take(0, 1, false)[0].event else { panic!() };
        assert_eq!(method.len(), METHOD_BYTES_MAX);
        let what = What::Denied { method: "中".repeat(100), reason: "R".into(), peer: String::new() };
        gathering.note(Noted { who: Who::default(), what }, 0);
        let AccessEvent::Denied { method, .. } = &gathering.take(0, 1, false)[0].event else { panic!() };
        assert_eq!(method.len(), METHOD_BYTES_MAX / 3 * 3);
    }
}
