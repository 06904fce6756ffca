//! Layer normalisation of one token's row, and the quantisation that follows it.

use crate::quantise::{Balance, RangeLanes, RowScale};
use crate::simd::{LANES, Simd};

/// Parameters of a layer normalisation.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm<'a> {
    /// Gain of each channel.
    pub gamma: &'a [f32],
    /// Offset of each channel.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// `(row - mean) / sqrt(variance + epsilon) * gamma + beta`, in place.
#[inline(always)]
pub(crate) fn layer_norm<S: Simd>(s: S, row: &mut [f32], norm: &LayerNorm<'_>) {
    let blocks = row.as_chunks_mut::<LANES>().0;
    let sum = sum(s, blocks);
    let (mean, inverse) = moments(s, blocks, sum, norm.epsilon);
    let gamma = norm.gamma.as_chunks::<LANES>().0;
    let beta = norm.beta.as_chunks::<LANES>().0;
    for ((x, gamma), beta) in blocks.iter_mut().zip(gamma).zip(beta) {
        let d = s.mul(s.sub(s.load(x), mean), inverse);
        s.store(x, s.mul_add(d, s.load(gamma), s.load(beta)));
    }
}

/// Sum of a row; two running sums hide the latency of the addition.
#[inline(always)]
fn sum<S: Simd>(s: S, blocks: &[[f32; LANES]]) -> f32 {
    let mut sums = [s.splat(0.0); 2];
    for (i, x) in blocks.iter().enumerate() {
        sums[i % 2] = s.add(sums[i % 2], s.load(x));
    }
    s.reduce_add(s.add(sums[0], sums[1]))
}

/// [`sum`] of a row after its branch was added to it, in place.
#[inline(always)]
fn add_and_sum<S: Simd>(s: S, blocks: &mut [[f32; LANES]], branch: &[[f32; LANES]]) -> f32 {
    let mut sums = [s.splat(0.0); 2];
    for (i, (x, y)) in blocks.iter_mut().zip(branch).enumerate() {
        let total = s.add(s.load(x), s.load(y));
        s.store(x, total);
        sums[i % 2] = s.add(sums[i % 2], total);
    }
    s.reduce_add(s.add(sums[0], sums[1]))
}

/// The mean, and 1 over the standard deviation, in every lane, given the sum.
#[inline(always)]
fn moments<S: Simd>(s: S, blocks: &[[f32; LANES]], sum: f32, epsilon: f32) -> (S::F, S::F) {
    let count = (blocks.len() * LANES) as f32;
    let mean = s.splat(sum / count);
    let mut sums = [s.splat(0.0); 2];
    for (i, x) in blocks.iter().enumerate() {
        let d = s.sub(s.load(x), mean);
        sums[i % 2] = s.mul_add(d, d, sums[i % 2]);
    }
    let variance = s.reduce_add(s.add(sums[0], sums[1])) / count;
    (mean, s.splat(1.0 / (variance + epsilon).sqrt()))
}

/// [`layer_norm`] of the row and what a branch adds to it, if there is one; and the result
/// balanced and quantised, as [`quantise`] does it, in the same walk.
///
/// [`quantise`]: crate::quantise::quantise
#[inline(always)]
pub(crate) fn norm_quantise<S: Simd>(
    s: S,
    row: &mut [f32],
    branch: Option<&[f32]>,
    norm: &LayerNorm<'_>,
    balance: &Balance<'_>,
    limit: u8,
    out: &mut [u8],
) -> RowScale {
    let blocks = row.as_chunks_mut::<LANES>().0;
    let sum = match branch {
        Some(branch) => add_and_sum(s, blocks, branch.as_chunks().0),
        None => sum(s, blocks),
    };
    let (mean, inverse) = moments(s, blocks, sum, norm.epsilon);
    let gamma = norm.gamma.as_chunks::<LANES>().0;
    let beta = norm.beta.as_chunks::<LANES>().0;
    let factors = balance.factors.as_chunks::<LANES>().0;
    let offsets = balance.offsets.as_chunks::<LANES>().0;
    let mut range = RangeLanes::new(s);
    let channels = blocks.iter_mut().zip(gamma).zip(beta).zip(factors).zip(offsets);
    for ((((x, gamma), beta), factor), offset) in channels {
        let d = s.mul(s.sub(s.load(x), mean), inverse);
        let normalised = s.mul_add(d, s.load(gamma), s.load(beta));
        s.store(x, normalised);
        range.widen(s, s.mul_add(normalised, s.load(factor), s.load(offset)));
    }
    let channels = blocks.iter().zip(factors).zip(offsets);
    let balanced =
        channels.map(|((x, factor), offset)| s.mul_add(s.load(x), s.load(factor), s.load(offset)));
    range.reduce(s).quantise(s, balanced, limit, out.as_chunks_mut().0)
}
