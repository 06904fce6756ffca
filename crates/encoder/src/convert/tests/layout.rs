//! What the bytes of a converted model are.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use synaptoroute_kernels::packed_index;

use super::export::{Dialect, Export, write_model};
use super::random::{LOUD, Weights, linears};
use crate::ModelFile;
use crate::weights::OUTLIERS;

fn f32s(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).unwrap();
    assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
    tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn i8s(file: &SafeTensors<'_>, name: &str) -> Vec<i8> {
    let tensor = file.tensor(name).unwrap();
    assert_eq!(tensor.dtype(), Dtype::I8, "{name}");
    tensor.data().iter().map(|b| b.cast_signed()).collect()
}

/// Whether the codes are `values` over `scale`, rounded to the nearest, and use the range.
fn is_rounded(codes: impl Iterator<Item = (i8, f64)>, scale: f32) -> Result<(), String> {
    let mut top = 0;
    for (place, (code, value)) in codes.enumerate() {
        let exact = value / f64::from(scale);
        // Products of f32 lie a few millionths beside those of f64.
        if (exact - f64::from(code)).abs() > 0.5 + 1e-3 {
            return Err(format!("{code} at {place} stands for {exact} steps"));
        }
        top = top.max(code.unsigned_abs());
    }
    if top == 127 { Ok(()) } else { Err(format!("the largest code is {top}")) }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let export = Export::new(&Weights::new(1, 384, 12), Dialect::Steps);
    let (a, b) = (export.convert().unwrap(), export.convert().unwrap());
    assert!(a.bytes == b.bytes && a.config == b.config);
    // Only names differ in the other way to write the graph, and the source's hash.
    let c = Export::new(&Weights::new(1, 384, 12), Dialect::Nodes).convert().unwrap();
    let data = |bytes: &[u8]| {
        let file = SafeTensors::deserialize(bytes).unwrap();
        let mut tensors: Vec<_> =
            file.iter().map(|(name, t)| (name.to_owned(), t.data().to_vec())).collect();
        tensors.sort();
        tensors
    };
    assert!(data(&a.bytes) == data(&c.bytes));
    assert_ne!(a.config.source_sha256, c.config.source_sha256);
}

#[test]
fn whole_cache_lines_start_on_cache_lines() {
    for heads in [6, 12] {
        let weights = Weights::new(1, 384, heads);
        let converted = Export::new(&weights, Dialect::Steps).convert().unwrap();
        let (header, metadata) = SafeTensors::read_metadata(&converted.bytes).unwrap();
        let data = 8 + header;
        assert!(data.is_multiple_of(64), "data start at {data}");
        let mut end = 0;
        for (name, info) in metadata.offset_keys().iter().map(|n| (n, metadata.info(n).unwrap())) {
            let (from, to) = info.data_offsets;
            assert_eq!(from, end, "a gap before {name}");
            end = to;
            let whole = (to - from).is_multiple_of(64);
            assert!(!whole || (data + from).is_multiple_of(64), "{name} at {}", data + from);
            // Numbers must at least lie where the CPU may read them.
            assert!(info.dtype != Dtype::F32 || (data + from).is_multiple_of(4), "{name}");
        }
        assert_eq!(data + end, converted.bytes.len());
        let folder = tempfile::tempdir().unwrap();
        let file = ModelFile::open(write_model(folder.path(), &converted)).unwrap();
        assert_eq!(file.config(), &converted.config);
    }
}

/// The columns and inputs of one quantised layer of the file, in terms of the weights.
struct Expected {
    name: &'static str,
    depth: usize,
    /// Which weight (input, column) is.
    weight: Box<dyn Fn(usize, usize) -> f32>,
    bias: Vec<f32>,
    /// Inputs whose integers are 0.
    skip: usize,
}

impl Expected {
    fn check(&self, file: &SafeTensors<'_>) {
        let Self { name, depth, weight, bias, skip } = self;
        let read = |part: &str| f32s(file, &format!("layers.0.{name}.{part}"));
        let (scales, factors) = (read("scales"), read("balance.factors"));
        let (found_bias, offsets) = (read("bias"), read("balance.offsets"));
        let codes = i8s(file, &format!("layers.0.{name}.weights"));
        assert_eq!((scales.len(), factors.len()), (bias.len(), *depth), "{name}");
        assert_eq!(codes.len(), bias.len() * depth, "{name}");
        for column in 0..bias.len() {
            let code = |input| codes[packed_index(column, input, *depth)];
            assert!((0..*skip).all(|input| code(input) == 0), "{name}, column {column}");
            let balanced = |k| f64::from(weight(k, column)) / f64::from(factors[k]);
            let pairs = (*skip..*depth).map(|k| (code(k), balanced(k)));
            if let Err(what) = is_rounded(pairs, scales[column]) {
                panic!("{name}, column {column}: {what}");
            }
            // x = (quantised - offset) / factor: what the centres take off, the bias gives.
            let given: f64 = (*skip..*depth).map(|k| -f64::from(offsets[k]) * balanced(k)).sum();
            let exact = f64::from(bias[column]) + given;
            let found = f64::from(found_bias[column]);
            assert!((found - exact).abs() < 1e-4, "{name}, bias {column}: {found}, not {exact}");
        }
        let centred = offsets.iter().filter(|x| **x != 0.0).count();
        assert!(centred > depth / 2, "{name}: nothing is centred");
    }
}

