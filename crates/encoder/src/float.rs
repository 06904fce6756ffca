//! A BERT's weights in f32: what conversion rounds, and what tuning changes.

use safetensors::tensor::Dtype;
use synaptoroute_kernels::{as_i8, packed_index};

use crate::error::ModelError;
use crate::file::ModelFile;
use crate::weights::OUTLIERS;

/// All weights of a model, in f32.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatWeights {
    /// Width of a token's vector.
    pub hidden: usize,
    /// Attention heads of a layer.
    pub heads: usize,
    /// Width inside the feed-forward block.
    pub intermediate: usize,
    /// Added to the variance by every normalisation.
    pub epsilon: f32,
    /// `[vocabulary][hidden]`
    pub words: Vec<f32>,
    /// `[max_tokens][hidden]`, token type 0 added.
    pub positions: Vec<f32>,
    /// Of the sum of word and position.
    pub norm: FloatNorm,
    /// First to last.
    pub layers: Vec<FloatLayer>,
}

/// One transformer layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLayer {
    /// Queries, keys and values side by side.
    pub qkv: FloatLinear,
    /// From the heads' outcome back to the token's vector.
    pub attention_output: FloatLinear,
    /// After attention.
    pub attention_norm: FloatNorm,
    /// Into the feed-forward block; GELU follows.
    pub up: FloatLinear,
    /// Out of it.
    pub down: FloatLinear,
    /// After the feed-forward block.
    pub ffn_norm: FloatNorm,
}

/// A layer normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatNorm {
    /// Of each channel.
    pub gamma: Vec<f32>,
    /// Of each channel.
    pub beta: Vec<f32>,
}

/// A linear layer, `y = x W + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLinear {
    /// Inputs.
    pub depth: usize,
    /// Outputs.
    pub columns: usize,
    /// `[depth][columns]`
    pub weights: Vec<f32>,
    /// Of each output.
    pub bias: Vec<f32>,
}

impl FloatLinear {
    /// The largest weight on each input.
    pub(crate) fn input_magnitudes(&self) -> impl Iterator<Item = f32> {
        let largest = |row: &[f32]| row.iter().fold(0.0, |m: f32, w| m.max(w.abs()));
        self.weights.chunks_exact(self.columns).map(largest)
    }

    /// The layer with its inputs in this order.
    pub(crate) fn with_inputs(&self, order: &[usize]) -> Self {
        let rows = order.iter().map(|&k| &self.weights[k * self.columns..][..self.columns]);
        Self { weights: rows.collect::<Vec<_>>().concat(), bias: self.bias.clone(), ..*self }
    }

    /// The layer with its outputs in this order.
    pub(crate) fn with_outputs(&self, order: &[usize]) -> Self {
        let rows = self.weights.chunks_exact(self.columns);
        Self {
            weights: rows.flat_map(|row| order.iter().map(|&c| row[c])).collect(),
            bias: order.iter().map(|&c| self.bias[c]).collect(),
            ..*self
        }
    }
}

impl FloatWeights {
    /// What a model file's integers stand for: balancing undone, the channels kept in f32 put
    /// back. The order of the feed-forward block's inner channels is the file's.
    ///
    /// # Errors
    ///
    /// A tensor is missing or of another shape.
    pub fn dequantise(file: &ModelFile) -> Result<Self, ModelError> {
        let config = file.config();
        let (hidden, intermediate) = (config.hidden, config.intermediate);
        let read = Dequantiser { file };
        let layer = |i: usize| {
            let linear =
                |part, depth, columns| read.linear(&format!("layers.{i}.{part}"), depth, columns);
            let norm = |part| read.norm(&format!("layers.{i}.{part}.norm"));
            let mut down = linear("ffn.down", intermediate, hidden)?;
            let outliers =
                file.floats(&format!("layers.{i}.ffn.down.outliers"), OUTLIERS * hidden)?;
            down.weights[..OUTLIERS * hidden].copy_from_slice(&outliers);
            Ok(FloatLayer {
                qkv: linear("attention.qkv", hidden, 3 * hidden)?,
                attention_output: linear("attention.output", hidden, hidden)?,
                attention_norm: norm("attention")?,
                up: linear("ffn.up", hidden, intermediate)?,
                down,
                ffn_norm: norm("ffn")?,
            })
        };
        Ok(Self {
            hidden,
            heads: config.heads,
            intermediate,
            epsilon: config.layer_norm_epsilon,
            words: read.words(config.vocabulary)?,
            positions: file.floats("embeddings.position", config.max_tokens * hidden)?,
            norm: read.norm("embeddings.norm")?,
            layers: (0..config.layers).map(layer).collect::<Result<_, ModelError>>()?,
        })
    }
}

struct Dequantiser<'a> {
    file: &'a ModelFile,
}

impl Dequantiser<'_> {
    fn words(&self, rows: usize) -> Result<Vec<f32>, ModelError> {
        let hidden = self.file.config().hidden;
        let codes = self.file.bytes("embeddings.word.codes", Dtype::I8, &[rows, hidden])?;
        let scales = self.file.floats("embeddings.word.scales", rows)?;
        let rows = as_i8(codes.as_slice()).chunks_exact(hidden).zip(scales);
        Ok(rows.flat_map(|(row, scale)| row.iter().map(move |&c| f32::from(c) * scale)).collect())
    }

    fn norm(&self, name: &str) -> Result<FloatNorm, ModelError> {
        let hidden = self.file.config().hidden;
        Ok(FloatNorm {
            gamma: self.file.floats(&format!("{name}.gamma"), hidden)?,
            beta: self.file.floats(&format!("{name}.beta"), hidden)?,
        })
    }

    /// The layer reads `x * factor + offset`, so a weight is its code times scale and factor,
    /// and the bias gives back what the offsets added.
    fn linear(&self, name: &str, depth: usize, columns: usize) -> Result<FloatLinear, ModelError> {
        let floats = |part: &str, len| self.file.floats(&format!("{name}.{part}"), len);
        let shape = [columns / 32, depth / 4, 32, 4];
        let codes = self.file.bytes(&format!("{name}.weights"), Dtype::I8, &shape)?;
        let codes = as_i8(codes.as_slice());
        let scales = floats("scales", columns)?;
        let (factors, offsets) =
            (floats("balance.factors", depth)?, floats("balance.offsets", depth)?);
        let mut weights = Vec::with_capacity(depth * columns);
        let mut bias: Vec<f64> = floats("bias", columns)?.into_iter().map(f64::from).collect();
        for (input, (&factor, &offset)) in factors.iter().zip(&offsets).enumerate() {
            for (column, (&scale, bias)) in scales.iter().zip(&mut bias).enumerate() {
                let balanced = f32::from(codes[packed_index(column, input, depth)]) * scale;
                weights.push(balanced * factor);
                *bias += f64::from(balanced) * f64::from(offset);
            }
        }
        let bias = bias.into_iter().map(|b| b as f32).collect();
        Ok(FloatLinear { depth, columns, weights, bias })
    }
}
