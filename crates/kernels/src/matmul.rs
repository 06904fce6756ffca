//! Products of f32 matrices.
//!
//! Blocked as in BLIS (Van Zee and van de Geijn, *BLIS: a framework for rapidly instantiating BLAS
//! functionality*, ACM TOMS 2015): blocks of both operands are copied into the order in which the
//! innermost loop reads them, and a tile of the result stays in registers over a block's depth.
//!
//! An element's products are added up one after the other in order of depth, [`DEPTH`] at a time, and
//! those sums to what was there. So it does not depend on the size of the result, on where in it the
//! element lies, or on the instruction set.

use std::cell::RefCell;
use std::ptr;

use crate::aligned::AlignedVec;
use crate::gemm::prefetch;
use crate::simd::{LANES, Simd};

/// Depth of a block. A strip of the right operand, 16 columns of this depth, takes 12 KB: half of a
/// first-level cache that another thread may have the other half of. (384, 256 and 128 are slower by
/// 6, 2 and 7 %.)
const DEPTH: usize = 192;
/// Rows of the left operand that are copied together: with [`DEPTH`] 147 KB of a second-level cache.
const ROWS: usize = 192;
/// Columns of the right operand that are copied together: with [`DEPTH`] 0.6 MB of a third-level one.
const COLUMNS: usize = 768;

/// Depth that is copied at a time: as many lines of memory are read side by side.
const LINES: usize = LANES;

/// Steps of the innermost loop that are written out: a core that two threads share runs out of
/// instructions a cycle before it runs out of products.
const UNROLLED: usize = 4;

/// A matrix somewhere in memory: element (i, j) lies at `i * row_stride + j * column_stride`.
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> MatrixView<'a> {
    /// `rows` rows of `columns` numbers, one after the other.
    ///
    /// # Panics
    ///
    /// If `data` holds another number of them.
    #[must_use]
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "{rows} x {columns}");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// So many of its columns, from `first` on.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    #[must_use]
    pub fn columns(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.columns, "{first} + {count} of {}", self.columns);
        let data = &self.data[(first * self.column_stride).min(self.data.len())..];
        Self { data, columns: count, ..self }
    }

    /// So many of its rows, from `first` on.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    #[must_use]
    pub fn rows(self, first: usize, count: usize) -> Self {
        self.transposed().columns(first, count).transposed()
    }

    /// Rows become columns.
    #[must_use]
    pub fn transposed(self) -> Self {
        let Self { data, rows, columns, row_stride, column_stride } = self;
        Self {
            data,
            rows: columns,
            columns: rows,
            row_stride: column_stride,
            column_stride: row_stride,
        }
    }
}

thread_local! {
    /// Where blocks of the left and the right operand are copied to.
    static BLOCKS: RefCell<[AlignedVec<f32>; 2]> = RefCell::new(no_blocks());
}

fn no_blocks() -> [AlignedVec<f32>; 2] {
    [AlignedVec::zeroed(0), AlignedVec::zeroed(0)]
}

/// `out = a b`, or with `add` `out += a b`; `out` in rows, one after the other. With `FUSED` a
/// product and its sum are rounded once, and it is twice as fast; without, sums go on from what was
/// there, whatever the depth.
#[inline(always)]
pub(crate) fn matmul<S: Simd, const FUSED: bool>(
    s: S,
    a: &MatrixView<'_>,
    b: &MatrixView<'_>,
    add: bool,
    out: &mut [f32],
) {
    // Taken and put back: a closure would be compiled without the instruction set.
    let [mut left, mut right] = BLOCKS.replace(no_blocks());
    // As many sums as leave registers for what they are made from: 24 of 32, 12 of 16.
    if S::WIDE {
        blocked::<S, 12, 2, 32, FUSED>(s, a, b, add, out, [&mut left, &mut right]);
    } else {
        blocked::<S, 6, 1, 16, FUSED>(s, a, b, add, out, [&mut left, &mut right]);
    }
    BLOCKS.set([left, right]);
}

