//! Takes over a `tokenizer.json`: its settings and its vocabulary.

use std::collections::HashMap;

use serde::Deserialize;

use crate::config::TokenizerConfig;

/// A vocabulary and how to apply it.
pub(super) struct Vocabulary {
    pub(super) config: TokenizerConfig,
    /// The tokens in order, one a line.
    pub(super) lines: Vec<u8>,
}

#[derive(Deserialize)]
struct File {
    normalizer: Normalizer,
    pre_tokenizer: Typed,
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Typed {
    r#type: String,
}

#[derive(Deserialize)]
struct Normalizer {
    r#type: String,
    #[serde(default = "yes")]
    clean_text: bool,
    #[serde(default = "yes")]
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    lowercase: bool,
}

#[derive(Deserialize)]
struct Model {
    r#type: Option<String>,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
    special: bool,
}

fn yes() -> bool {
    true
}

impl Vocabulary {
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let File { normalizer, pre_tokenizer, model, added_tokens } =
            serde_json::from_slice(json).map_err(|e| format!("is no BERT tokenizer.json: {e}"))?;
        let expect = |what: &str, expected: &str, found: &str| {
            let same = expected == found;
            same.then_some(()).ok_or_else(|| format!("its {what} is {found}, not {expected}"))
        };
        expect("normalizer", "BertNormalizer", &normalizer.r#type)?;
        expect("pre_tokenizer", "BertPreTokenizer", &pre_tokenizer.r#type)?;
        expect("model", "WordPiece", model.r#type.as_deref().unwrap_or("WordPiece"))?;
        if let Some(token) =
            added_tokens.iter().find(|t| model.vocab.get(&t.content) != Some(&t.id))
        {
            return Err(format!("its added token {:?} is not in the vocabulary", token.content));
        }
        if let Some(token) = added_tokens.iter().find(|t| !t.special) {
            return Err(format!(
                "its added token {:?} is not a special one, and would not be found in a text",
                token.content
            ));
        }
        let mut words = vec![None; model.vocab.len()];
        for (word, id) in &model.vocab {
            let place = words.get_mut(*id as usize);
            *place.ok_or_else(|| format!("the id {id} of {word:?} leaves a gap"))? =
                Some(word.as_str());
            if word.contains(['\n', '\r']) {
                return Err(format!("its token {word:?} holds a line break"));
            }
        }
        let words: Option<Vec<&str>> = words.into_iter().collect();
        let words = words.ok_or("two of its tokens share an id")?;
        Ok(Self {
            lines: words.join("\n").into_bytes(),
            config: TokenizerConfig {
                clean_text: normalizer.clean_text,
                handle_chinese_chars: normalizer.handle_chinese_chars,
                strip_accents: normalizer.strip_accents,
                lowercase: normalizer.lowercase,
                max_input_chars_per_word: model.max_input_chars_per_word,
                continuing_subword_prefix: model.continuing_subword_prefix,
                unknown: model.unk_token,
                cls: "[CLS]".to_owned(),
                sep: "[SEP]".to_owned(),
                special: added_tokens.into_iter().map(|t| t.content).collect(),
            },
        })
    }
}
