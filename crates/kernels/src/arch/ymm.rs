//! Sixteen lanes in two 256-bit registers: what AVX2 and AVX-VNNI share.

use std::arch::x86_64::*;

use crate::simd::{LANES, Simd};

/// A token of an instruction set with AVX2 and FMA.
///
/// # Safety
///
/// Implement it only for tokens whose one constructor checks that the CPU has both.
pub(crate) unsafe trait Ymm: Copy {
    /// Whether [`Ymm::dot_register`] is one instruction.
    const FUSED_DOT: bool;
    /// See [`Simd::EXACT_OFFSET`].
    const EXACT_OFFSET: i32;

    /// Per 32-bit lane of one register: `sum + a0*b0 + a1*b1 + a2*b2 + a3*b3`, for
    /// activations of the fast width.
    fn dot_register(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i;
    /// The same for all 8 bits, of codes less [`Ymm::EXACT_OFFSET`].
    fn dot_register_exact(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i;
}

/// Runs intrinsics on behalf of a token method.
macro_rules! with_features {
    ($body:expr) => {
        // SAFETY: the caller holds a `Ymm` token, which exists only where the CPU was seen
        // to have AVX2 and FMA; memory is reached through references to arrays of the full
        // width, by unaligned loads and stores.
        unsafe { $body }
    };
}

/// The low and the high eight lanes.
type Pair<T> = [T; 2];

#[inline(always)]
fn both(a: Pair<__m256>, b: Pair<__m256>, f: impl Fn(__m256, __m256) -> __m256) -> Pair<__m256> {
    [f(a[0], b[0]), f(a[1], b[1])]
}

#[inline(always)]
fn both_i(
    a: Pair<__m256i>,
    b: Pair<__m256i>,
    f: impl Fn(__m256i, __m256i) -> __m256i,
) -> Pair<__m256i> {
    [f(a[0], b[0]), f(a[1], b[1])]
}

/// Folds eight lanes by the tree `(l + l+4) + 2) + 1`.
macro_rules! fold_register {
    ($x:expr, $ps:ident, $ss:ident) => {
        with_features!({
            let x = $ps(_mm256_castps256_ps128($x), _mm256_extractf128_ps::<1>($x));
            let x = $ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32($ss(x, _mm_movehdup_ps(x)))
        })
    };
}

/// An 8 x 8 matrix, rows become columns.
#[inline(always)]
fn transpose_8x8(r: [__m256; 8]) -> [__m256; 8] {
    with_features!({
        let mut pairs = r;
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut quads = pairs;
        for i in 0..2 {
            for half in 0..2 {
                let (a, b) = (pairs[4 * i + half], pairs[4 * i + 2 + half]);
                quads[4 * i + 2 * half] = _mm256_shuffle_ps::<0x44>(a, b);
                quads[4 * i + 2 * half + 1] = _mm256_shuffle_ps::<0xee>(a, b);
            }
        }
        let mut out = quads;
        for i in 0..4 {
            out[i] = _mm256_permute2f128_ps::<0x20>(quads[i], quads[4 + i]);
            out[4 + i] = _mm256_permute2f128_ps::<0x31>(quads[i], quads[4 + i]);
        }
        out
    })
}

impl<T: Ymm> Simd for T {
    type F = Pair<__m256>;
    type I = Pair<__m256i>;

    const WIDE: bool = false;
    const FUSED_DOT: bool = T::FUSED_DOT;
    const EXACT_OFFSET: i32 = T::EXACT_OFFSET;
    const TILE_BLOCKS: usize = 1;
    const QUERIES: usize = 4;
    const KEY_BLOCKS: usize = 1;
    const VALUE_PARTS: usize = 1;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::F {
        with_features!([_mm256_set1_ps(x); 2])
    }
    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self::F {
        let p = from.as_ptr();
        with_features!([_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8))])
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES], x: Self::F) {
        let p = to.as_mut_ptr();
        with_features!({
            _mm256_storeu_ps(p, x[0]);
            _mm256_storeu_ps(p.add(8), x[1]);
        })
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        both(a, b, |a, b| with_features!(_mm256_add_ps(a, b)))
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        both(a, b, |a, b| with_features!(_mm256_sub_ps(a, b)))
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        both(a, b, |a, b| with_features!(_mm256_mul_ps(a, b)))
    }
    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        with_features!([_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])])
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        both(a, b, |a, b| with_features!(_mm256_min_ps(a, b)))
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        both(a, b, |a, b| with_features!(_mm256_max_ps(a, b)))
    }
    #[inline(always)]
    fn sqrt(self, x: Self::F) -> Self::F {
        with_features!([_mm256_sqrt_ps(x[0]), _mm256_sqrt_ps(x[1])])
    }
    #[inline(always)]
    fn head(self, n: usize, a: Self::F, b: Self::F) -> Self::F {
        with_features!({
            let n = _mm256_set1_epi32(n as i32);
            let low = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let high = _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15);
            let keep = [_mm256_cmpgt_epi32(n, low), _mm256_cmpgt_epi32(n, high)];
            [
                _mm256_blendv_ps(b[0], a[0], _mm256_castsi256_ps(keep[0])),
                _mm256_blendv_ps(b[1], a[1], _mm256_castsi256_ps(keep[1])),
            ]
        })
    }
    #[inline(always)]
    fn round(self, x: Self::F) -> Self::I {
        with_features!([_mm256_cvtps_epi32(x[0]), _mm256_cvtps_epi32(x[1])])
    }
    #[inline(always)]
    fn scale_by_power_of_two(self, x: Self::F, n: Self::I) -> Self::F {
        let one = |x, n| {
            with_features!(_mm256_castsi256_ps(_mm256_add_epi32(
                _mm256_castps_si256(x),
                _mm256_slli_epi32::<23>(n)
            )))
        };
        [one(x[0], n[0]), one(x[1], n[1])]
    }
    #[inline(always)]
    fn reduce_add(self, x: Self::F) -> f32 {
        let x = with_features!(_mm256_add_ps(x[0], x[1]));
        fold_register!(x, _mm_add_ps, _mm_add_ss)
    }
    #[inline(always)]
    fn reduce_min(self, x: Self::F) -> f32 {
        let x = with_features!(_mm256_min_ps(x[0], x[1]));
        fold_register!(x, _mm_min_ps, _mm_min_ss)
    }
    #[inline(always)]
    fn reduce_max(self, x: Self::F) -> f32 {
        let x = with_features!(_mm256_max_ps(x[0], x[1]));
        fold_register!(x, _mm_max_ps, _mm_max_ss)
    }
    /// Four 8 x 8 quadrants, the off-diagonal ones swapped.
    #[inline(always)]
    fn transpose(self, r: [Self::F; LANES]) -> [Self::F; LANES] {
        let mut out = r;
        for half in 0..2 {
            let mut upper = [r[0][0]; 8];
            let mut lower = upper;
            for i in 0..8 {
                upper[i] = r[i][half];
                lower[i] = r[8 + i][half];
            }
            let (upper, lower) = (transpose_8x8(upper), transpose_8x8(lower));
            for i in 0..8 {
                out[8 * half + i] = [upper[i], lower[i]];
            }
        }
        out
    }
    #[inline(always)]
    fn splat_i32(self, x: i32) -> Self::I {
        with_features!([_mm256_set1_epi32(x); 2])
    }
    #[inline(always)]
    fn load_i32(self, from: &[i32; LANES]) -> Self::I {
        let p = from.as_ptr().cast::<__m256i>();
        with_features!([_mm256_loadu_si256(p), _mm256_loadu_si256(p.add(1))])
    }
    #[inline(always)]
    fn add_i32(self, a: Self::I, b: Self::I) -> Self::I {
        both_i(a, b, |a, b| with_features!(_mm256_add_epi32(a, b)))
    }
    #[inline(always)]
    fn add_products_i16(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        let products = both_i(a, b, |a, b| with_features!(_mm256_madd_epi16(a, b)));
        self.add_i32(sum, products)
    }
    #[inline(always)]
    fn to_f32(self, x: Self::I) -> Self::F {
        with_features!([_mm256_cvtepi32_ps(x[0]), _mm256_cvtepi32_ps(x[1])])
    }
    #[inline(always)]
    fn widen_i8(self, from: &[i8; LANES]) -> Self::I {
        with_features!({
            let bytes = _mm_loadu_si128(from.as_ptr().cast());
            let high = _mm_unpackhi_epi64(bytes, bytes);
            [_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(high)]
        })
    }
    #[inline(always)]
    fn store_u8(self, to: &mut [u8; LANES], x: Self::I, limit: i32) {
        with_features!({
            let limit = _mm256_set1_epi32(limit);
            let low = _mm256_min_epi32(x[0], limit);
            let high = _mm256_min_epi32(x[1], limit);
            // Packing saturates at zero and interleaves 128-bit halves; the permutation
            // puts them back in order.
            let words = _mm256_packus_epi32(low, high);
            let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
            let bytes = _mm_packus_epi16(
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
        })
    }
    #[inline(always)]
    fn load_packed(self, from: &[i8; 4 * LANES]) -> Self::I {
        let p = from.as_ptr().cast::<__m256i>();
        with_features!([_mm256_loadu_si256(p), _mm256_loadu_si256(p.add(1))])
    }
    #[inline(always)]
    fn broadcast_u8x4(self, from: &[u8; 4]) -> Self::I {
        self.splat_i32(i32::from_le_bytes(*from))
    }
    #[inline(always)]
    fn dot_fast(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        [self.dot_register(sum[0], a[0], b[0]), self.dot_register(sum[1], a[1], b[1])]
    }
    #[inline(always)]
    fn dot_exact(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        [self.dot_register_exact(sum[0], a[0], b[0]), self.dot_register_exact(sum[1], a[1], b[1])]
    }
}
