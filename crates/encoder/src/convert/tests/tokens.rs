//! A tokenizer of sixty tokens, and sentences of them.

use serde_json::{Value, json};

use super::random::{Random, VOCABULARY};

/// Sixty tokens.
const WORDS: &str = "[PAD] [UNK] [CLS] [SEP] [MASK] . , ? ! - where is my bill the a to you \
    reset pass ##word play some music in what weather like today not how much money do i owe \
    card lost stolen help me with order cancel it please and was charged twice ##s ##ing \
    ##ed Bill bîll 中 文 é e ##e";

pub(super) fn words() -> Vec<&'static str> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    assert_eq!(words.len(), VOCABULARY);
    words
}

pub(super) fn id(word: &str) -> u32 {
    words().iter().position(|w| *w == word).unwrap() as u32
}

/// A `tokenizer.json` as Hugging Face writes it for a BERT.
pub(super) fn tokenizer() -> Value {
    let vocab: serde_json::Map<String, Value> =
        words().into_iter().zip(0..).map(|(word, id)| (word.to_owned(), json!(id))).collect();
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(|content| {
        json!({"id": id(content), "content": content, "special": true, "single_word": false,
               "lstrip": false, "rstrip": false, "normalized": false})
    });
    json!({
        "version": "1.0",
        "truncation": null,
        "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
                       "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab},
    })
}

/// Calibration sentences of the vocabulary's words.
pub(super) fn sentences() -> Vec<String> {
    let mut random = Random(7);
    let words: Vec<&str> = words().split_off(10).into_iter().filter(|w| w.is_ascii()).collect();
    let mut sentence = |len| {
        let words = (0..len).map(|_| words[random.next() as usize % words.len()]);
        words.collect::<Vec<_>>().join(" ").replace(" ##", "")
    };
    [3, 30, 7, 12, 1, 9, 20, 5, 8, 14].map(&mut sentence).to_vec()
}
