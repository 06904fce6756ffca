//! Random weights as the files a conversion reads.

use std::fs;
use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;
use serde_json::Value;

use super::random::{Array, Weights, linears};
use super::tokens::{sentences, tokenizer};
use crate::config::Pooling;
use crate::convert::onnx::{Attribute, FLOAT, GraphProto, INT64, ModelProto, Node, Tensor};
use crate::convert::{ConvertError, Converted, Job, convert};

/// How an exporter writes norms, GELU and shapes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Each in its elementary steps, as `torch.onnx` does up to opset 16.
    Steps,
    /// One node each, and names with a prefix.
    Nodes,
}

/// What stands where the ONNX file should.
#[derive(Clone)]
pub(super) enum Onnx {
    Missing,
    /// The export's `model`.
    Model,
    Bytes(Vec<u8>),
}

/// An ONNX model, its tokenizer and what is asked of the converter.
#[derive(Clone)]
pub(super) struct Export {
    pub(super) model: ModelProto,
    pub(super) onnx: Onnx,
    /// None: no file.
    pub(super) tokenizer: Option<Value>,
    pub(super) calibration: Vec<String>,
    pub(super) pooling: Pooling,
    pub(super) heads: Option<usize>,
}

impl Export {
    pub(super) fn new(weights: &Weights, dialect: Dialect) -> Self {
        Self {
            model: model(weights, dialect),
            onnx: Onnx::Model,
            tokenizer: Some(tokenizer()),
            calibration: sentences(),
            pooling: Pooling::Cls,
            heads: None,
        }
    }

    pub(super) fn convert(&self) -> Result<Converted, ConvertError> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: Option<Vec<u8>>| {
            let path = folder.path().join(name);
            if let Some(bytes) = bytes {
                fs::write(&path, bytes).unwrap();
            }
            path
        };
        let onnx = match &self.onnx {
            Onnx::Missing => None,
            Onnx::Model => Some(self.model.encode_to_vec()),
            Onnx::Bytes(bytes) => Some(bytes.clone()),
        };
        let tokenizer = self.tokenizer.as_ref().map(|json| json.to_string().into_bytes());
        let job = Job {
            onnx: write("small.onnx", onnx),
            tokenizer: write("tokenizer.json", tokenizer),
            calibration: self.calibration.clone(),
            name: "small-int8".to_owned(),
            pooling: self.pooling,
            heads: self.heads,
        };
        convert(&job, |done, of| assert!(done <= of))
    }

    /// Makes these the bytes of the ONNX file.
    pub(super) fn replace(&mut self, bytes: &[u8]) {
        self.onnx = Onnx::Bytes(bytes.to_vec());
    }

    pub(super) fn graph(&mut self) -> &mut GraphProto {
        self.model.graph.as_mut().unwrap()
    }

    /// A stored array.
    pub(super) fn stored(&mut self, name: &str) -> &mut Tensor {
        self.graph().initializer.iter_mut().find(|t| t.name == name).unwrap()
    }

    pub(super) fn forget(&mut self, name: &str) {
        let stored = &mut self.graph().initializer;
        let before = stored.len();
        stored.retain(|t| t.name != name);
        assert_eq!(stored.len() + 1, before, "{name} was not there");
    }

    pub(super) fn rename_operations(&mut self, from: &str, to: &str) {
        for node in self.graph().node.iter_mut().filter(|node| node.op_type == from) {
            to.clone_into(&mut node.op_type);
        }
    }
}

/// Writes `bytes` where a model can be opened from.
pub(super) fn write_model(folder: &Path, converted: &Converted) -> std::path::PathBuf {
    let path = folder.join("small.safetensors");
    fs::write(&path, &converted.bytes).unwrap();
    path
}

/// Under what name an export keeps a matrix: none that says anything.
pub(super) fn matrix_name(layer: usize, part: usize) -> String {
    format!("onnx::MatMul_{}", 1000 + 10 * layer + part)
}

pub(super) fn floats(name: &str, shape: &[usize], data: &[f32]) -> Tensor {
    let mut tensor = Tensor {
        name: name.to_owned(),
        dims: shape.iter().map(|&d| d as i64).collect(),
        data_type: FLOAT,
        ..Tensor::default()
    };
    // Both ways to keep numbers occur in one file.
    if shape.len() == 2 {
        tensor.raw_data = data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>().into();
    } else {
        tensor.float_data = data.to_vec();
    }
    tensor
}

fn integers(name: &str, data: &[i64]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: vec![data.len() as i64],
        data_type: INT64,
        raw_data: Bytes::from(data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()),
        ..Tensor::default()
    }
}

/// A graph in the making.
struct Builder<'a> {
    weights: &'a Weights,
    dialect: Dialect,
    graph: GraphProto,
}

fn model(weights: &Weights, dialect: Dialect) -> ModelProto {
    let mut builder = Builder { weights, dialect, graph: GraphProto::default() };
    let mut x = builder.embeddings();
    for i in 0..weights.layers {
        x = builder.layer(i, &x);
    }
    ModelProto { graph: Some(builder.graph) }
}

