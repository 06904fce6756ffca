//! The forward pass: token ids of several texts in, one vector a text out.
//!
//! Tokens of all texts lie one after the other, without padding; only attention looks at
//! where a text begins and ends. With CLS pooling the last layer computes queries, the
//! attention's output and the feed-forward block for the first token of each text alone:
//! nothing else of that layer is ever read.

use synaptoroute_kernels::{
    ActivationWidth, Activations, BlockEnd, Kernels, Outliers, Quantisation, Quantised, RowScale,
    RowsMut, SelfAttention, Team,
};

use crate::config::{Config, Pooling};
use crate::scratch::Buffers;
use crate::weights::{Layer, OUTLIERS, Weights};

/// One pass over a few texts.
pub(crate) struct Pass<'a, 'crew> {
    pub(crate) config: &'a Config,
    pub(crate) weights: &'a Weights,
    pub(crate) kernels: Kernels,
    /// Who does the work.
    pub(crate) team: &'a mut Team<'crew>,
    pub(crate) scratch: &'a mut Buffers,
    /// Token ids of each text; none empty, every id a row of the table.
    pub(crate) texts: &'a [&'a [u32]],
}

impl Pass<'_, '_> {
    /// Writes one unit vector a text to `out`, `[texts][hidden]`.
    pub(crate) fn run(mut self, out: &mut [f32]) {
        self.scratch.lay_out(self.texts);
        self.embed();
        let tokens = self.scratch.tokens.len();
        let layers = &self.weights.layers;
        for (layer, next) in layers.iter().zip(&layers[1..]) {
            self.attend(layer, false);
            self.after_attention(layer, tokens, Some(next));
        }
        let last = layers.last().expect("a model has a layer");
        match self.config.pooling {
            Pooling::Cls => {
                self.gather_first_tokens();
                self.attend(last, true);
                self.after_attention(last, self.texts.len(), None);
            }
            Pooling::Mean => {
                self.attend(last, false);
                self.after_attention(last, tokens, None);
            }
        }
        self.pool(out);
    }

    /// Word plus position, normalised.
    fn embed(&mut self) {
        let Self { config: &Config { hidden, .. }, weights, kernels, .. } = *self;
        let fast = self.fast();
        let Buffers { tokens, hidden: rows, codes, scales, .. } = &mut *self.scratch;
        let rows = RowsMut {
            reals: &mut rows[..tokens.len() * hidden],
            codes: &mut codes[..tokens.len() * hidden],
            scales: &mut scales[..tokens.len()],
        };
        let tokens = &*tokens;
        self.team.rows(tokens.len(), rows, move |range, rows| {
            for (token, row) in tokens[range].iter().zip(rows.reals.chunks_exact_mut(hidden)) {
                let position = token.position as usize * hidden;
                row.copy_from_slice(&weights.positions[position..][..hidden]);
                let (codes, scale) = weights.words.row(token.id as usize);
                kernels.add_scaled_i8(row, codes, scale);
            }
            let end = BlockEnd {
                branch: None,
                outliers: None,
                norm: weights.embedding_norm.view(),
                balance: weights.layers.first().map(|layer| layer.qkv_balance.view()),
                width: fast,
            };
            kernels.end_block(rows, &end);
        });
    }

    /// The first token's codes of each text, to a place of their own; and its row of the
    /// residual stream to the stream's beginning, since the other rows are done with.
    fn gather_first_tokens(&mut self) {
        let hidden = self.config.hidden;
        let scratch = &mut *self.scratch;
        for (text, range) in scratch.texts.iter().enumerate() {
            let row = range.start * hidden..(range.start + 1) * hidden;
            scratch.first_codes[text * hidden..][..hidden]
                .copy_from_slice(&scratch.codes[row.clone()]);
            scratch.first_scales[text] = scratch.scales[range.start];
            // A text's row never lies before the row it moves to.
            scratch.hidden.copy_within(row, text * hidden);
        }
    }

