//! `orders export`: what waits behind a cursor, as a file. The cursor moves on when the file is on the disk: a crash before
//! that leaves the same orders, and the same batch, for the next time.

use super::args::ExportArgs;
use super::unusable;
use crate::ctl::connect::Session;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::domain::order::OrderState;
use crate::formats::orders::{Control, Format, OrderLine, write};
use crate::wire::v1::{self, watch_payment_orders_response::Step};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::Path;

/// Runs it.
pub async fn run(session: &Session, args: ExportArgs, lang: Lang) -> Result<Report, Trouble> {
    let format = args.format().ok_or_else(|| {
        let file = args.file.display();
        Trouble::Usage(Say::new(
            format!("{file}：文件名应以 .csv 或 .xlsx 结尾（--gb18030 只用于 .csv）"),
            format!("{file}: the name ends in .csv or .xlsx (--gb18030 is for .csv)"),
        ))
    })?;
    let cursor = session.name("cursors", &args.cursor);
    let (orders, position) = waiting(session, &cursor, &args.payer).await?;
    let is_live = |order: &v1::PaymentOrder| {
        let key = order.state().as_str_name().trim_start_matches("PAYMENT_ORDER_STATE_").to_owned();
        OrderState::from_key(&key).is_some_and(OrderState::is_live)
    };
    let lines: Vec<OrderLine> = orders.values().filter(|order| is_live(order)).map(line).collect();
    let ended: Vec<&str> =
        orders.values().filter(|order| !is_live(order)).map(|order| order.order_no.as_str()).collect();
    let district = session.parent();
    let batch = format!("{}-{position}", district.trim_start_matches("districts/"));
    // Nothing to pay: no file, and nothing left behind the cursor but what is told here.
    let control = if lines.is_empty() { None } else { Some(kept(&args.file, format, &batch, &lines)?) };
    let moves = !args.keep_cursor && !orders.is_empty();
    if moves {
        let acknowledged = v1::AcknowledgeOrdersRequest {
            cursor,
            acknowledged_position: position,
            request_id: uuid::Uuid::new_v4().to_string(),
            validate_only: false,
        };
        session.finance().acknowledge_orders(acknowledged).await?;
    }
    let report = json!({
        "file": control.as_ref().map(|_| args.file.display().to_string()),
        "batch": control.as_ref().map(|control| control.batch.clone()),
        "count": lines.len(),
        "amount_fen": control.as_ref().map_or(0, |control| control.sum_fen),
        "sha256": control.as_ref().map(|control| hex::encode(control.sha256)),
        "ended_order_nos": ended,
        "acknowledged_position": moves.then_some(position),
    });
    Ok(Report::of(report, lang))
}

/// Everything behind a cursor, an order once, as it stands.
async fn waiting(
    session: &Session,
    cursor: &str,
    payer: &str,
) -> Result<(BTreeMap<String, v1::PaymentOrder>, i64), Trouble> {
    let ask =
        v1::WatchPaymentOrdersRequest { cursor: cursor.to_owned(), payer_code: payer.to_owned(), ..Default::default() };
    let mut stream = session.finance().watch_payment_orders(ask).await?.into_inner();
    let (mut orders, mut position) = (BTreeMap::new(), 0);
    while let Some(next) = stream.message().await? {
        position = next.position;
        match next.step {
            Some(Step::Order(order)) => _ = orders.insert(order.order_no.clone(), order),
            _ if next.caught_up => break,
            _ => {}
        }
    }
    Ok((orders, position))
}

fn line(order: &v1::PaymentOrder) -> OrderLine {
    let payee = order.payee.clone().unwrap_or_default();
    OrderLine {
        order_no: order.order_no.clone(),
        fiscal_year: order.fiscal_year,
        payer_code: order.payer_code.clone(),
        payer_name: order.payer_name.clone(),
        programme: order.programme.clone(),
        function_code: order.function_code.clone(),
        government_code: order.government_economic_code.clone(),
        department_code: order.department_economic_code.clone(),
        payee_code: payee.uscc,
        payee_name: payee.display_name,
        account: payee.account_number,
        bank_name: payee.bank_name,
        bank_no: payee.bank_no,
        amount_fen: order.amount_fen,
        purpose: order.purpose.clone(),
    }
}

/// Writes a file that only its owner may read, since it holds account numbers, and puts it on the disk.
fn kept(path: &Path, format: Format, batch: &str, lines: &[OrderLine]) -> Result<Control, Trouble> {
    let failed = |fault: std::io::Error| unusable(path, &fault);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(failed)?;
    let control = write(format, batch, lines, BufWriter::new(&file)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(control)
}
