//! What AVX-VNNI does its own way: the byte product.

use std::arch::x86_64::*;

use super::AvxVnni;
use crate::arch::ymm::Ymm;

// SAFETY: `AvxVnni::new` checks for AVX2 and FMA, and nothing else makes one.
unsafe impl Ymm for AvxVnni {
    const FUSED_DOT: bool = true;
    const EXACT_OFFSET: i32 = 0;

    /// One instruction, exact for 8-bit activations.
    #[inline(always)]
    fn dot_register(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: holding an `AvxVnni` proves that the CPU has the features.
        unsafe { _mm256_dpbusd_avx_epi32(sum, a, b) }
    }

    #[inline(always)]
    fn dot_register_exact(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        self.dot_register(sum, a, b)
    }
}
