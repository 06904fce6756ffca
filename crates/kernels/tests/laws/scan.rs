//! The scan's bounds hold, and are the same everywhere.

use proptest::prelude::*;
use synaptoroute_kernels::{AlignedVec, BLOCK_ROWS, Kernels, ScanQuery, block_len};

use crate::fixture::{all, noise};

/// The shapes of vectors that embeddings and mischief have.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Isotropic,
    /// All about one direction.
    Clustered,
    /// A few components that outweigh the others by far.
    Spiked,
    /// Most components 0.
    Sparse,
    /// One vector again and again, and its negative.
    Repeated,
    /// Of all lengths down to nothing.
    Short,
}

const SHAPES: [Shape; 6] = [
    Shape::Isotropic,
    Shape::Clustered,
    Shape::Spiked,
    Shape::Sparse,
    Shape::Repeated,
    Shape::Short,
];

fn shaped(shape: Shape, seed: u64, index: usize, width: usize) -> Vec<f32> {
    let own = noise(seed.wrapping_mul(1013).wrapping_add(index as u64), width);
    let common = noise(seed, width);
    let mut x: Vec<f32> = match shape {
        Shape::Isotropic | Shape::Short => own,
        Shape::Clustered => own.iter().zip(&common).map(|(own, c)| c + 0.3 * own).collect(),
        Shape::Spiked => {
            let spike = |i: usize| if (i + index).is_multiple_of(13) { 300.0 } else { 1.0 };
            own.iter().enumerate().map(|(i, x)| x * spike(i)).collect()
        }
        Shape::Sparse => {
            let kept = |i: usize| (i * 7 + index).is_multiple_of(11);
            own.iter().enumerate().map(|(i, x)| if kept(i) { *x } else { 0.0 }).collect()
        }
        Shape::Repeated => common.iter().map(|x| if index % 2 == 1 { -x } else { *x }).collect(),
    };
    let norm = exact(&x, &x).sqrt();
    let length = match shape {
        Shape::Short => [1.0, 1e-3, 1e-20, 1e-36, 1e-42, 0.0][index % 6],
        _ => 1.0,
    };
    x.iter_mut().for_each(|x| *x = (f64::from(*x) / norm * length) as f32);
    x
}

fn exact(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn blocks_of(kernels: &Kernels, rows: &[Vec<f32>], width: usize) -> AlignedVec<i8> {
    let len = block_len(width);
    let mut blocks = AlignedVec::zeroed(rows.len().div_ceil(BLOCK_ROWS) * len);
    for (index, row) in rows.iter().enumerate() {
        let block = &mut blocks[index / BLOCK_ROWS * len..][..len];
        kernels.put_row(row, block, index % BLOCK_ROWS);
    }
    blocks
}

/// Lower and upper bounds.
fn scanned(kernels: &Kernels, query: &[f32], blocks: &[i8]) -> [Vec<f32>; 2] {
    let rows = blocks.len() / block_len(query.len()) * BLOCK_ROWS;
    let [mut lower, mut upper] = [0; 2].map(|_| vec![f32::NAN; rows]);
    kernels.scan(&ScanQuery::new(query), blocks, &[], &mut lower, &mut upper);
    [lower, upper]
}

fn bits(bounds: &[Vec<f32>; 2]) -> [Vec<u32>; 2] {
    bounds.each_ref().map(|bounds| bounds.iter().map(|x| x.to_bits()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_exact_product_and_dot_rows_lie_within_bounds_that_are_equal_everywhere(
        seed in 0u64..1 << 32,
        sixteens in 1usize..=64,
        rows in 1usize..100,
        shape in prop::sample::select(SHAPES.to_vec()),
        query_shape in prop::sample::select(SHAPES.to_vec()),
        query_index in 0usize..200,
    ) {
        let width = 16 * sixteens;
        let query = shaped(query_shape, seed, query_index, width);
        let rows: Vec<_> = (0..rows).map(|i| shaped(shape, seed, i, width)).collect();
        let oracle = &all()[0];
        let blocks = blocks_of(oracle, &rows, width);
        let expected = scanned(oracle, &query, &blocks);
        let mut dots = vec![0.0; rows.len()];
        oracle.dot_rows(&query, &rows.concat(), &mut dots);
        for (i, row) in rows.iter().enumerate() {
            let (low, high) = (f64::from(expected[0][i]), f64::from(expected[1][i]));
            for product in [exact(&query, row), f64::from(dots[i])] {
                prop_assert!(low <= product && product <= high, "row {i}: {low} {product} {high}");
            }
        }
        for (low, high) in expected[0].iter().zip(&expected[1]).skip(rows.len()) {
            prop_assert!(low.max(-*high) > -0.01 && *low < 0.0 && *high > 0.0, "an empty slot");
        }
        for kernels in &all()[1..] {
            prop_assert!(*blocks == *blocks_of(kernels, &rows, width), "blocks of {kernels:?}");
            let got = scanned(kernels, &query, &blocks);
            prop_assert!(bits(&got) == bits(&expected), "{kernels:?}");
        }
    }
}
