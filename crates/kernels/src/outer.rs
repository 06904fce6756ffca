//! A few channels in f32, added to what the integers give.

use crate::simd::{LANES, Simd};

/// `out[c] += sum over k of inputs[k] * weights[k][c]` for sixteen inputs.
///
/// `weights` is `[16][columns]`, and `out` one row of as many columns.
#[inline(always)]
pub(crate) fn accumulate_outer<S: Simd>(
    s: S,
    inputs: &[f32; LANES],
    weights: &[f32],
    out: &mut [f32],
) {
    let columns = out.len() / LANES;
    let weights = weights.as_chunks::<LANES>().0;
    for (block, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        // Two chains: one of sixteen dependent multiply-adds would wait for itself.
        let mut sums = [s.load(out), s.splat(0.0)];
        for (k, input) in inputs.iter().enumerate() {
            let weight = s.load(&weights[k * columns + block]);
            sums[k % 2] = s.mul_add(s.splat(*input), weight, sums[k % 2]);
        }
        s.store(out, s.add(sums[0], sums[1]));
    }
}
