//! AVX2 with FMA: two registers hold sixteen lanes.

mod simd;

use crate::instantiate::instantiate;

/// Proof that this CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2 {
    _private: (),
}

impl Avx2 {
    /// The token, where the CPU has the features.
    pub(crate) fn new() -> Option<Self> {
        let there = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        there.then_some(Self { _private: () })
    }
}

// 6 rows: 12 accumulators, 2 weight registers, 1 broadcast of 16 registers.

instantiate!(
    #[target_feature(enable = "avx2,fma")]
    Avx2, tile rows [1 2 3 4 5 6], exact tile rows [1 2 3 4 5 6]
);
