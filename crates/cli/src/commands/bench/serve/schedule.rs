//! When requests are due: at a fixed rate, whatever the service does.
//!
//! A client that waits for an answer before it asks again goes easy on a service exactly while
//! that is slow, and then has few slow answers to report. Here a request is due at its moment,
//! and its latency counts from there, also where it could not be sent in time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

#[cfg(test)]
mod tests;

/// The pacer's shortest sleep: at high rates it wakes up for several requests at once, which
/// makes them late by this much and saves the cores from being woken for each.
const NAP: Duration = Duration::from_micros(100);

/// Moments of requests, counted from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    interval_ns: u64,
    planned: u64,
}

impl Schedule {
    /// So many a second for so long, at least one.
    pub(super) fn new(per_second: f64, span: Duration) -> Self {
        let interval_ns = ((1e9 / per_second) as u64).max(1);
        let span_ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self { interval_ns, planned: (span_ns / interval_ns).max(1) }
    }

    /// How many there are.
    pub(super) fn planned(&self) -> u64 {
        self.planned
    }

    /// When request `number` is due; the first is number 0.
    pub(super) fn due(&self, number: u64) -> Duration {
        Duration::from_nanos(self.interval_ns.saturating_mul(number))
    }

    /// How many are due by then.
    fn due_by(&self, elapsed: Duration) -> u64 {
        let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        (elapsed_ns / self.interval_ns + 1).min(self.planned)
    }

    /// Gives a permit for each request when it is due. A thread of its own, because tokio's
    /// clock goes by the millisecond, in which a whole query is answered.
    pub(super) fn pace(self, start: Instant, permits: Arc<Semaphore>) {
        thread::spawn(move || {
            let mut given = 0;
            while given < self.planned {
                let due = self.due_by(start.elapsed());
                permits.add_permits((due - given) as usize);
                given = due;
                thread::sleep(self.due(given).saturating_sub(start.elapsed()).max(NAP));
            }
        });
    }
}
