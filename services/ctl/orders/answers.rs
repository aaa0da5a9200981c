//! `orders answers`: a file that came back, line by line.

use super::{meaning, unusable, word};
use crate::ctl::Exit;
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::domain::Fault;
use crate::formats::ledger::Source;
use crate::formats::orders::{AnswerRow, Told, read};
use crate::formats::report::reason_text;
use crate::wire::v1;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Answers of one message.
const ANSWERS: usize = 500;

/// Runs it.
pub async fn run(session: &Session, path: &Path, dry_run: bool, lang: Lang) -> Result<(Report, Exit), Trouble> {
    let file = read(&Source::Path(path.to_owned())).map_err(|bad| {
        let said = format!("{} [{}]", bad.message(lang.into()), bad.word());
        unusable(path, &said)
    })?;
    let told: Vec<v1::PaymentAnswer> = file.rows.iter().filter_map(answer).collect();
    let silent = file.rows.iter().filter(|row| row.answer == Ok(None)).count();
    let mut wrong: Vec<Value> = file.rows.iter().filter_map(|row| unread(row, lang)).collect();
    let numbers: HashMap<i64, &str> = told.iter().map(|answer| (answer.line, answer.order_no.as_str())).collect();
    let parent = session.parent();
    let messages = told.chunks(ANSWERS).map(|some| v1::ImportPaymentAnswersRequest {
        parent: parent.clone(),
        answers: some.to_vec(),
        validate_only: dry_run,
    });
    let messages: Vec<_> = messages.collect();
    let (mut accepted, mut duplicates) = (0, 0);
    if !messages.is_empty() {
        let mut stream = session.finance().import_payment_answers(tokio_stream::iter(messages)).await?.into_inner();
        while let Some(reply) = stream.message().await? {
            for result in reply.results {
                match result.outcome() {
                    v1::RowOutcome::Accepted => accepted += 1,
                    v1::RowOutcome::Duplicate => duplicates += 1,
                    _ => wrong.push(refused(&result, &numbers, lang)),
                }
            }
        }
    }
    wrong.sort_by_key(|item| item["line"].as_i64());
    let exit = if wrong.is_empty() { Exit::Clean } else { Exit::Rejected };
    let columns = ["line", "order_no", "reason", "meaning"];
    let mut report = Report::list(wrong.clone(), &columns, lang);
    report.json = json!({
        "batch": file.control.batch,
        "accepted": accepted,
        "duplicates": duplicates,
        "unanswered": silent,
        "rejected": wrong,
    });
    let refused = wrong.len();
    let batch = &file.control.batch;
    report.note = Some(lang.pick(
        format!("批次 {batch}：登记{accepted}笔，重复{duplicates}笔，未答复{silent}笔，退回{refused}笔"),
        format!("batch {batch}: {accepted} recorded, {duplicates} known, {silent} unanswered, {refused} refused"),
    ));
    Ok((report, exit))
}

/// What a line answers; none where it does not, or can't be read.
fn answer(row: &AnswerRow) -> Option<v1::PaymentAnswer> {
    let blank = v1::PaymentAnswer {
        line: i64::try_from(row.line).unwrap_or(i64::MAX),
        order_no: row.order_no.clone(),
        ..Default::default()
    };
    Some(match row.answer.as_ref().ok()?.clone()? {
        Told::Paid { reference, day } => v1::PaymentAnswer {
            kind: v1::PaymentAnswerKind::Paid.into(),
            bank_reference: reference,
            bank_date: day.to_string(),
            amount_fen: row.amount_fen,
            ..blank
        },
        Told::Returned { reason, day } => v1::PaymentAnswer {
            kind: v1::PaymentAnswerKind::Returned.into(),
            reason,
            bank_date: day.to_string(),
            ..blank
        },
        Told::Rejected { reason } => {
            v1::PaymentAnswer { kind: v1::PaymentAnswerKind::Rejected.into(), reason, ..blank }
        }
    })
}

/// A line that can't be read.
fn unread(row: &AnswerRow, lang: Lang) -> Option<Value> {
    let faults = row.answer.as_ref().err()?;
    let first = faults.first()?;
    let said = |fault: &Fault| match lang {
        Lang::Zh => format!("{}：{}", fault.field, reason_text(fault.reason, lang.into())),
        Lang::En => fault.message.clone(),
    };
    let meaning = faults.iter().map(said).collect::<Vec<_>>().join(lang.pick("；", "; "));
    Some(json!({ "line": row.line, "order_no": row.order_no, "reason": first.reason.word(), "meaning": meaning }))
}

/// A line that the registry refused.
fn refused(result: &v1::RowResult, numbers: &HashMap<i64, &str>, lang: Lang) -> Value {
    json!({
        "line": result.line,
        "order_no": numbers.get(&result.line),
        "reason": word(result.reason()),
        "meaning": meaning(result.reason(), &result.message, lang),
    })
}
