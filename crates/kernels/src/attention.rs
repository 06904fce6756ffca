//! Attention of one head over one text, in f32.
//!
//! Scores come out sixteen keys at a time, so the keys are transposed first, in 16 x 16
//! blocks. A query's arithmetic does not depend on which queries are advanced beside it:
//! that keeps a text's embedding the same in any batch.

use std::array;

use crate::math::exp2;
use crate::simd::{LANES, Simd};

/// Rows of a larger matrix: row `i` starts at `data[i * stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// From the first row's first element on.
    pub data: &'a [f32],
    /// Elements from one row to the next.
    pub stride: usize,
}

/// A matrix whose rows lie `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct Strided<T> {
    pub(crate) start: T,
    pub(crate) stride: usize,
}

/// One head's operands; every row is `dim` wide.
pub(crate) struct Head<'a> {
    /// `query_count` rows, already multiplied by `log2(e) / sqrt(dim)`: the softmax works in
    /// base 2.
    pub(crate) queries: Strided<*const f32>,
    /// `key_count` rows.
    pub(crate) keys: Strided<*const f32>,
    /// `key_count` rows.
    pub(crate) values: Strided<*const f32>,
    /// `query_count` rows, to be written.
    pub(crate) out: Strided<*mut f32>,
    pub(crate) query_count: usize,
    /// At least 1.
    pub(crate) key_count: usize,
    /// 32 or 64.
    pub(crate) dim: usize,
    /// `[key blocks][dim]` blocks of sixteen.
    pub(crate) transposed: &'a mut [[f32; LANES]],
    /// `[MAX_QUERIES][key blocks]` blocks of sixteen.
    pub(crate) weights: &'a mut [[f32; LANES]],
}

/// Queries the widest instruction set advances together.
pub(crate) const MAX_QUERIES: usize = 8;

/// `softmax2(Q K^T) V`.
///
/// # Safety
///
/// The pointers of `head` reach as many rows as its fields say, `dim` wide; nothing else
/// writes what they reach. `transposed` and `weights` are as long as their fields say.
#[inline(always)]
pub(crate) unsafe fn attend<S: Simd>(s: S, head: &mut Head<'_>) {
    // SAFETY: the caller's contract is passed on.
    unsafe {
        match head.dim {
            32 => attend_dim::<S, 32>(s, head),
            64 => attend_dim::<S, 64>(s, head),
            dim => unreachable!("a head of {dim}: checked before the call"),
        }
    }
}

/// # Safety
///
/// As [`attend`].
#[inline(always)]
unsafe fn attend_dim<S: Simd, const DIM: usize>(s: S, head: &mut Head<'_>) {
    // SAFETY: the caller's contract is passed on; every group ends at `query_count` at most.
    unsafe {
        transpose_keys::<S, DIM>(s, head);
        let mut query = 0;
        while query < head.query_count {
            let left = head.query_count - query;
            query += if left >= 8 && S::QUERIES >= 8 {
                group::<S, DIM, 8>(s, head, query)
            } else if left >= 4 && S::QUERIES >= 4 {
                group::<S, DIM, 4>(s, head, query)
            } else if left >= 2 {
                group::<S, DIM, 2>(s, head, query)
            } else {
                group::<S, DIM, 1>(s, head, query)
            };
        }
    }
}

/// # Safety
///
/// As [`attend`].
#[inline(always)]
unsafe fn transpose_keys<S: Simd, const DIM: usize>(s: S, head: &mut Head<'_>) {
    for (block, out) in head.transposed.as_chunks_mut::<DIM>().0.iter_mut().enumerate() {
        let first = block * LANES;
        let count = head.key_count.saturating_sub(first).min(LANES);
        for (part, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut rows = [s.splat(0.0); LANES];
            for (i, row) in rows[..count].iter_mut().enumerate() {
                // SAFETY: key `first + i` is one of `key_count`, and `DIM` wide.
                *row = s.load(unsafe {
                    &*head.keys.start.add((first + i) * head.keys.stride + part * LANES).cast()
                });
            }
            for (out, column) in out.iter_mut().zip(s.transpose(rows)) {
                s.store(out, column);
            }
        }
    }
}

