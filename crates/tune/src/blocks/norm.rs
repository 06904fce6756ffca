//! Layer normalisation: `y = gamma (x - mean) / deviation + beta`.

use synaptoroute_encoder::FloatNorm;
use synaptoroute_kernels::Team;

use crate::sharing::rows;
use crate::sums::{dot, sum};

/// What the way back needs.
#[derive(Debug)]
pub(crate) struct Tape {
    /// `(x - mean) / deviation`
    normed: Vec<f32>,
    /// `1 / deviation`, of each token.
    scales: Vec<f32>,
}

/// Normalises the rows of `x` in place.
pub(crate) fn forward(team: &mut Team<'_>, norm: &FloatNorm, epsilon: f32, x: &mut [f32]) -> Tape {
    let width = norm.gamma.len();
    let tokens = x.len() / width;
    let mut tape = Tape { normed: vec![0.0; x.len()], scales: vec![0.0; tokens] };
    let buffers = [x, &mut *tape.normed, &mut *tape.scales];
    rows(team, tokens, buffers, |_, [x, normed, scales]| {
        let rows = x.chunks_exact_mut(width).zip(normed.chunks_exact_mut(width));
        for ((x, normed), scale) in rows.zip(scales) {
            let mean = sum(x) / width as f32;
            normed.iter_mut().zip(&*x).for_each(|(normed, x)| *normed = x - mean);
            *scale = 1.0 / (dot(normed, normed) / width as f32 + epsilon).sqrt();
            for ((x, normed), (gamma, beta)) in
                x.iter_mut().zip(normed).zip(norm.gamma.iter().zip(&norm.beta))
            {
                *normed *= *scale;
                *x = *normed * gamma + beta;
            }
        }
    });
    tape
}

/// Adds to the gradients by gamma and beta; makes of `dy` the gradient by `x`.
pub(crate) fn backward(
    team: &mut Team<'_>,
    norm: &FloatNorm,
    tape: &Tape,
    dy: &mut [f32],
    by: &mut FloatNorm,
) {
    let width = norm.gamma.len();
    let upstream = &*dy;
    rows(team, width, [&mut by.gamma, &mut by.beta], |columns, [by_gamma, by_beta]| {
        for (dy, normed) in upstream.chunks_exact(width).zip(tape.normed.chunks_exact(width)) {
            let pairs = dy[columns.clone()].iter().zip(&normed[columns.clone()]);
            for ((by_gamma, by_beta), (dy, normed)) in
                by_gamma.iter_mut().zip(&mut *by_beta).zip(pairs)
            {
                *by_gamma += dy * normed;
                *by_beta += dy;
            }
        }
    });
    rows(team, dy.len() / width, [dy], |tokens, [dy]| {
        let normed = tape.normed[tokens.start * width..].chunks_exact(width);
        let scales = &tape.scales[tokens];
        for ((dy, normed), scale) in dy.chunks_exact_mut(width).zip(normed).zip(scales) {
            dy.iter_mut().zip(&norm.gamma).for_each(|(dy, gamma)| *dy *= gamma);
            let mean = sum(dy) / width as f32;
            let along = dot(dy, normed) / width as f32;
            dy.iter_mut().zip(normed).for_each(|(dy, n)| *dy = scale * (*dy - mean - n * along));
        }
    });
}
