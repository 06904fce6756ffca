//! Texts, by the built-in model's vocabulary.

use std::sync::LazyLock;

use synaptoroute::Bert;

use crate::{MAX_INPUT_BYTES, kernels};

const MODEL: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../models/bge-small-en-v1.5/model.safetensors");

/// What the model reads at most, `[CLS]` and `[SEP]` included.
const MAX_TOKENS: usize = 512;
const VOCABULARY: u32 = 30_522;
const CLS: u32 = 101;
const SEP: u32 = 102;

static BERT: LazyLock<Bert> =
    LazyLock::new(|| Bert::open(MODEL, kernels()).expect("the model lies beside the crates"));

/// Cuts the bytes to tokens, what is no UTF-8 among them replaced.
///
/// # Panics
///
/// If there are more tokens than the model reads, or one that it does not know; if they are not
/// between `[CLS]` and `[SEP]`, or not the same the second time; or if what was cut off is not told.
pub fn tokenizer(data: &[u8]) {
    let data = &data[..data.len().min(MAX_INPUT_BYTES)];
    let text = String::from_utf8_lossy(data);
    let tokens = BERT.tokenizer().encode(&text).expect("any text has tokens");
    let ids = &tokens.ids;
    assert!((2..=MAX_TOKENS).contains(&ids.len()), "{} tokens", ids.len());
    assert_eq!((ids.first(), ids.last()), (Some(&CLS), Some(&SEP)), "what stands around them");
    assert!(ids.iter().all(|&id| id < VOCABULARY), "an id beyond the vocabulary: {ids:?}");
    assert_eq!(BERT.tokenizer().encode(&text).ok().as_ref(), Some(&tokens), "the second time");
    if tokens.truncated {
        assert_eq!(ids.len(), MAX_TOKENS, "cut, and shorter than need be");
    }
    check_cut(&text, &tokens.ids, tokens.truncated);
}

/// More text behind a blank and a letter only adds tokens: what was cut stays so, token for token.
fn check_cut(text: &str, ids: &[u32], truncated: bool) {
    let longer = format!("{text} a");
    let longer = BERT.tokenizer().encode(&longer).expect("any text has tokens");
    let full = ids.len() == MAX_TOKENS;
    assert_eq!(longer.truncated, full, "one word more, {} tokens before", ids.len());
    let kept = &ids[..ids.len() - 1];
    assert_eq!(&longer.ids[..kept.len()], kept, "the beginning depends on what comes after");
    if truncated {
        assert_eq!(longer.ids, ids, "what is read of a text that is cut");
    }
}
