//! A text's vector is bitwise the same alone, in any batch, at any place in it; and the
//! same on every instruction set of one activation width.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod support;

use std::num::NonZero;

use proptest::prelude::*;
use support::{all_isas, bert, golden};
use synaptoroute_encoder::{ActivationWidth, Bert, Encoder, Isa, Scratch};

fn bits(encoder: &Bert, texts: &[&str]) -> Vec<Vec<u32>> {
    let embeddings = encoder.encode(texts).unwrap();
    embeddings.iter().map(|e| e.vector.iter().map(|x| x.to_bits()).collect()).collect()
}

/// Short golden texts of all kinds, and one that fills a pass by itself.
fn texts() -> Vec<String> {
    let golden = golden();
    let short = golden.iter().filter(|g| g.ids.len() < 40).step_by(9);
    let long = golden.iter().find(|g| g.truncated);
    short.chain(long).map(|g| g.text.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_text_does_not_depend_on_its_batch(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let texts = texts();
        let batch: Vec<&str> = picks.iter().map(|pick| pick.get(&texts).as_str()).collect();
        for isa in all_isas().filter(|&isa| isa != Isa::Scalar) {
            let encoder = bert(isa);
            let together = bits(&encoder, &batch);
            for (i, text) in batch.iter().enumerate() {
                prop_assert!(bits(&encoder, &[text])[0] == together[i], "{isa}: {text:?} at {i}");
            }
        }
    }
}

#[test]
fn a_text_does_not_depend_on_its_batch_on_the_portable_path() {
    let golden = golden();
    let batch: Vec<&str> =
        golden.iter().filter(|g| g.ids.len() < 24).step_by(40).map(|g| g.text.as_str()).collect();
    let encoder = bert(Isa::Scalar);
    let together = bits(&encoder, &batch);
    for (i, text) in batch.iter().enumerate().step_by(3) {
        assert!(bits(&encoder, &[text])[0] == together[i], "{text:?} at {i}");
    }
}

#[test]
fn instruction_sets_of_one_width_agree_to_the_bit() {
    let golden = golden();
    let texts: Vec<&str> =
        golden.iter().filter(|g| g.ids.len() < 40).step_by(16).map(|g| g.text.as_str()).collect();
    let expected = bits(&bert(Isa::Scalar), &texts);
    for isa in all_isas().filter(|isa| isa.fast_width() == ActivationWidth::Eight) {
        assert!(bits(&bert(isa), &texts) == expected, "{isa}");
    }
}

#[test]
fn working_memory_of_another_pass_leaves_no_trace() {
    let golden = golden();
    let long = golden.iter().find(|g| g.truncated).unwrap();
    let encoder = bert(all_isas().next().unwrap());
    let mut used = Scratch::new();
    let mut vector = vec![0.0; 384];
    encoder.encode_ids(&mut used, &[&long.ids], &mut vector);
    for golden in golden.iter().step_by(50) {
        let mut fresh = vec![0.0; 384];
        encoder.encode_ids(&mut used, &[&golden.ids], &mut vector);
        encoder.encode_ids(&mut Scratch::new(), &[&golden.ids], &mut fresh);
        assert_eq!(vector, fresh, "{:?}", golden.text);
    }
}

#[test]
fn a_pass_on_several_threads_gives_the_same_bits() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for isa in all_isas().filter(|&isa| isa != Isa::Scalar) {
        let alone = bert(isa);
        let together = bert(isa).with_threads(NonZero::new(3).unwrap()).unwrap();
        assert!(bits(&alone, &texts) == bits(&together, &texts), "{isa}: all at once");
        // Without the long one, each thread takes texts of its own.
        let short = &texts[..texts.len() - 1];
        assert!(bits(&alone, short) == bits(&together, short), "{isa}: short ones");
        for text in &texts {
            assert!(bits(&alone, &[text]) == bits(&together, &[text]), "{isa}: {text:?}");
        }
    }
}

#[test]
fn a_pass_allocates_nothing_after_the_first() {
    let golden = golden();
    let long = golden.iter().find(|g| g.truncated).unwrap();
    let texts: Vec<&[u32]> =
        golden.iter().filter(|g| g.ids.len() < 40).step_by(9).map(|g| g.ids.as_slice()).collect();
    let isa = all_isas().next().unwrap();
    for threads in [1, 2] {
        let encoder = bert(isa).with_threads(NonZero::new(threads).unwrap()).unwrap();
        let mut scratch = Scratch::new();
        let mut vectors = vec![0.0; texts.len() * 384];
        // The longest text, and the most texts of one pass, have been seen.
        encoder.encode_ids(&mut scratch, &[&long.ids], &mut vectors[..384]);
        encoder.encode_ids(&mut scratch, &texts, &mut vectors);
        let counted = allocation_counter::measure(|| {
            encoder.encode_ids(&mut scratch, &texts, &mut vectors);
            encoder.encode_ids(&mut scratch, &texts[..1], &mut vectors[..384]);
            encoder.encode_ids(&mut scratch, &[&long.ids], &mut vectors[..384]);
        });
        assert_eq!(counted.count_total, 0, "with {threads} threads: {counted:?}");
    }
}

#[test]
fn threads_share_one_encoder() {
    let texts = ["where is my bill", "reset my password", "weather"];
    let encoder = bert(all_isas().next().unwrap());
    let expected = bits(&encoder, &texts);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| assert!(bits(&encoder, &texts) == expected)));
        }
    });
}

#[test]
fn no_text_is_too_odd() {
    let encoder = bert(all_isas().next().unwrap());
    let long = "x".repeat(1_000_000);
    let embeddings = encoder.encode(&["", "\0", "\u{fffd}", &long]).unwrap();
    assert!(embeddings.iter().all(|e| e.vector.iter().all(|x| x.is_finite())));
    assert!(encoder.encode(&[]).unwrap().is_empty());
    let many = "word ".repeat(600);
    let [embedding] = &encoder.encode(&[&many]).unwrap()[..] else { panic!("one vector") };
    assert!(embedding.truncated);
    assert_eq!(embedding.tokens, 512);
}
