//! The exact search's first pass: for each row of bytes, where its dot product with a query
//! certainly lies.
//!
//! A row `x` is kept as `s c + e`: bytes `c` and a scale `s`, of which only the norm of the
//! error `e` is remembered. A query is kept as `v = t q + d`, with `q` of fourteen bits. The scan
//! works out the integer `q . c`, without an error, hence `a = t s (q . c)`; what is left is
//! `v . x - a = t q . e + d . x`.
//!
//! Of the first term Cauchy and Schwarz say that it is at most `|t q| |e|`, and more can be had:
//! `s` is chosen so that `e` is orthogonal to `c`. Then only the part of `t q` across `c` meets
//! `e`, and its length is known: `sqrt(|t q|^2 - (a / |s c|)^2)`. The nearer a row, the narrower
//! its bounds: as to a cosine of 0.9, not half as wide. That costs one root a row.
//!
//! Rejected: the sum of the absolute `q` times the largest component of `e` is wider by a third;
//! norms taken by parts of a row give nothing, since the error is much the same everywhere;
//! dividing heavy dimensions and multiplying the query's gains a tenth below a cosine of 0.6, and
//! above it loses more. Not done: rows less their mean have bounds a third as wide (at a cosine of
//! 0.8, 0.0026 for 0.0081, texts of bge-small), but somebody would have to keep that mean.
//!
//! All else is roundings. They are bounded by constants, for which vectors must be no longer
//! than [`MOST_NORM`]: see [`ScanQuery`].

mod block;
mod query;
#[cfg(test)]
mod tests;

pub(crate) use block::put;
pub use block::{BLOCK_ROWS, block_len};
pub use query::ScanQuery;

use crate::gemm::{PREFETCH_AHEAD, prefetch};
use crate::simd::{LANES, Simd};

/// No vector may be longer: what is meant to be of length 1 is so within a thousandth.
pub(crate) const MOST_NORM: f64 = 1.001;

/// The widest vector: up to here no sum of products has more than the 24 bits of an `f32`, as
/// 127 * 127 * 1024 < 2^24.
pub(crate) const MOST_WIDTH: usize = 1024;

/// A vector of which no component is greater has no codes; all is error.
const LEAST_PEAK: f32 = 1e-30;

/// Bytes of one step of the depth: four of each row.
const STEP: usize = 4 * BLOCK_ROWS;

/// Parts of a block that a register's lanes cover.
const PARTS: usize = BLOCK_ROWS / LANES;

/// Least and greatest dot products, by row of a block.
type Bounds = [[f32; LANES]; PARTS];

/// Bounds `query . row` for every row of whole blocks; `next` is what will be scanned next.
#[inline(always)]
pub(crate) fn scan<S: Simd>(
    s: S,
    query: &ScanQuery,
    blocks: &[i8],
    next: &[i8],
    lower: &mut [f32],
    upper: &mut [f32],
) {
    let mut ahead = Ahead::new(blocks, next);
    let blocks = blocks.chunks_exact(block_len(query.width()));
    let lower = lower.as_chunks_mut().0.as_chunks_mut().0;
    let upper = upper.as_chunks_mut().0.as_chunks_mut().0;
    for ((block, lower), upper) in blocks.zip(lower).zip(upper) {
        // A product waits for the last one of its sum: where registers allow, each sum is
        // split in four.
        if S::WIDE {
            scan_block::<S, 4>(s, query, block, &mut ahead, lower, upper);
        } else {
            scan_block::<S, 1>(s, query, block, &mut ahead, lower, upper);
        }
    }
}

