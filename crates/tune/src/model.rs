//! The whole encoder in f32, forwards and backwards.

use std::ops::Range;
use std::sync::Arc;

use synaptoroute_encoder::{FloatWeights, Pooling};
use synaptoroute_kernels::{Kernels, Team};

use crate::blocks::norm;
use crate::layer::{self, Frame};
use crate::parts::Parts;
use crate::sums::dot;

/// Tokens that go forwards together where nothing is kept; this only bounds memory.
const ENCODED_TOKENS: usize = 2048;

/// An encoder that can be tuned. Clones share the tables.
#[derive(Clone, Debug)]
pub struct Model {
    /// Tables and shape; what is tuned was taken out.
    fixed: Arc<FloatWeights>,
    /// What is tuned.
    pub(crate) parts: Parts,
    pooling: Pooling,
    pub(crate) kernels: Kernels,
}

/// What the way back from some texts' vectors needs.
#[derive(Debug)]
pub(crate) struct Tape {
    texts: Vec<Range<usize>>,
    embeddings: norm::Tape,
    /// Of the layers that are tuned.
    layers: Vec<layer::Tape>,
    /// Each text's vector before it was brought to length 1.
    pooled: Vec<f32>,
}

impl Model {
    /// A model of these weights.
    #[must_use]
    pub fn new(mut weights: FloatWeights, pooling: Pooling, kernels: Kernels) -> Self {
        let parts = Parts::take(&mut weights);
        Self { fixed: Arc::new(weights), parts, pooling, kernels }
    }

    /// The weights as they are now.
    #[must_use]
    pub fn into_weights(self) -> FloatWeights {
        let Self { fixed, parts: Parts { shift, norm, layers }, .. } = self;
        let fixed = Arc::unwrap_or_clone(fixed);
        let mut positions = fixed.positions;
        for row in positions.chunks_exact_mut(fixed.hidden) {
            row.iter_mut().zip(&shift).for_each(|(x, shift)| *x += shift);
        }
        FloatWeights { positions, norm, layers, ..fixed }
    }

    /// Numbers in a vector.
    #[must_use]
    pub fn width(&self) -> usize {
        self.fixed.hidden
    }

