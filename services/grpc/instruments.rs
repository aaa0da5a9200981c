//! `InstrumentService`: scientific instruments in the shared catalogue.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::instrument::InstrumentEvent;
use crate::domain::rows::Row;
use crate::domain::{Event, Reason, Refusal, Stated, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Instruments(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::instrument_service_server::InstrumentService for Instruments {
    async fn catalogue_instrument(
        &self,
        request: Request<v1::CatalogueInstrumentRequest>,
    ) -> Reply<v1::CatalogueInstrumentResponse> {
        run(&self.0, request).await
    }

    async fn remove_instrument(
        &self,
        request: Request<v1::RemoveInstrumentRequest>,
    ) -> Reply<v1::RemoveInstrumentResponse> {
        run(&self.0, request).await
    }

    async fn report_instrument_year(
        &self,
        request: Request<v1::ReportInstrumentYearRequest>,
    ) -> Reply<v1::ReportInstrumentYearResponse> {
        run(&self.0, request).await
    }

    async fn get_instrument(&self, request: Request<v1::GetInstrumentRequest>) -> Reply<v1::GetInstrumentResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.instrument("name", &ask.name)).await?;
        let instrument = view.scene().instrument(&id).ok_or_else(|| {
            let message = format!("instrument {id} is not in the catalogue, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownInstrument, message).with("instrument", &id))
        })?;
        let position = position(view.position);
        Ok(Response::new(v1::GetInstrumentResponse { instrument: Some(instrument), position }))
    }

    async fn list_instruments(
        &self,
        request: Request<v1::ListInstrumentsRequest>,
    ) -> Reply<v1::ListInstrumentsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, firm)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [firm] = reader.filter(["firm"], &ask.filter).unwrap_or_default();
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let page = reader.page("instruments", "instrument_id", &[], &ask);
            reader.finish(parent.and(page.zip(firm)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().instruments(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all.filter(|(_, instrument)| firm.is_none_or(|firm| instrument.catalogued.value.owner == firm));
        let drawn = found.filter_map(|(id, _)| Some((id.to_string(), scene.instrument(id)?)));
        let (instruments, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListInstrumentsResponse { instruments, next_page_token, position }))
    }
}

answers! {
    instrument: CatalogueInstrumentRequest => CatalogueInstrumentResponse,
    RemoveInstrumentRequest => RemoveInstrumentResponse,
    ReportInstrumentYearRequest => ReportInstrumentYearResponse,
}

impl Stating for v1::CatalogueInstrumentRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let owner = reader.firm("firm", &self.firm);
        let row = v1::InstrumentRow {
            instrument_id: self.instrument_id.clone(),
            display_name: self.display_name.clone(),
            firm_code: String::new(), // Read already, as a name.
            price_fen: self.price_fen,
            catalogued_date: self.effective_date.clone(),
            removed_date: String::new(), // A command of its own.
        };
        let row = reader.catalogued(owner, &row, "effective_date");
        parent?;
        reader.refused(Row::Instrument(row?).facts())
    }
}

impl Stating for v1::RemoveInstrumentRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let instrument = reader.instrument("name", &self.name);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::Instrument(InstrumentEvent::Removed { instrument: instrument? }))])
    }
}

impl Stating for v1::ReportInstrumentYearRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let instrument = reader.instrument("name", &self.name);
        let row = v1::InstrumentReportRow {
            instrument_id: String::new(), // Read already, as a name.
            year: self.year,
            running_cost_fen: self.running_cost_fen,
        };
        let report = reader.instrument_report(instrument, &row)?;
        reader.report_day(report.year, &self.effective_date)?;
        reader.refused(Row::InstrumentYear(report).facts())
    }
}
