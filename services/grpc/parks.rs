//! `ParkService`: what each command about a park, or a firm's way into one, states.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::page::Page;
use super::read::{View, view, wait_of};
use super::{Districts, status};
use crate::domain::{Day, Event, ParkId, Reason, Refusal, Stated, Uscc, rows};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Parks(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::park_service_server::ParkService for Parks {
    async fn set_park_treasury(
        &self,
        request: Request<v1::SetParkTreasuryRequest>,
    ) -> Reply<v1::SetParkTreasuryResponse> {
        run(&self.0, request).await
    }

    async fn sign_relocation(&self, request: Request<v1::SignRelocationRequest>) -> Reply<v1::SignRelocationResponse> {
        run(&self.0, request).await
    }

    async fn settle_in_park(&self, request: Request<v1::SettleInParkRequest>) -> Reply<v1::SettleInParkResponse> {
        run(&self.0, request).await
    }

    async fn start_production(
        &self,
        request: Request<v1::StartProductionRequest>,
    ) -> Reply<v1::StartProductionResponse> {
        run(&self.0, request).await
    }

    async fn record_relocation(
        &self,
        request: Request<v1::RecordRelocationRequest>,
    ) -> Reply<v1::RecordRelocationResponse> {
        run(&self.0, request).await
    }

    async fn get_park(&self, request: Request<v1::GetParkRequest>) -> Reply<v1::GetParkResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.park("name", &ask.name)).await?;
        let park = view.scene().park(&id).ok_or_else(|| {
            let message = format!("no fact names park {id}, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownPark, message).with("park", &id))
        })?;
        Ok(Response::new(v1::GetParkResponse { park: Some(park), position: position(view.position) }))
    }

    async fn list_parks(&self, request: Request<v1::ListParksRequest>) -> Reply<v1::ListParksResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, page) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter([], &ask.filter);
            let page = reader.page("parks", "park_id", &[], &ask);
            reader.finish(parent.and(filter).and(page))?
        };
        let view = page.view(engine, wait).await?;
        let position = position(view.position);
        let (parks, next_page_token) = view.draw(&self.0, move |view| draw(&page, view)).await?;
        Ok(Response::new(v1::ListParksResponse { parks, next_page_token, position }))
    }
}

fn draw(page: &Page, view: &View) -> (Vec<v1::Park>, String) {
    let scene = view.scene();
    let ids = scene.registry.park_ids().into_iter().filter(|id| page.is_after(id.as_str()));
    page.take(view, ids.filter_map(|id| Some((id.to_string(), scene.park(id)?))))
}

answers! { park: SetParkTreasuryRequest => SetParkTreasuryResponse }

answers! { firm:
    SignRelocationRequest => SignRelocationResponse,
    SettleInParkRequest => SettleInParkResponse,
    StartProductionRequest => StartProductionResponse,
    RecordRelocationRequest => RecordRelocationResponse,
}

impl Stating for v1::SetParkTreasuryRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let park = reader.park("name", &self.name);
        let treasury_code = reader.text("treasury_code", &self.treasury_code);
        let digits = |code: &String| code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit());
        if treasury_code.as_ref().is_some_and(|code| !digits(code)) {
            let message = format!("{:?} is not the 9 digits of a treasury", self.treasury_code);
            reader.faults.push(Reason::MalformedName, "treasury_code", message);
        }
        let treasury_name = reader.text("treasury_name", &self.treasury_name);
        let day = reader.day("effective_date", &self.effective_date);
        let event =
            Event::ParkTreasurySet { park: park?, treasury_code: treasury_code?, treasury_name: treasury_name? };
        Some(vec![Stated::new(day?, event)])
    }
}

impl Stating for v1::SignRelocationRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let (firm, park, day) = step(reader, &self.name, &self.park, &self.effective_date)?;
        Some(vec![Stated::new(day, Event::RelocationSigned { firm, park })])
    }
}

impl Stating for v1::SettleInParkRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let step = step(reader, &self.name, &self.park, &self.effective_date);
        let assessment = reader.optional_assessment("assessment", &self.assessment)?;
        let (firm, park, day) = step?;
        Some(vec![Stated::new(day, Event::FirmSettled { firm, park, assessment })])
    }
}

impl Stating for v1::StartProductionRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let (firm, park, day) = step(reader, &self.name, &self.park, &self.effective_date)?;
        Some(vec![Stated::new(day, Event::ProductionStarted { firm, park })])
    }
}

impl Stating for v1::RecordRelocationRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let signed = step(reader, &self.name, &self.park, &self.effective_date);
        let settled = reader.optional_day("settled_date", &self.settled_date);
        let production = reader.optional_day("production_date", &self.production_date);
        let assessment = reader.optional_assessment("assessment", &self.assessment);
        let (firm, park, signed) = signed?;
        let (signed, settled, production) = (Some(signed), settled?, production?);
        let row = rows::RelocationRow { firm, park, signed, settled, production, assessment: assessment? };
        reader.refused(row.facts())
    }
}

/// The firm, the park and the day of one step.
fn step(reader: &mut Reader<'_>, name: &str, park: &str, day: &str) -> Option<(Uscc, ParkId, Day)> {
    let firm = reader.firm("name", name);
    let park = reader.park("park", park);
    let day = reader.day("effective_date", day);
    Some((firm?, park?, day?))
}
