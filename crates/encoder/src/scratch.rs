//! Working memory of a forward pass.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use synaptoroute_kernels::{AlignedVec, AttentionScratch, RangeScratch, RowScale};

use crate::config::Config;

/// Buffers of one caller: they grow to the largest pass it has run, then stay.
#[derive(Debug, Default)]
pub struct Scratch {
    /// One a thread that may take passes of its own.
    buffers: Vec<Mutex<Buffers>>,
}

impl Scratch {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Passes at once there has been room for.
    pub(crate) fn passes(&self) -> usize {
        self.buffers.len()
    }

    /// Makes room for a pass of `threads` threads.
    pub(crate) fn reserve_shared(&mut self, config: &Config, threads: usize, size: &Size) {
        self.reserve(config, 1, threads, size);
    }

    /// Makes room for `threads` passes at once, each on a thread of its own.
    pub(crate) fn reserve_apart(&mut self, config: &Config, threads: usize, size: &Size) {
        self.reserve(config, threads, 1, size);
    }

    fn reserve(&mut self, config: &Config, passes: usize, threads: usize, size: &Size) {
        let count = passes.max(self.buffers.len());
        self.buffers.resize_with(count, || Mutex::new(Buffers::new()));
        for buffers in &mut self.buffers[..passes] {
            let buffers = buffers.get_mut().unwrap_or_else(PoisonError::into_inner);
            buffers.reserve(config, threads, size);
        }
    }

    /// Buffers that nobody uses, the first ones first. What a pass that panicked has
    /// left in them is never read.
    pub(crate) fn free(&self) -> MutexGuard<'_, Buffers> {
        let free = self.buffers.iter().find_map(|buffers| match buffers.try_lock() {
            Ok(buffers) => Some(buffers),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.expect("no more passes at once than `reserve` was told of")
    }
}

/// How large passes get.
pub(crate) struct Size {
    pub(crate) texts: usize,
    pub(crate) tokens: usize,
    /// Tokens of the longest text.
    pub(crate) longest: usize,
}

/// Buffers of one pass.
///
/// `t` below is the number of tokens of a pass, all texts together.
#[derive(Debug)]
pub(crate) struct Buffers {
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

impl Buffers {
    fn new() -> Self {
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

    fn reserve(&mut self, config: &Config, threads: usize, size: &Size) {
        let Size { texts, tokens, longest } = *size;
        self.attention.grow(threads, tokens, longest, config.head_dim());
        self.ranges.grow(threads, tokens);
        self.hidden.grow(tokens * config.hidden);
        self.context.grow(tokens * config.hidden);
        self.context_codes.grow(tokens * config.hidden);
        self.branch.grow(tokens * config.hidden);
        self.inner.grow(tokens * config.intermediate);
        self.codes.grow(tokens * config.hidden);
        self.inner_codes.grow(tokens * config.intermediate);
        self.first_codes.grow(texts * config.hidden);
        for scales in [
            &mut self.scales,
            &mut self.context_scales,
            &mut self.inner_scales,
            &mut self.first_scales,
        ] {
            scales.resize(tokens.max(scales.len()), RowScale::default());
        }
        self.tokens.reserve(tokens.saturating_sub(self.tokens.len()));
        self.texts.reserve(texts.saturating_sub(self.texts.len()));
    }

    /// Lays out a pass of these texts, no larger than there is room for.
    pub(crate) fn lay_out(&mut self, texts: &[&[u32]]) {
        self.tokens.clear();
        self.texts.clear();
        for ids in texts {
            let first = self.tokens.len();
            self.tokens.extend((0..).zip(*ids).map(|(position, &id)| Token { id, position }));
            self.texts.push(first..self.tokens.len());
        }
    }
}
