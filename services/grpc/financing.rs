//! `FinancingService`: loans and their interest; seed funds, and what came from them.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::rows::Row;
use crate::domain::{IncubatorId, InvestmentForm, Reason, Refusal, Stated, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Financing(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::financing_service_server::FinancingService for Financing {
    async fn draw_loan(&self, request: Request<v1::DrawLoanRequest>) -> Reply<v1::DrawLoanResponse> {
        run(&self.0, request).await
    }

    async fn pay_interest(&self, request: Request<v1::PayInterestRequest>) -> Reply<v1::PayInterestResponse> {
        run(&self.0, request).await
    }

    async fn establish_seed_fund(
        &self,
        request: Request<v1::EstablishSeedFundRequest>,
    ) -> Reply<v1::EstablishSeedFundResponse> {
        run(&self.0, request).await
    }

    async fn record_investment(
        &self,
        request: Request<v1::RecordInvestmentRequest>,
    ) -> Reply<v1::RecordInvestmentResponse> {
        run(&self.0, request).await
    }

    async fn get_loan(&self, request: Request<v1::GetLoanRequest>) -> Reply<v1::GetLoanResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.loan("name", &ask.name)).await?;
        let loan = view.scene().loan(&id).ok_or_else(|| {
            let message = format!("loan {id} is not registered, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownLoan, message).with("loan", &id))
        })?;
        Ok(Response::new(v1::GetLoanResponse { loan: Some(loan), position: position(view.position) }))
    }

    async fn list_loans(&self, request: Request<v1::ListLoansRequest>) -> Reply<v1::ListLoansResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, firm)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [firm] = reader.filter(["firm"], &ask.filter).unwrap_or_default();
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let page = reader.page("loans", "contract_no", &[], &ask);
            reader.finish(parent.and(page.zip(firm)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.loans(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all.filter(|(_, loan)| firm.is_none_or(|firm| loan.drawn.firm == firm));
        let (loans, next_page_token) =
            page.take(&view, found.map(|(id, loan)| (id.to_string(), scene.loan_of(id, &loan))));
        Ok(Response::new(v1::ListLoansResponse { loans, next_page_token, position: position(view.position) }))
    }

    async fn list_seed_funds(&self, request: Request<v1::ListSeedFundsRequest>) -> Reply<v1::ListSeedFundsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, wanted)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [incubator] = reader.filter(["incubator"], &ask.filter).unwrap_or_default();
            let incubator = reader.filter_word(incubator.as_deref(), |id| IncubatorId::parse(id).ok());
            let page = reader.page("seed_funds", "incubator", &[], &ask);
            reader.finish(parent.and(page.zip(incubator)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let carriers = scene.registry.incubators(scene.as_of);
        let wanted = carriers.filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id));
        let funds = wanted.flat_map(|(id, _)| {
            let line = scene.registry.incubator_line(id);
            let funds = line.map(|line| scene.seed_funds(id, line)).unwrap_or_default();
            funds.into_iter().map(|fund| (key(id.as_str(), fund.position), fund)).collect::<Vec<_>>()
        });
        let (seed_funds, next_page_token) = page.take(&view, funds.filter(|(key, _)| page.is_after(key)));
        Ok(Response::new(v1::ListSeedFundsResponse { seed_funds, next_page_token, position: position(view.position) }))
    }

    async fn list_investments(
        &self,
        request: Request<v1::ListInvestmentsRequest>,
    ) -> Reply<v1::ListInvestmentsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (incubator, (firm, form)))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [incubator, firm, form] = reader.filter(["incubator", "firm", "form"], &ask.filter).unwrap_or_default();
            let incubator = reader.filter_word(incubator.as_deref(), |id| IncubatorId::parse(id).ok());
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let form = reader.filter_word(form.as_deref(), InvestmentForm::from_key);
            let page = reader.page("investments", "firm", &[], &ask);
            reader.finish(parent.and(page.zip(incubator.zip(firm.zip(form)))))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let firms = scene.registry.firms(scene.as_of).filter(|view| firm.is_none_or(|firm| view.code == firm));
        let investments = firms.flat_map(|view| {
            let wanted = view.investments.iter().filter(|made| {
                incubator.as_ref().is_none_or(|id| made.incubator == id) && form.is_none_or(|form| made.form == form)
            });
            let drawn = wanted.map(|made| (made.position, scene.investment(&view.code, made)));
            let mut drawn: Vec<_> = drawn.map(|(at, made)| (key(view.code.as_str(), position(at)), made)).collect();
            drawn.sort_by(|a, b| a.0.cmp(&b.0));
            drawn
        });
        let (investments, next_page_token) = page.take(&view, investments.filter(|(key, _)| page.is_after(key)));
        Ok(Response::new(v1::ListInvestmentsResponse {
            investments,
            next_page_token,
            position: position(view.position),
        }))
    }
}

/// Key of a fact in a list: its owner, then its position, as texts that sort alike. The separator sorts before any letter of
/// an id, so that `A` comes before `AB` with all that is its.
fn key(owner: &str, at: i64) -> String {
    format!("{owner}\u{1}{at:020}")
}

answers! { loan: DrawLoanRequest => DrawLoanResponse, PayInterestRequest => PayInterestResponse }
answers! { seed_fund: EstablishSeedFundRequest => EstablishSeedFundResponse }
answers! { investment: RecordInvestmentRequest => RecordInvestmentResponse }

impl Stating for v1::DrawLoanRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let firm = reader.firm("firm", &self.firm);
        let row = v1::LoanRow {
            contract_no: self.contract_no.clone(),
            lender: self.lender.clone(),
            principal_fen: self.principal_fen,
            rate_ppm: self.rate_ppm,
            drawdown_date: self.effective_date.clone(),
            maturity_date: self.maturity_date.clone(),
            firm_code: String::new(), // Read already, as a name.
        };
        let row = reader.loan_drawn(firm, &row);
        parent?;
        reader.refused(Row::Loan(row?).facts())
    }
}

impl Stating for v1::PayInterestRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let loan = reader.loan("name", &self.name);
        let row = v1::InterestRow {
            contract_no: String::new(), // Read already, as a name.
            effective_date: self.effective_date.clone(),
            amount_fen: self.amount_fen,
            nature: self.nature,
        };
        let row = reader.interest_paid(loan, &row);
        reader.refused(Row::Interest(row?).facts())
    }
}

impl Stating for v1::EstablishSeedFundRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let row = reader.seed_fund(incubator, &self.effective_date, self.size_fen);
        reader.refused(Row::SeedFund(row?).facts())
    }
}

impl Stating for v1::RecordInvestmentRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let incubator = reader.incubator("incubator", &self.incubator);
        let row = v1::InvestmentRow {
            incubator_id: String::new(), // Both read already, as names.
            firm_code: String::new(),
            effective_date: self.effective_date.clone(),
            amount_fen: self.amount_fen,
            form: self.form,
        };
        let row = reader.investment(incubator.zip(firm), &row);
        reader.refused(Row::Investment(row?).facts())
    }
}
