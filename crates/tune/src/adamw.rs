//! AdamW: gradient steps of about equal size for every number, and decay beside them.

use synaptoroute_kernels::Team;

use crate::parts::Parts;
use crate::sharing::rows;
use crate::sums::dot;

/// As its authors' and most programs' default.
const BETAS: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;
/// A share of each weight that is taken off with every step, times the step's rate.
const DECAY: f32 = 0.01;
/// A longer gradient is made as long as this.
const LONGEST: f64 = 1.0;

/// Loshchilov and Hutter, *Decoupled weight decay regularization*, 2019, algorithm 2.
#[derive(Debug)]
pub(crate) struct AdamW {
    first: Parts,
    second: Parts,
    steps: i32,
}

impl AdamW {
    /// For the last `layers` layers.
    pub(crate) fn new(parts: &Parts, layers: usize) -> Self {
        Self { first: parts.zeros(layers), second: parts.zeros(layers), steps: 0 }
    }

    /// One step along `gradient`; leaves it at zero.
    pub(crate) fn step(
        &mut self,
        team: &mut Team<'_>,
        parts: &mut Parts,
        gradient: &mut Parts,
        rate: f32,
    ) {
        self.steps += 1;
        let length = length(team, gradient);
        let clip = (LONGEST / (length + 1e-6)).min(1.0) as f32;
        let corrected = |beta: f32| 1.0 - f64::from(beta).powi(self.steps);
        let step = f64::from(rate) / corrected(BETAS.0);
        let (step, root) = (step as f32, corrected(BETAS.1).sqrt() as f32);
        let moments = self.first.tensors_mut().into_iter().zip(self.second.tensors_mut());
        let tensors = parts.tensors_mut().into_iter().zip(gradient.tensors_mut()).zip(moments);
        for ((weights, by), (first, second)) in tensors {
            if by.is_empty() {
                continue; // of a layer that stays as it is
            }
            rows(
                team,
                by.len(),
                [weights, by, first, second],
                |_, [weights, by, first, second]| {
                    let moments = first.iter_mut().zip(second);
                    for ((weight, by), (first, second)) in weights.iter_mut().zip(by).zip(moments) {
                        let gradient = *by * clip;
                        *by = 0.0;
                        *first = BETAS.0 * *first + (1.0 - BETAS.0) * gradient;
                        *second = BETAS.1 * *second + (1.0 - BETAS.1) * gradient * gradient;
                        *weight -= rate * DECAY * *weight;
                        *weight -= step * *first / (second.sqrt() / root + EPSILON);
                    }
                },
            );
        }
    }
}

/// Numbers of a sum that is made by one thread: the same whatever the threads.
const BLOCK: usize = 1 << 16;

/// The Euclidean length of all tensors together.
fn length(team: &mut Team<'_>, gradient: &Parts) -> f64 {
    let blocks: Vec<&[f32]> = gradient.tensors().iter().flat_map(|t| t.chunks(BLOCK)).collect();
    let mut sums = vec![0.0_f32; blocks.len()];
    rows(team, blocks.len(), [&mut sums], |range, [sums]| {
        for (sum, block) in sums.iter_mut().zip(&blocks[range]) {
            *sum = dot(block, block);
        }
    });
    sums.into_iter().map(f64::from).sum::<f64>().sqrt()
}
