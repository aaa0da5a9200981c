//! Rows of a bulk import: in order, each on its own, one answer for all, over as many commits as it takes.

use super::{
    Rig, admission, heavy, leave, principal, refused, register, registration, rename, renaming, replace, request,
    settle,
};
use incubator_registry::domain::{Command, Reason, Refusal};
use incubator_registry::engine::{RowOutcome, Written};
use incubator_registry::journal::Record;
use incubator_registry::log::{EventLog as _, Fault, Plan};

fn row(fact: incubator_registry::domain::Stated) -> Result<Command, Refusal> {
    Command::row(vec![fact])
}

/// A row of about 31 KiB.
fn wide(number: u32) -> Result<Command, Refusal> {
    Ok(Command { documents: heavy(), ..row(registration(number))? })
}

fn words(outcomes: &[RowOutcome]) -> Vec<&'static str> {
    let word = |outcome: &RowOutcome| match outcome {
        RowOutcome::Accepted { .. } => "accepted",
        RowOutcome::Skipped { reason, .. } => reason.word(),
        RowOutcome::Rejected(refusal) => refusal.reason.word(),
    };
    outcomes.iter().map(word).collect()
}

#[tokio::test]
async fn each_row_is_judged_on_its_own_and_in_order() {
    let rig = Rig::peopled(1).await;
    let wrong = rig.run(rename(1, "2025-05-01", "错")).await.written.position();
    rig.run(replace(&[wrong as i64], Vec::new())).await;
    let (head, appends) = (rig.head(), rig.gate.count());
    let rows = vec![
        row(registration(2)),
        Err(Refusal::new(Reason::MalformedDate, "2024-02-30 is no day")),
        row(registration(1)),
        row(admission(2, "WJ01", "2025-01-01")),
        row(admission(2, "WJ04", "2025-02-01")),
        row(admission(3, "WJ04", "2025-02-01")),
        row(renaming(1, "2025-05-01", "错")),
        row(renaming(2, "2027-05-01", "未来")),
        row(registration(3)),
    ];
    let (outcomes, position) = rig.engine.submit_rows(principal("bureau"), rows.clone()).await.unwrap();
    let expected = [
        "accepted",
        "MALFORMED_DATE",
        "DUPLICATE",
        "accepted",
        "OVERLAPPING_STAY",
        "UNKNOWN_FIRM",
        "VOIDED_BEFORE",
        "DATE_IN_FUTURE",
        "accepted",
    ];
    assert_eq!(words(&outcomes), expected);
    assert!(matches!(outcomes[8], RowOutcome::Accepted { position, .. } if position == head + 3));
    assert_eq!((position, rig.gate.count()), (head + 3, appends + 1));
    let (events, _) = rig.engine.read_events(head + 1, u64::MAX, &Default::default(), 1 << 20).await.unwrap();
    assert!(events.iter().all(|event| event.record.request.is_none() && event.record.principal == "bureau"));
    // The same again adds only what the last row has made possible; once more adds nothing.
    let (outcomes, again) = rig.engine.submit_rows(principal("bureau"), rows.clone()).await.unwrap();
    assert_eq!((words(&outcomes)[5], again), ("accepted", position + 1));
    let (outcomes, again) = rig.engine.submit_rows(principal("bureau"), rows).await.unwrap();
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, RowOutcome::Accepted { .. })));
    assert_eq!((again, rig.gate.count()), (position + 1, appends + 2));
}