#[test]
fn weights_are_the_balanced_ones_rounded_to_the_nearest() {
    let weights = Weights::new(1, 384, 12);
    let converted = Export::new(&weights, Dialect::Steps).convert().unwrap();
    let file = &SafeTensors::deserialize(&converted.bytes).unwrap();
    let (hidden, intermediate) = (weights.hidden, weights.intermediate);
    let [q, k, v, out, up, down] = linears(hidden, intermediate).map(|(part, ..)| {
        let data = |kind| weights.data(&format!("encoder.layer.0.{part}.{kind}")).to_vec();
        (data("weight"), data("bias"))
    });

    let order = order(file, &down.0, hidden);
    let (up_order, down_order) = (order.clone(), order.clone());
    let all = [
        Expected {
            name: "attention.qkv",
            depth: hidden,
            bias: [q.1, k.1, v.1].concat(),
            weight: Box::new(move |input, column| {
                [&q.0, &k.0, &v.0][column / hidden][input * hidden + column % hidden]
            }),
            skip: 0,
        },
        Expected {
            name: "attention.output",
            depth: hidden,
            bias: out.1,
            weight: Box::new(move |input, column| out.0[input * hidden + column]),
            skip: 0,
        },
        Expected {
            name: "ffn.up",
            depth: hidden,
            bias: order.iter().map(|&c| up.1[c]).collect(),
            weight: Box::new(move |input, c| up.0[input * intermediate + up_order[c]]),
            skip: 0,
        },
        Expected {
            name: "ffn.down",
            depth: intermediate,
            bias: down.1,
            weight: Box::new(move |input, column| down.0[down_order[input] * hidden + column]),
            skip: OUTLIERS,
        },
    ];
    all.iter().for_each(|expected| expected.check(file));
}

/// Which inner channel of the feed-forward block became which: first the outliers, found by
/// their exact f32 weights, then the others as they were.
fn order(file: &SafeTensors<'_>, down: &[f32], hidden: usize) -> Vec<usize> {
    let exact = f32s(file, "layers.0.ffn.down.outliers");
    assert_eq!(exact.len(), OUTLIERS * hidden);
    let place = |row: &[f32]| down.chunks_exact(hidden).position(|r| r == row);
    let outliers: Vec<usize> =
        exact.chunks_exact(hidden).map(|row| place(row).expect("a row, bit by bit")).collect();
    assert!(LOUD.iter().all(|loud| outliers[..3].contains(loud)), "{outliers:?}");
    let others = (0..down.len() / hidden).filter(|c| !outliers.contains(c));
    outliers.iter().copied().chain(others).collect()
}

#[test]
fn tables_and_norms_are_taken_over() {
    let weights = Weights::new(1, 384, 12);
    let converted = Export::new(&weights, Dialect::Nodes).convert().unwrap();
    let file = &SafeTensors::deserialize(&converted.bytes).unwrap();
    let table = |name: &str| weights.data(&format!("embeddings.{name}_embeddings.weight"));

    let codes = i8s(file, "embeddings.word.codes");
    let rows = codes.chunks_exact(384).zip(table("word").chunks_exact(384));
    for ((codes, row), scale) in rows.zip(f32s(file, "embeddings.word.scales")) {
        let pairs = codes.iter().zip(row).map(|(&code, &x)| (code, f64::from(x)));
        is_rounded(pairs, scale).unwrap();
    }
    let types = table("token_type")[..384].iter().cycle();
    let positions: Vec<f32> = table("position").iter().zip(types).map(|(p, t)| p + t).collect();
    assert!(f32s(file, "embeddings.position") == positions);
    for (name, norm) in [
        ("embeddings.norm", "embeddings.LayerNorm"),
        ("layers.0.attention.norm", "encoder.layer.0.attention.output.LayerNorm"),
        ("layers.0.ffn.norm", "encoder.layer.0.output.LayerNorm"),
    ] {
        for (kind, part) in [("gamma", "weight"), ("beta", "bias")] {
            let found = f32s(file, &format!("{name}.{kind}"));
            assert!(found == weights.data(&format!("{norm}.{part}")), "{name}.{kind}");
        }
    }
}
