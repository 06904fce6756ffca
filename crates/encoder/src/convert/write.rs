//! Writes the model file.
//!
//! The safetensors library aligns the data to 8 bytes; here they start on a cache line, and
//! so does every tensor of more than a line but the last few, so that weights are used
//! where they lie. Reading goes through the library, which checks the container.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::file::{FORMAT, crc32};

/// A tensor to be written.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

pub(super) enum Data {
    I8(Vec<i8>),
    U8(Vec<u8>),
    F32(Vec<f32>),
}

impl Data {
    fn dtype(&self) -> &'static str {
        match self {
            Self::I8(_) => "I8",
            Self::U8(_) => "U8",
            Self::F32(_) => "F32",
        }
    }

    fn len_bytes(&self) -> usize {
        match self {
            Self::I8(data) => data.len(),
            Self::U8(data) => data.len(),
            Self::F32(data) => 4 * data.len(),
        }
    }

    /// Whether every number is one.
    pub(super) fn is_finite(&self) -> bool {
        match self {
            Self::F32(data) => data.iter().all(|x| x.is_finite()),
            Self::I8(_) | Self::U8(_) => true,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::I8(data) => out.extend(data.iter().map(|x| x.cast_unsigned())),
            Self::U8(data) => out.extend_from_slice(data),
            Self::F32(data) => out.extend(data.iter().flat_map(|x| x.to_le_bytes())),
        }
    }
}

const LINE: usize = 64;

/// The whole file. Tensors that fill whole cache lines come first, then those of f32, then
/// the rest, so that all stay aligned without gaps, which the format does not allow.
pub(super) fn file(config: &Config, mut tensors: Vec<Tensor>) -> Vec<u8> {
    tensors.sort_by_key(|t| (!t.data.len_bytes().is_multiple_of(LINE), t.data.dtype() != "F32"));
    let mut data = Vec::with_capacity(tensors.iter().map(|t| t.data.len_bytes()).sum());
    let mut header = Map::new();
    // Its place in the header is first; its checksum comes when the data are known.
    header.insert("__metadata__".to_owned(), Value::Null);
    for tensor in &tensors {
        let start = data.len();
        tensor.data.write(&mut data);
        let entry = json!({
            "dtype": tensor.data.dtype(),
            "shape": tensor.shape,
            "data_offsets": [start, data.len()],
        });
        header.insert(tensor.name.clone(), entry);
    }
    let config = serde_json::to_string(config).expect("a plain struct serialises");
    header["__metadata__"] =
        json!({ "format": FORMAT, "config": config, "data_crc32": crc32(&data) });

    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize((8 + header.len()).next_multiple_of(LINE) - 8, b' ');
    let mut file = Vec::with_capacity(8 + header.len() + data.len());
    file.extend((header.len() as u64).to_le_bytes());
    file.append(&mut header);
    file.append(&mut data);
    file
}
