//! From an fp32 ONNX export of a BERT to the int8 model file.
//!
//! The steps, one module each: read the ONNX container (`onnx`), find the weights in its
//! graph (`source`), take over the tokenizer (`vocabulary`), run calibration texts in f32
//! (`rounding`, `reference`) and note what the layers take in (`samples`), balance and round
//! (`quantise`), write the file (`write`). [`requantise`] does the later steps for weights that
//! were changed since.
//!
//! The result is the same to the byte whenever the inputs are the same: the f32 pass runs
//! on the kernels, which give the same bits on every instruction set, and on plain sums.
//!
//! What converts: a BERT with hidden / intermediate width 384 / 1536 or 768 / 3072, GELU by
//! the error function, learned positions and a WordPiece tokenizer, exported in fp32 with
//! its weights inside the file. Everything else is refused, with the reason.

mod onnx;
mod quantise;
mod reference;
mod requantise;
mod rounding;
mod samples;
mod source;
#[cfg(test)]
mod tests;
mod vocabulary;
mod write;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};

use self::reference::Products;
pub use self::requantise::{Requantise, RequantiseError, requantise};
use self::rounding::Rounding;
use self::samples::Reach;
use crate::config::{Config, Pooling};
use crate::error::ModelError;
use crate::tokenizer::Tokenizer;

/// What to convert, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// The fp32 ONNX export.
    pub onnx: PathBuf,
    /// Its `tokenizer.json`.
    pub tokenizer: PathBuf,
    /// Sentences typical of what the model will read, about a hundred.
    pub calibration: Vec<String>,
    /// The name the model file carries.
    pub name: String,
    /// How token vectors become one; the ONNX file does not say.
    pub pooling: Pooling,
    /// Attention heads, where the graph does not tell.
    pub heads: Option<usize>,
}

/// Why an export does not convert.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// An input file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The ONNX file does not parse.
    #[error("{}: is no ONNX file: {message}", path.display())]
    Onnx {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        message: String,
    },
    /// The graph is not that of a BERT this converter knows.
    #[error("{}: {what}; what converts: an fp32 export of a BERT encoder with erf GELU, \
             weights inside the file", path.display())]
    Graph {
        /// The file.
        path: PathBuf,
        /// What was missing or different.
        what: String,
    },
    /// The tokenizer file is not that of a BERT.
    #[error("{}: {what}; what converts: a tokenizer.json with BertNormalizer, \
             BertPreTokenizer and WordPiece", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What was missing or different.
        what: String,
    },
    /// The shape is one the forward pass does not do, or the vocabulary does not fit.
    #[error("{}: {source}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What does not fit; part of this error's own message.
        source: ModelError,
    },
    /// There is nothing to calibrate with.
    #[error("no calibration sentences: the file holds none; give about a hundred, one a line")]
    NoCalibration,
}

/// A model file's bytes, to be written as they are.
#[derive(Debug)]
pub struct Converted {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub config: Config,
}

/// Converts; calls `progress(done, of)` as calibration sentences pass.
///
/// # Errors
///
/// An input cannot be read or is not what converts; nothing is written anywhere.
pub fn convert(job: &Job, progress: impl FnMut(usize, usize)) -> Result<Converted, ConvertError> {
    if job.calibration.is_empty() {
        return Err(ConvertError::NoCalibration);
    }
    let onnx = read(&job.onnx)?;
    let source_sha256 = hex(&Sha256::digest(&onnx));
    let graph = onnx::Graph::parse(onnx)
        .map_err(|message| ConvertError::Onnx { path: job.onnx.clone(), message })?;
    let source = source::find(&graph, job.heads)
        .map_err(|what| ConvertError::Graph { path: job.onnx.clone(), what })?;
    drop(graph);
    let vocabulary = vocabulary::Vocabulary::parse(&read(&job.tokenizer)?)
        .map_err(|what| ConvertError::Tokenizer { path: job.tokenizer.clone(), what })?;

    let config = Config {
        name: job.name.clone(),
        source_sha256,
        layers: source.layers.len(),
        hidden: source.hidden,
        heads: source.heads,
        intermediate: source.intermediate,
        max_tokens: source.positions.len() / source.hidden,
        vocabulary: source.words.len() / source.hidden,
        layer_norm_epsilon: source.epsilon,
        pooling: job.pooling,
        tokenizer: vocabulary.config,
        quantisation: quantise::DESCRIPTION.to_owned(),
        tuned: None,
    };
    let misfit = |path: &Path, source| ConvertError::Model { path: path.to_owned(), source };
    config.check().map_err(|e| misfit(&job.onnx, e))?;
    let tokenizer =
        Tokenizer::new(&config.tokenizer, &vocabulary.lines, config.vocabulary, config.max_tokens)
            .map_err(|e| misfit(&job.tokenizer, e))?;

    let encode = |text: &str| {
        let tokens = tokenizer.encode(text);
        let failed = |e: tokenizers::Error| ModelError::Tokenizer(e.to_string());
        tokens.map(|t| t.ids).map_err(|e| misfit(&job.tokenizer, failed(e)))
    };
    let sentences = job.calibration.iter().map(|sentence| encode(sentence));
    let mut sentences: Vec<Vec<u32>> = sentences.collect::<Result<_, _>>()?;
    sentences.push(encode("")?);
    let rounding = Rounding {
        out_of_fold: None,
        weights: &source,
        config,
        vocabulary: vocabulary.lines,
        sentences,
        products: Products::Plain,
        reach: Reach::Farthest,
        threads: thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
    };
    rounding.run(progress).map_err(|tensor| {
        let what = format!("its weights are so large that {tensor:?} overflows");
        ConvertError::Graph { path: job.onnx.clone(), what }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, ConvertError> {
    std::fs::read(path).map_err(|source| ConvertError::Read { path: path.to_owned(), source })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
