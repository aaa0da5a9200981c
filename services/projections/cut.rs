//! A filter applied: the carriers as seen, each looked at once, and the tests that a counted fact must pass.

use super::filter::{Filter, any_of};
use crate::domain::firm::{FirmView, Left, Stay};
use crate::domain::incubator::IncubatorView;
use crate::domain::{AsOf, Day, IncubatorId, Kind, Registry};
use std::collections::BTreeMap;

/// A carrier as seen.
struct Carrier<'a> {
    kind: Option<Kind>,
    founded: Option<Day>,
    view: IncubatorView<'a>,
}

/// The cut of one question.
pub(super) struct Cut<'a> {
    filter: &'a Filter,
    carriers: BTreeMap<&'a IncubatorId, Carrier<'a>>,
}

impl<'a> Cut<'a> {
    /// Looks at every carrier once.
    pub(super) fn new(registry: &'a Registry, as_of: AsOf, filter: &'a Filter) -> Self {
        let carriers = registry.incubators(as_of).map(|(id, view)| {
            let carrier = Carrier { kind: view.kind(), founded: view.registered.map(|term| term.day), view };
            (id, carrier)
        });
        Self { filter, carriers: carriers.collect() }
    }

    /// What a carrier is.
    pub(super) fn kind(&self, id: &IncubatorId) -> Option<Kind> {
        self.carriers.get(id)?.kind
    }

    /// Whether a stay's carrier is one that is asked for, with its level of a day.
    pub(super) fn carrier(&self, id: &IncubatorId, day: Day) -> bool {
        self.carrier_whatever_level(id)
            && (self.filter.levels.is_empty() || {
                let level = self.carriers.get(id).and_then(|carrier| carrier.view.level_on(day));
                self.filter.levels.contains(&level)
            })
    }

    fn carrier_whatever_level(&self, id: &IncubatorId) -> bool {
        let kinds = &self.filter.kinds;
        any_of(&self.filter.incubators, id)
            && (kinds.is_empty() || self.kind(id).is_some_and(|kind| kinds.contains(&kind)))
    }

    /// Whether a firm's field is asked for.
    pub(super) fn field(&self, firm: &FirmView<'_>) -> bool {
        self.filter.fields.is_empty() || self.filter.fields.contains(firm.field())
    }

    /// Whether the ground of a graduation is asked for.
    pub(super) fn criterion(&self, left: &Left<'_>) -> bool {
        let criteria = &self.filter.criteria;
        criteria.is_empty() || left.criterion.is_some_and(|criterion| criteria.contains(&criterion))
    }

    /// Whether a graduation counts: its carrier, with the level of that day, and its ground.
    pub(super) fn graduation(&self, stay: &Stay<'_>, left: &Left<'_>) -> bool {
        self.criterion(left) && self.carrier(stay.incubator, left.day)
    }

    /// Whether what a firm does outside any carrier on a day counts: by the carrier of its latest stay admitted by then.
    pub(super) fn latest_carrier(&self, firm: &FirmView<'_>, day: Day) -> bool {
        if !self.filter.cuts_carriers() {
            return true;
        }
        let latest = firm.stays.iter().rev().find(|stay| stay.admitted <= day);
        latest.is_some_and(|stay| self.carrier(stay.incubator, day))
    }

    /// Carriers founded by a day that are asked for, whatever their level.
    pub(super) fn founded(&self, day: Day) -> impl Iterator<Item = &'a IncubatorId> + '_ {
        let founded = self.carriers.iter().filter(move |(_, carrier)| carrier.founded.is_some_and(|at| at <= day));
        founded.map(|(id, _)| *id).filter(|id| self.carrier_whatever_level(id))
    }
}
