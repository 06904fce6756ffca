//! Text in, unit vector out: a BERT sentence encoder in INT8 on one CPU thread.
//!
//! - [`Bert`] opens a model file and encodes texts; [`Encoder`] is the trait the rest of
//!   SynaptoRoute knows it by.
//! - [`Cached`] is an encoder that remembers texts it has seen.
//! - [`ModelFile`] is the format: one safetensors file with packed 8-bit weights, its
//!   vocabulary and its [`Config`]; its SHA-256 is the [`Fingerprint`] by which vectors of
//!   different models are told apart.
//! - [`convert`] makes such a file from an fp32 ONNX export, or from [`FloatWeights`], what a
//!   file's integers stand for, once something changed them.
//!
//! A text's vector is bitwise the same alone, in any batch and at any place in it.
//!
//! This crate runs inference; it knows nothing of routes. It is not a general BERT
//! runtime: no padding, no masks, no token types, no generation.
//!
//! ```no_run
//! use synaptoroute_encoder::{Bert, Encoder, Kernels};
//!
//! let encoder = Bert::open("models/bge-small-en-v1.5/model.safetensors", Kernels::from_env()?)?;
//! let embeddings = encoder.encode(&["where is my bill"])?;
//! assert_eq!(embeddings[0].vector.len(), 384);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(target_endian = "big")]
compile_error!("the model file is little-endian and read in place");

mod bert;
mod bytes;
mod cache;
mod config;
pub mod convert;
mod encoder;
mod error;
mod file;
mod fingerprint;
mod float;
mod forward;
mod scratch;
mod tokenizer;
mod weights;

pub use bert::Bert;
pub use cache::Cached;
pub use config::{Config, Pooling, TokenizerConfig, Tuned};
pub use encoder::{CacheStats, Embedding, EncodeError, Encoder, ModelInfo};
pub use error::{ModelError, OpenError, Origin};
pub use file::ModelFile;
pub use fingerprint::Fingerprint;
pub use float::{FloatLayer, FloatLinear, FloatNorm, FloatWeights};
pub use scratch::Scratch;
pub use synaptoroute_kernels::{ActivationWidth, ISA_VARIABLE, Isa, IsaError, Kernels};
pub use tokenizer::{Tokenizer, Tokens};
