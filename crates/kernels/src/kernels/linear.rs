//! The linear layer: shapes checked, panels shared out, tiles chosen.

use std::ops::Range;

use super::Kernels;
use super::quantise::{ColumnParts, Quantised};
use crate::crew::{SharedMut, Team};
use crate::gemm::{Ahead, TileArgs};
use crate::isa::ActivationWidth;
use crate::packed::{Linear, PANEL, panel_len};
use crate::quantise::RowScale;
use crate::table::{DEPTHS, TileFn};

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
        out: &mut [f32],
    ) {
        let job = Job::new(self, layer, input);
        assert_eq!(out.len(), job.rows() * job.columns(), "output");
        let parts = ColumnParts::new(team, job.rows(), job.columns() / PANEL, PANEL);
        let out = SharedMut::new(out);
        team.run(parts.count(), move |_, part| {
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
        out: &mut [f32],
        quantised: Quantised<'_>,
    ) {
        let columns = layer.columns;
        let rows = input.scales.len();
        let parts = ColumnParts::new(team, rows, columns / PANEL, PANEL);
        if !parts.are_worth_it(rows) {
            self.linear(team, layer, input, out);
            self.quantise_rows(team, out, columns, quantised);
            return;
        }
        let job = Job::new(self, layer, input);
        assert_eq!(out.len(), rows * columns, "output");
        let shared = SharedMut::new(&mut *out);
        let skip = quantised.how.skip;
        let ranges = quantised.ranges.of(&parts, rows);
        let found = SharedMut::new(&mut *ranges);
        let kernels = *self;
        team.run(parts.count(), move |_, part| {
            // SAFETY: as in `linear`, and the columns and the ranges of a part are its own.
            unsafe {
                job.panels(parts.units(part), &shared);
                kernels.find_ranges(&parts, part, skip, columns, &shared, &found);
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

/// A linear layer on some rows, its shapes checked. Its copies go to other threads whole: what
/// they would have to look up piece by piece, each piece would take a while to reach them.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    tiles: &'static [TileFn],
    /// Times that a tile walks its panel.
    walks: usize,
    layer: Linear<'a>,
    input: Activations<'a>,
}

impl<'a> Job<'a> {
    /// # Panics
    ///
    /// If shapes disagree, or the depth is none of the compiled ones.
    pub(super) fn new(kernels: &Kernels, layer: &Linear<'a>, input: &Activations<'a>) -> Self {
        let rows = input.scales.len();
        assert_eq!(input.codes.len(), rows * layer.depth, "{rows} rows of {}", layer.depth);
        let tiles = kernels.tiles(layer.depth, input.width);
        Self { tiles, walks: kernels.table.walks, layer: *layer, input: *input }
    }

    fn rows(&self) -> usize {
        self.input.scales.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.layer.columns
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
        let Linear { depth, epilogue, .. } = self.layer;
        let rows = self.rows();
        if rows == 0 {
            return;
        }
        // Equal heights: 16 rows are two tiles of 8, not one of 14 and a slow one of 2.
        let tiles = rows.div_ceil(self.tiles.len());
        let height = rows.div_ceil(tiles);
        let len = panel_len(depth, epilogue);
        let panel = self.layer.panels[panel * len..(panel + 1) * len].as_ptr();
        let _inside = out.from(first + (rows - 1) * stride + PANEL - 1);
        for (tile, row) in (0..rows).step_by(height).enumerate() {
            let args = TileArgs {
                activations: self.input.codes[row * depth..].as_ptr(),
                row_scales: self.input.scales[row..].as_ptr(),
                panel,
                out: out.from(first + row * stride),
                stride,
                epilogue,
                ahead: Ahead::new(panel, len, tile * self.walks, tiles * self.walks),
            };
            // SAFETY: the CPU has the features of the tiles, which came from `Kernels`. The
            // tile has at most `rows - row` rows, which `codes` and `scales` hold by `new`'s
            // check and `out` by the one above; the panel is whole.
            unsafe { self.tiles[height.min(rows - row) - 1](&args) };
        }
    }
}