#[tokio::test]
async fn a_row_of_two_facts_is_one_command() {
    let rig = Rig::peopled(1).await;
    let ended = Command::row(vec![admission(1, "WJ01", "2025-01-01"), leave(1, "WJ01", "2025-06-01").facts.remove(0)]);
    let (outcomes, position) = rig.engine.submit_rows(principal("bureau"), vec![ended]).await.unwrap();
    assert!(matches!(outcomes[..], [RowOutcome::Accepted { position: at, .. }] if at == position));
    let (events, _) = rig.engine.read_events(position - 1, position, &Default::default(), 1 << 20).await.unwrap();
    assert_eq!(events.iter().map(|event| event.record.count).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn rows_larger_than_a_commit_take_several_and_nobody_overtakes_them() {
    let rig = Rig::peopled(0).await;
    let filler = rig.occupy().await;
    let (appends, engine) = (rig.gate.count(), rig.engine.clone());
    let rows: Vec<_> = (1..=60).map(wide).collect();
    let first = tokio::spawn(async move { engine.submit_rows(principal("bureau"), rows).await });
    settle().await;
    // These need what the last row makes, or are in its way.
    let rename = rig.send(request(rename(60, "2025-01-01", "后来")));
    settle().await;
    let mut other = register(59);
    if let incubator_registry::domain::Event::FirmRegistered { name, .. } = &mut other.facts[0].event {
        *name = "抢先".to_owned();
    }
    let other = rig.send(request(other));
    settle().await;
    let engine = rig.engine.clone();
    let rows: Vec<_> = (50..=70).map(wide).collect();
    let second = tokio::spawn(async move { engine.submit_rows(principal("bureau"), rows).await });
    settle().await;
    rig.gate.pass();
    filler.await.unwrap().unwrap();
    rig.gate.arrived(appends + 1).await;
    let late = rig.send(request(register(70)));
    settle().await;
    rig.gate.pass();
    rig.gate.arrived(appends + 2).await;
    settle().await;
    assert!(!first.is_finished() && !rename.is_finished() && !other.is_finished() && !second.is_finished());
    rig.gate.open();
    let (outcomes, position) = first.await.unwrap().unwrap();
    let positions: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            RowOutcome::Accepted { position, .. } => *position,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(positions.len(), 60);
    assert!(positions.is_sorted_by(|a, b| a + 1 == *b), "{positions:?}");
    assert!(position >= positions[59]);
    assert_eq!(rename.await.unwrap().unwrap().written.position(), positions[59] + 1);
    assert_eq!(refused(other.await.unwrap()), "CONFLICT");
    let (outcomes, _) = second.await.unwrap().unwrap();
    assert!(outcomes[..11].iter().all(|outcome| matches!(outcome, RowOutcome::Skipped { .. })));
    assert!(outcomes[11..].iter().all(|outcome| matches!(outcome, RowOutcome::Accepted { .. })));
    assert!(matches!(late.await.unwrap().unwrap().written, Written::Duplicate { .. }));
    assert!(rig.gate.count() > appends + 4);
    assert_eq!(rig.again(None).await.head(), rig.head());
}

#[tokio::test]
async fn rows_go_on_over_lost_acknowledgements_and_other_writers() {
    let rig = Rig::peopled(0).await;
    let other = rig.again(None).await;
    other.run(register(40)).await;
    let foreign = other.memory.read(other.head(), 1).await.unwrap().remove(0);
    rig.faulty.set_plan(Plan::queue([Fault::Conflict(foreign), Fault::UnknownWritten, Fault::UnknownLost]));
    let rows: Vec<_> = (1..=50).map(wide).collect();
    let (outcomes, _) = rig.engine.submit_rows(principal("bureau"), rows).await.unwrap();
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, RowOutcome::Accepted { .. })).count();
    // Row 40 has documents and the other writer's fact has none: other values.
    assert_eq!((outcomes.len(), accepted), (50, 49));
    assert_eq!(words(&outcomes[39..40]), ["CONFLICT"]);
    assert_eq!(rig.head(), 2 + 4 + 1 + 49);
    let commits = rig.memory.read(1, usize::MAX).await.unwrap();
    let whole = |commit: &incubator_registry::journal::Commit| {
        commit.iter().last().is_some_and(|(_, bytes)| Record::decode(&bytes).is_ok_and(|r| r.index + 1 == r.count))
    };
    assert!(commits.iter().all(whole));
}

#[tokio::test]
async fn no_rows_are_answered_too() {
    let rig = Rig::new().await;
    assert_eq!(rig.engine.submit_rows(principal("bureau"), Vec::new()).await.unwrap(), (Vec::new(), 2));
}
