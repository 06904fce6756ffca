//! Laws every instruction set keeps: integers equal a naive sum, and equal activation
//! widths give equal bits. `SYNAPTOROUTE_ISA` plays no part: each test runs all that this
//! machine has.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;
use synaptoroute_kernels::{
    ActivationWidth, Activations, Attention, AttentionScratch, Balance, ColumnSum, Crew, Epilogue,
    Isa, Kernels, LayerNorm, Linear, Output, PANEL, Quantisation, Queried, RowScale, Rows, Team,
    column_sums, pack, packed_index,
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
    (0..len).map(|_| uniform() + uniform() + uniform()).collect()
}

/// Every instruction set of this machine, the oracle first.
fn all() -> Vec<Kernels> {
    let others = Isa::available().filter(|&isa| isa != Isa::Scalar);
    std::iter::once(Isa::Scalar).chain(others).map(|isa| Kernels::new(isa).unwrap()).collect()
}

const WIDTHS: [ActivationWidth; 2] = [ActivationWidth::Seven, ActivationWidth::Eight];

/// A layer with row-major weights kept for the naive sum.
struct Layer {
    depth: usize,
    row_major: Vec<i8>,
    packed: Vec<i8>,
    sums: Vec<ColumnSum>,
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
            scales: noise(seed + 1, columns).iter().map(|x| x.abs() + 1e-3).collect(),
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
    width: ActivationWidth,
    epilogue: Epilogue<'_>,
) -> Vec<f32> {
    let input = Activations { codes, scales, width };
    run_with(&mut Team::alone(), kernels, layer, &input, epilogue)
}

fn run_with(
    team: &mut Team<'_>,
    kernels: &Kernels,
    layer: &Layer,
    input: &Activations<'_>,
    epilogue: Epilogue<'_>,
) -> Vec<f32> {
    let columns = layer.columns();
    let mut data = vec![0.25; input.scales.len() * columns];
    let output = Output { data: &mut data, stride: columns };
    kernels.linear(team, &layer.view(), input, 0..columns / PANEL, epilogue, output);
    data
}

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

    #[test]
    fn a_row_does_not_depend_on_its_company(seed in 0u64..1 << 32, rows in 2usize..40) {
        let layer = Layer::new(seed, 64, 384);
        for (kernels, width) in all().into_iter().flat_map(|k| WIDTHS.map(|w| (k, w))) {
            let reals = noise(seed + 4, rows * 384);
            let (codes, scales) = quantised(&kernels, &reals, width, None);
            let all = run(&kernels, &layer, &codes, &scales, width, Epilogue::Store);
            for i in 0..rows {
                let (codes, scales) = (&codes[i * 384..][..384], &scales[i..=i]);
                let alone = run(&kernels, &layer, codes, scales, width, Epilogue::Store);
                prop_assert!(alone[..] == all[i * 64..][..64], "{kernels:?} row {i} of {rows}");
            }
        }
    }

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
        let got = run(&kernels, &layer, &codes, &scales, width, Epilogue::Store);
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
    let (mut fused, mut fused_codes) = (reals.clone(), codes.clone());
    let mut fused_scales = scales.clone();
    let how = Quantisation { width, balance: Some(balance), skip: 0 };
    kernels.norm_quantise(&mut fused, &norm, &how, &mut fused_codes, &mut fused_scales);
    assert_eq!((&fused, &fused_codes, &fused_scales), (&normed, &codes, &scales), "{kernels:?}");
    let (column_factors, column_offsets) = (noise(seed + 6, 96), noise(seed + 10, 96));
    let gelu = Balance { factors: &column_factors, offsets: &column_offsets };
    for (name, epilogue) in [
        ("linear", Epilogue::Store),
        ("linear, accumulated", Epilogue::Accumulate),
        ("linear, gelu", Epilogue::Gelu { balance: gelu }),
    ] {
        results.push((name, run(kernels, &layer, &codes, &scales, width, epilogue)));
    }
    let [q, k, v] = [7, 8, 9].map(|i| noise(seed + i, keys * dim));
    results.push(("attention", attend(kernels, &q, &k, &v, dim)));
    let mut dots = vec![0.0; rows];
    kernels.dot_rows(&factors, &reals, &mut dots);
    results.push(("dot_rows", dots));
    let mut sum = reals[..384].to_vec();
    kernels.add_scaled_i8(&mut sum, &layer.row_major[..384], 0.037);
    results.push(("add_scaled_i8", sum.clone()));
    kernels.gelu(&mut sum);
    results.push(("gelu", sum));
    let mut outer = noise(seed + 11, rows * 96);
    let inputs = Rows { data: &reals, stride: 384 };
    kernels.accumulate_outer(inputs, &noise(seed + 12, 16 * 96), &mut outer);
    results.push(("accumulate_outer", outer));

    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    results.into_iter().map(|(name, values)| (name, bits(values))).collect()
}

