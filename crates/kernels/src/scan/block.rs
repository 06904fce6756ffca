//! Thirty-two rows of bytes, laid out `[width/4][32][4]` as a [panel](crate::PANEL) is, and
//! behind them what else the scan needs of each row: one stream.

use super::{LEAST_PEAK, MOST_NORM, MOST_WIDTH, nearest, norm, peak};
use crate::simd::LANES;

/// Rows of a block.
pub const BLOCK_ROWS: usize = 32;

/// Largest code.
const LIMIT: f32 = 127.0;

/// Bytes of one number of each row.
const NUMBER: usize = BLOCK_ROWS * 4;

/// Bytes that follow a block's codes.
pub(super) const NUMBERS_LEN: usize = 3 * NUMBER;

/// Bytes of a block of rows of such a width, a multiple of 64.
///
/// # Panics
///
/// If the width is 0, no multiple of 16, or more than 1024.
#[must_use]
pub const fn block_len(width: usize) -> usize {
    assert!(width > 0 && width.is_multiple_of(LANES) && width <= MOST_WIDTH);
    BLOCK_ROWS * width + NUMBERS_LEN
}

/// What follows a block's codes, `[32]` each: offset, scale and error of each row.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a>(&'a [[i8; 4 * LANES]; NUMBERS_LEN / (4 * LANES)]);

impl<'a> Numbers<'a> {
    #[inline(always)]
    pub(super) fn of(bytes: &'a [i8]) -> Self {
        Self(bytes.as_chunks().0.try_into().expect("a block's numbers"))
    }

    /// What the sum of products with the query's high plane begins with.
    #[inline(always)]
    pub(super) fn offsets(self, part: usize) -> [i32; LANES] {
        // SAFETY: 64 bytes, of which any are sixteen integers.
        unsafe { std::mem::transmute(self.0[part]) }
    }

    #[inline(always)]
    pub(super) fn scales(self, part: usize) -> [f32; LANES] {
        // SAFETY: 64 bytes, of which any are sixteen floats.
        unsafe { std::mem::transmute(self.0[2 + part]) }
    }

    /// At least the length of what the codes leave out.
    #[inline(always)]
    pub(super) fn errors(self, part: usize) -> [f32; LANES] {
        // SAFETY: as above.
        unsafe { std::mem::transmute(self.0[4 + part]) }
    }
}

/// Writes one row into a slot of a block.
///
/// In plain Rust: the same on every instruction set, which the compiler may use as it likes.
#[inline(always)]
pub(crate) fn put(row: &[f32], block: &mut [i8], slot: usize) {
    let chunks = row.as_chunks::<LANES>().0;
    let norm = norm(chunks);
    assert!(norm <= MOST_NORM, "a row of length {norm}");
    let peak = peak(chunks);
    let inverse = if peak < LEAST_PEAK { 0.0 } else { LIMIT / peak };

    let mut products = [0.0f64; LANES];
    let (mut own, mut sums) = ([0i32; LANES], [0i32; LANES]);
    for x in chunks {
        for i in 0..LANES {
            let code = nearest(x[i] * inverse);
            products[i] += f64::from(x[i]) * f64::from(code);
            own[i] += code * code;
            sums[i] += code;
        }
    }
    // The scale for which the error is orthogonal to the codes, and shortest.
    let own = own.iter().sum::<i32>().max(1);
    let scale = (products.iter().sum::<f64>() / f64::from(own)) as f32;

    let mut squares = [0.0f64; LANES];
    let (codes, numbers) = block.split_at_mut(BLOCK_ROWS * row.len());
    let steps = codes.as_chunks_mut::<{ 4 * BLOCK_ROWS }>().0.as_chunks_mut::<{ LANES / 4 }>().0;
    for (x, steps) in chunks.iter().zip(steps) {
        let mut codes = [0i8; LANES];
        for i in 0..LANES {
            let code = nearest(x[i] * inverse);
            let left = f64::from(x[i]) - f64::from(scale) * f64::from(code);
            squares[i] += left * left;
            codes[i] = code as i8;
        }
        for (step, four) in steps.iter_mut().zip(codes.as_chunks::<4>().0) {
            step[4 * slot..4 * slot + 4].copy_from_slice(four);
        }
    }
    // A millionth more: for its own rounding, and those of what the scan multiplies it with.
    let error = (squares.iter().sum::<f64>().sqrt() * (1.0 + 1e-6)) as f32;
    let offset = -(super::query::HIGH_ZERO * sums.iter().sum::<i32>());
    for (number, bytes) in
        [offset.to_ne_bytes(), scale.to_ne_bytes(), error.to_ne_bytes()].into_iter().enumerate()
    {
        let at = number * NUMBER + 4 * slot;
        for (to, byte) in numbers[at..at + 4].iter_mut().zip(bytes) {
            *to = byte.cast_signed();
        }
    }
}
