//! What the core could do if nothing held it up: the yardsticks a benchmark divides by.

use std::hint::black_box;

use crate::gemm::{PREFETCH_AHEAD, prefetch};
use crate::simd::{LANES, Simd};

/// Multiply-adds of one byte product of sixteen lanes.
const PRODUCTS: u64 = 4 * LANES as u64;

/// `rounds` steps of independent byte products whose sums never leave the registers; says how
/// many multiply-adds they were.
#[inline(always)]
pub(crate) fn integer<S: Simd>(s: S, rounds: u64) -> u64 {
    match (S::FUSED_DOT, S::TILE_BLOCKS) {
        (true, 2) => fused_chains::<S, 24>(s, rounds),
        (true, _) => fused_chains::<S, 6>(s, rounds),
        (false, _) => chains::<S, 5>(s, rounds),
    }
}

/// Where product and sum are one operation.
#[inline(always)]
fn fused_chains<S: Simd, const CHAINS: usize>(s: S, rounds: u64) -> u64 {
    let weights = s.splat_i32(black_box(0x0102_0304));
    let four = s.splat_i32(black_box(0x0101_0101));
    // The compiler does not see that all chains are alike, and keeps them.
    let mut sums = black_box([s.splat_i32(0); CHAINS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = s.dot_fast(*sum, four, weights);
        }
    }
    black_box(sums);
    rounds * CHAINS as u64 * PRODUCTS
}

/// Where they are two.
#[inline(always)]
fn chains<S: Simd, const CHAINS: usize>(s: S, rounds: u64) -> u64 {
    let weights = [s.splat_i32(0x0102_0304); CHAINS];
    let four = s.splat_i32(0x0101_0101);
    let mut sums = [s.splat_i32(0); CHAINS];
    for _ in 0..rounds {
        // Read again each round, at the cost of a load that has a port of its own: otherwise
        // the product would be moved out of the loop and only its sum be measured.
        let weights = black_box(&weights);
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = s.dot_fast(*sum, four, *weights);
        }
    }
    black_box(sums);
    rounds * CHAINS as u64 * PRODUCTS
}

/// The same for fused multiply-adds in `f32`.
#[inline(always)]
pub(crate) fn float<S: Simd>(s: S, rounds: u64) -> u64 {
    match S::TILE_BLOCKS {
        2 => float_chains::<S, 12>(s, rounds),
        _ => float_chains::<S, 6>(s, rounds),
    }
}

#[inline(always)]
fn float_chains<S: Simd, const CHAINS: usize>(s: S, rounds: u64) -> u64 {
    let (factor, addend) = (s.splat(black_box(0.5)), s.splat(black_box(1.0)));
    let mut sums = [s.splat(0.0); CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = s.mul_add(*sum, factor, addend);
        }
    }
    black_box(sums);
    rounds * (CHAINS * LANES) as u64
}

/// Reads all of `bytes` (whole blocks of 256) as fast as they come, and does next to nothing
/// with them.
#[inline(always)]
pub(crate) fn read<S: Simd>(s: S, bytes: &[i8]) {
    let mut sums = [s.splat_i32(0); 4];
    for block in bytes.as_chunks::<{ 4 * 4 * LANES }>().0 {
        for (sum, line) in sums.iter_mut().zip(block.as_chunks().0) {
            prefetch(line.as_ptr().wrapping_add(PREFETCH_AHEAD));
            *sum = s.add_i32(*sum, s.load_packed(line));
        }
    }
    black_box(sums);
}
