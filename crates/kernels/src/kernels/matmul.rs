//! Products of f32 matrices, their shapes checked.

use super::Kernels;
use crate::matmul::MatrixView;

impl Kernels {
    /// `out = a b`, `out` in rows, one after the other.
    ///
    /// An element is the same to the bit whatever the size of the matrices beside its own row and
    /// column, and on every instruction set.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn matmul(&self, a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
        self.product(a, b, false, out);
    }

    /// `out += a b`.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn matmul_add(&self, a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
        self.product(a, b, true, out);
    }

    fn product(&self, a: MatrixView<'_>, b: MatrixView<'_>, add: bool, out: &mut [f32]) {
        assert_eq!(a.columns, b.rows, "depth");
        assert_eq!(out.len(), a.rows * b.columns, "result");
        // SAFETY: the features were checked when `self` was made.
        unsafe { (self.table.matmul)(&a, &b, add, out) }
    }
}
