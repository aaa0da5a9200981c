//! The conversation of an import: messages out, answers in, never more than a window of them unanswered. What was
//! answered is durable; of what was not, nothing is known, and sending it again is harmless.

use super::read::{Batch, Place, Step};
use crate::ctl::connect::Session;
use crate::domain::{Reason, Warning};
use crate::formats::report::ImportReport;
use crate::wire::v1;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Messages that may be unanswered.
pub const WINDOW_MESSAGES_MAX: usize = 8;

/// How the conversation went.
#[derive(Debug, Default)]
pub struct Sent {
    /// Rows that were answered, and so are settled for good.
    pub answered_rows: u64,
    /// Rows that were sent and not answered.
    pub open_rows: u64,
    /// The log's position at the last answer.
    pub position: i64,
    /// Why it broke off; none: it went through.
    pub broken: Option<Status>,
}

/// Sends everything, and notes every answer in the report. `progress` hears of every step.
pub async fn send(
    session: &Session,
    steps: &mut mpsc::Receiver<Step>,
    names: &[String],
    report: &mut ImportReport,
    progress: &(dyn Fn(u64) + Sync),
) -> Sent {
    let mut talk = Talk { names, report, progress, waiting: VecDeque::new(), sent: Sent::default() };
    let Some(first) = talk.next_batch(steps).await else { return talk.sent };
    let (requests, stream) = mpsc::channel(WINDOW_MESSAGES_MAX);
    let parent = session.parent();
    // In the queue before the call: a server may wait for the first message before it answers the call itself.
    talk.post(&requests, parent.clone(), first).await;
    let outcome = match session.imports().import_rows(ReceiverStream::new(stream)).await {
        Ok(reply) => talk.converse(parent, requests, reply.into_inner(), steps).await,
        Err(status) => Err(status),
    };
    talk.sent.broken = outcome.err();
    talk.sent.open_rows = talk.waiting.iter().map(|places| places.len() as u64).sum();
    talk.sent
}

struct Talk<'a> {
    names: &'a [String],
    report: &'a mut ImportReport,
    progress: &'a (dyn Fn(u64) + Sync),
    /// Places of the rows of each unanswered message, oldest first.
    waiting: VecDeque<Vec<Place>>,
    sent: Sent,
}

impl Talk<'_> {
    /// Passes to the next message to send; notes what doesn't travel.
    async fn next_batch(&mut self, steps: &mut mpsc::Receiver<Step>) -> Option<Batch> {
        loop {
            match steps.recv().await? {
                Step::Batch(batch) => return Some(batch),
                Step::Refused((file, line), refusal) => self.report.file(&self.names[file]).rejected(line, &refusal),
                Step::Failed(file, fault) => self.report.file(&self.names[file]).failed(&fault),
            }
        }
    }

    async fn post(&mut self, requests: &mpsc::Sender<v1::ImportRowsRequest>, parent: String, batch: Batch) {
        self.waiting.push_back(batch.places);
        // A stream that nobody reads any more shows in the answers, with the reason.
        let _ = requests.send(v1::ImportRowsRequest { parent, rows: batch.rows, validate_only: false }).await;
    }

    async fn converse(
        &mut self,
        parent: String,
        requests: mpsc::Sender<v1::ImportRowsRequest>,
        mut answers: Streaming<v1::ImportRowsResponse>,
        steps: &mut mpsc::Receiver<Step>,
    ) -> Result<(), Status> {
        let mut requests = Some(requests);
        while requests.is_some() || !self.waiting.is_empty() {
            let room = self.waiting.len() < WINDOW_MESSAGES_MAX;
            tokio::select! {
                answer = answers.message(), if !self.waiting.is_empty() => match answer? {
                    Some(answer) => self.note(answer)?,
                    None => return Err(Status::unavailable("the server ended the stream before its last answer")),
                },
                step = steps.recv(), if room && requests.is_some() => match (step, &requests) {
                    (Some(Step::Batch(batch)), Some(open)) => {
                        self.waiting.push_back(batch.places);
                        let request = v1::ImportRowsRequest { parent: parent.clone(), rows: batch.rows, validate_only: false };
                        // There is room: the queue is as long as the window. A closed one shows in the answers.
                        let _ = open.try_send(request);
                    }
                    (Some(Step::Refused((file, line), refusal)), _) => {
                        self.report.file(&self.names[file]).rejected(line, &refusal);
                    }
                    (Some(Step::Failed(file, fault)), _) => self.report.file(&self.names[file]).failed(&fault),
                    _ => requests = None,
                },
            }
        }
        // The server's last word: a fault after the last answer is none of ours, its rows are durable.
        Ok(())
    }

    fn note(&mut self, answer: v1::ImportRowsResponse) -> Result<(), Status> {
        let places = self.waiting.pop_front().unwrap_or_default();
        let fits = places.len() == answer.results.len()
            && places.iter().zip(&answer.results).all(|((_, line), result)| u64::try_from(result.line) == Ok(*line));
        if !fits {
            self.waiting.push_front(places);
            return Err(Status::internal("the server's answer is not about the rows that were sent"));
        }
        for ((file, line), result) in places.iter().zip(&answer.results) {
            note(self.report, &self.names[*file], *line, result);
        }
        self.sent.answered_rows += places.len() as u64;
        self.sent.position = answer.position;
        (self.progress)(self.sent.answered_rows);
        Ok(())
    }
}

fn note(report: &mut ImportReport, name: &str, line: u64, result: &v1::RowResult) {
    let file = report.file(name);
    match result.outcome() {
        v1::RowOutcome::Accepted => {
            file.accepted();
            for warning in &result.warnings {
                let message = warning.message.clone();
                file.warned(line, &Warning { reason: reason(warning.reason()), field: "", message });
            }
        }
        v1::RowOutcome::Duplicate => file.duplicate(line, reason(result.reason())),
        v1::RowOutcome::Rejected | v1::RowOutcome::Unspecified => {
            file.rejected_as(line, reason(result.reason()), result.message.clone());
        }
    }
}

/// The word of the domain. A word of a newer server, which this program can't explain, is a fault of this program.
fn reason(reason: v1::Reason) -> Reason {
    reason.as_str_name().strip_prefix("REASON_").and_then(Reason::from_word).unwrap_or(Reason::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_domain_is_one_of_the_api() {
        for word in Reason::ALL {
            let wire = v1::Reason::from_str_name(&format!("REASON_{}", word.word()));
            assert_eq!(wire.map(reason), Some(*word), "{}", word.word());
        }
    }
}
