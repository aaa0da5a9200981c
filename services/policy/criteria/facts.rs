//! A carrier's facts as criteria look at them.

use crate::domain::firm::{FirmView, Stay};
use crate::domain::incubator::IncubatorView;
use crate::domain::incubator::report::Filed;
use crate::domain::values::Area;
use crate::domain::{AsOf, CarrierFigure, Day, IncubatorId, Registry};

/// A carrier at the end of a day.
pub(super) struct Facts<'a> {
    pub(super) registry: &'a Registry,
    /// The day that is asked about, and what is known.
    pub(super) as_of: AsOf,
    pub(super) id: &'a IncubatorId,
    pub(super) view: IncubatorView<'a>,
    /// Every firm with a fact about the carrier, as seen.
    pub(super) firms: Vec<FirmView<'a>>,
}

/// A figure of a report.
#[derive(Clone, Copy)]
pub(super) struct Stated {
    pub(super) value: i64,
    pub(super) year: i16,
    /// Last day of the year.
    pub(super) day: Day,
    pub(super) position: u64,
}

impl<'a> Facts<'a> {
    /// The facts; none where the carrier is not registered, as known.
    pub(super) fn of(registry: &'a Registry, as_of: AsOf, id: &'a IncubatorId) -> Option<Self> {
        let view = registry.incubator(id, as_of)?;
        let firms = registry.firms_ever_in(id).filter_map(|code| registry.firm(&code, as_of)).collect();
        Some(Self { registry, as_of, id, view, firms })
    }

    /// The last year that is over.
    pub(super) fn finished_year(&self) -> i16 {
        let year = self.as_of.day.year();
        if self.as_of.day.next().year() > year { year } else { year - 1 }
    }

    /// Whether a report of the year still counts: the last finished year's, or that of the year before, since reports are filed
    /// in the months after a year.
    pub(super) fn counts(&self, year: i16) -> bool {
        (self.finished_year() - 1..=self.finished_year()).contains(&year)
    }

    /// The newest report that counts and states the figure.
    pub(super) fn stated(&self, figure: CarrierFigure) -> Option<Stated> {
        let newest = self.view.reports.iter().rev().filter(|filed| self.counts(filed.report.year));
        newest.filter_map(|filed| value(filed, figure)).next()
    }

    /// The same figure of the report of a year.
    pub(super) fn stated_of(&self, figure: CarrierFigure, year: i16) -> Option<Stated> {
        self.view.reports.iter().find(|filed| filed.report.year == year).and_then(|filed| value(filed, figure))
    }

    /// The areas in force on a day, and where they are recorded.
    pub(super) fn area_on(&self, day: Day) -> Option<(Area, u64)> {
        self.view.areas.iter().rev().find(|term| term.day <= day).map(|term| (term.value, term.position))
    }

    /// Firms with an open stay at the end of the day that is asked about.
    pub(super) fn tenants(&self) -> impl Iterator<Item = (&FirmView<'a>, &Stay<'a>)> {
        self.firms.iter().filter_map(|firm| Some((firm, self.open_stay(firm, self.as_of.day)?)))
    }

    /// How many had one at the end of another day, not after that one.
    pub(super) fn tenants_on(&self, day: Day) -> usize {
        self.firms.iter().filter(|firm| self.open_stay(firm, day).is_some()).count()
    }

    fn open_stay<'v>(&self, firm: &'v FirmView<'a>, day: Day) -> Option<&'v Stay<'a>> {
        firm.stays.iter().find(|stay| {
            stay.incubator == self.id && stay.admitted <= day && stay.left.is_none_or(|left| left.day > day)
        })
    }
}

fn value(filed: &Filed<'_>, figure: CarrierFigure) -> Option<Stated> {
    let value = *filed.report.figures.get(&figure)?;
    Some(Stated { value, year: filed.report.year, day: filed.day, position: filed.position })
}