/// Rows of 384, quantised.
fn quantised(
    kernels: &Kernels,
    rows: &[f32],
    width: ActivationWidth,
    balance: Option<Balance<'_>>,
) -> (Vec<u8>, Vec<RowScale>) {
    let mut codes = vec![0; rows.len()];
    let mut scales = vec![RowScale::default(); rows.len() / 384];
    let how = Quantisation { width, balance, skip: 0 };
    kernels.quantise(rows, 384, &how, &mut codes, &mut scales);
    (codes, scales)
}

/// One head over one text; with fewer queries than keys, its first token's.
fn attend(kernels: &Kernels, q: &[f32], k: &[f32], v: &[f32], dim: usize) -> Vec<f32> {
    let rows = |data| Rows { data, stride: dim };
    let tokens = k.len() / dim;
    let text = 0..tokens;
    let attention = Attention {
        queries: rows(q),
        keys: rows(k),
        values: rows(v),
        texts: std::slice::from_ref(&text),
        queried: if q.len() == k.len() { Queried::All } else { Queried::First },
        heads: 1,
        dim,
    };
    let mut scratch = AttentionScratch::default();
    scratch.grow(1, tokens, dim);
    let mut out = vec![0.0; q.len()];
    kernels.attention(&mut Team::alone(), &attention, &scratch, &mut out, dim);
    out
}

