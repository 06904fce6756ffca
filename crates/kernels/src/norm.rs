//! Layer normalisation of one token's row.

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
    let count = row.len() as f32;
    let blocks = row.as_chunks_mut::<LANES>().0;

    // Two running sums hide the latency of the addition.
    let mut sums = [s.splat(0.0); 2];
    for (i, x) in blocks.iter().enumerate() {
        sums[i % 2] = s.add(sums[i % 2], s.load(x));
    }
    let mean = s.splat(s.reduce_add(s.add(sums[0], sums[1])) / count);

    sums = [s.splat(0.0); 2];
    for (i, x) in blocks.iter().enumerate() {
        let d = s.sub(s.load(x), mean);
        sums[i % 2] = s.mul_add(d, d, sums[i % 2]);
    }
    let variance = s.reduce_add(s.add(sums[0], sums[1])) / count;
    let inverse = s.splat(1.0 / (variance + norm.epsilon).sqrt());

    let gamma = norm.gamma.as_chunks::<LANES>().0;
    let beta = norm.beta.as_chunks::<LANES>().0;
    for ((x, gamma), beta) in blocks.iter_mut().zip(gamma).zip(beta) {
        let d = s.mul(s.sub(s.load(x), mean), inverse);
        s.store(x, s.mul_add(d, s.load(gamma), s.load(beta)));
    }
}
