//! Laws every instruction set keeps: integers equal a naive sum, and equal activation
//! widths give equal bits. `SYNAPTOROUTE_ISA` plays no part: each test runs all that this
//! machine has.

use proptest::prelude::*;
use synaptoroute_kernels::{
    ActivationWidth, Activations, AttentionHead, AttentionScratch, Epilogue, Isa, Kernels,
    LayerNorm, Linear, Output, PANEL, RowScale, Rows, column_sums, pack, packed_index,
};

/// Numbers that differ everywhere, from one seed; about normal in shape, centred on 0.
fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..len)
        .map(|_| uniform() + uniform() + uniform())
        .collect()
}

/// Every way of computing at `width` on this machine, the oracle first.
fn at_width(width: ActivationWidth) -> Vec<Kernels> {
    let oracle = Kernels::with_width(Isa::Scalar, width).unwrap();
    let others = Isa::available().filter_map(|isa| Kernels::with_width(isa, width).ok());
    std::iter::once(oracle).chain(others).collect()
}

const WIDTHS: [ActivationWidth; 2] = [ActivationWidth::Seven, ActivationWidth::Eight];

/// A layer with row-major weights kept for the naive sum.
struct Layer {
    depth: usize,
    row_major: Vec<i8>,
    packed: Vec<i8>,
    sums: Vec<i32>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Layer {
    fn new(seed: u64, columns: usize, depth: usize) -> Self {
        let row_major: Vec<i8> = noise(seed, columns * depth)
            .iter()
            .map(|x| (x * 120.0).clamp(-127.0, 127.0) as i8)
            .collect();
        let packed = pack(&row_major, columns, depth);
        Self {
            depth,
            sums: column_sums(&packed, depth),
            row_major,
            packed,
            scales: noise(seed + 1, columns)
                .iter()
                .map(|x| x.abs() + 1e-3)
                .collect(),
            bias: noise(seed + 2, columns),
        }
    }

    fn columns(&self) -> usize {
        self.scales.len()
    }

    fn view(&self) -> Linear<'_> {
        Linear {
            depth: self.depth,
            weights: &self.packed,
            column_sums: &self.sums,
            scales: &self.scales,
            bias: &self.bias,
        }
    }
}

