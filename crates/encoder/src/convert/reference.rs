//! The forward pass in f32, to see what the input channels of each layer take on.

use std::ops::Range;

use synaptoroute_kernels::{
    Attention, AttentionScratch, Kernels, LayerNorm, MatrixView, Queried, Rows, Team,
};

use super::samples::{Samples, Site};
use crate::float::{FloatLinear, FloatNorm, FloatWeights};

/// How products are added up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Products {
    /// Each is rounded: the bits of a plain loop, by which the built-in model was made.
    Plain,
    /// A product and its sum are rounded once, in half the time.
    Fused,
}

/// Runs texts and shows `samples` what the layers take in.
pub(super) fn run(
    source: &FloatWeights,
    kernels: &Kernels,
    products: Products,
    texts: &[Vec<u32>],
    samples: &mut Samples,
) {
    let width = source.hidden;
    let norm = |rows: &mut [f32], norm: &FloatNorm| {
        let FloatNorm { gamma, beta } = norm;
        kernels.layer_norm(rows, &LayerNorm { gamma, beta, epsilon: source.epsilon });
    };
    let mut hidden: Vec<f32> = Vec::new();
    let mut ranges = Vec::with_capacity(texts.len());
    for ids in texts {
        let start = hidden.len() / width;
        ranges.push(start..start + ids.len());
        for (&id, position) in ids.iter().zip(source.positions.chunks_exact(width)) {
            let word = &source.words[id as usize * width..][..width];
            hidden.extend(word.iter().zip(position).map(|(w, p)| w + p));
        }
    }
    norm(&mut hidden, &source.norm);
    let linear = |layer: &FloatLinear, rows: &[f32]| linear(kernels, products, layer, rows);
    for (i, layer) in source.layers.iter().enumerate() {
        samples.take(i, Site::Qkv, &hidden);
        let context = attention(source, kernels, &linear(&layer.qkv, &hidden), &ranges);
        samples.take(i, Site::AttentionOutput, &context);
        add(&mut hidden, &linear(&layer.attention_output, &context));
        norm(&mut hidden, &layer.attention_norm);

        samples.take(i, Site::Up, &hidden);
        let mut inner = linear(&layer.up, &hidden);
        kernels.gelu(&mut inner);
        samples.take(i, Site::Down, &inner);
        add(&mut hidden, &linear(&layer.down, &inner));
        norm(&mut hidden, &layer.ffn_norm);
    }
}

fn add(to: &mut [f32], rows: &[f32]) {
    to.iter_mut().zip(rows).for_each(|(a, b)| *a += b);
}

/// `x W + b`. Each output's sum runs over the inputs in order, from the bias on: the same bits on every
/// machine.
fn linear(kernels: &Kernels, products: Products, layer: &FloatLinear, rows: &[f32]) -> Vec<f32> {
    let tokens = rows.len() / layer.depth;
    let mut out = layer.bias.repeat(tokens);
    let weights = MatrixView::new(&layer.weights, layer.depth, layer.columns);
    let rows = MatrixView::new(rows, tokens, layer.depth);
    match products {
        Products::Plain => kernels.matmul_add_unfused(rows, weights, &mut out),
        Products::Fused => kernels.matmul_add(rows, weights, &mut out),
    }
    out
}

/// All heads; `qkv` holds queries, keys and values side by side.
fn attention(
    source: &FloatWeights,
    kernels: &Kernels,
    qkv: &[f32],
    texts: &[Range<usize>],
) -> Vec<f32> {
    let (hidden, dim) = (source.hidden, source.hidden / source.heads);
    let tokens = qkv.len() / (3 * hidden);
    let logit = std::f32::consts::LOG2_E / (dim as f32).sqrt();
    let queries = qkv.chunks_exact(3 * hidden).flat_map(|row| &row[..hidden]);
    let queries: Vec<f32> = queries.map(|q| q * logit).collect();
    let mut context = vec![0.0; tokens * hidden];
    let mut scratch = AttentionScratch::default();
    scratch.grow(1, tokens, texts.iter().map(Range::len).max().unwrap_or(0), dim);
    let attention = Attention {
        queries: Rows { data: &queries, stride: hidden },
        keys: Rows { data: &qkv[hidden..], stride: 3 * hidden },
        values: Rows { data: &qkv[2 * hidden..], stride: 3 * hidden },
        texts,
        queried: Queried::All,
        heads: source.heads,
        dim,
    };
    kernels.attention(&mut Team::alone(), &attention, &scratch, &mut context, hidden);
    context
}
