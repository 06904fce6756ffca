//! What a block adds to the residual stream: its branch, and a few channels in f32.

use crate::simd::{LANES, Simd};

/// Channels of a layer's input that go past its integers, in f32.
#[derive(Clone, Copy, Debug)]
pub struct Outliers<'a> {
    /// Row `i`'s sixteen inputs begin at `inputs[i * stride]`.
    pub inputs: &'a [f32],
    /// Elements from one row's inputs to the next's.
    pub stride: usize,
    /// `[columns / 16][16][16]`: of sixteen columns, the weights of each input.
    pub weights: &'a [f32],
}

/// `rows += branch + inputs W`; `rows` and `branch` are `[count][columns]`.
#[inline(always)]
pub(crate) fn add_branch_and_outliers<S: Simd>(
    s: S,
    rows: &mut [f32],
    branch: &[f32],
    outliers: &Outliers<'_>,
) {
    let columns = outliers.weights.len() / LANES;
    let count = rows.len() / columns;
    let mut row = 0;
    while row < count {
        let left = count - row;
        let at = row * columns;
        let (rows, branch) = (&mut rows[at..], &branch[at..]);
        let inputs = &outliers.inputs[row * outliers.stride..];
        let outliers = Outliers { inputs, ..*outliers };
        row += match left {
            4.. if S::WIDE => rows_in_step::<S, 4>(s, rows, branch, &outliers),
            2.. => rows_in_step::<S, 2>(s, rows, branch, &outliers),
            _ => rows_in_step::<S, 1>(s, rows, branch, &outliers),
        };
    }
}

/// The first `ROWS` rows at once, so that each weight loaded serves them all; says how many.
#[inline(always)]
fn rows_in_step<S: Simd, const ROWS: usize>(
    s: S,
    rows: &mut [f32],
    branch: &[f32],
    outliers: &Outliers<'_>,
) -> usize {
    let columns = outliers.weights.len() / LANES / LANES;
    let rows = &mut rows.as_chunks_mut::<LANES>().0[..ROWS * columns];
    let branch = &branch.as_chunks::<LANES>().0[..ROWS * columns];
    let weights = outliers.weights.as_chunks::<LANES>().0.as_chunks::<LANES>().0;
    let mut inputs = [[0.0; LANES]; ROWS];
    for (i, inputs) in inputs.iter_mut().enumerate() {
        inputs.copy_from_slice(&outliers.inputs[i * outliers.stride..][..LANES]);
    }
    for (block, weights) in weights[..columns].iter().enumerate() {
        // Two chains: one of sixteen dependent multiply-adds would wait for itself.
        let mut sums = [[s.splat(0.0); 2]; ROWS];
        for (i, sums) in sums.iter_mut().enumerate() {
            let at = i * columns + block;
            sums[0] = s.add(s.load(&rows[at]), s.load(&branch[at]));
        }
        for (k, weights) in weights.as_chunks::<2>().0.iter().enumerate() {
            for (chain, weights) in weights.iter().enumerate() {
                let weight = s.load(weights);
                for (sums, inputs) in sums.iter_mut().zip(&inputs) {
                    sums[chain] = s.mul_add(s.splat(inputs[2 * k + chain]), weight, sums[chain]);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            s.store(&mut rows[i * columns + block], s.add(sums[0], sums[1]));
        }
    }
    ROWS
}

/// Brings weights `[16][columns]` into the order of [`Outliers::weights`].
///
/// # Panics
///
/// If there are not sixteen rows of a multiple of 16 columns.
#[must_use]
pub fn pack_outliers(weights: &[f32]) -> Vec<f32> {
    assert!(weights.len().is_multiple_of(LANES * LANES), "{} weights", weights.len());
    let columns = weights.len() / LANES;
    let blocks = (0..columns).step_by(LANES);
    blocks
        .flat_map(|block| (0..LANES).flat_map(move |k| &weights[k * columns + block..][..LANES]))
        .copied()
        .collect()
}
