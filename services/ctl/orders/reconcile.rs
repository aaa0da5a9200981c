//! `reconcile`: a day of orders beside its answers and the bank's statement.

use super::args::ReconcileArgs;
use crate::ctl::connect::Session;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::message;
use crate::ctl::output::{Grid, Report, hundredths};
use crate::ctl::trouble::Trouble;
use crate::formats;
use crate::formats::ledger::Source;
use crate::formats::orders::{StatementRow, statement};
use crate::wire::v1::{self, PaymentDifferenceKind as Kind};
use serde_json::json;
use std::path::Path;

/// Runs it.
pub async fn run(session: &Session, args: ReconcileArgs, lang: Lang) -> Result<Report, Trouble> {
    let lines = args.statement.as_deref().map(lines).transpose()?;
    let ask = v1::ReconcilePaymentsRequest {
        parent: session.parent(),
        bank_date: args.date.to_string(),
        payer_code: args.payer,
        patience_days: args.patience,
        has_statement: lines.is_some(),
        lines: lines.unwrap_or_default(),
    };
    let reply = session.finance().reconcile_payments(ask).await?.into_inner();
    Ok(report(&reply, lang))
}

fn report(reply: &v1::ReconcilePaymentsResponse, lang: Lang) -> Report {
    let head = lang.pick(
        ["指令单号", "差异", "登记", "对账单", "相关事实的位置"],
        ["order", "difference", "registry", "statement", "positions"],
    );
    let positions = |of: &v1::PaymentDifference| {
        let positions: Vec<String> = of.positions.iter().map(i64::to_string).collect();
        positions.join(" ")
    };
    let row = |of: &v1::PaymentDifference| {
        let (order, kind) = (of.order_no.clone(), kind(of.kind(), lang).to_owned());
        let shown = |value: &str| match (of.kind(), value.parse::<i64>()) {
            (Kind::AmountDiffers, Ok(fen)) => hundredths(fen),
            _ => value.to_owned(),
        };
        vec![order, kind, shown(&of.registry_value), shown(&of.statement_value), positions(of)]
    };
    let differences = Grid {
        title: lang.pick("差异", "what does not agree").to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: reply.differences.iter().map(row).collect(),
    };
    let sums = [
        (lang.pick("当日开出", "issued"), reply.issued_count, reply.issued_fen),
        (lang.pick("当日支付", "paid"), reply.paid_count, reply.paid_fen),
        (lang.pick("当日退票", "returned"), reply.returned_count, reply.returned_fen),
        (lang.pick("尚未办结", "live"), reply.live_count, reply.live_fen),
    ];
    let totals = Grid {
        title: String::new(),
        head: lang.pick(["", "笔数", "金额(元)"], ["", "count", "yuan"]).map(str::to_owned).to_vec(),
        rows: sums.map(|(what, count, fen)| vec![what.to_owned(), count.to_string(), hundredths(fen)]).to_vec(),
    };
    let plain = |of: &v1::PaymentDifference| {
        let word = of.kind().as_str_name().trim_start_matches("PAYMENT_DIFFERENCE_KIND_").to_owned();
        vec![of.order_no.clone(), word, of.registry_value.clone(), of.statement_value.clone(), positions(of)]
    };
    let head = ["order_no", "kind", "registry_value", "statement_value", "positions"].map(str::to_owned).to_vec();
    let csv = Grid { title: String::new(), head, rows: reply.differences.iter().map(plain).collect() };
    let listed: Vec<_> = reply.differences.iter().map(|of| message::json("PaymentDifference", of)).collect();
    let mut json = message::json("ReconcilePaymentsResponse", reply);
    json["differences"] = json!(listed);
    Report { json, grids: vec![differences, totals], csv, ..Report::default() }
}

fn kind(kind: Kind, lang: Lang) -> &'static str {
    match kind {
        Kind::Unspecified => "",
        Kind::Unanswered => lang.pick("逾期未答复", "not answered"),
        Kind::Unpaid => lang.pick("已接收，逾期未支付", "accepted, not paid"),
        Kind::UnknownOrder => lang.pick("没有此支付令", "unknown order"),
        Kind::AmountDiffers => lang.pick("金额不符", "amount differs"),
        Kind::DayDiffers => lang.pick("支付日期不符", "day differs"),
        Kind::ReferenceDiffers => lang.pick("银行流水号不符", "reference differs"),
        Kind::NotAnsweredPaid => lang.pick("银行已付，未登记答复", "paid, not answered"),
        Kind::NotToBePaid => lang.pick("不应支付而已付", "paid, not to be paid"),
        Kind::NotInStatement => lang.pick("已登记支付，对账单没有", "not in the statement"),
        Kind::PaidTwice => lang.pick("重复支付", "paid twice"),
        Kind::NotReissued => lang.pick("退票后逾期未重开", "returned, not issued again"),
        Kind::PaidAfterYearEnd => lang.pick("年度终了后支付", "paid after its fiscal year"),
        Kind::ClaimPaidTwice => lang.pick("同一款项另有支付令已付", "another order was paid for the same"),
    }
}

/// The lines of a statement.
fn lines(path: &Path) -> Result<Vec<v1::StatementLine>, Trouble> {
    let rows = statement(&Source::Path(path.to_owned())).map_err(|bad| {
        let told = |lang| format!("{}: {}", path.display(), bad.message(lang));
        Trouble::Said(Say::new(told(formats::Lang::Zh), told(formats::Lang::En)))
    })?;
    let line = |row: StatementRow| v1::StatementLine {
        order_no: row.order_no,
        amount_fen: row.amount_fen,
        bank_date: row.day.to_string(),
        bank_reference: row.reference,
    };
    Ok(rows.into_iter().map(line).collect())
}
