//! `softmax(Q Kᵀ / √d) V` of every head over every text.

use std::ops::Range;

use synaptoroute_kernels::Team;

use crate::sharing::each;
use crate::sums::dot;

/// Where heads and texts lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    /// Width of a token's vector.
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    /// Tokens of each text.
    pub(crate) texts: &'a [Range<usize>],
    /// Whether only a text's first token asks: its outcome is one row a text then.
    pub(crate) first_only: bool,
}

impl Shape<'_> {
    /// Tokens of a text that ask.
    fn queries(&self, text: usize) -> usize {
        if self.first_only { 1 } else { self.texts[text].len() }
    }

    fn dim(&self) -> usize {
        self.hidden / self.heads
    }

    fn scale(&self) -> f32 {
        1.0 / (self.dim() as f32).sqrt()
    }

    /// A matrix's rows of the askers, text by text.
    fn by_text<'m>(&self, mut matrix: &'m mut [f32]) -> Vec<&'m mut [f32]> {
        let take = |text| {
            let (rows, rest) =
                std::mem::take(&mut matrix).split_at_mut(self.queries(text) * self.hidden);
            matrix = rest;
            rows
        };
        (0..self.texts.len()).map(take).collect()
    }
}

/// The heads' weights: of each text `[heads][queries][tokens]`.
pub(crate) type Tape = Vec<Vec<f32>>;

/// One head of one text.
struct Head<'a> {
    qkv: &'a [f32],
    hidden: usize,
    start: usize,
    dim: usize,
}

impl Head<'_> {
    /// Query (0), key (1) or value (2) of a token.
    fn row(&self, token: usize, part: usize) -> &[f32] {
        &self.qkv[(3 * token + part) * self.hidden + self.start..][..self.dim]
    }
}

/// Mixes values; `qkv` has each token's query, key and value side by side.
pub(crate) fn forward(team: &mut Team<'_>, shape: Shape<'_>, qkv: &[f32]) -> (Vec<f32>, Tape) {
    let Shape { hidden, heads, texts, .. } = shape;
    let (dim, scale) = (shape.dim(), shape.scale());
    let asking: usize = (0..texts.len()).map(|text| shape.queries(text)).sum();
    let mut context = vec![0.0; asking * hidden];
    let mut tape: Tape = (0..texts.len())
        .map(|text| vec![0.0; heads * shape.queries(text) * texts[text].len()])
        .collect();
    let items = shape.by_text(&mut context).into_iter().zip(&mut tape).collect();
    each(team, items, |text, (context, weights)| {
        let tokens = texts[text].clone();
        let queries = shape.queries(text);
        for (h, weights) in weights.chunks_exact_mut(queries * tokens.len()).enumerate() {
            let head = Head { qkv, hidden, start: h * dim, dim };
            for (query, weights) in weights.chunks_exact_mut(tokens.len()).enumerate() {
                let asks = head.row(tokens.start + query, 0);
                for (key, weight) in tokens.clone().zip(&mut *weights) {
                    *weight = dot(asks, head.row(key, 1)) * scale;
                }
                softmax(weights);
                let out = &mut context[query * hidden + head.start..][..dim];
                for (key, weight) in tokens.clone().zip(&*weights) {
                    add_times(out, *weight, head.row(key, 2));
                }
            }
        }
    });
    (context, tape)
}

/// The gradient by `qkv`, of that by the outcome.
pub(crate) fn backward(
    team: &mut Team<'_>,
    shape: Shape<'_>,
    qkv: &[f32],
    tape: &Tape,
    dcontext: &[f32],
) -> Vec<f32> {
    let Shape { hidden, texts, .. } = shape;
    let (dim, scale) = (shape.dim(), shape.scale());
    let mut dqkv = vec![0.0; qkv.len()];
    let mut rest = &mut *dqkv;
    let mut asked = 0;
    let take = |(text, tokens): (usize, &Range<usize>)| {
        let (part, others) = std::mem::take(&mut rest).split_at_mut(tokens.len() * 3 * hidden);
        rest = others;
        let first = asked;
        asked += shape.queries(text);
        (first, part)
    };
    let items: Vec<(usize, &mut [f32])> = texts.iter().enumerate().map(take).collect();
    each(team, items, |text, (first, dqkv)| {
        let tokens = texts[text].clone();
        let queries = shape.queries(text);
        let mut by_weights = vec![0.0; tokens.len()];
        for (h, weights) in tape[text].chunks_exact(queries * tokens.len()).enumerate() {
            let head = Head { qkv, hidden, start: h * dim, dim };
            let place = |token: usize, part: usize| {
                let start = (3 * token + part) * hidden + head.start;
                start..start + dim
            };
            for (query, weights) in weights.chunks_exact(tokens.len()).enumerate() {
                let upstream = &dcontext[(first + query) * hidden + head.start..][..dim];
                for (key, by_weight) in by_weights.iter_mut().enumerate() {
                    *by_weight = dot(upstream, head.row(tokens.start + key, 2));
                    add_times(&mut dqkv[place(key, 2)], weights[key], upstream);
                }
                let mean = dot(weights, &by_weights);
                for (key, (weight, by_weight)) in weights.iter().zip(&by_weights).enumerate() {
                    let by_logit = weight * (by_weight - mean) * scale;
                    let key_row = head.row(tokens.start + key, 1);
                    add_times(&mut dqkv[place(query, 0)], by_logit, key_row);
                    let asks = head.row(tokens.start + query, 0);
                    add_times(&mut dqkv[place(key, 1)], by_logit, asks);
                }
            }
        }
    });
    dqkv
}

fn softmax(row: &mut [f32]) {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - highest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

/// `out += factor * row`
fn add_times(out: &mut [f32], factor: f32, row: &[f32]) {
    out.iter_mut().zip(row).for_each(|(out, x)| *out += factor * x);
}
