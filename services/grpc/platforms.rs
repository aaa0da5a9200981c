//! `PlatformService`: platforms of public service and what they report.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::platform::PlatformEvent;
use crate::domain::rows::Row;
use crate::domain::{Event, PlatformKind, Reason, Refusal, Stated, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Platforms(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::platform_service_server::PlatformService for Platforms {
    async fn register_platform(
        &self,
        request: Request<v1::RegisterPlatformRequest>,
    ) -> Reply<v1::RegisterPlatformResponse> {
        run(&self.0, request).await
    }

    async fn report_platform_year(
        &self,
        request: Request<v1::ReportPlatformYearRequest>,
    ) -> Reply<v1::ReportPlatformYearResponse> {
        run(&self.0, request).await
    }

    async fn complete_platform(
        &self,
        request: Request<v1::CompletePlatformRequest>,
    ) -> Reply<v1::CompletePlatformResponse> {
        run(&self.0, request).await
    }

    async fn get_platform(&self, request: Request<v1::GetPlatformRequest>) -> Reply<v1::GetPlatformResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.platform("name", &ask.name)).await?;
        let platform = view.scene().platform(&id).ok_or_else(|| {
            let message = format!("platform {id} is not registered, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownPlatform, message).with("platform", &id))
        })?;
        Ok(Response::new(v1::GetPlatformResponse { platform: Some(platform), position: position(view.position) }))
    }

    async fn list_platforms(&self, request: Request<v1::ListPlatformsRequest>) -> Reply<v1::ListPlatformsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (kind, operator))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [kind, operator] = reader.filter(["kind", "operator"], &ask.filter).unwrap_or_default();
            let kind = reader.filter_word(kind.as_deref(), PlatformKind::from_key);
            let operator = reader.filter_word(operator.as_deref(), |code| Uscc::parse(code).ok());
            let page = reader.page("platforms", "platform_id", &[], &ask);
            reader.finish(parent.and(page.zip(kind.zip(operator))))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().platforms(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all.filter(|(_, platform)| {
            let registered = platform.registered.value;
            kind.is_none_or(|kind| registered.kind == kind)
                && operator.is_none_or(|code| registered.operator_code == code)
        });
        let drawn = found.filter_map(|(id, _)| Some((id.to_string(), scene.platform(id)?)));
        let (platforms, next_page_token) = page.take(&view, drawn);
        Ok(Response::new(v1::ListPlatformsResponse { platforms, next_page_token, position: position(view.position) }))
    }
}

answers! {
    platform: RegisterPlatformRequest => RegisterPlatformResponse,
    ReportPlatformYearRequest => ReportPlatformYearResponse,
    CompletePlatformRequest => CompletePlatformResponse,
}

impl Stating for v1::RegisterPlatformRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let row = v1::PlatformRow {
            platform_id: self.platform_id.clone(),
            display_name: self.display_name.clone(),
            kind: self.kind,
            operator_name: self.operator_name.clone(),
            operator_code: self.operator_code.clone(),
            registered_date: self.effective_date.clone(),
            completed_date: String::new(), // A command of its own.
        };
        let row = reader.platform_row(&row, "effective_date");
        parent?;
        reader.refused(Row::Platform(row?).facts())
    }
}

impl Stating for v1::ReportPlatformYearRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let platform = reader.platform("name", &self.name);
        let row = v1::PlatformReportRow {
            platform_id: String::new(), // Read already, as a name.
            year: self.year,
            capacity_hours: self.capacity_hours,
            open_capacity_hours: self.open_capacity_hours,
            service_cost_fen: self.service_cost_fen,
            input_fen: self.input_fen,
        };
        let report = reader.platform_report(platform, &row)?;
        reader.report_day(report.year, &self.effective_date)?;
        reader.refused(Row::PlatformYear(report).facts())
    }
}

impl Stating for v1::CompletePlatformRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let platform = reader.platform("name", &self.name);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::Platform(PlatformEvent::Completed { platform: platform? }))])
    }
}
