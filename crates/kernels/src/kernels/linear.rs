//! The linear layer: shapes checked, panels shared out, tiles chosen.

use std::ops::Range;

use super::quantise::{ColumnParts, Quantised};
use super::{Kernels, check_balance};
use crate::crew::{SharedMut, Team};
use crate::gemm::{Epilogue, TileArgs, TileEpilogue};
use crate::isa::ActivationWidth;
use crate::packed::{ColumnSum, PANEL};
use crate::quantise::RowScale;
use crate::table::{DEPTHS, TileFn};

/// A linear layer, `y = x W + b`, as the kernels read it.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// Inputs: 384, 768, 1536 or 3072.
    pub depth: usize,
    /// Packed weights, see [`crate::pack`]; `columns * depth` of them.
    pub weights: &'a [i8],
    /// Of each column, see [`crate::column_sums`].
    pub column_sums: &'a [ColumnSum],
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

impl Kernels {
    /// Runs a linear layer on every row; `out` is `[rows][columns]`.
    ///
    /// The sums are integers and exact; a row's result does not depend on the other rows.
    ///
    /// # Panics
    ///
    /// If shapes disagree, or the depth is none of the compiled ones.
    pub fn linear(
        &self,
        team: &mut Team<'_>,
        layer: &Linear<'_>,
        input: &Activations<'_>,
        epilogue: Epilogue<'_>,
        out: &mut [f32],
    ) {
        let job = Job::new(self, layer, input, epilogue);
        assert_eq!(out.len(), job.rows() * job.columns(), "output");
        let parts = ColumnParts::new(team, job.columns() / PANEL, PANEL);
        let out = SharedMut::new(out);
        team.run(parts.count(), |_, part| {
            // SAFETY: `out` has `columns` columns and all rows, and is borrowed exclusively;
            // each panel's columns are written by one part.
            unsafe { job.panels(parts.units(part), &out) };
        });
    }

    /// [`Kernels::linear`], and its outcome quantised.
    ///
    /// # Panics
    ///
    /// As [`Kernels::linear`] and [`Kernels::quantise`].
    pub fn linear_quantise(
        &self,
        team: &mut Team<'_>,
        layer: &Linear<'_>,
        input: &Activations<'_>,
        epilogue: Epilogue<'_>,
        out: &mut [f32],
        quantised: Quantised<'_>,
    ) {
        let columns = layer.scales.len();
        let rows = input.scales.len();
        let parts = ColumnParts::new(team, columns / PANEL, PANEL);
        if !parts.are_worth_it(rows) {
            self.linear(team, layer, input, epilogue, out);
            self.quantise_rows(team, out, columns, quantised);
            return;
        }
        let job = Job::new(self, layer, input, epilogue);
        assert_eq!(out.len(), rows * columns, "output");
        let shared = SharedMut::new(&mut *out);
        let skip = quantised.how.skip;
        let ranges = quantised.ranges.of(&parts, rows);
        let found = SharedMut::new(&mut *ranges);
        team.run(parts.count(), |_, part| {
            // SAFETY: as in `linear`, and the columns and the ranges of a part are its own.
            unsafe {
                job.panels(parts.units(part), &shared);
                self.find_ranges(&parts, part, skip, columns, &shared, &found);
            }
        });
        self.quantise_columns(team, &parts, out, columns, quantised);
    }

    /// Tiles of a depth, by height less one.
    fn tiles(&self, depth: usize, width: ActivationWidth) -> &'static [TileFn] {
        let tiles = match width {
            // Narrower codes are 8-bit codes too, but a tile is faster if it may rely on it.
            width if width.bits() <= self.isa.fast_width().bits() => self.table.tiles,
            _ => self.table.exact_tiles,
        };
        tiles[DEPTHS.iter().position(|&d| d == depth).expect("a compiled depth")]
    }
}

/// A linear layer on some rows, its shapes checked.
pub(super) struct Job<'a> {
    tiles: &'static [TileFn],
    layer: &'a Linear<'a>,
    input: &'a Activations<'a>,
    epilogue: Epilogue<'a>,
}

impl<'a> Job<'a> {
    /// # Panics
    ///
    /// If shapes disagree, or the depth is none of the compiled ones.
    pub(super) fn new(
        kernels: &Kernels,
        layer: &'a Linear<'a>,
        input: &'a Activations<'a>,
        epilogue: Epilogue<'a>,
    ) -> Self {
        let Linear { depth, weights, .. } = *layer;
        let columns = layer.scales.len();
        assert!(columns.is_multiple_of(PANEL), "{columns} columns");
        assert_eq!(weights.len(), columns * depth, "weights of {columns} x {depth}");
        assert_eq!(layer.column_sums.len(), columns, "column sums");
        assert_eq!(layer.bias.len(), columns, "bias");
        let rows = input.scales.len();
        assert_eq!(input.codes.len(), rows * depth, "{rows} rows of {depth}");
        if let Epilogue::Gelu { balance } = epilogue {
            check_balance(&balance, columns);
        }
        Self { tiles: kernels.tiles(depth, input.width), layer, input, epilogue }
    }

    fn rows(&self) -> usize {
        self.input.scales.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.layer.scales.len()
    }

    /// All rows of the columns of `panels`, to the same columns of `out`.
    ///
    /// # Safety
    ///
    /// `out` is `[rows][columns]`, and nobody else uses these columns of it.
    unsafe fn panels(&self, panels: Range<usize>, out: &SharedMut<'_, f32>) {
        for panel in panels {
            // SAFETY: the caller's contract.
            unsafe { self.panel(panel, out, panel * PANEL, self.columns()) };
        }
    }

    /// All rows of 32 columns; row `i` is written to `out[first + i * stride..][..32]`.
    ///
    /// # Panics
    ///
    /// If there is no such panel, or the rows reach beyond `out`.
    ///
    /// # Safety
    ///
    /// Nobody else uses this part of `out`.
    pub(super) unsafe fn panel(
        &self,
        panel: usize,
        out: &SharedMut<'_, f32>,
        first: usize,
        stride: usize,
    ) {
        let Linear { depth, .. } = *self.layer;
        let rows = self.rows();
        if rows == 0 {
            return;
        }
        // Equal heights: 16 rows are two tiles of 8, not one of 14 and a slow one of 2.
        let height = rows.div_ceil(rows.div_ceil(self.tiles.len()));
        let columns = panel * PANEL..(panel + 1) * PANEL;
        let of = |column: &'a [f32]| column[columns.clone()].as_ptr();
        let _inside = out.from(first + (rows - 1) * stride + PANEL - 1);
        let epilogue = match self.epilogue {
            Epilogue::Store => TileEpilogue::Store,
            Epilogue::Gelu { balance } => {
                TileEpilogue::Gelu { factors: of(balance.factors), offsets: of(balance.offsets) }
            }
        };
        for row in (0..rows).step_by(height) {
            let args = TileArgs {
                activations: self.input.codes[row * depth..].as_ptr(),
                row_scales: self.input.scales[row..].as_ptr(),
                weights: self.layer.weights[columns.start * depth..columns.end * depth].as_ptr(),
                column_sums: self.layer.column_sums[columns.clone()].as_ptr(),
                scales: of(self.layer.scales),
                bias: of(self.layer.bias),
                out: out.from(first + row * stride),
                stride,
                epilogue,
            };
            // SAFETY: the CPU has the features of the tiles, which came from `Kernels`. The
            // tile has at most `rows - row` rows, which `codes` and `scales` hold by `new`'s
            // checks and `out` by the one above; everything else is one panel wide.
            unsafe { self.tiles[height.min(rows - row) - 1](&args) };
        }
    }
}