impl Builder<'_> {
    /// Adds a node and gives the name of its result.
    fn node(&mut self, op_type: &str, input: &[&str]) -> String {
        let output = format!("/{op_type}_{}", self.graph.node.len());
        self.graph.node.push(Node {
            op_type: op_type.to_owned(),
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.clone()],
            attribute: Vec::new(),
        });
        output
    }

    fn attribute(&mut self, attribute: Attribute) {
        self.graph.node.last_mut().unwrap().attribute.push(attribute);
    }

    fn constant(&mut self, tensor: Tensor) -> String {
        let output = self.node("Constant", &[]);
        self.attribute(Attribute {
            name: "value".to_owned(),
            t: Some(tensor),
            ..Attribute::default()
        });
        output
    }

    fn number(&mut self, x: f32) -> String {
        self.constant(floats("", &[], &[x]))
    }

    /// Stores one of the weights under the name it has in the graph.
    fn stored(&mut self, name: &str) -> String {
        let prefix = if self.dialect == Dialect::Nodes { "bert." } else { "" };
        let full = format!("{prefix}{name}");
        self.store(full, &self.weights.arrays[name])
    }

    fn store(&mut self, name: String, array: &Array) -> String {
        self.graph.initializer.push(floats(&name, &array.shape, &array.data));
        name
    }

    fn embeddings(&mut self) -> String {
        let tables =
            [("word", "input_ids"), ("token_type", "token_type_ids"), ("position", "places")];
        let [words, types, positions] = tables.map(|(table, ids)| {
            let table = self.stored(&format!("embeddings.{table}_embeddings.weight"));
            self.node("Gather", &[&table, ids])
        });
        let sum = self.node("Add", &[&words, &types]);
        let sum = self.node("Add", &[&sum, &positions]);
        self.norm("embeddings.LayerNorm", &sum)
    }

    fn norm(&mut self, name: &str, x: &str) -> String {
        let (gamma, beta) =
            (self.stored(&format!("{name}.weight")), self.stored(&format!("{name}.bias")));
        if self.dialect == Dialect::Nodes {
            let out = self.node("LayerNormalization", &[x, &gamma, &beta]);
            let f = self.weights.epsilon;
            self.attribute(Attribute { name: "epsilon".to_owned(), f, ..Attribute::default() });
            return out;
        }
        let mean = self.node("ReduceMean", &[x]);
        let centred = self.node("Sub", &[x, &mean]);
        let two = self.number(2.0);
        let squares = self.node("Pow", &[&centred, &two]);
        let variance = self.node("ReduceMean", &[&squares]);
        let epsilon = self.number(self.weights.epsilon);
        let sum = self.node("Add", &[&variance, &epsilon]);
        let deviation = self.node("Sqrt", &[&sum]);
        let normal = self.node("Div", &[&centred, &deviation]);
        let scaled = self.node("Mul", &[&normal, &gamma]);
        self.node("Add", &[&scaled, &beta])
    }

    fn linear(&mut self, layer: usize, part: usize, x: &str) -> String {
        let Weights { hidden, intermediate, arrays, .. } = self.weights;
        let name = format!("encoder.layer.{layer}.{}", linears(*hidden, *intermediate)[part].0);
        let matrix = self.store(matrix_name(layer, part), &arrays[&format!("{name}.weight")]);
        let bias = self.stored(&format!("{name}.bias"));
        let product = self.node("MatMul", &[x, &matrix]);
        // Exporters write the bias first as often as last.
        if part.is_multiple_of(2) {
            self.node("Add", &[&bias, &product])
        } else {
            self.node("Add", &[&product, &bias])
        }
    }

    fn split_heads(&mut self, x: &str) -> String {
        let heads = self.weights.heads as i64;
        let width = self.weights.hidden as i64 / heads;
        let shape = if self.dialect == Dialect::Nodes {
            self.graph.initializer.push(integers("head_shape", &[0, 0, heads, width]));
            "head_shape".to_owned()
        } else {
            let shape = self.node("Shape", &[x]);
            let (heads, width) = (integers("", &[heads]), integers("", &[width]));
            let (heads, width) = (self.constant(heads), self.constant(width));
            self.node("Concat", &[&shape, &heads, &width])
        };
        let parted = self.node("Reshape", &[x, &shape]);
        self.node("Transpose", &[&parted])
    }

    fn layer(&mut self, layer: usize, x: &str) -> String {
        let parts = [0, 1, 2].map(|part| {
            let sum = self.linear(layer, part, x);
            self.split_heads(&sum)
        });
        let logits = self.node("MatMul", &[&parts[0], &parts[1]]);
        let shares = self.node("Softmax", &[&logits]);
        let context = self.node("MatMul", &[&shares, &parts[2]]);
        let context = self.node("Transpose", &[&context]);
        let attended = self.linear(layer, 3, &context);
        let x = self.node("Add", &[&attended, x]);
        let x = self.norm(&format!("encoder.layer.{layer}.attention.output.LayerNorm"), &x);
        let inner = self.linear(layer, 4, &x);
        let inner = self.gelu(&inner);
        let outer = self.linear(layer, 5, &inner);
        let x = self.node("Add", &[&outer, &x]);
        self.norm(&format!("encoder.layer.{layer}.output.LayerNorm"), &x)
    }

    fn gelu(&mut self, x: &str) -> String {
        if self.dialect == Dialect::Nodes {
            return self.node("Gelu", &[x]);
        }
        let [root, one, half] = [std::f32::consts::SQRT_2, 1.0, 0.5].map(|c| self.number(c));
        let inside = self.node("Div", &[x, &root]);
        let erf = self.node("Erf", &[&inside]);
        let sum = self.node("Add", &[&erf, &one]);
        let product = self.node("Mul", &[x, &sum]);
        self.node("Mul", &[&product, &half])
    }
}
