//! How long transactions took, since the store was opened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of what is told apart: from a transaction in memory to a disk that hangs.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_500),
    Duration::from_secs(10),
];

/// Transactions so far, those that failed included, by how long they took: a histogram of
/// fixed bounds, so that it neither grows nor forgets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommitStats {
    /// Upper bounds, ascending, each with how many transactions took no longer and longer than
    /// the bound before.
    pub buckets: Vec<(Duration, u64)>,
    /// How many took longer than the last bound.
    pub beyond: u64,
    /// What all of them took together.
    pub total: Duration,
}

/// What [`CommitStats`] is read from.
#[derive(Default)]
pub(crate) struct Commits {
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Commits {
    pub(crate) fn add(&self, took: Duration) {
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> CommitStats {
        let count = |at: usize| self.counts[at].load(Ordering::Relaxed);
        CommitStats {
            buckets: BOUNDS.into_iter().enumerate().map(|(at, bound)| (bound, count(at))).collect(),
            beyond: count(BOUNDS.len()),
            total: Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)),
        }
    }
}
