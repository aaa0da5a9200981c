//! What was noted and is not written yet: bounded, whatever strangers do.
//!
//! The first of its kind is due at once; more like it are counted, and due as one when a minute is over. Each class has its
//! bound of different entries at a time and of records an hour. What goes beyond is counted alone, and told in a record that
//! says how many were not told one by one. Nothing here waits for anything but a short lock, under which a bounded number of
//! entries is looked at.
//!
//! Of either bound a principal (of strangers: a network) gets one more as long as it has less than is left for all. So
//! whoever is alone gets half of it, two that keep on asking at a time get a third each, and k of them 1/(k + 1): nobody can
//! use up what everybody needs, and nobody has to be known beforehand. What came earlier in the hour is not taken back: who
//! comes behind k principals that had all they could get still finds 1/2ᵏ of the records, and of the entries all that these
//! let go of within a minute. A network is what one site has of addresses to choose from: 48 bits of IPv6, 24 of IPv4; who
//! calls from many of them takes from strangers only. A record that could not be written is none of the hour's.

use super::noted::{Class, Noted, What, Who, belongs};
use crate::journal::access::{AccessEvent, Cause};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How long like ones are counted before they are written as one, microseconds.
pub const WINDOW_MICROS: i64 = 60_000_000;
/// The time that shares of records are for, microseconds.
pub const HOUR_MICROS: i64 = 3_600_000_000;
/// Bytes of a record at most: the envelope, two ids of a principal, two subjects, and every field of the longest payload. With
/// `Class::records_an_hour` it bounds the bytes an hour.
pub const RECORD_BYTES_MAX: usize = 2048;

/// An entry that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Who; the log itself for what was not recorded.
    pub who: Who,
    /// What, as it is stored.
    pub event: AccessEvent,
}

/// How often one thing happened since it was told last.
#[derive(Clone, Copy, Debug)]
struct Slot {
    count: u64,
    first: i64,
}

/// What one owner has of a class's bounds.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    entries: usize,
    /// In this hour.
    records: u64,
}

/// Whether an owner that has `has` of something gets one more, where `left` are left for all.
fn fair(has: u64, left: u64) -> bool {
    has < left
}

/// What was taken to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The entries; behind them, what was not told.
    pub due: Vec<Due>,
    /// Whether there may be more.
    pub more: bool,
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

    fn remove(&mut self, denied: u64, reads: u64) {
        self.denied = self.denied.saturating_sub(denied);
        self.reads = self.reads.saturating_sub(reads);
    }
}

/// Everything noted.
#[derive(Debug, Default)]
pub struct Gathering {
    slots: HashMap<Arc<Noted>, Slot>,
    /// Every slot once, by when it is due; of those that are due at once, the one that came first.
    line: BTreeMap<(i64, u64), Arc<Noted>>,
    /// Numbers them as they come.
    turn: u64,
    /// Entries of each class.
    entries: [usize; 3],
    /// Records of each class in the hour that began then.
    records: [u64; 3],
    hour: i64,
    /// By owner, what it has of each class: no more of them than entries and records of the hour.
    shares: [HashMap<String, Share>; 3],
    lost: [Lost; 2],
}

impl Gathering {
    /// Notes something at an instant; whether it is the first of its kind.
    pub fn note(&mut self, noted: Noted, now: i64) -> bool {
        let noted = noted.bounded();
        if let Some(slot) = self.slots.get_mut(&noted) {
            slot.first = if slot.count == 0 { now } else { slot.first };
            slot.count = slot.count.saturating_add(1);
            return false;
        }
        let class = noted.class();
        let left = class.entries_max() - self.entries[class as usize];
        let shares = &mut self.shares[class as usize];
        let owner = noted.owner();
        let has = shares.get(&*owner).map_or(0, |share| share.entries);
        if !fair(has as u64, left as u64) {
            self.lose(Cause::Limit, class, 1, now);
            return false;
        }
        shares.entry(owner.into_owned()).or_default().entries += 1;
        self.entries[class as usize] += 1;
        let noted = Arc::new(noted);
        self.slots.insert(Arc::clone(&noted), Slot { count: 1, first: now });
        self.wait(noted, now);
        true
    }

