//! What a model file says of itself.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// How a text's token vectors become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Pooling {
    /// The vector of the first token, `[CLS]`.
    Cls,
    /// The mean over all tokens.
    Mean,
}

/// Shape and provenance of a model; kept as JSON in the model file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What people call it, such as `bge-small-en-v1.5-int8`.
    pub name: String,
    /// SHA-256 of the fp32 ONNX file it was made from, in hexadecimal.
    pub source_sha256: String,
    /// Transformer layers.
    pub layers: usize,
    /// Width of a token's vector, and of the embedding.
    pub hidden: usize,
    /// Attention heads of a layer.
    pub heads: usize,
    /// Width inside the feed-forward block.
    pub intermediate: usize,
    /// Longest input, `[CLS]` and `[SEP]` included.
    pub max_tokens: usize,
    /// Rows of the word embedding table.
    pub vocabulary: usize,
    /// Added to the variance by every normalisation.
    pub layer_norm_epsilon: f32,
    /// How token vectors become one.
    pub pooling: Pooling,
    /// How text becomes tokens.
    pub tokenizer: TokenizerConfig,
    /// How the integers were made, for people to read.
    pub quantisation: String,
    /// Of a model that learned somebody's routes: from what, and from which routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Tuned>,
}

/// Where a tuned model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuned {
    /// SHA-256 of the model file it started from, in hexadecimal.
    pub parent_sha256: String,
    /// SHA-256 of the texts that it learned from and their routes, in hexadecimal.
    pub content_sha256: String,
}

/// Settings of the WordPiece tokenizer; the vocabulary is a tensor of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenizerConfig {
    /// Drop control characters, turn white space into blanks.
    pub clean_text: bool,
    /// Put blanks around Chinese characters.
    pub handle_chinese_chars: bool,
    /// Drop combining marks; unset means: where `lowercase` is.
    pub strip_accents: Option<bool>,
    /// Lower-case the text.
    pub lowercase: bool,
    /// Longer words become the unknown token.
    pub max_input_chars_per_word: usize,
    /// Marks a piece that continues a word.
    pub continuing_subword_prefix: String,
    /// Stands for what the vocabulary lacks.
    pub unknown: String,
    /// First token of every input.
    pub cls: String,
    /// Last token of every input.
    pub sep: String,
    /// Tokens recognised as they stand in the text, `cls` and `sep` among them.
    pub special: Vec<String>,
}

impl Config {
    /// Width of one attention head.
    #[must_use]
    pub fn head_dim(&self) -> usize {
        self.hidden / self.heads
    }

    /// Checks that the forward pass can run this shape.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let refuse = |what: &'static str, expected: &'static str, found: String| {
            Err(ModelError::Unsupported { what, expected, found })
        };
        if !matches!((self.hidden, self.intermediate), (384, 1536) | (768, 3072)) {
            let found = format!("{} / {}", self.hidden, self.intermediate);
            return refuse("hidden / intermediate width", "384 / 1536 or 768 / 3072", found);
        }
        if self.heads == 0
            || !matches!((self.hidden / self.heads, self.hidden % self.heads), (32 | 64, 0))
        {
            return refuse("attention heads", "heads 32 or 64 wide", self.heads.to_string());
        }
        if !(1..=48).contains(&self.layers) {
            return refuse("layers", "1 to 48", self.layers.to_string());
        }
        if !(3..=4096).contains(&self.max_tokens) {
            return refuse("longest input", "3 to 4096 tokens", self.max_tokens.to_string());
        }
        if !(self.layer_norm_epsilon > 0.0 && self.layer_norm_epsilon < 1.0) {
            return refuse(
                "layer_norm_epsilon",
                "between 0 and 1",
                self.layer_norm_epsilon.to_string(),
            );
        }
        Ok(())
    }
}