fn run(
    kernels: &Kernels,
    layer: &Layer,
    codes: &[u8],
    scales: &[RowScale],
    epilogue: Epilogue<'_>,
) -> Vec<f32> {
    let columns = layer.columns();
    let mut data = vec![0.25; scales.len() * columns];
    let mut output = Output {
        data: &mut data,
        stride: columns,
    };
    let input = Activations { codes, scales };
    kernels.linear(
        &layer.view(),
        &input,
        0..columns / PANEL,
        epilogue,
        &mut output,
    );
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sums_are_exact(seed in 0u64..1 << 32, rows in 1usize..30, depth in prop::sample::select(vec![384usize, 768, 1536, 3072]), extreme in any::<bool>()) {
        for width in WIDTHS {
            let mut layer = Layer::new(seed, 64, depth);
            // The sums themselves, not their scaled form: unit scales, no bias, and sums
            // below 2^24 survive the conversion to f32.
            layer.scales.fill(1.0);
            layer.bias.fill(0.0);
            let limit = width.limit();
            let codes: Vec<u8> = noise(seed + 3, rows * depth)
                .iter()
                .map(|x| if extreme { limit * u8::from(*x > 0.0) } else { ((x.abs() * 200.0) as u8).min(limit) })
                .collect();
            let scales: Vec<_> = (0..rows).map(|i| RowScale { scale: 1.0, zero_point: i as i32 * 9 % i32::from(limit) }).collect();
            for kernels in at_width(width) {
                let got = run(&kernels, &layer, &codes, &scales, Epilogue::Store);
                for (i, row) in codes.chunks_exact(depth).enumerate() {
                    for (c, weights) in layer.row_major.chunks_exact(depth).enumerate() {
                        let naive: i64 = row.iter().zip(weights).map(|(&a, &w)| (i64::from(a) - i64::from(scales[i].zero_point)) * i64::from(w)).sum();
                        prop_assert!(got[i * 64 + c] == naive as f32, "{kernels:?} row {i} column {c}: {} for {naive}", got[i * 64 + c]);
                    }
                }
            }
        }
    }

    #[test]
    fn equal_widths_give_equal_bits(seed in 0u64..1 << 32, rows in 1usize..20, keys in 1usize..70, dim in prop::sample::select(vec![32usize, 64])) {
        let layer = Layer::new(seed, 96, 384);
        let balance: Vec<f32> = noise(seed + 5, 384).iter().map(|x| x.abs() + 0.5).collect();
        let out_balance = noise(seed + 6, 96);
        let reals = noise(seed + 4, rows * 384);
        for width in WIDTHS {
            let mut expected: Option<Vec<Vec<u32>>> = None;
            for kernels in at_width(width) {
                let mut normed = reals.clone();
                kernels.layer_norm(&mut normed, &LayerNorm { gamma: &balance, beta: &reals[..384], epsilon: 1e-12 });
                let mut codes = vec![0; rows * 384];
                let mut scales = vec![RowScale::default(); rows];
                kernels.quantise(&normed, 384, Some(&balance), &mut codes, &mut scales);
                let mut results = vec![normed.clone()];
                for epilogue in [Epilogue::Store, Epilogue::Accumulate, Epilogue::Gelu { balance: &out_balance }] {
                    results.push(run(&kernels, &layer, &codes, &scales, epilogue));
                }
                let (q, k, v) = (noise(seed + 7, rows * dim), noise(seed + 8, keys * dim), noise(seed + 9, keys * dim));
                results.push(attend(&kernels, &q, &k, &v, dim));
                let mut dots = vec![0.0; rows];
                kernels.dot_rows(&balance, &reals, &mut dots);
                results.push(dots);
                let mut sum = reals[..384].to_vec();
                kernels.add_scaled_i8(&mut sum, &layer.row_major[..384], 0.037);
                kernels.gelu(&mut sum);
                results.push(sum);
                let bits = results.iter().map(|r| r.iter().map(|x| x.to_bits()).collect()).collect();
                match &expected {
                    None => expected = Some(bits),
                    Some(expected) => prop_assert!(*expected == bits, "{kernels:?} at {width:?}"),
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_company(seed in 0u64..1 << 32, rows in 2usize..40) {
        let layer = Layer::new(seed, 64, 384);
        for isa in Isa::available() {
            let kernels = Kernels::new(isa).unwrap();
            let reals = noise(seed + 4, rows * 384);
            let mut codes = vec![0; rows * 384];
            let mut scales = vec![RowScale::default(); rows];
            kernels.quantise(&reals, 384, None, &mut codes, &mut scales);
            let all = run(&kernels, &layer, &codes, &scales, Epilogue::Store);
            for i in 0..rows {
                let alone = run(&kernels, &layer, &codes[i * 384..][..384], &scales[i..=i], Epilogue::Store);
                prop_assert!(alone[..] == all[i * 64..][..64], "{isa} row {i} of {rows}");
            }
        }
    }

    #[test]
    fn quantised_rows_come_back_within_half_a_step(seed in 0u64..1 << 32, shift in -3.0f32..3.0) {
        let row: Vec<f32> = noise(seed, 384).iter().map(|x| x + shift).collect();
        for kernels in WIDTHS.into_iter().flat_map(at_width) {
            let (mut codes, mut scales) = (vec![0; 384], [RowScale::default()]);
            kernels.quantise(&row, 384, None, &mut codes, &mut scales);
            let [RowScale { scale, zero_point }] = scales;
            for (x, &code) in row.iter().zip(&codes) {
                let back = scale * (i32::from(code) - zero_point) as f32;
                prop_assert!((x - back).abs() <= scale * 1.01, "{kernels:?}: {x} came back as {back}, step {scale}");
            }
        }
    }
}

fn attend(kernels: &Kernels, q: &[f32], k: &[f32], v: &[f32], dim: usize) -> Vec<f32> {
    let rows = |data| Rows { data, stride: dim };
    let head = AttentionHead {
        queries: rows(q),
        keys: rows(k),
        values: rows(v),
        query_count: q.len() / dim,
        key_count: k.len() / dim,
        dim,
    };
    let mut out = vec![0.0; q.len()];
    kernels.attention(&head, &mut AttentionScratch::default(), &mut out, dim);
    out
}

#[test]
fn attention_is_a_base_two_softmax() {
    for (dim, queries, keys) in [
        (32, 1, 1),
        (32, 13, 13),
        (32, 5, 33),
        (64, 9, 16),
        (32, 3, 512),
    ] {
        let (q, k, v) = (
            noise(1, queries * dim),
            noise(2, keys * dim),
            noise(3, keys * dim),
        );
        for isa in Isa::available() {
            let got = attend(&Kernels::new(isa).unwrap(), &q, &k, &v, dim);
            for (i, query) in q.chunks_exact(dim).enumerate() {
                let weights: Vec<f64> = k
                    .chunks_exact(dim)
                    .map(|key| {
                        query
                            .iter()
                            .zip(key)
                            .map(|(a, b)| f64::from(a * b))
                            .sum::<f64>()
                            .exp2()
                    })
                    .collect();
                let total: f64 = weights.iter().sum();
                for d in 0..dim {
                    let exact: f64 = weights
                        .iter()
                        .enumerate()
                        .map(|(j, w)| w * f64::from(v[j * dim + d]))
                        .sum::<f64>()
                        / total;
                    let error = (f64::from(got[i * dim + d]) - exact).abs();
                    assert!(
                        error < 1e-5,
                        "{isa}, dim {dim}, {keys} keys, query {i}: off by {error}"
                    );
                }
            }
        }
    }
}

#[test]
fn attention_survives_extreme_scores() {
    let (mut q, mut k) = (vec![0.0; 32], vec![0.0; 64]);
    (q[0], k[0], k[32]) = (1e4, 1e4, -1e4);
    let v: Vec<f32> = (0..64).map(|i| if i < 32 { 1.0 } else { 7.0 }).collect();
    for isa in Isa::available() {
        assert_eq!(
            attend(&Kernels::new(isa).unwrap(), &q, &k, &v, 32),
            [1.0; 32],
            "{isa}"
        );
    }
}

/// The error function by its Maclaurin series, in f64; exact enough on the range used.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn gelu_is_close_to_the_error_function() {
    let xs: Vec<f32> = (-4800..4800).map(|i| i as f32 / 1000.0).collect();
    let mut ys = xs.clone();
    Kernels::detect().gelu(&mut ys);
    for (x, y) in xs.iter().zip(ys) {
        let x = f64::from(*x);
        let exact = x / 2.0 * (1.0 + erf(x / std::f64::consts::SQRT_2));
        assert!(
            (f64::from(y) - exact).abs() < 1e-4,
            "gelu({x}) = {y}, exactly {exact}"
        );
    }
}

#[test]
fn rows_without_range_are_exact_zeros() {
    for kernels in WIDTHS.into_iter().flat_map(at_width) {
        for value in [0.0, -0.0, 1e-41] {
            let (mut codes, mut scales) = (vec![9; 384], [RowScale::default()]);
            kernels.quantise(&[value; 384], 384, None, &mut codes, &mut scales);
            assert_eq!(
                scales,
                [RowScale {
                    scale: 1.0,
                    zero_point: 0
                }]
            );
            assert!(codes.iter().all(|&c| c == 0), "{kernels:?}");
        }
    }
}

#[test]
fn packing_places_each_weight_once() {
    let weights: Vec<i8> = (0..64 * 12).map(|i| (i % 251) as i8).collect();
    let packed = pack(&weights, 64, 12);
    for column in 0..64 {
        for input in 0..12 {
            assert_eq!(
                packed[packed_index(column, input, 12)],
                weights[column * 12 + input]
            );
        }
        let sum: i32 = weights[column * 12..][..12]
            .iter()
            .map(|&w| i32::from(w))
            .sum();
        assert_eq!(column_sums(&packed, 12)[column], sum);
    }
}

#[test]
fn a_name_leads_to_its_instruction_set_or_to_an_error_that_lists_the_others() {
    for isa in Isa::ALL {
        assert_eq!(isa.name().parse(), Ok(isa));
    }
    let message = "avx9".parse::<Isa>().unwrap_err().to_string();
    assert!(
        message.contains("avx9") && message.contains("scalar"),
        "{message}"
    );
    let refused = Kernels::with_width(Isa::Avx2, ActivationWidth::Eight)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("8-bit"), "{refused}");
}
