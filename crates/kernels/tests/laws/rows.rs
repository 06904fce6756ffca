//! What is done row by row: quantisation, GELU, the end of a block.

use proptest::prelude::*;
use synaptoroute_kernels::{
    ActivationWidth, Balance, BlockEnd, Kernels, LayerNorm, Outliers, Quantisation, RowScale,
    RowsMut, pack_outliers,
};

use crate::fixture::{WIDTHS, all, erf, noise, quantised};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn quantised_rows_come_back_within_half_a_step(
        seed in 0u64..1 << 32,
        shift in -3.0f32..3.0,
    ) {
        let row: Vec<f32> = noise(seed, 384).iter().map(|x| x + shift).collect();
        for (kernels, width) in all().into_iter().flat_map(|k| WIDTHS.map(|w| (k, w))) {
            let (codes, scales) = quantised(&kernels, &row, width, None);
            let RowScale { scale, zero_point } = scales[0];
            for (x, &code) in row.iter().zip(&codes) {
                let back = scale * (i32::from(code) - zero_point) as f32;
                // Half a step, and half of one for the rounded zero point.
                let error = (x - back).abs();
                prop_assert!(error <= scale * 1.01, "{kernels:?}: {x} came back as {back}");
                prop_assert!(code <= width.limit());
            }
        }
    }
}

#[test]
fn gelu_is_close_to_the_error_function() {
    let xs: Vec<f32> = (-4800..4800).map(|i| i as f32 / 1000.0).collect();
    let mut ys = xs.clone();
    Kernels::detect().gelu(&mut ys);
    for (x, y) in xs.iter().zip(ys) {
        let x = f64::from(*x);
        let exact = x / 2.0 * (1.0 + erf(x / std::f64::consts::SQRT_2));
        assert!((f64::from(y) - exact).abs() < 1e-4, "gelu({x}) = {y}, exactly {exact}");
    }
}

#[test]
fn rows_without_range_are_exact_zeros() {
    for (kernels, width) in all().into_iter().flat_map(|k| WIDTHS.map(|w| (k, w))) {
        for value in [0.0, -0.0, 1e-41] {
            let (codes, scales) = quantised(&kernels, &[value; 384], width, None);
            assert_eq!(scales, [RowScale { scale: 1.0, zero_point: 0 }]);
            assert!(codes.iter().all(|&c| c == 0), "{kernels:?}");
        }
    }
}

#[test]
fn skipped_channels_neither_widen_the_range_nor_leave_a_code() {
    let mut row = noise(5, 384);
    row[..16].fill(1e6);
    for kernels in all() {
        let (mut codes, mut scales) = (vec![9; 384], [RowScale::default()]);
        let how = Quantisation { width: ActivationWidth::Eight, balance: None, skip: 16 };
        kernels.quantise(&row, 384, &how, &mut codes, &mut scales);
        assert!(codes[..16].iter().all(|&c| c == 0), "{kernels:?}");
        assert!(scales[0].scale < 0.05, "{kernels:?}: {:?}", scales[0]);
        assert!(codes[16..].contains(&255) && codes[16..].contains(&0), "{kernels:?}");
    }
}

/// Branch, outliers, norm and codes in one go are what they are one after the other.
#[test]
fn a_block_ends_as_its_steps_do() {
    let (width, rows) = (384, 7);
    let norm_factors: Vec<f32> = noise(1, width).iter().map(|x| x + 2.0).collect();
    let (beta, offsets) = (noise(2, width), noise(3, width));
    let norm = LayerNorm { gamma: &norm_factors, beta: &beta, epsilon: 1e-12 };
    let balance = Balance { factors: &norm_factors, offsets: &offsets };
    let (before, branch, inputs) =
        (noise(4, rows * width), noise(5, rows * width), noise(6, rows * 20));
    let weights = noise(7, 16 * width);
    let packed = pack_outliers(&weights);
    for (kernels, code_width) in all().into_iter().flat_map(|k| WIDTHS.map(|w| (k, w))) {
        for outliers in [None, Some(Outliers { inputs: &inputs, stride: 20, weights: &packed })] {
            let end = BlockEnd {
                branch: Some(&branch),
                outliers,
                norm,
                balance: Some(balance),
                width: code_width,
            };
            let mut ended = before.clone();
            let mut codes = vec![0; rows * width];
            let mut scales = vec![RowScale::default(); rows];
            let parts = RowsMut { reals: &mut ended, codes: &mut codes, scales: &mut scales };
            kernels.end_block(parts, &end);

            let mut expected: Vec<f32> = before.iter().zip(&branch).map(|(x, y)| x + y).collect();
            if outliers.is_some() {
                for (row, x) in expected.chunks_exact_mut(width).enumerate() {
                    for (c, x) in x.iter_mut().enumerate() {
                        let product = |k: usize| inputs[row * 20 + k] * weights[k * width + c];
                        *x += (0..16).map(product).sum::<f32>();
                    }
                }
            }
            kernels.layer_norm(&mut expected, &norm);
            for (got, expected) in ended.iter().zip(&expected) {
                // The naive sum rounds in another order.
                let tolerance = if outliers.is_some() { 1e-4 } else { 0.0 };
                assert!((got - expected).abs() <= tolerance, "{kernels:?}: {got}, {expected}");
            }
            let of_result = quantised(&kernels, &ended, code_width, Some(balance));
            assert_eq!((codes, scales), of_result, "{kernels:?}");
        }
    }
}
