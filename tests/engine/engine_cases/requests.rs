//! Request ids and etags: a retry is answered as the first time, for ever; a stale revision is told.

use super::{
    Rig, admission, admit, command, heavy, id, leave, principal, refused, register, rename, renaming, replace, request,
    settle,
};
use crate::common::world::{carrier, firm};
use incubator_registry::domain::{AsOf, Command, Entity};
use incubator_registry::engine::{EngineError, Outcome, Request, Written};

/// The answer as a client sees it: position, revision, and the firm as known.
fn seen(outcome: &Outcome) -> (Written, u64, u64, String, Vec<String>) {
    let as_of = AsOf { known: outcome.known, ..AsOf::NOW };
    let firm = format!("{:?}", outcome.registry.firm(&firm(1), as_of));
    let warnings = outcome.warnings.iter().map(|warning| format!("{warning:?}")).collect();
    (outcome.written, outcome.known, outcome.revision, firm, warnings)
}

/// Commands of every shape, each to be accepted on what the one before left.
async fn shapes(rig: &Rig) -> Vec<(Request, Outcome)> {
    let mut kept = Vec::new();
    let mut keep = async |command: Command| -> Outcome {
        let request = request(command);
        let outcome = rig.engine.submit(request.clone()).await.unwrap();
        kept.push((request, outcome.clone()));
        outcome
    };
    keep(register(1)).await;
    let admitted = keep(admit(1, "WJ01", "2025-03-01")).await.written.position();
    keep(rename(1, "2025-03-02", "甲")).await;
    keep(admit(2, "WJ01", "2025-03-01")).await;
    let left = keep(leave(1, "WJ01", "2025-06-01")).await.written.position();
    // Takes two facts back and states them anew.
    let facts = vec![admission(1, "WJ01", "2025-03-05"), leave(1, "WJ01", "2025-06-01").facts.remove(0)];
    keep(replace(&[admitted as i64, left as i64], facts)).await;
    let renamed = keep(rename(1, "2025-07-01", "乙")).await.written.position();
    // Takes a fact back and states one that is known: the void is all that it writes.
    keep(replace(&[renamed as i64], vec![renaming(1, "2025-03-02", "甲")])).await;
    // Only takes back: it has no target.
    let renamed = keep(rename(1, "2025-08-01", "丙")).await.written.position();
    keep(replace(&[renamed as i64], Vec::new())).await;
    // Facts of two firms in one command: the first is its target.
    keep(command(vec![renaming(1, "2025-09-01", "丁"), renaming(2, "2025-09-01", "戊")])).await;
    // A known registration whose code warns, with something new.
    keep(command(vec![super::registration(1), renaming(1, "2025-10-01", "己")])).await;
    let mut of_carrier = admit(2, "WJ03", "2026-01-01");
    rig.run(leave(2, "WJ01", "2025-12-31")).await;
    of_carrier.target = Some(Entity::Incubator(carrier("WJ03")));
    keep(of_carrier).await;
    kept
}

#[tokio::test]
async fn a_retry_is_answered_as_the_first_time_after_later_facts_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = Some(folder.path().to_owned());
    let rig = Rig::on(Default::default(), snapshots.clone()).await;
    rig.people(0).await;
    rig.run(register(2)).await;
    let kept = shapes(&rig).await;
    rig.run(rename(1, "2025-11-01", "后来")).await;
    rig.run(register(3)).await;
    rig.run(admit(3, "WJ03", "2026-01-01")).await;
    let head = rig.head();
    let mut rigs = vec![rig.again(None).await];
    rig.engine.drain().await;
    rigs.push(rig.again(snapshots).await);
    for (which, rig) in rigs.iter().enumerate() {
        for (number, (request, first)) in kept.iter().enumerate() {
            let again = rig.engine.submit(request.clone()).await.unwrap();
            assert_eq!(seen(&again), seen(first), "command {number}, rig {which}");
        }
        assert_eq!(rig.head(), head);
    }
}

#[tokio::test]
async fn a_retry_is_answered_as_the_first_time_by_the_same_engine() {
    let rig = Rig::peopled(0).await;
    rig.run(register(2)).await;
    let kept = shapes(&rig).await;
    let head = rig.head();
    for (request, first) in &kept {
        assert_eq!(seen(&rig.engine.submit(request.clone()).await.unwrap()), seen(first));
        let trial = Request { validate_only: true, expected_revision: Some(99), ..request.clone() };
        assert_eq!(seen(&rig.engine.submit(trial).await.unwrap()), seen(first), "the id is looked at first");
    }
    assert_eq!(rig.head(), head);
}

#[tokio::test]
async fn an_id_with_other_content_is_refused_and_anothers_id_reveals_nothing() {
    let rig = Rig::peopled(2).await;
    let first = Request { id: id(7), ..request(rename(1, "2025-01-01", "甲")) };
    rig.engine.submit(first.clone()).await.unwrap();
    let others = [rename(1, "2025-01-01", "乙"), rename(2, "2025-01-01", "甲"), rename(1, "2025-01-02", "甲")];
    for other in others {
        let other = Request { command: other, ..first.clone() };
        assert_eq!(refused(rig.engine.submit(other.clone()).await), "REQUEST_ID_REUSED");
        let trial = Request { validate_only: true, ..other };
        assert_eq!(refused(rig.engine.submit(trial).await), "REQUEST_ID_REUSED");
    }
    let theirs = Request { principal: principal("operator-2"), id: id(7), ..request(rename(2, "2025-01-01", "丙")) };
    let outcome = rig.engine.submit(theirs).await.unwrap();
    assert!(!outcome.written.is_duplicate());
    // The same content from another principal: a duplicate by the sameness of facts, not a retry.
    let theirs = Request { principal: principal("operator-3"), ..first };
    assert!(rig.engine.submit(theirs).await.unwrap().written.is_duplicate());
}

