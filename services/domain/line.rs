//! The facts of one entity, and the filter of two times over them.

use super::event::{Document, Event};
use super::values::Day;

/// One recorded fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position in the log.
    pub position: u64,
    /// Position of the first event of its command: what one command did is known all at once.
    pub start: u64,
    /// Position of the first event of the command that voided it.
    pub voided: Option<u64>,
    /// Its business date.
    pub day: Day,
    /// What happened.
    pub event: Event,
    /// What bears it out.
    pub documents: Vec<Document>,
}

impl Entry {
    /// Recorded and not voided.
    pub fn is_live(&self) -> bool {
        self.voided.is_none()
    }
}

/// The facts of one entity in the order of their recording, voided ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    entries: Vec<Entry>,
}

impl Line {
    /// Every fact, voided ones included.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The facts that pass the filter.
    pub fn seen(&self, as_of: AsOf) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| as_of.sees(entry))
    }

    /// The facts not voided.
    pub fn live(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_live())
    }

    /// The fact at a position.
    pub fn at(&self, position: u64) -> Option<&Entry> {
        let index = self.entries.binary_search_by_key(&position, |entry| entry.position).ok()?;
        self.entries.get(index)
    }

    /// Takes in a fact; positions only grow. Most lines stay short, and there are a great many: none keeps room for twice what
    /// it holds.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(1 + self.entries.len() / 4);
        }
        self.entries.push(entry);
    }

    /// Marks a fact as taken back by the command that starts at `start`.
    pub fn void(&mut self, position: u64, start: u64) {
        if let Ok(index) = self.entries.binary_search_by_key(&position, |entry| entry.position) {
            self.entries[index].voided = Some(start);
        }
    }
}

/// Two times: what had happened by the end of a day, as known at a log position. It filters facts; it replays nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// Facts with a later business date are left out.
    pub day: Day,
    /// Facts recorded by a command that starts later are left out, and voids too.
    pub known: u64,
}

impl AsOf {
    /// All that is recorded.
    pub const NOW: Self = Self { day: Day::MAX, known: u64::MAX };

    /// The end of a day, with all that is recorded.
    pub fn day(day: Day) -> Self {
        Self { day, ..Self::NOW }
    }

    /// Whether the fact is seen.
    pub fn sees(self, entry: &Entry) -> bool {
        self.knows(entry) && entry.day <= self.day
    }

    /// Whether the fact was known and not voided, whatever its business date.
    pub fn knows(self, entry: &Entry) -> bool {
        entry.start <= self.known && entry.voided.is_none_or(|start| start > self.known)
    }

    /// The same knowledge, without the filter of the day.
    #[must_use]
    pub fn any_day(self) -> Self {
        Self { day: Day::MAX, ..self }
    }
}
