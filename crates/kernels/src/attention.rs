//! Attention of one head over one text, in f32.
//!
//! Scores come out sixteen keys at a time, so the keys are transposed first, in 16 x 16
//! blocks. A query's arithmetic does not depend on which queries are advanced beside it:
//! that keeps a text's embedding the same in any batch.

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

/// One head's operands; every row is `dim` wide.
pub(crate) struct Head<'a> {
    /// Already multiplied by `log2(e) / sqrt(dim)`: the softmax works in base 2.
    pub(crate) queries: Rows<'a>,
    pub(crate) keys: Rows<'a>,
    pub(crate) values: Rows<'a>,
    pub(crate) query_count: usize,
    pub(crate) key_count: usize,
    /// 32 or 64.
    pub(crate) dim: usize,
    /// `[key blocks][dim]` blocks of sixteen.
    pub(crate) transposed: &'a mut [[f32; LANES]],
    /// `[Simd::QUERIES][key blocks]` blocks of sixteen.
    pub(crate) weights: &'a mut [[f32; LANES]],
    pub(crate) out: &'a mut [f32],
    pub(crate) out_stride: usize,
}

/// `softmax2(Q K^T) V`.
#[inline(always)]
pub(crate) fn attend<S: Simd>(s: S, args: Head<'_>) {
    match args.dim {
        32 => attend_dim::<S, 32>(s, args),
        64 => attend_dim::<S, 64>(s, args),
        dim => unreachable!("a head of {dim}: checked before the call"),
    }
}

#[inline(always)]
fn attend_dim<S: Simd, const DIM: usize>(s: S, mut args: Head<'_>) {
    transpose_keys::<S, DIM>(s, &mut args);
    let mut query = 0;
    while query < args.query_count {
        let left = args.query_count - query;
        query += if left >= 8 && S::QUERIES >= 8 {
            group::<S, DIM, 8>(s, &mut args, query)
        } else if left >= 4 && S::QUERIES >= 4 {
            group::<S, DIM, 4>(s, &mut args, query)
        } else if left >= 2 {
            group::<S, DIM, 2>(s, &mut args, query)
        } else {
            group::<S, DIM, 1>(s, &mut args, query)
        };
    }
}

#[inline(always)]
fn transpose_keys<S: Simd, const DIM: usize>(s: S, args: &mut Head<'_>) {
    let Rows { data, stride } = args.keys;
    for (block, out) in args.transposed.chunks_exact_mut(DIM).enumerate() {
        let first = block * LANES;
        let count = (args.key_count - first).min(LANES);
        for (part, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut rows = [s.splat(0.0); LANES];
            for (i, row) in rows[..count].iter_mut().enumerate() {
                let from = &data[(first + i) * stride + part * LANES..];
                *row = s.load(from.first_chunk().expect("a key's row is `DIM` wide"));
            }
            for (out, column) in out.iter_mut().zip(s.transpose(rows)) {
                s.store(out, column);
            }
        }
    }
}

/// Advances queries `first..first + N` together, so that each key and value loaded serves
/// them all; says how many.
#[inline(always)]
fn group<S: Simd, const DIM: usize, const N: usize>(
    s: S,
    args: &mut Head<'_>,
    first: usize,
) -> usize {
    let blocks = args.key_count.div_ceil(LANES);
    let mut queries = [[0.0; DIM]; N];
    for (i, query) in queries.iter_mut().enumerate() {
        let from = &args.queries.data[(first + i) * args.queries.stride..];
        *query = *from.first_chunk().expect("a query's row is `DIM` wide");
    }

    let mut top = [s.splat(f32::MIN); N];
    for (block, keys) in args.transposed.as_chunks::<DIM>().0[..blocks].iter().enumerate() {
        let mut scores = [s.splat(0.0); N];
        for d in 0..DIM {
            let key = s.load(&keys[d]);
            for (score, query) in scores.iter_mut().zip(&queries) {
                *score = s.mul_add(s.splat(query[d]), key, *score);
            }
        }
        let real = args.key_count - block * LANES;
        for i in 0..N {
            let score = s.head(real, scores[i], s.splat(f32::MIN));
            top[i] = s.max(top[i], score);
            s.store(&mut args.weights[i * blocks + block], score);
        }
    }

    let mut inverse = [0.0; N];
    for i in 0..N {
        let top = s.splat(s.reduce_max(top[i]));
        let mut sum = s.splat(0.0);
        for (block, weight) in args.weights[i * blocks..][..blocks].iter_mut().enumerate() {
            let power = exp2(s, s.sub(s.load(weight), top));
            let power = s.head(args.key_count - block * LANES, power, s.splat(0.0));
            sum = s.add(sum, power);
            s.store(weight, power);
        }
        inverse[i] = 1.0 / s.reduce_add(sum);
    }

    let weights = args.weights.as_flattened();
    let rows: [&[f32]; N] =
        std::array::from_fn(|i| &weights[i * blocks * LANES..][..args.key_count]);
    for part in 0..DIM / LANES {
        let mut sums = [s.splat(0.0); N];
        for key in 0..args.key_count {
            let value = &args.values.data[key * args.values.stride + part * LANES..];
            let value = s.load(value.first_chunk().expect("a value's row is `DIM` wide"));
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = s.mul_add(s.splat(row[key]), value, *sum);
            }
        }
        for i in 0..N {
            let out = &mut args.out[(first + i) * args.out_stride + part * LANES..];
            let out = out.first_chunk_mut().expect("an output row is `DIM` wide");
            s.store(out, s.mul(sums[i], s.splat(inverse[i])));
        }
    }
    N
}
