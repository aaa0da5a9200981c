//! `ImportService`: ledgers in bulk. A few messages are in flight at a time; past that, the next is not read before the
//! first is durable, so that a slow disk slows the sender.

use super::convert::{Reader, position, rows};
use super::shares::Place;
use super::sights::Sees;
use super::witness::Along;
use super::{Districts, bounds, follow, principal, status};
use crate::auth::Usage;
use crate::domain::{Reason, Refusal};
use crate::engine::{Bounded, Engine, EngineError, Principal, ROWS_MAX, Rehearsal, RowOutcome};
use crate::wire::v1;
use async_stream::try_stream;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

/// Messages that may be on their way to the disk.
const IN_FLIGHT_MAX: usize = 4;

/// The service, with the size that messages may have.
pub struct Import {
    /// The districts.
    pub districts: Districts,
    /// What is told of a message that is too large.
    pub message_bytes_max: usize,
    /// How long no rows may come while nothing else is waited for.
    pub silence_max: Duration,
}

type Answered = Result<(Vec<RowOutcome>, u64), EngineError>;
type Submitted = Pin<Box<dyn Future<Output = Answered> + Send>>;

#[tonic::async_trait]
impl v1::import_service_server::ImportService for Import {
    type ImportRowsStream = follow::EventStream<v1::ImportRowsResponse>;

    async fn import_rows(
        &self,
        request: Request<Streaming<v1::ImportRowsRequest>>,
    ) -> Result<Response<Self::ImportRowsStream>, Status> {
        run(&self.districts, (self.message_bytes_max, self.silence_max), "rows", request).map(Response::new)
    }
}

/// Messages that come in, each as rows.
type Input = Pin<Box<dyn Stream<Item = Result<v1::ImportRowsRequest, Status>> + Send>>;

/// An import, of whatever messages say rows, in the field of that name.
pub fn run<M>(
    districts: &Districts,
    (message_bytes_max, silence_max): (usize, Duration),
    field: &'static str,
    request: Request<Streaming<M>>,
) -> Result<follow::EventStream<v1::ImportRowsResponse>, Status>
where
    M: Into<v1::ImportRowsRequest> + Send + 'static,
{
    let principal = principal::required(request.metadata())?;
    let run = Run {
        _place: districts.stream()?,
        districts: districts.clone(),
        message_bytes_max,
        silence_max,
        field,
        principal,
        sees: districts.sees(),
        along: Along::the_call(),
        bounds: bounds::of_rows(),
        usage: request.extensions().get::<Arc<Usage>>().cloned(),
        input: Box::pin(request.into_inner().map(|message| message.map(Into::into))),
        engine: None,
        rehearsal: None,
        in_flight: VecDeque::new(),
        rests: None,
    };
    Ok(run.answers())
}

/// Receipts are rows of 税收入库明细.
impl From<v1::ImportTaxReceiptsRequest> for v1::ImportRowsRequest {
    fn from(message: v1::ImportTaxReceiptsRequest) -> Self {
        let v1::ImportTaxReceiptsRequest { parent, receipts, validate_only } = message;
        let row = |line: v1::TaxReceiptLine| v1::ImportRow {
            line: line.line,
            row: line.receipt.map(v1::import_row::Row::TaxReceipt),
        };
        Self { parent, rows: receipts.into_iter().map(row).collect(), validate_only }
    }
}

/// One import.
struct Run {
    /// Held until the stream ends.
    _place: Place,
    districts: Districts,
    message_bytes_max: usize,
    silence_max: Duration,
    /// What its messages call the rows.
    field: &'static str,
    principal: Principal,
    sees: Sees,
    along: Along,
    bounds: Bounded,
    input: Input,
    engine: Option<Engine>,
    /// The overlay of a dry run; what the first message says holds for the whole stream.
    rehearsal: Option<Rehearsal>,
    in_flight: VecDeque<Sent>,
    /// What its principal uses; none: without a limit.
    usage: Option<Arc<Usage>>,
    /// Until when no more is read, so that the rate of rows is kept.
    rests: Option<Instant>,
}

/// The rows of one message on their way: the numbers of its rows, and what will become of them.
struct Sent {
    lines: Vec<i64>,
    reply: Reply,
}

enum Reply {
    Waiting(Submitted),
    There(Option<Answered>),
}

/// What happened next.
enum Step {
    Message(v1::ImportRowsRequest),
    Answer(Result<v1::ImportRowsResponse, Status>),
    Rested,
    Ended(Result<(), Status>),
}

impl Run {
    fn answers(mut self) -> follow::EventStream<v1::ImportRowsResponse> {
        Box::pin(try_stream! {
            // Why no more is read: the input ended, or something in it was wrong. What was sent is answered first.
            let mut ended = None;
            while ended.is_none() || !self.in_flight.is_empty() {
                let step = self.step(ended.is_none()).await;
                let sent = match step {
                    Step::Answer(answer) => {
                        yield answer?;
                        continue;
                    }
                    Step::Message(message) => self.send(message).await,
                    Step::Rested => {
                        self.rests = None;
                        continue;
                    }
                    Step::Ended(how) => {
                        ended = Some(how);
                        continue;
                    }
                };
                if let Err(wrong) = sent {
                    ended = Some(Err(wrong));
                }
            }
            if let Some(how) = ended {
                how?;
            }
        })
    }

