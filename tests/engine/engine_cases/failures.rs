//! Bad days of the log: lost acknowledgements, other writers, a full disk, a failed one. Nobody is told what is not true.

use super::{Rig, admit, refused, register, rename, request, settle, soon};
use incubator_registry::domain::Command;
use incubator_registry::engine::{EngineError, Request, Stop, Written};
use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{EventLog as _, Fault, LogError, Plan};

/// The commit that another server would write behind the same head.
async fn foreign(rig: &Rig, requests: Vec<Request>) -> Commit {
    let other = rig.again(None).await;
    let before = other.head();
    let filler = other.gate.count();
    other.gate.hold();
    let answers: Vec<_> = requests.into_iter().map(|request| other.send(request)).collect();
    other.gate.arrived(filler + 1).await;
    other.gate.open();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    other.memory.read(before + 1, 1).await.unwrap().remove(0)
}

fn register_all(numbers: std::ops::RangeInclusive<u32>) -> Vec<Command> {
    numbers.map(register).collect()
}

/// Sends commands as one group under a plan.
async fn grouped(rig: &Rig, commands: Vec<Command>, plan: Plan) -> Vec<super::Answer> {
    let filler = rig.occupy().await;
    let mut waiting = Vec::new();
    for command in commands {
        waiting.push(rig.send(request(command)));
        settle().await;
    }
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    rig.faulty.set_plan(plan);
    rig.gate.open();
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(answer.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn a_commit_whose_acknowledgement_was_lost_is_recognised() {
    let rig = Rig::peopled(0).await;
    let appends = rig.gate.count();
    let answers = grouped(&rig, register_all(1..=3), Plan::queue([Fault::UnknownWritten])).await;
    let head = rig.head();
    for (answer, position) in answers.into_iter().zip(head - 2..) {
        assert_eq!(answer.unwrap().written, Written::Recorded { first: position, last: position });
    }
    assert_eq!(rig.gate.count(), appends + 2, "it was not offered again");
    assert_eq!(rig.memory.head().await.unwrap(), rig.engine.published().head);
}

#[tokio::test]
async fn a_commit_that_was_lost_with_its_acknowledgement_is_offered_again() {
    let rig = Rig::peopled(0).await;
    let plan = Plan::queue([Fault::UnknownLost, Fault::UnknownLost, Fault::UnknownWritten]);
    let answers = grouped(&rig, register_all(1..=3), plan).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(rig.memory.head().await.unwrap(), rig.engine.published().head);
    rig.run(rename(3, "2025-01-01", "后")).await;
}

#[tokio::test]
async fn a_log_that_never_tells_is_given_up() {
    let rig = Rig::peopled(0).await;
    rig.faulty.set_plan(Plan::each(|_, _| Fault::UnknownLost));
    let answer = rig.ask(register(1)).await;
    assert!(matches!(answer, Err(EngineError::LogFailed(_))), "{answer:?}");
    assert!(matches!(rig.engine.drain().await, Stop::LogFailed(_)));
}

#[tokio::test]
async fn no_space_after_a_lost_acknowledgement_is_not_taken_for_nothing_written() {
    let rig = Rig::peopled(0).await;
    rig.faulty.set_plan(Plan::queue([Fault::UnknownLost, Fault::Full]));
    rig.run(register(1)).await;
}

#[tokio::test]
async fn a_group_that_met_another_writers_commit_is_decided_again_on_top_of_it() {
    let rig = Rig::peopled(2).await;
    let kept = request(rename(2, "2025-05-01", "同一请求"));
    let theirs = vec![request(admit(1, "WJ01", "2025-03-01")), request(rename(2, "2025-01-01", "同")), kept.clone()];
    let filler = rig.occupy().await;
    let refusal = rig.send(request(admit(1, "WJ04", "2025-04-01")));
    settle().await;
    let duplicate = rig.send(request(rename(2, "2025-01-01", "同")));
    let retry = rig.send(kept);
    let etag = rig.send(Request { expected_revision: Some(1), ..request(rename(2, "2025-09-01", "旧")) });
    let accepted = rig.send(request(rename(2, "2025-02-01", "新")));
    settle().await;
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    let foreign = foreign(&rig, theirs).await;
    let (first, last) = (foreign.first, foreign.last);
    assert_eq!(last, first + 2);
    rig.faulty.set_plan(Plan::queue([Fault::Conflict(foreign)]));
    rig.gate.open();
    assert_eq!(refused(refusal.await.unwrap()), "OVERLAPPING_STAY");
    assert_eq!(duplicate.await.unwrap().unwrap().written, Written::Duplicate { position: first + 1 });
    assert_eq!(retry.await.unwrap().unwrap().written, Written::Recorded { first: last, last });
    assert_eq!(refused(etag.await.unwrap()), "STALE_ETAG");
    let accepted = accepted.await.unwrap().unwrap();
    assert_eq!(accepted.written.position(), last + 1);
    assert_eq!(accepted.revision, 4);
    assert_eq!(rig.memory.head().await.unwrap(), rig.engine.published().head);
}

#[tokio::test]
async fn a_group_with_nothing_left_to_write_after_a_conflict_is_answered() {
    let rig = Rig::peopled(0).await;
    let foreign = foreign(&rig, vec![request(register(1))]).await;
    let position = foreign.last;
    rig.faulty.set_plan(Plan::queue([Fault::Conflict(foreign)]));
    assert_eq!(rig.run(register(1)).await.written, Written::Duplicate { position });
    assert_eq!(rig.head(), position);
}

#[tokio::test]
async fn a_full_log_remembers_nothing_and_the_next_command_works() {
    let rig = Rig::peopled(1).await;
    let head = rig.head();
    rig.faulty.set_plan(Plan::queue([Fault::Full]));
    let kept = request(rename(1, "2025-01-01", "甲"));
    assert_eq!(rig.engine.submit(kept.clone()).await.unwrap_err(), EngineError::LogFull);
    assert_eq!(rig.head(), head);
    // Not remembered: other content under the same id is no reuse.
    let other = Request { command: rename(1, "2025-01-02", "乙"), ..kept };
    let outcome = rig.engine.submit(other).await.unwrap();
    assert_eq!((outcome.written.position(), outcome.revision), (head + 1, 2));
}

#[tokio::test]
async fn everyone_in_a_group_is_told_of_a_full_log() {
    let rig = Rig::peopled(1).await;
    let commands = vec![register(2), rename(9, "2025-01-01", "无"), register(1), rename(2, "2025-01-01", "甲")];
    for answer in grouped(&rig, commands, Plan::queue([Fault::Full])).await {
        assert_eq!(answer.unwrap_err(), EngineError::LogFull);
    }
    assert_eq!(refused(rig.ask(rename(2, "2025-01-01", "甲")).await), "UNKNOWN_FIRM");
}

#[tokio::test]
async fn rows_that_outgrow_a_commit_are_told_of_a_full_log_too() {
    let rig = Rig::peopled(0).await;
    let wide = |number| Ok(Command { documents: super::heavy(), ..register(number) });
    rig.faulty.set_plan(Plan::queue([Fault::Full]));
    let rows = (1..=60).map(wide).collect();
    let rows = super::soon(rig.engine.submit_rows(super::principal("bureau"), rows)).await;
    assert_eq!(rows.unwrap_err(), EngineError::LogFull);
    rig.run(register(61)).await;
    assert_eq!(super::soon(rig.engine.drain()).await, Stop::Drained);
}

#[tokio::test]
async fn a_failed_log_stops_the_engine_and_is_never_tried_again() {
    for fault in [Fault::Fatal, Fault::SyncFails] {
        let rig = Rig::peopled(0).await;
        let filler = rig.occupy().await;
        rig.faulty.set_plan(Plan::queue([fault]));
        let waiting: Vec<_> = (1..=5).map(|number| rig.send(request(register(number)))).collect();
        let rows = rig.engine.clone();
        let rows =
            tokio::spawn(async move { rows.submit_rows(super::principal("bureau"), vec![Ok(register(9))]).await });
        settle().await;
        let (appends, head) = (rig.gate.count(), rig.head());
        rig.gate.open();
        assert!(matches!(filler.await.unwrap(), Err(EngineError::LogFailed(_))));
        for answer in waiting {
            assert!(matches!(answer.await.unwrap(), Err(EngineError::LogFailed(_))));
        }
        assert!(matches!(rows.await.unwrap(), Err(EngineError::LogFailed(_))));
        assert!(matches!(rig.ask(register(7)).await, Err(EngineError::LogFailed(_))));
        assert!(matches!(*rig.engine.watch_stop().borrow(), Some(Stop::LogFailed(_))));
        assert!(matches!(rig.engine.drain().await, Stop::LogFailed(_)));
        assert!(matches!(rig.engine.wait_for(head + 1).await, Err(EngineError::LogFailed(_))));
        assert_eq!((rig.gate.count(), rig.head()), (appends, head));
    }
}

#[tokio::test]
async fn a_log_that_lost_what_it_had_acknowledged_is_damaged() {
    let rig = Rig::peopled(0).await;
    let head = rig.head();
    // The log behind the gate was replaced by an older state of itself: its end lies before what the engine knows.
    let short = incubator_registry::log::MemoryLog::new();
    let mut at = Head::EMPTY;
    for commit in rig.memory.read(1, usize::MAX).await.unwrap().into_iter().filter(|commit| commit.last < head) {
        let _ = short.append(at, commit.clone()).await;
        at = commit.head();
    }
    let stand_in = std::sync::Arc::new(super::starts::Stale { log: rig.memory.clone(), shown: short });
    let clock = rig.clock.clone();
    let engine = incubator_registry::engine::Engine::start(super::config(None), stand_in, clock).await.unwrap();
    let answer = soon(engine.submit(request(register(1)))).await;
    assert!(
        matches!(answer, Err(EngineError::Damaged { position, .. }) if position == head),
        "head {head}: {answer:?}"
    );
}

#[tokio::test]
async fn a_read_that_fails_after_a_lost_acknowledgement_stops_the_engine() {
    let rig = Rig::peopled(0).await;
    rig.faulty.set_plan(Plan::queue([Fault::UnknownWritten]));
    let error = LogError::DataLoss { position: 3, detail: "gone".to_owned() };
    rig.faulty.plan_reads([Some(error)]);
    let answer = rig.ask(register(1)).await;
    assert!(matches!(answer, Err(EngineError::Damaged { position: 3, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_panic_in_the_writer_leaves_nobody_waiting() {
    let rig = Rig::peopled(0).await;
    rig.faulty.set_plan(Plan::each(|_, _| panic!("planned")));
    let filler = rig.occupy().await;
    let waiting = rig.send(request(register(1)));
    settle().await;
    rig.gate.open();
    assert!(matches!(filler.await.unwrap(), Err(EngineError::LogFailed(_))));
    assert!(matches!(waiting.await.unwrap(), Err(EngineError::LogFailed(_))));
    assert!(matches!(soon(rig.engine.drain()).await, Stop::LogFailed(_)));
}

#[tokio::test]
async fn through_a_season_of_faults_nothing_is_lost_doubled_or_untrue() {
    for seed in 0..6 {
        let rig = Rig::peopled(3).await;
        rig.faulty.set_plan(Plan::seeded(seed, 400));
        let mut accepted = Vec::new();
        for number in 10..60 {
            let request = request(register(number));
            loop {
                match rig.engine.submit(request.clone()).await {
                    Ok(outcome) => break accepted.push((request, outcome.written)),
                    Err(EngineError::LogFull) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        let again = rig.again(None).await;
        assert_eq!(again.head(), rig.head());
        assert_eq!(rig.head(), 2 + 4 + 3 + 50);
        for (request, written) in accepted {
            assert_eq!(again.engine.submit(request).await.unwrap().written, written);
        }
    }
}

/// A log that is found damaged while the writer waits for an append.
async fn found_damaged(rig: &Rig) {
    let loss = || LogError::DataLoss { position: 3, detail: "planned".to_owned() };
    rig.faulty.plan_reads([Some(loss())]);
    assert!(matches!(rig.engine.verify().await, Err(EngineError::Damaged { position: 3, .. })));
}

#[tokio::test]
async fn damage_stops_a_writer_that_always_has_more_to_do() {
    let rig = Rig::peopled(0).await;
    let filler = rig.occupy().await;
    let wide = |number| Ok(Command { documents: super::heavy(), ..register(number) });
    let (appends, engine) = (rig.gate.count(), rig.engine.clone());
    let rows = (1..=60).map(wide).collect();
    let rows = tokio::spawn(async move { engine.submit_rows(super::principal("bureau"), rows).await });
    settle().await;
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    rig.gate.arrived(appends + 1).await;
    found_damaged(&rig).await;
    rig.gate.open();
    assert!(matches!(rows.await.unwrap(), Err(EngineError::Damaged { position: 3, .. })));
    assert_eq!(rig.gate.count(), appends + 1, "nothing is appended to a log that lies");
}

#[tokio::test]
async fn a_drain_does_not_hide_damage() {
    let rig = Rig::peopled(0).await;
    let filler = rig.occupy().await;
    let waiting = rig.send(request(register(1)));
    settle().await;
    let engine = rig.engine.clone();
    let drain = tokio::spawn(async move { engine.drain().await });
    settle().await;
    found_damaged(&rig).await;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    assert!(matches!(waiting.await.unwrap(), Err(EngineError::Damaged { .. })));
    assert!(matches!(drain.await.unwrap(), Stop::Damaged { position: 3, .. }));
    assert!(matches!(rig.engine.drain().await, Stop::Damaged { position: 3, .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clients_at_once_on_a_faulty_log_agree_with_what_is_stored() {
    let rig = Rig::peopled(6).await;
    rig.faulty.set_plan(Plan::seeded(11, 300));
    let clients = (0..8u64).map(|client| {
        let engine = rig.engine.clone();
        tokio::spawn(async move {
            let mut rng = super::histories::Rng(client);
            let mut kept = Vec::new();
            for _ in 0..60 {
                let request = request(rng.command(engine.published().head.position));
                let answer = loop {
                    match engine.submit(request.clone()).await {
                        Err(EngineError::LogFull) => {}
                        answer => break answer,
                    }
                };
                match answer {
                    Ok(outcome) if !outcome.written.is_duplicate() => {
                        assert!(engine.published().head.position >= outcome.known, "published before it is answered");
                        kept.push((request, outcome));
                    }
                    Ok(_) => {}
                    other => drop(refused(other)),
                }
            }
            kept
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut written = Vec::new();
    let mut kept = Vec::new();
    for client in clients {
        kept.extend(client.await.unwrap());
    }
    let again = rig.again(None).await;
    assert!(again.engine.published().registry == rig.engine.published().registry);
    assert_eq!(again.engine.verify().await.unwrap(), rig.engine.published().head);
    for (request, first) in kept {
        let later = again.engine.submit(request).await.unwrap();
        assert_eq!((later.written, later.revision), (first.written, first.revision));
        let Written::Recorded { first, last } = first.written else { unreachable!() };
        written.extend(first..=last);
    }
    written.sort_unstable();
    let base = 2 + 4 + 6;
    assert_eq!(written, (base + 1..=rig.head()).collect::<Vec<_>>(), "every position is one answer's");
}
