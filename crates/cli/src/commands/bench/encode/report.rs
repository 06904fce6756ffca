//! What `bench encode` says, as one JSON object or as tables.

use serde::Serialize;

use super::case::Case;
use super::floor::Limits;
use super::gemm::Gemm;
use super::peaks::Peaks;
use super::rounds::Series;
use crate::commands::bench::quantiles::Quantiles;

/// How far the linear layers may lie beyond the measured peak: a clock is never twice the same.
const PEAK_TOLERANCE: f64 = 1.03;

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) machine: String,
    pub(super) cores: usize,
    pub(super) model: String,
    /// The fastest first.
    pub(super) isas: Vec<IsaReport>,
}

#[derive(Serialize)]
pub(super) struct IsaReport {
    pub(super) isa: &'static str,
    pub(super) rounds: u32,
    /// Of one thread, then of all where there are more.
    pub(super) peaks: Vec<PeakReport>,
    pub(super) linear_layers_alone: Vec<GemmReport>,
    pub(super) cases: Vec<CaseReport>,
}

/// What so many threads did at most, in thousand millions a second.
#[derive(Serialize)]
pub(super) struct PeakReport {
    pub(super) threads: usize,
    /// 8-bit multiply-adds.
    pub(super) integer_g: f64,
    /// `f32` multiply-adds.
    pub(super) float_g: f64,
    /// Bytes of the weights.
    pub(super) stream_gb: f64,
    /// The same, the median of all rounds.
    pub(super) stream_gb_p50: f64,
}

impl PeakReport {
    pub(super) fn new(peaks: &Peaks<'_>) -> Self {
        let Limits { integer, float, bytes } = peaks.best();
        Self {
            threads: peaks.threads(),
            integer_g: integer / 1e9,
            float_g: float / 1e9,
            stream_gb: bytes / 1e9,
            stream_gb_p50: peaks.usual_bandwidth() / 1e9,
        }
    }
}

/// All linear layers alone, on one thread; without numbers where it was left out.
#[derive(Serialize)]
pub(super) struct GemmReport {
    pub(super) rows: usize,
    /// Thousand million multiply-adds a second, at best.
    pub(super) integer_g: Option<f64>,
    /// Part of the integer peak.
    pub(super) of_peak: Option<f64>,
}

impl GemmReport {
    pub(super) fn new(gemm: &Gemm, series: &Series, peak: &Limits) -> Self {
        let rate = series.best().map(|seconds| gemm.load().linear as f64 / seconds);
        Self {
            rows: gemm.rows(),
            integer_g: rate.map(|rate| rate / 1e9),
            of_peak: rate.map(|rate| rate / peak.integer),
        }
    }

    /// Rows and rate, where they show that the peak is higher than was measured.
    pub(super) fn disproof(&self) -> Option<(usize, f64)> {
        let rate = self.integer_g?;
        (self.of_peak? > PEAK_TOLERANCE).then_some((self.rows, rate))
    }
}

#[derive(Serialize)]
pub(super) struct CaseReport {
    pub(super) kind: &'static str,
    pub(super) texts: usize,
    /// Of all texts together.
    pub(super) tokens: usize,
    pub(super) threads: usize,
    pub(super) floor_ms: f64,
    /// Nothing where the case was left out; then `note` says why.
    pub(super) measured: Option<CaseTimes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

#[derive(Serialize)]
pub(super) struct CaseTimes {
    pub(super) runs: usize,
    #[serde(flatten)]
    pub(super) times: Quantiles,
    pub(super) texts_per_second: f64,
    /// The best time, as a multiple of the floor.
    pub(super) of_floor: f64,
}

impl CaseReport {
    pub(super) fn new(case: &Case, floor: f64, series: &Series, longest_run: f64) -> Self {
        let floor_ms = floor * 1e3;
        let measured = (!series.times_ms().is_empty()).then(|| {
            let times = Quantiles::of(&mut series.times_ms().to_vec());
            CaseTimes {
                runs: series.times_ms().len(),
                texts_per_second: case.texts() as f64 / times.min_ms * 1e3,
                of_floor: times.min_ms / floor_ms,
                times,
            }
        });
        let left_out = || {
            let seconds = series.expected();
            let enough = (seconds / longest_run).ceil();
            format!("left out: about {seconds:.2} s a run; --seconds {enough} has room for it")
        };
        Self {
            kind: if case.is_batch { "batch" } else { "text" },
            texts: case.texts(),
            tokens: case.tokens(),
            threads: case.threads,
            floor_ms,
            note: measured.is_none().then(left_out),
            measured,
        }
    }
}
