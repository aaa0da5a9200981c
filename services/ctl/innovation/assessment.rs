//! `assessment …`: assessments of projects for parks.

use super::args::{AssessmentCommand, Measured};
use crate::ctl::args::Reading;
use crate::ctl::connect::Session;
use crate::ctl::message;
use crate::ctl::money::listed;
use crate::ctl::output::Report;
use crate::ctl::pages::Shown;
use crate::ctl::parse::opt_day;
use crate::ctl::show::{known_at, one, page_size, pages};
use crate::ctl::trouble::Trouble;
use crate::ctl::write::send;
use crate::wire::v1;

/// Runs it.
pub async fn run(session: &Session, command: AssessmentCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        AssessmentCommand::Record { id, firm, park, industry, measured, frame } => {
            let written = send!(
                session, frame, assessments.assess_project,
                AssessProjectRequest {
                    parent: session.parent(), assessment_id: id, firm: session.firm(&firm), park: session.park(&park),
                    industry: industry, indicators: Some(wire(measured)),
                },
                project_assessment: "ProjectAssessment"
            );
            Ok(written?.report(lang))
        }
        AssessmentCommand::Show { id, reading } => one!(
            session, assessments.get_project_assessment, GetProjectAssessmentRequest, get_project_assessment_request,
            session.name("projectAssessments", &id), reading, project_assessment: "ProjectAssessment", lang
        ),
        AssessmentCommand::List { firm, park, list: of } => {
            let filter = [("firm", firm.as_deref()), ("park", park.as_deref())];
            let columns = ["name", "firm", "park", "industry", "assessed_date", "position"];
            listed!(
                shown, &columns, session, of, filter, assessments.list_project_assessments, ListProjectAssessmentsRequest,
                list_project_assessments_request, project_assessments: "ProjectAssessment"
            )
        }
    }
}

fn wire(measured: Measured) -> v1::Indicators {
    v1::Indicators {
        investment_intensity: measured.investment_intensity,
        land_output: measured.land_output,
        land_tax: measured.land_tax,
        floor_area_ratio: measured.floor_area_ratio,
        service_share: measured.service_share,
        building_coefficient: measured.building_coefficient,
        green_ratio: measured.green_ratio,
    }
}
