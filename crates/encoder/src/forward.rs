//! The forward pass: token ids of several texts in, one vector a text out.
//!
//! Tokens of all texts lie one after the other, without padding; only attention looks at
//! where a text begins and ends. With CLS pooling the last layer computes queries, the
//! attention's output and the feed-forward block for the first token of each text alone:
//! nothing else of that layer is ever read.

use synaptoroute_kernels::{
    ActivationWidth, Activations, Attention, Balance, Epilogue, Kernels, LayerNorm, Output, PANEL,
    Quantisation, Queried, RowScale, Rows, RowsMut, Team,
};

use crate::config::{Config, Pooling};
use crate::scratch::Scratch;
use crate::weights::{Layer, OUTLIERS, Weights};

/// One pass over a few texts.
pub(crate) struct Pass<'a, 'crew> {
    pub(crate) config: &'a Config,
    pub(crate) weights: &'a Weights,
    pub(crate) kernels: Kernels,
    /// Who does the work.
    pub(crate) team: &'a mut Team<'crew>,
    pub(crate) scratch: &'a mut Scratch,
    /// Token ids of each text; none empty, every id a row of the table.
    pub(crate) texts: &'a [&'a [u32]],
}

impl Pass<'_, '_> {
    /// Writes one unit vector a text to `out`, `[texts][hidden]`.
    pub(crate) fn run(mut self, out: &mut [f32]) {
        self.scratch.lay_out(self.config, self.team.size(), self.texts);
        self.embed();
        let tokens = self.scratch.tokens.len();
        let layers = &self.weights.layers;
        for (layer, next) in layers.iter().zip(&layers[1..]) {
            self.keys_and_values(layer, tokens, 0);
            self.attend(Queried::All);
            self.after_attention(layer, tokens, Some(next));
        }
        let last = layers.last().expect("a model has a layer");
        match self.config.pooling {
            Pooling::Cls => {
                self.keys_and_values(last, tokens, self.config.hidden / PANEL);
                self.shrink_to_first();
                self.first_queries(last);
                self.attend(Queried::First);
                self.after_attention(last, self.texts.len(), None);
            }
            Pooling::Mean => {
                self.keys_and_values(last, tokens, 0);
                self.attend(Queried::All);
                self.after_attention(last, tokens, None);
            }
        }
        self.pool(out);
    }

    /// Word plus position, normalised.
    fn embed(&mut self) {
        let Self { config: &Config { hidden, .. }, weights, kernels, .. } = *self;
        let fast = self.fast();
        let Scratch { tokens, hidden: rows, codes, scales, .. } = &mut *self.scratch;
        let rows = RowsMut {
            reals: &mut rows[..tokens.len() * hidden],
            codes: &mut codes[..tokens.len() * hidden],
            scales: &mut scales[..tokens.len()],
        };
        self.team.rows(tokens.len(), rows, |range, rows| {
            for (token, row) in tokens[range].iter().zip(rows.reals.chunks_exact_mut(hidden)) {
                let position = token.position as usize * hidden;
                row.copy_from_slice(&weights.positions[position..][..hidden]);
                let (codes, scale) = weights.words.row(token.id as usize);
                kernels.add_scaled_i8(row, codes, scale);
            }
            let norm = weights.embedding_norm.view();
            let next = weights.layers.first().map(|layer| layer.qkv_balance.view());
            normalise(&kernels, rows, &norm, next, fast);
        });
    }

    /// Queries, keys and values of all tokens, from column panel `first` on.
    fn keys_and_values(&mut self, layer: &Layer, tokens: usize, first: usize) {
        let (hidden, fast) = (self.config.hidden, self.fast());
        let Scratch { codes, scales, qkv, .. } = &mut *self.scratch;
        let input = activations(codes, scales, tokens, hidden, fast);
        let output = Output { data: qkv, stride: 3 * hidden };
        let panels = first..layer.qkv.panels();
        let view = layer.qkv.view();
        self.kernels.linear(self.team, &view, &input, panels, Epilogue::Store, output);
    }

    /// Where only the first token of each text is wanted, the residual stream and its codes
    /// shrink to one row a text.
    fn shrink_to_first(&mut self) {
        let hidden = self.config.hidden;
        let Scratch { hidden: residual, codes, scales, ranges, .. } = &mut *self.scratch;
        for (text, range) in ranges.iter().enumerate() {
            // A text's row never lies before the row it moves to.
            let row = range.start * hidden..(range.start + 1) * hidden;
            residual.copy_within(row.clone(), text * hidden);
            codes.copy_within(row, text * hidden);
            scales[text] = scales[range.start];
        }
    }

    /// Queries of the first tokens, to `queries`.
    fn first_queries(&mut self, layer: &Layer) {
        let (hidden, fast) = (self.config.hidden, self.fast());
        let Scratch { codes, scales, queries, .. } = &mut *self.scratch;
        let input = activations(codes, scales, self.texts.len(), hidden, fast);
        let output = Output { data: queries, stride: hidden };
        let view = layer.qkv.view();
        let panels = 0..hidden / PANEL;
        self.kernels.linear(self.team, &view, &input, panels, Epilogue::Store, output);
    }

