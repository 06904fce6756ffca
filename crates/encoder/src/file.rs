//! The model file: one safetensors file whose tensors start on cache lines.
//!
//! | tensor | type and shape |
//! |---|---|
//! | `embeddings.word.codes`, `.scales` | i8 `[vocabulary, hidden]`, f32 `[vocabulary]` |
//! | `embeddings.position` | f32 `[max_tokens * hidden]`; token type 0 added in |
//! | `embeddings.norm.gamma`, `.beta` | f32 `[hidden]` |
//! | `layers.I.{attention.qkv, attention.output, ffn.up, ffn.down}.weights` | i8 `[N/32, K/4, 32, 4]` |
//! | … `.scales`, `.bias` | f32 `[N]` |
//! | … `.balance.factors`, `.balance.offsets` | f32 `[K]`: the input is quantised as `x * factor + offset`; weights and bias hold the inverse |
//! | `layers.I.ffn.down.outliers` | f32 `[16 * N]`: weights of the first 16 inputs, which stay in f32; their integers are 0 |
//! | `layers.I.{attention, ffn}.norm.gamma`, `.beta` | f32 `[hidden]` |
//! | `tokenizer.vocabulary` | u8: the tokens in order, one a line |
//! | `tuning.out_of_fold` | u8, of a tuned model alone: see [`Encoder::out_of_fold`](crate::Encoder::out_of_fold) |
//!
//! Header metadata: `format`, `config` (JSON, see [`Config`]) and `data_crc32`.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata};

use crate::bytes::SharedBytes;
use crate::config::Config;
use crate::error::{ModelError, OpenError, Origin};
use crate::fingerprint::Fingerprint;

/// The `format` this version writes and reads.
pub(crate) const FORMAT: &str = "synaptoroute-bert-int8/1";

/// The tensor of [`ModelFile::out_of_fold`].
pub(crate) const OUT_OF_FOLD: &str = "tuning.out_of_fold";

/// A model file whose container, checksum and configuration are sound.
#[derive(Debug)]
pub struct ModelFile {
    origin: Origin,
    bytes: SharedBytes,
    config: Config,
    fingerprint: Fingerprint,
    tensors: HashMap<String, Tensor>,
}

#[derive(Debug)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    range: Range<usize>,
}

impl ModelFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, is cut short, damaged, or no model file of this format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let origin = Origin::Path(path.as_ref().to_owned());
        let parse = || Self::parse(origin.clone(), SharedBytes::read(path.as_ref())?);
        parse().map_err(|e: ModelError| e.at(&origin))
    }

    /// Checks bytes that are part of the program; used in place if 64-byte aligned.
    ///
    /// # Errors
    ///
    /// They are no model file of this format.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, OpenError> {
        Self::parse(Origin::BuiltIn, SharedBytes::from_static(bytes))
            .map_err(|e| e.at(&Origin::BuiltIn))
    }

    /// Checks bytes that came from elsewhere; they are copied.
    ///
    /// # Errors
    ///
    /// They are no model file of this format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpenError> {
        Self::parse(Origin::Memory, SharedBytes::copy(bytes)).map_err(|e| e.at(&Origin::Memory))
    }

    fn parse(origin: Origin, bytes: SharedBytes) -> Result<Self, ModelError> {
        let (header_len, header) = SafeTensors::read_metadata(bytes.as_slice())?;
        let data = 8 + header_len..bytes.as_slice().len();
        let metadata = header.metadata().clone().unwrap_or_default();
        let format = metadata.get("format");
        if format.map(String::as_str) != Some(FORMAT) {
            return Err(ModelError::Foreign { expected: FORMAT, found: format.cloned() });
        }
        let expected = metadata.get("data_crc32").cloned().unwrap_or_default();
        let found = crc32(&bytes.as_slice()[data.clone()]);
        if expected != found {
            return Err(ModelError::Checksum { expected, found });
        }
        let config = metadata.get("config").map_or("", String::as_str);
        let config: Config = serde_json::from_str(config).map_err(ModelError::Config)?;
        config.check()?;
        let tensors = index(&header, data.start);
        let fingerprint = Fingerprint::of(bytes.as_slice());
        Ok(Self { origin, bytes, config, fingerprint, tensors })
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it says of itself.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// SHA-256 of the whole file.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Length of the file.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.bytes.as_slice().len()
    }

    /// The file itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Names, types and shapes of its tensors, by name.
    #[must_use]
    pub fn tensors(&self) -> Vec<(&str, String)> {
        let mut list: Vec<_> = self
            .tensors
            .iter()
            .map(|(name, t)| (name.as_str(), describe(t.dtype, &t.shape)))
            .collect();
        list.sort_unstable();
        list
    }

    /// The bytes of a tensor of this type and shape.
    pub(crate) fn bytes(
        &self,
        name: &str,
        dtype: Dtype,
        shape: &[usize],
    ) -> Result<SharedBytes, ModelError> {
        let tensor = self.tensor(name)?;
        if (tensor.dtype, tensor.shape.as_slice()) != (dtype, shape) {
            return Err(ModelError::Tensor {
                name: name.to_owned(),
                expected: describe(dtype, shape),
                found: describe(tensor.dtype, &tensor.shape),
            });
        }
        Ok(self.bytes.slice(tensor.range.clone()))
    }

    /// The numbers of an f32 tensor, all finite.
    pub(crate) fn floats(&self, name: &str, len: usize) -> Result<Vec<f32>, ModelError> {
        let bytes = self.bytes(name, Dtype::F32, &[len])?;
        let floats: Vec<f32> =
            bytes.as_slice().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if floats.iter().all(|x| x.is_finite()) {
            Ok(floats)
        } else {
            Err(ModelError::NotFinite { name: name.to_owned() })
        }
    }

    /// The bytes of a one-dimensional u8 tensor of any length.
    pub(crate) fn text(&self, name: &str) -> Result<SharedBytes, ModelError> {
        let len = self.tensor(name)?.shape.first().copied().unwrap_or(0);
        self.bytes(name, Dtype::U8, &[len])
    }

    /// What a tuned model's file says of the texts that it learned.
    pub(crate) fn out_of_fold(&self) -> Result<Option<SharedBytes>, ModelError> {
        let there = self.tensors.contains_key(OUT_OF_FOLD);
        there.then(|| self.text(OUT_OF_FOLD)).transpose()
    }

    /// Refuses a file that holds tensors of this name's beginning: more than its
    /// configuration speaks of.
    pub(crate) fn ends_at(&self, beginning: &str) -> Result<(), ModelError> {
        match self.tensors.keys().find(|name| name.starts_with(beginning)) {
            Some(name) => Err(ModelError::Surplus { name: name.clone() }),
            None => Ok(()),
        }
    }

    fn tensor(&self, name: &str) -> Result<&Tensor, ModelError> {
        self.tensors.get(name).ok_or_else(|| ModelError::MissingTensor { name: name.to_owned() })
    }
}

/// The CRC-32 of a file's data as its header has it.
pub(crate) fn crc32(data: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(data))
}

/// Places tensors inside the file; the container's own check has made sure that they fit.
fn index(header: &Metadata, data_start: usize) -> HashMap<String, Tensor> {
    let place = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let (start, end) = info.data_offsets;
        let range = data_start + start..data_start + end;
        (name, Tensor { dtype: info.dtype, shape: info.shape.clone(), range })
    };
    header.tensors().into_iter().map(place).collect()
}

fn describe(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype:?} {shape:?}")
}
