//! Answers about orders, each decided on its own: the sameness of answers makes a resend harmless.

use super::super::convert::{Reader, order::told, position, rows};
use super::super::follow::{self, EventStream};
use super::super::sights::Sees;
use super::super::witness::Along;
use super::super::{Districts, bounds, principal, status};
use crate::auth::Usage;
use crate::domain::{Command, Reason, Refusal};
use crate::engine::{Bounded, Engine, Principal, ROWS_MAX, Rehearsal};
use crate::wire::v1;
use async_stream::try_stream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Request, Status, Streaming};

/// Answers of one unary call.
const ANSWERS_MAX: usize = 1000;

type Results = (Vec<v1::RowResult>, u64);

/// Answers of one call.
pub async fn record(
    districts: &Districts,
    principal: Principal,
    ask: &v1::RecordPaymentAnswersRequest,
) -> Result<v1::RecordPaymentAnswersResponse, Status> {
    let (engine, ()) = {
        let mut reader = Reader::new(districts);
        let parent = reader.parent("parent", &ask.parent);
        if ask.answers.len() > ANSWERS_MAX {
            let message = format!("{} answers; at most {ANSWERS_MAX}", ask.answers.len());
            reader.faults.push(Reason::OutOfRange, "answers", message);
        }
        reader.finish(parent)?
    };
    let mut rehearsal = ask.validate_only.then(|| engine.rehearse(&principal.id, bounds::of_rows()));
    let bounds = bounds::of_rows();
    let mut results = Vec::with_capacity(ask.answers.len());
    let mut at = engine.published().head.position;
    for some in ask.answers.chunks(ROWS_MAX) {
        let decided = decide(engine, rehearsal.as_mut(), (&principal, &bounds), some).await?;
        results.extend(decided.0);
        at = decided.1;
    }
    Ok(v1::RecordPaymentAnswersResponse { results, position: position(at) })
}

/// Decides answers, in their order.
async fn decide(
    engine: &Engine,
    rehearsal: Option<&mut Rehearsal>,
    (principal, bounds): (&Principal, &Bounded),
    answers: &[v1::PaymentAnswer],
) -> Result<Results, Status> {
    let commands: Vec<_> =
        answers.iter().map(|answer| told(answer).and_then(|act| Command::act(act, Vec::new()))).collect();
    let (outcomes, at) = match rehearsal {
        Some(rehearsal) => (rehearsal.rows(&commands), rehearsal.position()),
        None => {
            let decided = engine.submit_rows_within(principal.clone(), commands, bounds.clone()).await;
            decided.map_err(status::of)?
        }
    };
    if outcomes.len() != answers.len() {
        return Err(status::refused(&Refusal::new(Reason::Internal, "the engine answered other answers")));
    }
    let results = answers.iter().zip(outcomes).map(|(answer, outcome)| rows::result(answer.line, outcome));
    Ok((results.collect(), at))
}

/// Answers of a stream: a message is read once those of the one before are durable.
pub fn import(
    districts: &Districts,
    (message_bytes_max, silence_max): (usize, Duration),
    request: Request<Streaming<v1::ImportPaymentAnswersRequest>>,
) -> Result<EventStream<v1::ImportPaymentAnswersResponse>, Status> {
    let principal = principal::required(request.metadata())?;
    let place = districts.stream()?;
    let usage = request.extensions().get::<Arc<Usage>>().cloned();
    let (sees, along, bounds) = (districts.sees(), Along::the_call(), bounds::of_rows());
    let (districts, mut input) = (districts.clone(), request.into_inner());
    Ok(Box::pin(try_stream! {
        let _place = place;
        let mut open: Option<(Engine, Option<Rehearsal>)> = None;
        loop {
            let read = tokio::select! {
                biased;
                stopped = stopped(&districts, open.as_ref().map(|(engine, _)| engine)) => Err(stopped),
                message = input.message() => {
                    message.map_err(|error| status::of_tonic(&error, message_bytes_max).unwrap_or(error))
                }
                silence = follow::silence(silence_max) => Err(silence),
            };
            let Some(message) = read? else { break };
            let (engine, rehearsal) = match &mut open {
                Some(open) => {
                    same(&open.0, open.1.is_some(), &message)?;
                    open
                }
                None => open.insert(begin((&districts, &sees, &along), (&principal, &bounds), &message)?),
            };
            few(&message)?;
            let (results, at) = decide(engine, rehearsal.as_mut(), (&principal, &bounds), &message.answers).await?;
            yield v1::ImportPaymentAnswersResponse { results, position: position(at) };
            if let Some(usage) = &usage {
                tokio::time::sleep(usage.rows(message.answers.len(), Instant::now())).await;
            }
        }
    }))
}

/// What the first message says.
fn begin(
    (districts, sees, along): (&Districts, &Sees, &Along),
    (principal, bounds): (&Principal, &Bounded),
    message: &v1::ImportPaymentAnswersRequest,
) -> Result<(Engine, Option<Rehearsal>), Status> {
    let (engine, ()) = along.reads(|| {
        let mut reader = Reader::seeing(districts, sees.clone());
        let parent = reader.parent("parent", &message.parent);
        reader.finish(parent)
    })?;
    let rehearsal = message.validate_only.then(|| engine.rehearse(&principal.id, bounds.clone()));
    Ok((engine.clone(), rehearsal))
}

/// A further message says nothing else than the first.
fn same(engine: &Engine, rehearses: bool, message: &v1::ImportPaymentAnswersRequest) -> Result<(), Status> {
    let parent = format!("districts/{}", engine.district());
    if !message.parent.is_empty() && message.parent != parent {
        let said = format!("{:?} is not {parent}, that of this import", message.parent);
        return Err(status::fault(Reason::OutOfRange, "parent", said));
    }
    if message.validate_only != rehearses {
        let said = "validate_only is the same in every message of a stream";
        return Err(status::fault(Reason::OutOfRange, "validate_only", said));
    }
    Ok(())
}

fn few(message: &v1::ImportPaymentAnswersRequest) -> Result<(), Status> {
    if message.answers.len() <= ROWS_MAX {
        return Ok(());
    }
    let said = format!("{} answers in one message; at most {ROWS_MAX}", message.answers.len());
    Err(status::fault(Reason::OutOfRange, "answers", said))
}

/// Waits until the server drains or, once it is known, the engine stops.
async fn stopped(districts: &Districts, engine: Option<&Engine>) -> Status {
    match engine {
        Some(engine) => follow::ended(districts, engine).await,
        None => {
            districts.closed().await;
            status::plain(Reason::Draining, "the server is draining; send the answers again elsewhere or later")
        }
    }
}