    /// Transformer layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.parts.layers.len()
    }

    /// The tensors that are tuned, with their names.
    #[cfg(test)]
    pub(crate) fn tensors(&self) -> impl Iterator<Item = (String, &[f32])> {
        self.parts.names().into_iter().zip(self.parts.tensors())
    }

    /// Unit vectors of texts, given as token ids, `[texts][width]`.
    ///
    /// # Panics
    ///
    /// If a text is empty or longer than the model takes, or an id is beyond its vocabulary.
    #[must_use]
    pub fn encode(&self, team: &mut Team<'_>, texts: &[&[u32]]) -> Vec<f32> {
        let pieces = pieces(texts, ENCODED_TOKENS).into_iter();
        pieces.flat_map(|piece| self.forward(team, piece, 0).0).collect()
    }

    /// The same, with what the way back through the last `tuned` layers needs.
    pub(crate) fn forward(
        &self,
        team: &mut Team<'_>,
        texts: &[&[u32]],
        tuned: usize,
    ) -> (Vec<f32>, Tape) {
        let ranges = ranges(texts);
        let frame = self.frame(&ranges);
        let mut x = self.embed(texts);
        let embeddings = norm::forward(team, &self.parts.norm, self.fixed.epsilon, &mut x);
        let mut layers = Vec::with_capacity(tuned);
        let count = self.layers();
        for (i, layer) in self.parts.layers.iter().enumerate() {
            let first_only = self.pooling == Pooling::Cls && i + 1 == count;
            let (y, tape) = layer::forward(team, frame, layer, x, first_only);
            if i + tuned >= count {
                layers.push(tape);
            }
            x = y;
        }
        let pooled = match self.pooling {
            Pooling::Cls => x,
            Pooling::Mean => ranges.iter().flat_map(|text| self.mean(&x, text)).collect(),
        };
        let mut vectors = pooled.clone();
        for vector in vectors.chunks_exact_mut(self.width()) {
            let length = dot(vector, vector).sqrt();
            vector.iter_mut().for_each(|x| *x /= length);
        }
        (vectors, Tape { texts: ranges, embeddings, layers, pooled })
    }

    /// Adds to the gradients by the tensors, of the gradient by the texts' unit vectors.
    pub(crate) fn backward(
        &self,
        team: &mut Team<'_>,
        tape: &Tape,
        dvectors: &[f32],
        by: &mut Parts,
    ) {
        let width = self.width();
        let frame = self.frame(&tape.texts);
        let rows = dvectors.chunks_exact(width).zip(tape.pooled.chunks_exact(width));
        let mut dy: Vec<f32> = rows.flat_map(|(dv, pooled)| by_length_one(dv, pooled)).collect();
        if self.pooling == Pooling::Mean {
            let spread = |(text, dy): (&Range<usize>, &[f32])| -> Vec<f32> {
                let share = 1.0 / text.len() as f32;
                dy.iter().map(|dy| dy * share).collect::<Vec<_>>().repeat(text.len())
            };
            dy = tape.texts.iter().zip(dy.chunks_exact(width)).flat_map(spread).collect();
        }
        let first = self.layers() - tape.layers.len();
        let layers = self.parts.layers[first..].iter().zip(&mut by.layers[first..]);
        for ((layer, by), tape) in layers.zip(&tape.layers).rev() {
            dy = layer::backward(team, frame, layer, tape, dy, by);
        }
        if first == 0 {
            norm::backward(team, &self.parts.norm, &tape.embeddings, &mut dy, &mut by.norm);
            for row in dy.chunks_exact(width) {
                by.shift.iter_mut().zip(row).for_each(|(by, dy)| *by += dy);
            }
        }
    }

    fn frame<'a>(&'a self, texts: &'a [Range<usize>]) -> Frame<'a> {
        let FloatWeights { hidden, heads, epsilon, .. } = *self.fixed;
        Frame { kernels: self.kernels, hidden, heads, epsilon, texts }
    }

    /// Word plus position plus shift.
    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let width = self.width();
        let mut x = Vec::with_capacity(texts.iter().map(|ids| ids.len()).sum::<usize>() * width);
        for ids in texts {
            let positions = self.fixed.positions.chunks_exact(width);
            assert!((1..=positions.len()).contains(&ids.len()), "{} tokens", ids.len());
            for (&id, position) in ids.iter().zip(positions) {
                let word = &self.fixed.words[id as usize * width..][..width];
                let sums = word.iter().zip(position).zip(&self.parts.shift);
                x.extend(sums.map(|((word, position), shift)| word + position + shift));
            }
        }
        x
    }

    fn mean(&self, x: &[f32], text: &Range<usize>) -> Vec<f32> {
        let width = self.width();
        let mut mean = vec![0.0; width];
        for row in x[text.start * width..text.end * width].chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
        }
        mean.iter_mut().for_each(|mean| *mean /= text.len() as f32);
        mean
    }
}

/// The gradient by a vector, of that by the same at length 1.
fn by_length_one(dv: &[f32], pooled: &[f32]) -> Vec<f32> {
    let length = dot(pooled, pooled).sqrt();
    let along = dot(dv, pooled) / (length * length);
    dv.iter().zip(pooled).map(|(dv, x)| (dv - along * x) / length).collect()
}

fn ranges(texts: &[&[u32]]) -> Vec<Range<usize>> {
    let mut end = 0;
    let range = |ids: &&[u32]| {
        let start = end;
        end += ids.len();
        start..end
    };
    texts.iter().map(range).collect()
}

/// Texts in pieces of at most so many tokens, or of one text.
pub(crate) fn pieces<'t, 'i>(texts: &'t [&'i [u32]], tokens: usize) -> Vec<&'t [&'i [u32]]> {
    let mut pieces = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (i, text) in texts.iter().enumerate() {
        if i > start && sum + text.len() > tokens {
            pieces.push(&texts[start..i]);
            (start, sum) = (i, 0);
        }
        sum += text.len();
    }
    pieces.push(&texts[start..]);
    pieces
}
