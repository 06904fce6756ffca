//! A model file's tensors, checked and laid out for the forward pass.

use std::ops::Range;
use std::sync::Arc;

use safetensors::tensor::Dtype;
use synaptoroute_kernels::{
    Balance, ColumnSum, LargePages, LayerNorm, Linear, PANEL, as_i8, column_sums, pack_outliers,
};

use crate::bytes::SharedBytes;
use crate::config::Config;
use crate::error::ModelError;
use crate::file::ModelFile;

/// All weights of a model. The large tensors stay where the file's bytes lie.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) words: EmbeddingTable,
    /// `[max_tokens][hidden]`
    pub(crate) positions: Vec<f32>,
    pub(crate) embedding_norm: Norm,
    pub(crate) layers: Vec<Layer>,
    /// The packed weights of all layers, in order.
    pub(crate) stream: Arc<LargePages>,
}

/// One transformer layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) qkv_balance: BalanceWeights,
    /// Queries come out multiplied by `log2(e) / sqrt(head_dim)`, values balanced for
    /// `attention_output`: attention is linear in both, so it costs nothing here. Columns are
    /// in the order of [`by_head`].
    pub(crate) qkv: LinearWeights,
    pub(crate) attention_output: LinearWeights,
    pub(crate) attention_norm: Norm,
    pub(crate) up_balance: BalanceWeights,
    pub(crate) up: LinearWeights,
    /// Applied to GELU's result.
    pub(crate) down_balance: BalanceWeights,
    pub(crate) down: LinearWeights,
    /// The first [`OUTLIERS`] inputs of `down`, in f32, packed.
    pub(crate) down_outliers: Vec<f32>,
    pub(crate) ffn_norm: Norm,
}

/// Inner channels of the feed-forward block that stay in f32.
///
/// A handful of them grow so large on some tokens that one scale a token leaves the others
/// no steps: worth 0.9946 -> 0.9992 in cosine on the worst golden text, for 1 % of the time.
pub(crate) const OUTLIERS: usize = 16;

/// What is done to a layer's input before it is quantised.
#[derive(Debug)]
pub(crate) struct BalanceWeights {
    factors: Vec<f32>,
    offsets: Vec<f32>,
}

impl BalanceWeights {
    fn read(file: &ModelFile, name: &str, channels: usize) -> Result<Self, ModelError> {
        Ok(Self {
            factors: file.floats(&format!("{name}.balance.factors"), channels)?,
            offsets: file.floats(&format!("{name}.balance.offsets"), channels)?,
        })
    }

    pub(crate) fn view(&self) -> Balance<'_> {
        Balance { factors: &self.factors, offsets: &self.offsets }
    }
}

/// The packed weights of all linear layers, in the order in which a forward pass reads them:
/// one stream, so that what is prefetched past a layer's end is the next one's beginning.
#[derive(Debug)]
struct PackedStream {
    pages: Arc<LargePages>,
    taken: usize,
}

impl PackedStream {
    /// Copies them out of the file; [`Layer::read`] takes them in this order.
    fn read(file: &ModelFile) -> Result<Self, ModelError> {
        let config = file.config();
        let mut tensors = Vec::new();
        for layer in 0..config.layers {
            for (name, columns, depth) in Layer::linears(config) {
                let shape = [columns / PANEL, depth / 4, PANEL, 4];
                let tensor = format!("layers.{layer}.{name}.weights");
                let order = if name == Layer::QKV { by_head(config) } else { vec![0..columns] };
                tensors.push((file.bytes(&tensor, Dtype::I8, &shape)?, order, depth));
            }
        }
        let mut parts = Vec::new();
        for (bytes, order, depth) in &tensors {
            let bytes = as_i8(bytes.as_slice());
            // Whole panels, which are as long as their columns are deep.
            parts.extend(order.iter().map(|part| &bytes[part.start * depth..part.end * depth]));
        }
        Ok(Self { pages: Arc::new(LargePages::concat(&parts)), taken: 0 })
    }

    fn take(&mut self, len: usize) -> Packed {
        self.taken += len;
        Packed { pages: Arc::clone(&self.pages), range: self.taken - len..self.taken }
    }
}

/// The order in which attention wants the columns of queries, keys and values (side by side in
/// the file): all three of the first head, then of the next.
fn by_head(config: &Config) -> Vec<Range<usize>> {
    let dim = config.head_dim();
    let part = |head: usize, part: usize| part * config.hidden + head * dim;
    let heads = 0..config.heads;
    heads.flat_map(|head| (0..3).map(move |i| part(head, i)..part(head, i) + dim)).collect()
}

/// One linear layer's part of the stream.
#[derive(Debug)]
struct Packed {
    pages: Arc<LargePages>,
    range: Range<usize>,
}

impl Packed {
    fn as_slice(&self) -> &[i8] {
        &self.pages[self.range.clone()]
    }
}

