//! Products of f32 matrices: what a naive sum gives, the same to the bit everywhere.

use proptest::prelude::*;
use synaptoroute_kernels::{Kernels, MatrixView};

use crate::fixture::{all, noise};

/// An operand, as it lies in memory or transposed.
#[derive(Clone, Debug)]
struct Operand {
    data: Vec<f32>,
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl Operand {
    fn new(seed: u64, rows: usize, columns: usize, transposed: bool) -> Self {
        Self { data: noise(seed, rows * columns), rows, columns, transposed }
    }

    fn view(&self) -> MatrixView<'_> {
        if self.transposed {
            MatrixView::new(&self.data, self.columns, self.rows).transposed()
        } else {
            MatrixView::new(&self.data, self.rows, self.columns)
        }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        let place =
            if self.transposed { column * self.rows + row } else { row * self.columns + column };
        f64::from(self.data[place])
    }
}

/// Products that are added up before they are added to what was there.
const BLOCK: usize = 192;

fn product(kernels: &Kernels, a: &Operand, b: &Operand) -> Vec<f32> {
    let mut out = vec![f32::NAN; a.rows * b.columns];
    kernels.matmul(a.view(), b.view(), &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_product_is_the_naive_sum_and_the_same_on_every_instruction_set(
        seed in 0u64..1 << 32,
        rows in 1usize..120,
        depth in 1usize..800,
        columns in 1usize..90,
        transposed in any::<[bool; 2]>(),
    ) {
        let a = Operand::new(seed, rows, depth, transposed[0]);
        let b = Operand::new(seed + 1, depth, columns, transposed[1]);
        let expected = product(&all()[0], &a, &b);
        for (place, &found) in expected.iter().enumerate() {
            let (i, j) = (place / columns, place % columns);
            let terms = (0..depth).map(|k| a.at(i, k) * b.at(k, j));
            let exact: f64 = terms.clone().sum();
            let size: f64 = terms.map(f64::abs).sum();
            let error = (f64::from(found) - exact).abs();
            prop_assert!(error <= 1e-5 * size, "{found}, not {exact}, at {i}, {j}");
        }
        for kernels in &all()[1..] {
            prop_assert!(product(kernels, &a, &b) == expected, "{kernels:?}");
        }
    }

    #[test]
    fn an_element_does_not_depend_on_what_else_is_computed(
        seed in 0u64..1 << 32,
        shape in (1usize..120, 1usize..500, 1usize..900),
        picks in any::<[prop::sample::Index; 2]>(),
    ) {
        let kernels = Kernels::detect();
        let (rows, depth, columns) = shape;
        let a = Operand::new(seed, rows, depth, false);
        let b = Operand::new(seed + 1, depth, columns, false);
        let whole = product(&kernels, &a, &b);
        let (row, column) = (picks[0].index(rows), picks[1].index(columns));
        let (height, width) = (rows - row, columns - column);
        let mut part = vec![0.0; height * width];
        kernels.matmul(a.view().rows(row, height), b.view().columns(column, width), &mut part);
        for (i, part) in part.chunks_exact(width).enumerate() {
            prop_assert!(part == &whole[(row + i) * columns + column..][..width], "row {i}");
        }
    }
}

#[test]
fn a_sum_goes_on_from_what_is_there() {
    // More than one block deep.
    let (a, b) = (Operand::new(1, 20, 500, false), Operand::new(2, 500, 40, true));
    let before = noise(3, 20 * 40);
    let mut plain = before.clone();
    let mut fused = before.clone();
    for i in 0..20 {
        for j in 0..40 {
            let place = i * 40 + j;
            for block in [0..BLOCK, BLOCK..2 * BLOCK, 2 * BLOCK..500] {
                let mut sum = 0.0;
                for k in block {
                    let (x, y) = (a.at(i, k) as f32, b.at(k, j) as f32);
                    plain[place] += x * y;
                    sum = x.mul_add(y, sum);
                }
                fused[place] += sum;
            }
        }
    }
    for kernels in all() {
        let mut sum = before.clone();
        kernels.matmul_add(a.view(), b.view(), &mut sum);
        assert!(sum == fused, "{kernels:?}");
        sum.clone_from(&before);
        kernels.matmul_add_unfused(a.view(), b.view(), &mut sum);
        assert!(sum == plain, "{kernels:?}");
    }
}

#[test]
fn a_sum_of_nothing_is_zero() {
    let mut out = [1.0; 4];
    let [a, b] = [MatrixView::new(&[], 2, 0), MatrixView::new(&[], 0, 2)];
    Kernels::detect().matmul(a, b, &mut out);
    assert_eq!(out, [0.0; 4]);
}

#[test]
fn shapes_that_disagree_are_refused() {
    let kernels = Kernels::detect();
    let data = [0.0; 12];
    let (a, b) = (MatrixView::new(&data, 3, 4), MatrixView::new(&data, 3, 4));
    for (a, b, len) in [(a, b, 12), (a, b.transposed(), 8)] {
        let run = || kernels.matmul(a, b, &mut vec![0.0; len]);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err(), "{len}");
    }
}
