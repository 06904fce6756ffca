//! The safe face: checks shapes, then runs the chosen instruction set.

use std::env;
use std::ops::Range;

use crate::aligned::AlignedVec;
use crate::attention::{Head, Rows};
use crate::gemm::{Epilogue, TileArgs, TileEpilogue};
use crate::isa::{ActivationWidth, ISA_VARIABLE, Isa, IsaError};
use crate::norm::LayerNorm;
use crate::packed::PANEL;
use crate::quantise::{Balance, RowScale, Rule};
use crate::simd::LANES;
use crate::table::{DEPTHS, Table};

/// A linear layer, `y = x W + b`, as the kernels read it.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// Inputs: 384, 768, 1536 or 3072.
    pub depth: usize,
    /// Packed weights, see [`crate::pack`]; `columns * depth` of them.
    pub weights: &'a [i8],
    /// Of each column, see [`crate::column_sums`].
    pub column_sums: &'a [i32],
    /// Size of one weight step of each column.
    pub scales: &'a [f32],
    /// Of each column.
    pub bias: &'a [f32],
}

/// Quantised rows: the left operand of a linear layer.
#[derive(Clone, Copy, Debug)]
pub struct Activations<'a> {
    /// `[rows][depth]`
    pub codes: &'a [u8],
    /// `[rows]`
    pub scales: &'a [RowScale],
    /// No code is larger than this width allows.
    pub width: ActivationWidth,
}

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

/// Where a linear layer writes: row `i` at `data[i * stride]`, column `c` at `+ c`.
#[derive(Debug)]
pub struct Output<'a> {
    /// `[rows][stride]`
    pub data: &'a mut [f32],
    /// At least the layer's columns.
    pub stride: usize,
}

/// One head of one text, see [`Kernels::attention`].
#[derive(Clone, Copy, Debug)]
pub struct AttentionHead<'a> {
    /// `query_count` rows, already multiplied by `log2(e) / sqrt(dim)`.
    pub queries: Rows<'a>,
    /// `key_count` rows.
    pub keys: Rows<'a>,
    /// `key_count` rows.
    pub values: Rows<'a>,
    /// Rows of `queries`.
    pub query_count: usize,
    /// Rows of `keys` and `values`.
    pub key_count: usize,
    /// Width of every row: 32 or 64.
    pub dim: usize,
}

/// Working memory of [`Kernels::attention`]; grows to the longest text and stays.
#[derive(Clone, Debug)]
pub struct AttentionScratch {
    transposed: AlignedVec<f32>,
    weights: AlignedVec<f32>,
}

impl Default for AttentionScratch {
    fn default() -> Self {
        Self { transposed: AlignedVec::zeroed(0), weights: AlignedVec::zeroed(0) }
    }
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
    /// Queries the widest instruction set advances together.
    const MAX_QUERIES: usize = 8;

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

    /// Runs a linear layer on every row, for the columns of `panels` (32 columns each).
    ///
    /// The sums are integers and exact; a row's result does not depend on the other rows.
    ///
    /// # Panics
    ///
    /// If shapes disagree, or the depth is none of the compiled ones.
    pub fn linear(
        &self,
        layer: &Linear<'_>,
        input: &Activations<'_>,
        panels: Range<usize>,
        epilogue: Epilogue<'_>,
        output: Output<'_>,
    ) {
        let Linear { depth, weights, .. } = *layer;
        let columns = layer.scales.len();
        let rows = input.scales.len();
        assert_eq!(weights.len(), columns * depth, "weights of {columns} x {depth}");
        assert_eq!(layer.column_sums.len(), columns, "column sums");
        assert_eq!(layer.bias.len(), columns, "bias");
        assert!(panels.start <= panels.end && panels.end * PANEL <= columns, "panels {panels:?}");
        assert_eq!(input.codes.len(), rows * depth, "{rows} rows of {depth}");
        assert!(output.stride >= panels.end * PANEL, "stride {}", output.stride);
        if let Epilogue::Gelu { balance } = epilogue {
            check_balance(&balance, columns);
        }
        if rows == 0 {
            return;
        }
        assert!(output.data.len() >= (rows - 1) * output.stride + panels.end * PANEL, "output");
        let depth_index = DEPTHS.iter().position(|&d| d == depth);
        let tiles = match input.width {
            // Narrower codes are 8-bit codes too, but a tile is faster if it may rely on it.
            width if width.bits() <= self.isa.fast_width().bits() => self.table.tiles,
            _ => self.table.exact_tiles,
        };
        let tiles = tiles[depth_index.expect("a compiled depth")];
        // Equal heights: 16 rows are two tiles of 8, not one of 14 and a slow one of 2.
        let height = rows.div_ceil(rows.div_ceil(tiles.len()));

        for panel in panels {
            let column = panel * PANEL;
            for row in (0..rows).step_by(height) {
                let tile = tiles[height.min(rows - row) - 1];
                let epilogue = match epilogue {
                    Epilogue::Store => TileEpilogue::Store,
                    Epilogue::Accumulate => TileEpilogue::Accumulate,
                    Epilogue::Gelu { balance } => TileEpilogue::Gelu {
                        factors: balance.factors[column..].as_ptr(),
                        offsets: balance.offsets[column..].as_ptr(),
                    },
                };
                let args = TileArgs {
                    activations: input.codes[row * depth..].as_ptr(),
                    row_scales: input.scales[row..].as_ptr(),
                    weights: weights[column * depth..].as_ptr(),
                    column_sums: layer.column_sums[column..].as_ptr(),
                    scales: layer.scales[column..].as_ptr(),
                    bias: layer.bias[column..].as_ptr(),
                    out: output.data[row * output.stride + column..].as_mut_ptr(),
                    stride: output.stride,
                    epilogue,
                };
                // SAFETY: the features were checked when `self` was made. The assertions
                // above give every array `columns`, `rows * depth` or, for the output,
                // `stride`-spaced `rows` elements; the tile has `height` rows at most
                // `rows - row`, and its 32 columns end at `panels.end * 32` at most. The
                // output is borrowed exclusively.
                unsafe { tile(&args) };
            }
        }
    }

    /// `softmax(Q K^T / sqrt(dim)) V` of one head over one text; row `i` of the result goes
    /// to `out[i * out_stride]`.
    ///
    /// # Panics
    ///
    /// If shapes disagree, there is no key, or `dim` is neither 32 nor 64.
    pub fn attention(
        &self,
        head: &AttentionHead<'_>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
        out_stride: usize,
    ) {
        let AttentionHead { queries, keys, values, query_count, key_count, dim } = *head;
        assert!(dim == 32 || dim == 64, "a head of {dim}");
        assert!(key_count > 0, "no keys");
        let blocks = key_count.div_ceil(LANES);
        scratch.transposed.grow(blocks * dim * LANES);
        scratch.weights.grow(blocks * Self::MAX_QUERIES * LANES);
        let transposed = scratch.transposed.as_chunks_mut().0;
        let weights = scratch.weights.as_chunks_mut().0;
        let args = Head {
            queries,
            keys,
            values,
            query_count,
            key_count,
            dim,
            transposed: &mut transposed[..blocks * dim],
            weights: &mut weights[..blocks * Self::MAX_QUERIES],
            out,
            out_stride,
        };
        // SAFETY: the features were checked when `self` was made; the function itself works
        // on slices.
        unsafe { (self.table.attend)(args) }
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
