//! `BudgetService`: appropriations, and rounds that share them.

use super::acts::{Acting, run};
use super::command::answers;
use super::convert::{Reader, position};
use super::entitlements::wire;
use super::read::View;
use super::{Districts, status};
use crate::domain::act::Act;
use crate::domain::budget::Appropriated;
use crate::domain::{Handing, Reason, Refusal, values};
use crate::policy::{BudgetRule, Scheme};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Budgets(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::budget_service_server::BudgetService for Budgets {
    async fn appropriate_budget(
        &self,
        request: Request<v1::AppropriateBudgetRequest>,
    ) -> Reply<v1::AppropriateBudgetResponse> {
        run(&self.0, request).await
    }

    async fn open_round(&self, request: Request<v1::OpenRoundRequest>) -> Reply<v1::OpenRoundResponse> {
        run(&self.0, request).await
    }

    async fn approve_round(&self, request: Request<v1::ApproveRoundRequest>) -> Reply<v1::ApproveRoundResponse> {
        run(&self.0, request).await
    }

    async fn get_budget(&self, request: Request<v1::GetBudgetRequest>) -> Reply<v1::GetBudgetResponse> {
        let ask = request.into_inner();
        let (engine, id) = {
            let mut reader = Reader::new(&self.0);
            let id = reader.budget_name("name", &ask.name);
            reader.finish(id)?
        };
        let view = View::now(engine, &self.0.sees());
        let budget = view.scene().budget(&id).ok_or_else(|| {
            let message = format!("there is no budget {id}");
            status::refused(&Refusal::new(Reason::UnknownBudget, message).with("budget", &id))
        })?;
        Ok(Response::new(v1::GetBudgetResponse { budget: Some(budget), position: position(view.position) }))
    }

    async fn list_budgets(&self, request: Request<v1::ListBudgetsRequest>) -> Reply<v1::ListBudgetsResponse> {
        let ask = request.into_inner();
        let (engine, ()) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            reader.finish(parent)?
        };
        let view = View::now(engine, &self.0.sees());
        let scene = view.scene();
        let of_year = |year: i16| ask.year == 0 || i32::from(year) == ask.year;
        let found = scene.registry.finance().budgets().filter(|(id, _)| of_year(id.year));
        let budgets = found.filter_map(|(id, _)| scene.budget(id)).collect();
        Ok(Response::new(v1::ListBudgetsResponse { budgets, position: position(view.position) }))
    }
}

answers! {
    budget:
    AppropriateBudgetRequest => AppropriateBudgetResponse,
    OpenRoundRequest => OpenRoundResponse,
    ApproveRoundRequest => ApproveRoundResponse,
}

impl Acting for v1::AppropriateBudgetRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let budget = reader.budget_name("name", &self.name);
        if let Some(budget) = budget.as_ref().filter(|budget| Scheme::from_key(budget.scheme.as_str()).is_none()) {
            reader.faults.push(Reason::UnknownWord, "name", format!("{} is no scheme", budget.scheme));
        }
        let rule = reader.word("rule", self.rule, wire::budget_rule);
        let amount = reader.faults.take(values::nonzero_fen("amount_fen", self.amount_fen));
        let document_no = reader.text("document_no", &self.document_no);
        let programme = reader.optional_text("programme", &self.programme);
        let function_code = reader.optional_text("function_code", &self.function_code);
        if !self.function_code.bytes().all(|byte| byte.is_ascii_digit()) {
            reader.faults.push(Reason::MalformedName, "function_code", "a function code is digits");
        }
        let handing = match rule? {
            BudgetRule::FirstCome => Handing::FirstCome,
            BudgetRule::ProRata => Handing::ProRata,
        };
        Some(Act::Appropriate(Appropriated {
            budget: budget?,
            by: String::new(),
            amount: amount?,
            handing,
            document_no: document_no?,
            programme: programme?,
            function_code: function_code?,
        }))
    }
}

impl Acting for v1::OpenRoundRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let budget = reader.budget_name("name", &self.name);
        let closes = reader.day("closes_date", &self.closes_date);
        Some(Act::OpenRound { budget: budget?, closes: closes? })
    }
}

impl Acting for v1::ApproveRoundRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        reader.budget_name("name", &self.name).map(Act::ApproveRound)
    }
}
