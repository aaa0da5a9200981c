//! Orders out and answers in, over the API: from a cursor, at least once, exactly one payment.

use crate::common;
use crate::finance_rig;
use common::server::{DISTRICT, id};
use common::world::{day, firm};
use finance_rig::{
    AUDITOR, Bench, OTHER, accepted, account_of, acknowledgement, answer, claim, cursor, issue, paid, returned, take,
};
use incubator_registry::engine::AuditConfig;
use incubator_registry::journal::note::{Note, SigningKey};
use incubator_registry::projections::issued::Heading;
use incubator_registry::wire::v1::{self, PaymentDifferenceKind as Kind, PaymentOrderState as State};
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A rule said no, with this word.
#[track_caller]
fn denied<T: std::fmt::Debug>(answer: Result<T, Status>, reason: &str) {
    let status = answer.unwrap_err();
    let word = status.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!((status.code(), word.as_deref()), (Code::FailedPrecondition, Some(reason)), "{status:?}");
}

const TODAY: &str = "2026-11-24";

async fn order(server: &common::server::Server, no: &str) -> v1::PaymentOrder {
    let name = format!("{DISTRICT}/paymentOrders/{no}");
    let ask = v1::GetPaymentOrderRequest { name, ..Default::default() };
    server.finance().get_payment_order(ask).await.unwrap().into_inner().order.unwrap()
}

#[tokio::test]
async fn orders_are_issued_once_and_watched_until_they_are_acknowledged() {
    let bench = Bench::new(2).await;
    let server = bench.server().await;
    let preview = v1::IssueOrdersRequest { parent: DISTRICT.into(), validate_only: true, ..Default::default() };
    let before = server.engine.published().head;
    let previewed = server.finance().issue_orders(preview).await.unwrap().into_inner();
    assert!(previewed.results.iter().all(|one| one.outcome() == v1::RowOutcome::Accepted && one.order.is_none()));
    assert_eq!((previewed.results.len(), server.engine.published().head), (2, before));

    let results = issue(&server).await.results;
    let orders: Vec<_> = results.iter().map(|one| one.order.clone().unwrap()).collect();
    assert_eq!(orders[0].order_no, "2026-440203000-000001");
    assert_eq!((orders[0].amount_fen, orders[0].state()), (7_000, State::Issued));
    assert_eq!(orders[0].payee.as_ref().unwrap().account_number, "****0001");
    assert!(issue(&server).await.results.is_empty(), "a claim has one live order");

    let (delivered, at) = take(&server, "一体化").await;
    let payee = delivered[0].1.payee.clone().unwrap();
    assert_eq!((payee.account_number, payee.bank_no.as_str()), (account_of(1), "103100000026"));
    assert_eq!(delivered.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [orders[0].position, orders[1].position]);
    let (masked, _) = take(&server.by(AUDITOR), "审计").await;
    assert_eq!(masked[1].1.payee.as_ref().unwrap().account_number, "****0002");

    // Not acknowledged: again from the first. One acknowledgement moves over all that came before it.
    assert_eq!(take(&server, "一体化").await.0.len(), 2);
    let mut finance = server.finance();
    let ahead = finance.acknowledge_orders(acknowledgement("一体化", at + 1)).await;
    denied(ahead, "CURSOR_AHEAD");
    let first = acknowledgement("一体化", delivered[0].0);
    let done = finance.acknowledge_orders(first.clone()).await.unwrap().into_inner();
    assert_eq!((done.acknowledged_position, done.duplicate), (delivered[0].0, false));
    assert_eq!(finance.acknowledge_orders(first).await.unwrap().into_inner(), done, "the same request");
    assert_eq!(take(&server, "一体化").await.0, delivered[1..]);
    let done = finance.acknowledge_orders(acknowledgement("一体化", delivered[0].0)).await.unwrap().into_inner();
    assert!(done.duplicate);

    // It is its owner's, to read and to move.
    let other = server.by(OTHER);
    let ask = v1::WatchPaymentOrdersRequest { cursor: cursor("一体化"), ..Default::default() };
    denied(other.finance().watch_payment_orders(ask).await, "CURSOR_OF_ANOTHER");
    let moved = other.finance().acknowledge_orders(acknowledgement("一体化", at)).await;
    denied(moved, "CURSOR_OF_ANOTHER");

    // After a restart the cursor stands where it was acknowledged, and nothing undelivered can be.
    drop(finance);
    server.ended().await.unwrap();
    let server = bench.server().await;
    let ahead = server.finance().acknowledge_orders(acknowledgement("一体化", at)).await;
    denied(ahead, "CURSOR_AHEAD");
    let (again, at) = take(&server, "一体化").await;
    assert_eq!(again, delivered[1..]);
    server.finance().acknowledge_orders(acknowledgement("一体化", at)).await.unwrap();
    assert!(take(&server, "一体化").await.0.is_empty());
}

