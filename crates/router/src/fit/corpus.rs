//! What a fit learns from, in one canonical order.

use super::matrix::Matrix;
use super::report::Unfitted;
use crate::edit::Owner;
use crate::name::RouteName;
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::text_order::by_hash;

/// Utterances a fit learns from at most: of larger routes those with the smallest hashes.
const UTTERANCES: usize = 1 << 15;
/// Utterances times routes at most, which is what time and memory grow with.
const PAIRS: usize = 20_000_000;
/// Folds where there are enough utterances and few enough pairs for them.
const FOLDS: usize = 10;
/// With more utterances times routes than this, three folds do: a third of many is held out
/// as well as a tenth of few.
const FEW_PAIRS: usize = 500_000;

/// Routes by name, each with its utterances by their hashes; so neither the order in which
/// they were added nor their places count.
pub(super) struct Corpus {
    pub(super) names: Vec<RouteName>,
    pub(super) texts: Vec<Text>,
    /// Of each text, the number of its route.
    pub(super) labels: Vec<usize>,
    pub(super) vectors: Matrix,
    /// Of each text, the fold that holds it out; `None` for a route's only one.
    pub(super) folds: Vec<Option<usize>>,
    pub(super) fold_count: usize,
    /// The texts' hashes by route, ascending: all of them, those left out too.
    pub(super) hashes: Vec<Vec<u64>>,
    /// The mean vector.
    pub(super) mean: Vec<f32>,
}

impl Corpus {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let names: Vec<RouteName> = snapshot.routes().map(|route| route.name.clone()).collect();
        let counts: Vec<usize> = snapshot.routes().map(|route| route.utterances).collect();
        let most = most_of_a_route(&counts);
        let mut corpus = Self {
            texts: Vec::new(),
            labels: Vec::new(),
            vectors: Matrix { rows: 0, columns: snapshot.index.dimensions(), data: Vec::new() },
            folds: Vec::new(),
            fold_count: 0,
            hashes: Vec::with_capacity(names.len()),
            mean: Vec::new(),
            names,
        };
        // Of too many routes nothing is learned, and nothing need be read.
        for (label, name) in corpus.names.iter().enumerate().filter(|_| most > 0) {
            let placed = snapshot.placed_texts(&Owner::Utterances(name.clone()));
            let hashed = by_hash(placed, |placed| placed.text.as_str());
            corpus.hashes.push(hashed.iter().map(|&(hash, _)| hash).collect());
            for (_, placed) in hashed.into_iter().take(most) {
                corpus.vectors.data.extend_from_slice(&placed.vector);
                corpus.vectors.rows += 1;
                corpus.texts.push(placed.text);
                corpus.labels.push(label);
            }
        }
        corpus.mean = mean(&corpus.vectors);
        corpus.fold(&counts);
        corpus
    }

    pub(super) fn routes(&self) -> usize {
        self.names.len()
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Rows that no fold holds out together with this one's.
    pub(super) fn without_fold(&self, fold: usize) -> Vec<usize> {
        (0..self.len()).filter(|&row| self.folds[row] != Some(fold)).collect()
    }

    /// Rows that some fold holds out.
    pub(super) fn held_out(&self) -> Vec<usize> {
        (0..self.len()).filter(|&row| self.folds[row].is_some()).collect()
    }

    /// The rows of each route.
    pub(super) fn spans(&self) -> Vec<std::ops::Range<usize>> {
        let end = |label: usize| self.labels.partition_point(|&other| other <= label);
        let start = |label: usize| self.labels.partition_point(|&other| other < label);
        (0..self.routes()).map(|label| start(label)..end(label)).collect()
    }

    /// Deals each route's utterances to the folds in turn, each route beginning at another.
    fn fold(&mut self, counts: &[usize]) {
        let mut counts: Vec<usize> = counts.to_vec();
        counts.sort_unstable();
        let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
        let most = if self.len() * self.routes() > FEW_PAIRS { 3 } else { FOLDS };
        self.fold_count = median.clamp(2, most);
        for (label, own) in self.spans().into_iter().enumerate() {
            let only = own.len() == 1;
            let dealt =
                (0..own.len()).map(|rank| (!only).then_some((rank + label) % self.fold_count));
            self.folds.extend(dealt);
        }
    }
}

/// Texts that must be known to be in scope, or confidence is a guess.
pub(super) const ENOUGH: usize = 10;

/// Why nothing can be learned of routes with so many utterances and so many samples, of which some
/// are in scope.
pub(super) fn unfitted(counts: &[usize], samples: usize, in_scope: usize) -> Option<Unfitted> {
    let routes = counts.len();
    let most = most_of_a_route(counts);
    let learned = counts.iter().map(|&count| count.min(most)).filter(|&count| count > 1);
    if routes == 0 || (routes < 2 && samples == 0) {
        Some(Unfitted::FewRoutes)
    } else if most == 0 {
        Some(Unfitted::ManyRoutes)
    } else if learned.sum::<usize>() + in_scope < ENOUGH {
        // With one of each nothing can be held out, however many there are.
        Some(if most == 1 { Unfitted::ManyRoutes } else { Unfitted::FewUtterances })
    } else {
        None
    }
}

/// How many utterances of a route are learned from, so that all fit the bounds.
fn most_of_a_route(counts: &[usize]) -> usize {
    let bound = UTTERANCES.min(PAIRS / counts.len().max(1));
    let total = |most: usize| counts.iter().map(|&count| count.min(most)).sum::<usize>();
    let (mut low, mut high) = (0, bound);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if total(middle) <= bound { low = middle } else { high = middle - 1 }
    }
    low
}

fn mean(vectors: &Matrix) -> Vec<f32> {
    let mut sums = vec![0.0_f64; vectors.columns];
    for row in 0..vectors.rows {
        sums.iter_mut().zip(vectors.row(row)).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    sums.iter().map(|sum| (sum / vectors.rows.max(1) as f64) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 3,163 routes on there is room for one utterance of each, and the advice was to add more.
    #[test]
    fn too_many_routes_are_not_called_too_few_utterances() {
        let reason = |routes: usize, each: usize| unfitted(&vec![each; routes], 0, 0);
        assert_eq!(reason(3162, 10), None);
        for routes in [3163, 4472, 4473, 100_000] {
            assert_eq!(reason(routes, 10), Some(Unfitted::ManyRoutes), "{routes}");
        }
        assert_eq!(reason(1000, 1), Some(Unfitted::FewUtterances));
    }
}
