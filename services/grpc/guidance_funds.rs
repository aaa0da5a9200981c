//! `GuidanceFundService`: angel guidance funds, their capital and what they invest.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::rows::Row;
use crate::domain::{Reason, Refusal, Stated};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct GuidanceFunds(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::guidance_fund_service_server::GuidanceFundService for GuidanceFunds {
    async fn establish_guidance_fund(
        &self,
        request: Request<v1::EstablishGuidanceFundRequest>,
    ) -> Reply<v1::EstablishGuidanceFundResponse> {
        run(&self.0, request).await
    }

    async fn contribute_to_guidance_fund(
        &self,
        request: Request<v1::ContributeToGuidanceFundRequest>,
    ) -> Reply<v1::ContributeToGuidanceFundResponse> {
        run(&self.0, request).await
    }

    async fn invest_from_guidance_fund(
        &self,
        request: Request<v1::InvestFromGuidanceFundRequest>,
    ) -> Reply<v1::InvestFromGuidanceFundResponse> {
        run(&self.0, request).await
    }

    async fn get_guidance_fund(
        &self,
        request: Request<v1::GetGuidanceFundRequest>,
    ) -> Reply<v1::GetGuidanceFundResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.guidance_fund("name", &ask.name)).await?;
        let fund = view.scene().guidance_fund(&id).ok_or_else(|| {
            let message = format!("guidance fund {id} is not established, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownGuidanceFund, message).with("guidance_fund", &id))
        })?;
        let position = position(view.position);
        Ok(Response::new(v1::GetGuidanceFundResponse { guidance_fund: Some(fund), position }))
    }

    async fn list_guidance_funds(
        &self,
        request: Request<v1::ListGuidanceFundsRequest>,
    ) -> Reply<v1::ListGuidanceFundsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, page) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter([], &ask.filter);
            let page = reader.page("guidance_funds", "guidance_fund_id", &[], &ask);
            reader.finish(parent.and(filter).and(page))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().guidance_funds(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let drawn = all.filter_map(|(id, _)| Some((id.to_string(), scene.guidance_fund(id)?)));
        let (guidance_funds, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListGuidanceFundsResponse { guidance_funds, next_page_token, position }))
    }
}

answers! {
    guidance_fund: EstablishGuidanceFundRequest => EstablishGuidanceFundResponse,
    ContributeToGuidanceFundRequest => ContributeToGuidanceFundResponse,
    InvestFromGuidanceFundRequest => InvestFromGuidanceFundResponse,
}

impl Stating for v1::EstablishGuidanceFundRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let row = v1::GuidanceFundRow {
            guidance_fund_id: self.guidance_fund_id.clone(),
            display_name: self.display_name.clone(),
            established_date: self.effective_date.clone(),
            size_fen: self.size_fen,
        };
        let row = reader.guidance_fund_row(&row, "effective_date");
        parent?;
        reader.refused(Row::GuidanceFund(row?).facts())
    }
}

impl Stating for v1::ContributeToGuidanceFundRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let fund = reader.guidance_fund("name", &self.name);
        let row = v1::GuidanceFundContributionRow {
            guidance_fund_id: String::new(), // Read already, as a name.
            effective_date: self.effective_date.clone(),
            amount_fen: self.amount_fen,
            source: self.source,
        };
        let row = reader.contribution(fund, &row)?;
        reader.refused(Row::GuidanceFundContribution(row).facts())
    }
}

impl Stating for v1::InvestFromGuidanceFundRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let fund = reader.guidance_fund("name", &self.name);
        let firm = reader.firm("firm", &self.firm);
        let row = v1::GuidanceFundInvestmentRow {
            guidance_fund_id: String::new(), // Read already, as names.
            firm_code: String::new(),
            effective_date: self.effective_date.clone(),
            amount_fen: self.amount_fen,
        };
        let row = reader.fund_investment(fund, firm, &row)?;
        reader.refused(Row::GuidanceFundInvestment(row).facts())
    }
}
