//! The layout of a linear layer's weights: `[N/32][K/4][32][4]`.
//!
//! A panel holds 32 output columns over the whole depth, four consecutive inputs of one
//! column together, as the byte product takes them. The stream a GEMM tile reads is
//! contiguous, and the same bytes serve every instruction set.

/// Output columns of one panel.
pub const PANEL: usize = 32;

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
pub struct ColumnSum(i32);

impl ColumnSum {
    const LOW_BITS: u32 = 7;

    /// # Panics
    ///
    /// If `sum` has more than 22 bits, its sign aside; one of 3,072 weights has 19.
    #[must_use]
    pub fn new(sum: i32) -> Self {
        let high = i16::try_from(sum >> Self::LOW_BITS).expect("a sum of bytes, 22 bits at most");
        let low = sum & ((1 << Self::LOW_BITS) - 1);
        Self(i32::from(high) << 16 | low)
    }

    /// The two factors, of low and high half, that make up a product with `-zero_point`.
    #[inline(always)]
    pub(crate) fn factors(zero_point: i32) -> i32 {
        debug_assert!((0..=255).contains(&zero_point), "{zero_point} is no code");
        (-zero_point << Self::LOW_BITS) << 16 | (-zero_point & 0xffff)
    }
}

/// Each column's sum.
///
/// # Panics
///
/// If `packed` holds no whole number of panels of that depth.
#[must_use]
pub fn column_sums(packed: &[i8], depth: usize) -> Vec<ColumnSum> {
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
