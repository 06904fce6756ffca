//! What AVX2 alone does its own way: the byte product.

use std::arch::x86_64::*;

use super::Avx2;
use crate::arch::ymm::Ymm;

// SAFETY: `Avx2::new` checks for AVX2 and FMA, and nothing else makes one.
unsafe impl Ymm for Avx2 {
    const FUSED_DOT: bool = false;

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

    /// Even and odd bytes apart, each widened to 16 bits: nothing saturates. The tile's loop
    /// widens weights once a step for all rows, so this costs half as much again, not twice.
    #[inline(always)]
    fn dot_register_exact(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as above.
        unsafe {
            let even = _mm256_madd_epi16(
                _mm256_and_si256(a, _mm256_set1_epi16(0xff)),
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(b)),
            );
            let odd = _mm256_madd_epi16(_mm256_srli_epi16::<8>(a), _mm256_srai_epi16::<8>(b));
            _mm256_add_epi32(_mm256_add_epi32(sum, even), odd)
        }
    }
}
