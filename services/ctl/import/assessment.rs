//! Rows of 准入评估 as they travel.

use crate::domain::assessment::ProjectAssessed;
use crate::domain::rows::Dated;
use crate::wire::v1;

/// A row of 准入评估.
pub(super) fn sent(Dated { fact, day }: &Dated<ProjectAssessed>) -> v1::ProjectAssessmentRow {
    let [
        investment_intensity,
        land_output,
        land_tax,
        floor_area_ratio,
        service_share,
        building_coefficient,
        green_ratio,
    ] = fact.indicators.all();
    v1::ProjectAssessmentRow {
        assessment_id: fact.assessment.to_string(),
        firm_code: fact.firm.to_string(),
        park_id: fact.park.to_string(),
        industry: fact.industry.clone(),
        assessed_date: day.to_string(),
        indicators: Some(v1::Indicators {
            investment_intensity,
            land_output,
            land_tax,
            floor_area_ratio,
            service_share,
            building_coefficient,
            green_ratio,
        }),
    }
}
