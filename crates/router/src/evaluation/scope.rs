//! How well confidence tells what belongs to no route.

use serde::{Deserialize, Serialize};

use super::auroc::{of_sorted, sorted};
use super::share::Z;
use super::{Judged, Share};

/// What becomes of samples that belong to no route.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct OutOfScope {
    /// Those that a route took, with the cuts that held.
    pub accepted: Share,
    /// The probability that a sample of a route has a higher confidence than one of none; 0.5 is
    /// chance, 1 is best. Null where no sample belongs to a route.
    pub auroc: Option<Estimate>,
    /// Those that would be taken by the cut that keeps 95 % of what belongs to a route. Null where
    /// no sample does.
    pub fpr95: Option<Share>,
    /// That cut: the highest confidence that 95 % of what belongs to a route reach. Null where no
    /// sample does.
    pub threshold95: Option<f64>,
}

/// A number and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// None where every sample belongs to a route.
pub(super) fn out_of_scope(judged: &[Judged]) -> Option<OutOfScope> {
    let (inside, outside): (Vec<&Judged>, Vec<&Judged>) =
        judged.iter().partition(|sample| sample.is_in_scope());
    let accepted = outside.iter().filter(|sample| sample.got.is_some()).count();
    let accepted = Share::new(accepted, outside.len())?;
    let confidences = |of: &[&Judged]| -> Vec<f64> {
        sorted(&of.iter().map(|sample| sample.confidence).collect::<Vec<_>>())
    };
    let (kept, foreign) = (confidences(&inside), confidences(&outside));
    let auroc = of_sorted(&kept, &foreign).map(|value| estimate(value, kept.len(), foreign.len()));
    let threshold95 = cut_that_keeps_95(&kept);
    let fpr95 = threshold95.and_then(|cut| {
        let taken = foreign.len() - foreign.partition_point(|&confidence| confidence < cut);
        Share::new(taken, foreign.len())
    });
    Some(OutOfScope { accepted, auroc, fpr95, threshold95 })
}

/// The highest cut that 95 % of the sorted numbers reach.
fn cut_that_keeps_95(sorted: &[f64]) -> Option<f64> {
    // In whole numbers, where 95 % of 20 are 19.
    let lost = sorted.len() / 20;
    sorted.get(lost).copied()
}

/// The interval of an AUROC by Newcombe's fifth method (2006): all values from which what was
/// found is no more than 1.96 of Hanley and McNeil's standard deviations away. One that is computed at
/// the value found has no width at 1.
fn estimate(value: f64, inside: usize, outside: usize) -> Estimate {
    let (m, n) = (inside as f64, outside as f64);
    let often = (m + n) / 2.0 - 1.0;
    let deviation = |at: f64| {
        let shape = 1.0 + often * ((1.0 - at) / (2.0 - at) + at / (1.0 + at));
        (at * (1.0 - at) * shape / (m * n)).sqrt()
    };
    let holds = |at: f64| (value - at).abs() <= Z * deviation(at);
    // At `value` it holds, at 0 and 1 it does not, but where they are the value themselves.
    let end = |far: f64| {
        let (mut good, mut bad) = (value, far);
        for _ in 0..60 {
            let middle = f64::midpoint(good, bad);
            if holds(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        good
    };
    Estimate { value, low: end(0.0), high: end(1.0) }
}
