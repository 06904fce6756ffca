//! The linear layer: shapes checked, panels shared out, tiles chosen.

use std::ops::Range;

use super::{Kernels, check_balance};
use crate::crew::{SharedMut, Team, share};
use crate::gemm::{Epilogue, TileArgs, TileEpilogue};
use crate::isa::ActivationWidth;
use crate::packed::{ColumnSum, PANEL};
use crate::quantise::RowScale;
use crate::table::{DEPTHS, TileFn};

/// Parts a thread gets to take of a layer's panels: more would even out threads that are not
/// equally fast, and cost a hand-over each.
const PARTS: usize = 2;

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

/// Where a linear layer writes: row `i` at `data[i * stride]`, column `c` at `+ c`.
#[derive(Debug)]
pub struct Output<'a> {
    /// `[rows][stride]`
    pub data: &'a mut [f32],
    /// At least the layer's columns.
    pub stride: usize,
}

impl Kernels {
    /// Runs a linear layer on every row, for the columns of `panels` (32 columns each).
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
        let Output { data, stride } = output;
        let job = Job { tiles: self.tiles(depth, input.width), layer, input, epilogue, stride };
        let parts = match team.size() {
            1 => 1,
            size => (PARTS * size).min(panels.len()),
        };
        let out = SharedMut::new(data);
        team.run(parts, |_, part| {
            let Range { start, end } = share(panels.len(), parts, part);
            for panel in panels.start + start..panels.start + end {
                // SAFETY: the assertions above give every array `columns`, `rows * depth` or,
                // for the output, `stride`-spaced `rows` elements, and `panel` is one of the
                // layer's. The output is borrowed exclusively, and each panel's columns are
                // written by one part.
                unsafe { job.panel(panel, &out) };
            }
        });
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

/// One call of [`Kernels::linear`], its shapes checked.
struct Job<'a> {
    tiles: &'static [TileFn],
    layer: &'a Linear<'a>,
    input: &'a Activations<'a>,
    epilogue: Epilogue<'a>,
    stride: usize,
}

impl Job<'_> {
    /// All rows of 32 columns.
    ///
    /// # Safety
    ///
    /// The CPU has the features of `tiles`; `panel` is one of the layer's; `out` has the rows
    /// of the input, `stride` apart, and nobody else uses these columns of it.
    unsafe fn panel(&self, panel: usize, out: &SharedMut<'_, f32>) {
        let Linear { depth, .. } = *self.layer;
        let rows = self.input.scales.len();
        // Equal heights: 16 rows are two tiles of 8, not one of 14 and a slow one of 2.
        let height = rows.div_ceil(rows.div_ceil(self.tiles.len()));
        let column = panel * PANEL;
        let epilogue = match self.epilogue {
            Epilogue::Store => TileEpilogue::Store,
            Epilogue::Accumulate => TileEpilogue::Accumulate,
            Epilogue::Gelu { balance } => TileEpilogue::Gelu {
                factors: balance.factors[column..].as_ptr(),
                offsets: balance.offsets[column..].as_ptr(),
            },
        };
        for row in (0..rows).step_by(height) {
            let args = TileArgs {
                activations: self.input.codes[row * depth..].as_ptr(),
                row_scales: self.input.scales[row..].as_ptr(),
                weights: self.layer.weights[column * depth..].as_ptr(),
                column_sums: self.layer.column_sums[column..].as_ptr(),
                scales: self.layer.scales[column..].as_ptr(),
                bias: self.layer.bias[column..].as_ptr(),
                out: out.from(row * self.stride + column),
                stride: self.stride,
                epilogue,
            };
            // SAFETY: the caller's contract; the tile has at most `rows - row` rows.
            unsafe { self.tiles[height.min(rows - row) - 1](&args) };
        }
    }
}
