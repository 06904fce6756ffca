//! Attention: a softmax, the same for a team as alone.

use synaptoroute_kernels::{
    Activations, Attention, AttentionScratch, Crew, Isa, Kernels, Quantisation, Quantised, Queried,
    RangeScratch, RowScale, Rows, SelfAttention, Team,
};

use crate::fixture::{Layer, all, attend, noise, quantised, run};

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
    for kernels in all() {
        let mut scratch = AttentionScratch::default();
        scratch.grow(3, tokens, 43, dim);
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
    }
}

/// Projections and attention in one go are what they are one after the other.
#[test]
fn self_attention_is_its_parts() {
    let (heads, dim, tokens) = (6, 64, 41);
    let width = heads * dim;
    let texts = [0..17, 17..18, 18..41];
    let firsts = [0, 17, 18];
    // Of each head queries, keys, values.
    let layer = Layer::new(4, 3 * width, 384);
    let laid_out = layer.lay_out(None);
    let crew = Crew::new(2).unwrap();
    for kernels in all() {
        let code_width = kernels.isa().fast_width();
        let (codes, scales) = quantised(&kernels, &noise(1, tokens * 384), code_width, None);
        let rows = |rows: &[usize]| -> (Vec<u8>, Vec<RowScale>) {
            let codes = rows.iter().flat_map(|&row| &codes[row * 384..][..384]).copied();
            (codes.collect(), rows.iter().map(|&row| scales[row]).collect())
        };
        let projected = run(&kernels, &layer, &codes, &scales, code_width, None);
        let of_head = |token: usize, head: usize, part: usize| {
            &projected[token * 3 * width + (3 * head + part) * dim..][..dim]
        };
        let (first_codes, first_scales) = rows(&firsts);
        for first_only in [false, true] {
            let asking: Vec<usize> =
                if first_only { firsts.to_vec() } else { (0..tokens).collect() };
            let mut expected = vec![0.0; asking.len() * width];
            for (text, head) in texts.iter().flat_map(|t| (0..heads).map(move |h| (t, h))) {
                let part = |part| -> Vec<f32> {
                    text.clone().flat_map(|token| of_head(token, head, part)).copied().collect()
                };
                let of_text = asking.iter().enumerate().filter(|(_, token)| text.contains(token));
                let (places, tokens): (Vec<usize>, Vec<usize>) = of_text.unzip();
                let queries: Vec<f32> =
                    tokens.iter().flat_map(|&token| of_head(token, head, 0)).copied().collect();
                let mixed = attend(&kernels, &queries, &part(1), &part(2), dim);
                for (place, mixed) in places.iter().zip(mixed.chunks_exact(dim)) {
                    expected[place * width + head * dim..][..dim].copy_from_slice(mixed);
                }
            }
            let expected_codes = quantised(&kernels, &expected, code_width, None);
            for mut team in [Team::alone(), crew.join()] {
                let activations = |codes, scales| Activations { codes, scales, width: code_width };
                let attention = SelfAttention {
                    layer: laid_out.view(),
                    tokens: activations(&codes, &scales),
                    first_tokens: first_only.then(|| activations(&first_codes, &first_scales)),
                    texts: &texts,
                    heads,
                    dim,
                };
                let mut scratch = AttentionScratch::default();
                scratch.grow(3, tokens, 23, dim);
                let mut ranges = RangeScratch::default();
                ranges.grow(3, tokens);
                let mut out = vec![0.0; asking.len() * width];
                let mut to = vec![0; out.len()];
                let mut to_scales = vec![RowScale::default(); asking.len()];
                let how = Quantisation { width: code_width, balance: None, skip: 0 };
                let quantised =
                    Quantised { how, codes: &mut to, scales: &mut to_scales, ranges: &mut ranges };
                kernels.self_attention(&mut team, &attention, &scratch, &mut out, quantised);
                assert!(out == expected, "{kernels:?}, first tokens only: {first_only}");
                assert_eq!((to, to_scales), expected_codes, "{kernels:?}, {first_only}");
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
        assert_eq!(attend(&Kernels::new(isa).unwrap(), &q, &k, &v, 32), [1.0; 32], "{isa}");
    }
}
