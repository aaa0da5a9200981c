//! Scientific instruments in the shared catalogue (科学仪器开放共享): the facts, what is known of one on a day, and the rules
//! that its line must keep.
//!
//! Chosen where rules §5 is silent: an instrument enters the catalogue once and leaves it once, under an id of its own, so
//! that its price can't count twice; one removed on the day it entered was never in it. The owner is a registered firm,
//! and one that is deregistered enters nothing, as it draws no loan; its reports are recorded.

use super::check::Violation;
use super::event::{Entity, Event};
use super::firm;
use super::incubator::Term;
use super::line::{AsOf, Line};
use super::reason::Reason;
use super::registry::Registry;
use super::values::{Day, InstrumentId, Uscc};

/// What can happen to an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstrumentEvent {
    /// Entered the shared catalogue on this day.
    Catalogued(InstrumentCatalogued),
    /// Not in the catalogue from this day on.
    Removed {
        /// The instrument.
        instrument: InstrumentId,
    },
    /// What was reported of the year that this day is the last of.
    YearReported(InstrumentYear),
}

/// An instrument as it enters the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentCatalogued {
    /// Its id.
    pub instrument: InstrumentId,
    /// Its name.
    pub name: String,
    /// The firm that owns it.
    pub owner: Uscc,
    /// What it was bought for (购置价格), fen.
    pub price: i64,
}

/// What was reported of an instrument and a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentYear {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The year.
    pub year: i16,
    /// Cost of running it for others (开放运行成本), fen.
    pub running_cost: i64,
}

impl InstrumentEvent {
    /// The instrument.
    pub fn instrument(&self) -> &InstrumentId {
        match self {
            Self::Catalogued(catalogued) => &catalogued.instrument,
            Self::Removed { instrument } => instrument,
            Self::YearReported(report) => &report.instrument,
        }
    }

    /// The entity on whose line the fact stands.
    pub fn owner(&self) -> Entity {
        Entity::Instrument(self.instrument().clone())
    }

    /// The firm that owns the instrument.
    pub fn other(&self) -> Option<Entity> {
        match self {
            Self::Catalogued(catalogued) => Some(Entity::Firm(catalogued.owner)),
            Self::Removed { .. } | Self::YearReported(_) => None,
        }
    }

    /// Its type code in the journal, which also tells its key from others.
    pub fn code(&self) -> u8 {
        match self {
            Self::Catalogued(_) => 85,
            Self::Removed { .. } => 86,
            Self::YearReported(_) => 87,
        }
    }
}

/// An instrument as its facts tell it.
#[derive(Clone, Debug)]
pub struct InstrumentView<'a> {
    /// What entered the catalogue, whatever the day asked for.
    pub catalogued: Term<&'a InstrumentCatalogued>,
    /// First day on which it is not in it any more, with the position.
    pub removed: Option<(Day, u64)>,
    /// Its reports by year.
    pub years: Vec<Term<&'a InstrumentYear>>,
}

impl<'a> InstrumentView<'a> {
    /// What the line tells, filtered; none where it never entered the catalogue, as known.
    pub fn of(line: &'a Line, as_of: AsOf) -> Option<Self> {
        let catalogued = line.seen(as_of.any_day()).find_map(|entry| match &entry.event {
            Event::Instrument(InstrumentEvent::Catalogued(value)) => {
                Some(Term { day: entry.day, value, position: entry.position })
            }
            _ => None,
        })?;
        let mut view = Self { catalogued, removed: None, years: Vec::new() };
        for entry in line.seen(as_of) {
            match &entry.event {
                Event::Instrument(InstrumentEvent::Removed { .. }) => view.removed = Some((entry.day, entry.position)),
                Event::Instrument(InstrumentEvent::YearReported(value)) => {
                    view.years.push(Term { day: entry.day, value, position: entry.position });
                }
                _ => {}
            }
        }
        view.years.sort_by_key(|report| (report.day, report.position));
        Some(view)
    }

    /// Whether it was in the catalogue on some day of `[first, last]`.
    pub fn was_catalogued_within(&self, first: Day, last: Day) -> bool {
        let begun = self.catalogued.day;
        begun <= last && self.removed.is_none_or(|(removed, _)| removed > begun.max(first))
    }
}

/// Every rule that an instrument's line breaks: it entered before it left, and its owner is there and was not struck off.
pub fn violations(registry: &Registry, id: &InstrumentId) -> Vec<Violation> {
    let Some(line) = registry.innovation().instrument_line(id) else { return Vec::new() };
    let Some(view) = InstrumentView::of(line, AsOf::NOW) else {
        let message = format!("instrument {id} is not in the catalogue");
        let unknown = |position| Violation::new(Reason::UnknownInstrument, position, None, message.clone());
        return line.live().map(|entry| unknown(entry.position).with("instrument", id)).collect();
    };
    let Term { day, value, position } = view.catalogued;
    let mut found: Vec<Violation> = firm::rules::as_party(registry, value.owner, (day, position)).into_iter().collect();
    if let Some((removed, at)) = view.removed.filter(|(removed, _)| *removed < day) {
        let message = format!("instrument {id} left the catalogue on {removed}, before it entered it on {day}");
        // Of the two, the one recorded later breaks the rule.
        let order = Violation::new(Reason::DatesOutOfOrder, position.max(at), Some(position.min(at)), message);
        found.push(order.with("removed_date", removed).with("catalogued_date", day));
    }
    found
}
