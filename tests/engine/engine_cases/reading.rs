//! Readers: they pull at their own pace, lose nothing, hold no more than a commit, and see nothing that is not published.

use super::{Rig, admit, principal, register, registration, rename, replace, request, settle};
use crate::common::world::{carrier, firm};
use incubator_registry::domain::{Command, Entity};
use incubator_registry::engine::EventFilter;
use incubator_registry::journal::{COMMIT_BYTES_MAX, record_hash};

#[tokio::test]
async fn a_slow_reader_loses_nothing_while_five_thousand_events_are_written() {
    let rig = Rig::new().await;
    let engine = rig.engine.clone();
    let writer = tokio::spawn(async move {
        for message in 0..20u32 {
            let rows = (1..=250).map(|n| Command::row(vec![registration(message * 250 + n)])).collect();
            engine.submit_rows(principal("bureau"), rows).await.unwrap();
        }
    });
    let mut head = rig.engine.watch_head();
    let (mut from, mut previous) = (1, [0; 32]);
    while from <= 5002 {
        head.wait_for(|head| head.position >= from).await.unwrap();
        // What a reader holds is this answer: bounded by what it asks for or one commit, whatever is written meanwhile.
        let (events, next) = rig.engine.read_events(from, u64::MAX, &EventFilter::default(), 4096).await.unwrap();
        assert!(events.iter().map(|event| event.bytes.len()).sum::<usize>() <= COMMIT_BYTES_MAX);
        for (event, position) in events.iter().zip(from..) {
            assert_eq!((event.record.position, event.record.previous), (position, previous));
            assert_eq!(event.hash, record_hash(&event.bytes));
            previous = event.hash;
        }
        assert_eq!(next, from + events.len() as u64);
        from = next;
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    writer.await.unwrap();
    assert_eq!((from - 1, previous), (rig.head(), rig.engine.published().head.hash));
    assert_eq!(rig.engine.read_events(from, u64::MAX, &EventFilter::default(), 4096).await.unwrap().1, from);
}

#[tokio::test]
async fn only_events_about_a_subject() {
    let rig = Rig::peopled(3).await;
    let one = rig.run(admit(1, "WJ01", "2025-03-01")).await.written.position();
    let two = rig.run(admit(2, "WJ01", "2025-03-01")).await.written.position();
    rig.run(admit(3, "WJ04", "2025-03-01")).await;
    let void = rig.run(replace(&[two as i64], Vec::new())).await.written.position();
    let ask = async |subject| {
        let filter = EventFilter { subject: Some(subject) };
        let (events, next) = rig.engine.read_events(1, u64::MAX, &filter, 1 << 20).await.unwrap();
        assert_eq!(next, rig.head() + 1, "what does not match is passed over, too");
        events.into_iter().map(|event| event.record.position).collect::<Vec<_>>()
    };
    assert_eq!(ask(Entity::Incubator(carrier("WJ01"))).await, [3, one, two, void]);
    assert_eq!(ask(Entity::Firm(firm(2))).await, [8, two, void]);
    assert_eq!(ask(Entity::Settings).await, [2]);
    assert_eq!(ask(Entity::Firm(firm(44))).await, [0; 0]);
}

#[tokio::test]
async fn a_read_ends_where_it_is_told_to() {
    let rig = Rig::peopled(0).await;
    let filler = rig.occupy().await;
    let waiting: Vec<_> = (1..=9).map(|number| rig.send(request(register(number)))).collect();
    settle().await;
    rig.gate.open();
    filler.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    // The nine share a commit; a bound inside it holds.
    let head = rig.head();
    let all = EventFilter::default();
    for (from, until) in [(1, 1), (1, head - 4), (head - 6, head - 3), (head, head), (0, 2)] {
        let mut at = from;
        let mut positions = Vec::new();
        loop {
            let (events, next) = rig.engine.read_events(at, until, &all, 1).await.unwrap();
            if next == at.max(1) {
                break;
            }
            positions.extend(events.iter().map(|event| event.record.position));
            at = next;
        }
        assert_eq!(positions, (from.max(1)..=until).collect::<Vec<_>>());
    }
    for (from, until) in [(head + 1, u64::MAX), (5, 4), (u64::MAX, u64::MAX)] {
        let (events, next) = rig.engine.read_events(from, until, &all, 1 << 20).await.unwrap();
        assert_eq!((events.len(), next), (0, from));
    }
}

#[tokio::test]
async fn a_position_can_be_waited_for() {
    let rig = Rig::peopled(1).await;
    let (head, engine) = (rig.head(), rig.engine.clone());
    let waiting = tokio::spawn(async move { engine.wait_for(head + 2).await.map(|published| published.head.position) });
    rig.run(rename(1, "2025-01-01", "甲")).await;
    settle().await;
    assert!(!waiting.is_finished());
    rig.run(rename(1, "2025-01-02", "乙")).await;
    assert_eq!(waiting.await.unwrap().unwrap(), head + 2);
    assert_eq!(rig.engine.wait_for(1).await.unwrap().head.position, head + 2);
}
