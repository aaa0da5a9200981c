//! The clock, behind a trait, so that tests hold it.

use crate::domain::Day;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now_micros(&self) -> i64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}

/// The civil date in Asia/Shanghai at an instant. The zone has no offset but +8 since 1991, and the log begins later.
pub fn shanghai_day(micros: i64) -> Day {
    const DAY_MICROS: i64 = 86_400_000_000;
    let days = (micros + 8 * 3_600_000_000).div_euclid(DAY_MICROS);
    i32::try_from(days).ok().and_then(Day::from_days).unwrap_or(Day::MAX)
}