    /// Attention of each text on itself, all of it or its first token's alone; to `context`,
    /// and to the codes that the attention's output layer reads.
    fn attend(&mut self, layer: &Layer, first_tokens: bool) {
        let Config { hidden, heads, .. } = *self.config;
        let (count, width) = (self.scratch.tokens.len(), self.fast());
        let Buffers {
            codes,
            scales,
            first_codes,
            first_scales,
            context,
            context_codes,
            context_scales,
            attention,
            ranges,
            texts,
            ..
        } = &mut *self.scratch;
        let asking = if first_tokens { texts.len() } else { count };
        let input = activations(codes, scales, count, hidden, width);
        let first_tokens =
            first_tokens.then(|| activations(first_codes, first_scales, asking, hidden, width));
        let self_attention = SelfAttention {
            layer: self.weights.linear(&layer.qkv),
            tokens: input,
            first_tokens,
            texts,
            heads,
            dim: self.config.head_dim(),
        };
        let how = Quantisation { width, balance: None, skip: 0 };
        let context = &mut context[..asking * hidden];
        let quantised = Quantised {
            how,
            codes: &mut context_codes[..asking * hidden],
            scales: &mut context_scales[..asking],
            ranges,
        };
        self.kernels.self_attention(self.team, &self_attention, attention, context, quantised);
    }

    /// From the attention's context to the layer's output, on the first `rows` rows; and to
    /// the codes that the next layer reads, if there is one.
    fn after_attention(&mut self, layer: &Layer, rows: usize, next: Option<&Layer>) {
        let Config { hidden, intermediate, .. } = *self.config;
        let Self { kernels, weights, .. } = *self;
        let fast = self.fast();
        let Buffers {
            hidden: residual,
            context_codes,
            context_scales,
            branch,
            codes,
            scales,
            inner,
            inner_codes,
            inner_scales,
            ranges,
            ..
        } = &mut *self.scratch;
        let residual = &mut residual[..rows * hidden];
        let branch = &mut branch[..rows * hidden];
        let inner = &mut inner[..rows * intermediate];
        let (codes, scales) = (&mut codes[..rows * hidden], &mut scales[..rows]);

        let input = activations(context_codes, context_scales, rows, hidden, fast);
        let output = weights.linear(&layer.attention_output);
        kernels.linear(self.team, &output, &input, branch);
        let end = BlockEnd {
            branch: Some(branch),
            outliers: None,
            norm: layer.attention_norm.view(),
            balance: Some(layer.up_balance.view()),
            width: fast,
        };
        let parts = RowsMut { reals: residual, codes, scales };
        self.team.rows(rows, parts, move |range, rows| kernels.end_block(rows, &end.of(range)));

        // GELU's few large values leave the small ones little room: here 8 bits are worth
        // the slower product that AVX2 needs for them.
        let wide = ActivationWidth::Eight;
        let input = Activations { codes, scales, width: fast };
        let inner_codes = &mut inner_codes[..rows * intermediate];
        let inner_scales = &mut inner_scales[..rows];
        let quantised = Quantised {
            how: Quantisation { width: wide, balance: None, skip: OUTLIERS },
            codes: inner_codes,
            scales: inner_scales,
            ranges,
        };
        kernels.linear_quantise(self.team, &weights.linear(&layer.up), &input, inner, quantised);

        let input = Activations { codes: inner_codes, scales: inner_scales, width: wide };
        kernels.linear(self.team, &weights.linear(&layer.down), &input, branch);
        let outliers =
            Outliers { inputs: inner, stride: intermediate, weights: &layer.down_outliers };
        let end = BlockEnd {
            branch: Some(branch),
            outliers: Some(outliers),
            norm: layer.ffn_norm.view(),
            balance: next.map(|next| next.qkv_balance.view()),
            width: fast,
        };
        let parts = RowsMut { reals: residual, codes, scales };
        self.team.rows(rows, parts, move |range, rows| kernels.end_block(rows, &end.of(range)));
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
