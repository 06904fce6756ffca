//! One folder an instruction set: a token that proves the CPU has it, and how it works on
//! sixteen lanes. The algorithms are elsewhere, written once.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avxvnni;
pub(crate) mod scalar;
#[cfg(target_arch = "x86_64")]
mod ymm;
