//! Vectors of converted models against the fp32 weights' own.

use super::export::{Dialect, Export, write_model};
use super::random::Weights;
use super::tokens::id;
use crate::config::Pooling;
use crate::{ActivationWidth, Bert, Encoder, Isa, Kernels};

/// Texts, their tokens, and whether they are cut.
fn texts() -> Vec<(String, Vec<u32>, bool)> {
    let ids = |words: &str| -> Vec<u32> { words.split_whitespace().map(id).collect() };
    let framed = |words: &str| [&[id("[CLS]")], &ids(words)[..], &[id("[SEP]")]].concat();
    let long = "what is the weather like today ? ".repeat(6);
    let cut: Vec<&str> = long.split_whitespace().take(30).collect();
    vec![
        (String::new(), framed(""), false),
        ("bill".to_owned(), framed("bill"), false),
        ("Where is my bill?".to_owned(), framed("where is my bill ?"), false),
        ("reset my passwords".to_owned(), framed("reset my pass ##word ##s"), false),
        ("play some unheard music".to_owned(), framed("play some [UNK] music"), false),
        ("my card was [MASK], help!".to_owned(), framed("my card was [MASK] , help !"), false),
        (long.clone(), framed(&cut.join(" ")), true),
    ]
}

fn cosine(a: &[f32], b: &[f64]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(x, y)| f64::from(*x) * y).sum();
    let a: f64 = a.iter().map(|x| f64::from(*x).powi(2)).sum();
    let b: f64 = b.iter().map(|x| x * x).sum();
    dot / (a * b).sqrt()
}

/// The cosine of the two vectors that are most alike.
fn alike(vectors: &[Vec<f64>]) -> f64 {
    let narrow = |v: &Vec<f64>| v.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let others = |(i, a): (usize, &Vec<f64>)| {
        let a = narrow(a);
        vectors[..i].iter().map(|b| cosine(&a, b)).fold(-1.0, f64::max)
    };
    vectors.iter().enumerate().map(others).fold(-1.0, f64::max)
}

/// Converts, opens what was written, and compares with the weights themselves on `texts`.
fn agrees(
    weights: &Weights,
    dialect: Dialect,
    pooling: Pooling,
    texts: &[(String, Vec<u32>, bool)],
) {
    let converted = Export { pooling, ..Export::new(weights, dialect) }.convert().unwrap();
    let config = &converted.config;
    assert_eq!(
        (config.layers, config.hidden, config.heads),
        (weights.layers, weights.hidden, weights.heads)
    );
    assert_eq!((config.layer_norm_epsilon, config.pooling), (weights.epsilon, pooling));
    let folder = tempfile::tempdir().unwrap();
    let path = write_model(folder.path(), &converted);

    let expected: Vec<Vec<f64>> =
        texts.iter().map(|(_, ids, _)| weights.embed(ids, pooling)).collect();
    let alike = alike(&expected);
    assert!(alike < 0.95, "{alike}: texts that are all alike would show nothing");
    let mut failures = Vec::new();
    for isa in Isa::available() {
        let encoder = Bert::open(&path, Kernels::new(isa).unwrap()).unwrap();
        let batch: Vec<&str> = texts.iter().map(|(text, ..)| text.as_str()).collect();
        let together = encoder.encode(&batch).unwrap();
        let least = match isa.fast_width() {
            ActivationWidth::Eight => 0.999,
            ActivationWidth::Seven => 0.998,
        };
        for ((text, ids, truncated), (embedding, expected)) in
            texts.iter().zip(together.iter().zip(&expected))
        {
            let tokens = encoder.tokenizer().encode(text).unwrap();
            assert_eq!((&tokens.ids, tokens.truncated), (ids, *truncated), "{text:?}");
            assert_eq!((embedding.tokens, embedding.truncated), (ids.len(), *truncated));
            assert_eq!(encoder.encode(&[text]).unwrap()[0], *embedding, "{text:?} alone");
            let cosine = cosine(&embedding.vector, expected);
            println!("{isa}, {text:?}: {cosine:.6}");
            if cosine < least {
                failures.push(format!("{isa}, {text:?}: {cosine}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn cls_pooling_keeps_to_fp32() {
    agrees(&Weights::new(2, 384, 12), Dialect::Steps, Pooling::Cls, &texts());
}

#[test]
fn mean_pooling_keeps_to_fp32() {
    agrees(&Weights::new(2, 384, 12), Dialect::Steps, Pooling::Mean, &texts());
}

#[test]
fn heads_64_wide_and_another_exporters_nodes_keep_to_fp32() {
    agrees(&Weights::new(2, 384, 6), Dialect::Nodes, Pooling::Cls, &texts());
}

#[test]
fn the_larger_width_keeps_to_fp32() {
    let mut texts = texts();
    texts.retain(|(_, ids, _)| ids.len() < 8);
    agrees(&Weights::new(1, 768, 12), Dialect::Nodes, Pooling::Mean, &texts);
}