/// Tiles of `R` rows and `W` columns, which are `B` times sixteen.
#[inline(always)]
fn blocked<S: Simd, const R: usize, const B: usize, const W: usize, const FUSED: bool>(
    s: S,
    a: &MatrixView<'_>,
    b: &MatrixView<'_>,
    add: bool,
    out: &mut [f32],
    [left, right]: [&mut AlignedVec<f32>; 2],
) {
    if a.columns == 0 && !add {
        out.fill(0.0);
    }
    for column in (0..b.columns).step_by(COLUMNS) {
        let columns = COLUMNS.min(b.columns - column);
        for start in (0..a.columns).step_by(DEPTH) {
            let depth = DEPTH.min(a.columns - start);
            let right = pack::<S, W>(s, b.transposed(), (column, columns), (start, depth), right);
            let add = add || start > 0;
            for row in (0..a.rows).step_by(ROWS) {
                let rows = ROWS.min(a.rows - row);
                let left = pack::<S, R>(s, *a, (row, rows), (start, depth), left);
                for (strip, b_strip) in right.chunks_exact(depth * W).enumerate() {
                    let column = column + strip * W;
                    let width = W.min(b.columns - column);
                    for (panel, a_panel) in left.chunks_exact(depth * R).enumerate() {
                        let row = row + panel * R;
                        let rows = R.min(a.rows - row);
                        let out = &mut out[row * b.columns + column..];
                        let mut sums = [[s.splat(0.0); B]; R];
                        if add && !FUSED {
                            for (r, sums) in sums.iter_mut().enumerate().take(rows) {
                                *sums = read(s, &out[r * b.columns..][..width]);
                            }
                        }
                        // It comes while the sums are made: waited for, a fifth of the time.
                        for r in 0..rows {
                            let out = &out[r * b.columns..][..width];
                            for line in out.chunks(LANES) {
                                prefetch(ptr::from_ref(&line[0]).cast());
                            }
                            prefetch(ptr::from_ref(&out[width - 1]).cast());
                        }
                        let sums = tile::<S, R, B, FUSED>(s, a_panel, b_strip, sums);
                        for (r, mut sums) in sums.into_iter().enumerate().take(rows) {
                            let out = &mut out[r * b.columns..][..width];
                            if add && FUSED {
                                let before: [_; B] = read(s, out);
                                for i in 0..B {
                                    sums[i] = s.add(before[i], sums[i]);
                                }
                            }
                            write(s, sums, out);
                        }
                    }
                }
            }
        }
    }
}

/// Copies rows `first..first + count` of `matrix`, columns `start..start + depth`, in panels of
/// `HEIGHT` rows; within one, the rows' elements of a column lie together. Rows that a last panel
/// lacks are 0.
#[inline(always)]
fn pack<'o, S: Simd, const HEIGHT: usize>(
    s: S,
    matrix: MatrixView<'_>,
    (first, count): (usize, usize),
    (start, depth): (usize, usize),
    out: &'o mut AlignedVec<f32>,
) -> &'o [f32] {
    let MatrixView { data, row_stride, column_stride, .. } = matrix;
    let len = count.div_ceil(HEIGHT) * HEIGHT * depth;
    out.grow(len);
    // All of it is written below.
    let out = &mut out[..len];
    for from in (0..depth).step_by(LINES) {
        let to = (from + LINES).min(depth);
        for (panel, out) in out.chunks_exact_mut(HEIGHT * depth).enumerate() {
            let row = first + panel * HEIGHT;
            let rows = HEIGHT.min(first + count - row);
            let out = &mut out.as_chunks_mut::<HEIGHT>().0[from..to];
            let place = row * row_stride + (start + from) * column_stride;
            let data = &data[place..];
            if rows < HEIGHT {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = [0.0; HEIGHT];
                    for (r, out) in out.iter_mut().enumerate().take(rows) {
                        *out = data[r * row_stride + k * column_stride];
                    }
                }
            } else if row_stride == 1 {
                for (k, out) in out.iter_mut().enumerate() {
                    if let Some(column) = data[k * column_stride..].first_chunk() {
                        *out = *column;
                    }
                }
            } else if column_stride == 1 && HEIGHT.is_multiple_of(LANES) && out.len() == LINES {
                for block in 0..HEIGHT / LANES {
                    let mut rows = [s.splat(0.0); LANES];
                    for (r, row) in rows.iter_mut().enumerate() {
                        if let Some(from) = data[(block * LANES + r) * row_stride..].first_chunk() {
                            *row = s.load(from);
                        }
                    }
                    for (out, column) in out.iter_mut().zip(s.transpose(rows)) {
                        if let Some(out) = out[block * LANES..].first_chunk_mut() {
                            s.store(out, column);
                        }
                    }
                }
            } else {
                let reach = (out.len() - 1) * column_stride + 1;
                let mut lines = [data; HEIGHT];
                for (r, line) in lines.iter_mut().enumerate() {
                    *line = &data[r * row_stride..][..reach];
                }
                for (k, out) in out.iter_mut().enumerate() {
                    for (out, line) in out.iter_mut().zip(&lines) {
                        *out = line[k * column_stride];
                    }
                }
            }
        }
    }
    out
}