/// Advances queries `first..first + N` together, so that each key and value loaded serves
/// them all; says how many.
///
/// # Safety
///
/// As [`attend`], and there are that many queries; `N` is at most [`MAX_QUERIES`].
#[inline(always)]
unsafe fn group<S: Simd, const DIM: usize, const N: usize>(
    s: S,
    head: &mut Head<'_>,
    first: usize,
) -> usize {
    let blocks = head.key_count.div_ceil(LANES);
    // SAFETY: the caller's contract: there are `first + N` queries.
    let queries: [&[f32; DIM]; N] = array::from_fn(|i| unsafe {
        &*head.queries.start.add((first + i) * head.queries.stride).cast()
    });

    let mut top = [s.splat(f32::MIN); N];
    let mut block = 0;
    while block < blocks {
        block += if S::KEY_BLOCKS >= 2 && block + 2 <= blocks {
            scores::<S, DIM, N, 2>(s, head, &queries, &mut top, block)
        } else {
            scores::<S, DIM, N, 1>(s, head, &queries, &mut top, block)
        };
    }

    for top in &mut top {
        *top = s.splat(s.reduce_max(*top));
    }
    let mut sums = [s.splat(0.0); N];
    for block in 0..blocks {
        let mut powers = top;
        for i in 0..N {
            powers[i] = s.sub(s.load(&head.weights[i * blocks + block]), top[i]);
        }
        // A key beyond the last scored `f32::MIN`: it weighs nothing.
        powers = exp2(s, powers);
        for i in 0..N {
            sums[i] = s.add(sums[i], powers[i]);
            s.store(&mut head.weights[i * blocks + block], powers[i]);
        }
    }
    for sum in &mut sums {
        *sum = s.splat(1.0 / s.reduce_add(*sum));
    }

    for part in (0..DIM / LANES).step_by(S::VALUE_PARTS) {
        // SAFETY: the caller's contract; `VALUE_PARTS` divides `DIM / LANES`.
        unsafe {
            match S::VALUE_PARTS {
                2 => mix::<S, N, 2>(s, head, first, part, &sums),
                _ => mix::<S, N, 1>(s, head, first, part, &sums),
            }
        }
    }
    N
}

/// Scores of `B` blocks of keys, from `block` on, to `weights`; says how many.
#[inline(always)]
fn scores<S: Simd, const DIM: usize, const N: usize, const B: usize>(
    s: S,
    head: &mut Head<'_>,
    queries: &[&[f32; DIM]; N],
    top: &mut [S::F; N],
    block: usize,
) -> usize {
    let blocks = head.key_count.div_ceil(LANES);
    let keys: &[[[f32; LANES]; DIM]; B] = head.transposed.as_chunks::<DIM>().0[block..]
        .first_chunk()
        .expect("`B` more blocks, checked by the caller");
    let mut scores = [[s.splat(0.0); B]; N];
    for d in 0..DIM {
        let mut key = [s.splat(0.0); B];
        for b in 0..B {
            key[b] = s.load(&keys[b][d]);
        }
        for (scores, query) in scores.iter_mut().zip(queries) {
            let query = s.splat(query[d]);
            for (score, key) in scores.iter_mut().zip(key) {
                *score = s.mul_add(query, key, *score);
            }
        }
    }
    for (i, scores) in scores.iter().enumerate() {
        for (b, score) in scores.iter().enumerate() {
            let real = head.key_count - (block + b) * LANES;
            let score = s.head(real, *score, s.splat(f32::MIN));
            top[i] = s.max(top[i], score);
            s.store(&mut head.weights[i * blocks + block + b], score);
        }
    }
    B
}

/// `P` parts of sixteen columns of the weighted mean of the values, from `part` on.
///
/// # Safety
///
/// As [`group`], whose weights are computed; rows are `(part + P) * 16` wide at least.
#[inline(always)]
unsafe fn mix<S: Simd, const N: usize, const P: usize>(
    s: S,
    head: &mut Head<'_>,
    first: usize,
    part: usize,
    inverse: &[S::F; N],
) {
    let blocks = head.key_count.div_ceil(LANES);
    let weights = head.weights[..N * blocks].as_ptr().cast::<f32>();
    let mut sums = [[s.splat(0.0); P]; N];
    // SAFETY: there are `key_count` rows of values, and for each of `N` queries `blocks`
    // blocks of weights, which hold `key_count` numbers; `N` more rows of `out` from `first`
    // on are ours to write.
    unsafe {
        for key in 0..head.key_count {
            let value = head.values.start.add(key * head.values.stride + part * LANES);
            let mut values = [s.splat(0.0); P];
            for (p, values) in values.iter_mut().enumerate() {
                *values = s.load(&*value.add(p * LANES).cast());
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let weight = s.splat(*weights.add(i * blocks * LANES + key));
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = s.mul_add(weight, value, *sum);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let out = head.out.start.add((first + i) * head.out.stride + part * LANES);
            for (p, sum) in sums.iter().enumerate() {
                s.store(&mut *out.add(p * LANES).cast(), s.mul(*sum, inverse[i]));
            }
        }
    }
}
