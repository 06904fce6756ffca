//! Many times of one thing, in three numbers.

use serde::Serialize;

#[cfg(test)]
mod tests;

/// The best, the usual and the bad case, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Quantiles {
    pub(super) min_ms: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Quantiles {
    /// Of milliseconds, at least one; sorts them.
    pub(super) fn of(times: &mut [f64]) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        Self { min_ms: times[0], p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}
