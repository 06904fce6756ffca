//! The built-in model against what fp32 gives: 512 texts whose vectors ONNX Runtime made
//! (see `models/bge-small-en-v1.5/golden/README.md`).

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod support;

use support::{Golden, all_isas, bert, cosine, golden};
use synaptoroute_encoder::{ActivationWidth, Encoder, Isa};

#[test]
fn token_ids_are_those_of_the_reference_tokenizer() {
    let encoder = bert(Isa::Scalar);
    let mut wrong = Vec::new();
    for (i, golden) in golden().iter().enumerate() {
        let tokens = encoder.tokenizer().encode(&golden.text).unwrap();
        if (&tokens.ids, tokens.truncated) != (&golden.ids, golden.truncated) {
            wrong.push(i);
        }
    }
    assert!(wrong.is_empty(), "texts {wrong:?}");
}

#[test]
fn vectors_keep_to_fp32() {
    let golden = golden();
    // The scalar path gives the same bits as the fastest 8-bit one (see `laws.rs`), and
    // would take minutes over all texts.
    for isa in all_isas().filter(|&isa| isa != Isa::Scalar) {
        let encoder = bert(isa);
        let texts: Vec<&str> = golden.iter().map(|g| g.text.as_str()).collect();
        let embeddings = encoder.encode(&texts).unwrap();
        let cosines: Vec<f64> = embeddings
            .iter()
            .zip(&golden)
            .map(|(e, Golden { vector, .. })| cosine(&e.vector, vector))
            .collect();
        let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
        let (worst, least) = cosines.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        let (mean_bound, least_bound) = match isa.fast_width() {
            ActivationWidth::Eight => (0.9997, 0.9990),
            ActivationWidth::Seven => (0.9990, 0.9970),
        };
        println!("{isa}: mean {mean:.6}, least {least:.6} (text {worst})");
        assert!(mean >= mean_bound, "{isa}: mean {mean}");
        assert!(*least >= least_bound, "{isa}: {least} for {:?}", golden[worst].text);
    }
}

#[test]
fn seven_and_eight_bits_compare() {
    let narrow = all_isas().find(|isa| isa.fast_width() == ActivationWidth::Seven);
    let wide = all_isas().find(|isa| isa.fast_width() == ActivationWidth::Eight);
    let (Some(narrow), Some(wide)) = (narrow, wide) else { return };
    // In the order of the file, rare scripts and broken text come first.
    let golden = golden();
    let texts: Vec<&str> = golden[71..].iter().map(|g| g.text.as_str()).collect();
    let a = bert(narrow).encode(&texts).unwrap();
    let b = bert(wide).encode(&texts).unwrap();
    for ((a, b), text) in a.iter().zip(&b).zip(texts) {
        let cosine = cosine(&a.vector, &b.vector);
        assert!(cosine >= 0.998, "{cosine} for {text:?}");
    }
}
