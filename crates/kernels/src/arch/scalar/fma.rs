//! Fused multiply-add without the instruction.

use std::array;

use crate::simd::LANES;

/// `a * b + c` in every lane, each rounded once.
///
/// Where the target's baseline has the instruction it is used. Elsewhere `f32::mul_add` calls the
/// C library once a lane, which took three quarters of the portable path's time; this compiles to
/// vector code instead. The product of two `f32` is exact in `f64`, so only the sum is rounded
/// twice: there, and to `f32`. That differs from rounding once in the rare lanes that
/// [`in_doubt`] names, and they are computed again with care.
#[inline(always)]
pub(super) fn mul_add(a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        return array::from_fn(|i| a[i].mul_add(b[i], c[i]));
    }
    let sums: [f64; LANES] =
        array::from_fn(|i| f64::from(a[i]) * f64::from(b[i]) + f64::from(c[i]));
    if sums.iter().fold(false, |any, &sum| any | in_doubt(sum)) {
        return careful(a, b, c);
    }
    sums.map(|sum| sum as f32)
}

/// Whether rounding `sum` to `f32` may go another way than rounding what it was rounded from:
/// it lies halfway between two normal `f32`, or is too small for one.
#[inline(always)]
fn in_doubt(sum: f64) -> bool {
    const DROPPED: u32 = f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS;
    let rest = sum.to_bits() & ((1 << DROPPED) - 1);
    let tiny = sum.abs() < f64::from(f32::MIN_POSITIVE);
    (rest == 1 << (DROPPED - 1)) | (tiny & (sum != 0.0))
}

#[cold]
#[inline(never)]
fn careful(a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
    array::from_fn(|i| a[i].mul_add(b[i], c[i]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LANES, mul_add};

    fn same(a: f32, b: f32, c: f32) -> Result<(), TestCaseError> {
        let (ours, exact) = (mul_add([a; LANES], [b; LANES], [c; LANES])[0], a.mul_add(b, c));
        prop_assert!(
            ours.to_bits() == exact.to_bits() || ours.is_nan() && exact.is_nan(),
            "{a:e} * {b:e} + {c:e} is {exact:e}, not {ours:e}"
        );
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]

        #[test]
        fn any_bits(a: u32, b: u32, c: u32) {
            same(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c))?;
        }

        /// Few significant bits and close exponents: sums that cancel, and ties.
        #[test]
        fn ties(
            [a, b, c] in prop::array::uniform3(-70_000_i32..70_000),
            [x, y] in prop::array::uniform2(-60_i32..30),
        ) {
            same(a as f32, b as f32 * 2_f32.powi(x), c as f32 * 2_f32.powi(y))?;
        }

        /// A product a hair beside a power of two, half a unit of the sum's last place: what the
        /// first rounding drops decides the second, among normal and subnormal results.
        #[test]
        fn hairs_beside_ties(hair in -3_i32..4, bits in 1_u32..0x0180_0000, negative: bool) {
            let c = f32::from_bits(bits);
            let half_unit = f32::from_bits(if bits >> 23 == 0 { 1 } else { bits & 0x7f80_0000 });
            // Half a unit is smaller than the least `f32`, so it is a product's two factors.
            let [up, down] = [1.0 + hair as f32 * f32::EPSILON, 1.0 - hair as f32 * f32::EPSILON];
            let (a, b) = if bits >> 23 == 0 {
                (up * 2_f32.powi(-75), down * 2_f32.powi(-75))
            } else {
                (up * 2_f32.powi(-24), down * half_unit)
            };
            same(if negative { -a } else { a }, b, c)?;
        }
    }
}
