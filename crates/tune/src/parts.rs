//! What tuning changes of an encoder.

use synaptoroute_encoder::{FloatLayer, FloatLinear, FloatNorm, FloatWeights};

/// The tensors that are tuned: all but the tables of words and positions.
///
/// Also what has their shape: a gradient, a moment. Tensors of layers that stay as they are are
/// empty there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    /// Added to every token, where the export has its token types; 0 at first.
    pub(crate) shift: Vec<f32>,
    /// Of the embeddings.
    pub(crate) norm: FloatNorm,
    /// First to last.
    pub(crate) layers: Vec<FloatLayer>,
}

impl Parts {
    /// Takes them out of a model's weights.
    pub(crate) fn take(weights: &mut FloatWeights) -> Self {
        let empty = FloatNorm { gamma: Vec::new(), beta: Vec::new() };
        Self {
            shift: vec![0.0; weights.hidden],
            norm: std::mem::replace(&mut weights.norm, empty),
            layers: std::mem::take(&mut weights.layers),
        }
    }

    /// Zeros of the same shape for the last `layers` layers; for the embeddings too if those are
    /// all.
    pub(crate) fn zeros(&self, layers: usize) -> Self {
        let first = self.layers.len().saturating_sub(layers);
        let blank = |len: usize, kept: bool| if kept { vec![0.0; len] } else { Vec::new() };
        let norm = |norm: &FloatNorm, kept| FloatNorm {
            gamma: blank(norm.gamma.len(), kept),
            beta: blank(norm.beta.len(), kept),
        };
        let linear = |layer: &FloatLinear, kept| FloatLinear {
            depth: layer.depth,
            columns: layer.columns,
            weights: blank(layer.weights.len(), kept),
            bias: blank(layer.bias.len(), kept),
        };
        let layers = self.layers.iter().enumerate().map(|(i, layer)| {
            let kept = i >= first;
            FloatLayer {
                qkv: linear(&layer.qkv, kept),
                attention_output: linear(&layer.attention_output, kept),
                attention_norm: norm(&layer.attention_norm, kept),
                up: linear(&layer.up, kept),
                down: linear(&layer.down, kept),
                ffn_norm: norm(&layer.ffn_norm, kept),
            }
        });
        Self {
            shift: blank(self.shift.len(), first == 0),
            norm: norm(&self.norm, first == 0),
            layers: layers.collect(),
        }
    }

    /// All tensors, always in this order.
    pub(crate) fn tensors(&self) -> Vec<&[f32]> {
        let mut all: Vec<&[f32]> = vec![&self.shift, &self.norm.gamma, &self.norm.beta];
        for layer in &self.layers {
            for linear in [&layer.qkv, &layer.attention_output, &layer.up, &layer.down] {
                all.extend([&*linear.weights, &*linear.bias]);
            }
            for norm in [&layer.attention_norm, &layer.ffn_norm] {
                all.extend([&*norm.gamma, &*norm.beta]);
            }
        }
        all
    }

    /// The same, to be changed.
    pub(crate) fn tensors_mut(&mut self) -> Vec<&mut [f32]> {
        let Self { shift, norm, layers } = self;
        let mut all: Vec<&mut [f32]> = vec![shift, &mut norm.gamma, &mut norm.beta];
        for layer in layers {
            let FloatLayer { qkv, attention_output, attention_norm, up, down, ffn_norm } = layer;
            for linear in [qkv, attention_output, up, down] {
                all.extend([&mut *linear.weights, &mut *linear.bias]);
            }
            for norm in [attention_norm, ffn_norm] {
                all.extend([&mut *norm.gamma, &mut *norm.beta]);
            }
        }
        all
    }

    /// Their names, in the same order.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            ["shift", "norm.gamma", "norm.beta"].map(|part| format!("embeddings.{part}")).into();
        for i in 0..self.layers.len() {
            for linear in ["attention.qkv", "attention.output", "ffn.up", "ffn.down"] {
                names.extend(["weights", "bias"].map(|part| format!("layers.{i}.{linear}.{part}")));
            }
            for norm in ["attention.norm", "ffn.norm"] {
                names.extend(["gamma", "beta"].map(|part| format!("layers.{i}.{norm}.{part}")));
            }
        }
        names
    }
}
