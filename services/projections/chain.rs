//! The chain 众创空间 → 孵化器 → 加速器 → 落户园区 (rules §4) as of a day.
//!
//! What a cut means here:
//! - a transition is the admission that makes it: the carrier of the second stay, with its level of that day;
//! - per carrier, `open` is cut by the level on the day asked for, `admitted_ever` by that of the day of admission,
//!   `graduated_ever` by that of the day of graduation and by the criterion; carriers that are asked for are listed even with
//!   zeros;
//! - settling happens in no carrier: it falls to the carrier of the firm's latest stay admitted by that day, with its level of
//!   that day; a firm without any is counted only where carriers are not cut. `in_production` are those of them that produce.
//! - fields cut everything; criteria cut graduations and leave the rest.

use super::cut::Cut;
use super::filter::Filter;
use crate::domain::firm::FirmView;
use crate::domain::{AsOf, Day, IncubatorId, Kind, Registry};
use std::collections::BTreeMap;

/// Name of the projection.
pub const NAME: &str = "chain";
/// Its version.
pub const VERSION: u32 = 1;

/// Stays of one carrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open at the end of the day.
    pub open: u64,
    /// Ever admitted.
    pub admitted_ever: u64,
    /// Ever graduated: every GRADUATED stay.
    pub graduated_ever: u64,
}

/// The chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// State at the end of this day.
    pub day: Day,
    /// The position it is true for.
    pub position: u64,
    /// Moves between different kinds of consecutive stays; those without any are left out.
    pub transitions: BTreeMap<(Kind, Kind), u64>,
    /// Every carrier that is asked for.
    pub incubators: BTreeMap<IncubatorId, Counts>,
    /// Firms settled in a park.
    pub settled_in_park: u64,
    /// Of them, in production.
    pub in_production: u64,
}

/// The chain as of a day, as known at a position, through a cut.
pub fn chain(registry: &Registry, as_of: AsOf, filter: &Filter) -> Chain {
    let cut = Cut::new(registry, as_of, filter);
    let mut tally = Tally {
        day: as_of.day,
        transitions: BTreeMap::new(),
        counts: cut.founded(as_of.day).map(|id| (id, Counts::default())).collect(),
        settled_in_park: 0,
        in_production: 0,
        cut,
    };
    for firm in registry.firms(as_of) {
        if tally.cut.field(&firm) {
            tally.firm(&firm);
        }
    }
    Chain {
        day: as_of.day,
        position: super::position(registry, as_of),
        transitions: tally.transitions,
        incubators: tally.counts.into_iter().map(|(id, counts)| (id.clone(), counts)).collect(),
        settled_in_park: tally.settled_in_park,
        in_production: tally.in_production,
    }
}

struct Tally<'a> {
    day: Day,
    cut: Cut<'a>,
    transitions: BTreeMap<(Kind, Kind), u64>,
    counts: BTreeMap<&'a IncubatorId, Counts>,
    settled_in_park: u64,
    in_production: u64,
}

impl<'a> Tally<'a> {
    fn firm(&mut self, firm: &FirmView<'a>) {
        self.moves(firm);
        self.stays(firm);
        self.relocation(firm);
    }

    fn moves(&mut self, firm: &FirmView<'a>) {
        for pair in firm.stays.windows(2) {
            let [first, second] = pair else { continue };
            let kinds = self.cut.kind(first.incubator).zip(self.cut.kind(second.incubator));
            let Some((from, to)) = kinds.filter(|(from, to)| from != to) else { continue };
            if self.cut.carrier(second.incubator, second.admitted) {
                *self.transitions.entry((from, to)).or_default() += 1;
            }
        }
    }

    fn stays(&mut self, firm: &FirmView<'a>) {
        for stay in &firm.stays {
            let admitted = self.cut.carrier(stay.incubator, stay.admitted);
            let open = stay.is_open() && self.cut.carrier(stay.incubator, self.day);
            let graduated = stay.graduated().is_some_and(|left| self.cut.graduation(stay, &left));
            if admitted || open || graduated {
                let counts = self.counts.entry(stay.incubator).or_default();
                counts.admitted_ever += u64::from(admitted);
                counts.open += u64::from(open);
                counts.graduated_ever += u64::from(graduated);
            }
        }
    }

    fn relocation(&mut self, firm: &FirmView<'a>) {
        let Some(settled) = firm.relocation.settled else { return };
        if self.cut.latest_carrier(firm, settled.day) {
            self.settled_in_park += 1;
            self.in_production += u64::from(firm.relocation.production.is_some());
        }
    }
}
