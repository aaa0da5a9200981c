//! What callers and strangers may take of the server: the numbers, as a file may set them, and what each principal uses.

use crate::domain::{Reason, Refusal};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $default:literal, $least:literal ..= $most:literal;)+) => {
        /// The numbers; a file states those that differ from the defaults.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct CallerLimits {
            $($(#[$doc])* pub $name: u32,)+
        }

        impl Default for CallerLimits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl CallerLimits {
            fn faults(&self) -> Vec<String> {
                let of = [$((stringify!($name), self.$name, $least, $most),)+];
                let out = of.iter().filter(|(_, value, least, most)| !(*least..=*most).contains(value));
                out.map(|(name, value, least, most)| format!("{name}: {value} is not in {least} to {most}")).collect()
            }
        }
    };
}

limits! {
    /// Calls a second of one principal.
    requests_per_second = 500, 1..=1_000_000;
    /// Calls of one principal that may come at once after a rest.
    requests_burst = 2_000, 1..=1_000_000;
    /// Calls of one principal that run at a time.
    calls_at_once_max = 256, 1..=100_000;
    /// Streams of one principal that are open at a time.
    streams_at_once_max = 32, 1..=100_000;
    /// Rows of imports a second of one principal; what is faster is slowed, not refused.
    import_rows_per_second = 100_000, 1..=100_000_000;
    /// Bytes of a message that comes in.
    message_bytes_max = 4_194_304, 1_024..=67_108_864;
    /// Connections of one address (of IPv6, of one /64).
    connections_per_address_max = 128, 1..=100_000;
    /// Connections of all.
    connections_max = 4_096, 1..=1_000_000;
    /// Seconds within which TLS is set up.
    handshake_seconds_max = 10, 1..=600;
    /// Seconds within which somebody who is known makes a call on a connection; else it is cut.
    stranger_seconds_max = 30, 1..=86_400;
    /// Calls of one connection that may fail for want of a credential that holds.
    failed_calls_per_connection_max = 100, 1..=1_000_000;
    /// Streams of one connection that tell of the health, which need no credential.
    health_watches_per_connection_max = 8, 1..=100_000;
    /// Seconds that a reader may let what is sent to it wait, and an import the rows that it goes on with.
    slow_reader_seconds_max = 120, 1..=86_400;
    /// Seconds within which a call with one answer is answered, whatever its caller would wait.
    answer_seconds_max = 120, 1..=86_400;
    /// Bytes of the headers of a call.
    header_bytes_max = 16_384, 1_024..=1_048_576;
}

impl CallerLimits {
    /// Reads a file; every fault, a sentence each.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let limits: Self = super::toml_of(text)?;
        let faults = limits.faults();
        if faults.is_empty() { Ok(limits) } else { Err(faults) }
    }
}

/// So many a second, and so many at once after a rest.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    most: f64,
    /// What is left, and when that was so; below nothing: taken ahead of time.
    level: Mutex<(f64, Instant)>,
}

impl Bucket {
    fn new(per_second: u32, most: u32, now: Instant) -> Self {
        let most = f64::from(most);
        Self { per_second: f64::from(per_second), most, level: Mutex::new((most, now)) }
    }

    /// Takes as many, on credit if need be; how long until that is paid back.
    fn take(&self, many: f64, now: Instant) -> Duration {
        let mut level = self.filled(now);
        level.0 -= many;
        Duration::from_secs_f64((-level.0 / self.per_second).max(0.0))
    }

    /// Takes one if there is one; else, how long until there is.
    fn take_one(&self, now: Instant) -> Result<(), Duration> {
        let mut level = self.filled(now);
        if level.0 < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - level.0) / self.per_second));
        }
        level.0 -= 1.0;
        Ok(())
    }

    fn filled(&self, now: Instant) -> std::sync::MutexGuard<'_, (f64, Instant)> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = now.saturating_duration_since(level.1).as_secs_f64();
        *level = ((level.0 + rested * self.per_second).min(self.most), now);
        level
    }
}

/// What one principal uses.
#[derive(Debug)]
pub struct Usage {
    limits: CallerLimits,
    requests: Bucket,
    rows: Bucket,
    calls: AtomicU32,
    streams: AtomicU32,
}

/// The use of every principal that ever called; there are no more than the file of principals names.
#[derive(Debug)]
pub struct Usages {
    limits: CallerLimits,
    by_id: Mutex<HashMap<Arc<str>, Arc<Usage>>>,
}

impl Usages {
    /// Nothing is used yet.
    pub fn new(limits: CallerLimits) -> Self {
        Self { limits, by_id: Mutex::default() }
    }

    /// That of one principal.
    pub fn of(&self, id: &Arc<str>) -> Arc<Usage> {
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(usage) = by_id.get(id) {
            return usage.clone();
        }
        let usage = Arc::new(Usage::new(self.limits, Instant::now()));
        by_id.insert(id.clone(), usage.clone());
        usage
    }
}

