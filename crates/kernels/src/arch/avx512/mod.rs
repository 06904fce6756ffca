//! AVX-512 with VNNI: one register holds all sixteen lanes, `vpdpbusd` does 64 products.

mod simd;

use crate::instantiate::instantiate;

/// Proof that this CPU has AVX-512 F, BW, DQ, VL and VNNI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512 {
    _private: (),
}

impl Avx512 {
    /// The token, where the CPU has the features.
    pub(crate) fn new() -> Option<Self> {
        let there = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        there.then_some(Self { _private: () })
    }
}

// 14 rows: 28 accumulators, 2 weight registers, 1 broadcast of 32 registers.
instantiate!(
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    Avx512, tile rows [1 2 3 4 5 6 7 8 9 10 11 12 13 14]
);
