//! Layer normalisation, and what comes with it at the end of a block.

use std::ops::Range;

use super::{Kernels, check_balance, checked_width};
use crate::crew::RowsMut;
use crate::isa::ActivationWidth;
use crate::norm::{LayerNorm, NormQuantise};
use crate::quantise::{Balance, RowScale};
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

/// Rows that are taken through all steps before the next ones begin.
const GROUP: usize = 4;

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
        assert_eq!(end.norm.beta.len(), width, "beta");
        assert!(reals.len().is_multiple_of(width), "whole rows");
        if let Some(branch) = end.branch {
            assert_eq!(branch.len(), reals.len(), "branch");
        }
        if let Some(balance) = &end.balance {
            assert_eq!(reals.len(), scales.len() * width, "rows of {width}");
            assert_eq!(codes.len(), reals.len(), "codes");
            check_balance(balance, width);
        }
        // A few rows at a time, so that they stay in the cache from one step to the next.
        let group = GROUP * width;
        for (index, reals) in reals.chunks_mut(group).enumerate() {
            let first = index * GROUP;
            let end = end.of(first..first + reals.len() / width);
            let (codes, scales) = match end.balance {
                Some(_) => (
                    &mut codes[first * width..][..reals.len()],
                    &mut scales[first..][..reals.len() / width],
                ),
                None => Default::default(),
            };
            self.end_rows(reals, codes, scales, &end);
        }
    }

    /// The end of a block for a few rows; the shapes are checked but for the outliers'.
    fn end_rows(
        &self,
        reals: &mut [f32],
        codes: &mut [u8],
        scales: &mut [RowScale],
        end: &BlockEnd<'_>,
    ) {
        let width = end.norm.gamma.len();
        let mut branch = end.branch;
        if let Some(outliers) = &end.outliers {
            let Outliers { inputs, stride, weights } = *outliers;
            let branch = branch.take().expect("a branch");
            assert_eq!(weights.len(), LANES * width, "sixteen rows of weights");
            assert!(inputs.len() >= (reals.len() / width - 1) * stride + LANES, "outliers");
            // SAFETY: the features were checked when `self` was made.
            unsafe { (self.table.add_branch_and_outliers)(reals, branch, outliers) }
        }
        let Some(balance) = end.balance else {
            if let Some(branch) = branch {
                reals.iter_mut().zip(branch).for_each(|(x, y)| *x += y);
            }
            return self.layer_norm(reals, &end.norm);
        };
        let how = NormQuantise { norm: end.norm, balance, limit: end.width.limit() };
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.norm_quantise)(reals, branch, &how, codes, scales) }
    }
}
