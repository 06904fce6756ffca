//! What the rest of SynaptoRoute knows of an encoder.

use std::time::Duration;

use synaptoroute_kernels::{ActivationWidth, Isa};

use crate::config::Pooling;
use crate::fingerprint::Fingerprint;

/// Turns texts into unit vectors that can be compared by dot product.
pub trait Encoder: Send + Sync {
    /// Which model, and how it runs here.
    fn model(&self) -> &ModelInfo;

    /// One embedding a text, in order. A text's embedding does not depend on the others.
    ///
    /// # Errors
    ///
    /// See [`EncodeError`]; none is known for the built-in model.
    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError>;

    /// As [`Self::encode`], and how much of its time went into cutting the texts to tokens; zero
    /// where an encoder does not tell.
    ///
    /// # Errors
    ///
    /// Those of [`Self::encode`].
    fn encode_timed(&self, texts: &[&str]) -> Result<(Vec<Embedding>, Duration), EncodeError> {
        Ok((self.encode(texts)?, Duration::ZERO))
    }

    /// Whether it knows this word, in lower case, as a whole: one that it does not know may be
    /// misspelt. An encoder that does not tell knows all words.
    fn knows(&self, _word: &str) -> bool {
        true
    }

    /// Of a tuned model, which texts it learned and what was said of them before it had: for a fit to
    /// read. `None` for other models, and where nothing was held out.
    fn out_of_fold(&self) -> Option<&[u8]> {
        None
    }

    /// What a cache in front of it did; `None` where there is none.
    fn cache_stats(&self) -> Option<CacheStats> {
        None
    }
}

/// What a cache of embeddings did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Texts that it had.
    pub hits: u64,
    /// Texts that were encoded.
    pub misses: u64,
    /// Texts that it has now.
    pub texts: u64,
    /// What they take.
    pub bytes: u64,
    /// What they may take.
    pub capacity_bytes: u64,
}

/// One text's vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// Of length 1; [`ModelInfo::dimensions`] numbers.
    pub vector: Vec<f32>,
    /// Tokens the encoder read.
    pub tokens: usize,
    /// Whether the end of the text was cut to fit the model.
    pub truncated: bool,
}

/// An encoder's identity.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelInfo {
    /// What people call it.
    pub name: String,
    /// What tells its vectors from another's.
    pub fingerprint: Fingerprint,
    /// Numbers in a vector.
    pub dimensions: usize,
    /// Longest input, in tokens.
    pub max_tokens: usize,
    /// How token vectors become one.
    pub pooling: Pooling,
    /// The instruction set that runs.
    pub isa: Isa,
    /// Vectors of another width differ a little, see [`ActivationWidth`].
    pub activation_width: ActivationWidth,
}

impl ModelInfo {
    /// For an encoder of one's own: CLS pooling, and the width that this instruction set
    /// multiplies fastest; both are there to be shown and decide nothing.
    #[must_use]
    pub fn new(
        name: String,
        fingerprint: Fingerprint,
        dimensions: usize,
        max_tokens: usize,
        isa: Isa,
    ) -> Self {
        let (pooling, activation_width) = (Pooling::Cls, isa.fast_width());
        Self { name, fingerprint, dimensions, max_tokens, pooling, isa, activation_width }
    }
}

/// Why texts could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The tokenizer library failed.
    #[error("text {index} cannot be tokenised: {message}")]
    Tokenizer {
        /// The text's place in the batch.
        index: usize,
        /// What the library said.
        message: String,
    },
}

impl EncodeError {
    /// The place, in what was to be encoded, of the text to blame.
    #[must_use]
    pub const fn index(&self) -> usize {
        match self {
            Self::Tokenizer { index, .. } => *index,
        }
    }

    /// The same of a batch from which this one's texts were taken, by their places in it.
    pub(crate) fn moved(self, places: &[usize]) -> Self {
        match self {
            Self::Tokenizer { index, message } => {
                Self::Tokenizer { index: places.get(index).copied().unwrap_or(index), message }
            }
        }
    }
}
