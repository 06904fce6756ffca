//! A transformer layer, forwards and backwards.

use std::ops::Range;

use synaptoroute_encoder::FloatLayer;
use synaptoroute_kernels::{Kernels, Team};

use crate::blocks::{attention, gelu, linear, norm};
use crate::sharing::rows;

/// What all layers of a pass share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kernels: Kernels,
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    pub(crate) epsilon: f32,
    /// Tokens of each text.
    pub(crate) texts: &'a [Range<usize>],
}

/// What the way back through a layer needs.
#[derive(Debug)]
pub(crate) struct Tape {
    x: Vec<f32>,
    qkv: Vec<f32>,
    attention: attention::Tape,
    context: Vec<f32>,
    attention_norm: norm::Tape,
    /// What enters the feed-forward block.
    middle: Vec<f32>,
    slopes: Vec<f32>,
    inner: Vec<f32>,
    ffn_norm: norm::Tape,
    /// Whether only first tokens left the layer.
    first_only: bool,
}

impl Frame<'_> {
    fn attention(&self, first_only: bool) -> attention::Shape<'_> {
        attention::Shape { hidden: self.hidden, heads: self.heads, texts: self.texts, first_only }
    }

    /// Rows of the first tokens.
    fn first_rows(&self, matrix: &[f32]) -> Vec<f32> {
        let row = |text: &Range<usize>| &matrix[text.start * self.hidden..][..self.hidden];
        self.texts.iter().flat_map(row).copied().collect()
    }
}

/// One layer on `x`, `[tokens][hidden]`; with `first_only` the outcome is one row a text, of its
/// first token.
pub(crate) fn forward(
    team: &mut Team<'_>,
    frame: Frame<'_>,
    layer: &FloatLayer,
    x: Vec<f32>,
    first_only: bool,
) -> (Vec<f32>, Tape) {
    let Frame { kernels, epsilon, hidden, .. } = frame;
    let qkv = linear::forward(team, kernels, &layer.qkv, &x);
    let (context, attention) = attention::forward(team, frame.attention(first_only), &qkv);
    let mut middle = linear::forward(team, kernels, &layer.attention_output, &context);
    if first_only {
        add(team, hidden, &mut middle, &frame.first_rows(&x));
    } else {
        add(team, hidden, &mut middle, &x);
    }
    let attention_norm = norm::forward(team, &layer.attention_norm, epsilon, &mut middle);

    let mut inner = linear::forward(team, kernels, &layer.up, &middle);
    let slopes = gelu::forward(team, kernels, middle.len() / hidden, &mut inner);
    let mut out = linear::forward(team, kernels, &layer.down, &inner);
    add(team, hidden, &mut out, &middle);
    let ffn_norm = norm::forward(team, &layer.ffn_norm, epsilon, &mut out);
    let tape = Tape {
        x,
        qkv,
        attention,
        context,
        attention_norm,
        middle,
        slopes,
        inner,
        ffn_norm,
        first_only,
    };
    (out, tape)
}

/// Adds to the gradients by the layer's parameters; makes of the gradient by its outcome that by
/// `x`.
pub(crate) fn backward(
    team: &mut Team<'_>,
    frame: Frame<'_>,
    layer: &FloatLayer,
    tape: &Tape,
    mut dy: Vec<f32>,
    by: &mut FloatLayer,
) -> Vec<f32> {
    let Frame { kernels, hidden, .. } = frame;
    norm::backward(team, &layer.ffn_norm, &tape.ffn_norm, &mut dy, &mut by.ffn_norm);
    let mut dinner = vec![0.0; tape.inner.len()];
    linear::backward(team, kernels, &layer.down, &tape.inner, &dy, &mut by.down, &mut dinner);
    gelu::backward(team, dy.len() / hidden, &tape.slopes, &mut dinner);
    // The residual path goes around the block: `dy` is what it brings, and the block adds to it.
    linear::backward(team, kernels, &layer.up, &tape.middle, &dinner, &mut by.up, &mut dy);

    norm::backward(
        team,
        &layer.attention_norm,
        &tape.attention_norm,
        &mut dy,
        &mut by.attention_norm,
    );
    let mut dcontext = vec![0.0; tape.context.len()];
    let output = &layer.attention_output;
    linear::backward(
        team,
        kernels,
        output,
        &tape.context,
        &dy,
        &mut by.attention_output,
        &mut dcontext,
    );
    let shape = frame.attention(tape.first_only);
    let dqkv = attention::backward(team, shape, &tape.qkv, &tape.attention, &dcontext);
    let mut dx = if tape.first_only {
        let mut dx = vec![0.0; tape.x.len()];
        for (text, dy) in frame.texts.iter().zip(dy.chunks_exact(hidden)) {
            dx[text.start * hidden..][..hidden].copy_from_slice(dy);
        }
        dx
    } else {
        dy
    };
    linear::backward(team, kernels, &layer.qkv, &tape.x, &dqkv, &mut by.qkv, &mut dx);
    dx
}

/// `to += from`
fn add(team: &mut Team<'_>, width: usize, to: &mut [f32], from: &[f32]) {
    rows(team, to.len() / width, [to], |tokens, [to]| {
        to.iter_mut().zip(&from[tokens.start * width..]).for_each(|(to, x)| *to += x);
    });
}
