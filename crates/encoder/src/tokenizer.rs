//! Text to token ids, by the vocabulary of the model file.

use ahash::AHashMap;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    AddedToken, DecoderWrapper, PostProcessorWrapper, TokenizerBuilder, TokenizerImpl,
};

use crate::config::TokenizerConfig;
use crate::error::ModelError;
use crate::file::ModelFile;

/// The tensor that lists a file's tokens in order, one a line.
pub(crate) const VOCABULARY: &str = "tokenizer.vocabulary";

type WordPieceTokenizer = TokenizerImpl<
    WordPiece,
    BertNormalizer,
    BertPreTokenizer,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// A BERT WordPiece tokenizer.
pub struct Tokenizer {
    inner: WordPieceTokenizer,
    cls: u32,
    sep: u32,
    unknown: u32,
    max_tokens: usize,
}

/// The token ids of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// `[CLS]`, the text's pieces, `[SEP]`.
    pub ids: Vec<u32>,
    /// Whether the end of the text was cut to fit the model.
    pub truncated: bool,
}

impl Tokenizer {
    /// A model file's.
    ///
    /// # Errors
    ///
    /// Its vocabulary makes none.
    pub fn of(file: &ModelFile) -> Result<Self, ModelError> {
        let (config, vocabulary) = (file.config(), file.text(VOCABULARY)?);
        let vocabulary = vocabulary.as_slice();
        Self::new(&config.tokenizer, vocabulary, config.vocabulary, config.max_tokens)
    }

    /// `vocabulary` lists the tokens in order, one a line.
    pub(crate) fn new(
        config: &TokenizerConfig,
        vocabulary: &[u8],
        rows: usize,
        max_tokens: usize,
    ) -> Result<Self, ModelError> {
        let fail = |what: String| ModelError::Tokenizer(what);
        let text = std::str::from_utf8(vocabulary).map_err(|e| fail(e.to_string()))?;
        let words: Vec<&str> = text.lines().collect();
        if words.len() != rows {
            return Err(fail(format!("{} tokens for {rows} embedding rows", words.len())));
        }
        let id = |token: &str| {
            let place = words.iter().position(|w| *w == token);
            place.map(|i| i as u32).ok_or_else(|| fail(format!("no token {token:?}")))
        };
        let (cls, sep, unknown) = (id(&config.cls)?, id(&config.sep)?, id(&config.unknown)?);
        for token in &config.special {
            // One that is not in the vocabulary would get an id beyond the table.
            id(token)?;
        }
        let vocabulary: AHashMap<String, u32> =
            words.iter().zip(0..).map(|(word, id)| ((*word).to_owned(), id)).collect();
        let model = WordPiece::builder()
            .vocab(vocabulary)
            .unk_token(config.unknown.clone())
            .continuing_subword_prefix(config.continuing_subword_prefix.clone())
            .max_input_chars_per_word(config.max_input_chars_per_word)
            .build()
            .map_err(|e| fail(e.to_string()))?;
        let normalizer = BertNormalizer::new(
            config.clean_text,
            config.handle_chinese_chars,
            config.strip_accents,
            config.lowercase,
        );
        let mut inner: WordPieceTokenizer = TokenizerBuilder::new()
            .with_model(model)
            .with_normalizer(Some(normalizer))
            .with_pre_tokenizer(Some(BertPreTokenizer))
            .with_post_processor(None)
            .with_decoder(None)
            .build()
            .map_err(|e| fail(e.to_string()))?;
        let special = config.special.iter().map(|token| AddedToken::from(token.clone(), true));
        inner.add_special_tokens(special.collect::<Vec<_>>()).map_err(|e| fail(e.to_string()))?;
        Ok(Self { inner, cls, sep, unknown, max_tokens })
    }

    /// The ids of `text`, cut to the model's length.
    ///
    /// # Errors
    ///
    /// The tokenizer library reports a failure; none is known for a text that is UTF-8.
    pub fn encode(&self, text: &str) -> Result<Tokens, tokenizers::Error> {
        let pieces = self.inner.encode_fast(text, false)?;
        let room = self.max_tokens - 2;
        let kept = &pieces.get_ids()[..pieces.len().min(room)];
        let mut ids = Vec::with_capacity(kept.len() + 2);
        ids.push(self.cls);
        ids.extend_from_slice(kept);
        ids.push(self.sep);
        Ok(Tokens { ids, truncated: pieces.len() > room })
    }

    /// Whether the text is one token, and not the one that stands for what is unknown.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        let pieces = self.inner.encode_fast(text, false);
        pieces.is_ok_and(|pieces| matches!(pieces.get_ids(), [id] if *id != self.unknown))
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("max_tokens", &self.max_tokens).finish_non_exhaustive()
    }
}
