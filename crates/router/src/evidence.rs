//! What speaks for a route, and against it.

use crate::index::{Group, Hit, Search};
use crate::routes::RouteEntry;

/// How many of a route's utterances count towards `nearest`.
pub const NEAREST: usize = 3;

/// Evidence about one route and one query, all cosines.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<'a> {
    /// Mean over the [`NEAREST`] most similar utterances, or over all if there are fewer.
    pub(crate) nearest: f64,
    /// To the most similar utterance.
    pub(crate) best: f64,
    /// To the most similar negative, the route's own or the namespace's.
    pub(crate) negative: Option<f64>,
    /// The most similar utterances, the best first.
    pub(crate) neighbours: Vec<Hit<'a>>,
}

impl<'a> Evidence<'a> {
    /// Weighs one route, whose rows were gathered; `common` is the query's similarity to the
    /// namespace's negatives.
    pub(crate) fn weigh(search: &mut Search<'a>, route: &RouteEntry, common: Option<f64>) -> Self {
        let neighbours = search.nearest(Group::utterances(route.slot));
        let own = best(search, Group::negatives(route.slot));
        Self {
            nearest: mean(&neighbours),
            best: neighbours.first().map_or(f64::NEG_INFINITY, |hit| hit.similarity.into()),
            negative: own.into_iter().chain(common).reduce(f64::max),
            neighbours,
        }
    }
}

/// The highest similarity to any row of a group, whose rows were gathered.
pub(crate) fn best(search: &mut Search<'_>, group: Group) -> Option<f64> {
    search.nearest(group).first().map(|hit| hit.similarity.into())
}

/// The mean similarity, summed from the best on; minus infinity of none.
fn mean(hits: &[Hit<'_>]) -> f64 {
    let sum: f64 = hits.iter().map(|hit| f64::from(hit.similarity)).sum();
    if hits.is_empty() { f64::NEG_INFINITY } else { sum / hits.len() as f64 }
}
