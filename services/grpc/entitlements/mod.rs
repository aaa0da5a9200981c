//! `EntitlementService`: what follows from the facts and the policy, and why.

mod budget;
pub mod explain;
mod filter;
pub mod seen;
mod watch;
pub mod wire;

use super::Districts;
use super::convert::Reader;
use super::follow::EventStream;
use super::page::Page;
use super::read::{View, view, wait_of};
use crate::domain::PolicyId;
use crate::wire::v1;
use filter::Filter;
use seen::Seen;
use tonic::{Request, Response, Status};

/// The service.
pub struct Entitlements(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::entitlement_service_server::EntitlementService for Entitlements {
    type WatchEntitlementsStream = EventStream<v1::WatchEntitlementsResponse>;

    async fn list_entitlements(
        &self,
        request: Request<v1::ListEntitlementsRequest>,
    ) -> Reply<v1::ListEntitlementsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, ((page, filter), which)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let which = reader.optional_policy("policy", &ask.policy);
            let filter = Filter::read(&mut reader, &ask.filter);
            let page = reader.page("entitlements", "scheme", ask.policy.as_bytes(), &ask);
            reader.finish(parent.and(page.zip(filter).zip(which)))?
        };
        let view = page.view(engine, wait).await?;
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| list(&districts, view, &page, &filter, which.as_ref()));
        Ok(Response::new(drawn.await??))
    }

    async fn get_totals(&self, request: Request<v1::GetTotalsRequest>) -> Reply<v1::GetTotalsResponse> {
        let (view, which) = view(&self.0, request, |reader, ask| {
            let parent = reader.parent("parent", &ask.parent);
            parent.and(reader.optional_policy("policy", &ask.policy))
        })
        .await?;
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| {
            let basis = districts.kept().basis(view, which.as_ref())?;
            let totals = districts.kept().standings(view, &basis).totals();
            let totals = totals.iter().map(|(key, total)| wire::total(key, total)).collect();
            Ok::<_, Status>(v1::GetTotalsResponse { totals, basis: Some(basis.wire(view.scene().district)) })
        });
        Ok(Response::new(drawn.await??))
    }

    async fn explain_entitlement(
        &self,
        request: Request<v1::ExplainEntitlementRequest>,
    ) -> Reply<v1::ExplainEntitlementResponse> {
        explain::run(&self.0, request).await
    }

    async fn simulate_budget(&self, request: Request<v1::SimulateBudgetRequest>) -> Reply<v1::SimulateBudgetResponse> {
        budget::run(&self.0, request).await
    }

    async fn watch_entitlements(
        &self,
        request: Request<v1::WatchEntitlementsRequest>,
    ) -> Reply<Self::WatchEntitlementsStream> {
        Ok(Response::new(watch::run(&self.0, &request.into_inner())?))
    }
}

fn list(
    districts: &Districts,
    view: &View,
    page: &Page,
    filter: &Filter,
    which: Option<&PolicyId>,
) -> Result<v1::ListEntitlementsResponse, Status> {
    let basis = districts.kept().basis(view, which)?;
    let standings = districts.kept().standings(view, &basis);
    let district = view.scene().district;
    let seen = Seen::by(view);
    let found =
        standings.behind(page.after()).filter(|(_, line)| filter.passes(line) && seen.passes(&line.entitlement));
    let items = found.map(|(key, line)| (key.to_string(), seen.wire(district, line)));
    let (entitlements, next_page_token) = page.take(view, items);
    Ok(v1::ListEntitlementsResponse { entitlements, next_page_token, basis: Some(basis.wire(district)) })
}
