//! The forward pass: token ids of several texts in, one vector a text out.
//!
//! Tokens of all texts lie one after the other, without padding; only attention looks at
//! where a text begins and ends. With CLS pooling the last layer computes queries, the
//! attention's output and the feed-forward block for the first token of each text alone:
//! nothing else of that layer is ever read.

use synaptoroute_kernels::{
    ActivationWidth, Activations, AttentionHead, AttentionScratch, Balance, Epilogue, Kernels,
    LayerNorm, Output, PANEL, Quantisation, RowScale, Rows,
};

use crate::config::{Config, Pooling};
use crate::scratch::Scratch;
use crate::weights::{Layer, OUTLIERS, Weights};

/// One pass over a few texts.
pub(crate) struct Pass<'a> {
    pub(crate) config: &'a Config,
    pub(crate) weights: &'a Weights,
    pub(crate) kernels: Kernels,
    pub(crate) scratch: &'a mut Scratch,
    /// Token ids of each text; none empty, every id a row of the table.
    pub(crate) texts: &'a [&'a [u32]],
}

/// Queries of attention, and where its output goes.
enum Attended {
    /// Every token of every text.
    All,
    /// The first of each text; its query lies in `Scratch::queries`.
    First,
}

impl Pass<'_> {
    /// Writes one unit vector a text to `out`, `[texts][hidden]`.
    pub(crate) fn run(mut self, out: &mut [f32]) {
        let tokens = self.texts.iter().map(|ids| ids.len()).sum();
        self.scratch.grow(self.config, tokens);
        self.embed();
        let weights = self.weights;
        let (last, others) = weights.layers.split_last().expect("a model has a layer");
        for layer in others {
            self.layer(layer, tokens);
        }
        match self.config.pooling {
            Pooling::Cls => self.last_layer_of_cls(last, tokens),
            Pooling::Mean => self.layer(last, tokens),
        }
        self.pool(out);
    }

    /// Word plus position, normalised.
    fn embed(&mut self) {
        let hidden = self.config.hidden;
        let mut rows = self.scratch.hidden.chunks_exact_mut(hidden);
        for ids in self.texts {
            let positions = self.weights.positions.chunks_exact(hidden);
            for ((&id, position), row) in ids.iter().zip(positions).zip(&mut rows) {
                let (codes, scale) = self.weights.words.row(id as usize);
                row.copy_from_slice(position);
                self.kernels.add_scaled_i8(row, codes, scale);
                self.kernels.layer_norm(row, &self.weights.embedding_norm.view());
            }
        }
    }

    /// One whole layer on all tokens.
    fn layer(&mut self, layer: &Layer, tokens: usize) {
        let (hidden, fast) = (self.config.hidden, self.fast());
        self.quantise_hidden(tokens, layer.qkv_balance.view());
        let Scratch { codes, scales, qkv, .. } = &mut *self.scratch;
        let input = activations(codes, scales, tokens, hidden, fast);
        let output = Output { data: qkv, stride: 3 * hidden };
        let panels = 0..layer.qkv.panels();
        self.kernels.linear(&layer.qkv.view(), &input, panels, Epilogue::Store, output);
        self.attend(&Attended::All);
        self.after_attention(layer, tokens);
    }

    /// The last layer where only the first token of each text is wanted: the residual
    /// stream shrinks to one row a text.
    fn last_layer_of_cls(&mut self, layer: &Layer, tokens: usize) {
        let kernels = self.kernels;
        let (hidden, fast) = (self.config.hidden, self.fast());
        let query_panels = hidden / PANEL;
        self.quantise_hidden(tokens, layer.qkv_balance.view());
        let Scratch { hidden: residual, codes, scales, qkv, queries, .. } = &mut *self.scratch;
        let input = activations(codes, scales, tokens, hidden, fast);
        let keys_and_values = query_panels..layer.qkv.panels();
        let output = Output { data: qkv, stride: 3 * hidden };
        kernels.linear(&layer.qkv.view(), &input, keys_and_values, Epilogue::Store, output);

        let mut first = 0;
        for (text, ids) in self.texts.iter().enumerate() {
            // A text's row never lies before the row it moves to.
            let row = first * hidden..(first + 1) * hidden;
            residual.copy_within(row.clone(), text * hidden);
            codes.copy_within(row, text * hidden);
            scales[text] = scales[first];
            first += ids.len();
        }
        let texts = self.texts.len();
        let input = activations(codes, scales, texts, hidden, fast);
        let output = Output { data: queries, stride: hidden };
        kernels.linear(&layer.qkv.view(), &input, 0..query_panels, Epilogue::Store, output);
        self.attend(&Attended::First);
        self.after_attention(layer, texts);
    }

    /// Attention of each text on itself, to `context`.
    fn attend(&mut self, attended: &Attended) {
        let hidden = self.config.hidden;
        let Scratch { qkv, queries, context, attention, .. } = &mut *self.scratch;
        let mut first = 0;
        for (text, ids) in self.texts.iter().enumerate() {
            let qkv = &qkv[first * 3 * hidden..];
            let (queries, query_count, row) = match attended {
                Attended::All => (Rows { data: qkv, stride: 3 * hidden }, ids.len(), first),
                Attended::First => {
                    (Rows { data: &queries[text * hidden..], stride: hidden }, 1, text)
                }
            };
            let heads = Heads { queries, query_count, qkv, key_count: ids.len() };
            heads.attend(self.config, &self.kernels, attention, &mut context[row * hidden..]);
            first += ids.len();
        }
    }

    /// From the attention's context to the layer's output, on the first `rows` rows.
    fn after_attention(&mut self, layer: &Layer, rows: usize) {
        let Config { hidden, intermediate, .. } = *self.config;
        let kernels = self.kernels;
        let fast = self.fast();
        let Scratch { hidden: residual, context, codes, scales, .. } = &mut *self.scratch;
        let how = Quantisation { width: fast, balance: None, skip: 0 };
        quantise(&kernels, context, hidden, rows, &how, codes, scales);
        let input = activations(codes, scales, rows, hidden, fast);
        let panels = 0..layer.attention_output.panels();
        let output = Output { data: residual, stride: hidden };
        let view = layer.attention_output.view();
        kernels.linear(&view, &input, panels, Epilogue::Accumulate, output);
        self.norm(&layer.attention_norm.view(), rows);

        self.quantise_hidden(rows, layer.up_balance.view());
        let Scratch { hidden: residual, codes, scales, inner, inner_codes, inner_scales, .. } =
            &mut *self.scratch;
        let input = activations(codes, scales, rows, hidden, fast);
        let output = Output { data: inner, stride: intermediate };
        let gelu = Epilogue::Gelu { balance: layer.down_balance.view() };
        kernels.linear(&layer.up.view(), &input, 0..layer.up.panels(), gelu, output);

        // GELU's few large values leave the small ones little room: here 8 bits are worth
        // the slower product that AVX2 needs for them.
        let wide = ActivationWidth::Eight;
        let how = Quantisation { width: wide, balance: None, skip: OUTLIERS };
        quantise(&kernels, inner, intermediate, rows, &how, inner_codes, inner_scales);
        let input = activations(inner_codes, inner_scales, rows, intermediate, wide);
        let panels = 0..layer.down.panels();
        let output = Output { data: residual, stride: hidden };
        kernels.linear(&layer.down.view(), &input, panels, Epilogue::Accumulate, output);
        let outliers = Rows { data: inner, stride: intermediate };
        let residual = &mut residual[..rows * hidden];
        kernels.accumulate_outer(outliers, &layer.down_outliers, residual);
        self.norm(&layer.ffn_norm.view(), rows);
    }

    fn norm(&mut self, norm: &LayerNorm<'_>, rows: usize) {
        self.kernels.layer_norm(&mut self.scratch.hidden[..rows * self.config.hidden], norm);
    }

    /// The residual stream, balanced, to `codes`.
    fn quantise_hidden(&mut self, rows: usize, balance: Balance<'_>) {
        let how = Quantisation { width: self.fast(), balance: Some(balance), skip: 0 };
        let Scratch { hidden, codes, scales, .. } = &mut *self.scratch;
        quantise(&self.kernels, hidden, self.config.hidden, rows, &how, codes, scales);
    }

    fn fast(&self) -> ActivationWidth {
        self.kernels.isa().fast_width()
    }

    /// One vector a text, of length 1.
    fn pool(&self, out: &mut [f32]) {
        let hidden = self.config.hidden;
        let mut rows = self.scratch.hidden.chunks_exact(hidden);
        for (ids, out) in self.texts.iter().zip(out.chunks_exact_mut(hidden)) {
            // CLS: the stream has shrunk to one row a text. Mean: the sum has the mean's
            // direction, and its length is about to go.
            let count = if self.config.pooling == Pooling::Cls { 1 } else { ids.len() };
            out.fill(0.0);
            for row in rows.by_ref().take(count) {
                out.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            let mut square = [0.0];
            self.kernels.dot_rows(out, out, &mut square);
            let inverse = 1.0 / square[0].sqrt().max(f32::MIN_POSITIVE);
            out.iter_mut().for_each(|x| *x *= inverse);
        }
    }
}

