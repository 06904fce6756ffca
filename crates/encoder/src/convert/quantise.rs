//! Balances and rounds the weights.
//!
//! A few input channels of a transformer are many times larger than the rest; one scale a
//! token then leaves the others few steps. Three remedies, none of which changes anything in
//! exact arithmetic:
//!
//! - each channel's median is taken off before rounding and put back by the bias, so that a
//!   channel that is always large costs no range (as in Outlier Suppression+, Wei et al.,
//!   EMNLP 2023, but for the median: outliers pull a mean or a mid-range along);
//! - channel k is divided by `s_k = max|x_k|^a / max|w_k|^(1-a)` and its weights multiplied,
//!   which shares the difficulty between the two (SmoothQuant, Xiao et al., ICML 2023; what
//!   stands in for the largest where a model was tuned, see [`Reach`]);
//! - the sixteen worst channels of the feed-forward block's inside stay in f32 (as in
//!   LLM.int8(), Dettmers et al., NeurIPS 2022); they are moved to the front of the block.
//!
//! Tried on this model and left out: GPTQ rounding (better by 4e-5 on average, worse on rare
//! scripts), a fitted exponent for each layer (better on the calibration texts alone), bias
//! correction by the mean error (worse), means and mid-ranges for medians (worse).

use synaptoroute_kernels::pack;

use super::samples::{Reach, Samples, Site, SiteSamples};
use super::write::{Data, Tensor};
use crate::float::{FloatLayer, FloatLinear, FloatNorm, FloatWeights};
use crate::weights::OUTLIERS;

/// The exponent `a`: the best of 0.3 to 0.8 on this model.
const ALPHA: f32 = 0.5;

/// What the model file says of its integers.
pub(super) const DESCRIPTION: &str = "linear weights s8, symmetric, one scale per output \
    channel; activations u8, asymmetric, one scale per token, at run time; inputs centred on \
    their medians and SmoothQuant-balanced (alpha 0.5); 16 inner feed-forward channels in f32; \
    word embeddings s8, one scale per row";

/// Every tensor of the model file.
pub(super) fn tensors(
    source: &FloatWeights,
    samples: &Samples,
    reach: Reach,
    vocabulary: Vec<u8>,
) -> Vec<Tensor> {
    let mut out = Vec::new();
    table(&mut out, "embeddings.word", &source.words, source.hidden);
    floats(&mut out, "embeddings.position".to_owned(), source.positions.clone());
    norm(&mut out, "embeddings.norm", &source.norm);
    for (i, layer) in source.layers.iter().enumerate() {
        let name = |part: &str| format!("layers.{i}.{part}");
        let balance =
            |linear: &FloatLinear, site| Balance::new(linear, samples.site(i, site), reach);

        let inputs = balance(&layer.qkv, Site::Qkv);
        linear(&mut out, &name("attention.qkv"), &layer.qkv, &inputs);
        let inputs = balance(&layer.attention_output, Site::AttentionOutput);
        linear(&mut out, &name("attention.output"), &layer.attention_output, &inputs);
        norm(&mut out, &name("attention.norm"), &layer.attention_norm);
        let (outside, inside) = (balance(&layer.up, Site::Up), balance(&layer.down, Site::Down));
        feed_forward(&mut out, &name("ffn"), layer, &outside, &inside);
        norm(&mut out, &name("ffn.norm"), &layer.ffn_norm);
    }
    let shape = vec![vocabulary.len()];
    out.push(Tensor { name: "tokenizer.vocabulary".to_owned(), shape, data: Data::U8(vocabulary) });
    out
}

/// Both halves of a feed-forward block, its inner channels reordered.
fn feed_forward(
    out: &mut Vec<Tensor>,
    name: &str,
    layer: &FloatLayer,
    outside: &Balance,
    inside: &Balance,
) {
    let order = inside.outliers_first();
    let (up, mut down) = (layer.up.with_outputs(&order), layer.down.with_inputs(&order));
    let mut inside = inside.in_order(&order);

    let outliers = &mut down.weights[..OUTLIERS * down.columns];
    let in_f32 = outliers.to_vec();
    outliers.fill(0.0);
    inside.centres[..OUTLIERS].fill(0.0);
    inside.divisors[..OUTLIERS].fill(1.0);

    linear(out, &format!("{name}.up"), &up, outside);
    linear(out, &format!("{name}.down"), &down, &inside);
    floats(out, format!("{name}.down.outliers"), in_f32);
}

