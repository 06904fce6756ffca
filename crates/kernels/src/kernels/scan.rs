//! Rows as bytes, and bounds on their dot products.

use super::Kernels;
use crate::scan::{BLOCK_ROWS, ScanQuery, block_len};

impl Kernels {
    /// Writes a unit vector into a slot of a block of [`block_len`] bytes. A slot never
    /// written, all zeros, is a vector of zeros.
    ///
    /// # Panics
    ///
    /// If the width is no multiple of 16 or more than 1024, shapes disagree, or the row is longer
    /// than 1.001 or not finite: what [`Kernels::scan`] certifies rests on that.
    pub fn put_row(&self, row: &[f32], block: &mut [i8], slot: usize) {
        assert_eq!(block.len(), block_len(row.len()), "a block of rows of {}", row.len());
        assert!(slot < BLOCK_ROWS, "slot {slot} of {BLOCK_ROWS}");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.put_row)(row, block, slot) }
    }

    /// Says for each row of whole blocks between which two numbers its dot product with the
    /// query lies: the exact one of the vectors as they were given, and the one that
    /// [`Kernels::dot_rows`] finds. All instruction sets find the same bounds.
    ///
    /// Blocks stream at the speed of the memory they lie in if `next` is what is scanned
    /// next: its beginning is fetched meanwhile. So scan some blocks a call, sixteen say, and the
    /// bounds stay in the nearest cache. `next` may be empty. Begin blocks on a cache line.
    ///
    /// ```
    /// use synaptoroute_kernels::{AlignedVec, BLOCK_ROWS, Kernels, ScanQuery, block_len};
    ///
    /// let kernels = Kernels::detect();
    /// let mut block = AlignedVec::zeroed(block_len(16));
    /// kernels.put_row(&[0.25; 16], &mut block, 3);
    /// let (mut lower, mut upper) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
    /// kernels.scan(&ScanQuery::new(&[0.25; 16]), &block, &[], &mut lower, &mut upper);
    /// assert!(lower[3] > 0.9999 && upper[3] < 1.0001);
    /// ```
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn scan(
        &self,
        query: &ScanQuery,
        blocks: &[i8],
        next: &[i8],
        lower: &mut [f32],
        upper: &mut [f32],
    ) {
        let block = block_len(query.width());
        assert!(blocks.len().is_multiple_of(block), "whole blocks");
        assert_eq!(lower.len(), blocks.len() / block * BLOCK_ROWS, "lower bounds");
        assert_eq!(upper.len(), lower.len(), "upper bounds");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.scan)(query, blocks, next, lower, upper) }
    }
}
