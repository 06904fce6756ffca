//! Finds a BERT's weights in its ONNX graph.
//!
//! Biases, norms and tables keep their names in an export; the matrices do not. Each is
//! found from its bias: the bias is added to the result of a MatMul, and the MatMul's
//! stored operand is the matrix, `[inputs][outputs]`.

use super::onnx::{Graph, Node};
use crate::float::{FloatLayer, FloatLinear, FloatNorm, FloatWeights};

/// A graph and the prefix of its weights' names.
struct Finder<'a> {
    graph: &'a Graph,
    prefix: String,
}

const WORDS: &str = "embeddings.word_embeddings.weight";

/// Finds everything, or says what is missing.
pub(super) fn find(graph: &Graph, heads: Option<usize>) -> Result<FloatWeights, String> {
    let mut tables = graph.initializer_names().filter(|name| name.ends_with(WORDS));
    let words = tables.next().ok_or_else(|| format!("no weight is called {WORDS:?}"))?;
    if tables.next().is_some() {
        return Err(format!("several weights are called {WORDS:?}: which encoder is meant?"));
    }
    let prefix = words.strip_suffix(WORDS).unwrap_or_default().to_owned();
    let approximate =
        |node: &Node| node.attribute.iter().any(|a| a.name == "approximate" && a.s == "tanh");
    let mut whole = graph.operations("Gelu").filter(|node| !approximate(node));
    if graph.operations("Erf").next().or_else(|| whole.next()).is_none() {
        return Err("it has no GELU by the error function".to_owned());
    }
    let finder = Finder { graph, prefix };
    let [vocabulary, hidden] = finder.table(WORDS)?;
    let [max_tokens, _] = finder.table("embeddings.position_embeddings.weight")?;
    let types = "embeddings.token_type_embeddings.weight";
    let [type_count, _] = finder.table(types)?;
    let types = finder.floats(types, &[type_count, hidden])?;
    let mut positions =
        finder.floats("embeddings.position_embeddings.weight", &[max_tokens, hidden])?;
    for row in positions.chunks_exact_mut(hidden) {
        row.iter_mut().zip(&types).for_each(|(x, t)| *x += t);
    }
    let name = |i: usize, part: &str| format!("encoder.layer.{i}.{part}.bias");
    let count = (0..).take_while(|&i| finder.has(&name(i, "output.dense"))).count();
    if count == 0 {
        return Err("it has no layer encoder.layer.0".to_owned());
    }
    let beyond = finder.full(&format!("encoder.layer.{count}."));
    if graph.initializer_names().any(|name| name.starts_with(&beyond)) {
        return Err(format!("it has no weight {:?}", name(count, "output.dense")));
    }
    let intermediate = finder.len(&name(0, "intermediate.dense"))?;
    let layer = |i| finder.layer(i, hidden, intermediate);
    Ok(FloatWeights {
        hidden,
        heads: heads.or_else(|| finder.heads(hidden)).ok_or(
            "its number of attention heads cannot be read from the graph: say it with --heads",
        )?,
        intermediate,
        epsilon: finder.epsilon().ok_or("its LayerNorm epsilon cannot be read")?,
        words: finder.floats(WORDS, &[vocabulary, hidden])?,
        positions,
        norm: finder.norm("embeddings.LayerNorm", hidden)?,
        layers: (0..count).map(layer).collect::<Result<_, _>>()?,
    })
}

