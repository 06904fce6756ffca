//! What other cuts on confidence would do.
//!
//! Both curves look at the first candidate alone, whichever cut held: a single cut for all
//! routes in place of their own.

use serde::{Deserialize, Serialize};

use super::Judged;
use crate::decision::Reason;

/// Most points of a curve; more are thinned out.
const POINTS: usize = 200;

/// Steps of the sweep, a hundredth each.
const STEPS: u32 = 100;

/// Answer only the samples of the highest confidence: how wrong is that?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RiskCoverage {
    /// The area under the curve: the mean risk over all coverages. 0 is best.
    pub aurc: f64,
    /// From the highest confidence down, at most 200.
    pub points: Vec<CurvePoint>,
}

/// All samples of at least this confidence are answered, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct CurvePoint {
    /// The confidence.
    pub threshold: f64,
    /// The share of all samples that are answered, those that belong to no route among them.
    pub coverage: f64,
    /// The share of the answered that are wrong: another route's, or no route's.
    pub risk: f64,
}

/// What a single cut on confidence, in place of all others, would come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SweepPoint {
    /// The cut.
    pub threshold: f64,
    /// Of what belongs to a route, the share that it would take; null if there is none.
    pub accuracy: Option<f64>,
    /// Of what belongs to a route, the share that any route would take; null if there is none.
    pub coverage: Option<f64>,
    /// Of what belongs to no route, the share that some route would take; null if there is none.
    pub out_of_scope_accepted: Option<f64>,
}

/// Those of one confidence come together, for no cut parts them: within them the risk is what it
/// would be on average over their orders. There is at least one sample.
pub(super) fn risk_coverage(judged: &[Judged]) -> RiskCoverage {
    let mut order: Vec<(f64, bool)> =
        judged.iter().map(|sample| (sample.confidence, sample.first_is_right())).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = order.len() as f64;
    let (mut answered, mut wrong, mut area) = (0, 0, 0.0);
    let mut points = Vec::new();
    for equals in order.chunk_by(|a, b| a.0 == b.0) {
        let wrong_here = equals.iter().filter(|(_, right)| !right).count();
        let each = wrong_here as f64 / equals.len() as f64;
        for place in 1..=equals.len() {
            area += (wrong as f64 + each * place as f64) / (answered + place) as f64;
        }
        answered += equals.len();
        wrong += wrong_here;
        points.push(CurvePoint {
            threshold: equals[0].0,
            coverage: answered as f64 / all,
            risk: wrong as f64 / answered as f64,
        });
    }
    RiskCoverage { aurc: area / all, points: thinned(points) }
}

/// Both ends and points between, as even as their number allows.
fn thinned(points: Vec<CurvePoint>) -> Vec<CurvePoint> {
    if points.len() <= POINTS {
        return points;
    }
    let last = points.len() - 1;
    (0..POINTS).map(|index| points[index * last / (POINTS - 1)]).collect()
}

/// Cuts from 0 to 1. What refuses besides the cut (a negative, a cut on similarity, the margin)
/// goes on refusing, as far as the decision tells: it gives one reason.
pub(super) fn sweep(judged: &[Judged]) -> Vec<SweepPoint> {
    let counts = |in_scope: bool, is: &dyn Fn(&Judged) -> bool| {
        let of = judged.iter().filter(|sample| sample.is_in_scope() == in_scope);
        let (mut count, mut all) = (0_usize, 0_usize);
        for sample in of {
            all += 1;
            count += usize::from(is(sample));
        }
        (all > 0).then(|| count as f64 / all as f64)
    };
    let at = |step: u32| {
        let threshold = f64::from(step) / f64::from(STEPS);
        let taken = |sample: &Judged| {
            let movable = matches!(sample.reason, Reason::Accepted | Reason::BelowThreshold);
            movable && sample.confidence >= threshold
        };
        SweepPoint {
            threshold,
            accuracy: counts(true, &|sample| taken(sample) && sample.first_is_right()),
            coverage: counts(true, &taken),
            out_of_scope_accepted: counts(false, &taken),
        }
    };
    (0..=STEPS).map(at).collect()
}
