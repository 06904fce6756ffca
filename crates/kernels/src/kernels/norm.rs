//! Layer normalisation, and what comes with it at the end of a block.

use std::ops::Range;

use super::{Kernels, check_balance, checked_width};
use crate::crew::RowsMut;
use crate::isa::ActivationWidth;
use crate::norm::{LayerNorm, NormQuantise};
use crate::quantise::Balance;
use crate::residual::Outliers;
use crate::simd::LANES;

/// The end of a block: what it adds to the residual stream, normalised, and quantised for the
/// block that comes next.
#[derive(Clone, Copy, Debug)]
pub struct BlockEnd<'a> {
    /// `[rows][width]`, added to the rows first.
    pub branch: Option<&'a [f32]>,
    /// Added with the branch.
    pub outliers: Option<Outliers<'a>>,
    /// Of the sum.
    pub norm: LayerNorm<'a>,
    /// What the next block's codes are balanced with; without it there are none.
    pub balance: Option<Balance<'a>>,
    /// Of the codes.
    pub width: ActivationWidth,
}

impl BlockEnd<'_> {
    /// The same for some of its rows.
    #[must_use]
    pub fn of(&self, rows: Range<usize>) -> Self {
        let width = self.norm.gamma.len();
        let branch = self.branch.map(|branch| &branch[rows.start * width..rows.end * width]);
        let outliers = self.outliers.map(|outliers| Outliers {
            inputs: &outliers.inputs[rows.start * outliers.stride..],
            ..outliers
        });
        Self { branch, outliers, ..*self }
    }
}

impl Kernels {
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

    /// Adds branch and outliers to the rows, normalises them in place, and quantises them.
    ///
    /// # Panics
    ///
    /// If shapes disagree, or there are outliers without a branch.
    pub fn end_block(&self, rows: RowsMut<'_>, end: &BlockEnd<'_>) {
        let RowsMut { reals, codes, scales } = rows;
        let width = checked_width(end.norm.gamma.len());
        assert!(reals.len().is_multiple_of(width), "whole rows");
        let mut branch = end.branch;
        if let Some(branch) = branch {
            assert_eq!(branch.len(), reals.len(), "branch");
        }
        if let Some(outliers) = &end.outliers {
            self.add_outliers(reals, branch.expect("a branch"), outliers, width);
            branch = None;
        }
        let Some(balance) = &end.balance else {
            if let Some(branch) = branch {
                reals.iter_mut().zip(branch).for_each(|(x, y)| *x += y);
            }
            return self.layer_norm(reals, &end.norm);
        };
        assert_eq!(end.norm.beta.len(), width, "beta");
        assert_eq!(reals.len(), scales.len() * width, "rows of {width}");
        assert_eq!(codes.len(), reals.len(), "codes");
        check_balance(balance, width);
        let how = NormQuantise { norm: end.norm, balance: *balance, limit: end.width.limit() };
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.norm_quantise)(reals, branch, &how, codes, scales) }
    }

    /// `rows += branch + outliers`
    fn add_outliers(
        &self,
        rows: &mut [f32],
        branch: &[f32],
        outliers: &Outliers<'_>,
        width: usize,
    ) {
        let Outliers { inputs, stride, weights } = *outliers;
        let count = rows.len() / width;
        assert_eq!(weights.len(), LANES * width, "sixteen rows of weights");
        assert!(count == 0 || inputs.len() >= (count - 1) * stride + LANES, "outliers");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.add_branch_and_outliers)(rows, branch, outliers) }
    }
}
