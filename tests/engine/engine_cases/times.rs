//! The clock: it dates decisions by the day in Shanghai, and never turns back what is recorded.

use super::{NOON, Rig, refused, register, rename, renaming};
use incubator_registry::engine::clock::shanghai_day;
use std::sync::atomic::Ordering;

/// 2026-11-24T16:00:00Z: midnight in Shanghai.
const MIDNIGHT: i64 = NOON + 12 * 3_600_000_000;

#[tokio::test]
async fn a_clock_set_back_does_not_turn_back_the_log() {
    let rig = Rig::peopled(1).await;
    let at = |micros| rig.clock.0.store(micros, Ordering::SeqCst);
    at(NOON + 5_000_000);
    let first = rig.run(rename(1, "2025-01-01", "甲")).await.written.position();
    at(NOON - 3_600_000_000);
    rig.run(rename(1, "2025-01-02", "乙")).await;
    at(NOON + 5_000_001);
    rig.run(rename(1, "2025-01-03", "丙")).await;
    let (events, _) = rig.engine.read_events(first, u64::MAX, &Default::default(), 1 << 20).await.unwrap();
    let times: Vec<_> = events.iter().map(|event| event.record.recorded_at_micros - NOON).collect();
    assert_eq!(times, [5_000_000, 5_000_000, 5_000_001]);
    let published = rig.engine.published();
    assert_eq!(published.position_at(NOON - 1), 0);
    assert_eq!(published.position_at(NOON), first - 1);
    assert_eq!(published.position_at(NOON + 5_000_000), first + 1);
    assert_eq!(published.position_at(i64::MAX), first + 2);
    // A restart with a clock set back, too.
    let again = rig.again(None).await;
    again.clock.0.store(NOON - 1, Ordering::SeqCst);
    again.run(register(2)).await;
    assert_eq!(again.engine.published().commits.last().unwrap().0, NOON + 5_000_001);
}

#[tokio::test]
async fn the_day_changes_at_midnight_in_shanghai() {
    let rig = Rig::peopled(1).await;
    rig.clock.0.store(MIDNIGHT - 1, Ordering::SeqCst);
    rig.run(rename(1, "2026-11-24", "今天")).await;
    assert_eq!(refused(rig.ask(rename(1, "2026-11-25", "明天")).await), "DATE_IN_FUTURE");
    let rows = vec![super::Command::row(vec![renaming(1, "2026-11-25", "明天")])];
    let (outcomes, _) = rig.engine.submit_rows(super::principal("bureau"), rows).await.unwrap();
    assert!(matches!(outcomes[..], [incubator_registry::engine::RowOutcome::Rejected(_)]));
    rig.clock.0.store(MIDNIGHT, Ordering::SeqCst);
    rig.run(rename(1, "2026-11-25", "明天")).await;
    assert_eq!(refused(rig.ask(rename(1, "2026-11-26", "后天")).await), "DATE_IN_FUTURE");
}

#[test]
fn days_of_instants() {
    for (micros, day) in [(MIDNIGHT - 1, "2026-11-24"), (MIDNIGHT, "2026-11-25"), (0, "1970-01-01"), (-1, "1970-01-01")]
    {
        assert_eq!(shanghai_day(micros).to_string(), day);
    }
    assert_eq!(shanghai_day(-8 * 3_600_000_000 - 1).to_string(), "1969-12-31");
}