/// The first `rows` rows of a quantised buffer.
fn activations<'a>(
    codes: &'a [u8],
    scales: &'a [RowScale],
    rows: usize,
    columns: usize,
    width: ActivationWidth,
) -> Activations<'a> {
    Activations { codes: &codes[..rows * columns], scales: &scales[..rows], width }
}

/// Quantises the first `rows` rows of a buffer.
fn quantise(
    kernels: &Kernels,
    from: &[f32],
    columns: usize,
    rows: usize,
    how: &Quantisation<'_>,
    codes: &mut [u8],
    scales: &mut [RowScale],
) {
    let len = rows * columns;
    kernels.quantise(&from[..len], columns, how, &mut codes[..len], &mut scales[..rows]);
}

/// All heads of one text.
struct Heads<'a> {
    queries: Rows<'a>,
    query_count: usize,
    /// Queries, keys and values of the text's tokens, side by side.
    qkv: &'a [f32],
    key_count: usize,
}

impl Heads<'_> {
    /// Writes `query_count` rows to `context`.
    fn attend(
        &self,
        config: &Config,
        kernels: &Kernels,
        scratch: &mut AttentionScratch,
        context: &mut [f32],
    ) {
        let (hidden, dim) = (config.hidden, config.head_dim());
        for column in (0..hidden).step_by(dim) {
            let part = |offset| Rows { data: &self.qkv[offset + column..], stride: 3 * hidden };
            let Rows { data, stride } = self.queries;
            let head = AttentionHead {
                queries: Rows { data: &data[column..], stride },
                keys: part(hidden),
                values: part(2 * hidden),
                query_count: self.query_count,
                key_count: self.key_count,
                dim,
            };
            kernels.attention(&head, scratch, &mut context[column..], hidden);
        }
    }
}
