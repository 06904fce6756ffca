//! Everything in turns: a clock that drifts then drifts for all.

use std::time::{Duration, Instant};

/// What a job may take of a round, about.
const BURST: Duration = Duration::from_millis(10);
/// Runs of a burst at most: more would say nothing new.
const MOST_RUNS: usize = 16;

/// Numbers that look random and are the same each time.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}

/// Does all `jobs` in an order that is another each round, for as many whole rounds as come
/// closest to `budget`, at least one; says how many. `work` hears of how long it has been, too.
///
/// What came before a job decides what is in the caches and how hot the core is, and should
/// not be the same each time.
pub(super) fn in_rounds<T>(
    budget: Duration,
    mut jobs: Vec<T>,
    mut work: impl FnMut(&T, Duration),
) -> u32 {
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let began = Instant::now();
    let mut rounds = 0;
    loop {
        rounds += 1;
        random.shuffle(&mut jobs);
        jobs.iter().for_each(|job| work(job, began.elapsed()));
        let half_a_round = began.elapsed() / rounds / 2;
        if began.elapsed() + half_a_round >= budget {
            return rounds;
        }
    }
}

/// All times of one thing.
pub(super) struct Series {
    expected: f64,
    times_ms: Vec<f64>,
}

impl Series {
    pub(super) fn new(expected: f64) -> Self {
        Self { expected, times_ms: Vec::new() }
    }

    /// Has `run(times)` run a few times, and keeps the seconds of each.
    pub(super) fn burst(&mut self, run: impl FnOnce(usize) -> Vec<f64>) {
        let burst = BURST.as_secs_f64();
        // A short run is first done once for nothing: another job's weights are in the caches.
        // A long one spends too little of its time on that.
        let warm_up = usize::from(self.expected < burst);
        let runs = ((burst / self.expected) as usize).clamp(1, MOST_RUNS);
        for seconds in run(warm_up + runs).into_iter().skip(warm_up) {
            self.expected = self.expected.min(seconds);
            self.times_ms.push(seconds * 1e3);
        }
    }

    /// Seconds that a run takes, as far as is known.
    pub(super) fn expected(&self) -> f64 {
        self.expected
    }

    /// Milliseconds of each run.
    pub(super) fn times_ms(&self) -> &[f64] {
        &self.times_ms
    }

    /// Seconds of the best run, if there was one.
    pub(super) fn best(&self) -> Option<f64> {
        self.times_ms.iter().copied().min_by(f64::total_cmp).map(|ms| ms / 1e3)
    }
}
