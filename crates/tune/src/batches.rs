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
/// Texts that belong to no route, of a batch, where there are any.
const FOREIGN: usize = 8;

/// Draws batches, for ever.
#[derive(Debug)]
pub(crate) struct Batches<'a> {
    lesson: &'a Lesson,
    /// Of each route, the routes by nearness of their centroids, itself first.
    neighbours: Vec<Vec<usize>>,
    random: Random,
}

impl<'a> Batches<'a> {
    /// `before` are the texts' vectors before tuning.
    pub(crate) fn new(lesson: &'a Lesson, before: &[f32], kernels: Kernels, seed: u64) -> Self {
        Self { lesson, neighbours: neighbours(lesson, before, kernels), random: Random::new(seed) }
    }

    /// Places of the next batch's texts in the lesson.
    pub(crate) fn next(&mut self) -> Vec<usize> {
        let Self { lesson, neighbours, random } = self;
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
        batch.extend(random.sample(&lesson.foreign, FOREIGN));
        batch
    }
}

fn neighbours(lesson: &Lesson, before: &[f32], kernels: Kernels) -> Vec<Vec<usize>> {
    let width = before.len() / lesson.ids.len();
    let routes = lesson.members.len();
    let mut centroids = Vec::with_capacity(routes * width);
    for members in &lesson.members {
        let mut centroid = vec![0.0; width];
        for &member in members {
            let vector = &before[member * width..][..width];
            centroid.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        }
        let length = centroid.iter().map(|x| x * x).sum::<f32>().sqrt();
        centroids.extend(centroid.into_iter().map(|x| x / length));
    }
    let matrix = MatrixView::new(&centroids, routes, width);
    let mut cosines = vec![0.0; routes * routes];
    kernels.matmul(matrix, matrix.transposed(), &mut cosines);
    let order = |row: &[f32]| {
        let mut order: Vec<usize> = (0..routes).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        order
    };
    cosines.chunks_exact(routes).map(order).collect()
}