/// What is done to a layer's inputs: `(x - centre) / divisor`.
struct Balance {
    centres: Vec<f32>,
    divisors: Vec<f32>,
    /// How far each input reaches from its centre.
    reach: Vec<f32>,
}

impl Balance {
    fn new(layer: &FloatLinear, samples: &SiteSamples, reach: Reach) -> Self {
        let centres = samples.medians();
        let reach = samples.reach(reach, &centres);
        let pairs = reach.iter().zip(layer.input_magnitudes());
        let divisors = pairs.map(|(&reach, weight)| divisor(reach, weight)).collect();
        Self { centres, divisors, reach }
    }

    /// The inputs in order, but first those that reach farthest. (Reach times the largest
    /// weight, and reach times its root, were worse on rare scripts.)
    fn outliers_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.reach.len()).collect();
        order.sort_by(|&a, &b| self.reach[b].total_cmp(&self.reach[a]));
        order[OUTLIERS..].sort_unstable();
        order
    }

    fn in_order(&self, order: &[usize]) -> Self {
        let pick = |from: &[f32]| order.iter().map(|&k| from[k]).collect();
        Self {
            centres: pick(&self.centres),
            divisors: pick(&self.divisors),
            reach: pick(&self.reach),
        }
    }
}

fn floats(out: &mut Vec<Tensor>, name: String, data: Vec<f32>) {
    out.push(Tensor { name, shape: vec![data.len()], data: Data::F32(data) });
}

fn norm(out: &mut Vec<Tensor>, name: &str, norm: &FloatNorm) {
    floats(out, format!("{name}.gamma"), norm.gamma.clone());
    floats(out, format!("{name}.beta"), norm.beta.clone());
}

fn table(out: &mut Vec<Tensor>, name: &str, rows: &[f32], hidden: usize) {
    let (codes, scales): (Vec<_>, Vec<_>) = rows.chunks_exact(hidden).map(round).unzip();
    let shape = vec![scales.len(), hidden];
    out.push(Tensor { name: format!("{name}.codes"), shape, data: Data::I8(codes.concat()) });
    floats(out, format!("{name}.scales"), scales);
}

fn linear(out: &mut Vec<Tensor>, name: &str, layer: &FloatLinear, balance: &Balance) {
    let FloatLinear { depth, columns, weights, bias } = layer;
    let Balance { centres, divisors, .. } = balance;
    let rows = || weights.chunks_exact(*columns);
    let column =
        |c: usize| -> Vec<f32> { rows().zip(divisors).map(|(row, d)| row[c] * d).collect() };
    let (codes, scales): (Vec<_>, Vec<_>) = (0..*columns).map(|c| round(&column(c))).unzip();
    let mut bias = bias.clone();
    for (row, centre) in rows().zip(centres) {
        bias.iter_mut().zip(row).for_each(|(b, w)| *b += centre * w);
    }
    out.push(Tensor {
        name: format!("{name}.weights"),
        shape: vec![columns / 32, depth / 4, 32, 4],
        data: Data::I8(pack(&codes.concat(), *columns, *depth)),
    });
    floats(out, format!("{name}.scales"), scales);
    floats(out, format!("{name}.bias"), bias);
    floats(out, format!("{name}.balance.factors"), divisors.iter().map(|d| 1.0 / d).collect());
    let offsets = centres.iter().zip(divisors).map(|(centre, d)| -centre / d).collect();
    floats(out, format!("{name}.balance.offsets"), offsets);
}

/// What one input channel is divided by. A channel that never moved, or that no weight
/// reads, keeps its size.
fn divisor(reach: f32, weight: f32) -> f32 {
    let s = reach.powf(ALPHA) / weight.powf(1.0 - ALPHA);
    if s.is_finite() && s > 1e-5 { s } else { 1.0 }
}

/// Symmetric codes -127..=127 and their step.
fn round(row: &[f32]) -> (Vec<i8>, f32) {
    let top = row.iter().fold(0.0, |m: f32, x| m.max(x.abs()));
    let scale = if top > 0.0 { top / 127.0 } else { 1.0 };
    (row.iter().map(|x| (x / scale).round_ties_even() as i8).collect(), scale)
}
