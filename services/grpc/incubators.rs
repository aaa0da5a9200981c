//! `IncubatorService`: what each command about a carrier states.

use super::command::{Stating, answers, run};
use super::convert::Reader;
use super::page::Page;
use super::read::{View, view, wait_of};
use super::{Districts, status};
use crate::domain::event::IncubatorRegistered;
use crate::domain::{BuildMode, Event, Kind, Level, Reason, Refusal, Stated, rows};
use crate::grpc::convert::position;
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Incubators(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::incubator_service_server::IncubatorService for Incubators {
    async fn register_incubator(
        &self,
        request: Request<v1::RegisterIncubatorRequest>,
    ) -> Reply<v1::RegisterIncubatorResponse> {
        run(&self.0, request).await
    }

    async fn recognise_incubator(
        &self,
        request: Request<v1::RecogniseIncubatorRequest>,
    ) -> Reply<v1::RecogniseIncubatorResponse> {
        run(&self.0, request).await
    }

    async fn end_recognition(&self, request: Request<v1::EndRecognitionRequest>) -> Reply<v1::EndRecognitionResponse> {
        run(&self.0, request).await
    }

    async fn change_operator(&self, request: Request<v1::ChangeOperatorRequest>) -> Reply<v1::ChangeOperatorResponse> {
        run(&self.0, request).await
    }

    async fn change_area(&self, request: Request<v1::ChangeAreaRequest>) -> Reply<v1::ChangeAreaResponse> {
        run(&self.0, request).await
    }

    async fn change_upstream(&self, request: Request<v1::ChangeUpstreamRequest>) -> Reply<v1::ChangeUpstreamResponse> {
        run(&self.0, request).await
    }

    async fn file_incubator_report(
        &self,
        request: Request<v1::FileIncubatorReportRequest>,
    ) -> Reply<v1::FileIncubatorReportResponse> {
        run(&self.0, request).await
    }

    async fn get_incubator(&self, request: Request<v1::GetIncubatorRequest>) -> Reply<v1::GetIncubatorResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.incubator("name", &ask.name)).await?;
        let incubator = view.scene().incubator(&id).ok_or_else(|| {
            let message = format!("carrier {id} is not registered, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownIncubator, message).with("incubator", &id))
        })?;
        Ok(Response::new(v1::GetIncubatorResponse { incubator: Some(incubator), position: position(view.position) }))
    }

    async fn list_incubators(&self, request: Request<v1::ListIncubatorsRequest>) -> Reply<v1::ListIncubatorsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (kind, level))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter(["kind", "level"], &ask.filter).unwrap_or_default();
            let kind = reader.filter_word(filter[0].as_deref(), Kind::from_key);
            let level = reader.filter_word(filter[1].as_deref(), Level::from_key);
            let page = reader.page("incubators", "incubator_id", &[], &ask);
            reader.finish(parent.and(page.zip(kind.zip(level))))?
        };
        let view = page.view(engine, wait).await?;
        let position = position(view.position);
        let (incubators, next_page_token) = view.draw(&self.0, move |view| draw(&page, view, kind, level)).await?;
        Ok(Response::new(v1::ListIncubatorsResponse { incubators, next_page_token, position }))
    }
}

fn draw(page: &Page, view: &View, kind: Option<Kind>, level: Option<Level>) -> (Vec<v1::Incubator>, String) {
    let scene = view.scene();
    let all = scene.registry.incubators(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
    let found = all.filter(|(_, carrier)| {
        kind.is_none_or(|kind| carrier.kind() == Some(kind))
            && level.is_none_or(|level| carrier.level_on(scene.reading_day) == Some(level))
    });
    page.take(view, found.map(|(id, carrier)| (id.to_string(), scene.incubator_of(id, &carrier))))
}

answers! { incubator:
    RegisterIncubatorRequest => RegisterIncubatorResponse,
    RecogniseIncubatorRequest => RecogniseIncubatorResponse,
    EndRecognitionRequest => EndRecognitionResponse,
    ChangeOperatorRequest => ChangeOperatorResponse,
    ChangeAreaRequest => ChangeAreaResponse,
    ChangeUpstreamRequest => ChangeUpstreamResponse,
    FileIncubatorReportRequest => FileIncubatorReportResponse,
}

impl Stating for v1::RegisterIncubatorRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let incubator = reader.incubator_id("incubator_id", &self.incubator_id);
        let name = reader.text("display_name", &self.display_name);
        let kind = reader.word("kind", self.kind, Kind::from_code);
        let operator = reader.operator(&self.operator_name, &self.operator_code, self.introduced);
        let build_mode = reader.word("build_mode", self.build_mode, BuildMode::from_code);
        let area = reader.area(self.incubation_area_hundredths_m2, self.public_area_hundredths_m2);
        let upstream = reader.optional_incubator("upstream", &self.upstream);
        let day = reader.day("effective_date", &self.effective_date);
        parent?;
        let registered = IncubatorRegistered {
            incubator: incubator?,
            name: name?,
            kind: kind?,
            operator: operator?,
            build_mode: build_mode?,
            area: area?,
            upstream: upstream?,
        };
        Some(vec![Stated::new(day?, Event::IncubatorRegistered(registered))])
    }
}

impl Stating for v1::RecogniseIncubatorRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let level = reader.word("level", self.level, Level::from_code);
        let document_no = reader.text("document_no", &self.document_no);
        let effective = reader.day("effective_date", &self.effective_date);
        let end = reader.optional_day("expiry_date", &self.expiry_date);
        let row = rows::RecognitionRow {
            incubator: incubator?,
            level: level?,
            document_no: document_no?,
            effective: effective?,
            end: end?,
        };
        Some(row.facts())
    }
}

impl Stating for v1::EndRecognitionRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let level = reader.word("level", self.level, Level::from_code);
        let recognition = reader.day("recognition_date", &self.recognition_date);
        let day = reader.day("effective_date", &self.effective_date);
        let event = Event::RecognitionEnded { incubator: incubator?, level: level?, recognition: recognition? };
        Some(vec![Stated::new(day?, event)])
    }
}

impl Stating for v1::ChangeOperatorRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let operator = reader.operator(&self.operator_name, &self.operator_code, self.introduced);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::OperatorChanged { incubator: incubator?, operator: operator? })])
    }
}

impl Stating for v1::ChangeAreaRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let area = reader.area(self.incubation_area_hundredths_m2, self.public_area_hundredths_m2);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::AreaChanged { incubator: incubator?, area: area? })])
    }
}

impl Stating for v1::ChangeUpstreamRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let upstream = reader.optional_incubator("upstream", &self.upstream);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::UpstreamChanged { incubator: incubator?, upstream: upstream? })])
    }
}
