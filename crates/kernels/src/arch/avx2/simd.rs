//! What AVX2 alone does its own way: the byte product.

use std::arch::x86_64::*;

use super::Avx2;
use crate::arch::ymm::Ymm;

// SAFETY: `Avx2::new` checks for AVX2 and FMA, and nothing else makes one.
unsafe impl Ymm for Avx2 {
    const FUSED_DOT: bool = false;
    const EXACT_OFFSET: i32 = 128;

    /// `vpmaddubsw` adds two products in 16 bits and saturates: exact while the
    /// activations have 7 bits, since 2 * 127 * 127 < 2^15.
    #[inline(always)]
    fn dot_register(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: holding an `Avx2` proves that the CPU has the features.
        unsafe {
            let pairs = _mm256_maddubs_epi16(a, b);
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }

    /// Of codes less 128: their magnitudes times weights that have taken over their signs.
    /// Nothing saturates, since 2 * 128 * 127 < 2^15.
    #[inline(always)]
    fn dot_register_exact(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as above.
        unsafe {
            let signed = _mm256_xor_si256(a, _mm256_set1_epi8(i8::MIN));
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(signed), _mm256_sign_epi8(b, signed));
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
}