    /// Lets an entry wait until it is due.
    fn wait(&mut self, noted: Arc<Noted>, due: i64) {
        self.turn += 1;
        self.line.insert((due, self.turn), noted);
    }

    /// Takes what is due, in that order, looking at no more than `limit` entries; behind it, what was not told. `all`:
    /// whatever there is, due or not.
    pub fn take(&mut self, now: i64, limit: usize, all: bool) -> Taken {
        self.strike(now);
        let (mut due, mut again) = (Vec::new(), Vec::new());
        let mut looked_at = 0;
        while looked_at < limit
            && let Some(next) = self.line.first_entry().filter(|next| all || next.key().0 <= now)
        {
            looked_at += 1;
            let noted = next.remove();
            let Some(slot) = self.slots.get_mut(&noted) else { continue };
            let Slot { count, first } = std::mem::replace(slot, Slot { count: 0, first: 0 });
            if count == 0 {
                self.forget(&noted);
                continue;
            }
            if self.may_record(&noted) {
                due.push(told(&noted, count, first));
            } else {
                self.lose(Cause::Limit, noted.class(), count, first);
            }
            again.push(noted);
        }
        let more = looked_at == limit;
        for noted in again {
            self.wait(noted, now + WINDOW_MICROS);
        }
        due.extend(self.untold(now, all && !more));
        Taken { due, more }
    }

    /// Begins another hour once the last one is over.
    fn strike(&mut self, now: i64) {
        if (self.hour..self.hour + HOUR_MICROS).contains(&now) {
            return;
        }
        (self.hour, self.records) = (now, [0; 3]);
        for shares in &mut self.shares {
            shares.retain(|_, share| share.entries > 0);
            shares.values_mut().for_each(|share| share.records = 0);
        }
    }

    /// Takes one of the hour's records for an entry, if its owner gets another.
    fn may_record(&mut self, noted: &Noted) -> bool {
        let class = noted.class();
        let records = &mut self.records[class as usize];
        let Some(share) = self.shares[class as usize].get_mut(&*noted.owner()) else { return false };
        let gets = fair(share.records, class.records_an_hour().saturating_sub(*records));
        if gets {
            *records += 1;
            share.records += 1;
        }
        gets
    }

    /// What was silent for a minute: the next one is a first one again.
    fn forget(&mut self, noted: &Noted) {
        self.slots.remove(noted);
        let (class, owner) = (noted.class() as usize, noted.owner());
        self.entries[class] -= 1;
        let Some(share) = self.shares[class].get_mut(&*owner) else { return };
        share.entries -= 1;
        if share.entries == 0 && share.records == 0 {
            self.shares[class].remove(&*owner);
        }
    }