/// One block, each sum in `CHAINS` interleaved ones, of which `width / 4` is a multiple.
#[inline(always)]
fn scan_block<S: Simd, const CHAINS: usize>(
    s: S,
    query: &ScanQuery,
    block: &[i8],
    ahead: &mut Ahead,
    lower: &mut Bounds,
    upper: &mut Bounds,
) {
    let (codes, numbers) = block.split_at(BLOCK_ROWS * query.width());
    let numbers = block::Numbers::of(numbers);

    let mut high = [[s.splat_i32(0); PARTS]; CHAINS];
    let mut low = high;
    for (part, high) in high[0].iter_mut().enumerate() {
        *high = s.load_i32(&numbers.offsets(part));
    }
    let steps = codes.as_chunks::<STEP>().0.as_chunks::<CHAINS>().0;
    for (steps, planes) in steps.iter().zip(query.planes().as_chunks::<CHAINS>().0) {
        for chain in 0..CHAINS {
            ahead.advance();
            let [high_four, low_four] = &planes[chain];
            let (high_four, low_four) = (s.broadcast_u8x4(high_four), s.broadcast_u8x4(low_four));
            let parts = steps[chain].as_chunks().0;
            for part in 0..PARTS {
                let codes = s.load_packed(&parts[part]);
                high[chain][part] = s.dot_fast(high[chain][part], high_four, codes);
                low[chain][part] = s.dot_fast(low[chain][part], low_four, codes);
            }
        }
    }
    for _ in 0..block::NUMBERS_LEN / STEP {
        ahead.advance();
    }

    for part in 0..PARTS {
        let (mut high_sum, mut low_sum) = (high[0][part], low[0][part]);
        for chain in 1..CHAINS {
            high_sum = s.add_i32(high_sum, high[chain][part]);
            low_sum = s.add_i32(low_sum, low[chain][part]);
        }
        // Both conversions are exact, and so but for the last rounding is `q . c`.
        let product = s.mul_add(s.to_f32(high_sum), s.splat(query::BASE), s.to_f32(low_sum));
        let scale = s.mul(s.splat(query.scale), s.load(&numbers.scales(part)));
        let near = s.mul(product, scale);
        let along = s.mul(near, s.splat(query::LEAST_SHARE));
        let across = s.sqrt(s.mul_add(along, s.sub(s.splat(0.0), near), s.splat(query.square)));
        let width = s.mul(across, s.load(&numbers.errors(part)));
        let width = s.add(width, s.splat(query.margin));
        s.store(&mut lower[part], s.sub(near, width));
        s.store(&mut upper[part], s.add(near, width));
    }
}

/// Where the stream is fetched [`PREFETCH_AHEAD`], which goes on in what is scanned next. (From
/// 2 to 16 KB ahead all are as fast, Emerald Rapids.)
struct Ahead {
    at: *const i8,
    end: *const i8,
    next: *const i8,
}

impl Ahead {
    #[inline(always)]
    fn new(blocks: &[i8], next: &[i8]) -> Self {
        let end = blocks.as_ptr_range().end;
        let next = if next.is_empty() { end } else { next.as_ptr() };
        // A scan so short was fetched whole during the last.
        match blocks.len().checked_sub(PREFETCH_AHEAD) {
            Some(1..) => Self { at: blocks.as_ptr().wrapping_add(PREFETCH_AHEAD), end, next },
            _ => {
                let over = PREFETCH_AHEAD - blocks.len();
                Self { at: next.wrapping_add(over), end: std::ptr::null(), next }
            }
        }
    }

    /// Fetches the next step.
    #[inline(always)]
    fn advance(&mut self) {
        prefetch(self.at);
        prefetch(self.at.wrapping_add(STEP / 2));
        self.at = self.at.wrapping_add(STEP);
        if self.at == self.end {
            self.at = self.next;
        }
    }
}

/// Length of a vector.
#[inline(always)]
fn norm(chunks: &[[f32; LANES]]) -> f64 {
    let mut squares = [0.0f64; LANES];
    for x in chunks {
        for i in 0..LANES {
            squares[i] += f64::from(x[i]) * f64::from(x[i]);
        }
    }
    squares.iter().sum::<f64>().sqrt()
}

/// Greatest absolute component of a vector without NaN.
#[inline(always)]
fn peak(chunks: &[[f32; LANES]]) -> f32 {
    let mut peaks = [0.0f32; LANES];
    for x in chunks {
        for i in 0..LANES {
            peaks[i] = if x[i].abs() > peaks[i] { x[i].abs() } else { peaks[i] };
        }
    }
    peaks.into_iter().fold(0.0, f32::max)
}

/// Rounded to the nearest integer: added to a number so large that its last place is 1. Where
/// the baseline of the target cannot round, the library's function takes longer than all else.
#[inline(always)]
fn nearest(x: f32) -> i32 {
    const LAST_PLACE_ONE: f32 = 1.5 * (1 << 23) as f32;
    (x + LAST_PLACE_ONE).to_bits() as i32 - LAST_PLACE_ONE.to_bits() as i32
}