    /// Attention of each text on itself, to `context`.
    fn attend(&mut self, queried: Queried) {
        let Config { hidden, heads, .. } = *self.config;
        let Scratch { qkv, queries, context, attention: scratch, ranges, .. } = &mut *self.scratch;
        let part = |first: usize| Rows { data: &qkv[first..], stride: 3 * hidden };
        let attention = Attention {
            queries: match queried {
                Queried::All => part(0),
                Queried::First => Rows { data: queries, stride: hidden },
            },
            keys: part(hidden),
            values: part(2 * hidden),
            texts: ranges,
            queried,
            heads,
            dim: self.config.head_dim(),
        };
        self.kernels.attention(self.team, &attention, scratch, context, hidden);
    }

    /// From the attention's context to the layer's output, on the first `rows` rows; and to
    /// the codes that the next layer reads, if there is one.
    fn after_attention(&mut self, layer: &Layer, rows: usize, next: Option<&Layer>) {
        let Config { hidden, intermediate, .. } = *self.config;
        let Self { kernels, .. } = *self;
        let fast = self.fast();
        let Scratch {
            hidden: residual,
            context,
            codes,
            scales,
            inner,
            inner_codes,
            inner_scales,
            ..
        } = &mut *self.scratch;
        let residual = &mut residual[..rows * hidden];
        let (codes, scales) = (&mut codes[..rows * hidden], &mut scales[..rows]);

        let how = Quantisation { width: fast, balance: None, skip: 0 };
        quantise(&kernels, self.team, context, hidden, &how, codes, scales);
        let input = Activations { codes, scales, width: fast };
        let panels = 0..layer.attention_output.panels();
        let output = Output { data: residual, stride: hidden };
        let view = layer.attention_output.view();
        kernels.linear(self.team, &view, &input, panels, Epilogue::Accumulate, output);
        let parts = RowsMut { reals: residual, codes, scales };
        self.team.rows(rows, parts, |_, rows| {
            let balance = Some(layer.up_balance.view());
            normalise(&kernels, rows, &layer.attention_norm.view(), balance, fast);
        });

        let input = Activations { codes, scales, width: fast };
        let output = Output { data: inner, stride: intermediate };
        let gelu = Epilogue::Gelu { balance: layer.down_balance.view() };
        let view = layer.up.view();
        kernels.linear(self.team, &view, &input, 0..layer.up.panels(), gelu, output);

        // GELU's few large values leave the small ones little room: here 8 bits are worth
        // the slower product that AVX2 needs for them.
        let wide = ActivationWidth::Eight;
        let how = Quantisation { width: wide, balance: None, skip: OUTLIERS };
        let inner_codes = &mut inner_codes[..rows * intermediate];
        let inner_scales = &mut inner_scales[..rows];
        quantise(&kernels, self.team, inner, intermediate, &how, inner_codes, inner_scales);
        let input = Activations { codes: inner_codes, scales: inner_scales, width: wide };
        let output = Output { data: residual, stride: hidden };
        let view = layer.down.view();
        let panels = 0..layer.down.panels();
        kernels.linear(self.team, &view, &input, panels, Epilogue::Accumulate, output);
        let parts = RowsMut { reals: residual, codes, scales };
        self.team.rows(rows, parts, |range, rows| {
            let outliers =
                Rows { data: &inner[range.start * intermediate..], stride: intermediate };
            kernels.accumulate_outer(outliers, &layer.down_outliers, rows.reals);
            let balance = next.map(|next| next.qkv_balance.view());
            normalise(&kernels, rows, &layer.ffn_norm.view(), balance, fast);
        });
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

/// Normalises rows in place; and balances and quantises the result where `balance` is given.
fn normalise(
    kernels: &Kernels,
    rows: RowsMut<'_>,
    norm: &LayerNorm<'_>,
    balance: Option<Balance<'_>>,
    width: ActivationWidth,
) {
    match balance {
        None => kernels.layer_norm(rows.reals, norm),
        Some(_) => {
            let how = Quantisation { width, balance, skip: 0 };
            kernels.norm_quantise(rows.reals, norm, &how, rows.codes, rows.scales);
        }
    }
}

/// Quantises as many rows as there are scales.
fn quantise(
    kernels: &Kernels,
    team: &mut Team<'_>,
    from: &[f32],
    columns: usize,
    how: &Quantisation<'_>,
    codes: &mut [u8],
    scales: &mut [RowScale],
) {
    let rows = RowsMut { reals: &mut [], codes, scales };
    team.rows(rows.scales.len(), rows, |range, rows| {
        let from = &from[range.start * columns..range.end * columns];
        kernels.quantise(from, columns, how, rows.codes, rows.scales);
    });
}
