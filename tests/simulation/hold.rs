//! Answers held against the model: the word of each refusal and what it points at, positions, revisions, warnings.

use crate::disk::{Disk, Trouble};
use crate::model::{Asker, Model, Verdict, odd_code};
use crate::play::Play;
use incubator_registry::domain::{Command, Day, Reason, Refusal};
use incubator_registry::engine::{Engine, EngineError, Outcome, Principal, Request, RowOutcome, Written};
use incubator_registry::log::Fault;
use std::time::Duration;

/// What is sent.
#[derive(Clone, Debug)]
pub enum Work {
    Command(Box<Request>),
    Rows(Principal, Vec<Result<Command, Refusal>>),
}

/// What comes back.
#[derive(Debug)]
pub enum Answer {
    Command(Result<Outcome, EngineError>),
    Rows(Result<(Vec<RowOutcome>, u64), EngineError>),
    /// Nothing: the process died.
    Gone,
}

/// Sends everything at once, in order.
pub async fn send(engine: &Engine, works: &[Work], disk: Option<&Disk>) -> Vec<Answer> {
    let mut tasks = Vec::new();
    for work in works.iter().cloned() {
        let engine = engine.clone();
        tasks.push(tokio::spawn(async move {
            match work {
                Work::Command(request) => Answer::Command(engine.submit(*request).await),
                Work::Rows(principal, rows) => Answer::Rows(engine.submit_rows(principal, rows).await),
            }
        }));
    }
    let mut answers = Vec::new();
    for mut task in tasks {
        let died = async {
            match disk {
                Some(disk) => disk.died().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = &mut task => answers.push(answer.unwrap()),
            () = died => {
                task.abort();
                answers.push(Answer::Gone);
            }
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("an engine that answers nothing"),
        }
    }
    answers
}

/// The day in Shanghai.
fn shanghai(micros: i64) -> Day {
    let hours = micros.div_euclid(3_600_000_000) + 8;
    Day::from_days(i32::try_from(hours.div_euclid(24)).unwrap()).unwrap()
}

/// Whether trouble that was met excuses a failure.
fn excused(error: &EngineError, met: &[Trouble]) -> bool {
    let any = |wanted: fn(&Trouble) -> bool| met.iter().any(wanted);
    match error {
        EngineError::LogFull => any(|trouble| matches!(trouble, Trouble::Of(Fault::Full))),
        EngineError::LogFailed(_) => {
            any(|trouble| matches!(trouble, Trouble::Of(Fault::Fatal | Fault::SyncFails) | Trouble::Blind))
        }
        _ => false,
    }
}

impl Play {
    /// Holds one answer; takes in what the log holds up to `end`.
    pub fn hold(&mut self, work: &Work, answer: Answer, end: u64, now: i64, met: &[Trouble]) {
        if matches!(answer, Answer::Gone) {
            assert!(matches!(met.last(), Some(Trouble::Crash { .. })), "no answer: {work:?}");
        }
        if let Answer::Command(Err(error)) | Answer::Rows(Err(error)) = &answer
            && !matches!(error, EngineError::Refused(_))
        {
            assert!(excused(error, met), "{error:?} after {met:?}");
        }
        let now = now.max(self.model.recorded());
        match (work, answer) {
            (Work::Command(request), Answer::Command(answer)) => self.hold_command(request, Some(answer), end, now),
            (Work::Command(request), Answer::Gone) => self.hold_command(request, None, end, now),
            (Work::Rows(principal, rows), Answer::Rows(answer)) => {
                self.hold_rows(principal, rows, Some(answer), end, now)
            }
            (Work::Rows(principal, rows), Answer::Gone) => self.hold_rows(principal, rows, None, end, now),
            (work, answer) => panic!("{answer:?} to {work:?}"),
        }
    }

    fn note(&mut self, what: &str) {
        for byte in what.bytes() {
            self.tally.trace = (self.tally.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn hold_command(&mut self, request: &Request, answer: Option<Result<Outcome, EngineError>>, end: u64, now: i64) {
        self.tally.commands += 1;
        let asker = Asker { principal: request.principal.id.clone(), id: Some(request.id.0) };
        let today = shanghai(now);
        let verdict = self.model.judge(&asker, request.expected_revision, &request.command, today);
        let before = self.model.position();
        let mut after = None; // A trial's state, which is no one's.
        if let Verdict::Record(new) = &verdict {
            let last = before + new.len() as u64;
            if request.validate_only {
                let mut trial = self.model.clone();
                trial.push(&asker, now, new.clone());
                after = Some(trial);
                self.tally.trials += 1;
            } else if last <= end {
                self.model.push(&asker, now, new.clone());
                self.model.remember(&asker, &request.command, before + 1);
                self.tally.recorded += 1;
                if matches!(answer, Some(Err(EngineError::LogFull))) {
                    panic!("told that nothing was written, and it is at {last}: {request:?}");
                }
            } else {
                let failed = matches!(&answer, None | Some(Err(EngineError::LogFull | EngineError::LogFailed(_))));
                assert!(failed, "accepted, and not in the log: {request:?}: {answer:?}");
                return;
            }
        }
        let told = |refusal: &Refusal| tell(refusal);
        self.note(&match &answer {
            None => "gone".to_owned(),
            Some(Ok(outcome)) => format!("{:?} {}", outcome.written, outcome.revision),
            Some(Err(EngineError::Refused(refusal))) => told(refusal),
            Some(Err(error)) => format!("{error:?}"),
        });
        match answer {
            Some(Ok(outcome)) => {
                let model = after.as_ref().unwrap_or(&self.model);
                hold_outcome(model, &verdict, request, &outcome, before);
                self.count(&verdict, request, &asker);
                if after.is_none() {
                    self.hold_shown(request, &outcome);
                }
            }
            Some(Err(EngineError::Refused(refusal))) => {
                self.tally.refused += 1;
                hold_refusal(&verdict, &refusal, &format!("{request:?} on {today}"));
            }
            _ => {}
        }
    }

    fn count(&mut self, verdict: &Verdict, request: &Request, asker: &Asker) {
        match verdict {
            Verdict::Again { first, last } => {
                self.tally.retries += 1;
                self.acknowledged.push((asker.clone(), *first, *last));
            }
            Verdict::Record(new) if !request.validate_only => {
                let last = self.model.position();
                self.acknowledged.push((asker.clone(), last + 1 - new.len() as u64, last));
            }
            Verdict::Same { .. } => self.tally.duplicates += 1,
            _ => {}
        }
    }

    /// The resource that an answer shows, as known then.
    fn hold_shown(&self, request: &Request, outcome: &Outcome) {
        let Some(incubator_registry::domain::Entity::Firm(code)) = &request.command.target else { return };
        let as_of = incubator_registry::domain::AsOf { day: Day::MAX, known: outcome.known };
        let shown = crate::views::firm(&outcome.registry, *code, as_of);
        assert_eq!(shown, crate::views::firm_of(&self.model, *code, as_of), "shown for {request:?}");
    }

    fn hold_rows(
        &mut self,
        principal: &Principal,
        rows: &[Result<Command, Refusal>],
        answer: Option<Result<(Vec<RowOutcome>, u64), EngineError>>,
        end: u64,
        now: i64,
    ) {
        let asker = Asker { principal: principal.id.clone(), id: None };
        let outcomes = match answer {
            Some(Ok((outcomes, position))) => {
                assert_eq!(outcomes.len(), rows.len());
                assert!(position <= end);
                Some(outcomes)
            }
            _ => None,
        };
        for (number, row) in rows.iter().enumerate() {
            let outcome = outcomes.as_ref().map(|outcomes| &outcomes[number]);
            let command = match row {
                Ok(command) => command,
                Err(refusal) => {
                    assert!(outcome.is_none_or(|outcome| *outcome == RowOutcome::Rejected(refusal.clone())));
                    continue;
                }
            };
            self.tally.commands += 1;
            let verdict = self.model.judge(&asker, None, command, shanghai(now));
            let mut odd = 0;
            if let Verdict::Record(new) = &verdict {
                odd = new.iter().filter(|(_, event, _)| odd_code(event)).count();
                if self.model.position() + new.len() as u64 > end {
                    assert!(outcome.is_none(), "accepted, and not in the log: {row:?}");
                    return;
                }
                self.model.push(&asker, now, new.clone());
                self.tally.recorded += 1;
            }
            let Some(outcome) = outcome else { continue };
            self.note(&match outcome {
                RowOutcome::Rejected(refusal) => tell(refusal),
                other => format!("{other:?}"),
            });
            match (&verdict, outcome) {
                (Verdict::Record(_), RowOutcome::Accepted { position, warnings }) => {
                    assert_eq!((*position, warnings.len()), (self.model.position(), odd), "{row:?}");
                }
                (Verdict::Same { reason, position }, RowOutcome::Skipped { reason: told, position: at }) => {
                    assert_eq!((told, at), (reason, position), "{row:?}");
                }
                (verdict, RowOutcome::Rejected(refusal)) => hold_refusal(verdict, refusal, &format!("{row:?}")),
                (verdict, outcome) => panic!("{outcome:?}, not {verdict:?}: {row:?}"),
            }
        }
    }
}

fn tell(refusal: &Refusal) -> String {
    format!("{} {:?} {:?}", refusal.reason.word(), refusal.position, refusal.positions)
}

fn hold_outcome(model: &Model, verdict: &Verdict, request: &Request, outcome: &Outcome, before: u64) {
    let revision =
        |known| request.command.target.as_ref().map_or(0, |target| model.revision(&target.to_string(), known));
    let odd = |first: u64, last: u64| (first..=last).filter(|at| odd_code(&model.at(*at).unwrap().event)).count();
    let (written, known, warned) = match verdict {
        Verdict::Record(new) => {
            let (first, last) = (before + 1, before + new.len() as u64);
            (Written::Recorded { first, last }, last, odd(first, last))
        }
        Verdict::Again { first, last } => (Written::Recorded { first: *first, last: *last }, *last, odd(*first, *last)),
        Verdict::Same { reason: Reason::Duplicate, position } => {
            (Written::Duplicate { position: *position }, before, 0)
        }
        verdict => panic!("{outcome:?}, not {verdict:?}: {request:?}"),
    };
    assert_eq!(outcome.written, written, "{request:?}");
    assert_eq!(outcome.known, known, "{request:?}");
    assert_eq!(outcome.revision, revision(known), "revision of {request:?}");
    assert_eq!(outcome.warnings.len(), warned, "warnings of {request:?}");
    assert!(outcome.warnings.iter().all(|warning| warning.reason == Reason::CodeChecksum));
}

fn hold_refusal(verdict: &Verdict, refusal: &Refusal, what: &str) {
    let Verdict::Refuse(wanted) = verdict else { panic!("{}, not {verdict:?}: {what}", tell(refusal)) };
    assert_eq!(refusal.reason, wanted.reason, "{} for {wanted:?}: {what}", tell(refusal));
    let at = refusal.position.unwrap_or(0);
    assert!(wanted.at.is_empty() || wanted.at.contains(&at), "{} for {wanted:?}: {what}", tell(refusal));
    let named = &refusal.positions;
    if wanted.some {
        assert!(
            !named.is_empty() && named.iter().all(|at| wanted.dependents.contains(at)),
            "{named:?}: {wanted:?}: {what}"
        );
    } else {
        let most = &wanted.dependents[..wanted.dependents.len().min(Refusal::POSITIONS_MAX)];
        assert_eq!(named, most, "{}: {} {what}", tell(refusal), refusal.message);
    }
}
