//! Working memory of a forward pass.

use synaptoroute_kernels::{AlignedVec, AttentionScratch, RowScale};

use crate::config::Config;

/// Buffers of one worker: they grow to the largest pass it has run, then stay.
///
/// `t` below is the number of tokens of a pass, all texts together.
#[derive(Debug)]
pub struct Scratch {
    /// `[t][hidden]`: the residual stream.
    pub(crate) hidden: AlignedVec<f32>,
    /// `[t][3 * hidden]`: queries, keys and values side by side.
    pub(crate) qkv: AlignedVec<f32>,
    /// `[t][hidden]`: queries of the pruned last layer.
    pub(crate) queries: AlignedVec<f32>,
    /// `[t][hidden]`: what attention gives.
    pub(crate) context: AlignedVec<f32>,
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
    pub(crate) attention: AttentionScratch,
}

impl Scratch {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            hidden: AlignedVec::zeroed(0),
            qkv: AlignedVec::zeroed(0),
            queries: AlignedVec::zeroed(0),
            context: AlignedVec::zeroed(0),
            inner: AlignedVec::zeroed(0),
            codes: AlignedVec::zeroed(0),
            scales: Vec::new(),
            inner_codes: AlignedVec::zeroed(0),
            inner_scales: Vec::new(),
            attention: AttentionScratch::default(),
        }
    }

    /// Makes room for a pass of `tokens`.
    pub(crate) fn grow(&mut self, config: &Config, tokens: usize) {
        self.hidden.grow(tokens * config.hidden);
        self.qkv.grow(tokens * 3 * config.hidden);
        self.queries.grow(tokens * config.hidden);
        self.context.grow(tokens * config.hidden);
        self.inner.grow(tokens * config.intermediate);
        self.codes.grow(tokens * config.hidden);
        self.inner_codes.grow(tokens * config.intermediate);
        if self.scales.len() < tokens {
            self.scales.resize(tokens, RowScale::default());
            self.inner_scales.resize(tokens, RowScale::default());
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}
