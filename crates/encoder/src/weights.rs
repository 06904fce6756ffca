//! A model file's tensors, checked and laid out for the forward pass.

use std::ops::Range;

use safetensors::tensor::Dtype;
use synaptoroute_kernels::{
    Balance, Epilogue, LargePages, LayerNorm, Linear, LinearParts, PANEL, as_i8, pack_outliers,
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
    /// The linear layers, in the order in which a forward pass reads them: one stream, so that
    /// what is prefetched past a layer's end is the next one's beginning.
    pub(crate) stream: LargePages,
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
    /// Ends in GELU, its result balanced for `down`.
    pub(crate) up: LinearWeights,
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

/// The order in which attention wants the columns of queries, keys and values (side by side in
/// the file): all three of the first head, then of the next.
fn by_head(config: &Config) -> Vec<Range<usize>> {
    let dim = config.head_dim();
    let part = |head: usize, part: usize| part * config.hidden + head * dim;
    let heads = 0..config.heads;
    heads.flat_map(|head| (0..3).map(move |i| part(head, i)..part(head, i) + dim)).collect()
}

/// A linear layer in 8 bits, as its file has it.
struct LinearSource {
    depth: usize,
    packed: SharedBytes,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl LinearSource {
    fn read(
        file: &ModelFile,
        name: &str,
        depth: usize,
        columns: usize,
    ) -> Result<Self, ModelError> {
        let shape = [columns / PANEL, depth / 4, PANEL, 4];
        let weights = format!("{name}.weights");
        let packed = file.bytes(&weights, Dtype::I8, &shape)?;
        // AVX2's exact product negates weights.
        if as_i8(packed.as_slice()).iter().fold(0, |least, &w| w.min(least)) == i8::MIN {
            return Err(ModelError::Weight { name: weights });
        }
        Ok(Self {
            depth,
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

    /// Appends the layer to the stream, its columns in this order (whole panels at a time).
    fn append_to(
        self,
        stream: &mut LargePages,
        order: &[Range<usize>],
        gelu: Option<&BalanceWeights>,
    ) -> LinearWeights {
        let in_order = |values: &[f32]| -> Vec<f32> {
            order.iter().flat_map(|part| &values[part.clone()]).copied().collect()
        };
        let (scales, bias) = (in_order(&self.scales), in_order(&self.bias));
        let packed = as_i8(self.packed.as_slice());
        // A panel is as long as its columns are deep.
        let panels = |part: &Range<usize>| &packed[part.start * self.depth..part.end * self.depth];
        let parts = LinearParts {
            depth: self.depth,
            weights: &order.iter().map(panels).collect::<Vec<_>>(),
            scales: &scales,
            bias: &bias,
            gelu: gelu.map(BalanceWeights::view),
        };
        let mut bytes = Vec::new();
        parts.append_to(&mut bytes);
        LinearWeights {
            depth: self.depth,
            columns: scales.len(),
            epilogue: parts.epilogue(),
            range: stream.push(&bytes),
        }
    }

    /// The same with the columns in the file's order.
    fn append_as_is(self, stream: &mut LargePages, gelu: Option<&BalanceWeights>) -> LinearWeights {
        let all = 0..self.scales.len();
        self.append_to(stream, std::slice::from_ref(&all), gelu)
    }
}

/// Where a linear layer lies in the stream.
#[derive(Debug)]
pub(crate) struct LinearWeights {
    depth: usize,
    columns: usize,
    epilogue: Epilogue,
    range: Range<usize>,
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
        let mut stream = LargePages::with_capacity(config.layers * Layer::stream_len(config));
        let layers = (0..config.layers).map(|i| Layer::read(file, i, &mut stream));
        Ok(Self {
            words: EmbeddingTable::read(file, "embeddings.word", config.vocabulary)?,
            positions: file.floats("embeddings.position", config.max_tokens * config.hidden)?,
            embedding_norm: Norm::read(file, "embeddings.norm")?,
            layers: layers.collect::<Result<_, _>>()?,
            stream,
        })
    }

    pub(crate) fn linear(&self, layer: &LinearWeights) -> Linear<'_> {
        let LinearWeights { depth, columns, epilogue, ref range } = *layer;
        Linear::new(depth, columns, epilogue, &self.stream[range.clone()])
    }
}

impl Layer {
    /// Bytes of a layer's part of the stream.
    fn stream_len(config: &Config) -> usize {
        let (hidden, intermediate) = (config.hidden, config.intermediate);
        Linear::len(hidden, 3 * hidden, Epilogue::Store)
            + Linear::len(hidden, hidden, Epilogue::Store)
            + Linear::len(hidden, intermediate, Epilogue::Gelu)
            + Linear::len(intermediate, hidden, Epilogue::Store)
    }

    fn read(file: &ModelFile, index: usize, stream: &mut LargePages) -> Result<Self, ModelError> {
        let config = file.config();
        let (hidden, intermediate) = (config.hidden, config.intermediate);
        let named = |part: &str| format!("layers.{index}.{part}");
        let balance = |part, depth| BalanceWeights::read(file, &named(part), depth);
        let linear = |part, depth, columns| LinearSource::read(file, &named(part), depth, columns);

        let mut qkv = linear("attention.qkv", hidden, 3 * hidden)?;
        let logit = std::f32::consts::LOG2_E / (config.head_dim() as f32).sqrt();
        qkv.scale_outputs(0, std::iter::repeat_n((logit, 0.0), hidden));
        // A head's weights sum to 1, so what is done to every value is done to their mean.
        let BalanceWeights { factors, offsets } = balance("attention.output", hidden)?;
        qkv.scale_outputs(2 * hidden, factors.into_iter().zip(offsets));
        let attention_output = linear("attention.output", hidden, hidden)?;
        let up = linear("ffn.up", hidden, intermediate)?;
        let down_balance = balance("ffn.down", intermediate)?;
        let down = linear("ffn.down", intermediate, hidden)?;
        Ok(Self {
            qkv_balance: balance("attention.qkv", hidden)?,
            qkv: qkv.append_to(stream, &by_head(config), None),
            attention_output: attention_output.append_as_is(stream, None),
            attention_norm: Norm::read(file, &named("attention.norm"))?,
            up_balance: balance("ffn.up", hidden)?,
            up: up.append_as_is(stream, Some(&down_balance)),
            down: down.append_as_is(stream, None),
            down_outliers: pack_outliers(
                &file.floats(&named("ffn.down.outliers"), OUTLIERS * hidden)?,
            ),
            ffn_norm: Norm::read(file, &named("ffn.norm"))?,
        })
    }
}
