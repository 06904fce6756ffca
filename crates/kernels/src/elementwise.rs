//! Row operations too small for a file each.

use crate::math;
use crate::simd::{LANES, Simd};

/// `row += codes * scale`: one dequantised embedding row onto another.
#[inline(always)]
pub(crate) fn add_scaled_i8<S: Simd>(s: S, row: &mut [f32], codes: &[i8], scale: f32) {
    let scale = s.splat(scale);
    for (x, code) in row.as_chunks_mut::<LANES>().0.iter_mut().zip(codes.as_chunks::<LANES>().0) {
        let sum = s.mul_add(s.to_f32(s.widen_i8(code)), scale, s.load(x));
        s.store(x, sum);
    }
}

/// GELU of every element.
#[inline(always)]
pub(crate) fn gelu_in_place<S: Simd>(s: S, row: &mut [f32]) {
    for x in row.as_chunks_mut::<LANES>().0 {
        let [y] = math::gelu(s, [s.load(x)]);
        s.store(x, y);
    }
}

/// GELU of every element, and its derivative there.
#[inline(always)]
pub(crate) fn gelu_and_slope<S: Simd>(s: S, row: &mut [f32], slope: &mut [f32]) {
    let slope = slope.as_chunks_mut::<LANES>().0;
    for (x, slope) in row.as_chunks_mut::<LANES>().0.iter_mut().zip(slope) {
        let [(y, derivative)] = math::gelu_and_slope(s, [s.load(x)]);
        s.store(x, y);
        s.store(slope, derivative);
    }
}
