//! A query, as the scan takes it.

use super::{LEAST_PEAK, MOST_NORM, MOST_WIDTH, nearest, norm, peak};
use crate::simd::LANES;

/// What a step of the high plane is worth: both planes have 7 bits, which every instruction set
/// multiplies at full speed.
pub(super) const BASE: f32 = 128.0;
/// Added to each code, so that none is negative: half of the high plane's range.
pub(super) const HIGH_ZERO: i32 = 64;
/// Largest code.
const LIMIT: f32 = 8191.0;

/// Unit roundoff of an `f32`.
const ROUNDOFF: f64 = 1.0 / (1 << 24) as f64;

/// At most 1 / |s c|^2: the codes' part of a row is no longer than the row, but for a rounding.
pub(super) const LEAST_SHARE: f32 = 0.9979;
const _: () = assert!((LEAST_SHARE as f64) * MOST_NORM * MOST_NORM < 1.0 - 1e-5);

/// A query for [`Kernels::scan`](crate::Kernels::scan), made once and used for all rows.
///
/// Fourteen bits a component make its own error a sixty-fourth of a row's. They go to two planes
/// of seven, which all instruction sets multiply exactly.
#[derive(Clone, Debug, Default)]
pub struct ScanQuery {
    /// High and low bits of four components each.
    planes: Vec<[[u8; 4]; 2]>,
    pub(super) scale: f32,
    /// At least the squared length of what the codes stand for.
    pub(super) square: f32,
    /// At least what is missing in the bounds but for the rows' errors.
    pub(super) margin: f32,
}

impl ScanQuery {
    /// Of a unit vector.
    ///
    /// # Panics
    ///
    /// As [`ScanQuery::set`].
    #[must_use]
    pub fn new(query: &[f32]) -> Self {
        let mut made = Self::default();
        made.set(query);
        made
    }

    /// Becomes that of another unit vector, in the same memory.
    ///
    /// # Panics
    ///
    /// If the width is 0, no multiple of 16 or more than 1024, or the vector is longer than
    /// 1.001 or not finite.
    pub fn set(&mut self, query: &[f32]) {
        let width = query.len();
        assert!(width > 0 && width.is_multiple_of(LANES) && width <= MOST_WIDTH, "width {width}");
        let chunks = query.as_chunks::<LANES>().0;
        let norm = norm(chunks);
        assert!(norm <= MOST_NORM, "a query of length {norm}");
        let peak = peak(chunks);
        let inverse = if peak < LEAST_PEAK { 0.0 } else { LIMIT / peak };
        self.scale = peak / LIMIT;
        let scale = f64::from(self.scale);

        let (mut squares, mut missing) = ([0.0; LANES], [0.0; LANES]);
        self.planes.clear();
        for x in chunks {
            let (mut high, mut low) = ([0; LANES], [0; LANES]);
            for i in 0..LANES {
                let code = nearest(x[i] * inverse);
                let stands_for = scale * f64::from(code);
                let left = f64::from(x[i]) - stands_for;
                squares[i] += stands_for * stands_for;
                missing[i] += left * left;
                let code = code + HIGH_ZERO * BASE as i32;
                (high[i], low[i]) = ((code >> 7) as u8, (code & 0x7f) as u8);
            }
            let fours = high.as_chunks().0.iter().zip(low.as_chunks().0);
            self.planes.extend(fours.map(|(high, low)| [*high, *low]));
        }
        let (square, missing) = (squares.iter().sum::<f64>(), missing.iter().sum::<f64>());

        // The approximate product has three roundings, and the square of it the scan takes off
        // ten units at most; with sixteen, no root is ever of less than it should be.
        self.square = (square + 16.0 * ROUNDOFF) as f32;
        // The rounding of a row's scale leaves its error a little along the codes.
        let along = 2.0 * ROUNDOFF;
        // Any order of sums over sixteen lanes; so the bounds hold for `dot_rows` too, which
        // itself differs from the exact product by this.
        let summed = (width / LANES + 8) as f64 * ROUNDOFF;
        // The product's three roundings, and four of what is added and taken off.
        let rounded = 8.0 * ROUNDOFF;
        let roundings = (along + summed + rounded) * 1.01;
        self.margin = ((missing.sqrt() * MOST_NORM + roundings) * (1.0 + 1e-6)) as f32;
    }

    /// Components.
    #[must_use]
    pub fn width(&self) -> usize {
        4 * self.planes.len()
    }

    #[inline(always)]
    pub(super) fn planes(&self) -> &[[[u8; 4]; 2]] {
        &self.planes
    }
}
