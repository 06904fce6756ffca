//! Sixteen lanes as arrays.

use super::{Scalar, fma::mul_add};
use crate::simd::{LANES, Simd};

/// Packed bytes and 32-bit lanes share one representation, as they do in a register.
type Lanes = [i32; LANES];

#[inline(always)]
fn map(f: impl Fn(usize) -> f32) -> [f32; LANES] {
    std::array::from_fn(f)
}

/// The reduction tree every instruction set follows.
#[inline(always)]
fn reduce(mut x: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            x[i] = f(x[i], x[i + half]);
        }
    }
    x[0]
}

/// `min` and `max` as the vector instructions have them: the second operand when unordered.
#[inline(always)]
fn lesser(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

impl Simd for Scalar {
    type F = [f32; LANES];
    type I = Lanes;

    const WIDE: bool = false;
    const FUSED_DOT: bool = false;
    const EXACT_OFFSET: i32 = 0;
    const TILE_BLOCKS: usize = 1;
    const QUERIES: usize = 2;
    const KEY_BLOCKS: usize = 1;
    const VALUE_PARTS: usize = 1;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::F {
        [x; LANES]
    }
    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::F {
        *from
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES], x: Self::F) {
        *to = x;
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        map(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        map(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        map(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        mul_add(a, b, c)
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        map(|i| lesser(a[i], b[i]))
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        map(|i| greater(a[i], b[i]))
    }
    #[inline(always)]
    fn sqrt(self, x: Self::F) -> Self::F {
        x.map(f32::sqrt)
    }
    #[inline(always)]
    fn head(self, n: usize, a: Self::F, b: Self::F) -> Self::F {
        map(|i| if i < n { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn round(self, x: Self::F) -> Self::I {
        x.map(|x| x.round_ties_even() as i32)
    }
    #[inline(always)]
    fn scale_by_power_of_two(self, x: Self::F, n: Self::I) -> Self::F {
        map(|i| f32::from_bits(x[i].to_bits().wrapping_add((n[i] as u32) << 23)))
    }
    #[inline(always)]
    fn reduce_add(self, x: Self::F) -> f32 {
        reduce(x, |a, b| a + b)
    }
    #[inline(always)]
    fn reduce_min(self, x: Self::F) -> f32 {
        reduce(x, lesser)
    }
    #[inline(always)]
    fn reduce_max(self, x: Self::F) -> f32 {
        reduce(x, greater)
    }
    #[inline(always)]
    fn transpose(self, rows: [Self::F; LANES]) -> [Self::F; LANES] {
        std::array::from_fn(|c| map(|r| rows[r][c]))
    }
    #[inline(always)]
    fn splat_i32(self, x: i32) -> Self::I {
        [x; LANES]
    }
    #[inline(always)]
    fn load_i32(self, from: &[i32; LANES]) -> Self::I {
        *from
    }
    #[inline(always)]
    fn add_i32(self, a: Self::I, b: Self::I) -> Self::I {
        std::array::from_fn(|i| a[i].wrapping_add(b[i]))
    }
    #[inline(always)]
    fn add_products_i16(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        let low = |x: i32| i32::from(x as i16);
        std::array::from_fn(|i| sum[i] + low(a[i]) * low(b[i]) + (a[i] >> 16) * (b[i] >> 16))
    }
    #[inline(always)]
    fn to_f32(self, x: Self::I) -> Self::F {
        x.map(|x| x as f32)
    }
    #[inline(always)]
    fn widen_i8(self, from: &[i8; LANES]) -> Self::I {
        from.map(i32::from)
    }
    #[inline(always)]
    fn store_u8(self, to: &mut [u8; LANES], x: Self::I, limit: i32) {
        *to = x.map(|x| x.clamp(0, limit) as u8);
    }
    #[inline(always)]
    fn load_packed(self, from: &[i8; 4 * LANES]) -> Self::I {
        std::array::from_fn(|i| {
            i32::from_le_bytes(std::array::from_fn(|k| from[4 * i + k].cast_unsigned()))
        })
    }
    #[inline(always)]
    fn broadcast_u8x4(self, from: &[u8; 4]) -> Self::I {
        [i32::from_le_bytes(*from); LANES]
    }
    #[inline(always)]
    fn dot_fast(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        std::array::from_fn(|i| {
            let (a, b) = (a[i].to_le_bytes(), b[i].to_le_bytes());
            let product = |k: usize| i32::from(a[k]) * i32::from(b[k].cast_signed());
            sum[i] + ((product(0) + product(1)) + (product(2) + product(3)))
        })
    }
    #[inline(always)]
    fn dot_exact(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        self.dot_fast(sum, a, b)
    }
}
