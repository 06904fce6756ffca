//! Why a model file is refused.

use std::fmt;
use std::path::PathBuf;

/// Where a model's bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A file.
    Path(PathBuf),
    /// The program itself.
    BuiltIn,
    /// Whoever called.
    Memory,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::BuiltIn => f.write_str("the built-in model"),
            Self::Memory => f.write_str("in memory"),
        }
    }
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is too short, or its header does not parse or does not fit its length.
    #[error("is no whole safetensors file ({0}); it may be cut short, or another kind of file")]
    Container(#[from] safetensors::SafeTensorError),
    /// A safetensors file of something else.
    #[error(
        "is a safetensors file, but no SynaptoRoute model of format {expected:?} (found {found:?}); \
         make one with `synaptoroute model convert`"
    )]
    Foreign {
        /// The format this version reads.
        expected: &'static str,
        /// What the file says.
        found: Option<String>,
    },
    /// Its configuration does not parse.
    #[error("has a configuration that does not parse: {0}")]
    Config(serde_json::Error),
    /// Its contents are not what was written.
    #[error("is damaged: its data have CRC-32 {found}, its header says {expected}; fetch it again")]
    Checksum {
        /// The header's.
        expected: String,
        /// The data's.
        found: String,
    },
    /// A tensor is missing.
    #[error("has no tensor {name:?}")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A tensor is there that the configuration does not speak of.
    #[error("has tensor {name:?}, which its configuration does not speak of; fetch it again")]
    Surplus {
        /// Its name.
        name: String,
    },
    /// A tensor has another type or shape.
    #[error("has tensor {name:?} as {found}, not {expected}")]
    Tensor {
        /// Its name.
        name: String,
        /// Type and shape the configuration asks for.
        expected: String,
        /// Type and shape of the file.
        found: String,
    },
    /// A number is infinite or not a number.
    #[error("has a value in tensor {name:?} that is no finite number")]
    NotFinite {
        /// The tensor's name.
        name: String,
    },
    /// A weight that has no counterpart of the other sign.
    #[error("has a weight of -128 in tensor {name:?}, where weights reach from -127 to 127")]
    Weight {
        /// The tensor's name.
        name: String,
    },
    /// A shape the forward pass does not do.
    #[error("has {what} {found}; supported: {expected}")]
    Unsupported {
        /// Of what.
        what: &'static str,
        /// What can be done.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Its vocabulary does not make a tokenizer.
    #[error("has a vocabulary that makes no tokenizer: {0}")]
    Tokenizer(String),
}

impl ModelError {
    /// Names the place.
    #[must_use]
    pub fn at(self, origin: &Origin) -> OpenError {
        OpenError { origin: origin.clone(), source: self }
    }
}

/// A model that could not be opened, and why.
#[derive(Debug, thiserror::Error)]
#[error("model file {origin} {source}")]
pub struct OpenError {
    /// Where it was.
    pub origin: Origin,
    /// What was wrong; part of this error's own message.
    pub source: ModelError,
}