#[test]
fn attention_is_a_base_two_softmax() {
    for (dim, queries, keys) in
        [(32, 1, 1), (32, 13, 13), (32, 1, 33), (32, 33, 33), (64, 16, 16), (32, 512, 512)]
    {
        let (q, k, v) = (noise(1, queries * dim), noise(2, keys * dim), noise(3, keys * dim));
        for isa in Isa::available() {
            let got = attend(&Kernels::new(isa).unwrap(), &q, &k, &v, dim);
            for (i, query) in q.chunks_exact(dim).enumerate() {
                let weights: Vec<f64> = k
                    .chunks_exact(dim)
                    .map(|key| {
                        query.iter().zip(key).map(|(a, b)| f64::from(a * b)).sum::<f64>().exp2()
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

/// Three texts with several heads: each head of each text by itself, by the team and alone.
#[test]
fn a_team_gives_the_same_bits() {
    let (heads, dim, tokens) = (12, 32, 61);
    let width = heads * dim;
    let [q, k, v] = [1, 2, 3].map(|seed| noise(seed, tokens * width));
    let texts = [0..17, 17..18, 18..61];
    let crew = Crew::new(2).unwrap();
    let rows = |data| Rows { data, stride: width };
    let layer = Layer::new(4, 384, 384);
    for kernels in all() {
        let mut scratch = AttentionScratch::default();
        scratch.grow(3, 43, dim);
        let (codes, scales) = quantised(&kernels, &q, kernels.isa().fast_width(), None);
        let input =
            Activations { codes: &codes, scales: &scales, width: kernels.isa().fast_width() };
        for queried in [Queried::All, Queried::First] {
            let attention = Attention {
                queries: rows(&q),
                keys: rows(&k),
                values: rows(&v),
                texts: &texts,
                queried,
                heads,
                dim,
            };
            let by = |team: &mut Team<'_>| {
                let mut out = vec![0.0; tokens * width];
                kernels.attention(team, &attention, &scratch, &mut out, width);
                out
            };
            let alone = by(&mut Team::alone());
            assert!(alone == by(&mut crew.join()), "{kernels:?}, {queried:?}");
            for (index, text) in texts.iter().enumerate() {
                let row = if queried == Queried::All { text.start } else { index };
                let head = |from: &[f32]| -> Vec<f32> {
                    let row = |token| &from[token * width + 3 * dim..][..dim];
                    text.clone().flat_map(row).copied().collect()
                };
                let query = &q[row * width + 3 * dim..][..dim];
                let single = attend(&kernels, query, &head(&k), &head(&v), dim);
                assert!(single == alone[row * width + 3 * dim..][..dim], "{kernels:?}, {index}");
            }
        }
        let linear =
            |team: &mut Team<'_>| run_with(team, &kernels, &layer, &input, Epilogue::Accumulate);
        assert!(linear(&mut Team::alone()) == linear(&mut crew.join()), "{kernels:?}");
    }
}

#[test]
fn attention_survives_extreme_scores() {
    let (mut q, mut k) = (vec![0.0; 32], vec![0.0; 64]);
    (q[0], k[0], k[32]) = (1e4, 1e4, -1e4);
    let v: Vec<f32> = (0..64).map(|i| if i < 32 { 1.0 } else { 7.0 }).collect();
    for isa in Isa::available() {
        assert_eq!(attend(&Kernels::new(isa).unwrap(), &q, &k, &v, 32), [1.0; 32], "{isa}");
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

#[test]
fn packing_places_each_weight_once() {
    let weights: Vec<i8> = (0..64 * 12).map(|i| (i % 251) as i8).collect();
    let packed = pack(&weights, 64, 12);
    for column in 0..64 {
        for input in 0..12 {
            assert_eq!(packed[packed_index(column, input, 12)], weights[column * 12 + input]);
        }
        let sum: i32 = weights[column * 12..][..12].iter().map(|&w| i32::from(w)).sum();
        assert_eq!(column_sums(&packed, 12)[column], ColumnSum::new(sum));
    }
}

#[test]
fn a_name_leads_to_its_instruction_set_or_to_an_error_that_lists_the_others() {
    for isa in Isa::ALL {
        assert_eq!(isa.name().parse(), Ok(isa));
    }
    let message = "avx9".parse::<Isa>().unwrap_err().to_string();
    assert!(message.contains("avx9") && message.contains("scalar"), "{message}");
}

/// The epilogue's GELU feeds 8-bit codes, so it may be coarser: a hundredth of their step.
#[test]
fn gelu_of_a_linear_layer_is_close_enough_for_its_codes() {
    let mut layer = Layer::new(1, 9600, 384);
    layer.bias = (-4800..4800).map(|i| i as f32 / 1000.0).collect();
    let (factors, offsets) = (vec![2.0; 9600], vec![0.5; 9600]);
    let gelu = Epilogue::Gelu { balance: Balance { factors: &factors, offsets: &offsets } };
    let scales = [RowScale { scale: 0.0, zero_point: 0 }; 3];
    let ys = run(&Kernels::detect(), &layer, &[1; 3 * 384], &scales, ActivationWidth::Seven, gelu);
    for (x, y) in layer.bias.iter().cycle().zip(ys) {
        let x = f64::from(*x);
        let exact = x * (1.0 + erf(x / std::f64::consts::SQRT_2)) + 0.5;
        assert!((f64::from(y) - exact).abs() < 8e-4, "gelu({x}) = {y}, exactly {exact}");
    }
}
