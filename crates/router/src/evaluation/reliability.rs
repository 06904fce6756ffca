//! Whether confidence is the probability it says it is.

use serde::{Deserialize, Serialize};

use super::{Judged, Share};

/// Bins of equally many samples.
const BINS: usize = 15;

/// Confidence beside how often the first candidate was right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Reliability {
    /// The expected calibration error: how far apart the two are in a bin, on average over the
    /// samples. 0 is best.
    pub ece: f64,
    /// From the lowest confidence up, at most 15 of about equally many samples.
    pub bins: Vec<Bin>,
}

/// Samples of like confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Bin {
    /// Their lowest confidence.
    pub low: f64,
    /// Their highest.
    pub high: f64,
    /// Their mean.
    pub confidence: f64,
    /// How many have a first candidate that is right.
    pub right: Share,
}

/// Samples of one confidence share a bin, or their order would move the number: a bin may so
/// have more samples than the next, and there may be fewer bins. There is at least one sample.
pub(super) fn reliability(judged: &[Judged]) -> Reliability {
    let mut order: Vec<(f64, bool)> =
        judged.iter().map(|sample| (sample.confidence, sample.first_is_right())).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = order.len();
    let mut bins: Vec<(usize, Vec<(f64, bool)>)> = Vec::new();
    let mut begin = 0;
    for equals in order.chunk_by(|a, b| a.0 == b.0) {
        // The bin that their middle falls in.
        let middle = begin + (equals.len() - 1) / 2;
        let number = middle * BINS.min(all) / all;
        match bins.last_mut().filter(|(last, _)| *last == number) {
            Some((_, samples)) => samples.extend(equals),
            None => bins.push((number, equals.to_vec())),
        }
        begin += equals.len();
    }
    let bins: Vec<Bin> = bins.iter().filter_map(|(_, samples)| bin(samples)).collect();
    let gap = |bin: &Bin| bin.right.of as f64 * (bin.confidence - bin.right.value).abs();
    Reliability { ece: bins.iter().map(gap).sum::<f64>() / all as f64, bins }
}

/// In the order of their confidence.
fn bin(samples: &[(f64, bool)]) -> Option<Bin> {
    let right = Share::new(samples.iter().filter(|(_, right)| *right).count(), samples.len())?;
    let sum: f64 = samples.iter().map(|(confidence, _)| confidence).sum();
    let confidence = sum / samples.len() as f64;
    Some(Bin { low: samples.first()?.0, high: samples.last()?.0, confidence, right })
}
