//! AVX2 with AVX-VNNI: two registers hold sixteen lanes, `vpdpbusd` takes 8-bit activations exactly.

mod simd;

use crate::instantiate::instantiate;

/// Proof that this CPU has AVX2, FMA and AVX-VNNI.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AvxVnni {
    _private: (),
}

impl AvxVnni {
    /// The token, where the CPU has the features.
    pub(crate) fn new() -> Option<Self> {
        let there = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("avxvnni");
        there.then_some(Self { _private: () })
    }
}

// 6 rows: 12 accumulators, 2 weight registers, 1 broadcast of 16 registers.
instantiate!(
    #[target_feature(enable = "avx2,fma,avxvnni")]
    AvxVnni, tile rows [1 2 3 4 5 6]
);
