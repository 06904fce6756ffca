//! What is counted: numbers that only grow, and numbers by size.
//!
//! All are fixed in size, so a service that nobody scrapes does not grow, and to add to one is a
//! few atomic additions: no lock, no allocation, no name to look up. That is why they are ours:
//! recorders that keep samples until they are collected do neither.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Times, by how long they are.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [Duration],
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    nanoseconds: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Upper bounds, ascending, with how many times are no longer and longer than the bound
    /// before.
    pub(crate) buckets: Vec<(Duration, u64)>,
    /// How many are longer than all bounds.
    pub(crate) beyond: u64,
    pub(crate) total: Duration,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [Duration]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, nanoseconds: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, time: Duration) {
        let bucket = self.bounds.partition_point(|bound| *bound < time);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |at: usize| self.counts[at].load(Ordering::Relaxed);
        let buckets = self.bounds.iter().enumerate();
        Counts {
            buckets: buckets.map(|(at, bound)| (*bound, count(at))).collect(),
            beyond: count(self.bounds.len()),
            total: Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)),
        }
    }
}
