//! The safe face: checks shapes, then runs the chosen instruction set.

mod attention;
mod linear;
mod matmul;
mod norm;
mod quantise;
mod scan;

use std::env;

pub use attention::{Attention, AttentionScratch, Queried, SelfAttention};
pub use linear::Activations;
pub use norm::BlockEnd;
pub use quantise::{Quantisation, Quantised, RangeScratch};

use crate::isa::{ISA_VARIABLE, Isa, IsaError};
use crate::quantise::Balance;
use crate::simd::LANES;
use crate::table::Table;

/// One instruction set's kernels.
///
/// A value of this type proves that the CPU runs them. Copy it freely: it is a pointer to
/// a table.
#[derive(Clone, Copy)]
pub struct Kernels {
    isa: Isa,
    table: &'static Table,
}

impl Kernels {
    /// The fastest this CPU runs.
    #[must_use]
    pub fn detect() -> Self {
        let isa = Isa::available().next().unwrap_or(Isa::Scalar);
        Self::new(isa).expect("an instruction set reported as available is")
    }

    /// What [`ISA_VARIABLE`] names, or else the fastest.
    ///
    /// # Errors
    ///
    /// The variable names no instruction set, or one that this CPU lacks.
    pub fn from_env() -> Result<Self, IsaError> {
        match env::var(ISA_VARIABLE) {
            Ok(name) if !name.is_empty() => Self::new(name.parse()?),
            _ => Ok(Self::detect()),
        }
    }

    /// The named one.
    ///
    /// # Errors
    ///
    /// This CPU lacks it.
    pub fn new(isa: Isa) -> Result<Self, IsaError> {
        let table = isa.table().ok_or(IsaError::Unavailable { isa })?;
        Ok(Self { isa, table })
    }

    /// The instruction set.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// `row += codes * scale`.
    ///
    /// # Panics
    ///
    /// If the width is no multiple of 16 or lengths differ.
    pub fn add_scaled_i8(&self, row: &mut [f32], codes: &[i8], scale: f32) {
        assert_eq!(checked_width(row.len()), codes.len(), "codes");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.add_scaled_i8)(row, codes, scale) }
    }

    /// GELU of every element.
    ///
    /// # Panics
    ///
    /// If the length is no multiple of 16.
    pub fn gelu(&self, row: &mut [f32]) {
        checked_width(row.len());
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.gelu)(row) }
    }

    /// GELU of every element, and its slope there, for training.
    ///
    /// # Panics
    ///
    /// If the length is no multiple of 16 or lengths differ.
    pub fn gelu_and_slope(&self, row: &mut [f32], slope: &mut [f32]) {
        assert_eq!(checked_width(row.len()), slope.len(), "slope");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.gelu_and_slope)(row, slope) }
    }

    /// `out[i] = query . rows[i]` for rows that lie one after the other.
    ///
    /// # Panics
    ///
    /// If the query's length is no multiple of 16 or shapes disagree.
    pub fn dot_rows(&self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), checked_width(query.len()) * out.len(), "rows");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.dot_rows)(query, rows, out) }
    }

    /// Multiplies bytes in registers for `rounds` rounds; says how many multiply-adds that
    /// was. The time it takes is this core's integer peak.
    #[must_use]
    pub fn integer_peak(&self, rounds: u64) -> u64 {
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.integer_peak)(rounds) }
    }

    /// The same for fused multiply-adds in `f32`.
    #[must_use]
    pub fn float_peak(&self, rounds: u64) -> u64 {
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.float_peak)(rounds) }
    }

    /// Reads `bytes`, as many as make whole blocks of 256. The time it takes is the bandwidth
    /// from where they lie.
    pub fn read(&self, bytes: &[i8]) {
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.read)(bytes) }
    }
}

/// # Panics
///
/// If there is not one factor and one offset a channel.
fn check_balance(balance: &Balance<'_>, channels: usize) {
    assert_eq!(balance.factors.len(), channels, "factors");
    assert_eq!(balance.offsets.len(), channels, "offsets");
}

/// # Panics
///
/// If `width` is 0 or no multiple of 16.
fn checked_width(width: usize) -> usize {
    assert!(width > 0 && width.is_multiple_of(LANES), "a width of {width}");
    width
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernels").field("isa", &self.isa).finish_non_exhaustive()
    }
}