/// A call, or a stream, that counts as long as it is held.
#[derive(Debug)]
pub struct Running {
    usage: Arc<Usage>,
    stream: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.usage.calls.fetch_sub(1, Ordering::Relaxed);
        if self.stream {
            self.usage.streams.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Its name.
    pub limit: &'static str,
    /// Its number.
    pub most: u32,
    /// When to try again.
    pub wait: Duration,
}

impl Limited {
    /// A limit that depends on other calls.
    pub fn of_others(limit: &'static str, most: u32) -> Self {
        Self { limit, most, wait: RETRY_AFTER }
    }

    /// What the caller is told.
    pub fn refusal(self) -> Refusal {
        let Self { limit, most, .. } = self;
        let message = format!("over a limit of one caller, {limit} = {most}");
        Refusal::new(Reason::RateLimited, message).with("limit", limit).with("most", most)
    }
}

/// How long to wait where that depends on other calls.
const RETRY_AFTER: Duration = Duration::from_millis(500);

impl Usage {
    fn new(limits: CallerLimits, now: Instant) -> Self {
        Self {
            limits,
            requests: Bucket::new(limits.requests_per_second, limits.requests_burst, now),
            rows: Bucket::new(limits.import_rows_per_second, limits.import_rows_per_second, now),
            calls: AtomicU32::new(0),
            streams: AtomicU32::new(0),
        }
    }

    /// Lets a call begin, or says when it may.
    pub fn begin(self: &Arc<Self>, stream: bool, now: Instant) -> Result<Running, Limited> {
        let limits = &self.limits;
        let rate = self.requests.take_one(now);
        let most = limits.requests_per_second;
        rate.map_err(|wait| Limited { limit: "requests_per_second", most, wait })?;
        count(&self.calls, limits.calls_at_once_max, "calls_at_once_max")?;
        // From here on whatever is refused gives its count back.
        let mut running = Running { usage: self.clone(), stream: false };
        if stream {
            count(&self.streams, limits.streams_at_once_max, "streams_at_once_max")?;
            running.stream = true;
        }
        Ok(running)
    }

    /// How long the sender of these rows is to wait before they are taken in.
    pub fn rows(&self, many: usize, now: Instant) -> Duration {
        self.rows.take(u32::try_from(many).map_or(f64::MAX, f64::from), now)
    }
}

fn count(of: &AtomicU32, most: u32, name: &'static str) -> Result<(), Limited> {
    let below = |count: u32| (count < most).then_some(count + 1);
    let counted = of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below);
    counted.map(|_| ()).map_err(|_| Limited::of_others(name, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str, now: Instant) -> Arc<Usage> {
        Arc::new(Usage::new(CallerLimits::parse(text).unwrap(), now))
    }

    #[test]
    fn a_file_states_what_differs() {
        assert_eq!(CallerLimits::parse("").unwrap(), CallerLimits::default());
        assert!(CallerLimits::default().faults().is_empty());
        assert_eq!(CallerLimits::parse("connections_max = 7").unwrap().connections_max, 7);
        let faults = CallerLimits::parse("connections_max = 0\nheader_bytes_max = 1\n").unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("connections_max: 0"));
        assert!(CallerLimits::parse("connection_max = 1").unwrap_err()[0].contains("connection_max"));
        assert!(CallerLimits::parse("connections_max = -1").is_err());
    }

    #[test]
    fn so_many_calls_a_second() {
        let now = Instant::now();
        let usage = usage("requests_per_second = 10\nrequests_burst = 3\n", now);
        for _ in 0..3 {
            assert!(usage.begin(false, now).is_ok());
        }
        let limited = usage.begin(false, now).unwrap_err();
        assert_eq!((limited.refusal().reason, limited.most), (Reason::RateLimited, 10));
        let wait = limited.wait;
        assert_eq!(wait, Duration::from_millis(100));
        assert!(usage.begin(false, now + wait).is_ok());
        assert!(usage.begin(false, now + wait).is_err());
    }

    #[test]
    fn so_many_at_once() {
        let now = Instant::now();
        let usage = usage("calls_at_once_max = 3\nstreams_at_once_max = 1\n", now);
        let stream = usage.begin(true, now).unwrap();
        assert!(usage.begin(true, now).is_err());
        let calls = [usage.begin(false, now).unwrap(), usage.begin(false, now).unwrap()];
        assert!(usage.begin(false, now).is_err());
        drop(calls);
        drop(stream);
        let all = [usage.begin(true, now).unwrap(), usage.begin(false, now).unwrap()];
        assert_eq!(usage.calls.load(Ordering::Relaxed), 2);
        drop(all);
        assert_eq!((usage.calls.load(Ordering::Relaxed), usage.streams.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn rows_are_slowed_to_their_rate() {
        let now = Instant::now();
        let usage = usage("import_rows_per_second = 100\n", now);
        assert_eq!(usage.rows(100, now), Duration::ZERO);
        assert_eq!(usage.rows(50, now), Duration::from_millis(500));
        assert_eq!(usage.rows(50, now + Duration::from_millis(500)), Duration::from_millis(500));
    }
}
