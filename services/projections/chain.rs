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

use super::briefs::{BriefStay, Briefs, FirmBrief};
use super::cut::Cut;
use super::filter::Filter;
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
    chain_of(registry, &Briefs::full(registry, as_of.known), as_of.day, filter)
}

/// The chain as of a day, as known at the position of the briefs, which are the registry's, through a cut.
pub fn chain_of(registry: &Registry, briefs: &Briefs, day: Day, filter: &Filter) -> Chain {
    let mut tally = Tally {
        day,
        cut: Cut::new(registry, briefs, AsOf { day, known: briefs.position() }, filter),
        transitions: BTreeMap::new(),
        counts: vec![Counts::default(); briefs.carriers()],
        settled_in_park: 0,
        in_production: 0,
    };
    briefs.firms().for_each(|firm| tally.firm(firm));
    Chain {
        day,
        position: briefs.position(),
        incubators: tally.incubators(),
        transitions: tally.transitions,
        settled_in_park: tally.settled_in_park,
        in_production: tally.in_production,
    }
}

struct Tally<'a> {
    day: Day,
    cut: Cut<'a>,
    transitions: BTreeMap<(Kind, Kind), u64>,
    /// By the number of the carrier.
    counts: Vec<Counts>,
    settled_in_park: u64,
    in_production: u64,
}

impl Tally<'_> {
    fn firm(&mut self, firm: FirmBrief<'_>) {
        if !self.cut.field(firm) {
            return;
        }
        let stays = firm.stays_by(self.day);
        self.moves(stays);
        self.stays(stays);
        self.relocation(firm);
    }

    fn moves(&mut self, stays: &[BriefStay]) {
        for pair in stays.windows(2) {
            let [first, second] = pair else { continue };
            let kinds = self.cut.kind(first.carrier).zip(self.cut.kind(second.carrier));
            let Some((from, to)) = kinds.filter(|(from, to)| from != to) else { continue };
            if self.cut.carrier(second.carrier, second.admitted) {
                *self.transitions.entry((from, to)).or_default() += 1;
            }
        }
    }

    fn stays(&mut self, stays: &[BriefStay]) {
        for stay in stays {
            let left = stay.left_by(self.day);
            let admitted = self.cut.carrier(stay.carrier, stay.admitted);
            let open = left.is_none() && self.cut.carrier(stay.carrier, self.day);
            let graduated = left.is_some_and(|left| left.graduated.is_some() && self.cut.graduation(stay, &left));
            let counts = &mut self.counts[stay.carrier as usize];
            counts.admitted_ever += u64::from(admitted);
            counts.open += u64::from(open);
            counts.graduated_ever += u64::from(graduated);
        }
    }

    fn relocation(&mut self, firm: FirmBrief<'_>) {
        let by_then = |step: Option<Day>| step.filter(|day| *day <= self.day);
        let Some(settled) = by_then(firm.firm.settled) else { return };
        if self.cut.latest_carrier(firm, settled) {
            self.settled_in_park += 1;
            self.in_production += u64::from(by_then(firm.firm.production).is_some());
        }
    }

    /// Those that are asked for, and any other that something was counted in.
    fn incubators(&self) -> BTreeMap<IncubatorId, Counts> {
        let asked = self.cut.founded(self.day).map(|id| (id.clone(), Counts::default()));
        let counted = self.counts.iter().enumerate().filter(|(_, counts)| **counts != Counts::default());
        let counted =
            counted.filter_map(|(number, counts)| Some((self.cut.id(u32::try_from(number).ok()?)?.clone(), *counts)));
        asked.chain(counted).collect()
    }
}
