//! Sixteen lanes in one 512-bit register.

use std::arch::x86_64::*;

use super::Avx512;
use crate::simd::{LANES, Simd};

/// Runs intrinsics on behalf of a token method.
macro_rules! with_features {
    ($body:expr) => {
        // SAFETY: the caller holds an `Avx512`, which exists only where the CPU was seen to
        // have every feature these intrinsics need; memory is reached through references
        // to arrays of the full width, by unaligned loads and stores.
        unsafe { $body }
    };
}

impl Simd for Avx512 {
    type F = __m512;
    type I = __m512i;

    const WIDE: bool = true;
    const FUSED_DOT: bool = true;
    const EXACT_OFFSET: i32 = 0;
    const TILE_BLOCKS: usize = 2;
    const QUERIES: usize = 8;
    const KEY_BLOCKS: usize = 2;
    const VALUE_PARTS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        with_features!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> __m512 {
        with_features!(_mm512_loadu_ps(from.as_ptr()))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES], x: __m512) {
        with_features!(_mm512_storeu_ps(to.as_mut_ptr(), x))
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        with_features!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        with_features!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        with_features!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        with_features!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        with_features!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        with_features!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, x: __m512) -> __m512 {
        with_features!(_mm512_sqrt_ps(x))
    }
    #[inline(always)]
    fn head(self, n: usize, a: __m512, b: __m512) -> __m512 {
        let mask = if n >= LANES { u16::MAX } else { (1 << n) - 1 };
        with_features!(_mm512_mask_blend_ps(mask, b, a))
    }
    #[inline(always)]
    fn round(self, x: __m512) -> __m512i {
        with_features!(_mm512_cvtps_epi32(x))
    }
    #[inline(always)]
    fn scale_by_power_of_two(self, x: __m512, n: __m512i) -> __m512 {
        with_features!(_mm512_castsi512_ps(_mm512_add_epi32(
            _mm512_castps_si512(x),
            _mm512_slli_epi32::<23>(n)
        )))
    }
    #[inline(always)]
    fn reduce_add(self, x: __m512) -> f32 {
        with_features!({
            let x = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x));
            let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)))
        })
    }
    #[inline(always)]
    fn reduce_min(self, x: __m512) -> f32 {
        with_features!(_mm512_reduce_min_ps(x))
    }
    #[inline(always)]
    fn reduce_max(self, x: __m512) -> f32 {
        with_features!(_mm512_reduce_max_ps(x))
    }
    /// Pairs of lanes, then of pairs, then of 128-bit quarters, twice: 64 shuffles.
    #[inline(always)]
    fn transpose(self, r: [__m512; LANES]) -> [__m512; LANES] {
        with_features!({
            let mut pairs = r;
            for i in 0..8 {
                pairs[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                pairs[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            let mut quads = pairs;
            for i in 0..4 {
                for half in 0..2 {
                    let a = _mm512_castps_pd(pairs[4 * i + half]);
                    let b = _mm512_castps_pd(pairs[4 * i + 2 + half]);
                    quads[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    quads[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
            }
            let mut halves = quads;
            for i in 0..4 {
                halves[i] = _mm512_shuffle_f32x4::<0x88>(quads[i], quads[4 + i]);
                halves[4 + i] = _mm512_shuffle_f32x4::<0xdd>(quads[i], quads[4 + i]);
                halves[8 + i] = _mm512_shuffle_f32x4::<0x88>(quads[8 + i], quads[12 + i]);
                halves[12 + i] = _mm512_shuffle_f32x4::<0xdd>(quads[8 + i], quads[12 + i]);
            }
            let mut out = halves;
            for i in 0..8 {
                out[i] = _mm512_shuffle_f32x4::<0x88>(halves[i], halves[8 + i]);
                out[8 + i] = _mm512_shuffle_f32x4::<0xdd>(halves[i], halves[8 + i]);
            }
            out
        })
    }
    #[inline(always)]
    fn splat_i32(self, x: i32) -> __m512i {
        with_features!(_mm512_set1_epi32(x))
    }
    #[inline(always)]
    fn load_i32(self, from: &[i32; LANES]) -> __m512i {
        with_features!(_mm512_loadu_si512(from.as_ptr().cast()))
    }
    #[inline(always)]
    fn add_i32(self, a: __m512i, b: __m512i) -> __m512i {
        with_features!(_mm512_add_epi32(a, b))
    }
    #[inline(always)]
    fn add_products_i16(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        with_features!(_mm512_dpwssd_epi32(sum, a, b))
    }
    #[inline(always)]
    fn to_f32(self, x: __m512i) -> __m512 {
        with_features!(_mm512_cvtepi32_ps(x))
    }
    #[inline(always)]
    fn widen_i8(self, from: &[i8; LANES]) -> __m512i {
        with_features!(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.as_ptr().cast())))
    }
    #[inline(always)]
    fn store_u8(self, to: &mut [u8; LANES], x: __m512i, limit: i32) {
        with_features!({
            let x = _mm512_max_epi32(x, _mm512_setzero_si512());
            let x = _mm512_min_epi32(x, _mm512_set1_epi32(limit));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(x));
        })
    }
    /// Packing saturates, first to 16 bits and then to unsigned 8, and leaves each vector's
    /// 128-bit quarters apart: one permutation puts them back in order.
    #[inline(always)]
    fn store_u8x4(self, to: &mut [[u8; LANES]; 4], x: [__m512i; 4], limit: i32) {
        with_features!({
            let words = [_mm512_packs_epi32(x[0], x[1]), _mm512_packs_epi32(x[2], x[3])];
            let bytes = _mm512_packus_epi16(words[0], words[1]);
            let bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8(limit as i8));
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let bytes = _mm512_permutexvar_epi32(order, bytes);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), bytes);
        })
    }
    #[inline(always)]
    fn load_packed(self, from: &[i8; 4 * LANES]) -> __m512i {
        with_features!(_mm512_loadu_si512(from.as_ptr().cast()))
    }
    #[inline(always)]
    fn broadcast_u8x4(self, from: &[u8; 4]) -> __m512i {
        with_features!(_mm512_set1_epi32(i32::from_le_bytes(*from)))
    }
    #[inline(always)]
    fn dot_fast(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        with_features!(_mm512_dpbusd_epi32(sum, a, b))
    }
    #[inline(always)]
    fn dot_exact(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        self.dot_fast(sum, a, b)
    }
}