#[tokio::test]
async fn ten_equal_requests_at_once_write_one_event() {
    let rig = Rig::peopled(0).await;
    let filler = rig.occupy().await;
    let same = request(register(1));
    let answers: Vec<_> = (0..10).map(|_| rig.send(same.clone())).collect();
    let reused = rig.send(Request { command: register(2), ..same.clone() });
    settle().await;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    let mut all = Vec::new();
    for answer in answers {
        all.push(seen(&answer.await.unwrap().unwrap()));
    }
    let position = rig.head();
    assert_eq!(all[0].0, Written::Recorded { first: position, last: position });
    assert!(all.iter().all(|answer| *answer == all[0]), "{all:?}");
    assert_eq!(refused(reused.await.unwrap()), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn what_wrote_nothing_is_not_remembered() {
    let rig = Rig::peopled(1).await;
    let refusal = request(rename(2, "2025-01-01", "甲"));
    assert_eq!(refused(rig.engine.submit(refusal.clone()).await), "UNKNOWN_FIRM");
    rig.run(register(2)).await;
    assert!(!rig.engine.submit(refusal.clone()).await.unwrap().written.is_duplicate());
    let duplicate = request(register(1));
    assert!(rig.engine.submit(duplicate.clone()).await.unwrap().written.is_duplicate());
    let other = Request { command: register(3), ..duplicate };
    assert!(!rig.engine.submit(other).await.unwrap().written.is_duplicate());
    let trial = Request { validate_only: true, ..request(register(4)) };
    rig.engine.submit(trial.clone()).await.unwrap();
    let other = Request { command: register(5), validate_only: false, ..trial };
    assert!(!rig.engine.submit(other).await.unwrap().written.is_duplicate());
}

#[tokio::test]
async fn a_validation_records_nothing_and_answers_as_the_recording_will() {
    let rig = Rig::peopled(2).await;
    let position = rig.run(admit(1, "WJ01", "2025-03-01")).await.written.position() as i64;
    let commands = [
        rename(1, "2025-01-01", "甲"),
        replace(&[position], vec![admission(1, "WJ01", "2025-03-05"), renaming(1, "2025-02-01", "乙")]),
        replace(&[position + 2], Vec::new()),
        register(1),
        rename(9, "2025-01-01", "无"),
        Command { documents: heavy(), ..rename(1, "2025-05-01", "丙") },
        too_large(),
    ];
    for command in commands {
        let (head, commits) = (rig.head(), rig.gate.count());
        let request = Request { validate_only: true, ..request(command) };
        let trial = rig.engine.submit(request.clone()).await;
        assert_eq!((rig.head(), rig.gate.count()), (head, commits));
        let real = rig.engine.submit(Request { validate_only: false, ..request }).await;
        match (trial, real) {
            (Ok(trial), Ok(real)) => assert_eq!(seen(&trial), seen(&real)),
            (trial, real) => assert_eq!(trial.unwrap_err(), real.unwrap_err()),
        }
    }
}

fn too_large() -> Command {
    let days = (1..=6).flat_map(|month| (1..=28).map(move |day| format!("2025-{month:02}-{day:02}")));
    let facts = days.map(|day| renaming(1, &day, "长")).collect();
    Command::new(facts, heavy(), None).unwrap()
}

#[tokio::test]
async fn a_command_over_a_commits_bound_is_refused_and_leaves_nothing() {
    let rig = Rig::peopled(1).await;
    let head = rig.head();
    let request = request(too_large());
    assert_eq!(refused(rig.engine.submit(request.clone()).await), "TOO_LARGE");
    assert_eq!(rig.head(), head);
    rig.engine.submit(Request { command: rename(1, "2025-06-01", "短"), ..request }).await.unwrap();
}

#[tokio::test]
async fn a_stale_etag_is_told_with_both_values() {
    let rig = Rig::peopled(1).await;
    let with = |expected, command| Request { expected_revision: Some(expected), ..request(command) };
    assert_eq!(rig.engine.submit(with(1, rename(1, "2025-01-01", "甲"))).await.unwrap().revision, 2);
    let Err(EngineError::Refused(refusal)) = rig.engine.submit(with(1, rename(1, "2025-01-02", "乙"))).await else {
        panic!("stale")
    };
    assert_eq!(refusal.reason.word(), "STALE_ETAG");
    assert_eq!(refusal.metadata, [("expected", "1".to_owned()), ("actual", "2".to_owned())]);
    assert_eq!(refused(rig.engine.submit(with(1, register(2))).await), "STALE_ETAG");
    assert_eq!(rig.engine.submit(with(0, register(2))).await.unwrap().revision, 1);
}

#[tokio::test]
async fn of_two_with_one_etag_in_a_group_the_second_is_refused() {
    let rig = Rig::peopled(1).await;
    let filler = rig.occupy().await;
    let with = |command| Request { expected_revision: Some(1), ..request(command) };
    let first = rig.send(with(rename(1, "2025-01-01", "甲")));
    settle().await;
    let second = rig.send(with(rename(1, "2025-01-02", "乙")));
    settle().await;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(refused(second.await.unwrap()), "STALE_ETAG");
}

#[tokio::test]
async fn a_principal_that_no_record_could_hold_is_refused_at_the_door() {
    let rig = Rig::peopled(0).await;
    let long = "x".repeat(70_000);
    let request = Request { principal: principal(&long), ..request(register(1)) };
    assert_eq!(refused(rig.engine.submit(request).await), "OUT_OF_RANGE");
    assert!(rig.engine.submit_rows(principal(&long), vec![Ok(register(1))]).await.is_err());
    rig.run(register(1)).await;
}
