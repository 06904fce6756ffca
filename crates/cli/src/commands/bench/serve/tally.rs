//! What came of a load: times and kinds of answers.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

#[cfg(test)]
mod tests;

/// Nanoseconds that are told from longer ones: ten minutes, more than any load lasts.
const LONGEST: u64 = 600_000_000_000;

/// Times of one thing, to three digits.
pub(super) struct Times(Histogram<u64>);

/// The usual and the bad cases, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Latency {
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    #[serde(rename = "p99.9_us")]
    pub(super) p999_us: f64,
    pub(super) max_us: f64,
}

impl Times {
    pub(super) fn new() -> Self {
        Self(Histogram::new_with_max(LONGEST, 3).expect("three digits are allowed"))
    }

    /// One that is longer than [`LONGEST`] counts as that.
    pub(super) fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// None where there was nothing.
    pub(super) fn latency(&self) -> Option<Latency> {
        let at = |part: f64| self.0.value_at_quantile(part) as f64 / 1e3;
        (!self.0.is_empty()).then(|| Latency {
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.0.max() as f64 / 1e3,
        })
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0 += &other.0;
    }
}

/// What became of each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Answers {
    /// 2xx.
    pub(super) ok: u64,
    /// 429.
    pub(super) too_many: u64,
    /// 503.
    pub(super) unavailable: u64,
    /// Any other status.
    pub(super) other: u64,
    /// Sent, and never answered.
    pub(super) hung: u64,
    /// The connection broke before there was an answer.
    pub(super) connection_errors: u64,
    /// Due, and never sent: no connection was free to the very end.
    pub(super) unsent: u64,
}

impl Answers {
    /// All that had an answer.
    pub(super) fn answered(&self) -> u64 {
        self.ok + self.too_many + self.unavailable + self.other
    }
}

/// All of a load.
pub(super) struct Tally {
    pub(super) answers: Answers,
    /// Of 2xx, from when the request was due.
    pub(super) admitted: Times,
    /// Of all others, from when the request was due.
    pub(super) refused: Times,
    /// How late requests were sent.
    pub(super) late: Times,
    /// 2xx that came within the load's time.
    pub(super) ok_in_time: u64,
    /// All that was sent within the load's time.
    pub(super) sent_in_time: u64,
    /// The last status that is none of the usual ones.
    pub(super) odd_status: Option<u16>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            answers: Answers::default(),
            admitted: Times::new(),
            refused: Times::new(),
            late: Times::new(),
            ok_in_time: 0,
            sent_in_time: 0,
            odd_status: None,
        }
    }

    pub(super) fn answer(&mut self, status: u16, took: Duration, in_time: bool) {
        let answers = &mut self.answers;
        let (number, times) = match status {
            200..=299 => (&mut answers.ok, &mut self.admitted),
            429 => (&mut answers.too_many, &mut self.refused),
            503 => (&mut answers.unavailable, &mut self.refused),
            _ => {
                self.odd_status = Some(status);
                (&mut answers.other, &mut self.refused)
            }
        };
        *number += 1;
        times.add(took);
        self.ok_in_time += u64::from(in_time && (200..300).contains(&status));
    }

    /// Adds what another turn of the same load came to.
    pub(super) fn merge(&mut self, other: &Self) {
        let (mine, more) = (&mut self.answers, &other.answers);
        mine.ok += more.ok;
        mine.too_many += more.too_many;
        mine.unavailable += more.unavailable;
        mine.other += more.other;
        mine.hung += more.hung;
        mine.connection_errors += more.connection_errors;
        mine.unsent += more.unsent;
        self.admitted.merge(&other.admitted);
        self.refused.merge(&other.refused);
        self.late.merge(&other.late);
        self.ok_in_time += other.ok_in_time;
        self.sent_in_time += other.sent_in_time;
        self.odd_status = other.odd_status.or(self.odd_status);
    }
}
