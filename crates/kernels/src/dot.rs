//! Dot products of one vector with many.

use crate::simd::{LANES, Simd};

/// Running sums of a row: they hide the latency of the multiply-add.
const SUMS: usize = 4;

/// `out[i] = query . rows[i]`; rows lie one after the other.
#[inline(always)]
pub(crate) fn dot_rows<S: Simd>(s: S, query: &[f32], rows: &[f32], out: &mut [f32]) {
    let query = query.as_chunks::<LANES>().0;
    // In steps of a fixed number, so that the sums stay in registers: an index that counts round
    // put them into memory, 69 -> 29 ns a row of 384 (AVX2, Zen).
    let (whole, rest) = query.as_chunks::<SUMS>();
    for (row, out) in rows.as_chunks::<LANES>().0.chunks_exact(query.len()).zip(out) {
        let mut sums = [s.splat(0.0); SUMS];
        let (row_whole, row_rest) = row.as_chunks::<SUMS>();
        for (a, b) in whole.iter().zip(row_whole) {
            for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = s.mul_add(s.load(a), s.load(b), *sum);
            }
        }
        for (sum, (a, b)) in sums.iter_mut().zip(rest.iter().zip(row_rest)) {
            *sum = s.mul_add(s.load(a), s.load(b), *sum);
        }
        *out = s.reduce_add(s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3])));
    }
}