    async fn step(&mut self, open: bool) -> Step {
        let reads = open && self.in_flight.len() < IN_FLIGHT_MAX;
        let stopped = stopped(&self.districts, self.engine.as_ref());
        let silent = reads && self.in_flight.is_empty() && self.rests.is_none();
        tokio::select! {
            biased;
            answer = first(&mut self.in_flight), if !self.in_flight.is_empty() => Step::Answer(answer),
            stopped = stopped, if open => Step::Ended(Err(stopped)),
            () = sleep_until(self.rests.unwrap_or_else(Instant::now)), if self.rests.is_some() => Step::Rested,
            message = self.input.next(), if reads && self.rests.is_none() => match message {
                Some(Ok(message)) => Step::Message(message),
                None => Step::Ended(Ok(())),
                Some(Err(error)) => Step::Ended(Err(status::of_tonic(&error, self.message_bytes_max).unwrap_or(error))),
            },
            silence = follow::silence(self.silence_max), if silent => Step::Ended(Err(silence)),
        }
    }

    async fn send(&mut self, message: v1::ImportRowsRequest) -> Result<(), Status> {
        let first = self.engine.is_none();
        let engine = self.engine_of(&message)?;
        if first && message.validate_only {
            self.rehearsal = Some(engine.rehearse(&self.principal.id, self.bounds.clone()));
        }
        if message.validate_only != self.rehearsal.is_some() {
            let said = "validate_only is the same in every message of a stream";
            return Err(status::fault(Reason::OutOfRange, "validate_only", said));
        }
        if message.rows.len() > ROWS_MAX {
            let said = format!("{} {} in one message; at most {ROWS_MAX}", message.rows.len(), self.field);
            return Err(status::fault(Reason::OutOfRange, self.field, said));
        }
        if let Some(usage) = &self.usage {
            let wait = usage.rows(message.rows.len(), std::time::Instant::now());
            self.rests = (!wait.is_zero()).then(|| Instant::now() + wait);
        }
        let lines = message.rows.iter().map(|row| row.line).collect();
        let commands = message.rows.iter().map(|row| rows::command(&self.districts, row)).collect();
        if let Some(rehearsal) = &mut self.rehearsal {
            let commands: Vec<_> = commands;
            let answered = Ok((rehearsal.rows(&commands), rehearsal.position()));
            self.in_flight.push_back(Sent { lines, reply: Reply::There(Some(answered)) });
            return Ok(());
        }
        let (principal, bounds) = (self.principal.clone(), self.bounds.clone());
        let mut submitted: Submitted =
            Box::pin(async move { engine.submit_rows_within(principal, commands, bounds).await });
        // Polled once here, so that messages enter the queue in the order they came in.
        let reply = poll_fn(|context| {
            Poll::Ready(match submitted.as_mut().poll(context) {
                Poll::Ready(answered) => Some(answered),
                Poll::Pending => None,
            })
        });
        let reply = match reply.await {
            Some(answered) => Reply::There(Some(answered)),
            None => Reply::Waiting(submitted),
        };
        self.in_flight.push_back(Sent { lines, reply });
        Ok(())
    }

    fn engine_of(&mut self, message: &v1::ImportRowsRequest) -> Result<Engine, Status> {
        match &self.engine {
            Some(engine) if message.parent.is_empty() => Ok(engine.clone()),
            Some(engine) if message.parent == format!("districts/{}", engine.district()) => Ok(engine.clone()),
            Some(engine) => {
                let said = format!("{:?} is not districts/{}, that of this import", message.parent, engine.district());
                Err(status::fault(Reason::OutOfRange, "parent", said))
            }
            None => {
                let (engine, ()) = self.along.reads(|| {
                    let mut reader = Reader::seeing(&self.districts, self.sees.clone());
                    let parent = reader.parent("parent", &message.parent);
                    reader.finish(parent)
                })?;
                Ok(self.engine.insert(engine.clone()).clone())
            }
        }
    }
}

/// What became of the rows of the first message in flight.
async fn first(in_flight: &mut VecDeque<Sent>) -> Result<v1::ImportRowsResponse, Status> {
    let Some(sent) = in_flight.front_mut() else { return std::future::pending().await };
    let answered = match &mut sent.reply {
        Reply::Waiting(submitted) => submitted.await,
        Reply::There(answered) => answered.take().unwrap_or(Err(EngineError::Draining)),
    };
    let lines = in_flight.pop_front().map(|sent| sent.lines).unwrap_or_default();
    let (outcomes, at) = answered.map_err(status::of)?;
    if outcomes.len() != lines.len() {
        return Err(status::refused(&Refusal::new(Reason::Internal, "the engine answered other rows")));
    }
    let results = lines.into_iter().zip(outcomes).map(|(line, outcome)| rows::result(line, outcome)).collect();
    Ok(v1::ImportRowsResponse { results, position: position(at) })
}

/// Waits until the server drains or, once it is known, the engine stops.
fn stopped(districts: &Districts, engine: Option<&Engine>) -> impl Future<Output = Status> + use<> {
    let (districts, engine) = (districts.clone(), engine.cloned());
    async move {
        match engine {
            Some(engine) => follow::ended(&districts, &engine).await,
            None => {
                districts.closed().await;
                status::plain(Reason::Draining, "the server is draining; send the rows again elsewhere or later")
            }
        }
    }
}
