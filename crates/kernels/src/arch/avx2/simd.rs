//! What AVX2 alone does its own way: the byte product.

use std::arch::x86_64::*;

use super::Avx2;
use crate::arch::ymm::Ymm;

// SAFETY: `Avx2::new` checks for AVX2 and FMA, and nothing else makes one.
unsafe impl Ymm for Avx2 {
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
}
