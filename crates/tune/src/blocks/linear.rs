//! `y = x W + b`.

use synaptoroute_encoder::FloatLinear;
use synaptoroute_kernels::{Kernels, MatrixView, Team};

use crate::sharing::{add_columns, rows};

/// `x W + b`.
pub(crate) fn forward(
    team: &mut Team<'_>,
    kernels: Kernels,
    layer: &FloatLinear,
    x: &[f32],
) -> Vec<f32> {
    let tokens = x.len() / layer.depth;
    let mut y = vec![0.0; tokens * layer.columns];
    let weights = MatrixView::new(&layer.weights, layer.depth, layer.columns);
    rows(team, tokens, [&mut y], |tokens, [y]| {
        let x = &x[tokens.start * layer.depth..tokens.end * layer.depth];
        y.chunks_exact_mut(layer.columns).for_each(|row| row.copy_from_slice(&layer.bias));
        kernels.matmul_add(MatrixView::new(x, tokens.len(), layer.depth), weights, y);
    });
    y
}

/// Adds to the gradients by weights and bias; gives that by `x`, `dy Wᵀ`, added to `dx`.
pub(crate) fn backward(
    team: &mut Team<'_>,
    kernels: Kernels,
    layer: &FloatLinear,
    x: &[f32],
    dy: &[f32],
    by: &mut FloatLinear,
    dx: &mut [f32],
) {
    let (depth, columns) = (layer.depth, layer.columns);
    let tokens = dy.len() / columns;
    add_columns(team, dy, &mut by.bias);
    let (x, dy) = (MatrixView::new(x, tokens, depth), MatrixView::new(dy, tokens, columns));
    rows(team, depth, [&mut by.weights], |inputs, [by]| {
        let x = x.transposed().rows(inputs.start, inputs.len());
        kernels.matmul_add(x, dy, by);
    });
    let weights = MatrixView::new(&layer.weights, depth, columns);
    rows(team, tokens, [dx], |tokens, [dx]| {
        kernels.matmul_add(dy.rows(tokens.start, tokens.len()), weights.transposed(), dx);
    });
}
