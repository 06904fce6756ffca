//! Activations: asymmetric unsigned bytes, one scale and zero point a token.

use crate::simd::{LANES, Simd};

/// How one row of bytes stands for reals: `x = scale * (code - zero_point)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScale {
    /// Size of one step.
    pub scale: f32,
    /// The code that stands for 0.
    pub zero_point: i32,
}

/// Quantises one row to codes `0..=limit`, after multiplying it by `balance` where given.
///
/// The range always holds 0, so the zero point is a code and its product with a column
/// sum fits an i32.
#[inline(always)]
pub(crate) fn quantise<S: Simd>(
    s: S,
    row: &[f32],
    balance: Option<&[f32]>,
    limit: u8,
    out: &mut [u8],
) -> RowScale {
    let row = row.as_chunks::<LANES>().0;
    let out = out.as_chunks_mut::<LANES>().0;
    match balance {
        None => quantise_blocks(s, row.iter().map(|x| s.load(x)), limit, out),
        Some(balance) => {
            let balance = balance.as_chunks::<LANES>().0;
            let scaled = row
                .iter()
                .zip(balance)
                .map(|(x, b)| s.mul(s.load(x), s.load(b)));
            quantise_blocks(s, scaled, limit, out)
        }
    }
}

/// Walks the row twice: once for its range, once to round.
#[inline(always)]
fn quantise_blocks<S: Simd>(
    s: S,
    blocks: impl Iterator<Item = S::F> + Clone,
    limit: u8,
    out: &mut [[u8; LANES]],
) -> RowScale {
    let (mut low, mut high) = (s.splat(0.0), s.splat(0.0));
    for x in blocks.clone() {
        low = s.min(low, x);
        high = s.max(high, x);
    }
    let (low, high) = (s.reduce_min(low), s.reduce_max(high));
    let range = high - low;
    if range < f32::MIN_POSITIVE * 256.0 {
        // All zeros (or too small to tell): any scale does, and 1 keeps the inverse finite.
        out.fill([0; LANES]);
        return RowScale {
            scale: 1.0,
            zero_point: 0,
        };
    }
    let inverse = f32::from(limit) / range;
    let zero_point = (-low * inverse).round_ties_even();
    let (factor, offset) = (s.splat(inverse), s.splat(zero_point));
    for (x, out) in blocks.zip(out) {
        s.store_u8(out, s.round(s.mul_add(x, factor, offset)), i32::from(limit));
    }
    RowScale {
        scale: range / f32::from(limit),
        zero_point: zero_point as i32,
    }
}
