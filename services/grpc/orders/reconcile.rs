//! A day of orders beside its answers and the bank's statement.

use super::super::Districts;
use super::super::convert::{Reader, position};
use super::super::read::View;
use crate::domain::{Day, Reason, TreasuryCode};
use crate::projections::reconcile::{Difference, Kind, Line, Question, reconcile};
use crate::wire::v1;
use tonic::Status;

/// Days after which silence is told, when nothing is said.
const PATIENCE_DAYS: i32 = 3;
/// The longest patience, days.
const PATIENCE_DAYS_MAX: i32 = 366;
/// Lines of one statement.
const LINES_MAX: usize = 10_000;

/// Draws the answer.
pub async fn run(
    districts: &Districts,
    ask: &v1::ReconcilePaymentsRequest,
) -> Result<v1::ReconcilePaymentsResponse, Status> {
    let (engine, ((day, payer), (patience_days, lines))) = {
        let mut reader = Reader::new(districts);
        let parent = reader.parent("parent", &ask.parent);
        let day = reader.day("bank_date", &ask.bank_date);
        let payer: Option<Option<TreasuryCode>> = reader.optional_treasury("payer_code", &ask.payer_code);
        let patience = patience(&mut reader, ask.patience_days);
        let lines = lines(&mut reader, &ask.lines);
        reader.finish(parent.and(day.zip(payer).zip(patience.zip(lines))))?
    };
    let stated = ask.has_statement || !lines.is_empty();
    let view = View::now(engine, &districts.sees());
    let at = position(view.position);
    let found = view
        .draw(districts, move |view| {
            let statement = stated.then_some(lines.as_slice());
            reconcile(view.scene().registry, Question { day, payer, patience_days, statement })
        })
        .await?;
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let response = v1::ReconcilePaymentsResponse {
        differences: found.differences.iter().map(difference).collect(),
        issued_count: count(found.issued.count),
        issued_fen: found.issued.fen,
        paid_count: count(found.paid.count),
        paid_fen: found.paid.fen,
        returned_count: count(found.returned.count),
        returned_fen: found.returned.fen,
        live_count: count(found.live.count),
        live_fen: found.live.fen,
        position: at,
    };
    Ok(response)
}

fn patience(reader: &mut Reader<'_>, days: i32) -> Option<i32> {
    let days = if days == 0 { PATIENCE_DAYS } else { days };
    if (1..=PATIENCE_DAYS_MAX).contains(&days) {
        return Some(days);
    }
    let message = format!("patience_days is {days}; 1 to {PATIENCE_DAYS_MAX}");
    reader.faults.push(Reason::OutOfRange, "patience_days", message);
    None
}

fn lines(reader: &mut Reader<'_>, lines: &[v1::StatementLine]) -> Option<Vec<Line>> {
    if lines.len() > LINES_MAX {
        reader.faults.push(Reason::OutOfRange, "lines", format!("{} lines; at most {LINES_MAX}", lines.len()));
        return None;
    }
    let read: Vec<Option<Line>> = lines.iter().enumerate().map(|(index, line)| one(reader, index, line)).collect();
    read.into_iter().collect()
}

fn one(reader: &mut Reader<'_>, index: usize, line: &v1::StatementLine) -> Option<Line> {
    let day: Option<Day> = reader.day(&format!("lines[{index}].bank_date"), &line.bank_date);
    let order = reader.text(&format!("lines[{index}].order_no"), &line.order_no);
    let reference = reader.optional_text(&format!("lines[{index}].bank_reference"), &line.bank_reference);
    Some(Line { order: order?, amount: line.amount_fen, day: day?, reference: reference? })
}

fn difference(of: &Difference) -> v1::PaymentDifference {
    use v1::PaymentDifferenceKind as Wire;
    let kind = match of.kind {
        Kind::Unanswered => Wire::Unanswered,
        Kind::Unpaid => Wire::Unpaid,
        Kind::UnknownOrder => Wire::UnknownOrder,
        Kind::AmountDiffers => Wire::AmountDiffers,
        Kind::DayDiffers => Wire::DayDiffers,
        Kind::ReferenceDiffers => Wire::ReferenceDiffers,
        Kind::NotAnsweredPaid => Wire::NotAnsweredPaid,
        Kind::NotToBePaid => Wire::NotToBePaid,
        Kind::NotInStatement => Wire::NotInStatement,
        Kind::PaidTwice => Wire::PaidTwice,
        Kind::NotReissued => Wire::NotReissued,
        Kind::PaidAfterYearEnd => Wire::PaidAfterYearEnd,
        Kind::ClaimPaidTwice => Wire::ClaimPaidTwice,
    };
    v1::PaymentDifference {
        kind: kind.into(),
        order_no: of.order.clone(),
        registry_value: of.ours.clone(),
        statement_value: of.theirs.clone(),
        positions: of.positions.iter().map(|at| position(*at)).collect(),
        line_index: of.line.and_then(|index| i32::try_from(index).ok()).unwrap_or(-1),
    }
}
