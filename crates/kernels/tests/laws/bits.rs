//! Equal activation widths give equal bits, on every instruction set.

use proptest::prelude::*;
use synaptoroute_kernels::{
    ActivationWidth, Balance, BlockEnd, Kernels, LayerNorm, Outliers, RowsMut, pack_outliers,
};

use crate::fixture::{Layer, WIDTHS, all, attend, noise, quantised, run};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn equal_widths_give_equal_bits(
        seed in 0u64..1 << 32,
        rows in 1usize..20,
        keys in 1usize..70,
        dim in prop::sample::select(vec![32usize, 64]),
    ) {
        for width in WIDTHS {
            let expected = everything(&all()[0], seed, rows, keys, dim, width);
            for kernels in &all()[1..] {
                let got = everything(kernels, seed, rows, keys, dim, width);
                for ((name, expected), (_, got)) in expected.iter().zip(&got) {
                    prop_assert!(expected == got, "{name} of {kernels:?} at {width:?}");
                }
            }
        }
    }
}

/// Every kernel's result on the same noise, as bits, with its name.
fn everything(
    kernels: &Kernels,
    seed: u64,
    rows: usize,
    keys: usize,
    dim: usize,
    width: ActivationWidth,
) -> Vec<(&'static str, Vec<u32>)> {
    let layer = Layer::new(seed, 96, 384);
    let factors: Vec<f32> = noise(seed + 5, 384).iter().map(|x| x.abs() + 0.5).collect();
    let reals = noise(seed + 4, rows * 384);
    let balance = Balance { factors: &factors, offsets: &reals[..384] };
    let mut results = Vec::new();

    let mut normed = reals.clone();
    let norm = LayerNorm { gamma: &factors, beta: &reals[..384], epsilon: 1e-12 };
    kernels.layer_norm(&mut normed, &norm);
    let (codes, scales) = quantised(kernels, &normed, width, Some(balance));
    results.push(("layer_norm", normed.clone()));
    let (column_factors, column_offsets) = (noise(seed + 6, 96), noise(seed + 10, 96));
    let gelu = Balance { factors: &column_factors, offsets: &column_offsets };
    for (name, gelu) in [("linear", None), ("linear, gelu", Some(gelu))] {
        results.push((name, run(kernels, &layer, &codes, &scales, width, gelu)));
    }
    let [q, k, v] = [7, 8, 9].map(|i| noise(seed + i, keys * dim));
    results.push(("attention", attend(kernels, &q, &k, &v, dim)));
    let mut dots = vec![0.0; rows];
    kernels.dot_rows(&factors, &reals, &mut dots);
    results.push(("dot_rows", dots));
    let mut sum = reals[..384].to_vec();
    kernels.add_scaled_i8(&mut sum, &layer.row_major[..384], 0.037);
    results.push(("add_scaled_i8", sum.clone()));
    let (mut activated, mut slope) = (sum.clone(), vec![0.0; sum.len()]);
    kernels.gelu_and_slope(&mut activated, &mut slope);
    results.extend([("gelu_and_slope", activated), ("slope", slope)]);
    kernels.gelu(&mut sum);
    results.push(("gelu", sum));
    let weights = pack_outliers(&noise(seed + 12, 16 * 384));
    let outliers = Outliers { inputs: &reals, stride: 384, weights: &weights };
    let branch = noise(seed + 13, rows * 384);
    let end =
        BlockEnd { branch: Some(&branch), outliers: Some(outliers), norm, balance: None, width };
    let mut ended = reals.clone();
    let parts = RowsMut { reals: &mut ended, ..RowsMut::default() };
    kernels.end_block(parts, &end);
    results.push(("end_block", ended));

    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    results.into_iter().map(|(name, values)| (name, bits(values))).collect()
}
