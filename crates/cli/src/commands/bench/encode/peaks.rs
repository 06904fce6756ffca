//! What the machine could do at most, measured beside what it does.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use synaptoroute::{Bert, Kernels};

use super::at_once::at_once;
use super::floor::Limits;

/// How long one try lasts, about: short, as a pass is, so that it finds the clock at its
/// fastest as a pass may.
const TRY: Duration = Duration::from_millis(1);
/// Tries of each peak, a burst.
const TRIES: usize = 3;
/// Bytes that [`Kernels::read`] takes at a time.
const BLOCK: usize = 256;

/// The three yardsticks of so many threads, the best seen so far.
pub(super) struct Peaks<'a> {
    kernels: Kernels,
    weights: &'a [i8],
    threads: usize,
    /// Rounds that make a try.
    integer_rounds: u64,
    float_rounds: u64,
    best: Limits,
    /// Bandwidth of each burst. What cores share clocks up while another core reads, and stays
    /// so for a while: one thread gets 47 GB/s then, and 25 to 30 when it is alone (Xeon, two
    /// cores). The best is what the machine can do; the median is what a lone pass may hope for.
    bandwidths: Vec<f64>,
}

impl<'a> Peaks<'a> {
    /// Tries each once.
    pub(super) fn new(encoder: &'a Bert, kernels: Kernels, threads: usize) -> Self {
        let integer_rounds = rounds(|rounds| kernels.integer_peak(rounds));
        let float_rounds = rounds(|rounds| kernels.float_peak(rounds));
        let best = Limits { integer: 0.0, float: 0.0, bytes: 0.0 };
        let weights = encoder.weight_stream();
        let bandwidths = Vec::new();
        let mut peaks =
            Self { kernels, weights, threads, integer_rounds, float_rounds, best, bandwidths };
        peaks.integer();
        peaks.float();
        peaks.stream();
        peaks
    }

    /// Tries the integer peak.
    pub(super) fn integer(&mut self) {
        let rate = self.rate(|_| self.kernels.integer_peak(self.integer_rounds));
        self.best.integer = self.best.integer.max(rate);
    }

    /// Tries the `f32` peak.
    pub(super) fn float(&mut self) {
        let rate = self.rate(|_| self.kernels.float_peak(self.float_rounds));
        self.best.float = self.best.float.max(rate);
    }

    /// Tries the bandwidth. Each thread reads its own share of the weights, as often as makes
    /// up for its being a share: all of them once are too soon over to measure.
    pub(super) fn stream(&mut self) {
        let share = (self.weights.len() / self.threads).next_multiple_of(BLOCK);
        let rate = self.rate(|thread| {
            let bytes = self.weights.chunks(share).nth(thread).unwrap_or_default();
            (0..self.threads).for_each(|_| self.kernels.read(bytes));
            (bytes.len() / BLOCK * BLOCK * self.threads) as u64
        });
        self.best.bytes = self.best.bytes.max(rate);
        self.bandwidths.push(rate);
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    pub(super) fn best(&self) -> Limits {
        self.best
    }

    /// The bandwidth of most bursts, in bytes a second.
    pub(super) fn usual_bandwidth(&self) -> f64 {
        let mut sorted = self.bandwidths.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[(sorted.len() - 1) / 2]
    }

    /// The best of a few tries: what all threads do a second, together.
    fn rate(&self, work: impl Fn(usize) -> u64 + Sync) -> f64 {
        let barrier = Barrier::new(self.threads);
        let tries = at_once(self.threads, TRIES, |thread, _| {
            barrier.wait();
            let began = Instant::now();
            let done = work(thread);
            done as f64 / began.elapsed().as_secs_f64()
        });
        tries.iter().map(|one| one.results.iter().sum()).fold(0.0, f64::max)
    }
}

/// How many rounds take about as long as a try.
fn rounds(work: impl Fn(u64) -> u64) -> u64 {
    let takes = |rounds| {
        let began = Instant::now();
        work(rounds);
        began.elapsed()
    };
    let mut rounds = 1024;
    while takes(rounds) < TRY {
        rounds *= 2;
    }
    rounds
}
