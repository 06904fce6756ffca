//! The built-in model against other programs: its vectors against the fp32 model's, its losses
//! against those that `make.py` found by automatic differentiation.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use safetensors::SafeTensors;
use synaptoroute_encoder::{FloatWeights, ModelFile, Pooling};
use synaptoroute_kernels::{Crew, Kernels};

use super::TuneOptions;
use crate::lesson::Lesson;
use crate::model::Model;
use crate::sums::dot;
use crate::testing::begun;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/bge-small-en-v1.5")
}

fn model() -> Model {
    let file = ModelFile::open(folder().join("model.safetensors")).unwrap();
    Model::new(FloatWeights::dequantise(&file).unwrap(), Pooling::Cls, Kernels::detect())
}

fn crew() -> Crew {
    Crew::new(thread::available_parallelism().map_or(1, NonZero::get) - 1).unwrap()
}

#[test]
fn vectors_are_those_of_the_fp32_model() {
    let texts = std::fs::read_to_string(folder().join("golden/texts.jsonl")).unwrap();
    let ids = texts.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        serde_json::from_value::<Vec<u32>>(row["ids"].clone()).unwrap()
    });
    let file = std::fs::read(folder().join("golden/vectors.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let vectors = tensors.tensor("vectors").unwrap();
    let vectors: Vec<f32> =
        vectors.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    // Every text that is not long.
    let model = model();
    let (crew, width) = (crew(), model.width());
    let team = &mut crew.join();
    let (mut count, mut sum, mut least) = (0, 0.0, 1.0_f32);
    for (ids, expected) in ids.zip(vectors.chunks_exact(width)) {
        if ids.len() <= 64 {
            let cosine = dot(&model.encode(team, &[&ids]), expected);
            (count, sum, least) = (count + 1, sum + cosine, least.min(cosine));
        }
    }
    let mean = sum / count as f32;
    println!("{count} texts: mean cosine {mean}, least {least}");
    assert!(mean > 0.9999, "{mean}");
}

#[test]
fn losses_are_those_of_another_program() {
    let expected: serde_json::Value = serde_json::from_str(include_str!("losses.json")).unwrap();
    let numbers =
        |name: &str| -> Vec<f32> { serde_json::from_value(expected[name].clone()).unwrap() };
    let ids: Vec<Vec<u32>> = serde_json::from_value(expected["ids"].clone()).unwrap();
    let labels: Vec<usize> = serde_json::from_value(expected["labels"].clone()).unwrap();
    let batches: Vec<Vec<usize>> = serde_json::from_value(expected["batches"].clone()).unwrap();
    let members = |route| (0..labels.len()).filter(|&i| labels[i] == route).collect();
    let lesson = Lesson {
        members: (0..=labels[labels.len() - 1]).map(members).collect(),
        labels: labels.iter().copied().map(Some).collect(),
        negatives: Vec::new(),
        background: Vec::new(),
        ids,
    };
    let options = TuneOptions { steps: batches.len(), rate: 5e-5, layers: None, seed: 0 };
    let crew = crew();
    let team = &mut crew.join();
    let mut tuner = begun(team, model(), &lesson, options).unwrap();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (step, batch) in batches.iter().enumerate() {
        let loss = tuner.learn(team, batch);
        tuner.apply(team);
        let (contrast, drift) = (numbers("contrast")[step], numbers("drift")[step]);
        println!("{step}: {} {}, they {contrast} {drift}", loss.contrast, loss.drift);
        let total = contrast + drift;
        assert!((loss.total() - total).abs() < 0.01 * total, "step {step}: {loss:?}, not {total}");
        (ours, theirs) = (ours + loss.total(), theirs + total);
    }
    assert!((ours - theirs).abs() < 0.003 * theirs, "{ours}, not {theirs}");
}
