//! The built-in model and its golden texts.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use safetensors::SafeTensors;
use synaptoroute_encoder::{Bert, Isa, Kernels, ModelFile};

/// A text, its token ids and its fp32 vector.
pub(crate) struct Golden {
    pub(crate) text: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) truncated: bool,
    pub(crate) vector: Vec<f32>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/bge-small-en-v1.5")
}

pub(crate) fn model_path() -> PathBuf {
    folder().join("model.safetensors")
}

/// The model on one instruction set; the file is opened once.
pub(crate) fn bert(isa: Isa) -> Bert {
    static FILE: OnceLock<ModelFile> = OnceLock::new();
    let file = FILE.get_or_init(|| ModelFile::open(model_path()).unwrap());
    Bert::new(file, Kernels::new(isa).unwrap()).unwrap()
}

/// What is forced by the environment, or all that this machine has.
pub(crate) fn all_isas() -> impl Iterator<Item = Isa> {
    let forced = std::env::var(synaptoroute_encoder::ISA_VARIABLE).ok();
    let forced = forced.filter(|name| !name.is_empty()).map(|name| name.parse::<Isa>().unwrap());
    Isa::available().filter(move |isa| forced.is_none_or(|forced| forced == *isa))
}

pub(crate) fn golden() -> Vec<Golden> {
    let texts = std::fs::read_to_string(folder().join("golden/texts.jsonl")).unwrap();
    let file = std::fs::read(folder().join("golden/vectors.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let vectors = tensors.tensor("vectors").unwrap();
    let width = vectors.shape()[1];
    let floats: Vec<f32> =
        vectors.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let golden: Vec<Golden> = texts
        .lines()
        .zip(floats.chunks_exact(width))
        .map(|(line, vector)| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let ids = row["ids"].as_array().unwrap();
            Golden {
                text: row["text"].as_str().unwrap().to_owned(),
                ids: ids.iter().map(|id| id.as_u64().unwrap() as u32).collect(),
                truncated: row["truncated"].as_bool().unwrap(),
                vector: vector.to_vec(),
            }
        })
        .collect();
    assert_eq!(golden.len(), 512);
    golden
}

pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