    /// The records of the hour that what is due took of it at an instant, by class and owner; none: that hour is over.
    fn taken_of<'d>(&self, due: &'d [Due], taken: i64) -> impl Iterator<Item = (usize, Cow<'d, str>)> + use<'d> {
        let is_now = (self.hour..self.hour + HOUR_MICROS).contains(&taken);
        let belonging = |due: &'d Due| match &due.event {
            AccessEvent::Denied { peer, .. } => Some(belongs(&due.who, Some(peer.as_str()))),
            AccessEvent::Read { .. } => Some(belongs(&due.who, None)),
            AccessEvent::Unrecorded { .. } | AccessEvent::Created { .. } => None,
        };
        let some = due.iter().filter(move |_| is_now);
        some.filter_map(belonging).map(|(class, owner)| (class as usize, owner))
    }

    /// Takes what is to be told as not told one by one: for each cause once a minute, or `all` there is.
    fn untold(&mut self, now: i64, all: bool) -> Vec<Due> {
        let mut due = Vec::new();
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

    /// Takes back what was taken now and could not be written: it is counted, and told once something can be written again.
    pub fn unwritten(&mut self, due: &[Due], now: i64) {
        for (class, owner) in self.taken_of(due, now) {
            let Some(share) = self.shares[class].get_mut(&*owner).filter(|share| share.records > 0) else { continue };
            share.records -= 1;
            self.records[class] -= 1;
            if share.entries == 0 && share.records == 0 {
                self.shares[class].remove(&*owner);
            }
        }
        for (cause, denied, reads, first) in due.iter().filter_map(|due| counts(&due.event)) {
            self.lost[cause as usize].add(denied, reads, first);
        }
        for lost in &mut self.lost {
            lost.due = lost.due.min(now);
        }
    }

    /// What was taken at an instant, and taken back, is written after all.
    pub fn written(&mut self, due: &[Due], taken: i64) {
        for (class, owner) in self.taken_of(due, taken) {
            self.shares[class].entry(owner.into_owned()).or_default().records += 1;
            self.records[class] += 1;
        }
        for (cause, denied, reads, _) in due.iter().filter_map(|due| counts(&due.event)) {
            self.lost[cause as usize].remove(denied, reads);
        }
    }

    fn lose(&mut self, cause: Cause, class: Class, count: u64, first: i64) {
        let (denied, reads) = if class == Class::Read { (0, count) } else { (count, 0) };
        self.lost[cause as usize].add(denied, reads, first);
    }

    /// What waits to be told as not recorded: for the limit, and for want of writing.
    pub fn lost(&self) -> [Lost; 2] {
        self.lost
    }
}

/// As what an event counts that could not be written: the cause, calls turned away, answers, and when it began.
fn counts(event: &AccessEvent) -> Option<(Cause, u64, u64, i64)> {
    match event {
        AccessEvent::Denied { count, first_micros, .. } => Some((Cause::Unwritten, *count, 0, *first_micros)),
        AccessEvent::Read { count, first_micros, .. } => Some((Cause::Unwritten, 0, *count, *first_micros)),
        AccessEvent::Unrecorded { denied, reads, cause, first_micros } => {
            Some((*cause, *denied, *reads, *first_micros))
        }
        AccessEvent::Created { .. } => None,
    }
}

