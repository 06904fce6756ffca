//! Layer normalisation of one token's row, and the quantisation that follows it.

use crate::quantise::{Balance, Balanced, RangeLanes, RowScale};
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

/// What [`norm_quantise`] does to its rows.
#[derive(Clone, Copy)]
pub(crate) struct NormQuantise<'a> {
    pub(crate) norm: LayerNorm<'a>,
    pub(crate) balance: Balance<'a>,
    /// Largest code.
    pub(crate) limit: u8,
}

/// [`layer_norm`] of each row and what a branch adds to it, if there is one; and the result
/// balanced and quantised, as [`quantise`] does it, in the same walk.
///
/// `rows`, `branch` and `codes` are `[scales.len()][width]`. Two rows at a time: much of a
/// norm is waiting for the sum of a row, and the other row fills the time.
///
/// [`quantise`]: crate::quantise::quantise
#[inline(always)]
pub(crate) fn norm_quantise<S: Simd>(
    s: S,
    rows: &mut [f32],
    branch: Option<&[f32]>,
    how: &NormQuantise<'_>,
    codes: &mut [u8],
    scales: &mut [RowScale],
) {
    let width = how.norm.gamma.len();
    // Without the registers for two rows they only get in each other's way.
    let pairs = if S::WIDE { scales.len() / 2 * 2 } else { 0 };
    let part = |first: usize| branch.map(|branch| &branch[first * width..]);
    for row in (0..pairs).step_by(2) {
        let (rows, codes) = (&mut rows[row * width..], &mut codes[row * width..]);
        scales[row..row + 2].copy_from_slice(&rows_in_step::<S, 2>(s, rows, part(row), how, codes));
    }
    for row in pairs..scales.len() {
        let (rows, codes) = (&mut rows[row * width..], &mut codes[row * width..]);
        [scales[row]] = rows_in_step::<S, 1>(s, rows, part(row), how, codes);
    }
}

/// The first `ROWS` rows.
#[inline(always)]
fn rows_in_step<S: Simd, const ROWS: usize>(
    s: S,
    rows: &mut [f32],
    branch: Option<&[f32]>,
    how: &NormQuantise<'_>,
    codes: &mut [u8],
) -> [RowScale; ROWS] {
    let gamma = how.norm.gamma.as_chunks::<LANES>().0;
    let width = gamma.len();
    let beta = &how.norm.beta.as_chunks::<LANES>().0[..width];
    let factors = &how.balance.factors.as_chunks::<LANES>().0[..width];
    let offsets = &how.balance.offsets.as_chunks::<LANES>().0[..width];
    let rows = &mut rows.as_chunks_mut::<LANES>().0[..ROWS * width];

    // The sums in the order of `sum` and `moments`: the same bits.
    let mut sums = [[s.splat(0.0); 2]; ROWS];
    if let Some(branch) = branch {
        let branch = &branch.as_chunks::<LANES>().0[..ROWS * width];
        for block in 0..width {
            for (i, sums) in sums.iter_mut().enumerate() {
                let at = i * width + block;
                let total = s.add(s.load(&rows[at]), s.load(&branch[at]));
                s.store(&mut rows[at], total);
                sums[block % 2] = s.add(sums[block % 2], total);
            }
        }
    } else {
        for block in 0..width {
            for (i, sums) in sums.iter_mut().enumerate() {
                sums[block % 2] = s.add(sums[block % 2], s.load(&rows[i * width + block]));
            }
        }
    }
    let count = (width * LANES) as f32;
    let mut means = [s.splat(0.0); ROWS];
    for (mean, sums) in means.iter_mut().zip(&sums) {
        *mean = s.splat(s.reduce_add(s.add(sums[0], sums[1])) / count);
    }
    sums = [[s.splat(0.0); 2]; ROWS];
    for block in 0..width {
        for (i, sums) in sums.iter_mut().enumerate() {
            let d = s.sub(s.load(&rows[i * width + block]), means[i]);
            sums[block % 2] = s.mul_add(d, d, sums[block % 2]);
        }
    }
    let mut inverses = means;
    for (inverse, sums) in inverses.iter_mut().zip(&sums) {
        let variance = s.reduce_add(s.add(sums[0], sums[1])) / count;
        *inverse = s.splat(1.0 / (variance + how.norm.epsilon).sqrt());
    }

    let mut ranges = [RangeLanes::new(s); ROWS];
    for block in 0..width {
        let (gamma, beta) = (s.load(&gamma[block]), s.load(&beta[block]));
        let (factor, offset) = (s.load(&factors[block]), s.load(&offsets[block]));
        for (i, range) in ranges.iter_mut().enumerate() {
            let x = &mut rows[i * width + block];
            let d = s.mul(s.sub(s.load(x), means[i]), inverses[i]);
            let normalised = s.mul_add(d, gamma, beta);
            s.store(x, normalised);
            range.widen(s, s.mul_add(normalised, factor, offset));
        }
    }
    let mut scales = [RowScale::default(); ROWS];
    let codes = &mut codes.as_chunks_mut::<LANES>().0[..ROWS * width];
    let rows = rows.chunks_exact(width).zip(codes.chunks_exact_mut(width));
    for (((row, codes), range), scale) in rows.zip(ranges).zip(&mut scales) {
        let balanced = Balanced::new(row, &how.balance, 0);
        *scale = range.reduce(s).quantise(s, balanced, how.limit, codes);
    }
    scales
}
