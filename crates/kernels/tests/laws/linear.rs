//! The linear layer: exact sums, rows that do not know of each other, its GELU.

use proptest::prelude::*;
use synaptoroute_kernels::{
    ActivationWidth, Activations, Balance, Crew, Kernels, Quantisation, Quantised, RangeScratch,
    RowScale, Team, pack, packed_index,
};

use crate::fixture::{Layer, WIDTHS, all, erf, noise, quantised, run, run_with};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sums_are_exact(
        seed in 0u64..1 << 32,
        rows in 1usize..30,
        depth in prop::sample::select(vec![384usize, 768, 1536, 3072]),
        extreme in any::<bool>(),
    ) {
        for width in WIDTHS {
            check_sums(seed, rows, depth, width, extreme)?;
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_company(seed in 0u64..1 << 32, rows in 2usize..40) {
        let layer = Layer::new(seed, 64, 384);
        for (kernels, width) in all().into_iter().flat_map(|k| WIDTHS.map(|w| (k, w))) {
            let reals = noise(seed + 4, rows * 384);
            let (codes, scales) = quantised(&kernels, &reals, width, None);
            let all = run(&kernels, &layer, &codes, &scales, width, None);
            for i in 0..rows {
                let (codes, scales) = (&codes[i * 384..][..384], &scales[i..=i]);
                let alone = run(&kernels, &layer, codes, scales, width, None);
                prop_assert!(alone[..] == all[i * 64..][..64], "{kernels:?} row {i} of {rows}");
            }
        }
    }
}

/// Sums against a naive loop: unit scales and no bias leave them as they are, and below
/// 2^24 they survive the conversion to f32.
fn check_sums(
    seed: u64,
    rows: usize,
    depth: usize,
    width: ActivationWidth,
    extreme: bool,
) -> Result<(), TestCaseError> {
    let mut layer = Layer::new(seed, 64, depth);
    layer.scales.fill(1.0);
    layer.bias.fill(0.0);
    let limit = width.limit();
    let code = |x: &f32| {
        if extreme { limit * u8::from(*x > 0.0) } else { ((x.abs() * 200.0) as u8).min(limit) }
    };
    let codes: Vec<u8> = noise(seed + 3, rows * depth).iter().map(code).collect();
    let zero_point = |row: usize| (row * 9 % usize::from(limit)) as i32;
    let scales: Vec<_> =
        (0..rows).map(|row| RowScale { scale: 1.0, zero_point: zero_point(row) }).collect();
    for kernels in all() {
        let got = run(&kernels, &layer, &codes, &scales, width, None);
        for (i, row) in codes.chunks_exact(depth).enumerate() {
            for (c, weights) in layer.row_major.chunks_exact(depth).enumerate() {
                let product =
                    |(&a, &w): (&u8, &i8)| (i64::from(a) - i64::from(zero_point(i))) * i64::from(w);
                let naive: i64 = row.iter().zip(weights).map(product).sum();
                let got = got[i * 64 + c];
                prop_assert!(
                    got == naive as f32,
                    "{kernels:?} row {i} column {c}: {got} for {naive}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn packing_places_each_weight_once() {
    let weights: Vec<i8> = (0..64 * 12).map(|i| (i % 251) as i8).collect();
    let packed = pack(&weights, 64, 12);
    for column in 0..64 {
        for input in 0..12 {
            assert_eq!(packed[packed_index(column, input, 12)], weights[column * 12 + input]);
        }
    }
}

/// The epilogue's GELU feeds 8-bit codes, so it may be coarser: a hundredth of their step.
#[test]
fn gelu_of_a_linear_layer_is_close_enough_for_its_codes() {
    let mut layer = Layer::new(1, 9600, 384);
    layer.bias = (-4800..4800).map(|i| i as f32 / 1000.0).collect();
    let (factors, offsets) = (vec![2.0; 9600], vec![0.5; 9600]);
    let gelu = Some(Balance { factors: &factors, offsets: &offsets });
    let scales = [RowScale { scale: 0.0, zero_point: 0 }; 3];
    let ys = run(&Kernels::detect(), &layer, &[1; 3 * 384], &scales, ActivationWidth::Seven, gelu);
    for (x, y) in layer.bias.iter().cycle().zip(ys) {
        let x = f64::from(*x);
        let exact = x * (1.0 + erf(x / std::f64::consts::SQRT_2)) + 0.5;
        assert!((f64::from(y) - exact).abs() < 8e-4, "gelu({x}) = {y}, exactly {exact}");
    }
}

/// By rows or by columns, alone or with two others: the same sums and the same codes.
#[test]
fn quantised_outcomes_are_the_same_for_a_team() {
    let crew = Crew::new(2).unwrap();
    let layer = Layer::new(4, 384, 384);
    let laid_out = layer.lay_out(None);
    let view = laid_out.view();
    for (kernels, rows) in all().into_iter().flat_map(|k| [1, 5, 13, 90].map(|rows| (k, rows))) {
        let width = kernels.isa().fast_width();
        let (codes, scales) = quantised(&kernels, &noise(1, rows * 384), width, None);
        let input = Activations { codes: &codes, scales: &scales, width };
        let outcome = run(&kernels, &layer, &codes, &scales, width, None);
        let how = Quantisation { width, balance: None, skip: 16 };
        let (mut codes, mut scales) = (vec![9; rows * 384], vec![RowScale::default(); rows]);
        kernels.quantise(&outcome, 384, &how, &mut codes, &mut scales);
        for mut team in [Team::alone(), crew.join()] {
            let by_team = run_with(&mut team, &kernels, &view, &input);
            assert!(by_team == outcome, "{kernels:?}, {rows} rows");
            let mut fused = vec![0.0; rows * 384];
            let (mut to, mut to_scales) = (vec![7; rows * 384], vec![RowScale::default(); rows]);
            let mut ranges = RangeScratch::default();
            ranges.grow(3, rows);
            let to_quantised =
                Quantised { how, codes: &mut to, scales: &mut to_scales, ranges: &mut ranges };
            kernels.linear_quantise(&mut team, &view, &input, &mut fused, to_quantised);
            assert!(fused == outcome, "{kernels:?}, {rows} rows");
            assert_eq!((&to, &to_scales), (&codes, &scales), "{kernels:?}, {rows} rows");
        }
    }
}
