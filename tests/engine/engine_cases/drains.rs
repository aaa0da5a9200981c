//! Draining: what waits is finished, what comes later is refused, the log is closed, and asking twice does no harm.

use super::{Rig, principal, register, rename, request, settle};
use incubator_registry::engine::{EngineError, Stop};
use incubator_registry::log::{EventLog as _, LogError};
use std::sync::atomic::Ordering;

#[tokio::test]
async fn what_waits_is_finished_and_what_comes_later_is_refused() {
    let rig = Rig::new().await;
    let filler = rig.occupy().await;
    let waiting: Vec<_> = (1..=1500).map(|number| rig.send(request(register(number)))).collect();
    settle().await;
    let drains: Vec<_> = (0..3)
        .map(|_| {
            let engine = rig.engine.clone();
            tokio::spawn(async move { engine.drain().await })
        })
        .collect();
    settle().await;
    // The append is still held, and the writer does not know yet.
    assert_eq!(rig.ask(register(9000)).await.unwrap_err(), EngineError::Draining);
    let rows = rig.engine.submit_rows(principal("bureau"), vec![Ok(register(9001))]).await;
    assert_eq!(rows.unwrap_err(), EngineError::Draining);
    assert!(drains.iter().all(|drain| !drain.is_finished()));
    assert!(!rig.gate.closed.load(Ordering::SeqCst));
    rig.gate.open();
    filler.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    for drain in drains {
        assert_eq!(drain.await.unwrap(), Stop::Drained);
    }
    assert!(rig.gate.closed.load(Ordering::SeqCst));
    assert!(matches!(rig.memory.head().await, Err(LogError::Closed)));
    assert_eq!(rig.engine.drain().await, Stop::Drained);
    assert_eq!(rig.ask(register(9002)).await.unwrap_err(), EngineError::Draining);
    assert_eq!(rig.again(None).await.head(), 2 + 1 + 1500);
}

#[tokio::test]
async fn readers_of_a_drained_engine_are_told_so() {
    let rig = Rig::peopled(1).await;
    let head = rig.head();
    let engine = rig.engine.clone();
    let waiting = tokio::spawn(async move { engine.wait_for(head + 1).await.map(|_| ()) });
    assert_eq!(rig.engine.drain().await, Stop::Drained);
    assert_eq!(waiting.await.unwrap().unwrap_err(), EngineError::Draining);
    let read = rig.engine.read_events(1, u64::MAX, &Default::default(), 1 << 20).await;
    assert_eq!(read.unwrap_err(), EngineError::Draining);
    assert_eq!(rig.engine.verify().await.unwrap_err(), EngineError::Draining);
    assert_eq!(*rig.engine.watch_stop().borrow(), Some(Stop::Drained));
    assert_eq!(rig.engine.published().head.position, head, "what was published can still be read");
}

#[tokio::test]
async fn rows_that_wait_for_a_place_are_refused_when_the_engine_drains() {
    let rig = Rig::new().await;
    let filler = rig.occupy().await;
    let count = u32::try_from(incubator_registry::engine::QUEUE_COMMANDS_MAX).unwrap();
    let waiting: Vec<_> = (1..=count).map(|_| rig.send(request(register(1)))).collect();
    settle().await;
    let engine = rig.engine.clone();
    let drain = tokio::spawn(async move { engine.drain().await });
    settle().await;
    let rows = rig.engine.submit_rows(principal("bureau"), vec![Ok(rename(1, "2025-01-01", "甲"))]).await;
    assert_eq!(rows.unwrap_err(), EngineError::Draining);
    rig.gate.open();
    assert_eq!(drain.await.unwrap(), Stop::Drained);
    filler.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_engine_that_nobody_holds_settles_its_log() {
    let rig = Rig::peopled(1).await;
    let Rig { engine, gate, .. } = rig;
    drop(engine);
    settle().await;
    assert!(gate.closed.load(Ordering::SeqCst));
}
