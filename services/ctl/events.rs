//! `events`: one event, or the log as it grows. A subscription that breaks is taken up again behind the last position
//! seen, so that nothing is missed and nothing shown twice.

use super::args::EventsCommand;
use super::connect::Session;
use super::lang::{Lang, Say};
use super::message;
use super::output::{Format, Io, Report, plain};
use super::payload;
use super::trouble::{Trouble, status_sentence};
use crate::wire::v1;
use serde_json::Value;
use std::io::Write;
use std::time::Duration;
use tonic::Code;

/// Waits between tries, the last one again and again.
const WAITS_MS: [u64; 6] = [200, 500, 1000, 2000, 5000, 10_000];
/// So often a server says that it is still there.
const HEARTBEAT_SECONDS: i32 = 10;
/// Past this silence the connection is given up.
const SILENCE_SECONDS_MAX: u64 = 35;
/// What a line bears, as CSV and for people.
const COLUMNS: [&str; 6] = ["position", "effective_date", "recorded_time", "type", "principal", "subjects"];

/// Runs `events …`.
pub async fn run(
    session: &Session,
    command: EventsCommand,
    format: Format,
    lang: Lang,
    io: &mut Io<'_>,
) -> Result<(), Trouble> {
    match command {
        EventsCommand::Show { position, record } => {
            let request = v1::GetEventRequest { parent: session.parent(), position, include_record: record };
            let reply = session.journal().get_event(request).await?.into_inner();
            let json = reply.event.map_or(Value::Null, |event| shown(&event, record));
            let readable = Report::of(payload::readable(json.clone()), lang);
            Report { grids: readable.grids, ..Report::of(json, lang) }.print(format, io.out)
        }
        EventsCommand::Tail { from, subject, limit, no_follow } => {
            let subject = subject.map(|name| full_name(session, &name)).unwrap_or_default();
            let tail = Tail { session, subject, limit, no_follow, format, lang, last: from.max(1) - 1, shown: 0 };
            tail.run(io).await
        }
    }
}

fn full_name(session: &Session, name: &str) -> String {
    if name.starts_with("districts/") { name.to_owned() } else { format!("{}/{name}", session.parent()) }
}

/// An event as JSON; the stored record only where it was asked for.
fn shown(event: &v1::Event, record: bool) -> Value {
    let mut json = message::json("Event", event);
    if let (false, Some(fields)) = (record, json.as_object_mut()) {
        fields.remove("record");
    }
    json
}

struct Tail<'a> {
    session: &'a Session,
    subject: String,
    limit: u64,
    no_follow: bool,
    format: Format,
    lang: Lang,
    /// Nothing up to here is still of interest.
    last: i64,
    shown: u64,
}

/// How a subscription ended that did not fail for good.
enum End {
    /// All that was asked for was shown.
    Done,
    /// It broke.
    Broken(tonic::Status),
}

impl Tail<'_> {
    async fn run(mut self, io: &mut Io<'_>) -> Result<(), Trouble> {
        if self.format == Format::Csv {
            writeln!(io.out, "{}", COLUMNS.join(","))?;
        }
        let mut tries = 0;
        let mut heard = false;
        loop {
            let before = self.last;
            match self.follow(io, &mut heard).await? {
                End::Done => return Ok(()),
                // What never worked is not resumed but reported.
                End::Broken(status) if !heard || !resumable(status.code()) => return Err(status.into()),
                End::Broken(status) => {
                    tries = if self.last > before { 0 } else { tries + 1 };
                    let wait = Duration::from_millis(WAITS_MS[tries.min(WAITS_MS.len() - 1)]);
                    let note = Say::new(
                        format!("连接中断（{}），从位置 {} 继续", status_sentence(&status, self.lang), self.last + 1),
                        format!("broken off ({}), going on at {}", status_sentence(&status, self.lang), self.last + 1),
                    );
                    writeln!(io.err, "{}", note.text(self.lang))?;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn follow(&mut self, io: &mut Io<'_>, heard: &mut bool) -> Result<End, Trouble> {
        let request = v1::SubscribeEventsRequest {
            parent: self.session.parent(),
            from_position: self.last + 1,
            subject: self.subject.clone(),
            include_record: false,
            heartbeat_seconds: HEARTBEAT_SECONDS,
        };
        let mut steps = match self.session.journal().subscribe_events(request).await {
            Ok(reply) => reply.into_inner(),
            Err(status) => return Ok(End::Broken(status)),
        };
        *heard = true;
        loop {
            let silence = Duration::from_secs(SILENCE_SECONDS_MAX);
            let step = match tokio::time::timeout(silence, steps.message()).await {
                Err(_) => return Ok(End::Broken(tonic::Status::unavailable("no sign of life"))),
                Ok(Err(status)) => return Ok(End::Broken(status)),
                Ok(Ok(None)) => return Ok(End::Broken(tonic::Status::unavailable("the server ended the stream"))),
                Ok(Ok(Some(step))) => step,
            };
            self.take(step.step, io.out)?;
            let enough = self.limit > 0 && self.shown >= self.limit;
            if enough || (self.no_follow && step.caught_up) {
                return Ok(End::Done);
            }
        }
    }

    fn take(&mut self, step: Option<v1::subscribe_events_response::Step>, out: &mut dyn Write) -> Result<(), Trouble> {
        use v1::subscribe_events_response::Step;
        match step {
            Some(Step::Event(event)) if event.position > self.last => {
                self.print(&event, out)?;
                self.last = event.position;
                self.shown += 1;
            }
            Some(Step::CheckpointPosition(position)) => self.last = self.last.max(position),
            Some(Step::Event(_)) | None => {} // Sent again: seen already.
        }
        Ok(())
    }

    fn print(&self, event: &v1::Event, out: &mut dyn Write) -> Result<(), Trouble> {
        match self.format {
            Format::Json => writeln!(out, "{}", shown(event, false))?,
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(&mut *out);
                csv.write_record(cells(event)).map_err(std::io::Error::from)?;
                csv.flush()?;
            }
            Format::Table => writeln!(out, "{}", cells(event).join("  "))?,
        }
        out.flush()?;
        Ok(())
    }
}

fn cells(event: &v1::Event) -> Vec<String> {
    let json = shown(event, false);
    let subjects: Vec<_> = event.subjects.iter().map(|subject| payload::local_name(&subject.name)).collect();
    let cell = |key: &&str| if *key == "subjects" { subjects.join(" ") } else { plain(&json[*key]) };
    COLUMNS.iter().map(cell).collect()
}

/// Whether trying again can help: the way broke, or the server is going down and another comes up.
fn resumable(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::Aborted
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::ResourceExhausted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_it_is_about() {
        let subject = |name: &str| v1::EventSubject { name: name.into(), ..Default::default() };
        let event = v1::Event {
            position: 12,
            r#type: "FirmAdmitted".into(),
            effective_date: "2024-03-01".into(),
            principal: "li".into(),
            subjects: vec![subject("districts/440203/firms/91"), subject("districts/440203/incubators/WJ03")],
            ..Default::default()
        };
        assert_eq!(cells(&event), ["12", "2024-03-01", "", "FirmAdmitted", "li", "firms/91 incubators/WJ03"]);
    }

    #[test]
    fn a_no_is_not_tried_again() {
        assert!(resumable(Code::Unavailable));
        assert!(!resumable(Code::DataLoss) && !resumable(Code::PermissionDenied) && !resumable(Code::NotFound));
    }
}
