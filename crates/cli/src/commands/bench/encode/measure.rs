//! One instruction set: its peaks, the linear layers alone, and the cases, in rounds.

use std::num::NonZero;
use std::time::Duration;

use synaptoroute::{Isa, Kernels, ModelFile};

use super::at_once::at_once;
use super::case::Case;
use super::encoders::Encoders;
use super::floor::Limits;
use super::gemm::Gemm;
use super::peaks::Peaks;
use super::report::{CaseReport, GemmReport, IsaReport, PeakReport};
use super::rounds::{Series, in_rounds};
use crate::failure::Failure;
use crate::output;

/// What a single run may take of all the time there is, or else it is left out.
const LONGEST_RUN: f64 = 1.0 / 20.0;
/// Rows of the linear layers alone: a short question's, and as many as keep any multiplier
/// from waiting for weights.
const GEMM_ROWS: [usize; 2] = [12, 64];
/// Tokens of the text whose time says about how long all others take.
const PROBE_TOKENS: usize = 12;

/// Measures for about `seconds`: all cases on one and on `threads` threads, or `few`.
pub(super) fn measure(
    file: &ModelFile,
    isa: Isa,
    few: bool,
    threads: NonZero<usize>,
    seconds: f64,
) -> Result<IsaReport, Failure> {
    let threads = if few { NonZero::<usize>::MIN } else { threads };
    let encoders = Encoders::new(file, Kernels::new(isa)?, threads)?;
    let max_tokens = file.config().max_tokens;
    let cases = if few { Case::few(max_tokens) } else { Case::all(threads.get(), max_tokens) };
    let mut measured = Measured::new(&encoders, cases, threads.get());
    let bar = output::progress(seconds.ceil() as usize, &format!("s of {isa}"));
    let jobs = measured.jobs(seconds * LONGEST_RUN);
    let rounds = in_rounds(Duration::from_secs_f64(seconds), jobs, |job, elapsed| {
        bar.set_position(elapsed.as_secs());
        measured.work(*job);
    });
    bar.finish_and_clear();
    measured.report(isa, rounds)
}

/// What a round does, by number.
#[derive(Clone, Copy)]
enum Job {
    Integer(usize),
    Float(usize),
    Stream(usize),
    Gemm(usize),
    Case(usize),
}

/// Everything that is measured.
struct Measured<'a> {
    encoders: &'a Encoders,
    /// Of one thread, then of all where there are more.
    peaks: Vec<Peaks<'a>>,
    gemms: Vec<(Gemm, Series)>,
    cases: Vec<(Case, Series)>,
}

impl<'a> Measured<'a> {
    fn new(encoders: &'a Encoders, cases: Vec<Case>, threads: usize) -> Self {
        let mut one_and_all = vec![1, threads];
        one_and_all.dedup();
        let peaks = |threads| Peaks::new(encoders.alone(), encoders.kernels(), threads);
        let peaks: Vec<Peaks<'_>> = one_and_all.into_iter().map(peaks).collect();
        // All that is known of a thing's time before it runs is how far its floor lies above
        // that of what ran.
        let limits = peaks[0].best();
        let probe = Case::text(PROBE_TOKENS, 1);
        let probed = encoders.run(&probe, 2).into_iter().fold(f64::INFINITY, f64::min);
        let slack = probed / encoders.load(&probe).floor(&limits);
        let gemm = |rows| {
            let gemm = Gemm::new(encoders.kernels(), rows);
            let expected = slack * gemm.load().floor(&limits);
            (gemm, Series::new(expected))
        };
        let case = |case: Case| {
            let expected = slack * encoders.load(&case).floor(&limits) / case.threads as f64;
            (case, Series::new(expected))
        };
        Self {
            encoders,
            gemms: GEMM_ROWS.into_iter().map(gemm).collect(),
            cases: cases.into_iter().map(case).collect(),
            peaks,
        }
    }

    /// What each round does, without what takes longer than `longest` a run. The first case
    /// stays however slow it is, so that no report is empty.
    fn jobs(&self, longest: f64) -> Vec<Job> {
        let peaks =
            (0..self.peaks.len()).flat_map(|n| [Job::Integer(n), Job::Float(n), Job::Stream(n)]);
        let gemms = self.gemms.iter().enumerate();
        let gemms = gemms.filter(|(_, (_, series))| series.expected() <= longest);
        let cases = self.cases.iter().enumerate();
        let cases = cases.filter(|&(n, (_, series))| n == 0 || series.expected() <= longest);
        let gemms = gemms.map(|(n, _)| Job::Gemm(n));
        peaks.chain(gemms).chain(cases.map(|(n, _)| Job::Case(n))).collect()
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Integer(n) => self.peaks[n].integer(),
            Job::Float(n) => self.peaks[n].float(),
            Job::Stream(n) => self.peaks[n].stream(),
            Job::Gemm(n) => {
                let (gemm, series) = &mut self.gemms[n];
                series.burst(|times| {
                    let turns = at_once(1, times, |_, _| gemm.run());
                    turns.iter().map(|turn| turn.seconds).collect()
                });
            }
            Job::Case(n) => {
                let (case, series) = &mut self.cases[n];
                series.burst(|times| self.encoders.run(case, times));
            }
        }
    }

    /// The numbers, unless they contradict each other.
    fn report(self, isa: Isa, rounds: u32) -> Result<IsaReport, Failure> {
        let peak = self.limits(1);
        let gemms = self.gemms.iter();
        let gemms: Vec<GemmReport> =
            gemms.map(|(gemm, series)| GemmReport::new(gemm, series, &peak)).collect();
        if let Some((rows, gemm_g)) = gemms.iter().find_map(GemmReport::disproof) {
            return Err(Failure::Peak { isa, rows, gemm_g, peak_g: peak.integer / 1e9 });
        }
        let case = |(case, series): &(Case, Series)| {
            let floor = self.encoders.load(case).floor(&self.limits(case.threads));
            CaseReport::new(case, floor, series, LONGEST_RUN)
        };
        Ok(IsaReport {
            isa: isa.name(),
            rounds,
            peaks: self.peaks.iter().map(PeakReport::new).collect(),
            linear_layers_alone: gemms,
            cases: self.cases.iter().map(case).collect(),
        })
    }

    /// What so many threads can do.
    fn limits(&self, threads: usize) -> Limits {
        let peaks = self.peaks.iter().find(|peaks| peaks.threads() == threads);
        peaks.expect("a case runs on one thread or on all").best()
    }
}
