//! P13 `park_admission`: whether a project may be let into a park, by the seven indicators and its industry (入园工业项目准入). Read
//! per assessment, and per firm that settled, which may refer to one.
//!
//! Chosen where rules §5 is silent: the standards in force on the day of the assessment are those to measure by, since they
//! were when it was decided; an indicator that was not measured, and one for which the industry's standard states nothing, is
//! unknown; an industry that the standards don't name leaves all seven without a demand (NO_INDUSTRY_STANDARD); a settled
//! firm whose settling names no assessment is UNASSESSED, whatever else was assessed of it.

use super::{Draft, Reading};
use crate::domain::assessment::ProjectAssessed;
use crate::domain::incubator::Term;
use crate::domain::{AssessmentId, Entity, Uscc, words::Indicator};
use crate::policy::evaluation::Evaluation;
use crate::policy::exact::Exact;
use crate::policy::say;
use crate::policy::trace::{Figure, Source, TreeTrace, Unit};
use crate::policy::words::{Bound, Measure, ReadingReason, Standard};
use std::collections::BTreeSet;

/// Parameters of P13.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkAdmission {
    /// By industry.
    pub industries: Vec<IndustryStandard>,
}

/// What is demanded of an industry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndustryStandard {
    /// Its name.
    pub industry: String,
    /// At most one of each indicator.
    pub thresholds: Vec<Threshold>,
}

/// What is demanded of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The indicator.
    pub indicator: Indicator,
    /// In which direction.
    pub bound: Bound,
    /// Fen per hectare, or ppm.
    pub value: i64,
}

impl Evaluation<'_> {
    /// Of whom P13 may be: every assessment, and every firm that ever took a step into a park.
    pub(super) fn park_admission_subjects(&self) -> Vec<Option<Entity>> {
        let all = self.registry.innovation().assessments(self.as_of);
        let assessed = all.map(|(id, _)| Entity::Assessment(id.clone()));
        let parks = self.registry.park_ids();
        let relocating: BTreeSet<Uscc> = parks.into_iter().flat_map(|park| self.registry.firms_ever_to(park)).collect();
        assessed.chain(relocating.into_iter().map(Entity::Firm)).map(Some).collect()
    }

    /// P13 of an assessment. Depends on it alone.
    pub(super) fn assessed(&self, id: &AssessmentId) -> Option<Reading> {
        let assessed = self.registry.innovation().assessment(id, self.as_of)?;
        let mut draft = self.admission(Entity::Assessment(id.clone()), &assessed);
        draft.about = vec![Entity::Park(assessed.value.park.clone()), Entity::Firm(assessed.value.firm)];
        draft.since = Some(assessed.day);
        Some(draft.finish(&format!("项目{id}")))
    }

    /// P13 of a firm that settled. Depends on its steps into a park, and on the assessment that its settling names.
    pub(super) fn settled(&self, code: &Uscc) -> Option<Reading> {
        let firm = self.registry.firm(code, self.as_of)?;
        let step = firm.relocation.settled?;
        let entity = Entity::Firm(firm.code);
        let named = firm.relocation.assessment;
        let assessed = named.and_then(|id| self.registry.innovation().assessment(id, self.as_of));
        let mut draft = match &assessed {
            Some(assessed) => self.admission(entity, assessed),
            None => Draft::unread(Standard::ParkAdmission, entity, ReadingReason::Unassessed),
        };
        draft.about = vec![Entity::Park(step.park.clone())];
        draft.about.extend(named.cloned().map(Entity::Assessment));
        draft.since = Some(step.day);
        draft.fact(step.position, step.day, &format!("企业于{}落户{}", say::day(step.day), step.park));
        Some(draft.finish(&format!("落户企业{}", firm.code)))
    }

    /// What an assessment comes to under the standards of its day.
    fn admission(&self, subject: Entity, assessed: &Term<&ProjectAssessed>) -> Draft {
        let Term { day, value, position } = *assessed;
        let series = &self.policy.standards.park_admission;
        let (mut draft, rule) = Draft::new(Standard::ParkAdmission, Some(subject), series, day);
        draft.fact(position, day, &format!("项目{}（{}）于{}评估", value.assessment, value.industry, say::day(day)));
        let standards =
            rule.and_then(|rule| rule.value.terms.industries.iter().find(|of| of.industry == value.industry));
        if rule.is_some() && standards.is_none() {
            draft.reason = Some(ReadingReason::NoIndustryStandard);
        }
        draft.all_demanded = true;
        for (indicator, measured) in Indicator::ALL.iter().zip(value.indicators.all()) {
            let (unit, name) = (unit(*indicator), indicator.chinese());
            let exact = |value: i64| if unit == Unit::Ratio { Exact::ppm(value) } else { Exact::whole(value) };
            let Some(measure) = Measure::from_key(&indicator.key().to_lowercase()) else { continue };
            let figure = measured.map(|value| {
                let said =
                    || format!("{name}{}（记录第{position}号）", super::figure_said(measure, exact(value), unit));
                Figure::<TreeTrace>::given(exact(value), unit, || (Source::Fact { position, day }, said()))
            });
            let threshold = standards.and_then(|of| of.thresholds.iter().find(|of| of.indicator == *indicator));
            let demand = threshold.map(|of| {
                let key = format!("industry.{}.{}", value.industry, indicator.key().to_lowercase());
                (of.bound, exact(of.value), Some(key))
            });
            draft.item(measure, unit, figure, demand);
        }
        draft
    }
}

fn unit(indicator: Indicator) -> Unit {
    if indicator.is_per_hectare() { Unit::FenPerHectare } else { Unit::Ratio }
}
