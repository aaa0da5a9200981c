//! `AssessmentService`: assessments of projects for parks.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::rows::Row;
use crate::domain::{ParkId, Reason, Refusal, Stated, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Assessments(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::assessment_service_server::AssessmentService for Assessments {
    async fn assess_project(&self, request: Request<v1::AssessProjectRequest>) -> Reply<v1::AssessProjectResponse> {
        run(&self.0, request).await
    }

    async fn get_project_assessment(
        &self,
        request: Request<v1::GetProjectAssessmentRequest>,
    ) -> Reply<v1::GetProjectAssessmentResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.assessment("name", &ask.name)).await?;
        let assessment = view.scene().assessment(&id).ok_or_else(|| {
            let message = format!("project {id} is not assessed, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownAssessment, message).with("assessment", &id))
        })?;
        let position = position(view.position);
        Ok(Response::new(v1::GetProjectAssessmentResponse { project_assessment: Some(assessment), position }))
    }

    async fn list_project_assessments(
        &self,
        request: Request<v1::ListProjectAssessmentsRequest>,
    ) -> Reply<v1::ListProjectAssessmentsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (firm, park))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [firm, park] = reader.filter(["firm", "park"], &ask.filter).unwrap_or_default();
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let park = reader.filter_word(park.as_deref(), |id| ParkId::parse(id).ok());
            let page = reader.page("project_assessments", "assessment_id", &[], &ask);
            reader.finish(parent.and(page.zip(firm.zip(park))))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().assessments(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all.filter(|(_, of)| {
            firm.is_none_or(|firm| of.value.firm == firm) && park.as_ref().is_none_or(|park| of.value.park == *park)
        });
        let drawn = found.filter_map(|(id, _)| Some((id.to_string(), scene.assessment(id)?)));
        let (project_assessments, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListProjectAssessmentsResponse { project_assessments, next_page_token, position }))
    }
}

answers! { project_assessment: AssessProjectRequest => AssessProjectResponse }

impl Stating for v1::AssessProjectRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let firm = reader.firm("firm", &self.firm);
        let park = reader.park("park", &self.park);
        let row = v1::ProjectAssessmentRow {
            assessment_id: self.assessment_id.clone(),
            firm_code: String::new(), // Read already, as names.
            park_id: String::new(),
            industry: self.industry.clone(),
            assessed_date: self.effective_date.clone(),
            indicators: self.indicators,
        };
        let row = reader.project_assessment(firm, park, &row, "effective_date");
        parent?;
        reader.refused(Row::ProjectAssessment(row?).facts())
    }
}
