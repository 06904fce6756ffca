//! Which texts meet in a step.

use synaptoroute_kernels::{Kernels, MatrixView};

use crate::lesson::Lesson;
use crate::random::Random;

/// Routes of a batch, with two texts each.
const ROUTES: usize = 28;
/// Share of the batches whose routes are neighbours, so that hard pairs meet.
const NEIGHBOURS: f64 = 0.6;
/// The neighbours are drawn from so many times as many, so that batches differ.
const AROUND: f64 = 1.5;
/// Texts that belong to no route, of a batch, where there are any: half of them negatives, if there
/// are so many. Routes alone would draw what belongs to none of them near: of HWU64, at 10
/// utterances a route, the held-out background that is accepted with 95 % of the utterances rose
/// from 25 to 40 % by tuning, and with these it stays. By four it half did.
const FOREIGN: usize = 8;

/// Draws batches, for ever.
#[derive(Debug)]
pub(crate) struct Batches<'a> {
    lesson: &'a Lesson,
    /// Of each route, the routes by nearness of their centroids, itself first.
    neighbours: Vec<Vec<usize>>,
    /// Places of the background that does not look in scope.
    background: Vec<usize>,
    random: Random,
}

impl<'a> Batches<'a> {
    /// `before` are the texts' vectors before tuning.
    pub(crate) fn new(lesson: &'a Lesson, before: &[f32], kernels: Kernels, seed: u64) -> Self {
        let vectors = Vectors { all: before, width: before.len() / lesson.ids.len(), kernels };
        Self {
            lesson,
            neighbours: vectors.neighbours(lesson),
            background: vectors.background(lesson),
            random: Random::new(seed),
        }
    }

    /// Places of the next batch's texts in the lesson.
    pub(crate) fn next(&mut self) -> Vec<usize> {
        let Self { lesson, neighbours, background, random } = self;
        let routes: Vec<usize> = (0..lesson.members.len()).collect();
        let size = ROUTES.min(routes.len());
        let chosen = if random.chance(NEIGHBOURS) {
            let start = random.below(routes.len());
            let around = (size as f64 * AROUND) as usize;
            let near = &neighbours[start][..around.min(routes.len())];
            let near: Vec<usize> = near.iter().copied().filter(|&route| route != start).collect();
            [vec![start], random.sample(&near, size - 1)].concat()
        } else {
            random.sample(&routes, size)
        };
        let mut batch = Vec::with_capacity(2 * size + FOREIGN);
        for route in chosen {
            match lesson.members[route].as_slice() {
                // Alone it is its own company: it is held where it is and away from the others.
                [only] => batch.extend([*only; 2]),
                members => batch.extend(random.sample(members, 2)),
            }
        }
        let negatives = (FOREIGN / 2).max(FOREIGN.saturating_sub(background.len()));
        let negatives = random.sample(&lesson.negatives, negatives);
        let background = random.sample(background, FOREIGN - negatives.len());
        batch.extend(negatives.into_iter().chain(background));
        batch
    }
}

/// The lesson's texts before tuning.
struct Vectors<'a> {
    all: &'a [f32],
    width: usize,
    kernels: Kernels,
}

impl Vectors<'_> {
    fn neighbours(&self, lesson: &Lesson) -> Vec<Vec<usize>> {
        let mut centroids = Vec::with_capacity(lesson.members.len() * self.width);
        for members in &lesson.members {
            let mut centroid = vec![0.0; self.width];
            for vector in self.of(members).chunks_exact(self.width) {
                centroid.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
            }
            let length = centroid.iter().map(|x| x * x).sum::<f32>().sqrt();
            centroids.extend(centroid.into_iter().map(|x| x / length));
        }
        let order = |row: &[f32]| {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            order
        };
        let cosines = self.cosines(&centroids, &centroids);
        cosines.chunks_exact(lesson.members.len()).map(order).collect()
    }

    /// The background, but for what is as near to an utterance as half of the utterances are to the
    /// others of their routes: the rule by which a fit leaves it out.
    fn background(&self, lesson: &Lesson) -> Vec<usize> {
        let mut usual = Vec::new();
        for members in lesson.members.iter().filter(|members| members.len() > 1) {
            let own = self.of(members);
            for (i, row) in self.cosines(&own, &own).chunks_exact(members.len()).enumerate() {
                usual.push(highest(row[..i].iter().chain(&row[i + 1..])));
            }
        }
        usual.sort_unstable_by(f32::total_cmp);
        let usual = usual.get(usual.len() / 2).copied().unwrap_or(1.0);
        let texts = self.of(&lesson.background);
        let mut nearest = vec![f32::NEG_INFINITY; lesson.background.len()];
        for members in &lesson.members {
            let cosines = self.cosines(&texts, &self.of(members));
            for (nearest, row) in nearest.iter_mut().zip(cosines.chunks_exact(members.len())) {
                *nearest = nearest.max(highest(row));
            }
        }
        let texts = lesson.background.iter().zip(nearest);
        texts.filter(|&(_, nearest)| nearest < usual).map(|(&text, _)| text).collect()
    }

    fn of(&self, places: &[usize]) -> Vec<f32> {
        let row = |&place: &usize| &self.all[place * self.width..][..self.width];
        places.iter().flat_map(row).copied().collect()
    }

    /// Of each row of `a` to each of `b`.
    fn cosines(&self, a: &[f32], b: &[f32]) -> Vec<f32> {
        let view = |rows| MatrixView::new(rows, rows.len() / self.width, self.width);
        let mut cosines = vec![0.0; a.len() / self.width * (b.len() / self.width)];
        self.kernels.matmul(view(a), view(b).transposed(), &mut cosines);
        cosines
    }
}

fn highest<'a>(cosines: impl IntoIterator<Item = &'a f32>) -> f32 {
    cosines.into_iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests;
