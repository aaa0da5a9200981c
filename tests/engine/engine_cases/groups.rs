//! Commands that share a commit: each is decided on what its predecessors would leave, and nobody is answered before it.

use super::{Rig, admit, command, refused, register, registration, rename, request, settle};
use incubator_registry::engine::Written;

#[tokio::test]
async fn of_two_that_exclude_each_other_one_is_accepted_and_neither_is_answered_before_the_commit() {
    let rig = Rig::peopled(1).await;
    let filler = rig.occupy().await;
    let first = rig.send(request(admit(1, "WJ01", "2025-03-01")));
    settle().await;
    let second = rig.send(request(admit(1, "WJ04", "2025-04-01")));
    settle().await;
    let (before, published) = (rig.gate.count(), rig.head());
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    rig.gate.arrived(before + 1).await;
    settle().await;
    assert!(!first.is_finished() && !second.is_finished());
    assert_eq!(rig.head(), published + 1, "readers see nothing of a group before its commit");
    rig.gate.open();
    let first = first.await.unwrap().unwrap();
    assert_eq!(first.written, Written::Recorded { first: published + 2, last: published + 2 });
    assert_eq!(refused(second.await.unwrap()), "OVERLAPPING_STAY");
    assert_eq!(rig.head(), published + 2);
}

#[tokio::test]
async fn commands_that_wait_for_an_append_share_the_next_commit() {
    let rig = Rig::new().await;
    let filler = rig.occupy().await;
    let before = rig.gate.count();
    let waiting: Vec<_> = (1..=60).map(|number| rig.send(request(register(number)))).collect();
    settle().await;
    let commit = rig.engine.published().head.commit;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    let mut positions = Vec::new();
    for answer in waiting {
        positions.push(answer.await.unwrap().unwrap().written.position());
    }
    assert!(positions.is_sorted_by(|a, b| a + 1 == *b), "in the order in which they came: {positions:?}");
    assert_eq!(rig.gate.count(), before + 1);
    assert_eq!(rig.engine.published().head.commit, commit + 2);
}

#[tokio::test]
async fn a_group_has_at_most_1024_commands() {
    let rig = Rig::new().await;
    let filler = rig.occupy().await;
    let before = rig.gate.count();
    let waiting: Vec<_> = (1..=2100).map(|number| rig.send(request(register(number)))).collect();
    settle().await;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    // By bytes as well as by count: 1024 registrations take about 300 KiB.
    assert_eq!(rig.gate.count(), before + 3);
}

#[tokio::test]
async fn refusals_duplicates_retries_and_validations_wait_for_the_commit_of_their_group() {
    let rig = Rig::peopled(2).await;
    let known = request(rename(1, "2025-01-01", "新名"));
    let first = rig.engine.submit(known.clone()).await.unwrap();
    let filler = rig.occupy().await;
    let before = rig.gate.count();
    let accepted = rig.send(request(admit(1, "WJ01", "2025-03-01")));
    let refusal = rig.send(request(admit(77, "WJ01", "2025-03-01")));
    let duplicate = rig.send(request(register(2)));
    let retry = rig.send(known);
    let mut trial = request(register(3));
    trial.validate_only = true;
    let trial = rig.send(trial);
    settle().await;
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    rig.gate.arrived(before + 1).await;
    settle().await;
    for answer in [&accepted, &refusal, &duplicate, &retry, &trial] {
        assert!(!answer.is_finished());
    }
    rig.gate.open();
    let accepted = accepted.await.unwrap().unwrap();
    assert_eq!(refused(refusal.await.unwrap()), "UNKNOWN_FIRM");
    assert!(duplicate.await.unwrap().unwrap().written.is_duplicate());
    assert_eq!(retry.await.unwrap().unwrap().written, first.written);
    let last = accepted.written.position() + 1;
    assert_eq!(trial.await.unwrap().unwrap().written, Written::Recorded { first: last, last });
    assert_eq!(rig.head(), accepted.written.position());
}

#[tokio::test]
async fn a_group_of_nothing_new_appends_nothing() {
    let rig = Rig::peopled(1).await;
    let (appends, head) = (rig.gate.count(), rig.head());
    assert!(rig.run(register(1)).await.written.is_duplicate());
    assert_eq!(refused(rig.ask(rename(5, "2025-01-01", "无")).await), "UNKNOWN_FIRM");
    assert_eq!((rig.gate.count(), rig.head()), (appends, head));
}

#[tokio::test]
async fn a_command_is_one_run_of_positions_with_its_count() {
    let rig = Rig::peopled(0).await;
    let facts = vec![registration(1), super::renaming(1, "2025-01-01", "甲"), super::renaming(1, "2025-02-01", "乙")];
    let outcome = rig.run(command(facts)).await;
    let Written::Recorded { first, last } = outcome.written else { panic!("recorded") };
    assert_eq!(last, first + 2);
    assert_eq!(outcome.revision, 3);
    let (events, _) = rig.engine.read_events(first, last, &Default::default(), 1 << 20).await.unwrap();
    let indices: Vec<_> = events.iter().map(|event| (event.record.index, event.record.count)).collect();
    assert_eq!(indices, [(0, 3), (1, 3), (2, 3)]);
    assert!(events.iter().all(|event| event.record.command_start() == first));
}
