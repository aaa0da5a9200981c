//! Policies as published: which text of a policy is the one to compute with, as known.
//!
//! A publication says what the district holds to be its policy from then on; on which days its clauses hold is said by the
//! text itself. So the day asked for does not choose among publications, only what was known does: a question about 2024
//! asked today is answered by today's text, and one as known at an earlier position by the text of that time.

use super::event::{Event, PolicyPublished};
use super::line::{AsOf, Line};
use super::values::Day;

/// A publication as recorded.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// What was published.
    pub published: &'a PolicyPublished,
    /// The day of the publication.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

/// Every publication of a policy that was known and not taken back, in the order of recording.
pub fn publications(line: &Line, as_of: AsOf) -> impl DoubleEndedIterator<Item = Publication<'_>> {
    line.entries().iter().filter(move |entry| as_of.knows(entry)).filter_map(|entry| match &entry.event {
        Event::PolicyPublished(published) => Some(Publication { published, day: entry.day, position: entry.position }),
        _ => None,
    })
}

/// The one to compute with: the last that was recorded by then.
pub fn in_force(line: &Line, as_of: AsOf) -> Option<Publication<'_>> {
    publications(line, as_of).next_back()
}
