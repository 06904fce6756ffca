//! Working memory of a forward pass.

use std::ops::Range;

use synaptoroute_kernels::{AlignedVec, AttentionScratch, RangeScratch, RowScale};

use crate::config::Config;

/// Buffers of one worker: they grow to the largest pass it has run, then stay.
///
/// `t` below is the number of tokens of a pass, all texts together.
#[derive(Debug)]
pub struct Scratch {
    /// `[t][hidden]`: the residual stream.
    pub(crate) hidden: AlignedVec<f32>,
    /// `[t][hidden]`: what attention gives.
    pub(crate) context: AlignedVec<f32>,
    /// `[t][hidden]` and `[t]`: the same, quantised.
    pub(crate) context_codes: AlignedVec<u8>,
    pub(crate) context_scales: Vec<RowScale>,
    /// `[t][hidden]`: what a block adds to the stream.
    pub(crate) branch: AlignedVec<f32>,
    /// `[t][intermediate]`
    pub(crate) inner: AlignedVec<f32>,
    /// `[t][hidden]`, quantised.
    pub(crate) codes: AlignedVec<u8>,
    /// `[t]`, of `codes`.
    pub(crate) scales: Vec<RowScale>,
    /// `[t][intermediate]`, quantised.
    pub(crate) inner_codes: AlignedVec<u8>,
    /// `[t]`, of `inner_codes`.
    pub(crate) inner_scales: Vec<RowScale>,
    /// `[texts][hidden]` and `[texts]`: of the first tokens, in the pruned last layer.
    pub(crate) first_codes: AlignedVec<u8>,
    pub(crate) first_scales: Vec<RowScale>,
    pub(crate) attention: AttentionScratch,
    pub(crate) ranges: RangeScratch,
    /// Every token of the pass.
    pub(crate) tokens: Vec<Token>,
    /// The tokens of each text.
    pub(crate) texts: Vec<Range<usize>>,
}

/// A row of the word table, and one of the position table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) id: u32,
    pub(crate) position: u32,
}

impl Scratch {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            hidden: AlignedVec::zeroed(0),
            context: AlignedVec::zeroed(0),
            context_codes: AlignedVec::zeroed(0),
            context_scales: Vec::new(),
            branch: AlignedVec::zeroed(0),
            inner: AlignedVec::zeroed(0),
            codes: AlignedVec::zeroed(0),
            scales: Vec::new(),
            inner_codes: AlignedVec::zeroed(0),
            inner_scales: Vec::new(),
            first_codes: AlignedVec::zeroed(0),
            first_scales: Vec::new(),
            attention: AttentionScratch::default(),
            ranges: RangeScratch::default(),
            tokens: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Lays out a pass of these texts, done by `threads` threads, and makes room for it.
    pub(crate) fn lay_out(&mut self, config: &Config, threads: usize, texts: &[&[u32]]) {
        self.tokens.clear();
        self.texts.clear();
        let mut longest = 0;
        for ids in texts {
            let first = self.tokens.len();
            self.tokens.extend((0..).zip(*ids).map(|(position, &id)| Token { id, position }));
            self.texts.push(first..self.tokens.len());
            longest = longest.max(ids.len());
        }
        let tokens = self.tokens.len();
        self.attention.grow(threads, tokens, longest, config.head_dim());
        self.hidden.grow(tokens * config.hidden);
        self.context.grow(tokens * config.hidden);
        self.context_codes.grow(tokens * config.hidden);
        self.branch.grow(tokens * config.hidden);
        self.inner.grow(tokens * config.intermediate);
        self.codes.grow(tokens * config.hidden);
        self.inner_codes.grow(tokens * config.intermediate);
        self.first_codes.grow(texts.len() * config.hidden);
        if self.scales.len() < tokens {
            self.scales.resize(tokens, RowScale::default());
            self.context_scales.resize(tokens, RowScale::default());
            self.inner_scales.resize(tokens, RowScale::default());
            self.first_scales.resize(tokens, RowScale::default());
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}