fn told(noted: &Noted, count: u64, first_micros: i64) -> Due {
    let event = match noted.what.clone() {
        What::Denied { method, reason, peer } => AccessEvent::Denied { method, reason, peer, count, first_micros },
        What::Read { kind, method, entity, query } => {
            AccessEvent::Read { kind, method, entity, query, count, first_micros }
        }
    };
    Due { who: noted.who.clone(), event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::access::METHOD_BYTES_MAX;

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
        assert_eq!(gathering.take(0, 10, false).due.iter().map(count).collect::<Vec<_>>(), [1]);
        for at in 1..=50 {
            assert!(!gathering.note(denied("", "a"), at * SECOND));
        }
        assert!(gathering.take(59 * SECOND, 10, false).due.is_empty());
        let due = gathering.take(60 * SECOND, 10, false).due;
        let AccessEvent::Denied { count: 50, first_micros, .. } = due[0].event else { panic!("{due:?}") };
        assert_eq!(first_micros, SECOND);
        // Silence for a minute: it is forgotten, and the next one is a first one again.
        assert!(gathering.take(120 * SECOND, 10, false).due.is_empty());
        assert!(gathering.note(denied("", "a"), 121 * SECOND));
    }

    #[test]
    fn each_class_has_its_share_and_the_rest_is_counted() {
        let mut gathering = Gathering::default();
        for peer in 0..5000 {
            gathering.note(denied("", &peer.to_string()), 0);
        }
        assert!(gathering.note(denied("clerk-7", "a"), 0), "strangers take no place of those who are known");
        let due = gathering.take(0, usize::MAX, false).due;
        let strangers = due.iter().filter(|due| due.who.principal.is_empty());
        let strangers: Vec<_> = strangers.filter(|due| matches!(due.event, AccessEvent::Denied { .. })).collect();
        assert_eq!(strangers.len() as u64, Class::Stranger.records_an_hour());
        assert_eq!(due.iter().map(count).sum::<u64>(), 5001, "nobody is left out of the count");
        assert_eq!(gathering.take(SECOND, usize::MAX, false).due, []);
        // The next hour has a share of its own.
        gathering.note(denied("", "late"), HOUR_MICROS);
        assert_eq!(gathering.take(HOUR_MICROS, usize::MAX, false).due.len(), 1);
    }

    #[test]
    fn nobody_uses_up_what_everybody_needs() {
        let mut gathering = Gathering::default();
        let most = Class::Denied.records_an_hour();
        let mut asks = |principal: &str, times: u64, now: i64| {
            let mut records = 0;
            for peer in 0..times {
                gathering.note(denied(principal, &peer.to_string()), now);
            }
            while let Taken { due, more } = gathering.take(now, 128, false)
                && (more || !due.is_empty())
            {
                let one_by_one = |due: &&Due| matches!(due.event, AccessEvent::Denied { .. });
                records += due.iter().filter(one_by_one).count() as u64;
            }
            records
        };
        assert_eq!(asks("greedy", 10_000, 0), 1500, "half of what there is");
        assert_eq!(asks("second", 10_000, 0), 750, "half of what is left");
        assert_eq!(asks("modest", 20, 0), 20);
        // A minute later the entries are free again; the records of the hour are not.
        assert_eq!(asks("greedy", 10_000, WINDOW_MICROS), 0);
        assert_eq!(asks("modest", 20, WINDOW_MICROS), 20);
        assert_eq!(asks("greedy", 10_000, HOUR_MICROS), most / 2, "the next hour");
    }

    #[test]
    fn so_many_that_keep_on_asking_get_the_same() {
        let mut gathering = Gathering::default();
        for peer in 0..5000 {
            for principal in ["a", "b", "c"] {
                gathering.note(denied(principal, &peer.to_string()), 0);
            }
        }
        for share in gathering.shares[Class::Denied as usize].values() {
            assert_eq!(share.entries, Class::Denied.entries_max() / 4);
        }
        gathering.take(0, usize::MAX, false);
        gathering.take(2 * HOUR_MICROS, usize::MAX, false);
        assert!(gathering.slots.is_empty() && gathering.line.is_empty(), "silence is forgotten");
        gathering.take(4 * HOUR_MICROS, 1, false);
        assert!(gathering.shares.iter().all(HashMap::is_empty));
        assert_eq!(gathering.entries, [0; 3]);
    }

    #[test]
    fn a_take_looks_at_no_more_than_it_may() {
        let mut gathering = Gathering::default();
        for peer in 0..1000 {
            gathering.note(denied("clerk-7", &peer.to_string()), peer);
        }
        for turn in 0..10 {
            let taken = gathering.take(5000, 100, false);
            assert_eq!((taken.due.len(), taken.more), (100, true));
            let AccessEvent::Denied { first_micros, .. } = taken.due[0].event else { panic!() };
            assert_eq!(first_micros, turn * 100, "what came first is due first");
        }
        assert_eq!(gathering.take(5000, 100, false), Taken::default());
    }

    #[test]
    fn what_is_written_after_all_is_not_told_as_lost() {
        let mut gathering = Gathering::default();
        gathering.note(denied("", "a"), 5);
        let due = gathering.take(5, 10, false).due;
        gathering.unwritten(&due, 5);
        gathering.note(denied("", "b"), 6);
        let more = gathering.take(6, 1, true).due;
        gathering.unwritten(&more, 6);
        gathering.written(&due, 5);
        assert_eq!(gathering.lost().map(|lost| lost.denied), [0, 1]);
        assert_eq!(gathering.records[Class::Stranger as usize], 1, "and of the hour's records again");
    }

    /// Records of strangers that each of these addresses gets by asking in ways without end, one address behind the other.
    fn records_of<const N: usize>(gathering: &mut Gathering, peers: [&str; N]) -> [usize; N] {
        peers.map(|peer| {
            for turn in 0..400 {
                let Noted { who, .. } = denied("", peer);
                let what = What::Denied { method: turn.to_string(), reason: "R".into(), peer: peer.into() };
                gathering.note(Noted { who, what }, 0);
            }
            let due = gathering.take(0, usize::MAX, false).due;
            due.iter().filter(|due| matches!(due.event, AccessEvent::Denied { .. })).count()
        })
    }

    #[test]
    fn a_network_has_one_part_however_many_addresses_it_has() {
        let of_one = ["2001:db8:1::/64", "2001:db8:1:2::/64", "2001:db8:1:ffff::/64", "2001:db8:1:7::/64"];
        let mut gathering = Gathering::default();
        assert_eq!(records_of(&mut gathering, of_one).iter().sum::<usize>(), 150, "half of what there is");
        assert_eq!(records_of(&mut gathering, ["2001:db8:2:2::/64", "198.51.100.7"]), [75, 38]);
        let mut gathering = Gathering::default();
        let of_one = ["203.0.113.7", "203.0.113.8", "203.0.113.255"];
        assert_eq!(records_of(&mut gathering, of_one).iter().sum::<usize>(), 150);
        assert_eq!(records_of(&mut gathering, ["203.0.114.7"]), [75]);
    }

    #[test]
    fn what_could_not_be_written_takes_nothing_of_the_hour() {
        let mut gathering = Gathering::default();
        for minute in 0..10 {
            let now = minute * WINDOW_MICROS;
            for turn in 0..100 {
                gathering.note(denied("", &turn.to_string()), now);
            }
            let due = gathering.take(now, usize::MAX, false).due;
            let each = due.iter().filter(|due| matches!(due.event, AccessEvent::Denied { .. })).count();
            assert_eq!(each, 100, "minute {minute}");
            gathering.unwritten(&due, now);
        }
        assert_eq!(gathering.records, [0; 3]);
        let lost = gathering.lost().map(|lost| lost.denied);
        assert_eq!(lost, [0, 1000], "all are counted, none for the limit");
        // What is given back once its hour is over takes nothing from the next.
        let now = 10 * WINDOW_MICROS;
        gathering.note(denied("clerk-7", "a"), now);
        let early = gathering.take(now, usize::MAX, true).due;
        gathering.note(denied("clerk-7", "b"), HOUR_MICROS);
        gathering.take(HOUR_MICROS, usize::MAX, false);
        gathering.unwritten(&early, now);
        assert_eq!(gathering.records[Class::Denied as usize], 1);
        gathering.written(&early, now);
        assert_eq!(gathering.records[Class::Denied as usize], 1);
    }

    #[test]
    fn what_could_not_be_written_is_told_later() {
        let mut gathering = Gathering::default();
        gathering.note(denied("", "a"), 5);
        let due = gathering.take(5, 10, false).due;
        gathering.unwritten(&due, 5);
        let again = gathering.take(6, 10, false).due;
        let AccessEvent::Unrecorded { denied: 1, reads: 0, cause: Cause::Unwritten, first_micros: 5 } = again[0].event
        else {
            panic!("{again:?}")
        };
        gathering.unwritten(&again, 6);
        assert_eq!(gathering.take(7, 10, false).due, again);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut gathering = Gathering::default();
        let what = What::Denied { method: "é".repeat(100), reason: "R".into(), peer: String::new() };
        gathering.note(Noted { who: Who::default(), what }, 0);
        let AccessEvent::Denied { method, .. } = &gathering.take(0, 1, false).due[0].event else { panic!() };
        assert_eq!(method.len(), METHOD_BYTES_MAX);
        let what = What::Denied { method: "中".repeat(100), reason: "R".into(), peer: String::new() };
        gathering.note(Noted { who: Who::default(), what }, 0);
        let AccessEvent::Denied { method, .. } = &gathering.take(0, 1, false).due[0].event else { panic!() };
        assert_eq!(method.len(), METHOD_BYTES_MAX / 3 * 3);
    }
}
