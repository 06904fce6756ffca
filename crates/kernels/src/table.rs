//! One instruction set's functions, behind pointers chosen once.

use crate::attention::Head;
use crate::gemm::TileArgs;
use crate::matmul::MatrixView;
use crate::norm::{LayerNorm, NormQuantise};
use crate::quantise::{Range, RowScale, Rule};
use crate::residual::Outliers;
use crate::scan::ScanQuery;

/// A GEMM tile of some height and depth.
pub(crate) type TileFn = unsafe fn(&TileArgs);

/// Input widths (GEMM depths) that are compiled: the depth is a constant of the tile, so
/// that all its rows are reached from one pointer.
pub(crate) const DEPTHS: [usize; 4] = [384, 768, 1536, 3072];

/// Tiles by depth, in the order of [`DEPTHS`], then by height less one.
pub(crate) type Tiles = [&'static [TileFn]; DEPTHS.len()];

/// Rows, branch, how, codes, scales.
pub(crate) type NormQuantiseFn =
    unsafe fn(&mut [f32], Option<&[f32]>, &NormQuantise<'_>, &mut [u8], &mut [RowScale]);

/// Left, right, whether to add, result.
pub(crate) type MatmulFn = unsafe fn(&MatrixView<'_>, &MatrixView<'_>, bool, &mut [f32]);

/// Query, blocks, what comes next, lower and upper bounds.
pub(crate) type ScanFn = unsafe fn(&ScanQuery, &[i8], &[i8], &mut [f32], &mut [f32]);

/// Every function asks of its caller that the CPU has the table's features; tiles and
/// attention work on pointers, and have contracts of their own besides.
pub(crate) struct Table {
    /// Times that a tile walks its panel.
    pub(crate) walks: usize,
    /// For codes of the fast width.
    pub(crate) tiles: &'static Tiles,
    /// For codes of 8 bits.
    pub(crate) exact_tiles: &'static Tiles,
    pub(crate) attend: unsafe fn(&mut Head<'_>),
    pub(crate) layer_norm: unsafe fn(&mut [f32], &LayerNorm<'_>),
    pub(crate) norm_quantise: NormQuantiseFn,
    pub(crate) quantise: unsafe fn(&[f32], &Rule<'_>, &mut [u8]) -> RowScale,
    pub(crate) add_scaled_i8: unsafe fn(&mut [f32], &[i8], f32),
    pub(crate) range: unsafe fn(&[f32]) -> Range,
    pub(crate) quantise_within: unsafe fn(&[f32], Range, u8, &mut [u8]) -> RowScale,
    pub(crate) add_branch_and_outliers: unsafe fn(&mut [f32], &[f32], &Outliers<'_>),
    pub(crate) gelu: unsafe fn(&mut [f32]),
    pub(crate) gelu_and_slope: unsafe fn(&mut [f32], &mut [f32]),
    pub(crate) matmul: MatmulFn,
    pub(crate) matmul_unfused: MatmulFn,
    pub(crate) dot_rows: unsafe fn(&[f32], &[f32], &mut [f32]),
    pub(crate) put_row: unsafe fn(&[f32], &mut [i8], usize),
    pub(crate) scan: ScanFn,
    pub(crate) integer_peak: unsafe fn(u64) -> u64,
    pub(crate) float_peak: unsafe fn(u64) -> u64,
    pub(crate) read: unsafe fn(&[i8]),
}
