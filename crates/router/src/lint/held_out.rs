//! Each utterance against the rest, itself left out.
//!
//! The score of a route is what a decision takes it for, [`NEAREST`] best cosines and their mean,
//! so that a route says of an utterance what it would say of a query if the utterance were not
//! there. The work is done in tiles, some utterances against a few rows at a time, so that both
//! stay in the nearest caches: 15,000 rows are 23 MB, and would be read from memory 15,000 times.

use super::rows::Rows;
use crate::evidence::NEAREST;
use crate::index::Index;

/// Utterances that are compared together: with their vectors of 1.5 KB, 96 KB.
const TILE: usize = 64;

/// Rows that they are compared with at a time: 24 KB.
const BLOCK: usize = 16;

/// What the rest says of one utterance.
pub(super) struct HeldOut {
    /// The utterance.
    pub(super) row: usize,
    /// Its own route, which is nobody's if it has no other utterance.
    pub(super) own: Best,
    /// The route with the highest score among the others, and what it has.
    pub(super) other: Option<(usize, Best)>,
    /// The most similar utterance of any other route.
    pub(super) foreign: Option<Hit>,
    /// The most similar negative of those that hold for its route.
    pub(super) negative: Option<Hit>,
}

/// A row and its cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) row: usize,
    pub(super) similarity: f32,
}

/// The most similar rows of a group, the best first; of equals the first row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Best {
    hits: [Option<Hit>; NEAREST],
}

impl Best {
    fn offer(&mut self, hit: Hit) {
        let below = |other: &Option<Hit>| other.is_none_or(|o| o.similarity < hit.similarity);
        // Most are below all that are there.
        if self.hits.last().is_some_and(below)
            && let Some(rank) = self.hits.iter().position(below)
        {
            self.hits[rank..].rotate_right(1);
            self.hits[rank] = Some(hit);
        }
    }

    pub(super) fn hits(&self) -> impl Iterator<Item = Hit> {
        self.hits.iter().copied().flatten()
    }

    pub(super) fn first(&self) -> Option<Hit> {
        self.hits[0]
    }

    /// The mean cosine, as a decision takes it; minus infinity of none.
    pub(super) fn score(&self) -> f64 {
        let count = self.hits().count();
        let sum: f64 = self.hits().map(|hit| f64::from(hit.similarity)).sum();
        if count == 0 { f64::NEG_INFINITY } else { sum / count as f64 }
    }
}

/// Holds out each of these utterances.
pub(super) fn hold_out(
    index: &Index,
    rows: &Rows,
    judged: &[usize],
    progress: &dyn Fn(usize, usize),
) -> Vec<HeldOut> {
    let mut done = Vec::with_capacity(judged.len());
    let mut block = Block::default();
    for tile in judged.chunks(TILE) {
        let mut judging: Vec<Judging<'_>> =
            tile.iter().map(|&row| Judging::new(rows, row)).collect();
        for first in (0..rows.len()).step_by(BLOCK) {
            block.fill(rows, first);
            for judging in &mut judging {
                judging.compare(index, &block);
            }
        }
        done.extend(judging.into_iter().map(Judging::finish));
        progress(done.len(), judged.len());
    }
    done
}

/// Rows side by side.
#[derive(Default)]
struct Block {
    first: usize,
    vectors: Vec<f32>,
    /// Rows of one group, and where they end.
    runs: Vec<(Group, usize)>,
}

/// Whose rows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Group {
    Utterances(usize),
    Negatives(usize),
    Namespace,
}

impl Block {
    /// Takes the rows from the first one on.
    fn fill(&mut self, rows: &Rows, first: usize) {
        self.first = first;
        self.vectors.clear();
        self.runs.clear();
        for row in first..rows.len().min(first + BLOCK) {
            self.vectors.extend_from_slice(&rows.row(row).vector);
            let group = match rows.route_of(row) {
                Some(route) if row < rows.utterances() => Group::Utterances(route),
                Some(route) => Group::Negatives(route),
                None => Group::Namespace,
            };
            let end = row + 1 - first;
            match self.runs.last_mut() {
                Some(last) if last.0 == group => last.1 = end,
                _ => self.runs.push((group, end)),
            }
        }
    }
}

/// An utterance that is being held out.
struct Judging<'a> {
    vector: &'a [f32],
    route: Option<usize>,
    /// The route whose rows come at present, and what it has so far.
    current: Option<(usize, Best)>,
    found: HeldOut,
}

impl<'a> Judging<'a> {
    fn new(rows: &'a Rows, row: usize) -> Self {
        let found =
            HeldOut { row, own: Best::default(), other: None, foreign: None, negative: None };
        let (vector, route) = (&*rows.row(row).vector, rows.route_of(row));
        Self { vector, route, current: None, found }
    }

    fn compare(&mut self, index: &Index, block: &Block) {
        let mut cosines = [0.0; BLOCK];
        let cosines = &mut cosines[..block.vectors.len() / self.vector.len()];
        index.cosines(self.vector, &block.vectors, cosines);
        let row = self.found.row;
        let mut begin = 0;
        for &(group, end) in &block.runs {
            let hits = (begin..end)
                .map(|i| Hit { row: block.first + i, similarity: cosines[i] })
                .filter(|hit| hit.row != row);
            begin = end;
            match group {
                Group::Utterances(route) => {
                    if self.current.is_none_or(|(current, _)| current != route) {
                        self.close();
                        self.current = Some((route, Best::default()));
                    }
                    if let Some((_, best)) = &mut self.current {
                        hits.for_each(|hit| best.offer(hit));
                    }
                }
                Group::Negatives(route) if self.route != Some(route) => {}
                Group::Negatives(_) | Group::Namespace => {
                    for hit in hits {
                        keep(&mut self.found.negative, hit);
                    }
                }
            }
        }
    }

    /// The rows of the current route have all come.
    fn close(&mut self) {
        let Some((route, best)) = self.current.take() else { return };
        if self.route == Some(route) {
            self.found.own = best;
            return;
        }
        if let Some(hit) = best.first() {
            keep(&mut self.found.foreign, hit);
        }
        // Routes come by name: of equals the first, as in a decision.
        if self.found.other.is_none_or(|(_, other)| best.score() > other.score()) {
            self.found.other = Some((route, best));
        }
    }

    fn finish(mut self) -> HeldOut {
        self.close();
        self.found
    }
}

fn keep(best: &mut Option<Hit>, hit: Hit) {
    if best.is_none_or(|best| hit.similarity > best.similarity) {
        *best = Some(hit);
    }
}