/// Adds the products of a panel of `R` rows with a strip of `B` times sixteen columns.
#[inline(always)]
fn tile<S: Simd, const R: usize, const B: usize, const FUSED: bool>(
    s: S,
    a: &[f32],
    b: &[f32],
    mut sums: [[S::F; B]; R],
) -> [[S::F; B]; R] {
    let a = a.as_chunks::<R>().0.as_chunks::<UNROLLED>();
    let b = b.as_chunks::<LANES>().0.as_chunks::<B>().0.as_chunks::<UNROLLED>();
    for (a, b) in a.0.iter().zip(b.0) {
        for i in 0..UNROLLED {
            add_products::<S, R, B, FUSED>(s, &a[i], &b[i], &mut sums);
        }
    }
    for (a, b) in a.1.iter().zip(b.1) {
        add_products::<S, R, B, FUSED>(s, a, b, &mut sums);
    }
    sums
}

/// Adds the products of a column of the panel with a row of the strip.
#[inline(always)]
fn add_products<S: Simd, const R: usize, const B: usize, const FUSED: bool>(
    s: S,
    a: &[f32; R],
    b: &[[f32; LANES]; B],
    sums: &mut [[S::F; B]; R],
) {
    let mut columns = [s.splat(0.0); B];
    for i in 0..B {
        columns[i] = s.load(&b[i]);
    }
    for r in 0..R {
        let x = s.splat(a[r]);
        for i in 0..B {
            sums[r][i] = if FUSED {
                s.mul_add(x, columns[i], sums[r][i])
            } else {
                s.add(s.mul(x, columns[i]), sums[r][i])
            };
        }
    }
}

/// A row of a tile from its place, as far as that reaches.
#[inline(always)]
fn read<S: Simd, const B: usize>(s: S, out: &[f32]) -> [S::F; B] {
    let mut sums = [s.splat(0.0); B];
    let (whole, rest) = out.as_chunks::<LANES>();
    for (sum, out) in sums.iter_mut().zip(whole) {
        *sum = s.load(out);
    }
    if !rest.is_empty() {
        let mut lanes = [0.0; LANES];
        lanes[..rest.len()].copy_from_slice(rest);
        sums[whole.len()] = s.load(&lanes);
    }
    sums
}

/// A row of a tile to its place.
#[inline(always)]
fn write<S: Simd, const B: usize>(s: S, sums: [S::F; B], out: &mut [f32]) {
    let (whole, rest) = out.as_chunks_mut::<LANES>();
    for (out, sum) in whole.iter_mut().zip(sums) {
        s.store(out, sum);
    }
    if !rest.is_empty() {
        let mut lanes = [0.0; LANES];
        s.store(&mut lanes, sums[whole.len()]);
        rest.copy_from_slice(&lanes[..rest.len()]);
    }
}
