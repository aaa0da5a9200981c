//! The queue is bounded: commands past the bound are refused at once, rows wait.

use super::{Rig, principal, register, request, settle};
use incubator_registry::engine::{EngineError, GROUP_COMMANDS_MAX, QUEUE_COMMANDS_MAX, RowOutcome};

#[tokio::test]
async fn commands_past_the_bound_are_refused_at_once_and_rows_wait() {
    let rig = Rig::new().await;
    let filler = rig.occupy().await;
    let count = u32::try_from(GROUP_COMMANDS_MAX + QUEUE_COMMANDS_MAX).unwrap();
    // The writer takes a whole group ahead while the disk is busy; the queue holds the rest.
    let mut waiting = Vec::new();
    for number in 1..=count {
        waiting.push(rig.send(request(register(number))));
        if waiting.len() == GROUP_COMMANDS_MAX {
            settle().await;
        }
    }
    settle().await;
    let started = std::time::Instant::now();
    for number in 1..=3 {
        assert_eq!(rig.ask(register(count + number)).await.unwrap_err(), EngineError::QueueFull);
    }
    assert!(started.elapsed().as_secs() < 1);
    let engine = rig.engine.clone();
    let rows = vec![Ok(register(count + 9)), Ok(register(1))];
    let rows = tokio::spawn(async move { engine.submit_rows(principal("bureau"), rows).await });
    settle().await;
    assert!(!rows.is_finished());
    assert_eq!(rig.ask(register(count + 4)).await.unwrap_err(), EngineError::QueueFull);
    rig.gate.open();
    filler.await.unwrap().unwrap();
    for answer in waiting {
        assert!(!answer.await.unwrap().unwrap().written.is_duplicate());
    }
    let (outcomes, position) = rows.await.unwrap().unwrap();
    assert!(matches!(outcomes[..], [RowOutcome::Accepted { .. }, RowOutcome::Skipped { .. }]), "{outcomes:?}");
    assert_eq!(position, rig.head());
    rig.run(register(count + 4)).await;
}
