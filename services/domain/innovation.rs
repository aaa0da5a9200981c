//! The lines of what serves innovation beside the carriers: intermediaries and their transfers, platforms,
//! instruments, guidance funds, assessments of projects; and who is named by which.

use super::assessment::{self, ProjectAssessed};
use super::event::{Entity, Event};
use super::guidance_fund::{self, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundView};
use super::incubator::Term;
use super::instrument::{InstrumentEvent, InstrumentView};
use super::line::{AsOf, Line};
use super::platform::{PlatformEvent, PlatformView};
use super::transfer::{self, IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use super::values::{AssessmentId, GuidanceFundId, InstrumentId, IntermediaryId, PlatformId, TransferId, Uscc};
use imbl::{OrdMap, OrdSet};
use std::sync::Arc;

/// Every fact about them. The indexes hold what a fact says, taken back or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Innovation {
    intermediaries: OrdMap<IntermediaryId, Arc<Line>>,
    transfers: OrdMap<TransferId, Arc<Line>>,
    platforms: OrdMap<PlatformId, Arc<Line>>,
    instruments: OrdMap<InstrumentId, Arc<Line>>,
    guidance_funds: OrdMap<GuidanceFundId, Arc<Line>>,
    assessments: OrdMap<AssessmentId, Arc<Line>>,
    /// Transfers that name the intermediary.
    transfers_of: OrdMap<IntermediaryId, OrdSet<TransferId>>,
    /// Transfers that name the firm.
    transfers_to: OrdMap<Uscc, OrdSet<TransferId>>,
    /// Platforms that name the operator.
    run_by: OrdMap<Uscc, OrdSet<PlatformId>>,
    /// Instruments that name the firm as their owner.
    owned_by: OrdMap<Uscc, OrdSet<InstrumentId>>,
    /// Guidance funds that say they invested in the firm.
    funded_by: OrdMap<Uscc, OrdSet<GuidanceFundId>>,
    /// Assessments of the firm's projects.
    assessed_of: OrdMap<Uscc, OrdSet<AssessmentId>>,
    /// Firms whose settling refers to the assessment.
    settled_under: OrdMap<AssessmentId, OrdSet<Uscc>>,
}

impl Innovation {
    /// The line of an entity; none for those kept elsewhere.
    pub(super) fn line_mut(&mut self, owner: &Entity) -> Option<&mut Arc<Line>> {
        Some(match owner {
            Entity::Intermediary(id) => self.intermediaries.entry(id.clone()).or_default(),
            Entity::Transfer(id) => self.transfers.entry(id.clone()).or_default(),
            Entity::Platform(id) => self.platforms.entry(id.clone()).or_default(),
            Entity::Instrument(id) => self.instruments.entry(id.clone()).or_default(),
            Entity::GuidanceFund(id) => self.guidance_funds.entry(id.clone()).or_default(),
            Entity::Assessment(id) => self.assessments.entry(id.clone()).or_default(),
            _ => return None,
        })
    }

    /// The line of an entity, if any fact stands on it.
    pub fn line(&self, owner: &Entity) -> Option<&Line> {
        match owner {
            Entity::Intermediary(id) => self.intermediaries.get(id).map(Arc::as_ref),
            Entity::Transfer(id) => self.transfers.get(id).map(Arc::as_ref),
            Entity::Platform(id) => self.platform_line(id),
            Entity::Instrument(id) => self.instrument_line(id),
            Entity::GuidanceFund(id) => self.guidance_fund_line(id),
            Entity::Assessment(id) => self.assessments.get(id).map(Arc::as_ref),
            _ => None,
        }
    }

    /// Whether a fact may name anyone here; for the others `note` does nothing.
    pub(super) fn is_named_by(event: &Event) -> bool {
        matches!(
            event,
            Event::Transfer(_)
                | Event::Platform(_)
                | Event::Instrument(_)
                | Event::GuidanceFund(_)
                | Event::ProjectAssessed(_)
                | Event::FirmSettled { assessment: Some(_), .. }
        )
    }