impl Finder<'_> {
    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn has(&self, name: &str) -> bool {
        self.graph.is_initializer(&self.full(name))
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        self.graph.floats(&self.full(name), shape)
    }

    /// Rows and columns of a two-dimensional weight.
    fn table(&self, name: &str) -> Result<[usize; 2], String> {
        let shape = self.graph.shape(&self.full(name)).unwrap_or_default();
        match *shape.as_slice() {
            [rows, columns] if columns > 0 => Ok([rows, columns]),
            _ => Err(format!("{name:?} is no table: shape {shape:?}")),
        }
    }

    fn len(&self, name: &str) -> Result<usize, String> {
        match self.graph.shape(&self.full(name)).as_deref() {
            Some(&[len]) => Ok(len),
            shape => Err(format!("{name:?} is no vector: shape {shape:?}")),
        }
    }

    fn norm(&self, name: &str, hidden: usize) -> Result<FloatNorm, String> {
        Ok(FloatNorm {
            gamma: self.floats(&format!("{name}.weight"), &[hidden])?,
            beta: self.floats(&format!("{name}.bias"), &[hidden])?,
        })
    }

    fn layer(
        &self,
        index: usize,
        hidden: usize,
        intermediate: usize,
    ) -> Result<FloatLayer, String> {
        let named = |part: &str| format!("encoder.layer.{index}.{part}");
        let linear = |part: &str, depth, columns| self.linear(&named(part), depth, columns);
        let parts = ["query", "key", "value"]
            .map(|part| linear(&format!("attention.self.{part}"), hidden, hidden));
        let [query, key, value] = parts;
        Ok(FloatLayer {
            qkv: side_by_side([query?, key?, value?]),
            attention_output: linear("attention.output.dense", hidden, hidden)?,
            attention_norm: self.norm(&named("attention.output.LayerNorm"), hidden)?,
            up: linear("intermediate.dense", hidden, intermediate)?,
            down: linear("output.dense", intermediate, hidden)?,
            ffn_norm: self.norm(&named("output.LayerNorm"), hidden)?,
        })
    }

    fn linear(&self, name: &str, depth: usize, columns: usize) -> Result<FloatLinear, String> {
        let bias = format!("{name}.bias");
        let product = self
            .graph
            .consumers(&self.full(&bias))
            .filter(|node| node.op_type == "Add")
            .flat_map(|add| &add.input)
            .filter_map(|input| self.graph.producer(input))
            .find(|node| node.op_type == "MatMul")
            .ok_or_else(|| format!("no MatMul leads to {bias:?}"))?;
        let weights = product.input.iter().find(|input| self.graph.is_initializer(input));
        let weights =
            weights.ok_or_else(|| format!("the MatMul before {bias:?} has no stored matrix"))?;
        Ok(FloatLinear {
            depth,
            columns,
            weights: self.graph.floats(weights, &[depth, columns])?,
            bias: self.floats(&bias, &[columns])?,
        })
    }

    /// The sum of bias and product of the first layer's queries is reshaped to
    /// `[.., heads, head width]`, from one constant or several joined ones.
    fn heads(&self, hidden: usize) -> Option<usize> {
        let bias = self.full("encoder.layer.0.attention.self.query.bias");
        let sum = self.graph.consumers(&bias).find(|node| node.op_type == "Add")?;
        let reshape = |node: &&Node| node.op_type == "Reshape";
        let shape = self.graph.consumers(sum.output.first()?).find(reshape)?.input.get(1)?;
        let integers = match self.graph.producer(shape) {
            Some(concat) if concat.op_type == "Concat" => {
                concat.input.iter().filter_map(|part| self.graph.integers(part)).flatten().collect()
            }
            _ => self.graph.integers(shape)?,
        };
        let &[.., heads, width] = integers.as_slice() else {
            return None;
        };
        let (heads, width) = (usize::try_from(heads).ok()?, usize::try_from(width).ok()?);
        (heads.checked_mul(width) == Some(hidden)).then_some(heads)
    }

    /// From the embedding norm: an attribute of one node, or the constant that is added to
    /// the variance before its square root.
    fn epsilon(&self) -> Option<f32> {
        let gamma = self.full("embeddings.LayerNorm.weight");
        let node = self.graph.consumers(&gamma).next()?;
        if node.op_type == "LayerNormalization" {
            let attribute = node.attribute.iter().find(|a| a.name == "epsilon");
            return Some(attribute.map_or(1e-5, |a| a.f));
        }
        let step = |node: &Node, op: &str| {
            let mut inputs = node.input.iter().filter_map(|input| self.graph.producer(input));
            inputs.find(|node| node.op_type == op)
        };
        let root = step(step(node, "Div")?, "Sqrt")?;
        let sum = step(root, "Add")?;
        sum.input.iter().find_map(|input| self.graph.scalar(input))
    }
}

/// Joins layers of the same input into one.
fn side_by_side(parts: [FloatLinear; 3]) -> FloatLinear {
    let depth = parts[0].depth;
    let rows = (0..depth)
        .flat_map(|k| parts.iter().map(move |p| &p.weights[k * p.columns..][..p.columns]));
    FloatLinear {
        depth,
        columns: parts.iter().map(|p| p.columns).sum(),
        weights: rows.collect::<Vec<_>>().concat(),
        bias: parts.iter().flat_map(|p| p.bias.iter().copied()).collect(),
    }
}
