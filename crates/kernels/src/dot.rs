//! Dot products of one vector with many.

use crate::simd::{LANES, Simd};

/// `out[i] = query . rows[i]`; rows lie one after the other.
#[inline(always)]
pub(crate) fn dot_rows<S: Simd>(s: S, query: &[f32], rows: &[f32], out: &mut [f32]) {
    let query = query.as_chunks::<LANES>().0;
    for (row, out) in rows.as_chunks::<LANES>().0.chunks_exact(query.len()).zip(out) {
        // Four running sums hide the latency of the multiply-add.
        let mut sums = [s.splat(0.0); 4];
        for (i, (a, b)) in query.iter().zip(row).enumerate() {
            sums[i % 4] = s.mul_add(s.load(a), s.load(b), sums[i % 4]);
        }
        *out = s.reduce_add(s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3])));
    }
}
