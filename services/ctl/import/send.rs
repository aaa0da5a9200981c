//! The conversation of an import: messages out, answers in, never more than a window of them unanswered. What was
//! answered is durable; of what was not, nothing is known, and sending it again is harmless.

use super::corrected::Corrections;
use super::read::{Batch, Place, Step};
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::trouble::status_sentence;
use crate::domain::{Reason, Warning};
use crate::formats::report::{Detail, FileReport, ImportReport};
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

/// Where what becomes of the rows is noted.
pub struct Notes<'a> {
    /// What reports call each file.
    pub names: &'a [String],
    /// The report.
    pub report: &'a mut ImportReport,
    /// Refused rows, to be handed back.
    pub corrections: Option<&'a mut Corrections>,
    /// Hears how many rows were answered.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// Sends everything, and notes every answer; a dry run is decided on an overlay and thrown away.
pub async fn send(session: &Session, dry_run: bool, steps: &mut mpsc::Receiver<Step>, notes: Notes<'_>) -> Sent {
    let rows = vec![None; notes.names.len()];
    let parent = session.parent();
    let mut talk = Talk { parent, dry_run, notes, rows, waiting: VecDeque::new(), sent: Sent::default() };
    let Some(first) = talk.next_batch(steps).await else { return talk.end(Ok(())) };
    let (requests, stream) = mpsc::channel(WINDOW_MESSAGES_MAX);
    // In the queue before the call: a server may wait for the first message before it answers the call itself.
    talk.post(&requests, first);
    let outcome = match session.imports().import_rows(ReceiverStream::new(stream)).await {
        Ok(reply) => talk.converse(requests, reply.into_inner(), steps).await,
        Err(status) => Err(status),
    };
    talk.end(outcome)
}

struct Talk<'a> {
    parent: String,
    dry_run: bool,
    notes: Notes<'a>,
    /// Rows of each file that was read to its end.
    rows: Vec<Option<u64>>,
    /// Places of the rows of each unanswered message, oldest first.
    waiting: VecDeque<Vec<Place>>,
    sent: Sent,
}

impl Talk<'_> {
    /// Passes to the next message to send; notes what doesn't travel.
    async fn next_batch(&mut self, steps: &mut mpsc::Receiver<Step>) -> Option<Batch> {
        loop {
            if let Some(batch) = self.take(steps.recv().await?) {
                return Some(batch);
            }
        }
    }

    /// Notes what doesn't travel; gives back what does.
    fn take(&mut self, step: Step) -> Option<Batch> {
        match step {
            Step::Batch(batch) => return Some(batch),
            Step::Refused(place, refusal) => self.refused(&place, refusal.reason, Detail::of(&refusal)),
            Step::Failed(file, fault) => self.file(file).failed(&fault),
            Step::FailedAll(files, fault) => files.for_each(|file| self.file(file).failed(&fault)),
            Step::Read(file, rows) => self.rows[file] = Some(rows),
        }
        None
    }

    fn file(&mut self, file: usize) -> &mut FileReport {
        self.notes.report.file(&self.notes.names[file])
    }

    fn refused(&mut self, place: &Place, reason: Reason, detail: Detail) {
        if let Some(corrections) = &mut self.notes.corrections {
            corrections.refused(place, reason, &detail);
        }
        self.file(place.file).rejected_as(place.line, reason, detail);
    }

    /// Puts a message into the queue, which is as long as the window. A closed one shows in the answers.
    fn post(&mut self, requests: &mpsc::Sender<v1::ImportRowsRequest>, batch: Batch) {
        self.waiting.push_back(batch.places);
        let (parent, rows) = (self.parent.clone(), batch.rows);
        let _ = requests.try_send(v1::ImportRowsRequest { parent, rows, validate_only: self.dry_run });
    }

    async fn converse(
        &mut self,
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
                    (Some(step), Some(open)) => {
                        if let Some(batch) = self.take(step) {
                            self.post(open, batch);
                        }
                    }
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
            && places.iter().zip(&answer.results).all(|(at, result)| u64::try_from(result.line) == Ok(at.line));
        if !fits {
            self.waiting.push_front(places);
            return Err(Status::internal("the server's answer is not about the rows that were sent"));
        }
        for (place, result) in places.iter().zip(&answer.results) {
            self.settle(place, result);
        }
        self.sent.answered_rows += places.len() as u64;
        self.sent.position = answer.position;
        (self.notes.progress)(self.sent.answered_rows);
        Ok(())
    }

    fn settle(&mut self, place: &Place, result: &v1::RowResult) {
        let file = self.file(place.file);
        match result.outcome() {
            v1::RowOutcome::Accepted => {
                file.accepted();
                for warning in &result.warnings {
                    let message = warning.message.clone();
                    file.warned(place.line, &Warning { reason: reason(warning.reason()), field: "", message });
                }
            }
            v1::RowOutcome::Duplicate => file.duplicate(place.line, reason(result.reason())),
            v1::RowOutcome::Rejected | v1::RowOutcome::Unspecified => {
                self.refused(place, reason(result.reason()), detail(result));
            }
        }
    }

    /// What there is to say in the end. Broken off, every file with a row that is not settled bears that in the report.
    fn end(mut self, outcome: Result<(), Status>) -> Sent {
        self.sent.open_rows = self.waiting.iter().map(|places| places.len() as u64).sum();
        let (english, chinese) = match &outcome {
            Err(status) => (status_sentence(status, Lang::En), status_sentence(status, Lang::Zh)),
            Ok(()) => ("a file before it can't be read on".to_owned(), "此前的文件无法继续读取".to_owned()),
        };
        for at in 0..self.rows.len() {
            let all = self.rows[at];
            let file = self.file(at);
            if all != Some(file.settled_count()) && !file.is_failed() {
                file.broken_off(&english, &chinese);
            }
        }
        self.sent.broken = outcome.err();
        self.sent
    }
}

/// What the server told of a refused row, its parts in a steady order.
fn detail(result: &v1::RowResult) -> Detail {
    let mut parts: Vec<_> = result.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    parts.sort();
    Detail { english: result.message.clone(), faults: Vec::new(), parts }
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