#[tokio::test]
async fn a_cursor_is_in_the_log_and_in_no_change_stream() {
    let bench = Bench::new(1).await;
    let server = bench.server().await;
    issue(&server).await;
    let (_, at) = take(&server, "一体化").await;
    let from_position = at + 1;
    server.finance().acknowledge_orders(acknowledgement("一体化", at)).await.unwrap();
    answer(&server, &[accepted("2026-440203000-000001")]).await;
    let ask = v1::ReadEventsRequest { parent: DISTRICT.into(), from_position, ..Default::default() };
    let read: Vec<_> = server.journal().read_events(ask).await.unwrap().into_inner().collect::<Vec<_>>().await;
    let read: Vec<_> = read.into_iter().map(|event| event.unwrap().event.unwrap().r#type).collect();
    assert_eq!(read, ["CursorAdvanced", "OrderAccepted"]);
    let ask = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position, ..Default::default() };
    let mut stream = server.journal().subscribe_events(ask).await.unwrap().into_inner();
    let first = stream.next().await.unwrap().unwrap().step.unwrap();
    let v1::subscribe_events_response::Step::Event(event) = first else { panic!("{first:?}") };
    assert_eq!(event.r#type, "OrderAccepted");
}

#[tokio::test]
async fn answers_are_kept_once_and_judged_by_what_became_of_the_order() {
    let bench = Bench::new(2).await;
    let server = bench.server().await;
    let orders = issue(&server).await.results;
    let (one, two) = (&orders[0].order.as_ref().unwrap().order_no, &orders[1].order.as_ref().unwrap().order_no);
    assert_eq!(answer(&server, &[accepted(one), paid(one, "回单1", TODAY)]).await, ["", ""]);
    let head = server.engine.published().head;
    let again =
        [accepted(one), paid(one, "回单1", TODAY), paid(one, "回单2", TODAY), paid("2026-440203000-9", "x", TODAY)];
    assert_eq!(answer(&server, &again).await, ["DUPLICATE", "DUPLICATE", "CONFLICT", "UNKNOWN_ORDER"]);
    let wrong = v1::PaymentAnswer { amount_fen: 6_999, ..paid(two, "回单3", TODAY) };
    let blank = v1::PaymentAnswer { bank_reference: String::new(), ..paid(two, "", "2026-13-01") };
    assert_eq!(answer(&server, &[wrong, blank]).await, ["AMOUNT_DIFFERS", "MALFORMED_DATE"]);
    assert_eq!(server.engine.published().head, head, "nothing of it is written");

    // It came back after it was paid: another account, then a new order, and never two live ones.
    assert_eq!(answer(&server, &[returned(one, "账号已销户", TODAY)]).await, [""]);
    assert_eq!(order(&server, one).await.state(), State::Returned);
    let results = issue(&server).await.results;
    assert_eq!(results[0].reason(), v1::Reason::AccountReturned);
    Bench::another_account(&server, 1, "622848009999888877").await;
    let results = issue(&server).await.results;
    let new = results[0].order.clone().unwrap();
    assert_eq!((new.order_no.as_str(), new.state()), ("2026-440203000-000003", State::Issued));
    let delivered = take(&server, "一体化").await.0;
    let last = delivered.last().unwrap().1.clone();
    assert_eq!(
        (last.order_no.as_str(), last.payee.unwrap().account_number.as_str()),
        ("2026-440203000-000003", "622848009999888877")
    );
    assert_eq!(
        answer(&server, &[paid(one, "回单1", TODAY), paid(&new.order_no, "回单4", TODAY)]).await,
        ["DUPLICATE", ""]
    );

    // A stream takes the same answers, one response a message.
    let message = |answers: Vec<v1::PaymentAnswer>| v1::ImportPaymentAnswersRequest {
        parent: DISTRICT.into(),
        answers,
        validate_only: false,
    };
    let messages = vec![message(vec![accepted(two)]), message(vec![paid(two, "回单3", TODAY), accepted(two)])];
    let answered = server.finance().import_payment_answers(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let words: Vec<Vec<String>> =
        answered.map(|message| message.unwrap().results.iter().map(finance_rig::word).collect()).collect().await;
    assert_eq!(words, [vec![String::new()], vec![String::new(), "DUPLICATE".to_owned()]]);
    let listed = v1::ListPaymentOrdersRequest {
        parent: DISTRICT.into(),
        filter: "state = PAID AND payer = 440203000".into(),
        ..Default::default()
    };
    let listed = server.finance().list_payment_orders(listed).await.unwrap().into_inner().orders;
    assert_eq!(listed.iter().map(|order| order.order_no.as_str()).collect::<Vec<_>>(), [two.as_str(), &new.order_no]);
    assert_eq!(listed[0].claim, format!("{DISTRICT}/claims/{}", claim(2)));
}

#[tokio::test]
async fn receipts_come_in_as_a_stream_and_once() {
    let bench = Bench::new(1).await;
    let server = bench.server().await;
    let line = |line, voucher: &str, taxpayer: String, amount_fen| v1::TaxReceiptLine {
        line,
        receipt: Some(v1::TaxReceiptRow {
            taxpayer_code: taxpayer,
            tax: v1::Tax::Cit.into(),
            treasury_date: "2026-11-20".into(),
            amount_fen,
            nature: v1::TaxNature::Normal.into(),
            voucher_no: voucher.into(),
            ..Default::default()
        }),
    };
    let message = |receipts| v1::ImportTaxReceiptsRequest { parent: DISTRICT.into(), receipts, validate_only: false };
    let empty = v1::TaxReceiptLine { line: 3, receipt: None };
    let unknown = line(2, "V2", "91440203MA20WQ9M3C".into(), 5);
    let messages = vec![
        message(vec![line(1, "V1", firm(1).to_string(), 70_000), unknown, empty]),
        message(vec![line(4, "V1", firm(1).to_string(), 70_000), line(5, "V1", firm(1).to_string(), 70_001)]),
    ];
    let answered = server.finance().import_tax_receipts(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let messages: Vec<_> = answered.map(|message| message.unwrap().results).collect().await;
    let told: Vec<_> = messages.iter().flatten().map(|of| (of.line, finance_rig::word(of))).collect();
    let expected = [(1, ""), (2, "UNKNOWN_TAXPAYER"), (3, "MISSING_VALUE"), (4, "DUPLICATE"), (5, "CONFLICT")];
    assert_eq!(told, expected.map(|(line, word)| (line, word.to_owned())));
    let name = format!("{DISTRICT}/taxReceipts/V1:CIT");
    let ask = v1::GetTaxReceiptRequest { name, ..Default::default() };
    let receipt = server.by(OTHER).taxes().get_tax_receipt(ask).await.unwrap().into_inner().tax_receipt.unwrap();
    assert_eq!((receipt.amount_fen, receipt.taxpayer_code), (70_000, firm(1).to_string()));

    let many = message(vec![line(1, "V3", firm(1).to_string(), 1); 501]);
    let mut refused = server.finance().import_tax_receipts(tokio_stream::once(many)).await.unwrap().into_inner();
    assert_eq!(refused.next().await.unwrap().unwrap_err().code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn orders_are_issued_signed_and_made_again_whatever_was_paid_since() {
    let bench = Bench::new(2).await;
    let server = bench.server().await;
    let dir = tempfile::tempdir().unwrap();
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let audit = AuditConfig { key, dir: dir.path().to_owned(), copy: None, every: Duration::from_secs(3600) };
    server.engine.begin_audit(audit).unwrap();
    let orders: Vec<_> = issue(&server).await.results.iter().map(|one| one.order.clone().unwrap().order_no).collect();
    let ask = v1::IssueFigureRequest {
        parent: DISTRICT.into(),
        figure: v1::IssuedFigure::PaymentOrders.into(),
        as_of_date: TODAY.into(),
        ..Default::default()
    };
    let issued = server.by(AUDITOR).audit().issue_figure(ask).await.unwrap().into_inner().document;
    answer(&server, &[paid(&orders[0], "回单1", TODAY)]).await;

    let text = Note::parse(&issued).unwrap().text;
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    let told: Vec<_> =
        document["figure"].as_array().unwrap().iter().map(|of| (&of["order_no"], &of["state"])).collect();
    assert_eq!(told, [(&orders[0].clone().into(), &"ISSUED".into()), (&orders[1].clone().into(), &"ISSUED".into())]);
    let first = &document["figure"][0];
    assert_eq!((&first["amount_fen"], &first["masked_number"]), (&7_000.into(), &"****0001".into()));
    assert!(!issued.contains(&account_of(1)), "a number stays sealed");
    let registry = &server.engine.published().registry;
    let again = Heading::read(text).unwrap().document(registry, day(TODAY), None).unwrap();
    assert_eq!(again, text);
}

#[tokio::test]
async fn a_day_is_reconciled_with_the_banks_statement() {
    let bench = Bench::new(4).await;
    let server = bench.server().await;
    let orders: Vec<_> = issue(&server).await.results.iter().map(|one| one.order.clone().unwrap().order_no).collect();
    let told = [paid(&orders[0], "回单1", TODAY), paid(&orders[1], "回单2", TODAY), accepted(&orders[2])];
    answer(&server, &told).await;
    let line = |no: &str, amount_fen, bank_date: &str, bank_reference: &str| v1::StatementLine {
        order_no: no.into(),
        amount_fen,
        bank_date: bank_date.into(),
        bank_reference: bank_reference.into(),
    };
    let ask = v1::ReconcilePaymentsRequest {
        parent: DISTRICT.into(),
        bank_date: TODAY.into(),
        payer_code: "440203000".into(),
        has_statement: true,
        lines: vec![
            line(&orders[0], 7_001, "2026-11-23", "回单1"),
            line("2026-440203000-000099", 1, TODAY, "x"),
            line(&orders[2], 7_000, TODAY, "回单3"),
            line(&orders[2], 7_000, TODAY, "回单3"),
        ],
        ..Default::default()
    };
    let told = server.finance().reconcile_payments(ask.clone()).await.unwrap().into_inner();
    let kinds: Vec<_> = told.differences.iter().map(|of| (of.kind(), of.order_no.as_str(), of.line_index)).collect();
    let expected = [
        (Kind::AmountDiffers, orders[0].as_str(), 0),
        (Kind::DayDiffers, &orders[0], 0),
        (Kind::NotInStatement, &orders[1], -1),
        (Kind::NotAnsweredPaid, &orders[2], 2),
        (Kind::PaidTwice, &orders[2], 3),
        (Kind::UnknownOrder, "2026-440203000-000099", 1),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        (told.differences[0].registry_value.as_str(), told.differences[0].statement_value.as_str()),
        ("7000", "7001")
    );
    assert_eq!((told.issued_count, told.issued_fen, told.paid_count, told.paid_fen), (4, 28_000, 2, 14_000));
    assert_eq!((told.live_count, told.live_fen), (2, 14_000));
    // Three days later the silence is told too.
    let later =
        v1::ReconcilePaymentsRequest { bank_date: "2026-11-27".into(), has_statement: false, lines: vec![], ..ask };
    let told = server.finance().reconcile_payments(later).await.unwrap().into_inner();
    let kinds: Vec<_> = told.differences.iter().map(|of| (of.kind(), of.order_no.as_str())).collect();
    assert_eq!(kinds, [(Kind::Unpaid, orders[2].as_str()), (Kind::Unanswered, &orders[3])]);
}

#[tokio::test]
async fn a_year_is_closed_and_its_orders_are_made_again_against_the_next() {
    let bench = Bench::new(2).await;
    let server = bench.server().await;
    let orders: Vec<_> = issue(&server).await.results.iter().map(|one| one.order.clone().unwrap().order_no).collect();
    answer(&server, &[paid(&orders[0], "回单1", TODAY), accepted(&orders[1])]).await;
    let close = || v1::CloseFiscalYearRequest {
        parent: DISTRICT.into(),
        fiscal_year: 2026,
        payer_code: "440203000".into(),
        request_id: id(),
        ..Default::default()
    };
    denied(server.by(OTHER).finance().close_fiscal_year(close()).await, "YEAR_RUNNING");
    server.clock.advance(Duration::from_secs(45 * 86_400));
    let elsewhere = v1::CloseFiscalYearRequest { payer_code: "440203900".into(), ..close() };
    assert!(server.by(OTHER).finance().close_fiscal_year(elsewhere).await.unwrap().into_inner().duplicate);
    let closed = server.by(OTHER).finance().close_fiscal_year(close()).await.unwrap().into_inner();
    assert_eq!((closed.closed_order_nos, closed.remaining_count), (vec![orders[1].clone()], 0));
    let budget = |year| {
        let published = server.engine.published();
        let id = incubator_registry::domain::budget::BudgetId::parse(&finance_rig::budget(year)).unwrap();
        published.registry.finance().budget(&id).unwrap().taking
    };
    assert_eq!((budget(2026).committed, budget(2026).paid), (7_000, 7_000), "the old budget is free of it");
    let new = issue(&server).await.results[0].order.clone().unwrap();
    assert_eq!((new.fiscal_year, new.order_no.as_str()), (2027, "2027-440203000-000001"));
    assert_eq!(budget(2027).ordered, 7_000);
    let delivered = take(&server, "一体化").await.0;
    let states: Vec<_> = delivered.iter().map(|(_, order)| (order.order_no.as_str(), order.state())).collect();
    let closed = (orders[1].as_str(), State::Closed);
    assert_eq!(states, [(orders[0].as_str(), State::Paid), closed, closed, (&new.order_no, State::Issued)]);
    assert!(day(&new.issued_date) > day(TODAY));
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_whatever_was_done_since() {
    let bench = Bench::new(2).await;
    let server = bench.server().await;
    let by = server.by(OTHER);
    // A budget that is taken of, and an account that is confirmed, behind the first answers.
    let appropriate = v1::AppropriateBudgetRequest {
        name: format!("{DISTRICT}/budgets/{}", finance_rig::budget(2026)),
        amount_fen: 1_000,
        rule: v1::BudgetRule::FirstCome.into(),
        document_no: "武财〔2026〕2号".into(),
        request_id: id(),
        ..Default::default()
    };
    let raised = by.budgets().appropriate_budget(appropriate.clone()).await.unwrap().into_inner();
    let record = v1::RecordAccountRequest {
        name: format!("{DISTRICT}/accounts/{}", firm(2)),
        holder_name: "运营2".into(),
        number: "622848009999888866".into(),
        bank_name: "中国农业银行韶关武江支行".into(),
        bank_no: "103100000026".into(),
        request_id: id(),
        ..Default::default()
    };
    let recorded = server.accounts().record_account(record.clone()).await.unwrap().into_inner();
    let waiting = recorded.account.clone().unwrap().waiting.unwrap();
    let confirm = v1::ConfirmAccountRequest {
        name: record.name.clone(),
        recorded_position: waiting.position,
        request_id: id(),
        ..Default::default()
    };
    by.accounts().confirm_account(confirm).await.unwrap();
    let orders: Vec<_> = issue(&server).await.results.iter().map(|one| one.order.clone().unwrap().order_no).collect();
    let (_, at) = take(&server, "一体化").await;
    let acknowledge = acknowledgement("一体化", at);
    let acknowledged = server.finance().acknowledge_orders(acknowledge.clone()).await.unwrap().into_inner();
    answer(&server, &[paid(&orders[0], "回单1", TODAY)]).await;
    // A year that is closed, and a payment of it that came back afterwards.
    server.clock.advance(Duration::from_secs(45 * 86_400));
    let close = v1::CloseFiscalYearRequest {
        parent: DISTRICT.into(),
        fiscal_year: 2026,
        request_id: id(),
        ..Default::default()
    };
    let closed = by.finance().close_fiscal_year(close.clone()).await.unwrap().into_inner();
    assert_eq!((closed.closed_order_nos.as_slice(), closed.remaining_count), (&orders[1..], 0));
    assert_eq!(answer(&server, &[returned(&orders[0], "账户已销户", "2026-12-20")]).await, [""]);
    let (_, at) = take(&server, "一体化").await;
    server.finance().acknowledge_orders(acknowledgement("一体化", at)).await.unwrap();

    assert_eq!(by.finance().close_fiscal_year(close).await.unwrap().into_inner(), closed);
    assert_eq!(server.accounts().record_account(record).await.unwrap().into_inner(), recorded);
    assert_eq!(by.budgets().appropriate_budget(appropriate).await.unwrap().into_inner(), raised);
    assert_eq!(server.finance().acknowledge_orders(acknowledge).await.unwrap().into_inner(), acknowledged);
}
