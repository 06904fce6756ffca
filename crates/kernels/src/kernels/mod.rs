//! The safe face: checks shapes, then runs the chosen instruction set.

mod attention;
mod linear;

use std::env;

pub use attention::{Attention, AttentionScratch, Queried};
pub use linear::{Activations, Linear, Output};

use crate::attention::Rows;
use crate::isa::{ActivationWidth, ISA_VARIABLE, Isa, IsaError};
use crate::norm::LayerNorm;
use crate::quantise::{Balance, RowScale, Rule};
use crate::simd::LANES;
use crate::table::Table;

/// How [`Kernels::quantise`] goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Quantisation<'a> {
    /// Of the codes.
    pub width: ActivationWidth,
    /// Applied first, where given.
    pub balance: Option<Balance<'a>>,
    /// Channels at a row's beginning that are left out, a multiple of 16: they do not widen
    /// the range, and their codes are 0.
    pub skip: usize,
}

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

    /// Normalises each of `rows`, `gamma.len()` wide, in place.
    ///
    /// # Panics
    ///
    /// If the width is no multiple of 16 or shapes disagree.
    pub fn layer_norm(&self, rows: &mut [f32], norm: &LayerNorm<'_>) {
        let width = checked_width(norm.gamma.len());
        assert_eq!(norm.beta.len(), width, "beta");
        assert!(rows.len().is_multiple_of(width), "whole rows");
        for row in rows.chunks_exact_mut(width) {
            // SAFETY: the features were checked when `self` was made.
            unsafe { (self.table.layer_norm)(row, norm) }
        }
    }

    /// Quantises rows of `columns`.
    ///
    /// # Panics
    ///
    /// If the width is no multiple of 16 or shapes disagree.
    pub fn quantise(
        &self,
        rows: &[f32],
        columns: usize,
        how: &Quantisation<'_>,
        codes: &mut [u8],
        scales: &mut [RowScale],
    ) {
        let columns = checked_width(columns);
        assert_eq!(rows.len(), scales.len() * columns, "rows of {columns}");
        assert_eq!(codes.len(), rows.len(), "codes");
        assert!(how.skip.is_multiple_of(LANES) && how.skip < columns, "skip {}", how.skip);
        if let Some(balance) = &how.balance {
            check_balance(balance, columns);
        }
        let rule = Rule { balance: how.balance, skip: how.skip, limit: how.width.limit() };
        let rows = rows.chunks_exact(columns).zip(codes.chunks_exact_mut(columns));
        for ((row, codes), scale) in rows.zip(scales) {
            // SAFETY: the features were checked when `self` was made.
            *scale = unsafe { (self.table.quantise)(row, &rule, codes) };
        }
    }

    /// [`Kernels::layer_norm`], then [`Kernels::quantise`], in one walk over each row.
    ///
    /// # Panics
    ///
    /// If shapes disagree, or `how` skips channels.
    pub fn norm_quantise(
        &self,
        rows: &mut [f32],
        norm: &LayerNorm<'_>,
        how: &Quantisation<'_>,
        codes: &mut [u8],
        scales: &mut [RowScale],
    ) {
        let width = checked_width(norm.gamma.len());
        assert_eq!(norm.beta.len(), width, "beta");
        assert_eq!(rows.len(), scales.len() * width, "rows of {width}");
        assert_eq!(codes.len(), rows.len(), "codes");
        assert_eq!(how.skip, 0, "a normalised row has no channels to skip");
        let balance = how.balance.expect("a normalised row is balanced before it is quantised");
        check_balance(&balance, width);
        let limit = how.width.limit();
        let rows = rows.chunks_exact_mut(width).zip(codes.chunks_exact_mut(width));
        for ((row, codes), scale) in rows.zip(scales) {
            // SAFETY: the features were checked when `self` was made.
            *scale = unsafe { (self.table.norm_quantise)(row, norm, &balance, limit, codes) };
        }
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

    /// `out[r] += inputs[r] W` for rows whose first sixteen inputs count, in f32: `inputs` is
    /// `[rows][stride]`, `weights` `[16][columns]`, `out` `[rows][columns]`.
    ///
    /// # Panics
    ///
    /// If the number of columns is no multiple of 16 or shapes disagree.
    pub fn accumulate_outer(&self, inputs: Rows<'_>, weights: &[f32], out: &mut [f32]) {
        let columns = checked_width(weights.len() / LANES);
        assert_eq!(weights.len(), LANES * columns, "sixteen rows of weights");
        assert!(out.len().is_multiple_of(columns), "whole rows");
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            let inputs = inputs.data[row * inputs.stride..].first_chunk();
            let inputs = inputs.expect("sixteen inputs a row");
            // SAFETY: the features were checked when `self` was made.
            unsafe { (self.table.accumulate_outer)(inputs, weights, out) }
        }
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