/// A linear layer in 8 bits.
#[derive(Debug)]
pub(crate) struct LinearWeights {
    depth: usize,
    packed: Packed,
    column_sums: Vec<ColumnSum>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl LinearWeights {
    fn read(
        file: &ModelFile,
        stream: &mut PackedStream,
        name: &str,
        columns: usize,
        depth: usize,
    ) -> Result<Self, ModelError> {
        let packed = stream.take(columns * depth);
        Ok(Self {
            depth,
            column_sums: column_sums(packed.as_slice(), depth),
            packed,
            scales: file.floats(&format!("{name}.scales"), columns)?,
            bias: file.floats(&format!("{name}.bias"), columns)?,
        })
    }

    /// Turns each output `y` from `first` on into `y * factor + offset`.
    fn scale_outputs(&mut self, first: usize, by: impl Iterator<Item = (f32, f32)>) {
        let outputs = self.scales[first..].iter_mut().zip(&mut self.bias[first..]);
        for ((scale, bias), (factor, offset)) in outputs.zip(by) {
            *scale *= factor;
            *bias = *bias * factor + offset;
        }
    }

    /// Puts scales and bias into the order that the columns have in the stream.
    fn reorder(&mut self, order: &[Range<usize>]) {
        for values in [&mut self.scales, &mut self.bias] {
            *values = order.iter().flat_map(|part| &values[part.clone()]).copied().collect();
        }
    }

    pub(crate) fn view(&self) -> Linear<'_> {
        Linear {
            depth: self.depth,
            weights: self.packed.as_slice(),
            column_sums: &self.column_sums,
            scales: &self.scales,
            bias: &self.bias,
        }
    }
}

/// Parameters of a layer normalisation.
#[derive(Debug)]
pub(crate) struct Norm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    fn read(file: &ModelFile, name: &str) -> Result<Self, ModelError> {
        let hidden = file.config().hidden;
        Ok(Self {
            gamma: file.floats(&format!("{name}.gamma"), hidden)?,
            beta: file.floats(&format!("{name}.beta"), hidden)?,
            epsilon: file.config().layer_norm_epsilon,
        })
    }

    pub(crate) fn view(&self) -> LayerNorm<'_> {
        LayerNorm { gamma: &self.gamma, beta: &self.beta, epsilon: self.epsilon }
    }
}

/// Rows of 8-bit codes, one scale each.
#[derive(Debug)]
pub(crate) struct EmbeddingTable {
    hidden: usize,
    codes: SharedBytes,
    scales: Vec<f32>,
}

impl EmbeddingTable {
    fn read(file: &ModelFile, name: &str, rows: usize) -> Result<Self, ModelError> {
        let hidden = file.config().hidden;
        Ok(Self {
            hidden,
            codes: file.bytes(&format!("{name}.codes"), Dtype::I8, &[rows, hidden])?,
            scales: file.floats(&format!("{name}.scales"), rows)?,
        })
    }

    /// One row's codes and scale.
    pub(crate) fn row(&self, index: usize) -> (&[i8], f32) {
        let codes = &as_i8(self.codes.as_slice())[index * self.hidden..][..self.hidden];
        (codes, self.scales[index])
    }
}

impl Weights {
    pub(crate) fn read(file: &ModelFile) -> Result<Self, ModelError> {
        let config = file.config();
        file.ends_at(&format!("layers.{}.", config.layers))?;
        let mut stream = PackedStream::read(file)?;
        let layers = (0..config.layers).map(|i| Layer::read(file, i, &mut stream));
        Ok(Self {
            words: EmbeddingTable::read(file, "embeddings.word", config.vocabulary)?,
            positions: file.floats("embeddings.position", config.max_tokens * config.hidden)?,
            embedding_norm: Norm::read(file, "embeddings.norm")?,
            layers: layers.collect::<Result<_, _>>()?,
            stream: stream.pages,
        })
    }
}

impl Layer {
    const QKV: &str = "attention.qkv";

    /// Name, columns and depth of a layer's linear layers, in the order in which they are read.
    fn linears(config: &Config) -> [(&'static str, usize, usize); 4] {
        let (hidden, intermediate) = (config.hidden, config.intermediate);
        [
            (Self::QKV, 3 * hidden, hidden),
            ("attention.output", hidden, hidden),
            ("ffn.up", intermediate, hidden),
            ("ffn.down", hidden, intermediate),
        ]
    }

    fn read(file: &ModelFile, index: usize, stream: &mut PackedStream) -> Result<Self, ModelError> {
        let config = file.config();
        let (hidden, intermediate) = (config.hidden, config.intermediate);
        let named = |part: &str| format!("layers.{index}.{part}");
        let balance = |part, depth| BalanceWeights::read(file, &named(part), depth);
        let mut linear = |(part, columns, depth): (&str, usize, usize)| {
            LinearWeights::read(file, stream, &named(part), columns, depth)
        };
        let [qkv, attention_output, up, down] = Self::linears(config);
        let mut qkv = linear(qkv)?;
        let (attention_output, up, down) = (linear(attention_output)?, linear(up)?, linear(down)?);

        let logit = std::f32::consts::LOG2_E / (config.head_dim() as f32).sqrt();
        qkv.scale_outputs(0, std::iter::repeat_n((logit, 0.0), hidden));
        // A head's weights sum to 1, so what is done to every value is done to their mean.
        let BalanceWeights { factors, offsets } = balance("attention.output", hidden)?;
        qkv.scale_outputs(2 * hidden, factors.into_iter().zip(offsets));
        qkv.reorder(&by_head(config));
        Ok(Self {
            qkv_balance: balance("attention.qkv", hidden)?,
            qkv,
            attention_output,
            attention_norm: Norm::read(file, &named("attention.norm"))?,
            up_balance: balance("ffn.up", hidden)?,
            up,
            down_balance: balance("ffn.down", intermediate)?,
            down,
            down_outliers: pack_outliers(
                &file.floats(&named("ffn.down.outliers"), OUTLIERS * hidden)?,
            ),
            ffn_norm: Norm::read(file, &named("ffn.norm"))?,
        })
    }
}
