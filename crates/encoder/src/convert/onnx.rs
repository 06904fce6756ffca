//! The part of the ONNX container a conversion reads.
//!
//! Field numbers are those of `onnx.proto3` (ONNX 1.x); unknown fields are skipped.

use std::collections::HashMap;

use prost::Message;
use prost::bytes::Bytes;

#[derive(Clone, PartialEq, Message)]
pub(super) struct ModelProto {
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<GraphProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    pub(super) node: Vec<Node>,
    #[prost(message, repeated, tag = "5")]
    pub(super) initializer: Vec<Tensor>,
}

/// One operation.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(super) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) output: Vec<String>,
    #[prost(string, tag = "4")]
    pub(super) op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(float, tag = "2")]
    pub(super) f: f32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) s: Bytes,
    #[prost(message, optional, tag = "5")]
    pub(super) t: Option<Tensor>,
}

/// A constant array.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    pub(super) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(super) data_type: i32,
    #[prost(float, repeated, tag = "4")]
    pub(super) float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    pub(super) int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    #[prost(bytes = "bytes", tag = "9")]
    pub(super) raw_data: Bytes,
    #[prost(int32, tag = "14")]
    pub(super) data_location: i32,
}

/// `TensorProto.DataType`.
pub(super) const FLOAT: i32 = 1;
pub(super) const INT64: i32 = 7;
/// `TensorProto.DataLocation`.
pub(super) const EXTERNAL: i32 = 1;

impl Tensor {
    /// Its f32 numbers, if it has this shape.
    fn floats(&self, shape: &[usize]) -> Result<Vec<f32>, String> {
        let found: Vec<usize> =
            self.dims.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect();
        let name = &self.name;
        if self.data_location == EXTERNAL {
            return Err(format!("the data of {name:?} lie in another file"));
        }
        if self.data_type != FLOAT {
            return Err(format!("{name:?} has ONNX data type {}, not fp32 (1)", self.data_type));
        }
        if found != shape {
            return Err(format!("{name:?} has shape {found:?}, not {shape:?}"));
        }
        let floats = if self.raw_data.is_empty() {
            self.float_data.clone()
        } else {
            self.raw_data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
        };
        let len = shape.iter().try_fold(1, |len: usize, &size| len.checked_mul(size));
        if Some(floats.len()) != len {
            return Err(format!("{name:?} holds {} numbers for shape {shape:?}", floats.len()));
        }
        if floats.iter().any(|x| !x.is_finite()) {
            return Err(format!("{name:?} holds a value that is no finite number"));
        }
        Ok(floats)
    }

    /// Its integers, if it is a small tensor of them.
    fn integers(&self) -> Option<Vec<i64>> {
        if self.data_type != INT64 {
            return None;
        }
        Some(if self.raw_data.is_empty() {
            self.int64_data.clone()
        } else {
            self.raw_data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()
        })
    }
}

/// An ONNX graph, by the names of its values.
pub(super) struct Graph {
    nodes: Vec<Node>,
    initializers: HashMap<String, Tensor>,
    /// Value name to the node that makes it.
    producers: HashMap<String, usize>,
}

impl Graph {
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let model = ModelProto::decode(Bytes::from(bytes)).map_err(|e| e.to_string())?;
        let graph = model.graph.ok_or("it has no graph")?;
        let outputs = graph
            .node
            .iter()
            .enumerate()
            .flat_map(|(i, node)| node.output.iter().map(move |name| (name.clone(), i)));
        Ok(Self {
            producers: outputs.collect(),
            initializers: graph.initializer.into_iter().map(|t| (t.name.clone(), t)).collect(),
            nodes: graph.node,
        })
    }

    /// Names of the stored arrays.
    pub(super) fn initializer_names(&self) -> impl Iterator<Item = &str> {
        self.initializers.keys().map(String::as_str)
    }

    /// Size of a stored array along its first axis and its second.
    pub(super) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let dims = &self.initializers.get(name)?.dims;
        dims.iter().map(|&d| usize::try_from(d).ok()).collect()
    }

    /// The numbers of a stored array.
    pub(super) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let tensor =
            self.initializers.get(name).ok_or_else(|| format!("has no weight {name:?}"))?;
        tensor.floats(shape)
    }

    pub(super) fn is_initializer(&self, name: &str) -> bool {
        self.initializers.contains_key(name)
    }

    pub(super) fn operations(&self, op_type: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.op_type == op_type)
    }

    /// The node that makes this value.
    pub(super) fn producer(&self, value: &str) -> Option<&Node> {
        self.producers.get(value).map(|&i| &self.nodes[i])
    }

    /// The nodes that take this value.
    pub(super) fn consumers(&self, value: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.input.iter().any(|input| input == value))
    }

    /// The tensor behind a value that is constant.
    fn constant(&self, value: &str) -> Option<&Tensor> {
        self.initializers.get(value).or_else(|| {
            let node = self.producer(value).filter(|node| node.op_type == "Constant")?;
            node.attribute.iter().find(|a| a.name == "value")?.t.as_ref()
        })
    }

    /// A constant of integers.
    pub(super) fn integers(&self, value: &str) -> Option<Vec<i64>> {
        self.constant(value)?.integers()
    }

    /// A constant of one number.
    pub(super) fn scalar(&self, value: &str) -> Option<f32> {
        let tensor = self.constant(value)?;
        let shape: &[usize] = if tensor.dims.is_empty() { &[] } else { &[1] };
        tensor.floats(shape).ok()?.first().copied()
    }
}
