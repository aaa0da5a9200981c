//! `FinanceService`: orders out, answers in, and whether both agree.

mod answers;
mod issue;
mod reconcile;
pub mod watch;

use super::command::scene_of;
use super::convert::frame::RawFrame;
use super::convert::{Framed, Reader, position};
use super::follow::EventStream;
use super::read::{view, wait_of};
use super::{Districts, bounds, import, principal, status};
use crate::domain::act::Act;
use crate::domain::order::{OrderEvent, OrderState, steps::unpaid_known};
use crate::domain::{ClaimId, Command, Entity, Event, Reason, Refusal, SchemeKey, TreasuryCode};
use crate::engine;
use crate::wire::v1;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

/// The service, with what it bounds of messages.
pub struct Finance {
    /// The districts.
    pub districts: Districts,
    /// What is told of a message that is too large.
    pub message_bytes_max: usize,
    /// How long no answers may come while nothing else is waited for.
    pub silence_max: Duration,
}

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::finance_service_server::FinanceService for Finance {
    type WatchPaymentOrdersStream = EventStream<v1::WatchPaymentOrdersResponse>;
    type ImportPaymentAnswersStream = EventStream<v1::ImportPaymentAnswersResponse>;
    type ImportTaxReceiptsStream = EventStream<v1::ImportTaxReceiptsResponse>;

    async fn import_tax_receipts(
        &self,
        request: Request<Streaming<v1::ImportTaxReceiptsRequest>>,
    ) -> Reply<Self::ImportTaxReceiptsStream> {
        let bounds = (self.message_bytes_max, self.silence_max);
        let answers = import::run(&self.districts, bounds, "receipts", request)?;
        let answer = |v1::ImportRowsResponse { results, position }| v1::ImportTaxReceiptsResponse { results, position };
        Ok(Response::new(Box::pin(answers.map(move |answered| answered.map(answer)))))
    }

    async fn issue_orders(&self, request: Request<v1::IssueOrdersRequest>) -> Reply<v1::IssueOrdersResponse> {
        let principal = principal::required(request.metadata())?;
        issue::run(&self.districts, principal, &request.into_inner()).await.map(Response::new)
    }

    async fn get_payment_order(
        &self,
        request: Request<v1::GetPaymentOrderRequest>,
    ) -> Reply<v1::GetPaymentOrderResponse> {
        let (view, no) = view(&self.districts, request, |reader, ask| reader.payment_order("name", &ask.name)).await?;
        let order = view.scene().payment_order(&no).ok_or_else(|| {
            let message = format!("there is no payment order {no} as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownOrder, message).with("order", &no))
        })?;
        Ok(Response::new(v1::GetPaymentOrderResponse { order: Some(order), position: position(view.position) }))
    }

    async fn list_payment_orders(
        &self,
        request: Request<v1::ListPaymentOrdersRequest>,
    ) -> Reply<v1::ListPaymentOrdersResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, wanted)) = {
            let mut reader = Reader::new(&self.districts);
            let parent = reader.parent("parent", &ask.parent);
            let wanted = Wanted::read(&mut reader, &ask.filter);
            let page = reader.page("payment_orders", "order_no", &[], &ask);
            reader.finish(parent.and(page.zip(wanted)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let found = scene.registry.finance().orders_from(page.after());
        let drawn = found
            .filter(|(_, order)| wanted.selects_issued(order))
            .filter_map(|(no, _)| Some((no.to_string(), scene.payment_order(no)?)))
            .filter(|(_, order)| wanted.selects_state(order));
        let (orders, next_page_token) = page.take(&view, drawn);
        Ok(Response::new(v1::ListPaymentOrdersResponse { orders, next_page_token, position: position(view.position) }))
    }

    async fn watch_payment_orders(
        &self,
        request: Request<v1::WatchPaymentOrdersRequest>,
    ) -> Reply<Self::WatchPaymentOrdersStream> {
        let principal = principal::required(request.metadata())?;
        watch::run(&self.districts, &principal, request.get_ref()).map(Response::new)
    }

    async fn acknowledge_orders(
        &self,
        request: Request<v1::AcknowledgeOrdersRequest>,
    ) -> Reply<v1::AcknowledgeOrdersResponse> {
        let principal = principal::required(request.metadata())?;
        let message = request.into_inner();
        let (engine, (cursor, (at, frame))) = {
            let mut reader = Reader::new(&self.districts);
            let cursor = reader.cursor("cursor", &message.cursor);
            let at = reader.natural("acknowledged_position", message.acknowledged_position);
            let frame = reader.frame(&message.frame());
            reader.finish(cursor.zip(at.zip(frame)))?
        };
        watch::delivered(&self.districts, engine, &principal, &cursor, at)?;
        let command = Command::act(Act::Acknowledge { cursor: cursor.clone(), position: at }, Vec::new());
        let command = command.map_err(|refusal| status::refused(&refusal))?;
        let (id, validate_only) = (frame.id, frame.validate_only);
        let asked = engine::Request { principal, id, expected_revision: None, validate_only, command };
        let outcome = engine.submit_within(asked, bounds::of_rows()).await.map_err(status::of)?;
        let scene = scene_of(engine, &outcome, validate_only);
        // A retry is told what it acknowledged, however far the cursor has come since.
        let known = match outcome.written {
            engine::Written::Recorded { .. } => Some(at),
            engine::Written::Duplicate { .. } => {
                scene.registry.finance().cursor(&cursor).map(|cursor| cursor.acknowledged)
            }
        };
        Ok(Response::new(v1::AcknowledgeOrdersResponse {
            cursor: scene.name(&Entity::Cursor(cursor)),
            acknowledged_position: position(known.unwrap_or(at)),
            position: position(outcome.written.position()),
            duplicate: outcome.written.is_duplicate(),
        }))
    }

    async fn record_payment_answers(
        &self,
        request: Request<v1::RecordPaymentAnswersRequest>,
    ) -> Reply<v1::RecordPaymentAnswersResponse> {
        let principal = principal::required(request.metadata())?;
        answers::record(&self.districts, principal, &request.into_inner()).await.map(Response::new)
    }

    async fn import_payment_answers(
        &self,
        request: Request<Streaming<v1::ImportPaymentAnswersRequest>>,
    ) -> Reply<Self::ImportPaymentAnswersStream> {
        let bounds = (self.message_bytes_max, self.silence_max);
        answers::import(&self.districts, bounds, request).map(Response::new)
    }

    async fn reconcile_payments(
        &self,
        request: Request<v1::ReconcilePaymentsRequest>,
    ) -> Reply<v1::ReconcilePaymentsResponse> {
        reconcile::run(&self.districts, &request.into_inner()).await.map(Response::new)
    }

    async fn close_fiscal_year(
        &self,
        request: Request<v1::CloseFiscalYearRequest>,
    ) -> Reply<v1::CloseFiscalYearResponse> {
        let principal = principal::required(request.metadata())?;
        let message = request.into_inner();
        let (engine, ((year, payer), frame)) = {
            let mut reader = Reader::new(&self.districts);
            let parent = reader.parent("parent", &message.parent);
            let year = reader.fiscal_year("fiscal_year", message.fiscal_year);
            let payer = reader.optional_treasury("payer_code", &message.payer_code);
            let frame = reader.frame(&message.frame());
            reader.finish(parent.and(year.zip(payer).zip(frame)))?
        };
        let command = Command::act(Act::CloseYear(year, payer), frame.documents);
        let command = command.map_err(|refusal| status::refused(&refusal))?;
        let (id, validate_only) = (frame.id, frame.validate_only);
        let asked = engine::Request { principal, id, expected_revision: None, validate_only, command };
        let outcome = engine.submit_within(asked, bounds::of_rows()).await.map_err(status::of)?;
        let closed = match outcome.written {
            engine::Written::Recorded { first, last } => (first..=last)
                .filter_map(|at| match &outcome.registry.entry_at(at)?.event {
                    Event::Order(OrderEvent::Closed(told)) => Some(told.order.to_string()),
                    _ => None,
                })
                .collect(),
            engine::Written::Duplicate { .. } => Vec::new(),
        };
        let left = unpaid_known(outcome.registry.finance(), year, payer, outcome.known);
        Ok(Response::new(v1::CloseFiscalYearResponse {
            closed_order_nos: closed,
            remaining_count: i32::try_from(left).unwrap_or(i32::MAX),
            position: position(outcome.written.position()),
            duplicate: outcome.written.is_duplicate(),
        }))
    }
}

/// Which orders a list shows.
struct Wanted {
    payer: Option<TreasuryCode>,
    scheme: Option<SchemeKey>,
    year: Option<i16>,
    state: Option<OrderState>,
    claim: Option<ClaimId>,
}

impl Wanted {
    fn read(reader: &mut Reader<'_>, filter: &str) -> Option<Self> {
        let names = ["payer", "scheme", "fiscal_year", "state", "claim"];
        let [payer, scheme, year, state, claim] = reader.filter(names, filter)?;
        let payer = reader.filter_word(payer.as_deref(), |code| TreasuryCode::parse(code).ok());
        let scheme = reader.filter_word(scheme.as_deref(), |key| SchemeKey::parse(key).ok());
        let year = reader.filter_word(year.as_deref(), |year| year.parse().ok());
        let state = reader.filter_word(state.as_deref(), OrderState::from_key);
        let claim = reader.filter_word(claim.as_deref(), |id| ClaimId::parse(id).ok());
        Some(Self { payer: payer?, scheme: scheme?, year: year?, state: state?, claim: claim? })
    }

    /// What of it never changes.
    fn selects_issued(&self, order: &crate::domain::order::Order) -> bool {
        let (issued, budget) = (&order.issued, &order.issued.budget);
        self.payer.is_none_or(|payer| budget.payer == payer)
            && self.scheme.as_ref().is_none_or(|scheme| budget.scheme == *scheme)
            && self.year.is_none_or(|year| budget.year == year)
            && self.claim.as_ref().is_none_or(|claim| issued.claim == *claim)
    }

    fn selects_state(&self, order: &v1::PaymentOrder) -> bool {
        let name = order.state().as_str_name().trim_start_matches("PAYMENT_ORDER_STATE_");
        self.state.is_none_or(|state| state.key() == name)
    }
}

impl Framed for v1::AcknowledgeOrdersRequest {
    fn frame(&self) -> RawFrame<'_> {
        RawFrame { documents: &[], ..bare(&self.request_id, self.validate_only) }
    }
}

impl Framed for v1::CloseFiscalYearRequest {
    fn frame(&self) -> RawFrame<'_> {
        RawFrame { documents: &self.documents, ..bare(&self.request_id, self.validate_only) }
    }
}

/// The frame of an act that has no etag: it is about more than one resource, or only ever moves on.
fn bare(request_id: &str, validate_only: bool) -> RawFrame<'_> {
    RawFrame {
        request_id,
        etag: "",
        validate_only,
        documents: &[],
        replaces: &[],
        replaces_field: "replaces",
        void_reason: "",
        decided_by: "",
    }
}
