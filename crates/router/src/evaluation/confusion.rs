//! Routes one by one, and which are taken for which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Judged, Share};
use crate::name::RouteName;

/// How good a route is at taking what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RouteScore {
    /// Its name.
    pub route: RouteName,
    /// Samples that belong to it.
    pub support: usize,
    /// Of the samples that it took, those that belong to it; null if it took none.
    pub precision: Option<Share>,
    /// Of the samples that belong to it, those that it took; null if there are none.
    pub recall: Option<Share>,
    /// The harmonic mean of both; null if no sample belongs to it.
    pub f1: Option<f64>,
}

/// So many samples of one route came out as another, or as the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Confusion {
    /// Where they belong; null for none of the routes.
    pub expected: Option<RouteName>,
    /// Which took them; null if none did.
    pub got: Option<RouteName>,
    /// How many; never 0.
    pub count: usize,
}

#[derive(Default)]
struct Counts {
    support: usize,
    taken: usize,
    right: usize,
}

/// Those routes that samples belong to, or that took some, by name.
pub(super) fn routes(judged: &[Judged]) -> Vec<RouteScore> {
    let mut counts: BTreeMap<&RouteName, Counts> = BTreeMap::new();
    for Judged { expected, got, right, .. } in judged {
        if let Some(expected) = expected {
            let counts = counts.entry(expected).or_default();
            counts.support += 1;
            counts.right += usize::from(*right);
        }
        if let Some(got) = got {
            counts.entry(got).or_default().taken += 1;
        }
    }
    let score = |(route, counts): (&RouteName, Counts)| {
        let Counts { support, taken, right } = counts;
        RouteScore {
            route: route.clone(),
            support,
            precision: Share::new(right, taken),
            recall: Share::new(right, support),
            f1: (support > 0).then(|| 2.0 * right as f64 / (support + taken) as f64),
        }
    };
    counts.into_iter().map(score).collect()
}

/// The mean of F1 over the routes that samples belong to.
pub(super) fn macro_f1(routes: &[RouteScore]) -> Option<f64> {
    let scores: Vec<f64> = routes.iter().filter_map(|route| route.f1).collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// All pairs that occur, the most frequent first, those that are right among them.
pub(super) fn pairs(judged: &[Judged]) -> Vec<Confusion> {
    let mut counts: BTreeMap<(&Option<RouteName>, &Option<RouteName>), usize> = BTreeMap::new();
    for Judged { expected, got, .. } in judged {
        *counts.entry((expected, got)).or_default() += 1;
    }
    let pair = |((expected, got), count): ((&Option<RouteName>, &Option<RouteName>), usize)| {
        Confusion { expected: expected.clone(), got: got.clone(), count }
    };
    let mut pairs: Vec<Confusion> = counts.into_iter().map(pair).collect();
    // Stable: of equals, by name.
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
    pairs
}
