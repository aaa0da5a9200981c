//! Assessments of projects: rows and commands as they state them, and the resource drawn.

use super::scene::Scene;
use super::{Reader, names, position};
use crate::domain::assessment::{Indicators, ProjectAssessed};
use crate::domain::rows::Dated;
use crate::domain::{AssessmentId, Entity, ParkId, Uscc};
use crate::wire::v1;

impl Reader<'_> {
    /// An assessment by its resource name.
    pub fn assessment(&mut self, field: &str, value: &str) -> Option<AssessmentId> {
        let id = self.id(field, value, "projectAssessments", names::ASSESSMENT)?;
        self.assessment_id(field, id)
    }

    /// An assessment by its resource name, or none.
    pub fn optional_assessment(&mut self, field: &str, value: &str) -> Option<Option<AssessmentId>> {
        if value.is_empty() { Some(None) } else { self.assessment(field, value).map(Some) }
    }

    /// The number of a project by itself.
    pub fn assessment_id(&mut self, field: &str, value: &str) -> Option<AssessmentId> {
        self.parsed(field, value, AssessmentId::parse, "the number of a project: 1 to 64 bytes, no slash")
    }

    /// An assessment whose firm and park were read already; `day_field` is what its day is called where it came from.
    pub fn project_assessment(
        &mut self,
        firm: Option<Uscc>,
        park: Option<ParkId>,
        row: &v1::ProjectAssessmentRow,
        day_field: &str,
    ) -> Option<Dated<ProjectAssessed>> {
        let assessment = self.assessment_id("assessment_id", &row.assessment_id);
        let industry = self.text("industry", &row.industry);
        let day = self.day(day_field, &row.assessed_date);
        let of = row.indicators.unwrap_or_default();
        let indicators = self.faults.take(Indicators::checked([
            of.investment_intensity,
            of.land_output,
            of.land_tax,
            of.floor_area_ratio,
            of.service_share,
            of.building_coefficient,
            of.green_ratio,
        ]));
        let fact = ProjectAssessed {
            assessment: assessment?,
            firm: firm?,
            park: park?,
            industry: industry?,
            indicators: indicators?,
        };
        Some(Dated { fact, day: day? })
    }
}

/// The indicators as the API writes them.
pub fn indicators(indicators: &Indicators) -> v1::Indicators {
    let [
        investment_intensity,
        land_output,
        land_tax,
        floor_area_ratio,
        service_share,
        building_coefficient,
        green_ratio,
    ] = indicators.all();
    v1::Indicators {
        investment_intensity,
        land_output,
        land_tax,
        floor_area_ratio,
        service_share,
        building_coefficient,
        green_ratio,
    }
}

impl Scene<'_> {
    /// An assessment; none where there is none by the day, as known.
    pub fn assessment(&self, id: &AssessmentId) -> Option<v1::ProjectAssessment> {
        let assessed = self.registry.innovation().assessment(id, self.as_of)?;
        let entity = Entity::Assessment(id.clone());
        let (revision, etag) = self.stamp(&entity);
        Some(v1::ProjectAssessment {
            name: self.name(&entity),
            firm: self.name(&Entity::Firm(assessed.value.firm)),
            park: self.name(&Entity::Park(assessed.value.park.clone())),
            industry: assessed.value.industry.clone(),
            indicators: Some(indicators(&assessed.value.indicators)),
            assessed_date: assessed.day.to_string(),
            position: position(assessed.position),
            revision,
            etag,
        })
    }
}
