//! Matrices of f32 in rows, and their products.
//!
//! Products come from `ndarray`, each on the thread that asks for it: its result does not
//! depend on how many others there are.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Rows of equal width, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) data: Vec<f32>,
}

impl Matrix {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// A matrix of rows of this width.
    ///
    /// # Panics
    ///
    /// If a row has another.
    pub(crate) fn from_rows<'a>(columns: usize, rows: impl Iterator<Item = &'a [f32]>) -> Self {
        let mut matrix = Self { rows: 0, columns, data: Vec::new() };
        for row in rows {
            assert_eq!(row.len(), columns, "a row's width");
            matrix.data.extend_from_slice(row);
            matrix.rows += 1;
        }
        matrix
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.columns..][..self.columns]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.data[row * self.columns..][..self.columns]
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.columns + column]
    }

    /// Adds the rows of another of this width.
    pub(crate) fn append(&mut self, other: Self) {
        self.data.extend(other.data);
        self.rows += other.rows;
    }

    /// Some of its rows, in that order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        Self::from_rows(self.columns, rows.iter().map(|&row| self.row(row)))
    }

    /// `self × otherᵀ`: the products of each row with each of the other's.
    pub(crate) fn times_transposed(&self, other: &Self) -> Self {
        let mut out = Self::zeros(self.rows, other.rows);
        times_transposed(&self.data, &other.data, self.columns, &mut out.data);
        out
    }
}

/// `out = a × bᵀ`, both with rows of this width.
pub(crate) fn times_transposed(a: &[f32], b: &[f32], width: usize, out: &mut [f32]) {
    let (a, b) = (view(a, width), view(b, width));
    let mut out = view_mut(out, b.nrows());
    general_mat_mul(1.0, &a, &b.t(), 0.0, &mut out);
}

/// `out += aᵀ × b`, where `a` has rows of `out`'s height and `b` of its width.
pub(crate) fn add_transposed_times(a: &[f32], b: &[f32], width: usize, out: &mut [f32]) {
    let b = view(b, width);
    let mut out = view_mut(out, width);
    let a = view(a, out.nrows());
    general_mat_mul(1.0, &a.t(), &b, 1.0, &mut out);
}

fn view(data: &[f32], width: usize) -> ArrayView2<'_, f32> {
    let rows = data.len() / width.max(1);
    ArrayView2::from_shape((rows, width), data).expect("whole rows")
}

fn view_mut(data: &mut [f32], width: usize) -> ArrayViewMut2<'_, f32> {
    let rows = data.len() / width.max(1);
    ArrayViewMut2::from_shape((rows, width), data).expect("whole rows")
}
