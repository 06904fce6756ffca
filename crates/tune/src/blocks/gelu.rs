//! GELU by the error function.

use synaptoroute_kernels::{Kernels, Team};

use crate::sharing::rows;

/// GELU of every element, in place; gives the slopes there.
pub(crate) fn forward(
    team: &mut Team<'_>,
    kernels: Kernels,
    tokens: usize,
    x: &mut [f32],
) -> Vec<f32> {
    let mut slopes = vec![0.0; x.len()];
    rows(team, tokens, [x, &mut slopes], |_, [x, slopes]| kernels.gelu_and_slope(x, slopes));
    slopes
}

/// Makes of `dy` the gradient by `x`.
pub(crate) fn backward(team: &mut Team<'_>, tokens: usize, slopes: &[f32], dy: &mut [f32]) {
    let width = dy.len() / tokens.max(1);
    rows(team, tokens, [dy], |tokens, [dy]| {
        let slopes = &slopes[tokens.start * width..tokens.end * width];
        dy.iter_mut().zip(slopes).for_each(|(dy, slope)| *dy *= slope);
    });
}
