//! Minimising a smooth convex function: limited-memory BFGS with a backtracking line search
//! (Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 3.1).

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that stand for the curvature; 5 to 20 is usual, and
/// more did not save a step here.
const MEMORY: usize = 10;
/// How much of the decrease that the slope promises a step must bring (Armijo's constant).
const SUFFICIENT: f64 = 1e-4;
/// Halvings of a step before the search gives up: rounding is then all that is left.
const HALVINGS: usize = 20;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// After so many steps.
    pub(super) steps: usize,
    /// Once the gradient's length has fallen to this share of what it was.
    pub(super) gradient: f64,
}

struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    /// 1 / (step · change).
    rho: f64,
}

/// Improves `x` in place. `value_and_gradient` fills the gradient and returns the value;
/// `None` from it ends the search as it stands.
pub(super) fn minimise(
    x: &mut Vec<f32>,
    stop: Stop,
    mut value_and_gradient: impl FnMut(&[f32], &mut [f32]) -> Option<f64>,
) {
    let mut gradient = vec![0.0; x.len()];
    let Some(mut value) = value_and_gradient(x, &mut gradient) else { return };
    let enough = stop.gradient * length(&gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let (mut next, mut next_gradient) = (x.clone(), gradient.clone());
    for _ in 0..stop.steps {
        if length(&gradient) <= enough {
            return;
        }
        let mut direction = descent(&gradient, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            // Rounding made the curvature useless: steepest descent anew.
            pairs.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = dot(&direction, &gradient);
        }
        let mut step = if pairs.is_empty() { 1.0 / length(&gradient).max(1.0) } else { 1.0 };
        let mut found = None;
        for _ in 0..HALVINGS {
            for ((next, &x), &d) in next.iter_mut().zip(x.iter()).zip(&direction) {
                *next = x + step as f32 * d;
            }
            let Some(reached) = value_and_gradient(&next, &mut next_gradient) else { return };
            if reached <= value + SUFFICIENT * step * slope {
                found = Some(reached);
                break;
            }
            step /= 2.0;
        }
        let Some(reached) = found else { return };
        remember(&mut pairs, x, &next, &gradient, &next_gradient);
        value = reached;
        std::mem::swap(x, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
    }
}

/// The two-loop recursion: minus the gradient, by the inverse of the curvature so far.
fn descent(gradient: &[f32], pairs: &VecDeque<Pair>) -> Vec<f32> {
    let mut q: Vec<f32> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let alpha = pair.rho * dot(&pair.step, &q);
        add_scaled(&mut q, -alpha, &pair.change);
        alphas.push(alpha);
    }
    if let Some(last) = pairs.back() {
        let scale = (1.0 / (last.rho * dot(&last.change, &last.change))) as f32;
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (pair, alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * dot(&pair.change, &q);
        add_scaled(&mut q, alpha - beta, &pair.step);
    }
    q
}

fn remember(pairs: &mut VecDeque<Pair>, x: &[f32], next: &[f32], before: &[f32], after: &[f32]) {
    let difference =
        |a: &[f32], b: &[f32]| -> Vec<f32> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let (step, change) = (difference(next, x), difference(after, before));
    let curvature = dot(&step, &change);
    // Of a convex function it is positive; what is not is rounding.
    if curvature > f64::EPSILON * dot(&change, &change) {
        if pairs.len() == MEMORY {
            pairs.pop_front();
        }
        pairs.push_back(Pair { step, change, rho: 1.0 / curvature });
    }
}

/// Summed in f64 over short runs of f32 lanes: exact enough, and as fast as memory.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 16;
    let (a_runs, a_rest) = a.as_chunks::<LANES>();
    let (b_runs, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f64; LANES];
    for (a, b) in a_runs.iter().zip(b_runs) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    sums.iter().sum::<f64>() + rest
}

fn length(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

fn add_scaled(to: &mut [f32], scale: f64, what: &[f32]) {
    for (to, &what) in to.iter_mut().zip(what) {
        *to += scale as f32 * what;
    }
}

#[cfg(test)]
mod tests;
