//! The layout of a linear layer: in a file `[N/32][K/4][32][4]`, its weights alone; in memory
//! with what else its columns need.
//!
//! A panel holds 32 output columns over the whole depth, four consecutive inputs of one
//! column together, as the byte product takes them. The same bytes serve every instruction
//! set. In memory a panel's sums, scales and bias follow its weights: a GEMM then reads one
//! contiguous stream, all of it prefetched, where each of five arrays would make it wait.

use crate::quantise::Balance;

/// Output columns of one panel.
pub const PANEL: usize = 32;
/// Bytes of one number for each of a panel's columns.
const NUMBERS: usize = PANEL * size_of::<f32>();
/// Panels begin on a cache line.
const PANEL_ALIGNMENT: usize = 64;

/// What becomes of `y = x W + b` before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epilogue {
    /// `out = y`
    Store,
    /// `out = gelu(y) * factor + offset`, by column: the next layer's balancing.
    Gelu,
}

/// A linear layer, `y = x W + b`, as the kernels read it.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    pub(crate) depth: usize,
    pub(crate) columns: usize,
    pub(crate) epilogue: Epilogue,
    pub(crate) panels: &'a [i8],
}

impl<'a> Linear<'a> {
    /// A layer of `depth` inputs (384, 768, 1536 or 3072) and so many columns, whose bytes
    /// [`LinearParts::append_to`] wrote.
    ///
    /// # Panics
    ///
    /// If the bytes are not as many, or do not begin on a cache line.
    #[must_use]
    pub fn new(depth: usize, columns: usize, epilogue: Epilogue, panels: &'a [i8]) -> Self {
        assert_eq!(panels.len(), Self::len(depth, columns, epilogue), "{columns} x {depth}");
        assert!(panels.as_ptr().addr().is_multiple_of(PANEL_ALIGNMENT), "alignment");
        Self { depth, columns, epilogue, panels }
    }

    /// Output columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of such a layer.
    ///
    /// # Panics
    ///
    /// If `columns` is no multiple of 32, or `depth` of 4.
    #[must_use]
    pub const fn len(depth: usize, columns: usize, epilogue: Epilogue) -> usize {
        assert!(columns.is_multiple_of(PANEL) && depth.is_multiple_of(4));
        columns / PANEL * panel_len(depth, epilogue)
    }
}

/// Bytes of a panel.
pub(crate) const fn panel_len(depth: usize, epilogue: Epilogue) -> usize {
    depth * PANEL
        + NUMBERS
            * match epilogue {
                Epilogue::Store => 3,
                Epilogue::Gelu => 5,
            }
}

/// What a [`Linear`] is made of.
#[derive(Clone, Copy, Debug)]
pub struct LinearParts<'a> {
    /// Inputs.
    pub depth: usize,
    /// [Packed](pack), `columns * depth`; cut at whole panels in any way.
    pub weights: &'a [&'a [i8]],
    /// Size of one weight step of each column.
    pub scales: &'a [f32],
    /// Of each column.
    pub bias: &'a [f32],
    /// With it the layer ends in GELU, and its outcome is balanced thus.
    pub gelu: Option<Balance<'a>>,
}

impl LinearParts<'_> {
    /// What the layer ends in.
    #[must_use]
    pub fn epilogue(&self) -> Epilogue {
        if self.gelu.is_some() { Epilogue::Gelu } else { Epilogue::Store }
    }

    /// Writes the layer as [`Linear`] takes it.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn append_to(&self, bytes: &mut Vec<i8>) {
        let columns = self.scales.len();
        let before = bytes.len();
        assert_eq!(self.bias.len(), columns, "bias");
        let pieces = self.weights.iter().flat_map(|piece| piece.chunks(self.depth * PANEL));
        for (panel, weights) in pieces.enumerate() {
            assert_eq!(weights.len(), self.depth * PANEL, "whole panels");
            let columns = panel * PANEL..(panel + 1) * PANEL;
            bytes.extend(weights);
            for sum in column_sums(weights, self.depth) {
                bytes.extend(sum.0.to_ne_bytes().map(u8::cast_signed));
            }
            let balance = self.gelu.map(|Balance { factors, offsets }| [factors, offsets]);
            let numbers = [self.scales, self.bias].into_iter().chain(balance.into_iter().flatten());
            for number in numbers.flat_map(|numbers| &numbers[columns.clone()]) {
                bytes.extend(number.to_ne_bytes().map(u8::cast_signed));
            }
        }
        let len = Linear::len(self.depth, columns, self.epilogue());
        assert_eq!(bytes.len() - before, len, "{columns} columns");
    }
}

/// Where weight (`column`, `input`) lies in a packed layer of depth `depth`.
#[must_use]
pub const fn packed_index(column: usize, input: usize, depth: usize) -> usize {
    (column / PANEL) * PANEL * depth + (input / 4) * PANEL * 4 + (column % PANEL) * 4 + input % 4
}

/// Packs row-major weights `[columns][depth]`.
///
/// # Panics
///
/// If `weights` is not `columns * depth` long, `columns` no multiple of 32, or `depth` of 4.
#[must_use]
pub fn pack(weights: &[i8], columns: usize, depth: usize) -> Vec<i8> {
    assert_eq!(weights.len(), columns * depth, "weights of {columns} x {depth}");
    assert!(columns.is_multiple_of(PANEL) && depth.is_multiple_of(4), "{columns} x {depth}");
    let mut packed = vec![0; weights.len()];
    for (column, row) in weights.chunks_exact(depth).enumerate() {
        for (input, &w) in row.iter().enumerate() {
            packed[packed_index(column, input, depth)] = w;
        }
    }
    packed
}

/// Sum of a column's weights: what a zero point of 1 adds to its dot product.
///
/// Kept as `high * 128 + low` in two 16-bit halves. Its product with a zero point is then one
/// 16-bit product-and-sum, where 32-bit multiplication takes two steps of a slower unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct ColumnSum(i32);

impl ColumnSum {
    const LOW_BITS: u32 = 7;

    /// # Panics
    ///
    /// If `sum` has more than 22 bits, its sign aside; one of 3,072 weights has 19.
    #[must_use]
    fn new(sum: i32) -> Self {
        let high = i16::try_from(sum >> Self::LOW_BITS).expect("a sum of bytes, 22 bits at most");
        let low = sum & ((1 << Self::LOW_BITS) - 1);
        Self(i32::from(high) << 16 | low)
    }

    /// The two factors, of low and high half, that make up a product with `-zero_point`.
    #[inline(always)]
    pub(crate) fn factors(zero_point: i32) -> i32 {
        debug_assert!((-128..=255).contains(&zero_point), "{zero_point} is no code");
        (-zero_point << Self::LOW_BITS) << 16 | (-zero_point & 0xffff)
    }
}

/// Each column's sum.
///
/// # Panics
///
/// If `packed` holds no whole number of panels of that depth.
fn column_sums(packed: &[i8], depth: usize) -> Vec<ColumnSum> {
    assert!(packed.len().is_multiple_of(PANEL * depth), "whole panels");
    let mut sums = Vec::with_capacity(packed.len() / depth);
    for panel in packed.chunks_exact(PANEL * depth) {
        let mut panel_sums = [0i32; PANEL];
        for step in panel.as_chunks::<{ PANEL * 4 }>().0 {
            for (sum, four) in panel_sums.iter_mut().zip(step.as_chunks::<4>().0) {
                *sum += four.iter().map(|&w| i32::from(w)).sum::<i32>();
            }
        }
        sums.extend(panel_sums.map(ColumnSum::new));
    }
    sums
}
