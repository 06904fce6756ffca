//! Numbers read off decisions.

use crate::run::Said;

/// The share of first candidates that are right, in percent.
pub(crate) fn accuracy(said: &[Said]) -> f64 {
    100.0 * said.iter().filter(|said| said.right).count() as f64 / said.len() as f64
}

/// The router's, as a number that prints: NaN where there is nothing to tell apart.
pub(crate) fn auroc(inside: &[f64], outside: &[f64]) -> f64 {
    synaptoroute::auroc(inside, outside).unwrap_or(f64::NAN)
}

/// The share of `outside`, in percent, at or above the cut that keeps 95 % of `inside`.
///
/// Not quite the evaluation's `fpr95`: that cuts at the highest number that 95 % reach, which is
/// the next one up where the count is a multiple of 20. The recorded tables were made by this one.
pub(crate) fn fpr95(inside: &[f64], outside: &[f64]) -> f64 {
    let mut sorted = inside.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = sorted[(0.05 * (sorted.len() - 1) as f64).floor() as usize];
    100.0 * outside.iter().filter(|&&x| x >= cut).count() as f64 / outside.len() as f64
}

pub(crate) fn confidences(said: &[Said]) -> Vec<f64> {
    said.iter().map(|said| said.confidence).collect()
}

pub(crate) fn scores(said: &[Said]) -> Vec<f64> {
    said.iter().map(|said| said.score).collect()
}

/// The expected calibration error over 15 bins of equal mass, with those out of scope weighted to a
/// tenth of all.
///
/// The evaluation's `ece` counts every sample alike, and parts no ties. Here each set has another
/// share of texts out of scope, by which its number would differ from the others' before anything
/// else did.
pub(crate) fn calibration_error(inside: &[Said], outside: &[Said]) -> f64 {
    const BINS: f64 = 15.0;
    let weigh = |said: &Said, right: bool, weight: f64| {
        (said.confidence, f64::from(u8::from(right)), weight)
    };
    let mut all: Vec<(f64, f64, f64)> =
        inside.iter().map(|said| weigh(said, said.right, 0.9 / inside.len() as f64)).collect();
    all.extend(outside.iter().map(|said| weigh(said, false, 0.1 / outside.len() as f64)));
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut error, mut bin, mut before) = (0.0, [0.0; 2], 0.0_f64);
    let mut number = 1.0;
    for (confidence, right, weight) in all {
        bin[0] += weight * confidence;
        bin[1] += weight * right;
        before += weight;
        if before >= number / BINS - 1e-9 {
            error += f64::abs(bin[0] - bin[1]);
            bin = [0.0; 2];
            number += 1.0;
        }
    }
    error + f64::abs(bin[0] - bin[1])
}

/// The mean difference of two paired shares in points, and half of its 95 % interval.
pub(crate) fn paired(new: &[bool], old: &[bool]) -> (f64, f64) {
    let differences: Vec<f64> =
        new.iter().zip(old).map(|(&new, &old)| f64::from(i8::from(new) - i8::from(old))).collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let variance = differences.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (100.0 * mean, 196.0 * (variance / count).sqrt())
}
