//! The portable path: plain Rust on arrays, and the oracle the others are held against.

mod fma;
mod simd;

use crate::instantiate::instantiate;

/// The portable path needs no proof: it runs anywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar {
    _private: (),
}

impl Scalar {
    /// Always there.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { _private: () })
    }
}

instantiate!(Scalar, tile rows [1 2 3 4]);
