//! What speaks for a route, and against it.

use synaptoroute_kernels::Kernels;

use crate::snapshot::{IndexedRoute, Vectors};

/// How many of a route's utterances count towards `nearest`.
pub const NEAREST: usize = 3;

/// Evidence about one route and one query, all cosines.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evidence {
    /// Mean over the [`NEAREST`] most similar utterances, or over all if there are fewer.
    pub nearest: f64,
    /// To the most similar utterance.
    pub best: f64,
    /// To the most similar negative, the route's own or the namespace's.
    pub negative: Option<f64>,
    /// The most similar utterances, by place in the route, the best first.
    pub neighbours: Vec<(usize, f64)>,
}

impl Evidence {
    /// Weighs one route; `common` is the query's similarity to the namespace's negatives.
    pub(crate) fn weigh(
        kernels: &Kernels,
        query: &[f32],
        route: &IndexedRoute,
        common: Option<f64>,
        similarities: &mut Vec<f32>,
    ) -> Self {
        scan(kernels, query, route.utterance_vectors(), similarities);
        let neighbours = top(similarities, NEAREST);
        let sum: f64 = neighbours.iter().map(|(_, similarity)| similarity).sum();
        let own = best(kernels, query, route.negative_vectors(), similarities);
        Self {
            nearest: sum / neighbours.len() as f64,
            best: neighbours[0].1,
            negative: own.into_iter().chain(common).reduce(f64::max),
            neighbours,
        }
    }
}

/// The highest similarity to any of `vectors`.
pub(crate) fn best(
    kernels: &Kernels,
    query: &[f32],
    vectors: &Vectors,
    similarities: &mut Vec<f32>,
) -> Option<f64> {
    scan(kernels, query, vectors, similarities);
    similarities.iter().copied().reduce(f32::max).map(f64::from)
}

fn scan(kernels: &Kernels, query: &[f32], vectors: &Vectors, similarities: &mut Vec<f32>) {
    similarities.clear();
    similarities.resize(vectors.len(), 0.0);
    kernels.dot_rows(query, vectors.as_flat(), similarities);
}

/// The `count` highest with their places; of equals the earlier comes first.
fn top(similarities: &[f32], count: usize) -> Vec<(usize, f64)> {
    let mut kept: Vec<(usize, f32)> = Vec::with_capacity(count + 1);
    for (place, &similarity) in similarities.iter().enumerate() {
        let rank = kept.partition_point(|&(_, other)| other >= similarity);
        if rank < count {
            kept.insert(rank, (place, similarity));
            kept.truncate(count);
        }
    }
    kept.into_iter().map(|(place, similarity)| (place, f64::from(similarity))).collect()
}
