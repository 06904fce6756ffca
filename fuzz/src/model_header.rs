//! Model files, of which the header is a stranger's and the data are ours.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use synaptoroute::{Bert, Encoder, ModelFile};

use crate::{MAX_INPUT_BYTES, hashed, kernels};

/// The narrowest width there is, and the one within.
const HIDDEN: usize = 384;
const INNER: usize = 1536;
const MAX_TOKENS: usize = 8;
const VOCABULARY: [&str; 8] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b"];

/// Opens a file that begins with these bytes, and ends with data that fit [`sound_header`]. Bytes that
/// begin with `{` are the header alone; its length is put before it.
///
/// # Panics
///
/// If a file is taken and does not make unit vectors of finite numbers, for short and long texts.
pub fn model_header(data: &[u8]) {
    if data.len() > MAX_INPUT_BYTES {
        return;
    }
    let Some((bert, max_tokens)) = open(data) else { return };
    let long = "a b ".repeat(5000);
    let embeddings = bert.encode(&["a bb c", "a", &long]).expect("any text can be encoded");
    for embedding in embeddings {
        let length: f64 = embedding.vector.iter().map(|x| f64::from(*x).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-3, "a vector of length {}", length.sqrt());
        assert!(embedding.tokens <= max_tokens, "{} tokens", embedding.tokens);
    }
}

/// The model, and the longest text it takes.
fn open(data: &[u8]) -> Option<(Bert, usize)> {
    let length = (data.len() as u64).to_le_bytes();
    let framed: &[u8] = if data.starts_with(b"{") { &length } else { &[] };
    let file = [framed, data, &MODEL.data].concat();
    let file = ModelFile::from_bytes(&file).ok()?;
    let max_tokens = file.config().max_tokens;
    Some((Bert::new(&file, kernels()).ok()?, max_tokens))
}

/// The header of a file that is taken, as JSON.
#[must_use]
pub fn sound_header() -> String {
    MODEL.header.clone()
}

/// A model of one layer.
struct Model {
    header: String,
    data: Vec<u8>,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let mut parts = Parts::default();
    let vocabulary = VOCABULARY.iter().fold(String::new(), |mut lines, word| {
        let _infallible = writeln!(lines, "{word}");
        lines
    });
    parts.bytes("embeddings.word.codes", "I8", &[VOCABULARY.len(), HIDDEN]);
    parts.floats("embeddings.word.scales", VOCABULARY.len());
    parts.floats("embeddings.position", MAX_TOKENS * HIDDEN);
    parts.norm("embeddings.norm");
    parts.linear("layers.0.attention.qkv", HIDDEN, 3 * HIDDEN);
    parts.linear("layers.0.attention.output", HIDDEN, HIDDEN);
    parts.norm("layers.0.attention.norm");
    parts.linear("layers.0.ffn.up", HIDDEN, INNER);
    parts.linear("layers.0.ffn.down", INNER, HIDDEN);
    parts.floats("layers.0.ffn.down.outliers", 16 * HIDDEN);
    parts.norm("layers.0.ffn.norm");
    parts.put("tokenizer.vocabulary", "U8", &[vocabulary.len()], vocabulary.as_bytes());
    parts.finish()
});

/// Tensors, one behind the other.
#[derive(Default)]
struct Parts {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl Parts {
    fn put(&mut self, name: &str, dtype: &str, shape: &[usize], bytes: &[u8]) {
        let start = self.data.len();
        self.data.extend_from_slice(bytes);
        let offsets = [start, self.data.len()];
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": offsets});
        self.header.insert(name.to_owned(), entry);
    }

    /// Small integers of both signs, by the tensor's name.
    fn bytes(&mut self, name: &str, dtype: &str, shape: &[usize]) {
        let bytes: Vec<u8> = signs(name, shape.iter().product())
            .map(|sign| if sign { 3 } else { 3_u8.wrapping_neg() })
            .collect();
        self.put(name, dtype, shape, &bytes);
    }

    /// Small numbers of both signs, none of them 0, by the tensor's name.
    fn floats(&mut self, name: &str, len: usize) {
        let bytes: Vec<u8> = signs(name, len)
            .flat_map(|sign| if sign { 0.05_f32 } else { -0.04 }.to_le_bytes())
            .collect();
        self.put(name, "F32", &[len], &bytes);
    }

    fn norm(&mut self, name: &str) {
        self.floats(&format!("{name}.gamma"), HIDDEN);
        self.floats(&format!("{name}.beta"), HIDDEN);
    }

    fn linear(&mut self, name: &str, depth: usize, columns: usize) {
        self.bytes(&format!("{name}.weights"), "I8", &[columns / 32, depth / 4, 32, 4]);
        self.floats(&format!("{name}.scales"), columns);
        self.floats(&format!("{name}.bias"), columns);
        self.floats(&format!("{name}.balance.factors"), depth);
        self.floats(&format!("{name}.balance.offsets"), depth);
    }

    fn finish(mut self) -> Model {
        let config = json!({
            "name": "tiny-int8", "source_sha256": "", "layers": 1, "hidden": HIDDEN, "heads": 12,
            "intermediate": INNER, "max_tokens": MAX_TOKENS, "vocabulary": VOCABULARY.len(),
            "layer_norm_epsilon": 1e-12, "pooling": "cls", "quantisation": "none",
            "tokenizer": {
                "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                "lowercase": true, "max_input_chars_per_word": 100,
                "continuing_subword_prefix": "##", "unknown": "[UNK]", "cls": "[CLS]",
                "sep": "[SEP]", "special": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
            },
        });
        let metadata = json!({
            "format": "synaptoroute-bert-int8/1",
            "config": config.to_string(),
            "data_crc32": format!("{:08x}", crc32fast::hash(&self.data)),
        });
        self.header.insert("__metadata__".to_owned(), metadata);
        Model { header: Value::Object(self.header).to_string(), data: self.data }
    }
}

/// Repeatable chance.
fn signs(name: &str, len: usize) -> impl Iterator<Item = bool> {
    let mut state = hashed::hash(name.as_bytes()) | 1;
    (0..len).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 63 == 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If it did not, no change of it would either.
    #[test]
    fn the_sound_header_opens() {
        assert!(open(sound_header().as_bytes()).is_some());
        assert!(open(sound_header().replace("int8/1", "int8/2").as_bytes()).is_none());
    }
}