    /// Notes whom a fact names.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Transfer(TransferEvent::TechnologyTransferred(value)) => {
                self.transfers_of.entry(value.intermediary.clone()).or_default().insert(value.transfer.clone());
                self.transfers_to.entry(value.firm).or_default().insert(value.transfer.clone());
            }
            Event::Platform(PlatformEvent::Registered(value)) => {
                self.run_by.entry(value.operator_code).or_default().insert(value.platform.clone());
            }
            Event::Instrument(InstrumentEvent::Catalogued(value)) => {
                self.owned_by.entry(value.owner).or_default().insert(value.instrument.clone());
            }
            Event::GuidanceFund(GuidanceFundEvent::Invested(value)) => {
                self.funded_by.entry(value.firm).or_default().insert(value.fund.clone());
            }
            Event::ProjectAssessed(value) => {
                self.assessed_of.entry(value.firm).or_default().insert(value.assessment.clone());
            }
            Event::FirmSettled { firm, assessment: Some(id), .. } => {
                self.settled_under.entry(id.clone()).or_default().insert(*firm);
            }
            _ => {}
        }
    }

    /// What an intermediary is registered as, as known.
    pub fn intermediary(&self, id: &IntermediaryId, as_of: AsOf) -> Option<Term<&IntermediaryRegistered>> {
        transfer::intermediary(self.intermediaries.get(id)?, as_of)
    }

    /// All intermediaries as known, in the order of their ids.
    pub fn intermediaries(
        &self,
        as_of: AsOf,
    ) -> impl Iterator<Item = (&IntermediaryId, Term<&IntermediaryRegistered>)> {
        self.intermediaries.iter().filter_map(move |(id, line)| Some((id, transfer::intermediary(line, as_of)?)))
    }

    /// A transfer as seen.
    pub fn transfer(&self, id: &TransferId, as_of: AsOf) -> Option<Term<&TechnologyTransferred>> {
        transfer::transfer(self.transfers.get(id)?, as_of)
    }

    /// All transfers as seen, in the order of their contracts.
    pub fn transfers(&self, as_of: AsOf) -> impl Iterator<Item = (&TransferId, Term<&TechnologyTransferred>)> {
        self.transfers.iter().filter_map(move |(id, line)| Some((id, transfer::transfer(line, as_of)?)))
    }

    /// Transfers that name the intermediary, or did before a void.
    pub fn transfers_ever_of(&self, id: &IntermediaryId) -> impl Iterator<Item = &TransferId> {
        self.transfers_of.get(id).into_iter().flat_map(OrdSet::iter)
    }

    /// Transfers that name the firm, or did before a void.
    pub fn transfers_ever_to(&self, firm: &Uscc) -> impl Iterator<Item = &TransferId> {
        self.transfers_to.get(firm).into_iter().flat_map(OrdSet::iter)
    }

    /// The line of a platform.
    pub fn platform_line(&self, id: &PlatformId) -> Option<&Line> {
        self.platforms.get(id).map(Arc::as_ref)
    }

    /// A platform as seen; none where it is not registered, as known.
    pub fn platform(&self, id: &PlatformId, as_of: AsOf) -> Option<PlatformView<'_>> {
        PlatformView::of(self.platform_line(id)?, as_of)
    }

    /// All platforms as seen, in the order of their ids.
    pub fn platforms(&self, as_of: AsOf) -> impl Iterator<Item = (&PlatformId, PlatformView<'_>)> {
        self.platforms.iter().filter_map(move |(id, line)| Some((id, PlatformView::of(line, as_of)?)))
    }

    /// Platforms that name the operator, or did before a void.
    pub fn platforms_ever_run_by(&self, operator: &Uscc) -> impl Iterator<Item = &PlatformId> {
        self.run_by.get(operator).into_iter().flat_map(OrdSet::iter)
    }

    /// The line of an instrument.
    pub fn instrument_line(&self, id: &InstrumentId) -> Option<&Line> {
        self.instruments.get(id).map(Arc::as_ref)
    }

    /// An instrument as seen; none where it never entered the catalogue, as known.
    pub fn instrument(&self, id: &InstrumentId, as_of: AsOf) -> Option<InstrumentView<'_>> {
        InstrumentView::of(self.instrument_line(id)?, as_of)
    }

    /// All instruments as seen, in the order of their ids.
    pub fn instruments(&self, as_of: AsOf) -> impl Iterator<Item = (&InstrumentId, InstrumentView<'_>)> {
        self.instruments.iter().filter_map(move |(id, line)| Some((id, InstrumentView::of(line, as_of)?)))
    }

    /// Instruments that name the firm as their owner, or did before a void.
    pub fn instruments_ever_of(&self, owner: &Uscc) -> impl Iterator<Item = &InstrumentId> {
        self.owned_by.get(owner).into_iter().flat_map(OrdSet::iter)
    }

    /// The line of a guidance fund.
    pub fn guidance_fund_line(&self, id: &GuidanceFundId) -> Option<&Line> {
        self.guidance_funds.get(id).map(Arc::as_ref)
    }

    /// A guidance fund as seen; none where it was never established, as known.
    pub fn guidance_fund(&self, id: &GuidanceFundId, as_of: AsOf) -> Option<GuidanceFundView<'_>> {
        GuidanceFundView::of(self.guidance_fund_line(id)?, as_of)
    }

    /// What a guidance fund was established as, as known: its investments, of which there may be many, are not looked at.
    pub fn guidance_fund_established(
        &self,
        id: &GuidanceFundId,
        as_of: AsOf,
    ) -> Option<Term<&GuidanceFundEstablished>> {
        guidance_fund::established(self.guidance_fund_line(id)?, as_of)
    }

    /// All guidance funds as seen, in the order of their ids.
    pub fn guidance_funds(&self, as_of: AsOf) -> impl Iterator<Item = (&GuidanceFundId, GuidanceFundView<'_>)> {
        self.guidance_funds.iter().filter_map(move |(id, line)| Some((id, GuidanceFundView::of(line, as_of)?)))
    }

    /// Guidance funds that say they invested in the firm, or did before a void.
    pub fn guidance_funds_ever_in(&self, firm: &Uscc) -> impl Iterator<Item = &GuidanceFundId> {
        self.funded_by.get(firm).into_iter().flat_map(OrdSet::iter)
    }

    /// An assessment as seen.
    pub fn assessment(&self, id: &AssessmentId, as_of: AsOf) -> Option<Term<&ProjectAssessed>> {
        assessment::assessment(self.assessments.get(id)?, as_of)
    }

    /// All assessments as seen, in the order of their numbers.
    pub fn assessments(&self, as_of: AsOf) -> impl Iterator<Item = (&AssessmentId, Term<&ProjectAssessed>)> {
        self.assessments.iter().filter_map(move |(id, line)| Some((id, assessment::assessment(line, as_of)?)))
    }

    /// Assessments of the firm's projects, or that were before a void.
    pub fn assessments_ever_of(&self, firm: &Uscc) -> impl Iterator<Item = &AssessmentId> {
        self.assessed_of.get(firm).into_iter().flat_map(OrdSet::iter)
    }

    /// Firms whose settling refers to the assessment, or did before a void.
    pub fn firms_ever_under(&self, id: &AssessmentId) -> impl Iterator<Item = &Uscc> {
        self.settled_under.get(id).into_iter().flat_map(OrdSet::iter)
    }
}
