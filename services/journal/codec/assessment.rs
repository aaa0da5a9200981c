//! Assessments of projects, to and from stored messages.

use super::read::{Read, documents, firm, id, message};
use crate::domain::assessment::{Indicators, ProjectAssessed};
use crate::domain::{AssessmentId, Event, ParkId};
use crate::wire::journal as stored;
use prost::Message as _;

/// Reads type 93.
pub(super) fn read(payload: &[u8]) -> Read {
    let m: stored::ProjectAssessed = message(payload)?;
    let land = [m.investment_intensity, m.land_output, m.land_tax];
    let ratios = [m.floor_area_ratio, m.service_share, m.building_coefficient, m.green_ratio];
    let ([a, b, c], [d, e, f, g]) = (land, ratios);
    let assessed = ProjectAssessed {
        assessment: id(AssessmentId::parse(&m.assessment_id), &m.assessment_id)?,
        firm: firm(&m.firm_code)?,
        park: id(ParkId::parse(&m.park_id), &m.park_id)?,
        industry: m.industry,
        indicators: Indicators::recorded([a, b, c, d, e, f, g]),
    };
    Ok((Event::ProjectAssessed(assessed), documents(m.documents)?))
}

/// The payload of an assessment.
pub(super) fn write(assessed: &ProjectAssessed, documents: Vec<stored::Document>) -> Vec<u8> {
    let [
        investment_intensity,
        land_output,
        land_tax,
        floor_area_ratio,
        service_share,
        building_coefficient,
        green_ratio,
    ] = assessed.indicators.all();
    stored::ProjectAssessed {
        assessment_id: assessed.assessment.to_string(),
        firm_code: assessed.firm.to_string(),
        park_id: assessed.park.to_string(),
        industry: assessed.industry.clone(),
        investment_intensity,
        land_output,
        land_tax,
        floor_area_ratio,
        service_share,
        building_coefficient,
        green_ratio,
        documents,
    }
    .encode_to_vec()
}
