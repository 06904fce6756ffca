//! Products of f32 matrices, their shapes checked.

use super::Kernels;
use crate::matmul::MatrixView;

impl Kernels {
    /// `out = a b`, `out` in rows, one after the other.
    ///
    /// An element is the same to the bit whatever the size of the matrices beside its own row and
    /// column, and on every instruction set: its products are added up in order of depth, 192 at a
    /// time, and those sums in order.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn matmul(&self, a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
        self.product(true, a, b, false, out);
    }

    /// `out += a b`, by the same sums.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn matmul_add(&self, a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
        self.product(true, a, b, true, out);
    }

    /// `out += a b`, each product rounded before it is added: to the bit what a plain loop gives that
    /// adds the products in order. Half as fast.
    ///
    /// # Panics
    ///
    /// If shapes disagree.
    pub fn matmul_add_unfused(&self, a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32]) {
        self.product(false, a, b, true, out);
    }

    fn product(
        &self,
        fused: bool,
        a: MatrixView<'_>,
        b: MatrixView<'_>,
        add: bool,
        out: &mut [f32],
    ) {
        assert_eq!(a.columns, b.rows, "depth");
        assert_eq!(out.len(), a.rows * b.columns, "result");
        let run = if fused { self.table.matmul } else { self.table.matmul_unfused };
        // SAFETY: the features were checked when `self` was made.
        unsafe { run(&a, &b, add, out) }
    }
}
