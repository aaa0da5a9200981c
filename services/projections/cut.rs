//! A filter applied: the carriers as seen, each looked at once, and the tests that a counted fact must pass.

use super::briefs::{BriefLeft, BriefStay, Briefs, FirmBrief};
use super::filter::{Filter, any_of};
use crate::domain::incubator::IncubatorView;
use crate::domain::{AsOf, Day, IncubatorId, Kind, Registry};
use std::collections::BTreeSet;

/// A carrier as seen.
struct Carrier<'a> {
    id: &'a IncubatorId,
    founded: Option<Day>,
    asked: bool,
    view: IncubatorView<'a>,
}

/// What every stay asks of its carrier: small, since a district's stays ask it a million times.
#[derive(Clone, Copy)]
struct Seen {
    kind: Option<Kind>,
    /// Whether it is asked for, whatever its level.
    asked: bool,
    /// Where it stands among the carriers.
    index: u32,
}

/// A carrier that is not known at the moment of the question.
const UNSEEN: Seen = Seen { kind: None, asked: false, index: u32::MAX };

/// The cut of one question.
pub(super) struct Cut<'a> {
    filter: &'a Filter,
    /// Numbers of the fields that are asked for.
    fields: BTreeSet<u32>,
    carriers: Vec<Carrier<'a>>,
    /// By the carrier's number in the briefs.
    seen: Vec<Seen>,
}

impl<'a> Cut<'a> {
    /// Looks at every carrier once.
    pub(super) fn new(registry: &'a Registry, briefs: &Briefs, as_of: AsOf, filter: &'a Filter) -> Self {
        let (mut carriers, mut seen) = (Vec::new(), vec![UNSEEN; briefs.carriers()]);
        for (id, view) in registry.incubators(as_of) {
            let (kind, founded) = (view.kind(), view.registered.map(|term| term.day));
            let of_kind = filter.kinds.is_empty() || kind.is_some_and(|kind| filter.kinds.contains(&kind));
            let asked = of_kind && any_of(&filter.incubators, id);
            if let Some(number) = briefs.carrier(id.as_str()) {
                // No log holds more carriers than a u32 counts.
                let index = u32::try_from(carriers.len()).unwrap_or(u32::MAX);
                seen[number as usize] = Seen { kind, asked, index };
            }
            carriers.push(Carrier { id, founded, asked, view });
        }
        let fields = briefs.fields().filter(|(field, _)| filter.fields.contains(*field));
        Self { filter, fields: fields.map(|(_, number)| number).collect(), carriers, seen }
    }

    /// The id of a carrier.
    pub(super) fn id(&self, number: u32) -> Option<&'a IncubatorId> {
        self.carriers.get(self.seen[number as usize].index as usize).map(|carrier| carrier.id)
    }

    /// What a carrier is.
    pub(super) fn kind(&self, number: u32) -> Option<Kind> {
        self.seen[number as usize].kind
    }

    /// Whether a stay's carrier is one that is asked for, with its level of a day.
    pub(super) fn carrier(&self, number: u32, day: Day) -> bool {
        let seen = self.seen[number as usize];
        let levels = &self.filter.levels;
        let of_level = || {
            let carrier = self.carriers.get(seen.index as usize);
            carrier.is_some_and(|carrier| levels.contains(&carrier.view.level_on(day)))
        };
        seen.asked && (levels.is_empty() || of_level())
    }

    /// Whether a firm's field is asked for.
    pub(super) fn field(&self, firm: FirmBrief<'_>) -> bool {
        self.filter.fields.is_empty() || self.fields.contains(&firm.firm.field)
    }

    /// Whether the ground of a graduation is asked for.
    pub(super) fn criterion(&self, left: &BriefLeft) -> bool {
        let criteria = &self.filter.criteria;
        criteria.is_empty() || left.graduated.is_some_and(|criterion| criteria.contains(&criterion))
    }

    /// Whether a graduation counts: its carrier, with the level of that day, and its ground.
    pub(super) fn graduation(&self, stay: &BriefStay, left: &BriefLeft) -> bool {
        self.criterion(left) && self.carrier(stay.carrier, left.day)
    }

    /// Whether what a firm does outside any carrier on a day counts: by the carrier of its latest stay admitted by then.
    pub(super) fn latest_carrier(&self, firm: FirmBrief<'_>, day: Day) -> bool {
        if !self.filter.cuts_carriers() {
            return true;
        }
        firm.stays_by(day).last().is_some_and(|stay| self.carrier(stay.carrier, day))
    }

    /// Carriers founded by a day that are asked for, whatever their level.
    pub(super) fn founded(&self, day: Day) -> impl Iterator<Item = &'a IncubatorId> + '_ {
        let founded = self.carriers.iter().filter(move |carrier| carrier.founded.is_some_and(|at| at <= day));
        founded.filter(|carrier| carrier.asked).map(|carrier| carrier.id)
    }
}
